// The panel's skill on its own jobs: a histogram at the slider's round, and quantiles over rounds.
hive.spread = (() => {
  const { data } = hive;
  const marks = { hive: ["hive", "solid"], isolated: ["isolated", "dashed"], pooled: ["pooled", "dotted"] };

  const histogram = (figure) => {
    const box = hive.box(figure.id);
    const { from, width } = data.bins;
    const runs = data.runs.filter((r) => r.histograms.length);
    const counts = runs.flatMap((r) => r.histograms);
    // Only the bins that are ever used, and always 0 to 1.
    const used = counts[0].map((_, b) => counts.some((c) => c[b] > 0));
    const [zero, one] = [Math.round(-from / width), Math.round((1 - from) / width)];
    const low = Math.min(zero, used.indexOf(true));
    const high = Math.max(one, used.lastIndexOf(true) + 1);
    const edge = (b) => Number((from + b * width).toFixed(4));
    const visible = runs.map(() => true);
    const at = (run) => run.histograms[Math.min(hive.frames.state.frame, run.histograms.length - 1)];
    const steps = (c) => {
      const points = [];
      for (let b = low; b < high; b += 1) points.push([edge(b), c[b]], [edge(b + 1), c[b]]);
      return points;
    };
    const build = () => ({
      ...hive.charts.common(box),
      xAxis: hive.charts.axis({ type: "value", name: figure.x, nameLocation: "middle", nameGap: 30, min: edge(low), max: edge(high), splitLine: { show: false } }),
      yAxis: hive.charts.y(figure.y, "si", { min: 0, minInterval: 1 }),
      tooltip: hive.charts.tooltip("axis", (ps) => {
        const b = Math.min(Math.max(Math.floor((ps[0].axisValue - from) / width + 1e-6), low), high - 1);
        const rows = runs.filter((_, i) => visible[i]).map((r) => [r.label, String(at(r)[b]), hive.colour(`c-${marks[r.key][0]}`)]);
        const open = [b === 0 ? "below " : "", b === used.length - 1 ? " and above" : ""];
        return hive.charts.tip(`Level ${open[0]}${edge(b)} to ${edge(b + 1)}${open[1]}`, rows);
      }),
      series: runs.flatMap((run, i) => {
        if (!visible[i]) return [];
        const [name, dash] = marks[run.key];
        const colour = hive.colour(`c-${name}`);
        return [{
          type: "line", name: run.label, data: steps(at(run)), showSymbol: false, z: i === 0 ? 2 : 3,
          lineStyle: { width: i === 0 ? 1.5 : 2, type: dash, color: colour }, itemStyle: { color: colour },
          areaStyle: i === 0 ? { color: colour, opacity: 0.35 } : undefined,
        }];
      }),
    });
    const { draw } = hive.charts.mount(box, build);
    hive.frames.onFrame(draw);
    hive.charts.legend(figure.id, runs.map((r) => ({ label: r.label, dash: marks[r.key][1], colour: () => hive.colour(`c-${marks[r.key][0]}`) })), visible, draw);
  };

  const quantiles = (figure) => {
    const box = hive.box(figure.id);
    const rows = data.frame_rounds.map((r, i) => [r, ...(data.runs[0].quantiles[i] ?? [])]).filter((q) => q.length === 6);
    const build = () => {
      const colour = hive.colour("c-hive");
      const single = rows.length === 1;
      const edge = { type: "line", stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 }, z: 1 };
      const band = (name, lo, hi, opacity) => [
        { ...edge, stack: name, data: rows.map((q) => [q[0], q[lo]]) },
        { ...edge, stack: name, data: rows.map((q) => [q[0], q[hi] - q[lo]]), areaStyle: { color: colour, opacity } },
      ];
      const now = data.frame_rounds[hive.frames.state.frame];
      const ends = single ? [rows[0][0] - 1, rows[0][0] + 1] : [rows[0][0], rows[rows.length - 1][0]];
      // One round has no bands: its quantiles become dots.
      const dots = single ? [{ type: "scatter", symbolSize: 7, itemStyle: { color: colour, opacity: 0.6 }, data: rows[0].slice(1).map((v) => [rows[0][0], v]) }] : [];
      return {
        ...hive.charts.common(box),
        xAxis: hive.charts.xRounds(figure.x, ...ends),
        yAxis: hive.charts.y(figure.y, "level", hive.charts.range("level", rows.map((q) => q[3]))),
        tooltip: hive.charts.tooltip("axis", (ps) => {
          const q = rows.find((x) => x[0] === ps[0].axisValue);
          if (!q) return "";
          return hive.charts.tip(`Round ${q[0]}`, ["95 % of agents below", "75 %", "median", "25 %", "5 %"].map((l, i) => [l, hive.show("level", q[5 - i])]));
        }),
        series: [
          ...band("wide", 1, 5, 0.16), ...band("half", 2, 4, 0.26),
          {
            type: "line", name: "median", data: rows.map((q) => [q[0], q[3]]), showSymbol: single, symbolSize: 9, z: 3,
            lineStyle: { width: 2.4, color: colour }, itemStyle: { color: colour },
            markLine: single ? undefined : { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: hive.colour("soft"), type: "dashed" }, data: [{ xAxis: now }] },
          },
          ...dots, ...hive.charts.changes(),
        ],
      };
    };
    const { draw } = hive.charts.mount(box, build);
    hive.frames.onFrame(draw);
  };

  return { histogram, quantiles };
})();
