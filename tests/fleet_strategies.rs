//! Strategies in a fleet: every one runs, means the same on every engine, and does what it is
//! for.

use hivesim::engine::{Experiment, Silent};
use hivesim::ids::AgentId;
use hivesim::measure::{Outcome, Trace};
use hivesim::merge::{Context, Contribution, Flat, Pipeline, Vectors};
use hivesim::params::{Layout, Sparse};
use hivesim::scenario::{self, Scenario, schema};

const FLEET: &str = "rounds = 3\n[fleet]\nagents = 13\ntasks = 10\n\
                     [world]\nskills = 5\ncompanies = 3\nfeatures = 6\nanswers = 4\n\
                     [measure]\npanel = 5\nprobes = 16\n";

fn run(text: &str, sets: &[&str]) -> Outcome {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let scenario = Scenario::parse(text, "fleet", &sets).unwrap_or_else(|e| panic!("{e}"));
    Experiment::new(scenario).run(&Silent).unwrap_or_else(|e| panic!("{sets:?}: {e}"))
}

fn common_hash(text: &str, sets: &[&str]) -> String {
    let hash = |engine: &str, threads: &str| {
        let engine = [sets, &[engine, threads]].concat();
        run(text, &engine).result_hash
    };
    let reference = hash("engine.kind=serial", "engine.threads=1");
    for (engine, threads) in [("pool", 2), ("tasks", 3), ("pool", 8)] {
        let (kind, threads) =
            (format!("engine.kind={engine}"), format!("engine.threads={threads}"));
        assert_eq!(hash(&kind, &threads), reference, "{engine} {threads} {sets:?}");
    }
    reference
}

/// The kinds that a key of the distiller takes.
fn kinds(definition: &str) -> Vec<String> {
    let schema = serde_json::to_value(schema()).unwrap();
    let branches = schema["$defs"][definition]["oneOf"].as_array().unwrap().clone();
    let kind =
        |b: &serde_json::Value| b["properties"]["kind"]["const"].as_str().unwrap().to_owned();
    branches.iter().map(kind).collect()
}

#[test]
fn every_strategy_means_the_same_on_every_engine() {
    let mut hashes = std::collections::BTreeMap::new();
    for kind in kinds("Combine") {
        let kind_set = format!("distiller.combine.kind={kind}");
        let mut sets = vec![kind_set.as_str()];
        // what needs a certain number of contributions gets it
        match kind.as_str() {
            "slerp" | "nuslerp" => sets.push("fleet.participants=2"),
            "nearswap" | "arcee-fusion" => sets.push("fleet.participants=1"),
            "centred-clipping" => sets.push("distiller.combine.tau=0.3"),
            "norm-bound" => sets.push("distiller.combine.norm=0.3"),
            _ => {}
        }
        let hash = common_hash(FLEET, &sets);
        hashes.insert(hash, kind);
    }
    // without attackers, and with equal steps, some come to the same as others
    assert!(hashes.len() > 30, "{hashes:?}");
    let plain = common_hash(FLEET, &[]);
    for server in kinds("Server").iter().filter(|kind| *kind != "plain") {
        let hash = common_hash(FLEET, &[&format!("distiller.server.kind={server}")]);
        assert_ne!(hash, plain, "{server}");
    }
    for pre in kinds("Pre") {
        for combine in ["mean", "median", "geometric-median"] {
            let combine = format!("distiller.combine.kind={combine}");
            let pre = format!("distiller.pre=[{{kind='{pre}'}}]");
            common_hash(FLEET, &[&combine, &pre]);
        }
    }
}

#[test]
fn strategies_run_on_networks_and_on_fixed_data() {
    let network = ["learner.kind=mlp", "learner.hidden=[7]", "learner.code=3"];
    for kind in ["fisher", "regmean", "tsv", "iso-c", "ties", "krum", "best-by-probe"] {
        let kind = format!("distiller.combine.kind={kind}");
        common_hash(FLEET, &[&network[..], &[&kind]].concat());
    }
    let paper = "rounds = 3\n[world]\nkind = \"synthetic\"\nfeatures = 6\nanswers = 3\n\
                 sizes = { kind = \"fixed\", examples = 20 }\n[fleet]\nagents = 9\n\
                 [learner.solver]\nbatch = 5\nepochs = 2\n[measure]\npanel = 5\n";
    for kind in ["fisher", "regmean", "bulyan", "fednova"] {
        common_hash(paper, &[&format!("distiller.combine.kind={kind}")]);
    }
    for set in ["learner.solver.scaffold=true", "distiller.server.kind=fedyogi"] {
        common_hash(paper, &[set]);
    }
    common_hash(FLEET, &["learner.solver.scaffold=true", "fleet.participants=7"]);
    common_hash(FLEET, &[&network[..], &["learner.solver.scaffold=true"]].concat());
}

