//! Competing labs: who leads, and when one runs away. The laws are of skills that move by one number
//! and no task, which no learner has: these are plain processes on hivesim's streams, judged by
//! its measures of competition and its market.

use super::{Row, Rows, Trial, mean_and_error};
use crate::maths::{acos, exp, tanh};
use crate::measure::competition::{self, leader_changes, shares};
use std::f64::consts::PI;

/// The gap between two labs whose skills are pulled to their mean at rate `λ` and shaken, seen
/// every `Δ`: an AR(1) with coefficient `e^−λΔ`, whose sign changes with probability
/// `arccos(e^−λΔ)/π` from one look to the next.
pub(super) fn leaders(trial: &Trial) -> Rows {
    let (courses, looks) = (trial.sized(1000, 10_000_u32), 400);
    let row = |(i, pull): (u32, f64)| {
        let keeps = exp(-pull);
        let kept = trial.model(keeps, 0.9 * keeps);
        let shaken = (1.0 - kept * kept).sqrt();
        let changes: Vec<f64> = (0..courses)
            .map(|course| {
                let mut stream = trial.stream(course, i);
                // two labs of variance 1/2 each, from where they settle
                let mut labs = [0, 1].map(|_| 0.5_f64.sqrt() * stream.normal());
                let mut curves = labs.map(|lab| vec![lab]);
                for _ in 0..looks {
                    let step = |lab: f64, noise: f64| kept * lab + shaken * 0.5_f64.sqrt() * noise;
                    labs = labs.map(|lab| step(lab, stream.normal()));
                    curves.iter_mut().zip(labs).for_each(|(curve, lab)| curve.push(lab));
                }
                let leaders = competition::leaders(&[&curves[0], &curves[1]]);
                leader_changes(&leaders) as f64 / f64::from(looks)
            })
            .collect();
        let (mean, error) = mean_and_error(&changes);
        let what = format!("λΔ = {pull}: leader changes a look");
        Row::within(what, acos(keeps) / PI, mean, 4.0 * error)
    };
    Ok([(0, 0.05), (1, 0.2), (2, 1.0)].into_iter().map(row).collect())
}

/// Two labs with skills `x`: customers go to them by `softmax(θ x)`, a lab learns at rate `φ`
/// times its share, and `λ` of the gap leaks away a unit of time. The gap `g` moves by
/// `φ tanh(θ g/2) − λ g`: equal labs stay equal if and only if `φθ/2 < λ`, and else the leader's
/// share ends at `1/(1 + e^−2v)`, `v = r tanh v`, `r = φθ/(2λ)`.
pub(super) fn runaway(trial: &Trial) -> Rows {
    let row = |(i, r): (u32, f64)| {
        let share = leaders_share(trial, i, r);
        // v = r tanh v from above: contracting where r > 1, and to 0 where r < 1
        let v = (0..10_000).fold(10.0, |v, _| r * tanh(v));
        let law = 1.0 / (1.0 + exp(-2.0 * v));
        // Below the threshold, 2000 customers a step shake the gap: its variance is
        // φ² · 0.05/2000/(2λ(1 − r)), and the share moves by θ/4 of it: 0.0022 at r = 0.8.
        Row::within(format!("φθ/2λ = {r}: leader's share"), law, share, 0.01)
    };
    Ok([(0, 0.5), (1, 0.8), (2, 1.2), (3, 2.0)].into_iter().map(row).collect())
}

/// The share of customers whom the leader has in the end, from labs that hardly differ.
fn leaders_share(trial: &Trial, case: u32, r: f64) -> f64 {
    const STEP: f64 = 0.05;
    const CUSTOMERS: u32 = 2000;
    let (theta, leak) = (2.0, 0.5 * trial.model(1.0, 0.4));
    // the flywheel of the sound leak
    let learns = 2.0 * r * 0.5 / theta;
    let steps = trial.sized(5_000, 20_000_u32);
    let mut skills = [0.01, 0.0];
    let (mut share, mut n) = (0.0, 0.0);
    for step in 0..steps {
        let mut stream = trial.stream(step, 16 + case);
        let first = shares(&skills, theta)[0];
        let came = (0..CUSTOMERS).map(|_| u32::from(stream.uniform() < first)).sum::<u32>();
        let came = f64::from(came) / f64::from(CUSTOMERS);
        let gap = skills[0] - skills[1];
        skills[0] += STEP * (learns * came - 0.5 * leak * gap);
        skills[1] += STEP * (learns * (1.0 - came) + 0.5 * leak * gap);
        if step >= steps / 2 {
            share += first;
            n += 1.0;
        }
    }
    let share: f64 = share / n;
    share.max(1.0 - share)
}
