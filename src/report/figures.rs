//! What a figure is: what it draws, its axes with their units, its caption; and its lines.

use super::captions::last;
use super::data::Run;
use super::text;
use crate::measure::RoundRow;
use crate::scenario::World;
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// How the page writes a quantity on axes and in tooltips.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// Around 1, with two or three decimals.
    Level,
    /// Any other number of a handy size, with three digits.
    Number,
    /// A share, as a percentage.
    Percent,
    /// With an SI prefix.
    Si,
    /// Bytes in decimal units.
    Bytes,
}

impl Format {
    pub fn show(self, x: f64) -> String {
        match self {
            Format::Level => text::level(x),
            Format::Number => text::significant(x, 3),
            Format::Percent => text::percent(x),
            Format::Si => text::si(x),
            Format::Bytes => text::bytes(x),
        }
    }
}

/// Which script draws a figure.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    /// Lines over rounds out of the rows.
    Lines,
    /// A line a skill.
    Adoption,
    /// Agents × skills.
    Heat,
    /// Histogram at the round of the slider.
    Histogram,
    /// Quantiles over rounds.
    Quantiles,
    /// Agents in their places, coloured by level.
    Map,
    /// Origin company × receiver company.
    Taught,
    /// Shares of companies in the core, stacked.
    Lineage,
    /// Which of several hives leads.
    Leader,
}

/// One line of a figure of kind `lines`.
#[derive(Clone, Serialize)]
pub(super) struct Line {
    /// Index of the run.
    pub run: usize,
    /// The table that the column is of, where that is not the run's rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'static str>,
    /// Column of the table.
    pub column: Cow<'static, str>,
    /// Column of the standard deviation that is drawn as a band around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<&'static str>,
    /// As the legend calls it.
    pub label: String,
    /// Name of the colour in report.css, `--c-…`.
    pub colour: &'static str,
    /// Dash of the line, so that colour is never the only mark.
    pub dash: &'static str,
    /// Its last number as the legend shows it: from the full number, as captions are.
    pub last: String,
    /// The same as a number.
    #[serde(skip)]
    pub end: f64,
}

impl Line {
    /// A line of the hive's column, plain.
    pub fn of(column: impl Into<Cow<'static, str>>) -> Line {
        Line {
            run: 0,
            table: None,
            column: column.into(),
            band: None,
            label: String::new(),
            colour: "hive",
            dash: "solid",
            last: String::new(),
            end: f64::NAN,
        }
    }
}

/// Colours that tell parties apart, hives or companies: names in report.css without `--c-`.
pub(super) const COLOURS: [&str; 8] = ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7"];

/// Colour and dash of one of many parties: after eight the colours come again, with another dash.
pub(super) fn party(i: usize) -> (&'static str, &'static str) {
    let dashes = ["solid", "dashed", "dotted"];
    (COLOURS[i % COLOURS.len()], dashes[i / COLOURS.len() % dashes.len()])
}

/// One figure.
#[derive(Serialize)]
pub(super) struct Figure {
    /// Its id in the page.
    pub id: &'static str,
    pub kind: Kind,
    pub title: String,
    /// Label of the horizontal axis, with its unit.
    pub x: &'static str,
    /// Label of the vertical axis, with its unit.
    pub y: String,
    pub format: Format,
    pub lines: Vec<Line>,
    #[serde(skip)]
    pub caption: String,
    /// What was left out of it; empty where nothing was.
    #[serde(skip)]
    pub note: String,
    /// Why there is nothing to draw; empty where there is something.
    #[serde(skip)]
    pub missing: String,
    /// Whether it takes the page's full width.
    #[serde(skip)]
    pub wide: bool,
}

/// A table of a page beside the rows of its runs, which lines name by its key: columns by name,
/// among them `round`, what their horizontal axis counts.
#[derive(Serialize)]
pub(super) struct Columns {
    pub columns: BTreeMap<&'static str, Vec<Value>>,
}

/// Figures under one heading.
pub(super) struct Section {
    pub id: &'static str,
    pub title: &'static str,
    /// What it is about, in a sentence or two.
    pub lede: &'static str,
    pub figures: Vec<Figure>,
}

impl Figure {
    /// A figure of lines over rounds; without a line it says that there is no data.
    pub fn lines(
        id: &'static str,
        title: &str,
        y: &str,
        format: Format,
        mut lines: Vec<Line>,
    ) -> Self {
        for line in &mut lines {
            line.last = format.show(line.end);
        }
        let missing =
            if lines.is_empty() { "This run did not measure it.".into() } else { String::new() };
        Figure {
            id,
            kind: Kind::Lines,
            title: title.into(),
            x: ROUND,
            y: y.into(),
            format,
            lines,
            caption: String::new(),
            note: String::new(),
            missing,
            wide: false,
        }
    }

    /// The same with its caption.
    pub fn says(mut self, caption: String) -> Self {
        self.caption = caption;
        self
    }

    /// The same across the page's full width.
    pub fn wide(mut self) -> Self {
        self.wide = true;
        self
    }
}

/// The horizontal axis of everything that goes over rounds.
pub(super) const ROUND: &str = "round (cores published)";

/// The label of a level's axis in this world.
pub(super) fn level_unit(world: &World) -> &'static str {
    match world {
        World::Dataset(_) => "test accuracy (share right)",
        World::Nk(_) => "level (1 = the landscape's highest point)",
        World::MixedEffects(_) | World::Synthetic(_) => "level (0 = chance, 1 = oracle)",
    }
}

/// A column of the rows: its name and how to read it.
pub(super) type Column = (&'static str, fn(&RoundRow) -> f64);

/// Colour and dash of a run's line.
pub(super) fn style(key: &str) -> (&'static str, &'static str) {
    match key {
        "isolated" => ("isolated", "dashed"),
        "pooled" => ("pooled", "dotted"),
        _ => ("hive", "solid"),
    }
}

/// The same column of every run that has a number in it.
pub(super) fn every_run(runs: &[Run<'_>], (column, get): Column) -> Vec<Line> {
    let line = |(i, run): (usize, &Run<'_>)| {
        let (_, end) = last(run, get)?;
        let (colour, dash) = style(run.key);
        let label = run.label.into();
        Some(Line { run: i, label, colour, dash, end, ..Line::of(column) })
    };
    runs.iter().enumerate().filter_map(line).collect()
}

/// One column of the hive, if it has a number in it.
pub(super) fn hive_line(
    runs: &[Run<'_>],
    (column, get): Column,
    label: &str,
    colour: &'static str,
    dash: &'static str,
) -> Option<Line> {
    let (_, end) = last(runs.first()?, get)?;
    Some(Line { label: label.into(), colour, dash, end, ..Line::of(column) })
}
