//! No text brings the reader of edge lists down. What it reads is a graph: every edge goes both
//! ways, none leads to itself or out of the nodes; and its edges written down read to the same.

#![no_main]

use hivesim::graph::Graph;
use hivesim_fuzz::{Place, explained};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write as _;

const NODES: u32 = 40;

thread_local!(static PLACE: Place = Place::new());

fuzz_target!(|data: &[u8]| {
    PLACE.with(|place| {
        let path = place.write("edges.txt", data);
        let graph = match Graph::read_edges(&path, NODES) {
            Ok(graph) => graph,
            Err(error) => return explained(error),
        };
        assert_eq!(graph.nodes(), NODES);
        let mut text = String::new();
        for node in 0..NODES {
            for &other in graph.neighbours(node).expect("it is not complete by its kind") {
                assert!(other < NODES && other != node && graph.has_edge(other, node));
                writeln!(text, "{node}\t{other} # both ways").expect("a text");
            }
            graph.pick(node, u32::MAX);
        }
        graph.is_connected();
        let again = Graph::read_edges(&place.write("again.txt", text), NODES).expect("it reads");
        assert_eq!(again.edges(), graph.edges());
        assert!((0..NODES).all(|node| again.neighbours(node) == graph.neighbours(node)));
    });
});
