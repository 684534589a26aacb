// The head of the page, and what holds the run: pause, step, speed, skill, stop.
(() => {
  const { live, element } = hive;
  const get = (id) => document.getElementById(id);
  const [pause, step, pace, label, skill, halt] = ["pause", "step", "pace", "pace-label", "skill", "halt"].map(get);
  // Publications a second; the last is as fast as it goes.
  const PACES = [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, null];
  const fleets = { hive: "the hive", isolated: "isolated agents, for comparison", pooled: "one pooled learner, for comparison" };
  const phases = { preparing: "preparing the world", touring: "agents at work", distilling: "distilling", over: "over", failed: "failed" };

  // Said to those who listen, never faster than they can hear.
  let said = 0;
  hive.say = (text) => { get("said").textContent = text; said = performance.now(); };

  const go = async (path, body) => {
    try { await live.post(path, body); } catch (error) { banner(error.message); }
  };
  let trouble = "";
  const banner = (text) => { trouble = text; show(); setTimeout(() => { if (trouble === text) { trouble = ""; show(); } }, 6000); };

  const toggle = () => go(live.state?.paused ? "/api/resume" : "/api/pause");
  const once = () => go("/api/step");
  const setPace = () => go("/api/pace", { rounds_per_second: PACES[Number(pace.value)] });
  pause.addEventListener("click", toggle);
  step.addEventListener("click", once);
  let moving = false;
  pace.addEventListener("input", () => { moving = true; paint(); });
  pace.addEventListener("change", () => { moving = false; setPace(); });
  const paint = () => {
    const rate = PACES[Number(pace.value)];
    label.textContent = rate === null ? "flat out" : `${rate} a second`;
    pace.setAttribute("aria-valuetext", rate === null ? "as fast as it goes" : `at most ${rate} rounds a second`);
  };

  // Asked twice, as there is no way back.
  let sure = null;
  halt.addEventListener("click", () => {
    clearTimeout(sure);
    if (halt.dataset.sure) { delete halt.dataset.sure; halt.textContent = "Stop the run"; go("/api/halt"); return; }
    halt.dataset.sure = "1";
    halt.textContent = "Really stop it?";
    hive.say("Press again to stop the run. The rounds done are kept.");
    sure = setTimeout(() => { delete halt.dataset.sure; halt.textContent = "Stop the run"; }, 5000);
  });

  hive.listSkills = (names) => {
    skill.replaceChildren(element("option", { value: "" }, "own job"), ...names.map((name, i) => element("option", { value: i }, name)));
    skill.value = live.skill === null ? "" : String(live.skill);
  };
  hive.choose = (s) => {
    live.choose(s);
    skill.value = s === null ? "" : String(s);
    hive.onSkill();
  };
  skill.addEventListener("change", () => hive.choose(skill.value === "" ? null : Number(skill.value)));

  const seconds = (x) => (x === null ? "–" : x < 1 ? `${hive.show("number", x * 1000)} ms` : `${hive.show("number", x)} s`);
  const tiles = (state) => {
    const { fleet } = state;
    const put = (name, value, note) => { get(`t-${name}`).textContent = value; get(`n-${name}`).textContent = note; };
    if (!fleet) return;
    const [round, agents, core] = ["round", "panel_skill", "core_skill"].map((name) => live.of(fleet.last, name));
    put("round", round === null ? "–" : String(round), `of ${fleet.rounds}, ${fleets[fleet.name]}`);
    const level = (x) => (x === null ? "–" : hive.show("level", x));
    put("skill", level(agents ?? live.of(fleet.last, "test_accuracy")), agents === null && live.of(fleet.last, "test_accuracy") !== null ? "test accuracy" : `of agents; of the core ${level(core)}`);
    put("tasks", fleet.tasks_per_second === null ? "–" : hive.si(fleet.tasks_per_second), `${hive.si(fleet.tasks)} in all, in ${seconds(fleet.seconds)}`);
    put("tour", seconds(fleet.tour[0]), `one in twenty over ${seconds(fleet.tour[1])}`);
    // Free agents keep books of what they send.
    const books = get("books");
    books.hidden = !fleet.books;
    if (fleet.books) {
      const { sent, taken, dropped, left, to_merge: merge, to_pull: pull } = fleet.books;
      books.textContent = `Of ${hive.si(sent)} learnings sent, ${hive.si(taken)} were taken, ${hive.si(dropped)} dropped for want of room, ${hive.si(left)} are on their way. Half are part of a core after ${seconds(merge[0])}, 99 in 100 after ${seconds(merge[1])}; agents have a core in hand after ${seconds(pull[0])}, 99 in 100 after ${seconds(pull[1])}.`;
    }
    put("merge", seconds(fleet.merge[0]), fleet.merge[0] === null ? "nothing is merged apart from tours" : `one in twenty over ${seconds(fleet.merge[1])}`);
  };

  // As the newest change that holds by now has it.
  const strategy = (state) => {
    const round = live.of(state.fleet?.last, "round") ?? 0;
    const sets = state.changes.filter((c) => c.round <= round + 1).flatMap((c) => c.set);
    const last = sets.filter((set) => /^distiller\.combine(\.kind)?\s*=/.test(set)).pop();
    return last ? last.replace(/^[^=]*=\s*/, "") : state.combine;
  };

  const show = () => {
    const { state } = live;
    for (const id of ["deck", "live", "change"]) get(id).hidden = !state;
    get("question").hidden = !state?.question;
    const [bar, over] = [get("banner"), state && ["over", "failed"].includes(state.phase)];
    const told = trouble || (live.lost && !over ? "The server does not answer. Trying again…" : "");
    bar.hidden = !told && !over && !state?.paused;
    bar.replaceChildren();
    if (told) bar.append(told);
    else if (state?.phase === "failed") bar.append(element("strong", {}, "The run came to nothing. "), state.text);
    else if (over) {
      bar.append(element("strong", {}, state.complete ? "The run is over. " : "The run was stopped; the rounds done are kept. "));
      bar.append(element("a", { href: `/runs/${encodeURIComponent(state.text)}`, target: "_blank", rel: "noopener" }, "Its report"));
    } else if (state?.paused) bar.append(element("strong", {}, "Paused. "), "Step makes one more round.");
    const h1 = document.querySelector("h1");
    if (!state) { h1.textContent = "No run is under way"; get("facts").textContent = ""; document.title = "hivesim live"; return; }
    h1.textContent = state.name;
    get("question").textContent = state.question;
    get("facts").textContent = `${hive.si(state.agents)} agents · seed ${state.seed} · merge by ${strategy(state)} · ${phases[state.phase]}`;
    for (const button of [pause, step, halt, pace]) button.disabled = over;
    get("change").hidden = over;
    pause.textContent = state.paused ? "Go on" : "Pause";
    if (!moving) {
      const at = PACES.findIndex((p) => p === state.pace);
      if (at >= 0) pace.value = at;
      paint();
    }
    const round = live.of(state.fleet?.last, "round") ?? 0;
    get("progress").value = state.fleet ? round / state.fleet.rounds : 0;
    document.title = `${over ? "done" : state.paused ? "paused" : `round ${round}`} · ${state.name}`;
    tiles(state);
    speak(state, round, over);
  };
  // What changed of moment at once, how far it is now and then.
  let before = "";
  const speak = (state, round, over) => {
    const now = `${state.paused} ${over} ${state.fleet?.name}`;
    const calm = performance.now() - said > 10000;
    if (now === before && (!calm || over || state.paused)) return;
    before = now;
    const skill_now = live.of(state.fleet?.last, "panel_skill");
    const level = skill_now === null ? "" : `, skill ${hive.show("level", skill_now)}`;
    const how = over ? "The run is over" : state.paused ? "Paused" : "Running";
    hive.say(`${how}. ${state.fleet ? `${fleets[state.fleet.name]}, round ${round} of ${state.fleet.rounds}${level}` : ""}`);
    const canvas = get("fleet");
    const [fleet, levels] = [live.fleet(), live.levels];
    if (fleet && levels) {
      const held = levels.skill === null ? null : live.level(levels.shares[levels.skill]);
      canvas.setAttribute("aria-label", `${get("fleet-title").textContent}: ${fleet.panel} agents after round ${levels.round}${held === null ? "" : `; ${hive.show("percent", held)} hold the skill`}`);
    }
  };
  live.on("state", show);

  // Keys, unless a field has them.
  const shortcuts = get("shortcuts");
  const stored = () => { try { return localStorage.getItem("hivesim-keys"); } catch { return null; } };
  shortcuts.checked = stored() !== "off";
  shortcuts.addEventListener("change", () => { try { localStorage.setItem("hivesim-keys", shortcuts.checked ? "on" : "off"); } catch { /* no storage */ } });
  const slide = (by) => { pace.value = Number(pace.value) + by; paint(); setPace(); };
  const turn = (by) => { skill.selectedIndex = Math.min(Math.max(skill.selectedIndex + by, 0), skill.options.length - 1); skill.dispatchEvent(new Event("change")); };
  const keys = { k: toggle, j: once, "+": () => slide(1), "=": () => slide(1), "-": () => slide(-1), n: () => turn(1), p: () => turn(-1) };
  addEventListener("keydown", (e) => {
    const field = e.target.closest?.("input:not([type=checkbox]):not([type=range]), select, textarea");
    if (!shortcuts.checked || field || e.ctrlKey || e.metaKey || e.altKey || !live.state || !keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  });
})();
