//! The hashes of a run: of its history, and of what agents keep.

use crate::agent::Cohort;
use crate::measure::{AccountRow, Trace};

/// Bytes that are hashed together: BLAKE3 takes long pieces several at a time.
const PIECE: usize = 1 << 16;

/// A BLAKE3 hasher for a great many small pieces.
#[derive(Default)]
pub(super) struct Digest {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

impl Digest {
    /// Takes some bytes in.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }

    /// The hash of all bytes so far.
    pub fn finish(mut self) -> blake3::Hash {
        self.hasher.update(&self.buffer);
        self.hasher.finalize()
    }
}

/// A digest of every number of a fleet's history; what a fleet has none of adds no bytes.
pub(super) fn history(trace: &Trace) -> Digest {
    let mut digest = Digest::default();
    for row in &trace.rounds {
        for number in row.numbers() {
            // one NaN is as good as another
            let number = if number.is_nan() { f64::NAN } else { number };
            digest.feed(&number.to_bits().to_le_bytes());
        }
    }
    for row in trace.rounds.iter().filter(|row| !row.backdoor_success.is_nan()) {
        digest.feed(&row.backdoor_success.to_bits().to_le_bytes());
    }
    for frame in &trace.frames {
        digest.feed(&frame.round.to_le_bytes());
        for level in frame.panel.iter().chain(&frame.core) {
            let level = if level.is_nan() { f32::NAN } else { *level };
            digest.feed(&level.to_bits().to_le_bytes());
        }
        frame.practised.iter().chain(&frame.adopters).for_each(|n| digest.feed(&n.to_le_bytes()));
    }
    for hive in &trace.hives {
        let numbers = [f64::from(hive.agents), hive.share, hive.wanted, hive.skill];
        numbers.iter().for_each(|number| digest.feed(&number.to_bits().to_le_bytes()));
    }
    for row in &trace.lineage {
        [row.round, row.block, row.company].iter().for_each(|n| digest.feed(&n.to_le_bytes()));
        digest.feed(&row.share.to_bits().to_le_bytes());
    }
    // the others are fresh
    for row in trace.staleness.iter().filter(|row| row.staleness > 0) {
        [row.round, row.staleness].iter().for_each(|n| digest.feed(&n.to_le_bytes()));
        digest.feed(&row.learnings.to_le_bytes());
    }
    // the others are in the rounds' rows
    let went_astray = |row: &&AccountRow| row.accounts.sent != row.accounts.merged;
    for row in trace.accounts.iter().filter(went_astray) {
        digest.feed(&row.round.to_le_bytes());
        let fates = row.accounts.fates();
        // only of what runs freely anything overflows
        let fates = fates.iter().take(fates.len() - usize::from(row.accounts.overflow == 0));
        let numbers = fates.chain([&row.accounts.sent, &row.in_flight]);
        numbers.for_each(|n| digest.feed(&n.to_le_bytes()));
    }
    for row in &trace.interference {
        digest.feed(&row.round.to_le_bytes());
        for number in [row.loss, row.losers, row.barrier] {
            let number = if number.is_nan() { f64::NAN } else { number };
            digest.feed(&number.to_bits().to_le_bytes());
        }
    }
    digest
}

/// The hash of the agents of one leaf, in order; `cohorts` holds all of them and no others.
pub(super) fn leaf_hash<'a>(cohorts: impl IntoIterator<Item = &'a Cohort>) -> blake3::Hash {
    let mut digest = Digest::default();
    for cohort in cohorts {
        cohort.digest(&mut |bytes| digest.feed(bytes));
    }
    digest.finish()
}
