//! Letters on their way: what callers tell, sorted by who is told.

use super::rule::BLOCK;

/// The least agents that are worth a thread.
const SHARE: usize = 1 << 13;

/// Words of the rows of a stretch: a quarter of a second cache of 2 MiB.
const STRETCH: usize = 1 << 17;

/// Into how many stretches agents are cut at least, so that threads can share them, and at most,
/// so that the ends of the outboxes' lists stay in the first cache.
const STRETCHES: (usize, usize) = (32, 256);

/// How agents are dealt to threads. No result depends on it.
pub(super) struct Shares {
    /// Agents of a share: whole blocks.
    pub share: usize,
    /// Agents of a stretch, a power of two, as its logarithm.
    pub bits: u32,
    /// Number of stretches.
    pub stretches: usize,
}

impl Shares {
    /// Of so many agents, `each` of whose rows take `words` words, on some threads.
    pub fn new(agents: usize, (each, words): (usize, usize), threads: usize) -> Self {
        let share = agents.div_ceil(threads.max(1)).max(SHARE).next_multiple_of(BLOCK);
        let (least, most) = STRETCHES;
        let fits = (STRETCH * each / words).min(agents.div_ceil(least));
        let stretch = fits.max(agents.div_ceil(most)).max(BLOCK).next_power_of_two();
        Shares { share, bits: stretch.trailing_zeros(), stretches: agents.div_ceil(stretch) }
    }
}

/// The letters of a share of callers, one list for each stretch of callees: pairs (callee, caller),
/// the callee in the high word. Its memory is kept from round to round.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    stretches: Vec<Vec<u64>>,
}

impl Outbox {
    /// Empties it, for so many stretches.
    pub fn open(&mut self, stretches: usize) {
        self.stretches.resize_with(stretches, Vec::new);
        self.stretches.iter_mut().for_each(Vec::clear);
    }

    /// Letters of the callers from `first` on to their callees, where `tells` is 1 and not 0;
    /// stretches of `1 << bits` callees.
    #[inline(always)]
    pub fn write(&mut self, first: usize, callees: &[u32], tells: &[u32; BLOCK], bits: u32) {
        if tells.iter().sum::<u32>() == 0 {
            return;
        }
        let (mut letters, mut n) = ([0_u64; BLOCK], 0);
        for (i, (callee, tells)) in callees.iter().zip(tells).enumerate() {
            // written in any case and kept where it counts: which way it goes is anyone's guess
            letters[n % BLOCK] = u64::from(*callee) << 32 | (first + i) as u64;
            n += *tells as usize;
        }
        for letter in &letters[..n] {
            self.stretches[(letter >> 32 >> bits) as usize].push(*letter);
        }
    }

    /// The letters to a stretch.
    pub fn to(&self, stretch: usize) -> &[u64] {
        &self.stretches[stretch]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_to_the_stretch_of_whom_they_are_to() {
        let Shares { share, bits, stretches } = Shares::new(100_000, (1, 1), 3);
        assert_eq!((share % BLOCK, bits, stretches), (0, 12, 25));
        let (mut outbox, mut tells) = (Outbox::default(), [0; BLOCK]);
        (tells[0], tells[2]) = (1, 1);
        for _ in 0..2 {
            outbox.open(stretches);
            outbox.write(256, &[5, 4096, 99_999], &tells, bits);
            assert_eq!(outbox.to(0), [5 << 32 | 256]);
            assert!(outbox.to(1).is_empty());
            assert_eq!(outbox.to(24), [99_999 << 32 | 258]);
        }
    }
}
