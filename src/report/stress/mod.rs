//! The page of a battery: the leaderboard, a curve a hardship, a card a strategy.
//! Lives here: the page (`mod`), its figures (`figures`), what came out in words (`findings`).
//! May not: judge runs anew.

mod figures;
mod findings;

use self::figures::Page;
use super::page::{STYLES, fill};
use super::text::{counted, percent, significant};
use super::views::{SCRIPTS, STYLE, Section, headed, with_interval};
use super::{ReportError, toml_html};
use crate::stress::{Breakdown, Card, Cards, Curve, Findings, Standing, Stress};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::json;

const TEMPLATE: &str = include_str!("../assets/stress.html");

/// A line of the leaderboard.
#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    cells: Vec<String>,
}

/// A report card.
#[derive(Serialize)]
struct CardView {
    id: String,
    name: String,
    family: &'static str,
    refused: Option<String>,
    facts: String,
    rows: Vec<Line>,
    heat: Option<super::views::View>,
}

/// Renders a battery as one HTML page that holds all that it needs; all text from outside is
/// escaped.
///
/// # Errors
/// [`ReportError::Template`], which would be a fault of hivesim's own.
pub fn render_stress(
    stress: &Stress,
    findings: &Findings,
    cards: &Cards,
    result_hash: &str,
) -> Result<String, ReportError> {
    let battery = &stress.battery;
    let page = Page { stress, cards };
    let sections: Vec<Section> = page.sections();
    let views: Vec<CardView> =
        cards.cards.iter().enumerate().map(|(at, card)| page.card(at, card)).collect();
    let figures = sections.iter().flat_map(|section| &section.figures);
    let heats = views.iter().filter_map(|view| view.heat.as_ref());
    let data =
        json!({ "figures": figures.chain(heats).map(|view| &view.data).collect::<Vec<_>>() });
    let plural = |n: usize, noun: &str| counted(n as u64, noun);
    let short = if stress.quick { " in short" } else { "" };
    let facts = [
        format!("version {}{short}", battery.version),
        format!("{} strategies", cards.cards.len()),
        plural(battery.hardships.len(), "hardship"),
        plural(stress.seeds.len(), "seed"),
        plural(findings.runs().count(), "run"),
    ];
    let names: Vec<&str> = cards.cards.iter().map(|card| card.name.as_str()).collect();
    let scenario = if stress.text.is_empty() { "" } else { "scenario.toml" };
    let toml = toml::to_string(&battery.resolved(scenario, &names, &stress.seeds));
    let floor = percent(battery.floor);
    let own = context! {
        name => battery.name.as_str(),
        question => battery.question.as_str(),
        expect => battery.expect.as_str(),
        findings => page.findings(),
        facts => facts.join(" · "),
        sections => Serde(&sections),
        board => Serde(page.board()),
        skill => headed(stress.figure),
        floor => floor,
        cards => Serde(&views),
        seeds => stress.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        battery_html => toml_html::highlight(&toml.unwrap_or_default()),
        scenario_html => toml_html::highlight(&stress.text),
        hash => result_hash,
        style => STYLES.concat() + STYLE,
        script => SCRIPTS.concat(),
    };
    fill("stress.html", TEMPLATE, &data.to_string(), own)
}

impl Page<'_> {
    /// The leaderboard, a line each.
    fn board(&self) -> Vec<Line> {
        let line = |each: &Standing| {
            let rank = each.rank.map_or_else(|| "–".into(), |rank| format!("{rank:.2}"));
            let cost = &self.cards.cards[each.card].cost;
            Line {
                id: self.card_id(each.card),
                name: each.name.clone(),
                cells: vec![
                    with_interval(&each.clean),
                    with_interval(&each.stressed),
                    percent(each.kept),
                    significant(each.breakdown, 3),
                    format!("{} of {}", each.broken_by, each.faced),
                    each.weakest.clone().unwrap_or_else(|| "–".into()),
                    rank,
                    shown_ms(cost.merge_ms),
                ],
            }
        };
        self.cards.board.standings.iter().map(line).collect()
    }

    fn card_id(&self, card: usize) -> String {
        format!("card-{card}")
    }

    fn card(&self, at: usize, card: &Card) -> CardView {
        let cost = &card.cost;
        let facts = format!(
            "Clean {} · {} ms of merging a round · {} up and {} down a run",
            with_interval(&card.clean),
            shown_ms(cost.merge_ms),
            super::text::bytes(cost.bytes_up),
            super::text::bytes(cost.bytes_down),
        );
        CardView {
            id: self.card_id(at),
            name: card.name.clone(),
            family: card.family,
            refused: card.refused.clone(),
            facts,
            rows: card.curves.iter().map(|curve| self.row(curve)).collect(),
            heat: (card.refused.is_none()).then(|| self.heat_of(at, card)),
        }
    }

    /// A hardship on a card.
    fn row(&self, curve: &Curve) -> Line {
        let cells = match (&curve.refused, &curve.breakdown) {
            (Some(why), _) => vec![format!("refused: {why}"), "–".into(), "–".into(), "–".into()],
            (None, None) => vec!["–".into(); 4],
            (None, Some(fall)) => {
                let (point, interval) = breakdown(fall);
                vec![point, interval, with_interval(&curve.kept), with_interval(&curve.level)]
            }
        };
        Line { id: String::new(), name: curve.hardship.clone(), cells }
    }
}

/// A breakdown point and its interval in words.
fn breakdown(fall: &Breakdown) -> (String, String) {
    let number = |x: f64| significant(x, 3);
    let beyond = || "beyond".to_owned();
    let point = match fall.dose {
        Some(dose) => number(dose),
        None => "holds".into(),
    };
    let interval = match (fall.low, fall.high) {
        _ if fall.fell == 0 => format!("on all {}", counted(fall.seeds as u64, "seed")),
        (low, high) => format!(
            "{} to {} ({} of {} seeds)",
            low.map_or_else(beyond, number),
            high.map_or_else(beyond, number),
            fall.fell,
            fall.seeds
        ),
    };
    (point, interval)
}

fn shown_ms(ms: f64) -> String {
    if ms.is_finite() { significant(ms, 2) } else { "–".into() }
}
