//! The page of a comparison: a table, a dot for each strategy, its curve over the rounds.

use super::page::{STYLES, fill};
use super::text::{bytes, counted, level, significant};
use super::{ReportError, toml_html};
use crate::catalogue::Family;
use crate::compare::{Comparison, Estimate, Run, Standing};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("assets/comparison.html");
const STYLE: &str = include_str!("assets/comparison.css");
/// In the order in which they need one another.
const SCRIPTS: [&str; 4] = [
    include_str!("assets/base.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/comparison.js"),
    include_str!("assets/selfcheck.js"),
];
/// Curves that are drawn before the reader picks others: the best of each family.
const CURVES_A_FAMILY: usize = 1;

/// A row of the table.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    family: &'static str,
    core: String,
    panel: String,
    half: String,
    seconds: String,
    bytes: String,
}

/// Renders a comparison as one HTML page that holds all that it needs; all text from outside is
/// escaped.
///
/// # Errors
/// [`ReportError::Template`] and [`ReportError::Json`], which would be faults of hivesim's own.
pub fn render_comparison(
    comparison: &Comparison,
    scenario_toml: &str,
) -> Result<String, ReportError> {
    let name = match comparison.name.as_str() {
        "" => "Unnamed scenario",
        name => name,
    };
    let facts = [
        counted(comparison.standings.len() as u64, "strategy").replace("strategys", "strategies"),
        counted(comparison.seeds.len() as u64, "seed"),
        format!("{} refused", comparison.refused.len()),
    ];
    let data = data(comparison).to_string();
    let own = context! {
        name,
        question => comparison.question.as_str(),
        facts => facts.join(" · "),
        findings => findings(comparison),
        rows => Serde(rows(comparison)),
        bounds => comparison.bounds.len(),
        refused => Serde(&comparison.refused),
        errors => if comparison.seeds.len() > 1 { "Mean ± standard error over the seeds" } else { "One seed: no spread" },
        seeds => comparison.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        hash => comparison.result_hash(),
        scenario_html => toml_html::highlight(scenario_toml),
        style => STYLES.concat() + STYLE,
        script => SCRIPTS.concat(),
    };
    fill("comparison.html", TEMPLATE, &data, own)
}

/// What came out, in words made of the numbers.
fn findings(comparison: &Comparison) -> Vec<String> {
    let level_of = |standing: &Standing| standing.estimate(Run::level);
    let mut out = Vec::new();
    let (Some(first), Some(last)) = (comparison.standings.first(), comparison.standings.last())
    else {
        return out;
    };
    let (top, low) = (level_of(first), level_of(last));
    out.push(format!(
        "The core of {} ends highest, at {}; that of {} lowest, at {}.",
        first.name,
        with_error(top, level),
        last.name,
        with_error(low, level)
    ));
    let near = comparison.standings[1..].iter().filter(|standing| {
        let other = level_of(standing);
        let apart = (top.error * top.error + other.error * other.error).sqrt();
        top.mean - other.mean <= 2.0 * apart
    });
    if comparison.seeds.len() > 1 {
        let names: Vec<&str> = near.map(|standing| standing.name.as_str()).collect();
        let text = match names.len() {
            0 => "No other is within two standard errors of it.".to_owned(),
            1..=6 => format!("Within two standard errors of it: {}.", names.join(", ")),
            n => format!("{n} others are within two standard errors of it."),
        };
        out.push(text);
    }
    out.extend(beside_mean(comparison));
    for bound in &comparison.bounds {
        let bound_level = bound.estimate(|run| run.panel_skill);
        let above = |s: &&Standing| s.estimate(|run| run.panel_skill).mean > bound_level.mean;
        let count = comparison.standings.iter().filter(above).count();
        out.push(format!(
            "{} of {} leave their agents above the {} bound, at {}.",
            count,
            comparison.standings.len(),
            bound.name,
            with_error(bound_level, level)
        ));
    }
    out
}

