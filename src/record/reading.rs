//! A run directory read back: the tables are the record of truth, and a page can be drawn anew
//! from them.

mod glance;
mod manifest;
mod rows;

pub use glance::{Glance, glance};
pub use manifest::ReadError;

use self::manifest::Files;
use self::rows::{integer, real, single, text};
use super::bound_name;
use crate::ids::{AgentId, CompanyId};
use crate::measure::spread::Tag;
use crate::measure::{
    AccountRow, Accounts, Frame, HiveRow, InterferenceRow, LineageRow, Outcome, PanelMember,
    RoundRow, StalenessRow, Trace,
};
use crate::scenario::{Bound, Scenario};
use std::path::Path;

/// A run as its directory holds it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What came out.
    pub outcome: Outcome,
    /// `scenario.toml`.
    pub scenario_toml: String,
    /// `summary.json`.
    pub summary: String,
}

/// Reads a run, every file checked against the manifest. Costs about a microsecond a level.
///
/// # Errors
/// [`ReadError`]: no run, one of another format, a file that is damaged or missing.
pub fn read_run(path: &Path) -> Result<Recorded, ReadError> {
    let files = Files::open(path)?;
    let scenario_toml = files.text("scenario.toml")?;
    let (summary, numbers) = files.summary()?;
    let parameters = numbers["parameters"].as_u64().unwrap_or(0) as usize;
    let fleets = files.fleets()?;
    let mut traces: Vec<Trace> =
        fleets.iter().map(|(_, seconds)| empty(parameters, *seconds)).collect();
    let names: Vec<&str> = fleets.iter().map(|(name, _)| name.as_str()).collect();
    fill(&files, &names, &mut traces)?;
    let mut named = names.into_iter().zip(traces);
    let hive = named.next().map(|(_, trace)| trace).unwrap_or_default();
    let hive = Trace { live: files.live()?, ..hive };
    let bound = |(name, trace): (&str, Trace)| {
        let found = [Bound::Isolated, Bound::Pooled].into_iter().find(|b| bound_name(*b) == name);
        let bound = found.ok_or_else(|| files.damaged("manifest.json", format!("fleet {name}")))?;
        Ok((bound, trace))
    };
    let bounds = named.map(bound).collect::<Result<Vec<_>, ReadError>>()?;
    let outcome = Outcome {
        scenario: scenario(&files, &scenario_toml)?,
        hive,
        bounds,
        complete: files.is_complete(),
        result_hash: files.result_hash(),
    };
    Ok(Recorded { outcome, scenario_toml, summary })
}

/// The scenario as run; its paths are the manifest's, which lead there from any folder.
fn scenario(files: &Files, toml: &str) -> Result<Scenario, ReadError> {
    // by way of a table, as a scenario is loaded: else all its types are compiled twice
    let typed = toml::from_str(toml).and_then(|table: toml::Table| table.try_into());
    let mut scenario: Scenario = typed.map_err(|e| files.damaged("scenario.toml", e))?;
    for (key, path) in scenario.paths() {
        let pointer = format!("/scenario/{}", key.replace('.', "/"));
        if let Some(at) = files.manifest.pointer(&pointer).and_then(|path| path.as_str()) {
            *path = at.into();
        }
    }
    Ok(scenario)
}

fn empty(parameters: usize, seconds: f64) -> Trace {
    Trace { parameters, seconds, complete: true, ..Trace::default() }
}

/// Fills the fleets' traces from the tables.
fn fill(files: &Files, names: &[&str], traces: &mut [Trace]) -> Result<(), ReadError> {
    let at = |name: &str| names.iter().position(|n| *n == name);
    let unknown =
        |file: &str, name: &str| files.damaged(file, format!("an unknown fleet `{name}`"));

    let columns = ["fleet", "round", "skill", "frequency", "adopters"];
    files.rows("skills", &columns, |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        let (round, name, adopters) = (whole(integer(row[1])?)?, text(row[2])?, real(row[4])?);
        // the first measured round names them all
        if round == 0 {
            trace.skills.push(name.into());
            trace.frequencies.push(real(row[3])?);
        }
        if trace.frames.last().is_none_or(|frame| frame.round != round) {
            trace.frames.push(Frame { round, ..Frame::default() });
        }
        let known = (!adopters.is_nan()).then_some(adopters as u64);
        trace.frames.last_mut().ok_or("no round")?.adopters.extend(known);
        Ok(())
    })?;
    files.rows("panel", &["fleet", "round", "agent", "name", "company", "joins"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        if integer(row[1])? == 0 {
            trace.panel.push(PanelMember {
                agent: AgentId(whole(integer(row[2])?)?),
                name: text(row[3])?.into(),
                company: CompanyId(whole(integer(row[4])?)?),
                joins: whole(integer(row[5])?)?,
                job: Vec::new(),
            });
        }
        Ok(())
    })?;
    let mut next = vec![0_usize; traces.len()];
    files.rows("jobs", &["fleet", "share"], |row| {
        let fleet = at(text(row[0])?).ok_or("an unknown fleet")?;
        let (trace, cell) = (&mut traces[fleet], next[fleet]);
        let agent = cell / trace.skills.len().max(1);
        trace.panel.get_mut(agent).ok_or("more jobs than agents")?.job.push(single(row[1])?);
        next[fleet] += 1;
        Ok(())
    })?;
    files.rows("levels", &["fleet", "round", "level", "core_level", "practised"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        let round = whole(integer(row[1])?)?;
        let at = trace.frames.binary_search_by_key(&round, |frame| frame.round);
        let frame = &mut trace.frames[at.map_err(|_| format!("round {round} has no skills"))?];
        frame.panel.push(single(row[2])?);
        frame.core.push(single(row[3])?);
        frame.practised.push(integer(row[4])?);
        Ok(())
    })?;
    rounds(files, |fleet, row| {
        let trace = at(fleet).ok_or_else(|| unknown("rounds.parquet", fleet))?;
        traces[trace].rounds.push(row);
        Ok(())
    })?;
    origins(files, at, traces)?;
    let wrong = traces.iter().any(|trace| {
        let cells = trace.panel.len() * trace.skills.len();
        trace.panel.iter().any(|member| member.job.len() != trace.skills.len())
            || trace.frames.iter().any(|frame| frame.panel.len() != cells)
    });
    match wrong {
        true => Err(files.damaged("levels.parquet", "levels do not fit panel and skills")),
        false => Ok(()),
    }
}

