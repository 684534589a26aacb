//! The tables of a run's rounds and skills: what a row is, and its columns. One table holds all fleets.

use super::error::RecordError;
use super::fleets;
use super::manifest::FileEntry;
use super::staging::Staging;
use super::table::{Cell, Column, Table};
use crate::measure::{Frame, Outcome, RoundRow, Trace, mean};

/// `level` in a unit: 0 is chance, 1 the oracle.
pub(super) const LEVEL: &str = "level";

/// Writes `rounds` and `skills`.
pub(super) fn write_all(
    staging: &Staging,
    outcome: &Outcome,
) -> Result<Vec<FileEntry>, RecordError> {
    let adopted = outcome.scenario.measure.adopted;
    let hash = &outcome.result_hash;
    Ok(vec![
        staging.write_table(&rounds_table(), hash, round_rows(outcome))?,
        staging.write_table(&skills_table(), hash, skill_rows(outcome, adopted))?,
    ])
}

/// A fleet's round.
pub(super) struct FleetRound<'a> {
    fleet: &'static str,
    row: &'a RoundRow,
}

fn round_rows(outcome: &Outcome) -> impl Iterator<Item = FleetRound<'_>> {
    fleets(outcome)
        .flat_map(|(fleet, trace)| trace.rounds.iter().map(move |row| FleetRound { fleet, row }))
}

/// Every field of [`RoundRow`], under its own name where that says the unit.
#[rustfmt::skip]
pub(super) fn rounds_table<'a>() -> Table<FleetRound<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "rounds", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "publications so far; 0 is the initial core", Integer(|r| r.row.round.into())),
        c("time", "rounds of work", "when the core was published, in virtual time: 1 is what an agent of the speed 1 takes for a round's work", Real(|r| r.row.time)),
        c("core_skill", LEVEL, "mean over the panel of the bare core's level on each agent's own job", Real(|r| r.row.core_skill)),
        c("panel_skill", LEVEL, "mean over the panel of the agents' own level on their own jobs", Real(|r| r.row.panel_skill)),
        c("panel_skill_sd", LEVEL, "standard deviation over the panel of the same", Real(|r| r.row.panel_skill_sd)),
        c("unpractised_skill", LEVEL, "mean level on the skills that the agent has never practised", Real(|r| r.row.unpractised_skill)),
        c("adoption", "share", "share of (panel agent, skill) pairs at or above the adoption level", Real(|r| r.row.adoption)),
        c("fleet_adoption", "share", "share of panel agents at or above the adoption level on their own job", Real(|r| r.row.fleet_adoption)),
        c("train_loss", "nats", "mean cross-entropy of the core over all agents' training data", Real(|r| r.row.train_loss)),
        c("test_accuracy", "share", "accuracy of the core over all agents' test data", Real(|r| r.row.test_accuracy)),
        c("backdoor_success", "share", "share of the panel's probe tasks of a backdoor's skill, of those with another right answer, to which the core gives the backdoor's; null unless attack.method is a backdoor", Real(|r| r.row.backdoor_success)),
        c("tasks", "tasks", "tasks done in the round", Integer(|r| r.row.tasks)),
        c("sample_steps", "examples", "examples trained on in the round, counted once an epoch", Integer(|r| r.row.sample_steps)),
        c("work_accuracy", "share", "share of the tasks done right at work, before learning from them", Real(|r| r.row.work_accuracy)),
        c("value", "value", "value made in the round", Real(|r| r.row.value)),
        c("work_loss", "nats/task", "mean cross-entropy at work, before learning from it", Real(|r| r.row.work_loss)),
        c("bits", "bits/task", "mean information that feedback gave", Real(|r| r.row.bits)),
        c("learnings", "learnings", "learnings merged", Integer(|r| r.row.learnings)),
        c("dropped", "learnings", "learnings dropped", Integer(|r| r.row.dropped)),
        c("bytes_up", "bytes", "sent by agents to the distiller", Integer(|r| r.row.bytes_up)),
        c("bytes_down", "bytes", "sent by the distiller to agents", Integer(|r| r.row.bytes_down)),
        c("multiply_adds", "multiply-adds", "spent on learning", Integer(|r| r.row.multiply_adds)),
        c("staleness", "core versions", "mean staleness of the merged learnings", Real(|r| r.row.staleness)),
        c("sign_conflict", "share", "share of (parameter, pair of panel contributions, 24 of them at most, evenly by id) with opposite signs", Real(|r| r.row.sign_conflict)),
        c("cosine", "", "mean cosine between pairs of panel contributions, the same ones, on the blocks both hold", Real(|r| r.row.cosine)),
        c("consensus_distance", "", "mean distance of the same contributions from the core's step, relative to their mean norm", Real(|r| r.row.consensus_distance)),
        c("step_norm", "", "Euclidean norm of the core's step", Real(|r| r.row.step_norm)),
    ] }
}

