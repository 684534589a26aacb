//! The distiller's own training of a core: on what agents send, and in advance.

use crate::agent::Fleet;
use crate::ids::Round;
use crate::learner::{Lesson, Order, Plan, Scratch, Share, Tally, Targets};
use crate::params::Local;
use crate::scenario::{FeedbackKind, Pretraining};
use crate::stream::Purpose;
use crate::world::{Desk, Tasks};

/// Tasks of a skill that are trained on together in advance: what is in memory at once.
const PIECE: u32 = 16;

/// The distiller's way through a pool: the core alone moves, every answer is told.
pub(super) fn own_plan(fleet: &Fleet, batch: u32, epochs: u32, rate: f64) -> Plan {
    let mut feedback = fleet.plan.feedback.clone();
    feedback.kind = FeedbackKind::Semantic;
    feedback.noise = 0.0;
    Plan {
        batch: batch as usize,
        epochs,
        prox: 0.0,
        share: Share::Core { rate: rate as f32 },
        feedback,
    }
}

/// Trains a core on a pool, in an order that is drawn from the stream of a purpose and round.
pub(super) fn train(
    fleet: &Fleet,
    (local, scratch): (&mut Local, &mut Scratch),
    pool: &Tasks<'_>,
    targets: Targets<'_>,
    plan: &Plan,
    (purpose, round): (Purpose, u32),
    core: &mut [f32],
) -> Tally {
    if pool.is_empty() {
        return Tally::default();
    }
    let learner = &fleet.learner;
    let layout = learner.core_layout();
    local.clear();
    learner.touch(pool, local);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        local.set_start(slot, |to| to.copy_from_slice(&core[layout.range(block)]));
    }
    let lesson = Lesson {
        efficiency: 1.0,
        uptake: 1.0,
        tasks: *pool,
        targets,
        plan,
        halt: &fleet.halt,
        epochs: plan.epochs,
        baseline: &mut 0.0,
        values: &fleet.world.facts().values,
        name: (fleet.seed, 0, round),
        order: Order::Shuffled(purpose),
    };
    let tally = learner.train(lesson, local, scratch);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        core[layout.range(block)].copy_from_slice(local.now(slot));
    }
    tally
}

/// The core that a fleet begins with, and what it took to train it in advance. After the first half
/// of the way the mean of the iterates is taken, so that the core is free of the noise of the last few
/// tasks (Jain et al. 2018, "Parallelizing stochastic gradient descent for least squares regression:
/// mini-batching, averaging, and model misspecification", JMLR 18).
pub(super) fn first_core(fleet: &Fleet, spec: &Pretraining) -> (Vec<f32>, Tally) {
    let mut core = vec![0.0; fleet.learner.core_layout().entries()];
    fleet.learner.initial_core(fleet.seed, &mut core);
    let mut taught = Tally::default();
    if spec.tasks == 0 {
        return (core, taught);
    }
    let all = fleet.world.facts().skills.len() as u32;
    let skills = if spec.skills == 0 { all } else { spec.skills };
    let each = spec.tasks / skills;
    let plan = own_plan(fleet, 1, 1, 1.0);
    let climate = fleet.world.climate(Round(0), None);
    let mut local =
        Local::new(fleet.learner.core_layout().clone(), fleet.learner.job_layout().clone());
    let mut scratch = Scratch::default();
    let mut desk = Desk::default();
    let mut sum = vec![0.0_f64; core.len()];
    let pieces = each.div_ceil(PIECE);
    for piece in 0..pieces {
        let n = PIECE.min(each - piece * PIECE) as usize;
        let name = (Purpose::Pretraining, Round(piece));
        fleet.world.trials(&climate, name, skills as usize, n, &mut desk);
        let pool = desk.buffer.view();
        let bench = (&mut local, &mut scratch);
        let order = (Purpose::PretrainingOrder, piece);
        let tally = train(fleet, bench, &pool, Targets::Answers, &plan, order, &mut core);
        taught.add(&tally);
        if fleet.halt.is_set() {
            break;
        }
        if piece >= pieces / 2 {
            sum.iter_mut().zip(&core).for_each(|(sum, v)| *sum += f64::from(*v));
        }
    }
    let averaged = f64::from(pieces - pieces / 2);
    core.iter_mut().zip(&sum).for_each(|(v, sum)| *v = (sum / averaged) as f32);
    (core, taught)
}
