//! Each compressor against what its paper says of it.

use super::*;
use crate::params::kernels::{Level, force_level, level};
use crate::scenario::{Int8, OneBit, RandomK, Scenario, TopK, Uncompressed};
use crate::stream::{Purpose, Stream};
use proptest::prelude::*;

fn top_k(share: f64) -> Compression {
    Compression::TopK(TopK { share, ..TopK::default() })
}

fn random_k(share: f64, scaled: bool) -> Compression {
    Compression::RandomK(RandomK { share, scaled, feedback: !scaled, ..RandomK::default() })
}

fn int8(rounding: Rounding) -> Compression {
    Compression::Int8(Int8 { rounding, ..Int8::default() })
}

fn one_bit() -> Compression {
    Compression::OneBit(OneBit::default())
}

fn key(round: u32) -> Key {
    Key::new(5, Purpose::Compression, 3, round)
}

/// `C(x)`, drawn for a round.
fn sent(spec: &Compression, round: u32, x: &[f32]) -> Vec<f32> {
    let mut sent = vec![f32::NAN; x.len()];
    Press::default().compress(spec, (key(round), 0), x, &mut sent);
    sent
}

/// Numbers of very different sizes.
fn numbers(seed: u64, n: usize) -> Vec<f32> {
    let mut stream = Stream::new(seed, Purpose::Job, 0, 0);
    (0..n).map(|_| (stream.normal() * stream.normal()) as f32).collect()
}

fn square(x: impl IntoIterator<Item = f64>) -> f64 {
    x.into_iter().map(|x| x * x).sum()
}

fn norm(x: &[f32]) -> f64 {
    square(x.iter().map(|x| f64::from(*x)))
}

fn error(x: &[f32], sent: &[f32]) -> f64 {
    square(x.iter().zip(sent).map(|(x, sent)| f64::from(*x) - f64::from(*sent)))
}

#[test]
fn small_vectors_come_to_what_is_worked_out_by_hand() {
    let x = [3.0, -1.0, 0.0, 4.0, -4.0];
    assert_eq!(sent(&Compression::None(Uncompressed::default()), 0, &x), x);
    // of the two largest both, of equal ones the first
    assert_eq!(sent(&top_k(0.4), 0, &x), [0.0, 0.0, 0.0, 4.0, -4.0]);
    assert_eq!(sent(&top_k(0.2), 0, &x), [0.0, 0.0, 0.0, 4.0, 0.0]);
    // rounded down, but one at least
    assert_eq!(sent(&top_k(0.01), 0, &x), [0.0, 0.0, 0.0, 4.0, 0.0]);
    assert_eq!(sent(&top_k(1.0), 0, &x), x);
    // 12 / 5
    assert_eq!(sent(&one_bit(), 0, &x), [2.4, -2.4, 2.4, 2.4, -2.4]);
    // steps of 1
    let x = [127.0, -1.5, 2.5, 0.49, -127.0];
    assert_eq!(sent(&int8(Rounding::Nearest), 0, &x), [127.0, -2.0, 2.0, 0.0, -127.0]);
    for round in 0..20 {
        let y = sent(&int8(Rounding::Stochastic), round, &x);
        assert!(y[0] == 127.0 && y[4] == -127.0, "what needs no rounding stays: {y:?}");
        assert!([-1.0, -2.0].contains(&y[1]) && [2.0, 3.0].contains(&y[2]), "{y:?}");
        assert!([0.0, 1.0].contains(&y[3]), "{y:?}");
        let y = sent(&random_k(0.4, false), round, &x);
        let kept = y.iter().zip(&x).filter(|(y, x)| y == x).count();
        assert!(kept == 2 && y.iter().filter(|y| **y == 0.0).count() == 3, "{y:?}");
        let scaled = sent(&random_k(0.4, true), round, &x);
        assert!(scaled.iter().zip(&y).all(|(scaled, y)| *scaled == 2.5 * y));
    }
}

#[test]
fn a_vector_of_zeros_or_of_nothing_is_sent_as_one() {
    for spec in [
        top_k(0.3),
        random_k(0.3, true),
        int8(Rounding::Nearest),
        int8(Rounding::Stochastic),
        one_bit(),
    ] {
        for x in [vec![], vec![0.0; 70], vec![-0.0; 3]] {
            assert!(sent(&spec, 1, &x).iter().all(|y| *y == 0.0), "{spec:?}");
        }
        // too small to be told apart by bytes: zeros, and never no number
        let y = sent(&spec, 1, &[f32::from_bits(1), -f32::from_bits(3), 1e-44]);
        assert!(y.iter().all(|y| y.is_finite() && y.abs() < 1e-40), "{spec:?}: {y:?}");
    }
}

