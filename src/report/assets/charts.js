// Charts over rounds, and what every chart has in common: grid, axes, tooltip, legend.
hive.charts = (() => {
  const all = [];
  const dashes = { solid: "", dashed: "7 4", dotted: "2 3" };

  // A chart that draws itself again when the theme or its size changes. `build` gives the option.
  const mount = (box, build, renderer = "svg") => {
    const chart = echarts.init(box, null, { renderer });
    const draw = () => chart.setOption(build(), { notMerge: true });
    draw();
    hive.onTheme(draw);
    new ResizeObserver(() => { if (!printing) chart.resize(); }).observe(box);
    const entry = { chart, draw, box };
    all.push(entry);
    return entry;
  };

  // A chart of rows, sized and drawn anew where its box becomes narrow or wide.
  const fitting = (box, build, narrow, size) => {
    const entry = mount(box, build);
    let was = narrow();
    new ResizeObserver(() => {
      if (narrow() === was) return;
      was = narrow();
      size();
      entry.draw();
    }).observe(box);
    return entry;
  };

  // On paper: light, and as wide as the sheet.
  let printing = false;
  addEventListener("beforeprint", () => {
    printing = true;
    hive.withTheme("light");
    all.forEach(({ chart }) => chart.resize({ width: 660 }));
  });
  addEventListener("afterprint", () => {
    printing = false;
    hive.withTheme();
    all.forEach(({ chart }) => chart.resize({ width: "auto" }));
  });

  const describe = (box) => {
    const figure = box.closest("figure");
    const text = (q) => figure.querySelector(q).textContent.trim().replace(/\s+/g, " ");
    const changed = figure.dataset.x.startsWith("round ") ? (hive.data.changes ?? []) : [];
    const said = changed.map(({ round, letter }) => ` Change ${letter} from round ${round} on.`).join("");
    return `${text("h3")}. Horizontal: ${figure.dataset.x}. Vertical: ${figure.dataset.y}. ${text("figcaption")}${said}`;
  };

  const common = (box) => ({
    animation: false,
    aria: { enabled: true, label: { description: describe(box) } },
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: hive.colour("ink") },
    grid: { left: 4, right: 18, top: 32, bottom: 24, containLabel: true },
  });

  const axis = (extra) => {
    const soft = hive.colour("soft");
    return {
      nameTextStyle: { color: soft, fontSize: 12 },
      axisLabel: { color: soft, fontSize: 12, hideOverlap: true },
      axisLine: { show: true, onZero: false, lineStyle: { color: hive.colour("rule") } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: hive.colour("grid") } },
      ...extra,
    };
  };
  const xRounds = (name, from, to) => axis({
    type: "value", name, nameLocation: "middle", nameGap: 30, min: from, max: to,
    minInterval: 1, splitLine: { show: false },
    axisLabel: { color: hive.colour("soft"), fontSize: 12, hideOverlap: true, formatter: (x) => (Number.isInteger(x) && x >= 0 ? String(x) : "") },
  });
  const y = (name, format, extra) => axis({
    type: "value", name, nameLocation: "end", nameGap: 12,
    nameTextStyle: { color: hive.colour("soft"), fontSize: 12, align: "left", padding: [0, 0, 0, -2] },
    axisLabel: { color: hive.colour("soft"), fontSize: 12, formatter: hive.axes[format] },
    ...extra,
  });

  // Where keys changed while the run was under way: a line between the last core before and the first
  // after, with the letter by which the page's head lists it.
  const changes = () => {
    const all = hive.data.changes ?? [];
    if (!all.length) return [];
    const soft = hive.colour("soft");
    return [{
      type: "line", name: "", data: [], silent: true, tooltip: { show: false }, z: 5,
      markLine: {
        silent: true, symbol: "none", animation: false, lineStyle: { color: soft, type: "dotted", width: 1.2 },
        label: {
          position: "insideEnd", distance: 4, rotate: 0, formatter: (p) => p.name, color: hive.colour("ink"), fontSize: 11,
          padding: [1, 4], backgroundColor: hive.colour("card"), borderColor: soft, borderWidth: 1, borderRadius: 3,
        },
        data: all.map(({ round, letter }) => ({ xAxis: round - 0.5, name: letter })),
      },
    }];
  };

  // A tooltip out of elements, so that no name is ever read as HTML.
  const tip = (head, rows) => {
    const box = hive.element("div", { class: "tip" }, hive.element("strong", {}, head));
    for (const [label, value, colour] of rows) {
      const name = hive.element("span");
      if (colour) { const dot = hive.element("i"); dot.style.background = colour; name.append(dot); }
      name.append(label);
      box.append(hive.element("div", {}, name, hive.element("b", {}, value)));
    }
    return box;
  };
  const tooltip = (trigger, formatter) => ({
    trigger, formatter, confine: true, transitionDuration: 0,
    backgroundColor: hive.colour("card"), borderColor: hive.colour("rule"),
    textStyle: { color: hive.colour("ink"), fontSize: 13 },
    axisPointer: { type: "line", lineStyle: { color: hive.colour("soft") } },
  });

  // A legend of buttons: keyboard and screen reader can use them. `entries`: label, value, colour, dash.
  const legend = (id, entries, visible, changed) => {
    const box = document.querySelector(`#${id} .legend`);
    const paint = () => box.querySelectorAll(".swatch").forEach((line) => line.setAttribute("stroke", entries[line.dataset.i].colour()));
    entries.forEach((entry, i) => {
      const ns = "http://www.w3.org/2000/svg";
      const svg = document.createElementNS(ns, "svg");
      const line = document.createElementNS(ns, "line");
      for (const [k, v] of Object.entries({ width: entry.short ? 14 : 24, height: 8, "aria-hidden": true })) svg.setAttribute(k, v);
      for (const [k, v] of Object.entries({ x1: 0, x2: 24, y1: 4, y2: 4, "stroke-width": 3, "stroke-dasharray": dashes[entry.dash ?? "solid"], class: "swatch", "data-i": i })) line.setAttribute(k, v);
      svg.append(line);
      const chip = hive.element("button", { type: "button", class: "chip", "aria-pressed": String(visible[i]) }, svg, entry.label);
      if (entry.value) chip.append(hive.element("b", {}, entry.value));
      chip.addEventListener("click", () => {
        visible[i] = !visible[i];
        chip.setAttribute("aria-pressed", String(visible[i]));
        changed();
      });
      box.append(chip);
    });
    paint();
    hive.onTheme(paint);
    return box;
  };

  const table = (line) => (line.table ? hive.data[line.table] : hive.data.runs[line.run]).columns;
  const column = (line) => table(line)[line.column] ?? [];
  const rounds = (line) => table(line).round;

  // Shares end at 100 % once they pass half; levels that are all chance still get a scale.
  // A level that starts just under chance, or a band that passes 1, does not stretch it.
  const range = (format, values) => {
    if (format === "percent") return { min: 0, max: (v) => (v.max > 0.5 ? 1 : null) };
    if (format === "number") return { max: (v) => (v.max <= 0 && v.min >= -0.05 ? 1 : null) };
    if (format !== "level") return {};
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const below = low < 0 && low >= -0.05;
    return {
      min: low < -0.05 ? null : below ? -0.05 : 0,
      max: high <= 0 && low >= -0.05 ? 1 : (v) => (high <= 1 && v.max > 1 ? 1 : null),
      axisLabel: { color: hive.colour("soft"), fontSize: 12, formatter: hive.axes.level, showMinLabel: !below },
    };
  };

  // A figure of kind "lines".
  const lines = (figure) => {
    const box = hive.box(figure.id);
    const drawn = figure.lines.map((line) => {
      const [x, values] = [rounds(line), column(line)];
      const sd = line.band ? hive.data.runs[line.run].columns[line.band] ?? [] : [];
      // Row 0 has no work, so sums and counts begin with round 1.
      const points = x.map((r, i) => [r, values[i] ?? null, sd[i] ?? null])
        .filter(([r, v]) => v !== null && (r > 0 || !["si", "bytes"].includes(figure.format)));
      return { ...line, points };
    });
    // A run that was stopped before its first round has done no work.
    if (!drawn.some((line) => line.points.length)) {
      box.className = "empty";
      box.textContent = "No data: no round of work was done.";
      return;
    }
    const visible = drawn.map((line) => !line.hidden);
    const every = drawn.flatMap((l) => l.points.map((p) => p[0]));
    const [from, to] = [Math.min(...every), Math.max(...every)];
    const build = () => {
      const series = drawn.filter((_, i) => visible[i]).flatMap((line) => {
        const colour = hive.colour(`c-${line.colour}`);
        const few = line.points.length <= 40;
        const main = {
          type: "line", name: line.label, data: line.points.map(([r, v]) => [r, v]), showSymbol: line.points.length === 1 || (few && figure.id === "fig-skill"),
          symbol: "circle", symbolSize: line.points.length === 1 ? 9 : 4, z: line.run === 0 ? 4 : 3,
          lineStyle: { width: line.run === 0 ? 2.4 : 2, type: line.dash, color: colour }, itemStyle: { color: colour },
        };
        const band = line.points.filter((p) => p[2] !== null);
        if (!band.length) return [main];
        const edge = { type: "line", stack: `band-${line.run}-${line.colour}`, stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false }, z: 1 };
        return [
          { ...edge, name: "", data: band.map(([r, v, s]) => [r, v - s]) },
          { ...edge, name: "", data: band.map(([r, , s]) => [r, 2 * s]), areaStyle: { color: colour, opacity: 0.16 } },
          main,
        ];
      });
      const one = from === to;
      return {
        ...common(box),
        xAxis: xRounds(figure.x, one ? from - 1 : from, one ? to + 1 : to),
        yAxis: y(figure.y, figure.format, range(figure.format, drawn.flatMap((l) => l.points.map((p) => p[1])))),
        tooltip: tooltip("axis", (ps) => {
          const r = ps[0].axisValue;
          const rows = drawn.filter((_, i) => visible[i]).map((l) => {
            const p = l.points.find((q) => q[0] === r);
            const value = p ? hive.show(figure.format, p[1]) + (p[2] === null ? "" : ` ± ${hive.show(figure.format, p[2])}`) : "not measured";
            return [l.label, value, hive.colour(`c-${l.colour}`)];
          });
          // "staleness 12", "virtual time 5.6": the axis without its unit
          const other = figure.x.startsWith("rounds since") ? "Their round" : figure.x.replace(/ \(.*/, "");
          return tip(`${figure.x.startsWith("round ") ? "Round" : other} ${r}`, rows);
        }),
        series: figure.x.startsWith("round ") ? [...series, ...changes()] : series,
      };
    };
    const { draw } = mount(box, build);
    legend(figure.id, drawn.map((l) => ({
      label: l.label, dash: l.dash, colour: () => hive.colour(`c-${l.colour}`),
      value: l.last,
    })), visible, draw);
  };

  return { mount, fitting, common, axis, xRounds, y, range, changes, tip, tooltip, legend, lines };
})();
