//! A comparison on standard output.

use crate::cli::text_of;
use crate::compare::{Comparison, Estimate, Run};
use crate::text::plain;
use comfy_table::{Table, presets};

/// The contenders, the best first, then the bounds.
pub(super) fn table(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heads = ["strategy", "family", "core", "agents", "half the fleet", "merging s", "sent MB"];
    table.set_header(heads);
    for standing in comparison.standings.iter().chain(&comparison.bounds) {
        let (half, never) = standing.time_to_half();
        let half = match never {
            0 => half.shown(1, "-"),
            n if n == standing.runs.len() => "never".into(),
            n => format!("{} ({n} never)", half.shown(1, "-")),
        };
        table.add_row([
            plain(&standing.name),
            standing.family.into(),
            standing.estimate(Run::level).shown(3, "-"),
            standing.estimate(|run| run.panel_skill).shown(3, "-"),
            half,
            Estimate { error: 0.0, ..standing.estimate(|run| run.merge_seconds) }.shown(3, "-"),
            standing.estimate(|run| run.bytes as f64 / 1e6).shown(1, "-"),
        ]);
    }
    text_of(&mut table, 2..)
}
