//! What attackers send: vectors that are made of what they know.

use super::known::{Known, squared_distances, whole};
use crate::maths::inverse_normal;
use crate::params::{Layout, Sparse};
use crate::scenario::Push;

/// `a · μ + b · σ` on every block that anyone holds.
pub(super) fn mean_and_deviation(known: &Known<'_>, a: f64, b: f64) -> Sparse {
    let mut crafted = Sparse::default();
    for (block, seen) in known.blocks() {
        let to = crafted.push(block, seen.tasks, seen.rows[0].len());
        for (i, to) in to.iter_mut().enumerate() {
            let mean = seen.mean(i);
            let deviation = if b == 0.0 { 0.0 } else { b * seen.deviation(i, mean) };
            *to = (a * mean + deviation) as f32;
        }
    }
    crafted
}

/// The `z` of "a little is enough" for `n` contributions of which `f` are attackers': so far from the
/// mean, in standard deviations, that of the honest ones as many are expected further out as make a
/// majority with the attackers (Baruch, Baruch and Goldberg 2019, "A little is enough:
/// circumventing defenses for distributed learning", NeurIPS, equation 2). At least 0.
pub(super) fn z_max(n: usize, f: usize) -> f64 {
    let honest = (n - f) as f64;
    // a majority of attackers needs nobody
    let supporters = (n / 2 + 1).saturating_sub(f).max(1) as f64;
    inverse_normal((honest - supporters).max(0.0) / honest).max(0.0)
}

/// How near attackers stay to honest contributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    /// To each one as near as the two of them that are furthest apart.
    Each,
    /// To all together as near as the one that is furthest from the others.
    All,
}

/// `μ + γ p` with the largest `γ` that stays near (Shejwalkar & Houmansadr 2021, "Manipulating the
/// Byzantine: optimizing model poisoning attacks and defenses for federated learning", NDSS, section
/// IV). They halve their way to `γ`; here it is the root of a parabola. Distances are those of whole
/// vectors, zeros where one holds nothing.
pub(super) fn pushed(
    known: &Known<'_>,
    layout: &Layout,
    direction: Push,
    near: Near,
    threads: usize,
) -> Sparse {
    let mut crafted = mean_and_deviation(known, 1.0, 0.0);
    let push = direction_of(known, &crafted, direction);
    let rows = known.whole();
    let (centre, p) = (whole(layout, &crafted), whole(layout, &push));
    let squared: f64 = p.iter().map(|p| f64::from(*p) * f64::from(*p)).sum();
    // ‖μ + γp − x‖² = γ²‖p‖² + 2γ⟨p, μ − x⟩ + ‖μ − x‖²
    let parabolas = rows.iter().map(|row| {
        let (mut inner, mut from) = (0.0, 0.0);
        for ((x, centre), p) in row.iter().zip(&centre).zip(&p) {
            let apart = f64::from(*centre) - f64::from(*x);
            inner += f64::from(*p) * apart;
            from += apart * apart;
        }
        (squared, 2.0 * inner, from)
    });
    let distances = squared_distances(&rows, threads);
    let n = rows.len();
    let gamma = match near {
        Near::Each => {
            let most = distances.iter().copied().fold(0.0, f64::max);
            parabolas.map(|at| reach(at, most)).fold(f64::INFINITY, f64::min)
        }
        Near::All => {
            let most = distances.chunks(n).map(|row| row.iter().sum()).fold(0.0, f64::max);
            let sum = parabolas.fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
            reach(sum, most)
        }
    };
    let mut pushes = push.values().iter();
    for value in crafted.values_mut() {
        if let Some(p) = pushes.next() {
            *value += (gamma * f64::from(*p)) as f32;
        }
    }
    crafted
}

/// The largest `γ ≥ 0` with `aγ² + bγ + c ≤ most`; 0 where there is none, or no end to it.
fn reach((a, b, c): (f64, f64, f64), most: f64) -> f64 {
    let discriminant = b * b - 4.0 * a * (c - most);
    if a == 0.0 || discriminant < 0.0 {
        return 0.0;
    }
    ((discriminant.sqrt() - b) / (2.0 * a)).max(0.0)
}

