//! What the agents of a round bring in, gathered in a shape that does not depend on who comes
//! first.

use super::message::{HEADER, compressed_bytes};
use crate::agent::{
    AgentError, Fleet, Holdings, Keeping, Learning, Parcel, Publication, Reading, Terms,
};
use crate::fault::{Fates, Refusal};
use crate::ids::{AgentId, CompanyId};
use crate::learner::{Learner, Statistic, Tally};
use crate::measure::{Accounts, Ages};
use crate::merge::Spread;
use crate::params::{BlockSum, FixedTree, Layout, Node, Sparse};
use crate::scenario::{Compression, Exchange};
use crate::threads::lock;
use crate::world::TaskBuffer;
use std::sync::{Arc, Mutex};

/// What some agents brought in one round.
#[derive(Clone, Debug, Default)]
pub struct Harvest {
    /// The weighted sum of contributions (or of predictions).
    pub sum: Option<BlockSum>,
    /// The same, company by company, in rising order (`nested` alone).
    pub companies: Vec<(CompanyId, BlockSum)>,
    /// The sum's parts, company by company, in rising order, where whose learning it is is asked
    /// for.
    pub parts: Vec<(CompanyId, BlockSum)>,
    /// What agents' control variates changed by (SCAFFOLD alone).
    pub controls: Option<Controls>,
    /// Learnings kept whole: all of them where the strategy asks for that, else the panel's.
    pub learnings: Vec<Learning>,
    /// The processes in which the blocks of learnings lie, where that is not this one alone.
    pub spread: Option<Arc<dyn Spread>>,
    /// The processes that all have this harvest, where that is not this one alone.
    pub peers: Option<Arc<dyn Spread>>,
    /// Examples for the pool, agent by agent.
    pub examples: TaskBuffer,
    /// What was done.
    pub tally: Tally,
    /// What became of learnings.
    pub accounts: Accounts,
    /// Learnings in flight when the core is published that they are gathered for.
    pub in_flight: u64,
    /// Learnings that come in so many rounds later.
    pub late: Vec<(u32, Learning)>,
    /// Bytes sent to the distiller.
    pub bytes_up: u64,
    /// Levels of the panel, agent by agent.
    pub readings: Vec<Reading>,
    /// How well panel agents did their jobs after their work, agent by agent.
    pub before_merge: Vec<(AgentId, f64)>,
    /// The same with the core that came of the merge before.
    pub after_merge: Vec<(AgentId, f64)>,
    /// Policies after the work that were asked for.
    pub policies: Vec<(AgentId, Vec<f32>)>,
    /// How the core does on fixed local data.
    pub holdings: Holdings,
    /// A core that was trained on all work at once (`pooled` alone).
    pub core: Option<Vec<f32>>,
    /// Work that is not to be merged yet, agent by agent (where agents do not keep step).
    pub flown: Vec<Parcel>,
    /// When it was all there, in virtual time (where agents do not keep step).
    pub time: Option<f64>,
    /// How stale it is (where it need not be fresh).
    pub ages: Option<Ages>,
    /// The first thing that went wrong, by agent.
    pub error: Option<AgentError>,
}

/// What agents' control variates changed by, block by block.
#[derive(Clone, Debug)]
pub struct Controls {
    /// The sum over agents.
    pub sum: BlockSum,
    /// Agents that had none of a block before.
    pub newcomers: Vec<u32>,
}

impl Controls {
    fn add(&mut self, changes: &Sparse) {
        self.sum.add(changes, |_| 1.0);
        changes.iter().for_each(|(block, new, _)| self.newcomers[block as usize] += new);
    }

    fn merge(&mut self, other: &Controls) {
        self.sum.merge(&other.sum);
        self.newcomers.iter_mut().zip(&other.newcomers).for_each(|(n, other)| *n += other);
    }
}

