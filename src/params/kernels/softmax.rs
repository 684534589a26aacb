//! Softmax and argmax over rows of logits.

use super::simd::{Kernel, Vector, run8, run16};
use crate::maths::{EXP_POLY, EXP_REDUCTION, ln_f32};

/// Turns each row of `stride` logits into probabilities over its first `outputs` lanes, zeros
/// in the rest: `p_k = e^(l_k - m) / Σ e^(l - m)`, `m` the row's maximum. `ln_sums[b]` becomes
/// the row's `m` and `Σ e^(l - m)`, so that a log-probability is `l_k - m - ln Σ`.
///
/// # Panics
/// Where `rows` is no whole number of rows or `norms` is shorter than that.
#[inline(always)]
pub fn softmax_rows(outputs: usize, stride: usize, rows: &mut [f32], norms: &mut [(f32, f32)]) {
    let n = whole_rows(outputs, stride, rows.len());
    let norms = &mut norms[..n];
    // narrow rows go eight at a time, the rest one by one
    let eights = if stride <= 16 { n / 8 } else { 0 };
    if eights == 0 {
        let kernel = Softmax { outputs, stride, rows, norms };
        return if stride == 8 { run8(kernel) } else { run16(kernel) };
    }
    let (by_eight, rest) = rows.split_at_mut(eights * 8 * stride);
    let (norms_by_eight, norms) = norms.split_at_mut(eights * 8);
    // those left over first: they are a chain of waits, which the eights fill
    if !rest.is_empty() {
        let kernel = Softmax { outputs, stride, rows: rest, norms };
        if stride == 8 { run8(kernel) } else { run16(kernel) }
    }
    run8(ByEight { outputs, stride, rows: by_eight, norms: norms_by_eight });
}

/// Rows of `stride` in `len` numbers, without a division where rows are narrow: in online
/// learning there is one row a call.
#[inline(always)]
fn whole_rows(outputs: usize, stride: usize, len: usize) -> usize {
    let n = match stride {
        8 => len >> 3,
        16 => len >> 4,
        _ => len / stride,
    };
    assert!(n * stride == len && outputs <= stride && outputs > 0);
    n
}

/// Softmax of eight rows at a time, a lane each: sums over outputs need no sum over lanes, and
/// eight rows share a division. Sums go over outputs in rising order.
struct ByEight<'a> {
    outputs: usize,
    stride: usize,
    rows: &'a mut [f32],
    norms: &'a mut [(f32, f32)],
}

impl Kernel for ByEight<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (outputs, stride) = (self.outputs, self.stride);
        for (i, norms) in self.norms.chunks_exact_mut(8).enumerate() {
            let rows = &mut self.rows[i * 8 * stride..(i + 1) * 8 * stride];
            // SAFETY: eight rows of `stride` lanes, `stride` 8 or 16, V of eight lanes.
            unsafe {
                // few widths, as each is compiled for every caller; ten answers are common
                match outputs {
                    ..=8 => softmax_eight::<V, 0>(outputs, stride, rows, norms),
                    9 | 10 => softmax_eight::<V, 2>(outputs, stride, rows, norms),
                    _ => softmax_eight::<V, 8>(outputs, stride, rows, norms),
                }
            };
        }
    }
}

