//! Every kernel against a slow and obvious one on values of all sorts, and bit for bit on every
//! instruction set, however the work is cut.

use super::super::{Counters, Level, fill_normals, force_level, level};
use super::magnitudes::key;
use super::rank::{Ranked, about_kth_largest, kth_largest};
use super::*;

/// Runs `kernel` on every instruction set that the machine has, and checks that all give the
/// same bits. Other tests may run meanwhile: no level changes a result.
fn on_every_level<T: PartialEq + std::fmt::Debug>(kernel: impl Fn() -> T) -> T {
    if cfg!(miri) {
        // which has one
        return kernel();
    }
    let best = level();
    let results = [Level::Avx512, Level::Avx2, Level::Baseline].map(|wanted| {
        force_level(wanted);
        let result = kernel();
        force_level(best);
        result
    });
    let [a, b, c] = results;
    assert_eq!(a, b);
    assert_eq!(b, c);
    a
}

/// All sizes, or some of them where Miri runs the test, a thousand times as slowly.
fn sizes<T: Copy>(all: impl IntoIterator<Item = T>, some: &[T]) -> Vec<T> {
    if cfg!(miri) { some.to_vec() } else { all.into_iter().collect() }
}

/// What values are like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Normal,
    /// Few distinct values, zeros of both signs among them.
    Tied,
    Subnormal,
    /// Some endlessly far off, as attackers send them.
    Outliers,
    /// All the same.
    Equal,
}

const KINDS: [Kind; 5] = [Kind::Normal, Kind::Tied, Kind::Subnormal, Kind::Outliers, Kind::Equal];

fn values(kind: Kind, row: usize, len: usize) -> Vec<f32> {
    let counters = Counters { key: [7, row as u32], rest: [kind as u32, 0, 0] };
    let mut values = vec![0.0; len];
    if cfg!(miri) {
        // numbers of the same sort with less work
        let mut state = row as u32 * 77 + kind as u32;
        values.iter_mut().for_each(|x| {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            *x = f64::from(state >> 8) as f32 / (1 << 22) as f32 - 2.0;
        });
    } else {
        fill_normals(counters, 0, &mut values);
    }
    for (i, x) in values.iter_mut().enumerate() {
        match kind {
            Kind::Normal => {}
            Kind::Tied => *x = (*x * 2.0).round() * 0.5,
            Kind::Subnormal => *x = f32::from_bits((*x * 8.0) as i32 as u32 & 0x8000_000f),
            Kind::Outliers if (row + i).is_multiple_of(5) => *x *= 1e30,
            Kind::Outliers => {}
            Kind::Equal => *x = if row.is_multiple_of(2) { 0.0 } else { -0.0 },
        }
    }
    values
}

fn rows(kind: Kind, n: usize, len: usize) -> Vec<Vec<f32>> {
    (0..n).map(|row| values(kind, row, len)).collect()
}

