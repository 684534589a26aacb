//! Elementary functions with the same bits on every platform.
//!
//! The platform's `exp`, `ln` and kin differ from one C library to the next, so none of them
//! may reach a result (clippy.toml bans them). Double precision comes from the pure-Rust
//! `libm` crate; the single-precision functions of the hot loops are polynomials written out
//! here, built on fused multiply-adds, which IEEE 754 defines to the last bit. They are plain
//! scalar code so that loops over them vectorise, and so that every lane of every
//! instruction set computes the same.

pub use libm::{acos, cos, erfc, exp, lgamma, log as ln, log1p as ln_1p, log2, pow, sin, tanh};

/// `Φ⁻¹(p)`, the quantile of the standard normal distribution, to the last few bits; infinite at 0
/// and 1.
pub fn inverse_normal(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p <= 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    // by symmetry in the lower half, where small probabilities keep their digits
    let (below, sign) = if p < 0.5 { (p, 1.0) } else { (1.0 - p, -1.0) };
    let (mut low, mut high) = (-39.0, 0.0);
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        let more = 0.5 * erfc(-middle * std::f64::consts::FRAC_1_SQRT_2) < below;
        *if more { &mut low } else { &mut high } = middle;
    }
    sign * 0.5 * (low + high)
}

const LN2_HI: f32 = 0.693_359_375;
const LN2_LO: f32 = -2.121_944_4e-4;

/// `e^x` in single precision, relative error below 2e-7 for `x ∈ [-87, 88]`; arguments below
/// -87 give `e^-87`.
///
/// Cephes' `expf` (Moshier 1989) with the rounding done by adding 1.5·2²³.
#[inline(always)]
pub fn exp_f32(x: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let t = x.mul_add(std::f32::consts::LOG2_E, MAGIC);
    let n = t - MAGIC;
    let r = n.mul_add(-LN2_HI, x);
    let r = n.mul_add(-LN2_LO, r);
    let p = EXP_POLY[0];
    let p = p.mul_add(r, EXP_POLY[1]);
    let p = p.mul_add(r, EXP_POLY[2]);
    let p = p.mul_add(r, EXP_POLY[3]);
    let p = p.mul_add(r, EXP_POLY[4]);
    let p = p.mul_add(r, EXP_POLY[5]);
    let y = p.mul_add(r * r, r) + 1.0;
    f32::from_bits(y.to_bits().wrapping_add(t.to_bits() << 23))
}

/// Coefficients of `(e^r - 1 - r)/r²` on `[-ln2/2, ln2/2]`, highest power first.
pub(crate) const EXP_POLY: [f32; 6] =
    [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5];

/// Constants of [`exp_f32`] for kernels that hold it in vectors.
pub(crate) const EXP_REDUCTION: (f32, f32) = (LN2_HI, LN2_LO);

/// `tanh x` in single precision, relative error below 3e-7; an odd function to the last bit.
///
/// Cephes' `tanhf` (Moshier 1989): a polynomial up to 0.625, `1 - 2/(e^2x + 1)` beyond; both
/// are computed and one is taken, so that loops vectorise.
#[inline(always)]
pub fn tanh_f32(x: f32) -> f32 {
    let a = x.abs();
    let z = a * a;
    let p = -5.704_988_7e-3_f32;
    let p = p.mul_add(z, 2.063_908_9e-2);
    let p = p.mul_add(z, -5.373_971_6e-2);
    let p = p.mul_add(z, 1.333_144_2e-1);
    let p = p.mul_add(z, -3.333_328_2e-1);
    let near = (p * z).mul_add(a, a);
    // beyond 10 all is 1 to the last bit; what is not a number stays so
    let bounded = if a > 10.0 { 10.0 } else { a };
    let far = 1.0 - 2.0 / (exp_f32(2.0 * bounded) + 1.0);
    (if a < 0.625 { near } else { far }).copysign(x)
}

/// `ln x` in single precision for normal positive `x`, relative error below 2e-7 (absolute
/// below 1e-7 near 1).
///
/// Cephes' `logf` (Moshier 1989).
#[inline(always)]
pub fn ln_f32(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let e = (shifted as i32 >> 23) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF_BITS)) - 1.0;
    let z = m * m;
    let p = 7.037_683_6e-2_f32;
    let p = p.mul_add(m, -1.151_461_03e-1);
    let p = p.mul_add(m, 1.167_699_87e-1);
    let p = p.mul_add(m, -1.242_014_1e-1);
    let p = p.mul_add(m, 1.424_932_3e-1);
    let p = p.mul_add(m, -1.666_805_8e-1);
    let p = p.mul_add(m, 2.000_071_5e-1);
    let p = p.mul_add(m, -2.499_999_4e-1);
    let p = p.mul_add(m, 3.333_333_1e-1);
    let y = p * m * z;
    let y = e.mul_add(LN2_LO, y);
    let y = z.mul_add(-0.5, y);
    let y = m + y;
    e.mul_add(LN2_HI, y)
}

