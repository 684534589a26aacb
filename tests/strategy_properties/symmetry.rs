//! Orders, equal models, scales and shifts.

use crate::fleet::{Fleet, Holds, assert_near, assert_same, cases, fleets, scope, with};
use crate::kinds::{
    Identical, Scales, is_whole, law, pre_law, pres, scaled, scaled_pre, strategies,
};
use hivesim::merge::MergeError;
use hivesim::scenario::{Combine, Distiller, Pre};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const CASES: u32 = 24;

/// Runs a test on random fleets of every strategy.
fn on_every_strategy(holds: Holds, test: impl Fn(&Combine, &Fleet)) {
    for spec in strategies() {
        let members = law(&spec).members;
        let run = |fleet: Fleet| {
            test(&spec, &fleet);
            Ok(())
        };
        TestRunner::new(cases(CASES))
            .run(&fleets(members, Just(holds)), run)
            .unwrap_or_else(|e| panic!("{spec:?}: {e}"));
    }
}

fn on_every_pre(test: impl Fn(&Pre, &Fleet)) {
    for pre in pres() {
        let run = |fleet: Fleet| {
            test(&pre, &fleet);
            Ok(())
        };
        TestRunner::new(cases(CASES))
            .run(&fleets(1..=25, Just(Holds::All)), run)
            .unwrap_or_else(|e| panic!("{pre:?}: {e}"));
    }
}

fn shuffled(fleet: &Fleet) -> Fleet {
    let mut fleet = fleet.clone();
    let n = fleet.agents.len();
    // neither a rotation nor a reversal
    fleet.agents.sort_by_key(|agent| agent.id.wrapping_mul(0x9E37_79B9));
    fleet.agents.rotate_left(n / 3);
    fleet
}

#[test]
fn the_order_of_agents_does_not_matter() {
    on_every_strategy(Holds::Some, |spec, fleet| {
        if law(spec).permutes {
            let within = law(spec).within * fleet.largest();
            let expected = fleet.merged(&with(spec), 1);
            assert_near(&shuffled(fleet).merged(&with(spec), 1), &expected, within, "shuffled");
        }
    });
}

#[test]
fn the_order_of_agents_does_not_matter_to_pre_aggregations() {
    on_every_pre(|pre, fleet| {
        if pre_law(pre).permutes {
            let spec = before_a_mean(pre);
            let expected = fleet.merged(&spec, 1);
            let within = 1e-3 * fleet.largest();
            assert_near(&shuffled(fleet).merged(&spec, 1), &expected, within, "shuffled");
        }
    });
}

fn before_a_mean(pre: &Pre) -> Distiller {
    Distiller { pre: vec![pre.clone()], ..Distiller::default() }
}

/// What should come of one contribution from all.
fn assert_identical(
    got: Result<Vec<f32>, MergeError>,
    fleet: &Fleet,
    law: (Identical, f32),
    whole: bool,
) {
    let got = got.unwrap_or_else(|e| panic!("{e}"));
    let layout = fleet.layout();
    let delta = &fleet.agents[0].delta;
    let norm = |values: &[f32]| values.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
    let all = norm(delta.values());
    let (identical, within) = (law.0, law.1 * fleet.largest());
    for (block, _, values) in delta.iter() {
        let long = if whole { all } else { norm(values) };
        for (x, y) in values.iter().zip(&got[layout.range(block)]) {
            let near = |x: f32| (x - y).abs() <= within;
            let holds = match identical {
                Identical::Stays => near(*x),
                Identical::Parts => near(*x) || *y == 0.0,
                Identical::Shortened(most) => near((f64::from(*x) * (most / long).min(1.0)) as f32),
                Identical::Clamped(most) => near(x.clamp(-most as f32, most as f32)),
                Identical::Changes => true,
            };
            assert!(holds, "{identical:?}: {y} came of {x}");
        }
    }
}

#[test]
fn agents_who_bring_the_same_get_it() {
    on_every_strategy(Holds::All, |spec, fleet| {
        let law = law(spec);
        let fleet = fleet.clone().of_one_step().identical();
        // a change below epsilon is none
        let fleet = fleet.changed(|_, x| if x.abs() < 1e-4 { 1e-4 } else { x });
        let law = (law.identical, law.within);
        assert_identical(fleet.merged(&with(spec), 1), &fleet, law, is_whole(scope(spec)));
    });
    on_every_pre(|pre, fleet| {
        let fleet = fleet.clone().identical();
        let law = (pre_law(pre).identical, 1e-3);
        assert_identical(fleet.merged(&before_a_mean(pre), 1), &fleet, law, true);
    });
}

