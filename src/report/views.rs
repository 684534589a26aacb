//! Figures that the pages of many runs have in common, as the template and the scripts see them.

use super::pack;
use super::text::significant;
use crate::sweep::statistics::Friedman;
use crate::sweep::{Cell, Figure};
use serde::Serialize;
use serde_json::{Value, json};

/// What such pages have beside [`STYLES`](super::page::STYLES).
pub(super) const STYLE: &str = include_str!("assets/sweep.css");
/// Their scripts, in the order in which they need one another.
pub(super) const SCRIPTS: [&str; 4] = [
    include_str!("assets/base.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/sweep.js"),
    include_str!("assets/selfcheck.js"),
];

/// Rows in a figure.
pub(super) const DRAWN_MAX: usize = 60;
/// Bars over ranks: one over many entrants says no more than their number.
const BARS_MAX: usize = 8;

/// A section as the template sees it.
#[derive(Serialize)]
pub(super) struct Section {
    pub id: String,
    pub title: String,
    pub lede: String,
    pub figures: Vec<View>,
}

/// A figure as the template sees it.
#[derive(Serialize)]
pub(super) struct View {
    pub id: String,
    pub kind: &'static str,
    pub title: String,
    pub x: String,
    pub y: String,
    pub caption: String,
    pub wide: bool,
    pub missing: bool,
    /// What the scripts draw.
    #[serde(skip)]
    pub data: Value,
}

impl View {
    /// A figure with its data, to which `id`, `kind`, `x` and `y` are added.
    pub(super) fn new(
        id: String,
        kind: &'static str,
        title: String,
        [x, y]: [&str; 2],
        caption: String,
        mut data: Value,
    ) -> View {
        let own = json!({ "id": id, "kind": kind, "x": x, "y": y });
        if let (Value::Object(data), Value::Object(own)) = (&mut data, own) {
            data.extend(own);
        }
        let wide = kind == "rows";
        View { id, kind, title, x: x.into(), y: y.into(), caption, wide, missing: false, data }
    }
}

/// `Skill of the agents (level)`.
pub(super) fn headed(figure: &Figure) -> String {
    match figure.unit {
        "" => figure.title.into(),
        unit => format!("{} ({unit})", figure.title),
    }
}

/// `0.71 (0.69 to 0.73)`.
pub(super) fn with_interval(cell: &Cell) -> String {
    let shown = |x: f64| significant(x, 4);
    match (cell.mean.is_finite(), cell.low.is_finite()) {
        (false, _) => "–".into(),
        (true, false) => shown(cell.mean),
        (true, true) => {
            format!("{} ({} to {})", shown(cell.mean), shown(cell.low), shown(cell.high))
        }
    }
}

/// A p-value in words.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {}", significant(p, 2)) }
}

/// A number with three digits; what has no bound, or is none, by its sign.
pub(super) fn shown(x: f64) -> String {
    match x {
        _ if x.is_nan() => "–".into(),
        _ if x.is_infinite() => "∞".into(),
        x => significant(x, 3),
    }
}

pub(super) fn all_missing<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> bool {
    cells.all(|cell| !cell.mean.is_finite())
}

/// Cells as the scripts see them.
pub(super) fn numbers(cells: &[Cell]) -> Value {
    Value::Array(cells.iter().map(cell).collect())
}

pub(super) fn cell(c: &Cell) -> Value {
    let number = pack::number;
    json!({ "mean": number(c.mean), "low": number(c.low), "high": number(c.high) })
}

/// The caption and the data of mean ranks, with bars over those that do not differ.
pub(super) fn rank_diagram(
    names: &[String],
    friedman: &Friedman,
    groups: &[Vec<usize>],
    blocks: &str,
) -> (String, Value) {
    let ranks = &friedman.mean_ranks;
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by(|a, b| ranks[*a].total_cmp(&ranks[*b]));
    order.truncate(DRAWN_MAX);
    let row = |i: &usize| json!({ "name": names[*i], "mean": pack::number(ranks[*i]), "low": null, "high": null });
    let bar = |name: String, from: f64, to: f64| json!({ "name": name, "from": pack::number(from), "to": pack::number(to) });
    let least = ranks.iter().copied().fold(f64::INFINITY, f64::min);
    let cd = friedman.critical_difference;
    let scale = bar(format!("critical difference {}", significant(cd, 3)), least, least + cd);
    let join =
        |group: &Vec<usize>| bar(String::new(), ranks[group[0]], ranks[group[group.len() - 1]]);
    let bars: Vec<Value> = groups.iter().take(BARS_MAX).map(join).chain([scale]).collect();
    let caption = format!(
        "Mean rank over {} blocks ({blocks}), 1 the best. Thick bars join those whose ranks differ \
         by less than Nemenyi's critical difference at 0.05. Friedman's test (Iman and Davenport): \
         F = {}, {}.",
        friedman.blocks,
        shown(friedman.f),
        p_value(friedman.p)
    );
    let rows: Vec<Value> = order.iter().map(row).collect();
    (caption, json!({ "rows": rows, "bars": bars, "zero": null }))
}
