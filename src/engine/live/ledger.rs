//! Exact accounts of what free agents send.

use crate::ids::AgentId;

/// What goes with a learning on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// Whose it is.
    pub agent: AgentId,
    /// The core that it began with.
    pub version: u32,
    /// Which of the agent's learnings it is, from 1; 0 is of one who rested.
    pub number: u32,
    /// When it was due to be handed over, in nanoseconds of the fleet's clock.
    pub due: u64,
}

/// The numbers of the learnings that have been taken out of a fabric. An agent's come one after the
/// other, so that one number an agent tells of every one whether it comes for the first time.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last: Vec<u32>,
    /// Learnings taken, dropped ones among them.
    pub taken: u64,
    /// Those dropped because there was no room.
    pub dropped: u64,
    /// Those that came a second time, or after a later one.
    pub doubled: u64,
    /// Those that a later one came before.
    pub missing: u64,
}

impl Ledger {
    pub fn new(agents: usize) -> Self {
        Ledger { last: vec![0; agents], ..Ledger::default() }
    }

    /// Takes note of one that was taken out.
    pub fn take(&mut self, slip: &Slip) {
        if slip.number == 0 {
            return;
        }
        self.taken += 1;
        let last = &mut self.last[slip.agent.index()];
        // how far ahead of the one that is due
        let ahead = slip.number.wrapping_sub(last.wrapping_add(1));
        if ahead > u32::MAX / 2 {
            self.doubled += 1;
            return;
        }
        self.missing += u64::from(ahead);
        *last = slip.number;
    }

    /// Agents of which not the last that they sent was taken: `sent` tells what that is.
    pub fn behind(&self, sent: impl Iterator<Item = u32>) -> usize {
        self.last.iter().zip(sent).filter(|(last, sent)| **last != *sent).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_finds_what_is_doubled_lost_or_out_of_turn() {
        let slip = |agent, number| Slip { agent: AgentId(agent), version: 0, number, due: 0 };
        let told = |slips: &[(u32, u32)]| {
            let mut ledger = Ledger::new(2);
            slips.iter().for_each(|(agent, number)| ledger.take(&slip(*agent, *number)));
            (ledger.taken, ledger.doubled, ledger.missing, ledger.behind([3, 1].into_iter()))
        };
        assert_eq!(told(&[(0, 1), (1, 1), (0, 2), (0, 0), (0, 3)]), (4, 0, 0, 0));
        assert_eq!(told(&[(0, 1), (0, 1), (1, 1), (0, 2), (0, 3)]), (5, 1, 0, 0));
        assert_eq!(told(&[(0, 1), (1, 1), (0, 3)]), (3, 0, 1, 0));
        assert_eq!(told(&[(0, 2), (0, 1), (1, 1)]), (3, 1, 1, 1));
        let mut ledger = Ledger { last: vec![u32::MAX], ..Ledger::default() };
        // an agent of four billion learnings begins anew
        ledger.take(&Slip { number: 1, ..slip(0, 0) });
        assert_eq!((ledger.doubled, ledger.missing), (0, 1));
    }
}
