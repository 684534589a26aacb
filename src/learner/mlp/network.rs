//! Layers with adapters: forward and backward over a batch. Parameters come from outside.

use crate::learner::statistic::add_outer;
use crate::params::kernels::{Rows, Shape, backward, dot_rows, forward, forward_add, tanh};
use crate::scenario::Activation;

/// One layer: a weight block of `inputs × stride`, see [`kernels`](crate::params::kernels).
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    /// What comes in; the last is the constant 1.
    pub inputs: usize,
    /// What goes out.
    pub outputs: usize,
    /// Lanes of a row of weights.
    pub stride: usize,
}

impl Layer {
    fn shape(&self, n: usize) -> Shape {
        Shape { n, inputs: self.inputs, stride: self.stride }
    }
}

/// The layers' low-rank adapters: `W + factor · A B`.
///
/// A layer's adapter is `A`, `inputs × lanes` with zeros from lane `rank` on, and behind it
/// `B`, `rank × stride`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adapters {
    pub rank: usize,
    /// Lanes of a row of `A`.
    pub lanes: usize,
    /// `scale / rank`.
    pub factor: f32,
}

impl Adapters {
    /// Entries of a layer's adapter.
    pub fn entries(&self, layer: &Layer) -> usize {
        layer.inputs * self.lanes + self.rank * layer.stride
    }

    /// Where `B` begins.
    pub fn split(&self, layer: &Layer) -> usize {
        layer.inputs * self.lanes
    }

    /// `A` and `B` of a layer's adapter, if there is one.
    fn halves<'a>(&self, layer: &Layer, adapter: &'a [f32]) -> Option<(&'a [f32], &'a [f32])> {
        (!adapter.is_empty()).then(|| adapter.split_at(self.split(layer)))
    }
}

/// What all policies of a fleet have in common but their parameters.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub layers: Vec<Layer>,
    pub adapters: Adapters,
    pub activation: Activation,
}

/// What a layer saw of a batch of `n`, and the loss's derivatives there.
#[derive(Debug, Default)]
struct Pass {
    /// Inputs, `n × inputs`.
    x: Vec<f32>,
    /// `factor · x A`, `n × rank`.
    reduced: Vec<f32>,
    /// Derivative on the outputs, `n × stride`.
    gradient: Vec<f32>,
    /// Derivative on `x A`, `n × lanes`.
    reduced_gradient: Vec<f32>,
}

/// A worker's buffers; they grow with the largest batch and are then used again.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    passes: Vec<Pass>,
    /// Rows between two layers.
    rows: Vec<f32>,
    /// The derivative on a layer's inputs, by way of its weights and of its adapter.
    through: Vec<f32>,
    around: Vec<f32>,
}

impl Buffers {
    /// Empties the network's inputs and gives them to be filled, `n × inputs`.
    pub fn inputs(&mut self) -> &mut Vec<f32> {
        if self.passes.is_empty() {
            self.passes.push(Pass::default());
        }
        self.passes[0].x.clear();
        &mut self.passes[0].x
    }
}