#[test]
fn absent_blocks_and_zeros_are_not_the_same() {
    for kind in ["mean", "median", "krum", "ties"] {
        let kind = format!("distiller.combine.kind={kind}");
        let skip = common_hash(FLEET, &[&kind]);
        assert_ne!(skip, common_hash(FLEET, &[&kind, "distiller.absent=zero"]), "{kind}");
    }
}

/// Mean of a measure at the end, over seeds.
fn mean(text: &str, sets: &[&str], of: impl Fn(&Trace) -> f64) -> f64 {
    let seeds = 1..=5;
    let at = |seed: u32| {
        let seed = format!("seed={seed}");
        of(&run(text, &[sets, &[&seed]].concat()).hive)
    };
    seeds.map(at).sum::<f64>() / 5.0
}

fn core_skill(trace: &Trace) -> f64 {
    trace.rounds[trace.rounds.len() - 1].core_skill
}

/// On data that differ between agents, many local steps lead FedAvg to another place than the
/// least loss of all data together; SCAFFOLD goes there (Karimireddy et al. 2020, theorem III).
#[test]
fn scaffold_comes_nearer_to_the_least_loss_than_fedavg() {
    let text = "rounds = 60\n[world]\nkind = \"synthetic\"\nalpha = 1.0\nbeta = 1.0\n\
                features = 8\nanswers = 3\ntrain_share = 1.0\n\
                sizes = { kind = \"fixed\", examples = 20 }\n[fleet]\nagents = 10\n\
                [learner]\nrate = 0.05\nsolver = { batch = 20, epochs = 40 }\n\
                [measure]\npanel = 1\nevery = 60\n[distiller.combine]\nweighting = \"uniform\"\n";
    let loss = |trace: &Trace| trace.rounds[trace.rounds.len() - 1].train_loss;
    let fedavg = mean(text, &[], loss);
    let scaffold = mean(text, &["learner.solver.scaffold=true"], loss);
    // 60 × 40 steps of the same rate on all data
    let pooled = mean(
        text,
        &[
            "distiller.topology=pooled",
            "learner.solver.batch=200",
            "rounds=600",
            "measure.every=600",
            "learner.solver.epochs=4",
        ],
        loss,
    );
    assert!(scaffold < fedavg, "{scaffold} {fedavg}");
    assert!(scaffold - pooled < 0.5 * (fedavg - pooled), "{scaffold} {fedavg} {pooled}");
}

/// With one full-batch step a round, local gradients are those at the core: control variates
/// cancel in the mean, and SCAFFOLD is FedAvg.
#[test]
fn scaffold_with_one_step_is_fedavg() {
    let text = "rounds = 5\n[world]\nkind = \"synthetic\"\nfeatures = 6\nanswers = 3\n\
                sizes = { kind = \"fixed\", examples = 20 }\n[fleet]\nagents = 9\n\
                [learner.solver]\nbatch = 64\n[measure]\npanel = 1\n\
                [distiller.combine]\nweighting = \"uniform\"\n";
    let losses = |sets: &[&str]| -> Vec<f64> {
        run(text, sets).hive.rounds.iter().map(|row| row.train_loss).collect()
    };
    let (fedavg, scaffold) = (losses(&[]), losses(&["learner.solver.scaffold=true"]));
    for (a, b) in fedavg.iter().zip(&scaffold) {
        assert!((a - b).abs() < 1e-4 * a, "{fedavg:?} {scaffold:?}");
    }
}

#[test]
fn control_variates_are_sent_both_ways() {
    let bytes = |sets: &[&str]| {
        let hive = run(FLEET, sets).hive;
        let last = &hive.rounds[2];
        (last.bytes_up, last.bytes_down)
    };
    let (up, down) = bytes(&[]);
    let (more_up, more_down) = bytes(&["learner.solver.scaffold=true"]);
    assert_eq!(more_down, 2 * down);
    // 8 bytes a block and 16 an agent are sent once
    assert!(more_up > up + up / 2 && more_up < 2 * up, "{more_up} {up}");
}

/// Whoever knows more of a parameter has more say in it.
#[test]
fn champions_and_statistics_learn_as_well_as_the_mean_does() {
    let text = "rounds = 12\n[fleet]\nagents = 30\ntasks = 30\n[world]\nskills = 6\ncompanies = 3\n\
                company = 0.0\n[measure]\npanel = 10\nevery = 12\n";
    let mean_skill = mean(text, &[], core_skill);
    let skill = |kind: &str| mean(text, &[&format!("distiller.combine.kind={kind}")], core_skill);
    for kind in ["fisher", "regmean", "greedy-soup"] {
        let got = skill(kind);
        assert!(got > mean_skill - 0.15, "{kind}: {got}, mean {mean_skill}");
    }
    // one agent's job at a time teaches a fleet of six skills less than all jobs do
    let champion = skill("best-by-probe");
    assert!(champion > 0.1 && champion < mean_skill, "{champion} {mean_skill}");
}