#[test]
fn every_instruction_set_sends_the_same_bits() {
    let best = level();
    for n in [1, 2, 15, 16, 17, 63, 64, 65, 300, 5000] {
        let x = numbers(n as u64, n);
        for spec in [
            top_k(0.1),
            random_k(0.1, true),
            int8(Rounding::Nearest),
            int8(Rounding::Stochastic),
            one_bit(),
        ] {
            let bits = |level| {
                force_level(level);
                sent(&spec, 2, &x).iter().map(|y| y.to_bits()).collect::<Vec<_>>()
            };
            let reference = bits(Level::Baseline);
            assert_eq!(bits(Level::Avx2), reference, "{n} {spec:?}");
            assert_eq!(bits(Level::Avx512), reference, "{n} {spec:?}");
        }
    }
    force_level(best);
}

#[test]
fn what_is_drawn_at_random_has_the_published_mean_and_variance() {
    let (draws, d) = (40_000, 20);
    let x = numbers(4, d);
    let step = f64::from(x.iter().fold(0.0_f32, |a, b| a.max(b.abs()))) / 127.0;
    // (compressor, mean of an entry and its variance over draws)
    type Law = Box<dyn Fn(f64) -> (f64, f64)>;
    let laws: [(Compression, Law); 3] = [
        // kept with probability k/d, as often times d/k
        (random_k(0.2, true), Box::new(|x| (x, x * x * (5.0 - 1.0)))),
        (random_k(0.2, false), Box::new(|x| (0.2 * x, x * x * 0.2 * 0.8))),
        (
            int8(Rounding::Stochastic),
            Box::new(move |x| {
                let p = (x / step).rem_euclid(1.0);
                (x, p * (1.0 - p) * step * step)
            }),
        ),
    ];
    for (spec, law) in laws {
        let mut sums = vec![(0.0, 0.0); d];
        for round in 0..draws {
            for (sum, y) in sums.iter_mut().zip(sent(&spec, round, &x)) {
                sum.0 += f64::from(y);
                sum.1 += f64::from(y) * f64::from(y);
            }
        }
        let n = f64::from(draws);
        for (i, (sum, squares)) in sums.into_iter().enumerate() {
            let (mean, variance) = law(f64::from(x[i]));
            let (got, spread) = (sum / n, squares / n - sum / n * sum / n);
            // five standard errors of a mean; roundings in single precision
            let most = 5.0 * (variance / n).sqrt() + 1e-6 * f64::from(x[i].abs());
            assert!((got - mean).abs() < most, "{spec:?} {i}: {got} and {mean}");
            // of two values the fourth moment is at most the square of their distance times the
            // variance
            let apart = variance.sqrt() * f64::from(x[i].abs()).max(step) * 5.0;
            let most = 5.0 * apart / n.sqrt() + 1e-6 * f64::from(x[i] * x[i]);
            assert!((spread - variance).abs() < most, "{spec:?} {i}: {spread} and {variance}");
        }
    }
}

#[test]
fn every_entry_and_every_pair_is_drawn_as_often() {
    let (d, draws) = (6, 30_000);
    let x = vec![1.0; d];
    let mut pairs = vec![0_u32; d * d];
    for round in 0..draws {
        let y = sent(&random_k(0.5, false), round, &x);
        let kept: Vec<usize> = (0..d).filter(|i| y[*i] == 1.0).collect();
        assert_eq!(kept.len(), 3);
        for &a in &kept {
            kept.iter().for_each(|b| pairs[a * d + b] += 1);
        }
    }
    for a in 0..d {
        for b in 0..d {
            // 3 of 6, and (3 · 2)/(6 · 5)
            let p = if a == b { 0.5 } else { 0.2 };
            let (want, n) = (p * f64::from(draws), f64::from(draws));
            let most = 5.0 * (n * p * (1.0 - p)).sqrt();
            assert!((f64::from(pairs[a * d + b]) - want).abs() < most, "{a} {b}: {pairs:?}");
        }
    }
}

