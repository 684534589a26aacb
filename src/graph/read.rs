//! Edge lists in files.

use super::{Graph, MOST_EDGES};
use crate::lines::{self, LineError};
use crate::text::one_line;
use std::path::Path;

impl Graph {
    /// Reads the graph over the nodes `0..nodes` whose edges a text file lists: two numbers a
    /// line between blanks; `#` begins a comment. An edge may stand in either direction or in
    /// both. Nodes that no edge names have no neighbours.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is not an edge between two of the nodes.
    pub fn read_edges(path: &Path, nodes: u32) -> Result<Self, LineError> {
        let mut edges = Vec::new();
        lines::for_each(path, "the edge list", |line| {
            edges.extend(edge(line, nodes)?);
            match edges.len() as u64 > MOST_EDGES {
                true => Err(format!("more than {MOST_EDGES} edges")),
                false => Ok(()),
            }
        })?;
        Ok(Graph::from_edges(nodes, &edges))
    }
}

/// The edge of a line, if it has one.
fn edge(line: &str, nodes: u32) -> Result<Option<(u32, u32)>, String> {
    let text = line.split('#').next().unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    let [a, b] = match words.as_slice() {
        [] => return Ok(None),
        [a, b] => [*a, *b],
        other => {
            let found = other.len();
            let found = if found == 1 { "1 word".into() } else { format!("{found} words") };
            return Err(format!("found {found}; wanted the numbers of two agents, such as `0 1`"));
        }
    };
    let node = |word: &str| match word.parse::<u32>() {
        Ok(node) if node < nodes => Ok(node),
        Ok(node) => {
            let last = nodes.saturating_sub(1);
            Err(format!("found agent {node}, but there are {nodes} agents, from 0 to {last}"))
        }
        Err(_) => {
            let word: String = word.chars().take(40).collect();
            Err(format!("found `{}`; wanted an agent's number", one_line(&word)))
        }
    };
    let (a, b) = (node(a)?, node(b)?);
    if a == b {
        return Err(format!("agent {a} is next to itself; wanted two different agents"));
    }
    Ok(Some((a, b)))
}
