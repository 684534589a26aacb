//! Attackers at work: what they send in the place of what they learned.

use super::crafted::{Near, mean_and_deviation, pushed, z_max};
use super::known::Known;
use super::lookout::Lookout;
use crate::agent::{Attackers, Learning};
use crate::ids::{AgentId, CoreVersion};
use crate::params::{Layout, Sparse};
use crate::scenario::{Backdoor, Disguise, Knowledge, Method, Scaling};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};

/// The attackers of a fleet, who confer before they send. Those who work in a round see what
/// [`Knowledge`] lets them see of it, and where there is nothing honest to see, what they would send
/// themselves.
///
/// An attack is made of contributions block by block: what is not held by anyone that they know of,
/// they do not send. The tasks that they claim for a block are the mean of those that they know of.
/// Statistics and control variates that go with their contributions stay as they are.
#[derive(Debug)]
pub struct Conspiracy {
    attackers: Attackers,
    /// Whether what a contribution does not hold counts as zeros.
    zeros: bool,
    lookout: Option<Lookout>,
    seed: u64,
}

/// Where a merge takes place.
pub struct Scene<'a> {
    /// The core's blocks.
    pub layout: &'a Layout,
    /// The core that is merged into.
    pub version: CoreVersion,
    /// Its parameters.
    pub core: &'a [f32],
    /// Those of the core before, where there is one.
    pub previous: Option<&'a [f32]>,
    /// Threads that may be used; they never change a result.
    pub threads: usize,
}

impl Conspiracy {
    /// The attackers of a fleet; none where nobody attacks. `zeros` tells what a block that a
    /// contribution does not hold counts as, as the distiller has it.
    pub fn new(attackers: &Attackers, layout: &Layout, zeros: bool, seed: u64) -> Option<Self> {
        let any = !attackers.members().is_empty();
        any.then(|| Conspiracy {
            lookout: match &attackers.spec().method {
                Method::Mimic(spec) => Some(Lookout::new(layout, seed, spec.rounds)),
                _ => None,
            },
            attackers: attackers.clone(),
            zeros,
            seed,
        })
    }

    /// Puts what they remember into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        self.lookout.iter().for_each(|lookout| lookout.keep(out));
    }

    /// Takes up what the attackers of the same fleet have kept.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.lookout.iter_mut().try_for_each(|lookout| lookout.take_up(from))
    }

    /// Puts in the place of the attackers' learnings what they send. `learnings` are those that are
    /// merged at once, agent by agent.
    pub fn strike(&mut self, scene: &Scene<'_>, learnings: &mut [Learning]) {
        if scene.version.0 + 1 < self.attackers.spec().start {
            return;
        }
        let hostile = |learning: &Learning| self.attackers.contains(learning.agent);
        let attackers = learnings.iter().filter(|l| hostile(l)).count();
        if attackers == 0 {
            return;
        }
        let n = learnings.len();
        let method = self.attackers.spec().method.clone();
        match &method {
            Method::LabelFlip(_) => return,
            Method::Scaling(Scaling { factor }) | Method::Backdoor(Backdoor { factor, .. }) => {
                let factor = if *factor > 0.0 { *factor } else { n as f64 / attackers as f64 };
                return self.scale(learnings, factor);
            }
            Method::FreeRider(spec) => return self.idle(learnings, spec.disguise, scene),
            _ => {}
        }
        let layout = scene.layout;
        let seen = self.seen(learnings);
        let known = Known::new(layout, seen.iter().map(|l| &l.contribution).collect(), self.zeros);
        let push = |direction, near| pushed(&known, layout, direction, near, scene.threads);
        let sent = match &method {
            Method::Noise(spec) => {
                let deviation = spec.scale * known.root_mean_square();
                let shape = mean_and_deviation(&known, 0.0, 0.0);
                return self.shout(learnings, &shape, deviation, scene.version);
            }
            Method::SignFlip(spec) => mean_and_deviation(&known, -spec.scale, 0.0),
            Method::InnerProduct(spec) => mean_and_deviation(&known, -spec.epsilon, 0.0),
            Method::ALittle(spec) => {
                let z = if spec.z > 0.0 { spec.z } else { z_max(n, attackers) };
                mean_and_deviation(&known, 1.0, -z)
            }
            Method::MinMax(spec) => push(spec.direction, Near::Each),
            Method::MinSum(spec) => push(spec.direction, Near::All),
            Method::Mimic(_) => {
                let honest: Vec<(AgentId, &Sparse)> =
                    seen.iter().map(|l| (l.agent, &l.contribution)).collect();
                let chosen = self.lookout.as_mut().and_then(|l| l.choose(layout, &honest));
                let Some(chosen) = chosen else { return };
                honest[chosen].1.clone()
            }
            _ => return,
        };
        self.each(learnings, |learning| learning.contribution.clone_from(&sent));
    }

    /// The learnings that attackers see.
    fn seen<'l>(&self, learnings: &'l [Learning]) -> Vec<&'l Learning> {
        let of = |hostile: bool| -> Vec<&'l Learning> {
            let are = |l: &&Learning| self.attackers.contains(l.agent) == hostile;
            learnings.iter().filter(are).collect()
        };
        match self.attackers.spec().knowledge {
            Knowledge::Own => of(true),
            Knowledge::Omniscient => match of(false) {
                honest if honest.is_empty() => of(true),
                honest => honest,
            },
        }
    }

    fn each(&self, learnings: &mut [Learning], change: impl FnMut(&mut Learning)) {
        learnings.iter_mut().filter(|l| self.attackers.contains(l.agent)).for_each(change);
    }

    fn scale(&self, learnings: &mut [Learning], factor: f64) {
        self.each(learnings, |learning| {
            let values = learning.contribution.values_mut().iter_mut();
            values.for_each(|v| *v = (factor * f64::from(*v)) as f32);
        });
    }

    /// Gaussian noise in the blocks of `shape`, each attacker its own.
    fn shout(
        &self,
        learnings: &mut [Learning],
        shape: &Sparse,
        deviation: f64,
        version: CoreVersion,
    ) {
        self.each(learnings, |learning| {
            let owner = learning.agent.0;
            let mut stream = Stream::new(self.seed, Purpose::Attack, owner, version.0 + 1);
            learning.contribution.clone_from(shape);
            let values = learning.contribution.values_mut().iter_mut();
            values.for_each(|v| *v = (deviation * stream.normal()) as f32);
        });
    }

    /// What free riders send on the blocks that they would have worked on.
    fn idle(&self, learnings: &mut [Learning], disguise: Disguise, scene: &Scene<'_>) {
        self.each(learnings, |learning| {
            learning.contribution.for_each_mut(|block, values| {
                values.fill(0.0);
                let (Disguise::LastStep, Some(before)) = (disguise, scene.previous) else { return };
                let range = scene.layout.range(block);
                let moved = scene.core[range.clone()].iter().zip(&before[range]);
                values.iter_mut().zip(moved).for_each(|(v, (now, before))| *v = now - before);
            });
        });
    }
}
