//! What is known of a fleet that ran freely: its accounts, and how long things took.

use super::{AccountRow, Accounts};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// How long something took, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How often it was measured.
    pub number: u64,
    /// The median.
    pub p50: f64,
    /// Nine in ten took no longer.
    pub p90: f64,
    /// 99 in 100.
    pub p99: f64,
    /// 999 in 1,000.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Latency {
    /// Of times in nanoseconds.
    pub fn of(times: &Histogram<u64>) -> Self {
        let seconds = |share| times.value_at_quantile(share) as f64 / 1e9;
        Latency {
            number: times.len(),
            p50: seconds(0.5),
            p90: seconds(0.9),
            p99: seconds(0.99),
            p999: seconds(0.999),
            max: times.max() as f64 / 1e9,
        }
    }
}

/// The accounts of a fleet that ran freely on the wall clock, and what it took.
///
/// Every learning that an agent sends has a number of its agent's own, and every core its version and
/// a checksum: [`exact`](LiveReport::exact) tells whether all of them came where they belong, once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveReport {
    /// The core that the fleet began with: 0, or the one at which the run was resumed.
    #[serde(default)]
    pub first_core: u32,
    /// Learnings that agents sent.
    pub sent: u64,
    /// Those that the distiller took: it merged them or refused them.
    pub taken: u64,
    /// Those that were dropped because there was no room.
    pub dropped: u64,
    /// Those that were still on their way when the run ended.
    pub left: u64,
    /// Learnings that came a second time, or after a later one of their agent. None ever should.
    pub doubled: u64,
    /// Learnings that never came. None ever should be.
    pub missing: u64,
    /// Agents whose last learning never came. There never should be any.
    pub behind: u64,
    /// Cores that agents looked at from end to end.
    pub checked: u64,
    /// Cores that were not whole. None ever should be.
    pub torn: u64,
    /// Times that an agent read an older core than before. None ever should be.
    pub backward: u64,
    /// Rounds of work.
    pub visits: u64,
    /// Seconds from the beginning to the end, those left out in which the fleet stood still to be
    /// measured.
    pub seconds: f64,
    /// Seconds that it took to start all agents.
    pub spawn_seconds: f64,
    /// From when a learning is due to be handed over until a core is published that it is part of,
    /// corrected for coordinated omission: an agent that is held up sends less in that time, and
    /// what it would have sent counts with the time that it would have waited.
    pub to_merge: Latency,
    /// The same of those that were sent alone.
    pub to_merge_as_seen: Latency,
    /// From when a core is published until an agent has it in hand, corrected likewise.
    pub to_pull: Latency,
    /// The same as it was seen.
    pub to_pull_as_seen: Latency,
    /// Times that an agent found no room for what it brought.
    pub waits: u64,
    /// Seconds that agents waited for some, in all.
    pub wait_seconds: f64,
    /// Times that an agent found a sum locked by another.
    pub locks: u64,
    /// Seconds until it had it, in all.
    pub lock_seconds: f64,
    /// Tasks that worker threads took from each other, where the runtime tells (built with `--cfg
    /// tokio_unstable`).
    pub steals: Option<u64>,
    /// Times that a worker thread went to sleep for want of work.
    pub parks: u64,
    /// Seconds that worker threads were at work, in all.
    pub busy_seconds: f64,
}

impl LiveReport {
    /// Whether every learning that was sent is accounted for once, and every core was read whole and
    /// in turn. `rows` are the accounts of a run that was not cut short.
    ///
    /// # Errors
    /// What is wrong.
    pub fn exact(&self, rows: &[AccountRow]) -> Result<(), String> {
        let taken = self.taken;
        let accounts = self.accounts(rows).unwrap_or_default();
        let (merged, refused) = (accounts.merged, self.refused(rows));
        if taken != merged + refused {
            return Err(format!(
                "{taken} learnings were taken, but {merged} merged and {refused} refused"
            ));
        }
        self.whole()
    }

    /// The same of a run that was cut short: learnings may have been taken for a core that it has not.
    ///
    /// # Errors
    /// What is wrong.
    pub fn whole(&self) -> Result<(), String> {
        let LiveReport { sent, taken, dropped, left, .. } = *self;
        if sent != taken + dropped + left {
            return Err(format!(
                "{sent} learnings were sent, but {taken} taken, {dropped} dropped and {left} left"
            ));
        }
        let wrong = [
            (self.doubled, "learnings came twice or out of turn"),
            (self.missing, "learnings never came"),
            (self.behind, "agents' last learnings never came"),
            (self.torn, "cores were not read whole"),
            (self.backward, "cores were older than the one before"),
        ];
        match wrong.into_iter().find(|(number, _)| *number > 0) {
            Some((number, what)) => Err(format!("{number} {what}")),
            None => Ok(()),
        }
    }

    /// Learnings that were taken and not merged, second copies left out.
    pub fn refused(&self, rows: &[AccountRow]) -> u64 {
        self.accounts(rows).map_or(0, |accounts| accounts.dropped() - accounts.overflow)
    }

    /// The accounts of the cores that it is about, summed.
    fn accounts(&self, rows: &[AccountRow]) -> Option<Accounts> {
        let before = rows.partition_point(|row| row.round <= self.first_core);
        AccountRow::total(&rows[before..]).map(|(accounts, _)| accounts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_that_do_not_add_up_are_told_of() {
        let accounts =
            Accounts { sent: 11, merged: 6, lost: 1, overflow: 2, ..Accounts::default() };
        let rows = [AccountRow { round: 1, accounts, in_flight: 2 }];
        let live = LiveReport {
            sent: 12,
            taken: 7,
            dropped: 2,
            left: 3,
            checked: 4,
            ..Default::default()
        };
        assert_eq!(live.exact(&rows), Ok(()));
        type Change = fn(&mut LiveReport);
        let wrong: [(&str, Change); 6] = [
            ("12 learnings were sent, but 7 taken, 2 dropped and 2 left", |l| l.left -= 1),
            ("8 learnings were taken, but 6 merged and 1 refused", |l| {
                (l.taken, l.left) = (8, 2);
            }),
            ("1 learnings came twice or out of turn", |l| l.doubled = 1),
            ("2 learnings never came", |l| l.missing = 2),
            ("3 cores were not read whole", |l| l.torn = 3),
            ("4 cores were older than the one before", |l| l.backward = 4),
        ];
        for (message, change) in wrong {
            let mut live = live.clone();
            change(&mut live);
            assert_eq!(live.exact(&rows), Err(message.to_string()));
        }
    }
}
