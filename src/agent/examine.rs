//! Examinations: levels of skill on probe tasks, loss and accuracy on fixed local data.

use super::{Bench, Fleet, Holdings, Publication};
use crate::ids::{AgentId, SkillId};
use crate::maths;
use crate::params::kernels::{argmax, softmax_rows};
use crate::world::Tasks;

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

/// How the bare core does on an agent's fixed local data, if the world has any.
pub(super) fn holdings(fleet: &Fleet, core: &[f32], agent: AgentId, bench: &mut Bench) -> Holdings {
    let Some((train, test)) = fleet.world.holdings(agent) else { return Holdings::default() };
    Holdings {
        train_loss: loss(fleet, core, &train, bench),
        train: train.len() as u64,
        test_right: right(fleet, core, &test, bench),
        test: test.len() as u64,
    }
}

/// Summed cross-entropy, nats.
fn loss(fleet: &Fleet, params: &[f32], tasks: &Tasks<'_>, bench: &mut Bench) -> f64 {
    let (outputs, stride) = fleet.learner.answers();
    let Bench { scratch, logits, norms, .. } = bench;
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
    let (outputs, stride) = fleet.learner.answers();
    let Bench { scratch, logits, best, .. } = bench;
    fleet.learner.logits(params, tasks, scratch, logits);
    best.resize(tasks.len(), 0);
    argmax(outputs, stride, logits, best);
    best.iter().zip(tasks.answers).filter(|(a, b)| a == b).count() as u64
}
