// The comparison's figures: a dot with its interval for each strategy, and curves over rounds.
(() => {
  const { data } = hive;
  const box = document.querySelector("#fig-dots .chart");
  const bounds = data.dots.filter((d) => !data.families.includes(d.family));
  const ranked = data.families.flatMap((family) => data.dots.filter((d) => d.family === family && d.mean !== null));
  // The first stands at the top.
  const names = ranked.map((d) => d.name).reverse();
  // Where names would leave little room for what they name, each stands above its dot.
  const NARROW = 640;
  const narrow = () => box.clientWidth < NARROW;
  const size = () => { box.style.height = `${90 + (narrow() ? 36 : 19) * names.length}px`; };
  size();
  const families = data.families.filter((family) => ranked.some((d) => d.family === family));
  const visible = families.map(() => true);
  const build = () => {
    const shown = ranked.filter((d) => visible[families.indexOf(d.family)]);
    const rows = names.filter((n) => shown.some((d) => d.name === n));
    // By number: the chart library takes a coordinate named "median" for a statistic.
    const row = (d) => rows.indexOf(d.name);
    // An interval that leaves the axes would not be drawn at all.
    const ends = [...shown.flatMap((d) => [d.mean - 2 * d.error, d.mean + 2 * d.error]), ...bounds.map((d) => d.mean)];
    const [low, high] = [Math.floor(Math.min(...ends) * 10) / 10, Math.ceil(Math.max(...ends) * 10) / 10];
    const inside = narrow() ? { inside: true, align: "left", verticalAlign: "bottom", padding: [0, 0, 5, 0], margin: 0 } : {};
    const series = families.filter((_, i) => visible[i]).map((family) => {
      const mine = shown.filter((d) => d.family === family);
      const colour = hive.colour(`c-${mine[0].colour}`);
      return {
        type: "scatter", name: family, symbolSize: 9, itemStyle: { color: colour }, z: 3,
        data: mine.map((d) => ({ value: [d.mean, row(d)], dot: d })),
        markLine: {
          silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colour, width: 2, type: "solid" },
          data: mine.filter((d) => d.error > 0).map((d) => [{ coord: [d.mean - 2 * d.error, row(d)] }, { coord: [d.mean + 2 * d.error, row(d)] }]),
        },
      };
    });
    if (series.length && bounds.length) {
      series.push({
        type: "scatter", data: [], markLine: {
          silent: true, symbol: "none", animation: false,
          label: { show: true, formatter: (p) => p.name, color: hive.colour("soft"), fontSize: 12 },
          data: bounds.map((d) => ({ xAxis: d.mean, name: d.name, lineStyle: { color: hive.colour(`c-${d.colour}`), type: "dashed" } })),
        },
      });
    }
    return {
      ...hive.charts.common(box),
      grid: { left: 4, right: 24, top: 24, bottom: 34, containLabel: true },
      xAxis: hive.charts.axis({
        type: "value", name: narrow() ? "level of the core at the end" : "level of the core at the end (0 = chance, 1 = oracle)", nameLocation: "middle", nameGap: 30, min: low, max: high,
        axisLabel: { color: hive.colour("soft"), fontSize: 12, formatter: hive.axes.level },
      }),
      yAxis: hive.charts.axis({
        type: "category", data: rows,
        axisLabel: { color: hive.colour("ink"), fontSize: 12, interval: 0, ...inside }, splitLine: { show: true, lineStyle: { color: hive.colour("grid") } },
      }),
      tooltip: hive.charts.tooltip("item", (p) => {
        const d = p.data.dot;
        return d ? hive.charts.tip(d.name, [["mean", d.mean.toFixed(3)], ["standard error", d.error.toFixed(3)], ...d.runs.map((x, i) => [`run ${i + 1}`, x === null ? "–" : x.toFixed(3)])]) : "";
      }),
      series,
    };
  };
  const { draw } = hive.charts.fitting(box, build, narrow, size);
  const first = (family) => ranked.find((d) => d.family === family);
  hive.charts.legend("fig-dots", families.map((family) => ({ label: family, short: true, colour: () => hive.colour(`c-${first(family).colour}`) })), visible, draw);

  hive.charts.lines(data.figures[0]);
  document.querySelector("#fig-curves .legend").classList.add("many");
})();
