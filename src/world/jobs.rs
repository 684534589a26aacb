//! Who works where, and on what.

use crate::halt::Halt;
use crate::ids::{AgentId, CompanyId};
use crate::maths;
use crate::scenario::MixedEffects;
use crate::stream::{Purpose, Stream};
use crate::threads::parallel_chunks;

/// Skills with a smaller share than this are left out of a job.
const LEAST_SHARE: f64 = 1e-5;

/// Agents whose jobs are stored together.
const PART: usize = 1024;

/// The agents' companies and mixtures of skills, a few bytes each: only the skills of a job
/// are stored, as cumulative shares.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// First agent of each company, and at last the number of agents.
    company_starts: Vec<u32>,
    /// The jobs of so many neighbours each.
    parts: Vec<Part>,
}

impl Jobs {
    /// Deals `agents` agents to companies, sizes `∝ (c+1)^-company_tail` and at least one each,
    /// in contiguous ranges; and draws each agent's mixture from a Dirichlet with parameters
    /// `alpha · S · p_s` around the frequencies `p`; a tagged skill is left out of the mixtures of
    /// all companies but its own. After a halt the jobs are fewer.
    pub fn draw(
        spec: &MixedEffects,
        frequencies: &[f64],
        agents: usize,
        seed: u64,
        halt: &Halt,
    ) -> Self {
        Jobs::draw_of(spec, frequencies, agents, seed, halt, &|_| true)
    }

    /// The same with the jobs of those agents alone that are `wanted`; the others' have no skills.
    pub(crate) fn draw_of(
        spec: &MixedEffects,
        frequencies: &[f64],
        agents: usize,
        seed: u64,
        halt: &Halt,
        wanted: &(dyn Fn(AgentId) -> bool + Sync),
    ) -> Self {
        let mut jobs = Jobs { company_starts: company_starts(spec, agents), parts: Vec::new() };
        // every job is drawn from streams of its own: who draws it does not matter
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let firsts = (0..agents).step_by(PART).collect();
        let mut owners = vec![None; frequencies.len()];
        spec.tags().for_each(|(skill, company)| owners[skill as usize] = Some(CompanyId(company)));
        let drawing = Drawing { alpha: spec.alpha, frequencies, owners: &owners, seed };
        jobs.parts = parallel_chunks(threads, firsts, |first: usize| {
            let range = first as u32..(first + PART).min(agents) as u32;
            drawing.draw(&jobs, range, halt, wanted)
        });
        jobs
    }

    /// Shares of the skills in all work, as expected: the frequencies, but a tagged skill is done by
    /// its company alone, whose agents it takes the whole share of, and the others' agents share
    /// their work among the rest.
    pub(super) fn expected(&self, spec: &MixedEffects, frequencies: &[f64]) -> Vec<f64> {
        let companies = self.company_starts.len() - 1;
        let mut open: f64 = 1.0;
        let mut own = vec![0.0; companies];
        for (skill, company) in spec.tags() {
            open -= frequencies[skill as usize];
            own[company as usize] += frequencies[skill as usize];
        }
        let agents = f64::from(self.company_starts[companies]);
        // what one unit of frequency comes to in a company's work, as a part of all
        let part = |c: usize| {
            let size = self.company_starts[c + 1] - self.company_starts[c];
            f64::from(size) / agents / (open + own[c])
        };
        let everyone: f64 = (0..companies).map(part).sum();
        let mut expected: Vec<f64> = frequencies.iter().map(|p| p * everyone).collect();
        for (skill, company) in spec.tags() {
            let skill = skill as usize;
            expected[skill] = frequencies[skill] * part(company as usize);
        }
        expected
    }

    /// Where an agent works.
    pub fn company(&self, agent: AgentId) -> CompanyId {
        CompanyId(self.company_starts.partition_point(|&start| start <= agent.0) as u32 - 1)
    }

    /// The skills of a job, rising, and their cumulative shares.
    #[inline]
    pub fn of(&self, agent: AgentId) -> (&[u32], &[f32]) {
        let Part { starts, skills, cumulative } = &self.parts[agent.index() / PART];
        let at = agent.index() % PART;
        let Some([start, end]) = starts.get(at..at + 2) else { return (&[], &[]) };
        let range = *start as usize..*end as usize;
        (&skills[range.clone()], &cumulative[range])
    }

