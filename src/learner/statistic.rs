//! What a policy's tasks say beside its gradients.

/// A statistic that agents take beside their contribution, of the policy that they came to on
/// the tasks that they learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The diagonal of the Fisher information, `E_x E_y~p(y|x) (∂ ln p(y|x)/∂θ_j)²`: a number for
    /// each parameter, the mean over the tasks that touched its block, the expectation over
    /// answers taken exactly (Matena and Raffel 2022, eq. 3).
    Fisher,
    /// The Gram matrix `Σ x xᵀ` of the inputs that went into each block: `inputs × inputs`
    /// numbers, the sum over the tasks that touched it (Jin et al. 2023).
    Gram,
}
