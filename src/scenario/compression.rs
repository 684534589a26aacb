//! `[distiller.compression]`: what agents make of their contributions before they send them.

use super::strategies::settings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a contribution is compressed on its way from an agent to whoever merges it. What is merged
/// is what the receiver decodes: as many numbers, on the same blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all: 4 bytes a number.
    None(Uncompressed),
    /// The numbers of the largest magnitude, the others as zero (Stich, Cordonnier & Jaggi 2018).
    TopK(TopK),
    /// Numbers drawn at random, the others as zero (Stich, Cordonnier & Jaggi 2018).
    RandomK(RandomK),
    /// Whole multiples, from −127 to 127, of a step (QSGD, Alistarh et al. 2017).
    Int8(Int8),
    /// Signs, and one magnitude for all (EF-signSGD, Karimireddy et al. 2019).
    OneBit(OneBit),
}

impl Default for Compression {
    fn default() -> Self {
        Compression::None(Uncompressed::default())
    }
}

impl Compression {
    /// Its name as a scenario writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Compression::None(_) => "none",
            Compression::TopK(_) => "top-k",
            Compression::RandomK(_) => "random-k",
            Compression::Int8(_) => "int8",
            Compression::OneBit(_) => "one-bit",
        }
    }

    /// Whether contributions go as they are.
    pub fn is_none(&self) -> bool {
        matches!(self, Compression::None(_))
    }

    /// Whether agents keep what was not sent, and send it later.
    pub fn feedback(&self) -> bool {
        match self {
            Compression::None(_) => false,
            Compression::TopK(spec) => spec.feedback,
            Compression::RandomK(spec) => spec.feedback,
            Compression::Int8(spec) => spec.feedback,
            Compression::OneBit(spec) => spec.feedback,
        }
    }

    /// What is one vector.
    pub fn scope(&self) -> VectorScope {
        match self {
            Compression::None(_) => VectorScope::Block,
            Compression::TopK(spec) => spec.scope,
            Compression::RandomK(spec) => spec.scope,
            Compression::Int8(spec) => spec.scope,
            Compression::OneBit(spec) => spec.scope,
        }
    }
}

/// What of a contribution is one vector `x` of `d` numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VectorScope {
    /// Each of its parameter blocks: a layer, or the weights of a skill.
    #[default]
    Block,
    /// All of it: the blocks that the round's work touched, one behind the other.
    Contribution,
}

/// How numbers come to whole multiples of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Up or down at random, so that the mean is the number.
    #[default]
    Stochastic,
    /// To the nearest, and to the even one of two.
    Nearest,
}

settings! {
    /// 4 bytes a number.
    Uncompressed {}
}

settings! {
    /// The `k` numbers of the largest magnitude and where they stand: 8 bytes each, or all `d` at
    /// 4 bytes each where that is less. Of equal ones the first.
    TopK {
        /// `k/d`; `k` is rounded down, and 1 at least.
        #[schemars(range(min = 0.000001, max = 1.0))]
        share: f64 = 0.1,
        /// Error feedback: the agent keeps what was not sent of a block, and adds it to the next
        /// contribution that has the block.
        feedback: bool = true,
        /// What is one vector.
        scope: VectorScope = VectorScope::Block,
    }
}

settings! {
    /// `k` numbers drawn without replacement, 4 bytes each: the receiver draws the same ones, from
    /// a seed of 8 bytes a message.
    RandomK {
        /// `k/d`; `k` is rounded down, and 1 at least.
        #[schemars(range(min = 0.000001, max = 1.0))]
        share: f64 = 0.1,
        /// Whether what is sent is multiplied by `d/k`, so that its mean is the contribution. Not
        /// with error feedback, whose memory may then grow without bound.
        scaled: bool = false,
        /// Error feedback: the agent keeps what was not sent of a block, and adds it to the next
        /// contribution that has the block.
        feedback: bool = true,
        /// What is one vector.
        scope: VectorScope = VectorScope::Block,
    }
}

settings! {
    /// A byte a number, and 4 of the step `max |x_i| / 127` for each vector.
    Int8 {
        /// How numbers come to whole multiples of the step.
        rounding: Rounding = Rounding::Stochastic,
        /// Error feedback: the agent keeps what was not sent of a block, and adds it to the next
        /// contribution that has the block.
        feedback: bool = false,
        /// What is one vector.
        scope: VectorScope = VectorScope::Block,
    }
}

settings! {
    /// `sign(x_i) ‖x‖₁/d`: a bit a number, and 4 bytes of the magnitude for each vector. The sign
    /// of zero is plus.
    OneBit {
        /// Error feedback: the agent keeps what was not sent of a block, and adds it to the next
        /// contribution that has the block.
        feedback: bool = true,
        /// What is one vector.
        scope: VectorScope = VectorScope::Block,
    }
}