/// Gathers parcels into harvests and harvests into one; shared by all workers of an engine.
///
/// Agents are gathered in leaves of neighbours, in order within a leaf, and leaves in a fixed
/// tree: sums of floating-point numbers come out the same whoever comes first. Emptied
/// harvests are used again, so that a round allocates by the leaf at most, never by the agent.
pub struct Harvester {
    layout: Arc<Layout>,
    exchange: Exchange,
    compression: Compression,
    nested: bool,
    /// Whether the sum's parts are kept.
    parts: bool,
    sends: bool,
    /// Whether work is handed on as it is, to be merged later.
    hands_on: bool,
    panel: Vec<AgentId>,
    /// Whether anything can go wrong on the way to whoever merges.
    merges: bool,
    /// Whether nothing comes in late.
    punctual: bool,
    seed: u64,
    leaves: usize,
    tree: FixedTree<Harvest>,
    spare: Mutex<Vec<Harvest>>,
    learner: Arc<dyn Learner>,
}

impl Harvester {
    /// A harvester for `leaves` leaves.
    pub fn new(fleet: &Fleet, layout: Arc<Layout>, leaves: usize) -> Self {
        Harvester {
            layout,
            exchange: fleet.exchange,
            compression: fleet.compression.clone(),
            nested: matches!(fleet.keeping, Keeping::Private { .. }),
            parts: fleet.lineage,
            sends: fleet.keeping != Keeping::Everything,
            hands_on: false,
            panel: fleet.panel.clone(),
            merges: fleet.topology.merges(),
            punctual: false,
            seed: fleet.seed,
            leaves,
            tree: FixedTree::new(leaves),
            spare: Mutex::default(),
            learner: fleet.learner.clone(),
        }
    }

    /// One to which nothing comes in late.
    pub fn punctual(self) -> Self {
        Harvester { punctual: true, ..self }
    }

    /// One that hands on work as it is.
    pub fn handing_on(self) -> Self {
        Harvester { hands_on: true, ..self }
    }

    /// An empty harvest.
    pub fn empty(&self) -> Harvest {
        lock(&self.spare).pop().unwrap_or_default()
    }

    fn recycle(&self, mut harvest: Harvest) {
        if let Some(sum) = &mut harvest.sum {
            sum.clear();
        }
        if let Some(controls) = &mut harvest.controls {
            controls.sum.clear();
            controls.newcomers.fill(0);
        }
        let inputs = harvest.examples.inputs;
        harvest.examples.clear(inputs);
        let Harvest { sum, controls, examples, .. } = harvest;
        harvest = Harvest { sum, controls, examples, ..Harvest::default() };
        let mut spare = lock(&self.spare);
        // those that came from elsewhere are one too many
        if spare.len() < self.leaves {
            spare.push(harvest);
        }
    }

    /// Adds what one agent brings towards the core after `publication`; parcels of a leaf come in the
    /// order of the agents.
    pub fn add(&self, publication: &Publication, harvest: &mut Harvest, parcel: &mut Parcel) {
        harvest.holdings.add(&parcel.holdings);
        if let Some(reading) = parcel.reading.take() {
            harvest.readings.push(reading);
        }
        harvest.before_merge.extend(parcel.before_merge.take());
        harvest.after_merge.extend(parcel.after_merge.take());
        harvest.policies.extend(parcel.policy.take());
        if let Some(error) = parcel.error.take() {
            harvest.error.get_or_insert(error);
            return;
        }
        if !parcel.worked {
            return;
        }
        if self.hands_on {
            harvest.flown.push(std::mem::take(parcel));
            return;
        }
        harvest.tally.add(&parcel.tally);
        harvest.accounts.sent += u64::from(self.sends);
        if parcel.dropped {
            harvest.accounts.unfinished += u64::from(self.sends);
            return;
        }
        let learning = &mut parcel.learning;
        let terms = publication.terms();
        // what became of it on its way was settled when it was begun
        let sent = publication.agenda.with(learning.version);
        let fates = self.fates(sent);
        let stale = self.merges && (parcel.stale || outdated(terms, learning));
        if (fates.is_some() || stale) && !self.arrives(fates, learning, stale, harvest) {
            return;
        }
        if self.nested {
            self.add_to_company(&mut harvest.companies, learning, |tasks| tasks as f32);
        }
        if self.sends {
            harvest.accounts.merged += 1;
            harvest.bytes_up += HEADER + self.bytes(learning);
            let vector = match self.exchange {
                Exchange::Weights => Some(&learning.contribution),
                Exchange::Predictions => Some(&learning.answers),
                Exchange::Experience => None,
            };
            if let (Some(weighting), Some(vector)) = (terms.sum, vector) {
                let weight = |tasks: u32| weighting.of(tasks.into()) as f32;
                let sum = harvest.sum.get_or_insert_with(|| BlockSum::new(self.layout.clone()));
                sum.add(vector, weight);
                if self.parts {
                    self.add_to_company(&mut harvest.parts, learning, weight);
                }
            }
            if !learning.controls.is_empty() {
                let (layout, blocks) = (self.layout.clone(), self.layout.blocks());
                let new = || Controls { sum: BlockSum::new(layout), newcomers: vec![0; blocks] };
                harvest.controls.get_or_insert_with(new).add(&learning.controls);
            }
            if self.exchange == Exchange::Experience {
                harvest.examples.inputs = learning.examples.inputs;
                harvest.examples.extend(&learning.examples.view());
            }
        }
        if terms.sum.is_none() || self.panel.binary_search(&learning.agent).is_ok() {
            harvest.learnings.push(std::mem::take(learning));
        }
    }

