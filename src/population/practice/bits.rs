//! Rows of bits in words, and calls over them: what is hot in a rumour.

use super::post::Outbox;
use super::rule::BLOCK;
use crate::graph::Graph;
use crate::params::kernels::{Around, prefetch_words};
use crate::scenario::Direction;
use crate::stream::Key;

/// Bits of a row from which on rows are worth asking for ahead of their time.
const FAR: usize = 8;

/// The word of an agent's row of so many bits, and the place of its first bit there.
#[inline(always)]
pub(super) fn place(agent: usize, width: usize) -> (usize, usize) {
    (agent * width / 32, agent * width % 32)
}

/// An agent's row.
#[inline(always)]
pub(super) fn row(bits: &[u32], agent: usize, width: usize) -> u32 {
    let (word, shift) = place(agent, width);
    bits[word] >> shift & (u32::MAX >> (32 - width))
}

/// How often each bit of a word is set in some words.
pub(super) struct Count<'a>(pub &'a [u32]);

/// Words that are counted side by side.
const LANES: usize = 16;

impl Around for Count<'_> {
    type Output = [u64; 32];

    /// Every eighth bit is added up in a byte of its own, as often as a byte holds: 3 operations for 4
    /// bits of a word, whatever the rows, and memory is read once.
    #[inline(always)]
    fn run(self) -> [u64; 32] {
        let mut counts = [0; 32];
        for words in self.0.chunks(255 * LANES) {
            let whole = words.chunks_exact(LANES);
            for word in whole.remainder() {
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += u64::from(word >> bit & 1);
                }
            }
            let mut bytes = [[0_u32; LANES]; 8];
            for words in whole {
                for (shift, bytes) in bytes.iter_mut().enumerate() {
                    for (byte, word) in bytes.iter_mut().zip(words) {
                        *byte += word >> shift & 0x0101_0101;
                    }
                }
            }
            for (bit, count) in counts.iter_mut().enumerate() {
                let of = |bytes: &u32| u64::from(bytes >> (bit / 8 * 8) & 0xff);
                *count += bytes[bit % 8].iter().map(of).sum::<u64>();
            }
        }
        counts
    }
}

/// One call of every agent of a share.
pub(super) struct Calls<'a, const B: usize> {
    pub graph: &'a Graph,
    pub key: Key,
    pub direction: Direction,
    pub now: &'a [u32],
    pub first: usize,
    pub agents: usize,
    /// Whether the share's rows are still to be filled.
    pub fresh: bool,
    pub rows: &'a mut [u32],
    pub outbox: &'a mut Outbox,
    pub bits: u32,
}

impl<const B: usize> Around for Calls<'_, B> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let mut callees = [[0_u32; BLOCK]; 2];
        let blocks = self.agents.div_ceil(BLOCK);
        // a block more than there are: a block talks while the next one is prepared
        for block in 0..=blocks {
            let start = block * BLOCK;
            let first = self.first + start;
            if block < blocks {
                let to = &mut callees[block % 2];
                self.key.fill_words(first, to);
                let to = &mut to[..BLOCK.min(self.agents - start)];
                self.graph.pick_all(first as u32, to);
                if B >= FAR {
                    for callee in to.iter() {
                        prefetch_words(&self.now[place(*callee as usize, B).0..]);
                    }
                }
            }
            if block > 0 {
                let last = BLOCK.min(self.agents + BLOCK - start);
                self.talk(start - BLOCK, &callees[(block + 1) % 2], last);
            }
        }
    }
}

impl<const B: usize> Calls<'_, B> {
    /// The calls of `n` of the share's agents from `start` on, at most a block of them.
    #[inline(always)]
    fn talk(&mut self, start: usize, callees: &[u32; BLOCK], n: usize) {
        let words = BLOCK * B / 32;
        let first = self.first + start;
        let mine = &self.now[first * B / 32..][..words];
        let rows = &mut self.rows[start * B / 32..][..words];
        // who is not there hears nothing and has nothing to tell
        let (mut theirs, mut own) = ([0; BLOCK], [0; BLOCK]);
        for (theirs, callee) in theirs.iter_mut().zip(&callees[..n]) {
            *theirs = row(self.now, *callee as usize, B);
        }
        for (i, own) in own.iter_mut().enumerate() {
            *own = row(mine, i, B);
        }
        if self.fresh {
            rows.copy_from_slice(mine);
        }
        if self.direction.pulls() {
            for (word, theirs) in rows.iter_mut().zip(theirs.chunks_exact(32 / B)) {
                let bits = theirs.iter().enumerate().map(|(i, row)| row << (i * B));
                *word |= bits.fold(0, |all, row| all | row);
            }
        }
        if !self.direction.pushes() {
            return;
        }
        let mut tells = [0; BLOCK];
        for ((tells, own), theirs) in tells.iter_mut().zip(&own).zip(&theirs) {
            *tells = u32::from(own & !theirs != 0);
        }
        self.outbox.write(first, callees, &tells, self.bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::kernels::run_around;
    use crate::stream::Purpose;

    #[test]
    fn bits_are_counted_as_one_by_one() {
        for n in [0, 1, 15, 16, 17, 255 * LANES, 255 * LANES + 5, 9999] {
            let mut stream = Key::new(1, Purpose::Validation, n as u32, 0).stream();
            // a word of all bits among them: bytes are filled to the brim
            let words: Vec<u32> =
                (0..n).map(|i| if i % 3 == 0 { u32::MAX } else { stream.word() }).collect();
            for words in [words, vec![u32::MAX; n]] {
                let got = run_around(Count(&words));
                for (bit, count) in got.iter().enumerate() {
                    let want = words.iter().filter(|word| *word >> bit & 1 == 1).count();
                    assert_eq!(*count, want as u64, "bit {bit} of {n} words");
                }
            }
        }
    }
}
