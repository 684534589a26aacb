//! From contributions to the next core: pre-aggregations, a strategy, the server's step.

use super::group::Group;
use super::material::{Buffers, Flat, Loaded, Material, Member, Shape, Space, Vectors};
use super::mixing::{self, Mixing, mix};
use super::server::Steps;
use super::spread::holds;
use super::{Context, Intake, MergeError, Strategy, strategy};
use crate::learner::Statistic;
use crate::params::kernels::first_not_finite;
use crate::params::{BlockSum, Layout};
use crate::scenario::{Absent, Distiller, Pre, Scope, Server};
use crate::state::{Reader, StateError, Writer};

/// A strategy with what comes before and after it. Keeps the state of strategy and server from
/// round to round.
pub struct Pipeline {
    pre: Vec<Pre>,
    strategy: Box<dyn Strategy>,
    /// Whether the strategy works on what moved from a base.
    needs_base: bool,
    steps: Steps,
    absent: Absent,
    /// Whether the server looks at every contribution itself.
    ensemble: bool,
    /// Whether the strategy is linear, and whether what comes before and after it is.
    linear: (bool, bool),
    /// Whether the strategy is a user's own.
    own: bool,
    buffers: Buffers,
}

impl Pipeline {
    /// The pipeline that a scenario asks for.
    pub fn new(spec: &Distiller) -> Self {
        Pipeline {
            pre: spec.pre.clone(),
            strategy: strategy(&spec.combine),
            needs_base: spec.combine.needs_base(),
            steps: Steps::new(&spec.server),
            absent: spec.absent,
            ensemble: matches!(spec.server, Server::Feddf(_)),
            linear: (
                spec.combine.is_linear(),
                spec.pre.iter().all(Pre::is_linear) && spec.server.is_linear(),
            ),
            own: false,
            buffers: Buffers::new(),
        }
    }

    /// The same with another strategy.
    pub fn with_strategy(mut self, strategy: Box<dyn Strategy>) -> Self {
        self.linear.0 = matches!(strategy.intake(), Intake::Mean(_));
        self.strategy = strategy;
        self.own = true;
        self.needs_base = false;
        self
    }

