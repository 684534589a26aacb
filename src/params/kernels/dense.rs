//! Forward and backward passes of a weight block over a few examples.

use super::Shape;
use super::simd::{Kernel, Vector, run8, run16};

/// Examples that go through the rows together, each with its sum in a register.
const GROUP: usize = 10;

/// `out[b] = Σ_j x[b][j] · w[j]`: `x` is `n × inputs`, `w` is `inputs × stride`, `out` is
/// `n × stride`. Each sum goes over `j` in rising order.
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline]
pub fn forward(shape: Shape, w: &[f32], x: &[f32], out: &mut [f32]) {
    run_forward::<false>(shape, w, x, out);
}

/// `out[b] += Σ_j x[b][j] · w[j]`; see [`forward`].
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline]
pub fn forward_add(shape: Shape, w: &[f32], x: &[f32], out: &mut [f32]) {
    run_forward::<true>(shape, w, x, out);
}

#[inline]
fn run_forward<const ADD: bool>(shape: Shape, w: &[f32], x: &[f32], out: &mut [f32]) {
    let Shape { n, inputs, stride } = shape;
    assert!(w.len() >= inputs * stride && x.len() >= n * inputs && out.len() >= n * stride);
    let kernel = Forward::<ADD> { shape, w, x, out };
    if stride == 8 { run8(kernel) } else { run16(kernel) }
}

struct Forward<'a, const ADD: bool> {
    shape: Shape,
    w: &'a [f32],
    x: &'a [f32],
    out: &'a mut [f32],
}

impl<const ADD: bool> Kernel for Forward<'_, ADD> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Shape { n, inputs, stride } = self.shape;
        let groups = n.div_ceil(GROUP);
        for group in 0..groups {
            let (start, end) = (group * n / groups, (group + 1) * n / groups);
            for lane in (0..stride).step_by(V::LANES) {
                // SAFETY: the entry point checked the lengths; rows `start..end` and lanes
                // `lane..lane + LANES` lie within them, `stride` being a multiple of LANES.
                unsafe {
                    let w = self.w.as_ptr().add(lane);
                    let x = self.x.as_ptr().add(start * inputs);
                    let out = self.out.as_mut_ptr().add(start * stride + lane);
                    macro_rules! by_size {
                        ($($g:literal)*) => {
                            match end - start {
                                $($g => rows_forward::<V, $g, ADD>(inputs, stride, w, x, out),)*
                                _ => unreachable!("a group has at most {GROUP} examples"),
                            }
                        };
                    }
                    by_size!(1 2 3 4 5 6 7 8 9 10);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows_forward<V: Vector, const G: usize, const ADD: bool>(
    inputs: usize,
    stride: usize,
    w: *const f32,
    x: *const f32,
    out: *mut f32,
) {
    // SAFETY: see `Forward::run`.
    unsafe {
        let rows: [*const f32; G] = std::array::from_fn(|b| x.add(b * inputs));
        let mut sums = [V::splat(0.0); G];
        for j in 0..inputs {
            let row = V::load(w.add(j * stride));
            for b in 0..G {
                sums[b] = V::splat(*rows[b].add(j)).fma(row, sums[b]);
            }
        }
        for b in 0..G {
            let to = out.add(b * stride);
            let sum = if ADD { V::load(to).add(sums[b]) } else { sums[b] };
            sum.store(to);
        }
    }
}

/// `w[j] += Σ_b x[b][j] · g[b]`, examples in order: `g` is `n × stride`, the rest as in
/// [`forward`].
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline]
pub fn backward(shape: Shape, w: &mut [f32], x: &[f32], g: &[f32]) {
    let Shape { n, inputs, stride } = shape;
    assert!(w.len() >= inputs * stride && x.len() >= n * inputs && g.len() >= n * stride);
    let kernel = Backward { shape, w, x, g };
    if stride == 8 { run8(kernel) } else { run16(kernel) }
}

struct Backward<'a> {
    shape: Shape,
    w: &'a mut [f32],
    x: &'a [f32],
    g: &'a [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Shape { n, inputs, stride } = self.shape;
        let groups = n.div_ceil(GROUP);
        for group in 0..groups {
            let (start, end) = (group * n / groups, (group + 1) * n / groups);
            for lane in (0..stride).step_by(V::LANES) {
                // SAFETY: as in `Forward::run`.
                unsafe {
                    let w = self.w.as_mut_ptr().add(lane);
                    let x = self.x.as_ptr().add(start * inputs);
                    let g = self.g.as_ptr().add(start * stride + lane);
                    macro_rules! by_size {
                        ($($g:literal)*) => {
                            match end - start {
                                $($g => rows_backward::<V, $g>(inputs, stride, w, x, g),)*
                                _ => unreachable!("a group has at most {GROUP} examples"),
                            }
                        };
                    }
                    by_size!(1 2 3 4 5 6 7 8 9 10);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows_backward<V: Vector, const G: usize>(
    inputs: usize,
    stride: usize,
    w: *mut f32,
    x: *const f32,
    g: *const f32,
) {
    // SAFETY: see `Backward::run`.
    unsafe {
        let rows: [*const f32; G] = std::array::from_fn(|b| x.add(b * inputs));
        let steps: [V; G] = std::array::from_fn(|b| V::load(g.add(b * stride)));
        for j in 0..inputs {
            let at = w.add(j * stride);
            let mut row = V::load(at);
            for b in 0..G {
                row = V::splat(*rows[b].add(j)).fma(steps[b], row);
            }
            row.store(at);
        }
    }
}

/// `out[j] = Σ_o w[j][o] · g[o]`: what one example's output gradient `g` (`stride` lanes,
/// zeros in the padding) means for its inputs; `out` has `inputs` entries.
///
/// # Panics
/// Where a slice is shorter than its shape.
pub fn dot_rows(inputs: usize, stride: usize, w: &[f32], g: &[f32], out: &mut [f32]) {
    assert!(w.len() >= inputs * stride && g.len() >= stride && out.len() >= inputs);
    let kernel = DotRows { inputs, stride, w, g, out };
    if stride == 8 { run8(kernel) } else { run16(kernel) }
}

struct DotRows<'a> {
    inputs: usize,
    stride: usize,
    w: &'a [f32],
    g: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for DotRows<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for (row, out) in self.w.chunks_exact(self.stride).zip(&mut self.out[..self.inputs]) {
            // SAFETY: a row and `g` have `stride` lanes, a multiple of LANES.
            unsafe {
                let mut sum = V::splat(0.0);
                for lane in (0..self.stride).step_by(V::LANES) {
                    let g = V::load(self.g.as_ptr().add(lane));
                    sum = V::load(row.as_ptr().add(lane)).fma(g, sum);
                }
                *out = sum.sum();
            }
        }
    }
}
