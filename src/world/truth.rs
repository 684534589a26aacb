//! The truths of the mixed-effects world: general, skill and company parts, and their change.

use crate::halt::Halt;
use crate::maths;
use crate::params::kernels::{add_scaled, stride_of};
use crate::scenario::MixedEffects;
use crate::stream::{Key, Purpose};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The state of a world in one round; cheap to clone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Climate {
    /// Counts the changes: equal numbers mean equal truths.
    pub version: u32,
    /// `G + U_s` for every skill, each `inputs × stride`; empty in worlds without truths.
    pub(super) shared: Arc<Vec<f32>>,
    /// How often each changed company's truths were drawn afresh.
    pub(super) redrawn: Arc<Vec<(u32, u32)>>,
}

impl Climate {
    /// The climate of a world where nothing ever changes.
    pub(super) fn fixed() -> Self {
        Climate { version: 0, shared: Arc::default(), redrawn: Arc::default() }
    }

    /// Numbers of its truths.
    pub(crate) fn size(&self) -> usize {
        self.shared.len()
    }

    fn redraws(&self, company: u32) -> u32 {
        self.redrawn.iter().find(|(c, _)| *c == company).map_or(0, |(_, n)| *n)
    }
}

/// Sizes of the truths and the seed that they come from.
#[derive(Clone, Debug)]
pub(super) struct Truths {
    pub seed: u64,
    pub inputs: usize,
    pub answers: usize,
    pub stride: usize,
    pub spec: MixedEffects,
    /// Truths that are drawn after it are of no use.
    pub halt: Halt,
}

impl Truths {
    pub fn new(spec: &MixedEffects, seed: u64, halt: Halt) -> Self {
        let answers = spec.answers as usize;
        Truths {
            seed,
            inputs: spec.features as usize + 1,
            answers,
            stride: stride_of(answers),
            spec: spec.clone(),
            halt,
        }
    }

    /// Entries of one truth, padding included.
    pub fn entries(&self) -> usize {
        self.inputs * self.stride
    }

    /// `to += scale · N(0, 1)` entry by entry, from a stream named by `purpose`, `owner` and
    /// `round`; `redraw` tells apart draws of the same name.
    fn add_normals(
        &self,
        (purpose, owner, round): (Purpose, u32, u32),
        redraw: u32,
        scale: f64,
        normals: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        if scale == 0.0 {
            return;
        }
        normals.resize(self.inputs * self.answers, 0.0);
        // a truth has at most 4097 × 256 entries, four a position: redraws never overlap
        Key::new(self.seed, purpose, owner, round).fill_normals(redraw << 20, normals);
        let scale = scale as f32;
        if self.answers == self.stride {
            add_scaled(to, scale, normals);
            return;
        }
        for (row, z) in to.chunks_exact_mut(self.stride).zip(normals.chunks_exact(self.answers)) {
            add_scaled(&mut row[..self.answers], scale, z);
        }
    }

    /// `G + U_s` at the beginning.
    pub fn first(&self) -> Climate {
        let skills = self.spec.skills;
        let mut shared = vec![0.0; self.entries() * skills as usize];
        let mut normals = Vec::new();
        for (s, truth) in shared.chunks_exact_mut(self.entries()).enumerate() {
            if self.halt.is_set() {
                break;
            }
            self.add_general(&mut normals, truth);
            let name = (Purpose::SkillTruth, s as u32, 0);
            self.add_normals(name, 0, self.spec.skill, &mut normals, truth);
        }
        Climate { version: 0, shared: Arc::new(shared), redrawn: Arc::default() }
    }

    fn add_general(&self, normals: &mut Vec<f32>, truth: &mut [f32]) {
        self.add_normals((Purpose::General, 0, 0), 0, self.spec.general, normals, truth);
    }

