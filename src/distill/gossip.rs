//! Agents that call each other: a model for each, and no distiller.

use super::message::{HEADER, blocks_bytes};
use super::peers::{share, unite};
use super::site::Site;
use crate::agent::{Fleet, Learning, Locals, Traffic};
use crate::graph::{EdgeListError, Graph};
use crate::ids::AgentId;
use crate::merge::{Contribution, MergeError, Pipeline};
use crate::params::Sparse;
use crate::scenario::{self, Direction};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Key, Purpose};
use crate::threads::{lock, parallel_chunks, parallel_chunks_with};
use std::sync::{Arc, Mutex};

/// The models of a fleet that has no core.
///
/// In a round an agent learns on its own model, and is then told the models of others as they are
/// after their work. It merges these with its own, each with the weight 1: with the mean, on a
/// graph where all call all their neighbours, `x_i ← (x_i + Σ_j x_j)/(d_i + 1)` after each local
/// step (decentralised SGD, Lian et al. 2017, "Can decentralized algorithms outperform centralized
/// algorithms?", NeurIPS). A block that an agent neither worked on nor was told of is absent from
/// its model.
pub(super) struct Gossip {
    graph: Graph,
    spec: scenario::Gossip,
    models: Vec<Arc<Vec<f32>>>,
    /// Whether an agent's model has anything to say of a block, agent by agent.
    held: Vec<Vec<bool>>,
    /// Every agent's model is its own.
    of: Arc<Vec<u32>>,
    /// One for each thread; they have no state.
    pipelines: Mutex<Vec<Pipeline>>,
}

impl Gossip {
    /// A fleet in which all begin with the same model, of which nobody knows anything.
    ///
    /// # Errors
    /// Where the graph's edges cannot be read.
    pub fn new(
        fleet: &Fleet,
        spec: &scenario::Distiller,
        model: &Arc<Vec<f32>>,
        pipelines: Vec<Pipeline>,
    ) -> Result<Self, EdgeListError> {
        let agents = fleet.world.facts().agents;
        let blocks = fleet.learner.core_layout().blocks();
        Ok(Gossip {
            graph: Graph::drawn(&spec.gossip, agents as u32, fleet.seed)?,
            spec: spec.gossip.clone(),
            models: vec![model.clone(); agents],
            held: vec![vec![false; blocks]; agents],
            of: Arc::new((0..agents as u32).collect()),
            pipelines: Mutex::new(pipelines),
        })
    }

    /// Takes pipelines in the place of those that there are.
    pub fn change(&mut self, pipelines: Vec<Pipeline>) {
        self.pipelines = Mutex::new(pipelines);
    }

