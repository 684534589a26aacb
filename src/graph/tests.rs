use super::{EdgeListError, Graph};
use crate::maths::cos;
use std::path::Path;

/// Degrees of all nodes.
fn degrees(graph: &Graph) -> Vec<u32> {
    (0..graph.nodes()).map(|node| graph.degree(node)).collect()
}

fn is_simple(graph: &Graph) -> bool {
    (0..graph.nodes()).all(|a| {
        let list = graph.neighbours(a).unwrap();
        let mutual = list.iter().all(|b| *b != a && graph.has_edge(*b, a));
        mutual && list.windows(2).all(|w| w[0] < w[1])
    })
}

#[test]
fn a_regular_graph_is_simple_connected_and_regular_at_every_density() {
    for (nodes, k) in [(3, 2), (5, 2), (6, 3), (7, 4), (8, 7), (9, 8), (12, 5), (50, 49), (400, 8)]
    {
        for seed in 0..20 {
            let graph = Graph::regular(nodes, k, seed);
            assert!(degrees(&graph).iter().all(|d| *d == k), "{nodes} {k} {seed}");
            assert!(is_simple(&graph), "{nodes} {k} {seed}");
        }
    }
    // two triangles or a ring of six: a graph of degree 2 need not be connected
    assert!((0..50).any(|seed| !Graph::regular(6, 2, seed).is_connected()));
    assert!((0..20).all(|seed| Graph::regular(400, 3, seed).is_connected()));
}

#[test]
fn a_regular_graph_of_six_is_as_often_two_triangles_as_it_should_be() {
    // of the 70 labelled graphs of degree 2 on six nodes, 10 are two triangles and 60 rings
    let draws = 4000;
    let triangles = (0..draws).filter(|seed| !Graph::regular(6, 2, *seed).is_connected()).count();
    let share = triangles as f64 / draws as f64;
    // four standard errors of 0.0055
    assert!((share - 1.0 / 7.0).abs() < 0.022, "{share}");
}

#[test]
fn rings_and_complete_graphs_are_what_they_are() {
    let ring = Graph::ring(5);
    assert_eq!(ring.neighbours(0), Some(&[1, 4][..]));
    assert!(ring.is_connected() && is_simple(&ring) && ring.edges() == 5);
    let complete = Graph::complete(5);
    assert_eq!((complete.edges(), complete.degree(3)), (10, 4));
    assert!(complete.has_edge(0, 4) && !complete.has_edge(2, 2) && complete.is_connected());
    let two = Graph::from_edges(4, &[(0, 1), (1, 0), (2, 3)]);
    assert!(!two.is_connected() && two.edges() == 2);
}

#[test]
fn a_small_world_rewires_the_share_it_is_told_to() {
    let (nodes, k) = (20_000_u32, 6);
    for rewire in [0.0, 0.1, 0.6] {
        let graph = Graph::small_world(nodes, k, rewire, 3);
        assert!(is_simple(&graph) && graph.edges() == u64::from(nodes * k / 2));
        let far = |a: u32, b: u32| {
            let apart = a.abs_diff(b).min(nodes - a.abs_diff(b));
            apart > k / 2
        };
        let moved: usize = (0..nodes)
            .map(|a| graph.neighbours(a).unwrap().iter().filter(|b| far(a, **b)).count())
            .sum();
        let share = moved as f64 / f64::from(nodes * k);
        // binomial over the edges, four standard errors; a new end comes back to the lattice with
        // probability k/n at most
        let edges = f64::from(nodes * k / 2);
        let within =
            4.0 * (rewire * (1.0 - rewire) / edges).sqrt() + f64::from(k) / f64::from(nodes);
        assert!((share - rewire).abs() <= within, "{rewire}: {share}");
    }
    // every edge is on its way, and where nodes are next to all others none can be
    let full = Graph::small_world(7, 6, 1.0, 1);
    assert!(degrees(&full).iter().all(|d| *d == 6));
}

#[test]
fn a_scale_free_graph_has_the_degrees_of_its_law() {
    let (nodes, m) = (40_000_u32, 3_u32);
    let graph = Graph::scale_free(nodes, m, 5);
    assert!(is_simple(&graph) && graph.is_connected());
    assert_eq!(graph.edges(), u64::from(m * (m + 1) / 2 + (nodes - m - 1) * m));
    let degrees = degrees(&graph);
    // P(degree = k) = 2m(m+1)/(k(k+1)(k+2)), of which the tail from k on is m(m+1)/(k(k+1))
    // (Bollobás et al. 2001). Four binomial standard errors; degrees are weakly dependent, and
    // the law is that of infinitely many nodes: half as much again.
    let share = |of: f64| of / f64::from(nodes);
    for from in [m + 1, 2 * m, 10 * m] {
        let tail = degrees.iter().filter(|d| **d >= from).count() as f64;
        let law = f64::from(m * (m + 1)) / f64::from(from * (from + 1));
        let within = 6.0 * (law * (1.0 - law) / f64::from(nodes)).sqrt();
        assert!((share(tail) - law).abs() < within, "{from}: {} of {law}", share(tail));
    }
    // the largest degree grows as the root of the nodes: no graph of a thin tail has one
    assert!(*degrees.iter().max().unwrap() > 200);
}

