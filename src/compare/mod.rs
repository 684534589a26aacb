//! A comparison: one scenario under many strategies and seeds.
//! Lives here: who is compared, and what is made of the runs. May not: run anything, read
//! clocks or write files.

mod contender;

pub use contender::{Contender, all, contenders};

use crate::measure::{Outcome, RoundRow, Trace};
use serde::Serialize;
use serde_json::{Value, json};

/// One run of a contender.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// The hash of its result.
    pub result_hash: String,
    /// The core's level on the agents' jobs, at the end.
    pub core_skill: f64,
    /// The agents' own, with what they keep beside the core.
    pub panel_skill: f64,
    /// The core's accuracy on test data, in worlds that have some.
    pub test_accuracy: f64,
    /// The round at which half the panel does its job at the adoption level.
    pub time_to_half: Option<f64>,
    /// Seconds spent on making cores.
    pub merge_seconds: f64,
    /// Bytes sent up and down.
    pub bytes: u64,
    /// The rounds at which the core was measured, and its level then.
    pub curve: Vec<(u32, f64)>,
}

impl Run {
    /// The run of a fleet; `half` and `seconds` are what the trace does not know.
    pub fn of(outcome: &Outcome, trace: &Trace, half: Option<f64>, seconds: f64) -> Run {
        let rows = &trace.rounds;
        let last = |get: fn(&RoundRow) -> f64| {
            rows.iter().rev().map(get).find(|x| x.is_finite()).unwrap_or(f64::NAN)
        };
        let level = |row: &RoundRow| {
            if row.core_skill.is_finite() { row.core_skill } else { row.test_accuracy }
        };
        let curve = rows.iter().map(|row| (row.round, level(row))).filter(|p| p.1.is_finite());
        Run {
            seed: outcome.scenario.seed.0,
            result_hash: outcome.result_hash.clone(),
            core_skill: last(|row| row.core_skill),
            panel_skill: last(|row| row.panel_skill),
            test_accuracy: last(|row| row.test_accuracy),
            time_to_half: half,
            merge_seconds: seconds,
            bytes: rows.iter().map(|row| row.bytes_up + row.bytes_down).sum(),
            curve: curve.collect(),
        }
    }

    /// The run of a bound, which is judged by its agents: isolated ones have no core.
    pub fn of_bound(outcome: &Outcome, trace: &Trace, half: Option<f64>) -> Run {
        let rows = trace.rounds.iter();
        let level = |row: &RoundRow| {
            if row.panel_skill.is_finite() { row.panel_skill } else { row.test_accuracy }
        };
        let curve = rows.map(|row| (row.round, level(row))).filter(|p| p.1.is_finite()).collect();
        let core_skill = f64::NAN;
        Run { core_skill, curve, ..Run::of(outcome, trace, half, f64::NAN) }
    }

    /// What contenders are ordered by: the core's skill, its accuracy where there is none, or a
    /// bound's agents' skill.
    pub fn level(&self) -> f64 {
        let levels = [self.core_skill, self.test_accuracy, self.panel_skill];
        levels.into_iter().find(|level| level.is_finite()).unwrap_or(f64::NAN)
    }
}

/// A mean over seeds and its standard error.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Standard deviation over the square root of the number; 0 of one.
    pub error: f64,
}

impl Estimate {
    /// Of numbers; of no number, not a number.
    pub fn of(values: impl Iterator<Item = f64>) -> Estimate {
        let values: Vec<f64> = values.collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let error = if values.len() > 1 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
        Estimate { mean, error }
    }

    /// With as many digits for the error as for the mean, so that columns can be read down; an
    /// error of 0 is left out, and `none` stands for what is not a number.
    pub fn shown(self, digits: usize, none: &str) -> String {
        let Estimate { mean, error } = self;
        match (mean.is_finite(), error == 0.0) {
            (false, _) => none.into(),
            (true, true) => format!("{mean:.digits$}"),
            (true, false) => format!("{mean:.digits$} ± {error:.digits$}"),
        }
    }
}

/// What came of a contender, or of a bound beside all of them.
#[derive(Clone, Debug)]
pub struct Standing {
    /// As it was named; a bound's name.
    pub name: String,
    /// Its family's name; `bound`.
    pub family: &'static str,
    /// A run a seed.
    pub runs: Vec<Run>,
}

impl Standing {
    /// A number of the runs.
    pub fn estimate(&self, get: fn(&Run) -> f64) -> Estimate {
        Estimate::of(self.runs.iter().map(get))
    }

    /// The mean of the times to half, and how many runs never came to it.
    pub fn time_to_half(&self) -> (Estimate, usize) {
        let reached = || self.runs.iter().filter_map(|run| run.time_to_half);
        (Estimate::of(reached()), self.runs.len() - reached().count())
    }

    /// The level over the measured rounds, over the seeds.
    pub fn curve(&self) -> Vec<(u32, Estimate)> {
        let rounds = self.runs.first().map_or(&[][..], |run| &run.curve);
        let at = |i: usize| Estimate::of(self.runs.iter().filter_map(|r| Some(r.curve.get(i)?.1)));
        rounds.iter().enumerate().map(|(i, (round, _))| (*round, at(i))).collect()
    }
}

/// A contender that could not run.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    /// As it was named.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// All that came out.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The scenario's name, question and the seeds.
    pub name: String,
    /// The scenario's question.
    pub question: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The contenders that ran, the best first.
    pub standings: Vec<Standing>,
    /// The scenario's bounds.
    pub bounds: Vec<Standing>,
    /// Those that could not run.
    pub refused: Vec<Refused>,
}

impl Comparison {
    /// Orders the contenders, the highest level first.
    pub fn rank(&mut self) {
        let level = |standing: &Standing| standing.estimate(Run::level).mean;
        let key = |standing: &Standing| {
            let level = level(standing);
            if level.is_nan() { f64::NEG_INFINITY } else { level }
        };
        self.standings.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.name.cmp(&b.name)));
    }

    /// A hash over all results: the same wherever and on however many threads it was run.
    pub fn result_hash(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for standing in self.standings.iter().chain(&self.bounds) {
            let line = |run: &Run| format!("{} {} {}\n", standing.name, run.seed, run.result_hash);
            lines.extend(standing.runs.iter().map(line));
        }
        lines.extend(self.refused.iter().map(|each| format!("{} {}\n", each.name, each.reason)));
        lines.sort();
        blake3::hash(lines.concat().as_bytes()).to_hex().to_string()
    }

    /// comparison.json.
    pub fn to_json(&self) -> Value {
        let standing = |standing: &Standing| {
            let (half, never) = standing.time_to_half();
            json!({
                "name": standing.name,
                "family": standing.family,
                "core_skill": standing.estimate(|run| run.core_skill),
                "panel_skill": standing.estimate(|run| run.panel_skill),
                "test_accuracy": standing.estimate(|run| run.test_accuracy),
                "time_to_half": half,
                "never_half": never,
                "merge_seconds": standing.estimate(|run| run.merge_seconds),
                "bytes": standing.estimate(|run| run.bytes as f64),
                "runs": standing.runs,
            })
        };
        json!({
            "name": self.name,
            "seeds": self.seeds,
            "result_hash": self.result_hash(),
            "strategies": self.standings.iter().map(standing).collect::<Vec<_>>(),
            "bounds": self.bounds.iter().map(standing).collect::<Vec<_>>(),
            "refused": self.refused,
        })
    }
}