/// # Safety
/// The caller has V's instruction set; V has eight lanes, `rows` eight rows of `stride`.
#[inline(always)]
unsafe fn softmax_eight<V: Vector, const SECOND: usize>(
    outputs: usize,
    stride: usize,
    rows: &mut [f32],
    norms: &mut [(f32, f32)],
) {
    // SAFETY: the caller vouches for the rows.
    unsafe {
        let at = rows.as_mut_ptr();
        let mut low = eight::<V>(at, stride);
        let far = V::splat(-3e38);
        // loops of a known length, so that no lane leaves its register
        let live: [bool; 16] = std::array::from_fn(|k| k < outputs);
        if SECOND == 0 {
            for k in 0..8 {
                low[k] = if live[k] { low[k] } else { far };
            }
        }
        let mut top = low[0];
        for k in 1..8 {
            top = low[k].max(top);
        }
        let mut high = [far; 8];
        if SECOND > 0 {
            high = eight::<V>(at.add(8), stride);
            for k in 0..SECOND {
                high[k] = if live[8 + k] { high[k] } else { far };
                top = high[k].max(top);
            }
        }
        // all eight at once: what a padded output adds is zero to the last bit
        for k in 0..8 {
            low[k] = exp(low[k].sub(top));
        }
        if SECOND == 0 {
            for k in 0..8 {
                low[k] = if live[k] { low[k] } else { V::splat(0.0) };
            }
        }
        let mut total = V::splat(0.0);
        for k in 0..8 {
            total = total.add(low[k]);
        }
        for k in 0..SECOND {
            high[k] = exp(high[k].sub(top));
            total = total.add(high[k]);
        }
        let inverse = V::splat(1.0).div(total);
        for k in 0..8 {
            low[k] = low[k].mul(inverse);
        }
        for k in 0..8 {
            let kept = k < SECOND && live[8 + k];
            high[k] = if kept { high[k].mul(inverse) } else { V::splat(0.0) };
        }
        put_eight(low, at, stride);
        if stride == 16 {
            put_eight(high, at.add(8), stride);
        }
        let (mut tops, mut totals) = ([0.0; 8], [0.0; 8]);
        top.store(tops.as_mut_ptr());
        total.store(totals.as_mut_ptr());
        norms.iter_mut().zip(tops.into_iter().zip(totals)).for_each(|(n, new)| *n = new);
    }
}

/// Eight lanes of eight rows, output by output.
#[inline(always)]
unsafe fn eight<V: Vector>(at: *const f32, stride: usize) -> [V; 8] {
    // SAFETY: the caller has V's instruction set and eight rows.
    unsafe {
        let mut rows: [V; 8] = std::array::from_fn(|i| V::load(at.add(i * stride)));
        V::transpose(&mut rows);
        rows
    }
}

#[inline(always)]
unsafe fn put_eight<V: Vector>(mut columns: [V; 8], at: *mut f32, stride: usize) {
    // SAFETY: as in `eight`.
    unsafe {
        V::transpose(&mut columns);
        columns.into_iter().enumerate().for_each(|(i, row)| row.store(at.add(i * stride)));
    }
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
    // SAFETY: the caller has V's instruction set.
    unsafe { exp_each([x])[0] }
}

/// `e^x` of some vectors side by side.
#[inline(always)]
unsafe fn exp_each<V: Vector, const R: usize>(x: [V; R]) -> [V; R] {
    // SAFETY: the caller has V's instruction set. The same steps as `maths::exp_f32`.
    unsafe {
        let magic = V::splat(12_582_912.0);
        let (mut t, mut r, mut p) = (x, x, x);
        for i in 0..R {
            let x = x[i].max(V::splat(-87.0));
            t[i] = x.fma(V::splat(std::f32::consts::LOG2_E), magic);
            let n = t[i].sub(magic);
            r[i] = n.fma(V::splat(-EXP_REDUCTION.0), x);
            r[i] = n.fma(V::splat(-EXP_REDUCTION.1), r[i]);
            p[i] = V::splat(EXP_POLY[0]);
        }
        for c in &EXP_POLY[1..] {
            for i in 0..R {
                p[i] = p[i].fma(r[i], V::splat(*c));
            }
        }
        for i in 0..R {
            p[i] = p[i].fma(r[i].mul(r[i]), r[i]).add(V::splat(1.0)).scale_pow2(t[i]);
        }
        p
    }
}

impl Kernel for Softmax<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (outputs, stride) = (self.outputs, self.stride);
        let mut row = self.rows.as_mut_ptr();
        let mut norms = self.norms.chunks_exact_mut(2);
        // SAFETY: there are as many rows as norms, of `stride` lanes, a multiple of LANES.
        unsafe {
            for two in &mut norms {
                softmax_each::<V, 2>(outputs, stride, row, two);
                row = row.add(2 * stride);
            }
            let one = norms.into_remainder();
            if !one.is_empty() {
                softmax_each::<V, 1>(outputs, stride, row, one);
            }
        }
    }
}

