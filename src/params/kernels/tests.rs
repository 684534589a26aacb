//! Every kernel against a slow and obvious one, and bit for bit on every instruction set.

use super::*;
use crate::maths;
use proptest::prelude::*;

/// Runs `kernel` on every instruction set that the machine has, and checks that all give the
/// same bits. Other tests may run meanwhile: no level changes a result.
fn on_every_level(kernel: impl Fn() -> Vec<f32>) -> Vec<f32> {
    let best = level();
    let mut reference: Option<Vec<u32>> = None;
    for wanted in [Level::Baseline, Level::Avx2, Level::Avx512] {
        force_level(wanted);
        let bits: Vec<u32> = kernel().iter().map(|v| v.to_bits()).collect();
        force_level(best);
        assert_eq!(reference.get_or_insert_with(|| bits.clone()), &bits, "{wanted:?}");
    }
    reference.unwrap_or_default().into_iter().map(f32::from_bits).collect()
}

/// Numbers between -1 and 1, a function of `seed`.
fn numbers(seed: u64, n: usize) -> Vec<f32> {
    use crate::stream::{Purpose, Stream};
    let mut stream = Stream::new(seed, Purpose::Job, 0, 0);
    (0..n).map(|_| 2.0 * stream.uniform_f32() - 1.0).collect()
}

fn close(got: &[f32], want: &[f64], terms: usize) {
    // each of `terms` products of numbers below 1 is rounded once on the way to its sum
    let most = 4.0 * terms as f64 * f64::from(f32::EPSILON);
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(*got) - want).abs() <= most, "entry {i}: {got} and {want}");
    }
}

fn stride() -> impl Strategy<Value = (usize, usize)> {
    (1_usize..=40).prop_map(|outputs| (outputs, stride_of(outputs)))
}

