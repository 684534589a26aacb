//! Everyone faces everything.

use super::{Dose, Stress, Trial, search};
use crate::engine::Batch;
use crate::sweep::Finished;
use std::sync::Mutex;

/// All that was run.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The clean runs: an entry a contender, a run a seed; empty where the hive refuses it.
    pub clean: Vec<Vec<Finished>>,
    /// An entry a contender, in it one a hardship, a trial a seed; none where it was refused.
    pub trials: Vec<Vec<Option<Vec<Trial>>>>,
}

impl Findings {
    /// All runs: contender by contender the clean ones, then hardship by hardship and seed by seed
    /// those of the curve and of the search.
    pub fn runs(&self) -> impl Iterator<Item = (Dose, &Finished)> {
        self.clean.iter().zip(&self.trials).enumerate().flat_map(|(contender, (clean, trials))| {
            let seeds = &self.seeds;
            let dose = move |hardship, seed: usize| Dose { contender, hardship, seed: seeds[seed] };
            let clean = clean.iter().enumerate().map(move |(seed, run)| (dose(None, seed), run));
            let each = trials.iter().enumerate().flat_map(move |(h, trials)| {
                trials.iter().flatten().enumerate().flat_map(move |(seed, trial)| {
                    let runs = trial.curve.iter().chain(&trial.search);
                    runs.map(move |(place, run)| (dose(Some((h, *place)), seed), run))
                })
            });
            clean.chain(each)
        })
    }
}

impl Stress {
    /// The skill that a run ended with; 0, which is what guessing brings, where it came to nothing
    /// or nobody is left to have any.
    pub fn level(&self, run: &Finished) -> f64 {
        match run.figures[self.figure.index()] {
            level if level.is_finite() => level,
            _ => 0.0,
        }
    }

    /// The most runs that there can be.
    pub fn most_runs(&self) -> usize {
        let faced = |refused: &Result<Vec<Option<String>>, String>| match refused {
            Ok(why) => 1 + why.iter().filter(|why| why.is_none()).count() * self.most_of_trial(),
            Err(_) => 0,
        };
        self.refused.iter().map(faced).sum::<usize>() * self.seeds.len()
    }

    /// The most runs of one trial.
    fn most_of_trial(&self) -> usize {
        let curve = self.battery.doses as usize - 1;
        let stretch = 1.0 / curve as f64 / self.battery.precision;
        curve + (0..64).take_while(|n| ((1_u64 << n) as f64) < stretch).count()
    }
}

/// Puts everyone to everything: `run` makes each run, up to `jobs` of them at a time, and `spared`
/// is told of runs that turned out not to be needed. Clean runs come first, as every other one is
/// held against its own.
///
/// Which of them run side by side changes nothing of what is found.
///
/// # Errors
/// The first that `run` gives.
pub fn face<E: Send>(
    stress: &Stress,
    batch: &Batch,
    jobs: usize,
    run: impl Fn(&Dose) -> Result<Finished, E> + Sync,
    spared: impl Fn(usize) + Sync,
) -> Result<Findings, E> {
    let admitted = |i: &usize| stress.refused[*i].is_ok();
    let who: Vec<usize> = (0..stress.contenders.len()).filter(admitted).collect();
    let seeds = 0..stress.seeds.len();
    let clean: Vec<(usize, usize)> = who
        .iter()
        .flat_map(|&contender| seeds.clone().map(move |seed| (contender, seed)))
        .collect();
    let cleans = each(batch, jobs, &clean, |&(contender, seed)| {
        run(&Dose { contender, hardship: None, seed: stress.seeds[seed] })
    })?;
    let mut findings = Findings {
        seeds: stress.seeds.clone(),
        clean: vec![Vec::new(); stress.contenders.len()],
        trials: vec![vec![None; stress.battery.hardships.len()]; stress.contenders.len()],
    };
    for ((contender, _), run) in clean.iter().zip(cleans) {
        findings.clean[*contender].push(run);
    }
    let mut trials: Vec<(usize, usize, usize)> = Vec::new();
    for &contender in &who {
        let why = stress.refused[contender].iter().flatten().enumerate();
        for (hardship, _) in why.filter(|(_, why)| why.is_none()) {
            trials.extend(seeds.clone().map(|seed| (contender, hardship, seed)));
        }
    }
    let found = each(batch, jobs, &trials, |&(contender, hardship, seed)| {
        let trial = trial(stress, (contender, hardship, seed), &findings.clean[contender], &run)?;
        spared(stress.most_of_trial() - trial.curve.len() - trial.search.len());
        Ok(trial)
    })?;
    for ((contender, hardship, _), trial) in trials.into_iter().zip(found) {
        findings.trials[contender][hardship].get_or_insert_default().push(trial);
    }
    Ok(findings)
}

fn trial<E>(
    stress: &Stress,
    (contender, hardship, seed): (usize, usize, usize),
    clean: &[Finished],
    run: &impl Fn(&Dose) -> Result<Finished, E>,
) -> Result<Trial, E> {
    let battery = &stress.battery;
    let floor = battery.floor * stress.level(&clean[seed]);
    let same = |a, b| stress.dose(hardship, a) == stress.dose(hardship, b);
    let holds = |run: &Finished| run.result.is_ok() && stress.level(run) >= floor;
    search(battery.doses, battery.precision, same, holds, |place| {
        let seed = stress.seeds[seed];
        run(&Dose { contender, hardship: Some((hardship, place)), seed })
    })
}

/// What `work` gives of every item, in their order.
fn each<T: Sync, R: Send, E: Send>(
    batch: &Batch,
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let places: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let numbered: Vec<usize> = (0..items.len()).collect();
    batch.each(jobs, &numbered, |i| {
        let got = work(&items[*i])?;
        *places[*i].lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(got);
        Ok(())
    })?;
    let taken = |place: Mutex<Option<R>>| {
        place.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    };
    Ok(places.into_iter().filter_map(taken).collect())
}
