//! Distillers above each other: a core for each team, one for each company, one at the top.

use super::judge::Judge;
use super::message::{HEADER, blocks_bytes};
use super::peers::{Core, share, unite};
use super::site::Site;
use crate::agent::{Fleet, Learning, Locals, Traffic};
use crate::ids::AgentId;
use crate::merge::{Contribution, MergeError, Pipeline};
use crate::params::Sparse;
use crate::scenario;
use crate::state::{Reader, StateError, Writer};
use crate::threads::parallel_chunks;
use std::sync::Arc;

/// The levels of a fleet. Whoever is below pulls the core of the one above whenever that one has
/// been merged, so that what it moved since is what it moved from that core.
pub(super) struct Hierarchy {
    teams: Vec<Node>,
    companies: Vec<Node>,
    top: Node,
    /// The teams of each company, in order.
    teams_of: Vec<std::ops::Range<usize>>,
    /// The team of each agent.
    of: Arc<Vec<u32>>,
    company_period: u32,
    top_period: u32,
}

/// A distiller and its core.
struct Node {
    pipeline: Pipeline,
    core: Arc<Vec<f32>>,
    /// Tasks behind what it moved since it pulled: of each block, and in all; and steps.
    blocks: Vec<u32>,
    tasks: u64,
    steps: u64,
}

impl Node {
    fn new(pipeline: Pipeline, core: Arc<Vec<f32>>, blocks: usize) -> Node {
        Node { pipeline, core, blocks: vec![0; blocks], tasks: 0, steps: 0 }
    }

    /// Merges contributions into its core.
    fn merge(
        &mut self,
        site: &Site<'_>,
        judge: Option<&Judge>,
        contributions: &[Contribution<'_>],
    ) -> Result<(), MergeError> {
        let merged = site.merged(&mut self.pipeline, judge, &self.core, contributions)?;
        self.take(merged, contributions);
        Ok(())
    }

    /// Takes what contributions were merged to. Where they are too few for what its strategy vouches
    /// for, the core stays as it is.
    fn take(&mut self, merged: Option<Core>, contributions: &[Contribution<'_>]) {
        let Some(next) = merged else { return };
        for contribution in contributions {
            for (block, tasks, _) in contribution.delta.iter() {
                let held = &mut self.blocks[block as usize];
                *held = held.saturating_add(tasks);
            }
            self.tasks += contribution.tasks;
            self.steps += contribution.steps;
        }
        self.core = next;
    }

    /// What its core moved from the one that it pulled.
    fn moved(&self, site: &Site<'_>, from: &[f32], to: &mut Sparse) {
        let worked = (0_u32..).zip(self.blocks.iter().copied()).filter(|(_, tasks)| *tasks > 0);
        site.difference(&self.core, from, worked, to);
    }

    fn keep(&self, out: &mut Writer<'_>) {
        out.put(&(&self.core, &self.blocks, self.tasks, self.steps));
        self.pipeline.keep(out);
    }

    fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let (entries, blocks) = (self.core.len(), self.blocks.len());
        (self.core, self.blocks, self.tasks, self.steps) = from.get()?;
        StateError::unless_same("numbers of a level's core:", self.core.len(), entries)?;
        StateError::unless_same("blocks of a level:", self.blocks.len(), blocks)?;
        self.pipeline.take_up(from)
    }

    /// Takes another core for its own.
    fn pull(&mut self, core: &Arc<Vec<f32>>) {
        self.core = core.clone();
        self.blocks.fill(0);
        (self.tasks, self.steps) = (0, 0);
    }
}

impl Hierarchy {
    /// The levels of a fleet, all with the same first core; `make` makes the pipeline of a level.
    pub fn new(
        fleet: &Fleet,
        spec: &scenario::Distiller,
        core: &Arc<Vec<f32>>,
        make: &dyn Fn(&scenario::Distiller) -> Pipeline,
    ) -> Self {
        let blocks = fleet.learner.core_layout().blocks();
        let agents = fleet.world.facts().agents as u32;
        let company = |agent: u32| fleet.world.company(AgentId(agent));
        let node = |spec: &scenario::Distiller| Node::new(make(spec), core.clone(), blocks);
        let (mut teams_of, mut of) = (Vec::new(), Vec::new());
        let mut first = 0;
        while first < agents {
            // a company's agents are neighbours
            let last = (first..agents).find(|a| company(*a) != company(first)).unwrap_or(agents);
            let size = last - first;
            let (teams, before) =
                (size.div_ceil(spec.hierarchy.team), of.last().map_or(0, |t| t + 1));
            of.extend((0..size).map(|place| {
                // as even as can be
                before + (u64::from(place) * u64::from(teams) / u64::from(size)) as u32
            }));
            teams_of.push(before as usize..(before + teams) as usize);
            first = last;
        }
        let teams = of.last().map_or(0, |team| team + 1);
        Hierarchy {
            teams: (0..teams).map(|_| node(spec)).collect(),
            companies: teams_of.iter().map(|_| node(&spec.hierarchy.company.of(spec))).collect(),
            top: node(&spec.hierarchy.global.of(spec)),
            teams_of,
            of: Arc::new(of),
            company_period: spec.hierarchy.company.period,
            top_period: spec.hierarchy.global.period,
        }
    }

