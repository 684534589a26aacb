// Draws every figure that has data, and fills the table of the rounds when it is opened.
(() => {
  const { data, element } = hive;
  const draw = {
    lines: hive.charts.lines, leader: hive.leader.draw, adoption: hive.adoption.draw, histogram: hive.spread.histogram,
    quantiles: hive.spread.quantiles, heat: hive.heatmap.draw, map: hive.map.draw, taught: hive.taught.draw,
    lineage: hive.lineage.draw,
  };
  const drawable = data.figures.filter((f) => hive.box(f.id));
  for (const kind of Object.keys(draw)) {
    for (const figure of drawable.filter((f) => f.kind === kind)) draw[kind](figure);
  }
  // The slider comes last: it sets the round of all that is drawn.
  if (hive.frames.views.length) hive.frames.controls();

  // Heading and unit of the columns, in order; one that is not named here comes last as it is.
  const heads = {
    round: "round", time: "time (rounds of work)", core_skill: "core skill (level)", panel_skill: "panel skill (level)", panel_skill_sd: "sd (level)",
    unpractised_skill: "never practised (level)", adoption: "adoption (share of pairs)", fleet_adoption: "fleet adoption (share)",
    train_loss: "training loss (nats)", test_accuracy: "test accuracy (share)", tasks: "tasks (number)", sample_steps: "sample steps (number)",
    work_accuracy: "work accuracy (share)", work_loss: "work loss (nats a task)", bits: "information (bits a task)", value: "value (value units)",
    value_total: "value so far (value units)", learnings: "learnings (number)", dropped: "dropped (number)", staleness: "staleness (versions)",
    bytes_up: "bytes up (B)", bytes_down: "bytes down (B)", bytes_total: "bytes so far (B)", multiply_adds: "multiply-adds (number)",
    sign_conflict: "sign conflict (share)", cosine: "cosine (−1 to 1)", consensus_distance: "consensus distance (ratio)", step_norm: "step norm (parameter units)",
  };
  const [details, place, select] = ["rounds", "rounds-table", "rounds-run"].map((id) => document.getElementById(id));
  select.append(...data.runs.map((r, i) => element("option", { value: i }, r.label)));
  const table = () => {
    const { columns } = data.runs[Number(select.value)];
    const names = [...Object.keys(heads).filter((k) => columns[k]), ...Object.keys(columns).filter((k) => !heads[k])];
    return { names, rows: columns.round.map((_, i) => names.map((k) => columns[k][i])) };
  };
  const fill = () => {
    const { names, rows } = table();
    const body = element("tbody");
    for (const row of rows) {
      const tr = element("tr");
      row.forEach((x, i) => tr.append(element(i ? "td" : "th", i ? {} : { scope: "row" }, x === null ? "–" : String(x))));
      body.append(tr);
    }
    const head = element("tr", {}, ...names.map((k) => element("th", { scope: "col" }, heads[k] ?? k)));
    place.replaceChildren(element("table", {}, element("thead", {}, head), body));
  };
  const open = () => { if (details.open) fill(); };
  details.addEventListener("toggle", open);
  select.addEventListener("change", open);
  document.getElementById("rounds-csv").addEventListener("click", () => {
    const { names, rows } = table();
    const text = [names, ...rows].map((r) => r.map((x) => x ?? "").join(",")).join("\n");
    const link = element("a", { download: `rounds-${data.runs[Number(select.value)].key}.csv` });
    link.href = URL.createObjectURL(new Blob([text + "\n"], { type: "text/csv" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
})();
