//! Graphs over agents: who can meet whom.
//! Lives here: undirected simple graphs in compressed form, their generators, the reader of edge
//! lists, and what is computed of a graph.
//! May not: know what agents are or do; a graph knows numbers, [`stream`](crate::stream)s and
//! what a scenario asks for.
//!
//! | graph | edges | source |
//! | --- | --- | --- |
//! | complete | every pair, none stored | |
//! | ring | `i ~ i ± 1` | |
//! | regular | `k` a node, near to uniform over all such graphs | Bollobás 1980; McKay & Wormald 1990 |
//! | small world | a ring lattice of `k`, each edge rewired with probability `p` | Watts & Strogatz 1998 |
//! | scale-free | newcomers link to `m`, in proportion to degrees | Barabási & Albert 1999 |
//! | edge list | those of a file | |

mod generate;
mod read;
mod regular;
mod spectrum;

pub use crate::lines::LineError as EdgeListError;

use crate::scenario::{Gossip, GraphKind};
use std::path::Path;

/// An undirected graph over the nodes `0..n` without loops or double edges.
///
/// A complete one takes no memory. Every other takes 4 bytes a node and 8 an edge: the
/// neighbours of all nodes one after another, rising within a node, so that who walks nodes in
/// order walks memory in order. It cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    nodes: u32,
    /// `None` where it is complete.
    lists: Option<Lists>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Lists {
    /// Node `i`'s neighbours stand at `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    neighbours: Vec<u32>,
}

/// The most edges that a graph may store: its lists are indexed by 32 bits.
pub const MOST_EDGES: u64 = (u32::MAX / 2) as u64;

impl Graph {
    /// Every pair of nodes is an edge.
    pub fn complete(nodes: u32) -> Self {
        Graph { nodes, lists: None }
    }

    /// The graph that a scenario asks for, over `nodes` agents.
    ///
    /// # Errors
    /// Where its edges are a file's, and that cannot be read or is not a list of them.
    ///
    /// # Panics
    /// Where there is no such graph; a checked scenario asks for none of these.
    pub fn drawn(spec: &Gossip, nodes: u32, seed: u64) -> Result<Self, EdgeListError> {
        let k = spec.neighbours;
        Ok(match spec.graph {
            GraphKind::Complete => Graph::complete(nodes),
            GraphKind::Ring => Graph::ring(nodes),
            GraphKind::Regular => Graph::regular(nodes, k, seed),
            GraphKind::SmallWorld => Graph::small_world(nodes, k, spec.rewire, seed),
            GraphKind::ScaleFree => Graph::scale_free(nodes, k, seed),
            GraphKind::Edges => {
                Graph::read_edges(Path::new(spec.edges.as_deref().unwrap_or_default()), nodes)?
            }
        })
    }