fn slices(rows: &[Vec<f32>]) -> Vec<&[f32]> {
    rows.iter().map(Vec::as_slice).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn column(rows: &[&[f32]], i: usize) -> Vec<f32> {
    let mut column: Vec<f32> = rows.iter().map(|row| row[i]).collect();
    column.sort_by(f32::total_cmp);
    column
}

fn middle_of(sorted: &[f32]) -> f32 {
    let n = sorted.len();
    let (low, high) = (sorted[(n - 1) / 2], sorted[n / 2]);
    (if n % 2 == 1 { low } else { (low + high) * 0.5 }) + 0.0
}

/// The mean of `kept`, which `got` may miss by a rounding of each addition.
fn close_to_mean(got: f32, kept: &[f32], what: &dyn std::fmt::Debug) {
    let want = kept.iter().map(|x| f64::from(*x)).sum::<f64>() / kept.len() as f64;
    let scale = kept.iter().map(|x| f64::from(x.abs())).sum::<f64>() / kept.len() as f64;
    let most = kept.len() as f64 * f64::from(f32::EPSILON) * scale + f64::from(f32::from_bits(1));
    assert!((f64::from(got) - want).abs() <= most, "{what:?}: {got} and {want}");
}

/// `len` results of `order`, on every instruction set and in two cuts.
fn cut_freely(len: usize, order: impl Fn(usize, &mut [f32], &mut MergeScratch)) -> Vec<f32> {
    let whole = on_every_level(|| {
        let mut out = vec![f32::NAN; len];
        order(0, &mut out, &mut MergeScratch::default());
        bits(&out)
    });
    let mut out = vec![f32::NAN; len];
    let mut scratch = MergeScratch::default();
    for (i, part) in out.chunks_mut(len / 3 + 1).enumerate() {
        order(i * (len / 3 + 1), part, &mut scratch);
    }
    assert_eq!(whole, bits(&out), "a cut changed the result");
    out
}

#[test]
fn order_statistics_are_those_of_the_sorted_values() {
    for n in sizes((1..=66).chain([97, 100, 129, 130]), &[1, 3, 17, 33]) {
        let kind = |k: usize| KINDS[(n + k) % KINDS.len()];
        for kind in sizes([kind(0), kind(1), kind(2)], &[kind(0)]) {
            let (trim, keep) = ((n - 1) / 3, n - n / 3);
            let rows = rows(kind, n, 71);
            let rows = slices(&rows);
            let medians = cut_freely(71, |i, out, s| median(&rows, i, out, s));
            let trimmed = cut_freely(71, |i, out, s| trimmed_mean(&rows, trim, i, out, s));
            let around = cut_freely(71, |i, out, s| mean_around_median(&rows, keep, i, out, s));
            for i in 0..71 {
                let (sorted, what) = (column(&rows, i), (n, kind, i));
                let median = middle_of(&sorted);
                assert_eq!(medians[i].to_bits(), median.to_bits(), "{what:?}");
                close_to_mean(trimmed[i], &sorted[trim..n - trim], &what);
                let from = (0..n - keep)
                    .find(|&s| median - sorted[s] <= sorted[s + keep] - median)
                    .unwrap_or(n - keep);
                close_to_mean(around[i], &sorted[from..from + keep], &what);
            }
        }
    }
}

#[test]
fn order_statistics_hold_over_many_blocks() {
    let len = if cfg!(miri) { 300 } else { 2600 };
    for n in sizes([3, 16, 20, 40, 64], &[3, 40]) {
        let rows = rows(KINDS[0], n, len);
        let rows = slices(&rows);
        let medians = cut_freely(len, |i, out, s| median(&rows, i, out, s));
        let trimmed = cut_freely(len, |i, out, s| trimmed_mean(&rows, 1, i, out, s));
        for i in 0..len {
            let sorted = column(&rows, i);
            assert_eq!(medians[i].to_bits(), middle_of(&sorted).to_bits(), "{n} {i}");
            close_to_mean(trimmed[i], &sorted[1..n - 1], &(n, i));
        }
    }
}

#[test]
fn order_statistics_at_the_ends_of_their_ranges_hold() {
    for n in sizes([2, 16, 17, 33, 65, 101], &[17]) {
        for kind in KINDS {
            let rows = rows(kind, n, 40);
            let rows = slices(&rows);
            for keep in [1, n / 2, n] {
                let got = cut_freely(40, |i, out, s| mean_around_median(&rows, keep, i, out, s));
                for i in 0..40 {
                    let sorted = column(&rows, i);
                    let median = middle_of(&sorted);
                    let from = (0..n - keep)
                        .find(|&s| median - sorted[s] <= sorted[s + keep] - median)
                        .unwrap_or(n - keep);
                    close_to_mean(got[i], &sorted[from..from + keep], &(n, kind, keep, i));
                }
            }
            for trim in [0, 1, (n - 1) / 2] {
                if 2 * trim >= n {
                    continue;
                }
                let got = cut_freely(40, |i, out, s| trimmed_mean(&rows, trim, i, out, s));
                for i in 0..40 {
                    close_to_mean(got[i], &column(&rows, i)[trim..n - trim], &(n, kind, trim, i));
                }
            }
        }
    }
}

#[test]
fn networks_sort_every_pattern_of_zeros_and_ones() {
    // which is all that a network of comparators can get wrong (Knuth 5.3.4, theorem Z)
    for n in sizes(1..=16_usize, &[1, 2, 5, 7]) {
        let patterns = 1 << n;
        let rows: Vec<Vec<f32>> =
            (0..n).map(|r| (0..patterns).map(|p| (p >> r & 1) as f32).collect()).collect();
        let rows = slices(&rows);
        for trim in 0..n.div_ceil(2) {
            let mut got = vec![0.0; patterns];
            trimmed_mean(&rows, trim, 0, &mut got, &mut MergeScratch::default());
            for (pattern, got) in got.iter().enumerate() {
                let kept = n - 2 * trim;
                let ones = (pattern.count_ones() as usize).saturating_sub(trim).min(kept);
                assert_eq!(*got, ones as f32 / kept as f32, "{pattern:b} of {n}");
            }
        }
    }
}

#[test]
fn the_order_of_rows_never_changes_a_median() {
    for n in sizes([5, 16, 40, 64, 99], &[5, 64, 99]) {
        for kind in KINDS {
            let rows = rows(kind, n, 33);
            let (mut a, mut b) = (vec![0.0; 33], vec![0.0; 33]);
            let mut slices = slices(&rows);
            median(&slices, 0, &mut a, &mut MergeScratch::default());
            slices.rotate_left(n / 3);
            slices.swap(0, n - 1);
            median(&slices, 0, &mut b, &mut MergeScratch::default());
            assert_eq!(bits(&a), bits(&b), "{n} {kind:?}");
        }
    }
}

/// Indices by falling magnitude, equal ones in order.
fn by_magnitude(values: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*b].abs().total_cmp(&values[*a].abs()));
    order
}

