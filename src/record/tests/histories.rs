//! What is measured over a whole run, in its tables and in the summary.

use super::tables_read_back::{read_one, text};
use super::*;
use crate::maths::exp;
use parquet::record::Field;
use serde_json::Value;

#[test]
fn spread_has_a_row_a_fleet_and_skill_with_times_and_the_reason_where_nothing_is_fitted() {
    let rows = read_one("spread.parquet");
    assert_eq!(rows.len(), 4);
    // s1 of the hive: held by none of two at round 0, by one at round 1
    let s1 = &rows[1];
    assert_eq!((&s1["fleet"], &s1["skill"]), (&text("hive"), &text("s1")));
    assert_eq!(s1["t10"], Field::Double(0.2));
    assert_eq!(s1["t50"], Field::Double(1.0));
    assert_eq!(s1["t90"], Field::Null);
    assert_eq!(s1["logistic"], text("too few points"));
    assert_eq!(s1["logistic_rate"], Field::Null);
    assert_eq!(s1["bass_q_high"], Field::Null);
    assert_eq!(s1["found"], Field::Long(1));
    assert_eq!(s1["contact_rate"], Field::Null);
}

#[test]
fn inequality_has_a_row_a_measured_round() {
    let rows = read_one("inequality.parquet");
    assert_eq!(rows.len(), 4);
    let row = &rows[1];
    assert_eq!(row["round"], Field::Long(1));
    // five tasks each; levels 0.5, 0.75 and 0.75 on their jobs: (2·0.75 − 2·0.5) / (2·2)
    assert_eq!(row["gini_practice"], Field::Double(0.0));
    assert_eq!(row["gini_skill"], Field::Double(0.125));
    assert_eq!(row["covered"], Field::Double(1.0));
    // nobody had worked at the start
    assert_eq!(rows[0]["specialisation"], Field::Null);
}

#[test]
fn continual_learning_is_told_of_every_panel_agent() {
    let rows = read_one("continual.parquet");
    assert_eq!(rows.len(), 6);
    // agent 7 has no probe of s1, and one period: nothing to forget
    let row = &rows[1];
    assert_eq!(row["agent"], Field::Long(7));
    assert_eq!((&row["learned_skills"], &row["periods"]), (&Field::Long(1), &Field::Long(1)));
    assert_eq!(row["accuracy"], Field::Double(0.75));
    assert_eq!(row["forgetting"], Field::Null);
    // the pooled learner is at 1.25 × 0.75
    assert_eq!(row["intransigence"], Field::Double(0.1875));
}

#[test]
fn lineage_and_interference_are_written_as_they_were_measured() {
    let rows = read_one("lineage.parquet");
    let of = |row: usize, key: &str| rows[row][key].clone();
    assert_eq!((of(1, "round"), of(1, "company")), (Field::Long(1), Field::Long(1)));
    assert_eq!((of(0, "share"), of(1, "share")), (Field::Double(0.25), Field::Double(0.75)));
    let rows = read_one("interference.parquet");
    assert_eq!((&rows[0]["fleet"], &rows[1]["fleet"]), (&text("hive"), &text("pooled")));
    assert_eq!(rows[0]["loss"], Field::Double(-0.125));
    assert_eq!(rows[0]["barrier"], Field::Null);
    let numbers = summed_up(&outcome(), "serial", 1, 1.0);
    let lineage = &numbers["lineage"];
    assert_eq!((&lineage["largest"], &lineage["companies"]), (&Value::from(1), &Value::from(2)));
    assert_eq!(lineage["herfindahl"], 0.625);
    assert_eq!(numbers["interference"]["losers"], 0.5);
}

