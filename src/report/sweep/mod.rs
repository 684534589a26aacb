//! The page of a sweep, a section a figure.
//! Lives here: the page (`mod`), its figures (`figures`), what came out in words (`findings`).
//! May not: judge runs anew.

mod figures;
mod findings;

use super::page::{STYLES, fill};
use super::text::counted;
use super::views::{SCRIPTS, STYLE, Section, headed, p_value, with_interval};
use super::{ReportError, toml_html};
use crate::sweep::{Analysis, Figure, Finished, Interaction, Judged, Sweep};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::json;

const TEMPLATE: &str = include_str!("../assets/sweep.html");
/// Cases in the table.
const ROWS_MAX: usize = 200;
/// Failures that are told of.
const FAILED_MAX: usize = 50;

/// A row of the table.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    cells: Vec<String>,
}

/// A run that came to nothing.
#[derive(Serialize)]
struct Failed<'a> {
    case: &'a str,
    seed: u64,
    cause: &'a str,
}

/// Renders a sweep as one HTML page that holds all that it needs; all text from outside is
/// escaped.
///
/// # Errors
/// [`ReportError::Template`], which would be a fault of hivesim's own.
pub fn render_sweep(
    sweep: &Sweep,
    runs: &[Finished],
    analysis: &Analysis,
    result_hash: &str,
) -> Result<String, ReportError> {
    let figured = || sweep.figures.iter().zip(&analysis.figures);
    let sections: Vec<Section> =
        figured().map(|(figure, judged)| Page { sweep, figure, judged }.section()).collect();
    let views = sections.iter().flat_map(|section| &section.figures);
    let data = json!({ "figures": views.map(|view| &view.data).collect::<Vec<_>>() });
    let failed: Vec<Failed<'_>> = runs
        .iter()
        .enumerate()
        .filter_map(|(i, run)| {
            let (case, seed) = sweep.run(i);
            Some(Failed { case: &case.name, seed, cause: run.result.as_ref().err()? })
        })
        .collect();
    let plural = |n: usize, noun: &str| counted(n as u64, noun);
    let facts = [
        plural(sweep.design.cases.len(), "case"),
        plural(sweep.seeds.len(), "seed"),
        plural(runs.len(), "run"),
        format!("{} failed", failed.len()),
    ];
    let cells =
        |i: usize| analysis.figures.iter().map(|judged| with_interval(&judged.cases[i])).collect();
    let cases = sweep.design.cases.iter().enumerate().take(ROWS_MAX);
    let rows: Vec<Row<'_>> =
        cases.map(|(i, case)| Row { name: &case.name, cells: cells(i) }).collect();
    let plan = toml::to_string(&sweep.resolved()).unwrap_or_default();
    let own = context! {
        name => if sweep.plan.name.is_empty() { "Unnamed sweep" } else { sweep.plan.name.as_str() },
        question => sweep.plan.question.as_str(),
        expect => sweep.plan.expect.as_str(),
        findings => figured().flat_map(|(figure, judged)| Page { sweep, figure, judged }.findings()).collect::<Vec<_>>(),
        facts => facts.join(" · "),
        sections => Serde(&sections),
        heads => sweep.figures.iter().map(|figure| headed(figure)).collect::<Vec<_>>(),
        rows => Serde(&rows),
        rows_left_out => sweep.design.cases.len().saturating_sub(ROWS_MAX),
        failed => Serde(&failed[..failed.len().min(FAILED_MAX)]),
        failed_left_out => failed.len().saturating_sub(FAILED_MAX),
        seeds => sweep.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
        plan_html => toml_html::highlight(&plan),
        scenario_html => toml_html::highlight(&sweep.text),
        hash => result_hash,
        style => STYLES.concat() + STYLE,
        script => SCRIPTS.concat(),
    };
    fill("sweep.html", TEMPLATE, &data.to_string(), own)
}

/// What of a figure the page shows.
struct Page<'a> {
    sweep: &'a Sweep,
    figure: &'static Figure,
    judged: &'a Judged,
}

impl Page<'_> {
    /// The cases, the best first; those without a number last.
    fn best_first(&self) -> Vec<usize> {
        let sign = if self.figure.high_is_better { -1.0 } else { 1.0 };
        let key = |i: &usize| match self.judged.cases[*i].mean {
            mean if mean.is_nan() => f64::INFINITY,
            mean => sign * mean,
        };
        let mut order: Vec<usize> = (0..self.judged.cases.len()).collect();
        order.sort_by(|a, b| key(a).total_cmp(&key(b)));
        order
    }

    /// A difference of differences in words.
    fn contrast_name(&self, interaction: &Interaction, [i, j]: [usize; 2]) -> String {
        let [first, second] = interaction.axes.map(|axis| &self.sweep.design.factors[axis].levels);
        format!("({} − {}) at {} − at {}", first[i], first[0], second[j], second[0])
    }
}