/// Who ends above the plain mean whatever the seed: worlds differ more than strategies do, so
/// that each run is held to the mean's on the same seed.
fn beside_mean(comparison: &Comparison) -> Option<String> {
    let mean = comparison.standings.iter().find(|standing| standing.name == "mean")?;
    let ahead = |standing: &&Standing| {
        let pairs = standing.runs.iter().zip(&mean.runs);
        pairs.map(|(run, mean)| run.level() - mean.level()).all(|lead| lead > 0.0)
    };
    let names: Vec<&str> =
        comparison.standings.iter().filter(ahead).map(|standing| standing.name.as_str()).collect();
    let others = comparison.standings.len() - 1;
    let each = match comparison.seeds.len() {
        1 => "on this seed",
        2 => "on both seeds",
        _ => "on every seed",
    };
    Some(match names.len() {
        _ if others == 0 => return None,
        0 => format!("None of the {others} others ends above the mean {each}."),
        1..=8 => {
            format!("{} of {others} end above the mean {each}: {}.", names.len(), names.join(", "))
        }
        n => format!("{n} of {others} end above the mean {each}."),
    })
}

fn rows(comparison: &Comparison) -> Vec<Row<'_>> {
    let row = |standing: &'_ Standing| {
        let (half, never) = standing.time_to_half();
        let rounds = half.shown(1, "–");
        (
            standing.estimate(Run::level).shown(3, "–"),
            standing.estimate(|run| run.panel_skill).shown(3, "–"),
            match never {
                0 => rounds,
                n if n == standing.runs.len() => "never".into(),
                n => format!("{rounds}; {n} never"),
            },
            match standing.estimate(|run| run.merge_seconds).mean {
                seconds if seconds.is_finite() => significant(seconds, 2),
                _ => "–".into(),
            },
            bytes(standing.estimate(|run| run.bytes as f64).mean),
        )
    };
    let all = comparison.standings.iter().chain(&comparison.bounds);
    all.map(|standing| {
        let (core, panel, half, seconds, bytes) = row(standing);
        Row { name: &standing.name, family: standing.family, core, panel, half, seconds, bytes }
    })
    .collect()
}

fn with_error(estimate: Estimate, show: fn(f64) -> String) -> String {
    match estimate.error {
        0.0 => show(estimate.mean),
        error => format!("{} ± {}", show(estimate.mean), significant(error, 1)),
    }
}

/// What the scripts draw.
fn data(comparison: &Comparison) -> Value {
    let mut lines = Vec::new();
    let mut runs = Vec::new();
    let mut dots = Vec::new();
    let mut shown = [0; Family::ALL.len()];
    let all = comparison.standings.iter().chain(&comparison.bounds);
    for (run, standing) in all.enumerate() {
        let family = Family::ALL.iter().position(|family| family.name() == standing.family);
        let colour = family.map_or_else(|| standing.name.clone(), |family| format!("f{family}"));
        let hidden = family.is_some_and(|family| {
            shown[family] += 1;
            shown[family] > CURVES_A_FAMILY
        });
        let curve = standing.curve();
        let end = standing.estimate(Run::level);
        runs.push(json!({ "columns": {
            "round": curve.iter().map(|p| p.0).collect::<Vec<_>>(),
            "level": curve.iter().map(|p| number(p.1.mean)).collect::<Vec<_>>(),
            "error": curve.iter().map(|p| number(p.1.error)).collect::<Vec<_>>(),
        } }));
        lines.push(json!({
            "run": run, "column": "level",
            "band": if comparison.seeds.len() > 1 { Value::from("error") } else { Value::Null },
            "label": standing.name, "colour": colour, "last": level(end.mean), "hidden": hidden,
            "dash": if family.is_some() { "solid" } else { "dashed" },
        }));
        dots.push(json!({
            "name": standing.name, "family": standing.family, "colour": colour,
            "mean": number(end.mean), "error": number(end.error),
            "runs": standing.runs.iter().map(|run| number(run.level())).collect::<Vec<_>>(),
        }));
    }
    json!({
        "figures": [{
            "id": "fig-curves", "kind": "lines", "x": "round (cores published)",
            "y": "level of the core (0 = chance, 1 = oracle)", "format": "level", "lines": lines,
        }],
        "families": Family::ALL.map(Family::name),
        "runs": runs,
        "dots": dots,
    })
}

fn number(x: f64) -> Value {
    super::pack::number(x)
}
