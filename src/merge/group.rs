//! A group: the segments that count as one vector, and what a strategy may do with them.

use super::averaging::not_negative;
use super::material::{Buffers, Loaded, Material, Member, Row, Shape, Space};
use super::mixing::{Mixing, mix};
use super::output::{Output, add_weighted};
use super::products::{distance_f64, retake};
use super::server::Steps;
use super::spread::holds;
use super::{Context, MergeError};
use crate::halt::Halt;
use crate::params::kernels::merging::{mean_and_distances, squared_norms};
use crate::params::kernels::{dot_f64, first_not_finite};
use crate::scenario::{Combine, Weighting};
use std::collections::BTreeMap;
use std::ops::Range;

/// Numbers below which a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 1 << 18;

/// The same of products of all pairs, of which a thread makes some ten a nanosecond.
const PAIRS_WORTH_A_THREAD: usize = 1 << 22;

/// A segment as a strategy sees it.
#[derive(Debug)]
pub struct Segment<'s> {
    /// What tells it from all other segments: its number, for a block or a tensor.
    pub index: usize,
    /// As a matrix.
    pub shape: Shape,
    /// The base, if there is one.
    pub base: Option<&'s [f32]>,
    /// The vectors of the members that have one here, in the members' order.
    pub rows: Vec<Row<'s>>,
    threads: usize,
    /// Threads that there are.
    all_threads: usize,
}

impl<'s> Segment<'s> {
    fn new(
        index: usize,
        shape: Shape,
        loaded: Loaded<'s>,
        threads: usize,
        places: Option<&[Option<usize>]>,
    ) -> Self {
        let Loaded { base, mut rows } = loaded;
        if let Some(places) = places {
            // a row of a member that is not in the group cannot be
            rows.retain_mut(|row| places[row.member].inspect(|at| row.member = *at).is_some());
        }
        let numbers = shape.len() * rows.len();
        let all_threads = threads;
        let threads = if numbers < WORTH_A_THREAD { 1 } else { threads };
        Segment { index, shape, base, rows, threads, all_threads }
    }

    /// Numbers of a vector.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether vectors have no numbers.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The vectors alone.
    pub fn values(&self) -> Vec<&'s [f32]> {
        self.rows.iter().map(|row| row.values).collect()
    }

    /// Threads that work on it is worth.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The same, of work on all pairs of vectors.
    pub(super) fn threads_for_pairs(&self) -> usize {
        let products = self.len() * self.rows.len().pow(2) / 2;
        if products < PAIRS_WORTH_A_THREAD { self.threads } else { self.all_threads }
    }

    /// What the vectors count.
    pub fn weights(&self, weighting: Weighting) -> Vec<f64> {
        self.rows.iter().map(|row| weighting.of(row.weight)).collect()
    }

    /// The vectors' shares of a sum over all `n` members: in proportion to the weights of all
    /// where some lack the segment.
    pub(super) fn shares(&self, weights: &[f64], n: usize) -> Vec<f32> {
        let here: Vec<f64> = self.rows.iter().map(|row| weights[row.member]).collect();
        let factor = if here.len() == n {
            1.0
        } else {
            weights.iter().sum::<f64>() / here.iter().sum::<f64>()
        };
        let factor = if factor.is_finite() { factor } else { 0.0 };
        here.iter().map(|w| (w * factor) as f32).collect()
    }
}

/// The vectors that a strategy merges into one: all segments of the model, or one of them.
pub struct Group<'m> {
    pub(super) material: &'m mut dyn Material,
    pub(super) buffers: &'m mut Buffers,
    pub(super) segments: Range<usize>,
    pub(super) space: Space,
    pub(super) context: &'m Context<'m>,
    pub(super) mixing: &'m [Mixing],
    pub(super) members: &'m [Member],
    /// Where each of all members stands among the group's, if not all are in it.
    pub(super) places: Option<&'m [Option<usize>]>,
    /// What tells the first segment from all others, those of other groups too.
    pub(super) name: usize,
    pub(super) steps: Option<&'m mut Steps>,
    pub(super) strategy: &'static str,
}

impl<'m> Group<'m> {
    /// Who brings vectors.
    pub fn members(&self) -> &[Member] {
        self.members
    }

    /// Number of members.
    pub fn n(&self) -> usize {
        self.members.len()
    }

    /// Numbers of a whole vector.
    pub fn entries(&self) -> usize {
        self.segments.clone().map(|segment| self.material.shape(segment).len()).sum()
    }

    /// Whether the members are a fleet's agents rather than chosen models.
    pub fn is_fleet(&self) -> bool {
        self.material.is_fleet()
    }

    /// Whether there is a base.
    pub fn has_base(&self) -> bool {
        self.material.has_base()
    }

    /// Seed and round, threads, and what else a merge may draw on.
    pub fn context(&self) -> &'m Context<'m> {
        self.context
    }

    /// Whether sums are to be divided by the sum of weights, where the settings leave it open:
    /// in a fleet yes, for chosen models no.
    pub fn normalises(&self, setting: Option<bool>) -> bool {
        setting.unwrap_or(self.material.is_fleet())
    }

