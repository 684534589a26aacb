//! The hash of what agents keep.

use crate::agent::Cohort;

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

/// The hash of the agents of one leaf, in order; `cohorts` holds all of them and no others.
pub(super) fn leaf_hash<'a>(cohorts: impl IntoIterator<Item = &'a Cohort>) -> blake3::Hash {
    let mut digest = Digest::default();
    for cohort in cohorts {
        cohort.digest(&mut |bytes| digest.feed(bytes));
    }
    digest.finish()
}
