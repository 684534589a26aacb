//! Softmax and argmax over rows of logits.

use super::simd::{Kernel, Vector, run8, run16};
use crate::maths::{EXP_POLY, EXP_REDUCTION};

/// Turns each row of `stride` logits into probabilities over its first `outputs` lanes, zeros
/// in the rest: `p_k = e^(l_k - m) / Σ e^(l - m)`, `m` the row's maximum. `ln_sums[b]` becomes
/// the row's `m` and `Σ e^(l - m)`, so that a log-probability is `l_k - m - ln Σ`.
///
/// # Panics
/// Where `rows` is no whole number of rows or `norms` is shorter than that.
#[inline]
pub fn softmax_rows(outputs: usize, stride: usize, rows: &mut [f32], norms: &mut [(f32, f32)]) {
    assert!(rows.len().is_multiple_of(stride) && outputs <= stride && outputs > 0);
    assert!(norms.len() >= rows.len() / stride);
    let kernel = Softmax { outputs, stride, rows, norms };
    if stride == 8 { run8(kernel) } else { run16(kernel) }
}

struct Softmax<'a> {
    outputs: usize,
    stride: usize,
    rows: &'a mut [f32],
    norms: &'a mut [(f32, f32)],
}

/// Ones for the lanes below `outputs`, zeros for the rest: `MASKS[16 - outputs..]`.
static MASKS: [f32; 32] = {
    let mut masks = [0.0; 32];
    let mut i = 0;
    while i < 16 {
        masks[i] = 1.0;
        i += 1;
    }
    masks
};

/// The mask of the vector whose first lane is output `lane`.
#[inline(always)]
unsafe fn mask<V: Vector>(outputs: usize, lane: usize) -> V {
    let live = outputs.saturating_sub(lane).min(V::LANES);
    // SAFETY: `16 - live + LANES <= 32`, as LANES is at most 16.
    unsafe { V::load(MASKS.as_ptr().add(16 - live)) }
}

#[inline(always)]
unsafe fn exp<V: Vector>(x: V) -> V {
    // SAFETY: the caller has V's instruction set. The same steps as `maths::exp_f32`.
    unsafe {
        let magic = V::splat(12_582_912.0);
        let x = x.max(V::splat(-87.0));
        let t = x.fma(V::splat(std::f32::consts::LOG2_E), magic);
        let n = t.sub(magic);
        let r = n.fma(V::splat(-EXP_REDUCTION.0), x);
        let r = n.fma(V::splat(-EXP_REDUCTION.1), r);
        let mut p = V::splat(EXP_POLY[0]);
        for c in &EXP_POLY[1..] {
            p = p.fma(r, V::splat(*c));
        }
        p.fma(r.mul(r), r).add(V::splat(1.0)).scale_pow2(t)
    }
}

impl Kernel for Softmax<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (outputs, stride) = (self.outputs, self.stride);
        for (row, norm) in self.rows.chunks_exact_mut(stride).zip(self.norms) {
            // SAFETY: a row has `stride` lanes, a multiple of LANES.
            unsafe {
                let at = row.as_mut_ptr();
                let mut top = V::splat(f32::NEG_INFINITY);
                for lane in (0..stride).step_by(V::LANES) {
                    // padded lanes are out of the running: mask 1 → 0, mask 0 → -3e38
                    let live = mask::<V>(outputs, lane);
                    let out = live.sub(V::splat(1.0)).mul(V::splat(3e38));
                    top = V::load(at.add(lane)).add(out).max(top);
                }
                let m = top.max_lane();
                let mut sum = V::splat(0.0);
                for lane in (0..stride).step_by(V::LANES) {
                    let e = exp(V::load(at.add(lane)).sub(V::splat(m)));
                    let e = e.mul(mask::<V>(outputs, lane));
                    e.store(at.add(lane));
                    sum = sum.add(e);
                }
                let total = sum.sum();
                let inverse = V::splat(1.0 / total);
                for lane in (0..stride).step_by(V::LANES) {
                    V::load(at.add(lane)).mul(inverse).store(at.add(lane));
                }
                *norm = (m, total);
            }
        }
    }
}

/// The first of a row's largest `outputs` entries, for each row.
///
/// # Panics
/// Where `rows` is no whole number of rows or `best` is shorter than that.
#[inline]
pub fn argmax(outputs: usize, stride: usize, rows: &[f32], best: &mut [u32]) {
    assert!(rows.len().is_multiple_of(stride) && outputs <= stride && outputs > 0);
    assert!(best.len() >= rows.len() / stride);
    let kernel = Argmax { outputs, stride, rows, best };
    if stride == 8 { run8(kernel) } else { run16(kernel) }
}

struct Argmax<'a> {
    outputs: usize,
    stride: usize,
    rows: &'a [f32],
    best: &'a mut [u32],
}

impl Kernel for Argmax<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (outputs, stride) = (self.outputs, self.stride);
        for (row, best) in self.rows.chunks_exact(stride).zip(self.best) {
            // SAFETY: a row has `stride` lanes, a multiple of LANES.
            unsafe {
                let at = row.as_ptr();
                let (mut top, mut first) = (f32::NEG_INFINITY, 0);
                for lane in (0..stride).step_by(V::LANES) {
                    let live = mask::<V>(outputs, lane);
                    let out = live.sub(V::splat(1.0)).mul(V::splat(3e38));
                    let v = V::load(at.add(lane)).add(out);
                    let m = v.max_lane();
                    if m > top {
                        (top, first) = (m, lane as u32 + v.first_equal(m));
                    }
                }
                *best = first.min(outputs as u32 - 1);
            }
        }
    }
}
