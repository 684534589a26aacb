//! What a battery brought to light, in sentences.

use super::figures::Page;
use crate::report::text::{percent, significant};
use crate::report::views::p_value;
use crate::stress::Standing;

impl Page<'_> {
    /// A few sentences.
    pub(super) fn findings(&self) -> Vec<String> {
        let board = &self.cards.board;
        let mut found = Vec::new();
        let level = |x: f64| significant(x, 3);
        if let Some(best) = board.standings.first() {
            found.push(format!(
                "Most skill under hardship is left to {}: {}, {} of what it has in the clean hive.",
                best.name,
                level(best.stressed.mean),
                percent(best.kept)
            ));
        }
        let of = |get: fn(&Standing) -> f64| {
            let known = board.standings.iter().filter(move |each| get(each).is_finite());
            known.max_by(|a, b| get(a).total_cmp(&get(b)))
        };
        if let (Some(clean), true) = (of(|each| each.clean.mean), board.standings.len() > 1) {
            found.push(format!(
                "In the clean hive {} leads with {}.",
                clean.name,
                level(clean.clean.mean)
            ));
        }
        if let Some(ranks) = board.ranks.as_ref() {
            found.push(format!(
                "Mean ranks over {} hardships differ: {} (Friedman, Iman and Davenport); two \
                 strategies do where theirs are {} apart.",
                ranks.blocks,
                p_value(ranks.p),
                significant(ranks.critical_difference, 3)
            ));
        }
        let hardships = self.stress.battery.hardships.iter().enumerate();
        let all = hardships.filter(|(h, _)| {
            let curves = self.cards.cards.iter().filter_map(|card| card.curves.get(*h));
            let mut falls = curves.filter_map(|curve| curve.breakdown).peekable();
            falls.peek().is_some() && falls.all(|fall| fall.dose.is_none())
        });
        let held: Vec<&str> = all.map(|(_, hardship)| hardship.name.as_str()).collect();
        if !held.is_empty() {
            found.push(format!("Everyone holds, at every dose, under {}.", held.join(", ")));
        }
        found
    }
}
