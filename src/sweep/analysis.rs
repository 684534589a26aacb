//! What the runs of a sweep come to: cases, levels and points side by side, on common random
//! numbers.
//!
//! The seed is the block: all cases run on the same worlds, jobs and tasks, and worlds differ more
//! than cases do. Every interval is over seeds, and every difference within one.

use super::statistics::{Friedman, Paired, bca, holm, spearman};
use super::{Figure, Finished, Sweep};
use crate::measure::mean;
use serde::Serialize;

/// Entrants of a contest up to which all pairs are compared.
const ALL_PAIRS_MAX: usize = 10;
/// Axes up to which every pair of them is looked at.
pub(super) const PAIRED_AXES_MAX: usize = 4;

/// What all runs come to, a figure after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// In the order of the plan.
    pub figures: Vec<Judged>,
}

/// One figure of all runs.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// The figure's name.
    pub figure: &'static str,
    /// Whether more of it is better.
    pub high_is_better: bool,
    /// A mean for each case.
    pub cases: Vec<Cell>,
    /// For each axis of a grid, a mean for each of its levels.
    pub effects: Vec<Vec<Cell>>,
    /// For each pair of axes of a grid, a mean for each pair of levels.
    pub interactions: Vec<Interaction>,
    /// Cases against each other, and the levels of every axis.
    pub contests: Vec<Contest>,
    /// For each axis of a Latin hypercube.
    pub correlations: Vec<Correlation>,
}

/// A mean over seeds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cell {
    /// The mean; not a number where no seed has all its runs.
    pub mean: f64,
    /// The lower end of its 95 % bootstrap interval; not a number of one seed.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Seeds of which all runs have a number.
    pub seeds: usize,
}

impl Cell {
    /// Of a value a seed; those that are not numbers are left out. `seed` is the bootstrap's.
    pub fn of(mut values: Vec<f64>, seed: u64) -> Cell {
        values.retain(|x| x.is_finite());
        let interval = bca(&values, seed);
        let mean = mean(values.iter().copied());
        Cell { mean, low: interval.low, high: interval.high, seeds: values.len() }
    }
}

/// The means of two axes' levels.
#[derive(Clone, Debug, Serialize)]
pub struct Interaction {
    /// The axes.
    pub axes: [usize; 2],
    /// A row for each level of the first, a cell for each of the second.
    pub cells: Vec<Vec<Cell>>,
    /// How the difference between a level of the first axis and its first level changes between a
    /// level of the second axis and its first level: a difference of differences, seed by seed.
    pub contrasts: Vec<Contrast>,
}

/// A difference of differences.
#[derive(Clone, Debug, Serialize)]
pub struct Contrast {
    /// The level of either axis, whose first level it is compared with.
    pub levels: [usize; 2],
    /// What it comes to; p-values are corrected for all contrasts of the two axes.
    #[serde(flatten)]
    pub paired: Paired,
}

/// Entrants against each other.
#[derive(Clone, Debug, Serialize)]
pub struct Contest {
    /// `case`, or the axis.
    pub of: String,
    /// The cases or levels by name.
    pub names: Vec<String>,
    /// Ranks over blocks: seeds, and for the levels of an axis every setting of the other axes on
    /// each seed. None of fewer than two whole blocks.
    pub friedman: Option<Friedman>,
    /// Entrants whose mean ranks do not differ by the critical difference, in groups.
    pub groups: Vec<Vec<usize>>,
    /// Who the others are compared with; none where all pairs are.
    pub reference: Option<usize>,
    /// Paired differences, seed by seed.
    pub pairs: Vec<Duel>,
}

/// The first entrant against the second.
#[derive(Clone, Debug, Serialize)]
pub struct Duel {
    /// The one whose values the other's are taken from.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// What the differences come to.
    #[serde(flatten)]
    pub paired: Paired,
}

/// How a figure goes with an axis of a Latin hypercube, over its points.
#[derive(Clone, Debug, Serialize)]
pub struct Correlation {
    /// The axis.
    pub axis: String,
    /// Spearman's rank correlation of the points' values and their means over seeds.
    pub rho: f64,
    /// Its two-sided p-value.
    pub p: f64,
}

