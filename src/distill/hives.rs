//! Several hives in one world: each its own core, and what passes between them.

use super::judge::Judge;
use super::site::Site;
use crate::agent::{Fleet, Learning, Locals};
use crate::ids::Round;
use crate::measure::HiveRow;
use crate::measure::competition::shares;
use crate::merge::{Contribution, MergeError, Pipeline};
use crate::scenario::{self, Hive, Market, Scenario};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};
use std::collections::VecDeque;
use std::sync::Arc;

/// What all hives published in a round: their cores, and the share of right answers of each.
type Published = (Vec<Arc<Vec<f32>>>, Vec<f64>);

/// The hives of a scenario.
///
/// After each round every hive merges what its own agents bring. Customers then compare the
/// cores on fresh tasks; who imitates goes towards the best rival's core of some rounds ago; agents
/// move to where the market wants them.
pub(super) struct Hives {
    hives: Vec<Hive>,
    market: Market,
    pipelines: Vec<Pipeline>,
    cores: Vec<Arc<Vec<f32>>>,
    /// The hive of each agent.
    of: Arc<Vec<u32>>,
    /// What was published in the last rounds, the oldest first: cores, and how they did.
    published: VecDeque<Published>,
    /// The share of right answers of each core as published last.
    skills: Vec<f64>,
}

impl Hives {
    /// Hives that all begin with the same core.
    pub fn new(
        fleet: &Fleet,
        scenario: &Scenario,
        core: &Arc<Vec<f32>>,
        make: &dyn Fn(&scenario::Distiller) -> Pipeline,
    ) -> Self {
        let spec = &scenario.distiller;
        let hives = scenario.hives.clone();
        let agents = fleet.world.facts().agents as u32;
        let shares: Vec<f64> = hives.iter().map(|hive| hive.share).collect();
        let sizes = apportion(&shares, agents);
        let of = sizes.iter().zip(0_u32..).flat_map(|(n, hive)| vec![hive; *n as usize]);
        // companies are neighbours, hives are not: every company buys from all
        let mut of: Vec<u32> = of.collect();
        Stream::new(fleet.seed, Purpose::Employers, 0, 0).shuffle(&mut of);
        let mut all = Hives {
            pipelines: hives.iter().map(|hive| make(&hive.of(spec))).collect(),
            cores: vec![core.clone(); hives.len()],
            of: Arc::new(of),
            published: VecDeque::new(),
            skills: vec![0.0; hives.len()],
            market: scenario.market.clone(),
            hives,
        };
        all.compare(fleet, &fleet.world.climate(Round(0), None), Round(1));
        all
    }

    /// Takes what changes of how each hive merges: the pipelines of those anew in which it does.
    pub fn change(
        &mut self,
        scenario: &Scenario,
        before: &scenario::Distiller,
        make: &dyn Fn(&scenario::Distiller) -> Pipeline,
    ) {
        let spec = &scenario.distiller;
        for ((hive, pipeline), next) in
            self.hives.iter_mut().zip(&mut self.pipelines).zip(&scenario.hives)
        {
            let merges = next.of(spec);
            if !merges.merges_like(&hive.of(before)) {
                *pipeline = make(&merges);
            }
            hive.clone_from(next);
        }
    }

