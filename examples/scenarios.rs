//! Runs the shipped scenarios over five seeds and writes what came out, and the reference of
//! the scenario file, between their marks in docs/scenarios.md:
//!
//! ```text
//! cargo run --release --example scenarios                     # all but digits, some minutes
//! cargo run --release --example scenarios -- first-hive reference
//! cargo run --release --example scenarios -- digits=DIR       # on the data set in DIR
//! ```

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::Trace;
use hivesim::scenario::{Bound, Scenario, schema};
use serde_json::Value;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

const PAGE: &str = "docs/scenarios.md";
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// The rows of a scenario's table: overrides, as they follow `--set`. The first is the file
/// as it stands.
const ROWS: &[(&str, &[&str])] = &[
    (
        "first-hive",
        &[
            "",
            "job_knowledge.personalisation=none",
            "job_knowledge.rate=1.0",
            "world.company=0.0",
            "world.company=1.0",
        ],
    ),
    (
        "solo-vs-hive",
        &["", "fleet.agents=1", "fleet.agents=4", "fleet.agents=16", "fleet.agents=1024"],
    ),
    (
        "specialists",
        &[
            "",
            "world.alpha=0.05",
            "world.alpha=1.0",
            "world.alpha=10.0",
            "world.alpha=10.0 fleet.tasks=12 rounds=125",
            "world.alpha=10.0 rounds=120",
        ],
    ),
    (
        "experience-vs-weights",
        &[
            "",
            "distiller.exchange=weights",
            "distiller.experience.batch=1 distiller.experience.rate=1.0",
            "distiller.exchange=predictions",
            "fleet.agents=16",
            "fleet.agents=16 distiller.exchange=weights",
            "world.company=0.4",
            "world.company=0.4 distiller.exchange=weights",
        ],
    ),
    (
        "company-layer",
        &[
            "",
            "job_knowledge.private_shrink=20.0",
            "job_knowledge.personalisation=fedsim",
            "job_knowledge.personalisation=none",
            "world.company=1.0",
            "world.company=1.0 job_knowledge.personalisation=fedsim",
        ],
    ),
    ("keeping-up", &["", "world.drift.rho=1.0", "world.drift.rho=0.99", "world.drift.rho=0.8"]),
    (
        "one-reward-for-many",
        &["", "feedback.horizon=1", "feedback.horizon=2", "feedback.horizon=8"],
    ),
    ("digits", &["", "job_knowledge.personalisation=fedsim"]),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.is_empty() {
        wanted = ROWS.iter().map(|(name, _)| name.to_string()).filter(|n| n != "digits").collect();
        wanted.push("reference".into());
    }
    for wanted in wanted {
        let (name, data) = wanted.split_once('=').unwrap_or((&wanted, ""));
        let text = if name == "reference" { reference() } else { study(name, data)? };
        put(name, &text)?;
        println!("{name}\n{text}");
    }
    Ok(())
}

/// Puts `text` between the marks of `name` on the page.
fn put(name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let page = std::fs::read_to_string(PAGE)?;
    let (open, close) = (format!("<!-- {name}: made by the example -->\n"), "<!-- end -->");
    let (before, rest) = page.split_once(&open).ok_or(format!("{PAGE} has no mark {open:?}"))?;
    let (_, after) = rest.split_once(close).ok_or(format!("{PAGE}: {name} has no end"))?;
    Ok(std::fs::write(PAGE, format!("{before}{open}{text}{close}{after}"))?)
}

/// A scenario's question, expectation and table.
fn study(name: &str, data: &str) -> Result<String, Box<dyn Error>> {
    let (_, rows) = ROWS.iter().find(|(each, _)| *each == name).ok_or("no such scenario")?;
    let path = format!("scenarios/{name}.toml");
    let file = std::fs::read_to_string(&path)?;
    let mut text = String::new();
    for heading in ["Question", "Expected", "Came out"] {
        writeln!(text, "**{heading}.** {}\n", said(&file, heading))?;
    }
    let mut names: Vec<String> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut sets: Vec<String> = row.split_whitespace().map(String::from).collect();
        if !data.is_empty() {
            sets.push(format!("world.path={data}"));
        }
        let mut runs = Vec::new();
        for seed in SEEDS {
            let mut sets = sets.clone();
            sets.extend([format!("seed={seed}"), "engine.kind=pool".into()]);
            let scenario = Scenario::load(Path::new(&path), &sets)?;
            runs.push(Experiment::new(scenario).run(&Silent)?);
        }
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        for run in &runs {
            let bounds = run.bounds.iter().map(|(bound, trace)| (bound_name(*bound), trace));
            let fleets = std::iter::once(("hive", &run.hive)).chain(bounds);
            for (column, value) in fleets.flat_map(|(fleet, trace)| ends(fleet, trace)) {
                match columns.iter_mut().find(|(each, _)| *each == column) {
                    Some((_, values)) => values.push(value),
                    None => columns.push((column, vec![value])),
                }
            }
        }
        if i == 0 {
            columns.retain(|(_, values)| values.iter().any(|v| !v.is_nan()));
            names = columns.iter().map(|(name, _)| name.clone()).collect();
            writeln!(text, "| `--set` | {} |", names.join(" | "))?;
            writeln!(text, "| --- |{}", " ---: |".repeat(names.len()))?;
        }
        columns.retain(|(name, _)| names.contains(name));
        let label = row.split_whitespace().map(|set| format!("`{set}`")).collect::<Vec<_>>();
        let label = if row.is_empty() { "as it stands".into() } else { label.join(" ") };
        let cells: Vec<String> = columns.iter().map(|(_, values)| cell(values)).collect();
        writeln!(text, "| {label} | {} |", cells.join(" | "))?;
    }
    Ok(text)
}

