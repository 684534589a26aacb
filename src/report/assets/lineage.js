// Lineage: each company's share of the core, stacked over rounds.
hive.lineage = (() => {
  const draw = (figure) => {
    const { rounds, areas, blocks, shares: packed } = hive.data.lineage;
    const box = hive.box(figure.id);
    const shares = hive.levels(packed);
    const visible = areas.map(() => true);
    let block = 0;
    const at = (r, a) => shares[(block * rounds.length + r) * areas.length + a] ?? null;
    const colour = (a) => hive.colour(a < 8 ? `c-h${a}` : "soft");
    const build = () => ({
      ...hive.charts.common(box),
      xAxis: hive.charts.xRounds(figure.x, rounds.length > 1 ? rounds[0] : rounds[0] - 1, rounds.length > 1 ? rounds[rounds.length - 1] : rounds[0] + 1),
      yAxis: hive.charts.y(figure.y, "percent", { max: (v) => (v.max > 0.5 ? Math.max(1, v.max) : null) }),
      tooltip: hive.charts.tooltip("axis", (ps) => {
        const r = rounds.indexOf(ps[0].axisValue);
        const rows = areas.map((name, a) => [name, hive.show("percent", at(r, a)), colour(a)]).filter((_, a) => visible[a]);
        return hive.charts.tip(`Round ${rounds[r]}, ${blocks[block]}`, rows);
      }),
      series: areas.flatMap((name, a) => (visible[a] ? [{
        type: "line", name, stack: "shares", data: rounds.map((r, i) => [r, at(i, a)]), showSymbol: rounds.length === 1,
        color: colour(a), lineStyle: { width: 1, color: colour(a) }, areaStyle: { color: colour(a), opacity: 0.75 }, emphasis: { focus: "series" },
      }] : [])),
    });
    const { draw: redraw } = hive.charts.mount(box, build);
    const legend = hive.charts.legend(figure.id, areas.map((label, a) => ({ label, short: true, colour: () => colour(a), value: hive.show("percent", at(rounds.length - 1, a)) })), visible, redraw);
    if (blocks.length > 2) {
      const select = hive.element("select", {}, ...blocks.map((name, i) => hive.element("option", { value: i }, name)));
      select.addEventListener("change", () => { block = Number(select.value); redraw(); });
      const rows = hive.element("div");
      legend.replaceWith(rows);
      rows.append(hive.element("div", { class: "controls" }, hive.element("label", {}, "Part ", select)), legend);
    }
  };
  return { draw };
})();