    /// Puts what the hives have come to into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&(&self.cores, &self.of, &self.published, &self.skills));
        self.pipelines.iter().for_each(|pipeline| pipeline.keep(out));
    }

    /// Takes up what the same hives have come to.
    ///
    /// # Errors
    /// Where they are others.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let (hives, agents) = (self.cores.len(), self.of.len());
        let entries = self.cores.first().map_or(0, |core| core.len());
        (self.cores, self.of, self.published, self.skills) = from.get()?;
        let whole = |cores: &[Arc<Vec<f32>>], skills: &[f64]| {
            StateError::unless_same("cores of hives:", cores.len(), hives)?;
            StateError::unless_same("skills of hives:", skills.len(), hives)?;
            let mut lengths = cores.iter().map(|core| core.len());
            lengths
                .try_for_each(|n| StateError::unless_same("numbers of a hive's core:", n, entries))
        };
        whole(&self.cores, &self.skills)?;
        self.published.iter().try_for_each(|(cores, skills)| whole(cores, skills))?;
        StateError::unless_same("agents of hives:", self.of.len(), agents)?;
        if let Some(hive) = self.of.iter().find(|hive| **hive as usize >= hives) {
            return Err(StateError::unfit("the hive", hive, hives));
        }
        self.pipelines.iter_mut().try_for_each(|pipeline| pipeline.take_up(from))
    }

    /// The cores that agents pull, and how much they learn from a task on the way to core `round`.
    pub fn locals(&self, round: u32) -> Arc<Locals> {
        let efficiency = self.hives.iter().map(|hive| hive.efficiency_in(round) as f32);
        Arc::new(Locals {
            cores: self.cores.clone(),
            of: self.of.clone(),
            efficiency: efficiency.collect(),
        })
    }

    /// How the hives stand at core `round`.
    pub fn standing(&self, round: u32) -> Vec<HiveRow> {
        let sizes = sizes(&self.of, self.hives.len());
        let wanted = self.wanted();
        let rows = self.hives.iter().enumerate().map(|(h, hive)| HiveRow {
            round,
            hive: h as u32,
            name: if hive.name.is_empty() { h.to_string() } else { hive.name.clone() },
            agents: sizes[h],
            share: f64::from(sizes[h]) / self.of.len() as f64,
            wanted: wanted[h],
            skill: self.skills[h],
            efficiency: hive.efficiency_in(round.max(1)),
        });
        rows.collect()
    }

    /// The shares that the market wants: `softmax(preference · skill)`.
    fn wanted(&self) -> Vec<f64> {
        shares(&self.skills, self.market.preference)
    }

    /// A round's learnings, hive by hive, and then what passes between them.
    ///
    /// # Errors
    /// The first of a strategy, by hive.
    pub fn merge(&mut self, site: &Site<'_>, learnings: &[Learning]) -> Result<(), MergeError> {
        let mut next = Vec::with_capacity(self.cores.len());
        for (h, (base, pipeline)) in self.cores.iter().zip(&mut self.pipelines).enumerate() {
            let own = learnings.iter().filter(|l| self.of[l.agent.index()] as usize == h);
            let own: Vec<Contribution<'_>> =
                own.map(|l| site.contribution(l, &l.contribution)).collect();
            let judge = site.judge(pipeline);
            let merged = site.merged(pipeline, judge.as_ref(), base, &own)?;
            // too few agents leave its core as it is
            next.push(merged.unwrap_or_else(|| base.clone()));
        }
        self.cores = next;
        self.imitate();
        self.compare(site.fleet, site.climate, Round(site.round));
        self.move_agents(site.fleet.seed, site.round);
        Ok(())
    }

    /// Goes some of the way to the core of the best rival that could be seen by now, where that one
    /// did better: the distillation of a linear learner is its mean with what it imitates.
    fn imitate(&mut self) {
        if self.market.leak == 0.0 || self.published.len() <= self.market.delay as usize {
            return;
        }
        let Some((seen, skills)) = self.published.front() else { return };
        let leak = self.market.leak as f32;
        let imitated = |h: usize| {
            let rivals = (0..seen.len()).filter(|rival| *rival != h);
            let best = rivals.max_by(|a, b| skills[*a].total_cmp(&skills[*b]))?;
            (skills[best] > self.skills[h]).then_some(best)
        };
        let next = self.cores.iter().enumerate().map(|(h, core)| match imitated(h) {
            None => core.clone(),
            Some(best) => {
                let towards = core.iter().zip(seen[best].iter());
                Arc::new(towards.map(|(own, theirs)| own + leak * (theirs - own)).collect())
            }
        });
        self.cores = next.collect();
    }

    /// Customers try the cores, which are published thereby.
    fn compare(&mut self, fleet: &Fleet, climate: &crate::world::Climate, round: Round) {
        let probes = self.market.probes as usize;
        if let Some(judge) = Judge::new(fleet, climate, round, probes) {
            self.skills = self.cores.iter().map(|core| judge.score(core)).collect();
        }
        self.published.push_back((self.cores.clone(), self.skills.clone()));
        if self.published.len() > self.market.delay as usize + 1 {
            self.published.pop_front();
        }
    }

    /// Agents move to where the market wants them, and some of their own accord.
    fn move_agents(&mut self, seed: u64, round: u32) {
        let market = &self.market;
        if market.preference == 0.0 && market.movers == 0.0 {
            return;
        }
        let (wanted, agents) = (self.wanted(), self.of.len() as u32);
        let mut of = self.of.as_ref().clone();
        let mut stream = Stream::new(seed, Purpose::Employers, 0, round);
        for hive in &mut of {
            if market.movers > 0.0 && stream.uniform() < market.movers {
                let mut at = stream.uniform();
                let picked = wanted.iter().position(|share| {
                    at -= share;
                    at < 0.0
                });
                *hive = picked.unwrap_or(wanted.len() - 1) as u32;
            }
        }
        if market.preference > 0.0 {
            let mut sizes = sizes(&of, self.hives.len());
            let now = sizes.iter().map(|n| f64::from(*n) / f64::from(agents));
            let shares: Vec<f64> =
                now.zip(&wanted).map(|(now, wanted)| now + market.pace * (wanted - now)).collect();
            let goal = apportion(&shares, agents);
            // who is too many, in an order that is drawn, goes to who is too few
            let mut order: Vec<u32> = (0..agents).collect();
            stream.shuffle(&mut order);
            for agent in order {
                let from = of[agent as usize] as usize;
                if sizes[from] <= goal[from] {
                    continue;
                }
                let Some(to) = (0..goal.len()).find(|h| sizes[*h] < goal[*h]) else { break };
                sizes[from] -= 1;
                sizes[to] += 1;
                of[agent as usize] = to as u32;
            }
        }
        self.of = Arc::new(of);
    }
}

/// The number of agents of each hive.
fn sizes(of: &[u32], hives: usize) -> Vec<u32> {
    let mut sizes = vec![0; hives];
    of.iter().for_each(|hive| sizes[*hive as usize] += 1);
    sizes
}

/// Whole numbers that add up to `of`, in proportion to shares, by the largest remainders (Hamilton);
/// of equal remainders the first goes up.
fn apportion(shares: &[f64], of: u32) -> Vec<u32> {
    let sum: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| share / sum * f64::from(of)).collect();
    let mut whole: Vec<u32> = exact.iter().map(|exact| *exact as u32).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let rest = |h: &usize| exact[*h] - f64::from(whole[*h]);
    order.sort_by(|a, b| rest(b).total_cmp(&rest(a)));
    let missing = of.saturating_sub(whole.iter().sum());
    for h in order.into_iter().cycle().take(missing as usize) {
        whole[h] += 1;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_go_to_the_largest_remainders_and_add_up() {
        assert_eq!(apportion(&[1.0, 1.0, 1.0], 10), [4, 3, 3]);
        assert_eq!(apportion(&[0.5, 0.3, 0.2], 10), [5, 3, 2]);
        assert_eq!(apportion(&[0.0, 1.0], 7), [0, 7]);
        assert_eq!(apportion(&[0.25, 0.75], 2), [1, 1]);
    }
}
