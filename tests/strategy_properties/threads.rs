//! The number of threads never changes a bit.

use crate::fleet::{Fleet, Holds, assert_same, with};
use crate::kinds::{law, pres, servers, strategies};
use hivesim::merge::Pipeline;
use hivesim::scenario::{Combine, Distiller};

/// A fleet whose largest block is worth several threads: a thread takes 2¹⁸ numbers to pay.
fn large(spec: &Combine) -> Fleet {
    let n = (*law(spec).members.end()).min(12);
    let shapes = match spec {
        // decompositions and systems of equations, which have a thread of their own
        Combine::Tsv(_) | Combine::IsoC(_) | Combine::Regmean(_) => vec![(1, 50_000), (30, 20)],
        _ => vec![(1, (1 << 18) / n + 1001), (1, 3), (1, 70)],
    };
    Fleet::random(&shapes, n, Holds::Some, 5).on_a_base(5)
}

#[track_caller]
fn assert_threads_do_not_matter(fleet: &Fleet, spec: &Distiller) {
    let core = |threads: usize| {
        let mut pipeline = Pipeline::new(spec);
        // the second round sees what the first left behind
        let first = fleet.merged_by(&mut pipeline, spec, threads, 1);
        first.and_then(|_| fleet.merged_by(&mut pipeline, spec, threads, 2))
    };
    let expected = core(1);
    for threads in [2, 3, 8] {
        assert_same(&core(threads), &expected, &format!("{spec:?} on {threads} threads"));
    }
}

#[test]
fn threads_do_not_matter_to_strategies() {
    for combine in strategies() {
        assert_threads_do_not_matter(&large(&combine), &with(&combine));
    }
}

#[test]
fn threads_do_not_matter_before_and_after_strategies() {
    let combine = Combine::default();
    let fleet = large(&combine);
    let before = pres().into_iter().map(|pre| Distiller { pre: vec![pre], ..with(&combine) });
    let all = Distiller { pre: pres(), ..with(&combine) };
    let after = servers().into_iter().map(|server| Distiller { server, ..with(&combine) });
    for spec in before.chain([all]).chain(after) {
        assert_threads_do_not_matter(&fleet, &spec);
    }
}