    /// What may happen to learnings on some terms.
    fn fates(&self, terms: &Terms) -> Option<Fates> {
        let fates = Fates::new(&terms.faults, self.seed).filter(|_| self.merges);
        if self.punctual { fates.map(Fates::punctual) } else { fates }
    }

    /// Lets a learning go its way: whether it comes in now.
    fn arrives(
        &self,
        fates: Option<Fates>,
        learning: &mut Learning,
        stale: bool,
        harvest: &mut Harvest,
    ) -> bool {
        let fate = fates.as_ref().map(|fates| fates.of(learning.agent, learning.round));
        let fate = fate.unwrap_or_default();
        let bytes = HEADER + self.bytes(learning);
        let accounts = &mut harvest.accounts;
        if fate.lost {
            accounts.lost += 1;
        } else if let Some(fates) = fates.filter(|_| fate.damaged) {
            *match fates.damage(&self.layout, learning) {
                Refusal::Broken => &mut accounts.broken,
                Refusal::NotFinite => &mut accounts.not_finite,
                Refusal::Misfit => &mut accounts.misfit,
            } += 1;
        } else if stale {
            accounts.stale += 1;
        }
        if fate.doubled {
            accounts.sent += 1;
            accounts.duplicate += 1;
            harvest.bytes_up += bytes;
        }
        if fate.late > 0 {
            harvest.late.push((fate.late, std::mem::take(learning)));
        }
        let now = fate.arrives() && fate.late == 0 && !stale;
        harvest.bytes_up += if now { 0 } else { bytes };
        now
    }

    /// Bytes of a learning's payload as it would be sent, padding left out.
    fn bytes(&self, learning: &Learning) -> u64 {
        match self.exchange {
            Exchange::Weights => {
                let blocks = || learning.contribution.iter().map(|(block, ..)| block);
                let plain = |block: u32| 4 * self.learner.numbers(block) as u64;
                let own = compressed_bytes(&*self.learner, &self.compression, blocks());
                // control variates come block by block beside the contribution
                let controls = learning.controls.iter();
                let controls = controls.map(|(block, ..)| plain(block));
                own + controls.sum::<u64>()
                    + match learning.statistic {
                        None => 0,
                        // as long as the contribution, on the same blocks
                        Some(Statistic::Fisher) => blocks().map(plain).sum(),
                        Some(Statistic::Gram) => 4 * learning.statistics.values().len() as u64,
                    }
            }
            Exchange::Predictions => {
                let (outputs, stride) = self.learner.answers();
                let values = learning.answers.values().len() / stride * outputs;
                (8 * learning.answers.len() + 4 * values) as u64
            }
            Exchange::Experience if learning.examples.is_empty() => 0,
            Exchange::Experience => learning.examples.bytes(),
        }
    }

