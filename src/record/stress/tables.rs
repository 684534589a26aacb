//! runs.parquet, a row a run, and curves.parquet, a row a dose of a curve, in the order of
//! contenders and hardships. Nothing in them differs between two ways to the same runs, so that
//! neither do their bytes.

use crate::record::atomic::Sink;
use crate::record::table::{Cells, Loose, write_loose};
use crate::stress::{Cards, Dose, Findings, Stress};
use crate::sweep::{FIGURES, Finished};
use parquet::data_type::ByteArray;
use parquet::errors::Result;

fn column(name: &str, unit: &'static str, about: &str, cells: Cells) -> Loose {
    Loose { name: name.into(), unit, about: about.into(), cells }
}

fn text(texts: impl Iterator<Item = String>) -> Cells {
    Cells::Text(texts.map(|text| ByteArray::from(text.into_bytes())).collect())
}

pub(super) fn runs(sink: &mut Sink, stress: &Stress, findings: &Findings, id: &str) -> Result<()> {
    let runs: Vec<(Dose, &Finished)> = findings.runs().collect();
    let each = || runs.iter().map(|(dose, _)| dose);
    let hardship = |dose: &Dose| match dose.hardship {
        Some((hardship, _)) => stress.battery.hardships[hardship].name.clone(),
        None => String::new(),
    };
    let dose = |dose: &Dose| {
        dose.hardship.map_or(f64::NAN, |(hardship, place)| stress.dose(hardship, place))
    };
    let name = |dose: &Dose| stress.contenders[dose.contender].name.clone();
    let place = |dose: &Dose| dose.hardship.map_or(0.0, |(_, place)| place);
    let hash = |run: &Finished| run.result.clone().unwrap_or_default();
    let cause = |run: &Finished| run.result.clone().err().unwrap_or_default();
    let finished = || runs.iter().map(|(_, run)| *run);
    let mut columns = vec![
        column("strategy", "", "Who was put to it.", text(each().map(name))),
        column("hardship", "", "The hardship; empty is the clean run.", text(each().map(hardship))),
        column(
            "place",
            "",
            "From no dose (0) to the highest (1).",
            Cells::Real(each().map(place).collect()),
        ),
        column("dose", "", "The dose; null is none.", Cells::Real(each().map(dose).collect())),
        column(
            "seed",
            "",
            "The run's seed.",
            Cells::Integer(each().map(|dose| dose.seed as i64).collect()),
        ),
    ];
    for (i, figure) in FIGURES.iter().enumerate() {
        let values = Cells::Real(finished().map(|run| run.figures[i]).collect());
        columns.push(column(figure.name, figure.unit, &format!("{}.", figure.title), values));
    }
    let about = "Why the run came to nothing; empty where it did not.";
    columns.push(column("failed", "", about, text(finished().map(cause))));
    let about = "BLAKE3 of the run's result.";
    columns.push(column("result_hash", "", about, text(finished().map(hash))));
    write_loose(sink, "runs", id, columns)
}

pub(super) fn curves(sink: &mut Sink, stress: &Stress, cards: &Cards, id: &str) -> Result<()> {
    let rows: Vec<_> = cards
        .cards
        .iter()
        .flat_map(|card| card.curves.iter().map(move |curve| (card, curve)))
        .flat_map(|(card, curve)| curve.points.iter().map(move |point| (card, curve, point)))
        .collect();
    let real = |get: &dyn Fn(usize) -> f64| Cells::Real((0..rows.len()).map(get).collect());
    let fall = |i: usize, get: fn(&crate::stress::Breakdown) -> Option<f64>| {
        rows[i].1.breakdown.as_ref().and_then(get).unwrap_or(f64::NAN)
    };
    let unit = stress.figure.unit;
    let columns = vec![
        column("strategy", "", "Who.", text(rows.iter().map(|row| row.0.name.clone()))),
        column("hardship", "", "Under what.", text(rows.iter().map(|row| row.1.hardship.clone()))),
        column("dose", "", "The dose.", real(&|i| rows[i].2.dose)),
        column("level", unit, "Skill, mean over seeds.", real(&|i| rows[i].2.level.mean)),
        column("low", unit, "Lower end of its 95 % interval.", real(&|i| rows[i].2.level.low)),
        column("high", unit, "Upper end.", real(&|i| rows[i].2.level.high)),
        column(
            "breakdown",
            "",
            "Breakdown point of the curve, as a dose; null is beyond the highest.",
            real(&|i| fall(i, |fall| fall.dose)),
        ),
        column("breakdown_low", "", "Lower end of its interval.", real(&|i| fall(i, |f| f.low))),
        column("breakdown_high", "", "Upper end.", real(&|i| fall(i, |f| f.high))),
    ];
    write_loose(sink, "curves", id, columns)
}
