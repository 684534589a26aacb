//! Where a picture's dots lie: pure geometry, the same on every machine. All places are within
//! the unit disc or square, `[x, y]` with y upwards.

use crate::maths::{cos, sin};

/// A place in the picture.
pub(super) type Place = [f64; 2];

/// The angle by which a sunflower turns from seed to seed, in radians: π(3 − √5).
const GOLDEN: f64 = 2.399_963_229_728_653;
/// Rounds of the force layout; it has come to rest well before.
const STEPS: usize = 250;

/// Place `i` of `n` on the unit circle, clockwise from the top.
pub(super) fn on_circle(i: usize, n: usize) -> Place {
    let angle = std::f64::consts::TAU * i as f64 / n.max(1) as f64;
    [sin(angle), cos(angle)]
}

/// Seed `i` of `n` in a sunflower (Vogel 1979): evenly over the unit disc, the first in the middle.
fn seed(i: usize, n: usize) -> Place {
    let radius = ((i as f64 + 0.5) / n.max(1) as f64).sqrt();
    let angle = GOLDEN * i as f64;
    [radius * sin(angle), radius * cos(angle)]
}

/// All seeds of a sunflower.
pub(super) fn sunflower(n: usize) -> Vec<Place> {
    (0..n).map(|i| seed(i, n)).collect()
}

/// A square grid, row by row from the top left.
pub(super) fn grid(n: usize) -> Vec<Place> {
    let side = (1..).find(|side| side * side >= n).unwrap_or(1);
    let at = |k: usize| if side > 1 { 2.0 * k as f64 / (side - 1) as f64 - 1.0 } else { 0.0 };
    (0..n).map(|i| [at(i % side), -at(i / side)]).collect()
}

/// Clusters on a circle around the middle: each member's place, and each group's. `group_of` gives
/// a member's group, below `groups`. A lone group lies in the middle, with its own place above it.
pub(super) fn clusters(group_of: &[usize], groups: usize) -> (Vec<Place>, Vec<Place>) {
    let mut sizes = vec![0_usize; groups];
    let ranks: Vec<usize> = group_of
        .iter()
        .map(|&group| {
            sizes[group] += 1;
            sizes[group] - 1
        })
        .collect();
    let largest = sizes.iter().copied().max().unwrap_or(1).max(1) as f64;
    // neighbours on the circle must not touch
    let (ring, most) = match groups {
        0 | 1 => (0.0, 0.95),
        n => {
            let half = sin(std::f64::consts::PI / n as f64);
            (1.0 / (1.0 + 0.9 * half), 0.85 * half / (1.0 + 0.9 * half))
        }
    };
    let centre = |group: usize| {
        let [x, y] = on_circle(group, groups);
        [ring * x, ring * y]
    };
    let member = |(&group, &rank): (&usize, &usize)| {
        let radius = most * (sizes[group] as f64 / largest).sqrt();
        let ([x, y], [dx, dy]) = (centre(group), seed(rank, sizes[group]));
        [x + radius * dx, y + radius * dy]
    };
    (group_of.iter().zip(&ranks).map(member).collect(), (0..groups).map(centre).collect())
}

/// Circles by degree: the best connected in the middle, others further out, in the order of their
/// numbers. For graphs too large for [`forces`].
pub(super) fn by_degree(degrees: &[u32]) -> Vec<Place> {
    let n = degrees.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(degrees[i]), i));
    let mut places = vec![[0.0; 2]; n];
    for (rank, &node) in order.iter().enumerate() {
        places[node] = seed(rank, n);
    }
    places
}