fn whole(x: u64) -> Result<u32, String> {
    u32::try_from(x).map_err(|_| format!("a number out of range: {x}"))
}

/// Reads the rows of the rounds.
fn rounds(
    files: &Files,
    mut each: impl FnMut(&str, RoundRow) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    #[rustfmt::skip]
    let columns = [
        "fleet", "round", "time", "core_skill", "panel_skill", "panel_skill_sd", "unpractised_skill",
        "adoption", "fleet_adoption", "train_loss", "test_accuracy", "tasks", "sample_steps",
        "work_accuracy", "value", "work_loss", "bits", "learnings", "dropped", "bytes_up",
        "bytes_down", "multiply_adds", "staleness", "sign_conflict", "cosine",
        "consensus_distance", "step_norm", "backdoor_success",
    ];
    let mut rows: Vec<(String, RoundRow)> = Vec::new();
    files.rows("rounds", &columns, |row| {
        let (n, x) = (|i: usize| integer(row[i]), |i: usize| real(row[i]));
        let read = RoundRow {
            round: whole(n(1)?)?,
            time: x(2)?,
            core_skill: x(3)?,
            panel_skill: x(4)?,
            panel_skill_sd: x(5)?,
            unpractised_skill: x(6)?,
            adoption: x(7)?,
            fleet_adoption: x(8)?,
            train_loss: x(9)?,
            test_accuracy: x(10)?,
            tasks: n(11)?,
            sample_steps: n(12)?,
            work_accuracy: x(13)?,
            value: x(14)?,
            work_loss: x(15)?,
            bits: x(16)?,
            learnings: n(17)?,
            dropped: n(18)?,
            bytes_up: n(19)?,
            bytes_down: n(20)?,
            multiply_adds: n(21)?,
            staleness: x(22)?,
            sign_conflict: x(23)?,
            cosine: x(24)?,
            consensus_distance: x(25)?,
            step_norm: x(26)?,
            backdoor_success: x(27)?,
        };
        rows.push((text(row[0])?.into(), read));
        Ok(())
    })?;
    rows.into_iter().try_for_each(|(fleet, row)| each(&fleet, row))
}

/// Reads hives, tags, lineage, interference, staleness and accounts, which have rows where there is something to tell.
fn origins(
    files: &Files,
    at: impl Fn(&str) -> Option<usize>,
    traces: &mut [Trace],
) -> Result<(), ReadError> {
    let columns = ["round", "hive", "name", "agents", "share", "wanted", "skill", "efficiency"];
    files.rows("hives", &columns, |row| {
        traces[0].hives.push(HiveRow {
            round: whole(integer(row[0])?)?,
            hive: whole(integer(row[1])?)?,
            name: text(row[2])?.into(),
            agents: whole(integer(row[3])?)?,
            share: real(row[4])?,
            wanted: real(row[5])?,
            skill: real(row[6])?,
            efficiency: real(row[7])?,
        });
        Ok(())
    })?;
    files.rows("tags", &["fleet", "skill", "origin"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        let name = text(row[1])?;
        let skill = trace.skills.iter().position(|skill| skill == name);
        let skill = skill.ok_or_else(|| format!("an unknown skill `{name}`"))?;
        trace.tags.push(Tag { skill, origin: integer(row[2])? as usize });
        Ok(())
    })?;
    files.rows("lineage", &["fleet", "round", "block", "company", "share"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        trace.lineage.push(LineageRow {
            round: whole(integer(row[1])?)?,
            block: whole(integer(row[2])?)?,
            company: whole(integer(row[3])?)?,
            share: real(row[4])?,
        });
        Ok(())
    })?;
    files.rows("interference", &["fleet", "round", "loss", "losers", "barrier"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        trace.interference.push(InterferenceRow {
            round: whole(integer(row[1])?)?,
            loss: real(row[2])?,
            losers: real(row[3])?,
            barrier: real(row[4])?,
        });
        Ok(())
    })?;
    files.rows("staleness", &["fleet", "round", "staleness", "learnings"], |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        trace.staleness.push(StalenessRow {
            round: whole(integer(row[1])?)?,
            staleness: whole(integer(row[2])?)?,
            learnings: integer(row[3])?,
        });
        Ok(())
    })?;
    let mut columns = vec!["fleet", "round", "sent", "in_flight"];
    columns.extend(Accounts::FATES);
    files.rows("accounts", &columns, |row| {
        let trace = &mut traces[at(text(row[0])?).ok_or("an unknown fleet")?];
        let n = |i: usize| integer(row[i]);
        let mut fates = [0; Accounts::FATES.len()];
        for (fate, number) in fates.iter_mut().enumerate() {
            *number = n(4 + fate)?;
        }
        let accounts = Accounts::of(n(2)?, fates);
        trace.accounts.push(AccountRow { round: whole(n(1)?)?, accounts, in_flight: n(3)? });
        Ok(())
    })
}
