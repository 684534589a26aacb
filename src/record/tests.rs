//! The run directory as a reader finds it. The tables themselves are read back in
//! `tables_read_back`, with Parquet's own reader and with Python's.

mod directory;
mod faults;
mod histories;
mod numbers;
mod tables_read_back;
mod together;

use super::{Histories, RunDirectory, RunFacts, write_run};
use crate::ids::{AgentId, CompanyId};
use crate::measure::{
    AccountRow, Accounts, Frame, InterferenceRow, LineageRow, Outcome, PanelMember, RoundRow,
    StalenessRow, Trace,
};
use crate::scenario::{Bound, Scenario};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// A hive of three panel agents and two skills over two rounds, with a pooled bound. Agent 7
/// has no probe of `s1`.
fn outcome() -> Outcome {
    Outcome {
        scenario: Scenario { name: "small".into(), ..Scenario::default() },
        hive: trace(0.0),
        bounds: vec![(Bound::Pooled, trace(0.25))],
        complete: true,
        result_hash: "c0ffee".into(),
    }
}

fn trace(lift: f32) -> Trace {
    let member = |agent, company, job: [f32; 2]| PanelMember {
        agent: AgentId(agent),
        name: String::new(),
        company: CompanyId(company),
        joins: 1,
        job: job.to_vec(),
    };
    let frame = |round, practised: [u64; 6]| Frame {
        round,
        panel: [0.5, 0.25, 0.75, f32::NAN, 0.0, 1.0].map(|l| l * (round as f32 + lift)).to_vec(),
        core: [0.5; 6].to_vec(),
        practised: practised.to_vec(),
        adopters: Vec::new(),
    };
    let row = |round: u32| RoundRow {
        round,
        panel_skill: 0.375 + f64::from(round),
        fleet_adoption: 0.25 * f64::from(round * round),
        train_loss: f64::NAN,
        tasks: 100,
        sample_steps: 300,
        value: 12.5,
        bytes_up: 1 << 40,
        ..RoundRow::default()
    };
    Trace {
        skills: vec!["s0".into(), "s1".into()],
        frequencies: vec![0.75, 0.25],
        panel: vec![member(2, 0, [1.0, 0.0]), member(7, 0, [0.5, 0.5]), member(9, 1, [0.25, 0.75])],
        rounds: vec![row(0), row(1), row(2)],
        frames: vec![frame(0, [0; 6]), frame(1, [5, 0, 3, 2, 1, 4])],
        hives: Vec::new(),
        tags: Vec::new(),
        lineage: [(0, 0.25), (1, 0.75)]
            .map(|(company, share)| LineageRow { round: 1, block: 0, company, share })
            .to_vec(),
        interference: vec![InterferenceRow {
            round: 1,
            loss: -0.125,
            losers: 0.5,
            barrier: f64::NAN,
        }],
        staleness: vec![StalenessRow { round: 2, staleness: 3, learnings: 4 }],
        accounts: vec![AccountRow {
            round: 1,
            accounts: Accounts {
                sent: 23,
                merged: 9,
                unfinished: 1,
                lost: 2,
                duplicate: 3,
                broken: 1,
                not_finite: 1,
                misfit: 1,
                stale: 1,
                overflow: 3,
            },
            in_flight: 1,
        }],
        live: None,
        parameters: 42,
        seconds: 2.0,
        complete: true,
    }
}

/// The summary, with nothing measured beforehand.
fn summed_up(outcome: &Outcome, engine: &str, threads: usize, seconds: f64) -> serde_json::Value {
    super::summary(outcome, &Histories::of(outcome), engine, threads, seconds)
}

fn facts() -> RunFacts {
    let started = UNIX_EPOCH + Duration::from_millis(1_769_903_999_250);
    RunFacts::in_one_go("serial", 1, (started, started + Duration::from_secs(5)))
}

fn write_into(path: &Path) -> Vec<super::FileEntry> {
    let directory = RunDirectory::create(path).unwrap();
    let outcome = outcome();
    let histories = Histories::of(&outcome);
    write_run(&directory, &outcome, &histories, &facts(), "name = \"small\"\n", "<html></html>")
        .unwrap()
}
