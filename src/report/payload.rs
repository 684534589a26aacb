//! The numbers that the page carries: thinned, rounded and packed, as one JSON object.

use super::ReportError;
use super::changes::{self, Mark};
use super::data::{ADOPTION_ROUNDS_MAX, Kept, ROUNDS_MAX, Run};
use super::figures::{Columns, Figure};
use super::fits::SkillFits;
use super::hives::HivesData;
use super::map::SpreadMap;
use super::origins::{LineageData, TaughtData};
use super::pack::{evenly, integers, number, shortened, thousandths};
use super::spread::{self, adoption, histogram, own_levels, quantiles};
use super::{interference, newcomers, pace};
use crate::measure::spread::Matrix;
use crate::measure::{Frame, Outcome, Trace};
use serde::Serialize;
use serde_json::{Map, Value};

/// Everything that the scripts of the page read.
#[derive(Serialize)]
pub(super) struct Payload<'a> {
    name: &'a str,
    adopted: f64,
    figures: &'a [&'a Figure],
    skills: Vec<SkillEntry<'a>>,
    panel: Vec<Agent>,
    /// Shares of the kept skills in the kept agents' work, thousandths, packed.
    jobs: String,
    frame_rounds: Vec<u32>,
    /// Where keys changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Mark>,
    bins: Bins,
    /// The spread map.
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<SpreadMap>,
    /// Who taught whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    taught: Option<TaughtData>,
    /// Whose learning the core is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    lineage: Option<LineageData>,
    /// Of several hives.
    #[serde(skip_serializing_if = "Option::is_none")]
    hives: Option<HivesData>,
    /// What merges did to those merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    interference: Option<Columns>,
    /// Of those who joined late.
    #[serde(skip_serializing_if = "Option::is_none")]
    newcomers: Option<Columns>,
    /// Skill against the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Columns>,
    /// How stale learnings are.
    #[serde(skip_serializing_if = "Option::is_none")]
    ages: Option<Columns>,
    runs: Vec<RunData>,
}

#[derive(Serialize)]
struct SkillEntry<'a> {
    name: &'a str,
    rank: usize,
    frequency: Value,
}

#[derive(Serialize)]
struct Agent {
    agent: u32,
    company: u32,
    /// Rank of the skill that takes the largest share of its work.
    main: usize,
}

#[derive(Serialize)]
struct Bins {
    from: f64,
    width: f64,
}

#[derive(Serialize)]
struct RunData {
    key: &'static str,
    label: &'static str,
    /// The rows of the rounds, column by column; a column without any number is left out.
    columns: Map<String, Value>,
    adoption_rounds: Vec<u32>,
    /// Shares of the panel, adoption round by kept skill.
    adoption: Vec<Vec<Value>>,
    /// Laws through the curves, a kept skill; empty where nothing was fitted.
    fits: Vec<SkillFits>,
    /// Levels, frame × agent × skill, packed; absent where nothing was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<String>,
    /// The bare core's levels, likewise; of the hive alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    core: Option<String>,
    /// Index of the first kept frame by which the agent had practised the skill, agent ×
    /// skill, packed; −1 for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    practised: Option<String>,
    /// Agents in each bin of own-job level, a kept frame.
    histograms: Vec<Vec<u32>>,
    /// Quantiles of the own-job levels, a kept frame.
    quantiles: Vec<Vec<Value>>,
}

impl<'a> Payload<'a> {
    /// Gathers the page's numbers. Costs one pass over all frames.
    pub fn new(
        outcome: &'a Outcome,
        runs: &[Run<'_>],
        kept: &Kept,
        figures: &'a [&'a Figure],
        map: Option<SpreadMap>,
        taught: Option<&Matrix>,
    ) -> Result<Self, ReportError> {
        let hive = &outcome.hive;
        let frame_rounds = kept.frames.iter().map(|&f| hive.frames[f].round).collect::<Vec<_>>();
        let skill = |&s: &usize| SkillEntry {
            name: &hive.skills[s],
            rank: s,
            frequency: number(hive.frequencies.get(s).copied().unwrap_or(f64::NAN)),
        };
        let agent = |&i: &usize| {
            let member = &hive.panel[i];
            let larger =
                |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1).then(b.0.cmp(&a.0));
            let main = member.job.iter().enumerate().max_by(larger).map_or(0, |(s, _)| s);
            Agent { agent: member.agent.0, company: member.company.0, main }
        };
        let job = |&i: &usize| {
            let job = &hive.panel[i].job;
            kept.skills.iter().map(|&s| job.get(s).map_or(f64::NAN, |&x| f64::from(x)))
        };
        Ok(Payload {
            name: &outcome.scenario.name,
            adopted: outcome.scenario.measure.adopted,
            figures,
            skills: kept.skills.iter().map(skill).collect(),
            panel: kept.agents.iter().map(agent).collect(),
            jobs: thousandths(kept.agents.iter().flat_map(job)),
            changes: changes::marks(outcome),
            bins: Bins { from: spread::BINS_FROM, width: spread::BIN },
            map,
            taught: taught.map(|matrix| TaughtData::of(matrix, kept)),
            lineage: LineageData::of(hive),
            hives: HivesData::of(&hive.hives),
            interference: interference::columns(hive),
            newcomers: newcomers::columns(hive),
            time: pace::times(runs),
            ages: pace::ages(hive),
            runs: runs
                .iter()
                .map(|run| RunData::new(run, outcome, kept, &frame_rounds))
                .collect::<Result<_, _>>()?,
            frame_rounds,
        })
    }
}

