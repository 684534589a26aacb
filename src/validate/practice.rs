//! How skill grows with practice: mixtures of exponential learners, and skills of a Zipf tail.

use super::fleet::cores;
use super::{CheckError, Row, Rows, Trial, mean_and_error};
use crate::ids::{AgentId, Round};
use crate::maths::{exp, ln, pow};
use crate::scenario::Scenario;
use crate::world::{self, Desk};
use std::sync::{Arc, Mutex, PoisonError};

/// Agents who each lose the share `1 − e^−r` of their error a round, `r` gamma distributed with
/// shape `a` and rate `b` over the agents: on average `(1 + t/b)^−a` is left after `t` rounds,
/// a power law of practice with exponent `a` where no single agent has one.
pub(super) fn mixture(trial: &Trial) -> Rows {
    let (agents, rounds) = (trial.sized(20_000_u32, 200_000), 129);
    let (shape, scale) = (0.5, 4.0);
    let text = format!(
        "rounds = {rounds}\n[world]\nkind = \"mixed-effects\"\nskills = 1\nfeatures = 1\n\
         companies = 1\n[fleet]\nagents = {agents}\ntasks = 1\n[distiller]\n\
         topology = \"isolated\"\n[measure]\npanel = 1\nevery = {rounds}\nprobes = 8\n\
         [engine]\nkind = \"serial\""
    );
    // the errors of all agents, after each of these rounds
    let seen = [1_u32, 4, 16, 64, 128];
    let errors = Arc::new(Mutex::new([const { Vec::new() }; 5]));
    let (to, draws, shape_there) = (errors.clone(), *trial, trial.model(shape, 1.3 * shape));
    cores(&text, trial, 1, move |agent, round, learned| {
        let left = 1.0 - f64::from(learned[0]);
        if let Some(at) = seen.iter().position(|t| *t + 1 == round) {
            // one after the other, on the engine `serial`
            to.lock().unwrap_or_else(PoisonError::into_inner)[at].push(left);
        }
        let rate = exp(draws.stream(agent, 0).ln_gamma(shape_there)) / scale;
        learned[0] = (1.0 - left * exp(-rate)) as f32;
    })?;
    let errors = std::mem::take(&mut *errors.lock().unwrap_or_else(PoisonError::into_inner));
    // Four standard errors; and what is learned is a single, rounded by 2^-25 every round.
    let rounding = f64::from(rounds) * pow(2.0, -25.0);
    let mut rows: Vec<Row> = (0..4)
        .map(|i| {
            let law = pow(1.0 + f64::from(seen[i]) / scale, -shape);
            let (mean, error) = mean_and_error(&errors[i]);
            let what = format!("error left after {} rounds", seen[i]);
            Row::within(what, law, mean, 4.0 * error + rounding)
        })
        .collect();
    // log-log, of b + t; the agents are the same, so that errors count where they differ
    let [early, late] = [3, 4].map(|at| mean_and_error(&errors[at]).0);
    let octave = ln((scale + 128.0) / (scale + 64.0));
    let pairs = errors[3].iter().zip(&errors[4]);
    let apart: Vec<f64> = pairs.map(|(a, b)| b / late - a / early).collect();
    let within = (4.0 * mean_and_error(&apart).1 + rounding / early + rounding / late) / octave;
    let slope = ln(late / early) / octave;
    rows.push(Row::within("log-log slope, 64 to 128 rounds", -shape, slope, within));
    Ok(rows)
}

