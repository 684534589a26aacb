// Agents × skills at one measured round, with the slider that also moves the histogram.
hive.heatmap = (() => {
  const viridis = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];
  const { data } = hive;
  const [agents, skills, frames] = [data.panel.length, data.skills.length, data.frame_rounds.length];
  const size = agents * skills;
  const listeners = [];
  const state = { frame: frames - 1, view: 0, order: "job" };

  // What can be shown: the levels of every run that has them, and the bare core's.
  const views = data.runs.flatMap((run) => {
    const practised = run.practised ? hive.unpack(run.practised) : null;
    const of = (key, label, text) => ({ key, label, levels: hive.levels(text), practised });
    const found = run.levels ? [of(run.key, run.key === "hive" ? "Hive's agents" : run.label, run.levels)] : [];
    if (run.core) found.push(of("core", "Hive's bare core", run.core));
    return found;
  });
  const jobs = hive.levels(data.jobs);

  const rows = () => {
    const order = data.panel.map((_, i) => i);
    const key = (i) => (state.order === "job" ? data.panel[i].main : 0);
    // The first row stands at the top, where a category axis has its last entry.
    return order.sort((a, b) => key(b) - key(a) || data.panel[b].agent - data.panel[a].agent);
  };

  const draw = (figure) => {
    const box = hive.box(figure.id);
    const size_of = () => {
      // Rows of at least 7 px; few rows do not become walls.
      box.style.height = `${Math.min(Math.max(agents * 9, 40 * Math.min(agents, 8)), 760) + 96}px`;
    };
    size_of();
    const build = () => {
      const view = views[state.view];
      const order = rows();
      const common = hive.charts.common(box);
      const inner = Math.max(box.clientWidth - 90, 80);
      const wide = Math.min(inner, Math.max(skills * 64, 320));
      const [cells, dots] = [[], []];
      order.forEach((agent, r) => {
        for (let s = 0; s < skills; s += 1) {
          const cell = agent * skills + s;
          const level = view.levels[state.frame * size + cell] ?? null;
          cells.push([s, r, level === null ? "-" : level, agent]);
          const since = view.practised ? view.practised[cell] : 0;
          if (since < 0 || since > state.frame) dots.push([s, r, level ?? 0, agent]);
        }
      });
      const pitch = Math.min(wide / skills, (box.clientHeight - 96) / agents);
      const names = order.map((i) => `a${data.panel[i].agent}`);
      const soft = hive.colour("soft");
      const category = (list, extra) => hive.charts.axis({ type: "category", data: list, splitLine: { show: false }, ...extra });
      return {
        ...common,
        grid: { left: 62, top: 46, bottom: 48, width: wide },
        xAxis: category(data.skills.map((s) => s.name), {
          name: figure.x, nameLocation: "middle", nameGap: 30,
          axisLabel: { color: soft, fontSize: 11, hideOverlap: true, width: 90, overflow: "truncate" },
        }),
        yAxis: category(names, {
          name: "panel agent", nameLocation: "end", nameGap: 8, nameTextStyle: { color: soft, fontSize: 12, align: "right" },
          axisLabel: { color: soft, fontSize: 11, interval: Math.max(Math.ceil(13 * agents / (box.clientHeight - 96)) - 1, 0) },
        }),
        visualMap: {
          type: "continuous", min: 0, max: 1, dimension: 2, seriesIndex: 0, calculable: false, hoverLink: false,
          orient: "horizontal", right: 0, top: 0, itemWidth: 12, itemHeight: 130, inRange: { color: viridis },
          text: ["1", "level 0"], textStyle: { color: soft, fontSize: 12 },
        },
        tooltip: hive.charts.tooltip("item", (p) => tip(view, p.value)),
        series: [
          {
            type: "heatmap", data: cells, progressive: 0,
            itemStyle: { borderWidth: pitch > 9 ? 1 : 0, borderColor: hive.colour("card") },
            emphasis: { itemStyle: { borderColor: hive.colour("ink"), borderWidth: 1.5 } },
          },
          {
            type: "scatter", data: dots, silent: true, symbol: "circle", progressive: 0,
            symbolSize: Math.max(1.6, Math.min(5, pitch * 0.34)),
            // Dark dots on bright cells, bright ones on dark.
            itemStyle: { color: (p) => (p.value[2] > 0.62 ? "#14171b" : "#ffffff"), opacity: 0.85 },
          },
        ],
      };
    };
    const entry = hive.charts.mount(box, build, "canvas");
    new ResizeObserver(() => entry.draw()).observe(box);
    listeners.push(entry.draw);
    controls();
  };

  const tip = (view, [s, , level, agent]) => {
    const cell = agent * skills + s;
    const since = view.practised ? view.practised[cell] : null;
    const who = data.panel[agent];
    const practice = since === null ? [] : [["practised", since < 0 || since > state.frame ? "never so far" : since === 0 ? "from the start" : `by round ${data.frame_rounds[since]}`]];
    const job = jobs[cell] === null ? [] : [["share of its work", hive.show("percent", jobs[cell])]];
    return hive.charts.tip(`Agent ${who.agent}, company ${who.company}`, [
      ["skill", data.skills[s].name], ["level", level === "-" ? "not measured" : hive.show("level", level)], ...job, ...practice,
    ]);
  };

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

  return { draw, state, views, onFrame: (f) => listeners.push(f) };
})();