    /// Puts what strategy and server remember of the rounds before into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        self.steps.keep(out);
        self.strategy.keep(out);
    }

    /// Takes up what another pipeline of the same kind has kept.
    ///
    /// # Errors
    /// Where it is not that.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        self.steps.take_up(from)?;
        self.strategy.take_up(from)
    }

    /// The strategy's name.
    pub fn name(&self) -> &'static str {
        self.strategy.name()
    }

    /// The statistic that agents are to bring.
    pub fn statistic(&self) -> Option<Statistic> {
        self.strategy.statistic()
    }

    /// Probe tasks of each skill that the judge is to try cores on.
    pub fn probes(&self) -> Option<u32> {
        self.strategy.probes()
    }

    /// What becomes of blocks that an agent never touched.
    pub fn absent(&self) -> Absent {
        self.absent
    }

    /// Whether the core moves linearly in what contributions hold: its steps are then the sums of
    /// what they are for each alone, the others' numbers at 0. Of a strategy of your own a mean is
    /// known to be so.
    pub fn is_linear(&self) -> bool {
        self.linear.0 && self.linear.1
    }

    /// How contributions are to be brought.
    pub fn intake(&self) -> Intake {
        if self.pre.is_empty() && self.absent == Absent::Skip && !self.ensemble {
            self.strategy.intake()
        } else {
            Intake::All
        }
    }

    /// The next core out of a weighted sum, where that is what [`intake`](Pipeline::intake) asks
    /// for. `next` starts as a copy of the base.
    ///
    /// # Errors
    /// Where the result is not finite.
    pub fn merge_sum(&mut self, sum: &BlockSum, next: &mut [f32]) -> Result<(), MergeError> {
        self.steps.begin(false);
        let mut delta = Vec::new();
        for (block, weight, values) in sum.blocks() {
            let share = (1.0 / weight) as f32;
            let at = &mut next[sum.layout().range(block)];
            if self.steps.is_plain() {
                at.iter_mut().zip(values).for_each(|(next, v)| *next = share.mul_add(*v, *next));
            } else {
                delta.clear();
                delta.extend(values.iter().map(|v| share * v));
                self.steps.step(block as usize, &mut delta);
                at.iter_mut().zip(&delta).for_each(|(next, d)| *next += d);
            }
            if let Some(at) = first_not_finite(at) {
                return Err(MergeError::NotFinite { strategy: self.strategy.name(), block, at });
            }
        }
        Ok(())
    }

    /// Whether several processes may divide merges among them: where nothing is remembered, of which
    /// each would have a part. Of a strategy of your own that is not known.
    pub fn divides(&self) -> bool {
        !self.own && !self.steps.remembers() && !self.strategy.remembers()
    }

    /// Whether several processes can merge together, each holding some segments: where the strategy
    /// can, or segments are merged one by one; and no core is tried out, which takes all of it.
    pub fn spreads(&self) -> bool {
        if !self.divides() {
            return false;
        }
        let one_by_one = self.strategy.scope() != Scope::Model;
        let alone = self.strategy.spreads() && self.pre.is_empty();
        // what is mixed one by one nobody can see as a whole
        let whole = |pre: &Pre| mixing::scope(pre) == Scope::Model;
        let seen = !self.pre.iter().skip(1).any(whole);
        (one_by_one && seen || alone) && self.strategy.probes().is_none() && !self.ensemble
    }

    /// Merges. Segments that nobody brought anything to are not written.
    ///
    /// # Errors
    /// Where the strategy's needs are not met, material cannot be read or written, or a result
    /// is not finite.
    pub fn merge(
        &mut self,
        material: &mut dyn Material,
        context: &Context<'_>,
    ) -> Result<(), MergeError> {
        let own = self.merge_here(material, context);
        material.unite(own)
    }

    /// Merges the segments that this process holds.
    fn merge_here(
        &mut self,
        material: &mut dyn Material,
        context: &Context<'_>,
    ) -> Result<(), MergeError> {
        let segments = material.segments();
        let everyone: Vec<Member> = material.members().to_vec();
        let strategy = self.strategy.as_mut();
        let lacks = if everyone.is_empty() {
            Some("at least one contribution")
        } else if self.needs_base && !material.has_base() {
            Some("a base")
        } else if !material.is_fleet() && everyone.iter().all(|member| member.weight == 0.0) {
            Some("a weight other than 0")
        } else {
            None
        };
        if let Some(needs) = lacks {
            let (needs, found) = (needs.into(), "none".into());
            return Err(MergeError::Needs { strategy: strategy.name(), needs, found });
        }
        self.steps.begin(context.last);
        let mut mixings: Vec<Mixing> = Vec::new();
        let space = strategy.space();
        for pre in &self.pre {
            let members: Vec<Member> =
                mixings.last().map_or(&everyone[..], Mixing::members).to_vec();
            let whole = mixing::scope(pre) == Scope::Model;
            // all segments together, or one by one
            let step = if whole { segments } else { 1 };
            let mut matrices = Vec::new();
            for segments in (0..segments).step_by(step.max(1)).map(|from| from..from + step) {
                if segments.len() == 1 && !holds(material, segments.start) {
                    // whoever holds it makes its own
                    matrices.push(Vec::new());
                    continue;
                }
                let mut group = Group {
                    material: &mut *material,
                    buffers: &mut self.buffers,
                    // what moved, whatever the strategy works on
                    space: Space::Deltas,
                    context,
                    mixing: &mixings,
                    members: &members,
                    places: None,
                    name: segments.start,
                    segments,
                    steps: None,
                    strategy: mixing::name(pre),
                };
                matrices.push(mixing::matrix(pre, &mut group)?);
            }
            mixings.push(Mixing::new(pre, matrices, &members));
        }
        let members = mixings.last().map_or(&everyone[..], Mixing::members);
        let steps = if self.steps.is_plain() { None } else { Some(&mut self.steps) };
        let mut round = Round {
            material,
            buffers: &mut self.buffers,
            space,
            context,
            mixings: &mixings,
            members,
            steps,
        };
        strategy.begin(context);
        match strategy.scope() {
            Scope::Model => round.group(strategy, 0..segments),
            Scope::Tensor => {
                (0..segments).try_for_each(|segment| round.group(strategy, segment..segment + 1))
            }
            Scope::Block => (0..segments).try_for_each(|segment| round.rows(strategy, segment)),
        }
    }
}