/// Skills that come up with frequency `p_s ∝ s^−(1+α)` and are known from their first failure
/// on: the share of tasks that go wrong after `n` falls as `n^−β`, `β = α/(1+α)`, and the pooled
/// failures of a fleet of `N` make it `N^−β` of one agent's.
pub(super) fn zipf(trial: &Trial) -> Rows {
    let mut rows = Vec::new();
    for alpha in [0.5, 1.0, 2.0] {
        let learners = trial.sized(1280, 12_800);
        let losses = losses(trial, alpha, learners)?;
        let law = alpha / (1.0 + alpha);
        for (what, later, of) in [
            ("exponent over tasks", 1, (LONG / SHORT) as f64),
            ("exponent over a pooled fleet", 2, FLEET as f64),
        ] {
            let (mean, error) = slope(&losses, later, of);
            // The asymptotic law is short of (1 − p)^n instead of e^−pn by c/n, c below 1, and
            // jobs lack the skills that come up less than once in 10⁵ tasks, which the longest
            // learners here would have met with probability 0.02: 0.01/ln 16 of each at most.
            let within = 4.0 * error + 0.004;
            rows.push(Row::within(format!("α = {alpha}: {what}"), law, mean, within));
        }
    }
    Ok(rows)
}

const SHORT: usize = 125;
const LONG: usize = 2000;
/// Learners of [`SHORT`] tasks whose failures are pooled.
const FLEET: usize = 16;

/// `−ln(later/first)/ln(of)` of the mean losses, and its standard error.
fn slope(losses: &[[f64; 3]], later: usize, of: f64) -> (f64, f64) {
    let mean = |at: usize| losses.iter().map(|l| l[at]).sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(0), mean(later));
    let relative: Vec<f64> = losses.iter().map(|l| l[later] / last - l[0] / first).collect();
    let (_, error) = mean_and_error(&relative);
    (-ln(last / first) / ln(of), error / ln(of))
}

/// Losses of groups of [`FLEET`] learners: after [`SHORT`] tasks and after [`LONG`], the mean
/// over the group, and of all of them pooled after [`SHORT`] each. The tasks are those of the
/// mixed-effects world.
fn losses(trial: &Trial, alpha: f64, learners: usize) -> Result<Vec<[f64; 3]>, CheckError> {
    const SKILLS: usize = 100_000;
    let zipf = trial.model(1.0 + alpha, 1.0 + 0.5 * alpha);
    let text = format!(
        "[world]\nkind = \"mixed-effects\"\nskills = {SKILLS}\nfeatures = 1\nanswers = 2\n\
         companies = 1\nzipf = {zipf:?}\nalpha = 1e6\n[fleet]\nagents = 1\ntasks = {LONG}\n\
         [measure]\nprobes = 8"
    );
    let scenario = Scenario::parse(&text, "law", &[format!("seed={}", trial.seed)])?;
    let world = world::build(&scenario)?;
    let climate = world.climate(Round(0), None);
    // of infinitely many skills: those beyond the last are an integral
    let weight = |s: usize| pow(s as f64 + 1.0, -zipf);
    let beyond = pow(SKILLS as f64 + 0.5, 1.0 - zipf) / (zipf - 1.0);
    let weights: Vec<f64> = (0..SKILLS).map(weight).collect();
    let all = weights.iter().rev().sum::<f64>() + beyond;
    let mut desk = Desk::default();
    // who met a skill last: a mark for each learner, so that nothing has to be wiped
    let (mut own, mut pooled) = (vec![0_u32; SKILLS], vec![0_u32; SKILLS]);
    let mut losses = Vec::new();
    let mut group = [0.0, 0.0, 1.0];
    for learner in 1..=learners as u32 {
        let fleet = (learner - 1) / FLEET as u32 + 1;
        let tasks = world.deal(&climate, AgentId(0), Round(learner), LONG as u32, &mut desk);
        let mut loss = 1.0;
        for task in 0..tasks.len() {
            let skill = tasks.skill(task) as usize;
            if own[skill] != learner {
                own[skill] = learner;
                loss -= weights[skill] / all;
            }
            if task < SHORT && pooled[skill] != fleet {
                pooled[skill] = fleet;
                group[2] -= weights[skill] / all;
            }
            if task + 1 == SHORT {
                group[0] += loss / FLEET as f64;
            }
        }
        group[1] += loss / FLEET as f64;
        if learner.is_multiple_of(FLEET as u32) {
            losses.push(std::mem::replace(&mut group, [0.0, 0.0, 1.0]));
        }
    }
    Ok(losses)
}
