//! Who is there to work.

use super::devices::Devices;
use crate::ids::{AgentId, Round};
use crate::lines::LineError;
use crate::maths;
use crate::scenario::{Availability, Churn, Fleet, Markov};
use crate::state::{Reader, StateError, Writer};
use crate::stream::{Purpose, Stream};
use std::sync::Arc;

/// Who can work in a round, and who has left: goes from round to round.
#[derive(Clone, Debug)]
pub struct Presence {
    calendar: Option<Calendar>,
    turnover: Turnover,
    agents: u32,
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
    pub fn new(calendar: Option<Calendar>, turnover: Turnover, agents: usize) -> Self {
        Presence { calendar, turnover, agents: agents as u32, left: Vec::new() }
    }

    /// Who has left for good without a successor.
    pub fn left(&self) -> &[AgentId] {
        &self.left
    }

    /// Puts it into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&self.left);
        self.calendar.iter().for_each(|calendar| calendar.keep(out));
    }

    /// Takes up the presence of the same fleet.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.left = from.get()?;
        self.calendar.iter_mut().try_for_each(|calendar| calendar.take_up(from))
    }

    /// Goes to the next round: who is there. Each agent's chances are its own.
    pub fn call(&mut self, round: Round) -> Roll {
        if self.agents == 0 || self.calendar.is_none() && !self.turnover.any() {
            return Roll::default();
        }
        let mut roll = Roll { there: Some(Vec::new()), new: Vec::new() };
        let mut left = Vec::new();
        for agent in (0..self.agents).map(AgentId) {
            if self.left.binary_search(&agent).is_ok() {
                continue;
            }
            if round.0 > 1 && self.turnover.leaves(agent, round) {
                if !self.turnover.replaces() {
                    left.push(agent);
                    continue;
                }
                roll.new.push(agent);
            }
            let there = self.calendar.as_mut().is_none_or(|c| c.is_there(agent, round));
            roll.there.iter_mut().filter(|_| there).for_each(|all| all.push(agent));
        }
        self.left.extend(left);
        self.left.sort_unstable();
        roll
    }
}

/// Who leaves for good.
#[derive(Clone, Debug)]
pub struct Turnover {
    churn: Churn,
    seed: u64,
}

impl Turnover {
    /// That of a fleet.
    pub fn new(spec: &Fleet, seed: u64) -> Self {
        Turnover { churn: spec.churn.clone(), seed }
    }

    /// Whether anyone ever does.
    pub fn any(&self) -> bool {
        self.churn.rate > 0.0
    }

    /// Whether another takes the place.
    pub fn replaces(&self) -> bool {
        self.churn.replace
    }

    /// Whether an agent leaves before a round, its second or a later one.
    pub fn leaves(&self, agent: AgentId, Round(round): Round) -> bool {
        let mut stream = Stream::new(self.seed, Purpose::Churn, agent.0, round);
        self.any() && stream.uniform() < self.churn.rate
    }
}

/// When agents can work, who cannot always.
#[derive(Clone, Debug)]
pub struct Calendar {
    availability: Availability,
    seed: u64,
    agents: usize,
    /// The round in which each agent was last looked for, from 1, and whether it was there (a chain
    /// alone: nothing else goes on from what was). Empty before anyone is looked for.
    seen: Vec<(u32, bool)>,
    /// What is known of devices, and which each agent has.
    devices: Option<Arc<(Devices, Vec<u32>)>>,
}

impl Calendar {
    /// The calendar of so many agents; none where all are always there.
    ///
    /// # Errors
    /// Where a trace cannot be read, or none of its devices that agents have is ever there.
    pub fn new(spec: &Fleet, seed: u64, agents: usize) -> Result<Option<Self>, LineError> {
        let availability = spec.availability.clone();
        let devices = match &spec.availability {
            Availability::Always(_) => return Ok(None),
            Availability::Markov(_) | Availability::Hours(_) => None,
            Availability::Trace(spec) => {
                let devices = Devices::read(spec)?;
                let dealt = devices.dealt(seed, agents);
                if !dealt.iter().any(|device| devices.is_ever_there(*device)) {
                    return Err(devices.absent(spec));
                }
                Some(Arc::new((devices, dealt)))
            }
        };
        Ok(Some(Calendar { availability, seed, agents, seen: Vec::new(), devices }))
    }

