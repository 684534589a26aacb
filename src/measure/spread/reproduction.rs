//! Reproduction numbers: to how many does one who holds a skill pass it on?

use super::Adoption;
use std::ops::Range;

/// Who could have taught whom, from adoption alone.
///
/// At a measured round, an agent that holds the skill and did not at the measurement before is
/// *new*, and those that held it then are its possible *teachers*; new ones without any teacher
/// have *found* the skill. Nothing here proves that anybody taught: with isolated agents the same
/// numbers come out of learning alone, and are what a hive's have to be held against.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Teaching {
    /// `β`: agents to whom one holder passes the skill on in a round while nobody else holds it,
    /// `Σ new / Σ teachers · Δ · (share of the others that do not hold it)`, which is the
    /// maximum-likelihood rate of an SI epidemic with Poisson numbers of new cases (Becker 1989,
    /// "Analysis of infectious disease data"). Δ is the time between the measurements, in rounds.
    /// NaN where nobody could have taught anybody.
    pub contact_rate: f64,
    /// `R`: agents to whom each of the first holders passed it on by the end, every new one being
    /// credited to all its possible teachers in equal parts, `Σ new / teachers` (the case
    /// reproduction number of Wallinga & Teunis 2004, with no preference for a generation
    /// interval: a skill that is held can be passed on in any later round). NaN where nobody
    /// ever held it.
    pub reproduction: f64,
    /// Agents that came to hold it when nobody did, those of the first measurement among them.
    pub found: u64,
}

impl Teaching {
    /// What an adoption comes to. Costs `agents × rounds`.
    pub fn of(adoption: &Adoption) -> Self {
        let agents = adoption.agents() as f64;
        let rounds = adoption.rounds();
        let (mut taught, mut exposure) = (0.0, 0.0);
        let mut teaching = Teaching { reproduction: f64::NAN, ..Self::default() };
        let mut teachers = 0_u64;
        for index in 0..rounds.len() {
            let before = index.checked_sub(1);
            let mut new = 0;
            let mut holders = 0;
            match before {
                None => holders = adoption.holders(index).filter(|&now| now).count() as u64,
                Some(before) => {
                    for (had, has) in adoption.holders(before).zip(adoption.holders(index)) {
                        new += u64::from(has && !had);
                        holders += u64::from(has);
                    }
                }
            }
            if teachers == 0 {
                teaching.found += holders;
            } else if let Some(before) = before {
                let lacking = (agents - teachers as f64) / (agents - 1.0).max(1.0);
                exposure += teachers as f64 * lacking * (rounds[index] - rounds[before]);
                taught += new as f64;
                teaching.reproduction += new as f64 / teachers as f64;
            }
            if teaching.reproduction.is_nan() && holders > 0 {
                teaching.reproduction = 0.0;
            }
            teachers = holders;
        }
        teaching.contact_rate = if exposure > 0.0 { taught / exposure } else { f64::NAN };
        teaching
    }
}

