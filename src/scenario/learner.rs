//! `[learner]`, `[feedback]` and `[job_knowledge]`: an agent's policy, what a task
//! teaches it, and what it keeps for itself.

use super::Search;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent's policy is and how it learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Learner {
    /// Multinomial logistic policy over hashed, skill-crossed features.
    Softmax(Softmax),
    /// A small network with low-rank adapters as job knowledge.
    Mlp(Mlp),
    /// Numbers of proficiency, one a skill, by the power law of practice: no features and no
    /// gradients, for fleets of millions.
    Practice(Practice),
    /// Bit strings that are tried and copied, in the world `nk`.
    Search(Search),
}

impl Default for Learner {
    fn default() -> Self {
        Learner::Softmax(Softmax::default())
    }
}

impl Learner {
    /// Whether agents are numbers, or bits, and no parameters that could be sent and merged.
    pub(crate) fn is_of_numbers(&self) -> bool {
        matches!(self, Learner::Practice(_) | Learner::Search(_))
    }

    /// The local solver's settings, common to all learners that follow gradients; those of the
    /// others are the defaults.
    pub fn solver(&self) -> &Solver {
        match self {
            Learner::Softmax(s) => &s.solver,
            Learner::Mlp(m) => &m.solver,
            Learner::Practice(_) | Learner::Search(_) => &NO_SOLVER,
        }
    }
}

/// [`Solver::default`], to lend.
static NO_SOLVER: Solver = Solver { batch: 1, epochs: 1, prox: 0.0, scaffold: false };

/// Proficiency as a number: after `n` tasks of effective practice, the last of them `Δ` rounds ago,
/// an agent's level at a skill is `(1 − (1 + n/scale)^−exponent) · (1 + Δ/forgetting_scale)^−forgetting`
/// (Newell & Rosenbloom 1981; Wixted & Ebbesen 1991).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Practice {
    /// Tasks of practice that count as prior experience (`n0`): the larger, the slower the start.
    #[schemars(range(min = 0.001, max = 1e9))]
    pub scale: f64,
    /// Exponent of the power law of practice (`a`).
    #[schemars(range(min = 0.001, max = 16.0))]
    pub exponent: f64,
    /// Exponent of the power law of forgetting (`b`); 0 forgets nothing, people come to some 0.1
    /// to 0.3.
    #[schemars(range(min = 0.0, max = 16.0))]
    pub forgetting: f64,
    /// Rounds after which forgetting sets in (`τ`).
    #[schemars(range(min = 0.001, max = 1e9))]
    pub forgetting_scale: f64,
    /// What a task of one skill counts as practice of every other.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub transfer: f64,
    /// In place of `transfer`, a row a skill: what a task of the row's skill counts as practice of
    /// each; 1 on the diagonal.
    #[schemars(length(max = 1024), inner(length(max = 1024), inner(range(min = 0.0, max = 1.0))))]
    pub transfer_rows: Vec<Vec<f64>>,
    /// Agents, drawn once, that know everything when the run begins (topology `gossip` alone):
    /// whom they meet has it from them.
    #[schemars(range(min = 0, max = 100_000_000))]
    pub teachers: u32,
}

impl Default for Practice {
    fn default() -> Self {
        Practice {
            scale: 20.0,
            exponent: 0.5,
            forgetting: 0.0,
            forgetting_scale: 10.0,
            transfer: 0.0,
            transfer_rows: Vec::new(),
            teachers: 0,
        }
    }
}

/// Multinomial logistic policy: the input `[z;1]` stands in one general block and again in
/// the block of its skill (Daumé 2007; Weinberger et al. 2009).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Softmax {
    /// Number of skill blocks `B`: absent gives every skill its own (and none where the
    /// world has a single skill); fewer than skills makes skills collide; 0 leaves the
    /// general block alone.
    #[schemars(range(min = 0, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
    /// Learning rate of the skill blocks (of the only block where there are none).
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
    /// Learning rate of the general block; absent takes a fifth of `rate`, or `rate` where
    /// the general block is the only one.
    #[schemars(range(min = 0.0, max = 100.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub general_rate: Option<f64>,
    /// How an agent goes through its work.
    pub solver: Solver,
}

impl Default for Softmax {
    fn default() -> Self {
        Softmax { buckets: None, rate: 0.2, general_rate: None, solver: Solver::default() }
    }
}

/// A network of features and a fixed random code of the skill in, hidden layers, answers out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// Widths of the hidden layers.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 1024)))]
    pub hidden: Vec<u32>,
    /// Length of the skills' random ±1 codes; 0 tells the network nothing of the skill.
    #[schemars(range(min = 0, max = 256))]
    pub code: u32,
    /// Non-linearity of the hidden layers. What a skill's code means to a feature is a
    /// product, which rectifiers gate better than tanh does.
    pub activation: Activation,
    /// Rank of the job knowledge's adapters (LoRA, Hu et al. 2021).
    #[schemars(range(min = 1, max = 64))]
    pub rank: u32,
    /// The adapters' scale: `W + (scale/rank) A B`.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub scale: f64,
    /// Learning rate.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
    /// How an agent goes through its work.
    pub solver: Solver,
}

