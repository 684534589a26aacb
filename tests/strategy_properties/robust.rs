//! Attackers without bounds: what holds up to a strategy's published breakdown point, and what
//! gives way beyond it.

use crate::fleet::{Fleet, Holds, with};
use crate::kinds::parsed;
use hivesim::merge::MergeError;
use hivesim::scenario::Combine;
use hivesim::stream::{Purpose, Stream};
use serde_json::{Value, json};

/// How attackers stand to each other.
#[derive(Clone, Copy, Debug)]
enum Attack {
    /// All send the same.
    Together(f32),
    /// They send it with either sign by turns.
    Apart(f32),
    /// Each sends a little less than the one before.
    Ranked(f32),
}

/// `n` agents, of whom `f`, spread over the fleet, attack.
fn attacked(n: usize, f: usize, attack: Attack) -> (Fleet, Vec<usize>) {
    let mut fleet = Fleet::random(&[(2, 5), (1, 1), (1, 30)], n, Holds::All, 11);
    let mut attackers: Vec<usize> = (0..n).collect();
    Stream::new(1, Purpose::Buckets, 0, 0).shuffle(&mut attackers);
    attackers.truncate(f);
    for (turn, at) in attackers.iter().enumerate() {
        let size = match attack {
            Attack::Together(size) => size,
            Attack::Apart(size) => {
                if turn % 2 == 0 {
                    size
                } else {
                    -size
                }
            }
            Attack::Ranked(size) => size * (1.0 - turn as f32 / 64.0),
        };
        let one = Fleet { agents: vec![fleet.agents[*at].clone()], ..fleet.clone() };
        fleet.agents[*at] = one.changed(|_, _| size).agents.remove(0);
    }
    let honest = (0..n).filter(|i| !attackers.contains(i)).collect();
    (fleet, honest)
}

/// The largest magnitude of the result, as a share of the honest agents' largest.
fn damage(spec: &Combine, n: usize, f: usize, attack: Attack) -> Result<f32, MergeError> {
    let (fleet, honest) = attacked(n, f, attack);
    let core = fleet.merged(&with(spec), 1)?;
    let honest = honest.into_iter().map(|i| fleet.agents[i].clone()).collect();
    let most = Fleet { agents: honest, ..fleet }.largest();
    Ok(core.iter().fold(0.0_f32, |a, x| a.max(x.abs())) / most)
}

/// A strategy, its agents, the attackers it holds against and the number of them, all sending
/// the same, that breaks it.
struct Point {
    spec: Combine,
    n: usize,
    holds: usize,
    breaks: usize,
    /// How much larger than an honest entry an entry of the result may be.
    bound: f32,
}

fn points() -> Vec<Point> {
    let point = |spec: Value, n, holds, breaks, bound| {
        let spec: Combine = parsed(spec);
        Point { spec, n, holds, breaks, bound }
    };
    // rounding of means
    let hull = 1.001;
    // RFA's bound: 2(n − f)/(n − 2f) times the longest honest contribution, of 41 entries
    let geometric = 22.0 * 6.5;
    vec![
        point(json!({"kind": "median"}), 21, 10, 11, hull),
        // half of an even number is enough: the median is half of the sum of the middle two
        point(json!({"kind": "median"}), 20, 9, 10, hull),
        // beyond 64 agents by bisection
        point(json!({"kind": "median"}), 71, 35, 36, hull),
        point(json!({"kind": "trimmed-mean", "f": 5}), 21, 5, 6, hull),
        point(json!({"kind": "trimmed-mean", "f": 10}), 21, 10, 11, hull),
        point(json!({"kind": "trimmed-mean", "proportion": 0.2}), 70, 14, 15, hull),
        point(json!({"kind": "mean-around-median", "f": 10}), 21, 10, 11, hull),
        point(json!({"kind": "mean-around-median", "f": 20}), 71, 20, 36, hull),
        // attackers win where as many as a score counts neighbours, n − f − 2, stand together
        point(json!({"kind": "krum", "f": 9}), 21, 9, 11, hull),
        point(json!({"kind": "krum", "f": 4}), 21, 4, 16, hull),
        // n − f are kept, one more than are honest
        point(json!({"kind": "multi-krum", "f": 9}), 21, 9, 10, hull),
        point(json!({"kind": "bulyan", "f": 5}), 23, 5, 12, hull),
        point(json!({"kind": "geometric-median", "iterations": 200}), 21, 10, 11, geometric),
        point(json!({"kind": "mda", "f": 10}), 21, 10, 11, hull),
        point(json!({"kind": "smea", "f": 4}), 9, 4, 5, hull),
        point(json!({"kind": "caf", "f": 4}), 9, 4, 5, hull),
        point(json!({"kind": "caf", "f": 10}), 21, 10, 11, hull),
    ]
}

