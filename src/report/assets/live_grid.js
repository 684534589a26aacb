// The fleet as a grid: a tile an agent, or some neighbours where there are many.
hive.grid = (() => {
  const { live, element } = hive;
  const canvas = document.getElementById("fleet");
  const [tip, title, note] = ["fleet-tip", "fleet-title", "fleet-note"].map((id) => document.getElementById(id));
  const [HEIGHT_MAX, SIDE_MAX] = [340, 64];

  // 255 colours, between those of the heat maps.
  const ramp = (() => {
    const stops = hive.viridis.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
    return Array.from({ length: 255 }, (_, i) => {
      const at = (i / 254) * (stops.length - 1);
      const [low, part] = [Math.min(Math.floor(at), stops.length - 2), at - Math.min(Math.floor(at), stops.length - 2)];
      return `rgb(${stops[low].map((x, c) => Math.round(x + part * (stops[low + 1][c] - x))).join(" ")})`;
    });
  })();
  document.getElementById("ramp").style.background = `linear-gradient(90deg, ${hive.viridis.join(", ")})`;

  // Columns and the side of a tile, so that all are as large as fits.
  const fit = (tiles) => {
    const width = canvas.clientWidth;
    let columns = Math.max(1, Math.ceil(Math.sqrt((tiles * width) / HEIGHT_MAX)));
    while (Math.ceil(tiles / columns) * (width / columns) > HEIGHT_MAX) columns += 1;
    return { width, columns, side: Math.min(width / columns, SIDE_MAX) };
  };

  let [at, shape] = [null, { columns: 1, side: 1, tiles: 0 }];
  const draw = () => {
    const fleet = live.fleet();
    const tiles = live.levels?.tiles ?? new Uint8Array();
    if (!fleet || !canvas.clientWidth || tiles.length !== fleet.tile_firsts.length) return;
    const { width, columns, side } = fit(tiles.length);
    shape = { columns, side, tiles: tiles.length };
    const height = Math.ceil(tiles.length / columns) * side;
    const dots = devicePixelRatio;
    const [w, h] = [Math.round(width * dots), Math.round(height * dots)];
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; canvas.style.height = `${height}px`; }
    const pen = canvas.getContext("2d");
    const [none, ground, ink] = [hive.colour("empty"), hive.colour("card"), hive.colour("ink")];
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
    const gap = side > 12 ? 1 : 0;
    const company = fleet.tile_companies;
    for (let i = 0; i < tiles.length; i += 1) {
      const [x, y] = [(i % columns) * side, Math.floor(i / columns) * side];
      pen.fillStyle = tiles[i] === 255 ? none : ramp[tiles[i]];
      // Companies stand apart where there is room for that.
      const edge = side > 16 && i % columns && company[i] !== company[i - 1] ? 2 : 0;
      pen.fillRect(x + edge, y, side - gap - edge + (gap ? 0 : 0.5), side - gap + (gap ? 0 : 0.5));
    }
    if (at !== null && at < tiles.length) {
      pen.strokeStyle = ink;
      pen.lineWidth = 2;
      pen.strokeRect((at % columns) * side, Math.floor(at / columns) * side, Math.max(side, 4), Math.max(side, 4));
    }
    title.textContent = live.levels.skill === null ? "Who does their own job well" : `Who knows ${fleet.skills[live.levels.skill]}`;
    const many = fleet.panel > tiles.length;
    note.textContent = `${hive.si(fleet.panel)} agents${many ? ` in ${tiles.length} tiles` : ""}, after round ${live.levels.round}`;
    place();
  };

  const describe = (i) => {
    const fleet = live.fleet();
    const [many, first] = [fleet.tile_agents[i], fleet.tile_firsts[i]];
    const [from, to] = [fleet.tile_companies[i], fleet.tile_companies_to[i]];
    const who = many === 1 ? `Agent ${first}` : `${many} agents from ${first} on`;
    const where = from === to ? `company ${from}` : `companies ${from} to ${to}`;
    return [`${who}, ${where}`, hive.show("level", live.level(live.levels.tiles[i]))];
  };
  const place = () => {
    tip.hidden = at === null || at >= shape.tiles;
    if (tip.hidden) return;
    const [who, level] = describe(at);
    tip.replaceChildren(element("strong", {}, who), element("span", {}, `level ${level}`));
    const x = (at % shape.columns) * shape.side;
    tip.style.left = `${Math.min(x, canvas.clientWidth - 180)}px`;
    tip.style.top = `${Math.floor(at / shape.columns) * shape.side + Math.max(shape.side, 12) + 4}px`;
  };
  const point = (to) => { at = to; draw(); };
  canvas.addEventListener("pointermove", (e) => {
    const [column, row] = [Math.floor(e.offsetX / shape.side), Math.floor(e.offsetY / shape.side)];
    const i = row * shape.columns + column;
    point(column < shape.columns && i >= 0 && i < shape.tiles ? i : null);
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("blur", () => point(null));
  canvas.addEventListener("keydown", (e) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: shape.columns, ArrowUp: -shape.columns }[e.key];
    if (by === undefined || !shape.tiles) return;
    e.preventDefault();
    point(Math.min(Math.max((at ?? -by) + by, 0), shape.tiles - 1));
    hive.say(describe(at).join(": level "));
  });

  // The same in words, company by company.
  const [block, table] = ["companies-block", "companies"].map((id) => document.getElementById(id));
  const rows = () => {
    const fleet = live.fleet();
    if (!block.open || !fleet || !live.levels) return;
    const sums = new Map();
    fleet.tile_companies.forEach((company, i) => {
      const level = live.level(live.levels.tiles[i]);
      const [agents, sum, of] = sums.get(company) ?? [0, 0, 0];
      const many = fleet.tile_agents[i];
      sums.set(company, [agents + many, sum + (level ?? 0) * many, of + (level === null ? 0 : many)]);
    });
    const cells = (tag, ...texts) => element("tr", {}, ...texts.map((text, i) => element(i ? tag : "th", i ? {} : { scope: tag === "th" ? "col" : "row" }, text)));
    const body = [...sums].slice(0, 500).map(([company, [agents, sum, of]]) => cells("td", String(company), String(agents), of ? hive.show("level", sum / of) : "not measured"));
    table.replaceChildren(element("caption", {}, `${title.textContent}, after round ${live.levels.round}: mean level of each company's agents${fleet.panel > shape.tiles ? "; a tile counts for the company of its first agent" : ""}`),
      element("thead", {}, cells("th", "Company", "Agents", "Mean level")), element("tbody", {}, ...body));
  };
  const slowly = live.now_and_then(block, rows, 1000);
  block.addEventListener("toggle", rows);

  live.on("levels", () => { requestAnimationFrame(draw); slowly(); });
  hive.onTheme(draw);
  new ResizeObserver(draw).observe(canvas.parentElement);
  return { ramp, draw };
})();