/// `p` on the blocks of `mean`.
fn direction_of(known: &Known<'_>, mean: &Sparse, direction: Push) -> Sparse {
    let mut push = match direction {
        Push::InverseDeviation => return mean_and_deviation(known, 0.0, -1.0),
        Push::InverseUnit | Push::InverseSign => mean.clone(),
    };
    let values = push.values_mut();
    let norm = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>().sqrt();
    for value in values {
        *value = match direction {
            _ if *value == 0.0 => 0.0,
            Push::InverseUnit => (-f64::from(*value) / norm) as f32,
            _ => -value.signum(),
        };
    }
    push
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sparse(blocks: &[(u32, &[f32])]) -> Sparse {
        let mut sparse = Sparse::default();
        blocks.iter().for_each(|(b, values)| {
            sparse.push(*b, 4, values.len()).copy_from_slice(values);
        });
        sparse
    }

    #[test]
    fn z_is_the_papers() {
        // its example: 50 workers, 24 of them corrupt: s = 26 − 24 = 2, Φ(z) = 24/26
        assert!((z_max(50, 24) - 1.426_077).abs() < 1e-6, "{}", z_max(50, 24));
        // an attacker among four cannot find enough supporters further out than the mean
        assert_eq!(z_max(4, 1), 0.0);
        // a majority needs nobody's support
        assert!(z_max(10, 7).is_finite());
    }

    #[test]
    fn means_and_deviations_are_of_those_who_hold_a_block_or_of_all() {
        let layout = Layout::new([2, 1]);
        let (a, b) = (sparse(&[(0, &[1.0, 2.0])]), sparse(&[(0, &[3.0, 2.0]), (1, &[8.0])]));
        let known = Known::new(&layout, vec![&a, &b], false);
        let got = mean_and_deviation(&known, 1.0, -2.0);
        assert_eq!(got.get(0), Some(&[0.0, 2.0][..]));
        assert_eq!(got.get(1), Some(&[8.0][..]));
        let known = Known::new(&layout, vec![&a, &b], true);
        // 8 and an absent 0: mean 4, deviation 4
        assert_eq!(mean_and_deviation(&known, 1.0, -2.0).get(1), Some(&[-4.0][..]));
    }

    #[test]
    fn pushed_vectors_are_as_far_out_as_they_may_be() {
        let layout = Layout::new([3]);
        let rows: Vec<Sparse> =
            [[1.0, 0.5, 0.0], [0.8, 1.0, 0.3], [1.4, -0.2, 0.1], [0.9, 0.1, 0.7]]
                .iter()
                .map(|row| sparse(&[(0, row)]))
                .collect();
        let known = Known::new(&layout, rows.iter().collect(), false);
        let apart = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(a - b) * f64::from(a - b)).sum()
        };
        let directions = [Push::InverseUnit, Push::InverseDeviation, Push::InverseSign];
        for direction in directions {
            let got = pushed(&known, &layout, direction, Near::Each, 1);
            let furthest = rows.iter().map(|x| apart(got.values(), x.values())).fold(0.0, f64::max);
            let pairs = rows.iter().flat_map(|a| rows.iter().map(move |b| (a, b)));
            let most = pairs.map(|(a, b)| apart(a.values(), b.values())).fold(0.0, f64::max);
            assert!((furthest - most).abs() < 1e-5, "{direction:?}: {furthest} of {most}");
            let got = pushed(&known, &layout, direction, Near::All, 1);
            let sum: f64 = rows.iter().map(|x| apart(got.values(), x.values())).sum();
            let of = |a: &Sparse| rows.iter().map(|b| apart(a.values(), b.values())).sum::<f64>();
            let most = rows.iter().map(of).fold(0.0, f64::max);
            assert!((sum - most).abs() < 1e-5, "{direction:?}: {sum} of {most}");
        }
    }
}