#[test]
fn bytes_are_those_worked_out_by_hand() {
    let of = |spec: &Compression, numbers: &[usize]| bytes(spec, numbers.iter().copied());
    let whole = |mut spec: Compression| {
        match &mut spec {
            Compression::None(_) => {}
            Compression::TopK(spec) => spec.scope = VectorScope::Contribution,
            Compression::RandomK(spec) => spec.scope = VectorScope::Contribution,
            Compression::Int8(spec) => spec.scope = VectorScope::Contribution,
            Compression::OneBit(spec) => spec.scope = VectorScope::Contribution,
        }
        spec
    };
    let blocks = [105, 10];
    assert_eq!(of(&Compression::default(), &blocks), 4 * 115);
    // ten and one, each with its place; eleven of both together
    assert_eq!(of(&top_k(0.1), &blocks), 8 * 11);
    assert_eq!(of(&whole(top_k(0.1)), &blocks), 8 * 11);
    assert_eq!(of(&top_k(0.7), &blocks), 4 * 115, "places cost more than all numbers");
    assert_eq!(of(&random_k(0.1, false), &blocks), 8 + 4 * 11);
    assert_eq!(of(&int8(Rounding::Nearest), &blocks), 115 + 2 * 4);
    assert_eq!(of(&whole(int8(Rounding::Nearest)), &blocks), 115 + 4);
    // 14 and 2 bytes; 115 bits are 15
    assert_eq!(of(&one_bit(), &blocks), 14 + 2 + 2 * 4);
    assert_eq!(of(&whole(one_bit()), &blocks), 15 + 4);
    assert_eq!(of(&one_bit(), &[]), 0);
}

/// A learner with blocks of 5 × 3 numbers in rows of 8.
fn learner() -> impl Learner {
    let sets = ["world.skills=4", "world.features=4", "world.answers=3", "fleet.agents=8"];
    let sets = [&sets[..], &["world.companies=2", "measure.panel=4"]].concat();
    let sets: Vec<String> = sets.into_iter().map(String::from).collect();
    let scenario = Scenario::parse("", "test", &sets).unwrap_or_else(|e| panic!("{e}"));
    let world = crate::world::build(&scenario).unwrap_or_else(|e| panic!("{e}"));
    crate::learner::Softmax::new(&Default::default(), world.facts(), 1, false)
}

