//! A repeat of a case, in a process of its own: no repeat finds memory or threads that another left.

use super::super::{Failure, failed, print};
use crate::bench::{Case, Sample, Times, measure};
use crate::scenario::Override;
use serde::{Deserialize, Serialize};
use std::io::Read as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
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
        let wrong = |what: &dyn std::fmt::Display| Failure::Failed(format!("{shown}: {what}"));
        let program = std::env::current_exe().map_err(|e| wrong(&e))?;
        let mut child = Command::new(program)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| wrong(&e))?;
        let text = serde_json::to_string(self).map_err(|e| wrong(&e))?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes()).map_err(|e| wrong(&e))?;
        }
        let output = child.wait_with_output().map_err(|e| wrong(&e))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(match said.trim() {
                "" => wrong(&output.status),
                said => wrong(&said),
            });
        }
        serde_json::from_slice(&output.stdout).map_err(|e| wrong(&e))
    }
}

/// Runs what standard input asks for, and prints the sample.
pub(in crate::cli) fn run_case() -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(failed)?;
    let wanted = "this is a part of `hivesim bench`, which calls it itself";
    let args: CaseArgs =
        serde_json::from_str(&text).map_err(|e| Failure::BadInput(format!("{e}; {wanted}")))?;
    let sets: Vec<Override> = args.sets.iter().map(|set| Override::set(set)).collect();
    let times = Times {
        warm_up: Duration::from_secs_f64(args.warm_up_seconds),
        measured: Duration::from_secs_f64(args.measured_seconds),
    };
    let base = (args.text.as_str(), args.origin.as_str(), &sets[..]);
    let sample = measure(&args.case, base, args.learnings, times).map_err(Failure::Failed)?;
    print(&(serde_json::to_string(&sample).map_err(failed)? + "\n"))
}
