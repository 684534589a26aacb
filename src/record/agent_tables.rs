//! The tables of the panel's agents: who they are, what they do, what they know. They are the long ones,
//! so that where a fleet is spread over ranks, each writes the rows of its own agents, as a part.

use super::error::RecordError;
use super::fleets;
use super::manifest::FileEntry;
use super::staging::Staging;
use super::table::{Cell, Column, Table};
use super::tables::{LEVEL, frames, probed};
use crate::engine::own_agents;
use crate::measure::{Frame, Outcome, PanelMember, Trace, mean, on_job};
use std::ops::Range;

/// The tables that may come in parts.
const TABLES: [&str; 3] = ["jobs", "levels", "panel"];

/// What one of a run's processes has.
pub(super) struct Part {
    rank: usize,
    ranks: usize,
    agents: Range<usize>,
}

impl Part {
    /// The part of a rank.
    pub fn of(outcome: &Outcome, rank: usize, ranks: usize) -> Self {
        let agents = match ranks {
            1 => 0..usize::MAX,
            _ => own_agents(outcome.scenario.fleet.agents as usize, rank, ranks),
        };
        Part { rank, ranks, agents }
    }

    /// The name of its file of a table. Names are in the order of the agents.
    fn file(&self, table: &str) -> String {
        let Part { rank, ranks, .. } = *self;
        if ranks == 1 {
            return format!("{table}.parquet");
        }
        let digits = ranks.to_string().len();
        format!("{table}.part-{rank:0digits$}-of-{ranks}.parquet")
    }

    /// Its agents' places in a panel, which is in the order of ids.
    fn of_panel(&self, trace: &Trace) -> Range<usize> {
        let before = |id: usize| trace.panel.partition_point(|member| member.agent.index() < id);
        before(self.agents.start)..before(self.agents.end)
    }
}

/// Whether a file of this name is such a table, or a part of one.
pub(super) fn is_file(name: &str) -> bool {
    TABLES.iter().any(|table| is_of(name, table))
}

/// Whether a file of this name is a table, or a part of it.
pub(super) fn is_of(name: &str, table: &str) -> bool {
    let rest = name.strip_prefix(table).and_then(|rest| rest.strip_suffix(".parquet"));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    rest.is_some_and(|rest| {
        let part = rest.strip_prefix(".part-").and_then(|part| part.split_once("-of-"));
        rest.is_empty() || part.is_some_and(|(rank, ranks)| number(rank) && number(ranks))
    })
}

/// Writes a part's files.
pub(super) fn write_part(
    staging: &Staging,
    outcome: &Outcome,
    part: &Part,
) -> Result<Vec<FileEntry>, RecordError> {
    let hash = &outcome.result_hash;
    Ok(vec![
        write(staging, part, &panel_table(), hash, panel_rows(outcome, part))?,
        write(staging, part, &levels_table(), hash, level_rows(outcome, part))?,
        write(staging, part, &jobs_table(), hash, job_rows(outcome, part))?,
    ])
}

fn write<R>(
    staging: &Staging,
    part: &Part,
    table: &Table<R>,
    hash: &str,
    mut rows: impl Iterator<Item = R>,
) -> Result<FileEntry, RecordError> {
    staging.write_rows(&part.file(table.name), |sink| table.write(sink, hash, &mut rows))
}

/// An agent of the panel at a measured round.
pub(super) struct PanelRow<'a> {
    fleet: &'static str,
    round: u32,
    member: &'a PanelMember,
    job_level: f64,
    core_job_level: f64,
    unpractised_level: f64,
    adopted_skills: u64,
    tasks: u64,
}

fn panel_rows<'a>(outcome: &'a Outcome, part: &'a Part) -> impl Iterator<Item = PanelRow<'a>> {
    let adopted = outcome.scenario.measure.adopted;
    frames(outcome).flat_map(move |(fleet, trace, frame)| {
        part.of_panel(trace).map(move |i| panel_row(fleet, trace, frame, i, adopted))
    })
}

fn panel_row<'a>(
    fleet: &'static str,
    trace: &'a Trace,
    frame: &Frame,
    i: usize,
    adopted: f64,
) -> PanelRow<'a> {
    let member = &trace.panel[i];
    let skills = trace.skills.len();
    let own = i * skills..(i + 1) * skills;
    let levels = &frame.panel[own.clone()];
    let practised = &frame.practised[own.clone()];
    let new = probed(levels.iter().zip(practised).filter(|(_, n)| **n == 0).map(|(l, _)| l));
    PanelRow {
        fleet,
        round: frame.round,
        member,
        job_level: on_job(levels, &member.job),
        core_job_level: on_job(&frame.core[own], &member.job),
        unpractised_level: mean(new),
        adopted_skills: probed(levels.iter()).filter(|&level| level >= adopted).count() as u64,
        tasks: practised.iter().sum(),
    }
}

