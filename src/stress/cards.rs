//! Report cards: what all trials come to.

use super::{Break, Findings, Stress, Trial};
use crate::measure::mean;
use crate::sweep::statistics::Friedman;
use crate::sweep::{Cell, Figure, Finished};
use serde::Serialize;

/// The seed of the bootstrap.
const BOOTSTRAP: u64 = 1;

/// All report cards, and how those who were put to the battery stand beside one another.
#[derive(Clone, Debug, Serialize)]
pub struct Cards {
    /// The leaderboard.
    pub board: Board,
    /// A card a contender, in the order in which they were named.
    pub cards: Vec<Card>,
}

/// The leaderboard.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// The best first: by skill under hardship.
    pub standings: Vec<Standing>,
    /// Ranks over hardships, in the order of the cards, of those that all faced. None of fewer
    /// than two contenders or hardships.
    pub ranks: Option<Friedman>,
}

/// A line of the leaderboard.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Its card.
    pub card: usize,
    /// Its name.
    pub name: String,
    /// Skill in the hive as it stands.
    pub clean: Cell,
    /// Skill under hardship: the mean over all that it faced of the mean over doses.
    pub stressed: Cell,
    /// What of the clean skill that is, hardship by hardship in the mean.
    pub kept: f64,
    /// Mean place of the breakdown point from no dose (0) to the highest (1), which stands for all
    /// beyond.
    pub breakdown: f64,
    /// Hardships that it breaks down under at a dose of theirs.
    pub broken_by: usize,
    /// Hardships that it faced.
    pub faced: usize,
    /// The one that it breaks down under first, or else keeps least under.
    pub weakest: Option<String>,
    /// Mean rank over the hardships that all faced, 1 the best.
    pub rank: Option<f64>,
}

/// The report card of one contender.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// As it was named.
    pub name: String,
    /// Its family.
    pub family: &'static str,
    /// Why it faced nothing, if so.
    pub refused: Option<String>,
    /// Skill in the hive as it stands.
    pub clean: Cell,
    /// What it costs there.
    pub cost: Cost,
    /// A curve a hardship, in the battery's order.
    pub curves: Vec<Curve>,
}

/// What a contender costs in the hive as it stands.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Milliseconds of merging a round, on the machine that ran it.
    pub merge_ms: f64,
    /// Bytes sent up, a run.
    pub bytes_up: f64,
    /// Bytes sent down, a run.
    pub bytes_down: f64,
    /// Multiply-adds of learning, a run.
    pub multiply_adds: f64,
}

/// How a contender does under a hardship.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// The hardship.
    pub hardship: String,
    /// Why it did not face it, if so; nothing else is known then.
    pub refused: Option<String>,
    /// Skill at rising doses, from none on.
    pub points: Vec<Point>,
    /// Where it breaks down.
    pub breakdown: Option<Breakdown>,
    /// Skill in the mean over doses: the area under the curve.
    pub level: Cell,
    /// The same as a share of the clean run's.
    pub kept: Cell,
    /// Runs of the curve that came to nothing, and why the first did.
    pub failed: usize,
    /// Why.
    pub cause: Option<String>,
}

/// Skill at a dose.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// The dose.
    pub dose: f64,
    /// The mean over seeds and its interval.
    pub level: Cell,
}

/// The dose at which skill falls below the floor: the median over seeds. Places run from no dose
/// (0) to the highest (1); none is beyond.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Breakdown {
    /// Seeds on which it falls.
    pub fell: usize,
    /// Of so many.
    pub seeds: usize,
    /// Its place; none where half of the seeds hold at every dose.
    pub place: Option<f64>,
    /// The dose there.
    pub dose: Option<f64>,
    /// The lower end of the interval, as a dose; none where it too lies beyond.
    pub low: Option<f64>,
    /// The upper end; none is beyond the highest dose.
    pub high: Option<f64>,
    /// The probability that the interval holds the median of all seeds there are.
    pub coverage: f64,
}

