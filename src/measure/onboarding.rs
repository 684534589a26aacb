//! How those who join late do: what they can on the day they come, and how they go on.

use super::spread::Curve;
use super::{Trace, skill};

/// Newcomers of the panel beside those who were there from the start, from the day they come.
#[derive(Clone, Debug, PartialEq)]
pub struct Onboarding {
    /// The first round in which newcomers work.
    pub joins: u32,
    /// How many newcomers are in the panel.
    pub newcomers: usize,
    /// Mean level of the newcomers on their own jobs, by rounds of their own work: the first is
    /// their day one, before they have done a task.
    pub level: Curve,
    /// The same of those who were there before them.
    pub others: Curve,
}

impl Onboarding {
    /// Of one fleet; none where nobody joins late, or none of them is measured.
    pub fn of(trace: &Trace) -> Option<Onboarding> {
        let joins = trace.panel.iter().map(|member| member.joins).max().filter(|j| *j > 1)?;
        let skills = trace.skills.len();
        let curve = |late: bool| {
            let days = trace.frames.iter().filter(|frame| frame.round + 1 >= joins);
            let (times, values) = days
                .map(|frame| {
                    let members = trace.panel.iter().zip(frame.panel.chunks_exact(skills));
                    let some = members.filter(|(member, _)| (member.joins > 1) == late);
                    let levels = some.map(|(member, levels)| skill::on_job(levels, &member.job));
                    (f64::from(frame.round + 1 - joins), skill::mean(levels))
                })
                .unzip();
            Curve { times, values }
        };
        let newcomers = trace.panel.iter().filter(|member| member.joins > 1).count();
        Some(Onboarding { joins, newcomers, level: curve(true), others: curve(false) })
    }

    /// Level on the day they come: at the first measurement from which on they can be measured.
    pub fn day_one(&self) -> f64 {
        self.level.values.first().copied().unwrap_or(f64::NAN)
    }

    /// Rounds of their own work until newcomers are at a level, on the line between measurements;
    /// none if they never come to it.
    pub fn ramp(&self, level: f64) -> Option<f64> {
        self.level.time_to(level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, CompanyId};
    use crate::measure::{Frame, PanelMember};

    /// Agent 1 comes in round 3: it is measured from core 2 on.
    #[test]
    fn newcomers_are_followed_from_their_day_one() {
        let member = |agent, joins| PanelMember {
            agent: AgentId(agent),
            name: String::new(),
            company: CompanyId(0),
            joins,
            job: vec![0.5, 0.5],
        };
        let frame = |round, panel: [f32; 4]| Frame {
            round,
            panel: panel.to_vec(),
            core: Vec::new(),
            practised: Vec::new(),
            adopters: Vec::new(),
        };
        let frames = vec![
            frame(0, [0.0, 0.0, f32::NAN, f32::NAN]),
            frame(2, [0.5, 0.7, 0.25, 0.0]),
            frame(4, [0.8, 0.8, 0.5, 0.75]),
        ];
        let mut trace = Trace {
            skills: vec!["a".into(), "b".into()],
            frequencies: vec![0.5, 0.5],
            panel: vec![member(0, 1), member(1, 3)],
            frames,
            complete: true,
            ..Trace::default()
        };
        let got = Onboarding::of(&trace).unwrap();
        assert_eq!((got.joins, got.newcomers), (3, 1));
        assert_eq!(got.level.times, [0.0, 2.0]);
        assert_eq!(got.level.values, [0.125, 0.625]);
        assert!((got.others.values[0] - 0.6).abs() < 1e-7);
        assert_eq!(got.day_one(), 0.125);
        assert_eq!(got.ramp(0.375), Some(1.0));
        assert_eq!(got.ramp(0.7), None);
        trace.panel.pop();
        assert!(Onboarding::of(&trace).is_none());
    }
}
