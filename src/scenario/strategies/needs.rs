//! How many contributions a strategy needs, and how many attackers its settings come to.

use super::{
    AdaptiveRobustClipping, Bulyan, Caf, Combine, Krum, Mda, MeanAroundMedian, MultiKrum,
    NearestNeighbourMixing, Pre, Server, Smea, TrimmedMean,
};

/// `f` as given, or a fifth of `n` as far as `n` allows; the error is what is needed.
fn attackers(
    f: Option<u32>,
    n: usize,
    rule: &str,
    least: impl Fn(usize) -> usize,
) -> Result<usize, String> {
    let most = (0..=n).take_while(|f| least(*f) <= n).last();
    match (f.map(|f| f as usize), most) {
        (None, Some(most)) => Ok((n / 5).min(most)),
        (Some(f), Some(most)) if f <= most => Ok(f),
        (Some(f), _) => {
            let least = least(f);
            Err(format!("{rule}, that is at least {least} contributions to hold against f = {f}"))
        }
        (None, None) => Err(format!("at least {} contributions ({rule})", least(0))),
    }
}

macro_rules! holds_against {
    ($($settings:ident: $rule:literal, $least:expr;)*) => {$(
        impl $settings {
            /// The attackers that are held against among `n` contributions; the error says what
            /// is needed.
            ///
            /// # Errors
            /// Where there are too few contributions.
            pub fn attackers(&self, n: usize) -> Result<usize, String> {
                attackers(self.f, n, $rule, $least)
            }
        }
    )*};
}

holds_against! {
    Krum: "n ≥ 2f + 3", |f| 2 * f + 3;
    MultiKrum: "n ≥ 2f + 3", |f| 2 * f + 3;
    Bulyan: "n ≥ 4f + 3", |f| 4 * f + 3;
    MeanAroundMedian: "n ≥ 2f + 1", |f| 2 * f + 1;
    Mda: "n ≥ 2f + 1", |f| 2 * f + 1;
    Smea: "n ≥ 2f + 1", |f| 2 * f + 1;
    Caf: "n ≥ 2f + 1", |f| 2 * f + 1;
    NearestNeighbourMixing: "n ≥ 2f + 1", |f| 2 * f + 1;
    AdaptiveRobustClipping: "n ≥ 2f + 1", |f| 2 * f + 1;
}

impl TrimmedMean {
    /// Values cut from each end of `n`; the error says what is needed.
    ///
    /// # Errors
    /// Where none would be left.
    pub fn trim(&self, n: usize) -> Result<usize, String> {
        match self.f {
            None => Ok((self.proportion * n as f64) as usize),
            f => attackers(f, n, "n ≥ 2f + 1", |f| 2 * f + 1),
        }
    }
}

impl MultiKrum {
    /// Contributions that are kept of `n`; the error says what is needed.
    ///
    /// # Errors
    /// Where there are fewer than are to be kept, or too few for `f`.
    pub fn keep(&self, n: usize) -> Result<usize, String> {
        let f = self.attackers(n)?;
        match self.keep.map(|keep| keep as usize) {
            Some(keep) if keep > n => Err(format!("at least the {keep} contributions it keeps")),
            Some(keep) => Ok(keep),
            None => Ok(n - f),
        }
    }
}

impl Combine {
    /// What the strategy needs and `n` contributions do not give it.
    pub fn lacks(&self, n: usize) -> Option<String> {
        let two = |wanted: bool, what: &str| if wanted { Ok(n) } else { Err(what.to_owned()) };
        let found = match self {
            Combine::TrimmedMean(spec) => spec.trim(n),
            Combine::MeanAroundMedian(spec) => spec.attackers(n),
            Combine::Krum(spec) => spec.attackers(n),
            Combine::MultiKrum(spec) => spec.keep(n),
            Combine::Bulyan(spec) => spec.attackers(n),
            Combine::Mda(spec) => spec.attackers(n).and_then(|f| subsets(n, f)),
            Combine::Smea(spec) => spec.attackers(n).and_then(|f| subsets(n, f)),
            Combine::Caf(spec) => spec.attackers(n),
            Combine::Slerp(_) => two(n == 1 || n == 2, "one contribution or two"),
            Combine::Nuslerp(_) => two(n == 2, "two contributions"),
            Combine::Nearswap(_) | Combine::ArceeFusion(_) => two(n == 1, "one contribution"),
            Combine::ModelStock(_) => two(n >= 2, "at least two contributions"),
            _ => Ok(n),
        };
        found.err()
    }

