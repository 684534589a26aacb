//! Runs the shipped scenarios over ten seeds and writes what came out, and the reference of
//! the scenario file, between their marks in docs/scenarios.md:
//!
//! ```text
//! cargo run --release --example scenarios                     # all but digits, some minutes
//! cargo run --release --example scenarios -- first-hive reference
//! cargo run --release --example scenarios -- digits=DIR       # on the data set in DIR
//! ```

mod reference;

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::Trace;
use hivesim::scenario::{Bound, Scenario};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

const PAGE: &str = "docs/scenarios.md";

/// Seeds of a scenario, from 1 on. A landscape is one draw, and landscapes differ: it takes many.
fn seeds(name: &str) -> std::ops::RangeInclusive<u64> {
    1..=if name == "merge-too-often" { 40 } else { 10 }
}

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
    (
        "learn-once-share",
        &[
            "",
            "distiller.hierarchy.global.period=1000",
            "world.company=0.0",
            "world.company=0.0 distiller.hierarchy.global.period=1000",
            "fleet.agents=200 world.company=0.4",
            "fleet.agents=200 world.company=0.4 distiller.hierarchy.global.period=1000",
            "fleet.agents=200 world.company=0.4 job_knowledge.personalisation=fedsim",
            "fleet.agents=200 world.company=1.0",
            "fleet.agents=200 world.company=1.0 distiller.hierarchy.global.period=1000",
        ],
    ),
    (
        "neighbourhoods",
        &[
            "",
            "distiller.gossip.contacts=0",
            "distiller.gossip.graph=small-world",
            "distiller.gossip.graph=scale-free distiller.gossip.neighbours=2",
            "distiller.gossip.graph=complete",
            "distiller.gossip.graph=complete distiller.gossip.contacts=0",
            "distiller.topology=star",
        ],
    ),
    (
        "merge-too-often",
        &[
            "",
            "learner.every=5",
            "learner.every=10",
            "learner.every=20",
            "learner.every=50",
            "learner.every=100",
            "learner.every=50 learner.publish=majority",
            "distiller.topology=gossip",
            "distiller.topology=gossip distiller.gossip.graph=scale-free",
            "distiller.topology=gossip distiller.gossip.graph=regular",
            "distiller.topology=gossip distiller.gossip.graph=small-world",
            "distiller.topology=gossip distiller.gossip.graph=ring",
        ],
    ),
    (
        "podium",
        &[
            "",
            "market.leak=0.0",
            "market.leak=0.1",
            "market.delay=10",
            "market.movers=0.02",
            "world.drift.rho=1.0",
            "world.drift.rho=1.0 market.leak=0.0",
            "world.drift.rho=1.0 market.delay=10",
        ],
    ),
    (
        "game-set-match",
        &["", "market.leak=0.5", "market.preference=3.0", "hives.1.efficiency=0.25"],
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
        let text = if name == "reference" { reference::reference() } else { study(name, data)? };
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
        for seed in seeds(name) {
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
    if !trace.hives.is_empty() {
        let round = trace.hives.last().map(|row| row.round);
        let last = trace.hives.iter().filter(|row| Some(row.round) == round);
        return last
            .flat_map(|row| {
                let named = |what: &str| format!("{}: {what}", row.name);
                [(named("agents' share"), row.share), (named("right answers"), row.skill)]
            })
            .collect();
    }
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
