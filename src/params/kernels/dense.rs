//! Forward and backward passes of a weight block over a few examples.

use super::Shape;
use super::simd::{Kernel, Vector, run8, run16};

/// Inputs of a few examples: rows of one matrix, all of them in order or some by number.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Row by row, each of a [`Shape`]'s inputs.
    x: &'a [f32],
    /// The rows that count; `None` takes the first `n`.
    picked: Option<&'a [u32]>,
}

impl<'a> Rows<'a> {
    /// The first rows of `x`, in order.
    #[inline]
    pub fn all(x: &'a [f32]) -> Self {
        Rows { x, picked: None }
    }

    /// Rows of `x` by number: nothing is copied together before it is worked on.
    #[inline]
    pub fn picked(x: &'a [f32], rows: &'a [u32]) -> Self {
        Rows { x, picked: Some(rows) }
    }

    /// # Panics
    /// Where there are fewer than `n` rows of `inputs`.
    #[inline]
    fn check(&self, n: usize, inputs: usize) {
        match self.picked {
            None => assert!(self.x.len() >= n * inputs),
            Some(rows) => {
                // a fold of maxima vectorises; an iterator's `max` is a chain of comparisons
                let last = rows[..n].iter().fold(0, |last, &row| last.max(row));
                assert!(n == 0 || self.x.len() >= (last as usize + 1) * inputs);
            }
        }
    }

    /// # Safety
    /// `example` is below the `n` that was checked.
    #[inline(always)]
    unsafe fn row(&self, example: usize, inputs: usize) -> *const f32 {
        // SAFETY: `check` found the row within `x`.
        unsafe {
            let row = match self.picked {
                None => example,
                Some(rows) => *rows.get_unchecked(example) as usize,
            };
            self.x.as_ptr().add(row * inputs)
        }
    }
}

/// `out[b] = Σ_j x[b][j] · w[j]`: `x` is `n × inputs`, `w` is `inputs × stride`, `out` is
/// `n × stride`. A sum goes over `j` in rising order; that of an example on its own goes in
/// four, over every fourth `j` (what is left over goes to the first), which meet by halves, so
/// as not to wait for each product.
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline(always)]
pub fn forward(shape: Shape, w: &[f32], x: Rows<'_>, out: &mut [f32]) {
    run_forward::<false>(shape, w, x, out);
}

/// `out[b] += Σ_j x[b][j] · w[j]`; see [`forward`].
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline(always)]
pub fn forward_add(shape: Shape, w: &[f32], x: Rows<'_>, out: &mut [f32]) {
    run_forward::<true>(shape, w, x, out);
}

#[inline(always)]
fn run_forward<const ADD: bool>(shape: Shape, w: &[f32], x: Rows<'_>, out: &mut [f32]) {
    let Shape { n, inputs, stride } = shape;
    x.check(n, inputs);
    assert!(w.len() >= inputs * stride && out.len() >= n * stride);
    if n == 1 {
        // SAFETY: the row was checked.
        let x = unsafe { std::slice::from_raw_parts(x.row(0, inputs), inputs) };
        let (w, out) = ([&w[..inputs * stride]], &mut out[..stride]);
        let kernel = ForwardOne::<1, ADD> { w, x, out };
        if stride == 8 { run8(kernel) } else { run16(kernel) }
    } else {
        let kernel = Forward::<ADD> { shape, w, x, out };
        if stride == 8 { run8(kernel) } else { run16(kernel) }
    }
}

/// `out = Σ_b Σ_j x[j] · w[at[b]..][j]`, the sum over each block by itself: one example in some
/// blocks that lie in one slice, each from its place in `at`.
///
/// # Panics
/// Where a block of `x.len()` rows of `out.len()` lanes does not lie in `w`.
#[inline(always)]
pub fn forward_at<const BLOCKS: usize>(w: &[f32], at: [usize; BLOCKS], x: &[f32], out: &mut [f32]) {
    let len = x.len() * out.len();
    let w = std::array::from_fn(|b| &w[at[b]..at[b] + len]);
    let kernel = ForwardOne::<BLOCKS, false> { w, x, out };
    if kernel.out.len() == 8 { run8(kernel) } else { run16(kernel) }
}

/// [`Forward`] for a single example in some blocks: small, because its time is that of the call.
struct ForwardOne<'a, const BLOCKS: usize, const ADD: bool> {
    w: [&'a [f32]; BLOCKS],
    x: &'a [f32],
    out: &'a mut [f32],
}

