//! Time, where a round does not take all fleets the same: skill over it, and how stale learnings are.

use super::captions::Words;
use super::data::{ROUNDS_MAX, Run};
use super::figures::{Columns, Figure, Format, Line, level_unit, style};
use super::pack::{evenly, number};
use super::text::{count, level, percent, significant};
use crate::measure::{Ages, RoundRow, Trace};
use std::collections::BTreeMap;

/// The keys of the tables that lines are drawn from.
const TIME: &str = "time";
const AGES: &str = "ages";

/// Bars of the histogram, at most.
const BARS: u32 = 60;

/// The columns of the fleets' skill, by their place among the runs.
const FLEETS: [&str; 3] = ["hive", "first", "second"];

/// Whether a round ever took another time than 1.
fn is_uneven(trace: &Trace) -> bool {
    trace.rounds.iter().any(|row| row.time != f64::from(row.round))
}

/// The measured rows of a run that are drawn.
fn drawn(trace: &Trace) -> Vec<&RoundRow> {
    let measured = |row: &&RoundRow| {
        trace.frames.binary_search_by_key(&row.round, |frame| frame.round).is_ok()
    };
    let rows: Vec<&RoundRow> = trace.rounds.iter().filter(measured).collect();
    evenly(rows.len(), ROUNDS_MAX).into_iter().map(|i| rows[i]).collect()
}

/// The numbers of skill over time; none where time is counted by rounds. All fleets of a run have
/// one course of time.
pub(super) fn times(runs: &[Run<'_>]) -> Option<Columns> {
    let hive = runs.first().filter(|run| is_uneven(run.trace))?.trace;
    let column = |trace: &Trace, get: fn(&RoundRow) -> f64| {
        drawn(trace).into_iter().map(|row| number(get(row))).collect()
    };
    let mut columns = BTreeMap::from([
        ("round", column(hive, |row| row.time)),
        ("core", column(hive, |row| row.core_skill)),
    ]);
    for (name, run) in FLEETS.into_iter().zip(runs) {
        columns.insert(name, column(run.trace, |row| row.panel_skill));
    }
    Some(Columns { columns })
}

/// Skill over time; none where time is counted by rounds.
pub(super) fn skill(w: &Words<'_>) -> Option<Figure> {
    let hive = w.runs.first().filter(|run| is_uneven(run.trace))?;
    let end = |run: &Run<'_>, get: fn(&RoundRow) -> f64| {
        drawn(run.trace).last().map_or(f64::NAN, |row| get(row))
    };
    let line = |column: &'static str, label: String, colour, dash, end| Line {
        table: Some(TIME),
        label,
        colour,
        dash,
        end,
        ..Line::of(column)
    };
    let panel: fn(&RoundRow) -> f64 = |row| row.panel_skill;
    let core: fn(&RoundRow) -> f64 = |row| row.core_skill;
    let mut lines = vec![
        line("hive", "Hive: agents".into(), "hive", "solid", end(hive, panel)),
        line("core", "Hive: bare core".into(), "core", "dashed", end(hive, core)),
    ];
    for (column, run) in FLEETS.into_iter().zip(w.runs).skip(1) {
        let (colour, dash) = style(run.key);
        lines.push(line(column, run.label.into(), colour, dash, end(run, panel)));
    }
    lines.retain(|line| line.end.is_finite());
    let last = hive.trace.rounds.last()?;
    let per = last.time / f64::from(last.round.max(1));
    let caption = format!(
        "The same against the clock: 1 is what an agent of the speed 1 takes for a round's work. {} cores were published in {}, one in {} on average. At the end the core is at {}, its agents at {}.",
        count(last.round.into()),
        significant(last.time, 3),
        significant(per, 3),
        level(end(hive, core)),
        level(end(hive, panel)),
    );
    let unit = level_unit(&w.outcome.scenario.world);
    let mut figure =
        Figure::lines("fig-time", "Skill over time", unit, Format::Level, lines).says(caption);
    figure.x = "virtual time (rounds of an agent of the speed 1)";
    Some(figure.wide())
}

/// The ages that are drawn, all but the oldest hundredth, and how many of them go into a point.
fn drawn_ages(ages: &Ages) -> (u32, u32) {
    let most = ages.quantile(0.99);
    (most, (most + 1).div_ceil(BARS))
}

/// The numbers of the histogram; none where all keep step.
pub(super) fn ages(trace: &Trace) -> Option<Columns> {
    let ages = Ages::of(&trace.staleness)?;
    let (most, width) = drawn_ages(&ages);
    let bars = most / width + 1;
    let mut counts = vec![0_u64; bars as usize];
    for (age, n) in ages.learnings.iter().filter(|(age, _)| *age <= most) {
        counts[(age / width) as usize] += n;
    }
    let percent = 100.0 / ages.number() as f64;
    Some(Columns {
        columns: BTreeMap::from([
            ("round", (0..bars).map(|bar| number(f64::from(bar * width))).collect()),
            ("share", counts.iter().map(|n| number(*n as f64 * percent)).collect()),
        ]),
    })
}

/// The histogram of staleness; none where all keep step.
pub(super) fn staleness(trace: &Trace) -> Option<Figure> {
    let ages = Ages::of(&trace.staleness)?;
    let fresh = ages.learnings.iter().filter(|(age, _)| *age == 0).map(|(_, n)| *n).sum::<u64>();
    let (most, width) = drawn_ages(&ages);
    let mut notes = String::new();
    if width > 1 {
        notes = format!(" A point counts {width} ages together, from the one it stands at.");
    }
    if most < ages.quantile(1.0) {
        notes += " The oldest hundredth is not drawn.";
    }
    let caption = format!(
        "How old the cores were that merged learnings began with. Half of the {} learnings were at most {} cores old, nine tenths at most {}, the oldest {}; the mean is {}. {} were of the newest core.{notes}",
        count(ages.number()),
        ages.quantile(0.5),
        ages.quantile(0.9),
        ages.quantile(1.0),
        significant(ages.mean(), 3),
        percent(fresh as f64 / ages.number() as f64),
    );
    let line = Line { table: Some(AGES), label: "Hive".into(), ..Line::of("share") };
    let mut figure = Figure::lines(
        "fig-ages",
        "How stale learnings are",
        "share of all learnings (%)",
        Format::Number,
        vec![line],
    );
    // a histogram has no last number
    figure.lines.iter_mut().for_each(|line| line.last.clear());
    figure.x = "staleness (core versions)";
    Some(figure.says(caption))
}