/// Softmax of `R` rows side by side: what one waits for, another does.
///
/// # Safety
/// The caller has V's instruction set; from `at` on there are `R` rows of `stride` lanes, and
/// as many norms.
#[inline(always)]
unsafe fn softmax_each<V: Vector, const R: usize>(
    outputs: usize,
    stride: usize,
    at: *mut f32,
    norms: &mut [(f32, f32)],
) {
    // SAFETY: the caller vouches for the rows; `lane` is below `stride`.
    unsafe {
        let mut top = [V::splat(f32::NEG_INFINITY); R];
        let mut lane = 0;
        while lane < stride {
            let live = Live::<V>::new(outputs, lane);
            for (r, top) in top.iter_mut().enumerate() {
                *top = V::load(at.add(r * stride + lane)).add(live.out).max(*top);
            }
            lane += V::LANES;
        }
        let mut most = [0.0; R];
        for r in 0..R {
            most[r] = top[r].max_lane();
        }
        let mut sums = [V::splat(0.0); R];
        let mut lane = 0;
        while lane < stride {
            let live = Live::<V>::new(outputs, lane);
            let mut x = [V::splat(0.0); R];
            for r in 0..R {
                // padding may be far above: no infinity must meet its mask
                x[r] = V::load(at.add(r * stride + lane)).add(live.out).sub(V::splat(most[r]));
            }
            let e = exp_each(x);
            for r in 0..R {
                let e = e[r].mul(live.mask);
                e.store(at.add(r * stride + lane));
                sums[r] = sums[r].add(e);
            }
            lane += V::LANES;
        }
        let mut inverse = [V::splat(0.0); R];
        for r in 0..R {
            norms[r] = (most[r], sums[r].sum());
            inverse[r] = V::splat(1.0 / norms[r].1);
        }
        let mut lane = 0;
        while lane < stride {
            for (r, inverse) in inverse.iter().enumerate() {
                let at = at.add(r * stride + lane);
                V::load(at).mul(*inverse).store(at);
            }
            lane += V::LANES;
        }
    }
}

/// Which lanes of a vector are outputs and which are padding.
#[derive(Clone, Copy)]
struct Live<V> {
    /// 1 for outputs, 0 for padding.
    mask: V,
    /// To be added: 0 for outputs, far below every logit for padding.
    out: V,
}

impl<V: Vector> Live<V> {
    /// # Safety
    /// As for [`mask`].
    #[inline(always)]
    unsafe fn new(outputs: usize, lane: usize) -> Self {
        // SAFETY: the caller has V's instruction set.
        unsafe {
            let mask = mask::<V>(outputs, lane);
            Live { mask, out: mask.sub(V::splat(1.0)).mul(V::splat(3e38)) }
        }
    }
}

/// The first of a row's largest `outputs` entries, for each row.
///
/// # Panics
/// Where `rows` is no whole number of rows or `best` is shorter than that.
#[inline]
pub fn argmax(outputs: usize, stride: usize, rows: &[f32], best: &mut [u32]) {
    let best = &mut best[..whole_rows(outputs, stride, rows.len())];
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
        // SAFETY: `lane` is below `stride`; see `mask`.
        let zero = unsafe { Live::<V>::new(outputs, 0) };
        for (i, best) in self.best.iter_mut().enumerate() {
            // SAFETY: there are as many rows as answers, of `stride` lanes, a multiple of LANES.
            unsafe {
                let at = self.rows.as_ptr().add(i * stride);
                let (mut top, mut first) = (f32::NEG_INFINITY, 0);
                for lane in (0..stride).step_by(V::LANES) {
                    let live = if lane == 0 { zero } else { Live::new(outputs, lane) };
                    let v = V::load(at.add(lane)).add(live.out);
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

/// `-ln p` of each probability, in nats; probabilities below the smallest normal number, 1.2e-38,
/// count as that.
pub fn surprises(p: &[f32], nats: &mut [f32]) {
    run16(Surprises { p, nats });
}

struct Surprises<'a> {
    p: &'a [f32],
    nats: &'a mut [f32],
}

impl Kernel for Surprises<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (p, nats) in self.p.iter().zip(self.nats) {
            *nats = -ln_f32(if *p > f32::MIN_POSITIVE { *p } else { f32::MIN_POSITIVE });
        }
    }
}
