//! A strategy of your own under the standard battery, in short, beside three of hivesim's: a mean
//! that leaves out the half of the contributions that is farthest from the plain mean of all.
//!
//! ```text
//! cargo run --release --example own_under_stress
//! ```

use hivesim::engine::{Batch, Experiment, Silent};
use hivesim::merge::{Group, MergeError, Strategy};
use hivesim::record::finished;
use hivesim::scenario::{Battery, Scope};
use hivesim::stress::{Dose, Stress, cards, face};
use hivesim::sweep::Finished;

struct NearHalf;

impl Strategy for NearHalf {
    fn name(&self) -> &'static str {
        "near-half"
    }

    /// All parameters are one vector.
    fn scope(&self) -> Scope {
        Scope::Model
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        let far = group.distances_to(&vec![1.0 / n as f64; n])?;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| far[*a].total_cmp(&far[*b]));
        let near = &order[..n.div_ceil(2)];
        let weight = |i: usize| if near.contains(&i) { 1.0 / near.len() as f64 } else { 0.0 };
        group.combine(&(0..n).map(weight).collect::<Vec<_>>())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let battery = Battery::standard(&[])?.only(&["loss", "sign-flip", "noise", "mimic"])?;
    let mut stress = Stress::new(battery, true, "mean,median,geometric-median", &[])?;
    let own = stress.admit("near-half");
    let batch = Batch::default();
    let run = |dose: &Dose| {
        let scenario = stress.scenario(dose).map_err(|error| error.to_string())?;
        let mut experiment = Experiment::new(scenario);
        if dose.contender == own {
            experiment = experiment.with_strategy(|| Box::new(NearHalf));
        }
        match batch.run(&experiment, &Silent) {
            Ok(Ok(outcome)) => Ok(finished(&outcome, f64::NAN)),
            Ok(Err(cause)) => Ok(Finished::failed(cause)),
            Err(cut) => Err(format!("{cut:?}")),
        }
    };
    let findings = face(&stress, &batch, 2, run, |_| {})?;
    let cards = cards(&stress, &findings);
    for each in &cards.board.standings {
        let falls = cards.cards[each.card].curves.iter().map(|curve| {
            let dose = curve.breakdown.and_then(|fall| fall.dose);
            let dose = dose.map_or("holds".into(), |dose| format!("{dose:.2}"));
            format!("  {} {dose}", curve.hardship)
        });
        let falls: String = falls.collect();
        println!(
            "{:18} clean {:.3}, stressed {:.3}: breaks down at{falls}",
            each.name, each.clean.mean, each.stressed.mean
        );
    }
    Ok(())
}
