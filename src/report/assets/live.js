// The stream of a run under way, and what is known of it.
hive.live = (() => {
  const listeners = { state: [], levels: [] };
  const tell = (what) => listeners[what].forEach((f) => f());
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const shares = (points) => points.map(([at, [round, text]]) => [at, round, bytes(text)]);
  const live = { state: null, levels: null, skill: null, frames: 0, bytes };
  let source = null;

  // A fleet keeps every so many-th point; who holds on to those before keeps their multiples.
  const grow = (kept, stride, more) => kept.filter(([at]) => at % stride === 0).concat(more);

  const whole = (text) => {
    live.state = JSON.parse(text);
    live.state.columns.forEach((name, i) => { live.column[name] = i; });
    for (const fleet of live.state.fleets) fleet.spread = shares(fleet.spread);
    tell("state");
  };
  const next = (text) => {
    if (!live.state) return;
    const { rows, spread, ...now } = JSON.parse(text);
    Object.assign(live.state, now);
    const fleet = live.fleet();
    if (fleet && now.fleet) {
      fleet.rows = grow(fleet.rows, now.fleet.rows_stride, rows);
      fleet.spread = grow(fleet.spread, now.fleet.spread_stride, shares(spread));
    }
    tell("state");
  };
  const levels = (text) => {
    const { skill, round, tiles, means, shares: held } = JSON.parse(text);
    live.levels = { skill, round, tiles: bytes(tiles), means: bytes(means), shares: bytes(held) };
    live.frames += 1;
    tell("levels");
  };

  const open = () => {
    source?.close();
    source = new EventSource(live.skill === null ? "/api/events" : `/api/events?skill=${live.skill}`);
    const mine = source;
    const on = (name, f) => source.addEventListener(name, (e) => { if (mine === source) f(e.data); });
    on("whole", whole);
    on("next", next);
    on("levels", levels);
    on("idle", () => { live.state = null; tell("state"); });
    source.onopen = () => { live.lost = false; tell("state"); };
    source.onerror = () => {
      if (mine !== source) return;
      live.lost = true;
      tell("state");
      // A server that refuses is asked again, but not at once.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => { if (mine === source) open(); }, 3000);
    };
  };

  Object.assign(live, {
    column: {},
    lost: false,
    open,
    on: (what, f) => listeners[what].push(f),
    // The fleet under way, or the last.
    fleet: () => live.state?.fleets[live.state.fleets.length - 1],
    // A number of a row of rounds; null where it was not measured.
    of: (row, name) => row?.[live.column[name]] ?? null,
    choose: (skill) => {
      if (skill === live.skill) return;
      live.skill = skill;
      open();
    },
    // Asks the server to do something; its refusal is thrown, with what is wrong with single keys.
    post: async (path, body = {}) => {
      const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw Object.assign(new Error(said.error ?? `the server says ${answer.status}`), { problems: said.problems ?? [] });
      return said;
    },
    get: async (path) => {
      const answer = await fetch(path);
      return answer.ok ? answer.json() : null;
    },
    // A byte as a level: 255 is none.
    level: (byte) => (byte === 255 || byte === undefined ? null : byte / 254),
  });

  // What is drawn slowly is drawn now and then, and only where it is seen.
  live.now_and_then = (box, draw, ms = 500) => {
    let [seen, due, last] = [false, false, 0];
    const run = () => {
      if (!seen || due) return;
      due = true;
      setTimeout(() => { due = false; last = performance.now(); draw(); }, Math.max(0, last + ms - performance.now()));
    };
    new IntersectionObserver((entries) => { seen = entries[entries.length - 1].isIntersecting; run(); }, { rootMargin: "100px" }).observe(box);
    return run;
  };
  return live;
})();
