//! Models that agents tell each other: consensus, its pace, and the same result on every engine.

mod common;

use common::{MACHINES, common_hash};
use hivesim::graph::Graph;
use hivesim::maths::{cos, pow};
use hivesim::measure::Trace;
use hivesim::scenario::{Gossip, GraphKind};
use hivesim::validate::{Size, Trial, cores};

const FLEET: &str = "rounds = 6\n[fleet]\nagents = 20\ntasks = 6\n\
                     [world]\nskills = 4\ncompanies = 2\n[measure]\npanel = 0\nprobes = 8\n\
                     [distiller]\ntopology = \"gossip\"\n";

fn run(sets: &[&str]) -> Trace {
    common::run(FLEET, &sets.join(" ")).hive
}

#[test]
fn graphs_and_strategies_agree_on_every_engine_and_thread_count() {
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        &["distiller.gossip.graph=complete"][..],
        &["distiller.gossip.graph=ring", "distiller.gossip.contacts=0"],
        &["distiller.gossip.graph=regular", "distiller.gossip.direction=push"],
        &["distiller.gossip.graph=small-world", "distiller.gossip.direction=pull"],
        &["distiller.gossip.graph=scale-free", "distiller.combine.kind=ties"],
        &["distiller.gossip.contacts=3", "distiller.combine.kind=median"],
        &["learner.kind=mlp", "learner.hidden=[6]", "distiller.combine.kind=dare"],
        &["job_knowledge.personalisation=fedsim", "fleet.participants=7"],
        &["distiller.combine.kind=best-by-probe", "distiller.absent=zero"],
    ];
    for case in cases {
        hashes.insert(common_hash(FLEET, &case.join(" "), MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}

/// Agents that learn once and then tell all their neighbours round after round: what is left of
/// their differences shrinks by the second eigenvalue of the averaging matrix, `1/3 + 2/3 cos
/// (2π/n)` on a ring, where a wave of that period is its eigenvector.
#[test]
fn models_on_a_ring_come_to_a_consensus_at_the_pace_of_its_second_eigenvalue() {
    let n = 12;
    let text = format!(
        "rounds = 12\n[fleet]\nagents = {n}\n[world]\nkind = \"synthetic\"\n[world.sizes]\n\
         kind = \"fixed\"\nexamples = 20\n[measure]\npanel = 0\n[engine]\nkind = \"serial\"\n\
         [distiller]\ntopology = \"gossip\"\n[distiller.gossip]\ngraph = \"ring\"\ncontacts = 0\n"
    );
    let turn = std::f64::consts::TAU / f64::from(n);
    let wave = move |agent: u32| cos(f64::from(agent) * turn);
    let seen = cores(&text, &Trial::new(Size::Quick, 1), 1, move |agent, round, x| {
        if round == 1 {
            x[0] += wave(agent) as f32;
        }
    });
    let seen = seen.unwrap_or_else(|e| panic!("{e}"));
    // the first model of all, then those of each agent, round by round
    let seen: Vec<f64> = seen.iter().skip(1).map(|model| f64::from(model[0])).collect();
    let graph = Graph::ring(n);
    let factor = 1.0 / 3.0 + 2.0 / 3.0 * cos(turn);
    assert!((graph.consensus_factor() - factor).abs() < 1e-9);
    // neighbours of the same value are seen once: all rounds begin with agent 0's, the largest
    let firsts: Vec<f64> = (1..=12).map(|r| pow(factor, f64::from(r))).collect();
    for (round, want) in firsts.iter().enumerate() {
        let is_there = seen.iter().any(|x| (x - want).abs() < 1e-5);
        assert!(is_there, "round {}: {want} is not among {seen:?}", round + 1);
    }
    assert!(seen.iter().all(|x| x.abs() <= factor + 1e-5), "nobody is further out than at first");
}

/// Everyone tells everyone: after each round there is one model, the mean of what all learned.
#[test]
fn on_a_complete_graph_where_all_are_called_there_is_one_model() {
    let all = run(&["distiller.gossip.contacts=0", "distiller.absent=zero"]);
    let star = ["distiller.topology=star", "distiller.absent=zero"];
    let star = run(&[&star[..], &["distiller.combine.weighting=uniform"]].concat());
    let (a, b) = (&all.rounds[6], &star.rounds[6]);
    // a probe task of 8 that falls the other way by rounding is 1/8 in one skill of one agent
    assert!((a.panel_skill - b.panel_skill).abs() < 0.01, "{} {}", a.panel_skill, b.panel_skill);
    assert!((a.work_loss - b.work_loss).abs() < 1e-4, "{} {}", a.work_loss, b.work_loss);
}

#[test]
fn the_graphs_of_a_scenario_are_those_of_the_library() {
    let spec = |graph, neighbours| Gossip { graph, neighbours, ..Gossip::default() };
    let drawn = |spec: &Gossip| Graph::drawn(spec, 30, 5).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(drawn(&spec(GraphKind::Ring, 4)), Graph::ring(30));
    assert_eq!(drawn(&spec(GraphKind::Regular, 4)), Graph::regular(30, 4, 5));
    assert_eq!(drawn(&spec(GraphKind::ScaleFree, 2)), Graph::scale_free(30, 2, 5));
    assert_eq!(drawn(&spec(GraphKind::SmallWorld, 4)), Graph::small_world(30, 4, 0.1, 5));
    let nobody = Gossip { edges: Some("no/such/file".into()), ..spec(GraphKind::Edges, 4) };
    assert!(Graph::drawn(&nobody, 30, 5).is_err());
}
