//! How rows are shown.

use super::{Outcome, Row, Tolerance};

/// Seven significant digits, enough to see rounding in single precision.
pub fn digits(number: f64) -> String {
    if !number.is_finite() {
        return number.to_string();
    }
    let places = (6 - libm::log10(number.abs().max(1e-3)).floor() as i32).clamp(0, 7);
    format!("{number:.*}", places as usize)
}

impl Row {
    /// The tolerance in a word: `±1.0e-3`, or `at least`, `at most`.
    pub fn allowed(&self) -> String {
        match self.tolerance {
            Tolerance::Within(within) => format!("±{within:.1e}"),
            Tolerance::AtLeast => "at least".into(),
            Tolerance::AtMost => "at most".into(),
        }
    }

    /// The verdict in a word.
    pub fn verdict(&self) -> &'static str {
        if self.holds() { "holds" } else { "outside" }
    }
}

/// The tables of docs/validation.md: what each check is about and from where, and a row for each
/// of its numbers. A check that failed has its message.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "| law | what | expected | measured | allowed | |\n| --- | --- | ---: | ---: | --- | --- |\n",
    );
    for (check, rows) in outcomes {
        match rows {
            Ok(rows) => rows.iter().for_each(|row| {
                text += &format!(
                    "| {} | {} | {} | {} | {} | {} |\n",
                    check.name,
                    row.what,
                    digits(row.expected),
                    digits(row.measured),
                    row.allowed(),
                    row.verdict()
                );
            }),
            Err(error) => text += &format!("| {} | {error} | | | | failed |\n", check.name),
        }
    }
    text.push('\n');
    for (check, _) in outcomes {
        text += &format!("- `{}`: {} *{}*\n", check.name, check.law, check.source);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_seven_digits_whatever_their_size() {
        for (number, shown) in [
            (0.637_546_1, "0.6375461"),
            (16.693_71, "16.69371"),
            (47_619.05, "47619.05"),
            (0.0, "0.0000000"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(digits(number), shown);
        }
    }
}
