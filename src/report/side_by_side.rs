//! Several runs on one page: curves of the same measure on common axes, key figures with their
//! differences, and the keys in which the scenarios differ.

use super::ReportError;
use super::captions::{at_end, half_fleet, last, value_sum};
use super::data::{Run, runs};
use super::figures::{Column, Figure, Format, Line, party};
use super::page::{STYLES, fill};
use super::payload::columns;
use super::text::{above, bytes, counted, level, percent, si, significant};
use crate::measure::Outcome;
use crate::record::Histories;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TEMPLATE: &str = include_str!("assets/side_by_side.html");
/// In the order in which they need one another.
const SCRIPTS: [&str; 4] = [
    include_str!("assets/base.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/side_by_side.js"),
    include_str!("assets/selfcheck.js"),
];

/// A measure that is drawn: figure, title, axis with its unit, format, column.
type Drawn = (&'static str, &'static str, &'static str, Format, Column);
#[rustfmt::skip]
const DRAWN: [Drawn; 11] = [
    ("fig-panel", "Skill on the agents' own jobs", "level (0 = chance, 1 = oracle)", Format::Level, ("panel_skill", |r| r.panel_skill)),
    ("fig-core", "Skill of the bare core on the same jobs", "level (0 = chance, 1 = oracle)", Format::Level, ("core_skill", |r| r.core_skill)),
    ("fig-never", "Skill that agents never practised", "level (0 = chance, 1 = oracle)", Format::Level, ("unpractised_skill", |r| r.unpractised_skill)),
    ("fig-fleet", "Agents that hold their own job", "share of the panel (%)", Format::Percent, ("fleet_adoption", |r| r.fleet_adoption)),
    ("fig-test", "Test accuracy of the core", "share of test examples (%)", Format::Percent, ("test_accuracy", |r| r.test_accuracy)),
    ("fig-train", "Training loss of the core", "cross-entropy (nats an example)", Format::Number, ("train_loss", |r| r.train_loss)),
    ("fig-work", "Tasks done right at work", "share of tasks (%)", Format::Percent, ("work_accuracy", |r| r.work_accuracy)),
    ("fig-signs", "Sign conflict of contributions", "share of pairs (%)", Format::Percent, ("sign_conflict", |r| r.sign_conflict)),
    ("fig-distance", "Distance of contributions from consensus", "distance ÷ mean norm (ratio)", Format::Number, ("consensus_distance", |r| r.consensus_distance)),
    ("fig-value", "Value made so far", "value (value units)", Format::Si, ("value_total", |r| r.value)),
    ("fig-bytes", "Bytes sent so far", "data (bytes)", Format::Bytes, ("bytes_total", |r| (r.bytes_up + r.bytes_down) as f64)),
];

/// A row of the table of key figures: a name with its unit, and a cell a run.
#[derive(Serialize)]
struct KeyFigure {
    name: &'static str,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    value: String,
    /// How far it is from the first run's; empty for that, and where either has no number.
    difference: String,
}

/// A key in which scenarios differ.
#[derive(Serialize)]
struct Key {
    name: String,
    values: Vec<String>,
}

/// Renders runs, each with the name that the page gives it, as one HTML page that holds all that it
/// needs; all text from outside is escaped. The first is what the others are held against.
///
/// # Errors
/// As of [`render`](super::render).
pub fn render_side_by_side(named: &[(&str, &Outcome)]) -> Result<String, ReportError> {
    let histories: Vec<Histories<'_>> = named.iter().map(|_| Histories::default()).collect();
    let mut hives = Vec::new();
    for ((_, outcome), histories) in named.iter().zip(&histories) {
        hives.push(runs(outcome, histories)?.swap_remove(0));
    }
    let figures: Vec<Figure> = DRAWN
        .iter()
        .map(|drawn| figure(drawn, named, &hives))
        .filter(|figure| !figure.lines.is_empty())
        .collect();
    let tables = named.iter().map(|(label, outcome)| {
        Ok(json!({ "key": "hive", "label": label, "columns": columns(&outcome.hive)? }))
    });
    let tables = tables.collect::<Result<Vec<Value>, ReportError>>()?;
    let data = json!({ "figures": figures, "runs": tables }).to_string();
    let views = figures.iter().map(|figure| {
        json!({
            "id": figure.id, "title": figure.title, "x": figure.x, "y": figure.y,
            "caption": figure.caption, "wide": figure.wide,
        })
    });
    let labels: Vec<String> = named.iter().map(|(label, _)| label.to_string()).collect();
    let facts = named.iter().map(|(label, outcome)| {
        let scenario = match outcome.scenario.name.as_str() {
            "" => "unnamed scenario",
            name => name,
        };
        let rounds = outcome.hive.rounds.last().map_or(0, |row| row.round);
        let whole = if outcome.complete { "" } else { ", interrupted" };
        json!({
            "label": label, "scenario": scenario, "question": outcome.scenario.question,
            "facts": format!("seed {}, {}{whole}", outcome.scenario.seed.0, counted(u64::from(rounds), "round")),
            "hash": outcome.result_hash,
        })
    });
    let own = context! {
        labels,
        findings => findings(named, &hives),
        runs => Serde(facts.collect::<Vec<_>>()),
        figures => Serde(views.collect::<Vec<_>>()),
        key_figures => Serde(key_figures(&hives)),
        keys => Serde(differing_keys(named)?),
        style => STYLES.concat(),
        script => SCRIPTS.concat(),
    };
    fill("side_by_side.html", TEMPLATE, &data, own)
}

fn figure(drawn: &Drawn, named: &[(&str, &Outcome)], hives: &[Run<'_>]) -> Figure {
    let &(id, title, axis, format, (column, get)) = drawn;
    let total = column.ends_with("_total");
    let line = |(i, run): (usize, &Run<'_>)| {
        let (_, end) = last(run, get)?;
        let rows = &run.trace.rounds;
        let sum = || rows.iter().map(get).filter(|x| x.is_finite()).sum();
        let (colour, dash) = party(i);
        let (label, end) = (named[i].0.to_string(), if total { sum() } else { end });
        Some(Line { run: i, label, colour, dash, end, ..Line::of(column) })
    };
    let lines: Vec<Line> = hives.iter().enumerate().filter_map(line).collect();
    let best = |better: fn(f64, f64) -> bool| {
        lines.iter().reduce(|a, b| if better(b.end, a.end) { b } else { a })
    };
    let show = |line: &Line| format!("{} ({})", line.label, format.show(line.end));
    let caption = match (best(|a, b| a > b), best(|a, b| a < b)) {
        (Some(high), Some(low)) if lines.len() > 1 && high.end > low.end => {
            format!("At the end {} is the highest, {} the lowest.", show(high), show(low))
        }
        (Some(one), _) if lines.len() == 1 => format!("Measured in {} alone.", show(one)),
        (Some(one), _) => format!("All end at {}.", format.show(one.end)),
        _ => String::new(),
    };
    let mut figure = Figure::lines(id, title, axis, format, lines).says(caption);
    figure.wide = id == "fig-panel";
    figure
}

/// Who is best at what counts, and by how much.
fn findings(named: &[(&str, &Outcome)], hives: &[Run<'_>]) -> Vec<String> {
    let ranked = |what: &str, get: fn(&crate::measure::RoundRow) -> f64| {
        let mut ends: Vec<(&str, f64)> = named
            .iter()
            .zip(hives)
            .filter_map(|((label, _), run)| Some((*label, at_end(run, get)?)))
            .collect();
        // a stable sort: ties stay in the order given
        ends.sort_by(|a, b| b.1.total_cmp(&a.1));
        let ((best, x), (next, y)) = (*ends.first()?, *ends.get(1)?);
        let gap = above(x, y);
        let (last, lowest) = ends[ends.len() - 1];
        let further = match ends.len() {
            2 => String::new(),
            _ => format!(" and {} above the last, {last}", level(above(x, lowest))),
        };
        Some(match gap.abs() < 0.005 {
            true => format!("{what}: {best} and {next} end level, at {}.", level(x)),
            false => format!(
                "{what}: {best} ends at {}, {} above {next}{further}.",
                level(x),
                level(gap)
            ),
        })
    };
    let subjects = [
        ranked("On the agents' own jobs", |r| r.panel_skill),
        ranked("On skills that agents never practised", |r| r.unpractised_skill),
    ];
    subjects.into_iter().flatten().collect()
}

/// How a key figure is had of a run and shown.
type Figured = (&'static str, fn(&Run<'_>) -> Option<f64>, fn(f64) -> String);
#[rustfmt::skip]
const KEY_FIGURES: [Figured; 13] = [
    ("Panel skill (level)", |run| at_end(run, |r| r.panel_skill), level),
    ("Core skill (level)", |run| at_end(run, |r| r.core_skill), level),
    ("Skills never practised (level)", |run| at_end(run, |r| r.unpractised_skill), level),
    ("Adoption (share of agent-skill pairs)", |run| at_end(run, |r| r.adoption), percent),
    ("Half of the fleet adopted (round)", half_fleet, |x| format!("{x:.1}")),
    ("Test accuracy (share)", |run| at_end(run, |r| r.test_accuracy), percent),
    ("Training loss (nats an example)", |run| at_end(run, |r| r.train_loss), |x| significant(x, 3)),
    ("Agents measured (number)", |run| Some(run.trace.panel.len() as f64), si),
    ("Rounds (number)", |run| run.trace.rounds.last().map(|row| f64::from(row.round)), si),
    ("Tasks (number)", |run| Some(run.trace.rounds.iter().map(|r| r.tasks as f64).sum()), si),
    ("Value made (value units)", |run| Some(value_sum(run)), si),
    ("Sent up (bytes)", |run| Some(run.trace.rounds.iter().map(|r| r.bytes_up as f64).sum()), bytes),
    ("Sent down (bytes)", |run| Some(run.trace.rounds.iter().map(|r| r.bytes_down as f64).sum()), bytes),
];

fn key_figures(hives: &[Run<'_>]) -> Vec<KeyFigure> {
    let row = |&(name, get, show): &Figured| {
        let values: Vec<Option<f64>> = hives.iter().map(get).collect();
        values.iter().any(Option::is_some).then(|| KeyFigure {
            name,
            cells: values.iter().enumerate().map(|(i, x)| cell(i, *x, values[0], show)).collect(),
        })
    };
    KEY_FIGURES.iter().filter_map(row).collect()
}

fn cell(i: usize, x: Option<f64>, first: Option<f64>, show: fn(f64) -> String) -> Cell {
    let difference = match (x, first) {
        (Some(x), Some(first)) if i > 0 => {
            let gap = x - first;
            let size = show(gap.abs());
            match gap {
                _ if size == show(0.0) => "=".into(),
                _ if gap > 0.0 => format!("+{size}"),
                _ => format!("−{size}"),
            }
        }
        _ => String::new(),
    };
    Cell { value: x.map_or_else(|| "–".into(), show), difference }
}

/// All keys in which the scenarios are not the same, by name, with each one's value.
fn differing_keys(named: &[(&str, &Outcome)]) -> Result<Vec<Key>, ReportError> {
    let mut all = Vec::new();
    for (_, outcome) in named {
        let mut keys = BTreeMap::new();
        flatten("", &serde_json::to_value(&outcome.scenario)?, &mut keys);
        all.push(keys);
    }
    let names: std::collections::BTreeSet<&String> =
        all.iter().flat_map(|keys| keys.keys()).collect();
    let key = |name: &String| {
        let values: Vec<String> =
            all.iter().map(|keys| keys.get(name).cloned().unwrap_or_else(|| "–".into())).collect();
        let differs = values.iter().any(|value| *value != values[0]);
        let told = !matches!(name.as_str(), "name" | "question" | "expect");
        (differs && told).then(|| Key { name: name.clone(), values })
    };
    Ok(names.into_iter().filter_map(key).collect())
}

/// A scenario's keys, dotted; lists stay whole.
fn flatten(path: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{name}"), value, keys);
            }
        }
        Value::String(text) => {
            keys.insert(path.into(), text.clone());
        }
        value => {
            keys.insert(path.into(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_from_the_first_and_as_it_is_shown() {
        let of = |x, first| cell(1, x, first, level).difference;
        assert_eq!(of(Some(0.75), Some(0.5)), "+0.25");
        assert_eq!(of(Some(0.25), Some(0.5)), "−0.25");
        assert_eq!(of(Some(0.501), Some(0.5)), "=");
        assert_eq!(of(Some(0.5), None), "");
        assert_eq!(cell(0, Some(0.5), Some(0.5), level).difference, "");
        assert_eq!(cell(1, None, Some(0.5), level).value, "–");
    }

    #[test]
    fn keys_are_dotted_and_lists_whole() {
        let mut keys = BTreeMap::new();
        flatten("", &json!({ "a": { "b": 1, "c": "x" }, "d": [1, 2] }), &mut keys);
        let found: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (&k[..], &v[..])).collect();
        assert_eq!(found, [("a.b", "1"), ("a.c", "x"), ("d", "[1,2]")]);
    }
}