/// A merge under way.
struct Round<'m> {
    material: &'m mut dyn Material,
    buffers: &'m mut Buffers,
    space: Space,
    context: &'m Context<'m>,
    mixings: &'m [Mixing],
    members: &'m [Member],
    steps: Option<&'m mut Steps>,
}

impl Round<'_> {
    fn group(
        &mut self,
        strategy: &mut dyn Strategy,
        segments: std::ops::Range<usize>,
    ) -> Result<(), MergeError> {
        if segments.len() == 1 && !holds(self.material, segments.start) {
            return Ok(());
        }
        let (mut members, mut places) = (None, None);
        if segments.len() == 1 && self.material.is_fleet() {
            // those who never touched the block are not in the group, the others count there what
            // they did of it
            let loaded = self.material.load(segments.start, Space::Deltas, self.buffers)?;
            let held = loaded.rows.iter().map(|row| (row.member, row.weight)).collect();
            let held = mixing::holders(self.mixings, segments.start, held);
            if held.is_empty() {
                return Ok(());
            }
            if held.len() < self.members.len() {
                let mut at = vec![None; self.members.len()];
                held.iter().enumerate().for_each(|(place, held)| at[held.0] = Some(place));
                places = Some(at);
            }
            let own = |(at, weight): &(usize, f64)| Member { weight: *weight, ..self.members[*at] };
            members = Some(held.iter().map(own).collect::<Vec<_>>());
        }
        let some = places.is_some();
        let result = strategy.merge(&mut Group {
            material: &mut *self.material,
            buffers: &mut *self.buffers,
            name: segments.start,
            segments,
            space: self.space,
            context: self.context,
            mixing: self.mixings,
            members: members.as_deref().unwrap_or(self.members),
            places: places.as_deref(),
            steps: self.steps.as_deref_mut(),
            strategy: strategy.name(),
        });
        match result {
            // too few touched the block for what the strategy vouches for: it stays as it is
            Err(MergeError::Needs { .. }) if some => Ok(()),
            result => result,
        }
    }

    /// Every row of a tensor on its own; a fleet's block is one.
    fn rows(&mut self, strategy: &mut dyn Strategy, segment: usize) -> Result<(), MergeError> {
        let Shape { rows, columns, .. } = self.material.shape(segment);
        if rows == 1 || self.material.is_fleet() {
            return self.group(strategy, segment..segment + 1);
        }
        let mut mixed = Buffers::new();
        let threads = self.context.threads;
        let (loaded, out) = self.material.open(segment, self.space, self.buffers)?;
        let Loaded { base, rows: vectors } =
            mix(self.mixings, segment, (loaded, self.space), &mut mixed, threads);
        let layout = Layout::new([columns]);
        let mut buffers = Buffers::new();
        // a row is measured as its tensor was
        let given = if base.is_some() { self.space } else { Space::Models };
        let members: Vec<Member> = vectors
            .iter()
            .map(|row| Member { weight: row.weight, ..self.members[row.member] })
            .collect();
        for (row, next) in out.chunks_exact_mut(columns).enumerate() {
            let at = row * columns..(row + 1) * columns;
            let values: Vec<&[f32]> = vectors.iter().map(|v| &v.values[at.clone()]).collect();
            let base = base.map(|base| &base[at.clone()]);
            let mut one =
                Vectors::whole(&layout, &Flat, base, (&values, given), members.clone(), next);
            strategy
                .merge(&mut Group {
                    material: &mut one,
                    buffers: &mut buffers,
                    segments: 0..1,
                    name: (segment + 1) << 32 | row,
                    space: self.space,
                    context: self.context,
                    mixing: &[],
                    members: &members,
                    places: None,
                    steps: None,
                    strategy: strategy.name(),
                })
                .map_err(|error| match error {
                    MergeError::NotFinite { strategy, at, .. } => {
                        let at = row * columns + at;
                        MergeError::NotFinite { strategy, block: segment as u32, at }
                    }
                    error => error,
                })?;
        }
        if let Some(steps) = self.steps.as_deref_mut() {
            steps.take(segment, Space::Models, base, out);
        }
        self.material.close(segment)
    }
}