#[test]
fn the_largest_magnitudes_stay_and_of_equal_ones_the_first() {
    for kind in KINDS {
        for len in sizes([1, 7, 100, 4096, 4097, 13_001, 100_003], &[1, 7, 100, 300]) {
            let values = values(kind, 3, len);
            let order = by_magnitude(&values);
            for k in [0, 1, len / 10, len / 2, len] {
                for drop in [0, k / 3] {
                    let mut want = vec![0.0; len];
                    order[drop..k].iter().for_each(|&i| want[i] = values[i]);
                    let got = on_every_level(|| {
                        let mut out = vec![f32::NAN; len];
                        let mut scratch = Selection::default();
                        keep_band(&values, drop, k - drop, &mut scratch, &mut out);
                        bits(&out)
                    });
                    assert_eq!(got, bits(&want), "{kind:?} {len} {drop} {k}");
                }
            }
        }
    }
}

#[test]
fn a_key_is_found_at_its_rank_by_counting() {
    for kind in KINDS {
        for len in sizes([1, 15, 64, 65, 4510], &[1, 15, 65, 200]) {
            let keys: Vec<u32> = values(kind, 3, len).iter().map(|x| key(*x)).collect();
            let mut sorted = keys.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let ends = (sorted[len - 1], sorted[0]);
            for k in [1, 2, len / 3, len / 2, len - 1, len] {
                let Some(&want) = k.checked_sub(1).and_then(|at| sorted.get(at)) else { continue };
                let above = sorted.iter().filter(|key| **key > want).count();
                let equal = sorted.iter().filter(|key| **key == want).count();
                let got = on_every_level(|| kth_largest(&keys, k, ends));
                assert_eq!(got, Ranked { key: want, above, equal }, "{kind:?} {k} of {len}");
                let about = on_every_level(|| about_kth_largest(&keys, k, len / 20));
                let n = keys.iter().filter(|key| **key >= about).count();
                assert!(about == want || n.abs_diff(k) <= len / 20, "{kind:?} {k} of {len}: {n}");
            }
        }
    }
}

#[test]
fn a_sample_that_misleads_changes_nothing() {
    let len = if cfg!(miri) { 1000 } else { 60_000 };
    let rising: Vec<f32> = (0..len).map(|i| i as f32).collect();
    let steps: Vec<f32> = (0..len).map(|i| (i / 4096 % 3) as f32).collect();
    let rare: Vec<f32> = (0..len).map(|i| f32::from(u8::from(i % 20_011 == 7))).collect();
    let lines: Vec<f32> =
        (0..len).map(|i| if i % 16 == 0 { (i % 977) as f32 } else { 1.0 }).collect();
    for values in [rising, steps, rare, lines] {
        let order = by_magnitude(&values);
        let ks = [1, 2, 3, 4, len / 5, len / 2, len - 1];
        for k in ks {
            let mut want = vec![false; len];
            order[..k].iter().for_each(|&i| want[i] = true);
            let cuts =
                on_every_level(|| cuts_of_largest(&values, [k, k / 2], &mut Selection::default()));
            let kept: Vec<bool> = (0..len).map(|i| cuts[0].keeps(i, values[i])).collect();
            assert_eq!(kept, want, "{k}");
            let half = (0..len).filter(|&i| cuts[1].keeps(i, values[i])).count();
            assert_eq!(half, k / 2);
        }
    }
}