    /// Puts who was there when last looked for into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        out.put(&self.seen);
    }

    /// Takes up the calendar of the same fleet.
    ///
    /// # Errors
    /// Where it is of another.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.seen = from.get()?;
        let any = if self.seen.is_empty() { 0 } else { self.agents };
        StateError::unless_same("agents of a calendar:", self.seen.len(), any)
    }

    /// Whether there is a round in which an agent can work.
    pub fn is_ever_there(&self, agent: AgentId) -> bool {
        let device = |given: &(Devices, Vec<u32>)| given.0.is_ever_there(given.1[agent.index()]);
        self.devices.as_deref().is_none_or(device)
    }

    /// Whether an agent can work in a round, no earlier one than it was last looked for in.
    pub fn is_there(&mut self, agent: AgentId, Round(round): Round) -> bool {
        let stream = |round| Stream::new(self.seed, Purpose::Presence, agent.0, round);
        match &self.availability {
            Availability::Always(_) => true,
            Availability::Markov(spec) => {
                self.seen.resize(self.agents, (0, false));
                let (last, was) = &mut self.seen[agent.index()];
                if *last < round {
                    *was = stream(round).uniform() < chance(spec, (*last, *was), round);
                    *last = round;
                }
                *was
            }
            Availability::Hours(spec) => {
                let begins = stream(0).below(spec.period);
                (u64::from(round) + u64::from(begins)) % u64::from(spec.period)
                    < u64::from(spec.hours)
            }
            Availability::Trace(_) => self.devices.as_deref().is_some_and(|(devices, of)| {
                devices.is_there(of[agent.index()], u64::from(round.max(1) - 1))
            }),
        }
    }
}

/// The probability that an agent is there in a round which was, or was not, in an earlier one: `p +
/// (1 − leave − back)^k (was − p)` after `k` rounds, `p` the share in the long run.
fn chance(spec: &Markov, (last, was): (u32, bool), round: u32) -> f64 {
    let share = spec.back / (spec.leave + spec.back);
    match (round - last, was) {
        _ if last == 0 => share,
        (1, true) => 1.0 - spec.leave,
        (1, false) => spec.back,
        (rounds, was) => {
            let left = 1.0 - spec.leave - spec.back;
            let sign = if left < 0.0 && rounds % 2 == 1 { -1.0 } else { 1.0 };
            let left = sign * maths::pow(left.abs(), f64::from(rounds));
            share + left * (if was { 1.0 } else { 0.0 } - share)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Hours, Markov};

    const AGENTS: usize = 2000;

    fn presence(availability: Availability, churn: Churn) -> Presence {
        let spec = Fleet { availability, churn, ..Fleet::default() };
        let calendar = Calendar::new(&spec, 3, AGENTS).expect("there is no file");
        Presence::new(calendar, Turnover::new(&spec, 3), AGENTS)
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

    /// Who is looked for every third round is there as often, and as often again, as who is always
    /// looked for.
    #[test]
    fn a_chain_that_is_seldom_looked_at_is_the_same_chain() {
        for (leave, back) in [(0.1, 0.3), (0.9, 0.8)] {
            let availability = Availability::Markov(Markov { leave, back });
            let spec = Fleet { availability, ..Fleet::default() };
            let at = |rounds: &[u32]| -> Vec<Vec<bool>> {
                let mut calendar = Calendar::new(&spec, 3, AGENTS).unwrap().expect("some are away");
                let agents = || (0..AGENTS as u32).map(AgentId);
                let there = |round: &u32| {
                    agents().map(|agent| calendar.is_there(agent, Round(*round))).collect()
                };
                rounds.iter().map(there).collect()
            };
            let (seldom, always) = (at(&[1, 4]), at(&[1, 2, 3, 4]));
            let stayed = |first: &[bool], last: &[bool]| {
                let both = first.iter().zip(last).filter(|(a, b)| **a && **b).count() as f64;
                both / first.iter().filter(|a| **a).count() as f64
            };
            let (a, b) = (stayed(&seldom[0], &seldom[1]), stayed(&always[0], &always[3]));
            // two shares of a thousand agents or more: four standard errors of their difference
            assert!((a - b).abs() < 4.0 * (2.0 * 0.25 / 1000.0_f64).sqrt(), "{a} {b}");
            let share = back / (leave + back);
            let step: f64 = 1.0 - leave - back;
            let want = share + step * step * step * (1.0 - share);
            assert!((a - want).abs() < 4.0 * (0.25 / 1000.0_f64).sqrt(), "{a} {want}");
        }
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
