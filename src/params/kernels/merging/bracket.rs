//! The cuts of a vector's largest magnitudes in one pass, by brackets that a sample tells.

use super::super::simd::{Kernel, Vector, counted, run16};
use super::super::vectors::prefetch_line;
use super::magnitudes::{AHEAD, key};
use super::parts::CHUNK;
use super::rank::{Ranked, about_kth_largest, kth_largest};
use super::select::Cut;
use crate::maths::{exp, ln};

/// Values of a line of memory, which is sampled as a whole.
const LINE: usize = 16;

/// Half a bracket's width, in standard deviations of a rank in a sample.
const DEVIATIONS: f64 = 3.0;

/// Keys that lie in a bracket, in the order of the values.
#[derive(Clone, Debug, Default)]
pub(super) struct Near {
    keys: Vec<u32>,
    /// How many there were before each chunk.
    before: Vec<usize>,
}

/// A bracket and what was found of it: keys `low..=high`.
struct Bracket<'a> {
    low: u32,
    high: u32,
    above: usize,
    near: &'a mut Near,
    found: usize,
}

/// The cuts of the `ks` largest; none where the sample misled.
pub(super) fn cuts<const N: usize>(
    values: &[f32],
    ks: [usize; N],
    sample: &mut Vec<u32>,
    near: &mut Vec<Near>,
) -> Option<[Cut; N]> {
    near.resize_with(N, Near::default);
    draw(values, sample);
    let mut at = near.iter_mut();
    let mut brackets = ks.map(|k| {
        let near = at.next().expect("one for each");
        Bracket::new(k, values.len(), sample, near)
    });
    for chunk in values.chunks(CHUNK) {
        for bracket in &mut brackets {
            bracket.near.before.push(bracket.found);
            if bracket.found + chunk.len() + LINE > bracket.near.keys.len() {
                return None;
            }
        }
        run16(Pass { chunk, brackets: &mut brackets });
    }
    let mut cuts = [Cut::NOTHING; N];
    for ((cut, bracket), k) in cuts.iter_mut().zip(&brackets).zip(ks) {
        if k > 0 {
            *cut = bracket.cut(values, k)?;
        }
    }
    Some(cuts)
}

/// Draws the keys of some lines, spread evenly but for a shift within each share: a matrix's rows
/// may be as long as the shares. About as many as make the sample as dear as what it leaves.
fn draw(values: &[f32], sample: &mut Vec<u32>) {
    let lines = (values.len() / LINE) as u64;
    let wanted = 1.4 * exp(2.0 / 3.0 * ln(values.len() as f64)) / LINE as f64;
    let shares = (wanted as u64).clamp(1, lines);
    // a share's lines in fixed point, of 32 bits behind the point
    let width = (lines << 32) / shares;
    sample.clear();
    for share in 0..shares {
        // Weyl's sequence, golden ratio
        let shift = u64::from((share as u32).wrapping_mul(0x9E37_79B9));
        let line = ((share * width + ((shift * (width >> 16)) >> 16)) >> 32) as usize;
        sample.extend(values[line * LINE..][..LINE].iter().map(|x| key(*x)));
    }
}

impl<'a> Bracket<'a> {
    /// The bracket in which the `k`-th largest of `of` values lies in all likelihood, with room
    /// for twice as many values as a sample leads to expect.
    fn new(k: usize, of: usize, sample: &[u32], near: &'a mut Near) -> Self {
        let (m, share) = (sample.len() as f64, k as f64 / of as f64);
        let half = DEVIATIONS * (m * share * (1.0 - share)).sqrt() + 2.0;
        let first = (m * share - half) as usize;
        let last = ((m * share + half) as usize).min(sample.len());
        let slack = half as usize / 16;
        // the keys at those ranks; beyond either end, the ends of all keys
        let at = |rank| about_kth_largest(sample, rank, slack);
        let high = if first > 0 { at(first) } else { u32::MAX >> 1 };
        let low = if last < sample.len() { at(last) } else { 0 };
        let room = 2 * (last - first) * of / sample.len() + 2 * CHUNK;
        near.keys.resize(room, 0);
        near.before.clear();
        Bracket { low, high, above: 0, near, found: 0 }
    }

    /// The cut of the `k` largest, one at least; none where it does not lie in the bracket.
    fn cut(&self, values: &[f32], k: usize) -> Option<Cut> {
        let keys = &self.near.keys[..self.found];
        let k = k.checked_sub(self.above).filter(|k| (1..=keys.len()).contains(k))?;
        let Ranked { key: least, above, equal } = kth_largest(keys, k, (self.low, self.high));
        let left = k - above;
        let magnitude = f32::from_bits(least);
        if left == equal {
            return Some(Cut { magnitude, ties_end: values.len() });
        }
        // the last of the ties that are kept is the same one among all values of its chunk
        let is_tie = |key: &u32| *key == least;
        let last = keys.iter().enumerate().filter(|(_, key)| is_tie(key)).nth(left - 1)?.0;
        let chunk = self.near.before.partition_point(|before| *before <= last) - 1;
        let here = keys[self.near.before[chunk]..=last].iter().filter(|key| is_tie(key)).count();
        let values = values.iter().enumerate().skip(chunk * CHUNK);
        let (index, _) = values.filter(|(_, x)| is_tie(&key(**x))).nth(here - 1)?;
        Some(Cut { magnitude, ties_end: index + 1 })
    }
}

/// Counts what is above the brackets and sets aside what is in them.
struct Pass<'p, 'a, const N: usize> {
    chunk: &'p [f32],
    brackets: &'p mut [Bracket<'a>; N],
}

impl<const N: usize> Kernel for Pass<'_, '_, N> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        debug_assert_eq!(V::LANES, LINE);
        let mut lines = self.chunk.chunks_exact(LINE);
        // SAFETY: the caller has V's instruction set; every bracket has room for the whole chunk
        // and a line more.
        unsafe {
            let bits = |bits: u32| V::splat(f32::from_bits(bits));
            // all of it in registers: the compiler takes what is stored for what is read
            let low: [V; N] = std::array::from_fn(|b| bits(self.brackets[b].low));
            let high: [V; N] = std::array::from_fn(|b| bits(self.brackets[b].high));
            let mut above = [V::splat(0.0); N];
            let mut to: [*mut f32; N] = std::array::from_fn(|b| {
                let bracket = &mut self.brackets[b];
                bracket.near.keys.as_mut_ptr().add(bracket.found).cast()
            });
            let from = to;
            for line in &mut lines {
                prefetch_line(line.as_ptr().wrapping_add(AHEAD));
                let x = V::load(line.as_ptr()).abs();
                for b in 0..N {
                    above[b] = x.count_bits_above(high[b], above[b]);
                    to[b] = to[b].add(x.store_bits_within(low[b], high[b], to[b]));
                }
            }
            for (b, bracket) in self.brackets.iter_mut().enumerate() {
                bracket.found += to[b].offset_from(from[b]) as usize;
                bracket.above += counted(above[b]);
            }
        }
        for key in lines.remainder().iter().map(|x| key(*x)) {
            for bracket in self.brackets.iter_mut() {
                bracket.above += usize::from(key > bracket.high);
                if (bracket.low..=bracket.high).contains(&key) {
                    bracket.near.keys[bracket.found] = key;
                    bracket.found += 1;
                }
            }
        }
    }
}
