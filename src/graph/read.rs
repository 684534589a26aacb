//! Edge lists in files.

use super::{Graph, MOST_EDGES};
use crate::text::one_line;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Bytes of a line that are looked at: two numbers and a comment fit.
const LINE_MOST: usize = 1 << 16;

/// What is wrong with an edge list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeListError {
    /// The file cannot be read.
    #[error("{path}: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
    /// A line is not an edge.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What was found and what is wanted.
        message: String,
    },
}

impl Graph {
    /// Reads the graph over the nodes `0..nodes` whose edges a text file lists: two numbers a
    /// line between blanks; `#` begins a comment. An edge may stand in either direction or in
    /// both. Nodes that no edge names have no neighbours.
    ///
    /// # Errors
    /// Where the file cannot be read, or a line is not an edge between two of the nodes.
    pub fn read_edges(path: &Path, nodes: u32) -> Result<Self, EdgeListError> {
        let named = || one_line(&path.display().to_string());
        let unreadable = |e: std::io::Error| EdgeListError::Unreadable {
            path: named(),
            message: format!("cannot read the edge list: {e}"),
        };
        let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
        let (mut text, mut edges) = (Vec::new(), Vec::new());
        for line in 1.. {
            text.clear();
            let mut bounded = std::io::Read::take(&mut reader, LINE_MOST as u64 + 1);
            if bounded.read_until(b'\n', &mut text).map_err(unreadable)? == 0 {
                break;
            }
            let wrong = |message: String| EdgeListError::Line { path: named(), line, message };
            if text.len() > LINE_MOST {
                return Err(wrong(format!("the line has more than {LINE_MOST} bytes")));
            }
            let text = std::str::from_utf8(&text).map_err(|_| wrong("not UTF-8".into()))?;
            edges.extend(edge(text, nodes).map_err(wrong)?);
            if edges.len() as u64 > MOST_EDGES {
                return Err(wrong(format!("more than {MOST_EDGES} edges")));
            }
        }
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