/// Judges the runs of a sweep, given in its order.
///
/// # Panics
/// If there is not a run for each of the sweep's.
pub fn analyse(sweep: &Sweep, runs: &[Finished]) -> Analysis {
    assert_eq!(runs.len(), sweep.len(), "a sweep is judged when all its runs are there");
    let figures = sweep.figures.iter().map(|figure| Numbers::of(sweep, runs, figure).judged());
    Analysis { figures: figures.collect() }
}

/// A figure of all runs.
struct Numbers<'s> {
    sweep: &'s Sweep,
    figure: &'static Figure,
    /// A row a case, an entry a seed.
    values: Vec<Vec<f64>>,
}

impl<'s> Numbers<'s> {
    fn of(sweep: &'s Sweep, runs: &[Finished], figure: &'static Figure) -> Self {
        let index = figure.index();
        let value = |run: &Finished| run.figures[index];
        let rows = runs.chunks(sweep.seeds.len());
        Numbers { sweep, figure, values: rows.map(|row| row.iter().map(value).collect()).collect() }
    }

    fn judged(&self) -> Judged {
        let design = &self.sweep.design;
        let is_cube = design.is_cube();
        let cases: Vec<usize> = (0..design.cases.len()).collect();
        let axes = if is_cube { 0 } else { design.factors.len() };
        let pairs = (0..axes).flat_map(|a| (a + 1..axes).map(move |b| [a, b]));
        let pairs = pairs.filter(|_| axes <= PAIRED_AXES_MAX);
        let mut contests = Vec::new();
        if !is_cube {
            let names = design.cases.iter().map(|case| case.name.clone()).collect();
            contests.extend(self.contest("case", names, |entrant| vec![entrant]));
        }
        // with one axis its levels are the cases
        for axis in (0..axes).filter(|_| axes > 1) {
            let factor = &design.factors[axis];
            let at = |level| self.cases_at(&[(axis, level)]);
            contests.extend(self.contest(&factor.name, factor.levels.clone(), at));
        }
        Judged {
            figure: self.figure.name,
            high_is_better: self.figure.high_is_better,
            cases: cases.iter().map(|case| self.cell(&[*case])).collect(),
            effects: (0..axes).map(|axis| self.effect(axis)).collect(),
            interactions: pairs.map(|axes| self.interaction(axes)).collect(),
            contests,
            correlations: if is_cube { self.correlations() } else { Vec::new() },
        }
    }

    /// The cases at some levels.
    fn cases_at(&self, levels: &[(usize, usize)]) -> Vec<usize> {
        let cases = self.sweep.design.cases.iter().enumerate();
        let at =
            cases.filter(|(_, case)| levels.iter().all(|(axis, at)| case.levels[*axis] == *at));
        at.map(|(i, _)| i).collect()
    }

    /// Seed by seed the mean of some cases; not a number where one of them has none, as the rest
    /// would be another mixture.
    fn by_seed(&self, cases: &[usize]) -> Vec<f64> {
        let sum = |seed: usize| cases.iter().map(|case| self.values[*case][seed]).sum::<f64>();
        (0..self.sweep.seeds.len()).map(|seed| sum(seed) / cases.len() as f64).collect()
    }

    fn cell(&self, cases: &[usize]) -> Cell {
        Cell::of(self.by_seed(cases), self.sweep.plan.seed)
    }

    fn effect(&self, axis: usize) -> Vec<Cell> {
        let levels = 0..self.sweep.design.factors[axis].levels.len();
        levels.map(|level| self.cell(&self.cases_at(&[(axis, level)]))).collect()
    }

    fn interaction(&self, axes: [usize; 2]) -> Interaction {
        let [first, second] = axes.map(|axis| self.sweep.design.factors[axis].levels.len());
        let cell = |i, j| self.cell(&self.cases_at(&[(axes[0], i), (axes[1], j)]));
        let cells = (0..first).map(|i| (0..second).map(|j| cell(i, j)).collect()).collect();
        let values = |i, j| self.by_seed(&self.cases_at(&[(axes[0], i), (axes[1], j)]));
        let above_first = |i, j| -> Vec<f64> {
            values(i, j).iter().zip(values(0, j)).map(|(x, first)| x - first).collect()
        };
        let seed = self.sweep.plan.seed;
        let contrast = |i, j| Contrast {
            levels: [i, j],
            paired: Paired::of(&above_first(i, j), &above_first(i, 0), seed),
        };
        let mut contrasts: Vec<Contrast> =
            (1..first).flat_map(|i| (1..second).map(move |j| contrast(i, j))).collect();
        correct(contrasts.iter_mut().map(|contrast| &mut contrast.paired).collect());
        Interaction { axes, cells, contrasts }
    }

