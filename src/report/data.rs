//! What of an outcome the page keeps: its runs, and how they are thinned.

use super::pack::evenly;
use super::{ReportError, text};
use crate::measure::spread::Spread;
use crate::measure::{Outcome, Trace};
use crate::record::Histories;
use crate::scenario::Bound;

/// Most frames of levels in the page.
const FRAMES_MAX: usize = 60;
/// Most panel agents in the heat map.
const AGENTS_MAX: usize = 100;
/// Most skills in the heat map and among the adoption curves.
const SKILLS_MAX: usize = 64;
/// Most rounds in the curves and the table.
pub(super) const ROUNDS_MAX: usize = 1001;
/// Most measured rounds in the adoption curves.
pub(super) const ADOPTION_ROUNDS_MAX: usize = 250;

/// One of the runs of an outcome: the hive or a bound.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// `hive`, `isolated` or `pooled`.
    pub key: &'static str,
    /// As captions call it.
    pub label: &'static str,
    /// Its history.
    pub trace: &'a Trace,
    /// How each of its skills spread; empty where that was not measured.
    pub spread: &'a [Spread],
}

impl Run<'_> {
    /// Whether its agents work under several hives.
    pub fn is_several(&self) -> bool {
        !self.trace.hives.is_empty()
    }
}

/// The runs of an outcome, the hive first. Each was checked to have a round and frames of
/// the right size.
pub(super) fn runs<'a>(
    outcome: &'a Outcome,
    histories: &'a Histories<'_>,
) -> Result<Vec<Run<'a>>, ReportError> {
    let mut spreads = histories.spreads();
    let mut spread = || spreads.next().unwrap_or_default();
    let label = if outcome.hive.hives.is_empty() { "Hive" } else { "All hives" };
    let mut runs = vec![Run { key: "hive", label, trace: &outcome.hive, spread: spread() }];
    for (bound, trace) in &outcome.bounds {
        let (key, label) = match bound {
            Bound::Isolated => ("isolated", "Isolated agents"),
            Bound::Pooled => ("pooled", "Pooled learner"),
        };
        runs.push(Run { key, label, trace, spread: spread() });
    }
    runs.iter().try_for_each(check)?;
    Ok(runs)
}

fn check(run: &Run<'_>) -> Result<(), ReportError> {
    let (panel, skills) = (run.trace.panel.len(), run.trace.skills.len());
    if run.trace.rounds.is_empty() {
        return Err(ReportError::Empty { run: run.key });
    }
    let expected = panel * skills;
    for frame in &run.trace.frames {
        // A run may leave the core's levels or the practice out, but not in part.
        let sizes = [frame.panel.len(), frame.core.len(), frame.practised.len()];
        let bad = sizes.iter().enumerate().find(|&(i, &n)| n != expected && (i == 0 || n != 0));
        if let Some((_, &found)) = bad {
            let (run, round) = (run.key, frame.round);
            return Err(ReportError::Shape { run, round, found, panel, skills, expected });
        }
    }
    Ok(())
}

/// What of an outcome the page keeps: indices into the hive's panel, skills, frames, rounds.
pub(super) struct Kept {
    /// Of the heat map's rows.
    pub agents: Vec<usize>,
    /// Also the skills of the adoption curves.
    pub skills: Vec<usize>,
    /// Of the heat map and the histograms.
    pub frames: Vec<usize>,
}

impl Kept {
    /// Evenly spaced agents, skills (by frequency rank) and frames.
    pub fn of(hive: &Trace) -> Kept {
        Kept {
            agents: evenly(hive.panel.len(), AGENTS_MAX),
            skills: evenly(hive.skills.len(), SKILLS_MAX),
            frames: evenly(hive.frames.len(), FRAMES_MAX),
        }
    }

    /// What was left out of the heat map, in a sentence; empty where nothing was.
    pub fn heat_note(&self, hive: &Trace) -> String {
        let parts: Vec<String> = [
            (self.agents.len(), hive.panel.len(), "panel agents"),
            (self.skills.len(), hive.skills.len(), "skills"),
            (self.frames.len(), hive.frames.len(), "measured rounds"),
        ]
        .iter()
        .filter(|(kept, all, _)| kept < all)
        .map(|&(kept, all, what)| format!("{kept} of {} {what}", text::count(all as u64)))
        .collect();
        note(&parts)
    }

    /// What was left out of the adoption curves.
    pub fn adoption_note(&self, hive: &Trace) -> String {
        let mut parts = Vec::new();
        if self.skills.len() < hive.skills.len() {
            let all = text::count(hive.skills.len() as u64);
            parts.push(format!("{} of {all} skills", self.skills.len()));
        }
        if hive.frames.len() > ADOPTION_ROUNDS_MAX {
            let all = text::count(hive.frames.len() as u64);
            parts.push(format!("{ADOPTION_ROUNDS_MAX} of {all} measured rounds"));
        }
        note(&parts)
    }
}

/// What was left out of the curves over rounds and the table of them.
pub(super) fn rounds_note(hive: &Trace) -> String {
    if hive.rounds.len() <= ROUNDS_MAX {
        return String::new();
    }
    note(&[format!(
        "{} of {} rounds",
        text::count(ROUNDS_MAX as u64),
        text::count(hive.rounds.len() as u64)
    )])
}

fn note(parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    format!("Thinned to keep the page small: {}, evenly spaced, are shown.", parts.join(", "))
}
