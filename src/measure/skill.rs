//! Skill of a panel, from the levels of its agents.

use super::PanelMember;

/// Skill of the panel at one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skills {
    /// Mean over the panel of the bare core's level on each agent's own job.
    pub core: f64,
    /// Mean over the panel of the agents' own level on their own jobs.
    pub panel: f64,
    /// Standard deviation over the panel of the same.
    pub panel_sd: f64,
    /// Mean level on skills never practised, uniform over them, then over the agents that
    /// have some; NaN where nobody has.
    pub unpractised: f64,
    /// Share of (agent, skill) pairs at or above the adoption level.
    pub adoption: f64,
    /// Share of agents whose level on their own job is at or above it.
    pub fleet_adoption: f64,
}

/// A level on a job: the levels weighted by the job's shares, `Σ_s π_s l_s`, over the skills
/// that have one.
pub(crate) fn on_job(levels: &[f32], job: &[f32]) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (level, share) in levels.iter().zip(job).filter(|(level, _)| !level.is_nan()) {
        sum += f64::from(*level) * f64::from(*share);
        weight += f64::from(*share);
    }
    sum / weight
}

/// The mean of the numbers that are there, NaN where none is.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.filter(|v| !v.is_nan()).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    sum / f64::from(n)
}

/// Skill from levels, `panel × skills` row by row: the agents' own, the bare core's, and the
/// tasks practised.
pub fn skills(
    panel: &[PanelMember],
    own: &[f32],
    core: &[f32],
    practised: &[u64],
    adopted: f64,
) -> Skills {
    let skills = panel.first().map_or(1, |member| member.job.len());
    let rows = || panel.iter().zip(own.chunks(skills));
    let jobs: Vec<f64> = rows().map(|(member, own)| on_job(own, &member.job)).collect();
    let average = mean(jobs.iter().copied());
    let variance = mean(jobs.iter().map(|l| (l - average) * (l - average)));
    let unpractised = mean(own.chunks(skills).zip(practised.chunks(skills)).map(|(own, tasks)| {
        mean(own.iter().zip(tasks).filter(|(_, n)| **n == 0).map(|(l, _)| f64::from(*l)))
    }));
    let share = |level: f64| if level >= adopted { 1.0 } else { 0.0 };
    let cores = panel.iter().zip(core.chunks(skills));
    Skills {
        core: mean(cores.map(|(member, core)| on_job(core, &member.job))),
        panel: average,
        panel_sd: variance.sqrt(),
        unpractised,
        adoption: mean(own.iter().filter(|l| !l.is_nan()).map(|l| share(f64::from(*l)))),
        fleet_adoption: mean(jobs.iter().filter(|l| !l.is_nan()).map(|l| share(*l))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AgentId, CompanyId};

    #[test]
    fn skill_weighs_levels_by_the_job_and_knows_what_was_never_practised() {
        let member = |job: [f32; 2]| PanelMember {
            agent: AgentId(0),
            name: String::new(),
            company: CompanyId(0),
            joins: 1,
            job: job.to_vec(),
        };
        let panel = [member([0.75, 0.25]), member([0.5, 0.5])];
        let own = [0.8, 0.4, 0.2, f32::NAN];
        let got = skills(&panel, &own, &[0.4; 4], &[9, 0, 3, 0], 0.5);
        assert!((got.panel - 0.45).abs() < 1e-7 && (got.panel_sd - 0.25).abs() < 1e-7, "{got:?}");
        assert!((got.core - 0.4).abs() < 1e-7 && (got.unpractised - 0.4).abs() < 1e-7);
        assert!((got.adoption - 1.0 / 3.0).abs() < 1e-12 && got.fleet_adoption == 0.5);
    }
}
