//! The dose at which skill falls: a curve of evenly spaced doses, and a search between the two of
//! them where it falls first.

use crate::sweep::Finished;

/// One way through a hardship: one contender, one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The runs of the curve, at evenly spaced places from above none (0) to the highest dose (1).
    pub curve: Vec<(f64, Finished)>,
    /// Those of the search between two of them, in its order.
    pub search: Vec<(f64, Finished)>,
    /// Where skill falls below the floor first; none where it holds at all doses of the curve.
    pub fell: Option<Break>,
}

/// Between which places skill falls below the floor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Break {
    /// The highest place below the fall at which it was seen to hold; 0 is the clean run.
    pub held: f64,
    /// The place at which it was seen below.
    pub fell: f64,
}

/// Runs the curve, `doses` places with the clean one, and then halves the first stretch over which
/// `holds` turns from true to false until it is no longer than `precision`, or no dose lies between
/// its ends, as `same` tells. Skill that comes back at a higher dose is not looked for.
///
/// # Errors
/// The first that `run` gives.
pub fn search<E>(
    doses: u32,
    precision: f64,
    same: impl Fn(f64, f64) -> bool,
    holds: impl Fn(&Finished) -> bool,
    mut run: impl FnMut(f64) -> Result<Finished, E>,
) -> Result<Trial, E> {
    let last = f64::from(doses - 1);
    let mut curve = Vec::new();
    for i in 1..doses {
        let place = f64::from(i) / last;
        curve.push((place, run(place)?));
    }
    let mut trial = Trial { curve, search: Vec::new(), fell: None };
    let Some(first) = trial.curve.iter().position(|(_, run)| !holds(run)) else { return Ok(trial) };
    let mut fell = trial.curve[first].0;
    let mut held = if first == 0 { 0.0 } else { trial.curve[first - 1].0 };
    while fell - held > precision {
        let place = 0.5 * (held + fell);
        if same(place, held) || same(place, fell) {
            break;
        }
        let got = run(place)?;
        *(if holds(&got) { &mut held } else { &mut fell }) = place;
        trial.search.push((place, got));
    }
    trial.fell = Some(Break { held, fell });
    Ok(trial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(level: f64) -> Finished {
        Finished { result: Ok(String::new()), figures: vec![level], merge_seconds: 0.0 }
    }

    fn trial(doses: u32, precision: f64, grain: f64, level: impl Fn(f64) -> f64) -> (Trial, usize) {
        let mut runs = 0;
        let same = |a: f64, b: f64| (a / grain).round() == (b / grain).round();
        let holds = |run: &Finished| run.figures[0] >= 0.5;
        let found = search(doses, precision, same, holds, |place| {
            runs += 1;
            Ok::<_, ()>(at(level(place)))
        });
        (found.unwrap(), runs)
    }

    #[test]
    fn what_never_falls_costs_a_curve_and_has_no_breakdown() {
        let (trial, runs) = trial(7, 0.01, 1e-9, |_| 0.5);
        assert_eq!((trial.fell, runs), (None, 6));
    }

    #[test]
    fn doses_between_which_there_is_none_end_the_search() {
        let (trial, _) = trial(3, 1e-6, 0.1, |place| if place > 0.33 { 0.0 } else { 1.0 });
        let Break { held, fell } = trial.fell.unwrap();
        assert!(held <= 0.33 && fell > 0.33 && fell - held <= 0.13, "{held} {fell}");
    }

    #[test]
    fn skill_that_comes_back_does_not_hide_the_first_fall() {
        let level = |place: f64| if (0.2..0.4).contains(&place) { 0.0 } else { 1.0 };
        let (trial, _) = trial(11, 0.01, 1e-9, level);
        let Break { held, fell } = trial.fell.unwrap();
        assert!(held < 0.2 && fell >= 0.2 && fell - held <= 0.01);
    }

    proptest! {
        #[test]
        fn the_fall_lies_between_the_ends_to_the_precision(
            doses in 2_u32..20, precision in 0.002_f64..0.5, at in 0.0_f64..1.0,
        ) {
            let (trial, runs) = trial(doses, precision, 1e-12, |place| f64::from(place < at));
            let Break { held, fell } = trial.fell.unwrap();
            prop_assert!(held < at || held == 0.0);
            prop_assert!(fell >= at);
            prop_assert!(fell - held <= precision.max(1.0 / f64::from(doses - 1)));
            prop_assert!(fell - held <= precision);
            let stretch = 1.0 / f64::from(doses - 1) / precision;
            let halvings = (0..64).find(|n| (1_u64 << n) as f64 >= stretch).unwrap_or(64);
            let most = doses as usize - 1 + halvings;
            prop_assert!(runs <= most, "{} runs", runs);
        }
    }
}
