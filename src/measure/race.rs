//! How several hives ran against each other: their rows sorted hive by hive, and who led.

use super::HiveRow;
use super::competition::{herfindahl, leader_changes, leaders, runaway};

/// The rows of several hives, hive by hive, with the leader at each published core.
///
/// Holds references alone; costs a pass over the rows.
#[derive(Clone, Debug)]
pub struct Race<'a> {
    /// A hive's rows by rising round; all hives have as many.
    pub hives: Vec<Vec<&'a HiveRow>>,
    /// Which hive leads at each of these rounds, as [`leaders`] has it.
    pub leaders: Vec<usize>,
}

impl<'a> Race<'a> {
    /// Sorts rows; none where there are none.
    pub fn of(rows: &'a [HiveRow]) -> Option<Self> {
        let last = rows.last()?.round;
        let end = rows.iter().filter(|row| row.round == last);
        let hives: Vec<Vec<&HiveRow>> =
            end.map(|e| rows.iter().filter(|row| row.hive == e.hive).collect()).collect();
        let skills: Vec<Vec<f64>> =
            hives.iter().map(|rows| rows.iter().map(|row| row.skill).collect()).collect();
        let leaders = leaders(&skills.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(Race { hives, leaders })
    }

    /// The hives' rows at the `at`-th published core.
    pub fn at(&self, at: usize) -> impl Iterator<Item = &'a HiveRow> {
        self.hives.iter().filter_map(move |rows| rows.get(at).copied())
    }

    /// Their rows at the last core.
    pub fn end(&self) -> impl Iterator<Item = &'a HiveRow> {
        self.at(self.leaders.len().saturating_sub(1))
    }

    /// The hive that leads at the end.
    pub fn leader(&self) -> usize {
        self.leaders.last().copied().unwrap_or(0)
    }

    /// How often the leader changes.
    pub fn changes(&self) -> usize {
        leader_changes(&self.leaders)
    }

    /// How far the last leader's skill is above the best other's, at each core; below 0 while
    /// another led. In shares of right answers.
    pub fn gaps(&self) -> Vec<f64> {
        let leader = self.leader();
        let gap = |t: usize| {
            let others = self.hives.iter().enumerate().filter(|(hive, _)| *hive != leader);
            let best = others.map(|(_, rows)| rows[t].skill).fold(f64::NEG_INFINITY, f64::max);
            self.hives[leader][t].skill - best
        };
        (0..self.leaders.len()).map(gap).collect()
    }

    fn shares(&self, at: usize) -> Vec<f64> {
        self.at(at).map(|row| row.share).collect()
    }

    /// The Herfindahl index of the hives' shares of agents at the `at`-th core ([`herfindahl`]).
    pub fn herfindahl(&self, at: usize) -> f64 {
        herfindahl(&self.shares(at))
    }

    /// The runaway index of the same ([`runaway`]).
    pub fn runaway(&self, at: usize) -> f64 {
        runaway(&self.shares(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_hive_and_say_who_led() {
        let row =
            |round, hive, skill, share| HiveRow { round, hive, skill, share, ..HiveRow::default() };
        let rows =
            [row(0, 0, 0.2, 0.5), row(0, 1, 0.1, 0.5), row(1, 0, 0.3, 0.25), row(1, 1, 0.4, 0.75)];
        let race = Race::of(&rows).unwrap();
        assert_eq!((race.leaders.as_slice(), race.leader(), race.changes()), (&[0, 1][..], 1, 1));
        let gaps = race.gaps();
        assert!((gaps[0] + 0.1).abs() < 1e-12 && (gaps[1] - 0.1).abs() < 1e-12, "{gaps:?}");
        assert_eq!((race.herfindahl(0), race.herfindahl(1)), (0.5, 0.625));
        assert_eq!((race.runaway(0), race.runaway(1)), (0.0, 0.5));
        assert!(Race::of(&[]).is_none());
    }
}
