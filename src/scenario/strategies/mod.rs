//! `[distiller]`'s strategies: what contributions go through before they are combined, how
//! they are combined, and what the server makes of the result.
//! Lives here: the settings of every strategy with their published defaults.
//! May not: know how a strategy is computed.

mod averaging;
mod geometry;
mod needs;
mod robust;
mod selection;
mod server;
mod spherical;
mod vectors;

pub use averaging::*;
pub use geometry::*;
pub use robust::*;
pub use selection::*;
pub use server::*;
pub use spherical::*;
pub use vectors::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Makes a strategy's settings: fields with their documentation and default.
macro_rules! settings {
    ($(#[$about:meta])* $name:ident { $($(#[$on:meta])* $field:ident: $type:ty = $default:expr,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$on])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($field: $default,)* }
            }
        }
    };
}
pub(in crate::scenario) use settings;

/// The combining strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Combine {
    /// Weighted mean (McMahan et al. 2017).
    Mean(Mean),
    /// Mean of what was learned per step (FedNova, Wang et al. 2020).
    Fednova(Fednova),
    /// Coordinate-wise median (Yin et al. 2018).
    Median(Median),
    /// Coordinate-wise trimmed mean (Yin et al. 2018).
    TrimmedMean(TrimmedMean),
    /// Mean of the values nearest to the median (Xie et al. 2018).
    MeanAroundMedian(MeanAroundMedian),
    /// The contribution with the nearest neighbours (Blanchard et al. 2017).
    Krum(Krum),
    /// The mean of those with the nearest neighbours (Blanchard et al. 2017).
    MultiKrum(MultiKrum),
    /// Krum's choice, then a mean around the median (El Mhamdi et al. 2018).
    Bulyan(Bulyan),
    /// Geometric median by smoothed Weiszfeld steps (RFA, Pillutla et al. 2022).
    GeometricMedian(GeometricMedian),
    /// Steps of clipped differences (Karimireddy et al. 2021).
    CentredClipping(CentredClipping),
    /// Mean of clipped contributions with Gaussian noise (Sun et al. 2019; McMahan et al. 2018).
    NormBound(NormBound),
    /// Mean of the subset with the smallest diameter (El Mhamdi et al. 2021).
    Mda(Mda),
    /// Mean of the subset with the smallest top eigenvalue (Allouah et al. 2023).
    Smea(Smea),
    /// Mean after filtering along the covariance's top eigenvector (Allouah et al. 2025).
    Caf(Caf),
    /// Sum of task vectors (Ilharco et al. 2023).
    TaskArithmetic(TaskArithmetic),
    /// Trim, elect signs, merge (Yadav et al. 2023).
    Ties(Ties),
    /// Drop at random and rescale (Yu et al. 2024).
    Dare(Dare),
    /// Drop at random by rank of magnitude and rescale (Deep et al. 2024).
    Della(Della),
    /// Drop the smallest and the largest (Davari and Belilovsky 2024).
    Breadcrumbs(Breadcrumbs),
    /// Keep what several tasks need (Wang et al. 2024).
    Consensus(Consensus),
    /// Spherical interpolation between two (Shoemake 1985).
    Slerp(Slerp),
    /// Spherical interpolation between two by their weights.
    Nuslerp(Nuslerp),
    /// Barycentre on the sphere, in the tangent space at the mean.
    MultiSlerp(MultiSlerp),
    /// Riemannian mean on the sphere (Karcher 1977).
    Karcher(Karcher),
    /// Moves to the other model where the two are near.
    Nearswap(Nearswap),
    /// Takes over the entries that matter most.
    ArceeFusion(ArceeFusion),
    /// Sums what one learned, averages what several did (Reinforced Agent Merging).
    Ram(Ram),
    /// `ram` with what one learned amplified.
    RamplusTl(RamplusTl),
    /// Interpolates to the mean by the angle between models (Jang et al. 2024).
    ModelStock(ModelStock),
    /// Select by variance, calculate weights, erase minorities (Wan et al. 2024).
    Sce(Sce),
    /// Mean weighted by diagonal Fisher information (Matena and Raffel 2022).
    Fisher(Fisher),
    /// Least squares on the inputs' Gram matrices (Jin et al. 2023).
    Regmean(Regmean),
    /// Task singular vectors (Gargiulo et al. 2025).
    Tsv(Tsv),
    /// Isotropic merging in the common subspace (Marczak et al. 2025).
    IsoC(IsoC),
    /// Copy of the contribution that does best on probe tasks.
    BestByProbe(BestByProbe),
    /// Greedy soup (Wortsman et al. 2022).
    GreedySoup(GreedySoup),
}

impl Default for Combine {
    fn default() -> Self {
        Combine::Mean(Mean::default())
    }
}

/// What contributions go through before they are combined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Pre {
    /// Each becomes the mean of its nearest neighbours (Allouah et al. 2023).
    NearestNeighbourMixing(NearestNeighbourMixing),
    /// Means of random buckets (Karimireddy et al. 2022).
    Bucketing(Bucketing),
    /// Each is shortened to a length.
    Clip(Clip),
    /// The longest are shortened to the longest of the others (Allouah et al. 2025).
    AdaptiveRobustClipping(AdaptiveRobustClipping),
}

/// What counts as one vector for distances, norms and selections of the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A parameter block of a fleet; a row (along the last dimension) of a file's tensor.
    Block,
    /// A tensor: a parameter block of a fleet.
    Tensor,
    /// All parameters together.
    Model,
}

/// What a contribution counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// The tasks that touched the block (examples, in worlds with fixed local data; the given
    /// weights of models in files).
    #[default]
    Tasks,
    /// One each.
    Uniform,
}

impl Weighting {
    /// What counts for `weight` by its tasks.
    #[inline]
    pub fn of(self, weight: f64) -> f64 {
        match self {
            Weighting::Tasks => weight,
            Weighting::Uniform => 1.0,
        }
    }
}

/// What becomes of a block that an agent never touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Absent {
    /// It is absent: the agent has no say in the block. Distances are taken over the blocks
    /// that two agents share, in proportion to all of them (Dixon 1979).
    #[default]
    Skip,
    /// It is zeros: the agent says that nothing should change there. Each of its blocks, touched
    /// or not, then has the weight of all its tasks, as a dense vector would.
    Zero,
}
