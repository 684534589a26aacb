//! What got slower since another benchmark.

use super::figures::{FIGURES, Figure};
use super::rows::{Bench, Row, Spread};
use serde::Serialize;

/// How a figure has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All new repeats are worse than all old ones.
    Worse,
    /// The repeats of both overlap.
    Same,
    /// All new repeats are better than all old ones.
    Better,
}

/// A figure of a row in both benchmarks.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The row, as it is now.
    pub row: &'a Row,
    /// The figure.
    pub figure: &'static Figure,
    /// As it was.
    pub old: Spread,
    /// As it is.
    pub new: Spread,
    /// What that means.
    pub verdict: Verdict,
}

/// The figures of the rows that both benchmarks have and of which it is known whether more or less of
/// them is better.
///
/// Where nothing has changed, all of `n` new repeats lie on one side of all of `n` old ones with the
/// probability `2 n!²/(2n)!`: 0.0006 for seven of each.
pub fn compare<'a>(old: &Bench, new: &'a Bench) -> Vec<Change<'a>> {
    let mut changes = Vec::new();
    for row in &new.rows {
        let Some(before) = old.rows.iter().find(|other| other.case == row.case) else { continue };
        for figure in FIGURES.iter() {
            let (old, new) = (before.spread(figure.name), row.spread(figure.name));
            let Some(more) = figure.better else { continue };
            if !old.median.is_finite() || !new.median.is_finite() {
                continue;
            }
            let verdict = match (old.meets(&new), (new.median > old.median) == more) {
                (true, _) => Verdict::Same,
                (false, true) => Verdict::Better,
                (false, false) => Verdict::Worse,
            };
            changes.push(Change { row, figure, old, new, verdict });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{Case, Sample, Workload};
    use crate::scenario::EngineKind;

    fn bench(rates: [f64; 3], p50: f64) -> Bench {
        let case = Case {
            engine: EngineKind::Tasks,
            fabric: None,
            publication: None,
            agents: 10,
            threads: 1,
            tasks: 1,
            strategy: "mean".into(),
            workload: Workload::Learning,
        };
        let sample =
            |rate: f64| Sample::new(1.0, [rate as u64, 1, 1]).with("merge_p50", p50 / rate);
        Bench {
            hivesim: "1".into(),
            started: String::new(),
            machine: serde_json::Value::Null,
            repeats: 3,
            warm_up_seconds: 0.0,
            measured_seconds: 1.0,
            rows: vec![Row { case, samples: rates.map(sample).to_vec(), refused: None }],
        }
    }

    #[test]
    fn what_lies_apart_has_changed_and_which_way_is_told_by_the_figure() {
        let verdict = |old: &Bench, new: &Bench, name: &str| {
            let changes = compare(old, new);
            changes.iter().find(|change| change.figure.name == name).map(|change| change.verdict)
        };
        let old = bench([100.0, 110.0, 105.0], 1.0);
        let slower = bench([80.0, 99.0, 90.0], 1.0);
        assert_eq!(verdict(&old, &slower, "tasks_per_second"), Some(Verdict::Worse));
        assert_eq!(verdict(&slower, &old, "tasks_per_second"), Some(Verdict::Better));
        assert_eq!(verdict(&old, &slower, "merge_p50"), Some(Verdict::Worse));
        let noisy = bench([80.0, 101.0, 90.0], 1.0);
        assert_eq!(verdict(&old, &noisy, "tasks_per_second"), Some(Verdict::Same));
        // what neither has, and what is neither good nor bad, is not compared
        assert_eq!(verdict(&old, &slower, "pull_p50"), None);
        assert_eq!(verdict(&old, &slower, "seconds"), None);
        let other = Bench { rows: Vec::new(), ..old };
        assert!(compare(&other, &slower).is_empty());
    }
}
