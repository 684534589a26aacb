//! Quality of a merge: do contributions agree with each other and with the step they led to?

use crate::params::kernels::dot_f64;
use crate::params::{Layout, Sparse};

/// Contributions that are compared pair by pair; of more, as many that lie evenly among them:
/// neighbours are of one company.
const MOST: usize = 24;

/// How well contributions agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Share of (parameter, pair) with opposite signs among those where neither is zero.
    pub sign_conflict: f64,
    /// Mean cosine between pairs, on the blocks that both hold.
    pub cosine: f64,
    /// Mean distance of contributions from the core's step on the blocks that they hold,
    /// relative to their mean norm.
    pub consensus_distance: f64,
}

/// Which of so many contributions are compared, in rising order.
pub(crate) fn compared(all: usize) -> Vec<usize> {
    let most = all.min(MOST);
    (0..most).map(|i| i * all / most).collect()
}

/// Compares contributions with one another and with the core's step (`layout.entries()`
/// numbers): at most 24 of them, from all over. NaN where there is nothing to compare.
pub fn quality(layout: &Layout, contributions: &[&Sparse], step: &[f32]) -> Quality {
    let some: Vec<&Sparse> =
        compared(contributions.len()).into_iter().map(|at| contributions[at]).collect();
    let (mut cosines, mut pairs) = (0.0, 0.0);
    let (mut opposite, mut signed) = (0_u64, 0_u64);
    // by contribution and block
    let square = |c: &&Sparse| c.iter().map(|(b, _, x)| (b, dot_f64(x, x))).collect::<Vec<_>>();
    let squares: Vec<Vec<(u32, f64)>> = some.iter().map(square).collect();
    for (i, a) in some.iter().enumerate() {
        for (b, others) in some.iter().zip(&squares).skip(i + 1) {
            let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
            for ((block, _, x), (_, xx)) in a.iter().zip(&squares[i]) {
                let Ok(at) = others.binary_search_by_key(&block, |(b, _)| *b) else { continue };
                let Some(y) = b.get(block) else { continue };
                dot += dot_f64(x, y);
                aa += xx;
                bb += others[at].1;
                for (x, y) in x.iter().zip(y) {
                    let product = x * y;
                    opposite += u64::from(product < 0.0);
                    signed += u64::from(product != 0.0);
                }
            }
            if aa > 0.0 && bb > 0.0 {
                cosines += dot / (aa * bb).sqrt();
                pairs += 1.0;
            }
        }
    }
    let (mut distance, mut norm) = (0.0, 0.0);
    let mut difference = Vec::new();
    for contribution in &some {
        let (mut apart, mut size) = (0.0, 0.0);
        for (block, _, values) in contribution.iter() {
            difference.clear();
            difference.extend(values.iter().zip(&step[layout.range(block)]).map(|(v, s)| v - s));
            apart += dot_f64(&difference, &difference);
            size += dot_f64(values, values);
        }
        distance += apart.sqrt();
        norm += size.sqrt();
    }
    Quality {
        sign_conflict: opposite as f64 / signed as f64,
        cosine: cosines / pairs,
        consensus_distance: distance / norm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Purpose, Stream};

    /// SCIENCE: contributions with correlation ρ conflict in sign with probability arccos(ρ)/π.
    #[test]
    fn sign_conflict_follows_the_arccosine_law() {
        let n = 100_000;
        let layout = Layout::new([n]);
        let mut stream = Stream::new(2, Purpose::Job, 0, 0);
        let shared: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let rho: f64 = 0.3;
        let mut draw = || {
            let mut sparse = Sparse::default();
            for (to, s) in sparse.push(0, 1, n).iter_mut().zip(&shared) {
                *to = (rho.sqrt() * s + (1.0 - rho).sqrt() * stream.normal()) as f32;
            }
            sparse
        };
        let (a, b) = (draw(), draw());
        let got = quality(&layout, &[&a, &b], &vec![0.0; n]);
        let law = 0.5 - libm::asin(rho) / std::f64::consts::PI;
        // a share of n independent signs: four standard errors
        assert!((got.sign_conflict - law).abs() < 4.0 * (0.25 / n as f64).sqrt(), "{got:?}");
        assert!((got.cosine - rho).abs() < 0.02);
        assert!((got.consensus_distance - 1.0).abs() < 1e-6);
    }
    /// Contributions of two companies, one after the other, that agree within: whoever looked at
    /// the first few alone would see no conflict.
    #[test]
    fn a_sample_reaches_from_the_first_contribution_to_the_last() {
        let layout = Layout::new([1]);
        let of = |x: f32| {
            let mut sparse = Sparse::default();
            sparse.push(0, 1, 1)[0] = x;
            sparse
        };
        let all: Vec<Sparse> = (0..1000).map(|i| of(if i < 500 { 1.0 } else { -1.0 })).collect();
        let got = quality(&layout, &all.iter().collect::<Vec<_>>(), &[0.0]);
        // 12 of each: 144 of 276 pairs
        assert_eq!(got.sign_conflict, 144.0 / 276.0);
        let few = quality(&layout, &all[498..502].iter().collect::<Vec<_>>(), &[0.0]);
        assert_eq!(few.sign_conflict, 4.0 / 6.0);
    }
}
