//! `[world]`: the skills, companies and tasks of the mixed-effects world, the paper world
//! and the reader's own data.

use super::Nk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What generates work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum World {
    /// General + skill + company truths; tasks are drawn afresh every round.
    MixedEffects(MixedEffects),
    /// `synthetic(alpha, beta)` of FedProx (Li et al. 2020): fixed local data sets.
    Synthetic(Synthetic),
    /// Federated data read from files: LEAF JSON or Parquet.
    Dataset(Dataset),
    /// Kauffman's rugged landscape of bit strings, to be searched instead of learned.
    Nk(Nk),
}

impl Default for World {
    fn default() -> Self {
        World::MixedEffects(MixedEffects::default())
    }
}

/// The mixed-effects world: the right answer to features `z` is
/// `argmax_k ⟨(G + U_s + V_{c,s})_k, [z;1]⟩`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MixedEffects {
    /// Number of skills.
    #[schemars(range(min = 1, max = 100_000))]
    pub skills: u32,
    /// Number of companies; agents are dealt to them in contiguous ranges.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub companies: u32,
    /// Features of a task, without the constant.
    #[schemars(range(min = 1, max = 4096))]
    pub features: u32,
    /// Possible answers to a task.
    #[schemars(range(min = 2, max = 256))]
    pub answers: u32,
    /// Exponent of the skills' Zipf frequencies, `p_s ∝ s^-zipf`; 0 makes all equally common.
    #[schemars(range(min = 0.0, max = 8.0))]
    pub zipf: f64,
    /// Concentration of the jobs' Dirichlet mixtures around the skill frequencies:
    /// small values make specialists, large ones generalists.
    #[schemars(range(min = 0.001, max = 1e6))]
    pub alpha: f64,
    /// Exponent of the companies' sizes, `size_c ∝ (c+1)^-company_tail`; 0 makes all equal.
    #[schemars(range(min = 0.0, max = 8.0))]
    pub company_tail: f64,
    /// Scale (standard deviation of an entry) of the general truth `G`.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub general: f64,
    /// Scale of the skill truths `U_s`.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub skill: f64,
    /// Scale of the company truths `V_{c,s}`: what cannot be learned elsewhere.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub company: f64,
    /// Covariance of the features.
    pub covariance: Covariance,
    /// Scale of the skills' feature means `μ_s`; 0 centres every skill.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub shift: f64,
    /// Temperature of the right answer: 0 takes the argmax, more draws from `softmax(score/T)`.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub temperature: f64,
    /// Spread of the skills' values: the standard deviation of the log of a task's value,
    /// in value units per task done right; 0 makes every task worth 1.
    #[schemars(range(min = 0.0, max = 4.0))]
    pub value_spread: f64,
    /// Number of skills that one company alone practises, so that whoever else has them was taught:
    /// taken evenly over the order of frequency, the first to company 0, the next to company 1, and
    /// so on round. The others' work is shared among their remaining skills.
    #[schemars(range(min = 0, max = 99_999))]
    pub tagged: u32,
    /// Slow change of the skill truths.
    pub drift: Drift,
    /// Abrupt changes.
    #[schemars(length(max = 10_000))]
    pub changes: Vec<AbruptChange>,
}

impl Default for MixedEffects {
    fn default() -> Self {
        MixedEffects {
            skills: 24,
            companies: 12,
            features: 16,
            answers: 8,
            zipf: 1.0,
            alpha: 0.2,
            company_tail: 0.5,
            general: 0.5,
            skill: 1.0,
            company: 0.4,
            covariance: Covariance::Identity,
            shift: 0.0,
            temperature: 0.0,
            value_spread: 0.0,
            tagged: 0,
            drift: Drift::default(),
            changes: Vec::new(),
        }
    }
}

impl MixedEffects {
    /// The tagged skills, rising, each with the company that alone practises it.
    pub fn tags(&self) -> impl Iterator<Item = (u32, u32)> + use<> {
        let (skills, tagged) = (u64::from(self.skills), u64::from(self.tagged));
        let companies = self.companies;
        let skill = move |t: u64| ((2 * t + 1) * skills / (2 * tagged)) as u32;
        (0..tagged).map(move |t| (skill(t), (t % u64::from(companies)) as u32))
    }
}