#[test]
fn a_band_is_added_as_it_would_be_written() {
    let (values, before) = (values(Kind::Tied, 2, 999), values(Kind::Normal, 3, 999));
    let mut scratch = Selection::default();
    let [inner, outer] = cuts_of_largest(&values, [700, 50], &mut scratch);
    let added = on_every_level(|| {
        let mut out = before.clone();
        add_between(&values[64..], 64, (inner, outer), 0.3, &[], &mut out[64..]);
        bits(&out)
    });
    let mut band = vec![0.0; 999];
    between(&values[64..], 64, inner, outer, &mut band[64..]);
    let want = before.iter().zip(&band).map(|(out, x)| 0.3_f32.mul_add(*x, *out));
    assert_eq!(added, bits(&want.collect::<Vec<f32>>()));
}

#[test]
fn elections_are_won_by_the_weightier_sign_or_by_more_heads() {
    for (n, len) in sizes([(1, 5), (2, 64), (7, 100), (33, 131)], &[(1, 5), (2, 64), (5, 19)]) {
        for kind in [Kind::Normal, Kind::Tied, Kind::Equal] {
            // multiples of a small power of two, so that every sum is exact and no sign is
            // a matter of rounding
            let mut data = rows(kind, n, len);
            data.iter_mut().flatten().for_each(|x| *x = (*x * 64.0).round() / 64.0);
            let rows = slices(&data);
            let weights: Vec<f32> = (0..n).map(|r| [0.5, 1.0, 0.25][r % 3]).collect();
            let mut scratch = Selection::default();
            let cuts: Vec<Cut> =
                rows.iter().map(|row| cut_of_largest(row, len * 2 / 3, &mut scratch)).collect();
            for by in [ElectBy::Sum, ElectBy::Count] {
                for divide in [DivideBy::AgreeingWeights, DivideBy::One] {
                    let election = Election { by, divide, scale: 0.5 };
                    let got = cut_freely(len, |i, out, _| {
                        elect(election, &rows, &weights, &cuts, i, out);
                    });
                    for i in 0..len {
                        let voters: Vec<(f64, f64)> = (0..n)
                            .filter(|&r| cuts[r].keeps(i, rows[r][i]) && rows[r][i] != 0.0)
                            .map(|r| (f64::from(weights[r]), f64::from(rows[r][i])))
                            .collect();
                        let vote: f64 = voters
                            .iter()
                            .map(|(w, x)| if by == ElectBy::Sum { w * x } else { x.signum() })
                            .sum();
                        let sign = if vote < 0.0 { -1.0 } else { 1.0 };
                        let agreeing = voters.iter().filter(|(_, x)| x * sign > 0.0);
                        let (sum, share) =
                            agreeing.fold((0.0, 0.0), |(s, t), (w, x)| (s + w * x, t + w));
                        let divisor = match divide {
                            DivideBy::AgreeingWeights if share > 0.0 => share,
                            _ => 1.0,
                        };
                        let want = (0.5 * sum / divisor) as f32 + 0.0;
                        assert_eq!(got[i].to_bits(), want.to_bits(), "{n} {kind:?} {by:?} {i}");
                    }
                }
            }
        }
    }
}

/// Checks that any number of threads gives the same numbers, and returns them.
fn on_any_threads(kernel: impl Fn(usize) -> Vec<u64>) -> Vec<f64> {
    let one = on_every_level(|| kernel(1));
    for threads in sizes([2, 3, 8, 100], &[3]) {
        assert_eq!(one, kernel(threads), "{threads} threads");
    }
    one.into_iter().map(f64::from_bits).collect()
}

fn bits_f64(values: &[f64]) -> Vec<u64> {
    values.iter().map(|x| x.to_bits()).collect()
}

/// Sums over so many coordinates: none, odd ones, whole chunks and what is left over.
const LENGTHS: [usize; 6] = match cfg!(miri) {
    false => [0, 1, 29, 4096, 4096 + 1029, 5 * 4096 + 777],
    true => [0, 1, 29, 16, 1024 + 5, 17],
};

fn close_sum(got: f64, terms: impl Iterator<Item = f64>, what: &dyn std::fmt::Debug) {
    let (mut want, mut scale) = (0.0, 0.0);
    for term in terms {
        want += term;
        scale += term.abs();
    }
    assert!((got - want).abs() <= 1e-5 * scale + 1e-40, "{what:?}: {got} and {want}");
}

