// Curves of a run under way, the skills' table and the last rounds.
(() => {
  const { live, element } = hive;
  // Skills drawn among the adoption curves beside the chosen one.
  const CURVES = 12;
  const box = (id) => document.querySelector(`#${id} .chart`);

  const points = (fleet, name) => {
    const rows = fleet.rows.map(([, row]) => row);
    const last = fleet.name === live.state.fleet?.name ? live.state.fleet.last : null;
    if (last && (!rows.length || live.of(rows[rows.length - 1], "round") < live.of(last, "round"))) rows.push(last);
    return rows.map((row) => [live.of(row, "round"), live.of(row, name)]).filter(([, value]) => value !== null);
  };
  // Changes stand in every curve over rounds.
  const marks = () => ({
    silent: true, symbol: "none", label: { show: false }, lineStyle: { color: hive.colour("soft"), type: "dashed", width: 1 },
    data: (live.state?.changes ?? []).map(({ round }) => ({ xAxis: round })),
  });
  const line = (name, data, colour, extra = {}) => ({ type: "line", name, data, showSymbol: data.length === 1, symbolSize: 6, lineStyle: { width: 2, color: colour }, itemStyle: { color: colour }, ...extra });

  // `series` gives label, points and colour; legends are buttons.
  const chart = (id, format, series, names) => {
    const place = box(id);
    const figure = place.closest("figure");
    const visible = names.map(() => true);
    const build = () => {
      const all = live.state ? series().filter((s, i) => visible[s.legend ?? i] !== false) : [];
      const until = live.state?.fleet ? live.of(live.state.fleet.last, "round") ?? 1 : 1;
      const values = all.flatMap((s) => s.data.map((p) => p[1]));
      return {
        ...hive.charts.common(place),
        xAxis: hive.charts.xRounds(figure.dataset.x, 0, Math.max(until, 1)),
        yAxis: hive.charts.y(figure.dataset.y, format, values.length ? hive.charts.range(format, values) : {}),
        tooltip: hive.charts.tooltip("axis", (ps) => hive.charts.tip(`Round ${ps[0].axisValue}`, ps.filter((p) => p.seriesName).slice(0, 14).map((p) => [p.seriesName, hive.show(format, p.value[1]), p.color]))),
        series: all.length ? [{ ...line(all[0].label, all[0].data, all[0].colour, all[0].extra), markLine: marks() }, ...all.slice(1).map((s) => line(s.label, s.data, s.colour, s.extra))] : [],
      };
    };
    const entry = hive.charts.mount(place, build, "canvas");
    if (names.length) hive.charts.legend(id, names.map(([label, colour]) => ({ label, colour: () => hive.colour(colour) })), visible, entry.draw);
    live.on("state", live.now_and_then(place, entry.draw));
    return entry;
  };

  const of = (name) => live.state.fleets.find((f) => f.name === name);
  const curve = (fleet, name, label, colour, legend) => ({ label, data: of(fleet) ? points(of(fleet), name) : [], colour: hive.colour(colour), legend });
  chart("fig-level", "level", () => [
    curve("hive", "panel_skill", "agents", "c-hive", 0), curve("hive", "core_skill", "core", "c-core", 1),
    curve("hive", "unpractised_skill", "never practised", "c-h4", 2), curve("isolated", "panel_skill", "isolated agents", "c-isolated", 3),
    curve("pooled", "panel_skill", "pooled learner", "c-pooled", 4), curve("hive", "test_accuracy", "test accuracy", "c-h6", 5),
  ], [["agents", "c-hive"], ["core", "c-core"], ["never practised", "c-h4"], ["isolated agents", "c-isolated"], ["pooled learner", "c-pooled"], ["test accuracy", "c-h6"]]);
  const here = (name, label, colour, legend) => curve(live.fleet()?.name, name, label, colour, legend);
  chart("fig-merge", "number", () => [
    here("cosine", "cosine", "c-hive", 0), here("sign_conflict", "sign conflict", "c-core", 1), here("consensus_distance", "distance", "c-pooled", 2),
  ], [["cosine", "c-hive"], ["sign conflict", "c-core"], ["distance", "c-pooled"]]);
  chart("fig-pace", "number", () => [here("tour_seconds", "tour", "c-hive", 0), here("merge_seconds", "merge", "c-core", 1)], [["tour", "c-hive"], ["merge", "c-core"]]);

  const adoption = chart("fig-adoption", "percent", () => {
    const fleet = live.fleet();
    if (!fleet) return [];
    const [n, chosen] = [fleet.skills.length, live.skill];
    const some = Array.from({ length: Math.min(n, CURVES) }, (_, i) => Math.round((i * (n - 1)) / Math.max(Math.min(n, CURVES) - 1, 1)));
    if (chosen !== null && chosen < n && !some.includes(chosen)) some.push(chosen);
    return some.map((s) => {
      const data = fleet.spread.map(([, round, held]) => [round, live.level(held[s])]).filter(([, share]) => share !== null);
      const bold = s === chosen;
      const colour = bold ? hive.colour("c-core") : hive.grid.ramp[Math.round((s / Math.max(n - 1, 1)) * 235)];
      return { label: fleet.skills[s], data, colour, extra: { z: bold ? 5 : 2, lineStyle: { width: bold ? 3.2 : 1.6, color: colour, opacity: chosen === null || bold ? 1 : 0.55 } } };
    });
  }, []);

  // The table of skills: built when the fleet is another, filled as levels come.
  const table = document.querySelector("#skills tbody");
  const note = document.getElementById("skills-note");
  let built = null;
  const skills = () => {
    const fleet = live.fleet();
    if (!fleet || built === fleet.skills) return;
    built = fleet.skills;
    table.replaceChildren(...fleet.skills.map((name, s) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => hive.choose(s));
      const cell = () => element("td", {}, element("i"), element("span"));
      return element("tr", {}, element("th", { scope: "row" }, button), element("td", {}, hive.show("percent", fleet.frequencies[s])), cell(), cell());
    }));
    note.hidden = fleet.skills_in_all === fleet.skills.length;
    note.textContent = `${fleet.skills.length} of ${fleet.skills_in_all}, the most frequent, are listed.`;
    hive.listSkills(fleet.skills);
  };
  const fill = () => {
    if (!live.levels) return;
    [...table.rows].forEach((row, s) => {
      row.setAttribute("aria-current", String(s === live.skill));
      [[2, live.levels.means[s], "level"], [3, live.levels.shares[s], "percent"]].forEach(([at, byte, format]) => {
        const value = live.level(byte);
        const [bar, text] = row.cells[at].children;
        bar.style.width = `${(value ?? 0) * 60}px`;
        text.textContent = value === null ? "–" : hive.show(format, value);
      });
    });
  };
  live.on("state", skills);
  live.on("levels", live.now_and_then(document.getElementById("fig-skills"), fill, 300));
  hive.onSkill = () => { fill(); adoption.draw(); };

  // The last rounds.
  const LAST = 12;
  const columns = [["round", "round"], ["panel_skill", "skill"], ["tasks", "tasks"], ["learnings", "merged"], ["dropped", "dropped"], ["cosine", "cosine"], ["tour_seconds", "tour (s)"], ["merge_seconds", "merge (s)"]];
  const recent = [];
  const rounds = document.getElementById("rounds");
  const list = live.now_and_then(document.getElementById("fig-rounds"), () => {
    const row = (tag, texts) => element("tr", {}, ...texts.map((text, i) => element(i || tag === "th" ? tag : "th", { ...(tag === "th" ? { scope: "col" } : i ? {} : { scope: "row" }) }, text)));
    const text = (line, name) => { const x = live.of(line, name); return x === null ? "–" : ["round", "tasks", "learnings", "dropped"].includes(name) ? String(x) : hive.show("number", x); };
    rounds.replaceChildren(element("thead", {}, row("th", columns.map(([, head]) => head))), element("tbody", {}, ...recent.map((line) => row("td", columns.map(([name]) => text(line, name))))));
  });
  live.on("state", () => {
    const fleet = live.fleet();
    const last = live.state?.fleet?.last;
    if (!fleet || !last) { recent.length = 0; return; }
    if (live.of(recent[0], "round") !== live.of(last, "round") || recent.name !== fleet.name) {
      if (recent.name !== fleet.name || live.of(last, "round") < live.of(recent[0], "round")) recent.length = 0;
      recent.name = fleet.name;
      recent.unshift(last);
      recent.length = Math.min(recent.length, LAST);
      list();
    }
  });
})();
