//! What a benchmark prints.

use super::super::closing::thousands;
use super::super::text_of;
use crate::bench::{Bench, Change, Row, Verdict, compare};
use crate::text::plain;
use comfy_table::{Table, presets};

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// A rate with three digits.
fn rate(x: f64) -> String {
    match x {
        x if !x.is_finite() => "-".into(),
        x if x >= 1000.0 => thousands(three(x)),
        x => three(x).to_string(),
    }
}

/// A number with three digits.
fn three(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

fn ms(seconds: f64) -> String {
    if seconds.is_finite() { three(seconds * 1e3).to_string() } else { "-".into() }
}

fn share(x: f64) -> String {
    if x.is_finite() { format!("{:+.0} %", 100.0 * x) } else { "-".into() }
}

/// All rows, and what was refused.
pub(super) fn rows(bench: &Bench) -> String {
    let mut table = table();
    table.set_header([
        "machine",
        "load",
        "threads",
        "tasks/s",
        "least",
        "most",
        "learnings/s",
        "merged p50",
        "p99 ms",
        "pulled p50",
        "p99 ms",
        "speed-up",
        "overhead",
        "B/agent",
    ]);
    for row in bench.rows.iter().filter(|row| !row.samples.is_empty()) {
        let median = |name: &str| row.spread(name).median;
        let tasks = row.spread("tasks_per_second");
        let times = bench.speed_up(row);
        table.add_row([
            row.case.machine(),
            plain(&row.case.load()),
            row.case.threads.to_string(),
            rate(tasks.median),
            rate(tasks.low),
            rate(tasks.high),
            rate(median("learnings_per_second")),
            ms(median("merge_p50")),
            ms(median("merge_p99")),
            ms(median("pull_p50")),
            ms(median("pull_p99")),
            if times.is_finite() { format!("{times:.2}") } else { "-".into() },
            share(bench.overhead(row)),
            rate(median("bytes_per_agent")),
        ]);
    }
    let refused = |row: &Row| {
        let (machine, load) = (row.case.machine(), plain(&row.case.load()));
        Some(format!("refused  {machine}, {load}: {}\n", plain(row.refused.as_ref()?)))
    };
    let refused: String = bench.rows.iter().filter_map(refused).collect();
    text_of(&mut table, 2..) + "\n" + &refused
}

/// What has changed since an earlier benchmark.
pub(super) fn changes(old: &Bench, new: &Bench) -> String {
    let changes = compare(old, new);
    if changes.is_empty() {
        return "compared  nothing: the two have no case in common\n".into();
    }
    let mut table = table();
    table.set_header(["", "machine", "load", "threads", "figure", "was", "is", "ratio"]);
    let of = |verdict| changes.iter().filter(move |change| change.verdict == verdict);
    let number = |x: f64| format!("{:e}", three(x)).replace("e0", "");
    for Change { row, figure, old, new, verdict } in of(Verdict::Worse).chain(of(Verdict::Better)) {
        table.add_row([
            if *verdict == Verdict::Worse { "worse" } else { "better" }.to_owned(),
            row.case.machine(),
            plain(&row.case.load()),
            row.case.threads.to_string(),
            figure.name.to_owned(),
            number(old.median),
            number(new.median),
            format!("{:.2}", new.median / old.median),
        ]);
    }
    let (worse, better) = (of(Verdict::Worse).count(), of(Verdict::Better).count());
    let same = changes.len() - worse - better;
    let text = if worse + better > 0 { text_of(&mut table, 5..) + "\n" } else { String::new() };
    format!(
        "{text}compared  {} figures: {worse} worse and {better} better than all repeats of the other, \
         {same} the same\n",
        changes.len()
    )
}
