//! What came out of a sweep, in words made of the numbers.

use super::{Page, p_value, with_interval};
use crate::report::text::significant;
use crate::sweep::statistics::Paired;
use crate::sweep::{Contest, Interaction};

impl Page<'_> {
    /// What came out, in words made of the numbers.
    pub(super) fn findings(&self) -> Vec<String> {
        let title = self.figure.title;
        let order = self.best_first();
        let best = order[0];
        if !self.judged.cases[best].mean.is_finite() {
            return vec![format!("{title}: no case has a number for it on any seed.")];
        }
        let name = |i: usize| self.sweep.design.cases[i].name.as_str();
        let mut out = Vec::new();
        let cell = with_interval(&self.judged.cases[best]);
        out.push(format!("{title}: {} comes out best, at {cell}.", name(best)));
        for contest in self.judged.contests.iter().filter(|contest| contest.of != "case") {
            out.extend(self.separation(contest));
        }
        if let [contest] = &self.judged.contests[..] {
            out.extend(self.separation(contest));
        }
        for interaction in &self.judged.interactions {
            out.extend(self.dependence(interaction));
        }
        for each in &self.judged.correlations {
            let rho = significant(each.rho, 2);
            out.push(format!(
                "{title} and {}: rank correlation {rho}, {}.",
                each.axis,
                p_value(each.p)
            ));
        }
        out
    }

    /// How far the levels of an axis, or the cases, are apart where they are farthest.
    fn separation(&self, contest: &Contest) -> Option<String> {
        let duel = largest(contest.pairs.iter(), |duel| &duel.paired)?;
        let paired = &duel.paired;
        let (above, below) =
            if paired.difference >= 0.0 { (duel.a, duel.b) } else { (duel.b, duel.a) };
        let of =
            if contest.of == "case" { "of cases".into() } else { format!("of {}", contest.of) };
        Some(format!(
            "{}: the largest difference {of} is between {} and {}, {}.",
            self.figure.title,
            contest.names[above],
            contest.names[below],
            sized(paired, paired.difference < 0.0),
        ))
    }

    /// How much the effect of an axis depends on another where it does most.
    fn dependence(&self, interaction: &Interaction) -> Option<String> {
        let contrast = largest(interaction.contrasts.iter(), |contrast| &contrast.paired)?;
        let [a, b] = interaction.axes.map(|axis| self.sweep.design.factors[axis].name.as_str());
        Some(format!(
            "{}: the effect of {a} changes most with {b} in {}, by {}.",
            self.figure.title,
            self.contrast_name(interaction, contrast.levels),
            sized(&contrast.paired, false),
        ))
    }
}

/// The one of the largest difference, up or down.
fn largest<'t, T>(
    all: impl Iterator<Item = &'t T>,
    paired: impl Fn(&T) -> &Paired,
) -> Option<&'t T> {
    let size = |each: &T| paired(each).difference.abs();
    let known = all.filter(|each| size(each).is_finite());
    known.max_by(|a, b| size(a).total_cmp(&size(b)))
}

/// A difference with its interval and p-value in words, turned round where it is to be positive.
fn sized(paired: &Paired, turned: bool) -> String {
    let shown = |x: f64| significant(if turned { -x } else { x }, 2);
    let ends = [shown(paired.interval.low), shown(paired.interval.high)];
    let [low, high] = if turned { [&ends[1], &ends[0]] } else { [&ends[0], &ends[1]] };
    let interval = match paired.interval.low.is_finite() {
        true => format!(" (95 % interval {low} to {high})"),
        false => String::new(),
    };
    let p = p_value(paired.p_holm);
    format!("{}{interval}; Wilcoxon's test with Holm's correction {p}", shown(paired.difference))
}