/// A skill of a fleet at a measured round, over the panel.
pub(super) struct SkillRow<'a> {
    fleet: &'static str,
    round: u32,
    skill: &'a str,
    frequency: f64,
    core_level: f64,
    panel_level: f64,
    panel_level_sd: f64,
    adoption: f64,
    practised: f64,
    adopters: f64,
}

fn skill_rows(outcome: &Outcome, adopted: f64) -> impl Iterator<Item = SkillRow<'_>> {
    frames(outcome).flat_map(move |(fleet, trace, frame)| {
        (0..trace.skills.len()).map(move |s| skill_row(fleet, trace, frame, s, adopted))
    })
}

fn skill_row<'a>(
    fleet: &'static str,
    trace: &'a Trace,
    frame: &Frame,
    s: usize,
    adopted: f64,
) -> SkillRow<'a> {
    let skills = trace.skills.len();
    let levels: Vec<f64> = probed(frame.panel.iter().skip(s).step_by(skills)).collect();
    let core = probed(frame.core.iter().skip(s).step_by(skills));
    let practising =
        frame.practised.iter().skip(s).step_by(skills).filter(|&&tasks| tasks > 0).count();
    let holding = levels.iter().filter(|&&level| level >= adopted).count();
    SkillRow {
        fleet,
        round: frame.round,
        skill: &trace.skills[s],
        frequency: trace.frequencies[s],
        core_level: mean(core),
        panel_level: mean(levels.iter().copied()),
        panel_level_sd: deviation(&levels),
        adoption: ratio(holding, levels.len()),
        practised: ratio(practising, trace.panel.len()),
        adopters: frame.adopters.get(s).map_or(f64::NAN, |&agents| agents as f64),
    }
}

#[rustfmt::skip]
pub(super) fn skills_table<'a>() -> Table<SkillRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "skills", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "the round after which it was measured; 0 is the initial core", Integer(|r| r.round.into())),
        c("skill", "", "the skill's name; the most frequent first", Text(|r| r.skill)),
        c("frequency", "share", "share of the skill in all work", Real(|r| r.frequency)),
        c("core_level", LEVEL, "mean over the panel of the bare core's level", Real(|r| r.core_level)),
        c("panel_level", LEVEL, "mean over the panel of the agents' own level", Real(|r| r.panel_level)),
        c("panel_level_sd", LEVEL, "standard deviation over the panel of the same (divided by n)", Real(|r| r.panel_level_sd)),
        c("adoption", "share", "share of the probed panel agents at or above the adoption level", Real(|r| r.adoption)),
        c("practised", "share", "share of the panel agents that have done a task of it", Real(|r| r.practised)),
        c("adopters", "agents", "agents of the whole fleet at or above the adoption level; null where the panel alone is measured", Real(|r| r.adopters)),
    ] }
}

pub(super) fn frames(outcome: &Outcome) -> impl Iterator<Item = (&'static str, &Trace, &Frame)> {
    fleets(outcome)
        .flat_map(|(fleet, trace)| trace.frames.iter().map(move |frame| (fleet, trace, frame)))
}

/// The levels that there is a probe for.
pub(super) fn probed<'a>(levels: impl Iterator<Item = &'a f32>) -> impl Iterator<Item = f64> {
    levels.filter(|level| !level.is_nan()).map(|&level| f64::from(level))
}

/// Of the panel as it is, not of a population behind it: divided by n.
fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - centre) * (v - centre))).sqrt()
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
