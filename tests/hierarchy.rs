//! Teams under companies under one core: what is merged when, and with what weight.

mod common;

use common::{MACHINES, common_hash};
use hivesim::ids::AgentId;
use hivesim::measure::Trace;
use hivesim::scenario::Scenario;
use hivesim::validate::{Size, Trial, cores};
use hivesim::world;

const FLEET: &str = "rounds = 8\n[fleet]\nagents = 23\ntasks = 6\n\
                     [world]\nskills = 4\ncompanies = 3\n[measure]\npanel = 0\nprobes = 8\n\
                     [distiller]\ntopology = \"hierarchical\"\n[distiller.hierarchy]\nteam = 3\n";

fn run(sets: &[&str]) -> Trace {
    common::run(FLEET, &sets.join(" ")).hive
}

/// The company of each agent, and its team: a company is divided evenly into as few teams as
/// there may be.
fn places(team: usize) -> Vec<(u32, usize)> {
    let scenario = Scenario::parse(FLEET, "hierarchy", &[]).unwrap_or_else(|e| panic!("{e}"));
    let world = world::build(&scenario).unwrap_or_else(|e| panic!("{e}"));
    let companies: Vec<u32> = (0..23).map(|agent| world.company(AgentId(agent)).0).collect();
    let (mut places, mut before) = (Vec::new(), 0);
    for company in 0..3 {
        let size = companies.iter().filter(|c| **c == company).count();
        let teams = size.div_ceil(team);
        places.extend((0..size).map(|place| (company, before + place * teams / size)));
        before += teams;
    }
    places
}

/// Agents move by an amount of their own each round, so that every core is a mean of such amounts
/// that a few lines of plain arithmetic tell.
#[test]
fn each_level_takes_the_mean_of_what_those_below_it_moved_when_it_is_their_turn() {
    let places = places(3);
    let teams = places[22].1 + 1;
    let amount = |agent: usize| ((agent * 7) % 11) as f64 - 3.0;
    let text = format!(
        "{FLEET}[distiller.hierarchy.company]\nperiod = 2\n[distiller.hierarchy.global]\n\
         period = 4\n[engine]\nkind = \"serial\"\n"
    );
    let seen = cores(&text, &Trial::new(Size::Quick, 1), 1, move |agent, _, x| {
        x[0] += amount(agent as usize) as f32;
    });
    let seen = seen.unwrap_or_else(|e| panic!("{e}"));

    let mean =
        |some: &[usize]| some.iter().map(|agent| amount(*agent)).sum::<f64>() / some.len() as f64;
    let of = |team: usize| (0..23).filter(|a| places[*a].1 == team).collect::<Vec<usize>>();
    let of_company = |c: u32| (0..23).filter(|a| places[*a].0 == c).collect::<Vec<usize>>();
    let company_of = |team: usize| places[of(team)[0]].0;
    let mut cores = vec![0.0; teams];
    let mut want = vec![0.0];
    for round in 1..=8 {
        (0..teams).for_each(|team| cores[team] += mean(&of(team)));
        if round % 2 == 0 {
            // every task weighs the same, so that a mean of means is that of all agents
            let moved = |c: u32| f64::from(round) * mean(&of_company(c));
            let base = if round % 4 == 0 { 0.0 } else { f64::from(round - 2) };
            let all: Vec<usize> = (0..23).collect();
            for team in 0..teams {
                let c = company_of(team);
                cores[team] = match round % 4 {
                    0 => f64::from(round) * mean(&all),
                    _ => base * mean(&all) + 2.0 * moved(c) / f64::from(round),
                };
            }
        }
        want.extend(&cores);
    }
    // a core that is measured twice in a row is seen once
    want.dedup_by(|a, b| (*a - *b).abs() < 1e-9);
    let seen: Vec<f64> = seen.iter().map(|core| f64::from(core[0])).collect();
    assert_eq!(seen.len(), want.len(), "{seen:?} {want:?}");
    for (seen, want) in seen.iter().zip(&want) {
        // sums of some tens of numbers below 100 in single precision
        assert!((seen - want).abs() < 1e-4, "{seen} {want}");
    }
}

#[test]
fn levels_agree_on_every_engine_and_thread_count() {
    let mut hashes = std::collections::BTreeSet::new();
    let cases = [
        &["distiller.hierarchy.team=4"][..],
        &["distiller.hierarchy.company.period=2", "distiller.hierarchy.global.period=4"],
        &["distiller.combine.kind=median", "distiller.hierarchy.global.combine.kind=krum"],
        &["distiller.server.kind=fedadam", "distiller.hierarchy.company.combine.kind=dare"],
        &["job_knowledge.personalisation=fedsim", "job_knowledge.pull=rebase"],
        &["learner.kind=mlp", "learner.hidden=[6]", "fleet.participants=11"],
        &["distiller.combine.kind=best-by-probe", "distiller.absent=zero"],
    ];
    for case in cases {
        hashes.insert(common_hash(FLEET, &case.join(" "), MACHINES));
    }
    assert_eq!(hashes.len(), cases.len(), "every setting makes a difference");
}

/// One team of all under levels that merge a single core is a star: the same mean of the same
/// contributions, added up in another order.
#[test]
fn one_team_of_all_learns_what_a_star_learns() {
    let one = ["world.companies=1", "distiller.hierarchy.team=23"];
    let star = ["world.companies=1", "distiller.topology=star"];
    let (one, star) = (run(&one), run(&star));
    let (a, b) = (&one.rounds[8], &star.rounds[8]);
    // a probe task of 8 that falls the other way by rounding is 1/8 in one skill of one agent
    assert!((a.core_skill - b.core_skill).abs() < 0.01, "{} {}", a.core_skill, b.core_skill);
    assert!((a.work_loss - b.work_loss).abs() < 1e-4, "{} {}", a.work_loss, b.work_loss);
}

/// What is sent: learnings up to the teams, cores between levels only when they merge.
#[test]
fn seldom_merges_of_the_levels_above_send_less() {
    let often = run(&[]);
    let seldom =
        run(&["distiller.hierarchy.company.period=4", "distiller.hierarchy.global.period=8"]);
    let up = |trace: &Trace| trace.rounds.iter().map(|row| row.bytes_up).collect::<Vec<u64>>();
    let (often, seldom) = (up(&often), up(&seldom));
    assert!((1..8).filter(|r| r % 4 != 0).all(|r| seldom[r] < often[r]), "{seldom:?} {often:?}");
    assert!(seldom[4] < often[4] && seldom[4] > seldom[3], "{seldom:?}");
    assert!(seldom[8] > seldom[4], "{seldom:?}");
}
