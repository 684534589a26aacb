//! Validation: closed forms that hivesim has to come to.
//! Lives here: the checks, each a small pure function that runs hivesim's own parts and gives
//! rows of expected and measured numbers; the table that names them; how they are shown.
//! May not: compute again what hivesim computes. A plain process stands here only for what
//! hivesim has no part for, and draws from hivesim's streams.
//!
//! A check is held by a test to be able to fail: `Trial::model` hands it, beside the sound
//! model, one that is broken on purpose, and under that one every one of its rows must be out.

mod attacks;
mod averaging;
mod checks;
mod choice;
mod compression;
mod consensus;
mod fedprox;
mod feedback;
mod fleet;
mod labs;
mod landscapes;
mod merging;
mod paper;
mod practice;
mod schedules;
mod sharing;
mod spreading;
mod strategies;
mod table;

pub use checks::{checks, find};
#[doc(hidden)]
pub use fleet::{cores, followed};
pub use table::{digits, markdown};

use crate::engine::RunError;
use crate::merge::MergeError;
use crate::scenario::ScenarioError;
use crate::stream::{Purpose, Stream};
use crate::world::WorldError;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// Seconds: what `cargo test` runs.
    Quick,
    /// Minutes: larger samples, and the checks that take whole experiments.
    Full,
}

/// What a check is run with.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// How much is computed.
    pub size: Size,
    /// The seed of all draws.
    pub seed: u64,
    broken: bool,
}

impl Trial {
    /// A trial of the models as they are.
    pub fn new(size: Size, seed: u64) -> Self {
        Trial { size, seed, broken: false }
    }

    /// The same of models that are broken on purpose, to see that the checks notice.
    #[doc(hidden)]
    pub fn broken(self) -> Self {
        Trial { broken: true, ..self }
    }

    /// The part of the model that is `sound`, or in a trial of broken models the one that is
    /// `broken`. What is expected never goes through here.
    fn model<T>(&self, sound: T, broken: T) -> T {
        if self.broken { broken } else { sound }
    }

    /// `quick` or `full`, by the size.
    fn sized<T>(&self, quick: T, full: T) -> T {
        match self.size {
            Size::Quick => quick,
            Size::Full => full,
        }
    }

    /// The stream of an owner in a round. Checks share names: each is held by itself.
    fn stream(&self, owner: u32, round: u32) -> Stream {
        Stream::new(self.seed, Purpose::Validation, owner, round)
    }
}

/// How far from what is expected a measured number may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// At most so far to either side.
    Within(f64),
    /// Not below it.
    AtLeast,
    /// Not above it.
    AtMost,
}

/// A law's number beside hivesim's.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is compared.
    pub what: String,
    /// What the law gives.
    pub expected: f64,
    /// What hivesim gives.
    pub measured: f64,
    /// How far apart they may be.
    pub tolerance: Tolerance,
}

impl Row {
    fn within(what: impl Into<String>, expected: f64, measured: f64, within: f64) -> Self {
        Row { what: what.into(), expected, measured, tolerance: Tolerance::Within(within) }
    }

    fn at_least(what: impl Into<String>, expected: f64, measured: f64) -> Self {
        Row { what: what.into(), expected, measured, tolerance: Tolerance::AtLeast }
    }

    fn at_most(what: impl Into<String>, expected: f64, measured: f64) -> Self {
        Row { what: what.into(), expected, measured, tolerance: Tolerance::AtMost }
    }

    /// Whether the measured number is where it may be. A NaN never is.
    pub fn holds(&self) -> bool {
        match self.tolerance {
            Tolerance::Within(within) => (self.measured - self.expected).abs() <= within,
            Tolerance::AtLeast => self.measured >= self.expected,
            Tolerance::AtMost => self.measured <= self.expected,
        }
    }
}

/// Why a check gave no rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// Its scenario is refused.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// Its experiment failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Its merge failed.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Its world cannot be built.
    #[error(transparent)]
    World(#[from] WorldError),
}

/// What a check gives.
type Rows = Result<Vec<Row>, CheckError>;

/// A law and how hivesim is held to it.
pub struct Check {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// The law, in a sentence with its formula.
    pub law: &'static str,
    /// Where the law is from.
    pub source: &'static str,
    /// The least size at which it is run.
    pub from: Size,
    run: fn(&Trial) -> Rows,
}

impl Check {
    /// Runs it.
    ///
    /// # Errors
    /// Where its experiment cannot be run.
    pub fn run(&self, trial: &Trial) -> Result<Vec<Row>, CheckError> {
        (self.run)(trial)
    }
}

/// A check with what came of it.
pub type Outcome = (&'static Check, Result<Vec<Row>, CheckError>);

/// Runs checks on up to `threads` threads, and gives what came of each in their order, whatever
/// the number of threads. `done` hears of each as it ends.
pub fn run(
    checks: &[&'static Check],
    trial: &Trial,
    threads: usize,
    done: impl Fn(&Check) + Sync,
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Outcome>>> = checks.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some((check, slot)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            checks.get(at).zip(outcomes.get(at))
        } {
            let rows = check.run(trial);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((check, rows));
            done(check);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(checks.len()) {
            // one that the system does not give leaves its share to the others
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let take = |slot: Mutex<Option<Outcome>>| {
        let outcome = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.unwrap_or_else(|| unreachable!("every check was run before the threads ended"))
    };
    outcomes.into_iter().map(take).collect()
}

/// Mean of some numbers and its standard error, from their own spread.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_laws_have_a_source() {
        let names: Vec<&str> = checks().iter().map(|check| check.name).collect();
        for (i, check) in checks().iter().enumerate() {
            assert!(!names[..i].contains(&check.name), "{} is there twice", check.name);
            assert!(
                check
                    .name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit())
            );
            assert!(!check.law.is_empty() && !check.source.is_empty(), "{}", check.name);
        }
    }

    #[test]
    fn a_row_holds_within_its_tolerance_and_never_where_it_is_no_number() {
        let row =
            |measured, tolerance| Row { what: String::new(), expected: 2.0, measured, tolerance };
        for (tolerance, good, bad) in [
            (Tolerance::Within(0.5), 2.5, 2.6),
            (Tolerance::AtLeast, 3.0, 1.9),
            (Tolerance::AtMost, 1.0, 2.1),
        ] {
            assert!(row(good, tolerance).holds() && !row(bad, tolerance).holds());
            assert!(!row(f64::NAN, tolerance).holds());
        }
    }

    #[test]
    fn outcomes_come_in_the_order_of_the_checks_on_any_number_of_threads() {
        fn one(trial: &Trial) -> Rows {
            Ok(vec![Row::within("draw", 0.0, trial.stream(1, 1).normal(), 4.0)])
        }
        let check = |name| Check { name, law: "", source: "", from: Size::Quick, run: one };
        let checks: Vec<&'static Check> =
            ["a", "b", "c", "d", "e"].map(|name| &*Box::leak(Box::new(check(name)))).to_vec();
        let trial = Trial::new(Size::Quick, 7);
        let shown = |threads| -> Vec<(&str, f64)> {
            let outcomes = run(&checks, &trial, threads, |_| ());
            outcomes.iter().map(|(c, rows)| (c.name, rows.as_ref().unwrap()[0].measured)).collect()
        };
        for threads in [0, 1, 2, 9] {
            assert_eq!(shown(threads), shown(1));
        }
        assert_eq!(shown(1)[4].0, "e");
    }
}
