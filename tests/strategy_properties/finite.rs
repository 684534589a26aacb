//! Contributions that are infinite or not a number.

use crate::fleet::{Fleet, Holds, with};
use crate::kinds::{law, pres, servers, strategies};
use hivesim::merge::MergeError;
use hivesim::scenario::{Combine, Distiller};

const BAD: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// A fleet of which agent 0 brings such a number from entry 8 of its second block on: one, or
/// nothing else to its end.
fn spoiled(n: usize, bad: f32, entries: usize) -> Fleet {
    let mut fleet = Fleet::random(&[(4, 3), (5, 6), (1, 2)], n, Holds::All, 2);
    let all = fleet.clone();
    let one = Fleet { agents: vec![fleet.agents[0].clone()], ..all };
    fleet.agents[0] =
        one.changed(|i, x| if (20..20 + entries).contains(&i) { bad } else { x }).agents.remove(0);
    fleet
}

/// A strategy may do without what is not finite, or say that it is not; it may not let it
/// through, panic, or never end.
#[track_caller]
fn assert_named_or_left_out(fleet: &Fleet, spec: &Distiller, bad: f32) {
    match fleet.merged(spec, 1) {
        Ok(core) => assert!(core.iter().all(|x| x.is_finite()), "{spec:?} lets {bad} through"),
        Err(MergeError::NotFinite { .. }) => {}
        Err(other) => panic!("{spec:?} says of {bad}: {other}"),
    }
}

#[test]
fn numbers_that_are_none_do_not_get_through() {
    for combine in strategies() {
        let members = law(&combine).members;
        for n in [*members.start(), *members.end()] {
            for bad in BAD {
                for entries in [1, 22] {
                    assert_named_or_left_out(&spoiled(n, bad, entries), &with(&combine), bad);
                }
            }
        }
    }
}

#[test]
fn numbers_that_are_none_do_not_get_through_what_comes_before_and_after() {
    for bad in BAD {
        for pre in pres() {
            for combine in strategies() {
                let n = *law(&combine).members.end();
                let spec = Distiller { pre: vec![pre.clone()], ..with(&combine) };
                // bucketing may leave too few
                let fleet = spoiled(n, bad, 1);
                if fleet.merged(&spec, 1).is_ok() {
                    assert_named_or_left_out(&fleet, &spec, bad);
                }
            }
        }
        for server in servers() {
            let spec = Distiller { server, ..with(&Combine::default()) };
            assert_named_or_left_out(&spoiled(5, bad, 1), &spec, bad);
        }
    }
}

/// What is linear has no way to leave anything out.
#[test]
fn a_mean_names_the_block_and_entry_that_is_not_finite() {
    for combine in ["mean", "fednova", "task-arithmetic", "fisher"] {
        let spec = with(&crate::kinds::parsed(serde_json::json!({ "kind": combine })));
        for bad in BAD {
            let found = spoiled(5, bad, 1).merged(&spec, 1);
            let Err(MergeError::NotFinite { strategy, block, at }) = found else {
                panic!("{combine}: {found:?}");
            };
            assert_eq!((strategy, block, at), (combine, 1, 8));
        }
    }
}
