//! A comparison on standard output.

use crate::cli::text_of;
use crate::compare::{Comparison, Estimate, Run};
use crate::text::plain;
use comfy_table::{CellAlignment, Table, presets};

/// The contenders, the best first, then the bounds.
pub(super) fn table(comparison: &Comparison) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let heads = ["strategy", "family", "core", "agents", "half the fleet", "merging s", "sent MB"];
    table.set_header(heads);
    for standing in comparison.standings.iter().chain(&comparison.bounds) {
        let (half, never) = standing.time_to_half();
        let half = match never {
            0 => cell(half, 1),
            n if n == standing.runs.len() => "never".into(),
            n => format!("{} ({n} never)", cell(half, 1)),
        };
        table.add_row([
            plain(&standing.name),
            standing.family.into(),
            cell(standing.estimate(Run::level), 3),
            cell(standing.estimate(|run| run.panel_skill), 3),
            half,
            cell(Estimate { error: 0.0, ..standing.estimate(|run| run.merge_seconds) }, 3),
            cell(standing.estimate(|run| run.bytes as f64 / 1e6), 1),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text_of(&table)
}

fn cell(estimate: Estimate, digits: usize) -> String {
    let Estimate { mean, error } = estimate;
    match (mean.is_finite(), error == 0.0) {
        (false, _) => "-".into(),
        (true, true) => format!("{mean:.digits$}"),
        (true, false) => format!("{mean:.digits$} ± {error:.digits$}"),
    }
}