    /// The graph of some edges, each in either direction, or in both.
    ///
    /// # Panics
    /// Where an edge is a loop or has an end that is no node, or there are more than
    /// [`MOST_EDGES`].
    pub fn from_edges(nodes: u32, edges: &[(u32, u32)]) -> Self {
        assert!(edges.len() as u64 <= MOST_EDGES, "too many edges");
        let mut starts = vec![0_u32; nodes as usize + 1];
        for (a, b) in edges {
            assert!(a != b && *a < nodes && *b < nodes, "no edge of {nodes} nodes: {a} {b}");
            starts[*a as usize + 1] += 1;
            starts[*b as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut ends = starts.clone();
        let mut neighbours = vec![0; 2 * edges.len()];
        for (a, b) in edges {
            for (from, to) in [(*a, *b), (*b, *a)] {
                neighbours[ends[from as usize] as usize] = to;
                ends[from as usize] += 1;
            }
        }
        let mut kept = 0;
        for node in 0..nodes as usize {
            let range = starts[node] as usize..starts[node + 1] as usize;
            neighbours[range.clone()].sort_unstable();
            starts[node] = kept as u32;
            for i in range.clone() {
                if i == range.start || neighbours[i] != neighbours[i - 1] {
                    // what is read next lies further on
                    neighbours[kept] = neighbours[i];
                    kept += 1;
                }
            }
        }
        starts[nodes as usize] = kept as u32;
        neighbours.truncate(kept);
        Graph { nodes, lists: Some(Lists { starts, neighbours }) }
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// Number of edges.
    pub fn edges(&self) -> u64 {
        match &self.lists {
            None => u64::from(self.nodes) * u64::from(self.nodes.saturating_sub(1)) / 2,
            Some(lists) => lists.neighbours.len() as u64 / 2,
        }
    }

    /// Number of a node's neighbours.
    #[inline]
    pub fn degree(&self, node: u32) -> u32 {
        match &self.lists {
            None => self.nodes - 1,
            Some(lists) => lists.of(node).len() as u32,
        }
    }

    /// The neighbours of a node, rising; `None` where all others are.
    #[inline]
    pub fn neighbours(&self, node: u32) -> Option<&[u32]> {
        self.lists.as_ref().map(|lists| lists.of(node))
    }

    /// Whether two nodes are neighbours.
    pub fn has_edge(&self, a: u32, b: u32) -> bool {
        match &self.lists {
            None => a != b && a < self.nodes && b < self.nodes,
            Some(lists) => lists.of(a).binary_search(&b).is_ok(),
        }
    }

    /// The neighbour of `node` that a uniform word picks; `None` where it has none.
    ///
    /// Of `d` neighbours each is picked with probability `1/d` to within 2⁻³²: the high half of
    /// `word · d`, without the rejection that would make it exact. A share of `d/2³²` of the
    /// probability is misplaced at most, 0.02 % in a complete graph of a million.
    #[inline(always)]
    pub fn pick(&self, node: u32, word: u32) -> Option<u32> {
        match &self.lists {
            None => (self.nodes > 1).then(|| other(node, self.nodes - 1, word)),
            Some(lists) => {
                let all = lists.of(node);
                all.get(high(word, all.len() as u32) as usize).copied()
            }
        }
    }

    /// Puts the neighbours that words pick for the nodes from `first` on in the words' place, and
    /// a node itself where it has none.
    #[inline(always)]
    pub fn pick_all(&self, first: u32, words: &mut [u32]) {
        match &self.lists {
            None if self.nodes > 1 => {
                let others = self.nodes - 1;
                for (i, word) in words.iter_mut().enumerate() {
                    *word = other(first + i as u32, others, *word);
                }
            }
            _ => {
                for (node, word) in (first..).zip(words) {
                    *word = self.pick(node, *word).unwrap_or(node);
                }
            }
        }
    }

    /// Whether there is a way from every node to every other.
    pub fn is_connected(&self) -> bool {
        let Some(lists) = &self.lists else { return true };
        let mut seen = vec![false; self.nodes as usize];
        let mut stack = vec![0];
        let mut left = self.nodes;
        if let Some(first) = seen.first_mut() {
            *first = true;
        }
        while let Some(node) = stack.pop().filter(|_| left > 0) {
            left -= 1;
            for &next in lists.of(node) {
                if !std::mem::replace(&mut seen[next as usize], true) {
                    stack.push(next);
                }
            }
        }
        left == 0
    }
}

/// One of `n` numbers by a uniform word.
#[inline(always)]
fn high(word: u32, n: u32) -> u32 {
    ((u64::from(word) * u64::from(n)) >> 32) as u32
}

/// One of the `others` nodes that are not `node`, by a uniform word.
#[inline(always)]
fn other(node: u32, others: u32, word: u32) -> u32 {
    let other = high(word, others);
    other + u32::from(other >= node)
}

impl Lists {
    #[inline(always)]
    fn of(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.neighbours[self.starts[node] as usize..self.starts[node + 1] as usize]
    }
}

#[cfg(test)]
mod tests;
