//! Continual learning: what is kept and what comes along, from an accuracy matrix over time.

use super::{Frame, skill};

/// The accuracy matrix of a learner that learns one thing after another (Lopez-Paz & Ranzato
/// 2017, "Gradient episodic memory for continual learning"): `R[i][j]`, how well it does task
/// `j` after period `i`, with the period in which each task was learned. In the classical
/// protocol there are as many periods as tasks and task `j` is learned in period `j`.
///
/// In a fleet tasks are mixed and everybody learns at another time: see [`History`].
#[derive(Clone, Debug, PartialEq)]
pub struct Periods {
    /// `R`, periods × tasks, row by row.
    pub levels: Vec<f64>,
    /// The period in which each task was learned.
    pub learned: Vec<usize>,
    /// Level on each task before any learning.
    pub before: Vec<f64>,
}

/// An agent's own accuracy matrix, out of a fleet's frames: its tasks are the skills that it first
/// practised while it was measured, and a period ends at each measurement at which it had newly
/// practised one, and at the last measurement.
///
/// Levels are against the truth of their time: where truths drift or change, what looks like
/// forgetting is also the world's doing. A matrix over the times of changes needs levels on
/// the earlier truths, which frames do not hold: give [`Periods`] such levels.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The skill that each task is.
    pub skills: Vec<usize>,
    /// The frame at which each period ends.
    pub ends: Vec<usize>,
    /// The matrix.
    pub periods: Periods,
}

/// What a learner kept and gained; each NaN where there is nothing to average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Continual {
    /// ACC, the mean level on all tasks after the last period (Lopez-Paz & Ranzato 2017).
    pub accuracy: f64,
    /// BWT, backward transfer: mean over the tasks learned before the last period of their level
    /// at the end less that right after they were learned (the same).
    pub backward: f64,
    /// FWT, forward transfer: mean over the tasks not learned in the first period of their level
    /// just before the period in which they were learned, less that before any learning (the
    /// same).
    pub forward: f64,
    /// Mean over the tasks learned before the last period of their best level in an earlier one,
    /// less that at the end (Chaudhry et al. 2018, "Riemannian walk for incremental learning").
    pub forgetting: f64,
}

impl Continual {
    /// Nothing to average.
    pub const NOTHING: Continual = Continual {
        accuracy: f64::NAN,
        backward: f64::NAN,
        forward: f64::NAN,
        forgetting: f64::NAN,
    };
}

impl History {
    /// The history of agent `agent` of a panel, over frames of `agents × skills` levels; none
    /// where it learned nothing that was probed throughout. Costs `frames × skills`, and the
    /// matrix.
    pub fn of_agent(frames: &[Frame], skills: usize, agent: usize) -> Option<Self> {
        let last = frames.len().checked_sub(1)?;
        let row = agent * skills;
        let level = |frame: usize, s: usize| f64::from(frames[frame].panel[row + s]);
        // the frame at which each skill was first seen to be practised
        let first = |s: usize| {
            let at = frames.iter().position(|frame| frame.practised[row + s] > 0)?;
            // what was practised before the first measurement was learned out of sight
            let seen = at > 0 && (0..=last).all(|frame| !level(frame, s).is_nan());
            seen.then_some((s, at))
        };
        let tasks: Vec<(usize, usize)> = (0..skills).filter_map(first).collect();
        if tasks.is_empty() {
            return None;
        }
        let mut ends: Vec<usize> = tasks.iter().map(|(_, at)| *at).chain([last]).collect();
        ends.sort_unstable();
        ends.dedup();
        let levels = ends.iter().flat_map(|&end| tasks.iter().map(move |&(s, _)| level(end, s)));
        let periods = Periods {
            levels: levels.collect(),
            learned: tasks.iter().map(|(_, at)| ends.partition_point(|end| end < at)).collect(),
            before: tasks.iter().map(|&(s, _)| level(0, s)).collect(),
        };
        Some(History { skills: tasks.iter().map(|(s, _)| *s).collect(), ends, periods })
    }
}

impl Periods {
    /// Number of periods.
    pub fn periods(&self) -> usize {
        self.levels.len() / self.tasks().max(1)
    }

    /// Number of tasks.
    pub fn tasks(&self) -> usize {
        self.learned.len()
    }

    fn level(&self, period: usize, task: usize) -> f64 {
        self.levels[period * self.tasks() + task]
    }

    /// What the matrix comes to.
    pub fn summary(&self) -> Continual {
        let Some(last) = self.periods().checked_sub(1) else {
            return Continual::NOTHING;
        };
        let tasks = || self.learned.iter().copied().enumerate();
        let earlier = || tasks().filter(|(_, period)| *period < last);
        let later = tasks().filter(|(_, period)| *period > 0);
        let best = |j: usize| (0..last).map(|i| self.level(i, j)).fold(f64::NEG_INFINITY, f64::max);
        Continual {
            accuracy: skill::mean(tasks().map(|(j, _)| self.level(last, j))),
            backward: skill::mean(earlier().map(|(j, i)| self.level(last, j) - self.level(i, j))),
            forward: skill::mean(later.map(|(j, i)| self.level(i - 1, j) - self.before[j])),
            forgetting: skill::mean(earlier().map(|(j, _)| best(j) - self.level(last, j))),
        }
    }

