//! What merging costs those who are merged, and what lies between their policies.

mod common;

use common::{MACHINES, common_hash, run};
use hivesim::engine::{Experiment, Silent};
use hivesim::learner::{Learner, Lesson, Scratch, Tally};
use hivesim::maths::{exp, ln};
use hivesim::measure::InterferenceRow;
use hivesim::params::kernels::stride_of;
use hivesim::params::{Layout, Local};
use hivesim::scenario::Scenario;
use hivesim::world::Tasks;
use std::sync::Arc;

const FLEET: &str = "rounds = 5\n[fleet]\nagents = 40\ntasks = 40\n[world]\nskills = 4\n\
                     companies = 4\n[measure]\npanel = 0\nprobes = 64\ninterference = true\n";

fn rows(sets: &str) -> Vec<InterferenceRow> {
    run(FLEET, sets).hive.interference
}

#[test]
fn merging_helps_where_companies_are_alike() {
    for row in rows("world.company=0.0") {
        assert!(row.loss < 0.0 && row.losers < 0.5, "{row:?}");
    }
}

/// Where companies have little in common a core is a compromise: an agent's job is done worse with
/// it than with what the agent had learned.
#[test]
fn merging_costs_skill_where_companies_differ_and_nothing_is_kept() {
    let alone = "world.general=0.0 world.skill=0.0 world.company=1.0";
    for row in rows(alone) {
        assert!(row.loss > 0.0 && row.losers > 0.5, "{row:?}");
    }
    let kept = rows(&format!("{alone} job_knowledge.personalisation=fedsim"));
    let bare = rows(alone);
    assert!(kept[4].loss < bare[4].loss, "{:?} {:?}", kept[4], bare[4]);
}

#[test]
fn there_is_a_row_for_each_measured_merge() {
    let rounds = |sets: &str| rows(sets).iter().map(|row| row.round).collect::<Vec<_>>();
    assert_eq!(rounds(""), [1, 2, 3, 4, 5]);
    assert_eq!(rounds("measure.every=2"), [2, 4, 5]);
    assert!(rounds("measure.interference=false").is_empty());
    for row in rows("measure.interference=false measure.barriers=2") {
        assert!(row.loss.is_nan() && row.losers.is_nan() && row.barrier >= 0.0, "{row:?}");
    }
    assert!(rows("").iter().all(|row| row.barrier.is_nan()));
}

/// The cross-entropy of a softmax over scores that are linear in the parameters is convex: on a
/// line it is nowhere above its chord but by rounding in single precision.
#[test]
fn policies_that_are_linear_have_no_barrier_between_them() {
    for sets in ["", "world.company=1.0", "job_knowledge.personalisation=fedsim"] {
        for row in rows(&format!("{sets} measure.barriers=5")) {
            assert!((0.0..1e-5).contains(&row.barrier), "{sets}: {row:?}");
        }
    }
}

/// Scores the right answer by `3 x²` and all others by 0: there are two valleys, at `x = ±1`, and
/// agents by turns go to the one and the other.
struct Valleys([Arc<Layout>; 2]);

const ANSWERS: usize = 4;

impl Learner for Valleys {
    fn core_layout(&self) -> &Arc<Layout> {
        &self.0[0]
    }

    fn job_layout(&self) -> &Arc<Layout> {
        &self.0[1]
    }

    fn answers(&self) -> (usize, usize) {
        (ANSWERS, stride_of(ANSWERS))
    }

    fn initial_core(&self, _: u64, _: &mut [f32]) {}

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        local.touch(0, tasks.len() as u32);
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, _: &mut Scratch) -> Tally {
        let (_, agent, _) = lesson.name;
        local.parts(0).1[0] = if agent % 2 == 0 { 1.0 } else { -1.0 };
        Tally { tasks: lesson.tasks.len() as u64, ..Tally::default() }
    }

    fn absorb(&self, _: u32, _: &[f32], _: &mut [f32]) {}

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, _: &mut Scratch, to: &mut Vec<f32>) {
        let stride = stride_of(ANSWERS);
        to.clear();
        to.resize(tasks.len() * stride, 0.0);
        for (row, answer) in to.chunks_exact_mut(stride).zip(tasks.answers) {
            row[*answer as usize] = 3.0 * params[0] * params[0];
        }
    }
}

#[test]
fn two_valleys_have_their_ridge_between_them() {
    let sets = format!(
        "fleet.agents=2 world.companies=2 world.answers={ANSWERS} measure.barriers=2 rounds=2"
    );
    let sets: Vec<String> = sets.split(' ').map(str::to_owned).collect();
    let scenario = Scenario::parse(FLEET, "valleys", &sets).unwrap_or_else(|e| panic!("{e}"));
    let layouts = [Layout::new([1]), Layout::new([0])].map(Arc::new);
    let experiment =
        Experiment::new(scenario).with_learner(move |_, _, _| Arc::new(Valleys(layouts.clone())));
    let outcome = experiment.run(&Silent).unwrap_or_else(|e| panic!("{e}"));
    // from the cross-entropy of right answers at a score of 3 up to that of a blind guess
    let height = ln(4.0) - (ln(3.0 + exp(3.0)) - 3.0);
    for row in &outcome.hive.interference {
        assert!((row.barrier - height).abs() < 1e-5, "{row:?}, not {height}");
        // their mean lies on the ridge: both lose all that they had
        assert!(row.loss > 0.9 && row.losers == 1.0, "{row:?}");
    }
    assert_eq!(outcome.hive.interference.len(), 2);
}

#[test]
fn interference_agrees_on_every_engine_and_changes_nothing_else() {
    let mut hashes = std::collections::BTreeSet::new();
    let small = "rounds=3 fleet.agents=21 fleet.tasks=9 measure.probes=8 measure.barriers=3";
    let cases = [
        "",
        "measure.panel=7 fleet.participants=12 fleet.stragglers.share=0.5",
        "world.drift.rho=0.8 job_knowledge.personalisation=fedsim job_knowledge.pull=rebase",
        "learner.kind=mlp learner.hidden=[6] job_knowledge.personalisation=fedalt",
        "job_knowledge.personalisation=nested",
        "distiller.topology=gossip",
        "distiller.topology=hierarchical",
        "hives=[{},{efficiency=0.5}]",
        "distiller.exchange=experience",
        "fleet.newcomers={agents=6,round=3}",
    ];
    for case in cases {
        let sets = format!("{small} {case}");
        hashes.insert(common_hash(FLEET, &sets, MACHINES));
        let with = run(FLEET, &sets).hive;
        let without =
            run(FLEET, &format!("{sets} measure.interference=false measure.barriers=0")).hive;
        assert_eq!(with.interference.len(), 3, "{sets}");
        assert!(without.interference.is_empty(), "{sets}");
        // NaN where nothing was measured
        assert_eq!(format!("{:?}", with.rounds), format!("{:?}", without.rounds), "{sets}");
    }
    assert_eq!(hashes.len(), cases.len());
}
