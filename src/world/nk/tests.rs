//! The landscape against its definition and its known answers. Tolerances are 4 standard errors
//! over landscapes, which are independent.

use super::*;

fn spec(n: u32, k: u32) -> Nk {
    Nk { n, k, ..Nk::default() }
}

/// The same landscape by its definition: contributions are added up as fractions.
fn defined(landscape: &Landscape, bits: u64) -> f64 {
    let n = landscape.bits() as usize;
    let contribution = |i: usize| {
        let parts = &landscape.parts[i * landscape.width as usize..][..landscape.width as usize];
        let places = parts.iter().enumerate();
        let index: u64 = places.map(|(place, part)| (bits >> part & 1) << place).sum();
        let key = Key::new(landscape.seed, Purpose::Ruggedness, i as u32, (index >> 34) as u32);
        f64::from(key.word((index % (1 << 34)) as usize)) / 4_294_967_296.0
    };
    (0..n).map(contribution).sum::<f64>() / n as f64
}

fn words(seed: u64) -> impl FnMut() -> u64 {
    let mut stream = Stream::new(seed, Purpose::Action, 0, 0);
    move || u64::from(stream.word()) << 32 | u64::from(stream.word())
}

/// Mean and standard error of numbers that are independent.
fn mean(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let squares = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// With a table, with draws on demand, and with more entries than a stream holds.
#[test]
fn a_fitness_is_the_mean_of_the_contributions() {
    for (n, k) in [(1, 0), (20, 5), (20, 19), (64, 0), (64, 20), (64, 40), (64, 63)] {
        for neighbours in [Partners::Random, Partners::Adjacent] {
            let spec = Nk { neighbours, scaled: false, ..spec(n, k) };
            let landscape = Landscape::new(&spec, 5);
            assert_eq!(landscape.table.is_empty(), n == 64 && k > 0 || k == 19, "{n} {k}");
            let mut word = words(n.into());
            for _ in 0..20 {
                let solution = landscape.solution(word() & landscape.mask());
                let got = landscape.mean(solution.fitness);
                assert!((got - defined(&landscape, solution.bits)).abs() < 1e-12, "{n} {k}");
                let bit = (word() % u64::from(n)) as u32;
                let flipped = landscape.flipped(solution, bit);
                assert_eq!(flipped, landscape.solution(solution.bits ^ 1 << bit), "{n} {k}");
            }
        }
    }
}

#[test]
fn every_bit_depends_on_itself_and_k_others() {
    for neighbours in [Partners::Random, Partners::Adjacent] {
        for (n, k) in [(8, 0), (8, 3), (9, 4), (8, 7), (64, 63)] {
            for bit in 0..n {
                let parts = parts_of(&Nk { neighbours, ..spec(n, k) }, 3, bit);
                assert!(parts.windows(2).all(|pair| pair[0] < pair[1]), "rising: {parts:?}");
                assert_eq!(parts.len() as u32, k + 1);
                assert!(parts.contains(&(bit as u8)) && parts.iter().all(|p| u32::from(*p) < n));
            }
        }
    }
    let adjacent =
        |n, k, bit| parts_of(&Nk { neighbours: Partners::Adjacent, ..spec(n, k) }, 3, bit);
    assert_eq!(adjacent(8, 2, 0), [0, 1, 7]);
    assert_eq!(adjacent(8, 3, 4), [3, 4, 5, 6]);
}

/// 20,000 draws of 3 of the 7 others: each others' count is binomial with p = 3/7, of standard
/// deviation 70.
#[test]
fn random_partners_are_drawn_alike() {
    let mut hits = [0_u32; 8];
    for seed in 0..20_000 {
        parts_of(&spec(8, 3), seed, 2).iter().for_each(|part| hits[usize::from(*part)] += 1);
    }
    assert_eq!(hits[2], 20_000);
    let others = hits.iter().enumerate().filter(|(i, _)| *i != 2);
    assert!(
        others.clone().all(|(_, h)| (f64::from(*h) - 60_000.0 / 7.0).abs() < 280.0),
        "{hits:?}"
    );
}

#[test]
fn the_highest_point_is_the_highest_of_all() {
    for (n, k) in [(1, 0), (3, 1), (6, 5), (7, 2), (12, 0), (13, 4), (14, 13), (18, 17)] {
        for neighbours in [Partners::Random, Partners::Adjacent] {
            let landscape = Landscape::new(&Nk { neighbours, ..spec(n, k) }, 11);
            let all = (0..=landscape.mask()).map(|bits| landscape.solution(bits));
            let best = all.reduce(|a, b| if b.beats(&a) { b } else { a });
            assert_eq!(landscape.peak, best, "{n} {k}");
            assert_eq!(landscape.level(landscape.peak.unwrap().fitness), 1.0);
            // the same from contributions that are drawn on demand
            let bare = Landscape { table: Vec::new(), ..landscape };
            assert_eq!(Some(bare.peak()), best, "{n} {k}");
        }
    }
}

/// Without interactions each bit has a better value, and the best solution has them all.
#[test]
fn without_interactions_there_is_one_optimum_and_bits_add_up() {
    let landscape = Landscape::new(&spec(12, 0), 4);
    let all = || (0..=landscape.mask()).map(|bits| landscape.solution(bits));
    let optima: Vec<Solution> = all().filter(|one| landscape.is_local_optimum(*one)).collect();
    let better = |i: usize| u64::from(landscape.table[2 * i + 1] > landscape.table[2 * i]);
    let best = (0..12).map(|i| better(i) << i).sum();
    assert_eq!(optima, [landscape.solution(best)]);
    // what a flip changes does not depend on the other bits
    let change = |bits: u64| {
        let at = landscape.solution(bits & !1);
        landscape.flipped(at, 0).fitness.0 as i64 - at.fitness.0 as i64
    };
    assert!((0..4096).all(|bits| change(bits) == change(0)));
}

fn optima(landscape: &Landscape) -> f64 {
    let all = (0..=landscape.mask()).map(|bits| landscape.solution(bits));
    all.filter(|one| landscape.is_local_optimum(*one)).count() as f64
}

/// A solution among draws that are all independent is the best of itself and its N neighbours with
/// probability 1/(N+1) (Kauffman & Levin 1987).
#[test]
fn with_all_interactions_a_share_of_one_over_n_plus_one_is_optimal() {
    let counts: Vec<f64> =
        (0..200).map(|seed| optima(&Landscape::new(&spec(10, 9), seed))).collect();
    let (found, error) = mean(&counts);
    assert!((found - 1024.0 / 11.0).abs() < 4.0 * error, "{found} ± {error}");
    assert!(error < 0.6, "the test has grown blunt: {error}");
}

#[test]
fn interactions_make_local_optima() {
    let of = |k| {
        mean(&(0..40).map(|seed| optima(&Landscape::new(&spec(10, k), seed))).collect::<Vec<_>>())
    };
    let counts = [0, 2, 4, 6, 9].map(of);
    for pair in counts.windows(2) {
        let ((less, a), (more, b)) = (pair[0], pair[1]);
        assert!(more - less > 4.0 * (a * a + b * b).sqrt(), "{counts:?}");
    }
}

/// A flip draws K + 1 of N contributions afresh, so that fitness correlates with
/// ρ = 1 − (K+1)/N over landscapes (Weinberger 1990); a contribution's variance is 1/12.
#[test]
fn fitness_correlates_with_its_neighbours_as_the_law_has_it() {
    let n = 12;
    for neighbours in [Partners::Random, Partners::Adjacent] {
        for k in [0, 3, 6, 11] {
            let products: Vec<f64> = (0..2000)
                .map(|seed| {
                    let spec = Nk { neighbours, scaled: false, ..spec(n, k) };
                    let landscape = Landscape::new(&spec, seed);
                    let from = landscape.first(0);
                    let centred = |one: Solution| landscape.mean(one.fitness) - 0.5;
                    let around: f64 = (0..n).map(|bit| centred(landscape.flipped(from, bit))).sum();
                    centred(from) * around / f64::from(n) * 12.0 * f64::from(n)
                })
                .collect();
            let (found, error) = mean(&products);
            let expected = 1.0 - f64::from(k + 1) / f64::from(n);
            assert!((found - expected).abs() < 4.0 * error, "{k}: {found} ± {error}");
            assert!(error < 0.04, "the test has grown blunt: {error}");
        }
    }
}

#[test]
fn levels_are_shares_of_the_highest_to_a_power() {
    let landscape = Landscape::new(&spec(10, 3), 2);
    let peak = landscape.peak.unwrap().fitness.0 as f64;
    let one = landscape.first(7).fitness;
    let share = one.0 as f64 / peak;
    let eighth = share * share * share * share * share * share * share * share;
    assert!((landscape.level(one) - eighth).abs() < 1e-12);
    let bare = Landscape::new(&Nk { scaled: false, power: 1.0, ..spec(10, 3) }, 2);
    assert_eq!(bare.level(one), bare.mean(one));
}
