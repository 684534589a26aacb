//! What becomes of a learning on its way.

use crate::agent::Learning;
use crate::ids::{AgentId, Round};
use crate::params::kernels::first_not_finite;
use crate::params::{Layout, Sparse, feed_values};
use crate::scenario::Faults;
use crate::stream::{Purpose, Stream};

/// The fates of a fleet's learnings.
#[derive(Clone, Debug)]
pub struct Fates {
    spec: Faults,
    seed: u64,
}

/// What becomes of one learning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// It never arrives.
    pub lost: bool,
    /// It is damaged.
    pub damaged: bool,
    /// It arrives twice.
    pub doubled: bool,
    /// Rounds that it is late.
    pub late: u32,
}

impl Fate {
    /// Whether it comes in whole, if ever so late.
    pub fn arrives(self) -> bool {
        !self.lost && !self.damaged
    }
}

/// Why the distiller refuses a learning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not what was sealed when it was sent.
    Broken,
    /// It holds a number that is infinite or none.
    NotFinite,
    /// Its blocks are not as long as the core's.
    Misfit,
}

impl Fates {
    /// None where nothing goes wrong.
    pub fn new(spec: &Faults, seed: u64) -> Option<Self> {
        spec.any().then(|| Fates { spec: spec.clone(), seed })
    }

    /// The same where being late is accounted for elsewhere.
    pub fn punctual(mut self) -> Self {
        self.spec.delay = 0.0;
        self
    }

    /// Whether something that began so many publications ago is too old to be merged.
    pub fn is_stale(&self, staleness: u32) -> bool {
        self.spec.max_staleness > 0 && staleness > self.spec.max_staleness
    }

    /// What becomes of an agent's learning of a round. Depends on nothing else.
    pub fn of(&self, agent: AgentId, Round(round): Round) -> Fate {
        let mut stream = Stream::new(self.seed, Purpose::Post, agent.0, round);
        let Faults { loss, corruption, duplication, delay, lateness, .. } = self.spec;
        // all are drawn whatever comes of the others, so that a chance that changes moves no other
        let [lost, damaged, doubled, late] =
            [loss, corruption, duplication, delay].map(|p| stream.uniform() < p);
        let rounds = 1 + stream.below(lateness);
        let whole = !lost && !damaged;
        Fate {
            lost,
            damaged: damaged && !lost,
            doubled: doubled && whole,
            late: if late && whole { rounds } else { 0 },
        }
    }

    /// Damages a learning in one of three ways, and has it inspected.
    pub fn damage(&self, layout: &Layout, learning: &mut Learning) -> Refusal {
        let mut stream =
            Stream::new(self.seed, Purpose::Damage, learning.agent.0, learning.round.0);
        let contribution = &mut learning.contribution;
        let values = contribution.values().len() as u32;
        let mut sealed = seal(contribution);
        if values > 0 {
            let at = stream.below(values) as usize;
            match stream.below(3) {
                0 => {
                    let value = &mut contribution.values_mut()[at];
                    *value = f32::from_bits(value.to_bits() ^ 1 << stream.below(32));
                }
                // what the sender did wrong it sealed
                1 => {
                    contribution.values_mut()[at] = f32::NAN;
                    sealed = seal(contribution);
                }
                _ => {
                    contribution.cut(1 + at);
                    sealed = seal(contribution);
                }
            }
        }
        // one that holds nothing at all fits nothing
        inspect(layout, contribution, sealed).unwrap_or(Refusal::Misfit)
    }
}

/// A fingerprint of all that a contribution holds.
fn seal(contribution: &Sparse) -> blake3::Hash {
    // BLAKE3 takes one long piece much faster than many short ones
    let mut all: Vec<u8> = Vec::with_capacity(5 * contribution.values().len());
    for (block, tasks, values) in contribution.iter() {
        all.extend_from_slice(&block.to_le_bytes());
        all.extend_from_slice(&tasks.to_le_bytes());
        feed_values(values, &mut |bytes| all.extend_from_slice(bytes));
    }
    blake3::hash(&all)
}

/// Why a contribution is to be refused, if it is.
fn inspect(layout: &Layout, contribution: &Sparse, sealed: blake3::Hash) -> Option<Refusal> {
    if seal(contribution) != sealed {
        return Some(Refusal::Broken);
    }
    if contribution.iter().any(|(block, _, values)| values.len() != layout.len(block)) {
        return Some(Refusal::Misfit);
    }
    (!is_finite(contribution)).then_some(Refusal::NotFinite)
}

/// Whether all numbers of a contribution are finite.
pub fn is_finite(contribution: &Sparse) -> bool {
    first_not_finite(contribution.values()).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(spec: Faults) -> Fates {
        Fates::new(&spec, 7).expect("something goes wrong")
    }

    #[test]
    fn nothing_goes_wrong_by_default() {
        assert!(Fates::new(&Faults::default(), 7).is_none());
    }

    #[test]
    fn fates_are_as_frequent_as_is_asked_and_do_not_move_each_other() {
        let spec = Faults {
            loss: 0.2,
            corruption: 0.1,
            duplication: 0.3,
            delay: 0.4,
            lateness: 4,
            max_staleness: 0,
        };
        let all = fates(spec.clone());
        let n = 20_000;
        let of: Vec<Fate> = (0..n).map(|i| all.of(AgentId(i), Round(3))).collect();
        let share = |is: &dyn Fn(&Fate) -> bool| {
            of.iter().filter(|fate| is(fate)).count() as f64 / f64::from(n)
        };
        // four standard errors of shares of 20,000
        let near = |got: f64, want: f64| assert!((got - want).abs() < 0.0142, "{got} of {want}");
        near(share(&|f| f.lost), 0.2);
        near(share(&|f| f.damaged), 0.8 * 0.1);
        near(share(&|f| f.doubled), 0.72 * 0.3);
        near(share(&|f| f.late > 0), 0.72 * 0.4);
        near(share(&|f| f.late == 4), 0.72 * 0.1);
        assert!(of.iter().all(|f| f.late <= 4 && !(f.lost && f.damaged)));
        let lossless = fates(Faults { loss: 0.0, ..spec });
        for (agent, fate) in (0..n).zip(&of).filter(|(_, fate)| !fate.lost) {
            assert_eq!(lossless.of(AgentId(agent), Round(3)), *fate);
        }
    }

    #[test]
    fn whatever_is_damaged_is_refused_for_what_it_is() {
        let layout = Layout::new([4, 3]);
        let all = fates(Faults { corruption: 1.0, ..Faults::default() });
        let mut causes = std::collections::BTreeMap::new();
        for agent in 0..600 {
            let mut learning = Learning { agent: AgentId(agent), ..Learning::default() };
            let contribution = &mut learning.contribution;
            contribution.push(0, 2, 4).copy_from_slice(&[1.0, -2.0, 0.0, 3.5]);
            contribution.push(1, 1, 3).copy_from_slice(&[0.5, 0.25, -1.0]);
            let sent = contribution.clone();
            assert_eq!(inspect(&layout, &sent, seal(&sent)), None);
            let cause = all.damage(&layout, &mut learning);
            assert_ne!(format!("{:?}", learning.contribution), format!("{sent:?}"));
            *causes.entry(format!("{cause:?}")).or_insert(0) += 1;
        }
        let causes: Vec<u32> = causes.into_values().collect();
        assert!(causes.len() == 3 && causes.iter().all(|n| (150..250).contains(n)), "{causes:?}");
        let mut nothing = Learning::default();
        assert_eq!(all.damage(&layout, &mut nothing), Refusal::Misfit);
    }
}
