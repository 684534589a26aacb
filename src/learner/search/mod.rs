//! Search on a rugged landscape: copy a better solution that is in sight, else try one change
//! (Lazer & Friedman 2007, "The network structure of exploration and exploitation",
//! Administrative Science Quarterly 52; Barkoczi & Galesic 2016, "Social learning strategies
//! modify the effect of network structure on group performance", Nature Communications 7).
//! Lives here: what one agent makes of its own solution and of those that it sees, and what a
//! distiller makes of all.
//! May not: know who is whose neighbour, or in what order agents are visited.
//!
//! All are pure functions of a snapshot, the solutions of all agents after the round before, so
//! that agents search at once and nobody sees what another has just found.

mod crowd;
#[cfg(test)]
mod tests;

pub use crowd::Crowd;

use crate::scenario::{Copying, Search};
use crate::stream::{Purpose, Stream, below};
use crate::world::nk::{Landscape, Solution};

/// Whom an agent sees in a round.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// Nobody: it tries alone.
    Nobody,
    /// A distiller's core.
    Core(Solution),
    /// The agents of these numbers, each once and itself not among them.
    Peers(&'a [u32]),
    /// Everyone else.
    Everyone(&'a Crowd),
}

/// What an agent did in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deed {
    /// It tried a change that did not help.
    #[default]
    Tried,
    /// It tried a change that helped, and kept it.
    Improved,
    /// It copied a better solution.
    Copied,
}

/// Memory that a worker's agents share.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    chosen: Vec<u32>,
    seen: Vec<Solution>,
}

impl Search {
    /// Whether an agent that has so many others in sight looks at a few of them.
    pub fn picks(&self, others: u32) -> bool {
        self.looks > 0 && self.looks < others
    }

    /// Whether agents look at others in a round, counted from 1.
    pub fn looks_in(&self, round: u32) -> bool {
        round.is_multiple_of(self.every)
    }

    /// What an agent has after a round: a copy of a solution in sight, where that is better than
    /// its own, else its own with a bit flipped, where that is better, else its own. And which it
    /// was.
    ///
    /// A pure function of its arguments, of which the scratch is none. Cost: the solutions in
    /// sight, and (K + 1)² shifts for a try.
    pub fn step(
        &self,
        landscape: &Landscape,
        snapshot: &[Solution],
        sight: Sight<'_>,
        (seed, agent, round): (u64, u32, u32),
        scratch: &mut Scratch,
    ) -> (Solution, Deed) {
        let own = snapshot[agent as usize];
        let mut stream = Stream::new(seed, Purpose::Search, agent, round);
        let model = self.model(snapshot, sight, agent, &mut stream, scratch);
        match model.filter(|model| model.fitness > own.fitness) {
            Some(model) => (self.copy(landscape, model, &mut stream), Deed::Copied),
            None => {
                let tried = landscape.flipped(own, stream.below(landscape.bits()));
                let better = tried.fitness > own.fitness;
                if better { (tried, Deed::Improved) } else { (own, Deed::Tried) }
            }
        }
    }

    /// The solution that an agent would copy.
    fn model(
        &self,
        snapshot: &[Solution],
        sight: Sight<'_>,
        agent: u32,
        stream: &mut Stream,
        scratch: &mut Scratch,
    ) -> Option<Solution> {
        let Scratch { chosen, seen } = scratch;
        let others = snapshot.len() as u32 - 1;
        seen.clear();
        match sight {
            Sight::Nobody => return None,
            Sight::Core(core) => return Some(core),
            Sight::Everyone(crowd) if !self.picks(others) => {
                return match self.rule {
                    Copying::Best => Some(crowd.best()),
                    Copying::Conform => crowd.fashion(snapshot[agent as usize], stream),
                };
            }
            Sight::Everyone(_) => {
                sample(others, self.looks, stream, chosen);
                let other = |i: &u32| snapshot[(i + u32::from(*i >= agent)) as usize];
                seen.extend(chosen.iter().map(other));
            }
            Sight::Peers(peers) if self.picks(peers.len() as u32) => {
                sample(peers.len() as u32, self.looks, stream, chosen);
                let peer = |i: &u32| snapshot[peers[*i as usize] as usize];
                seen.extend(chosen.iter().map(peer));
            }
            Sight::Peers(peers) => seen.extend(peers.iter().map(|i| snapshot[*i as usize])),
        }
        match self.rule {
            Copying::Best => best(seen),
            Copying::Conform => most_frequent(seen, stream),
        }
    }

    /// A copy, each bit of it wrong with the probability of an error.
    fn copy(&self, landscape: &Landscape, model: Solution, stream: &mut Stream) -> Solution {
        if self.error == 0.0 {
            return model;
        }
        let wrong = below(self.error);
        let flips = (0..landscape.bits())
            .fold(0, |flips, bit| flips | u64::from(u64::from(stream.word()) < wrong) << bit);
        if flips == 0 { model } else { landscape.solution(model.bits ^ flips) }
    }
}

/// The best solution; `None` of none.
pub fn best(solutions: &[Solution]) -> Option<Solution> {
    solutions.iter().copied().reduce(|best, other| if other.beats(&best) { other } else { best })
}

/// The most frequent solution, of several one by lot. Sorts them.
fn most_frequent(solutions: &mut [Solution], stream: &mut Stream) -> Option<Solution> {
    solutions.sort_unstable_by_key(|solution| solution.bits);
    let runs = || solutions.chunk_by(|a, b| a.bits == b.bits);
    let most = runs().map(<[_]>::len).max()?;
    let tied = runs().filter(|run| run.len() == most).count() as u32;
    let lot = if tied > 1 { stream.below(tied) } else { 0 };
    runs().filter(|run| run.len() == most).nth(lot as usize).map(|run| run[0])
}

/// `n` distinct members of `0..of`, into a list that is kept (Floyd's algorithm; Bentley 1987).
fn sample(of: u32, n: u32, stream: &mut Stream, chosen: &mut Vec<u32>) {
    chosen.clear();
    for j in of - n..of {
        let candidate = stream.below(j + 1);
        chosen.push(if chosen.contains(&candidate) { j } else { candidate });
    }
}
