//! Whose learning a core is made of: companies' shares in its blocks.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::measure::{LineageRow, Trace};
use hivesim::validate::{Size, Trial, followed};

const FLEET: &str = "rounds = 3\n[fleet]\nagents = 12\ntasks = 8\n[world]\nskills = 4\n\
                     companies = 3\n[measure]\npanel = 0\nprobes = 8\nlineage = true\n";

/// The rows of a core's blocks, block by block.
fn blocks(trace: &Trace, round: u32) -> Vec<Vec<&LineageRow>> {
    let last = trace.lineage.iter().map(|row| row.block).max().unwrap_or(0);
    let of = |block| trace.lineage.iter().filter(move |r| (r.round, r.block) == (round, block));
    (0..=last).map(|block| of(block).collect()).filter(|rows: &Vec<_>| !rows.is_empty()).collect()
}

/// Agents that move two numbers by amounts of their own, the same in every round: whatever a
/// linear merge makes of it, a company's part is in proportion to the sums of its agents' amounts.
#[test]
fn shares_under_linear_merges_are_those_by_hand() {
    let amounts = |agent: u32| [f64::from((agent * 7) % 11) - 3.0, f64::from(agent % 4) + 0.5];
    for more in [
        "",
        "[distiller.combine]\nkind = \"mean\"\nnormalise = false\n",
        "[distiller.combine]\nkind = \"fednova\"\n",
        "[distiller.combine]\nkind = \"task-arithmetic\"\nlambda = 0.5\n",
        "[distiller.server]\nkind = \"fedavgm\"\n",
        "[distiller.server]\nkind = \"nesterov\"\n",
        "[distiller]\nabsent = \"zero\"\n",
        "[[distiller.pre]]\nkind = \"bucketing\"\nsize = 2\n",
    ] {
        let text = format!("{FLEET}[engine]\nkind = \"serial\"\n{more}");
        let rule = move |agent: u32, _: u32, x: &mut [f32]| {
            x.iter_mut().zip(amounts(agent)).for_each(|(x, a)| *x += a as f32);
        };
        let course = followed(&text, &Trial::new(Size::Quick, 1), 2, rule);
        let (trace, _) = course.unwrap_or_else(|e| panic!("{more}: {e}"));
        let mut moved = [[0.0; 2]; 3];
        for member in &trace.panel {
            let of = &mut moved[member.company.index()];
            of.iter_mut().zip(amounts(member.agent.0)).for_each(|(of, a)| *of += a);
        }
        let whole = moved.iter().fold([0.0; 2], |sum, m| [sum[0] + m[0], sum[1] + m[1]]);
        let dot = |a: [f64; 2]| a[0] * whole[0] + a[1] * whole[1];
        assert_eq!(trace.lineage.len(), 9, "{more}: three companies, three measured cores");
        for row in &trace.lineage {
            let want = dot(moved[row.company as usize]) / dot(whole);
            assert!((row.share - want).abs() < 1e-5, "{more}: {row:?}, not {want}");
        }
    }
}

#[test]
fn shares_of_a_block_sum_to_one_and_whoever_did_nothing_has_none() {
    for sets in [
        "",
        "distiller.combine.kind=median",
        "distiller.server.kind=fedadam",
        "distiller.server.kind=fedavgm job_knowledge.personalisation=fedsim",
        "job_knowledge.personalisation=nested",
        "learner.kind=mlp learner.hidden=[6]",
    ] {
        let trace = run(FLEET, sets).hive;
        for round in 1..=3 {
            let blocks = blocks(&trace, round);
            assert!(!blocks.is_empty(), "{sets}");
            for rows in blocks {
                assert_eq!(rows.len(), 3, "{sets}");
                let sum: f64 = rows.iter().map(|row| row.share).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{sets}: {rows:?}");
            }
        }
        // one agent alone works
        let trace = run(FLEET, &format!("{sets} rounds=1 fleet.participants=1")).hive;
        for rows in blocks(&trace, 1) {
            let shares: Vec<f64> = rows.iter().map(|row| row.share).collect();
            assert_eq!(shares.iter().filter(|s| **s == 0.0).count(), 2, "{sets}: {shares:?}");
            assert!(shares.iter().any(|s| (s - 1.0).abs() < 1e-9), "{sets}: {shares:?}");
        }
    }
}

#[test]
fn lineage_agrees_on_every_engine_and_changes_nothing_else() {
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        "",
        "measure.every=2 fleet.participants=5",
        "distiller.combine.kind=trimmed-mean",
        "distiller.server.kind=fedyogi",
        "distiller.combine.kind=greedy-soup",
        "pretraining.tasks=200 distiller.server.kind=fedavgm",
        "distiller.server.kind=nesterov distiller.absent=zero learner.kind=mlp learner.hidden=[5]",
    ];
    for sets in cases {
        hashes.insert(common_hash(FLEET, sets, MACHINES));
        let with = run(FLEET, sets).hive;
        let without = run(FLEET, &format!("{sets} measure.lineage=false")).hive;
        assert!(without.lineage.is_empty() && !with.lineage.is_empty(), "{sets}");
        // NaN where nothing was measured
        assert_eq!(format!("{:?}", with.rounds), format!("{:?}", without.rounds), "{sets}");
    }
    assert_eq!(hashes.len(), cases.len());
}
