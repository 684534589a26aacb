//! What merging did to those who were merged: losses, losers, and barriers between policies.

use super::captions::course;
use super::data::ROUNDS_MAX;
use super::figures::{Columns, Figure, Format, Line};
use super::pack::{evenly, number};
use crate::measure::{InterferenceRow, Trace};
use std::collections::BTreeMap;

/// The key of the table that lines are drawn from.
const TABLE: &str = "interference";

/// What is drawn: figure, column, title, axis, how it is shown, how to read it.
struct Measured {
    id: &'static str,
    column: &'static str,
    title: &'static str,
    axis: &'static str,
    format: Format,
    get: fn(&InterferenceRow) -> f64,
    says: &'static str,
}

const MEASURES: [Measured; 3] = [
    Measured {
        id: "fig-interference",
        column: "loss",
        title: "What an agent loses to the merge",
        axis: "level lost (level units)",
        format: Format::Number,
        get: |row| row.loss,
        says: "Mean level of the merged on their own jobs after their work, less that with the core that came of it; below 0, where the merge gives more than it takes.",
    },
    Measured {
        id: "fig-losers",
        column: "losers",
        title: "Agents that lose by the merge",
        axis: "share of those merged (%)",
        format: Format::Percent,
        get: |row| row.losers,
        says: "Share of the panel's merged agents that are worse on their own jobs after the merge than before it.",
    },
    Measured {
        id: "fig-barrier",
        column: "barrier",
        title: "Barrier between agents",
        axis: "cross-entropy (nats)",
        format: Format::Number,
        get: |row| row.barrier,
        says: "How far the loss rises on the straight line between two agents' policies above the line between their own losses; 0 where their mean is as good as they are.",
    },
];

/// The numbers of the page; none where nothing of it was measured.
pub(super) fn columns(trace: &Trace) -> Option<Columns> {
    trace.interference.first()?;
    let kept = evenly(trace.interference.len(), ROUNDS_MAX);
    let rows: Vec<&InterferenceRow> = kept.iter().map(|&i| &trace.interference[i]).collect();
    let column =
        |get: fn(&InterferenceRow) -> f64| rows.iter().map(|row| number(get(row))).collect();
    let mut columns = BTreeMap::from([("round", column(|row| f64::from(row.round)))]);
    columns.extend(MEASURES.iter().map(|of| (of.column, column(of.get))));
    Some(Columns { columns })
}

/// A figure for each of the measures that the run has a number of.
pub(super) fn figures(trace: &Trace) -> impl Iterator<Item = Figure> {
    MEASURES.iter().filter_map(|of| {
        let numbers = trace.interference.iter().map(|row| (row.round, (of.get)(row)));
        let (_, end) = numbers.clone().rfind(|(_, x)| x.is_finite())?;
        let course = course(numbers, |x| of.format.show(x))?;
        let line = Line { table: Some(TABLE), label: "Hive".into(), end, ..Line::of(of.column) };
        let figure = Figure::lines(of.id, of.title, of.axis, of.format, vec![line]);
        Some(figure.says(format!("{} Here: {course}.", of.says)))
    })
}
