//! What merge strategies hold against, and what task vectors do: breakdown points, sign
//! flippers, conflicts of sign, random drops.

use super::merging::{Merger, contribution};
use super::{CheckError, Row, Rows, Tolerance, Trial};
use crate::engine::{Experiment, Silent};
use crate::maths::acos;
use crate::measure::quality;
use crate::merge::{Context, Group, MergeError, Row as Vector, Strategy};
use crate::params::Layout;
use crate::scenario::{
    Combine, Dare, GeometricMedian, Krum, Mean, MeanAroundMedian, Median, Scenario, TrimmedMean,
};
use std::f64::consts::PI;

/// The core that 21 contributions make, of which `attackers` send `size` and the others small
/// numbers of their own.
fn merged(trial: &Trial, combine: Combine, attackers: u32, size: f32) -> Result<f64, CheckError> {
    let deltas: Vec<_> = (0..21)
        .map(|agent| {
            let mut stream = trial.stream(agent, 0);
            let honest = move |_| 0.1 * stream.normal() as f32;
            let values: Vec<f32> = (0..8).map(honest).collect();
            let sent = |own: f32| if agent < attackers { size } else { own };
            contribution(5, values.into_iter().map(sent))
        })
        .collect();
    let all: Vec<_> = deltas.iter().collect();
    let mut merger = Merger::new(combine, 8);
    let next = merger.merge(&[0.0; 8], &all, &Context::new(trial.seed, 1))?;
    Ok(next.iter().map(|x| f64::from(x.abs())).fold(0.0, f64::max))
}

fn mean() -> Combine {
    Combine::Mean(Mean::default())
}

/// The least number of attackers of 21, all sending the same, that move the core without bound:
/// 1 for the mean, one more than are cut off, half of all for medians. Krum is proven against
/// `f` of `n > 2f + 2`, and may hold against more.
pub(super) fn breakdown(trial: &Trial) -> Rows {
    let breaks = |combine: Combine| -> Result<f64, CheckError> {
        for attackers in 1..=21 {
            if merged(trial, combine.clone(), attackers, 1e9)? > 1e6 {
                return Ok(f64::from(attackers));
            }
        }
        Ok(f64::INFINITY)
    };
    let geometric = GeometricMedian { iterations: 1000, ..GeometricMedian::default() };
    let cases = [
        ("mean", mean(), 1.0),
        ("trimmed-mean, f = 5", Combine::TrimmedMean(trimmed(5)), 6.0),
        ("median", Combine::Median(Median {}), 11.0),
        ("geometric-median", Combine::GeometricMedian(geometric), 11.0),
        ("mean-around-median, f = 10", around(10), 11.0),
    ];
    let mut rows = Vec::new();
    for (name, combine, law) in cases {
        // broken: a trimmed mean that is not the one under test
        let combine = trial.model(combine, Combine::TrimmedMean(trimmed(3)));
        let what = format!("{name} of 21: attackers that break it");
        rows.push(Row::within(what, law, breaks(combine)?, 0.0));
    }
    let krum = Combine::Krum(Krum { f: Some(9), ..Krum::default() });
    rows.push(Row {
        what: "krum, f = 9, of 21: attackers that break it".into(),
        expected: 10.0,
        measured: breaks(trial.model(krum, mean()))?,
        tolerance: Tolerance::AtLeast,
    });
    for size in [1e3, 1e6_f32] {
        let law = f64::from(size) / 21.0;
        // The others move it by at most 5 of their standard deviations of 0.1; the weighted
        // value, the share and their product are rounded, by three half units.
        let within = 0.5 + 3.0 * law / f64::from(1 << 24);
        let got = merged(trial, trial.model(mean(), Combine::Median(Median {})), 1, size)?;
        let what = format!("mean of 21, one sends {size:e}: the core moves");
        rows.push(Row::within(what, law, got, within));
    }
    Ok(rows)
}

fn trimmed(f: u32) -> TrimmedMean {
    TrimmedMean { f: Some(f), ..TrimmedMean::default() }
}

fn around(f: u32) -> Combine {
    Combine::MeanAroundMedian(MeanAroundMedian { f: Some(f) })
}

/// How much more than they learned the flippers send.
const FACTOR: f32 = 5.0;

