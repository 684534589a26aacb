//! What the server makes of the combined contributions, taken as a gradient.

use super::settings;
use crate::scenario::Predictions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The server's step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Server {
    /// Adds the combined contribution to the core.
    Plain(Plain),
    /// Momentum (FedAvgM, Hsu et al. 2019).
    Fedavgm(Fedavgm),
    /// Adagrad (Reddi et al. 2021).
    Fedadagrad(Fedadagrad),
    /// Adam (Reddi et al. 2021).
    Fedadam(Fedadam),
    /// Yogi (Reddi et al. 2021).
    Fedyogi(Fedyogi),
    /// Nesterov momentum (DiLoCo, Douillard et al. 2023).
    Nesterov(Nesterov),
    /// The core learns from its contributors' models (FedDF, Lin et al. 2020): `θ += Δ`, then, on
    /// fresh unlabelled inputs, the softmax of the mean logits that the models give. With
    /// `absent = "skip"` only those have a say on a skill who touched all its blocks.
    Feddf(Predictions),
}

impl Default for Server {
    fn default() -> Self {
        Server::Plain(Plain::default())
    }
}

settings! {
    /// `θ += eta Δ`.
    Plain {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 1.0,
    }
}

settings! {
    /// `m ← momentum m + Δ`, `θ += eta m`.
    Fedavgm {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 1.0,
        /// Momentum.
        #[schemars(range(min = 0.0, max = 0.9999))]
        momentum: f64 = 0.9,
    }
}

settings! {
    /// `m ← beta1 m + (1 − beta1) Δ`, `v ← v + Δ²`, `θ += eta m/(√v + tau)`.
    Fedadagrad {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 0.1,
        /// Momentum.
        #[schemars(range(min = 0.0, max = 0.9999))]
        beta1: f64 = 0.0,
        /// Degree of adaptivity: what keeps small `v` from being divided by.
        #[schemars(range(min = 1e-12, max = 1e3))]
        tau: f64 = 1e-3,
    }
}

/// How the first rounds' bias towards zero is made up for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BiasCorrection {
    /// Not at all, as published.
    #[default]
    None,
    /// As Flower does it: `eta √(1 − beta2^(t+1))/(1 − beta1^(t+1))` in round `t`, from 1.
    Flower,
}

settings! {
    /// `m ← beta1 m + (1 − beta1) Δ`, `v ← beta2 v + (1 − beta2) Δ²`, `θ += eta m/(√v + tau)`.
    Fedadam {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 0.1,
        /// Momentum.
        #[schemars(range(min = 0.0, max = 0.9999))]
        beta1: f64 = 0.9,
        /// Memory of the second moment.
        #[schemars(range(min = 0.0, max = 0.9999))]
        beta2: f64 = 0.99,
        /// Degree of adaptivity: what keeps small `v` from being divided by.
        #[schemars(range(min = 1e-12, max = 1e3))]
        tau: f64 = 1e-3,
        /// How the first rounds' bias is made up for.
        bias_correction: BiasCorrection = BiasCorrection::None,
    }
}

settings! {
    /// `m ← beta1 m + (1 − beta1) Δ`, `v ← v − (1 − beta2) Δ² sign(v − Δ²)`,
    /// `θ += eta m/(√v + tau)`.
    Fedyogi {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 0.01,
        /// Momentum.
        #[schemars(range(min = 0.0, max = 0.9999))]
        beta1: f64 = 0.9,
        /// Memory of the second moment.
        #[schemars(range(min = 0.0, max = 0.9999))]
        beta2: f64 = 0.99,
        /// Degree of adaptivity: what keeps small `v` from being divided by.
        #[schemars(range(min = 1e-12, max = 1e3))]
        tau: f64 = 1e-3,
    }
}

settings! {
    /// `m ← momentum m + Δ`, `θ += eta (Δ + momentum m)`.
    Nesterov {
        /// Server learning rate.
        #[schemars(range(min = 0.0, max = 100.0))]
        eta: f64 = 0.7,
        /// Momentum.
        #[schemars(range(min = 0.0, max = 0.9999))]
        momentum: f64 = 0.9,
    }
}
