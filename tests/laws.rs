//! Closed forms that hivesim must come to, at the small size: every row of every check holds,
//! and none of them does where the check's model is broken on purpose. `hivesim validate` runs
//! the same checks at full size.

use hivesim::validate::{Size, Trial, checks, find};
use std::process::Command;

/// Runs a check sound and broken, and says how to do it again where it goes wrong.
fn hold(name: &str, size: Size) {
    let check = find(name).unwrap_or_else(|e| panic!("{e}"));
    let trial = Trial::new(size, 1);
    let run = |trial| check.run(trial).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (sound, broken) = (run(&trial), run(&trial.broken()));
    let again = format!("again with: hivesim validate --only {name} --seed {}", trial.seed);
    assert!(!sound.is_empty(), "{name} has no rows");
    for row in &sound {
        assert!(row.holds(), "{name}: {row:?}; {again}");
    }
    for (row, sound) in broken.iter().zip(&sound) {
        assert_eq!(row.expected, sound.expected, "{name}: the law is the same, {}", row.what);
        assert!(!row.holds(), "{name} does not notice that its model is broken: {row:?}");
    }
    assert_eq!(broken.len(), sound.len());
}

/// A test for each check.
macro_rules! laws {
    ($($test:ident: $name:literal,)*) => {
        const HELD: &[&str] = &[$($name),*];

        $(
            #[test]
            fn $test() {
                hold($name, Size::Quick);
            }
        )*
    };
}

laws! {
    averaging_divides_the_variance_by_the_number: "averaging-variance",
    fedavg_on_quadratics_goes_to_its_fixed_point_at_its_rate: "fedavg-quadratics",
    a_core_tracks_a_random_walk_as_well_as_theory_says: "tracking",
    companies_are_off_by_what_sampling_and_shrinkage_leave: "company-shrinkage",
    a_delay_is_stable_up_to_its_greatest_rate: "delay-stability",
    a_buffer_for_everyone_is_a_round_in_step: "buffered-in-step",
    learnings_are_as_stale_as_the_places_between_them: "staleness",
    publications_take_the_time_that_a_buffer_takes_to_fill: "buffered-pace",
    a_buffer_is_there_sooner_where_some_are_very_slow: "buffered-sooner",
    signs_lead_nowhere_and_error_feedback_leads_to_the_minimum: "sign-descent",
    what_is_drawn_for_compression_averages_out_over_agents: "compression-variance",
    one_bit_with_error_feedback_is_as_good_as_whole_contributions: "error-feedback",
    a_ring_contracts_by_its_second_eigenvalue: "ring-consensus",
    random_graphs_contract_by_their_second_eigenvalue: "graph-consensus",
    pairs_contract_by_one_over_the_others: "pairwise-gossip",
    a_round_of_calls_follows_the_mean_field_map: "mean-field-rounds",
    a_rumour_takes_a_few_rounds_more_to_many_more_agents: "rumour-rounds",
    clocks_spread_a_rumour_in_harmonic_time: "asynchronous-rumour",
    infection_follows_the_logistic_curve: "si-logistic",
    a_product_spreads_by_basss_curve_and_fits_find_its_rates: "bass",
    a_hive_fails_once_or_twice_where_loners_fail_each: "failures-per-skill",
    a_mixture_of_exponential_learners_follows_a_power_law: "power-law-of-practice",
    a_zipf_tail_of_skills_gives_a_power_law_of_loss: "zipf-exponent",
    rewards_teach_slower_than_answers_by_the_ratio_of_the_flows: "told-and-rewarded",
    a_whole_day_goes_right_with_the_power_of_its_length: "whole-days",
    strategies_break_at_their_breakdown_points: "breakdown-points",
    mixing_wins_back_what_colluders_take_where_agents_differ: "heterogeneous-attacks",
    sign_flippers_end_learning_at_the_share_where_the_mean_turns: "sign-flip",
    sign_conflict_follows_the_arccosine: "sign-conflict",
    dare_is_off_by_its_drop_rate_over_what_it_keeps: "dare-variance",
    the_best_by_noisy_scores_gains_what_regression_leaves: "best-of-n",
    a_ring_overtakes_a_complete_graph_on_a_rugged_landscape: "rugged-crossing",
    leaders_change_by_the_arccosine_of_the_correlation: "leader-changes",
    a_lab_runs_away_where_its_flywheel_outruns_the_leak: "runaway",
    the_paper_worlds_answers_vary_as_its_authors_do: "paper-world",
    a_plain_loop_in_double_precision_gives_the_same_losses: "plain-loop",
    work_that_was_not_finished_is_better_merged_than_dropped: "partial-work",
}

/// Of whole experiments, at their one size.
#[test]
fn fedprox_is_steadier_than_fedavg_where_devices_differ() {
    hold("fedprox-figure-2", Size::Full);
}

#[test]
fn every_quick_check_is_held_here() {
    let quick = checks().iter().filter(|check| check.from == Size::Quick);
    let names: Vec<&str> = quick.map(|check| check.name).collect();
    assert_eq!(names, HELD);
}

#[test]
fn a_name_that_is_none_is_told_with_the_nearest() {
    let Err(message) = find("zipf-exponnet") else { panic!("there is no such check") };
    assert!(message.contains("did you mean `zipf-exponent`?"), "{message}");
}

fn command(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_hivesim")).arg("validate").args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("{e}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_prints_the_same_rows_on_any_number_of_threads() {
    let only = ["--quick", "--only", "whole-days,leader-changes,dare-variance", "--json"];
    let rows = |threads| {
        let (code, out, err) = command(&[&only[..], &["--threads", threads]].concat());
        assert_eq!(code, Some(0), "{err}");
        out
    };
    let one = rows("1");
    assert_eq!(rows("3"), one);
    let document: serde_json::Value = serde_json::from_str(&one).unwrap();
    let all = document["rows"].as_array().unwrap();
    assert!(all.len() == 8 && all.iter().all(|row| row["holds"] == true), "{one}");
    assert_ne!(command(&[&only[..], &["--seed", "2"]].concat()).1, one, "another seed draws anew");
}

#[test]
fn a_check_that_is_none_is_bad_input() {
    let (code, out, err) = command(&["--only", "runnaway"]);
    assert!(code == Some(2) && out.is_empty(), "{code:?} {out}");
    assert!(err.contains("did you mean `runaway`?") && err.contains("zipf-exponent"), "{err}");
}