/// What a header says after `heading:`, up to the next heading.
fn said(file: &str, heading: &str) -> String {
    let mut words = Vec::new();
    let mut inside = false;
    for line in file.lines().map_while(|line| line.strip_prefix('#')) {
        let line = line.trim();
        if let Some((head, rest)) = line.split_once(": ")
            && ["Question", "Expected", "Came out", "Try"].contains(&head)
        {
            inside = head == heading;
            words.extend(inside.then_some(rest));
        } else if inside {
            words.push(line);
        }
    }
    words.join(" ")
}

fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Isolated => "isolated",
        Bound::Pooled => "pooled",
    }
}

/// The last measured core's levels of one fleet.
fn ends(fleet: &str, trace: &Trace) -> Vec<(String, f64)> {
    let Some(last) = trace.rounds.iter().rev().find(|row| !row.panel_skill.is_nan()) else {
        return Vec::new();
    };
    let mut ends = vec![
        (format!("{fleet}: own job"), last.panel_skill),
        (format!("{fleet}: never practised"), last.unpractised_skill),
    ];
    if fleet == "hive" {
        ends.push(("core: own job".into(), last.core_skill));
        ends.push(("core: test accuracy".into(), last.test_accuracy));
    }
    ends
}

/// Mean and standard deviation over the seeds.
fn cell(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    if mean.is_nan() { "-".into() } else { format!("{mean:.3} ± {:.3}", variance.sqrt()) }
}

/// Every key of a scenario file, out of its schema.
fn reference() -> String {
    let schema = schema();
    let mut text = String::new();
    section(&schema, &schema, "", &mut text);
    text
}

fn resolved<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    let pointer = node.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(node)
}

/// The table of one section, then the sections below it.
fn section(root: &Value, table: &Value, path: &str, text: &mut String) {
    let Some(keys) = table.get("properties").and_then(Value::as_object) else { return };
    let kind = keys.get("kind").and_then(|kind| kind.get("const")).and_then(Value::as_str);
    let title = match (path, kind) {
        ("", _) => "top of the file".to_string(),
        (path, Some(kind)) => format!("`[{path}]`, `kind = \"{kind}\"`"),
        (path, None) => format!("`[{path}]`"),
    };
    let doc = |node: &Value| {
        let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
        text.replace('\n', " ").replace('|', "\\|")
    };
    let _ = writeln!(text, "### {title}\n\n{}\n", doc(table));
    let (mut rows, mut below) = (String::new(), Vec::new());
    for (key, node) in keys {
        let target = resolved(root, node);
        let items = target.get("items").map(|items| resolved(root, items));
        let entry = items.filter(|items| items.get("properties").is_some());
        if let Some(entry) = entry {
            below.push((key, entry));
        }
        let branches = target.get("oneOf").and_then(Value::as_array);
        if target.get("properties").is_some() {
            below.push((key, target));
        } else if branches.is_some_and(|b| b.iter().any(|b| b.get("properties").is_some())) {
            below.extend(branches.into_iter().flatten().map(|branch| (key, branch)));
        } else if node.get("const").is_none() {
            let default = match node.get("default") {
                Some(default) if entry.is_none() => format!("`{default}`"),
                _ => String::new(),
            };
            let (what, meaning) = (range(target), doc(node));
            let meaning = if meaning.is_empty() { doc(target) } else { meaning };
            let _ = writeln!(rows, "| `{key}` | {what} | {default} | {meaning} |");
        }
    }
    if !rows.is_empty() {
        let _ =
            writeln!(text, "| key | what | default | meaning |\n| --- | --- | --- | --- |\n{rows}");
    }
    for (key, target) in below {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        section(root, target, &path, text);
    }
}

/// What a value may be.
fn range(node: &Value) -> String {
    let words = |list: &[Value], key: &str| {
        let word = |each: &Value| each.get(key).unwrap_or(each).to_string();
        list.iter().map(|each| format!("`{}`", word(each))).collect::<Vec<_>>().join(", ")
    };
    if let Some(branches) = node.get("oneOf").and_then(Value::as_array) {
        return words(branches, "const");
    }
    if let Some(list) = node.get("enum").and_then(Value::as_array) {
        return words(list, "");
    }
    let bound = |key: &str| node.get(key).map_or(String::new(), ToString::to_string);
    match node.get("type").and_then(Value::as_str) {
        Some("integer") => format!("whole, {} to {}", bound("minimum"), bound("maximum")),
        Some("number") => format!("number, {} to {}", bound("minimum"), bound("maximum")),
        Some("string") => "text".into(),
        Some("boolean") => "true or false".into(),
        Some("array") => {
            let items = node.get("items").map(range).unwrap_or_default();
            if items.is_empty() { "list".into() } else { format!("list of {items}") }
        }
        _ => String::new(),
    }
}
