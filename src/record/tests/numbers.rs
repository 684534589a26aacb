use super::*;
use crate::record::rfc3339;
use proptest::prelude::*;
use serde_json::Value;
use std::fs;

#[test]
fn half_the_fleet_is_reached_on_the_line_between_two_rounds() {
    // Shares 0, 0.25 and 1 in rounds 0, 1 and 2: half at 1 + 0.25/0.75.
    let numbers = summed_up(&outcome(), "serial", 1, 5.0);
    let time = numbers["time_to_half_fleet"].as_f64().unwrap();
    assert!((time - 4.0 / 3.0).abs() < 1e-15, "{time}");
}

#[test]
fn unmeasured_rounds_do_not_bend_that_line() {
    let mut gap = outcome();
    gap.hive.rounds[1].fleet_adoption = f64::NAN;
    assert_eq!(summed_up(&gap, "serial", 1, 5.0)["time_to_half_fleet"], 1.0);
    gap.hive.rounds[2].fleet_adoption = 0.49;
    assert_eq!(summed_up(&gap, "serial", 1, 5.0)["time_to_half_fleet"], Value::Null);
}

#[test]
fn work_is_summed_over_rounds_and_rates_use_the_hives_own_seconds() {
    let numbers = summed_up(&outcome(), "serial", 1, 5.0);
    assert_eq!(numbers["tasks"], 300);
    assert_eq!(numbers["bytes_up"], 3u64 << 40);
    assert_eq!(numbers["seconds"], 5.0);
    assert_eq!(numbers["tasks_per_second"], 150.0);
    assert_eq!(numbers["train_loss"], Value::Null);
}

#[test]
fn every_key_of_the_summary_is_documented_in_its_order() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/measures.md");
    let page = fs::read_to_string(page).unwrap();
    let section = page.split("\n## ").find(|s| s.starts_with("summary.json")).unwrap();
    let documented: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|key| !key.contains('.'))
        .collect();
    let numbers = summed_up(&outcome(), "serial", 1, 5.0);
    let keys: Vec<&str> = numbers.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(documented, keys);
}

proptest! {
    #[test]
    fn a_finished_runs_summary_is_its_last_row(
        core in -1.0f64..1.0, panel in -1.0f64..1.0, sd in 0.0f64..1.0,
        new in prop::option::of(-1.0f64..1.0), adoption in 0.0f64..1.0, accuracy in 0.0f64..1.0,
    ) {
        let mut outcome = outcome();
        outcome.hive.frames[1].round = 2;
        let last = outcome.hive.rounds.last_mut().unwrap();
        last.core_skill = core;
        last.panel_skill = panel;
        last.panel_skill_sd = sd;
        last.unpractised_skill = new.unwrap_or(f64::NAN);
        last.adoption = adoption;
        last.test_accuracy = accuracy;
        let last = last.clone();
        outcome.bounds[0].1 = outcome.hive.clone();
        let numbers = summed_up(&outcome, "pool", 2, 1.0);
        let skills = &numbers["skills"];
        prop_assert_eq!(skills["core"].as_f64(), Some(last.core_skill));
        prop_assert_eq!(skills["panel"].as_f64(), Some(last.panel_skill));
        prop_assert_eq!(skills["panel_sd"].as_f64(), Some(last.panel_skill_sd));
        prop_assert_eq!(skills["unpractised"].as_f64(), new);
        prop_assert_eq!(skills["adoption"].as_f64(), Some(last.adoption));
        prop_assert_eq!(skills["fleet_adoption"].as_f64(), Some(last.fleet_adoption));
        prop_assert_eq!(numbers["test_accuracy"].as_f64(), Some(last.test_accuracy));
        prop_assert_eq!(numbers["bounds"]["pooled"]["panel"].as_f64(), Some(last.panel_skill));
        prop_assert_eq!(numbers["rounds"].as_u64(), Some(2));
    }

    #[test]
    fn days_are_counted_like_a_calendar(days in 0u64..60_000) {
        // The reference: walk over the years and months.
        let leap = |y: u64| y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
        let (mut rest, mut year, mut month) = (days, 1970, 1);
        while rest >= 365 + u64::from(leap(year)) {
            rest -= 365 + u64::from(leap(year));
            year += 1;
        }
        let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for length in lengths {
            if rest < length { break }
            rest -= length;
            month += 1;
        }
        let moment = UNIX_EPOCH + Duration::from_secs(days * 86_400);
        prop_assert_eq!(rfc3339(moment), format!("{year:04}-{month:02}-{:02}T00:00:00.000Z", rest + 1));
    }
}
