// Who taught whom: origin company × receiver company on tagged skills, at the slider's round.
hive.taught = (() => {
  const draw = (figure) => {
    const { companies, levels: packed } = hive.data.taught;
    const box = hive.box(figure.id);
    const levels = hive.levels(packed);
    const n = companies.length;
    // Rows of origins without a tag stay empty, and are left out.
    const origins = companies.map((_, o) => o).filter((o) => companies.some((_, r) => levels[o * n + r] !== null));
    box.style.height = `${Math.min(Math.max(origins.length * 22, 120), 640) + 110}px`;
    const build = () => {
      const soft = hive.colour("soft");
      const cells = origins.flatMap((o, row) => companies.map((_, r) => [r, origins.length - 1 - row, levels[(hive.frames.state.frame * n + o) * n + r] ?? "-", o]));
      const inner = Math.max(box.clientWidth - 90, 80);
      const wide = Math.min(inner, Math.max(n * 64, 240));
      const names = (of) => of.map((i) => `c${companies[i]}`);
      const category = (data, extra) => hive.charts.axis({ type: "category", data, splitLine: { show: false }, axisLabel: { color: soft, fontSize: 11, hideOverlap: true }, ...extra });
      const written = wide / n > 30;
      return {
        ...hive.charts.common(box),
        grid: { left: 62, top: 46, bottom: 48, width: wide },
        xAxis: category(names(companies.map((_, i) => i)), { name: figure.x, nameLocation: "middle", nameGap: 30 }),
        yAxis: category(names([...origins].reverse()), { name: "origin", nameLocation: "end", nameGap: 8, nameTextStyle: { color: soft, fontSize: 12, align: "right" } }),
        visualMap: {
          type: "continuous", min: 0, max: 1, dimension: 2, calculable: false, hoverLink: false, orient: "horizontal", right: 0, top: 0,
          itemWidth: 12, itemHeight: 130, inRange: { color: hive.viridis }, text: ["1", "level 0"], textStyle: { color: soft, fontSize: 12 },
        },
        tooltip: hive.charts.tooltip("item", ({ value: [r, , x, o] }) => hive.charts.tip(r === o ? `Company ${companies[o]}, on its own skills` : `From company ${companies[o]} to ${companies[r]}`, [
          ["round", String(hive.data.frame_rounds[hive.frames.state.frame])], ["level", x === "-" ? "not measured" : hive.show("level", x)],
        ])),
        series: [{
          type: "heatmap", data: cells, progressive: 0, itemStyle: { borderWidth: 1, borderColor: hive.colour("card") },
          label: { show: written, fontSize: 11, formatter: (p) => (p.value[2] === "-" ? "" : hive.show("level", p.value[2])) },
          emphasis: { itemStyle: { borderColor: hive.colour("ink"), borderWidth: 1.5 } },
        }],
      };
    };
    const entry = hive.charts.mount(box, build, "canvas");
    new ResizeObserver(() => entry.draw()).observe(box);
    hive.frames.onFrame(entry.draw);
  };
  return { draw };
})();
