//! The page: the template filled with text, data, styles and scripts.

use super::changes;
use super::data::{Kept, Run, rounds_note, runs};
use super::figures::{Figure, Kind};
use super::findings::findings;
use super::map::SpreadMap;
use super::payload::Payload;
use super::sections::sections;
use super::spread::{adoption, times};
use super::tiles::tiles;
use super::{ReportError, fits, text, toml_html};
use crate::measure::Outcome;
use crate::record::Histories;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

const TEMPLATE: &str = include_str!("assets/report.html");
/// How every page begins, from its `title`, `mark` and `heading`.
const HEAD: &str = include_str!("assets/head.html");
/// A figure of a page of many runs.
const FIGURE: &str = include_str!("assets/figure.html");
/// How every page ends.
const FOOT: &str = include_str!("assets/foot.html");
pub(super) const STYLES: [&str; 2] =
    [include_str!("assets/report.css"), include_str!("assets/print.css")];
const CHARTS: &str = include_str!("assets/vendor/echarts/echarts.custom.min.js");
/// In the order in which they need one another.
const SCRIPTS: [&str; 12] = [
    include_str!("assets/base.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/adoption.js"),
    include_str!("assets/frames.js"),
    include_str!("assets/heatmap.js"),
    include_str!("assets/map.js"),
    include_str!("assets/taught.js"),
    include_str!("assets/lineage.js"),
    include_str!("assets/spread.js"),
    include_str!("assets/leader.js"),
    include_str!("assets/page.js"),
    include_str!("assets/selfcheck.js"),
];
const LICENCES: [(&str, &str); 5] = [
    ("Apache ECharts: notice", include_str!("assets/vendor/echarts/NOTICE")),
    ("Apache ECharts: Apache License 2.0", include_str!("assets/vendor/echarts/LICENSE")),
    ("zrender: BSD 3-Clause", include_str!("assets/vendor/echarts/LICENSE-zrender")),
    ("d3, parts in ECharts: BSD 3-Clause", include_str!("assets/vendor/echarts/LICENSE-d3")),
    ("tslib: 0BSD", include_str!("assets/vendor/echarts/LICENSE-tslib")),
];
/// Most skills in the table of adoption times.
const TABLE_SKILLS_MAX: usize = 500;

/// A section as the template sees it.
#[derive(Serialize)]
struct SectionView<'a> {
    id: &'static str,
    title: &'static str,
    lede: &'static str,
    figures: Vec<FigureView<'a>>,
}

/// A figure as the template sees it.
#[derive(Serialize)]
struct FigureView<'a> {
    id: &'static str,
    kind: Kind,
    title: &'a str,
    x: &'static str,
    y: &'a str,
    caption: &'a str,
    note: &'a str,
    missing: &'a str,
    wide: bool,
}

/// One skill in the table of adoption times.
#[derive(Serialize)]
struct SkillRow<'a> {
    name: &'a str,
    frequency: String,
    /// Share of the panel that practised it at all.
    practised: String,
    /// Time to half of the panel, a run.
    halves: Vec<String>,
    /// Share of the hive's panel that has it at the end.
    held: String,
    /// What the laws through the hive's curve say.
    fits: Vec<String>,
}

/// Renders an outcome as one HTML page that holds all that it needs.
///
/// `histories` are the outcome's own, made once for the page and the tables; `summary` is
/// shown as it is; `scenario_toml` is the scenario's text, shown with light
/// colouring. All text that comes from outside is escaped.
///
/// # Errors
/// [`ReportError::Empty`] for a run without rounds, [`ReportError::Shape`] for a frame of the
/// wrong size.
pub fn render(
    outcome: &Outcome,
    histories: &Histories<'_>,
    summary: &str,
    scenario_toml: &str,
) -> Result<String, ReportError> {
    let runs = runs(outcome, histories)?;
    let kept = Kept::of(&outcome.hive);
    let map = SpreadMap::of(outcome, &kept);
    let (sections, empty): (Vec<_>, Vec<_>) =
        sections(outcome, &runs, &kept, map.as_ref(), histories.taught())
            .into_iter()
            .partition(|section| section.figures.iter().any(|figure| figure.missing.is_empty()));
    let left_out: Vec<&str> = empty.iter().map(|section| section.title).collect();
    let figures: Vec<&Figure> = sections.iter().flat_map(|s| &s.figures).collect();
    let data = serde_json::to_string(&Payload::new(
        outcome,
        &runs,
        &kept,
        &figures,
        map,
        histories.taught(),
    )?)?;
    let views: Vec<SectionView<'_>> = sections
        .iter()
        .map(|s| SectionView {
            id: s.id,
            title: s.title,
            lede: s.lede,
            figures: s.figures.iter().map(FigureView::of).collect(),
        })
        .collect();
    let scenario = &outcome.scenario;
    let rounds_run = outcome.hive.rounds.last().map_or(0, |r| r.round);
    let skills = outcome.hive.skills.len();

    let own = context! {
        name => if scenario.name.is_empty() { "Unnamed scenario" } else { scenario.name.as_str() },
        question => scenario.question.as_str(),
        expect => scenario.expect.as_str(),
        findings => findings(outcome, &runs),
        facts => facts(outcome, rounds_run),
        changes => Serde(changes::marks(outcome)),
        complete => outcome.complete,
        rounds_run,
        measured_round => outcome.hive.frames.last().map_or(0, |frame| frame.round),
        rounds_planned => scenario.rounds.0,
        tiles => Serde(tiles(outcome, &runs)),
        hash => outcome.result_hash.as_str(),
        sections => Serde(views),
        left_out => left_out.join(", "),
        run_labels => runs.iter().map(|r| r.label).collect::<Vec<_>>(),
        skill_rows => Serde(skill_rows(&runs, scenario.measure.adopted)),
        skill_rows_left_out => skills.saturating_sub(TABLE_SKILLS_MAX),
        rounds_note => rounds_note(&outcome.hive),
        adopted => text::level(scenario.measure.adopted),
        scenario_html => toml_html::highlight(scenario_toml),
        summary => summary.trim_end(),
        style => STYLES.concat(),
        script => SCRIPTS.concat(),
    };
    fill("report.html", TEMPLATE, &data, own)
}