#[test]
fn what_was_sent_and_what_is_kept_is_what_was_learned_and_padding_stays_zero() {
    let learner = learner();
    let layout = learner.core_layout().clone();
    assert_eq!((learner.columns(1), learner.numbers(1)), ((8, 3), 15));
    let with = |set: &str| {
        let sets: Vec<String> =
            set.split(' ').map(|set| format!("distiller.compression.{set}")).collect();
        let scenario = Scenario::parse("", "test", &sets).unwrap_or_else(|e| panic!("{e}"));
        scenario.distiller.compression.clone()
    };
    for set in [
        "kind=top-k",
        "kind=top-k scope=contribution share=0.3",
        "kind=random-k",
        "kind=random-k scope=contribution",
        "kind=int8 feedback=true",
        "kind=int8 feedback=true rounding=nearest scope=contribution",
        "kind=one-bit",
        "kind=one-bit scope=contribution",
        "kind=one-bit feedback=false",
    ] {
        let spec = with(set);
        let owners = if spec.feedback() { 2 } else { 0 };
        let mut unsent = Store::new(layout.clone(), owners);
        let mut press = Press::default();
        let mut learned = vec![0.0_f64; layout.entries()];
        let (mut sums, mut largest) = (learned.clone(), 0.0_f64);
        for round in 0..50_u32 {
            let mut learning = Learning::default();
            // another choice of blocks each round, the last one once
            let blocks = [(0, true), (1 + round % 3, true), (4, round == 7)];
            for (block, _) in blocks.into_iter().filter(|(_, works)| *works) {
                let values = learning.contribution.push(block, 3, layout.len(block));
                let drawn = numbers((u64::from(round) << 8) + u64::from(block), 15);
                for (row, drawn) in values.chunks_exact_mut(8).zip(drawn.chunks_exact(3)) {
                    row[..3].copy_from_slice(drawn);
                }
            }
            let add = |sum: &mut [f64], learning: &Learning| {
                for (block, tasks, values) in learning.contribution.iter() {
                    assert_eq!(tasks, 3);
                    let rows = values.chunks_exact(8);
                    assert!(rows.into_iter().all(|row| row[3..].iter().all(|x| *x == 0.0)));
                    let at = &mut sum[layout.range(block)];
                    at.iter_mut().zip(values).for_each(|(sum, x)| *sum += f64::from(*x));
                }
            };
            add(&mut learned, &learning);
            let untouched = unsent.clone();
            let memory = (&mut unsent, 1);
            compress(&spec, &learner, key(round), memory, &mut press, &mut learning).unwrap();
            add(&mut sums, &learning);
            if owners > 0 {
                let all = |store: &Store, block| store.get(1, block).map(|(kept, _)| kept.to_vec());
                let others = (0..5).filter(|b| learning.contribution.get(*b).is_none());
                for block in others {
                    assert_eq!(all(&unsent, block), all(&untouched, block), "{set}: it waits");
                }
                assert!(unsent.blocks(0).next().is_none(), "another's memory is its own");
            }
        }
        for block in (0..5).filter(|_| owners > 0) {
            let Some((kept, _)) = unsent.get(1, block) else { continue };
            let at = &mut sums[layout.range(block)];
            at.iter_mut().zip(kept).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        for (sum, learned) in sums.iter().zip(&learned) {
            largest = largest.max((sum - learned).abs());
        }
        if owners > 0 {
            // two roundings of numbers below 64 in each of 50 rounds
            assert!(largest <= 50.0 * 64.0 * f64::from(f32::EPSILON), "{set}: {largest}");
        } else {
            assert!(largest > 1.0, "without feedback what was not sent is lost: {largest}");
        }
    }
}

#[test]
fn what_grows_beyond_all_numbers_is_told_with_its_block() {
    let learner = learner();
    let layout = learner.core_layout().clone();
    let mut unsent = Store::new(layout.clone(), 1);
    let (mut press, mut learning) = (Press::default(), Learning::default());
    for block in [2, 1] {
        learning.contribution.push(block, 1, layout.len(block)).fill(0.0);
    }
    learning.contribution.values_mut()[layout.len(2)] = f32::MAX;
    let spec = random_k(0.01, true);
    let mut found = false;
    for round in 0..200 {
        let mut learning = learning.clone();
        let memory = (&mut unsent, 0);
        let sent = compress(&spec, &learner, key(round), memory, &mut press, &mut learning);
        if let Err(AgentError::Diverged { block, .. }) = sent {
            assert_eq!(block, 1);
            found = true;
            break;
        }
    }
    assert!(found, "the largest number times 15 is infinite");
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(
        prop_oneof![4 => -1e3_f32..1e3, 1 => Just(0.0), 1 => -1e-3_f32..1e-3],
        1..200,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn top_k_leaves_no_more_than_its_share_of_the_norm(x in vector(), share in 0.01..1.0_f64) {
        let y = sent(&top_k(share), 0, &x);
        let kept = share_of(share, x.len());
        prop_assert!(y.iter().filter(|y| **y != 0.0).count() <= kept);
        let delta = kept as f64 / x.len() as f64;
        prop_assert!(error(&x, &y) <= (1.0 - delta) * norm(&x) * (1.0 + 1e-12));
    }

    #[test]
    fn one_bit_leaves_what_the_norms_say(x in vector()) {
        let y = sent(&one_bit(), 0, &x);
        let l1: f64 = x.iter().map(|x| f64::from(x.abs())).sum();
        let left = norm(&x) - l1 * l1 / x.len() as f64;
        // the magnitude is rounded to single precision
        prop_assert!((error(&x, &y) - left).abs() <= 1e-6 * norm(&x) + f64::MIN_POSITIVE);
    }

    #[test]
    fn random_k_keeps_as_many_as_it_says_and_leaves_no_more_than_all(
        x in vector(), share in 0.01..1.0_f64, round: u32,
    ) {
        let y = sent(&random_k(share, false), round, &x);
        prop_assert!(x.iter().zip(&y).all(|(x, y)| y == x || *y == 0.0));
        prop_assert!(y.iter().filter(|y| **y != 0.0).count() <= share_of(share, x.len()));
    }

    #[test]
    fn int8_is_off_by_a_step_at_most_and_half_of_one_if_to_the_nearest(
        x in vector(), round: u32,
    ) {
        let step = x.iter().fold(0.0_f32, |a, b| a.max(b.abs())) / 127.0;
        for (rounding, most) in [(Rounding::Stochastic, 1.0), (Rounding::Nearest, 0.5)] {
            for (x, y) in x.iter().zip(sent(&int8(rounding), round, &x)) {
                prop_assert!((x - y).abs() <= step * most * 1.0001, "{x} {y} {step}");
                let steps = y / step.max(f32::MIN_POSITIVE);
                prop_assert!((steps - steps.round()).abs() < 1e-4 && steps.abs() <= 127.001);
            }
        }
    }

    /// Where a vector begins among the entries that are drawn changes what is drawn, and nothing else does.
    #[test]
    fn draws_are_a_function_of_their_name(n in 1_usize..300, round: u32, first in 0_usize..9) {
        let x = numbers(3, n);
        let mut press = Press::default();
        let mut draw = |first| {
            let mut sent = vec![f32::NAN; n];
            press.compress(&random_k(0.3, false), (key(round), first * WORDS), &x, &mut sent);
            sent
        };
        let a = draw(first);
        draw(first + 1);
        prop_assert_eq!(draw(first), a);
    }
}
