// The measured round that several figures show: the slider, what it shows, and who listens.
hive.frames = (() => {
  const { data } = hive;
  const [agents, frames] = [data.panel.length, data.frame_rounds.length];
  const listeners = [];
  const state = { frame: frames - 1, view: 0, order: "job" };

  // What can be shown: the levels of every run that has them, and the bare core's.
  const views = data.runs.flatMap((run) => {
    const practised = run.practised ? hive.unpack(run.practised) : null;
    const of = (key, label, text) => ({ key, label, levels: hive.levels(text), practised });
    const found = run.levels ? [of(run.key, run.key === "hive" ? `${run.label}'s agents`.replace("s's", "s'") : run.label, run.levels)] : [];
    if (run.core) found.push(of("core", run.label === "Hive" ? "Hive's bare core" : "Hives' bare cores", run.core));
    return found;
  });

  // Called once, when all that the slider moves is drawn.
  const controls = () => {
    const [bar, slider, label, play] = ["frame-controls", "frame", "frame-label", "play"].map((id) => document.getElementById(id));
    const [view, order] = ["view", "order"].map((id) => document.getElementById(id));
    view.append(...views.map((v, i) => hive.element("option", { value: i }, v.label)));
    const { hash } = hive;
    const named = views.findIndex((v) => v.key === hash.view);
    if (named >= 0) state.view = named;
    if (hash.order === "agent") state.order = "agent";
    if (hash.round !== undefined) {
      const past = data.frame_rounds.findIndex((r) => r >= Number(hash.round));
      if (past >= 0) state.frame = past;
    }
    view.value = String(state.view);
    order.value = state.order;
    slider.max = String(frames - 1);
    bar.hidden = false;
    view.closest("label").hidden = views.length < 2;
    order.closest("label").hidden = agents < 2;
    for (const e of [play, slider.closest("label")]) e.hidden = frames < 2;
    const update = () => {
      slider.value = String(state.frame);
      const round = data.frame_rounds[state.frame];
      label.textContent = `${round} of ${data.frame_rounds[frames - 1]}`;
      slider.setAttribute("aria-valuetext", `round ${round}`);
      listeners.forEach((f) => f());
    };
    slider.addEventListener("input", () => { state.frame = Number(slider.value); update(); hive.remember("round", data.frame_rounds[state.frame]); });
    view.addEventListener("change", () => { state.view = Number(view.value); update(); hive.remember("view", views[state.view].key); });
    order.addEventListener("change", () => { state.order = order.value; update(); hive.remember("order", state.order); });
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; play.setAttribute("aria-label", "Play through the rounds"); };
    play.addEventListener("click", () => {
      if (timer !== null) { stop(); return; }
      if (state.frame === frames - 1) state.frame = 0;
      play.textContent = "Pause";
      play.setAttribute("aria-label", "Pause");
      update();
      // Slower for those who asked for less motion.
      timer = setInterval(() => {
        if (state.frame >= frames - 1) { stop(); return; }
        state.frame += 1;
        update();
      }, hive.calm ? 1200 : 300);
    });
    update();
  };

  return { state, views, controls, onFrame: (f) => listeners.push(f) };
})();
