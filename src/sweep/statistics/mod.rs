//! The statistics of a sweep: paired differences, ranks, and the distributions behind their
//! p-values.
//! Lives here: pure functions from numbers to numbers, each with its source.
//! May not: know what a run or a case is.

mod distributions;
mod paired;
mod ranks;

pub use distributions::{f_above, normal_below, normal_quantile, studentized_range};
pub use paired::{Paired, bca, holm, wilcoxon};
pub use ranks::{Friedman, critical_difference, ranks, spearman};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Few different values, so that ties come up.
    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-6..=6_i8).prop_map(|x| f64::from(x) / 4.0), 2..40)
    }

    proptest! {
        #[test]
        fn ranks_add_up_whatever_the_ties(values in values()) {
            let n = values.len() as f64;
            prop_assert_eq!(ranks(&values).iter().sum::<f64>(), 0.5 * n * (n + 1.0));
        }

        #[test]
        fn a_difference_turned_round_is_as_sure(values in values()) {
            let turned: Vec<f64> = values.iter().map(|x| -x).collect();
            let p = wilcoxon(&values);
            prop_assert!(p > 0.0 && p <= 1.0 && (p - wilcoxon(&turned)).abs() < 1e-12, "{}", p);
        }

        #[test]
        fn an_interval_lies_among_the_values(values in values(), seed in 0..9_u64) {
            let interval = bca(&values, seed);
            let ends = values.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], x| [a.min(*x), b.max(*x)]);
            prop_assert!(interval.low <= interval.high, "{:?}", interval);
            prop_assert!(ends[0] - 1e-12 <= interval.low && interval.high <= ends[1] + 1e-12, "{:?}", interval);
        }

        #[test]
        fn a_correction_makes_nothing_surer_and_keeps_the_order(p in prop::collection::vec(0.0..1.0_f64, 1..30)) {
            let corrected = holm(&p);
            for i in 0..p.len() {
                prop_assert!(corrected[i] >= p[i] && corrected[i] <= 1.0);
                prop_assert!((0..p.len()).all(|j| p[i] > p[j] || corrected[i] <= corrected[j]));
            }
        }

        #[test]
        fn mean_ranks_are_middling_together(blocks in prop::collection::vec(prop::array::uniform4(-3..=3_i8), 2..20)) {
            let blocks: Vec<Vec<f64>> = blocks.iter().map(|block| block.iter().map(|x| f64::from(*x)).collect()).collect();
            let test = Friedman::of(&blocks, true).unwrap();
            prop_assert!((test.mean_ranks.iter().sum::<f64>() - 10.0).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&test.p) && test.chi_squared >= 0.0, "{:?}", test);
        }
    }
}