/// The report cards of everyone.
pub fn cards(stress: &Stress, findings: &Findings) -> Cards {
    let cards: Vec<Card> =
        (0..stress.contenders.len()).map(|i| card(stress, findings, i)).collect();
    let hardships = 0..stress.battery.hardships.len();
    let admitted: Vec<usize> = (0..cards.len()).filter(|i| cards[*i].refused.is_none()).collect();
    let level = |i: &usize, h: usize| cards[*i].curves[h].level.mean;
    let blocks: Vec<Vec<f64>> =
        hardships.map(|h| admitted.iter().map(|i| level(i, h)).collect()).collect();
    let ranks = Friedman::of(&blocks, true);
    let mut standings: Vec<Standing> = admitted
        .iter()
        .enumerate()
        .map(|(at, &i)| {
            let rank = ranks.as_ref().map(|ranks| ranks.mean_ranks[at]);
            standing(stress, findings, i, &cards[i], rank)
        })
        .collect();
    let key = |standing: &Standing| match standing.stressed.mean {
        mean if mean.is_nan() => f64::NEG_INFINITY,
        mean => mean,
    };
    standings.sort_by(|a, b| key(b).total_cmp(&key(a)).then(a.name.cmp(&b.name)));
    Cards { board: Board { standings, ranks }, cards }
}

fn card(stress: &Stress, findings: &Findings, i: usize) -> Card {
    let contender = &stress.contenders[i];
    let clean = &findings.clean[i];
    let levels: Vec<f64> = clean.iter().map(|run| stress.level(run)).collect();
    let none = Vec::new();
    let refused = stress.refused[i].as_ref();
    let curve = |(h, why): (usize, &Option<String>)| {
        let trials = findings.trials[i][h].as_ref().unwrap_or(&none);
        curve(stress, h, why.clone(), &levels, trials)
    };
    Card {
        name: contender.name.clone(),
        family: contender.family.name(),
        refused: refused.err().cloned(),
        clean: Cell::of(levels.clone(), BOOTSTRAP),
        cost: cost(stress, clean),
        curves: refused.iter().flat_map(|why| why.iter().enumerate().map(curve)).collect(),
    }
}

fn cost(stress: &Stress, clean: &[Finished]) -> Cost {
    let of = |name: &str| {
        let index = Figure::named(name).map_or(0, Figure::index);
        mean(clean.iter().map(|run| run.figures[index]).filter(|x| x.is_finite()))
    };
    let rounds = f64::from(stress.base.rounds.0);
    let seconds = mean(clean.iter().map(|run| run.merge_seconds).filter(|x| x.is_finite()));
    Cost {
        merge_ms: 1e3 * seconds / rounds,
        bytes_up: of("bytes_up"),
        bytes_down: of("bytes_down"),
        multiply_adds: of("multiply_adds"),
    }
}

fn curve(
    stress: &Stress,
    hardship: usize,
    refused: Option<String>,
    clean: &[f64],
    trials: &[Trial],
) -> Curve {
    let doses = stress.battery.doses as usize;
    // a row a dose, with the clean one
    let mut levels: Vec<Vec<f64>> = vec![clean.iter().copied().take(trials.len()).collect()];
    let at = |i: usize| trials.iter().map(|trial| stress.level(&trial.curve[i].1)).collect();
    levels.extend((0..doses - 1).filter(|_| !trials.is_empty()).map(at));
    let point = |(i, levels): (usize, &Vec<f64>)| Point {
        dose: stress.dose(hardship, i as f64 / (doses - 1) as f64),
        level: Cell::of(levels.clone(), BOOTSTRAP),
    };
    let points = match trials.is_empty() {
        true => Vec::new(),
        false => levels.iter().enumerate().map(point).collect(),
    };
    let areas = areas(stress, clean, trials);
    let kept = areas.iter().zip(clean).map(|(area, clean)| area / clean).collect();
    let runs = || trials.iter().flat_map(|trial| trial.curve.iter().map(|(_, run)| run));
    let causes = || runs().filter_map(|run| run.result.as_ref().err());
    Curve {
        hardship: stress.battery.hardships[hardship].name.clone(),
        refused,
        points,
        breakdown: breakdown(stress, hardship, trials),
        level: Cell::of(areas, BOOTSTRAP),
        kept: Cell::of(kept, BOOTSTRAP),
        failed: causes().count(),
        cause: causes().next().cloned(),
    }
}

/// The area under each seed's curve, the clean run's level at its beginning.
fn areas(stress: &Stress, clean: &[f64], trials: &[Trial]) -> Vec<f64> {
    let of = |(clean, trial): (&f64, &Trial)| {
        let levels = trial.curve.iter().map(|(_, run)| stress.level(run));
        area(&std::iter::once(*clean).chain(levels).collect::<Vec<_>>())
    };
    clean.iter().zip(trials).map(of).collect()
}

/// The mean height of a curve: trapezoids between evenly spaced doses.
fn area(levels: &[f64]) -> f64 {
    mean(levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])))
}

