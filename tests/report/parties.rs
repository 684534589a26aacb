//! Parties on the page: several hives, companies that teach each other, agents in their places.

use super::made_up::{FIRST_HIVE, SMALL, Size, alone, outcome, page};
use super::{between, data};
use hivesim::measure::spread::Tag;
use hivesim::measure::{HiveRow, LineageRow, Outcome};
use hivesim::scenario::{GraphKind, Topology};

/// The first leads until round 2, the second from then on.
fn with_hives(mut outcome: Outcome) -> Outcome {
    let row = |round: u32, hive: u32, skill: f64, share: f64| HiveRow {
        round,
        hive,
        name: ["Wide <b>", "Deep"][hive as usize].into(),
        agents: (share * 200.0) as u32,
        share,
        wanted: share,
        skill,
        efficiency: 1.0,
    };
    for round in 0..=outcome.hive.rounds.last().unwrap().round {
        let late = round > 2;
        outcome.hive.hives.push(row(round, 0, 0.5, if late { 0.25 } else { 0.5 }));
        let skill = if late { 0.75 } else { 0.25 };
        outcome.hive.hives.push(row(round, 1, skill, if late { 0.75 } else { 0.5 }));
    }
    outcome
}

/// A tag on the rarest skill, and a core that two companies of twelve move.
pub fn with_origins(mut outcome: Outcome) -> Outcome {
    let last = outcome.hive.skills.len() - 1;
    outcome.hive.tags = vec![Tag { skill: last, origin: 0 }, Tag { skill: last - 1, origin: 1 }];
    for round in 1..=outcome.hive.rounds.last().unwrap().round {
        for block in 0..3 {
            for company in 0..12 {
                let share = match company {
                    0 => 0.5,
                    1 => 0.3 - 0.01 * f64::from(block),
                    _ => 0.02 + 0.001 * f64::from(block),
                };
                outcome.hive.lineage.push(LineageRow { round, block, company, share });
            }
        }
    }
    outcome
}

#[test]
fn several_hives_are_named_with_who_leads() {
    let page = page(&with_hives(alone(SMALL)));
    let came_out = between(&page, "What came out", "</div>");
    for sentence in [
        "Deep leads at the end with 75\u{a0}% of tasks right; the lead changes once. Deep is 25 percentage points ahead of the next best, 25 at the most.",
        "goes from 0.5 to 0.625 (0.5 is even, 1 is one hive that has all). The runaway index ends at 0.5",
        "On their own jobs the hives' agents end at",
    ] {
        let sentence = sentence.replace('\'', "&#x27;");
        assert!(came_out.contains(&sentence), "{sentence}\n{came_out}");
    }
    assert!(page.contains("<dt>Hive: Wide &lt;b&gt;</dt>") && !page.contains("Wide <b>"));
    let data = data(&page);
    assert_eq!(data["hives"]["leaders"], serde_json::json!([0, 0, 0, 1, 1, 1]));
    assert_eq!(data["hives"]["columns"]["share1"][5], 0.75);
    assert_eq!(data["figures"][0]["lines"][1]["table"], "hives");
}

#[test]
fn one_hive_has_no_leader() {
    let page = page(&alone(SMALL));
    assert!(!page.contains("id=\"fig-leader\"") && data(&page).get("hives").is_none());
}

#[test]
fn curves_have_their_laws_with_intervals() {
    let page = page(&outcome(FIRST_HIVE));
    let data = data(&page);
    let fits = data["runs"][0]["fits"].as_array().unwrap();
    assert_eq!(fits.len(), 24);
    let fitted = fits.iter().filter(|fit| fit["logistic"].is_array()).count();
    assert!(fitted > 12, "{fitted}");
    let one = fits.iter().find(|fit| fit["midpoint"].is_array()).unwrap();
    let (low, at) = (one["midpoint"][0].as_f64().unwrap(), one["logistic"][1].as_f64().unwrap());
    assert!(low <= at, "{one}");
    assert!(one["label"].as_str().unwrap().starts_with("t½ "), "{one}");
    assert!(page.contains("with 95 % intervals of the panel as a sample of the fleet"));
    assert!(page.contains("Logistic law: midpoint and its 95 % interval (round)"));
}

#[test]
fn skills_that_one_company_practises_make_a_matrix() {
    let outcome = with_origins(alone(FIRST_HIVE));
    let page = page(&outcome);
    assert!(page.contains("id=\"fig-taught\"") && page.contains("on the diagonal"));
    assert_eq!(data(&page)["taught"]["companies"].as_array().unwrap().len(), 11);
    assert!(!super::made_up::page(&alone(FIRST_HIVE)).contains("id=\"fig-taught\""));
}

#[test]
fn lineage_has_an_area_a_company_and_one_for_the_rest() {
    let page = page(&with_origins(alone(SMALL)));
    let data = data(&page);
    let areas = data["lineage"]["areas"].as_array().unwrap();
    assert_eq!((areas.len(), &areas[0], &areas[8]), (9, &"company 0".into(), &"4 others".into()));
    assert_eq!(data["lineage"]["blocks"][1], "block 0");
    assert!(page.contains("company 0 has the most, 50\u{a0}% of the whole core; 12 companies"));
}

#[test]
fn the_map_lies_as_the_topology_has_it() {
    let mut outcome = alone(FIRST_HIVE);
    let shape = |outcome: &Outcome| data(&page(outcome))["map"]["shape"].clone();
    assert_eq!(shape(&outcome), "clusters");
    outcome.scenario.distiller.topology = Topology::Gossip;
    assert_eq!(shape(&outcome), "circle");
    for (graph, expected) in [
        (GraphKind::Ring, "circle"),
        (GraphKind::SmallWorld, "circle"),
        (GraphKind::ScaleFree, "forces"),
    ] {
        outcome.scenario.distiller.gossip.graph = graph;
        assert_eq!(shape(&outcome), expected, "{graph:?}");
    }
    assert!(page(&outcome).contains("136 agents not measured are small and grey."));
    outcome.scenario.distiller.topology = Topology::Isolated;
    assert_eq!(shape(&outcome), "grid");
}

#[test]
fn a_missing_file_of_edges_is_said_and_the_page_made() {
    let mut outcome = alone(SMALL);
    outcome.scenario.distiller.topology = Topology::Gossip;
    outcome.scenario.distiller.gossip.graph = GraphKind::Edges;
    outcome.scenario.distiller.gossip.edges = Some("no/such/file".into());
    assert!(page(&outcome).contains("The edges are not drawn: "));
}

#[test]
fn many_agents_are_shown_by_company() {
    let page = page(&alone(Size { panel: 330, skills: 3, rounds: 2, every: 1 }));
    let map = &data(&page)["map"];
    assert_eq!((&map["shape"], map["ids"].as_array().unwrap().len()), (&"companies".into(), 55));
}

#[test]
fn a_tagged_skill_is_what_the_map_shows_first() {
    let first = |outcome: &Outcome| {
        let map = data(&page(outcome))["map"].clone();
        map["choices"][map["choice"].as_u64().unwrap() as usize].clone()
    };
    assert_eq!(first(&alone(FIRST_HIVE)), "own job");
    assert_eq!(first(&with_origins(alone(FIRST_HIVE))), "s23");
}
