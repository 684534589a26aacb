//! Accounts of learnings: what was sent, and what became of it.

use serde::{Deserialize, Serialize};

/// Learnings by what became of them. Of all that were ever sent, each is in one of the other numbers
/// or in flight.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Accounts {
    /// Sent, what arrives a second time counted again.
    pub sent: u64,
    /// Merged.
    pub merged: u64,
    /// Dropped: unfinished work under `partial = "drop"`, or of which nothing was finished.
    pub unfinished: u64,
    /// Dropped: lost on the way.
    pub lost: u64,
    /// Refused: here before.
    pub duplicate: u64,
    /// Refused: not what was sealed when it was sent.
    pub broken: u64,
    /// Refused: a number in it is infinite or none.
    pub not_finite: u64,
    /// Refused: its blocks are not as long as the core's.
    pub misfit: u64,
    /// Refused: too old, or begun before the strategy asked for a statistic that it lacks.
    pub stale: u64,
    /// Dropped: there was no room for it on its way (the engine `live` alone).
    pub overflow: u64,
}

impl Accounts {
    /// Names of what can become of a learning, in the order of [`fates`](Accounts::fates).
    pub const FATES: [&'static str; 9] = [
        "merged",
        "unfinished",
        "lost",
        "duplicate",
        "broken",
        "not_finite",
        "misfit",
        "stale",
        "overflow",
    ];

    /// What became of those that are not in flight.
    pub fn fates(&self) -> [u64; 9] {
        [
            self.merged,
            self.unfinished,
            self.lost,
            self.duplicate,
            self.broken,
            self.not_finite,
            self.misfit,
            self.stale,
            self.overflow,
        ]
    }

    /// So many sent, and what became of them, in the order of [`FATES`](Accounts::FATES).
    pub fn of(sent: u64, fates: [u64; 9]) -> Self {
        let [merged, unfinished, lost, duplicate, broken, not_finite, misfit, stale, overflow] =
            fates;
        Accounts {
            sent,
            merged,
            unfinished,
            lost,
            duplicate,
            broken,
            not_finite,
            misfit,
            stale,
            overflow,
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Accounts) {
        let (own, others) = (self.fates(), other.fates());
        let sum = std::array::from_fn(|fate| own[fate] + others[fate]);
        *self = Accounts::of(self.sent + other.sent, sum);
    }

    /// Those that did not come to be merged, second copies left out.
    pub fn dropped(&self) -> u64 {
        self.fates().iter().sum::<u64>() - self.merged - self.duplicate
    }
}

/// The accounts of the work that led to a core.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct AccountRow {
    /// Publications so far.
    pub round: u32,
    /// Since the publication before.
    pub accounts: Accounts,
    /// In flight when the core was published.
    pub in_flight: u64,
}

impl AccountRow {
    /// The accounts of a whole run, and what was in flight at its end.
    pub fn total(rows: &[AccountRow]) -> Option<(Accounts, u64)> {
        let last = rows.last()?;
        let mut total = Accounts::default();
        rows.iter().for_each(|row| total.add(&row.accounts));
        Some((total, last.in_flight))
    }
}
