//! Contributions that are infinite or not a number.

use crate::fleet::{Fleet, Holds, with};
use crate::kinds::{law, pres, servers, strategies};
use hivesim::merge::{MergeError, strategy};
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

/// What is wrong with what a distiller makes of a fleet: it may do without what is not finite, or
/// say that it is not; it may not let it through, panic, or never end.
fn fault(fleet: &Fleet, spec: &Distiller, bad: f32) -> Option<String> {
    let wrong = match fleet.merged(spec, 1) {
        Ok(core) if core.iter().all(|x| x.is_finite()) => return None,
        Ok(_) => "lets it through".to_owned(),
        Err(MergeError::NotFinite { .. }) => return None,
        Err(other) => other.to_string(),
    };
    let Distiller { pre, combine, server, .. } = spec;
    Some(format!("{bad}: {pre:?}, {combine:?}, {server:?}: {wrong}"))
}

#[test]
fn numbers_that_are_none_do_not_get_through() {
    let mut faults = Vec::new();
    for combine in strategies() {
        let members = law(&combine).members;
        for n in [*members.start(), *members.end()] {
            for bad in BAD {
                for entries in [1, 22] {
                    faults.extend(fault(&spoiled(n, bad, entries), &with(&combine), bad));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn numbers_that_are_none_do_not_get_through_what_comes_before_and_after() {
    let mut faults = Vec::new();
    for bad in BAD {
        for pre in pres() {
            for combine in strategies() {
                let n = *law(&combine).members.end();
                // buckets may be too few, and statistics do not go through any
                if combine.lacks(pre.leaves(n)).is_none()
                    && strategy(&combine).statistic().is_none()
                {
                    let spec = Distiller { pre: vec![pre.clone()], ..with(&combine) };
                    faults.extend(fault(&spoiled(n, bad, 1), &spec, bad));
                }
            }
        }
        for server in servers() {
            let spec = Distiller { server, ..with(&Combine::default()) };
            faults.extend(fault(&spoiled(5, bad, 1), &spec, bad));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
