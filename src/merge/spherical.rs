//! Interpolation along spheres. Every result is a combination of the vectors, so that their dot
//! products are all that is needed to find it.

use super::averaging::sum_of_zero;
use super::products::inner_products;
use super::{Group, MergeError, Segment, Space, Strategy};
use crate::maths::{acos, cos, sin};
use crate::scenario::{self, Scope};

/// Least sine that angles are told apart from π by: cosines are right to some 1e-7, and
/// `sin² = 1 − cos²`.
const OPPOSITE: f64 = 1e-3;

/// The factors of two vectors at share `t` of the angle between them, of which `cosine` and its
/// sine are given; where the sine is below `least`, those of the straight line.
fn along(t: f64, cosine: f64, least: f64) -> [f64; 2] {
    let angle = acos(cosine.clamp(-1.0, 1.0));
    let sine = sin(angle);
    if sine < least {
        return [1.0 - t, t];
    }
    [sin((1.0 - t) * angle) / sine, sin(t * angle) / sine]
}

/// Spherical linear interpolation: `sin((1−t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b`, `Ω` the angle
/// between the models as they are (Shoemake 1985, "Animating rotation with quaternion curves",
/// SIGGRAPH; on models as in mergekit). Nearly parallel models are interpolated straight.
///
/// Needs two models: two contributions, or a base and one. Breakdown point 0. Cost: two passes.
#[derive(Clone, Debug)]
pub struct Slerp(pub scenario::Slerp);

impl Strategy for Slerp {
    fn name(&self) -> &'static str {
        "slerp"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn space(&self) -> Space {
        Space::Models
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let from_base = group.n() == 1 && group.has_base();
        if group.n() != 2 && !from_base {
            let found = format!(
                "{} and {}",
                count(group.n()),
                if group.has_base() { "a base" } else { "no base" }
            );
            return Err(group.needs("two models, or one and a base", found));
        }
        let ends = move |segment: &Segment<'_>| segment.rows.len() + usize::from(from_base);
        let mut sums = [0.0; 4];
        group.read(|segment| {
            let mut here = [0.0; 4];
            if ends(segment) == 2 {
                inner_products(&models(segment, from_base), segment.threads(), &mut here);
            }
            sums.iter_mut().zip(here).for_each(|(sum, h)| *sum += h);
            Ok(())
        })?;
        let norms = sums[0].sqrt() * sums[3].sqrt();
        let cosine = if norms > 0.0 { sums[1] / norms } else { 0.0 };
        let t = self.0.t;
        let parallel = cosine.abs() > self.0.dot_threshold;
        let [a, b] = if parallel { [1.0 - t, t] } else { along(t, cosine, 0.0) };
        group.write(|segment, out| {
            // where one of the two lacks the block, the other's stands
            let weights = [a as f32, b as f32];
            let weights = if ends(segment) == 2 { &weights[..] } else { &[1.0] };
            out.weighted(weights, &models(segment, from_base));
            Ok(())
        })
    }
}

/// The models of a segment, after its base if that is one of them.
fn models<'s>(segment: &Segment<'s>, from_base: bool) -> Vec<&'s [f32]> {
    segment.base.filter(|_| from_base).into_iter().chain(segment.values()).collect()
}

fn count(n: usize) -> String {
    if n == 1 { "one contribution".into() } else { format!("{n} contributions") }
}

/// Spherical interpolation between two task vectors (between models, without a base), as far as
/// the second's share of the weights (mergekit's `nuslerp`).
///
/// Needs two contributions. Breakdown point 0. Cost: two passes.
#[derive(Clone, Debug)]
pub struct Nuslerp(pub scenario::Nuslerp);

impl Strategy for Nuslerp {
    fn name(&self) -> &'static str {
        "nuslerp"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        if group.n() != 2 {
            return Err(group.needs("two contributions", count(group.n())));
        }
        let products = group.products()?;
        let weights = group.weights(self.0.weighting);
        let total = weights[0] + weights[1];
        if total == 0.0 {
            return Err(sum_of_zero(self.name()));
        }
        let (t, cosine) = (weights[1] / total, products.cosine(0, 1));
        let least = if cosine < 0.0 { OPPOSITE } else { 1e-8 };
        group.combine(&along(t, cosine, least))
    }
}

/// The barycentre of directions, `m = Σ w_i x_i/‖x_i‖` normalised, with the weighted mean of the
/// lengths (mergekit's `multislerp`). Its step in the tangent space at `m` is the weighted mean
/// of the projections `u_i − ⟨u_i, m⟩ m`, which is zero: `m` was chosen so.
///
/// Needs directions that do not cancel out. Breakdown point 0. Cost: two passes, the first a Gram
/// matrix.
#[derive(Clone, Debug)]
pub struct MultiSlerp(pub scenario::MultiSlerp);