fn breakdown(stress: &Stress, hardship: usize, trials: &[Trial]) -> Option<Breakdown> {
    let n = trials.len();
    if n == 0 {
        return None;
    }
    let mut falls: Vec<Break> = trials.iter().filter_map(|trial| trial.fell).collect();
    falls.sort_by(|a, b| a.fell.total_cmp(&b.fell).then(a.held.total_cmp(&b.held)));
    let middle = |i: usize| falls.get(i).map(|fall| 0.5 * (fall.held + fall.fell));
    let place = match (middle((n - 1) / 2), middle(n / 2)) {
        (Some(a), Some(b)) => Some(0.5 * (a + b)),
        _ => None,
    };
    let (below, coverage) = median_interval(n);
    let dose = |place: f64| stress.dose(hardship, place);
    Some(Breakdown {
        fell: falls.len(),
        seeds: n,
        place,
        dose: place.map(dose),
        low: falls.get(below).map(|fall| dose(fall.held)),
        high: falls.get(n - 1 - below).map(|fall| dose(fall.fell)),
        coverage,
    })
}

/// Which of `n` sorted values, counted from either end, bound an interval that holds the median of
/// what they were drawn from with a probability of 0.95 at least, and that probability; of few
/// values the outermost, and less.
///
/// `1 − 2 P(X ≤ k)`, `X` binomial of `n` and a half: it holds whatever the distribution (Thompson
/// 1936; Conover 1999, section 3.2).
fn median_interval(n: usize) -> (usize, f64) {
    let mut term = crate::maths::exp(-(n as f64) * std::f64::consts::LN_2);
    let mut tail = term;
    let (mut below, mut coverage) = (0, 1.0 - 2.0 * tail);
    for k in 1..n / 2 {
        term *= (n - k + 1) as f64 / k as f64;
        tail += term;
        if 1.0 - 2.0 * tail < 0.95 {
            break;
        }
        (below, coverage) = (k, 1.0 - 2.0 * tail);
    }
    (below, coverage.max(0.0))
}

fn standing(
    stress: &Stress,
    findings: &Findings,
    i: usize,
    card: &Card,
    rank: Option<f64>,
) -> Standing {
    let faced: Vec<&Curve> = card.curves.iter().filter(|curve| !curve.points.is_empty()).collect();
    let clean: Vec<f64> = findings.clean[i].iter().map(|run| stress.level(run)).collect();
    let trials = findings.trials[i].iter().flatten();
    let areas: Vec<Vec<f64>> = trials.map(|trials| areas(stress, &clean, trials)).collect();
    let of_seed = |seed: usize| mean(areas.iter().map(|areas| areas[seed]));
    let place = |curve: &Curve| curve.breakdown.and_then(|fall| fall.place);
    let key = |curve: &Curve| (place(curve).unwrap_or(1.0), curve.kept.mean);
    let weakest = faced.iter().min_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    Standing {
        card: i,
        name: card.name.clone(),
        clean: card.clean,
        stressed: Cell::of((0..clean.len()).map(of_seed).collect(), BOOTSTRAP),
        kept: mean(faced.iter().map(|curve| curve.kept.mean)),
        breakdown: mean(faced.iter().map(|curve| place(curve).unwrap_or(1.0))),
        broken_by: faced.iter().filter(|curve| place(curve).is_some()).count(),
        faced: faced.len(),
        weakest: weakest.map(|curve| curve.hardship.clone()),
        rank,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conover 1999, table A3: of six values the outermost, of ten the second, of twenty the sixth.
    #[test]
    fn intervals_of_a_median_are_those_of_the_sign_test() {
        for (n, below, coverage) in
            [(1, 0, 0.0), (2, 0, 0.5), (5, 0, 0.9375), (6, 0, 0.96875), (10, 1, 0.978_515_625)]
        {
            let got = median_interval(n);
            assert_eq!(got.0, below, "{n}");
            assert!((got.1 - coverage).abs() < 1e-12, "{n}: {got:?}");
        }
        let got = median_interval(20);
        assert!(got.0 == 5 && (got.1 - 0.958_610_534_667_968_7).abs() < 1e-12, "{got:?}");
    }

    #[test]
    fn an_area_is_the_mean_height_of_a_curve() {
        assert_eq!(area(&[1.0, 0.5, 0.0]), 0.5);
        assert_eq!(area(&[1.0, 0.0, 0.0]), 0.25);
    }
}
