//! Fisher information and Gram matrices against sums written out.

use super::*;
use crate::learner::Statistic;
use crate::params::Sparse;

/// Both statistics of a learner at random parameters, beside those of its reference.
fn compare_statistics(learner: &dyn Learner, reference: &Reference, inputs_of: &[usize]) {
    let mut stream = Stream::new(SEED, Purpose::TaskFeatures, 1, 0);
    let examples: Vec<(Vec<f64>, usize)> = (0..TASKS)
        .map(|task| {
            let mut x: Vec<f64> = (1..INPUTS).map(|_| f64::from(stream.normal() as f32)).collect();
            x.push(1.0);
            (x, [0, 1, 1, 2][task % 4])
        })
        .collect();
    let (core_matrices, job_matrices) = reference.matrices();
    let (core, job) =
        (draw(&core_matrices, 0.5, &mut stream), draw(&job_matrices, 0.5, &mut stream));
    let x: Vec<f32> = examples.iter().flat_map(|(x, _)| single(x)).collect();
    let skills: Vec<u32> = examples.iter().map(|(_, skill)| *skill as u32).collect();
    let answers = [0; TASKS];
    let tasks = Tasks { inputs: INPUTS, x: &x, skills: &skills, answers: &answers };
    let mut local = Local::new(learner.core_layout().clone(), learner.job_layout().clone());
    learner.touch(&tasks, &mut local);
    for slot in 0..local.len() {
        let (block, _) = local.block(slot);
        let from = single(&core[learner.core_layout().range(block)]);
        local.set_start(slot, |to| to.copy_from_slice(&from));
        let from = single(&job[learner.job_layout().range(block)]);
        local.parts(slot).2.copy_from_slice(&from);
    }
    let before = local.all().to_vec();

    // E_y (∂ ln p_y/∂θ)², task by task
    let mut fisher = vec![0.0; core.len()];
    for (x, skill) in &examples {
        let odds = |core: &[f64]| {
            let logits = reference.logits(core, &job, x, *skill);
            let total: f64 = logits.iter().map(|l| libm::exp(*l)).sum();
            logits.iter().map(|l| libm::exp(*l) / total).collect::<Vec<f64>>()
        };
        for (answer, p) in odds(&core).into_iter().enumerate() {
            let slope = gradient(&core_matrices, |core| libm::log(odds(core)[answer]), &core);
            fisher.iter_mut().zip(slope).for_each(|(f, slope)| *f += p * slope * slope);
        }
    }
    let (mut got, mut scratch) = (Sparse::default(), Scratch::default());
    learner.statistic(Statistic::Fisher, &tasks, &mut local, &mut scratch, &mut got);
    assert_eq!(got.len(), local.len());
    for (block, count, values) in got.iter() {
        let range = learner.core_layout().range(block);
        for (at, got) in values.iter().enumerate() {
            let want = fisher[range.start + at] / f64::from(count);
            // products of some 150 roundings of numbers of up to about 2
            assert!((f64::from(*got) - want).abs() < 1e-4, "block {block}, {at}: {got}, {want}");
        }
        assert!(values.iter().any(|v| *v > 1e-3), "block {block} has no information");
    }

    got.clear();
    learner.statistic(Statistic::Gram, &tasks, &mut local, &mut scratch, &mut got);
    for (block, count, values) in got.iter() {
        let inputs = inputs_of[block as usize];
        assert_eq!(values.len(), inputs * inputs);
        // the constant is every layer's last input: its square counts the tasks
        assert_eq!(values[values.len() - 1], count as f32);
        for i in 0..inputs {
            for j in 0..inputs {
                assert_eq!(values[i * inputs + j], values[j * inputs + i]);
            }
        }
    }
    if let Reference::Softmax(..) = reference {
        let (_, _, general) = got.iter().next().expect("the general block");
        let want: f64 = examples.iter().map(|(x, _)| x[0] * x[1]).sum();
        assert!((f64::from(general[1]) - want).abs() < 1e-5, "{} {want}", general[1]);
    }
    // job knowledge is taken off again, to a rounding
    let same = local.all().iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-6);
    assert!(same, "the policy has changed");
}

#[test]
fn the_softmax_knows_its_statistics() {
    for buckets in [SKILLS, 1] {
        let spec = scenario::Softmax { buckets: Some(buckets as u32), ..Default::default() };
        let learner = Softmax::new(&spec, &facts(), SEED, true);
        compare_statistics(&learner, &Reference::softmax(buckets), &[INPUTS; 1 + SKILLS]);
    }
}

#[test]
fn the_mlp_knows_its_statistics() {
    let spec = scenario::Mlp {
        hidden: vec![5, 4],
        code: 2,
        rank: 2,
        scale: 2.0,
        activation: Activation::Tanh,
        ..Default::default()
    };
    let learner = Mlp::new(&spec, &facts(), SEED, true);
    compare_statistics(&learner, &Reference::mlp(&spec), &[2 + INPUTS, 6, 5]);
}