    /// Ornstein-Uhlenbeck steps of every skill, `U ← ρU + sqrt(1-ρ²) ξ`, `ξ ~ N(0, skill²)`: several
    /// are one with `ρ` to the power of their number.
    pub fn drift(&self, round: u32, steps: u32, climate: &mut Climate) {
        let rho = match (self.spec.drift.rho, steps) {
            (rho, 1) => rho,
            (rho, steps) => maths::pow(rho, steps.into()),
        };
        let mut general = vec![0.0; self.entries()];
        let mut normals = Vec::new();
        self.add_general(&mut normals, &mut general);
        let shared = Arc::make_mut(&mut climate.shared);
        for (s, truth) in shared.chunks_exact_mut(self.entries()).enumerate() {
            if self.halt.is_set() {
                break;
            }
            for (t, g) in truth.iter_mut().zip(&general) {
                *t = (rho as f32).mul_add(*t - g, *g);
            }
            let scale = (1.0 - rho * rho).sqrt() * self.spec.skill;
            self.add_normals((Purpose::Drift, s as u32, round), 0, scale, &mut normals, truth);
        }
        climate.version += 1;
    }

    /// Draws a skill's truth afresh, from a stream of its own for every round.
    pub fn redraw_skill(&self, skill: u32, round: u32, climate: &mut Climate) {
        let mut normals = Vec::new();
        let range = skill as usize * self.entries()..(skill as usize + 1) * self.entries();
        let truth = &mut Arc::make_mut(&mut climate.shared)[range];
        truth.fill(0.0);
        self.add_general(&mut normals, truth);
        let name = (Purpose::SkillTruth, skill, round + 1);
        self.add_normals(name, 0, self.spec.skill, &mut normals, truth);
        climate.version += 1;
    }

    /// Draws a company's variation of all skills afresh.
    pub fn redraw_company(&self, company: u32, climate: &mut Climate) {
        let redrawn = Arc::make_mut(&mut climate.redrawn);
        match redrawn.iter_mut().find(|(c, _)| *c == company) {
            Some((_, times)) => *times += 1,
            None => redrawn.push((company, 1)),
        }
        climate.version += 1;
    }

    /// `G + U_s + V_{c,s}`: out of the cache, or worked out.
    pub fn of<'a>(
        &self,
        climate: &Climate,
        company: u32,
        skill: u32,
        normals: &mut Vec<f32>,
        cache: &'a mut TruthCache,
    ) -> &'a [f32] {
        let place = u64::from(company) * u64::from(self.spec.skills) + u64::from(skill);
        let name = (company, skill, climate.version);
        let (truth, fresh) = cache.slot(place, name, self.entries());
        if !fresh {
            let start = skill as usize * self.entries();
            truth.copy_from_slice(&climate.shared[start..start + self.entries()]);
            let name = (Purpose::CompanyTruth, company, skill);
            let redraw = climate.redraws(company);
            self.add_normals(name, redraw, self.spec.company, normals, truth);
        }
        truth
    }
}

/// Truths that were worked out lately, found by their name: direct-mapped, at most about a
/// megabyte. `V_{c,s}` is never stored for every pair; agents of one company are neighbours,
/// so that a worker asks for the same few again and again.
#[derive(Clone, Debug, Default)]
pub struct TruthCache {
    names: Vec<Option<(u32, u32, u32)>>,
    entries: usize,
    values: Vec<f32>,
}

/// Most entries that a worker's cache holds, 1 MiB, but at least eight truths.
const CACHE_ENTRIES: usize = 1 << 18;

impl TruthCache {
    /// The slot of a truth, and whether it holds that truth already. Truths with neighbouring
    /// places never share a slot.
    fn slot(&mut self, place: u64, name: (u32, u32, u32), entries: usize) -> (&mut [f32], bool) {
        if self.entries != entries {
            let slots = (CACHE_ENTRIES / entries).clamp(8, 1024).next_power_of_two();
            self.entries = entries;
            self.names = vec![None; slots];
            self.values = vec![0.0; slots * entries];
        }
        let slot = place as usize & (self.names.len() - 1);
        let fresh = self.names[slot].replace(name) == Some(name);
        (&mut self.values[slot * entries..(slot + 1) * entries], fresh)
    }
}
