//! The page of a benchmark: how rates, latencies and memory go with agents and threads, and all rows.

use super::page::{STYLES, fill};
use super::text::{self, counted, percent, si, significant};
use super::views::{SCRIPTS, STYLE, Section, View};
use super::{ReportError, pack, toml_html};
use crate::bench::{Bench, Case, Row, Spread};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("assets/bench.html");
/// Machines in one figure: more lines cannot be told apart.
const LINES_MAX: usize = 12;

/// A line of the table.
#[derive(Serialize)]
struct Line {
    name: String,
    cells: Vec<String>,
}

/// Renders a benchmark as one HTML page that holds all that it needs; all text from outside is
/// escaped.
///
/// # Errors
/// [`ReportError::Template`], which would be a fault of hivesim's own.
pub fn render_bench(bench: &Bench, name: &str, toml: &str) -> Result<String, ReportError> {
    let sections = sections(bench);
    let figures = sections.iter().flat_map(|section| &section.figures);
    let data = json!({ "figures": figures.map(|view| &view.data).collect::<Vec<_>>() });
    let machine = &bench.machine["machine"];
    let told = |key: &str| machine[key].as_str().map(str::to_owned);
    let cores = machine["cores"].as_u64().map(|cores| counted(cores, "core"));
    let memory = machine["memory_bytes"].as_u64().map(|bytes| text::bytes(bytes as f64));
    let debug = bench.machine["build"]["debug_assertions"].as_bool() == Some(true);
    let build = debug.then(|| "debug build: not what a release build does".to_owned());
    let facts = [told("cpu"), cores, memory, told("os_version"), told("kernel"), build];
    let how = format!(
        "{} of {} s after {} s of warm-up, each in a process of its own",
        counted(bench.repeats.into(), "repeat"),
        significant(bench.measured_seconds, 2),
        significant(bench.warm_up_seconds, 2),
    );
    let own = context! {
        name => name,
        facts => facts.into_iter().flatten().chain([how]).collect::<Vec<_>>().join(" · "),
        sections => Serde(&sections),
        rows => Serde(&lines(bench)),
        refused => Serde(&refused(bench)),
        scenario_html => toml_html::highlight(toml),
        started => bench.started.as_str(),
        hivesim => bench.hivesim.as_str(),
        style => STYLES.concat() + STYLE,
        script => SCRIPTS.concat(),
    };
    fill("bench.html", TEMPLATE, &data.to_string(), own)
}

/// What a figure shows of a row.
struct Shown {
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    caption: &'static str,
}

const SHOWN: [Shown; 4] = [
    Shown {
        key: "tasks_per_second",
        title: "Tasks a second",
        unit: "tasks a second",
        caption: "Tasks that all agents together do.",
    },
    Shown {
        key: "merge_p99",
        title: "From sending to merging",
        unit: "s, 99 in 100",
        caption: "From when a learning is due until a core is published that it is part of, \
                  corrected for coordinated omission.",
    },
    Shown {
        key: "pull_p99",
        title: "From publication to pull",
        unit: "s, 99 in 100",
        caption: "From when a core is published until an agent has it in hand, corrected likewise.",
    },
    Shown {
        key: "bytes_per_agent",
        title: "Memory of an agent",
        unit: "bytes",
        caption: "What the process grew by as the fleet came up, an agent: its task, and what it \
                  keeps.",
    },
];

/// A section for each load beside its number of agents.
fn sections(bench: &Bench) -> Vec<Section> {
    let mut loads: Vec<&Case> = Vec::new();
    for row in &bench.rows {
        if !loads.iter().any(|case| same_load(case, &row.case)) {
            loads.push(&row.case);
        }
    }
    let section = |(at, load): (usize, &&Case)| {
        let rows: Vec<&Row> = bench.rows.iter().filter(|row| same_load(load, &row.case)).collect();
        let mut figures: Vec<View> =
            SHOWN.iter().map(|shown| by_agents(at, shown, &rows)).collect();
        figures.insert(1, by_threads(at, bench, &rows));
        let title = match load.workload {
            crate::bench::Workload::Learning => {
                format!(
                    "Learning, {} a round, {}",
                    counted(load.tasks.into(), "task"),
                    load.strategy
                )
            }
            synthetic => format!("No learning, {synthetic} ns a round"),
        };
        Section {
            id: format!("load-{at}"),
            title,
            lede: "A dot is the median of the repeats, its bar the least and the most.".into(),
            figures: figures.into_iter().filter(|view| !view.missing).collect(),
        }
    };
    loads.iter().enumerate().map(section).collect()
}

fn same_load(a: &Case, b: &Case) -> bool {
    (a.workload, a.tasks, &a.strategy) == (b.workload, b.tasks, &b.strategy)
}

fn cell(spread: &Spread) -> Value {
    let number = pack::number;
    json!({ "mean": number(spread.median), "low": number(spread.low), "high": number(spread.high) })
}

