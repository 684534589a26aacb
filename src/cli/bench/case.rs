//! A repeat of a case, in a process of its own: no repeat finds memory or threads that another left.

use super::super::Failure;
use super::super::child::{answer, ask, asked};
use crate::bench::{Case, Sample, Times, measure};
use crate::scenario::Override;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The hidden command that a repeat is.
const COMMAND: &str = "bench-case";

/// What the process is told on its standard input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct CaseArgs {
    pub case: Case,
    /// The scenario's text, and the name of its file.
    pub text: String,
    pub origin: String,
    pub sets: Vec<String>,
    pub learnings: u32,
    pub warm_up_seconds: f64,
    pub measured_seconds: f64,
}

impl CaseArgs {
    /// Runs it in a process of its own.
    pub fn in_a_process(&self) -> Result<Sample, Failure> {
        let shown = format!("{}, {}", self.case.machine(), self.case.load());
        ask(COMMAND, self).map_err(|failure| match failure {
            Failure::BadInput(why) | Failure::Failed(why) => {
                Failure::Failed(format!("{shown}: {why}"))
            }
            other => other,
        })
    }
}

/// Runs what standard input asks for, and prints the sample.
pub(in crate::cli) fn run_case() -> Result<(), Failure> {
    let args: CaseArgs = asked("hivesim bench")?;
    let sets: Vec<Override> = args.sets.iter().map(|set| Override::set(set)).collect();
    let times = Times {
        warm_up: Duration::from_secs_f64(args.warm_up_seconds),
        measured: Duration::from_secs_f64(args.measured_seconds),
    };
    let base = (args.text.as_str(), args.origin.as_str(), &sets[..]);
    let sample = measure(&args.case, base, args.learnings, times).map_err(Failure::Failed)?;
    answer(&sample)
}