#[test]
fn consensus_on_a_ring_shrinks_as_its_second_eigenvalue() {
    for nodes in [3_u32, 8, 25] {
        let law = 1.0 / 3.0 + 2.0 / 3.0 * cos(std::f64::consts::TAU / f64::from(nodes));
        // of a ring of three all weights are a third, as in a complete graph
        let got = Graph::ring(nodes).consensus_factor();
        assert!((got - law.abs()).abs() < 1e-6, "{nodes}: {got} of {law}");
    }
    // a random regular graph is nearly Ramanujan (Friedman 2008): (1 + 2 sqrt(k-1))/(k + 1) for
    // the mean over a node and its neighbours, of which a graph of 2000 nodes is within a few %
    let got = Graph::regular(2000, 8, 1).consensus_factor();
    let law = (1.0 + 2.0 * 7.0_f64.sqrt()) / 9.0;
    assert!((got / law - 1.0).abs() < 0.03, "{got} of {law}");
    // two halves never agree
    let two = Graph::from_edges(4, &[(0, 1), (2, 3)]);
    assert!((two.consensus_factor() - 1.0).abs() < 1e-12);
    assert_eq!(Graph::complete(9).consensus_factor(), 0.0);
}

#[test]
fn averaging_keeps_the_mean_on_any_graph() {
    let graph = Graph::scale_free(200, 2, 1);
    let x: Vec<f64> = (0..200).map(|i| f64::from(i * i % 17)).collect();
    let mut next = vec![0.0; 200];
    graph.average(&x, &mut next);
    let (before, after) = (x.iter().sum::<f64>(), next.iter().sum::<f64>());
    // 200 nodes, some 4 roundings each of numbers below 17
    assert!((before - after).abs() < 1e-11 && x != next);
}

#[test]
fn graphs_are_functions_of_their_seed() {
    let make: [fn(u64) -> Graph; 3] = [
        |seed| Graph::regular(60, 4, seed),
        |seed| Graph::small_world(60, 4, 0.3, seed),
        |seed| Graph::scale_free(60, 2, seed),
    ];
    for make in make {
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }
}

#[test]
fn words_pick_every_neighbour_equally_often() {
    let graph = Graph::complete(7);
    let picked: Vec<u32> = (0..7_u64)
        .flat_map(|word| graph.pick(3, (word << 32).div_ceil(6).min(u64::from(u32::MAX)) as u32))
        .collect();
    assert_eq!(picked, [0, 1, 2, 4, 5, 6, 6]);
    assert_eq!(Graph::complete(1).pick(0, 5), None);
    let star = Graph::from_edges(4, &[(0, 2), (0, 3)]);
    assert_eq!(star.pick(0, u32::MAX), Some(3));
    assert_eq!(star.pick(1, u32::MAX), None);
    let words = [0, u32::MAX, 1 << 31, 7];
    for graph in [Graph::complete(9), star] {
        let mut picked = words;
        graph.pick_all(0, &mut picked);
        for (node, word) in (0..).zip(words) {
            assert_eq!(picked[node as usize], graph.pick(node, word).unwrap_or(node));
        }
    }
}

#[test]
fn an_edge_list_is_read_and_its_faults_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.txt");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Graph::read_edges(&path, 4).map_err(|error| match error {
            EdgeListError::Line { line, message, .. } => (line, message),
            EdgeListError::Unreadable { message, .. } => (0, message),
        })
    };
    let graph = read("# who knows whom\n0 1\n1 0   # again\n\n\t2\t1\r\n").unwrap();
    assert_eq!(graph, Graph::from_edges(4, &[(0, 1), (1, 2)]));
    for (text, line, message) in [
        ("0 1\n0\n", 2, "found 1 word; wanted the numbers of two agents, such as `0 1`"),
        ("0 1 2\n", 1, "found 3 words; wanted the numbers of two agents, such as `0 1`"),
        ("# a\n0 4\n", 2, "found agent 4, but there are 4 agents, from 0 to 3"),
        ("0 -1\n", 1, "found `-1`; wanted an agent's number"),
        ("2 2\n", 1, "agent 2 is next to itself; wanted two different agents"),
    ] {
        assert_eq!(read(text), Err((line, message.to_owned())), "{text:?}");
    }
    let missing = Graph::read_edges(Path::new("/no/such/file"), 4).unwrap_err();
    assert!(missing.to_string().contains("cannot read the edge list"), "{missing}");
}
