//! Where contributions are merged: what a merge draws on beside them.

use super::judge::Judge;
use crate::agent::{Fleet, Learning, Publication};
use crate::ids::Round;
use crate::learner::Statistic;
use crate::merge::{Columns, Context, Contribution, MergeError, Pipeline, Spread, Vectors};
use crate::params::{Layout, Sparse};
use crate::world::Climate;
use std::sync::Arc;

/// One distiller's surroundings in one round.
pub(super) struct Site<'a> {
    pub fleet: &'a Fleet,
    pub layout: &'a Layout,
    /// Columns of each block, as a matrix.
    pub columns: &'a dyn Columns,
    pub climate: &'a Climate,
    /// The round that brought the contributions.
    pub round: u32,
    /// The seed of what strategies draw.
    pub seed: u64,
    /// What agents measure beside their contributions.
    pub statistic: Option<Statistic>,
    /// Threads that one merge may use.
    pub threads: usize,
    /// The processes that merge together, where that is not this one alone.
    pub spread: Option<&'a dyn Spread>,
    /// The processes that make the same merges, where that is not this one alone.
    pub peers: Option<&'a dyn Spread>,
}

impl<'a> Site<'a> {
    /// The surroundings of a fleet's distiller after the work on a publication.
    pub fn new(
        fleet: &'a Fleet,
        (layout, columns): (&'a Layout, &'a dyn Columns),
        before: &'a Publication,
        threads: usize,
    ) -> Self {
        let (round, seed) = (before.version.0 + 1, fleet.seed);
        let (climate, statistic) = (&before.climate, before.terms().statistic);
        let (spread, peers) = (None, None);
        Site { fleet, layout, columns, climate, round, seed, statistic, threads, spread, peers }
    }
}

impl Site<'_> {
    /// The judge that a pipeline's strategy asks for.
    pub fn judge(&self, pipeline: &Pipeline) -> Option<Judge> {
        let probes = pipeline.probes()? as usize;
        Judge::new(self.fleet, self.climate, Round(self.round), probes)
    }

    /// A learning as a strategy sees it: `part` of it is what is merged.
    pub fn contribution<'l>(&self, learning: &'l Learning, part: &'l Sparse) -> Contribution<'l> {
        Contribution {
            agent: learning.agent,
            delta: part,
            tasks: learning.tasks,
            steps: learning.steps,
            staleness: self.round - 1 - learning.version.0,
            statistics: self.statistic.map(|_| &learning.statistics),
        }
    }

    /// What merging makes of a base; nothing where contributions are too few for what the strategy
    /// vouches for.
    ///
    /// # Errors
    /// The strategy's others.
    pub fn merged(
        &self,
        pipeline: &mut Pipeline,
        judge: Option<&Judge>,
        base: &[f32],
        contributions: &[Contribution<'_>],
    ) -> Result<Option<Arc<Vec<f32>>>, MergeError> {
        let mut next = base.to_vec();
        match self.merge(pipeline, judge, base, contributions, &mut next) {
            Err(MergeError::Needs { .. }) => Ok(None),
            result => result.map(|()| Some(Arc::new(next))),
        }
    }

    /// Adds to `to` by how much `now` is away from `before` on some blocks, each with the tasks
    /// that it stands for.
    pub fn difference(
        &self,
        now: &[f32],
        before: &[f32],
        blocks: impl Iterator<Item = (u32, u32)>,
        to: &mut Sparse,
    ) {
        for (block, tasks) in blocks {
            let range = self.layout.range(block);
            let moved = to.push(block, tasks, range.len());
            let pairs = now[range.clone()].iter().zip(&before[range]);
            moved.iter_mut().zip(pairs).for_each(|(moved, (now, before))| *moved = now - before);
        }
    }

    /// Merges contributions to `next`, which starts as a copy of the base; none leave it so.
    ///
    /// # Errors
    /// Those of the strategy.
    pub fn merge(
        &self,
        pipeline: &mut Pipeline,
        judge: Option<&Judge>,
        base: &[f32],
        contributions: &[Contribution<'_>],
        next: &mut [f32],
    ) -> Result<(), MergeError> {
        if contributions.is_empty() {
            return Ok(());
        }
        let judge = judge.map(|judge| |core: &[f32]| judge.score(core));
        let judge = judge.as_ref().map(|judge| judge as _);
        let absent = pipeline.absent();
        let mut vectors =
            Vectors::contributions(self.layout, self.columns, base, contributions, absent, next)
                .over(self.spread);
        let (threads, halt) = (self.threads, Some(&self.fleet.halt));
        let context = Context { threads, judge, halt, ..Context::new(self.seed, self.round) };
        pipeline.merge(&mut vectors, &context)
    }
}