/// Fills a page's template in with what is its own, and with what all pages have.
pub(super) fn fill(
    name: &str,
    template: &str,
    data: &str,
    own: Value,
) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    // The names' endings turn on the escaping of everything that is not marked safe.
    environment.add_template("head.html", HEAD)?;
    environment.add_template("figure.html", FIGURE)?;
    environment.add_template("foot.html", FOOT)?;
    environment.add_template(name, template)?;
    let shared = context! {
        licences => Serde(LICENCES),
        charts => CHARTS,
        // Inside a script element only `<` could end it; in JSON it only occurs in strings.
        data => data.replace('<', "\\u003c"),
    };
    Ok(environment.get_template(name)?.render(context! { ..own, ..shared })?)
}

impl<'a> FigureView<'a> {
    fn of(figure: &'a Figure) -> Self {
        FigureView {
            id: figure.id,
            kind: figure.kind,
            title: &figure.title,
            x: figure.x,
            y: &figure.y,
            caption: &figure.caption,
            note: &figure.note,
            missing: &figure.missing,
            wide: figure.wide,
        }
    }
}

/// The run in a line: `200 agents · panel of 64 · …`.
fn facts(outcome: &Outcome, rounds_run: u32) -> String {
    let hive = &outcome.hive;
    let mut parts = Vec::new();
    if outcome.scenario.fleet.agents > 0 {
        parts.push(text::counted(u64::from(outcome.scenario.fleet.agents), "agent"));
    }
    parts.push(format!("panel of {}", text::count(hive.panel.len() as u64)));
    parts.push(text::counted(hive.skills.len() as u64, "skill"));
    parts.push(text::counted(u64::from(rounds_run), "round"));
    parts.push(format!("{} parameters in the core", text::count(hive.parameters as u64)));
    parts.push(format!("seed {}", outcome.scenario.seed.0));
    parts.push(format!("{} s", text::significant(hive.seconds, 3)));
    parts.join(" · ")
}

/// The table of adoption times, most frequent skill first.
fn skill_rows<'a>(runs: &[Run<'a>], adopted: f64) -> Vec<SkillRow<'a>> {
    let hive = runs[0].trace;
    let skills = hive.skills.len();
    let tables: Vec<(Vec<u32>, Vec<Vec<f64>>)> = runs
        .iter()
        .map(|run| {
            let frames = &run.trace.frames;
            let shares = frames.iter().map(|f| adoption(f, run.trace.skills.len(), adopted));
            (frames.iter().map(|f| f.round).collect(), shares.collect())
        })
        .collect();
    let practised = |s: usize| {
        let counts = hive.frames.last().map_or(&[][..], |f| &f.practised);
        let column = counts.iter().skip(s).step_by(skills.max(1));
        let (all, some) = column.fold((0, 0), |(all, some), &n| (all + 1, some + u32::from(n > 0)));
        f64::from(some) / f64::from(all)
    };
    let half = |(rounds, shares): &(Vec<u32>, Vec<Vec<f64>>), s| {
        times(rounds, shares, s, 0.5).map_or_else(|| "never".into(), |r| r.to_string())
    };
    (0..skills.min(TABLE_SKILLS_MAX))
        .map(|s| SkillRow {
            name: &hive.skills[s],
            frequency: hive
                .frequencies
                .get(s)
                .map_or_else(String::new, |f| format!("{} %", text::significant(f * 100.0, 2))),
            practised: text::percent(practised(s)),
            halves: tables.iter().map(|t| half(t, s)).collect(),
            fits: fits::cells(runs[0].spread.get(s)),
            held: text::percent(tables[0].1.last().map_or(f64::NAN, |shares| shares[s])),
        })
        .collect()
}
