//! The closing table of a run.

use super::text_of;
use crate::engine::Stage;
use crate::measure::{Latency, LiveReport, Outcome, Race, RoundRow, Trace};
use crate::record::time_to_half_fleet;
use comfy_table::{Table, presets};

/// A column that shows a number of the last measured row.
type Column = (&'static str, fn(&RoundRow) -> f64);

/// Left out where no fleet has a number: a data set without test examples has no skill, a
/// world with endless tasks no training loss.
const COLUMNS: [Column; 5] = [
    ("core skill", |row| row.core_skill),
    ("panel skill", |row| row.panel_skill),
    ("never practised", |row| row.unpractised_skill),
    ("test accuracy", |row| row.test_accuracy),
    ("training loss", |row| row.train_loss),
];

/// What a run came to: a table of several hives where there are, one of the fleets, and the accounts
/// of agents that ran freely.
pub(super) fn table(outcome: &Outcome) -> String {
    let live = outcome.hive.live.as_ref().map(|live| accounts(live, &outcome.hive));
    let parts = [hives(outcome), Some(fleets(outcome)), live];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What became of all that free agents sent, and how long it took.
fn accounts(live: &LiveReport, trace: &Trace) -> String {
    let whole = |n: u64| thousands(n as f64);
    let refused = live.refused(&trace.accounts);
    let books = match live.exact(&trace.accounts) {
        Ok(()) => {
            format!("every one once; {} cores read, all whole and in turn", whole(live.checked))
        }
        // a run that was cut short has learnings that were taken for a core that it has not
        Err(what) => what,
    };
    let times = |times: &Latency| {
        let all = [times.p50, times.p90, times.p99, times.p999, times.max];
        all.map(|s| format!("{:.3}", s * 1e3)).join(" / ")
    };
    format!(
        "sent    {} learnings: {} merged, {} refused, {} dropped, {} on their way at the end: {books}\n\
         merged  {} ms after they were due to be handed over (p50 / p90 / p99 / p99.9 / max)\n\
         pulled  {} ms after publication\n\
         waited  {:.3} s for room, {} times; {:.3} s for locks, {} times\n",
        whole(live.sent),
        whole(live.taken - refused),
        whole(refused),
        whole(live.dropped),
        whole(live.left),
        times(&live.to_merge),
        times(&live.to_pull),
        live.wait_seconds,
        whole(live.waits),
        live.lock_seconds,
        whole(live.locks),
    )
}

/// Several hives at the last core, by name, in the order of the scenario.
fn hives(outcome: &Outcome) -> Option<String> {
    let race = Race::of(&outcome.hive.hives)?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["hive", "core skill", "agents", "share", "wanted", "cores it led"]);
    for (hive, row) in race.end().enumerate() {
        let led = race.leaders.iter().filter(|&&leader| leader == hive).count();
        table.add_row([
            if row.name.is_empty() { row.hive.to_string() } else { row.name.clone() },
            format!("{:.3}", row.skill),
            row.agents.to_string(),
            format!("{:.3}", row.share),
            format!("{:.3}", row.wanted),
            format!("{led} of {}", race.leaders.len()),
        ]);
    }
    Some(text_of(&mut table, 1..))
}

/// The fleets of an outcome as a table: a row each, the hive first.
fn fleets(outcome: &Outcome) -> String {
    let first = if outcome.hive.hives.is_empty() { Stage::Hive.name() } else { "all hives" };
    let bounds = outcome.bounds.iter().map(|(bound, trace)| (Stage::Bound(*bound).name(), trace));
    let fleets: Vec<(&str, &Trace)> =
        std::iter::once((first, &outcome.hive)).chain(bounds).collect();
    // the same row for all: a skill that all have practised by the end has no level "never
    // practised" there, though earlier rows do
    let measured = |row: &&RoundRow| COLUMNS.iter().any(|(_, get)| get(row).is_finite());
    let last = |trace: &Trace, get: fn(&RoundRow) -> f64| {
        trace.rounds.iter().rev().find(measured).map(get).filter(|x| x.is_finite())
    };
    let seen = |get| fleets.iter().any(|(_, trace)| last(trace, get).is_some());
    let columns: Vec<Column> = COLUMNS.into_iter().filter(|(_, get)| seen(*get)).collect();
    let adopts = seen(|row| row.fleet_adoption);

    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let mut header = vec!["fleet"];
    header.extend(columns.iter().map(|(name, _)| *name));
    if adopts {
        header.push("half the fleet");
    }
    header.extend(["rounds", "tasks/s"]);
    table.set_header(&header);
    for (name, trace) in &fleets {
        let mut row = vec![name.to_string()];
        let number = |(_, get): &Column| {
            last(trace, *get).map_or_else(|| "-".to_string(), |x| format!("{x:.3}"))
        };
        row.extend(columns.iter().map(number));
        if adopts {
            let half = time_to_half_fleet(&trace.rounds);
            row.push(half.map_or_else(|| "never".into(), |round| format!("round {round:.1}")));
        }
        row.push(trace.rounds.last().map_or(0, |row| row.round).to_string());
        let tasks: u64 = trace.rounds.iter().map(|row| row.tasks).sum();
        row.push(rate(tasks, trace.seconds));
        table.add_row(row);
    }
    text_of(&mut table, 1..)
}

/// Tasks a second; nothing where the clock saw no time pass.
pub(super) fn rate(tasks: u64, seconds: f64) -> String {
    if seconds > 0.0 { thousands(tasks as f64 / seconds) } else { "-".into() }
}

/// A whole number with its thousands apart.
pub(super) fn thousands(x: f64) -> String {
    let digits = format!("{x:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
