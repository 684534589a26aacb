//! Robust strategies that go coordinate by coordinate.

use super::{Group, MergeError, Strategy};
use crate::params::kernels::merging::{mean_around_median, median, trimmed_mean};
use crate::scenario;

/// The median of every coordinate; of an even number of values, half the sum of the two in the
/// middle (Yin, Chen, Ramchandran and Bartlett 2018, "Byzantine-robust distributed learning:
/// towards optimal statistical rates", ICML).
///
/// Breakdown point 1/2. Cost: at most 14 vector operations a value up to 64 contributions, a
/// bisection beyond.
#[derive(Clone, Debug)]
pub struct Median;

impl Strategy for Median {
    fn name(&self) -> &'static str {
        "median"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        group.write(|segment, out| {
            let rows = segment.values();
            out.fill_with(|start, out, scratch| median(&rows, start, out, scratch));
            Ok(())
        })
    }
}

/// The mean of every coordinate without its `f` least and `f` greatest values, or a proportion
/// of them (Yin et al. 2018).
///
/// Breakdown point `f/n`: the proportion. Cost: at most 20 vector operations a value up to 64
/// contributions, a bisection beyond.
#[derive(Clone, Debug)]
pub struct TrimmedMean(pub scenario::TrimmedMean);

impl Strategy for TrimmedMean {
    fn name(&self) -> &'static str {
        "trimmed-mean"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let trim = group.attackers(self.0.trim(group.n()))?;
        group.write(|segment, out| {
            let rows = segment.values();
            out.fill_with(|start, out, scratch| {
                trimmed_mean(&rows, trim, start, out, scratch);
            });
            Ok(())
        })
    }
}

/// The mean of the `n − f` values of a coordinate that are nearest to its median (Xie, Koyejo
/// and Gupta 2018, "Generalized Byzantine-tolerant SGD"; ByzFL's `Meamed`).
///
/// Breakdown point `f/n`, at most 1/2. Cost: as the trimmed mean.
#[derive(Clone, Debug)]
pub struct MeanAroundMedian(pub scenario::MeanAroundMedian);

impl Strategy for MeanAroundMedian {
    fn name(&self) -> &'static str {
        "mean-around-median"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let keep = group.n() - group.attackers(self.0.attackers(group.n()))?;
        group.write(|segment, out| {
            let rows = segment.values();
            out.fill_with(|start, out, scratch| {
                mean_around_median(&rows, keep, start, out, scratch);
            });
            Ok(())
        })
    }
}
