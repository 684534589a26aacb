//! Kauffman's rugged landscape: solutions of N bits, of which each interacts with K others
//! (Kauffman & Levin 1987, "Towards a general theory of adaptive walks on rugged landscapes";
//! Kauffman 1993, "The Origins of Order", chapter 2).
//! Lives here: the landscape, the fitness of a solution, and the landscape's highest point.
//! May not: know who searches it, or how.
//!
//! ```text
//! fitness(x) = 1/N Σ_i c_i(x_i, x_i1, …, x_iK)        c_i ~ uniform on [0, 1)
//! ```
//! A contribution is a 32-bit word of the stream named by seed and bit, so that it is a pure
//! function of seed, bit and the values of the bits that it depends on. A fitness is the sum of
//! such words, an integer: exact, whatever the order in which it is summed or updated.

mod peak;
#[cfg(test)]
mod tests;

use crate::halt::Halt;
use crate::maths::pow;
use crate::scenario::{Nk, Partners};
use crate::stream::{Key, Purpose, Stream};
use serde::{Deserialize, Serialize};

/// Most contributions that are kept in a table, 16 MiB of them; of larger landscapes each is drawn
/// when it is asked for, at some 10 ns.
const TABLE: u64 = 1 << 22;

/// Most bits of a landscape whose highest point is looked for.
pub const EXHAUSTIBLE: u32 = 24;

/// The value of a contribution of 1, which is just out of reach.
const ONE: f64 = 4_294_967_296.0;

/// The sum of a solution's contributions in units of 2⁻³²: an integer below 2³⁸, by which solutions
/// of one landscape are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fitness(pub u64);

/// A bit string and its fitness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solution {
    /// Bit `i` is that of value 2^i; those from N on are 0.
    pub bits: u64,
    /// Its fitness on the landscape at hand.
    pub fitness: Fitness,
}

impl Solution {
    /// Whether it is before another in the order of solutions: by fitness, the higher the better,
    /// and among equals by bits, the lower the better. A total order, so that the best of many does
    /// not depend on who compares them in what order.
    pub fn beats(&self, other: &Solution) -> bool {
        (self.fitness, other.bits) > (other.fitness, self.bits)
    }
}

/// A landscape. Memory: `4 N 2^(K+1)` bytes where that is at most 16 MiB, next to nothing beyond.
#[derive(Clone, Debug)]
pub struct Landscape {
    seed: u64,
    n: u32,
    /// Bits that a contribution depends on, `K + 1`.
    width: u32,
    /// Those of bit `i`, in rising order: `width` of them from `i · width` on.
    parts: Vec<u8>,
    /// Whom bit `b` matters to: a bit `i`, and the place of `b` among its parts.
    matters: Vec<Vec<(u8, u8)>>,
    /// Contributions, `2^width` a bit; empty where they are drawn on demand.
    table: Vec<u32>,
    power: f64,
    /// The highest sum, where levels are shares of it.
    peak: Option<Solution>,
}

impl Landscape {
    /// The landscape of a seed. Where `spec.scaled` is set its highest point is
    /// [looked for](Landscape::peak), which takes some 3 ms for 20 bits of 5 others.
    ///
    /// `spec.k` is below `spec.n`, and `spec.n` at most [`EXHAUSTIBLE`] where it is scaled, which
    /// the scenario's checks see to.
    pub fn new(spec: &Nk, seed: u64) -> Self {
        Landscape::until(&Halt::default(), spec, seed)
    }

    /// The same, unless it is halted: then it is of no use.
    pub(crate) fn until(halt: &Halt, spec: &Nk, seed: u64) -> Self {
        let (n, k) = (spec.n, spec.k);
        debug_assert!((1..=64).contains(&n) && k < n, "a bit has at most N - 1 others");
        let width = k + 1;
        let parts: Vec<u8> = (0..n).flat_map(|bit| parts_of(spec, seed, bit)).collect();
        let mut matters = vec![Vec::new(); n as usize];
        for (i, parts) in parts.chunks(width as usize).enumerate() {
            for (place, part) in parts.iter().enumerate() {
                matters[usize::from(*part)].push((i as u8, place as u8));
            }
        }
        let power = spec.power;
        let mut landscape =
            Landscape { seed, n, width, parts, matters, table: Vec::new(), power, peak: None };
        if u128::from(n) << width <= u128::from(TABLE) {
            landscape.table = vec![0; (n as usize) << width];
            for (bit, row) in landscape.table.chunks_mut(1 << width).enumerate() {
                let key = Key::new(seed, Purpose::Ruggedness, bit as u32, 0);
                key.for_words(0, row.len(), |i, word| row[i] = word);
            }
        }
        if spec.scaled {
            landscape.peak = Some(landscape.peak_until(halt));
        }
        landscape
    }

