//! Laws through the adoption curves: their parameters for the page, and what they say in words.

use super::pack::number;
use super::text::{counted, percent, significant};
use crate::measure::spread::{Fit, NoFit, Spread};
use serde::Serialize;
use serde_json::Value;

/// The laws through one skill's curve, as the page's scripts draw them.
#[derive(Serialize)]
pub(super) struct SkillFits {
    /// `r` a round, `t₀` in rounds, ceiling; null where the law does not fit.
    logistic: Option<[Value; 3]>,
    /// `p` and `q` a round, ceiling.
    bass: Option<[Value; 3]>,
    /// The 95 % interval of `t₀`.
    midpoint: Option<[Value; 2]>,
    /// The midpoint with its interval, as the legend shows it.
    label: String,
}

impl SkillFits {
    /// Of a skill's spread.
    pub fn of(spread: &Spread) -> Self {
        let parameters = |fit: &Result<Fit, NoFit>| Some(fit.as_ref().ok()?.parameters.map(number));
        let interval = spread.logistic.as_ref().ok().and_then(|fit| fit.intervals);
        SkillFits {
            logistic: parameters(&spread.logistic),
            bass: parameters(&spread.bass),
            midpoint: interval.map(|of| [number(of[1].low), number(of[1].high)]),
            label: spread
                .logistic
                .as_ref()
                .map_or_else(|_| String::new(), |fit| format!("t½ {}", midpoint(fit))),
        }
    }
}

/// "12.3 (11.8 to 12.9)": a logistic law's midpoint with its 95 % interval.
fn midpoint(fit: &Fit) -> String {
    let at = format!("{:.1}", fit.parameters[1]);
    match fit.intervals {
        Some(of) => format!("{at} ({:.1} to {:.1})", of[1].low, of[1].high),
        None => at,
    }
}

/// What the table of adoption times says of a skill's laws: when half of the panel has it, on the
/// line between measurements; midpoint, ceiling, R²; Bass's p and q.
pub(super) fn cells(spread: Option<&Spread>) -> Vec<String> {
    let Some(spread) = spread else { return vec!["–".into(); 5] };
    let half = spread.times[1].map_or_else(|| "never".into(), |t| format!("{t:.1}"));
    let none = |why: &NoFit| vec![why.name().to_string(), "–".into(), "–".into()];
    let logistic = spread.logistic.as_ref().map_or_else(none, |fit| {
        vec![midpoint(fit), percent(fit.parameters[2]), format!("{:.3}", fit.r_squared)]
    });
    let bass = spread.bass.as_ref().map_or_else(
        |why| why.name().to_string(),
        |fit| {
            let [p, q] = [0, 1].map(|i| significant(fit.parameters[i], 2));
            format!("{p}, {q}")
        },
    );
    [vec![half], logistic, vec![bass]].concat()
}

/// How well the laws go through the curves, and when the first and the last skill are half way.
/// Empty where nothing was fitted.
pub(super) fn caption(names: &[String], spreads: &[Spread], rounds: (u32, u32)) -> String {
    let (from, to) = (f64::from(rounds.0), f64::from(rounds.1));
    // half a ceiling that lies beyond what was measured is a guess
    let seen = |fit: &Fit| fit.parameters[1] >= from && fit.parameters[1] <= to;
    let fits: Vec<(&str, &Fit)> = names
        .iter()
        .zip(spreads)
        .filter_map(|(name, spread)| Some((name.as_str(), spread.logistic.as_ref().ok()?)))
        .collect();
    let by_time =
        |a: &&(&str, &Fit), b: &&(&str, &Fit)| a.1.parameters[1].total_cmp(&b.1.parameters[1]);
    let within = || fits.iter().filter(|(_, fit)| seen(fit));
    let (Some(first), Some(last)) = (within().min_by(by_time), within().max_by(by_time)) else {
        return String::new();
    };
    let mut explained: Vec<f64> = fits.iter().map(|(_, fit)| fit.r_squared).collect();
    explained.sort_by(f64::total_cmp);
    let typical = explained[explained.len() / 2];
    let told = |(name, fit): &(&str, &Fit)| format!("{name} {}", midpoint(fit));
    let ends = match within().count() {
        1 => format!("Half way, t½: {}", told(first)),
        _ => format!("Half way, t½: {} first, {} last", told(first), told(last)),
    };
    let intervals = match first.1.intervals.is_some() {
        true => ", with 95 % intervals of the panel as a sample of the fleet",
        false => "",
    };
    format!(
        " Dots are measured, the lines through them are the law chosen above; the logistic one fits {} (median R² {typical:.3}). {ends}, in rounds{intervals}.",
        counted(fits.len() as u64, "skill")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::spread::{Interval, Law, Teaching};

    fn spread() -> Spread {
        let interval = |low, high| Interval { low, high };
        let logistic = Fit {
            law: Law::Logistic,
            parameters: [0.5, 12.25, 1.0],
            intervals: Some([interval(0.4, 0.6), interval(11.5, 13.0), interval(0.9, 1.0)]),
            r_squared: 0.99,
            residual_sd: 0.01,
        };
        let teaching = Teaching { contact_rate: 0.0, reproduction: 0.0, found: 0 };
        Spread { times: [None; 3], logistic: Ok(logistic), bass: Err(NoFit::Flat), teaching }
    }

    #[test]
    fn a_fit_is_told_with_its_interval() {
        let fits = SkillFits::of(&spread());
        assert_eq!(fits.label, "t½ 12.2 (11.5 to 13.0)");
        assert!(fits.bass.is_none() && fits.midpoint.is_some());
        assert_eq!(
            cells(Some(&spread()))[1..],
            ["12.2 (11.5 to 13.0)", "100\u{a0}%", "0.990", "flat"]
        );
        let caption = caption(&["s0".into()], &[spread()], (0, 30));
        assert!(caption.contains("Half way, t½: s0 12.2 (11.5 to 13.0), in rounds"), "{caption}");
        assert!(super::caption(&[], &[], (0, 30)).is_empty());
    }
}
