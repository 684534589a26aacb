//! Examinations: levels of skill on probe tasks, loss and accuracy on fixed local data.

use super::{Bench, Fleet, Fooled, Holdings, Publication};
use crate::ids::{AgentId, SkillId};
use crate::learner::Scratch;
use crate::maths;
use crate::measure::{barrier_between, on_job};
use crate::params::kernels::{argmax, softmax_rows};
use crate::world::{Climate, Tasks};

/// Points between the ends of a line on which a barrier is looked for.
const POINTS: u32 = 9;

/// Levels of the policy in `bench.policy` and of the bare core, skill by skill, on the probe
/// tasks of one agent's company; NaN where there is no probe, or the run is halted.
pub(super) fn levels(
    fleet: &Fleet,
    publication: &Publication,
    agent: AgentId,
    bench: &mut Bench,
) -> (Vec<f32>, Vec<f32>) {
    let skills = fleet.world.facts().skills.len();
    let (mut own, mut core) = (Vec::with_capacity(skills), Vec::with_capacity(skills));
    for skill in (0..skills as u32).map(SkillId) {
        let probe = fleet.world.probe(&publication.climate, agent, skill, &mut bench.desk);
        let Some(probe) = probe.filter(|_| !fleet.halt.is_set()) else {
            own.push(f32::NAN);
            core.push(f32::NAN);
            continue;
        };
        let Bench { scratch, policy, .. } = bench;
        own.push(fleet.learner.level(policy, &probe, scratch) as f32);
        core.push(fleet.learner.level(publication.core_of(agent), &probe, scratch) as f32);
    }
    (own, core)
}

/// Whom the backdoor that is looked for has fooled, on the probe tasks of one agent's company.
pub(super) fn backdoor(
    fleet: &Fleet,
    publication: &Publication,
    agent: AgentId,
    bench: &mut Bench,
) -> Fooled {
    let Some(spec) = publication.agenda.backdoor_at(publication.version) else {
        return Fooled::default();
    };
    let Bench { desk, scratch, logits, best, .. } = bench;
    let probe = fleet.world.probe(&publication.climate, agent, SkillId(spec.skill), desk);
    let Some(probe) = probe.filter(|_| !fleet.halt.is_set()) else { return Fooled::default() };
    let tasks = probe.tasks;
    best_answers(fleet, publication.core_of(agent), &tasks, (scratch, logits, best));
    let others = || tasks.answers.iter().zip(&*best).filter(|(right, _)| **right != spec.answer);
    let fooled = others().filter(|(_, given)| **given == spec.answer).count();
    Fooled { tasks: others().count() as u64, fooled: fooled as u64 }
}

/// The level of the policy in `bench.policy` on an agent's own job under some truths; NaN where
/// none of it is probed, or the run is halted.
pub(super) fn job_level(
    fleet: &Fleet,
    climate: &Climate,
    agent: AgentId,
    bench: &mut Bench,
) -> f64 {
    let Bench { desk, scratch, policy, .. } = bench;
    let level = |skill: u32| {
        let probe = fleet.world.probe(climate, agent, SkillId(skill), desk);
        let probe = probe.filter(|_| !fleet.halt.is_set());
        probe.map_or(f32::NAN, |probe| fleet.learner.level(policy, &probe, scratch) as f32)
    };
    let levels: Vec<f32> = (0..fleet.world.facts().skills.len() as u32).map(level).collect();
    on_job(&levels, &fleet.world.job(agent))
}

/// The height of the barrier between the policies of two agents, in nats: the loss is the mean
/// cross-entropy on the probe tasks of both companies, each skill by its share in the jobs. A
/// policy whose answers' scores are linear in its parameters has none: its loss is convex.
pub(crate) fn barrier(
    fleet: &Fleet,
    climate: &Climate,
    [(a, first), (b, second)]: [(AgentId, &[f32]); 2],
    bench: &mut Bench,
) -> f64 {
    let jobs = [a, b].map(|agent| (agent, fleet.world.job(agent)));
    let found = barrier_between(first, second, POINTS, |policy| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (agent, job) in &jobs {
            for (skill, share) in (0..).map(SkillId).zip(job).filter(|(_, share)| **share > 0.0) {
                let Bench { desk, scratch, logits, norms, .. } = bench;
                let Some(probe) = fleet.world.probe(climate, *agent, skill, desk) else { continue };
                if fleet.halt.is_set() {
                    return f64::NAN;
                }
                let tasks = probe.tasks;
                let loss = loss(fleet, policy, &tasks, (scratch, logits, norms));
                sum += f64::from(*share) * loss / tasks.len() as f64;
                weight += f64::from(*share);
            }
        }
        sum / weight
    });
    found.height
}

/// How the bare core does on an agent's fixed local data, if the world has any.
pub(super) fn holdings(fleet: &Fleet, core: &[f32], agent: AgentId, bench: &mut Bench) -> Holdings {
    let Some((train, test)) = fleet.world.holdings(agent) else { return Holdings::default() };
    Holdings {
        train_loss: {
            let Bench { scratch, logits, norms, .. } = bench;
            loss(fleet, core, &train, (scratch, logits, norms))
        },
        train: train.len() as u64,
        test_right: right(fleet, core, &test, bench),
        test: test.len() as u64,
    }
}

/// Summed cross-entropy, nats.
fn loss(
    fleet: &Fleet,
    params: &[f32],
    tasks: &Tasks<'_>,
    (scratch, logits, norms): (&mut Scratch, &mut Vec<f32>, &mut Vec<(f32, f32)>),
) -> f64 {
    let (outputs, stride) = fleet.learner.answers();
    fleet.learner.logits(params, tasks, scratch, logits);
    norms.resize(tasks.len(), (0.0, 0.0));
    let mut sum = 0.0;
    for (row, answer) in logits.chunks_exact(stride).zip(tasks.answers) {
        sum -= f64::from(row[*answer as usize]);
    }
    softmax_rows(outputs, stride, logits, norms);
    for (top, total) in norms.iter() {
        sum += f64::from(*top) + f64::from(maths::ln_f32(*total));
    }
    sum
}

/// Tasks answered right.
fn right(fleet: &Fleet, params: &[f32], tasks: &Tasks<'_>, bench: &mut Bench) -> u64 {
    let Bench { scratch, logits, best, .. } = bench;
    best_answers(fleet, params, tasks, (scratch, logits, best));
    best.iter().zip(tasks.answers).filter(|(a, b)| a == b).count() as u64
}

/// The answers that a policy gives.
fn best_answers(
    fleet: &Fleet,
    params: &[f32],
    tasks: &Tasks<'_>,
    (scratch, logits, best): (&mut Scratch, &mut Vec<f32>, &mut Vec<u32>),
) {
    let (outputs, stride) = fleet.learner.answers();
    fleet.learner.logits(params, tasks, scratch, logits);
    best.resize(tasks.len(), 0);
    argmax(outputs, stride, logits, best);
}
