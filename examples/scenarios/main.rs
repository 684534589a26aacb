//! Runs the shipped scenarios over ten seeds and writes what came out, and the reference of
//! the scenario file, between their marks in docs/scenarios.md:
//!
//! ```text
//! cargo run --release --example scenarios                     # all but digits, some minutes
//! cargo run --release --example scenarios -- first-hive reference
//! cargo run --release --example scenarios -- digits=DIR       # on the data set in DIR
//! ```

mod figures;
mod reference;
mod studies;

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::{Outcome, Trace};
use hivesim::scenario::{Bound, EngineKind, Scenario};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use studies::{STUDIES, Study};

const PAGE: &str = "docs/scenarios.md";

fn main() -> Result<(), Box<dyn Error>> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted.is_empty() {
        wanted = STUDIES.iter().map(|s| s.name.to_string()).filter(|n| n != "digits").collect();
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

/// A scenario's question, expectation and table, and what follows of it.
fn study(name: &str, data: &str) -> Result<String, Box<dyn Error>> {
    let study = STUDIES.iter().find(|each| each.name == name).ok_or("no such scenario")?;
    let path = format!("scenarios/{name}.toml");
    let file = std::fs::read_to_string(&path)?;
    let mut text = String::new();
    for heading in ["Question", "Claim", "Expected", "Came out"] {
        let said = said(&file, heading);
        if !said.is_empty() {
            writeln!(text, "**{heading}.** {said}\n")?;
        }
    }
    let mut rows = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (i, sets) in study.rows.iter().enumerate() {
        let runs = runs(study, Path::new(&path), sets, data)?;
        let mut columns = columns(study, &runs);
        if i == 0 {
            let own = |name: &str| study.columns.iter().any(|(each, _)| *each == name);
            columns.retain(|(name, values)| own(name) || values.iter().any(|v| !v.is_nan()));
            names = columns.iter().map(|(name, _)| name.clone()).collect();
            writeln!(text, "| `--set` | {} |", names.join(" | "))?;
            writeln!(text, "| --- |{}", " ---: |".repeat(names.len()))?;
        }
        columns.retain(|(name, _)| names.contains(name));
        let label = sets.split_whitespace().map(|set| format!("`{set}`")).collect::<Vec<_>>();
        let label = if sets.is_empty() { "as it stands".into() } else { label.join(" ") };
        let cells: Vec<String> = columns.iter().map(|(_, values)| cell(values)).collect();
        writeln!(text, "| {label} | {} |", cells.join(" | "))?;
        if study.conclude.is_some() {
            rows.push((sets.to_string(), runs));
        }
    }
    text.extend(study.conclude.map(|conclude| conclude(&rows)));
    Ok(text)
}

/// A row's runs, seed by seed.
fn runs(
    study: &Study,
    path: &Path,
    sets: &str,
    data: &str,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let mut sets: Vec<String> = sets.split_whitespace().map(String::from).collect();
    if !data.is_empty() {
        sets.push(format!("world.path={data}"));
    }
    let run = |seed: u64| {
        let mut sets = sets.clone();
        sets.push(format!("seed={seed}"));
        if Scenario::load(path, &sets)?.engine.kind == EngineKind::Auto {
            sets.push("engine.kind=pool".into());
        }
        let scenario = Scenario::load(path, &sets)?;
        Ok(Experiment::new(scenario).run(&Silent)?)
    };
    study.seeds.clone().map(run).collect()
}

/// A row's columns, each with a number a seed.
fn columns(study: &Study, runs: &[Outcome]) -> Vec<(String, Vec<f64>)> {
    let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
    for run in runs {
        let bounds = run.bounds.iter().map(|(bound, trace)| (bound_name(*bound), trace));
        let fleets = std::iter::once(("hive", &run.hive)).chain(bounds);
        let ends = fleets.flat_map(|(fleet, trace)| ends(fleet, trace));
        let own = study.columns.iter().map(|(name, of)| (name.to_string(), of(run)));
        for (column, value) in ends.chain(own) {
            match columns.iter_mut().find(|(each, _)| *each == column) {
                Some((_, values)) => values.push(value),
                None => columns.push((column, vec![value])),
            }
        }
    }
    columns
}

/// What a header says after `heading:`, up to the next heading.
fn said(file: &str, heading: &str) -> String {
    let mut words = Vec::new();
    let mut inside = false;
    for line in file.lines().map_while(|line| line.strip_prefix('#')) {
        let line = line.trim();
        if let Some((head, rest)) = line.split_once(": ")
            && ["Question", "Claim", "Expected", "Came out", "Try"].contains(&head)
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
    let last = figures::last_measured(trace);
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

/// The mean over the seeds and half the width of its 95 % interval; of a number that some seeds do
/// not have, how many do.
fn cell(values: &[f64]) -> String {
    let there: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let n = there.len() as f64;
    let mean = there.iter().sum::<f64>() / n;
    let variance = there.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    let half = student(n - 1.0) * (variance / n).sqrt();
    let digits = if mean.abs() < 10.0 { 3 } else { 1 };
    let text = match there.len() {
        0 => return "-".into(),
        1 => format!("{mean:.digits$}"),
        _ => format!("{mean:.digits$} ± {half:.digits$}"),
    };
    if there.len() == values.len() { text } else { format!("{text} ({} seeds)", there.len()) }
}

/// The 97.5 % quantile of Student's distribution, by the expansion in 1/ν of Abramowitz and Stegun
/// 1964, 26.7.5: within 0.01 from 4 degrees of freedom on.
fn student(freedom: f64) -> f64 {
    let z: f64 = 1.959_963_985;
    let (z3, z5, z7) = (z * z * z, z * z * z * z * z, z * z * z * z * z * z * z);
    let terms = [
        (z3 + z) / 4.0,
        (5.0 * z5 + 16.0 * z3 + 3.0 * z) / 96.0,
        (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / 384.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + z
}