impl<const BLOCKS: usize, const ADD: bool> Kernel for ForwardOne<'_, BLOCKS, ADD> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let ForwardOne { w, x, out } = self;
        let (stride, inputs, whole) = (out.len(), x.len(), x.len() & !3);
        let (x, out) = (x.as_ptr(), out.as_mut_ptr());
        let mut lane = 0;
        while lane < stride {
            // SAFETY: each of `w` has `inputs` rows of `stride` lanes, a multiple of LANES.
            unsafe {
                let mut total = V::splat(0.0);
                for w in w {
                    let w = w.as_ptr().add(lane);
                    let mut four = [V::splat(0.0); 4];
                    let mut j = 0;
                    while j < whole {
                        for (i, sum) in four.iter_mut().enumerate() {
                            let row = V::load(w.add((j + i) * stride));
                            *sum = V::splat(*x.add(j + i)).fma(row, *sum);
                        }
                        j += 4;
                    }
                    while j < inputs {
                        four[0] = V::splat(*x.add(j)).fma(V::load(w.add(j * stride)), four[0]);
                        j += 1;
                    }
                    total = total.add(four[0].add(four[2]).add(four[1].add(four[3])));
                }
                let to = out.add(lane);
                let total = if ADD { V::load(to).add(total) } else { total };
                total.store(to);
            }
            lane += V::LANES;
        }
    }
}

struct Forward<'a, const ADD: bool> {
    shape: Shape,
    w: &'a [f32],
    x: Rows<'a>,
    out: &'a mut [f32],
}

/// Divides `n` examples into groups of at most `most`, alike in size up to one, without a
/// division where one or two groups will do.
#[inline(always)]
fn groups(n: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = if n <= most { 1 } else { n.div_ceil(most) };
    (0..if n == 0 { 0 } else { count }).map(move |group| match count {
        1 => (0, n),
        2 => (group * n / 2, (group + 1) * n / 2),
        _ => (group * n / count, (group + 1) * n / count),
    })
}

/// Calls `$f::<V, G, …>` with the number of examples `$g` as a constant.
macro_rules! by_size {
    ($g:expr, $f:ident $(, $more:ident)*; $($arg:expr),*) => {
        match $g {
            1 => $f::<V, 1 $(, $more)*>($($arg),*),
            2 => $f::<V, 2 $(, $more)*>($($arg),*),
            3 => $f::<V, 3 $(, $more)*>($($arg),*),
            4 => $f::<V, 4 $(, $more)*>($($arg),*),
            5 => $f::<V, 5 $(, $more)*>($($arg),*),
            6 => $f::<V, 6 $(, $more)*>($($arg),*),
            7 => $f::<V, 7 $(, $more)*>($($arg),*),
            8 => $f::<V, 8 $(, $more)*>($($arg),*),
            9 => $f::<V, 9 $(, $more)*>($($arg),*),
            10 => $f::<V, 10 $(, $more)*>($($arg),*),
            _ => unreachable!("a group has at most ten examples"),
        }
    };
}

