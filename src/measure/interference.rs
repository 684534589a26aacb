//! What merging does to those who are merged: skill lost, and the ridge between two policies.

use super::skill;

/// Skill lost by merging.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interference {
    /// Mean over agents of the level on the own job before the merge less that after it; negative
    /// where merging helps.
    pub loss: f64,
    /// Share of the agents that lost.
    pub losers: f64,
}

/// Compares each agent's level on its own job with its own policy just before a merge (core and
/// contribution) with that of the core that came of it, for the same truth and the same probes.
/// Pairs of which one is NaN do not count; NaN where none does.
pub fn interference(pairs: impl Iterator<Item = (f64, f64)>) -> Interference {
    let lost: Vec<f64> = pairs.map(|(before, after)| before - after).collect();
    let loser = |loss: &f64| if *loss > 0.0 { 1.0 } else { 0.0 };
    Interference {
        loss: skill::mean(lost.iter().copied()),
        losers: skill::mean(lost.iter().filter(|loss| !loss.is_nan()).map(loser)),
    }
}

/// The barrier on the line between two policies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Barrier {
    /// `max_λ L(λ) − ((1−λ) L(0) + λ L(1))`, in the unit of the loss; 0 where the line is nowhere
    /// above its ends.
    pub height: f64,
    /// The `λ` at which it is highest.
    pub at: f64,
}

/// The barrier of a loss along a line, looked for at `points` places evenly between its ends
/// (Frankle et al. 2020, "Linear mode connectivity and the lottery ticket hypothesis", with the
/// line between the ends' losses in the place of their mean: Entezari et al. 2022, "The role of
/// permutation invariance in linear mode connectivity of neural networks"). `loss(λ)` is called
/// `points + 2` times. NaN where an end has no loss.
pub fn barrier(points: u32, mut loss: impl FnMut(f64) -> f64) -> Barrier {
    let (first, last) = (loss(0.0), loss(1.0));
    let mut found = Barrier { height: 0.0 * (first + last), at: 0.0 };
    for point in 1..=points {
        let at = f64::from(point) / f64::from(points + 1);
        let height = loss(at) - ((1.0 - at) * first + at * last);
        if height > found.height {
            found = Barrier { height, at };
        }
    }
    found
}

/// The same between two parameter vectors, `θ(λ) = (1−λ) a + λ b`, each entry in one fused step;
/// `loss` is given the vector on the line.
///
/// # Panics
/// If the vectors are not of one length.
pub fn barrier_between(
    a: &[f32],
    b: &[f32],
    points: u32,
    mut loss: impl FnMut(&[f32]) -> f64,
) -> Barrier {
    assert_eq!(a.len(), b.len(), "two vectors of one length");
    let mut on_line = vec![0.0; a.len()];
    barrier(points, |at| {
        let at = at as f32;
        for ((x, a), b) in on_line.iter_mut().zip(a).zip(b) {
            *x = at.mul_add(b - a, *a);
        }
        loss(&on_line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interference_is_the_mean_loss_over_the_pairs_that_are_there() {
        let pairs = [(0.8, 0.5), (0.4, 0.5), (f64::NAN, 0.9), (0.6, 0.6)];
        let got = interference(pairs.into_iter());
        assert!((got.loss - 0.2 / 3.0).abs() < 1e-12, "{got:?}");
        assert_eq!(got.losers, 1.0 / 3.0);
        assert!(interference(std::iter::empty()).loss.is_nan());
    }

    /// `(x² − 1)²` along x from −1 to 1 is 1 in the middle; tilted, the line's ends are tilted too.
    #[test]
    fn two_valleys_have_the_ridge_between_them() {
        let valleys = |tilt: f64| {
            move |at: f64| {
                let x = 2.0 * at - 1.0;
                (x * x - 1.0) * (x * x - 1.0) + tilt * at
            }
        };
        assert_eq!(barrier(9, valleys(0.0)), Barrier { height: 1.0, at: 0.5 });
        let tilted = barrier(9, valleys(0.7));
        assert!((tilted.height - 1.0).abs() < 1e-12 && tilted.at == 0.5, "{tilted:?}");
    }

    #[test]
    fn a_convex_loss_has_no_barrier() {
        assert_eq!(barrier(20, |at| (at - 0.3) * (at - 0.3)).height, 0.0);
        assert!(barrier(5, |_| f64::NAN).height.is_nan());
    }

    /// On the line from (1, 0) to (0, 1) the product of the entries is at most 1/4.
    #[test]
    fn vectors_are_mixed_entry_by_entry() {
        let got = barrier_between(&[1.0, 0.0], &[0.0, 1.0], 3, |x| f64::from(x[0] * x[1]));
        assert_eq!(got, Barrier { height: 0.25, at: 0.5 });
    }
}