    /// Entrants that are made of the cases that `at` gives, each of equally many, in the order of
    /// the other axes. None of fewer than two.
    fn contest(
        &self,
        of: &str,
        names: Vec<String>,
        at: impl Fn(usize) -> Vec<usize>,
    ) -> Option<Contest> {
        let groups: Vec<Vec<usize>> = (0..names.len()).map(at).collect();
        if groups.len() < 2 {
            return None;
        }
        let seeds = 0..self.sweep.seeds.len();
        let settings = 0..groups[0].len();
        let blocks: Vec<Vec<f64>> = settings
            .flat_map(|i| seeds.clone().map(move |seed| (i, seed)))
            .map(|(i, seed)| groups.iter().map(|group| self.values[group[i]][seed]).collect())
            .collect();
        let friedman = Friedman::of(&blocks, self.figure.high_is_better);
        let values: Vec<Vec<f64>> = groups.iter().map(|group| self.by_seed(group)).collect();
        let reference = self.reference(of, &names, &values);
        let pairs: Vec<(usize, usize)> = match reference {
            Some(b) => (0..names.len()).filter(|a| *a != b).map(|a| (a, b)).collect(),
            None => (0..names.len()).flat_map(|b| (0..b).map(move |a| (b, a))).collect(),
        };
        let seed = self.sweep.plan.seed;
        let duel = |(a, b)| Duel { a, b, paired: Paired::of(&values[a], &values[b], seed) };
        let mut pairs: Vec<Duel> = pairs.into_iter().map(duel).collect();
        correct(pairs.iter_mut().map(|duel| &mut duel.paired).collect());
        let groups = friedman.as_ref().map(Friedman::groups).unwrap_or_default();
        Some(Contest { of: of.into(), names, friedman, groups, reference, pairs })
    }

    /// Who the others are compared with: the plan's baseline, or of many the best.
    fn reference(&self, of: &str, names: &[String], values: &[Vec<f64>]) -> Option<usize> {
        let baseline = &self.sweep.plan.baseline;
        if of == "case" && !baseline.is_empty() {
            return names.iter().position(|name| name == baseline);
        }
        if names.len() <= ALL_PAIRS_MAX {
            return None;
        }
        let sign = if self.figure.high_is_better { 1.0 } else { -1.0 };
        let level = |i: &usize| sign * mean(values[*i].iter().copied());
        let known = (0..names.len()).filter(|i| level(i).is_finite());
        // the first of equals
        Some(known.rev().max_by(|a, b| level(a).total_cmp(&level(b))).unwrap_or(0))
    }

    fn correlations(&self) -> Vec<Correlation> {
        let design = &self.sweep.design;
        let points = 0..design.cases.len();
        let means: Vec<f64> = points.map(|case| self.cell(&[case]).mean).collect();
        let of = |(i, factor): (usize, &super::Factor)| {
            let x = |case: &super::Case| number(&case.values[i]);
            let (rho, p) = spearman(&design.cases.iter().map(x).collect::<Vec<_>>(), &means);
            Correlation { axis: factor.name.clone(), rho, p }
        };
        design.factors.iter().enumerate().map(of).collect()
    }
}

/// Corrects the p-values of a family of comparisons for their number.
fn correct(family: Vec<&mut Paired>) {
    let corrected = holm(&family.iter().map(|paired| paired.p).collect::<Vec<_>>());
    family.into_iter().zip(corrected).for_each(|(paired, p)| paired.p_holm = p);
}

/// A value as a number; not one where it is none.
pub(crate) fn number(value: &toml::Value) -> f64 {
    match value {
        toml::Value::Integer(i) => *i as f64,
        toml::Value::Float(x) => *x,
        _ => f64::NAN,
    }
}
