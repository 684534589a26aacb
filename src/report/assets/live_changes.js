// Strategies, faults and attacks put into a run under way, and what was changed so far.
(() => {
  const { live, element } = hive;
  const get = (id) => document.getElementById(id);

  // A field for a key: its name, what it may be, and room for what is wrong with it.
  let fields = 0;
  const field = ({ key, wanted, default: usual, about }) => {
    const id = `field-${fields += 1}`;
    const input = element("input", { id, placeholder: usual, "data-key": key, "aria-describedby": `${id}-hint`, autocomplete: "off" });
    return element("div", { class: "field" }, element("label", { for: id }, key), input, element("span", { class: "hint", id: `${id}-hint` }, `${about} ${wanted ? `(${wanted})` : ""}`));
  };
  // As TOML: what is no number, flag, list or table is text.
  const toml = (text) => (/^([-+]?[\d.][\d._eE+-]*|true|false|\[.*\]|\{.*\}|".*"|'.*')$/s.test(text) ? text : JSON.stringify(text));
  const filled = (place) => [...place.querySelectorAll("input")].map((input) => [input.dataset.key, input.value.trim()]).filter(([, value]) => value !== "");
  const table = (kind, place) => `{${[`kind = ${JSON.stringify(kind)}`, ...filled(place).map(([key, value]) => `${key} = ${toml(value)}`)].join(", ")}}`;

  const send = async (form, problem, set) => {
    problem.hidden = true;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const { round } = await live.post("/api/change", { set });
      hive.say(`Changed from round ${round} on.`);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    button.disabled = false;
  };

  const strategies = (all) => {
    const [form, select, about, place, problem] = ["form-strategy", "strategy", "strategy-about", "strategy-fields", "strategy-problem"].map(get);
    const families = [...new Set(all.map((s) => s.family))];
    select.replaceChildren(...families.map((family) => element("optgroup", { label: family }, ...all.filter((s) => s.family === family).map((s) => element("option", { value: s.name }, s.name)))));
    const show = () => {
      const one = all.find((s) => s.name === select.value);
      about.textContent = `${one.about.replace(/\.?$/, ".")} Breakdown point: ${one.breakdown}.`;
      place.replaceChildren(...one.parameters.map(field));
      problem.hidden = true;
    };
    select.addEventListener("change", show);
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const { key } = all.find((s) => s.name === select.value);
      const made = table(select.value, place);
      send(form, problem, [`${key}=${key === "distiller.pre" ? `[${made}]` : made}`]);
    });
    show();
  };

  const faults = (mishaps, attacks) => {
    const [form, select, about, place, problem] = ["form-fault", "fault", "fault-about", "fault-fields", "fault-problem"].map(get);
    const share = mishaps.find((m) => m.key === "attack.share");
    const kinds = mishaps.filter((m) => m.key.startsWith("faults."));
    select.replaceChildren(
      element("optgroup", { label: "faults" }, ...kinds.map((m) => element("option", { value: m.key }, m.key.slice(7).replaceAll("_", " ")))),
      element("optgroup", { label: "attacks" }, ...attacks.map((a) => element("option", { value: `attack ${a.name}` }, a.name))),
    );
    const attack = () => attacks.find((a) => `attack ${a.name}` === select.value);
    const show = () => {
      const one = attack();
      about.textContent = one ? one.about : "";
      const rest = mishaps.filter((m) => m.key === "attack.knowledge");
      place.replaceChildren(...(one ? [share, ...rest, ...one.parameters] : mishaps.filter((m) => m.key === select.value)).map(field));
      problem.hidden = true;
    };
    select.addEventListener("change", show);
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const one = attack();
      const [own, keys] = [place.cloneNode(false), place.cloneNode(false)];
      for (const [key, value] of filled(place)) (key.includes(".") ? keys : own).append(Object.assign(element("input", { "data-key": key }), { value }));
      const set = filled(keys).map(([key, value]) => `${key}=${toml(value)}`);
      send(form, problem, one ? [`attack.method=${table(one.name, own)}`, ...set] : set);
    });
    show();
  };

  live.get("/api/choices").then((choices) => {
    if (!choices) return;
    strategies(choices.strategies);
    faults(choices.mishaps, choices.attacks);
  });

  let shown = -1;
  live.on("state", () => {
    const changes = live.state?.changes ?? [];
    if (changes.length === shown) return;
    shown = changes.length;
    get("changes").replaceChildren(...changes.map(({ round, set }) => element("li", {}, `from round ${round} on: `, element("code", {}, set.join(", ")))));
  });
})();
