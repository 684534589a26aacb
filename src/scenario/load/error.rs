//! Why there is no scenario, or no recipe.

use super::problem::Problem;
use crate::text::one_line;

/// Why a scenario, or a recipe, could not be had. Each message is complete in itself, with the
/// file, line and column, what is allowed, and the source line where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("{}: {why}", one_line(file))]
    Unreadable {
        /// The file's name as it was given.
        file: String,
        /// What stood in the way, and what to do.
        why: String,
    },
    /// It has these problems, at least one, in the order of the file.
    #[error("{}", paragraphs(.0))]
    Invalid(Vec<Problem>),
}

impl ScenarioError {
    /// The problems of an invalid one; none where the file could not be read.
    pub fn problems(&self) -> &[Problem] {
        match self {
            ScenarioError::Unreadable { .. } => &[],
            ScenarioError::Invalid(problems) => problems,
        }
    }
}

fn paragraphs(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n\n")
}
