//! Fleets of numbers: the learner `practice` under every topology, held to closed forms.

mod common;

use common::{common_hash, run};
use hivesim::engine::{Experiment, Silent};
use hivesim::maths::{exp, ln, log2, pow};
use hivesim::params::kernels::{Level, force_level, level};
use hivesim::scenario::Scenario;

const PRACTICE: &str = "rounds = 4\n[learner]\nkind = \"practice\"\n[fleet]\nagents = 300\n\
                        tasks = 3\n[world]\nskills = 3\ncompanies = 4\n[measure]\npanel = 9\n";

/// A rumour: one skill, which some know and nobody practises.
const RUMOUR: &str = "[learner]\nkind = \"practice\"\n[fleet]\nagents = 5000\ntasks = 0\n\
                      [world]\nskills = 1\ncompanies = 1\n[distiller]\ntopology = \"gossip\"\n\
                      [measure]\npanel = 1\n[engine]\nkind = \"pool\"\nthreads = 1\n";

/// Agents that know a rumour, round by round.
fn informed(sets: &str) -> Vec<f64> {
    run(RUMOUR, sets).hive.frames.iter().map(|frame| frame.adopters[0] as f64).collect()
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn every_engine_and_thread_count_gives_the_same_hash() {
    let gossip = "distiller.topology=gossip";
    let mut sets = vec![
        "measure.bounds=[\"isolated\",\"pooled\"]".to_owned(),
        "distiller.exchange=experience learner.forgetting=0.2".into(),
        "learner.transfer=0.1".into(),
        format!("{gossip} measure.bounds=[\"isolated\",\"pooled\"]"),
        format!("{gossip} fleet.tasks=0 learner.teachers=5"),
        format!("{gossip} fleet.tasks=0 learner.teachers=5 learner.forgetting=0.1"),
        format!("{gossip} fleet.tasks=0 learner.teachers=5 distiller.gossip.contacts=2"),
        format!("{gossip} fleet.tasks=0 learner.teachers=9 world.skills=40 learner.forgetting=0.1"),
        format!("{gossip} learner.forgetting=0.3 learner.transfer=0.05 measure.every=3"),
        format!("{gossip} world.skills=1 distiller.gossip.contacts=3"),
        format!("{gossip} world.skills=20 distiller.gossip.direction=push"),
        format!("{gossip} world.skills=16 distiller.gossip.direction=pull"),
        format!("{gossip} world.skills=6 learner.forgetting=0.2 distiller.gossip.contacts=2"),
    ];
    for graph in ["ring", "regular", "small-world", "scale-free"] {
        sets.push(format!("{gossip} distiller.gossip.graph={graph}"));
    }
    let mut hashes = std::collections::BTreeSet::new();
    for set in &sets {
        // more agents than a thread's share, and than whole blocks; and few, a task each
        for (agents, machines) in [
            (9001, &[("pool", 1), ("pool", 2), ("pool", 3), ("tasks", 2)][..]),
            (130, &[("pool", 8), ("tasks", 1), ("tasks", 3)]),
        ] {
            let set = format!("{set} fleet.agents={agents}");
            hashes.insert(common_hash(PRACTICE, &set, machines));
        }
    }
    assert_eq!(hashes.len(), 2 * sets.len(), "every setting makes a difference");
}

#[test]
fn every_instruction_set_gives_the_same_hash() {
    let best = level();
    for sets in ["", "learner.forgetting=0.2 world.skills=5", "world.skills=1 fleet.tasks=1"] {
        let sets = format!("{sets} distiller.topology=gossip engine.kind=pool");
        let reference = run(PRACTICE, &sets).result_hash;
        for lower in [Level::Baseline, Level::Avx2] {
            force_level(lower);
            assert_eq!(run(PRACTICE, &sets).result_hash, reference, "{lower:?} {sets}");
        }
        force_level(best);
    }
}

/// With `m` of `n` agents informed, one round leaves an uninformed agent so with probability
/// `(n−m−1)/(n−1)` where it asks, and `(1 − 1/(n−1))^m` where the others tell: `u` and `e^−(1−u)`
/// for large `n`.
#[test]
fn one_round_of_push_pull_and_both_is_the_mean_field_map() {
    let n = 5000.0;
    for (direction, pushes, pulls) in
        [("push", true, false), ("pull", false, true), ("push-pull", true, true)]
    {
        for teachers in [50.0, 2500.0, 4500.0] {
            let (uninformed, others) = (n - teachers, n - 1.0);
            let asks = if pulls { (uninformed - 1.0) / others } else { 1.0 };
            let told = if pushes { pow(1.0 - 1.0 / others, teachers) } else { 1.0 };
            let stays = asks * told;
            let seeds = 20;
            let left: f64 = (1..=seeds)
                .map(|seed| {
                    let informed = informed(&format!(
                        "seed={seed} rounds=1 learner.teachers={teachers} \
                         distiller.gossip.direction={direction}"
                    ));
                    assert_eq!(informed[0], teachers);
                    n - informed[1]
                })
                .sum::<f64>()
                / f64::from(seeds);
            // who stays uninformed is binomial or, under push, spread less: four standard errors
            let error = (uninformed * stays * (1.0 - stays) / f64::from(seeds)).sqrt();
            let law = uninformed * stays;
            assert!((left - law).abs() < 4.0 * error, "{direction} {teachers}: {left} of {law}");
            // and that is the map of the mean field
            let u = uninformed / n;
            let map = u * if pulls { u } else { 1.0 } * if pushes { exp(u - 1.0) } else { 1.0 };
            assert!((stays * u - map).abs() < 1e-3, "{direction} {teachers}");
        }
    }
}

/// Under pull the share of uninformed squares in a round: `u_t = u_0^(2^t)`, which is logistic
/// growth from few, at a rate of ln 2, with an end that is faster still.
#[test]
fn a_rumour_that_is_asked_for_grows_as_its_closed_form() {
    let (n, rounds, seeds) = (5000.0, 10, 20);
    let runs: Vec<Vec<f64>> = (1..=seeds)
        .map(|seed| {
            informed(&format!(
                "seed={seed} rounds={rounds} learner.teachers=50 distiller.gossip.direction=pull"
            ))
        })
        .collect();
    let mut u: f64 = 0.99;
    for round in 0..=rounds {
        let shares: Vec<f64> = runs.iter().map(|run| 1.0 - run[round] / n).collect();
        let (mean, error) = mean_and_error(&shares);
        // four standard errors; what varies between runs bends the mean of squares by its
        // variance a round, and one agent in n is itself
        let within = 4.0 * error + 2.0 * error * error * f64::from(seeds) + 2.0 / n;
        assert!((mean - u).abs() <= within, "round {round}: {mean} of {u}, within {within}");
        u *= u;
    }
}

/// Rounds until everyone is informed by one: push takes log2 n + ln n, pull log2 n + log2 ln n,
/// push-pull log3 n + log2 ln n, each + O(1) (Frieze & Grimmett 1985; Karp et al. 2000; Doerr &
/// Kostrygin 2017). Between two sizes O(1) drops out, all the more where they are a power of the
/// base apart, as it wobbles with the fraction of the logarithm.
#[test]
fn the_rounds_to_inform_everyone_grow_with_the_fleet_as_the_laws_of_rumours() {
    for (direction, factor) in [("push", 32.0), ("pull", 32.0), ("push-pull", 27.0)] {
        let sizes = [500.0, 500.0 * factor];
        let [few, many] = sizes.map(|n: f64| {
            let seeds = if n < 1000.0 { 200 } else { 40 };
            let rounds: Vec<f64> = (1..=seeds)
                .map(|seed| {
                    let informed = informed(&format!(
                        "seed={seed} rounds=40 fleet.agents={n} learner.teachers=1 \
                         distiller.gossip.direction={direction}"
                    ));
                    informed.iter().position(|i| *i == n).expect("forty rounds are enough") as f64
                })
                .collect();
            mean_and_error(&rounds)
        });
        let law = |n: f64| match direction {
            "push" => log2(n) + ln(n),
            "pull" => log2(n) + log2(ln(n)),
            _ => log2(n) / log2(3.0) + log2(ln(n)),
        };
        let (got, want) = (many.0 - few.0, law(sizes[1]) - law(sizes[0]));
        let error = (few.1 * few.1 + many.1 * many.1).sqrt();
        // four standard errors, and what log2 ln n leaves out at 500 agents
        assert!((got - want).abs() < 4.0 * error + 0.3, "{direction}: {got} of {want} ({error})");
    }
}

#[test]
fn the_whole_fleet_is_counted_as_the_panel_is_where_it_is_the_whole_fleet() {
    for sets in [
        "distiller.topology=gossip",
        "distiller.topology=gossip learner.forgetting=0.3",
        "distiller.topology=isolated",
        "learner.exponent=1.0",
    ] {
        let trace = run(PRACTICE, &format!("{sets} measure.panel=0 measure.adopted=0.15")).hive;
        let mut seen = 0;
        for frame in &trace.frames {
            for skill in 0..3 {
                let levels = frame.panel.iter().skip(skill).step_by(3);
                let adopted = levels.filter(|level| **level >= 0.15).count() as u64;
                assert_eq!(frame.adopters[skill], adopted, "{sets} round {}", frame.round);
                seen += adopted;
            }
        }
        assert!(seen > 0, "{sets}");
    }
}

/// Level after `n` tasks with the defaults of the learner.
fn practised(n: f64) -> f64 {
    1.0 - pow(1.0 + n / 20.0, -0.5)
}

#[test]
fn a_core_gains_the_mean_of_practice_or_all_of_it() {
    let one = "world.skills=1 measure.bounds=[]";
    for (sets, each) in
        [("", 3.0), ("distiller.exchange=experience", 900.0), ("distiller.topology=pooled", 900.0)]
    {
        let trace = run(PRACTICE, &format!("{one} {sets}")).hive;
        for row in &trace.rounds {
            let want = practised(each * f64::from(row.round));
            assert!((row.core_skill - want).abs() < 1e-6, "{sets} {}: {want}", row.round);
            assert!((row.panel_skill - want).abs() < 1e-6);
        }
    }
    // of eight answers one is right by chance; tasks are done on what the ones before taught
    let trace = run(PRACTICE, one).hive;
    for row in &trace.rounds[1..] {
        let core = 3.0 * f64::from(row.round - 1);
        let levels: f64 = (0..3).map(|task| practised(core + f64::from(task))).sum();
        let want = 0.125 + 0.875 * levels / 3.0;
        assert!((row.work_accuracy - want).abs() < 1e-12, "round {}", row.round);
        assert!((row.value - 900.0 * want).abs() < 1e-8);
    }
}

#[test]
fn practice_of_one_skill_counts_for_the_others_as_the_matrix_says() {
    let rows = "learner.transfer_rows=[[1.0,0.5,0.0],[0.0,1.0,0.25],[0.0,0.0,1.0]]";
    let sets = format!("{rows} distiller.exchange=experience measure.panel=0");
    let trace = run(PRACTICE, &sets).hive;
    let end = &trace.frames[4];
    let tasks: Vec<f64> =
        (0..3).map(|s| end.practised.iter().skip(s).step_by(3).sum::<u64>() as f64).collect();
    assert_eq!(tasks.iter().sum::<f64>(), 3600.0);
    let n = [tasks[0], tasks[1] + 0.5 * tasks[0], tasks[2] + 0.25 * tasks[1]];
    for (skill, n) in n.into_iter().enumerate() {
        assert!((f64::from(end.core[skill]) - practised(n)).abs() < 1e-6, "{skill}");
    }
}

#[test]
fn hearsay_is_as_old_as_what_it_comes_from() {
    let sets = "learner.forgetting=0.25 learner.teachers=1 rounds=30 measure.panel=0 \
                fleet.agents=200";
    let trace = run(RUMOUR, sets).hive;
    for frame in &trace.frames {
        let want = pow(1.0 + f64::from(frame.round) / 10.0, -0.25);
        let know: Vec<f64> =
            frame.panel.iter().filter(|l| **l > 0.0).map(|l| f64::from(*l)).collect();
        assert!(know.iter().all(|level| (level - want).abs() < 1e-6), "round {}", frame.round);
        assert!(!know.is_empty());
    }
    // and in a ring it goes a step to either side a round at most
    let trace = run(RUMOUR, &format!("{sets} distiller.gossip.graph=ring")).hive;
    for frame in &trace.frames {
        let know = frame.panel.iter().filter(|l| **l > 0.0).count() as u32;
        assert!(know <= 1 + 2 * frame.round && (frame.round == 0 || know > 1));
    }
}

#[test]
fn a_rumour_stays_among_those_whom_the_edges_join() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{RUMOUR}[distiller.gossip]\ngraph = \"edges\"\nedges = \"who.txt\"\n");
    std::fs::write(folder.path().join("hive.toml"), text).unwrap();
    std::fs::write(folder.path().join("who.txt"), "0 1\n1 2\n3 4\n4 5 # 6 knows nobody\n").unwrap();
    let sets = ["fleet.agents=7", "measure.panel=0", "rounds=20", "engine.kind=serial"];
    let sets: Vec<String> = sets.map(str::to_owned).into();
    for seed in 1..=20 {
        let mut sets = sets.clone();
        sets.extend([format!("seed={seed}"), "learner.teachers=1".into()]);
        let scenario = Scenario::load(&folder.path().join("hive.toml"), &sets).unwrap();
        let outcome = Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{e}"));
        let know = |frame: usize| -> Vec<usize> {
            let levels = outcome.hive.frames[frame].panel.iter().enumerate();
            levels.filter(|(_, level)| **level > 0.0).map(|(agent, _)| agent).collect()
        };
        let want: &[usize] = match know(0)[0] {
            0..3 => &[0, 1, 2],
            3..6 => &[3, 4, 5],
            _ => &[6],
        };
        assert_eq!(know(20), want, "seed {seed}");
    }
    std::fs::write(folder.path().join("who.txt"), "0 1\n1 7\n").unwrap();
    let scenario = Scenario::load(&folder.path().join("hive.toml"), &sets[..1]).unwrap_err();
    // without a teacher there is nothing to spread
    assert!(scenario.to_string().contains("nothing to spread"), "{scenario}");
    let mut sets = sets;
    sets.push("learner.teachers=1".into());
    let scenario = Scenario::load(&folder.path().join("hive.toml"), &sets).unwrap();
    let error = Experiment::new(scenario).run(&Silent).unwrap_err().to_string();
    assert!(error.contains("who.txt:2: found agent 7, but there are 7 agents"), "{error}");
}
