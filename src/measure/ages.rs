//! How stale learnings were when they were merged.

use super::StalenessRow;
use std::collections::BTreeMap;

/// The staleness of learnings that were merged, in a round or in a whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ages {
    /// For each staleness, in core versions, how many learnings have it; by rising staleness.
    pub learnings: Vec<(u32, u64)>,
}

impl Ages {
    /// Counts the rows of a run; none where there are none.
    pub fn of(rows: &[StalenessRow]) -> Option<Self> {
        let ages = Ages::count(rows.iter().map(|row| (row.staleness, row.learnings)));
        (!ages.learnings.is_empty()).then_some(ages)
    }

    /// Counts learnings by their staleness.
    pub fn count(ages: impl Iterator<Item = (u32, u64)>) -> Self {
        let mut learnings = BTreeMap::new();
        ages.for_each(|(age, n)| *learnings.entry(age).or_insert(0) += n);
        Ages { learnings: learnings.into_iter().collect() }
    }

    /// Learnings in all.
    pub fn number(&self) -> u64 {
        self.learnings.iter().map(|(_, n)| n).sum()
    }

    /// The mean staleness, in core versions. In the long run it is `(W − 1)/K` for `W` agents at
    /// work and `K` learnings a publication, whatever their speeds (as long as no two learnings come
    /// in at the same instant): an agent's next learning comes in, on average over agents, `W` places
    /// after its last one, since the places between them add up to all there are.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.learnings.iter().map(|(age, n)| f64::from(*age) * *n as f64).sum();
        sum / self.number() as f64
    }

    /// The least staleness that a share of the learnings does not exceed, `0 <= share <= 1`.
    pub fn quantile(&self, share: f64) -> u32 {
        let wanted = (share * self.number() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let reached = |(_, n): &&(u32, u64)| {
            seen += n;
            seen >= wanted
        };
        self.learnings.iter().find(reached).or(self.learnings.last()).map_or(0, |(age, _)| *age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_over_all_rounds() {
        let row = |round, staleness, learnings| StalenessRow { round, staleness, learnings };
        assert_eq!(Ages::of(&[]), None);
        let ages = Ages::of(&[row(1, 0, 3), row(2, 0, 1), row(2, 2, 4), row(3, 7, 2)]);
        let ages = ages.expect("there are learnings");
        assert_eq!(ages.learnings, [(0, 4), (2, 4), (7, 2)]);
        assert_eq!(ages.number(), 10);
        assert_eq!(ages.mean(), 2.2);
        let quantiles = [0.0, 0.4, 0.41, 0.5, 0.8, 0.81, 1.0].map(|share| ages.quantile(share));
        assert_eq!(quantiles, [0, 0, 2, 2, 2, 7, 7]);
    }
}
