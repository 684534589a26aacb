// Which of several hives leads: a bar a hive, drawn over the rounds at which it is ahead.
hive.leader = (() => {
  const draw = (figure) => {
    const box = hive.box(figure.id);
    const { names, leaders, columns } = hive.data.hives;
    const rounds = columns.round;
    const lines = hive.data.figures.find((f) => f.id === "fig-hives-skill").lines;
    box.style.height = `${Math.min(70 + 30 * names.length, 520)}px`;
    // A lead lasts until the next core is published: bars go half a step either way.
    const half = rounds.length > 1 ? (rounds[1] - rounds[0]) / 2 : 0.5;
    const bars = (h) => rounds.flatMap((r, i) => (leaders[i] === h ? [[r - half, h], [r + half, h]] : [["-", h]]));
    const build = () => ({
      ...hive.charts.common(box),
      grid: { left: 4, right: 18, top: 8, bottom: 28, containLabel: true },
      xAxis: hive.charts.xRounds(figure.x, rounds[0] - half, rounds[rounds.length - 1] + half),
      yAxis: hive.charts.axis({
        type: "category", data: names, inverse: true, splitLine: { show: true, lineStyle: { color: hive.colour("grid") } },
        axisLabel: { color: hive.colour("ink"), fontSize: 12, width: 120, overflow: "truncate" },
      }),
      tooltip: hive.charts.tooltip("axis", (ps) => {
        const at = rounds.reduce((best, r, i) => (Math.abs(r - ps[0].axisValue) < Math.abs(rounds[best] - ps[0].axisValue) ? i : best), 0);
        const rows = names.map((name, h) => [h === leaders[at] ? `${name} (leads)` : name, hive.show("percent", columns[`skill${h}`][at]), hive.colour(`c-${lines[h].colour}`)]);
        return hive.charts.tip(`Round ${rounds[at]}`, rows);
      }),
      series: [...names.map((name, h) => {
        const colour = hive.colour(`c-${lines[h].colour}`);
        return { type: "line", name, data: bars(h), showSymbol: false, connectNulls: false, lineStyle: { width: 14, color: colour, cap: "butt" }, itemStyle: { color: colour }, emphasis: { disabled: true } };
      }), ...hive.charts.changes()],
    });
    hive.charts.mount(box, build);
  };
  return { draw };
})();
