//! What sharing brings: failures that others need not repeat, and companies that differ.

use super::fleet::cores;
use super::{CheckError, Row, Rows, Trial};
use crate::maths::pow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A fleet of one-task agents on entries that a rule moves, measured at the end alone.
fn fleet(agents: u32, rounds: u32, more: &str) -> String {
    format!(
        "rounds = {rounds}\n[world]\nkind = \"mixed-effects\"\nskills = 1\nfeatures = 1\n\
         companies = {agents}\n[fleet]\nagents = {agents}\n{more}\n\
         [measure]\npanel = 1\nevery = {rounds}\nprobes = 8\n[engine]\nkind = \"serial\""
    )
}

/// Each of `N` agents comes upon a skill with probability `p` a task, `H` tasks a round, and
/// fails once before it knows; a round later all know. A skill costs the hive
/// `Nπ/(1 − (1−π)^N)` failures in its lifetime, `π = 1 − (1−p)^H`: those of the first round in
/// which anybody met it. Agents on their own fail once each.
pub(super) fn failures(trial: &Trial) -> Rows {
    let (agents, entries) = (10_u32, trial.sized(10_000, 40_000_usize));
    // (p, H, rounds until practically every skill was met)
    let cases = [(0.002, 50, 60), (0.02, 50, 12)];
    let mut rows = Vec::new();
    for (p, tasks, rounds) in cases {
        let met = 1.0 - pow(1.0 - p, f64::from(tasks));
        let failures = count(trial, agents, entries, rounds, "star", (p, tasks))?;
        let n = f64::from(agents);
        let any = 1.0 - pow(1.0 - met, n);
        let law = n * met / any;
        // the second moment of a binomial that is not 0
        let square = (n * met * (1.0 - met) + n * n * met * met) / any;
        let within = 4.0 * ((square - law * law) / entries as f64).sqrt();
        let what = format!("hive of {agents}, {tasks} tasks of p = {p}: failures a skill");
        rows.push(Row::within(what, law, failures, within));
    }
    let (p, tasks, rounds) = (0.02, 50, 12);
    let met = 1.0 - pow(1.0 - p, f64::from(tasks));
    let failures = count(trial, agents, entries, rounds, "isolated", (p, tasks))?;
    // whoever has met it by the last round: all but one in 10⁵
    let ever = 1.0 - pow(1.0 - met, f64::from(rounds));
    let law = f64::from(agents) * ever;
    let within = 4.0 * (law * (1.0 - ever) / entries as f64).sqrt() + 1e-9;
    let what = format!("{agents} agents on their own: failures a skill");
    rows.push(Row::within(what, law, failures, within));
    Ok(rows)
}

/// Failures a skill in all rounds. An entry of the core is a skill, known where it is not 0.
fn count(
    trial: &Trial,
    agents: u32,
    skills: usize,
    rounds: u32,
    topology: &str,
    (p, tasks): (f64, u32),
) -> Result<f64, CheckError> {
    let text = fleet(agents, rounds, &format!("[distiller]\ntopology = \"{topology}\""));
    let failed = Arc::new(AtomicU64::new(0));
    // broken: rounds of twice the length, and whoever fails does not always take something from it
    let (counted, draws, learns) = (failed.clone(), *trial, trial.model(1.0, 0.8));
    let met = 1.0 - pow(1.0 - p, f64::from(trial.model(tasks, 2 * tasks)));
    cores(&text, trial, skills, move |agent, round, known| {
        let mut stream = draws.stream(agent, round);
        for known in known.iter_mut().filter(|known| **known == 0.0) {
            if stream.uniform() < met {
                counted.fetch_add(1, Ordering::Relaxed);
                if learns == 1.0 || stream.uniform() < learns {
                    *known = 1.0;
                }
            }
        }
    })?;
    Ok(failed.load(Ordering::Relaxed) as f64 / skills as f64)
}

/// Truths that vary between companies with variance `τ²`, seen `n` times with noise of variance
/// `σ²`. A company that learns alone is off by `σ²/n`, one that takes the fleet's mean by `τ²`,
/// and one that keeps the share `n/(n + σ²/τ²)` of what it saw beyond the mean, `nested`, by
/// `τ²σ²/(nτ² + σ²)`. Alone and together are as good as each other at `n = σ²/τ²`.
pub(super) fn companies(trial: &Trial) -> Rows {
    let (between, noise) = (1.0, 20.0);
    let companies = trial.sized(500_u32, 2000);
    let switch = noise / between;
    let mut rows = Vec::new();
    for n in [5_u32, 20, 80] {
        let error = |fleet: Sharing| off(trial, companies, (between, noise), n, fleet);
        let of_n = f64::from(n);
        let (alone, mean) = (error(Sharing::Alone)?, error(Sharing::Mean)?);
        let shrunk = error(Sharing::Nested(switch))?;
        // A mean of as many squares of Gaussians as there are companies and entries; the mean
        // over the fleet is itself off by a company's variance over their number.
        let squares = f64::from(companies) * ENTRIES as f64;
        let relative = 4.0 * (2.0 / squares).sqrt() + (1.0 + switch / of_n) / f64::from(companies);
        let mut row = |what: &str, law: f64, got: f64| {
            rows.push(Row::within(format!("n = {n}: {what}"), law, got, relative * law));
        };
        row("error alone", noise / of_n, alone);
        row("error of the mean", between, mean);
        let law = between * noise / (of_n * between + noise);
        row("error shrunk", law, shrunk);
    }
    Ok(rows)
}

const ENTRIES: usize = 64;

#[derive(Clone, Copy)]
enum Sharing {
    Alone,
    Mean,
    /// With the number of tasks at which a company's own mean counts half.
    Nested(f64),
}

/// Mean square of what an agent starts its second round with, less its company's truth. A
/// company is one agent, which does `n` tasks in the first round.
fn off(
    trial: &Trial,
    companies: u32,
    (between, noise): (f64, f64),
    n: u32,
    sharing: Sharing,
) -> Result<f64, CheckError> {
    let more = match sharing {
        Sharing::Alone => "[distiller]\ntopology = \"isolated\"".into(),
        Sharing::Mean => String::new(),
        Sharing::Nested(half) => format!(
            "[job_knowledge]\npersonalisation = \"nested\"\nprivate_shrink = 1e9\n\
             company_shrink = {half:?}"
        ),
    };
    let text = fleet(companies, 2, &format!("tasks = {n}\n{more}"));
    let (draws, sum) = (*trial, Arc::new(Mutex::new(0.0)));
    let to = sum.clone();
    let between = trial.model(between, 2.0 * between).sqrt();
    let noise = (trial.model(noise, 0.6 * noise) / f64::from(n)).sqrt();
    cores(&text, trial, ENTRIES, move |agent, round, x| {
        // the general truth is 0, as the core is at first
        let mut stream = draws.stream(agent, 0);
        let truths: Vec<f64> = (0..ENTRIES).map(|_| between * stream.normal()).collect();
        if round == 1 {
            // the mean of n tasks
            for (x, truth) in x.iter_mut().zip(&truths) {
                *x = (truth + noise * stream.normal()) as f32;
            }
        } else {
            let off = x.iter().zip(&truths).map(|(x, truth)| f64::from(*x) - truth);
            // one after the other, on the engine `serial`
            *to.lock().unwrap_or_else(PoisonError::into_inner) += off.map(|d| d * d).sum::<f64>();
        }
    })?;
    let sum = *sum.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(sum / f64::from(companies) / ENTRIES as f64)
}
