//! Whose learning a star's core is made of: each company's part of every merge.

use super::harvest::Harvest;
use super::site::Site;
use crate::agent::{Fleet, Publication};
use crate::ids::CompanyId;
use crate::measure::LineageRow;
use crate::measure::spread::{Lineage, leave_one_out};
use crate::merge::{Contribution, MergeError, Pipeline};
use crate::params::Sparse;
use crate::scenario::{self, Plain, Server};
use crate::state::{Reader, StateError, Writer};
use std::sync::Arc;

/// The companies' parts in a core, told from the merges that it comes of.
///
/// Where a merge is linear in what agents send, each company has a pipeline of its own, with the
/// server's memory of it: it is given everybody's contributions with their blocks and weights, but
/// with zeros in those of the other companies. The steps of all companies then sum to the core's.
/// Costs a merge a company, or a pass over the core where contributions are summed as they come,
/// and a vector in double precision for each company.
///
/// Where it is not, all that is told is what a company's taking part did to a measured core's
/// merge: what is combined is combined again without it, by a strategy without memory and before
/// the server's step. Costs a merge a company at each measured core.
pub struct Ancestry<'m> {
    fleet: Arc<Fleet>,
    spec: scenario::Distiller,
    make: &'m dyn Fn(&scenario::Distiller) -> Pipeline,
    columns: Vec<(usize, usize)>,
    threads: usize,
    /// The first core, once it was merged into.
    start: Option<Arc<Vec<f32>>>,
    way: Way,
}

enum Way {
    /// Where each company moved the core, and by what.
    Parts(Lineage, Vec<Pipeline>),
    /// What each company did to the last measured core's merge, `companies × blocks`.
    Influence(Vec<f64>),
}

impl<'m> Ancestry<'m> {
    /// The ancestry of a fleet's first core, whose pipelines `make` makes.
    pub fn new(
        fleet: Arc<Fleet>,
        make: &'m dyn Fn(&scenario::Distiller) -> Pipeline,
        spec: &scenario::Distiller,
        threads: usize,
    ) -> Self {
        let layout = fleet.learner.core_layout();
        let companies = fleet.world.facts().companies;
        let columns = (0..layout.blocks() as u32).map(|b| fleet.learner.columns(b)).collect();
        let mut spec = spec.clone();
        let way = if make(&spec).is_linear() {
            let pipelines = (0..companies).map(|_| make(&spec)).collect();
            Way::Parts(Lineage::new(layout.as_ref().clone(), companies), pipelines)
        } else {
            spec.server = Server::Plain(Plain::default());
            Way::Influence(Vec::new())
        };
        Ancestry { fleet, spec, make, columns, threads, start: None, way }
    }

    /// Puts all that it knows into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&self.start);
        match &self.way {
            Way::Parts(lineage, pipelines) => {
                lineage.keep(out);
                pipelines.iter().for_each(|pipeline| pipeline.keep(out));
            }
            Way::Influence(influence) => out.put(influence),
        }
    }

    /// Takes up what the ancestry of the same fleet has kept.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.start = from.get()?;
        match &mut self.way {
            Way::Parts(lineage, pipelines) => {
                lineage.take_up(from)?;
                pipelines.iter_mut().try_for_each(|pipeline| pipeline.take_up(from))
            }
            Way::Influence(influence) => {
                *influence = from.get()?;
                Ok(())
            }
        }
    }

    /// Takes in the merge of a round's harvest into the core of `before`, out of which came `made`.
    ///
    /// # Errors
    /// Those of the strategy.
    pub fn take(
        &mut self,
        before: &Publication,
        harvest: &Harvest,
        made: &Publication,
    ) -> Result<(), MergeError> {
        self.start.get_or_insert_with(|| before.core.clone());
        let layout = self.fleet.learner.core_layout();
        let site = Site::new(&self.fleet, (layout, &self.columns), before, self.threads);
        match &mut self.way {
            Way::Parts(lineage, pipelines) => {
                add_parts(&site, harvest, lineage, pipelines)?;
                debug_assert!(self.is_whole(&made.core), "the companies' parts sum to the core");
            }
            Way::Influence(influence) if made.measured => {
                let make = || (self.make)(&self.spec);
                *influence = influences(&site, &before.core, harvest, &make)?;
            }
            Way::Influence(_) => {}
        }
        Ok(())
    }

    /// Whether a core is where the companies moved it, to rounding in single precision.
    fn is_whole(&self, core: &[f32]) -> bool {
        let (Way::Parts(lineage, _), Some(start)) = (&self.way, &self.start) else { return true };
        let layout = self.fleet.learner.core_layout();
        let largest = core.iter().fold(1.0_f32, |largest, x| largest.max(x.abs()));
        let near = |block: u32| {
            let range = layout.range(block);
            let at = core[range.clone()].iter().zip(&start[range]);
            let moved = lineage.displacement(block);
            let apart = at.zip(moved).map(|((x, start), moved)| f64::from(x - start) - moved);
            apart.fold(0.0_f64, |most, apart| most.max(apart.abs())) <= 1e-3 * f64::from(largest)
        };
        (0..layout.blocks() as u32).all(near)
    }

    /// The companies' shares in the core that was made last, block by block; blocks that nobody
    /// moved are left out.
    pub fn rows(&self, round: u32) -> Vec<LineageRow> {
        let blocks = self.fleet.learner.core_layout().blocks();
        let shares = |block: usize| match &self.way {
            Way::Parts(lineage, _) => lineage.shares(block as u32),
            Way::Influence(influence) => {
                influence.iter().skip(block).step_by(blocks).copied().collect()
            }
        };
        let row = |(block, (company, share)): (usize, (u32, f64))| LineageRow {
            round,
            block: block as u32,
            company,
            share,
        };
        let of_block = |block| (0_u32..).zip(shares(block)).map(move |share| (block, share));
        (0..blocks).flat_map(of_block).map(row).filter(|row| !row.share.is_nan()).collect()
    }
}