    /// The skill of a task of an agent that a number `u`, uniform on `[0, 1)`, draws.
    #[inline]
    pub fn skill(&self, agent: AgentId, u: f32) -> u32 {
        let (skills, cumulative) = self.of(agent);
        skills[cumulative.partition_point(|&c| c <= u).min(skills.len() - 1)]
    }

    /// The share of each of `skills` skills in an agent's work; sums to 1.
    pub fn shares(&self, agent: AgentId, skills: usize) -> Vec<f32> {
        let mut shares = vec![0.0; skills];
        let mut before = 0.0;
        let (held, cumulative) = self.of(agent);
        for (skill, upto) in held.iter().zip(cumulative) {
            shares[*skill as usize] = upto - before;
            before = *upto;
        }
        shares
    }
}

/// The jobs of some agents.
#[derive(Clone, Debug, Default)]
struct Part {
    /// Where the skills of each begin, and at last where they end; nothing where nobody has any.
    starts: Vec<u32>,
    skills: Vec<u32>,
    cumulative: Vec<f32>,
}

/// What jobs are drawn from.
struct Drawing<'a> {
    alpha: f64,
    frequencies: &'a [f64],
    /// The company that alone practises a skill.
    owners: &'a [Option<CompanyId>],
    seed: u64,
}

impl Drawing<'_> {
    fn draw(
        &self,
        jobs: &Jobs,
        agents: std::ops::Range<u32>,
        halt: &Halt,
        wanted: &(dyn Fn(AgentId) -> bool + Sync),
    ) -> Part {
        let mut part = Part::default();
        if !agents.clone().map(AgentId).any(wanted) {
            return part;
        }
        let mut shares = vec![0.0; self.frequencies.len()];
        part.starts.push(0);
        for agent in agents.map(AgentId).take_while(|_| !halt.is_set()) {
            if !wanted(agent) {
                part.starts.push(part.skills.len() as u32);
                continue;
            }
            self.draw_shares(agent, jobs.company(agent), &mut shares);
            let kept: f64 = shares.iter().filter(|s| **s >= LEAST_SHARE).sum();
            let mut sum = 0.0;
            for (skill, share) in shares.iter().enumerate().filter(|(_, s)| **s >= LEAST_SHARE) {
                sum += share / kept;
                part.skills.push(skill as u32);
                part.cumulative.push(sum as f32);
            }
            if let Some(last) = part.cumulative.last_mut() {
                *last = 1.0;
            }
            part.starts.push(part.skills.len() as u32);
        }
        part.skills.shrink_to_fit();
        part.cumulative.shrink_to_fit();
        part
    }

    /// A Dirichlet draw by normalised gamma variates, in logarithms: with few specialists' worth
    /// of concentration every single variate may underflow. Without some of its skills a Dirichlet
    /// mixture is one of the rest.
    fn draw_shares(&self, agent: AgentId, company: CompanyId, shares: &mut [f64]) {
        let mut stream = Stream::new(self.seed, Purpose::Job, agent.0, 0);
        let skills = self.frequencies.len() as f64;
        let mut top = f64::NEG_INFINITY;
        for ((share, frequency), owner) in shares.iter_mut().zip(self.frequencies).zip(self.owners)
        {
            *share = stream.ln_gamma(self.alpha * skills * frequency);
            if owner.is_some_and(|owner| owner != company) {
                *share = f64::NEG_INFINITY;
            }
            top = top.max(*share);
        }
        let mut sum = 0.0;
        for share in shares.iter_mut() {
            *share = maths::exp(*share - top);
            sum += *share;
        }
        shares.iter_mut().for_each(|share| *share /= sum);
    }
}

