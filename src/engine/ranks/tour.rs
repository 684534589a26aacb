//! The tour that ranks make together.

use super::link::{Link, broadcast, gather};
use super::shards::Shards;
use super::wire::{Reader, Wire};
use crate::agent::{Cohort, Fleet, Publication, leaf_of, leaves_of};
use crate::distill::{Harvest, Harvester};
use crate::engine::Tour;
use crate::engine::pool::{Pool, with_pool};
use crate::halt::Halt;
use crate::merge::share_of;
use crate::params::Node;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Runs `body` with an engine whose tours all ranks make together, this one with `threads` workers for
/// the agents of its own leaves. All ranks come to the same harvests. `asked` is the wish of whoever
/// watches this rank to halt: it becomes the fleet's halt when a tour ends, on all ranks alike.
///
/// # Errors
/// Where the system gives fewer threads.
pub(crate) fn with_ranks<R>(
    fleet: &Arc<Fleet>,
    harvester: Harvester,
    (link, asked): (&Arc<dyn Link>, &Halt),
    threads: usize,
    body: impl FnOnce(&mut dyn Tour) -> R,
) -> io::Result<R> {
    let harvester = Arc::new(harvester);
    let own = share_of(link.rank(), link.ranks(), fleet.leaves());
    with_pool(fleet.clone(), harvester.clone(), own, threads, |pool| {
        let shards = Arc::new(Shards::new(link, harvester.layout()));
        body(&mut Ranks { fleet, harvester, link, shards, asked, pool })
    })
}

/// The agents of a rank in a fleet of so many: those of its share of the leaves.
pub(crate) fn own_agents(agents: usize, rank: usize, ranks: usize) -> Range<usize> {
    let leaf = leaf_of(agents);
    let leaves = share_of(rank, ranks, leaves_of(agents));
    leaves.start * leaf..(leaves.end * leaf).min(agents)
}

struct Ranks<'a, 'p> {
    fleet: &'a Fleet,
    harvester: Arc<Harvester>,
    link: &'a Arc<dyn Link>,
    /// Which blocks each rank merges, where that is asked for.
    shards: Arc<Shards>,
    asked: &'a Halt,
    /// This rank's workers.
    pool: &'a mut Pool<'p>,
}

impl Ranks<'_, '_> {
    /// Joins what all ranks have in the tree of leaves, two neighbours at a time, each time twice as
    /// far apart: rank 0 comes to the whole. A node that lacks a neighbour goes along as it is. Gives
    /// whether any rank of those below is to halt.
    fn reduce(&self, mut nodes: Vec<(Node, Harvest)>) -> bool {
        let Ranks { link, harvester, .. } = self;
        let put = |(node, harvest)| harvester.put_node(node, harvest);
        let (rank, ranks) = (link.rank(), link.ranks());
        let mut halts = self.asked.is_set();
        let mut apart = 1;
        while apart < ranks {
            if rank & apart != 0 {
                let mut message = Vec::new();
                halts.write(&mut message);
                nodes.write(&mut message);
                nodes.into_iter().for_each(|(_, harvest)| harvester.give_back(harvest));
                link.send(rank - apart, &message);
                return halts;
            }
            if rank + apart < ranks {
                let message = link.receive(rank + apart);
                let mut reader = Reader::new(&message, harvester.layout());
                halts |= reader.next::<bool>();
                let others: Vec<(Node, Harvest)> = reader.next();
                nodes.into_iter().chain(others).for_each(put);
                nodes = harvester.take_nodes();
            }
            apart *= 2;
        }
        nodes.into_iter().for_each(put);
        halts
    }
}

impl Tour for Ranks<'_, '_> {
    fn tour(&mut self, publication: &Arc<Publication>) -> Harvest {
        self.pool.visit(publication);
        let mut nodes = self.harvester.take_nodes();
        let spread = self.link.ranks() > 1 && self.harvester.spreads(publication);
        let learnings = spread.then(|| {
            nodes.sort_by_key(|(node, _)| node.at << node.level);
            let own = nodes.iter_mut().flat_map(|(_, harvest)| harvest.learnings.drain(..));
            self.shards.deal(own.collect(), self.harvester.layout())
        });
        let mut halts = self.reduce(nodes);
        // where leaves are missing, agents were not visited, which halts are for
        let whole = (self.link.rank() == 0).then(|| self.harvester.take().unwrap_or_default());
        let harvest = if self.link.ranks() == 1 {
            whole
        } else {
            let message = whole.as_ref().map(|whole| {
                let mut message = Vec::new();
                halts.write(&mut message);
                whole.write(&mut message);
                message
            });
            let message = broadcast(&**self.link, message);
            let mut reader = Reader::new(&message, self.harvester.layout());
            halts = reader.next();
            whole.or_else(|| Some(reader.next()))
        };
        if halts {
            self.fleet.halt.set();
        }
        let mut harvest = harvest.unwrap_or_default();
        if let Some(learnings) = learnings {
            harvest.learnings = learnings;
            harvest.spread = Some(self.shards.clone());
        }
        if self.link.ranks() > 1 {
            harvest.peers = Some(self.shards.clone());
        }
        harvest
    }

    fn give_back(&mut self, harvest: Harvest) {
        self.harvester.give_back(harvest);
    }

    fn cohorts(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        self.pool.cohorts(f);
    }

    fn fill(&mut self, f: &mut dyn FnMut(&mut Cohort)) {
        let (fleet, leaves) = (self.fleet, self.fleet.leaves());
        let own = share_of(self.link.rank(), self.link.ranks(), leaves);
        elsewhere(fleet, 0..own.start, f);
        self.pool.cohorts(f);
        elsewhere(fleet, own.end..leaves, f);
    }

    fn digest(&mut self, feed: &mut dyn FnMut(&[u8])) {
        let mut own = Vec::new();
        self.pool.digest(&mut |hash| own.extend_from_slice(hash));
        gather(&**self.link, own).iter().for_each(|hashes| feed(hashes));
    }
}

/// Calls `f` with cohorts of leaves that another rank has.
fn elsewhere(fleet: &Fleet, leaves: Range<usize>, f: &mut dyn FnMut(&mut Cohort)) {
    for leaf in leaves {
        let (first, len) = fleet.leaf_range(leaf);
        f(&mut Cohort::new(fleet, first, len));
    }
}