#[test]
fn up_to_their_breakdown_point_strategies_stay_among_the_honest() {
    for Point { spec, n, holds, bound, .. } in points() {
        for f in [1, holds / 2, holds] {
            for size in [1e9, 1e30, f32::MAX] {
                for attack in [Attack::Together(size), Attack::Apart(size), Attack::Ranked(size)] {
                    let damage = damage(&spec, n, f, attack);
                    let holds = damage.as_ref().is_ok_and(|damage| *damage <= bound);
                    assert!(holds, "{spec:?}, {f} of {n}, {attack:?}: {damage:?}");
                }
            }
        }
    }
}

#[test]
fn beyond_their_breakdown_point_strategies_break() {
    for Point { spec, n, breaks, .. } in points() {
        let damage = damage(&spec, n, breaks, Attack::Together(1e9)).unwrap_or(f32::INFINITY);
        assert!(damage > 1e6, "{spec:?}: {breaks} of {n} do {damage}");
    }
}

/// However many attack: clipping bounds what all of them together can do.
#[test]
fn clipped_contributions_move_the_core_no_further_than_the_clip() {
    for (spec, most) in [
        (json!({"kind": "centred-clipping", "tau": 2.0, "iterations": 1}), 2.0),
        (json!({"kind": "centred-clipping", "tau": 2.0, "iterations": 3}), 6.0),
        (json!({"kind": "norm-bound", "norm": 3.0}), 3.0),
    ] {
        for size in [1e9, 1e30, f32::MAX] {
            for f in [1, 10, 21] {
                let (fleet, _) = attacked(21, f, Attack::Together(size));
                let core = fleet.merged(&with(&parsed(spec.clone())), 1).unwrap();
                let length = core.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
                assert!(length <= most * 1.001, "{spec}: {f} attackers of {size} make {length}");
            }
        }
    }
}

/// What the mean is defended by is in front of it.
#[test]
fn pre_aggregations_bound_what_attackers_do_to_robust_strategies() {
    for (pre, combine) in [
        (
            json!({"kind": "nearest-neighbour-mixing", "f": 8}),
            json!({"kind": "trimmed-mean", "f": 8}),
        ),
        (json!({"kind": "adaptive-robust-clipping", "f": 8}), json!({"kind": "median"})),
        (json!({"kind": "clip", "norm": 5.0}), json!({"kind": "mean"})),
    ] {
        for size in [1e9, 1e30, f32::MAX] {
            let (fleet, honest) = attacked(21, 8, Attack::Apart(size));
            let spec = hivesim::scenario::Distiller {
                pre: vec![parsed(pre.clone())],
                ..with(&parsed(combine.clone()))
            };
            let core = fleet.merged(&spec, 1).unwrap_or_else(|e| panic!("{pre}, {size}: {e}"));
            let honest = honest.into_iter().map(|i| fleet.agents[i].clone()).collect();
            let most = Fleet { agents: honest, ..fleet }.largest();
            let got = core.iter().fold(0.0_f32, |a, x| a.max(x.abs()));
            assert!(got <= 1.001 * most.max(5.0), "{pre}, {size}: {got}");
        }
    }
}