/// Covariance of a task's features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Covariance {
    /// The identity.
    #[default]
    Identity,
    /// `diag(j^-1.2)`, `j = 1..d`, as in the paper world.
    Power,
}

/// An Ornstein-Uhlenbeck step a period, `U_s ← ρ U_s + sqrt(1-ρ²) ξ`, which keeps the scale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Drift {
    /// `ρ`: 1 leaves the truths as they are, 0 draws them afresh.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub rho: f64,
    /// Rounds between two steps.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub every: u32,
}

impl Default for Drift {
    fn default() -> Self {
        Drift { rho: 1.0, every: 1 }
    }
}

/// An abrupt change: from `round` on, the truth of one skill or of one company is another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbruptChange {
    /// The round from which it holds.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub round: u32,
    /// The skill whose `U_s` is drawn afresh; exactly one of `skill` and `company` is given.
    #[schemars(range(min = 0, max = 99_999))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<u32>,
    /// The company whose `V_{c,s}` are all drawn afresh.
    #[schemars(range(min = 0, max = 9_999_999))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<u32>,
}

/// `synthetic(alpha, beta)` of Li et al. 2020 (FedProx): agent k has the model
/// `W_k, b_k ~ N(u_k, 1)`, `u_k ~ N(0, alpha)`, inputs `x ~ N(v_k, diag(j^-1.2))`,
/// `v_k,j ~ N(B_k, 1)`, `B_k ~ N(0, beta)`, labels `argmax(softmax(Wx + b))`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Synthetic {
    /// Standard deviation of the agents' model means.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub alpha: f64,
    /// Standard deviation of the agents' input means.
    #[schemars(range(min = 0.0, max = 1e3))]
    pub beta: f64,
    /// The IID variant: one model and one input distribution for all agents.
    pub iid: bool,
    /// Features of an example, without the constant.
    #[schemars(range(min = 1, max = 4096))]
    pub features: u32,
    /// Possible answers.
    #[schemars(range(min = 2, max = 256))]
    pub answers: u32,
    /// How many examples an agent holds.
    pub sizes: Sizes,
    /// Share of an agent's examples that are for training; the rest is its test set.
    #[schemars(range(min = 0.01, max = 1.0))]
    pub train_share: f64,
}

impl Default for Synthetic {
    fn default() -> Self {
        Synthetic {
            alpha: 1.0,
            beta: 1.0,
            iid: false,
            features: 60,
            answers: 10,
            sizes: Sizes::default(),
            train_share: 0.9,
        }
    }
}

/// How many examples each agent of the paper world holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Sizes {
    /// `floor(lognormal(mean, sigma)) + least`, the paper's heavy tail.
    Lognormal(LognormalSizes),
    /// The same number for every agent.
    Fixed(FixedSizes),
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes::Lognormal(LognormalSizes::default())
    }
}

/// `floor(exp(N(mean, sigma²))) + least` examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LognormalSizes {
    /// Mean of the logarithm.
    #[schemars(range(min = 0.0, max = 12.0))]
    pub mean: f64,
    /// Standard deviation of the logarithm.
    #[schemars(range(min = 0.0, max = 4.0))]
    pub sigma: f64,
    /// Examples that everybody has.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub least: u32,
}

impl Default for LognormalSizes {
    fn default() -> Self {
        LognormalSizes { mean: 4.0, sigma: 2.0, least: 50 }
    }
}

/// The same number of examples for every agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FixedSizes {
    /// Examples an agent, training and test together.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub examples: u32,
}

impl Default for FixedSizes {
    fn default() -> Self {
        FixedSizes { examples: 100 }
    }
}

/// Federated data from files, one agent a user, skill measured as test accuracy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// A folder with LEAF's `train.json` and `test.json` (users, num_samples,
    /// user_data.USER.x and .y), or a Parquet file with the columns agent, split
    /// (`train` or `test`), label and features (a list). Relative paths start at the
    /// scenario file's folder, or at the working folder when given with `--set`.
    #[schemars(length(min = 1))]
    pub path: String,
    /// Possible answers; 0 takes the largest label + 1.
    #[schemars(range(min = 0, max = 256))]
    #[serde(default)]
    pub answers: u32,
}