/// A share `s` of agents that send `−a` times what they learned leaves `1 − s(1 + a)` of the
/// mean: the hive learns below the share `1/(1 + a)`, and not above.
pub(super) fn sign_flip(trial: &Trial) -> Rows {
    const TEXT: &str = "rounds = 30\n[world]\nkind = \"mixed-effects\"\nskills = 1\n\
                        company = 0.0\n[measure]\nevery = 30\n[engine]\nkind = \"serial\"";
    const AGENTS: usize = 200;
    let factor = trial.model(FACTOR, 2.0);
    let learns = |flipped: usize| -> Result<bool, CheckError> {
        let scenario = Scenario::parse(TEXT, "law", &[format!("seed={}", trial.seed)])?;
        let flip = move || Box::new(Flip { flipped, of: AGENTS, factor }) as Box<dyn Strategy>;
        let outcome = Experiment::new(scenario).with_strategy(flip).run(&Silent)?;
        Ok(outcome.hive.rounds[30].core_skill > 0.1)
    };
    // the last number that still learns and the first that does not
    let (mut low, mut high) = (0, AGENTS / 2);
    while high - low > 1 {
        let middle = low.midpoint(high);
        *(if learns(middle)? { &mut low } else { &mut high }) = middle;
    }
    let share = (low as f64 + 0.5) / AGENTS as f64;
    let law = 1.0 / (1.0 + f64::from(FACTOR));
    // Just below the threshold so little is left of the mean that 30 rounds do not show it: a
    // level of 0.1 takes some 2 rounds of the whole mean, 1 − s(1 + a) = 2/30, which is 0.011 of s.
    Ok(vec![Row::within("sign flip × 5 on the mean: share that ends learning", law, share, 0.02)])
}

/// The mean, with so many of the contributions turned round.
struct Flip {
    flipped: usize,
    of: usize,
    factor: f32,
}

impl Strategy for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        // spread evenly over the agents, because companies are neighbours
        let flips = |i: usize| (i + 1) * self.flipped / self.of > i * self.flipped / self.of;
        let factor = |i: usize| if flips(i) { -self.factor } else { 1.0 };
        let factors: Vec<f32> = group.members().iter().map(|m| factor(m.id as usize)).collect();
        group.write(|segment, out| {
            let total: f64 = segment.rows.iter().map(|row| row.weight).sum();
            let share = |row: &Vector<'_>| (row.weight / total) as f32 * factors[row.member];
            let shares: Vec<f32> = segment.rows.iter().map(share).collect();
            out.weighted(&shares, &segment.values());
            Ok(())
        })
    }
}

/// Two contributions whose entries are jointly normal with correlation `ρ` differ in sign with
/// probability `arccos(ρ)/π`.
pub(super) fn sign_conflict(trial: &Trial) -> Rows {
    let n = trial.sized(100_000, 2_000_000);
    let layout = Layout::new([n]);
    let row = |(i, rho): (u32, f64)| {
        let mut stream = trial.stream(0, i);
        let there = trial.model(rho, rho + 0.08);
        let pairs = (0..n).map(|_| {
            let shared = stream.normal();
            let other = there * shared + (1.0 - there * there).sqrt() * stream.normal();
            (shared as f32, other as f32)
        });
        let (a, b): (Vec<f32>, Vec<f32>) = pairs.unzip();
        let [a, b] = [a, b].map(|values| contribution(1, values.into_iter()));
        let got = quality(&layout, &[&a, &b], &vec![0.0; n]).sign_conflict;
        let law = acos(rho) / PI;
        let within = 4.0 * (law * (1.0 - law) / n as f64).sqrt();
        Row::within(format!("correlation {rho}: share in conflict"), law, got, within)
    };
    Ok([(0, 0.0), (1, 0.3), (2, 0.9)].into_iter().map(row).collect())
}

/// DARE keeps an entry with probability `1 − q` and divides it by that: the merged vector is off
/// by the variance `q/(1−q) Σδ²`, and by nothing on average.
pub(super) fn dare(trial: &Trial) -> Rows {
    let n = trial.sized(1 << 16, 1 << 20);
    let row = |(i, density): (u32, f64)| -> Result<Row, CheckError> {
        let mut stream = trial.stream(0, i);
        let delta = contribution(1, (0..n).map(|_| stream.normal() as f32));
        let kept = trial.model(density, 0.8 * density);
        let spec = Dare { density: kept, ..Dare::default() };
        let mut merger = Merger::new(Combine::Dare(spec), n);
        let next = merger.merge(&vec![0.0; n], &[&delta], &Context::new(trial.seed, i))?;
        let (mut off, mut all) = (0.0, 0.0);
        for (next, delta) in next.iter().zip(delta.values()) {
            let (next, delta) = (f64::from(*next), f64::from(*delta));
            off += (next - delta) * (next - delta);
            all += delta * delta;
        }
        let q = 1.0 - density;
        let law = q / density;
        // Off by δ² x, x being (q/(1−q))² with probability 1 − q and 1 else; Σδ⁴ is 3/n (Σδ²)².
        let square = density * law * law * law * law + q;
        let within = 4.0 * (3.0 * (square - law * law) / n as f64).sqrt();
        let what = format!("density {density}: variance over Σδ²");
        Ok(Row::within(what, law, off / all, within))
    };
    [(0, 0.4), (1, 0.2), (2, 0.1)].into_iter().map(row).collect()
}
