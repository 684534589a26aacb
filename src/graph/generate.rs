//! Rings, small worlds and scale-free graphs.

use super::Graph;
use crate::stream::{Purpose, Stream, below};

/// Draws of a new end that are tried before one is searched for.
const TRIES: u32 = 1000;

impl Graph {
    /// Every node next to the one before and the one after it.
    ///
    /// # Panics
    /// With fewer than three nodes.
    pub fn ring(nodes: u32) -> Self {
        assert!(nodes >= 3, "a ring has three nodes at least");
        let edges: Vec<_> = (0..nodes).map(|i| (i, (i + 1) % nodes)).collect();
        Graph::from_edges(nodes, &edges)
    }

    /// A small world (Watts & Strogatz 1998, "Collective dynamics of 'small-world' networks"):
    /// a ring lattice in which every node is next to the `neighbours / 2` on either side, of
    /// which each edge, lap by lap, keeps its first end and gets a new other one with
    /// probability `rewire`, uniform over the nodes that are no neighbours of the first yet. An
    /// edge of a node that is next to all others stays.
    ///
    /// # Panics
    /// Where `neighbours` is odd or there are not more nodes than that.
    pub fn small_world(nodes: u32, neighbours: u32, rewire: f64, seed: u64) -> Self {
        assert!(neighbours.is_multiple_of(2) && neighbours < nodes, "no lattice");
        let half = neighbours / 2;
        // an edge is its first end's for good: those of node i stand at i·half..
        let mut ends: Vec<u32> = (0..nodes)
            .flat_map(|i| (1..=half).map(move |j| ((i + j) % nodes, i)).map(|e| e.0))
            .collect();
        let of = |node: u32| (node * half) as usize..((node + 1) * half) as usize;
        let mut stream = Stream::new(seed, Purpose::Graph, 0, 0);
        let rewired = below(rewire);
        for j in 0..half {
            for i in 0..nodes {
                if u64::from(stream.word()) >= rewired {
                    continue;
                }
                let taken =
                    |end: u32| end == i || ends[of(i)].contains(&end) || ends[of(end)].contains(&i);
                let drawn = (0..TRIES).map(|_| stream.below(nodes)).find(|end| !taken(*end));
                let new = drawn.or_else(|| (0..nodes).find(|end| !taken(*end)));
                if let Some(new) = new {
                    ends[(i * half + j) as usize] = new;
                }
            }
        }
        let edges: Vec<_> =
            (0..nodes).flat_map(|i| ends[of(i)].iter().map(move |end| (i, *end))).collect();
        Graph::from_edges(nodes, &edges)
    }

    /// A scale-free graph (Barabási & Albert 1999, "Emergence of scaling in random networks"):
    /// a complete graph of `edges + 1` nodes, to which the others come one by one, each with
    /// `edges` edges to different nodes drawn in proportion to their degrees (as the ends of
    /// uniform edges: Batagelj & Brandes 2005).
    ///
    /// # Panics
    /// Without edges, or where there are not more nodes than edges of a newcomer.
    pub fn scale_free(nodes: u32, edges: u32, seed: u64) -> Self {
        assert!(edges > 0 && edges < nodes, "newcomers find no nodes");
        let mut list: Vec<(u32, u32)> = Vec::new();
        for a in 0..=edges {
            list.extend((0..a).map(|b| (b, a)));
        }
        let mut stream = Stream::new(seed, Purpose::Graph, 0, 0);
        let mut chosen: Vec<u32> = Vec::new();
        for newcomer in edges + 1..nodes {
            chosen.clear();
            while chosen.len() < edges as usize {
                let end = stream.below(2 * list.len() as u32);
                let (a, b) = list[(end / 2) as usize];
                let node = if end.is_multiple_of(2) { a } else { b };
                if !chosen.contains(&node) {
                    chosen.push(node);
                }
            }
            list.extend(chosen.iter().map(|old| (*old, newcomer)));
        }
        Graph::from_edges(nodes, &list)
    }
}