#[rustfmt::skip]
pub(super) fn panel_table<'a>() -> Table<PanelRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "panel", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "the round after which it was measured; 0 is the initial core", Integer(|r| r.round.into())),
        c("agent", "", "the agent's id", Integer(|r| r.member.agent.0.into())),
        c("name", "", "the agent's name: a data set's user; empty where the world names nobody", Text(|r| &r.member.name)),
        c("company", "", "the id of the company it works at", Integer(|r| r.member.company.0.into())),
        c("joins", "rounds", "the first round in which it works: 1, or later for a newcomer, whose levels are null before", Integer(|r| r.member.joins.into())),
        c("job_level", LEVEL, "the agent's own level on its job: the mean over probed skills, weighted by its job", Real(|r| r.job_level)),
        c("core_job_level", LEVEL, "the bare core's level on the same job", Real(|r| r.core_job_level)),
        c("unpractised_level", LEVEL, "mean of the agent's level over the skills that it has never practised", Real(|r| r.unpractised_level)),
        c("adopted_skills", "skills", "number of skills at or above the adoption level", Integer(|r| r.adopted_skills)),
        c("tasks", "tasks", "tasks that the agent has done so far", Integer(|r| r.tasks)),
    ] }
}

/// One level: an agent, a skill, a measured round.
pub(super) struct LevelRow<'a> {
    fleet: &'static str,
    round: u32,
    agent: u32,
    skill: &'a str,
    level: f32,
    core_level: f32,
    practised: u64,
}

fn level_rows<'a>(outcome: &'a Outcome, part: &'a Part) -> impl Iterator<Item = LevelRow<'a>> {
    frames(outcome).flat_map(|(fleet, trace, frame)| {
        let (skills, members) = (trace.skills.len(), part.of_panel(trace));
        (members.start * skills..members.end * skills).map(move |cell| LevelRow {
            fleet,
            round: frame.round,
            agent: trace.panel[cell / skills].agent.0,
            skill: &trace.skills[cell % skills],
            level: frame.panel[cell],
            core_level: frame.core[cell],
            practised: frame.practised[cell],
        })
    })
}

#[rustfmt::skip]
pub(super) fn levels_table<'a>() -> Table<LevelRow<'a>> {
    use Cell::{Integer, Single, Text};
    let c = Column::new;
    Table { name: "levels", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "the round after which it was measured; 0 is the initial core", Integer(|r| r.round.into())),
        c("agent", "", "the agent's id", Integer(|r| r.agent.into())),
        c("skill", "", "the skill's name; the most frequent first", Text(|r| r.skill)),
        c("level", LEVEL, "the agent's own level; null where there is no probe", Single(|r| r.level)),
        c("core_level", LEVEL, "the bare core's level on the same probe", Single(|r| r.core_level)),
        c("practised", "tasks", "tasks of the skill that the agent has done so far", Integer(|r| r.practised)),
    ] }
}

/// A skill's part in a panel agent's work.
pub(super) struct JobRow<'a> {
    fleet: &'static str,
    member: &'a PanelMember,
    skill: &'a str,
    share: f32,
}

fn job_rows<'a>(outcome: &'a Outcome, part: &'a Part) -> impl Iterator<Item = JobRow<'a>> {
    fleets(outcome).flat_map(move |(fleet, trace)| {
        trace.panel[part.of_panel(trace)].iter().flat_map(move |member| {
            let shares = trace.skills.iter().zip(&member.job);
            shares.map(move |(skill, &share)| JobRow { fleet, member, skill, share })
        })
    })
}

#[rustfmt::skip]
pub(super) fn jobs_table<'a>() -> Table<JobRow<'a>> {
    use Cell::{Integer, Single, Text};
    let c = Column::new;
    Table { name: "jobs", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("agent", "", "the agent's id", Integer(|r| r.member.agent.0.into())),
        c("skill", "", "the skill's name; the most frequent first", Text(|r| r.skill)),
        c("share", "share", "share of the skill in the agent's work", Single(|r| r.share)),
    ] }
}
