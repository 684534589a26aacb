//! Search on rugged landscapes: who shares with all leads early and stalls.

use super::{Row, Rows, Trial, mean_and_error};
use crate::engine::{Experiment, Silent};
use crate::scenario::Scenario;

/// Lazer and Friedman's setting: N = 20, K = 5, 100 agents, scores over the highest to the 8th.
const SETTING: &str = "\
rounds = 200
[world]
kind = \"nk\"
n = 20
k = 5
[fleet]
agents = 100
[learner]
kind = \"search\"
[distiller]
topology = \"gossip\"
[measure]
panel = 0
[engine]
kind = \"serial\"
";

/// The periods that are looked at, and by how much the complete graph is then ahead of the ring in
/// another implementation, a plain loop over 40 landscapes.
const AHEAD: [(usize, f64); 3] = [(3, 0.39 - 0.15), (11, 0.57 - 0.41), (200, 0.58 - 0.83)];

/// The mean score of agents who see everybody, less that of agents who see two neighbours, on the
/// same landscapes. Both implementations drew 40, so that a difference of theirs has √2 times the
/// standard error of ours.
pub(super) fn crossing(trial: &Trial) -> Rows {
    let landscapes = 1..=40_u64;
    let (near, far) = trial.model(("ring", "complete"), ("complete", "ring"));
    let mut ahead = vec![Vec::new(); AHEAD.len()];
    for landscape in landscapes {
        let course = |graph: &str| {
            let seed = trial.seed * 1000 + landscape;
            let sets = [format!("distiller.gossip.graph={graph}"), format!("seed={seed}")];
            let scenario = Scenario::parse(SETTING, "crossing.toml", &sets)?;
            let outcome = Experiment::new(scenario).run(&Silent)?;
            let levels = outcome.hive.rounds.iter().map(|row| row.panel_skill);
            Ok::<Vec<f64>, super::CheckError>(levels.collect())
        };
        let (few, all) = (course(near)?, course(far)?);
        for (gaps, (period, _)) in ahead.iter_mut().zip(AHEAD) {
            gaps.push(all[period] - few[period]);
        }
    }
    let row = |(gaps, (period, law)): (&Vec<f64>, (usize, f64))| {
        let (mean, error) = mean_and_error(gaps);
        let what = format!("after {period} periods: complete less ring");
        Row::within(what, law, mean, 4.0 * 2.0_f64.sqrt() * error)
    };
    Ok(ahead.iter().zip(AHEAD).map(row).collect())
}
