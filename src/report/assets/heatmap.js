// Agents × skills at one measured round.
hive.heatmap = (() => {
  const { data } = hive;
  const { state, views } = hive.frames;
  const [agents, skills] = [data.panel.length, data.skills.length];
  const size = agents * skills;
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
          orient: "horizontal", right: 0, top: 0, itemWidth: 12, itemHeight: 130, inRange: { color: hive.viridis },
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
    hive.frames.onFrame(entry.draw);
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

  return { draw };
})();
