//! Several hives beside each other: the section of who leads, what it says, and its numbers.

use super::captions::percent;
use super::data::ROUNDS_MAX;
use super::figures::{Figure, Format, Kind, Line, ROUND, Section, party};
use super::pack::{evenly, number};
use super::text::{counted, significant};
use crate::measure::{HiveRow, Outcome, Race};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the page's scripts read of several hives: columns by name, a value a kept round.
#[derive(Serialize)]
pub(super) struct HivesData {
    names: Vec<String>,
    /// `round`, and `skill`, `share`, `wanted` with the hive's number behind it.
    columns: BTreeMap<String, Vec<Value>>,
    /// Which hive leads, a kept round.
    leaders: Vec<usize>,
}

/// What is drawn of a hive over rounds: figure, column, title, axis, how to read it.
type Measure = (&'static str, &'static str, &'static str, &'static str, fn(&HiveRow) -> f64);
const MEASURES: [Measure; 3] = [
    (
        "fig-hives-skill",
        "skill",
        "Skill of every hive's core",
        "right answers on fresh tasks (% of tasks)",
        |row| row.skill,
    ),
    (
        "fig-hives-share",
        "share",
        "Agents that work under each hive",
        "share of all agents (%)",
        |row| row.share,
    ),
    (
        "fig-hives-wanted",
        "wanted",
        "Market share that customers would give",
        "wanted share (%)",
        |row| row.wanted,
    ),
];

impl HivesData {
    /// The numbers of the page; none where there is one hive.
    pub fn of(rows: &[HiveRow]) -> Option<Self> {
        let race = Race::of(rows)?;
        let kept = evenly(race.leaders.len(), ROUNDS_MAX);
        let column = |hive: usize, get: fn(&HiveRow) -> f64| {
            kept.iter().map(|&t| number(get(race.hives[hive][t]))).collect::<Vec<_>>()
        };
        let mut columns = BTreeMap::new();
        columns.insert("round".to_string(), column(0, |row| f64::from(row.round)));
        for hive in 0..race.hives.len() {
            for (_, name, _, _, get) in MEASURES {
                columns.insert(format!("{name}{hive}"), column(hive, get));
            }
        }
        Some(HivesData {
            names: race.end().map(called).collect(),
            leaders: kept.iter().map(|&t| race.leaders[t]).collect(),
            columns,
        })
    }
}

/// A hive's name, or its number.
pub(super) fn called(row: &HiveRow) -> String {
    if row.name.is_empty() { format!("hive {}", row.hive) } else { row.name.clone() }
}

/// The section of several hives; none where there is one.
pub(super) fn section(outcome: &Outcome) -> Option<Section> {
    let race = Race::of(&outcome.hive.hives)?;
    let mut figures: Vec<Figure> = MEASURES
        .iter()
        .map(|&(id, column, title, axis, get)| {
            let line = |(hive, row): (usize, &HiveRow)| {
                let (colour, dash) = party(hive);
                let column = format!("{column}{hive}");
                let (label, end) = (called(row), get(row));
                Line { table: Some("hives"), label, colour, dash, end, ..Line::of(column) }
            };
            let lines = race.end().enumerate().map(line).collect();
            Figure::lines(id, title, axis, Format::Percent, lines).says(caption(&race, column))
        })
        .collect();
    let mut leader =
        Figure::lines("fig-leader", "Who leads", "hive (name)", Format::Number, Vec::new())
            .says(leads(&race));
    (leader.kind, leader.x, leader.missing) = (Kind::Leader, ROUND, String::new());
    figures.insert(1, leader.wide());
    if let Some(first) = figures.first_mut() {
        first.wide = true;
    }
    Some(Section {
        id: "hives",
        title: "Several hives",
        lede: "Every hive has a distiller and a core of its own. Skill is judged on the same fresh tasks for all, as they come up in all work; customers and agents go where it is high.",
        figures,
    })
}

fn caption(race: &Race<'_>, column: &str) -> String {
    match column {
        "skill" => {
            let end: Vec<String> = race
                .end()
                .map(|row| format!("{} {}", called(row), percent(row.skill)))
                .collect();
            format!("At the end: {}. {}", end.join(", "), gap(race))
        }
        "share" => format!(
            "Agents change employer with what they know. {}",
            concentration(race, "The Herfindahl index of the shares")
        ),
        _ => "Softmax of a hive's skill: what the market would come to if nobody stayed where he is. Where it lies above the share of agents, a hive is gaining.".into(),
    }
}

/// "swift is 2.1 percentage points ahead of the next best, 3.4 at the most."
fn gap(race: &Race<'_>) -> String {
    let gaps = race.gaps();
    let (Some(end), Some(leader)) = (gaps.last(), race.end().nth(race.leader())) else {
        return String::new();
    };
    let widest = gaps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!(
        "{} is {} percentage points ahead of the next best, {} at the most.",
        called(leader),
        significant(end * 100.0, 2),
        significant(widest * 100.0, 2)
    )
}

/// Herfindahl and runaway index, from the first core to the last.
fn concentration(race: &Race<'_>, what: &str) -> String {
    let last = race.leaders.len() - 1;
    format!(
        "{what} goes from {} to {} ({} is even, 1 is one hive that has all).",
        significant(race.herfindahl(0), 3),
        significant(race.herfindahl(last), 3),
        significant(1.0 / race.hives.len() as f64, 3)
    )
}

/// How many of the published cores each hive leads at.
fn leads(race: &Race<'_>) -> String {
    let of = |(hive, row): (usize, &HiveRow)| {
        let held = race.leaders.iter().filter(|&&leader| leader == hive).count();
        format!("{} {}", called(row), percent(held as f64 / race.leaders.len() as f64))
    };
    let held: Vec<String> = race.end().enumerate().map(of).collect();
    format!(
        "The bar stands with the hive whose core is best; a tie leaves the lead where it was. The lead changes {}. Share of the cores at which each led: {}.",
        times(race.changes()),
        held.join(", ")
    )
}

fn times(n: usize) -> String {
    match n {
        0 => "never".into(),
        1 => "once".into(),
        n => counted(n as u64, "time"),
    }
}

/// What came of the competition, in sentences; none where there is one hive.
pub(super) fn findings(outcome: &Outcome) -> Vec<String> {
    let Some(race) = Race::of(&outcome.hive.hives) else { return Vec::new() };
    let last = race.leaders.len() - 1;
    let Some(leader) = race.end().nth(race.leader()) else { return Vec::new() };
    let runaway = race.runaway(last);
    let verdict = match runaway {
        r if r < 0.1 => "the hives stay abreast",
        r if r < 0.5 => "one hive is pulling ahead",
        _ => "one hive has run away with the market",
    };
    vec![
        format!(
            "{} leads at the end with {} of tasks right; the lead changes {}. {}",
            called(leader),
            percent(leader.skill),
            times(race.changes()),
            gap(&race)
        ),
        format!(
            "{} The runaway index ends at {} (0 even, 1 one has all): {verdict}.",
            concentration(&race, "The Herfindahl index of the hives' shares of agents"),
            significant(runaway, 2)
        ),
    ]
}
