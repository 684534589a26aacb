//! The mixed-effects world: every task drawn afresh, the right answer known to the oracle.

use super::truth::Truths;
use super::{Climate, Desk, Facts, Jobs, Probe, TaskBuffer, Tasks, World};
use crate::halt::Halt;
use crate::ids::{AgentId, CompanyId, Round, SkillId};
use crate::maths;
use crate::params::kernels::{Rows, Shape, argmax, forward, softmax_rows};
use crate::scenario::{Covariance, MixedEffects};
use crate::stream::{Key, Purpose, Stream};

/// How much more than chance the oracle must know of a skill for it to be measured: well above the
/// rounding of probabilities.
const KNOWN: f64 = 1e-5;

/// A task of skill `s` at company `c` has features `z ~ N(μ_s, Σ)` and the right answer
/// `argmax_k ⟨(G + U_s + V_{c,s})_k, [z;1]⟩`, or a draw from the scores' softmax.
#[derive(Clone, Debug)]
pub struct MixedWorld {
    facts: Facts,
    truths: Truths,
    jobs: Jobs,
    /// Standard deviations of the features.
    spread: Vec<f32>,
    /// Feature means, `skills × features`; empty where all are zero.
    means: Vec<f32>,
    /// Inputs of the probe tasks, skill by skill.
    probes: TaskBuffer,
    probes_per_skill: usize,
}

/// Who works where, on what, and what it is worth: the part of this world that knows no truths
/// and no features; jobs of those agents alone that are `wanted`. Unless it is halted: then it is
/// drawn in part, and of no use.
pub(crate) fn labour(
    halt: &Halt,
    spec: &MixedEffects,
    agents: usize,
    seed: u64,
    wanted: &(dyn Fn(AgentId) -> bool + Sync),
) -> (Facts, Jobs) {
    let skills = spec.skills as usize;
    let weights: Vec<f64> = (0..skills).map(|s| maths::pow(s as f64 + 1.0, -spec.zipf)).collect();
    let total: f64 = weights.iter().sum();
    let frequencies: Vec<f64> = weights.iter().map(|w| w / total).collect();
    let jobs = Jobs::draw_of(spec, &frequencies, agents, seed, halt, wanted);
    let value = |s: usize| {
        let spread = spec.value_spread;
        let normal = Stream::new(seed, Purpose::SkillTraits, s as u32, 0).normal();
        // a lognormal of mean 1
        maths::exp(spread * normal - spread * spread / 2.0)
    };
    let facts = Facts {
        agents,
        companies: spec.companies as usize,
        inputs: spec.features as usize + 1,
        answers: spec.answers as usize,
        skills: (0..skills).map(|s| format!("s{s}")).collect(),
        // without tags they are as they were drawn, to the bit
        frequencies: if spec.tagged > 0 { jobs.expected(spec, &frequencies) } else { frequencies },
        values: (0..skills).take_while(|_| !halt.is_set()).map(value).collect(),
        names: Vec::new(),
        finite: false,
    };
    (facts, jobs)
}

impl MixedWorld {
    /// Draws the world for `agents` agents, with `probes` held-out tasks a skill.
    pub fn new(spec: &MixedEffects, agents: usize, probes: usize, seed: u64) -> Self {
        MixedWorld::until(Halt::default(), spec, (agents, &|_| true), probes, seed)
    }

    /// The same with the jobs of those agents alone that are `wanted`, unless it is halted: then it is
    /// drawn in part, and of no use.
    pub(super) fn until(
        halt: Halt,
        spec: &MixedEffects,
        (agents, wanted): (usize, &(dyn Fn(AgentId) -> bool + Sync)),
        probes: usize,
        seed: u64,
    ) -> Self {
        let (facts, jobs) = labour(&halt, spec, agents, seed, wanted);
        let skills = spec.skills as usize;
        let features = spec.features as usize;
        let spread = (0..features)
            .map(|j| match spec.covariance {
                Covariance::Identity => 1.0,
                Covariance::Power => maths::pow(j as f64 + 1.0, -0.6) as f32,
            })
            .collect();
        let mut means = Vec::new();
        if spec.shift > 0.0 {
            for s in (0..skills).take_while(|_| !halt.is_set()) {
                let mut traits = Stream::new(seed, Purpose::SkillTraits, s as u32, 0);
                // the first is of its value
                traits.normal();
                means.extend((0..features).map(|_| (spec.shift * traits.normal()) as f32));
            }
        }
        let mut world = MixedWorld {
            facts,
            truths: Truths::new(spec, seed, halt),
            jobs,
            spread,
            means,
            probes: TaskBuffer::default(),
            probes_per_skill: probes,
        };
        let mut inputs = TaskBuffer::default();
        world.draw_inputs(Purpose::ProbeFeatures, 0, skills, probes, &mut inputs);
        world.probes = inputs;
        world
    }