/// Springs along the edges, repulsion between all (Fruchterman & Reingold 1991, "Graph drawing by
/// force-directed placement"), from a sunflower with the best connected in the middle: no random
/// start, so that a graph always looks the same. Costs `250 · n²` steps, a quarter of a second at
/// 300 nodes.
pub(super) fn forces(n: usize, edges: &[(u32, u32)]) -> Vec<Place> {
    let mut degrees = vec![0_u32; n];
    for &(a, b) in edges {
        degrees[a as usize] += 1;
        degrees[b as usize] += 1;
    }
    let mut places = by_degree(&degrees);
    let ideal = 1.2 / (n.max(1) as f64).sqrt();
    let mut moves = vec![[0.0; 2]; n];
    for step in 0..STEPS {
        moves.fill([0.0; 2]);
        for a in 0..n {
            for b in 0..a {
                let [dx, dy] = [places[a][0] - places[b][0], places[a][1] - places[b][1]];
                let push = ideal * ideal / (dx * dx + dy * dy).max(1e-6);
                for (node, sign) in [(a, 1.0), (b, -1.0)] {
                    moves[node][0] += sign * push * dx;
                    moves[node][1] += sign * push * dy;
                }
            }
        }
        for &(a, b) in edges {
            let (a, b) = (a as usize, b as usize);
            let [dx, dy] = [places[a][0] - places[b][0], places[a][1] - places[b][1]];
            let pull = (dx * dx + dy * dy).sqrt() / ideal;
            for (node, sign) in [(a, -1.0), (b, 1.0)] {
                moves[node][0] += sign * pull * dx;
                moves[node][1] += sign * pull * dy;
            }
        }
        let heat = 0.15 * (1.0 - step as f64 / STEPS as f64);
        for (place, [dx, dy]) in places.iter_mut().zip(&moves) {
            let length = (dx * dx + dy * dy).sqrt().max(1e-9);
            let by = length.min(heat) / length;
            // a weak pull to the middle keeps parts that hang together nowhere in the picture
            place[0] = (place[0] + by * dx) * 0.995;
            place[1] = (place[1] + by * dy) * 0.995;
        }
    }
    fitted(places)
}

/// Moved and scaled alike in both directions to fill the square of side 2.
fn fitted(mut places: Vec<Place>) -> Vec<Place> {
    let end = |axis: usize, pick: fn(f64, f64) -> f64, from: f64| {
        places.iter().map(|place| place[axis]).fold(from, pick)
    };
    let low = [0, 1].map(|axis| end(axis, f64::min, f64::INFINITY));
    let high = [0, 1].map(|axis| end(axis, f64::max, f64::NEG_INFINITY));
    let half = ((high[0] - low[0]).max(high[1] - low[1]) / 2.0).max(1e-9);
    for place in &mut places {
        for axis in 0..2 {
            place[axis] = (place[axis] - (low[axis] + high[axis]) / 2.0) / half;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: Place, b: Place) -> f64 {
        ((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1])).sqrt()
    }

    #[test]
    fn all_places_lie_in_the_picture_and_none_on_another() {
        let path: Vec<(u32, u32)> = (0..39).map(|i| (i, i + 1)).collect();
        let groups: Vec<usize> = (0..40).map(|i| i % 7).collect();
        let layouts = [
            (0..40).map(|i| on_circle(i, 40)).collect(),
            sunflower(40),
            grid(40),
            clusters(&groups, 7).0,
            clusters(&[0; 40], 1).0,
            by_degree(&[1; 40]),
            forces(40, &path),
        ];
        for (l, places) in layouts.iter().enumerate() {
            for (i, &a) in places.iter().enumerate() {
                assert!(a[0].abs() <= 1.0 + 1e-9 && a[1].abs() <= 1.0 + 1e-9, "{l}: {a:?}");
                for &b in &places[..i] {
                    assert!(distance(a, b) > 0.01, "{l}: {a:?} {b:?}");
                }
            }
        }
        assert_eq!(grid(1), [[0.0, 0.0]]);
        assert!(grid(0).is_empty() && forces(0, &[]).is_empty() && clusters(&[], 0).0.is_empty());
    }

    #[test]
    fn neighbours_lie_closer_than_strangers() {
        // two complete graphs of six with one edge between them
        let mut edges = vec![(0, 6)];
        for of in [0, 6] {
            edges.extend((0..6).flat_map(|a| (0..a).map(move |b| (of + b, of + a))));
        }
        let places = forces(12, &edges);
        let mean = |pairs: &[(usize, usize)]| {
            let sum: f64 = pairs.iter().map(|&(a, b)| distance(places[a], places[b])).sum();
            sum / pairs.len() as f64
        };
        let within: Vec<_> = (0..6).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        let across: Vec<_> = (0..6).flat_map(|a| (6..12).map(move |b| (a, b))).collect();
        assert!(mean(&within) < 0.6 * mean(&across));
    }
}
