//! Examples of all users one after the other, and the checks that every example passes.

use super::{ANSWERS_MAX, DataError};
use std::path::Path;

/// The training or the test examples of all users, user by user.
///
/// User `i` has the rows `offsets[i]..offsets[i + 1]`: contiguous memory to walk over, 4 bytes
/// a feature, at the price that users cannot grow afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Examples, row by row: `rows × (features + 1)`, the last column is the constant 1.
    pub x: Vec<f32>,
    /// The right answers, one a row.
    pub y: Vec<u32>,
    /// Where each user's rows begin, `users + 1` entries from 0 to the number of rows.
    pub offsets: Vec<usize>,
}

impl Default for Split {
    fn default() -> Self {
        Split { x: Vec::new(), y: Vec::new(), offsets: vec![0] }
    }
}

impl Split {
    /// Rows of `user`.
    pub fn rows(&self, user: usize) -> std::ops::Range<usize> {
        self.offsets[user]..self.offsets[user + 1]
    }

    /// Adds an example to the user that is being filled.
    pub(crate) fn push(&mut self, features: impl Iterator<Item = f32>, label: u32) {
        self.x.extend(features);
        self.x.push(1.0);
        self.y.push(label);
    }

    /// The user that was being filled is done.
    pub(crate) fn close_user(&mut self) {
        self.offsets.push(self.y.len());
    }

    /// The largest label + 1; 0 of nothing.
    pub(super) fn answers(&self) -> usize {
        self.y.iter().max().map_or(0, |&label| label as usize + 1)
    }
}

/// What every example of a data set is held to.
pub(super) struct Checks {
    /// Of the first example seen.
    features: Option<usize>,
    /// 0 where it is taken from the data.
    answers: u32,
}

impl Checks {
    pub(super) fn new(answers: u32) -> Self {
        Checks { features: None, answers }
    }

    /// Features of an example; 0 before the first.
    pub(super) fn features(&self) -> usize {
        self.features.unwrap_or(0)
    }

    /// As many features as the first example, and all of them finite.
    pub(super) fn row(
        &mut self,
        path: &Path,
        place: impl Fn() -> String,
        row: &[f32],
    ) -> Result<(), DataError> {
        let expected = *self.features.get_or_insert(row.len());
        if row.is_empty() {
            return Err(DataError::value(path, place(), "no features", "at least one"));
        }
        if row.len() != expected {
            let allowed = format!("{expected}, as in the first example");
            return Err(DataError::value(
                path,
                place(),
                format!("{} features", row.len()),
                allowed,
            ));
        }
        match row.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(j) => {
                let found = format!("{} as feature {j}", row[j]);
                Err(DataError::value(path, place(), found, "a finite 32-bit number"))
            }
        }
    }

    /// A whole number from 0 to the number of answers.
    pub(super) fn label(
        &self,
        path: &Path,
        place: impl Fn() -> String,
        label: f64,
    ) -> Result<u32, DataError> {
        let answers = if self.answers == 0 { ANSWERS_MAX } else { self.answers };
        // NaN fails the comparisons too.
        if label >= 0.0 && label < f64::from(answers) && label.fract() == 0.0 {
            return Ok(label as u32);
        }
        let allowed = format!("a whole number from 0 to {}", answers - 1);
        Err(DataError::value(path, place(), format!("label {label}"), allowed))
    }
}
