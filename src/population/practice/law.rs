//! The laws of practice and of forgetting.

use crate::maths::{exp, exp_f32, ln_1p, ln_f32};
use crate::scenario;

/// What practice makes of a skill.
///
/// The level after `n` tasks of effective practice, the last of them `Δ` rounds ago, is
///
/// ```text
/// (1 − (1 + n/n0)^−a) · (1 + Δ/τ)^−b
/// ```
///
/// the power law of practice (Newell & Rosenbloom 1981, "Mechanisms of skill acquisition and the
/// law of practice": what is still missing falls as a power of practice) times power-law forgetting
/// (Wixted & Ebbesen 1991, "On the form of forgetting"). Both are 0 to 1; `n` may be infinite: who
/// knows all there is to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    scale: f64,
    exponent: f64,
    forgetting: f64,
    forgetting_scale: f64,
}

impl Law {
    /// The law of a scenario's learner.
    pub fn new(spec: &scenario::Practice) -> Self {
        Law {
            scale: spec.scale,
            exponent: spec.exponent,
            forgetting: spec.forgetting,
            forgetting_scale: spec.forgetting_scale,
        }
    }

    /// Whether anything is ever forgotten.
    pub fn forgets(&self) -> bool {
        self.forgetting > 0.0
    }

    /// The level after `n` tasks of effective practice, `rounds` rounds ago.
    pub fn level(&self, n: f64, rounds: u32) -> f64 {
        let kept = match rounds {
            0 => 1.0,
            _ => exp(-self.forgetting * ln_1p(f64::from(rounds) / self.forgetting_scale)),
        };
        (1.0 - exp(-self.exponent * ln_1p(n / self.scale))) * kept
    }

    /// The same in single precision, within 5e-7, and the only one that agents are compared and
    /// measured by: plain arithmetic, so that loops over it vectorise.
    #[inline(always)]
    pub fn level_f32(&self, n: f32, rounds: u32) -> f32 {
        let missing = exp_f32(-self.exponent as f32 * ln_f32(1.0 + n / self.scale as f32));
        let learned = if n == f32::INFINITY { 1.0 } else { 1.0 - missing };
        let age = 1.0 + rounds as f32 / self.forgetting_scale as f32;
        let level = learned * exp_f32(-self.forgetting as f32 * ln_f32(age));
        // rounding may leave less than nothing
        if level > 0.0 { level } else { 0.0 }
    }

    /// The least practice, as the bits of a single-precision number, whose level is at least
    /// `adopted` while nothing is forgotten; more than that of infinite practice where none is.
    /// Bits of numbers that are not negative order as they do.
    pub fn practice_for(&self, adopted: f64) -> u32 {
        let (mut low, mut high) = (0, f32::INFINITY.to_bits() + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if f64::from(self.level_f32(f32::from_bits(middle), 0)) >= adopted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::pow;

    fn law(forgetting: f64) -> Law {
        Law::new(&scenario::Practice { forgetting, exponent: 0.4, ..Default::default() })
    }

    #[test]
    fn what_is_missing_falls_as_a_power_of_practice_and_what_is_kept_as_one_of_time() {
        for n in [0.0, 1.0, 20.0, 1e4, 3e6] {
            let missing = pow(1.0 + n / 20.0, -0.4);
            for rounds in [0, 1, 10, 500] {
                let want = (1.0 - missing) * pow(1.0 + f64::from(rounds) / 10.0, -0.2);
                assert!((law(0.2).level(n, rounds) - want).abs() < 1e-14, "{n} {rounds}");
                let single = f64::from(law(0.2).level_f32(n as f32, rounds));
                assert!((single - want).abs() < 5e-7, "{n} {rounds}: {single} of {want}");
            }
        }
        // half of what is missing is gone after n0 (2^(1/a) − 1) tasks
        let half = 20.0 * (pow(2.0, 2.5) - 1.0);
        assert!((law(0.0).level(half, 7) - 0.5).abs() < 1e-14);
    }

    #[test]
    fn nothing_is_no_level_and_everything_is_all_of_it() {
        for forgetting in [0.0, 0.3] {
            assert_eq!(law(forgetting).level_f32(0.0, 3), 0.0);
            assert_eq!(law(forgetting).level_f32(f32::INFINITY, 0), 1.0);
            assert_eq!(law(forgetting).level(f64::INFINITY, 0), 1.0);
        }
        let tiny = (1..2000).map(|i| law(0.1).level_f32(i as f32 * 1e-9, i));
        assert!(tiny.into_iter().all(|level| level.is_sign_positive()));
    }

    #[test]
    fn the_practice_for_a_level_is_the_least_that_has_it() {
        let law = law(0.0);
        for adopted in [0.1, 0.5, 0.9] {
            let bits = law.practice_for(adopted);
            let level = |bits| f64::from(law.level_f32(f32::from_bits(bits), 0));
            assert!(level(bits) >= adopted && level(bits - 1) < adopted, "{adopted}");
        }
        assert_eq!(law.practice_for(0.0), 0);
        // rounding alone brings no finite practice to 1
        assert!(law.practice_for(1.0) <= f32::INFINITY.to_bits());
    }
}