impl<const ADD: bool> Kernel for Forward<'_, ADD> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Shape { n, inputs, stride } = self.shape;
        for (start, end) in groups(n, V::FORWARD) {
            for lane in (0..stride).step_by(V::LANES) {
                // SAFETY: the entry point checked the lengths; rows `start..end` and lanes
                // `lane..lane + LANES` lie within them, `stride` being a multiple of LANES.
                unsafe {
                    let w = self.w.as_ptr().add(lane);
                    let out = self.out.as_mut_ptr().add(start * stride + lane);
                    let x = self.x;
                    by_size!(end - start, rows_forward, ADD; (inputs, stride), w, x, start, out);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows_forward<V: Vector, const G: usize, const ADD: bool>(
    (inputs, stride): (usize, usize),
    w: *const f32,
    x: Rows<'_>,
    start: usize,
    out: *mut f32,
) {
    // SAFETY: see `Forward::run`.
    unsafe {
        let rows: [*const f32; G] = std::array::from_fn(|b| x.row(start + b, inputs));
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

/// `w[j] += Σ_b x[b][j] · (scale · g[b])`, examples in order: `g` is `n × stride`, the rest as
/// in [`forward`]. With `scale` the negative learning rate this is a gradient step.
///
/// # Panics
/// Where a slice is shorter than its shape.
#[inline(always)]
pub fn backward(shape: Shape, w: &mut [f32], x: Rows<'_>, scale: f32, g: &[f32]) {
    let Shape { n, inputs, stride } = shape;
    x.check(n, inputs);
    assert!(w.len() >= inputs * stride && g.len() >= n * stride);
    if n == 1 {
        // SAFETY: the row was checked.
        let x = unsafe { std::slice::from_raw_parts(x.row(0, inputs), inputs) };
        let kernel = BackwardOne { w, at: [(0, scale)], x, g: &g[..stride] };
        if stride == 8 { run8(kernel) } else { run16(kernel) }
    } else {
        let kernel = Backward { shape, w, x, scale, g };
        if stride == 8 { run8(kernel) } else { run16(kernel) }
    }
}

/// `w[at..][j] += x[j] · (scale · g)` for some blocks that lie in one slice, each from its place
/// and with its own scale: one example's step.
///
/// # Panics
/// Where a block of `x.len()` rows of `g.len()` lanes does not lie in `w`.
#[inline(always)]
pub fn backward_at<const BLOCKS: usize>(
    w: &mut [f32],
    at: [(usize, f32); BLOCKS],
    x: &[f32],
    g: &[f32],
) {
    let len = x.len() * g.len();
    assert!(at.iter().all(|(at, _)| at + len <= w.len()));
    let kernel = BackwardOne { w, at, x, g };
    if g.len() == 8 { run8(kernel) } else { run16(kernel) }
}

/// [`Backward`] for a single example in some blocks.
struct BackwardOne<'a, const BLOCKS: usize> {
    w: &'a mut [f32],
    at: [(usize, f32); BLOCKS],
    x: &'a [f32],
    g: &'a [f32],
}

impl<const BLOCKS: usize> Kernel for BackwardOne<'_, BLOCKS> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let BackwardOne { w, at, x, g } = self;
        let (stride, inputs) = (g.len(), x.len());
        let (w, x, g) = (w.as_mut_ptr(), x.as_ptr(), g.as_ptr());
        for (at, scale) in at {
            let mut lane = 0;
            while lane < stride {
                // SAFETY: from each of `at` on, `w` has `inputs` rows of `stride` lanes, a
                // multiple of LANES.
                unsafe {
                    let step = V::load(g.add(lane)).mul(V::splat(scale));
                    let w = w.add(at + lane);
                    let mut j = 0;
                    while j < inputs {
                        let row = w.add(j * stride);
                        V::splat(*x.add(j)).fma(step, V::load(row)).store(row);
                        j += 1;
                    }
                }
                lane += V::LANES;
            }
        }
    }
}

struct Backward<'a> {
    shape: Shape,
    w: &'a mut [f32],
    x: Rows<'a>,
    scale: f32,
    g: &'a [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let Shape { n, inputs, stride } = self.shape;
        for (start, end) in groups(n, V::BACKWARD) {
            for lane in (0..stride).step_by(V::LANES) {
                // SAFETY: as in `Forward::run`.
                unsafe {
                    let w = self.w.as_mut_ptr().add(lane);
                    let g = self.g.as_ptr().add(start * stride + lane);
                    let (x, scale) = (self.x, V::splat(self.scale));
                    by_size!(end - start, rows_backward; (inputs, stride), w, x, start, scale, g);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows_backward<V: Vector, const G: usize>(
    (inputs, stride): (usize, usize),
    w: *mut f32,
    x: Rows<'_>,
    start: usize,
    scale: V,
    g: *const f32,
) {
    // SAFETY: see `Backward::run`.
    unsafe {
        let rows: [*const f32; G] = std::array::from_fn(|b| x.row(start + b, inputs));
        let steps: [V; G] = std::array::from_fn(|b| V::load(g.add(b * stride)).mul(scale));
        // two inputs at a time: twice as many chains of sums for the processor to choose from
        let pairs = inputs / 2 * 2;
        for j in (0..pairs).step_by(2) {
            let at = w.add(j * stride);
            let (mut row, mut next) = (V::load(at), V::load(at.add(stride)));
            for b in 0..G {
                row = V::splat(*rows[b].add(j)).fma(steps[b], row);
                next = V::splat(*rows[b].add(j + 1)).fma(steps[b], next);
            }
            row.store(at);
            next.store(at.add(stride));
        }
        if pairs < inputs {
            let at = w.add(pairs * stride);
            let mut row = V::load(at);
            for b in 0..G {
                row = V::splat(*rows[b].add(pairs)).fma(steps[b], row);
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