    /// Adds the inputs of one task to `x`.
    #[inline]
    fn push_inputs(&self, skill: u32, normals: &[f32], x: &mut Vec<f32>) {
        let start = x.len();
        x.extend_from_slice(normals);
        let row = &mut x[start..];
        if self.truths.spec.covariance != Covariance::Identity {
            row.iter_mut().zip(&self.spread).for_each(|(x, s)| *x *= s);
        }
        if !self.means.is_empty() {
            let features = normals.len();
            let means = &self.means[skill as usize * features..(skill as usize + 1) * features];
            row.iter_mut().zip(means).for_each(|(x, m)| *x += m);
        }
        x.push(1.0);
    }

    /// `n` inputs of each of the first skills, in their order, answers left at 0.
    fn draw_inputs(
        &self,
        purpose: Purpose,
        round: u32,
        skills: usize,
        n: usize,
        to: &mut TaskBuffer,
    ) {
        to.clear(self.facts.inputs);
        let mut normals = Vec::new();
        for skill in 0..skills as u32 {
            let key = Key::new(self.truths.seed, purpose, skill, round);
            self.draw_each(key, n, &mut normals, |z| {
                self.push_inputs(skill, z, &mut to.x);
                to.skills.push(skill);
                to.answers.push(0);
            });
        }
    }

    /// Calls `take` with the raw features of `n` tasks, one after the other, unless the run is
    /// halted: then they are fewer.
    fn draw_each(&self, key: Key, n: usize, normals: &mut Vec<f32>, mut take: impl FnMut(&[f32])) {
        // normals are drawn by 64
        const TOGETHER: usize = 256;
        let features = self.facts.inputs - 1;
        normals.resize(TOGETHER.min(n) * features, 0.0);
        for first in (0..n).step_by(TOGETHER) {
            if self.truths.halt.is_set() {
                return;
            }
            let normals = &mut normals[..TOGETHER.min(n - first) * features];
            key.fill_normals((first * features / 4) as u32, normals);
            normals.chunks_exact(features).for_each(&mut take);
        }
    }

    /// Turns a row of scores into the right answer: their argmax, or a draw at temperature
    /// `T`: the first answer at which the cumulative probability passes `u`.
    fn answer(&self, scores: &mut [f32], norms: &mut Vec<(f32, f32)>, u: f32) -> u32 {
        let Truths { answers, stride, .. } = self.truths;
        let temperature = self.truths.spec.temperature as f32;
        if temperature == 0.0 {
            let mut best = [0];
            argmax(answers, stride, scores, &mut best);
            return best[0];
        }
        scores.iter_mut().for_each(|s| *s /= temperature);
        norms.resize(1, (0.0, 0.0));
        softmax_rows(answers, stride, scores, norms);
        let mut sum = 0.0;
        for (k, p) in scores[..answers].iter().enumerate() {
            sum += p;
            if u < sum {
                return k as u32;
            }
        }
        answers as u32 - 1
    }
}

impl World for MixedWorld {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn company(&self, agent: AgentId) -> CompanyId {
        self.jobs.company(agent)
    }

    fn job(&self, agent: AgentId) -> Vec<f32> {
        self.jobs.shares(agent, self.facts.skills.len())
    }

    fn climate(&self, round: Round, before: Option<(Round, &Climate)>) -> Climate {
        let spec = &self.truths.spec;
        let (mut climate, since, steps) = match before {
            None => (self.truths.first(), 0..=0, 0),
            Some((last, climate)) => {
                let steps = round.0 / spec.drift.every - last.0 / spec.drift.every;
                (climate.clone(), last.0 + 1..=round.0, steps)
            }
        };
        if spec.drift.rho < 1.0 && spec.skill > 0.0 && steps > 0 {
            self.truths.drift(round.0, steps, &mut climate);
        }
        for change in spec.changes.iter().filter(|change| since.contains(&change.round)) {
            if let Some(skill) = change.skill {
                self.truths.redraw_skill(skill, change.round, &mut climate);
            }
            if let Some(company) = change.company {
                self.truths.redraw_company(company, &mut climate);
            }
        }
        climate
    }