    /// Puts all models into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        for (model, held) in self.models.iter().zip(&self.held) {
            out.put_floats(model);
            out.put(held);
        }
    }

    /// Takes up the models of as many agents.
    ///
    /// # Errors
    /// Where they are others.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        for (model, held) in self.models.iter_mut().zip(&mut self.held) {
            let (entries, blocks) = (model.len(), held.len());
            *model = Arc::new(from.floats()?);
            StateError::unless_same("numbers of a model:", model.len(), entries)?;
            *held = from.get()?;
            StateError::unless_same("blocks of a model:", held.len(), blocks)?;
        }
        Ok(())
    }

    /// The models, as cores that agents pull.
    pub fn locals(&self) -> Arc<Locals> {
        let (cores, of) = (self.models.clone(), self.of.clone());
        Arc::new(Locals { cores, of, efficiency: Vec::new() })
    }

    /// Whose models each agent is told in a round by those who call: rising, each once.
    fn told(&self, seed: u64, round: u32, callers: impl Iterator<Item = u32>) -> Vec<Vec<u32>> {
        let n = self.graph.nodes();
        let mut told = vec![Vec::new(); n as usize];
        let mut call = |caller: u32, called: u32| {
            if self.spec.direction != Direction::Pull {
                told[called as usize].push(caller);
            }
            if self.spec.direction != Direction::Push {
                told[caller as usize].push(called);
            }
        };
        for caller in callers {
            if self.spec.contacts == 0 {
                match self.graph.neighbours(caller) {
                    Some(all) => all.iter().for_each(|called| call(caller, *called)),
                    None => (0..n).filter(|i| *i != caller).for_each(|i| call(caller, i)),
                }
            }
            for contact in 0..self.spec.contacts {
                let word = Key::new(seed, Purpose::Contact, contact, round).word(caller as usize);
                if let Some(called) = self.graph.pick(caller, word) {
                    call(caller, called);
                }
            }
        }
        for told in &mut told {
            told.sort_unstable();
            told.dedup();
        }
        told
    }

    /// A round's learnings, and then its calls. Who has learned nothing in the round makes no
    /// calls, but can be called. Returns the bytes that were sent.
    ///
    /// # Errors
    /// Those of the strategy.
    pub fn merge(
        &mut self,
        site: &Site<'_>,
        learnings: &[Learning],
    ) -> Result<Traffic, MergeError> {
        let mut learned = vec![None; self.models.len()];
        learnings.iter().for_each(|l| learned[l.agent.index()] = Some(l));
        let trained = parallel_chunks(
            site.threads,
            self.models.iter().zip(&learned).collect(),
            |(model, learned)| trained(site, model, *learned),
        );
        for (held, learned) in self.held.iter_mut().zip(&learned) {
            let blocks = learned.iter().flat_map(|l| l.contribution.iter());
            blocks.for_each(|(block, ..)| held[block as usize] = true);
        }
        let callers = learnings.iter().map(|l| l.agent.0);
        let told = self.told(site.seed, site.round, callers);
        let pipelines = &self.pipelines;
        let (judge, divides) = {
            let pipelines = lock(pipelines);
            let judge = pipelines.first().and_then(|pipeline| site.judge(pipeline));
            (judge, pipelines.first().is_some_and(Pipeline::divides))
        };
        let peers = site.peers.filter(|_| divides);
        let here = share(peers, told.len());
        let alone = Site { threads: 1, ..*site };
        let lend = || lock(pipelines).pop();
        let give_back = |pipeline| {
            lock(pipelines).push(pipeline);
        };
        let merged = parallel_chunks_with(
            site.threads,
            told.iter().enumerate().skip(here.start).take(here.len()).collect(),
            |(agent, told): (usize, &Vec<u32>), moved: &mut Vec<Sparse>| {
                // who hears of nobody keeps to its own
                if told.is_empty() {
                    return Ok(None);
                }
                let base = &self.models[agent];
                let voices: Vec<u32> = [agent as u32].iter().chain(told).copied().collect();
                moved.resize(moved.len().max(voices.len()), Sparse::default());
                for (voice, moved) in voices.iter().zip(&mut *moved) {
                    moved.clear();
                    let voice = *voice as usize;
                    let blocks = held(&self.held[voice]).map(|block| (block, 1));
                    site.difference(&trained[voice], base, blocks, moved);
                }
                let contributions: Vec<Contribution<'_>> = voices
                    .iter()
                    .zip(&*moved)
                    .filter(|(_, moved)| !moved.is_empty())
                    .map(|(voice, moved)| Contribution::fresh(AgentId(*voice), moved))
                    .collect();
                // as many as there are threads
                let Some(mut pipeline) = lend() else { return Err(MergeError::Halted) };
                let merged = alone.merged(&mut pipeline, judge.as_ref(), base, &contributions);
                give_back(pipeline);
                // and so does one that hears of too few
                merged
            },
        );
        let merged = unite(peers, site.layout, self.models.iter(), merged)?;
        let kept = merged.into_iter().zip(trained);
        self.models = kept.map(|(merged, trained)| merged.unwrap_or(trained)).collect();
        let size = |blocks: &Vec<bool>| HEADER + blocks_bytes(&*site.fleet.learner, held(blocks));
        let sizes: Vec<u64> = self.held.iter().map(size).collect();
        let up = told.iter().flatten().map(|voice| sizes[*voice as usize]).sum();
        let before = self.held.clone();
        for (held, told) in self.held.iter_mut().zip(&told) {
            for voice in told {
                let theirs = &before[*voice as usize];
                held.iter_mut().zip(theirs).for_each(|(held, theirs)| *held |= theirs);
            }
        }
        Ok(Traffic { up, down: 0 })
    }
}

/// A model after its agent's work.
fn trained(site: &Site<'_>, model: &Arc<Vec<f32>>, learned: Option<&Learning>) -> Arc<Vec<f32>> {
    let Some(learning) = learned else { return model.clone() };
    let mut model = model.as_ref().clone();
    learning.contribution.add_to(site.layout, &mut model);
    Arc::new(model)
}

/// The blocks of which a model has anything to say.
fn held(held: &[bool]) -> impl Iterator<Item = u32> {
    (0_u32..).zip(held).filter(|(_, held)| **held).map(|(block, _)| block)
}
