//! Server optimisers: the combined contribution taken as a gradient of the core.

use super::material::Space;
use crate::scenario::{BiasCorrection, Server};
use crate::state::{Reader, StateError, Writer};

/// A server optimiser and its memory: up to two numbers a parameter.
///
/// With `Δ` the combined contribution (what the core would move by), coordinate by coordinate:
/// - `plain`: `θ += η Δ`;
/// - `fedavgm`: `m ← β m + Δ`, `θ += η m` (Hsu, Qi and Brown 2019, "Measuring the effects of
///   non-identical data distribution for federated visual classification");
/// - `fedadagrad`, `fedadam`, `fedyogi`: `m ← β₁ m + (1 − β₁) Δ`, `v` each in its own way,
///   `θ += η m/(√v + τ)` (Reddi et al. 2021, "Adaptive federated optimization", ICLR);
/// - `nesterov`: `m ← β m + Δ`, `θ += η (Δ + β m)` (DiLoCo, Douillard et al. 2023; PyTorch's form
///   of Sutskever et al. 2013).
///
/// - `feddf`: `θ += Δ`; what follows needs inputs, and so is the distiller's.
///
/// Cost: one pass over the parameters. A block that nobody touched is not stepped, and its
/// memory stays, where `absent = "skip"`; it is stepped with `Δ = 0` where `absent = "zero"`.
#[derive(Clone, Debug)]
pub struct Steps {
    spec: Server,
    /// Rounds begun.
    round: u32,
    /// Whether the round is the last, and a segment's memory of no use once it is stepped.
    last: bool,
    /// `m` and `v` of each segment.
    memory: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Steps {
    /// A server that has made no step.
    pub fn new(spec: &Server) -> Self {
        Steps { spec: spec.clone(), round: 0, last: false, memory: Vec::new() }
    }

    /// Whether it does no more than add what is combined.
    pub fn is_plain(&self) -> bool {
        // FedDF goes on from the core with the contribution added
        match &self.spec {
            Server::Plain(plain) => plain.eta == 1.0,
            server => matches!(server, Server::Feddf(_)),
        }
    }

    /// Whether it remembers anything of the rounds before.
    pub(super) fn remembers(&self) -> bool {
        !matches!(self.spec, Server::Plain(_) | Server::Feddf(_))
    }

    /// Puts its memory into a checkpoint.
    pub(super) fn keep(&self, out: &mut Writer<'_>) {
        out.put(&(self.round, &self.memory));
    }

    /// Takes up the memory of another.
    ///
    /// # Errors
    /// Where there is none.
    pub(super) fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        (self.round, self.memory) = from.get()?;
        Ok(())
    }

    /// Begins a round; `last` says that none follows.
    pub(super) fn begin(&mut self, last: bool) {
        self.round += 1;
        self.last = last;
    }

    /// Turns a segment of what was combined, measured in `space`, into one of the next core.
    pub(super) fn take(
        &mut self,
        segment: usize,
        space: Space,
        base: Option<&[f32]>,
        out: &mut [f32],
    ) {
        let at = |i: usize| base.map_or(0.0, |base| base[i]);
        if space == Space::Models {
            out.iter_mut().enumerate().for_each(|(i, out)| *out -= at(i));
        }
        self.step(segment, out);
        if self.last {
            self.memory[segment] = Default::default();
        }
        out.iter_mut().enumerate().for_each(|(i, out)| *out += at(i));
    }

    /// Turns a segment of the combined contribution into what the core moves by.
    pub(super) fn step(&mut self, segment: usize, delta: &mut [f32]) {
        if self.memory.len() <= segment {
            self.memory.resize_with(segment + 1, Default::default);
        }
        let remembers = self.remembers();
        let (m, v) = &mut self.memory[segment];
        let adapts = !matches!(self.spec, Server::Fedavgm(_) | Server::Nesterov(_));
        if remembers && m.is_empty() {
            m.resize(delta.len(), 0.0);
        }
        if remembers && adapts && v.is_empty() {
            v.resize(delta.len(), 0.0);
        }
        let adaptive = |(d, (m, v)): (&mut f32, (&mut f32, &mut f32)),
                        (eta, b1, tau): (f32, f32, f32),
                        second: &dyn Fn(f32, f32) -> f32| {
            *m = b1 * *m + (1.0 - b1) * *d;
            *v = second(*v, *d * *d);
            *d = eta * *m / (v.sqrt() + tau);
        };
        let both = delta.iter_mut();
        match &self.spec {
            Server::Feddf(_) => {}
            Server::Plain(spec) => both.for_each(|d| *d *= spec.eta as f32),
            Server::Fedavgm(spec) => {
                let (eta, b) = (spec.eta as f32, spec.momentum as f32);
                both.zip(m).for_each(|(d, m)| {
                    *m = b * *m + *d;
                    *d = eta * *m;
                });
            }
            Server::Nesterov(spec) => {
                let (eta, b) = (spec.eta as f32, spec.momentum as f32);
                both.zip(m).for_each(|(d, m)| {
                    *m = b * *m + *d;
                    *d = eta * (*d + b * *m);
                });
            }
            Server::Fedadagrad(spec) => {
                let rates = (spec.eta as f32, spec.beta1 as f32, spec.tau as f32);
                let second = |v: f32, square: f32| v + square;
                both.zip(m.iter_mut().zip(v)).for_each(|at| adaptive(at, rates, &second));
            }
            Server::Fedadam(spec) => {
                let eta = spec.eta * correction(spec.bias_correction, spec, self.round);
                let rates = (eta as f32, spec.beta1 as f32, spec.tau as f32);
                let b2 = spec.beta2 as f32;
                let second = |v: f32, square: f32| b2 * v + (1.0 - b2) * square;
                both.zip(m.iter_mut().zip(v)).for_each(|at| adaptive(at, rates, &second));
            }
            Server::Fedyogi(spec) => {
                let rates = (spec.eta as f32, spec.beta1 as f32, spec.tau as f32);
                let b2 = spec.beta2 as f32;
                let second = |v: f32, square: f32| {
                    let sign = f32::from(v > square) - f32::from(v < square);
                    v - (1.0 - b2) * square * sign
                };
                both.zip(m.iter_mut().zip(v)).for_each(|at| adaptive(at, rates, &second));
            }
        }
    }
}

/// What the learning rate of Adam is multiplied by in round `round`, from 1.
fn correction(kind: BiasCorrection, spec: &crate::scenario::Fedadam, round: u32) -> f64 {
    match kind {
        BiasCorrection::None => 1.0,
        BiasCorrection::Flower => {
            let power = |base: f64| (0..=round).fold(1.0, |product: f64, _| product * base);
            (1.0 - power(spec.beta2)).sqrt() / (1.0 - power(spec.beta1))
        }
    }
}