    fn deal<'a>(
        &'a self,
        climate: &Climate,
        agent: AgentId,
        round: Round,
        tasks: u32,
        desk: &'a mut Desk,
    ) -> Tasks<'a> {
        let Truths { seed, inputs, stride, .. } = self.truths;
        let company = self.company(agent).0;
        let mut which = Stream::new(seed, Purpose::TaskSkill, agent.0, round.0);
        let mut luck = Stream::new(seed, Purpose::TaskAnswer, agent.0, round.0);
        let Desk { buffer, features: drawn, normals, scores, norms, truths } = desk;
        buffer.clear(inputs);
        scores.resize(stride, 0.0);
        let shape = Shape { n: 1, inputs, stride };
        let key = Key::new(seed, Purpose::TaskFeatures, agent.0, round.0);
        self.draw_each(key, tasks as usize, drawn, |z| {
            let skill = self.jobs.skill(agent, which.uniform_f32());
            self.push_inputs(skill, z, &mut buffer.x);
            let truth = self.truths.of(climate, company, skill, normals, truths);
            forward(shape, truth, Rows::all(&buffer.x[buffer.x.len() - inputs..]), scores);
            let u = if self.truths.spec.temperature > 0.0 { luck.uniform_f32() } else { 0.0 };
            buffer.skills.push(skill);
            buffer.answers.push(self.answer(scores, norms, u));
        });
        buffer.view()
    }

    fn probe<'a>(
        &'a self,
        climate: &Climate,
        agent: AgentId,
        skill: SkillId,
        desk: &'a mut Desk,
    ) -> Option<Probe<'a>> {
        let Truths { inputs, stride, answers, .. } = self.truths;
        let n = self.probes_per_skill;
        let first = skill.index() * n;
        let x = &self.probes.x[first * inputs..(first + n) * inputs];
        let company = self.company(agent).0;
        let Desk { buffer, normals, scores, norms, truths, .. } = desk;
        let truth = self.truths.of(climate, company, skill.0, normals, truths);
        scores.resize(n * stride, 0.0);
        forward(Shape { n, inputs, stride }, truth, Rows::all(x), scores);
        buffer.answers.resize(n, 0);
        argmax(answers, stride, scores, &mut buffer.answers);
        let (mut oracle, mut odds) = (1.0, None);
        let chance = 1.0 / answers as f64;
        if self.truths.spec.temperature > 0.0 {
            scores.iter_mut().for_each(|s| *s /= self.truths.spec.temperature as f32);
            norms.resize(n, (0.0, 0.0));
            softmax_rows(answers, stride, scores, norms);
            let rows = scores.chunks_exact(stride).zip(&buffer.answers);
            let right: f64 = rows.map(|(row, best)| f64::from(row[*best as usize])).sum();
            oracle = right / n as f64;
            if oracle - chance < KNOWN {
                return None;
            }
            odds = Some(&scores[..]);
        }
        let tasks = Tasks {
            inputs,
            x,
            skills: &self.probes.skills[first..first + n],
            answers: &buffer.answers,
        };
        Some(Probe { tasks, chance, oracle, odds })
    }

    fn holdings(&self, _: AgentId) -> Option<(Tasks<'_>, Tasks<'_>)> {
        None
    }

    fn shared_inputs(&self, round: Round, n: usize, to: &mut TaskBuffer) {
        self.draw_inputs(Purpose::SharedInputs, round.0, self.facts.skills.len(), n, to);
    }

    fn trials(
        &self,
        climate: &Climate,
        (purpose, round): (Purpose, Round),
        skills: usize,
        n: usize,
        desk: &mut Desk,
    ) -> bool {
        let Truths { seed, inputs, stride, .. } = self.truths;
        let Desk { buffer, normals, scores, norms, truths, .. } = desk;
        self.draw_inputs(purpose, round.0, skills, n, buffer);
        // the skills' streams are taken
        let mut luck = Stream::new(seed, purpose, u32::MAX, round.0);
        scores.resize(stride, 0.0);
        let shape = Shape { n: 1, inputs, stride };
        for task in 0..buffer.answers.len() {
            if task % 256 == 255 && self.truths.halt.is_set() {
                break;
            }
            let company = self.company(AgentId(luck.below(self.facts.agents as u32))).0;
            let truth = self.truths.of(climate, company, buffer.skills[task], normals, truths);
            forward(shape, truth, Rows::all(&buffer.x[task * inputs..]), scores);
            buffer.answers[task] = self.answer(scores, norms, luck.uniform_f32());
        }
        true
    }
}