impl RunData {
    fn new(
        run: &Run<'_>,
        outcome: &Outcome,
        kept: &Kept,
        frame_rounds: &[u32],
    ) -> Result<Self, ReportError> {
        let (trace, hive) = (run.trace, &outcome.hive);
        // A bound stopped early lacks frames; one that measured another panel has no place
        // in the hive's heat map.
        let same = trace.panel.len() == hive.panel.len() && trace.skills.len() == hive.skills.len();
        let wanted = if same { frame_rounds } else { &[] };
        let frame_of = |r: &u32| {
            trace.frames.binary_search_by_key(r, |f| f.round).ok().map(|i| &trace.frames[i])
        };
        let frames: Vec<&Frame> = wanted.iter().map_while(frame_of).collect();
        let cells: Vec<usize> = kept
            .agents
            .iter()
            .flat_map(|&i| kept.skills.iter().map(move |&s| i * trace.skills.len() + s))
            .collect();
        let pack = |levels: fn(&Frame) -> &[f32]| pack_levels(&frames, &cells, levels);
        let own: Vec<Vec<f64>> = frames.iter().map(|f| own_levels(trace, f)).collect();
        let adoption_frames = evenly(trace.frames.len(), ADOPTION_ROUNDS_MAX);
        let shares = |&f: &usize| {
            let all =
                adoption(&trace.frames[f], trace.skills.len(), outcome.scenario.measure.adopted);
            kept.skills.iter().map(|&s| number(all.get(s).copied().unwrap_or(f64::NAN))).collect()
        };
        Ok(RunData {
            key: run.key,
            label: run.label,
            columns: columns(trace)?,
            adoption_rounds: adoption_frames.iter().map(|&f| trace.frames[f].round).collect(),
            adoption: adoption_frames.iter().map(shares).collect(),
            fits: kept
                .skills
                .iter()
                .filter_map(|&s| run.spread.get(s))
                .map(SkillFits::of)
                .collect(),
            levels: pack(|f| &f.panel),
            core: if run.key == "hive" { pack(|f| &f.core) } else { None },
            practised: pack_practice(&frames, &cells),
            histograms: own.iter().map(|levels| histogram(levels)).collect(),
            quantiles: own
                .iter()
                .map(|levels| quantiles(levels).into_iter().map(number).collect())
                .collect(),
        })
    }
}

/// The cells' levels, frame by frame; `None` where there is not one.
fn pack_levels(frames: &[&Frame], cells: &[usize], levels: fn(&Frame) -> &[f32]) -> Option<String> {
    let all = || {
        frames.iter().flat_map(|f| {
            cells.iter().map(move |&c| levels(f).get(c).map_or(f64::NAN, |&x| f64::from(x)))
        })
    };
    all().any(f64::is_finite).then(|| thousandths(all()))
}

/// For each cell the first frame by which it had been practised, −1 for never; practice only
/// grows, so that one number says it for all frames. `None` where it was not counted.
fn pack_practice(frames: &[&Frame], cells: &[usize]) -> Option<String> {
    if frames.is_empty() || frames.iter().any(|f| f.practised.is_empty()) {
        return None;
    }
    let first =
        |&c: &usize| frames.iter().position(|f| f.practised[c] > 0).map_or(-1, |f| f as i16);
    Some(integers(cells.iter().map(first)))
}

/// The rows column by column, with running totals of value and bytes beside them.
pub(super) fn columns(trace: &Trace) -> Result<Map<String, Value>, ReportError> {
    let mut columns: Map<String, Value> = Map::new();
    let kept = evenly(trace.rounds.len(), ROUNDS_MAX);
    for &r in &kept {
        if let Value::Object(row) = serde_json::to_value(&trace.rounds[r])? {
            for (name, value) in row {
                push(&mut columns, name, shortened(value));
            }
        }
    }
    // Totals run over all rounds, also over those that thinning leaves out.
    let (mut value, mut bytes) = (0.0, 0.0);
    let mut next = kept.iter().peekable();
    for (r, row) in trace.rounds.iter().enumerate() {
        value += if row.value.is_finite() { row.value } else { 0.0 };
        bytes += (row.bytes_up + row.bytes_down) as f64;
        if next.next_if_eq(&&r).is_some() {
            push(&mut columns, "value_total".into(), number(value));
            push(&mut columns, "bytes_total".into(), number(bytes));
        }
    }
    columns.retain(|_, c| c.as_array().is_some_and(|c| c.iter().any(|x| !x.is_null())));
    Ok(columns)
}

fn push(columns: &mut Map<String, Value>, name: String, value: Value) {
    if let Value::Array(column) = columns.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        column.push(value);
    }
}
