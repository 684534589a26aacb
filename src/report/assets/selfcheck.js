// A check of the page by itself, for a browser without a person: with #selfcheck in its address it
// moves every slider and leaves its verdict in the root element's data-selfcheck, as JSON.
(() => {
  // #only=fig-map leaves that figure alone, with its slider, for a picture of it.
  const only = document.getElementById(hive.hash.only ?? "");
  if (only) {
    const bar = only.closest("section").querySelector("#frame-controls");
    document.body.replaceChildren(hive.element("main", { style: "padding: 14px" }, ...(bar ? [bar] : []), only));
  }
  if (hive.hash.selfcheck === undefined) return;
  const verdict = { errors: hive.errors, charts: {}, empty: [], sliders: {}, stuck: [], selects: 0 };
  const wait = () => new Promise((done) => { setTimeout(done, 120); });
  // What a chart shows, as text that changes with it.
  const shown = (box) => [
    ...[...box.querySelectorAll("svg")].map((svg) => svg.innerHTML),
    ...[...box.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()),
  ].join("|");
  // Axes, grid and text are grey; what is drawn of the data is not.
  const grey = () => new Set(["none", "transparent", null, ...["ink", "soft", "rule", "grid", "card", "bg"].map(hive.colour)]);
  const COLOURED = 30;
  const coloured = (canvas) => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    // Below the scale of colours, which is there without data too.
    const top = Math.round(44 * devicePixelRatio);
    const { data } = pen.getImageData(0, top, copy.width, copy.height - top);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > COLOURED) count += 1;
    }
    return count;
  };
  const isDrawn = (box) => {
    const plain = grey();
    const lines = [...box.querySelectorAll("svg path")].filter((path) => path.getAttribute("d") && !path.closest("defs, clipPath")).some((path) => !plain.has(path.getAttribute("stroke")) || !plain.has(path.getAttribute("fill")));
    return lines || [...box.querySelectorAll("canvas")].some((canvas) => coloured(canvas) > 50);
  };
  const boxes = [...document.querySelectorAll(".chart")];
  const id = (box) => box.closest("figure").id;
  const check = () => boxes.forEach((box) => {
    verdict.charts[id(box)] = (verdict.charts[id(box)] ?? true) && isDrawn(box);
  });
  const change = (input, value, type) => {
    input.value = value;
    input.dispatchEvent(new Event(type, { bubbles: true }));
  };
  const run = async () => {
    await wait();
    check();
    for (const slider of document.querySelectorAll("input[type=range]")) {
      if (slider.max === slider.min || slider.closest("[hidden]")) continue;
      // Half way differs from either end, even where a run begins as it ends.
      const [at, pictures] = [[slider.min, Math.round((Number(slider.min) + Number(slider.max)) / 2), slider.max], []];
      for (const value of at) {
        change(slider, value, "input");
        await wait();
        check();
        pictures.push(boxes.map(shown));
      }
      verdict.sliders[slider.id] = boxes.filter((_, b) => new Set(pictures.map((p) => p[b])).size > 1).map(id);
      if (verdict.sliders[slider.id].length === 0) verdict.stuck.push(slider.id);
    }
    for (const select of document.querySelectorAll("figure select, #frame-controls select")) {
      for (const option of select.options) {
        change(select, option.value, "change");
        await wait();
        check();
        verdict.selects += 1;
      }
    }
    for (const theme of ["dark", "light"]) {
      hive.withTheme(theme);
      await wait();
      check();
    }
    verdict.empty = Object.keys(verdict.charts).filter((name) => !verdict.charts[name]);
    verdict.ok = verdict.errors.length === 0 && verdict.empty.length === 0 && verdict.stuck.length === 0 && boxes.length > 0;
  };
  run().catch((error) => { verdict.errors.push(String(error)); verdict.ok = false; }).finally(() => {
    document.documentElement.dataset.selfcheck = JSON.stringify(verdict);
  });
})();