/// The reproduction number over a window of times, `Σ I_t / Σ Λ_t` with `Λ_t = Σ_k w_k I_(t−k)`
/// (Cori et al. 2013, "A new framework and software to estimate time-varying reproduction numbers
/// during epidemics", without a prior): new cases over those that the earlier ones would have
/// made had each made one.
///
/// `incidence[t]` are the new cases at time `t`, `generation[k]` the share of what a case
/// passes on that comes `k + 1` times later (sums to 1: divided by its sum). NaN where no earlier
/// case counts.
pub fn reproduction(incidence: &[f64], generation: &[f64], window: Range<usize>) -> f64 {
    let total: f64 = generation.iter().sum();
    let (mut cases, mut expected) = (0.0, 0.0);
    for t in window.start..window.end.min(incidence.len()) {
        cases += incidence[t];
        let before = incidence[..t].iter().rev();
        expected += before.zip(generation).map(|(i, w)| i * w / total).sum::<f64>();
    }
    if expected > 0.0 { cases / expected } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::exp;
    use crate::stream::{Purpose, Stream};

    fn poisson(stream: &mut Stream, mean: f64) -> u32 {
        let (floor, mut product, mut n) = (exp(-mean), stream.uniform(), 0);
        while product > floor {
            product *= stream.uniform();
            n += 1;
        }
        n
    }

    /// Offspring Poisson(R), a third each one, two and three generations later.
    #[test]
    fn a_branching_process_gives_its_mean_offspring_back() {
        let generation = [1.0, 1.0, 1.0];
        for (r, seed) in [(0.8, 1), (1.0, 2), (1.6, 3)] {
            let mut incidence = vec![400.0];
            let mut stream = Stream::new(seed, Purpose::Job, 0, 0);
            for t in 1..12_usize {
                let force: f64 = (1..=t.min(3)).map(|k| r / 3.0 * incidence[t - k]).sum();
                // in portions, because e^−force underflows
                let portions = (force / 50.0).ceil();
                let new = (0..portions as u32).map(|_| poisson(&mut stream, force / portions));
                incidence.push(f64::from(new.sum::<u32>()));
            }
            let got = reproduction(&incidence, &generation, 1..12);
            // Σ I is Poisson with mean R Σ Λ: variance of the ratio R/Σ Λ
            let weight: f64 = incidence[1..].iter().sum::<f64>() / r;
            assert!((got - r).abs() < 4.0 * (r / weight).sqrt(), "{got}, not {r}");
        }
    }

    #[test]
    fn a_ratio_by_hand() {
        // Λ at times 1 and 2: 2 and 0.5·6 + 0.5·2... with weights 3/4 and 1/4
        let got = reproduction(&[2.0, 6.0, 10.0], &[3.0, 1.0], 2..3);
        assert_eq!(got, 10.0 / (0.75 * 6.0 + 0.25 * 2.0));
        assert!(reproduction(&[0.0, 1.0], &[1.0], 1..2).is_nan());
    }

    fn adoption(agents: usize, rounds: usize, holds: impl Fn(usize, usize) -> bool) -> Adoption {
        let times = (0..rounds).map(|t| t as f64).collect();
        let cells = (0..agents).flat_map(|i| (0..rounds).map(move |t| (i, t)));
        let levels: Vec<f32> = cells.map(|(i, t)| f32::from(u8::from(holds(i, t)))).collect();
        Adoption::from_levels(times, levels.into_iter(), 0.5)
    }

    /// One more each round: the first is credited 1, 1/2, 1/3, …
    #[test]
    fn the_first_of_a_chain_is_credited_a_harmonic_number() {
        let got = Teaching::of(&adoption(10, 10, |i, t| i <= t));
        let harmonic: f64 = (1..10).map(|k| 1.0 / f64::from(k)).sum();
        assert!((got.reproduction - harmonic).abs() < 1e-12, "{got:?}");
        assert_eq!(got.found, 1);
        // Σ new = 9 over Σ k (10 − k)/9
        let exposure: f64 = (1..10).map(|k| f64::from(k * (10 - k)) / 9.0).sum();
        assert!((got.contact_rate - 9.0 / exposure).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn what_nobody_held_was_not_taught() {
        let nobody = Teaching::of(&adoption(3, 5, |_, _| false));
        assert_eq!(nobody.found, 0);
        assert!(nobody.reproduction.is_nan() && nobody.contact_rate.is_nan());
        // both at once at round 2: found, and nobody is left to be taught
        let at_once = Teaching::of(&adoption(2, 5, |_, t| t >= 2));
        assert_eq!((at_once.found, at_once.reproduction), (2, 0.0));
        assert!(at_once.contact_rate.is_nan());
    }

    /// SI among 400 agents: one who does not hold the skill gets it in a round with
    /// probability `1 − e^(−β·holders/(n−1))`, which is Poisson to the first order of β.
    #[test]
    fn an_epidemic_gives_its_contact_rate_back() {
        let (n, rounds, beta) = (400_usize, 400, 0.05);
        let mut stream = Stream::new(5, Purpose::Job, 0, 0);
        let mut since = vec![usize::MAX; n];
        since[..4].fill(0);
        for t in 1..rounds {
            let holders = since.iter().filter(|&&s| s < t).count();
            let p = 1.0 - exp(-beta * holders as f64 / (n - 1) as f64);
            for s in since.iter_mut().filter(|s| **s == usize::MAX) {
                if stream.uniform() < p {
                    *s = t;
                }
            }
        }
        let got = Teaching::of(&adoption(n, rounds, |i, t| since[i] <= t));
        assert_eq!(got.found, 4);
        // 396 cases: a standard error of 1/√396; 1 − e^−x is below x by at most β/2
        let tolerance = beta * (4.0 / 396_f64.sqrt() + 0.5 * beta);
        assert!((got.contact_rate - beta).abs() < tolerance, "{got:?}");
    }
}
