//! Rules that look at a coordinate, or a row, at a time.

use super::{Group, MergeError, Output, Segment, Space, Strategy};
use crate::maths::{exp, ln};
use crate::scenario::{self, Scope};

/// Moves every coordinate of the base towards the other model by at most `t`:
/// `θ_0 + clamp(τ, −t, t)` (alchemonaut 2024, "QuartetAnemoi-70B", the model card; as in mergekit).
///
/// Needs a base and one contribution. Cost: one pass.
#[derive(Clone, Debug)]
pub struct Nearswap(pub scenario::Nearswap);

impl Strategy for Nearswap {
    fn name(&self) -> &'static str {
        "nearswap"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        group.one_needed()?;
        let t = self.0.t as f32;
        group.write(|segment, out| {
            let rows = segment.values();
            out.fill(|start, out| {
                for (out, x) in out.iter_mut().zip(&rows[0][start..]) {
                    *out = x.clamp(-t, t);
                }
            });
            Ok(())
        })
    }
}

/// Takes over the entries of the other model whose importance is at least the median of all plus
/// 1.5 interquartile ranges; an entry's importance is its change times
/// `KL(softmax(row) ‖ softmax(base row))` (Arcee 2024, "Arcee fusion"; as in mergekit, whose
/// quantiles of more than a million entries are of a sample).
///
/// Needs a base and one contribution. Cost: two passes, and a selection of three ranks.
#[derive(Clone, Debug)]
pub struct ArceeFusion;

impl Strategy for ArceeFusion {
    fn name(&self) -> &'static str {
        "arcee-fusion"
    }

    fn space(&self) -> Space {
        Space::Models
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        group.one_needed()?;
        group.write(|segment, out| {
            let (Some(base), [row]) = (segment.base, segment.rows.as_slice()) else {
                return Ok(());
            };
            let model = row.values;
            let columns = segment.shape.columns.max(1);
            let rows = model.chunks(columns).zip(base.chunks(columns));
            let divergences: Vec<f64> = rows.map(|(model, base)| divergence(model, base)).collect();
            let importance = |i: usize| {
                (f64::from((model[i] - base[i]).abs()) * divergences[i / columns]) as f32
            };
            // the output has room for what is put in order
            let out = out.zeros();
            out.iter_mut().enumerate().for_each(|(i, out)| *out = importance(i));
            let mut at = |share: f64| {
                let rank = (share * (out.len() - 1) as f64) as usize;
                *out.select_nth_unstable_by(rank, f32::total_cmp).1
            };
            let (low, middle, high) = (at(0.25), at(0.5), at(0.75));
            let threshold = middle + 1.5 * (high - low);
            for (i, out) in out.iter_mut().enumerate() {
                *out = if importance(i) >= threshold { model[i] } else { base[i] };
            }
            Ok(())
        })
    }
}

/// The Kullback-Leibler divergence of a row's softmax from that of the base's row, both a little
/// above zero.
fn divergence(model: &[f32], base: &[f32]) -> f64 {
    let top = |row: &[f32]| row.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let (top_model, top_base) = (top(model), top(base));
    let power = |x: f32, top: f32| exp(f64::from(x - top));
    let sum = |row: &[f32], top: f32| -> f64 { row.iter().map(|x| power(*x, top)).sum() };
    let (sum_model, sum_base) = (sum(model, top_model), sum(base, top_base));
    let term = |(m, b): (&f32, &f32)| {
        let p = power(*m, top_model) / sum_model + 1e-8;
        let q = power(*b, top_base) / sum_base + 1e-8;
        p * ln(p / q)
    };
    model.iter().zip(base).map(term).sum()
}

/// Reinforced Agent Merging: an entry that one task vector alone changed by more than `epsilon`
/// is taken as it is, one that several did is their mean (2026, arXiv 2601.13572; as in mergekit).
///
/// Breakdown point 0. Cost: one pass.
#[derive(Clone, Debug)]
pub struct Ram(pub scenario::Ram);

impl Strategy for Ram {
    fn name(&self) -> &'static str {
        "ram"
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let amplified = vec![1.0; group.n()];
        let epsilon = self.0.epsilon as f32;
        group.write(|segment, out| {
            reinforce(segment, epsilon, &amplified, out);
            Ok(())
        })
    }
}

/// [`Ram`] where what task vector `i` alone changed is multiplied by
/// `1 + r · min(shared_i/unique_i, alpha)`, counted over the vector (RAM+, tensor-local).
///
/// Breakdown point 0. Cost: two passes.
#[derive(Clone, Debug)]
pub struct RamplusTl(pub scenario::RamplusTl);

impl Strategy for RamplusTl {
    fn name(&self) -> &'static str {
        "ramplus-tl"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let (n, epsilon) = (group.n(), self.0.epsilon as f32);
        // of each member, the entries that others changed too and those that none did
        let (mut shared, mut unique) = (vec![0_u64; n], vec![0_u64; n]);
        group.read(|segment| {
            let changers = changers(segment, epsilon);
            for row in &segment.rows {
                for (x, count) in row.values.iter().zip(&changers) {
                    if x.abs() > epsilon {
                        let to = if *count > 1 { &mut shared } else { &mut unique };
                        to[row.member] += 1;
                    }
                }
            }
            Ok(())
        })?;
        let amplified = |i: usize| {
            let ratio = shared[i] as f64 / (unique[i] as f64).max(self.0.epsilon);
            (1.0 + self.0.r * ratio.clamp(0.0, self.0.alpha)) as f32
        };
        let amplified: Vec<f32> = (0..n).map(amplified).collect();
        group.write(|segment, out| {
            reinforce(segment, epsilon, &amplified, out);
            Ok(())
        })
    }
}

/// How many vectors changed each coordinate.
fn changers(segment: &Segment<'_>, epsilon: f32) -> Vec<u32> {
    let mut counts = vec![0; segment.len()];
    for row in &segment.rows {
        for (count, x) in counts.iter_mut().zip(row.values) {
            *count += u32::from(x.abs() > epsilon);
        }
    }
    counts
}

fn reinforce(segment: &Segment<'_>, epsilon: f32, amplified: &[f32], out: &mut Output<'_>) {
    let rows: Vec<(f32, &[f32])> =
        segment.rows.iter().map(|row| (amplified[row.member], row.values)).collect();
    out.fill(|from, part| {
        for (i, out) in part.iter_mut().enumerate() {
            let (mut sum, mut alone, mut count) = (0.0, 0.0, 0_u32);
            for (amplified, row) in &rows {
                let x = row[from + i];
                if x.abs() > epsilon {
                    sum += x;
                    alone = amplified * x;
                    count += 1;
                }
            }
            *out = if count > 1 { sum / count as f32 } else { alone };
        }
    });
}
