"use strict";
// What all figures share: the data, the theme, numbers as text, elements, the address's hash.
const hive = (() => {
  const data = JSON.parse(document.getElementById("hivesim-data").textContent);
  const root = document.documentElement;

  // What goes wrong from here on, for the self-check: nothing of it reaches the reader.
  const errors = [];
  addEventListener("error", (e) => errors.push(e.message ?? String(e)));
  addEventListener("unhandledrejection", (e) => errors.push(String(e.reason)));
  for (const level of ["error", "warn"]) {
    const said = console[level];
    console[level] = (...words) => { errors.push(words.map(String).join(" ")); said.apply(console, words); };
  }

  // Hash of the address: #skill jumps; #round=10&theme=dark sets the state.
  const hash = Object.fromEntries(
    [...new URLSearchParams(location.hash.slice(1)), ...new URLSearchParams(location.search)],
  );
  const remember = (key, value) => {
    hash[key] = value;
    const state = new URLSearchParams();
    for (const k of ["round", "view", "order", "skill", "theme"]) if (hash[k] !== undefined) state.set(k, hash[k]);
    try { history.replaceState(null, "", "#" + state); } catch { /* not allowed in this frame */ }
  };

  // The theme: as the system has it, until the reader chooses.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("hivesim-theme"); } catch { return null; } };
  let theme = ["light", "dark"].find((t) => t === (hash.theme ?? stored())) ?? "auto";
  const listeners = [];
  const apply = (shown = theme) => {
    root.dataset.theme = shown === "auto" ? (system.matches ? "dark" : "light") : shown;
    listeners.forEach((f) => f());
  };
  apply();
  system.addEventListener("change", () => apply());
  const button = document.getElementById("theme");
  const label = () => { button.textContent = `Theme: ${theme}`; };
  button.hidden = false;
  label();
  button.addEventListener("click", () => {
    theme = { auto: "light", light: "dark", dark: "auto" }[theme];
    try { localStorage.setItem("hivesim-theme", theme); } catch { /* files may have no storage */ }
    label();
    apply();
  });

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  // Numbers.
  const digits = (x, n) => String(Number(x.toPrecision(n)));
  const si = (x, n = 3) => {
    const prefixes = ["", "k", "M", "G", "T", "P", "E"];
    let i = 0;
    while (Math.abs(x) >= 999.5 && i < prefixes.length - 1) { x /= 1000; i += 1; }
    return digits(x, n) + (i ? ` ${prefixes[i]}` : "");
  };
  const bytes = (x) => { const s = si(x); return s.includes(" ") ? `${s}B` : `${s} B`; };
  const percent = (x) => `${digits(x * 100, 3)} %`;
  const formats = {
    level: (x) => { const s = x.toFixed(Math.abs(x) < 10 ? 2 : 1); return s === "-0.00" ? "0.00" : s; },
    number: (x) => digits(x, 3), percent, si, bytes,
  };
  // One argument each: the chart library would pass an index as the second.
  const axes = { level: (x) => digits(x, 6), number: (x) => digits(x, 6), percent: (x) => `${digits(x * 100, 4)} %`, si: (x) => si(x), bytes: (x) => bytes(x) };
  const show = (format, x) => (x === null || x === undefined || Number.isNaN(x) ? "not measured" : formats[format](x));

  // Packed tables: little-endian 16-bit integers in base64.
  const unpack = (text) => {
    const raw = atob(text);
    const view = new DataView(new ArrayBuffer(raw.length));
    for (let i = 0; i < raw.length; i += 1) view.setUint8(i, raw.charCodeAt(i));
    return Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true));
  };
  const levels = (text) => unpack(text).map((x) => (x === -32768 ? null : x / 1000));

  // Of heat maps: as readable in grey, and for eyes that see red and green alike.
  const viridis = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];

  const element = (tag, attributes = {}, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    e.append(...children);
    return e;
  };

  return {
    data, errors, hash, remember, colour, viridis, show, axes, si, unpack, levels, element,
    calm: matchMedia("(prefers-reduced-motion: reduce)").matches,
    figure: (id) => data.figures.find((f) => f.id === id),
    box: (id) => document.querySelector(`#${id} .chart`),
    onTheme: (f) => listeners.push(f),
    withTheme: apply,
  };
})();