    fn add_to_company(
        &self,
        companies: &mut Vec<(CompanyId, BlockSum)>,
        learning: &Learning,
        weight: impl Fn(u32) -> f32,
    ) {
        // companies are contiguous ranges of agents: it is the last one, or a new one
        if companies.last().is_none_or(|(company, _)| *company != learning.company) {
            companies.push((learning.company, BlockSum::new(self.layout.clone())));
        }
        if let Some((_, sum)) = companies.last_mut() {
            sum.add(&learning.contribution, weight);
        }
    }

    /// Hands in a leaf.
    pub fn put(&self, leaf: usize, harvest: Harvest) {
        self.tree.put(leaf, harvest, |left, right| self.join(left, right));
    }

    /// The whole harvest, once all leaves are in.
    pub fn take(&self) -> Option<Harvest> {
        self.tree.take()
    }

    /// Takes the largest nodes of the tree of leaves that are whole, where not all leaves are in.
    pub(crate) fn take_nodes(&self) -> Vec<(Node, Harvest)> {
        self.tree.take_nodes()
    }

    /// Hands in a node of the tree of leaves.
    pub(crate) fn put_node(&self, node: Node, harvest: Harvest) {
        self.tree.put_node(node, harvest, |left, right| self.join(left, right));
    }

    /// Whether learnings are merged when a harvest is, so that they may be spread.
    pub(crate) fn spreads(&self, publication: &Publication) -> bool {
        let terms = publication.terms();
        terms.spreads && terms.sum.is_none() && !self.hands_on
    }

    /// The layout that sums are over.
    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Gives an emptied harvest's memory back.
    pub fn give_back(&self, harvest: Harvest) {
        self.recycle(harvest);
    }

    /// Adds a harvest to another.
    pub(crate) fn join(&self, left: &mut Harvest, mut right: Harvest) {
        left.tally.add(&right.tally);
        left.accounts.add(&right.accounts);
        left.late.append(&mut right.late);
        left.bytes_up += right.bytes_up;
        left.holdings.add(&right.holdings);
        left.readings.append(&mut right.readings);
        left.before_merge.append(&mut right.before_merge);
        left.after_merge.append(&mut right.after_merge);
        left.policies.append(&mut right.policies);
        left.flown.append(&mut right.flown);
        left.learnings.append(&mut right.learnings);
        if !right.examples.is_empty() {
            left.examples.inputs = right.examples.inputs;
            left.examples.extend(&right.examples.view());
        }
        if left.error.is_none() {
            left.error = right.error.take();
        }
        join(&mut left.sum, &mut right.sum, BlockSum::merge);
        join(&mut left.controls, &mut right.controls, Controls::merge);
        join_companies(&mut left.companies, &mut right.companies);
        join_companies(&mut left.parts, &mut right.parts);
        self.recycle(right);
    }
}

/// Whether a learning was begun before the strategy asked for what it asks for now, and has no such
/// statistic: it cannot be merged any more.
pub(super) fn outdated(terms: &Terms, learning: &Learning) -> bool {
    terms.statistic.is_some() && learning.statistic != terms.statistic
}

/// Adds sums by company, both in rising order and `left` no later than `right`.
fn join_companies(left: &mut Vec<(CompanyId, BlockSum)>, right: &mut Vec<(CompanyId, BlockSum)>) {
    for (company, sum) in right.drain(..) {
        match left.last_mut() {
            Some((last, total)) if *last == company => total.merge(&sum),
            _ => left.push((company, sum)),
        }
    }
}

/// Adds `right` to `left` by `merge`, or moves it there; where both are there, `right` stays to
/// be used again.
fn join<T>(left: &mut Option<T>, right: &mut Option<T>, merge: impl Fn(&mut T, &T)) {
    match (left, &right) {
        (Some(left), Some(right)) => merge(left, right),
        (none @ None, _) => *none = right.take(),
        (Some(_), None) => {}
    }
}
