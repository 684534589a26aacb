// Adoption curves: a line a skill, coloured by how frequent the skill is.
hive.adoption = (() => {
  // Viridis without its palest end on white, and without its darkest on black.
  const light = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#90c22c"];
  const dark = ["#fde725", "#a0da39", "#4ac16d", "#1fa187", "#3b8fb0", "#6f7fd0", "#9a6fc4"];
  const mix = (a, b, t) => "#" + [1, 3, 5].map((i) => {
    const [x, y] = [parseInt(a.slice(i, i + 2), 16), parseInt(b.slice(i, i + 2), 16)];
    return Math.round(x + (y - x) * t).toString(16).padStart(2, "0");
  }).join("");
  const ranked = (i, n) => {
    const stops = document.documentElement.dataset.theme === "dark" ? dark : light;
    const place = (n < 2 ? 0 : i / (n - 1)) * (stops.length - 1);
    const k = Math.min(Math.floor(place), stops.length - 2);
    return mix(stops[k], stops[k + 1], place - k);
  };

  // The laws of docs/measures.md; parameters as the data has them.
  const laws = {
    logistic: ([r, middle, top], t) => top / (1 + Math.exp(-r * (t - middle))),
    bass: ([p, q, top], t) => { const e = Math.exp(-(p + q) * t); return top * (1 - e) / (1 + (q / p) * e); },
  };
  const STEPS = 120;
  const through = (law, parameters, from, to) => Array.from({ length: STEPS + 1 }, (_, i) => {
    const t = from + (to - from) * i / STEPS;
    return [t, laws[law](parameters, t)];
  });

  const draw = (figure) => {
    const box = hive.box(figure.id);
    const { skills, runs } = hive.data;
    const n = skills.length;
    // All together, while one can still tell them apart.
    const visible = skills.map(() => true);
    const fitted = (law) => runs.some((r) => r.fits.some((f) => f[law]));
    const state = { run: 0, law: ["logistic", "bass"].find(fitted) ?? "none" };
    const build = () => {
      const { adoption_rounds: rounds, adoption, fits } = runs[state.run];
      const many = n > 12;
      const shown = visible.filter(Boolean).length;
      const ends = [rounds[0], rounds[rounds.length - 1]];
      const quiet = { showSymbol: false, silent: true, tooltip: { show: false }, emphasis: { disabled: true }, animation: false };
      const laid = (s) => {
        const fit = fits[s];
        const parameters = state.law === "none" ? null : fit?.[state.law];
        if (!parameters) return [];
        const color = ranked(s, n);
        const curve = { type: "line", name: "", ...quiet, data: through(state.law, parameters, ...ends), color, z: 3, lineStyle: { width: many ? 1.6 : 2.2, color } };
        if (state.law !== "logistic" || !fit.midpoint || shown > 8) return [curve];
        // The interval of the midpoint, at half of the ceiling.
        const inside = fit.midpoint.map((t) => [Math.min(Math.max(t, ends[0]), ends[1]), parameters[2] / 2]);
        return [curve, { type: "line", name: "", ...quiet, data: inside, color, z: 4, showSymbol: true, symbol: "rect", symbolSize: [2, 10], lineStyle: { width: 4, color, opacity: 0.55 } }];
      };
      return {
        ...hive.charts.common(box),
        xAxis: hive.charts.xRounds(figure.x, rounds.length > 1 ? ends[0] : ends[0] - 1, rounds.length > 1 ? ends[1] : ends[1] + 1),
        yAxis: hive.charts.y(figure.y, "percent", { min: 0, max: 1 }),
        tooltip: hive.charts.tooltip("axis", (all) => {
          const ps = all.filter((p) => p.seriesName);
          if (!ps.length) return "";
          const sorted = ps.filter((p) => p.value[1] !== null).sort((a, b) => b.value[1] - a.value[1]);
          const rows = sorted.slice(0, 12).map((p) => [p.seriesName, hive.show("percent", p.value[1]), p.color]);
          if (sorted.length > 12) rows.push([`and ${sorted.length - 12} more, down to`, hive.show("percent", sorted[sorted.length - 1].value[1])]);
          return hive.charts.tip(`Round ${ps[0].axisValue}`, rows);
        }),
        series: [...skills.flatMap((skill, s) => {
          if (!visible[s]) return [];
          const law = laid(s);
          const dots = law.length > 0 || rounds.length === 1;
          return [{
            type: "line", name: skill.name, data: rounds.map((r, i) => [r, adoption[i][s]]), connectNulls: true,
            showSymbol: dots, symbol: "circle", symbolSize: law.length ? (many ? 3.5 : 5) : 7,
            color: ranked(s, n), lineStyle: { width: law.length ? 0 : many ? 1.5 : 2.2 }, emphasis: { focus: "series", lineStyle: { width: 3 } }, triggerLineEvent: true,
          }, ...law];
        }), ...hive.charts.changes()],
      };
    };
    const entry = hive.charts.mount(box, build);
    const value = (i) => (n <= 12 ? runs[0].fits[i]?.label : "");
    const legend = hive.charts.legend(figure.id, skills.map((s, i) => ({ label: s.name, value: value(i), short: n > 12, colour: () => ranked(i, n) })), visible, entry.draw);
    if (n > 12) legend.classList.add("many");
    tools(legend, visible, state, entry.draw, Object.keys(laws).filter(fitted));
  };

  // Which run is shown, and all, none or the most frequent at once.
  const tools = (legend, visible, state, changed, laws) => {
    const bar = hive.element("div", { class: "controls" });
    const runs = hive.data.runs.map((r, i) => [r, i]).filter(([r]) => r.adoption.length);
    if (runs.length > 1) {
      const select = hive.element("select", {}, ...runs.map(([r, i]) => hive.element("option", { value: i }, r.label)));
      select.addEventListener("change", () => { state.run = Number(select.value); changed(); });
      bar.append(hive.element("label", {}, "Show ", select));
    }
    if (laws.length) {
      const names = { logistic: "logistic", bass: "Bass", none: "none" };
      const select = hive.element("select", {}, ...[...laws, "none"].map((law) => hive.element("option", { value: law }, names[law])));
      select.value = state.law;
      select.addEventListener("change", () => { state.law = select.value; changed(); });
      bar.append(hive.element("label", {}, "Law ", select));
    }
    const set = (label, keep) => {
      const button = hive.element("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        legend.querySelectorAll(".chip").forEach((chip, i) => { visible[i] = keep(i); chip.setAttribute("aria-pressed", String(visible[i])); });
        changed();
      });
      bar.append(button);
    };
    if (visible.length > 3) {
      set("All", () => true);
      set("None", () => false);
      set("5 most frequent", (i) => i < 5);
      set("5 rarest", (i) => i >= visible.length - 5);
    }
    if (bar.childElementCount) {
      const rows = hive.element("div");
      legend.replaceWith(rows);
      rows.append(bar, legend);
    }
  };

  return { draw };
})();