#[test]
fn a_gram_matrix_holds_all_dot_products() {
    let rows_of = sizes([1, 2, 3, 5, 16, 17, 33, 50, 99], &[1, 2, 3, 5, 9, 17]);
    let rows_of = rows_of.into_iter().zip(LENGTHS.into_iter().cycle());
    // four bands of rows, which threads share
    for (n, len) in rows_of.chain([if cfg!(miri) { (97, 2) } else { (301, 29) }]) {
        for kind in sizes([Kind::Normal, Kind::Tied, Kind::Subnormal], &[Kind::Tied]) {
            let rows = rows(kind, n, len);
            let rows = slices(&rows);
            let got = on_any_threads(|threads| {
                let mut out = vec![f64::NAN; n * n];
                gram(&rows, threads, &mut out);
                mirror(&mut out, n);
                bits_f64(&out)
            });
            for i in 0..n {
                for j in 0..n {
                    let terms = (0..len).map(|k| f64::from(rows[i][k]) * f64::from(rows[j][k]));
                    close_sum(got[i * n + j], terms, &(n, len, kind, i, j));
                }
            }
        }
    }
}

#[test]
fn distances_norms_and_dots_are_sums_over_all_coordinates() {
    for (n, len) in sizes([1, 2, 7, 16, 65, 3], &[1, 2, 7, 16, 3, 65]).into_iter().zip(LENGTHS) {
        let data = rows(Kind::Normal, n, len);
        let (rows, point) = (slices(&data), values(Kind::Normal, 1000, len));
        let results = on_any_threads(|threads| {
            let mut out = vec![f64::NAN; 3 * n];
            squared_distances(&rows, &point, threads, &mut out[..n]);
            squared_norms(&rows, threads, &mut out[n..2 * n]);
            dots(&rows, &point, threads, &mut out[2 * n..]);
            bits_f64(&out)
        });
        for (r, row) in rows.iter().enumerate() {
            let pairs = || row.iter().zip(&point).map(|(x, y)| (f64::from(*x), f64::from(*y)));
            close_sum(results[r], pairs().map(|(x, y)| (x - y) * (x - y)), &(n, r));
            close_sum(results[n + r], pairs().map(|(x, _)| x * x), &(n, r));
            close_sum(results[2 * n + r], pairs().map(|(x, y)| x * y), &(n, r));
        }
    }
}

#[test]
fn a_step_of_weiszfeld_gives_the_mean_and_the_distances_to_it() {
    for (n, len) in sizes([1, 2, 7, 16, 65, 3], &[1, 2, 7, 16, 3, 65]).into_iter().zip(LENGTHS) {
        let data = rows(Kind::Normal, n, len);
        let rows = slices(&data);
        let weights: Vec<f32> = (0..n).map(|r| (r + 1) as f32 / n as f32).collect();
        let results = on_any_threads(|threads| {
            let (mut mean, mut distances) = (vec![f32::NAN; len], vec![f64::NAN; n]);
            mean_and_distances(&rows, &weights, threads, &mut mean, &mut distances);
            let mean: Vec<f64> = mean.iter().map(|x| f64::from(*x)).collect();
            bits_f64(&[distances, mean].concat())
        });
        let (distances, mean) = results.split_at(n);
        for (i, mean) in mean.iter().enumerate() {
            let terms = rows.iter().zip(&weights).map(|(r, w)| f64::from(r[i]) * f64::from(*w));
            close_sum(*mean, terms, &(n, i));
        }
        for (row, distance) in rows.iter().zip(distances) {
            let terms = row.iter().zip(mean).map(|(x, m)| f64::from(*x) - m).map(|d| d * d);
            close_sum(*distance, terms, &n);
        }
    }
}

#[test]
fn parts_cover_all_coordinates_in_whole_chunks() {
    for len in [0, 1, CHUNK, 10 * CHUNK + 1, 1000 * CHUNK - 3] {
        let parts: Vec<_> = parts(len, PARTS_MAX).collect();
        let mut end = 0;
        for part in &parts {
            assert!(part.start == end && !part.is_empty() && part.start.is_multiple_of(CHUNK));
            end = part.end;
        }
        assert_eq!(end, len);
        assert!(parts.len() <= PARTS_MAX);
    }
}

#[test]
fn parallel_work_comes_back_in_order() {
    for threads in [0, 1, 2, 3, 7, 64] {
        for items in [0, 1, 2, 5, 32] {
            let got = parallel_chunks(threads, (0..items).collect(), |i: usize| i * i);
            assert_eq!(got, (0..items).map(|i| i * i).collect::<Vec<_>>());
        }
    }
}