#[test]
fn an_ensembles_answers_teach_the_core_what_its_mean_does_not_say() {
    let text = "rounds = 6\n[fleet]\nagents = 20\ntasks = 20\n[world]\nskills = 4\ncompanies = 2\n\
                company = 0.0\n[measure]\npanel = 10\nevery = 6\n";
    let plain = mean(text, &[], core_skill);
    let distilled = mean(text, &["distiller.server.kind=feddf"], core_skill);
    assert!((distilled - plain).abs() > 1e-3, "{distilled} {plain}");
    assert!(distilled > plain - 0.1, "{distilled} {plain}");
}

#[test]
fn noise_costs_skill_and_buys_privacy() {
    let text = "rounds = 10\n[fleet]\nagents = 60\nparticipants = 30\ntasks = 20\n\
                [world]\nskills = 4\ncompanies = 2\n[measure]\npanel = 10\nevery = 10\n\
                [distiller]\nabsent = \"zero\"\n\
                [distiller.combine]\nkind = \"norm-bound\"\nnorm = 1.0\n";
    let bounded = mean(text, &[], core_skill);
    let noisy = mean(text, &["distiller.combine.noise=3.0"], core_skill);
    assert!(noisy < bounded - 0.05, "{noisy} {bounded}");
    let outcome = run(text, &["distiller.combine.noise=3.0"]);
    let spent = hivesim::measure::privacy::spent(&outcome.scenario, 10).unwrap();
    assert_eq!(spent, hivesim::measure::privacy::account(0.5, 3.0, 10, 1e-5));
    assert!(spent.epsilon > 1.0 && spent.epsilon < 10.0, "{spent:?}");
}

#[test]
fn an_ensemble_that_diverges_is_the_distillers_fault() {
    let sets: Vec<String> = [
        "learner.kind=mlp",
        "learner.rate=0.2",
        "distiller.server.kind=feddf",
        "distiller.server.rate=100",
        "distiller.server.epochs=50",
    ]
    .map(str::to_owned)
    .into();
    let scenario = Scenario::parse(FLEET, "fleet", &sets).unwrap_or_else(|e| panic!("{e}"));
    let error = Experiment::new(scenario).run(&Silent).unwrap_err().to_string();
    assert!(error.contains("the distiller"), "{error}");
    assert!(error.contains("`distiller.server.rate`"), "{error}");
}

/// Two agents of 40 tasks each, of which 30 and 10 touched the first block: where blocks are merged
/// one by one, the first counts three times as much there as the second.
#[test]
fn a_block_counts_by_the_tasks_that_touched_it() {
    let layout = Layout::new([8, 8]);
    let deltas = [(30, 10, 0), (10, 30, 1)].map(|(here, there, axis)| {
        let mut delta = Sparse::default();
        delta.push(0, here, 8)[axis] = 1.0;
        delta.push(1, there, 8).fill(1.0);
        delta
    });
    let of =
        |(agent, delta)| Contribution { tasks: 40, ..Contribution::fresh(AgentId(agent), delta) };
    let all: Vec<_> = (0..).zip(&deltas).map(of).collect();
    // behind a pre-aggregation that changes nothing too
    let pre = "pre = [{ kind = 'clip', norm = 1e6 }]";
    for (combine, before) in [("multi-slerp", ""), ("nuslerp", ""), ("multi-slerp", pre)] {
        let spec = format!("combine = {{ kind = '{combine}', weighting = 'tasks' }}\n{before}");
        let spec: scenario::Distiller = toml::from_str(&spec).unwrap();
        let (base, mut next) = ([0.0; 16], [0.0; 16]);
        let absent = scenario::Absent::Skip;
        let mut vectors = Vectors::contributions(&layout, &Flat, &base, &all, absent, &mut next);
        Pipeline::new(&spec).merge(&mut vectors, &Context::new(1, 1)).unwrap();
        // the straight mean's direction; or a quarter of the way along the arc
        let law = match combine {
            "nuslerp" => std::f32::consts::SQRT_2 - 1.0, // tan π/8
            _ => 1.0 / 3.0,
        };
        let tangent = next[1] / next[0];
        assert!((tangent - law).abs() < 1e-5, "{combine} {before}: {tangent} {law}");
    }
}