    /// Bits of a solution, N.
    pub fn bits(&self) -> u32 {
        self.n
    }

    /// The bit string in which all N bits are set.
    pub fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.n)
    }

    /// The solution of a bit string. Cost: N (K + 1) shifts.
    pub fn solution(&self, bits: u64) -> Solution {
        let one = |bit| u64::from(self.contribution(bit, self.index(bit, bits)));
        Solution { bits, fitness: Fitness((0..self.n as usize).map(one).sum()) }
    }

    /// The same with one bit flipped. Cost: (K + 1)² shifts on average.
    pub fn flipped(&self, from: Solution, bit: u32) -> Solution {
        let mut sum = from.fitness.0;
        for (i, place) in &self.matters[bit as usize] {
            let i = usize::from(*i);
            let index = self.index(i, from.bits);
            sum += u64::from(self.contribution(i, index ^ 1 << place));
            sum -= u64::from(self.contribution(i, index));
        }
        Solution { bits: from.bits ^ 1 << bit, fitness: Fitness(sum) }
    }

    /// Whether no single flip leads higher.
    pub fn is_local_optimum(&self, solution: Solution) -> bool {
        (0..self.n).all(|bit| self.flipped(solution, bit).fitness <= solution.fitness)
    }

    /// The mean of a solution's contributions, in `[0, 1)`.
    pub fn mean(&self, fitness: Fitness) -> f64 {
        fitness.0 as f64 / (f64::from(self.n) * ONE)
    }

    /// The level of a fitness: its share of the highest, where levels are scaled, else the
    /// mean of the contributions, to the landscape's power.
    pub fn level(&self, fitness: Fitness) -> f64 {
        let share = match self.peak {
            // nothing but zeros: all are as good as the best
            Some(Solution { fitness: Fitness(0), .. }) => 1.0,
            Some(peak) => fitness.0 as f64 / peak.fitness.0 as f64,
            None => self.mean(fitness),
        };
        pow(share, self.power)
    }

    /// The solution that an agent starts from: bits drawn by fair coins.
    pub fn first(&self, agent: u32) -> Solution {
        let [low, high, ..] = Key::new(self.seed, Purpose::FirstSolution, agent, 0).words(0);
        self.solution((u64::from(high) << 32 | u64::from(low)) & self.mask())
    }

    /// The values of the bits that `bit` depends on, the lowest first.
    #[inline]
    fn index(&self, bit: usize, bits: u64) -> u64 {
        let width = self.width as usize;
        let parts = &self.parts[bit * width..][..width];
        parts.iter().enumerate().fold(0, |index, (j, part)| index | (bits >> part & 1) << j)
    }

    #[inline]
    fn contribution(&self, bit: usize, index: u64) -> u32 {
        if self.table.is_empty() {
            self.key(bit, index).word((index & LAST) as usize)
        } else {
            self.table[(bit << self.width) + index as usize]
        }
    }

    /// The stream that an entry of a bit lies in: one holds 2³⁴.
    fn key(&self, bit: usize, index: u64) -> Key {
        Key::new(self.seed, Purpose::Ruggedness, bit as u32, (index >> 34) as u32)
    }
}

/// The last entry of a stream.
const LAST: u64 = (1 << 34) - 1;

/// The bits that one bit's contribution depends on, itself among them, in rising order.
fn parts_of(spec: &Nk, seed: u64, bit: u32) -> Vec<u8> {
    let (n, k) = (spec.n, spec.k);
    let mut parts: Vec<u8> = match spec.neighbours {
        Partners::Random => {
            let others = Stream::new(seed, Purpose::Partners, bit, 0).sample(n - 1, k);
            // 0..N-1 without the bit itself
            others.into_iter().map(|other| (other + u32::from(other >= bit)) as u8).collect()
        }
        Partners::Adjacent => {
            let left = k / 2;
            (0..=k).filter(|j| *j != left).map(|j| ((bit + n + j - left) % n) as u8).collect()
        }
    };
    parts.push(bit as u8);
    parts.sort_unstable();
    parts
}