/// Moves every company's part by what comes of its own contributions.
fn add_parts(
    site: &Site<'_>,
    harvest: &Harvest,
    lineage: &mut Lineage,
    pipelines: &mut [Pipeline],
) -> Result<(), MergeError> {
    let base = vec![0.0; site.layout.entries()];
    let mut moved = base.clone();
    let zeros = |learning: &crate::agent::Learning| {
        let mut zeros = learning.contribution.clone();
        zeros.values_mut().fill(0.0);
        zeros
    };
    let zeros: Vec<Sparse> = match harvest.sum {
        Some(_) => Vec::new(),
        None => harvest.learnings.iter().map(zeros).collect(),
    };
    for (company, pipeline) in pipelines.iter_mut().enumerate() {
        moved.fill(0.0);
        if let Some(sum) = &harvest.sum {
            let part = harvest.parts.iter().find(|(c, _)| c.index() == company);
            pipeline.merge_sum(&sum.share_of(part.map(|(_, part)| part)), &mut moved)?;
        } else {
            let learnings = harvest.learnings.iter().zip(&zeros);
            let contributions: Vec<Contribution<'_>> = learnings
                .map(|(l, zeros)| {
                    let own = l.company.index() == company;
                    site.contribution(l, if own { &l.contribution } else { zeros })
                })
                .collect();
            site.merge(pipeline, None, &base, &contributions, &mut moved)?;
        }
        for block in 0..site.layout.blocks() as u32 {
            lineage.add(block, company, 1.0, &moved[site.layout.range(block)]);
        }
    }
    Ok(())
}

/// What each company's taking part does to what is combined, `companies × blocks`.
fn influences(
    site: &Site<'_>,
    base: &[f32],
    harvest: &Harvest,
    make: &dyn Fn() -> Pipeline,
) -> Result<Vec<f64>, MergeError> {
    let mut result = Ok(());
    let companies = site.fleet.world.facts().companies;
    let influence = leave_one_out(site.layout, companies, |without| {
        let takes_part = |company: CompanyId| Some(company.index()) != without;
        let mut next = base.to_vec();
        let merged = combine(site, make(), (base, &mut next), harvest, &takes_part);
        // of several errors the first
        result = std::mem::replace(&mut result, Ok(())).and(merged);
        next
    });
    result.map(|()| influence)
}

/// Combines what some companies brought; too few for the strategy leave the core as it is.
fn combine(
    site: &Site<'_>,
    mut pipeline: Pipeline,
    (base, next): (&[f32], &mut Vec<f32>),
    harvest: &Harvest,
    takes_part: &dyn Fn(CompanyId) -> bool,
) -> Result<(), MergeError> {
    if harvest.sum.is_some() {
        let mut parts = harvest.parts.iter().filter(|(c, _)| takes_part(*c)).map(|(_, part)| part);
        let Some(mut sum) = parts.next().cloned() else { return Ok(()) };
        parts.for_each(|part| sum.merge(part));
        return pipeline.merge_sum(&sum, next);
    }
    let learnings = harvest.learnings.iter().filter(|l| takes_part(l.company));
    let contributions: Vec<Contribution<'_>> =
        learnings.map(|l| site.contribution(l, &l.contribution)).collect();
    let judge = site.judge(&pipeline);
    if let Some(merged) = site.merged(&mut pipeline, judge.as_ref(), base, &contributions)? {
        next.copy_from_slice(&merged);
    }
    Ok(())
}