/// A hive of 40 agents whose adoption is a logistic curve of rate 0.6 around round 10, read off
/// the summary; each agent does one more task of s0 a round.
fn logistic_hive() -> Outcome {
    let mut outcome = outcome();
    let agents = 40;
    let member = outcome.hive.panel[0].clone();
    let adopts =
        |i: u32| 10.0 + crate::maths::ln((f64::from(i) + 0.5) / (39.5 - f64::from(i))) / 0.6;
    outcome.bounds.clear();
    outcome.hive.panel = vec![member; agents as usize];
    outcome.hive.frames = (0..=20)
        .map(|round| {
            let level = |i: u32| if f64::from(round) >= adopts(i) { 0.75_f32 } else { 0.25 };
            Frame {
                round,
                panel: (0..agents).flat_map(|i| [level(i), 0.0]).collect(),
                core: vec![0.0; 2 * agents as usize],
                practised: (0..agents).flat_map(|_| [u64::from(round), 0]).collect(),
                adopters: Vec::new(),
            }
        })
        .collect();
    outcome
}

#[test]
fn the_summary_tells_how_a_skill_spread_with_intervals_around_the_truth() {
    let numbers = summed_up(&logistic_hive(), "serial", 1, 1.0);
    let spread = &numbers["spread"];
    assert_eq!((&spread["reached_50"], &spread["reached_90"]), (&Value::from(1), &Value::from(1)));
    let s0 = &spread["skills"][0];
    let rate = &s0["logistic"]["rate"];
    // an empirical distribution lies within half an agent of the law
    assert!((rate["value"].as_f64().unwrap() - 0.6).abs() < 0.05, "{s0:#}");
    let ends = [&rate["interval"][0], &rate["interval"][1]].map(|end| end.as_f64().unwrap());
    assert!(ends[0] < 0.6 && 0.6 < ends[1] && ends[1] - ends[0] < 0.6, "{s0:#}");
    assert!((s0["t50"].as_f64().unwrap() - 10.0).abs() < 1.0, "{s0:#}");
    // held by none of 40 at any time
    assert_eq!(spread["skills"][1]["bass"]["no_fit"], "flat");
    assert_eq!(numbers["continual"]["agents"], 40);
    assert_eq!(numbers["inequality"]["covered_by_half"], 0.5);
}

#[test]
fn a_summary_is_the_same_twice_and_moves_its_intervals_alone_with_the_seed() {
    let mut outcome = logistic_hive();
    let first = summed_up(&outcome, "serial", 1, 1.0)["spread"].clone();
    assert_eq!(first, summed_up(&outcome, "pool", 2, 2.0)["spread"]);
    outcome.scenario.seed.0 += 1;
    let second = summed_up(&outcome, "serial", 1, 1.0)["spread"].clone();
    let (a, b) = (&first["skills"][0]["bass"]["q"], &second["skills"][0]["bass"]["q"]);
    assert_eq!(a["value"], b["value"]);
    assert_ne!(a["interval"], b["interval"]);
}

#[test]
fn the_economy_values_days_and_says_when_a_bound_is_overtaken() {
    let mut outcome = outcome();
    for (round, row) in outcome.hive.rounds.iter_mut().enumerate() {
        row.value = [0.0, 10.0, 20.0][round];
        row.work_accuracy = 0.99;
        row.multiply_adds = 600;
    }
    for (round, row) in outcome.bounds[0].1.rounds.iter_mut().enumerate() {
        row.value = [0.0, 15.0, 5.0][round];
    }
    let economy = summed_up(&outcome, "serial", 1, 1.0)["economy"].clone();
    assert_eq!(economy["value_per_task"], 0.1);
    assert_eq!(economy["multiply_adds_per_value"], 60.0);
    let success = economy["day"]["success"].as_f64().unwrap();
    assert!((success - exp(100.0 * crate::maths::ln(0.99))).abs() < 1e-12, "{economy:#}");
    // totals 10 and 30 against 15 and 20: level a third of the way from round 1 to 2
    let overtaken = economy["break_even"]["pooled"].as_f64().unwrap();
    assert!((overtaken - 4.0 / 3.0).abs() < 1e-12, "{economy:#}");
}

#[test]
fn a_misshapen_trace_is_summed_up_without_what_cannot_be_measured() {
    let mut broken = outcome();
    broken.hive.frames[1].practised.clear();
    let numbers = summed_up(&broken, "serial", 1, 1.0);
    assert_eq!((&numbers["spread"], &numbers["continual"]), (&Value::Null, &Value::Null));
}
