//! How skill spreads: who holds it when, the laws that its curve follows, who could have
//! taught whom, and whose learning a core is made of.
//! Lives here: adoption curves, fits with intervals, reproduction numbers, tagged skills, lineage.
//! May not: know an engine or a strategy; everything comes in as levels, counts and vectors.

mod adoption;
mod bootstrap;
mod fits;
mod least_squares;
mod lineage;
mod matrix;
mod reproduction;
mod tags;

pub use adoption::{Adoption, Curve};
pub use bootstrap::{Resamples, interval, quantile};
pub use fits::{Fit, Interval, Law, NoFit};
pub use lineage::{Lineage, leave_one_out};
pub use matrix::Matrix;
pub use reproduction::{Teaching, reproduction};
pub use tags::{Tag, tagged, taught};

use super::Trace;

/// Resamples of the panel behind an interval: the ends of a 95 % interval are then the 5th
/// values from either side.
const RESAMPLES: usize = 200;
/// Points of a curve that are fitted at most, evenly over what was measured.
const POINTS: usize = 64;
/// What intervals may cost a fleet, in fitted points: about a twentieth of a second. Skills have
/// theirs by falling frequency until it is spent.
const FITTED_POINTS: usize = 1 << 18;
/// What resampling may cost a fleet, in agents × rounds × resamples: about as much.
const RESAMPLED: usize = 1 << 28;

/// How one skill spread over a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Rounds until 10, 50 and 90 % of the panel held it ([`Curve::time_to`]).
    pub times: [Option<f64>; 3],
    /// The logistic law through its curve.
    pub logistic: Result<Fit, NoFit>,
    /// The Bass law through its curve.
    pub bass: Result<Fit, NoFit>,
    /// Who could have taught whom.
    pub teaching: Teaching,
}

/// How every skill of a fleet spread over its panel, in the order of the skills; a skill is held
/// at level `adopted`. `seed` names the streams that agents are resampled from.
///
/// Costs a pass over all frames a skill, and what intervals cost: 200 resamples of the panel for
/// the most frequent skills, as many as two bounds on the work allow (all 24 at the defaults). The
/// others have fits without intervals.
pub fn spread(trace: &Trace, adopted: f64, seed: u64) -> Vec<Spread> {
    let rounds = trace.frames.len();
    let points = rounds.clamp(1, POINTS);
    let skills = trace.skills.len();
    let cells = trace.panel.len() * rounds * RESAMPLES;
    let affordable = (FITTED_POINTS / (points * RESAMPLES)).min(RESAMPLED / cells.max(1));
    let drawn = if affordable > 0 { RESAMPLES } else { 0 };
    let resamples = Resamples::draw(seed, trace.panel.len(), drawn);
    let one = |s: usize| {
        let adoption = Adoption::of(&trace.frames, skills, s, adopted);
        let curve = adoption.curve();
        let thinned = curve.thinned(POINTS);
        let fits = [Law::Logistic, Law::Bass].map(|law| Fit::of(law, &thinned));
        let mut with: Vec<Fit> = fits.iter().flatten().copied().collect();
        if s < affordable {
            resamples.intervals(&adoption, POINTS, &mut with);
        }
        let mut with = with.into_iter();
        let [logistic, bass] = fits.map(|fit| fit.map(|fit| with.next().unwrap_or(fit)));
        Spread {
            times: [0.1, 0.5, 0.9].map(|share| curve.time_to(share)),
            logistic,
            bass,
            teaching: Teaching::of(&adoption),
        }
    };
    (0..skills).map(one).collect()
}