impl Strategy for MultiSlerp {
    fn name(&self) -> &'static str {
        "multi-slerp"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        if n == 1 {
            return group.combine(&[1.0]);
        }
        let products = group.products()?;
        let mut weights = group.weights(self.0.weighting);
        if self.0.normalise {
            let total: f64 = weights.iter().sum();
            if total == 0.0 {
                return Err(sum_of_zero(self.name()));
            }
            weights.iter_mut().for_each(|w| *w /= total);
        }
        let norms: Vec<f64> = (0..n).map(|i| products.norm(i)).collect();
        if norms.iter().all(|norm| *norm == 0.0) {
            return group.combine(&vec![0.0; n]);
        }
        let unit = |(w, norm): (&f64, &f64)| if *norm > 0.0 { w / norm } else { 0.0 };
        let units: Vec<f64> = weights.iter().zip(&norms).map(unit).collect();
        let length = length(&products, &units);
        if length < 1e-8 {
            if n == 2 {
                return group.combine(&weights);
            }
            return Err(group.needs("directions that do not cancel out", "a sum of zero"));
        }
        let mean: f64 = weights.iter().zip(&norms).map(|(w, n)| w * n).sum();
        let weights: Vec<f64> = units.iter().map(|u| mean * u / length).collect();
        group.combine(&weights)
    }
}

/// `‖Σ a_i x_i‖`.
fn length(products: &super::Products, a: &[f64]) -> f64 {
    let n = products.n;
    let mut sum = 0.0;
    for i in 0..n {
        for j in 0..n {
            sum += a[i] * a[j] * products.dot(i, j);
        }
    }
    // rounding may make it negative; what is not a number stays one
    if sum < 0.0 { 0.0 } else { sum.sqrt() }
}

/// The Karcher mean: the direction `u` with the least `Σ α_i angle(u, x_i)²`, by steps along
/// `Σ α_i log_u(x_i/‖x_i‖)`, with the weighted mean of the models' lengths (Karcher 1977,
/// "Riemannian center of mass and mollifier smoothing"; on models as in mergekit).
///
/// Breakdown point 0. Cost: two passes, the first a Gram matrix.
#[derive(Clone, Debug)]
pub struct Karcher(pub scenario::Karcher);

impl Strategy for Karcher {
    fn name(&self) -> &'static str {
        "karcher"
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }

    fn space(&self) -> Space {
        Space::Models
    }

    fn spreads(&self) -> bool {
        true
    }

    fn merge(&mut self, group: &mut Group<'_>) -> Result<(), MergeError> {
        let n = group.n();
        if n == 1 {
            return group.combine(&[1.0]);
        }
        let tolerance = self.0.tolerance;
        let products = group.products()?;
        let norms: Vec<f64> = (0..n).map(|i| products.norm(i)).collect();
        let shares = group.weights_of_mean(self.0.weighting)?;
        let total: f64 = shares.iter().sum();
        let live: Vec<usize> = (0..n).filter(|i| norms[*i] > 0.0).collect();
        let living: f64 = live.iter().map(|i| shares[*i]).sum();
        if live.is_empty() || living == 0.0 {
            return group.combine(&vec![0.0; n]);
        }
        let alpha: Vec<f64> = live.iter().map(|i| shares[*i] / living).collect();
        let m = live.len();
        // cosines between directions; vectors below are combinations of them
        let cosine = |a: usize, b: usize| {
            if a == b {
                1.0
            } else {
                products.dot(live[a], live[b]) / norms[live[a]] / norms[live[b]]
            }
        };
        let dot = |x: &[f64], b: usize| (0..m).map(|a| x[a] * cosine(a, b)).sum::<f64>();
        let size = |x: &[f64]| (0..m).map(|b| x[b] * dot(x, b)).sum::<f64>().max(0.0).sqrt();
        let mut u = alpha.clone();
        let length = size(&u);
        if length < tolerance {
            u = (0..m).map(|a| if a == 0 { 1.0 } else { 0.0 }).collect();
        } else {
            u.iter_mut().for_each(|a| *a /= length);
        }
        for _ in 0..self.0.iterations {
            let mut step = vec![0.0; m];
            for b in 0..m {
                let c = dot(&u, b).clamp(-1.0, 1.0);
                let angle = acos(c);
                // of an opposite direction all ways are as long
                if angle < tolerance || (c < 0.0 && sin(angle) < OPPOSITE) {
                    continue;
                }
                let factor = alpha[b] * angle / sin(angle);
                step[b] += factor;
                step.iter_mut().zip(&u).for_each(|(s, u)| *s -= factor * c * u);
            }
            let length = size(&step);
            if length < tolerance {
                break;
            }
            let (c, s) = (cos(length), sin(length) / length);
            u.iter_mut().zip(&step).for_each(|(u, step)| *u = c * *u + s * step);
            let length = size(&u);
            if length > tolerance {
                u.iter_mut().for_each(|a| *a /= length);
            }
        }
        let scale: f64 = (0..n).map(|i| shares[i] / total * norms[i]).sum();
        let mut weights = vec![0.0; n];
        live.iter().zip(&u).for_each(|(i, u)| weights[*i] = scale * u / norms[*i]);
        group.combine(&weights)
    }
}