/// Different values of the rows, rising.
fn values(rows: &[&Row], get: fn(&Case) -> u32) -> Vec<u32> {
    let mut values: Vec<u32> = rows.iter().map(|row| get(&row.case)).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Machines, each with the most threads that it was run on.
fn machines<'a>(rows: &[&'a Row]) -> Vec<&'a Case> {
    let mut machines: Vec<&Case> = Vec::new();
    for row in rows {
        match machines.iter_mut().find(|case| case.machine() == row.case.machine()) {
            None => machines.push(&row.case),
            Some(case) if case.threads < row.case.threads => *case = &row.case,
            Some(_) => {}
        }
    }
    machines.truncate(LINES_MAX);
    machines
}

fn by_agents(at: usize, shown: &Shown, rows: &[&Row]) -> View {
    let agents = values(rows, |case| case.agents);
    let line = |machine: &&Case| {
        let of = |agents: &u32| {
            let case = Case { agents: *agents, ..(*machine).clone() };
            let row = rows.iter().find(|row| row.case == case);
            row.map_or(Spread::of(std::iter::empty()), |row| row.spread(shown.key))
        };
        let spreads: Vec<Spread> = agents.iter().map(of).collect();
        let seen = spreads.iter().any(|spread| spread.median.is_finite());
        let name = format!("{}, {}", machine.machine(), counted(machine.threads.into(), "thread"));
        let cells: Vec<Value> = spreads.iter().map(cell).collect();
        seen.then(|| json!({ "name": name, "cells": cells }))
    };
    let series: Vec<Value> = machines(rows).iter().filter_map(line).collect();
    let missing = series.is_empty();
    let levels: Vec<String> = agents.iter().map(|n| text::count((*n).into())).collect();
    let data = json!({ "levels": levels, "series": series });
    let (id, title) = (format!("fig-{at}-{}", shown.key), shown.title.to_owned());
    let axes = ["agents", shown.unit];
    let caption = shown.caption.to_owned();
    View { missing, ..View::new(id, "levels", title, axes, caption, data) }
}

/// How many times faster than on one thread, with the most agents.
fn by_threads(at: usize, bench: &Bench, rows: &[&Row]) -> View {
    let most = rows.iter().map(|row| row.case.agents).max().unwrap_or(0);
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| row.case.agents == most).collect();
    let threads = values(&rows, |case| case.threads);
    let line = |machine: &&Case| {
        let of = |threads: &u32| {
            let case = Case { threads: *threads, ..(*machine).clone() };
            let row = rows.iter().find(|row| row.case == case);
            let times = row.map_or(f64::NAN, |row| bench.speed_up(row));
            cell(&Spread { median: times, low: f64::NAN, high: f64::NAN })
        };
        let cells: Vec<Value> = threads.iter().map(of).collect();
        (machine.threads > 1).then(|| json!({ "name": machine.machine(), "cells": cells }))
    };
    let series: Vec<Value> = machines(&rows).iter().filter_map(line).collect();
    let missing = series.is_empty() || threads.len() < 2;
    let levels: Vec<String> = threads.iter().map(u32::to_string).collect();
    let data = json!({ "levels": levels, "series": series });
    let title = "Speed-up over one thread".to_owned();
    let caption = format!("With {}.", counted(most.into(), "agent"));
    let id = format!("fig-{at}-threads");
    View { missing, ..View::new(id, "levels", title, ["threads", "times"], caption, data) }
}

fn lines(bench: &Bench) -> Vec<Line> {
    let line = |row: &Row| {
        let rate = row.spread("tasks_per_second");
        let times = |keys: [&str; 5]| match keys.map(|key| row.spread(key).median) {
            times if times.iter().all(|x| x.is_finite()) => {
                times.map(|x| significant(x * 1e3, 3)).join(" / ")
            }
            _ => "–".into(),
        };
        let share = |x: f64| if x.is_finite() { percent(x) } else { "–".into() };
        let shown =
            |x: f64, digits| if x.is_finite() { significant(x, digits) } else { "–".into() };
        Line {
            name: row.case.machine(),
            cells: vec![
                row.case.threads.to_string(),
                row.case.load(),
                format!("{} ({} to {})", si(rate.median), si(rate.low), si(rate.high)),
                si(row.spread("learnings_per_second").median),
                times(["merge_p50", "merge_p90", "merge_p99", "merge_p999", "merge_max"]),
                times(["pull_p50", "pull_p90", "pull_p99", "pull_p999", "pull_max"]),
                shown(bench.speed_up(row), 3),
                share(bench.efficiency(row)),
                share(bench.overhead(row)),
                shown(row.spread("bytes_per_agent").median, 4),
            ],
        }
    };
    bench.rows.iter().filter(|row| !row.samples.is_empty()).map(line).collect()
}

fn refused(bench: &Bench) -> Vec<Line> {
    let line = |row: &Row| {
        let why = row.refused.clone()?;
        Some(Line {
            name: format!("{}, {}", row.case.machine(), row.case.load()),
            cells: vec![why],
        })
    };
    bench.rows.iter().filter_map(line).collect()
}