fn company_starts(spec: &MixedEffects, agents: usize) -> Vec<u32> {
    let companies = spec.companies as usize;
    let sizes: Vec<f64> =
        (0..companies).map(|c| maths::pow(c as f64 + 1.0, -spec.company_tail)).collect();
    let total: f64 = sizes.iter().sum();
    let spare = (agents - companies.min(agents)) as f64;
    let mut starts = vec![0];
    let mut sum = 0.0;
    for (c, size) in sizes.iter().enumerate() {
        sum += size;
        // everyone gets one agent, the rest goes by size
        let end = (c + 1) as f64 + (spare * sum / total).round();
        starts.push((end as usize).min(agents) as u32);
    }
    starts[companies] = agents as u32;
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_follow_frequencies_and_alpha_narrows_them() {
        let frequencies = [0.5, 0.3, 0.15, 0.05];
        let mut widths = Vec::new();
        for alpha in [0.05, 0.5, 50.0] {
            let spec = MixedEffects { alpha, companies: 3, ..Default::default() };
            let jobs = Jobs::draw(&spec, &frequencies, 4000, 9, &Halt::default());
            let mut mean = [0.0; 4];
            let mut squares = 0.0;
            for agent in 0..4000 {
                let (skills, cumulative) = jobs.of(AgentId(agent));
                let mut before = 0.0;
                for (s, c) in skills.iter().zip(cumulative) {
                    let share = f64::from(c - before);
                    mean[*s as usize] += share / 4000.0;
                    squares += share * share / 4000.0;
                    before = *c;
                }
            }
            for (got, want) in mean.iter().zip(frequencies) {
                // a share's variance is at most p(1-p); four standard errors
                let error = 4.0 * (want * (1.0 - want) / 4000.0).sqrt();
                assert!((got - want).abs() < error, "alpha {alpha}: {mean:?}");
            }
            widths.push(1.0 / squares);
        }
        assert!(widths[0] < widths[1] && widths[1] < widths[2], "{widths:?}");
    }

    #[test]
    fn a_tagged_skill_is_practised_by_one_company_alone() {
        let spec = MixedEffects {
            skills: 6,
            companies: 3,
            tagged: 4,
            alpha: 0.5,
            company_tail: 1.0,
            ..Default::default()
        };
        let tags: Vec<_> = spec.tags().collect();
        assert_eq!(tags, [(0, 0), (2, 1), (3, 2), (5, 0)]);
        let frequencies = [0.3, 0.25, 0.2, 0.1, 0.1, 0.05];
        let agents = 6000;
        let jobs = Jobs::draw(&spec, &frequencies, agents, 3, &Halt::default());
        let mut mean = [0.0; 6];
        for agent in (0..agents as u32).map(AgentId) {
            let shares = jobs.shares(agent, 6);
            let company = jobs.company(agent).0;
            for (skill, owner) in &tags {
                assert!(*owner == company || shares[*skill as usize] == 0.0);
            }
            assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            shares.iter().enumerate().for_each(|(s, p)| mean[s] += f64::from(*p) / agents as f64);
        }
        let expected = jobs.expected(&spec, &frequencies);
        assert!((expected.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (got, want) in mean.iter().zip(&expected) {
            // a share's variance is at most p(1-p); four standard errors
            let error = 4.0 * (want * (1.0 - want) / agents as f64).sqrt();
            assert!((got - want).abs() < error, "{mean:?}, not {expected:?}");
        }
    }

    #[test]
    fn jobs_of_some_agents_are_those_that_they_have_among_all() {
        let (spec, frequencies) = (MixedEffects::default(), [0.6, 0.3, 0.1]);
        let all = Jobs::draw(&spec, &frequencies, 3000, 2, &Halt::default());
        let wanted = |agent: AgentId| agent.0.is_multiple_of(7);
        let some = Jobs::draw_of(&spec, &frequencies, 3000, 2, &Halt::default(), &wanted);
        for agent in (0..3000).map(AgentId) {
            let want = if wanted(agent) { all.of(agent) } else { (&[][..], &[][..]) };
            assert_eq!(some.of(agent), want);
        }
    }

    #[test]
    fn every_company_has_someone_and_the_first_has_most() {
        let spec = MixedEffects { companies: 12, company_tail: 1.0, ..Default::default() };
        let jobs = Jobs::draw(&spec, &[1.0], 200, 1, &Halt::default());
        let mut sizes = [0; 12];
        for agent in 0..200 {
            sizes[jobs.company(AgentId(agent)).index()] += 1;
        }
        assert!(sizes.iter().all(|s| *s >= 1) && sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert_eq!(sizes.iter().sum::<i32>(), 200);
        assert!(sizes[0] > 50);
    }
}