fn times(core: &Result<Vec<f32>, MergeError>, c: f32) -> Result<Vec<f32>, MergeError> {
    core.clone().map(|core| core.into_iter().map(|x| c * x).collect())
}

#[test]
fn multiplying_contributions_multiplies_the_result() {
    on_every_strategy(Holds::Some, |spec, fleet| {
        let expected = fleet.merged(&with(spec), 1);
        for c in [0.25_f32, 8.0, 3.0, -1.0] {
            let (with_lengths, exact) = match scaled(spec, f64::from(c)) {
                Scales::With(spec) => (spec, is_power_of_two(c)),
                Scales::Nearly => (spec.clone(), false),
                Scales::No => return,
            };
            let (got, expected) = (
                fleet.clone().changed(|_, x| c * x).merged(&with(&with_lengths), 1),
                times(&expected, c),
            );
            let what = format!("times {c}");
            if exact {
                assert_same(&got, &expected, &what);
            } else {
                let within = law(spec).within * fleet.largest() * c.abs();
                assert_near(&got, &expected, within, &what);
            }
        }
    });
}

#[test]
fn multiplying_contributions_multiplies_what_pre_aggregations_leave() {
    on_every_pre(|pre, fleet| {
        let expected = fleet.merged(&before_a_mean(pre), 1);
        let got = fleet.clone().changed(|_, x| 4.0 * x);
        let got = got.merged(&before_a_mean(&scaled_pre(pre, 4.0)), 1);
        assert_same(&got, &times(&expected, 4.0), "times 4");
    });
}

/// Whether a factor changes nothing but exponents.
fn is_power_of_two(c: f32) -> bool {
    c > 0.0 && c.to_bits() & 0x007f_ffff == 0
}

#[test]
fn shifting_contributions_shifts_the_result() {
    // of the same size as what is shifted, and different in every entry
    let shift = |i: usize| (i % 7) as f32 - 2.5;
    let shifted = |fleet: &Fleet| fleet.clone().changed(|i, x| x + shift(i));
    let moved = |core: Result<Vec<f32>, MergeError>| {
        core.map(|core| core.iter().enumerate().map(|(i, x)| x + shift(i)).collect())
    };
    on_every_strategy(Holds::All, |spec, fleet| {
        let law = law(spec);
        if law.translates {
            let fleet = fleet.clone().of_one_step();
            let (got, expected) = (shifted(&fleet), fleet.merged(&with(spec), 1));
            let within = 2.0 * law.within * got.largest().max(fleet.largest());
            assert_near(&got.merged(&with(spec), 1), &moved(expected), within, "shifted");
        }
    });
    on_every_pre(|pre, fleet| {
        if pre_law(pre).translates {
            let spec = before_a_mean(pre);
            let expected = moved(fleet.merged(&spec, 1));
            assert_near(&shifted(fleet).merged(&spec, 1), &expected, 1e-5, "shifted");
        }
    });
}

/// Where it has converged, where it started does not matter.
#[test]
fn a_converged_geometric_median_shifts_with_the_contributions() {
    let spec = "kind = 'geometric-median'\niterations = 300";
    let spec: Combine = toml::from_str(spec).unwrap_or_else(|e| panic!("{e}"));
    for seed in 0..8 {
        let fleet = Fleet::random(&[(4, 8), (1, 3)], 9, Holds::All, seed);
        let got = fleet.clone().changed(|_, x| x + 2.0).merged(&with(&spec), 1);
        let expected = fleet.merged(&with(&spec), 1);
        let moved = expected.map(|core| core.into_iter().map(|x| x + 2.0).collect());
        assert_near(&got, &moved, 1e-5 * fleet.largest().max(2.0) * 10.0, "shifted");
    }
}

/// Two opposite numbers leave geometry nothing to go by: no direction, no angle but π. What comes
/// of them may be either or nothing, but is no larger than rescaling makes it.
#[test]
fn opposite_contributions_do_not_explode() {
    for spec in strategies().iter().filter(|spec| law(spec).members.contains(&2)) {
        for seed in 0..64 {
            let fleet = Fleet::random(&[(1, 1)], 2, Holds::All, seed);
            let fleet = fleet.changed(|_, x| x.abs().max(0.1));
            let mut other = fleet.clone().changed(|_, x| -x);
            other.agents[0] = fleet.agents[0].clone();
            // weights of up to 20 that are not divided by, and densities of 0.1
            let most = 20.0 * 2.0 * other.largest().max(1.0);
            // directions that cancel out are an error of some
            if let Ok(core) = other.merged(&with(spec), 1) {
                assert!(core[0].abs() <= most, "{spec:?}, {}: {core:?}", other.largest());
            }
        }
    }
}
