//! `[attack]`: agents that want the hive to fail, and how they go about it.

use super::strategies::settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Agents that collude against the hive. They are drawn once, those of a smaller share among those
/// of a larger, and are not measured: the panel is of honest agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Attack {
    /// Share of the agents that attack; 0 is no attack.
    #[schemars(range(min = 0.0, max = 0.95))]
    pub share: f64,
    /// The first round in which they do; until then they work as everyone does.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub start: u32,
    /// What they see before they send.
    pub knowledge: Knowledge,
    /// What they do.
    pub method: Method,
}

impl Default for Attack {
    fn default() -> Self {
        Attack { share: 0.0, start: 1, knowledge: Knowledge::default(), method: Method::default() }
    }
}

impl Attack {
    /// Whether there is one.
    pub fn any(&self) -> bool {
        self.share > 0.0
    }
}

/// What attackers see of a round's contributions before they send their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Knowledge {
    /// All honest ones.
    #[default]
    Omniscient,
    /// Those alone that they would send were they honest.
    Own,
}

/// What attackers do. "What they know of" are the contributions of [`Knowledge`], block by block;
/// `μ` is their mean and `σ` their standard deviation, coordinate by coordinate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Method {
    /// All send `−scale · μ` (Li et al. 2019; Allen-Zhu et al. 2021).
    SignFlip(SignFlip),
    /// Each sends Gaussian noise (Blanchard et al. 2017).
    Noise(Noise),
    /// Each learns from flipped answers, `K − 1 − y` (Biggio et al. 2012; Fang et al. 2020).
    LabelFlip(LabelFlip),
    /// Each sends its own contribution many times over: model replacement (Bagdasaryan et al. 2020).
    Scaling(Scaling),
    /// All send `−ε μ`: inner-product manipulation (Xie et al. 2020).
    InnerProduct(InnerProduct),
    /// All send `μ − z σ`: a little is enough (Baruch et al. 2019).
    ALittle(ALittle),
    /// All send what one honest agent sends, the one that is furthest out (Karimireddy et al. 2022).
    Mimic(Mimic),
    /// All send `μ + γ p`, with the largest `γ` at which no honest contribution is further away
    /// than the furthest two honest ones are apart (Shejwalkar & Houmansadr 2021).
    MinMax(MinMax),
    /// All send `μ + γ p`, with the largest `γ` at which the squared distances to all honest
    /// contributions sum to no more than those of some honest one (Shejwalkar & Houmansadr 2021).
    MinSum(MinSum),
    /// Each learns that all tasks of one skill have one answer, and sends that many times over
    /// (Bagdasaryan et al. 2020).
    Backdoor(Backdoor),
    /// None does any work; each sends something all the same (Lin et al. 2019; Fraboni et al. 2021).
    FreeRider(FreeRider),
}

impl Default for Method {
    fn default() -> Self {
        Method::SignFlip(SignFlip::default())
    }
}

/// The direction in which attackers push.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Push {
    /// `−μ/‖μ‖`.
    InverseUnit,
    /// `−σ`.
    #[default]
    InverseDeviation,
    /// `−sign(μ)`.
    InverseSign,
}

/// What a free rider sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Disguise {
    /// Zeros.
    #[default]
    Zeros,
    /// By how much the core moved last (zeros in the first round).
    LastStep,
}

settings! {
    /// `−scale · μ`.
    SignFlip {
        /// How many times over.
        #[schemars(range(min = 0.0, max = 1_000_000.0))]
        scale: f64 = 1.0,
    }
}

settings! {
    /// `N(0, (scale · r)²)` in every coordinate, `r` the root mean square of what they know of.
    Noise {
        /// Standard deviation, relative to that.
        #[schemars(range(min = 0.0, max = 1_000_000.0))]
        scale: f64 = 10.0,
    }
}

settings! {
    /// Flipped answers.
    LabelFlip {}
}

settings! {
    /// `γ Δ`.
    Scaling {
        /// `γ`; 0 takes those who work in a round over the attackers among them, with which the
        /// mean of equal weights takes what the attackers want for its own.
        #[schemars(range(min = 0.0, max = 1_000_000.0))]
        factor: f64 = 0.0,
    }
}

settings! {
    /// `−ε μ`.
    InnerProduct {
        /// `ε`.
        #[schemars(range(min = 0.0, max = 1_000_000.0))]
        epsilon: f64 = 0.5,
    }
}

settings! {
    /// `μ − z σ`.
    ALittle {
        /// `z`; 0 takes the largest at which enough honest contributions are still further out
        /// for a majority: `Φ⁻¹((n − f − s)/(n − f))`, `s = ⌊n/2 + 1⌋ − f`, for `n` contributions of
        /// which `f` are attackers'.
        #[schemars(range(min = 0.0, max = 1000.0))]
        z: f64 = 0.0,
    }
}

settings! {
    /// The one furthest out along the direction in which honest contributions vary most.
    Mimic {
        /// Rounds of an attack in which that one is looked for; it stays the same after.
        #[schemars(range(min = 1, max = 1_000_000))]
        rounds: u32 = 5,
    }
}

settings! {
    /// `μ + γ p`, near every honest one.
    MinMax {
        /// `p`.
        direction: Push = Push::InverseDeviation,
    }
}

settings! {
    /// `μ + γ p`, near all honest ones together.
    MinSum {
        /// `p`.
        direction: Push = Push::InverseDeviation,
    }
}

settings! {
    /// One answer to all tasks of a skill.
    Backdoor {
        /// The skill, by falling frequency from 0.
        #[schemars(range(min = 0, max = 1_000_000))]
        skill: u32 = 0,
        /// The answer.
        #[schemars(range(min = 0, max = 1_000_000))]
        answer: u32 = 0,
        /// How many times over each sends what it learned; 0 as `scaling` has it.
        #[schemars(range(min = 0.0, max = 1_000_000.0))]
        factor: f64 = 1.0,
    }
}

settings! {
    /// No work.
    FreeRider {
        /// What is sent in its place.
        disguise: Disguise = Disguise::Zeros,
    }
}