impl Default for Mlp {
    fn default() -> Self {
        Mlp {
            hidden: vec![64],
            code: 16,
            activation: Activation::Relu,
            rank: 4,
            // a factor of 1: with less, job knowledge at its default rate hardly leaves zero
            scale: 4.0,
            rate: 0.05,
            solver: Solver::default(),
        }
    }
}

/// Non-linearity of a hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Hyperbolic tangent.
    Tanh,
    /// Rectified linear.
    #[default]
    Relu,
}

/// How an agent goes through a round's work: minibatch SGD, with FedProx's proximal term.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Solver {
    /// Examples a gradient step.
    #[schemars(range(min = 1, max = 1024))]
    pub batch: u32,
    /// Passes over the round's work. More than one needs a world with fixed local data.
    #[schemars(range(min = 1, max = 10_000))]
    pub epochs: u32,
    /// `mu` of FedProx (Li et al. 2020): adds `mu/2 ‖w − θ‖²` to the local loss; 0 is plain SGD.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub prox: f64,
    /// Corrects every step by control variates (SCAFFOLD, Karimireddy et al. 2020, option II): the
    /// difference between the fleet's gradient and the agent's own as of their last rounds. Twice
    /// as much is sent both ways.
    pub scaffold: bool,
}

impl Default for Solver {
    fn default() -> Self {
        Solver { batch: 1, epochs: 1, prox: 0.0, scaffold: false }
    }
}

/// What a task teaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Feedback {
    /// Whether the right answer is told or only whether the chosen one was right.
    pub kind: FeedbackKind,
    /// Decisions that share one reward (`verifiable` alone): 1 only if all were right.
    #[schemars(range(min = 1, max = 1000))]
    pub horizon: u32,
    /// Probability that feedback is wrong: another answer is told, or the reward is flipped.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub noise: f64,
    /// Rate of the running reward baseline (`verifiable` alone).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub baseline_rate: f64,
}

impl Feedback {
    /// Those of so many tasks that make whole episodes of `horizon`: the others teach nothing.
    pub(crate) fn judged(&self, tasks: u64) -> u64 {
        tasks - tasks % u64::from(self.horizon)
    }

    /// Gradient steps of one pass over so many tasks: whole episodes, a batch of them a step.
    pub(crate) fn steps(&self, tasks: u64, batch: u64) -> u64 {
        self.judged(tasks).div_ceil(batch * u64::from(self.horizon))
    }
}

impl Default for Feedback {
    fn default() -> Self {
        Feedback { kind: FeedbackKind::Semantic, horizon: 1, noise: 0.0, baseline_rate: 0.05 }
    }
}

/// The kinds of feedback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackKind {
    /// The right answer is told: cross-entropy gradient.
    #[default]
    Semantic,
    /// Only whether the chosen answer was right: REINFORCE with a running baseline (Williams 1992).
    Verifiable,
}

/// What an agent keeps for itself: `φ_i` beside the core `θ`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JobKnowledge {
    /// How job knowledge and contribution share the work of learning.
    pub personalisation: Personalisation,
    /// Learning rate of job knowledge relative to the core's. Under `fedsim` both step on the
    /// same gradient, so that an agent's policy moves at `1 + rate` times the learner's rate.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub rate: f64,
    /// Ridge on job knowledge: adds `ridge/2 ‖φ‖²` to the local loss.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub ridge: f64,
    /// Share of a round's steps that train job knowledge, the rest trains the
    /// contribution (`fedalt` alone).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// What becomes of job knowledge when a new core arrives.
    pub pull: Pull,
    /// What `pull = "decay"` leaves of it.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub decay: f64,
    /// `λ_c` of `nested`: tasks at which a company's own mean counts half.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub company_shrink: f64,
    /// `λ_i` of `nested`: tasks at which an agent's own rest counts half.
    #[schemars(range(min = 0.0, max = 1e9))]
    pub private_shrink: f64,
}

impl Default for JobKnowledge {
    fn default() -> Self {
        JobKnowledge {
            personalisation: Personalisation::None,
            // at 1 every step of `fedsim` is doubled, and the noise of one agent's gradients
            // outweighs what job knowledge brings: docs/scenarios.md, first-hive
            rate: 0.25,
            ridge: 0.0,
            share: 0.5,
            pull: Pull::Keep,
            decay: 0.9,
            company_shrink: 50.0,
            // far above a job's tasks of one skill: with less, noise of the last steps fills the
            // private layer: docs/scenarios.md, company-layer
            private_shrink: 10_000.0,
        }
    }
}

/// Forms of partial personalisation (Pillutla et al. 2022), and the nested form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Personalisation {
    /// No job knowledge: all that is learned is sent.
    #[default]
    None,
    /// Contribution and job knowledge step together on the same gradient.
    Fedsim,
    /// First job knowledge steps alone, then the contribution alone.
    Fedalt,
    /// Core, company and private layers: what the core does not absorb is split at the
    /// merge by shrinkage.
    Nested,
}

/// What becomes of job knowledge when a new core arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    /// It stays.
    #[default]
    Keep,
    /// It is emptied.
    Reset,
    /// What it adds to the policy shrinks by the factor `decay`.
    Decay,
    /// What the core absorbed is taken off, so that the agent's own behaviour on the
    /// blocks it holds does not jump.
    Rebase,
}