    /// Takes what changes of how the levels merge: the pipelines of those anew in which it does.
    pub fn change(
        &mut self,
        spec: &scenario::Distiller,
        before: &scenario::Distiller,
        make: &dyn Fn(&scenario::Distiller) -> Pipeline,
    ) {
        let all: [(&mut [Node], _, _); 3] = [
            (&mut self.teams, spec.clone(), before.clone()),
            (
                &mut self.companies,
                spec.hierarchy.company.of(spec),
                before.hierarchy.company.of(before),
            ),
            (
                std::slice::from_mut(&mut self.top),
                spec.hierarchy.global.of(spec),
                before.hierarchy.global.of(before),
            ),
        ];
        for (nodes, spec, before) in all {
            if !spec.merges_like(&before) {
                nodes.iter_mut().for_each(|node| node.pipeline = make(&spec));
            }
        }
    }

    /// Puts what every level has come to into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        let nodes = self.teams.iter().chain(&self.companies).chain([&self.top]);
        nodes.for_each(|node| node.keep(out));
    }

    /// Takes up what the same levels have come to.
    ///
    /// # Errors
    /// Where they are others.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let below = self.teams.iter_mut().chain(&mut self.companies);
        below.chain([&mut self.top]).try_for_each(|node| node.take_up(from))
    }

    /// The core at the top.
    pub fn core(&self) -> &Arc<Vec<f32>> {
        &self.top.core
    }

    /// The cores that agents pull.
    pub fn locals(&self) -> Arc<Locals> {
        let cores = self.teams.iter().map(|team| team.core.clone()).collect();
        Arc::new(Locals { cores, of: self.of.clone(), efficiency: Vec::new() })
    }

    /// Merges a round's learnings, level by level as far as it is their turn. Returns the bytes
    /// that were sent between levels.
    ///
    /// # Errors
    /// The first of a strategy, from the teams up.
    pub fn merge(
        &mut self,
        site: &Site<'_>,
        learnings: &[Learning],
    ) -> Result<Traffic, MergeError> {
        let mut traffic = Traffic::default();
        let alone = Site { threads: 1, ..*site };
        // the teams, side by side: each merges what its own agents bring
        let judge = self.teams.first().and_then(|team| site.judge(&team.pipeline));
        let mut rest = learnings;
        let mut brought: Vec<Vec<Contribution<'_>>> = Vec::new();
        for t in 0..self.teams.len() {
            let own = rest.partition_point(|l| self.of[l.agent.index()] as usize <= t);
            let (own, others) = rest.split_at(own);
            rest = others;
            brought.push(own.iter().map(|l| alone.contribution(l, &l.contribution)).collect());
        }
        let divides = self.teams.first().is_some_and(|team| team.pipeline.divides());
        let peers = site.peers.filter(|_| divides);
        let here = share(peers, self.teams.len());
        let at_work = self.teams[here.clone()].iter_mut().zip(&brought[here]).collect();
        let work = |(team, own): (&mut Node, &Vec<Contribution<'_>>)| {
            alone.merged(&mut team.pipeline, judge.as_ref(), &team.core, own)
        };
        let merged = parallel_chunks(site.threads, at_work, work);
        let cores = self.teams.iter().map(|team| &team.core);
        let merged = unite(peers, site.layout, cores, merged)?;
        for ((team, merged), own) in self.teams.iter_mut().zip(merged).zip(&brought) {
            team.take(merged, own);
        }
        if !site.round.is_multiple_of(self.company_period) {
            return Ok(traffic);
        }
        // levels draw apart (Weyl's sequence, golden ratio)
        let apart = |level: u64| site.seed.wrapping_add(level.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let judge = self.companies.first().and_then(|node| site.judge(&node.pipeline));
        let seed = apart(1);
        let mut rest = &mut self.teams[..];
        let mut at_work = Vec::new();
        for (c, (company, teams)) in self.companies.iter_mut().zip(&self.teams_of).enumerate() {
            let (own, others) = rest.split_at_mut(teams.len());
            rest = others;
            at_work.push((c, company, own));
        }
        let work = |(c, company, teams): (usize, &mut Node, &mut [Node])| {
            // and companies from each other
            let seed = seed ^ (c as u64) << 32;
            rise(&Site { seed, ..alone }, judge.as_ref(), teams, company)
        };
        for sent in parallel_chunks(site.threads, at_work, work) {
            let sent = sent?;
            traffic = Traffic { up: traffic.up + sent.up, down: traffic.down + sent.down };
        }
        if site.round.is_multiple_of(self.top_period) {
            let judge = site.judge(&self.top.pipeline);
            let site = Site { seed: apart(2), ..*site };
            let sent = rise(&site, judge.as_ref(), &mut self.companies, &mut self.top)?;
            traffic = Traffic { up: traffic.up + sent.up, down: traffic.down + sent.down };
            for (company, teams) in self.companies.iter().zip(&self.teams_of) {
                let pulled = 4 * site.fleet.parameters() as u64 * teams.len() as u64;
                self.teams[teams.clone()].iter_mut().for_each(|team| team.pull(&company.core));
                traffic.down += pulled;
            }
        }
        Ok(traffic)
    }
}

/// Merges what those below moved into the core above, which they pull. Returns the bytes sent.
fn rise(
    site: &Site<'_>,
    judge: Option<&Judge>,
    below: &mut [Node],
    above: &mut Node,
) -> Result<Traffic, MergeError> {
    let mut moved = vec![Sparse::default(); below.len()];
    below.iter().zip(&mut moved).for_each(|(node, to)| node.moved(site, &above.core, to));
    let parties = below.iter().zip(&moved).enumerate();
    let contributions: Vec<Contribution<'_>> = parties
        .filter(|(_, (_, moved))| !moved.is_empty())
        .map(|(id, (node, delta))| Contribution {
            tasks: node.tasks,
            steps: node.steps,
            ..Contribution::fresh(AgentId(id as u32), delta)
        })
        .collect();
    above.merge(site, judge, &contributions)?;
    let bytes = |delta: &Sparse| {
        HEADER + blocks_bytes(&*site.fleet.learner, delta.iter().map(|(block, ..)| block))
    };
    let up = contributions.iter().map(|c| bytes(c.delta)).sum();
    below.iter_mut().for_each(|node| node.pull(&above.core));
    Ok(Traffic { up, down: 4 * (site.fleet.parameters() * below.len()) as u64 })
}