    /// Whether it works on what moved from a base, and so needs one.
    pub fn needs_base(&self) -> bool {
        matches!(
            self,
            Combine::TaskArithmetic(_)
                | Combine::Ties(_)
                | Combine::Dare(_)
                | Combine::Della(_)
                | Combine::Breadcrumbs(_)
                | Combine::Consensus(_)
                | Combine::Nearswap(_)
                | Combine::ArceeFusion(_)
                | Combine::Ram(_)
                | Combine::RamplusTl(_)
                | Combine::ModelStock(_)
                | Combine::Sce(_)
                | Combine::Tsv(_)
                | Combine::IsoC(_)
        )
    }

    /// Whether the result is linear in what contributions hold, with their weights and blocks as
    /// they are: it is then the sum of what comes of each alone, the others' numbers at 0.
    pub fn is_linear(&self) -> bool {
        matches!(self, Combine::Mean(_) | Combine::Fednova(_) | Combine::TaskArithmetic(_))
    }

    /// Why it cannot merge models in files, where it needs more than the files hold.
    pub fn unfit_for_files(&self) -> Option<&'static str> {
        match self {
            Combine::Fednova(_) => Some(
                "divides by the gradient steps that led to a model, which its file does not say; \
                 \"mean\" is the same for equal steps",
            ),
            Combine::Fisher(_) => Some(
                "weighs by the Fisher information that agents bring beside their models, which \
                 files do not hold; it is for fleets alone",
            ),
            Combine::Regmean(_) => Some(
                "needs the Gram matrices of every layer's inputs, which files of models do not \
                 hold; it is for fleets alone",
            ),
            Combine::BestByProbe(_) | Combine::GreedySoup(_) => Some(
                "tries models out on probe tasks, and there are none for models in files; it is \
                 for fleets alone",
            ),
            _ => None,
        }
    }

    /// The strategy's name in scenarios.
    pub fn name(&self) -> String {
        kind(self)
    }
}

impl Server {
    /// Whether the core moves linearly in what it was given so far.
    pub fn is_linear(&self) -> bool {
        matches!(self, Server::Plain(_) | Server::Fedavgm(_) | Server::Nesterov(_))
    }

    /// Why it cannot step from models in files, where it needs more than the files hold.
    pub fn unfit_for_files(&self) -> Option<&'static str> {
        match self {
            Server::Feddf(_) => Some(
                "learns from the answers of all models, and files do not say what a model answers; \
                 it is for fleets alone",
            ),
            _ => None,
        }
    }

    /// The step's name in scenarios.
    pub fn name(&self) -> String {
        kind(self)
    }
}

impl Pre {
    /// What the pre-aggregation needs and `n` contributions do not give it.
    pub fn lacks(&self, n: usize) -> Option<String> {
        match self {
            Pre::NearestNeighbourMixing(spec) => spec.attackers(n).err(),
            Pre::AdaptiveRobustClipping(spec) => spec.attackers(n).err(),
            Pre::Bucketing(_) | Pre::Clip(_) => None,
        }
    }

    /// Whether what comes out is linear in what goes in, with weights and blocks as they are.
    pub fn is_linear(&self) -> bool {
        matches!(self, Pre::Bucketing(_))
    }

    /// Vectors that come out where `n` go in.
    pub fn leaves(&self, n: usize) -> usize {
        match self {
            Pre::Bucketing(spec) => n.div_ceil(spec.size as usize),
            _ => n,
        }
    }

    /// The pre-aggregation's name in scenarios.
    pub fn name(&self) -> String {
        kind(self)
    }
}

fn kind(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value["kind"].as_str().unwrap_or_default().to_owned()
}

/// Subsets that are tried at most.
const SUBSETS_MAX: usize = 2_000_000;

/// `n` choose `f`; the error says that there are too many to try.
fn subsets(n: usize, f: usize) -> Result<usize, String> {
    let mut count: usize = 1;
    for i in 0..f.min(n - f) {
        count = count * (n - i) / (i + 1);
        if count > SUBSETS_MAX {
            return Err(format!(
                "at most {SUBSETS_MAX} subsets of n − f contributions to try; f = {f} of {n} has \
                 more"
            ));
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attackers_are_a_fifth_as_far_as_the_rule_allows() {
        let krum = Krum::default();
        let found: Vec<_> = [3, 4, 5, 10, 200].map(|n| krum.attackers(n).unwrap()).into();
        assert_eq!(found, [0, 0, 1, 2, 40]);
        assert!(krum.attackers(2).is_err());
        let four = Krum { f: Some(4), ..krum };
        assert_eq!(four.attackers(11), Ok(4));
        let needs = four.attackers(10).unwrap_err();
        assert!(needs.contains("at least 11 contributions"), "{needs}");
    }

    #[test]
    fn subsets_are_counted_before_they_are_tried() {
        assert_eq!(subsets(11, 2), Ok(55));
        assert!(subsets(60, 20).is_err());
    }
}
