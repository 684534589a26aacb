//! Who is there to work.

use crate::ids::{AgentId, Round};
use crate::scenario::{Availability, Churn, Fleet};
use crate::stream::{Purpose, Stream};

/// Who can work in a round, and who has left: goes from round to round.
#[derive(Clone, Debug)]
pub struct Presence {
    availability: Availability,
    churn: Churn,
    seed: u64,
    /// Whether each agent could work in the last round.
    there: Vec<bool>,
    /// Who has left for good without a successor, in rising order.
    left: Vec<AgentId>,
}

/// A round as it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// Who can work, in rising order; `None` is everyone.
    pub there: Option<Vec<AgentId>>,
    /// Who has just taken the place of one that left, in rising order.
    pub new: Vec<AgentId>,
}

impl Presence {
    /// The presence of so many agents before the first round.
    pub fn new(spec: &Fleet, seed: u64, agents: usize) -> Self {
        let (availability, churn) = (spec.availability.clone(), spec.churn.clone());
        let some = availability != Availability::default() || churn.rate > 0.0;
        let there = vec![true; if some { agents } else { 0 }];
        Presence { availability, churn, seed, there, left: Vec::new() }
    }

    /// Who has left for good without a successor.
    pub fn left(&self) -> &[AgentId] {
        &self.left
    }

    /// Goes to the next round: who is there. Each agent's chances are its own.
    pub fn call(&mut self, Round(round): Round) -> Roll {
        if self.there.is_empty() {
            return Roll::default();
        }
        let mut roll = Roll { there: Some(Vec::new()), new: Vec::new() };
        let mut left = Vec::new();
        for agent in (0..self.there.len() as u32).map(AgentId) {
            if self.left.binary_search(&agent).is_ok() {
                continue;
            }
            let leaves = round > 1 && self.leaves(agent, round);
            if leaves && !self.churn.replace {
                left.push(agent);
                continue;
            }
            if leaves {
                roll.new.push(agent);
            }
            let there = self.is_there(agent, round);
            self.there[agent.index()] = there;
            roll.there.iter_mut().filter(|_| there).for_each(|all| all.push(agent));
        }
        self.left.extend(left);
        self.left.sort_unstable();
        roll
    }

    fn leaves(&self, agent: AgentId, round: u32) -> bool {
        let mut stream = Stream::new(self.seed, Purpose::Churn, agent.0, round);
        stream.uniform() < self.churn.rate
    }

    fn is_there(&self, agent: AgentId, round: u32) -> bool {
        let mut stream = Stream::new(self.seed, Purpose::Presence, agent.0, round);
        match &self.availability {
            Availability::Always(_) => true,
            Availability::Markov(spec) => {
                let there = match round {
                    1 => spec.back / (spec.leave + spec.back),
                    _ if self.there[agent.index()] => 1.0 - spec.leave,
                    _ => spec.back,
                };
                stream.uniform() < there
            }
            Availability::Hours(spec) => {
                let begins =
                    Stream::new(self.seed, Purpose::Presence, agent.0, 0).below(spec.period);
                (round + begins) % spec.period < spec.hours
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Hours, Markov};

    const AGENTS: usize = 2000;

    fn presence(availability: Availability, churn: Churn) -> Presence {
        Presence::new(&Fleet { availability, churn, ..Fleet::default() }, 3, AGENTS)
    }

    fn rolls(mut presence: Presence, rounds: u32) -> Vec<Roll> {
        (1..=rounds).map(|round| presence.call(Round(round))).collect()
    }

    #[test]
    fn everyone_is_there_by_default() {
        let rolls = rolls(presence(Availability::default(), Churn::default()), 3);
        assert_eq!(rolls, vec![Roll::default(); 3]);
    }

    #[test]
    fn a_chain_has_its_long_run_share_and_its_spells() {
        let spec = Markov { leave: 0.1, back: 0.3 };
        let rolls = rolls(presence(Availability::Markov(spec), Churn::default()), 60);
        let there: Vec<Vec<bool>> = rolls
            .iter()
            .map(|roll| {
                let mut there = vec![false; AGENTS];
                roll.there.iter().flatten().for_each(|agent| there[agent.index()] = true);
                there
            })
            .collect();
        let n = AGENTS as f64;
        for round in &there {
            let share = round.iter().filter(|there| **there).count() as f64 / n;
            assert!((share - 0.75).abs() < 4.5 * (0.75 * 0.25 / n).sqrt(), "{share}");
        }
        let pairs = || there.windows(2).flat_map(|two| two[0].iter().zip(&two[1]));
        let stayed = pairs().filter(|(a, b)| **a && **b).count() as f64;
        let were = pairs().filter(|(a, _)| **a).count() as f64;
        assert!((stayed / were - 0.9).abs() < 0.006, "{}", stayed / were);
    }

    #[test]
    fn hours_are_as_many_in_every_period() {
        let spec = Hours { period: 6, hours: 2 };
        let rolls = rolls(presence(Availability::Hours(spec), Churn::default()), 12);
        let worked = |agent: u32| {
            let there = |roll: &&Roll| roll.there.iter().flatten().any(|a| a.0 == agent);
            rolls.iter().filter(there).count()
        };
        assert!((0..50).all(|agent| worked(agent) == 4));
        // not all at once
        let each = rolls.iter().map(|roll| roll.there.as_ref().map_or(0, Vec::len));
        assert!(each.min() > Some(AGENTS / 4));
    }

    #[test]
    fn those_who_leave_are_replaced_or_stay_away() {
        let churn = Churn { rate: 0.2, replace: true };
        let kept = rolls(presence(Availability::default(), churn.clone()), 5);
        assert!(
            kept[0].new.is_empty()
                && kept.iter().all(|roll| roll.there.as_ref().map(Vec::len) == Some(AGENTS))
        );
        assert!(kept[1..].iter().all(|roll| (300..500).contains(&roll.new.len())));
        let mut dwindling = presence(Availability::default(), Churn { replace: false, ..churn });
        let there: Vec<usize> = (1..=5)
            .map(|round| dwindling.call(Round(round)).there.map_or(0, |there| there.len()))
            .collect();
        assert!(there.windows(2).all(|two| two[1] < two[0]), "{there:?}");
        assert_eq!(there[4] + dwindling.left().len(), AGENTS);
    }
}
