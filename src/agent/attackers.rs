//! Who attacks the hive, and what that does to its work.

use crate::ids::{AgentId, CoreVersion};
use crate::scenario::{Attack, Backdoor, Method};
use crate::stream::{Purpose, Stream};
use crate::world::Tasks;

/// The agents of a fleet that attack.
#[derive(Clone, Debug, Default)]
pub struct Attackers {
    spec: Attack,
    /// In rising order.
    members: Vec<AgentId>,
}

/// What an attacker believes in the place of the right answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie<'a> {
    /// `K − 1 − y`.
    Flipped,
    /// One answer to all tasks of a skill.
    Backdoor(&'a Backdoor),
}

impl Attackers {
    /// Those of a fleet of `agents` agents: the given share of them, rounded, drawn so that a larger
    /// share holds all of a smaller one.
    pub fn new(spec: &Attack, seed: u64, agents: u32) -> Self {
        let number = (spec.share * f64::from(agents)).round() as usize;
        let mut order: Vec<u32> = (0..if spec.any() { agents } else { 0 }).collect();
        Stream::new(seed, Purpose::Attackers, 0, 0).shuffle(&mut order);
        let mut members: Vec<AgentId> = order.into_iter().take(number).map(AgentId).collect();
        members.sort_unstable();
        Attackers { spec: spec.clone(), members }
    }

    /// What they do.
    pub fn spec(&self) -> &Attack {
        &self.spec
    }

    /// Who they are, in rising order.
    pub fn members(&self) -> &[AgentId] {
        &self.members
    }

    /// Whether an agent is one of them.
    pub fn contains(&self, agent: AgentId) -> bool {
        self.members.binary_search(&agent).is_ok()
    }

    /// Whether an agent attacks with what it makes of a core.
    pub fn attacks(&self, agent: AgentId, version: CoreVersion) -> bool {
        !self.members.is_empty() && version.0 + 1 >= self.spec.start && self.contains(agent)
    }

    /// What an attacker learns in the place of what its tasks teach.
    pub fn lie(&self) -> Option<Lie<'_>> {
        match &self.spec.method {
            Method::LabelFlip(_) => Some(Lie::Flipped),
            Method::Backdoor(spec) => Some(Lie::Backdoor(spec)),
            _ => None,
        }
    }

    /// Whether an attacker does its tasks at all.
    pub fn works(&self) -> bool {
        !matches!(self.spec.method, Method::FreeRider(_))
    }
}

impl Lie<'_> {
    /// Writes the answers that are believed of tasks with `answers` possible ones.
    pub fn tell(&self, tasks: &Tasks<'_>, answers: usize, to: &mut Vec<u32>) {
        let flip = |y: u32| answers as u32 - 1 - y;
        to.clear();
        to.extend(tasks.answers.iter().enumerate().map(|(task, &answer)| match self {
            Lie::Flipped => flip(answer),
            Lie::Backdoor(spec) if tasks.skill(task) == spec.skill => spec.answer,
            Lie::Backdoor(_) => answer,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(share: f64) -> Attackers {
        Attackers::new(&Attack { share, ..Attack::default() }, 5, 50)
    }

    #[test]
    fn a_larger_share_holds_the_smaller_one() {
        assert!(of(0.0).members().is_empty());
        let (few, many) = (of(0.1), of(0.3));
        assert_eq!((few.members().len(), many.members().len()), (5, 15));
        assert!(few.members().iter().all(|agent| many.contains(*agent)));
        assert!(many.members().is_sorted());
    }

    #[test]
    fn nobody_attacks_before_it_starts() {
        let attackers = Attackers::new(&Attack { share: 0.5, start: 3, ..Attack::default() }, 1, 4);
        let agent = attackers.members()[0];
        assert!(!attackers.attacks(agent, CoreVersion(1)));
        assert!(attackers.attacks(agent, CoreVersion(2)));
    }

    #[test]
    fn lies_are_what_they_say() {
        let tasks = Tasks { inputs: 1, x: &[0.0; 3], skills: &[0, 1, 0], answers: &[0, 2, 3] };
        let mut told = Vec::new();
        Lie::Flipped.tell(&tasks, 4, &mut told);
        assert_eq!(told, [3, 1, 0]);
        let spec = Backdoor { skill: 0, answer: 1, factor: 1.0 };
        Lie::Backdoor(&spec).tell(&tasks, 4, &mut told);
        assert_eq!(told, [1, 2, 1]);
    }
}
