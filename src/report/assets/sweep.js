// The sweep's figures: rows with intervals, levels of axes, heat maps of two, and points.
(() => {
  const { data } = hive;
  const colour = (i) => hive.colour(`c-h${i % 8}`);
  const number = (x) => (x === null ? "–" : hive.axes.number(Number(x.toPrecision(4))));
  const interval = (cell) => (cell.low === null ? [] : [["95 % interval", `${number(cell.low)} to ${number(cell.high)}`]]);
  // The ends of an axis that holds all that is drawn: what leaves it would not be drawn at all.
  const around = (values) => {
    const known = values.filter((x) => x !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    const step = 10 ** Math.floor(Math.log10(room * 4));
    return { min: Math.floor((low - room) / step) * step, max: Math.ceil((high + room) / step) * step };
  };
  const label = (extra) => ({ color: hive.colour("soft"), fontSize: 12, hideOverlap: true, ...extra });
  const numbers = (name, values) => hive.charts.axis({
    type: "value", name, nameLocation: "middle", nameGap: 30, ...around(values), axisLabel: label({ formatter: number, showMinLabel: false, showMaxLabel: false }),
  });
  const line = (from, to, style) => [{ coord: from, ...style && { lineStyle: style } }, { coord: to }];

  // Names down the side, a dot and its interval each; bars join ranks that do not differ.
  const rows = (figure) => {
    const box = hive.box(figure.id);
    const bars = figure.bars ?? [];
    const names = [...figure.rows.map((r) => r.name), ...bars.map((b) => b.name)].reverse();
    const NARROW = 640;
    const narrow = () => box.clientWidth < NARROW;
    const size = () => { box.style.height = `${74 + (narrow() ? 36 : Math.max(19, 30 - names.length)) * names.length}px`; };
    size();
    const build = () => {
      const at = (i) => names.length - 1 - i;
      const dots = figure.rows.map((row, i) => ({ ...row, at: at(i) })).filter((row) => row.mean !== null);
      const ends = [...dots.flatMap((d) => [d.mean, d.low, d.high]), ...bars.flatMap((b) => [b.from, b.to]), ...(figure.zero === null ? [] : [figure.zero])];
      const inside = narrow() ? { inside: true, align: "left", verticalAlign: "bottom", padding: [0, 0, 5, 0], margin: 0 } : {};
      // Black where an interval leaves zero out, or all where there is no zero.
      const clear = (d) => figure.zero === null || d.low > figure.zero || d.high < figure.zero;
      const tint = (d) => (clear(d) ? colour(0) : colour(7));
      const marks = dots.filter((d) => d.low !== null).map((d) => line([d.low, d.at], [d.high, d.at], { color: tint(d), width: 2, type: "solid" }));
      const joins = bars.map((b, i) => line([b.from, at(figure.rows.length + i)], [b.to, at(figure.rows.length + i)], { color: colour(b.name ? 7 : 1), width: 5, type: "solid" }));
      return {
        ...hive.charts.common(box),
        grid: { left: 4, right: 24, top: 14, bottom: 34, containLabel: true },
        xAxis: numbers(figure.x, ends),
        yAxis: hive.charts.axis({
          type: "category", data: names, splitLine: { show: true, lineStyle: { color: hive.colour("grid") } },
          axisLabel: { color: hive.colour("ink"), fontSize: 12, interval: 0, width: Math.max(box.clientWidth * 0.45, 60), overflow: "truncate", ...inside },
        }),
        tooltip: hive.charts.tooltip("item", (p) => (p.data.dot ? hive.charts.tip(p.data.dot.name, [[figure.x, number(p.data.dot.mean)], ...interval(p.data.dot), ...(p.data.dot.more ?? [])]) : "")),
        series: [{
          type: "scatter", symbolSize: 9, z: 3,
          data: dots.map((d) => ({ value: [d.mean, d.at], dot: d, itemStyle: { color: tint(d) } })),
          markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [...marks, ...joins] },
        }, ...(figure.zero === null ? [] : [{
          type: "scatter", data: [], markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, data: [{ xAxis: figure.zero, lineStyle: { color: hive.colour("soft"), type: "dashed" } }] },
        }])],
      };
    };
    hive.charts.fitting(box, build, narrow, size);
  };

  // Levels of an axis along the bottom, a line for each level of another.
  const levels = (figure) => {
    const box = hive.box(figure.id);
    const visible = figure.series.map(() => true);
    const build = () => {
      const shown = figure.series.map((s, i) => ({ ...s, i })).filter((_, i) => visible[i]);
      // Intervals of the same level stand beside one another.
      const cells = shown.flatMap((s) => s.cells);
      return {
        ...hive.charts.common(box),
        grid: { left: 4, right: 18, top: 32, bottom: 34, containLabel: true },
        xAxis: hive.charts.axis({ type: "category", data: figure.levels, name: figure.x, nameLocation: "middle", nameGap: 30, boundaryGap: true, splitLine: { show: false }, axisLabel: label({ interval: figure.levels.length > 12 ? "auto" : 0, hideOverlap: false, width: Math.max((box.clientWidth - 60) / Math.min(figure.levels.length, 12) - 6, 30), overflow: "truncate" }) }),
        yAxis: { ...numbers("", cells.flatMap((c) => [c.mean, c.low, c.high])), name: figure.y, nameLocation: "end", nameGap: 12, nameTextStyle: { color: hive.colour("soft"), fontSize: 12, align: "left" } },
        tooltip: hive.charts.tooltip("axis", (ps) => {
          const at = ps[0].dataIndex;
          return hive.charts.tip(figure.levels[at], shown.map((s) => [s.name || figure.y, s.cells[at].low === null ? number(s.cells[at].mean) : `${number(s.cells[at].mean)} (${number(s.cells[at].low)} to ${number(s.cells[at].high)})`, colour(s.i)]));
        }),
        series: shown.map((s) => ({
          type: "line", name: s.name, data: s.cells.map((c) => c.mean), symbol: "circle", symbolSize: 8, z: 3, connectNulls: true,
          lineStyle: { width: 2, color: colour(s.i), type: ["solid", "dashed", "dotted"][Math.floor(s.i / 8) % 3] }, itemStyle: { color: colour(s.i) },
          markLine: {
            silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colour(s.i), width: 2, type: "solid", opacity: 0.55 },
            data: s.cells.flatMap((c, at) => (c.low === null ? [] : [line([at, c.low], [at, c.high])])),
          },
        })),
      };
    };
    const { draw } = hive.charts.mount(box, build);
    // labels are as wide as there is room
    new ResizeObserver(draw).observe(box);
    if (figure.series.length > 1) {
      hive.charts.legend(figure.id, figure.series.map((s, i) => ({ label: s.name, short: true, colour: () => colour(i) })), visible, draw);
    }
  };

  // Two axes, their mean as a colour.
  const heat = (figure) => {
    const box = hive.box(figure.id);
    box.style.height = `${Math.min(110 + 44 * figure.second.length, 640)}px`;
    const cells = figure.cells.flatMap((row, i) => row.map((cell, j) => [i, j, cell.mean === null ? "-" : cell.mean]));
    const known = cells.map((c) => c[2]).filter((x) => x !== "-");
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const few = figure.levels.length <= 8;
    const build = () => {
      const soft = hive.colour("soft");
      const category = (list, name, extra) => hive.charts.axis({ type: "category", data: list, name, splitLine: { show: false }, axisLabel: label({ interval: list.length > 12 ? "auto" : 0, hideOverlap: false, width: Math.max((box.clientWidth - 90) / Math.min(figure.levels.length, 12) - 6, 30), overflow: "truncate" }), ...extra });
      return {
        ...hive.charts.common(box),
        grid: { left: 4, right: 18, top: 62, bottom: 34, containLabel: true },
        xAxis: category(figure.levels, figure.x, { nameLocation: "middle", nameGap: 30 }),
        yAxis: category(figure.second, figure.y, { nameLocation: "end", nameGap: 8, nameTextStyle: { color: soft, fontSize: 12, align: "left" } }),
        visualMap: {
          type: "continuous", min: low, max: high > low ? high : low + 1, dimension: 2, seriesIndex: 0, calculable: false, hoverLink: false,
          orient: "horizontal", right: 0, top: 0, itemWidth: 12, itemHeight: 130, inRange: { color: hive.viridis },
          text: [number(high), number(low)], textStyle: { color: soft, fontSize: 12 },
        },
        tooltip: hive.charts.tooltip("item", (p) => {
          const cell = figure.cells[p.value[0]][p.value[1]];
          return hive.charts.tip(`${figure.levels[p.value[0]]}, ${figure.second[p.value[1]]}`, [["mean", number(cell.mean)], ...interval(cell)]);
        }),
        series: [{
          type: "heatmap", data: cells, progressive: 0, itemStyle: { borderWidth: 1, borderColor: hive.colour("card") },
          label: { show: few, formatter: (p) => (p.value[2] === "-" ? "–" : number(Number(p.value[2].toPrecision(3)))), fontSize: 12 },
        }],
      };
    };
    const { draw } = hive.charts.mount(box, build, "canvas");
    new ResizeObserver(draw).observe(box);
  };

  // Points of a Latin hypercube along one axis.
  const scatter = (figure) => {
    const box = hive.box(figure.id);
    const build = () => {
      const points = figure.points.filter((p) => p.mean !== null);
      const xs = points.map((p) => p.x);
      const x = figure.log
        ? hive.charts.axis({ type: "log", name: figure.x, nameLocation: "middle", nameGap: 30, min: Math.min(...xs) / 1.1, max: Math.max(...xs) * 1.1, axisLabel: label({ formatter: (v) => number(Number(v.toPrecision(2))) }) })
        : numbers(figure.x, xs);
      return {
        ...hive.charts.common(box),
        grid: { left: 4, right: 18, top: 32, bottom: 34, containLabel: true },
        xAxis: x,
        yAxis: { ...numbers("", points.flatMap((p) => [p.mean, p.low, p.high])), name: figure.y, nameLocation: "end", nameGap: 12, nameTextStyle: { color: hive.colour("soft"), fontSize: 12, align: "left" } },
        tooltip: hive.charts.tooltip("item", (p) => (p.data.point ? hive.charts.tip(p.data.point.name, [[figure.x, number(p.data.point.x)], [figure.y, number(p.data.point.mean)], ...interval(p.data.point)]) : "")),
        series: [{
          type: "scatter", symbolSize: 8, itemStyle: { color: colour(0), opacity: 0.85 }, z: 3, data: points.map((point) => ({ value: [point.x, point.mean], point })),
          markLine: {
            silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colour(0), width: 1, type: "solid", opacity: 0.5 },
            data: points.filter((p) => p.low !== null).map((p) => line([p.x, p.low], [p.x, p.high])),
          },
        }],
      };
    };
    hive.charts.mount(box, build);
  };

  const draw = { rows, levels, heat, scatter };
  data.figures.filter((f) => hive.box(f.id)).forEach((figure) => draw[figure.kind](figure));
})();