#[test]
fn values_are_thinned_by_the_words_of_their_entries() {
    let counters = Counters { key: [3, 4], rest: [5, 6, 7] };
    let values = numbers(1, 1000);
    let before = numbers(2, 1000);
    for (first, len) in [(0, 1000), (64, 64), (128, 127), (64_000, 200), (192, 129)] {
        let (values, before) = (&values[..len], &before[..len]);
        for below in [0, 1 << 20, 1 << 31, u64::from(u32::MAX), 1 << 32] {
            let kept: Vec<f32> = (0..len)
                .map(|i| {
                    let entry = first + i;
                    // the words of 64 entries: all first words, then all second ones
                    let position = (entry / 64 * 16 + entry % 16) as u32;
                    let word = counters.words(position)[entry % 64 / 16];
                    if u64::from(word) < below { 2.5 * values[i] } else { 0.0 }
                })
                .collect();
            let thinning = Thinning { counters, below, factor: 2.5 };
            let got = on_every_level(|| {
                let mut out = vec![f32::NAN; len];
                thin(thinning, first, values, &mut out);
                out
            });
            assert_eq!(got, kept);
            let added = on_every_level(|| {
                let mut out = before.to_vec();
                add_thin(thinning, 0.7, first, values, &mut out);
                out
            });
            let want: Vec<f32> =
                before.iter().zip(&kept).map(|(out, x)| 0.7_f32.mul_add(*x, *out)).collect();
            assert_eq!(added, want);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn forward_is_the_sum_of_its_rows(
        n in 0_usize..25, inputs in 1_usize..40, (_, stride) in stride(), seed: u64,
        picked: bool,
    ) {
        let shape = Shape { n, inputs, stride };
        let (w, x) = (numbers(seed, inputs * stride), numbers(seed ^ 1, 30 * inputs));
        let order: Vec<u32> = (0..n as u32).map(|i| if picked { i * 7 % 30 } else { i }).collect();
        let rows = || if picked { Rows::picked(&x, &order) } else { Rows::all(&x) };
        let before = numbers(seed ^ 2, n * stride);
        let mut want = vec![0.0_f64; n * stride];
        for (b, row) in order.iter().enumerate() {
            for j in 0..inputs {
                for k in 0..stride {
                    want[b * stride + k] += f64::from(x[*row as usize * inputs + j])
                        * f64::from(w[j * stride + k]);
                }
            }
        }
        let got = on_every_level(|| {
            let mut out = vec![f32::NAN; n * stride];
            forward(shape, &w, rows(), &mut out);
            out
        });
        close(&got, &want, inputs);
        let got = on_every_level(|| {
            let mut out = before.clone();
            forward_add(shape, &w, rows(), &mut out);
            out
        });
        want.iter_mut().zip(&before).for_each(|(w, b)| *w += f64::from(*b));
        close(&got, &want, inputs + 1);
    }

    #[test]
    fn backward_adds_every_examples_step(
        n in 0_usize..25, inputs in 1_usize..40, (_, stride) in stride(), seed: u64,
    ) {
        let shape = Shape { n, inputs, stride };
        let (w, x) = (numbers(seed, inputs * stride), numbers(seed ^ 1, 30 * inputs));
        let g = numbers(seed ^ 2, n * stride);
        let order: Vec<u32> = (0..n as u32).map(|i| i * 11 % 30).collect();
        let got = on_every_level(|| {
            let mut w = w.clone();
            backward(shape, &mut w, Rows::picked(&x, &order), -0.5, &g);
            w
        });
        let mut want: Vec<f64> = w.iter().map(|w| f64::from(*w)).collect();
        for (b, row) in order.iter().enumerate() {
            for j in 0..inputs {
                for k in 0..stride {
                    want[j * stride + k] -= 0.5 * f64::from(x[*row as usize * inputs + j])
                        * f64::from(g[b * stride + k]);
                }
            }
        }
        close(&got, &want, n + 1);
    }

    #[test]
    fn softmax_rows_are_probabilities_with_their_norms(
        n in 0_usize..25, (outputs, stride) in stride(), seed: u64, scale in 0.0_f32..60.0,
    ) {
        let logits: Vec<f32> = numbers(seed, n * stride).iter().map(|l| l * scale).collect();
        let mut norms = vec![(0.0, 0.0); n];
        softmax_rows(outputs, stride, &mut logits.clone(), &mut norms);
        let got = on_every_level(|| {
            let (mut rows, mut norms) = (logits.clone(), vec![(0.0, 0.0); n]);
            softmax_rows(outputs, stride, &mut rows, &mut norms);
            rows.extend(norms.iter().flat_map(|(top, total)| [*top, *total]));
            rows
        });
        for (i, row) in got[..n * stride].chunks_exact(stride).enumerate() {
            let live = &logits[i * stride..i * stride + outputs];
            let top = live.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
            let total: f64 = live.iter().map(|l| maths::exp(f64::from(l - top))).sum();
            prop_assert_eq!(norms[i].0, top);
            prop_assert!((f64::from(norms[i].1) / total - 1.0).abs() < 1e-5);
            for (k, p) in row.iter().enumerate() {
                let want = if k < outputs {
                    maths::exp(f64::from(live[k] - top)) / total
                } else {
                    0.0
                };
                prop_assert!((f64::from(*p) - want).abs() < 2e-6, "{k}: {p} and {want}");
            }
        }
    }

    /// Padding far above all that counts would be infinite beside it.
    #[test]
    fn softmax_is_of_what_counts_however_far_below_the_padding(n in 24_usize..60, outputs in 1_usize..8) {
        let row = |i: usize| {
            // e to the power of 88.7 and more is infinite
            let low = -86.0 - 0.25 * (i % 24) as f32;
            (0..8).map(move |k| if k < outputs { low } else { 0.0 })
        };
        let logits: Vec<f32> = (0..n).flat_map(row).collect();
        let got = on_every_level(|| {
            let mut rows = logits.clone();
            softmax_rows(outputs, 8, &mut rows, &mut vec![(0.0, 0.0); n]);
            rows
        });
        for row in got.chunks_exact(8) {
            prop_assert!((row[..outputs].iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
            prop_assert!(row[outputs..].iter().all(|p| *p == 0.0), "{row:?}");
        }
    }

    #[test]
    fn softmax_leaves_zeros_in_padding_of_any_width(n in 0_usize..25, outputs in 1_usize..9, seed: u64) {
        let logits = numbers(seed, n * 16);
        let got = on_every_level(|| {
            let mut rows = logits.clone();
            softmax_rows(outputs, 16, &mut rows, &mut vec![(0.0, 0.0); n]);
            rows
        });
        for row in got.chunks_exact(16) {
            prop_assert!((row[..outputs].iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(row[outputs..].iter().all(|p| *p == 0.0));
        }
    }

    #[test]
    fn argmax_is_the_first_of_the_largest(
        n in 0_usize..25, (outputs, stride) in stride(), seed: u64,
    ) {
        // few distinct values, so that there are ties
        let rows: Vec<f32> = numbers(seed, n * stride).iter().map(|v| (v * 3.0).round()).collect();
        let got = on_every_level(|| {
            let mut best = vec![0; n];
            argmax(outputs, stride, &rows, &mut best);
            best.iter().map(|b| *b as f32).collect()
        });
        for (row, got) in rows.chunks_exact(stride).zip(got) {
            let mut best = 0;
            for k in 1..outputs {
                if row[k] > row[best] {
                    best = k;
                }
            }
            prop_assert_eq!(got, best as f32);
        }
    }

    #[test]
    fn dot_rows_and_weighted_sums_are_what_they_say(
        inputs in 1_usize..40, (_, stride) in stride(), rows in 0_usize..20, seed: u64,
    ) {
        let (w, g) = (numbers(seed, inputs * stride), numbers(seed ^ 1, stride));
        let got = on_every_level(|| {
            let mut out = vec![0.0; inputs];
            dot_rows(inputs, stride, &w, &g, &mut out);
            out
        });
        let dot = |row: &[f32]| row.iter().zip(&g).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let want: Vec<f64> = w.chunks_exact(stride).map(dot).collect();
        close(&got, &want, stride);

        let len = inputs * stride + 3;
        let vectors: Vec<Vec<f32>> = (0..rows as u64).map(|r| numbers(seed ^ (r + 9), len)).collect();
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let weights = numbers(seed ^ 2, rows);
        let got = on_every_level(|| {
            let mut sum = vec![0.0; len];
            weighted_sum(&mut sum, &weights, &vectors);
            sum
        });
        let at = |i: usize| {
            let term = |(v, w): (&&[f32], &f32)| f64::from(v[i]) * f64::from(*w);
            vectors.iter().zip(&weights).map(term).sum()
        };
        let want: Vec<f64> = (0..len).map(at).collect();
        close(&got, &want, rows + 1);
    }

    #[test]
    fn normals_of_a_range_do_not_depend_on_how_it_is_cut(seed: u64, n in 1_usize..500) {
        let counters = Counters { key: [seed as u32, 7], rest: [1, 2, 3] };
        let whole = on_every_level(|| {
            let mut out = vec![0.0; n];
            fill_normals(counters, 5, &mut out);
            out
        });
        // blocks of 64 are drawn together, 16 positions each
        let mut again = vec![0.0; n];
        for (i, part) in again.chunks_mut(64).enumerate() {
            fill_normals(counters, 5 + 16 * i as u32, part);
        }
        prop_assert_eq!(whole, again);
    }
}

#[test]
fn surprises_are_negative_logarithms() {
    let p: Vec<f32> =
        (1..=1000).map(|i| i as f32 / 1000.0).chain([0.0, f32::MIN_POSITIVE]).collect();
    let got = on_every_level(|| {
        let mut nats = vec![0.0; p.len()];
        surprises(&p, &mut nats);
        nats
    });
    for (p, got) in p.iter().zip(got) {
        let want = -maths::ln(f64::from(p.max(f32::MIN_POSITIVE)));
        assert!((f64::from(got) - want).abs() < 1e-6 + 2e-7 * want, "{p}: {got} and {want}");
    }
}