impl Network {
    /// Outputs `to`, `n × stride` of the last layer, of the inputs laid into the buffers.
    /// `params` gives a layer's weights and its adapter, empty where there is none.
    pub fn forward<'p>(
        &self,
        n: usize,
        params: impl Fn(usize) -> (&'p [f32], &'p [f32]),
        buffers: &mut Buffers,
        to: &mut [f32],
    ) {
        let Adapters { rank, lanes, factor } = self.adapters;
        let Buffers { passes, rows, .. } = buffers;
        passes.resize_with(self.layers.len(), Pass::default);
        for (l, layer) in self.layers.iter().enumerate() {
            let (weights, adapter) = params(l);
            let adapter = self.adapters.halves(layer, adapter);
            let Pass { x, reduced, .. } = &mut passes[l];
            if let Some((a, _)) = adapter {
                rows.resize(n * lanes, 0.0);
                forward(Shape { n, inputs: layer.inputs, stride: lanes }, a, Rows::all(x), rows);
                reduced.clear();
                for row in rows.chunks_exact(lanes) {
                    reduced.extend(row[..rank].iter().map(|v| factor * v));
                }
            }
            let last = l + 1 == self.layers.len();
            rows.resize(n * layer.stride, 0.0);
            let out = if last { &mut to[..n * layer.stride] } else { &mut rows[..] };
            forward(layer.shape(n), weights, Rows::all(x), out);
            if let Some((_, b)) = adapter {
                let shape = Shape { n, inputs: rank, stride: layer.stride };
                forward_add(shape, b, Rows::all(reduced), out);
            }
            if !last {
                self.activate(layer, rows, &mut passes[l + 1].x);
            }
        }
    }

    /// From a layer's outputs to the next one's inputs, the constant behind them.
    fn activate(&self, layer: &Layer, rows: &mut [f32], to: &mut Vec<f32>) {
        match self.activation {
            Activation::Tanh => tanh(rows),
            // what is not a number stays so
            Activation::Relu => rows.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
        }
        to.clear();
        for row in rows.chunks_exact(layer.stride) {
            to.extend_from_slice(&row[..layer.outputs]);
            to.push(1.0);
        }
    }

    /// Derivatives everywhere, from `gradient` on the last layer's outputs, of the batch that
    /// went [forward](Network::forward) last, at the same parameters.
    pub fn backward<'p>(
        &self,
        n: usize,
        params: impl Fn(usize) -> (&'p [f32], &'p [f32]),
        buffers: &mut Buffers,
        gradient: &[f32],
    ) {
        let Adapters { rank, lanes, factor } = self.adapters;
        let Buffers { passes, through, around, .. } = buffers;
        let last = self.layers.len() - 1;
        passes[last].gradient.clear();
        passes[last].gradient.extend_from_slice(gradient);
        for l in (0..=last).rev() {
            let layer = &self.layers[l];
            let (weights, adapter) = params(l);
            let adapter = self.adapters.halves(layer, adapter);
            let (before, pass) = passes.split_at_mut(l);
            let Pass { x, gradient, reduced_gradient, .. } = &mut pass[0];
            if let Some((_, b)) = adapter {
                reduced_gradient.clear();
                reduced_gradient.resize(n * lanes, 0.0);
                let rows = reduced_gradient.chunks_exact_mut(lanes);
                for (to, g) in rows.zip(gradient.chunks_exact(layer.stride)) {
                    dot_rows(rank, layer.stride, b, g, to);
                    to[..rank].iter_mut().for_each(|v| *v *= factor);
                }
            }
            let Some(before) = before.last_mut() else { continue };
            // nobody needs the derivative on the constant
            let (width, stride) = (layer.inputs - 1, self.layers[l - 1].stride);
            through.resize(width, 0.0);
            around.resize(width, 0.0);
            before.gradient.clear();
            before.gradient.resize(n * stride, 0.0);
            for (i, to) in before.gradient.chunks_exact_mut(stride).enumerate() {
                let g = &gradient[i * layer.stride..(i + 1) * layer.stride];
                dot_rows(width, layer.stride, weights, g, through);
                if let Some((a, _)) = adapter {
                    dot_rows(width, lanes, a, &reduced_gradient[i * lanes..], around);
                    through.iter_mut().zip(&*around).for_each(|(t, a)| *t += a);
                }
                let x = &x[i * layer.inputs..][..width];
                for ((to, d), x) in to.iter_mut().zip(&*through).zip(x) {
                    *to = match self.activation {
                        Activation::Tanh => d * (1.0 - x * x),
                        Activation::Relu if *x > 0.0 => *d,
                        Activation::Relu => 0.0,
                    };
                }
            }
        }
    }

    /// Moves a layer's weights by `-rate` times their gradient.
    pub fn move_weights(
        &self,
        n: usize,
        l: usize,
        rate: f32,
        weights: &mut [f32],
        buffers: &Buffers,
    ) {
        let Pass { x, gradient, .. } = &buffers.passes[l];
        backward(self.layers[l].shape(n), weights, Rows::all(x), -rate, gradient);
    }

    /// Adds the squared gradients of a layer's weights: `share · Σ_b weights[b] (x_b g_bᵀ)²`, entry by
    /// entry, over the batch that went [backward](Network::backward) last.
    pub fn add_squares(
        &self,
        l: usize,
        share: f32,
        weights: &[f32],
        to: &mut [f32],
        buffers: &mut Buffers,
    ) {
        let layer = &self.layers[l];
        let Buffers { passes, rows, through, .. } = buffers;
        let Pass { x, gradient, .. } = &passes[l];
        through.clear();
        through.extend(x.iter().map(|x| x * x));
        rows.clear();
        for (row, weight) in gradient.chunks_exact(layer.stride).zip(weights) {
            rows.extend(row.iter().map(|g| weight * g * g));
        }
        backward(layer.shape(weights.len()), to, Rows::all(through), share, rows);
    }

    /// Adds the Gram matrix of a layer's inputs over the batch that went
    /// [forward](Network::forward) last.
    pub fn add_gram(&self, l: usize, to: &mut [f32], buffers: &Buffers) {
        let inputs = self.layers[l].inputs;
        buffers.passes[l].x.chunks_exact(inputs).for_each(|x| add_outer(x, to));
    }

    /// Moves a layer's adapter by `-rate` times its gradient.
    pub fn move_adapter(
        &self,
        n: usize,
        l: usize,
        rate: f32,
        adapter: &mut [f32],
        buffers: &Buffers,
    ) {
        let (layer, Adapters { rank, lanes, .. }) = (&self.layers[l], self.adapters);
        let (a, b) = adapter.split_at_mut(self.adapters.split(layer));
        let Pass { x, reduced, gradient, reduced_gradient } = &buffers.passes[l];
        let shape = Shape { n, inputs: layer.inputs, stride: lanes };
        backward(shape, a, Rows::all(x), -rate, reduced_gradient);
        let shape = Shape { n, inputs: rank, stride: layer.stride };
        backward(shape, b, Rows::all(reduced), -rate, gradient);
    }

    /// Multiply-adds of an example: forward, backward, and the moves that are made.
    pub fn multiply_adds(&self, adapted: bool, core: bool, job: bool) -> u64 {
        let mut sum = 0;
        for (l, layer) in self.layers.iter().enumerate() {
            let Layer { inputs, outputs, .. } = layer;
            let (weights, a, b) =
                (inputs * outputs, inputs * self.adapters.rank, outputs * self.adapters.rank);
            let deep = usize::from(l > 0);
            sum += weights * (1 + deep + usize::from(core));
            if adapted {
                sum += a * (1 + deep + usize::from(job)) + b * (2 + usize::from(job));
            }
        }
        sum as u64
    }
}
