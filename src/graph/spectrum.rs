//! How fast a graph averages.

use super::Graph;
use crate::stream::{Purpose, Stream};

/// Steps of the power iteration between two looks at what it has come to.
const LOOK: usize = 64;

/// Looks after which it is given up.
const LOOKS: usize = 4096;

impl Graph {
    /// The weight of a neighbour in averaging, Metropolis' `W_ij = 1/(1 + max(d_i, d_j))` (Xiao &
    /// Boyd 2004, "Fast linear iterations for distributed averaging"): what is left of 1 stays
    /// with the node itself. `W` is symmetric and its rows and columns sum to 1, so that
    /// `x ← Wx` keeps the mean. On a regular graph it is the mean over a node and its neighbours.
    pub fn averaging_weight(&self, a: u32, b: u32) -> f64 {
        1.0 / (1.0 + f64::from(self.degree(a).max(self.degree(b))))
    }

    /// `Wx`, with `x` and the result one number a node.
    ///
    /// # Panics
    /// Where the lengths are not the number of nodes.
    pub fn average(&self, x: &[f64], out: &mut [f64]) {
        assert!(x.len() == self.nodes as usize && out.len() == x.len(), "a number a node");
        let Some(lists) = &self.lists else {
            return out.fill(x.iter().sum::<f64>() / x.len() as f64);
        };
        for (node, out) in out.iter_mut().enumerate() {
            let moved = |next: &u32| {
                self.averaging_weight(node as u32, *next) * (x[*next as usize] - x[node])
            };
            *out = x[node] + lists.of(node as u32).iter().map(moved).sum::<f64>();
        }
    }

    /// The second largest modulus of an eigenvalue of `W` ([`Graph::averaging_weight`]): the
    /// factor by which a step `x ← Wx` shrinks the distance from consensus in the long run
    /// (DeGroot 1974). 1 where the graph is not connected.
    ///
    /// By power iteration away from the constant vector, until the factor changes by less than
    /// 10⁻¹² over 64 steps: `O(edges)` a step, and more steps the nearer the third eigenvalue is
    /// to the second.
    pub fn consensus_factor(&self) -> f64 {
        if self.lists.is_none() || self.nodes < 2 {
            return 0.0;
        }
        let mut stream = Stream::new(0, Purpose::Graph, u32::MAX, 0);
        let mut x: Vec<f64> = (0..self.nodes).map(|_| stream.normal()).collect();
        let mut next = vec![0.0; x.len()];
        let mut factor = f64::NAN;
        for _ in 0..LOOKS {
            let mut shrunk = 0.0;
            for _ in 0..LOOK {
                let mean = x.iter().sum::<f64>() / x.len() as f64;
                let norm = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt();
                if norm == 0.0 {
                    return 0.0;
                }
                x.iter_mut().for_each(|v| *v = (*v - mean) / norm);
                self.average(&x, &mut next);
                std::mem::swap(&mut x, &mut next);
                shrunk = x.iter().map(|v| v * v).sum::<f64>().sqrt();
            }
            if (shrunk - factor).abs() < 1e-12 {
                return shrunk;
            }
            factor = shrunk;
        }
        factor
    }
}
