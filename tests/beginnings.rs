//! What goes before the first round, agents that join later, and agents that learn at a pace of
//! their own.

use hivesim::engine::{Experiment, Silent};
use hivesim::measure::{Onboarding, Outcome, Trace};
use hivesim::scenario::Scenario;

const ENGINES: [&str; 5] = [
    "engine.kind=serial",
    "engine.kind=pool engine.threads=2",
    "engine.kind=pool engine.threads=3",
    "engine.kind=tasks engine.threads=1",
    "engine.kind=tasks engine.threads=8",
];

fn run(text: &str, sets: &str) -> Outcome {
    let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
    let scenario = Scenario::parse(text, "beginnings.toml", &sets).unwrap();
    Experiment::new(scenario).run(&Silent).unwrap()
}

fn last(trace: &Trace) -> &hivesim::measure::RoundRow {
    trace.rounds.last().unwrap()
}

const SMALL: &str = "
rounds = 12
[world]
skills = 6
companies = 4
features = 8
answers = 4
[fleet]
agents = 40
tasks = 20
[measure]
panel = 0
probes = 200
bounds = [\"isolated\", \"pooled\"]
";

#[test]
fn every_beginning_is_the_same_on_every_engine() {
    for sets in [
        "fleet.newcomers.agents=8 fleet.newcomers.round=4",
        "fleet.newcomers.companies=2 fleet.newcomers.round=4 fleet.participants=9",
        "fleet.uptake=0.5 fleet.uptake_spread=0.4",
        "pretraining.tasks=300 pretraining.skills=3 learner.kind=mlp learner.hidden=[8]",
        "world.tagged=3 job_knowledge.personalisation=nested",
    ] {
        let hashes: Vec<String> = ENGINES
            .iter()
            .map(|engine| run(SMALL, &format!("{sets} {engine}")).result_hash)
            .collect();
        assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{sets}: {hashes:?}");
    }
}

/// Who is not there does nothing and is not measured; the others do what they always do.
#[test]
fn newcomers_neither_work_nor_are_measured_before_they_join() {
    let got = run(SMALL, "fleet.newcomers.agents=8 fleet.newcomers.round=5");
    for (_, trace) in got.bounds.iter().map(|(b, t)| (Some(b), t)).chain([(None, &got.hive)]) {
        for row in &trace.rounds[1..] {
            let agents = if row.round < 5 { 32 } else { 40 };
            assert_eq!(row.tasks, 20 * agents, "round {}", row.round);
        }
        let late: Vec<usize> = (0..40).filter(|i| trace.panel[*i].joins == 5).collect();
        assert_eq!(late.len(), 8);
        for frame in &trace.frames {
            for (i, levels) in frame.panel.chunks_exact(6).enumerate() {
                let absent = late.contains(&i) && frame.round < 4;
                assert!(levels.iter().all(|level| level.is_nan() == absent), "{}", frame.round);
            }
        }
    }
    for row in &got.hive.rounds[1..] {
        // those who are there pull the core
        let there = if row.round < 4 { 32 } else { 40 };
        assert_eq!(row.bytes_down, there * 4 * got.hive.parameters as u64);
    }
}

/// A copy begins with what the hive knows, a new hire with nothing.
#[test]
fn a_copy_is_skilled_on_its_first_day_and_a_hire_is_not() {
    let mut ramps = 0;
    for seed in 1..=5 {
        let sets = format!("seed={seed} world.company=0.0 fleet.newcomers.agents=8");
        let got = run(SMALL, &sets);
        let hive = Onboarding::of(&got.hive).unwrap();
        let alone = Onboarding::of(&got.bounds[0].1).unwrap();
        assert_eq!((hive.joins, hive.newcomers), (10, 8));
        // levels on 200 probes have a standard error of at most 0.05 on this scale, 8 agents'
        // means far less
        assert!(alone.day_one().abs() < 0.2, "seed {seed}: {}", alone.day_one());
        assert!(hive.day_one() > alone.day_one() + 0.4, "seed {seed}: {}", hive.day_one());
        ramps += u32::from(alone.ramp(hive.day_one()).is_some());
    }
    // three rounds of 20 tasks are not enough to make up for it
    assert!(ramps <= 1, "{ramps} of 5 caught up");
}

#[test]
fn newcomers_may_be_whole_companies() {
    let got = run(SMALL, "fleet.newcomers.companies=2 fleet.newcomers.round=5");
    for member in &got.hive.panel {
        assert_eq!(member.joins == 5, member.company.index() >= 2, "{member:?}");
    }
}

#[test]
fn without_uptake_nothing_is_learned_on_the_job() {
    let got = run(SMALL, "fleet.uptake=0.0");
    for trace in [&got.hive, &got.bounds[0].1, &got.bounds[1].1] {
        assert!(last(trace).step_norm == 0.0 || last(trace).step_norm.is_nan());
        let levels = trace.frames.iter().map(|frame| &frame.panel);
        // NaN where an agent has no probe
        let same = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        assert!(levels.clone().zip(levels.skip(1)).all(|(a, b)| same(a, b)));
    }
}

/// An agent that learns from a quarter of its tasks does all of them, and is told a quarter of the
/// bits; it learns about as much as one with a quarter of the tasks.
#[test]
fn uptake_is_sample_efficiency() {
    let text = SMALL.replace("bounds = [\"isolated\", \"pooled\"]", "");
    let mean = |sets: &str, of: &dyn Fn(&Outcome) -> f64| {
        let runs = (1..=6).map(|seed| of(&run(&text, &format!("seed={seed} {sets}"))));
        runs.sum::<f64>() / 6.0
    };
    let bits = |got: &Outcome| got.hive.rounds[1].bits;
    // whoever hardly moves is as surprised by the last task as by the first: 2 bits of 4 answers
    let still = "learner.rate=1e-6 learner.general_rate=1e-6";
    let ratio = mean(&format!("{still} fleet.uptake=0.25"), &bits) / mean(still, &bits);
    // 4,800 tasks: a share of 1/4 has a standard error of 0.006
    assert!((ratio - 0.25).abs() < 0.025, "{ratio}");
    let skill = |got: &Outcome| last(&got.hive).panel_skill;
    let alone = "distiller.topology=isolated world.general=0.0 rounds=4";
    let quarter = mean(&format!("{alone} fleet.uptake=0.25 fleet.tasks=40"), &skill);
    let fewer = mean(&format!("{alone} fleet.tasks=10"), &skill);
    let whole = mean(&format!("{alone} fleet.tasks=40"), &skill);
    assert!((quarter - fewer).abs() < 0.05, "{quarter} and {fewer}");
    assert!(whole > quarter + 0.15, "{whole} and {quarter}");
}

#[test]
fn agents_differ_for_good() {
    let alone = "distiller.topology=isolated fleet.uptake=0.3 world.general=0.0";
    let text = SMALL.replace("bounds = [\"isolated\", \"pooled\"]", "");
    let sd = |sets: &str| last(&run(&text, &format!("{alone} {sets}")).hive).panel_skill_sd;
    let (alike, apart) = (sd(""), sd("fleet.uptake_spread=0.9"));
    assert!(apart > 1.5 * alike, "{apart} and {alike}");
}

/// A core that was trained on some skills has those and not the others, whatever is done later,
/// and its training is accounted for in row 0.
#[test]
fn a_first_core_has_the_skills_that_it_was_trained_on() {
    let text = SMALL.replace("bounds = [\"isolated\", \"pooled\"]", "");
    let sets = "world.general=0.0 world.company=0.0 pretraining.tasks=3000 pretraining.skills=3 \
                fleet.uptake=0.0 rounds=1";
    let (mut trained, mut untrained) = (Vec::new(), Vec::new());
    for seed in 1..=6 {
        let got = run(&text, &format!("seed={seed} {sets}"));
        let core = &got.hive.frames[0].core[..6];
        trained.extend_from_slice(&core[..3]);
        untrained.extend_from_slice(&core[3..]);
        let row = &got.hive.rounds[0];
        assert_eq!((row.sample_steps, row.tasks), (3000, 0));
        assert!(row.multiply_adds > 0);
    }
    assert!(trained.iter().all(|level| *level > 0.7), "{trained:?}");
    // what a core says of skills that it does not know is right by luck: levels of a standard
    // deviation of some 0.2 (answers are not equally common), 18 of them
    let mean = untrained.iter().sum::<f32>() / untrained.len() as f32;
    assert!(mean.abs() < 4.0 * 0.2 / (untrained.len() as f32).sqrt(), "{untrained:?}");
    // nobody is dealt the tasks that it was trained on: more of them only helps
    let few = run(&text, &sets.replace("3000", "30"));
    let many = run(&text, &sets.replace("3000", "30000"));
    assert!(many.hive.rounds[0].core_skill > few.hive.rounds[0].core_skill);
}

/// Whoever has a tagged skill without working for its company was taught it.
#[test]
fn tagged_skills_spread_through_the_hive_and_not_alone() {
    let sets = "world.tagged=3 world.general=0.0 world.company=0.0 rounds=30 world.alpha=10.0";
    let got = run(SMALL, sets);
    let tags = &got.hive.tags;
    let pairs: Vec<_> = tags.iter().map(|tag| (tag.skill, tag.origin)).collect();
    assert_eq!(pairs, [(1, 0), (3, 1), (5, 2)]);
    let elsewhere = |trace: &Trace| {
        let frame = trace.frames.last().unwrap();
        let mut levels = Vec::new();
        for (i, member) in trace.panel.iter().enumerate() {
            for tag in tags.iter().filter(|tag| tag.origin != member.company.index()) {
                assert_eq!(frame.practised[i * 6 + tag.skill], 0);
                levels.push(f64::from(frame.panel[i * 6 + tag.skill]));
            }
        }
        levels.iter().sum::<f64>() / levels.len() as f64
    };
    assert!(elsewhere(&got.hive) > 0.4, "{}", elsewhere(&got.hive));
    assert!(elsewhere(&got.bounds[0].1).abs() < 0.05, "{}", elsewhere(&got.bounds[0].1));
}
