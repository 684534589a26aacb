//! The learner mlp really learns, and says so where it cannot.

use hivesim::engine::{Experiment, RunError, Silent};
use hivesim::ids::{AgentId, Round, SkillId};
use hivesim::learner::{Learner, Lesson, Mlp, Order, Plan, Scratch, Share, Targets};
use hivesim::measure::{Outcome, RoundRow};
use hivesim::params::Local;
use hivesim::scenario::{self, Scenario};
use hivesim::world::{self, Desk, World};

const SMALL: &str = "rounds = 40\n[fleet]\nagents = 40\ntasks = 50\n\
                     [world]\nskills = 4\ncompanies = 4\nfeatures = 8\nanswers = 4\n\
                     [learner]\nkind = \"mlp\"\n\
                     [measure]\nevery = 40\nbounds = [\"isolated\"]\n[engine]\nkind = \"pool\"\n";

fn run(sets: &[&str], seed: u64) -> Result<Outcome, RunError> {
    let mut sets: Vec<String> = sets.iter().map(|s| s.to_string()).collect();
    sets.push(format!("seed={seed}"));
    let scenario = Scenario::parse(SMALL, "mlp", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent)
}

/// Last rows of hive and isolated agents, averaged over five seeds: own job, never practised.
fn levels(sets: &[&str]) -> [(f64, f64); 2] {
    let mut means = [(0.0, 0.0); 2];
    for seed in 1..=5 {
        let outcome = run(sets, seed).unwrap_or_else(|e| panic!("{e}"));
        for (mean, trace) in means.iter_mut().zip([&outcome.hive, &outcome.bounds[0].1]) {
            let last: &RoundRow = trace.rounds.last().expect("the first core has a row");
            mean.0 += last.panel_skill / 5.0;
            mean.1 += last.unpractised_skill / 5.0;
        }
    }
    means
}

#[test]
fn a_hive_of_networks_knows_what_its_agents_never_practised() {
    let [hive, isolated] = levels(&["world.company=0.0"]);
    assert!(hive.0 > isolated.0 + 0.05 && hive.0 > 0.8, "{hive:?} {isolated:?}");
    assert!(hive.1 > isolated.1 + 0.4 && hive.1 > 0.6, "{hive:?} {isolated:?}");
}

#[test]
fn adapters_hold_what_only_the_own_company_knows() {
    let [bare, isolated] = levels(&["world.company=1.0"]);
    let fedsim = ["world.company=1.0", "job_knowledge.personalisation=fedsim"];
    let [knowing, _] = levels(&fedsim);
    assert!(bare.0 < isolated.0 - 0.1, "{bare:?} {isolated:?}");
    assert!(knowing.0 > bare.0 + 0.15, "{knowing:?} {bare:?}");
    assert!(knowing.0 > isolated.0 + 0.015, "{knowing:?} {isolated:?}");
}

#[test]
fn adapters_that_diverge_are_told_of_even_where_the_contribution_is_sound() {
    let all_private =
        ["learner.rate=50", "job_knowledge.personalisation=fedalt", "job_knowledge.share=1.0"];
    match run(&all_private, 1) {
        Err(RunError::Agent { fleet: "hive", place, .. }) if place.round == 1 => {}
        other => panic!("{:?}", other.map(|outcome| outcome.result_hash)),
    }
}

const SKILLS: u32 = 2;

/// Core `start`, trained by one agent on 2000 tasks.
fn taught(mlp: &Mlp, world: &dyn World, start: u64, agent: u32) -> Vec<f32> {
    let layout = mlp.core_layout();
    let mut core = vec![0.0; layout.entries()];
    mlp.initial_core(start, &mut core);
    let (climate, mut desk) = (world.climate(Round(0), None), Desk::default());
    let tasks = world.deal(&climate, AgentId(agent), Round(1), 2000, &mut desk);
    let mut local = Local::new(layout.clone(), mlp.job_layout().clone());
    mlp.touch(&tasks, &mut local);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        local.set_start(slot, |to| to.copy_from_slice(&core[layout.range(block)]));
    }
    let share = Share::Core { rate: 1.0 };
    let plan = Plan { batch: 1, epochs: 1, prox: 0.0, share, feedback: Default::default() };
    let lesson = Lesson {
        efficiency: 1.0,
        uptake: 1.0,
        tasks,
        targets: Targets::Answers,
        plan: &plan,
        halt: &Default::default(),
        epochs: 1,
        baseline: &mut 0.0,
        values: &world.facts().values,
        name: (start, agent, 1),
        order: Order::AsDealt,
    };
    mlp.train(lesson, &mut local, &mut Scratch::default());
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        core[layout.range(block)].copy_from_slice(local.now(slot));
    }
    core
}

/// Mean over skills of a core's level at the only company.
fn level(mlp: &Mlp, world: &dyn World, core: &[f32]) -> f64 {
    let (climate, mut scratch) = (world.climate(Round(0), None), Scratch::default());
    let of = |skill| {
        let mut desk = Desk::default();
        let probe = world.probe(&climate, AgentId(0), SkillId(skill), &mut desk);
        mlp.level(core, &probe.expect("every skill has probes"), &mut scratch)
    };
    (0..SKILLS).map(of).sum::<f64>() / f64::from(SKILLS)
}

/// Permuting hidden units changes nothing about a network and everything about a mean:
/// networks of one start stay close enough to be merged, those of two starts do not.
#[test]
fn networks_of_one_start_merge_and_networks_of_two_starts_break() {
    let text = "[world]\nskills = 2\ncompanies = 1\ncompany = 0.0\nfeatures = 8\nanswers = 4\n\
                alpha = 1e6\n[fleet]\nagents = 2\n";
    // gain of the mean over its members: one start, two starts
    let mut gains = [0.0; 2];
    for seed in 1..=10 {
        let scenario = Scenario::parse(text, "starts", &[format!("seed={seed}")])
            .unwrap_or_else(|e| panic!("{e}"));
        let world = world::build(&scenario).unwrap_or_else(|e| panic!("{e}"));
        let mlp = Mlp::new(&scenario::Mlp::default(), world.facts(), seed, false);
        let one = taught(&mlp, &*world, seed, 0);
        for (gain, start) in gains.iter_mut().zip([seed, seed + 100]) {
            let other = taught(&mlp, &*world, start, 1);
            let mean: Vec<f32> = one.iter().zip(&other).map(|(a, b)| 0.5 * (a + b)).collect();
            let [one, other, mean] = [&one, &other, &mean].map(|core| level(&mlp, &*world, core));
            *gain += (mean - 0.5 * (one + other)) / 10.0;
        }
    }
    // found: +0.07 and -0.07, with standard errors over ten seeds of 0.01 and 0.02
    assert!(gains[0] > 0.02 && gains[1] < 0.0, "{gains:?}");
    assert!(gains[0] - gains[1] > 0.06, "{gains:?}");
}