    /// What the members count: of a fleet's block what they did of it, else as a whole.
    pub fn weights(&self, weighting: Weighting) -> Vec<f64> {
        self.members.iter().map(|member| weighting.of(member.weight)).collect()
    }

    /// An error: the strategy needs something else than it was brought.
    pub fn needs(&self, needs: impl Into<String>, found: impl Into<String>) -> MergeError {
        let (needs, found) = (needs.into(), found.into());
        MergeError::Needs { strategy: self.strategy, needs, found }
    }

    /// # Errors
    /// Where nobody waits for the merge any more.
    pub(super) fn go_on(&self) -> Result<(), MergeError> {
        match self.context.halt.is_some_and(Halt::is_set) {
            true => Err(MergeError::Halted),
            false => Ok(()),
        }
    }

    /// Whether the whole vector is one segment.
    pub(super) fn is_one_segment(&self) -> bool {
        self.segments.len() == 1
    }

    /// # Errors
    /// Where there is other than one contribution.
    pub(super) fn one_needed(&self) -> Result<(), MergeError> {
        match self.n() {
            1 => Ok(()),
            n => Err(self.needs("a base and one contribution", format!("{n} contributions"))),
        }
    }

    /// # Errors
    /// Where there are more subsets than can be tried.
    pub(super) fn few_enough(&self, spec: &Combine) -> Result<(), MergeError> {
        let found = || format!("{} contributions", self.n());
        spec.lacks(self.n()).map_or(Ok(()), |needs| Err(self.needs(needs, found())))
    }

    /// How many attackers a strategy's settings come to, or the error that there are too few
    /// members.
    ///
    /// # Errors
    /// Where there are too few.
    pub fn attackers(&self, found: Result<usize, String>) -> Result<usize, MergeError> {
        found.map_err(|needs| self.needs(needs, format!("{} contributions", self.n())))
    }

    /// The vectors' lengths, in one pass; what a member lacks is of no length.
    ///
    /// # Errors
    /// As of [`read`](Group::read).
    pub fn norms(&mut self) -> Result<Vec<f64>, MergeError> {
        let (squares, _) = self.squares(|segment, found| {
            let rows = segment.values();
            squared_norms(&rows, segment.threads, found);
            retake(&rows, found, |row| dot_f64(row, row));
        })?;
        Ok(squares.into_iter().map(f64::sqrt).collect())
    }

    /// What the members count in a mean, for which negative weights have no sense.
    ///
    /// # Errors
    /// Where there is one.
    pub fn weights_of_mean(&self, weighting: Weighting) -> Result<Vec<f64>, MergeError> {
        not_negative(self.strategy, self.weights(weighting))
    }

