//! The paper world beside its authors' generator.

use super::{CheckError, Row, Rows, Trial};
use crate::ids::AgentId;
use crate::maths::ln;
use crate::scenario::Scenario;
use crate::world;

/// The entropy of an agent's answers in the paper world: the authors' `generate_synthetic.py`
/// (numpy 2.4, 20,000 devices of 200 examples) against the world `synthetic`. It hangs on every
/// part of the generator: the models' and inputs' means, the covariance, the bias.
pub(super) fn answers(trial: &Trial) -> Rows {
    let agents = trial.sized(1000, 4000);
    // (alpha = beta, mean entropy in nats, its standard error)
    [(0.0, 0.448_80, 0.002_75), (0.5, 0.411_59, 0.002_69), (1.0, 0.352_89, 0.002_59)]
        .into_iter()
        .map(|(spread, law, error)| {
            let entropies = entropies(trial, spread, agents)?;
            let n = entropies.len() as f64;
            let mean = entropies.iter().sum::<f64>() / n;
            let variance = entropies.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / n;
            let within = 4.0 * (variance / n + error * error).sqrt();
            let what = format!("synthetic({spread}, {spread}): entropy of answers");
            Ok(Row::within(what, law, mean, within))
        })
        .collect()
}

/// Entropy of each agent's 200 answers, nats.
fn entropies(trial: &Trial, spread: f64, agents: u32) -> Result<Vec<f64>, CheckError> {
    let beta = spread + trial.model(0.0, 2.0);
    let text = format!(
        "[world]\nkind = \"synthetic\"\nalpha = {spread:?}\nbeta = {beta:?}\n\
         train_share = 1.0\nsizes = {{ kind = \"fixed\", examples = 200 }}\n\
         [fleet]\nagents = {agents}"
    );
    let world = world::build(&*Scenario::parse(&text, "law", &[format!("seed={}", trial.seed)])?)?;
    let of_agent = |agent| {
        let Some((train, _)) = world.holdings(AgentId(agent)) else { return f64::NAN };
        let n = train.len() as f64;
        let share = |k: u32| train.answers.iter().filter(|y| **y == k).count() as f64 / n;
        (0..10).map(share).filter(|p| *p > 0.0).map(|p| -p * ln(p)).sum()
    };
    Ok((0..agents).map(of_agent).collect())
}
