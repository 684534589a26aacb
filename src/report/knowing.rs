//! The sections that are drawn from the frames: how skills spread, and who knows what.

use super::captions::{self as say, Words};
use super::data::Kept;
use super::figures::{Figure, Format, Kind, ROUND, Section, level_unit};
use super::map::{self, SpreadMap};
use super::{fits, origins};
use crate::measure::Frame;
use crate::measure::spread::Matrix;

/// A figure that a script of its own draws from the frames.
fn drawn(
    id: &'static str,
    kind: Kind,
    title: &str,
    x: &'static str,
    y: &str,
    w: &Words<'_>,
) -> Figure {
    let format = if kind == Kind::Adoption { Format::Percent } else { Format::Level };
    let mut figure = Figure::lines(id, title, y, format, Vec::new());
    figure.kind = kind;
    figure.x = x;
    figure.missing = if say::any_level(w) {
        String::new()
    } else {
        "No level of skill was measured in this run.".into()
    };
    figure
}

pub(super) fn adoption(w: &Words<'_>, kept: &Kept) -> Section {
    let hive = w.runs[0].trace;
    let round = |frame: Option<&Frame>| frame.map_or(0, |frame| frame.round);
    let measured = (round(hive.frames.first()), round(hive.frames.last()));
    let mut figure = drawn(
        "fig-adoption",
        Kind::Adoption,
        "Adoption of every skill",
        ROUND,
        "share of the panel (%)",
        w,
    )
    .says(say::adoption(w) + &fits::caption(&hive.skills, w.runs[0].spread, measured))
    .wide();
    figure.note = kept.adoption_note(&w.outcome.hive);
    Section {
        id: "adoption",
        title: "How skills spread",
        lede: "For each skill, the share of the panel that has adopted it, whether or not the agent ever practised it. Listed and coloured from the most frequent skill to the rarest.",
        figures: vec![figure],
    }
}

pub(super) fn heat(
    w: &Words<'_>,
    kept: &Kept,
    map: Option<&SpreadMap>,
    taught: Option<&Matrix>,
) -> Section {
    let level = level_unit(&w.outcome.scenario.world);
    let spread = map.map(|map| {
        let unit = format!("no axis; colour: {level}");
        let mut figure =
            drawn("fig-map", Kind::Map, "Where skill is", "no axis (places)", &unit, w)
                .says(map::caption(w.outcome, map))
                .wide();
        figure.note = map::note(map);
        figure
    });
    let mut heat = drawn(
        "fig-heat",
        Kind::Heat,
        "Level of every agent in every skill",
        "skill, most frequent first",
        &format!("panel agent; colour: {level}"),
        w,
    )
    .says(say::heat(w))
    .wide();
    heat.note = kept.heat_note(&w.outcome.hive);
    let histogram = drawn(
        "fig-histogram",
        Kind::Histogram,
        "Agents by skill on their own job, at this round",
        level,
        "panel agents (number)",
        w,
    )
    .says(say::histogram(w));
    let quantiles = drawn(
        "fig-quantiles",
        Kind::Quantiles,
        "Spread of the hive's agents over rounds",
        ROUND,
        level,
        w,
    )
    .says(say::quantiles(w));
    Section {
        id: "who",
        title: "Who knows what",
        lede: "The slider moves these figures through the measured rounds.",
        figures: spread
            .into_iter()
            .chain(taught.map(|matrix| origins::taught(w.outcome, matrix)))
            .chain([heat, histogram, quantiles])
            .collect(),
    }
}
