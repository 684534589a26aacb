// Past runs, and the start of the next.
(() => {
  const { live, element } = hive;
  const get = (id) => document.getElementById(id);
  const [table, lede, compare] = ["runs", "past-lede", "compare"].map(get);
  const chosen = new Set();

  const link = () => {
    compare.hidden = chosen.size < 2;
    compare.href = `/compare/${[...chosen].map(encodeURIComponent).join("/")}`;
  };
  const row = (run) => {
    const box = element("input", { type: "checkbox", "aria-label": `Compare ${run.run}` });
    box.checked = chosen.has(run.run);
    box.addEventListener("change", () => { if (box.checked) chosen.add(run.run); else chosen.delete(run.run); link(); });
    const name = element("a", { href: `/runs/${encodeURIComponent(run.run)}`, target: "_blank", rel: "noopener" }, run.run);
    const level = (x) => (x === null ? "–" : hive.show("level", x));
    const cells = [run.finished.slice(0, 19).replace("T", " "), hive.si(run.agents), String(run.rounds), level(run.core_skill), level(run.panel_skill), run.seconds === null ? "–" : hive.show("number", run.seconds), run.complete ? "whole" : "stopped", run.result_hash.slice(0, 12)];
    return element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, box), ...cells.map((text) => element("td", {}, text)));
  };
  const heads = ["Run", "Compare", "Finished (UTC)", "Agents", "Rounds", "Core", "Agents' skill", "Seconds", "State", "Result"];
  const list = async () => {
    const runs = await live.get("/api/runs") ?? [];
    lede.textContent = runs.length ? "The newest first. Each opens its report." : "There is none in this folder yet.";
    table.replaceChildren(element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))), element("tbody", {}, ...runs.map(row)));
    table.hidden = !runs.length;
    link();
  };

  // A run that ends is one more.
  let phase = null;
  live.on("state", () => {
    const now = live.state?.phase ?? null;
    if (now !== phase && ["over", "failed"].includes(now)) list();
    phase = now;
    get("start-button").disabled = now !== null && !["over", "failed"].includes(now);
  });

  const start = (scenarios) => {
    const [form, select, about, sets] = ["form-start", "start-scenario", "start-about", "start-sets"].map(get);
    const inputs = [...form.querySelectorAll("[data-key]")];
    select.replaceChildren(...scenarios.map((s) => element("option", { value: s.file }, s.name)));
    const show = () => {
      const one = scenarios.find((s) => s.file === select.value);
      about.textContent = [one?.question, one?.expect ? `Expected: ${one.expect}` : ""].filter(Boolean).join(" ");
      inputs.forEach((input) => { input.placeholder = String({ seed: one?.seed, rounds: one?.rounds, "fleet.agents": one?.agents }[input.dataset.key] ?? ""); });
    };
    select.addEventListener("change", show);
    const mark = (input, text) => {
      const problem = input.parentElement.querySelector(".problem");
      problem.hidden = !text;
      problem.textContent = text;
      input.setAttribute("aria-invalid", String(Boolean(text)));
    };
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      [...inputs, sets].forEach((input) => mark(input, ""));
      const set = inputs.filter((i) => i.value.trim()).map((i) => `${i.dataset.key}=${i.value.trim()}`);
      set.push(...sets.value.split("\n").map((line) => line.trim()).filter(Boolean));
      try {
        await live.post("/api/start", { scenario: select.value, set, restart: get("start-anew").checked });
        scrollTo({ top: 0, behavior: hive.calm ? "auto" : "smooth" });
        get("pause").focus();
      } catch (error) {
        const rest = [];
        for (const problem of error.problems) {
          const input = inputs.find((i) => i.dataset.key === problem.key && i.value.trim());
          if (input) mark(input, problem.message);
          else rest.push([problem.place, problem.key, problem.message].filter(Boolean).join(": "));
        }
        if (!error.problems.length) rest.push(error.message);
        if (rest.length) mark(sets, rest.join("\n\n"));
        form.querySelector("[aria-invalid=true]")?.focus();
      }
    });
    show();
    get("start").hidden = false;
  };

  list();
  // Only `hivesim serve` has a folder of scenarios.
  live.get("/api/scenarios").then((scenarios) => { if (scenarios) start(scenarios); });
  live.open();
})();