    /// Intransigence, the inability to learn a task when its time comes: the mean of what a
    /// reference that learned all tasks together comes to on each, `reference[j]`, less the level
    /// right after learning it (Chaudhry et al. 2018).
    pub fn intransigence(&self, reference: &[f64]) -> f64 {
        let tasks = self.learned.iter().enumerate().zip(reference);
        skill::mean(tasks.map(|((j, &i), best)| best - self.level(i, j)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-7, "{got}, not {want}");
    }

    /// The classical protocol with three tasks.
    fn classical() -> Periods {
        #[rustfmt::skip]
        let levels = vec![
            0.9, 0.3, 0.1,
            0.7, 0.8, 0.2,
            0.8, 0.5, 0.6,
        ];
        Periods { levels, learned: vec![0, 1, 2], before: vec![0.0, 0.1, 0.05] }
    }

    #[test]
    fn a_classical_matrix_by_hand() {
        let got = classical().summary();
        close(got.accuracy, (0.8 + 0.5 + 0.6) / 3.0);
        close(got.backward, ((0.8 - 0.9) + (0.5 - 0.8)) / 2.0);
        close(got.forward, ((0.3 - 0.1) + (0.2 - 0.05)) / 2.0);
        close(got.forgetting, ((0.9 - 0.8) + (0.8 - 0.5)) / 2.0);
        close(classical().intransigence(&[0.95, 0.9, 0.9]), (0.05 + 0.1 + 0.3) / 3.0);
    }

    #[test]
    fn a_learner_that_keeps_everything_forgets_nothing() {
        let kept = Periods { levels: vec![0.9, 0.0, 0.9, 0.7], ..classical() };
        let kept = Periods { learned: vec![0, 1], before: vec![0.0, 0.0], ..kept };
        let got = kept.summary();
        assert_eq!((got.backward, got.forward, got.forgetting), (0.0, 0.0, 0.0));
    }

    #[test]
    fn one_period_has_nothing_to_forget() {
        let once = Periods { levels: vec![0.5, 0.7], learned: vec![0, 0], before: vec![0.0; 2] };
        let got = once.summary();
        close(got.accuracy, 0.6);
        assert!(got.backward.is_nan() && got.forward.is_nan() && got.forgetting.is_nan());
    }

    /// Agent 1 of two practises skill 2 by the second measurement, skills 0 and 1 by the fourth;
    /// skill 3 never, skill 4 has no probe, skill 5 was practised before the first.
    #[test]
    fn an_agents_periods_end_when_it_has_practised_something_new() {
        let frame = |round, own: [f32; 6], practised: [u64; 6]| Frame {
            round,
            panel: [[0.0; 6], own].concat(),
            core: vec![],
            practised: [[1; 6], practised].concat(),
            adopters: vec![],
        };
        let none = f32::NAN;
        let frames = [
            frame(0, [0.0, 0.1, 0.0, 0.0, none, 0.5], [0, 0, 0, 0, 0, 2]),
            frame(2, [0.2, 0.1, 0.9, 0.3, none, 0.5], [0, 0, 7, 0, 3, 2]),
            frame(4, [0.4, 0.3, 0.8, 0.3, none, 0.5], [0, 0, 9, 0, 3, 2]),
            frame(6, [0.8, 0.7, 0.6, 0.3, none, 0.5], [1, 4, 9, 0, 3, 2]),
            frame(8, [0.9, 0.6, 0.5, 0.3, none, 0.5], [1, 9, 9, 0, 3, 2]),
        ];
        let history = History::of_agent(&frames, 6, 1).unwrap();
        assert_eq!((&history.skills[..], &history.ends[..]), (&[0, 1, 2][..], &[1, 3, 4][..]));
        let got = history.periods;
        assert_eq!((got.periods(), got.tasks()), (3, 3));
        assert_eq!(got.learned, [1, 1, 0]);
        let sum = got.summary();
        close(sum.accuracy, (0.9 + 0.6 + 0.5) / 3.0);
        close(sum.backward, ((0.9 - 0.8) + (0.6 - 0.7) + (0.5 - 0.9)) / 3.0);
        // just before the second period is the end of the first, at round 2
        close(sum.forward, ((0.2 - 0.0) + (0.1 - 0.1)) / 2.0);
        close(sum.forgetting, ((0.8 - 0.9) + (0.7 - 0.6) + (0.9 - 0.5)) / 3.0);
        assert_eq!(History::of_agent(&frames[..1], 6, 1), None);
        assert_eq!(History::of_agent(&[], 6, 1), None);
    }
}
