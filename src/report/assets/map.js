// The spread map: agents in their places, coloured by level at the slider's round.
hive.map = (() => {
  const draw = (figure) => {
    const { map } = hive.data;
    const box = hive.box(figure.id);
    const count = map.ids.length;
    const flat = hive.levels(map.places);
    const places = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
    const ends = hive.unpack(map.edges);
    const levels = hive.levels(map.levels);
    const practised = map.practised ? hive.unpack(map.practised) : null;
    const frames = hive.data.frame_rounds.length;
    const companies = map.shape === "companies";
    const core = map.hubs > 0 ? places[count + map.others] : null;
    // #skill=s3 chooses one.
    const named = map.choices.indexOf(hive.hash.skill);
    let choice = named < 0 ? map.choice : named;

    const level = (i) => levels[(choice * frames + hive.frames.state.frame) * count + i] ?? null;
    // The own job has no practice of its own: every agent works at it.
    const done = (i) => {
      if (!practised || choice === 0) return false;
      const since = practised[(choice - 1) * count + i];
      return since >= 0 && since <= hive.frames.state.frame;
    };
    const lines = [];
    for (let e = 0; e < ends.length; e += 2) lines.push(places[ends[e]], places[ends[e + 1]], ["-", "-"]);

    const build = () => {
      const [soft, ink] = [hive.colour("soft"), hive.colour("ink")];
      const side = Math.max(Math.min(box.clientHeight - 56, box.clientWidth - 24), 80);
      const room = map.shape === "circle" ? 2.6 * side / (count + map.others) : 0.5 * side / Math.sqrt(count + map.others);
      const dot = Math.max(5, Math.min(20, room));
      const colour = "#7f8790";
      const axis = { type: "value", min: -1.06, max: 1.06, show: false };
      return {
        ...hive.charts.common(box),
        grid: { left: (box.clientWidth - side) / 2, top: 40, width: side, height: side },
        xAxis: axis, yAxis: axis,
        visualMap: {
          type: "continuous", min: 0, max: 1, dimension: 2, seriesIndex: 2, calculable: false, hoverLink: false,
          orient: "horizontal", right: 0, top: 0, itemWidth: 12, itemHeight: 130, inRange: { color: hive.viridis },
          text: ["1", "level 0"], textStyle: { color: soft, fontSize: 12 },
        },
        tooltip: hive.charts.tooltip("item", (p) => (p.seriesIndex === 2 ? tip(p.value[3]) : "")),
        series: [
          { type: "line", data: lines, showSymbol: false, silent: true, connectNulls: false, z: 1, lineStyle: { color: colour, width: 1, opacity: Math.max(0.12, Math.min(0.7, 60 / Math.sqrt(lines.length + 1) / 4)) } },
          { type: "scatter", data: places.slice(count, count + map.others), silent: true, z: 2, symbolSize: Math.max(3, dot / 2), itemStyle: { color: colour, opacity: 0.5 } },
          {
            type: "scatter", z: 3, progressive: 0, symbolSize: dot,
            data: map.ids.map((_, i) => {
              const x = level(i);
              const [width, edge] = done(i) ? [Math.max(1.2, dot / 7), ink] : [0.5, soft];
              return { value: [...places[i], x ?? "-", i], itemStyle: { opacity: 1, borderWidth: width, borderColor: edge, ...(x === null ? { color: "transparent" } : {}) } };
            }),
            emphasis: { itemStyle: { borderColor: ink, borderWidth: 2.5 } },
          },
          ...(core ? [{ type: "scatter", data: [core], silent: true, z: 4, symbol: "diamond", symbolSize: 20, itemStyle: { color: ink, borderColor: hive.colour("card"), borderWidth: 2 }, label: { show: true, position: "bottom", formatter: "core", color: ink, fontSize: 12 } }] : []),
        ],
      };
    };
    const tip = (i) => {
      const [x, at] = [level(i), hive.frames.state.frame];
      const practice = practised && choice > 0 ? [["practised", done(i) ? "yes" : "never so far"]] : [];
      const head = companies ? `Company ${map.ids[i]}` : `Agent ${map.ids[i]}, company ${map.companies[i]}`;
      return hive.charts.tip(head, [["round", String(hive.data.frame_rounds[at])], [map.choices[choice], x === null ? "not measured" : hive.show("level", x)], ...practice]);
    };

    box.style.height = "520px";
    const entry = hive.charts.mount(box, build, "canvas");
    new ResizeObserver(() => entry.draw()).observe(box);
    hive.frames.onFrame(entry.draw);
    const select = hive.element("select", {}, ...map.choices.map((name, i) => hive.element("option", { value: i }, name)));
    select.addEventListener("change", () => { choice = Number(select.value); entry.draw(); hive.remember("skill", map.choices[choice]); });
    select.value = String(choice);
    document.querySelector(`#${figure.id} .legend`).replaceWith(hive.element("div", { class: "controls" }, hive.element("label", {}, "Colour by ", select)));
  };
  return { draw };
})();
