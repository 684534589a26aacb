//! `[distiller.schedule]` and `[fleet.speed]`: when a core is published, and how long work takes.
//!
//! Time is virtual. Its unit is the time that an agent of the speed 1 takes for a round's work.

use super::strategies::settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the distiller publishes a core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// When all who work in a round are done (FedAvg, McMahan et al. 2017): the slowest is waited
    /// for.
    Synchronous(Synchronous),
    /// When so many learnings have come in, whoever brings them (FedBuff, Nguyen et al. 2022). An
    /// agent that brings one goes on with the newest core at once.
    Buffered(Buffered),
    /// With every learning that comes in (FedAsync, Xie et al. 2019): the core goes some of the way
    /// to the agent's model.
    Asynchronous(Asynchronous),
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule::Synchronous(Synchronous::default())
    }
}

impl Schedule {
    /// Learnings of a publication, where their number is given.
    pub(crate) fn learnings(&self) -> Option<u32> {
        match self {
            Schedule::Synchronous(_) => None,
            Schedule::Buffered(spec) => Some(spec.learnings),
            Schedule::Asynchronous(_) => Some(1),
        }
    }
}

settings! {
    /// Everyone keeps step.
    Synchronous {}
}

settings! {
    /// A learning `Δ` that began `τ` publications ago is merged as `s(τ) Δ`; with the mean by equal
    /// weights `θ += Σ s(τ) Δ / K`.
    Buffered {
        /// Learnings of a publication, `K`.
        #[schemars(range(min = 1, max = 1_000_000))]
        learnings: u32 = 10,
        /// `s(τ)`, by default `(1 + τ)^-½`.
        staleness: Staleness = Staleness::Polynomial(Polynomial::default()),
    }
}

settings! {
    /// `θ ← (1 − α s(τ)) θ + α s(τ) θ_i` on the blocks that agent `i` touched; `θ_i` is its model
    /// after its work.
    Asynchronous {
        /// `α`.
        #[schemars(range(min = 0.0, max = 1.0))]
        mixing: f64 = 0.6,
        /// `s(τ)`, by default `(1 + τ)^-½`.
        staleness: Staleness = Staleness::Polynomial(Polynomial::default()),
    }
}

/// How much a learning counts that began `τ` publications ago.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Staleness {
    /// As much as a fresh one: 1.
    Constant(Constant),
    /// `(1 + τ)^-exponent`.
    Polynomial(Polynomial),
    /// 1 up to `grace`, from there on `1 / (slope (τ − grace) + 1)`.
    Hinge(Hinge),
}

settings! {
    /// `s(τ) = 1`.
    Constant {}
}

settings! {
    /// `s(τ) = (1 + τ)^-exponent`.
    Polynomial {
        /// The exponent.
        #[schemars(range(min = 0.0, max = 10.0))]
        exponent: f64 = 0.5,
    }
}

settings! {
    /// `s(τ) = 1` where `τ <= grace`, else `1 / (slope (τ − grace) + 1)`.
    Hinge {
        /// The slope.
        #[schemars(range(min = 0.0, max = 1000.0))]
        slope: f64 = 10.0,
        /// Publications that cost nothing.
        #[schemars(range(min = 0, max = 1_000_000))]
        grace: u32 = 4,
    }
}

/// How fast agents work, for good: an agent of the speed `v` takes `1/v` for a round's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Speed {
    /// All alike: 1.
    Equal(Equal),
    /// `ln v ~ N(0, spread²)`.
    Lognormal(LognormalSpeed),
    /// Work takes at least 1, and longer than `t` with the probability `t^-tail` (Pareto).
    Pareto(ParetoSpeed),
}

impl Default for Speed {
    fn default() -> Self {
        Speed::Equal(Equal::default())
    }
}

settings! {
    /// Everyone takes 1 for a round's work.
    Equal {}
}

settings! {
    /// The median speed is 1.
    LognormalSpeed {
        /// Standard deviation of the logarithm.
        #[schemars(range(min = 0.0, max = 4.0))]
        spread: f64 = 0.5,
    }
}

settings! {
    /// The fastest have the speed 1.
    ParetoSpeed {
        /// Tail index; at 1 and below the mean time that work takes is without bound.
        #[schemars(range(min = 0.2, max = 100.0))]
        tail: f64 = 1.5,
    }
}
