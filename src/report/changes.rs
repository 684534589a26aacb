//! What changed while a run was under way: its marks in figures over rounds, and its list.

use crate::measure::Outcome;
use crate::scenario::Scenario;
use serde::Serialize;

/// An entry of a scenario's changes that the run came to.
#[derive(Serialize)]
pub(super) struct Mark {
    /// What figures call it: `A`, `B`, …, `Z`, `AA`.
    letter: String,
    /// The first core that was made under it.
    round: u32,
    /// What was set.
    set: Vec<String>,
}

/// The changes of a run as far as it went.
pub(super) fn marks(outcome: &Outcome) -> Vec<Mark> {
    let run = outcome.hive.rounds.last().map_or(0, |row| row.round);
    let changes = outcome.scenario.changes.iter().filter(|change| change.round <= run);
    let mark = |(i, change): (usize, &crate::scenario::Change)| Mark {
        letter: letter(i),
        round: change.round,
        set: change.set.clone(),
    };
    changes.enumerate().map(mark).collect()
}

/// The `i`-th of the letters, which are counted like the columns of a spreadsheet.
fn letter(i: usize) -> String {
    let last = char::from(b'A' + (i % 26) as u8);
    if i < 26 { last.into() } else { letter(i / 26 - 1) + &last.to_string() }
}

/// The scenario as it was when the run's last core was made.
pub(super) fn as_it_ended(outcome: &Outcome) -> Scenario {
    let run = outcome.hive.rounds.last().map_or(0, |row| row.round);
    let checked = match outcome.scenario.changes.is_empty() {
        true => None,
        false => outcome.scenario.clone().check().ok(),
    };
    let stretch = checked.as_ref().and_then(|checked| {
        checked.stretches().iter().rfind(|stretch| stretch.round <= run.max(1))
    });
    stretch.map_or_else(|| outcome.scenario.clone(), |stretch| stretch.scenario.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_the_last() {
        assert_eq!([0, 1, 25, 26, 27, 51, 52].map(letter), ["A", "B", "Z", "AA", "AB", "AZ", "BA"]);
    }
}
