//! What can go wrong when a report is made.

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A frame does not hold one number for every panel agent and skill.
    #[error(
        "cannot report on run `{run}`: its frame of round {round} holds {found} numbers, but {panel} panel agents × {skills} skills make {expected}"
    )]
    Shape {
        /// The run: `hive`, `isolated` or `pooled`.
        run: &'static str,
        /// The frame's round.
        round: u32,
        /// Numbers in the frame.
        found: usize,
        /// Agents in the panel.
        panel: usize,
        /// Skills of the run.
        skills: usize,
        /// `panel × skills`.
        expected: usize,
    },
    /// The run has no row at all.
    #[error("cannot report on run `{run}`: it has no round, not even the initial core's")]
    Empty {
        /// The run: `hive`, `isolated` or `pooled`.
        run: &'static str,
    },
    /// The data could not be written as JSON.
    #[error("cannot write the report's data as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The template could not be filled in.
    #[error("cannot fill in the report's template: {0:#}")]
    Template(#[from] minijinja::Error),
}
