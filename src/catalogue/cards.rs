//! Measured report cards: what the standard stress battery made of every strategy, kept beside the
//! catalogue by `cargo run --release --example report_cards`.

use super::Entry;
use crate::scenario::Stage;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// All cards, and of which battery they are.
#[derive(Debug, Deserialize)]
pub struct ReportCards {
    /// The battery's name.
    pub battery: String,
    /// Its version.
    pub version: u32,
    /// How many seeds.
    pub seeds: usize,
    /// The share of the clean run's skill below which a strategy breaks down.
    pub floor: f64,
    /// The hardships, in order.
    pub hardships: Vec<Faced>,
    /// The cards, by pipeline.
    pub cards: BTreeMap<String, ReportCard>,
}

/// A hardship of the battery.
#[derive(Debug, Deserialize)]
pub struct Faced {
    /// What it is called.
    pub name: String,
    /// Its family.
    pub family: String,
}

/// What the battery made of a pipeline.
#[derive(Debug, Deserialize)]
pub struct ReportCard {
    /// Why it faced nothing, if so; then nothing else is known.
    pub refused: Option<String>,
    /// Skill in the clean hive, and its 95 % interval.
    pub clean: [Option<f64>; 3],
    /// Skill under hardship, and its interval.
    pub stressed: [Option<f64>; 3],
    /// What of the clean skill that is.
    pub kept: Option<f64>,
    /// Mean rank.
    pub rank: Option<f64>,
    /// Breakdown points, a hardship each.
    pub falls: Vec<Fall>,
}

/// Where a pipeline breaks down under a hardship.
#[derive(Debug, Deserialize)]
pub struct Fall {
    /// Why it was not put to it.
    pub refused: Option<String>,
    /// The dose; none where it holds.
    pub dose: Option<f64>,
    /// The interval's lower end; none beyond the highest dose.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

/// The cards that hivesim comes with.
pub fn report_cards() -> &'static ReportCards {
    static CARDS: LazyLock<ReportCards> = LazyLock::new(|| {
        serde_json::from_str(include_str!("cards.json")).expect("made by the example")
    });
    &CARDS
}

/// An entry's cards: of the pipelines that `hivesim compare` names for it, with its defaults and with
/// settings of its own.
fn cards_of<'a>(
    all: &'a ReportCards,
    entry: &Entry,
) -> impl Iterator<Item = (&'a str, &'a ReportCard)> {
    let name = entry.name;
    let (before, after) = match entry.stage {
        Stage::Combine => (name.to_owned(), ""),
        Stage::Solver | Stage::Pre => (format!("{name}+"), ""),
        Stage::Server if name == "plain" => ("mean".to_owned(), ""),
        Stage::Server => ("mean+".to_owned(), name),
    };
    let own = move |pipeline: &str| match (entry.stage, pipeline.strip_prefix(&before)) {
        (_, None) => false,
        (Stage::Solver | Stage::Pre, Some(_)) => true,
        (_, Some(rest)) => rest == after || rest.starts_with('('),
    };
    let cards = all.cards.iter().map(|(pipeline, card)| (pipeline.as_str(), card));
    cards.filter(move |(pipeline, _)| own(pipeline))
}

/// An entry's cards as Markdown; empty where it has none.
pub(super) fn section(entry: &Entry) -> String {
    let all = report_cards();
    let mut text = String::new();
    for (pipeline, card) in cards_of(all, entry) {
        let _ = write!(text, "\nReport card of `{pipeline}`: {}\n", summary(all, card));
        if card.refused.is_some() {
            continue;
        }
        text += "\n| under | breaks down at, or holds |\n| --- | --- |\n";
        for (family, falls) in by_family(all, card) {
            let _ = writeln!(text, "| {family} | {} |", falls.join(" · "));
        }
    }
    text
}

/// An entry's cards for a terminal; empty where it has none.
pub(super) fn sheet(entry: &Entry) -> String {
    let all = report_cards();
    let mut text = String::new();
    for (pipeline, card) in cards_of(all, entry) {
        let _ = write!(
            text,
            "\nReport card of {pipeline} ({} battery, version {}):\n  {}\n",
            all.battery,
            all.version,
            summary(all, card)
        );
        for (family, falls) in by_family(all, card) {
            let _ = writeln!(text, "  {family}: {}", falls.join(", "));
        }
    }
    text
}

fn summary(all: &ReportCards, card: &ReportCard) -> String {
    if let Some(why) = &card.refused {
        return format!("the hive refuses it: {why}.");
    }
    let level = |[mean, low, high]: [Option<f64>; 3]| match (mean, low, high) {
        (Some(mean), Some(low), Some(high)) => format!("{mean:.3} ({low:.3} to {high:.3})"),
        (Some(mean), ..) => format!("{mean:.3}"),
        _ => "not measured".into(),
    };
    let kept = card.kept.map_or_else(String::new, |kept| {
        format!(", {:.0} % of the clean skill in the mean over hardships", 100.0 * kept)
    });
    let rank = card.rank.map_or_else(String::new, |rank| {
        let ranked = all.cards.values().filter(|card| card.rank.is_some()).count();
        format!("; mean rank {rank:.1} of {ranked}")
    });
    format!(
        "skill {} clean, {} under hardship{kept}{rank}.",
        level(card.clean),
        level(card.stressed)
    )
}

/// Breakdown points family by family, in the battery's order.
fn by_family<'a>(all: &'a ReportCards, card: &ReportCard) -> Vec<(&'a str, Vec<String>)> {
    let mut families: Vec<(&str, Vec<String>)> = Vec::new();
    for (hardship, fall) in all.hardships.iter().zip(&card.falls) {
        let at = match fall {
            Fall { refused: Some(_), .. } => "refused".into(),
            Fall { dose: None, .. } => "holds".into(),
            Fall { dose: Some(dose), low, high, .. } => {
                let end = |end: &Option<f64>| end.map_or("beyond".into(), |end| end.to_string());
                format!("{dose} ({} to {})", end(low), end(high))
            }
        };
        let told = format!("{} {at}", hardship.name);
        match families.iter_mut().find(|(family, _)| *family == hardship.family) {
            Some((_, falls)) => falls.push(told),
            None => families.push((&hardship.family, vec![told])),
        }
    }
    families
}
