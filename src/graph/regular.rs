//! Random regular graphs.

use super::Graph;
use crate::stream::{Purpose, Stream};
use std::collections::BTreeSet;

/// Graphs that are begun anew where repairs get stuck; a small graph that is nearly complete may
/// need a few.
const STARTS: u32 = 1000;

/// Of these, the first that are thrown away if they need any repair, where they cost little.
const WHOLE_STARTS: u32 = 200;

/// Stubs from which on a repaired graph is as good as a whole one.
const MANY_STUBS: u64 = 10_000;

/// Partners that a bad pair tries before the graph is begun anew.
const TRIES: u32 = 1000;

impl Graph {
    /// A random graph in which every node has `k` neighbours.
    ///
    /// The pairing model (Bollobás 1980): `k` stubs a node, paired uniformly, which gives
    /// `(k² − 1)/4` loops and double edges on average; each is switched with a uniform good edge
    /// until both new edges are good (McKay & Wormald 1990). The result is uniform over all
    /// `k`-regular graphs but for what the repairs tilt, of the order of `k²/n`; small graphs are drawn
    /// anew, up to 200 times, until they need none. Where `k` is more than half of what there can
    /// be, the edges that are missing are drawn so. `O(nk log nk)`.
    ///
    /// # Panics
    /// Where `n·k` is odd or there are not more nodes than neighbours.
    pub fn regular(nodes: u32, k: u32, seed: u64) -> Self {
        assert!(k < nodes && (u64::from(nodes) * u64::from(k)).is_multiple_of(2), "no such graph");
        if k > (nodes - 1) / 2 {
            let missing = Graph::regular(nodes, nodes - 1 - k, seed);
            let pairs = (0..nodes).flat_map(|a| (0..a).map(move |b| (b, a)));
            let edges: Vec<_> = pairs.filter(|(a, b)| !missing.has_edge(*a, *b)).collect();
            return Graph::from_edges(nodes, &edges);
        }
        let drawn = (0..STARTS).find_map(|start| pairing(nodes, k, seed, start));
        // never seen: each start has a fair chance
        let edges = drawn.unwrap_or_else(|| circulant(nodes, k));
        Graph::from_edges(nodes, &edges)
    }
}

/// The regular graph that every size has: steps of 1 to `k/2` around a ring, and for odd `k` the
/// node across.
fn circulant(nodes: u32, k: u32) -> Vec<(u32, u32)> {
    let around = (0..nodes).flat_map(|i| (1..=k / 2).map(move |j| (i, (i + j) % nodes)));
    let across = (0..nodes / 2).map(|i| (i, i + nodes / 2)).filter(|_| k % 2 == 1);
    around.chain(across).collect()
}

/// An edge as a number that does not know its direction.
fn key(a: u32, b: u32) -> u64 {
    u64::from(a.min(b)) << 32 | u64::from(a.max(b))
}

fn ends(key: u64) -> (u32, u32) {
    ((key >> 32) as u32, key as u32)
}

/// One draw of the pairing model, repaired; `None` where a pair found nobody to switch with.
fn pairing(nodes: u32, k: u32, seed: u64, start: u32) -> Option<Vec<(u32, u32)>> {
    let mut stream = Stream::new(seed, Purpose::Graph, start, 0);
    let mut stubs: Vec<u32> =
        (0..nodes).flat_map(|node| std::iter::repeat_n(node, k as usize)).collect();
    stream.shuffle(&mut stubs);
    let mut all: Vec<u64> = stubs.chunks_exact(2).map(|pair| key(pair[0], pair[1])).collect();
    all.sort_unstable();
    let mut bad = Vec::new();
    let mut good: Vec<u64> = Vec::with_capacity(all.len());
    for edge in all {
        let (a, b) = ends(edge);
        if a == b || good.last() == Some(&edge) { bad.push(edge) } else { good.push(edge) }
    }
    let small = u64::from(nodes) * u64::from(k) < MANY_STUBS;
    if small && start < WHOLE_STARTS && !bad.is_empty() {
        return None;
    }
    // what was good at first, and how it has changed since
    let first = good.clone();
    let (mut gone, mut new) = (BTreeSet::new(), BTreeSet::new());
    for edge in bad {
        let (a, b) = ends(edge);
        let mut left = TRIES;
        loop {
            left = left.checked_sub(1).filter(|_| !good.is_empty())?;
            let at = stream.below(good.len() as u32) as usize;
            let (mut c, mut d) = ends(good[at]);
            if stream.word() & 1 == 1 {
                (c, d) = (d, c);
            }
            let (one, other) = (key(a, c), key(b, d));
            let there = |edge: &u64| {
                new.contains(edge) || first.binary_search(edge).is_ok() && !gone.contains(edge)
            };
            if a == c || b == d || one == other || there(&one) || there(&other) {
                continue;
            }
            let old = std::mem::replace(&mut good[at], one);
            good.push(other);
            if !new.remove(&old) {
                gone.insert(old);
            }
            for edge in [one, other] {
                if !gone.remove(&edge) {
                    new.insert(edge);
                }
            }
            break;
        }
    }
    Some(good.into_iter().map(ends).collect())
}