    /// Calls `look` with every segment whose values this process holds: all, but for spread material.
    ///
    /// # Errors
    /// Those of `look`, and where a segment cannot be read.
    pub fn read(
        &mut self,
        look: impl FnMut(&Segment<'_>) -> Result<(), MergeError>,
    ) -> Result<(), MergeError> {
        self.walk(|here| here, look)
    }

    /// Calls `look` with every segment that `wants(here)`, `here` saying whether this process holds
    /// the values.
    pub(super) fn walk(
        &mut self,
        wants: impl Fn(bool) -> bool,
        mut look: impl FnMut(&Segment<'_>) -> Result<(), MergeError>,
    ) -> Result<(), MergeError> {
        let mut mixed = Buffers::new();
        for index in self.segments.clone() {
            self.go_on()?;
            if !wants(holds(self.material, index)) {
                continue;
            }
            let shape = self.material.shape(index);
            let loaded = self.material.load(index, self.space, self.buffers)?;
            let threads = self.context.threads;
            let loaded = mix(self.mixing, index, (loaded, self.space), &mut mixed, threads);
            let name = self.name + (index - self.segments.start);
            look(&Segment::new(name, shape, loaded, threads, self.places))?;
        }
        Ok(())
    }

    /// Calls `make(segment, out)` with every segment, as [`read`](Group::read) does, and takes what it writes to `out` as the
    /// result: measured as the vectors are, from the base or from zero.
    ///
    /// # Errors
    /// Those of `make`, and where a segment cannot be read or written or is not finite.
    pub fn write(
        &mut self,
        mut make: impl FnMut(&Segment<'_>, &mut Output<'_>) -> Result<(), MergeError>,
    ) -> Result<(), MergeError> {
        let mut mixed = Buffers::new();
        for index in self.segments.clone() {
            self.go_on()?;
            if !holds(self.material, index) {
                continue;
            }
            let shape = self.material.shape(index);
            let (loaded, next) = self.material.open(index, self.space, self.buffers)?;
            let base = loaded.base;
            let threads = self.context.threads;
            let loaded = mix(self.mixing, index, (loaded, self.space), &mut mixed, threads);
            if loaded.rows.is_empty() {
                // nobody brought anything: the segment stays as it is
                continue;
            }
            let name = self.name + (index - self.segments.start);
            let segment = Segment::new(name, shape, loaded, threads, self.places);
            let steps = self.steps.as_deref_mut();
            let from = base.filter(|_| steps.is_none() && self.space == Space::Deltas);
            let mut out = Output::new(next, from, segment.threads);
            make(&segment, &mut out)?;
            let mut not_finite = out.finish();
            if let Some(steps) = steps {
                steps.take(index, self.space, base, next);
                not_finite = first_not_finite(next);
            }
            if let Some(at) = not_finite {
                let (strategy, block) = (self.strategy, index as u32);
                return Err(MergeError::NotFinite { strategy, block, at });
            }
            self.material.close(index)?;
        }
        Ok(())
    }

    /// Writes `Σ weights[i] · x_i`. A segment that some members lack is the sum over the
    /// others, in proportion to the weights of all; one that all lack stays as it is.
    ///
    /// # Errors
    /// As of [`write`](Group::write).
    pub fn combine(&mut self, weights: &[f64]) -> Result<(), MergeError> {
        let all = self.n();
        self.write(|segment, out| {
            let shares = segment.shares(weights, all);
            // rows that count nothing are not read
            let some = segment.rows.iter().zip(shares).filter(|(_, share)| *share != 0.0);
            let (rows, shares): (Vec<&[f32]>, Vec<f32>) =
                some.map(|(row, share)| (row.values, share)).unzip();
            out.weighted(&shares, &rows);
            Ok(())
        })
    }

    /// The whole core that [`combine`](Group::combine) would write, measured from zero.
    ///
    /// # Errors
    /// As of [`read`](Group::read).
    pub fn candidate(&mut self, weights: &[f64]) -> Result<Vec<f32>, MergeError> {
        let (n, space) = (self.n(), self.space);
        let mut core = Vec::with_capacity(self.entries());
        self.read(|segment| {
            let start = core.len();
            core.resize(start + segment.len(), 0.0);
            let stays = segment.rows.is_empty();
            if let Some(base) = segment.base.filter(|_| stays || space == Space::Deltas) {
                core[start..].copy_from_slice(base);
            }
            let shares = segment.shares(weights, n);
            add_weighted(&shares, &segment.values(), segment.threads, &mut core[start..]);
            Ok(())
        })?;
        Ok(core)
    }

    /// Squared distances of all vectors to `Σ weights[i] · x_i`, in one pass. Where members lack
    /// segments: over those that a member has, in proportion to all numbers of the group, to
    /// what [`combine`](Group::combine) would write there.
    ///
    /// # Errors
    /// As of [`read`](Group::read).
    pub fn distances_to(&mut self, weights: &[f64]) -> Result<Vec<f64>, MergeError> {
        self.distances_to_point(weights, (&BTreeMap::new(), 0.0))
    }

    /// The same to `Σ weights[i] · x_i + rest · more`, `more` a vector by segment.
    pub(super) fn distances_to_point(
        &mut self,
        weights: &[f64],
        (more, rest): (&BTreeMap<usize, Vec<f32>>, f64),
    ) -> Result<Vec<f64>, MergeError> {
        let (n, entries, mut point) = (self.n(), self.entries() as f64, Vec::new());
        let (mut squares, held) = self.squares(|segment, found| {
            let (mut shares, mut rows) = (segment.shares(weights, n), segment.values());
            if let Some(more) = more.get(&segment.index).filter(|_| rest != 0.0) {
                shares.push(rest as f32);
                rows.push(more);
                found.push(0.0);
            }
            point.resize(segment.len(), 0.0);
            mean_and_distances(&rows, &shares, segment.threads, &mut point, found);
            retake(&rows, found, |row| distance_f64(row, &point));
        })?;
        for (square, held) in squares.iter_mut().zip(held) {
            if held > 0.0 && held != entries {
                *square *= entries / held;
            }
        }
        Ok(squares)
    }

    /// A sum of squares for each member, and over how many numbers: `measure` writes that of each
    /// vector of a segment.
    fn squares(
        &mut self,
        mut measure: impl FnMut(&Segment<'_>, &mut Vec<f64>),
    ) -> Result<(Vec<f64>, Vec<f64>), MergeError> {
        let n = self.n();
        let (mut squares, mut held) = (vec![0.0; n], vec![0.0; n]);
        let look = |segment: &Segment<'_>, found: &mut Vec<f64>| {
            found.clear();
            found.resize(segment.rows.len(), 0.0);
            measure(segment, found);
        };
        self.measure(look, |segment, found| {
            for (row, d) in segment.rows.iter().zip(found) {
                squares[row.member] += d;
                held[row.member] += segment.len() as f64;
            }
        })?;
        Ok((squares, held))
    }
}

/// The weights of the mean of some of `n` members.
pub(super) fn even(n: usize, some: &[usize]) -> Vec<f64> {
    let mut weights = vec![0.0; n];
    some.iter().for_each(|i| weights[*i] = 1.0 / some.len() as f64);
    weights
}
