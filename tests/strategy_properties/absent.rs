//! Blocks that agents never touched.

use crate::fleet::{Fleet, Holds, assert_near, assert_same, cases, fleets, scope, with};
use crate::kinds::{is_whole, law, pres, servers, strategies};
use hivesim::merge::{Intake, MergeError, Pipeline};
use hivesim::params::BlockSum;
use hivesim::scenario::{Absent, Combine, Distiller, Mean, Server, Weighting};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::sync::Arc;

const CASES: u32 = 4;

fn on_sparse_fleets(members: std::ops::RangeInclusive<usize>, test: impl Fn(&Fleet)) {
    let run = |fleet: Fleet| {
        test(&fleet.on_a_base(3));
        Ok(())
    };
    TestRunner::new(cases(CASES))
        .run(&fleets(members, Just(Holds::Some)), run)
        .unwrap_or_else(|e| panic!("{e}"));
}

/// Without its first block nobody has it, and the core's must not move: not by a strategy, a
/// pre-aggregation, noise or a server that remembers.
#[test]
fn a_block_that_nobody_touched_stays_bit_for_bit() {
    for combine in strategies() {
        let untouched = |fleet: &Fleet, spec: &Distiller| {
            let fleet = fleet.only(|block| block != 0);
            let mut pipeline = Pipeline::new(spec);
            for round in 1..=2 {
                // too few agents for a pre-aggregation or a strategy is another matter
                let Ok(core) = fleet.merged_by(&mut pipeline, spec, 1, round) else { return };
                let range = fleet.layout().range(0);
                let bits = |core: &[f32]| core.iter().map(|x| x.to_bits()).collect::<Vec<u32>>();
                assert_eq!(bits(&core[range.clone()]), bits(&fleet.base[range]), "{spec:?}");
            }
        };
        on_sparse_fleets(law(&combine).members, |fleet| {
            untouched(fleet, &with(&combine));
            for pre in pres() {
                untouched(fleet, &Distiller { pre: vec![pre], ..with(&combine) });
            }
            for server in servers() {
                untouched(fleet, &Distiller { server, ..with(&combine) });
            }
        });
    }
}

/// A strategy that takes blocks one by one merges those who hold a block, as if nobody else
/// were there. Too few of them leave it as it is.
#[test]
fn skipped_blocks_are_merged_among_their_holders() {
    for combine in strategies().into_iter().filter(|spec| !is_whole(scope(spec))) {
        on_sparse_fleets(law(&combine).members, |fleet| {
            let spec = with(&combine);
            let Ok(got) = fleet.merged(&spec, 1) else { return };
            for block in 0..fleet.shapes.len() as u32 {
                let mut holders = fleet.only(|b| b == block);
                holders.agents.retain(|agent| !agent.delta.is_empty());
                let range = fleet.layout().range(block);
                let alone = match holders.merged(&spec, 1) {
                    _ if holders.agents.is_empty() => fleet.base.clone(),
                    Err(MergeError::Needs { .. }) => fleet.base.clone(),
                    core => core.unwrap_or_else(|e| panic!("{e}")),
                };
                let (got, alone) = (Ok(got[range.clone()].to_vec()), Ok(alone[range].to_vec()));
                assert_same(&got, &alone, &format!("{combine:?}, block {block}"));
            }
        });
    }
}

/// What is absent counts as zeros; all of an agent's blocks then have the weight of all its tasks.
#[test]
fn absent_zeros_are_zeros_that_were_sent() {
    for combine in strategies() {
        on_sparse_fleets(law(&combine).members, |fleet| {
            let mut filled = fleet.clone();
            for agent in &mut filled.agents {
                let old = std::mem::take(&mut agent.delta);
                for (block, (rows, columns)) in fleet.shapes.iter().enumerate() {
                    let held = old.iter().find(|(b, ..)| *b == block as u32);
                    let to = agent.delta.push(block as u32, agent.tasks as u32, rows * columns);
                    to.copy_from_slice(held.map_or(&vec![0.0; to.len()][..], |(.., x)| x));
                }
            }
            let zero = Distiller { absent: Absent::Zero, ..with(&combine) };
            let expected = filled.merged(&with(&combine), 1);
            assert_same(&fleet.merged(&zero, 1), &expected, &format!("{combine:?}"));
        });
    }
}

/// Sums that are made as contributions come are the same mean as of all of them at once, also
/// through a server's memory.
#[test]
fn a_mean_of_sums_is_the_mean_of_all() {
    on_sparse_fleets(1..=25, |fleet| {
        for weighting in [Weighting::Tasks, Weighting::Uniform] {
            // FedDF asks every model, so that sums will not do
            let sums_do = |server: &Server| !matches!(server, Server::Feddf(_));
            for server in servers().into_iter().filter(sums_do) {
                let combine = Combine::Mean(Mean { weighting, ..Mean::default() });
                let spec = Distiller { server, ..with(&combine) };
                let (mut sums, mut all) = (Pipeline::new(&spec), Pipeline::new(&spec));
                let Intake::Mean(counts) = sums.intake() else { panic!("a mean is summed") };
                for round in 1..=3 {
                    let layout = Arc::new(fleet.layout());
                    let (mut even, mut odd) =
                        (BlockSum::new(layout.clone()), BlockSum::new(layout));
                    for agent in &fleet.agents {
                        let to = if agent.id % 2 == 0 { &mut even } else { &mut odd };
                        to.add(&agent.delta, |tasks| counts.of(f64::from(tasks)) as f32);
                    }
                    even.merge(&odd);
                    let mut next = fleet.base.clone();
                    sums.merge_sum(&even, &mut next).unwrap_or_else(|e| panic!("{e}"));
                    let expected = fleet.merged_by(&mut all, &spec, 1, round);
                    // adaptive steps divide by √v + τ ≥ τ = 1e-3 where a mean is near zero
                    let within = 1e-3 * fleet.largest().max(1.0);
                    assert_near(&Ok(next), &expected, within, &format!("{spec:?}"));
                }
            }
        }
    });
}

#[test]
fn absent_zeros_and_pre_aggregations_need_every_contribution() {
    let zero = Distiller { absent: Absent::Zero, ..Distiller::default() };
    assert_eq!(Pipeline::new(&zero).intake(), Intake::All);
    for pre in pres() {
        let spec = Distiller { pre: vec![pre], ..Distiller::default() };
        assert_eq!(Pipeline::new(&spec).intake(), Intake::All);
    }
}
