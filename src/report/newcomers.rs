//! Those who join late, beside those who were there before them.

use super::captions::Words;
use super::figures::{Columns, Figure, Format, Line, level_unit};
use super::pack::number;
use super::text::{counted, level, significant};
use crate::measure::{Onboarding, Trace};
use std::collections::BTreeMap;

/// The key of the table that lines are drawn from.
const TABLE: &str = "newcomers";

/// The numbers of the page; none where nobody joins late.
pub(super) fn columns(trace: &Trace) -> Option<Columns> {
    let of = Onboarding::of(trace)?;
    let column = |values: &[f64]| values.iter().copied().map(number).collect();
    let columns = BTreeMap::from([
        ("round", column(&of.level.times)),
        ("newcomers", column(&of.level.values)),
        ("others", column(&of.others.values)),
    ]);
    Some(Columns { columns })
}

/// The figure; none where nobody joins late.
pub(super) fn figure(w: &Words<'_>) -> Option<Figure> {
    let of = Onboarding::of(&w.outcome.hive)?;
    let last = |values: &[f64]| values.last().copied().unwrap_or(f64::NAN);
    let line = |column: &'static str, label: &str, colour, dash, end| {
        let label = label.into();
        Line { table: Some(TABLE), label, colour, dash, end, ..Line::of(column) }
    };
    let (end, others_end) = (last(&of.level.values), last(&of.others.values));
    let lines = vec![
        line("newcomers", "Newcomers", "core", "solid", end),
        line("others", "Those there before", "hive", "dashed", others_end),
    ];
    let others = of.others.values.first().copied().unwrap_or(f64::NAN);
    let caught = match of.ramp(others) {
        Some(0.0) => "They come with as much as the others have.".to_string(),
        Some(rounds) => format!(
            "What the others had on that day they have after {} rounds of their own.",
            significant(rounds, 2)
        ),
        None => "What the others had on that day they never come to.".into(),
    };
    let caption = format!(
        "{} of the panel come in round {}. On their first day, before a task, they are at {}, those who were there before at {}; at the end at {} and {}. {caught}",
        counted(of.newcomers as u64, "agent"),
        of.joins,
        level(of.day_one()),
        level(others),
        level(end),
        level(others_end),
    );
    let unit = level_unit(&w.outcome.scenario.world);
    let mut figure =
        Figure::lines("fig-newcomers", "Newcomers on their own jobs", unit, Format::Level, lines)
            .says(caption)
            .wide();
    figure.x = "rounds since they came (rounds)";
    Some(figure)
}