/// `(cos 2πu, sin 2πu)` in single precision for `u ∈ [0, 1]`, absolute error below 2e-7.
#[inline(always)]
pub fn cos_sin_turn_f32(u: f32) -> (f32, f32) {
    const MAGIC: f32 = 12_582_912.0;
    let quarters = u * 4.0;
    let t = quarters + MAGIC;
    let q = t.to_bits();
    let a = (quarters - (t - MAGIC)) * std::f32::consts::FRAC_PI_2;
    let z = a * a;
    let s = (-1.951_529_6e-4_f32).mul_add(z, 8.332_161e-3);
    let s = s.mul_add(z, -1.666_665_5e-1);
    let s = (s * z).mul_add(a, a);
    let c = 2.443_315_7e-5_f32.mul_add(z, -1.388_731_6e-3);
    let c = c.mul_add(z, 4.166_664_6e-2);
    let c = (c * z).mul_add(z, z.mul_add(-0.5, 1.0));
    let odd = q & 1 != 0;
    let (c1, s1) = if odd { (s, c) } else { (c, s) };
    // quarter 0: (c, s), 1: (-s, c), 2: (-c, -s), 3: (s, -c)
    let cos_sign = (q.wrapping_add(1) & 2) << 30;
    let sin_sign = (q & 2) << 30;
    (f32::from_bits(c1.to_bits() ^ cos_sign), f32::from_bits(s1.to_bits() ^ sin_sign))
}

/// `1/sqrt(2)·…`-free standard normal pair from two uniform words (Box & Muller 1958);
/// the tails end at 5.9 standard deviations.
#[inline(always)]
pub fn normal_pair_f32(a: u32, b: u32) -> (f32, f32) {
    const SCALE: f32 = 1.0 / 16_777_216.0;
    let u = ((a >> 8) as i32 as f32 + 0.5) * SCALE;
    let v = (b >> 8) as i32 as f32 * SCALE;
    let r = (-2.0 * ln_f32(u)).max(0.0).sqrt();
    let (c, s) = cos_sin_turn_f32(v);
    (r * c, r * s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_double_precision() {
        for i in -8_600..=8_600 {
            let x = i as f32 * 0.01;
            let want = exp(f64::from(x));
            assert!((f64::from(exp_f32(x)) / want - 1.0).abs() < 2.5e-7, "x = {x}");
        }
        assert!(exp_f32(-1e30) < 2e-38 && exp_f32(0.0) == 1.0);
    }

    #[test]
    fn tanh_agrees_with_double_precision() {
        for i in 0..=120_000 {
            let x = i as f32 * 1e-4;
            let (got, want) = (tanh_f32(x), tanh(f64::from(x)));
            assert!((f64::from(got) - want).abs() <= 3e-7 * want, "x = {x}");
            assert_eq!(tanh_f32(-x).to_bits(), (-got).to_bits(), "x = {x}");
        }
        assert_eq!(tanh_f32(1e-30), 1e-30);
        assert_eq!((tanh_f32(f32::INFINITY), tanh_f32(f32::NEG_INFINITY)), (1.0, -1.0));
        assert!(tanh_f32(f32::NAN).is_nan());
    }

    #[test]
    fn ln_agrees_with_double_precision() {
        for i in 1..200_000_u32 {
            let x = i as f32 * 0.000_37;
            let want = ln(f64::from(x));
            let error = (f64::from(ln_f32(x)) - want).abs();
            assert!(error < 1e-7 + 2e-7 * want.abs(), "x = {x}: {error}");
        }
    }

    #[test]
    fn cos_and_sin_agree_with_double_precision() {
        for i in 0..=100_000_u32 {
            let u = i as f32 / 100_000.0;
            let angle = f64::from(u) * std::f64::consts::TAU;
            let (c, s) = cos_sin_turn_f32(u);
            assert!((f64::from(c) - cos(angle)).abs() < 3e-7, "u = {u}");
            assert!((f64::from(s) - sin(angle)).abs() < 3e-7, "u = {u}");
        }
    }
}
