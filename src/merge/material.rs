//! What a merge works on: members, their vectors segment by segment, and where the result goes.

use super::spread::unite;
use super::{Contribution, MergeError, Spread};
use crate::params::Layout;
use crate::scenario::Absent;

/// Who brings a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// An agent's id, or a model's place among those that were given.
    pub id: u32,
    /// What it counts as a whole: its tasks, or the weight that was given.
    pub weight: f64,
    /// Gradient steps that led to its vector.
    pub steps: u64,
    /// Publications since its base was the newest core.
    pub staleness: u32,
}

/// What a vector is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// From the base: what moved. Without a base, from zero.
    Deltas,
    /// From zero: the model as it is.
    Models,
}

/// A member's vector in a segment.
#[derive(Clone, Copy, Debug)]
pub struct Row<'s> {
    /// The member's place among all members.
    pub member: usize,
    /// What the vector counts here: the tasks that touched the segment, or the given weight.
    pub weight: f64,
    /// Its values.
    pub values: &'s [f32],
    /// The [`Statistic`](crate::learner::Statistic) that it came with.
    pub statistic: Option<&'s [f32]>,
}

/// A segment as a matrix, row by row; a vector has one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub rows: usize,
    /// Columns, padding included.
    pub columns: usize,
    /// Columns without padding, which is zeros.
    pub live: usize,
}

impl Shape {
    /// A vector.
    pub fn vector(len: usize) -> Self {
        Shape { rows: 1, columns: len, live: len }
    }

    /// Numbers in all.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A segment's base and vectors. Members that have none here are left out.
#[derive(Debug)]
pub struct Loaded<'s> {
    /// The base, if there is one.
    pub base: Option<&'s [f32]>,
    /// The vectors, in the order of the members.
    pub rows: Vec<Row<'s>>,
}

/// Memory that vectors are converted in: one buffer for each member and one for the base.
pub type Buffers = Vec<Vec<f32>>;

/// What is merged. A segment is a block of parameters or a tensor; a merge reads segments in
/// any order and as often as it needs to, and writes each result once.
pub trait Material {
    /// Who brings vectors.
    fn members(&self) -> &[Member];

    /// Number of segments.
    fn segments(&self) -> usize;

    /// A segment as a matrix.
    fn shape(&self, segment: usize) -> Shape;

    /// Whether there is a base.
    fn has_base(&self) -> bool;

    /// Whether the members are a fleet's agents rather than chosen models.
    fn is_fleet(&self) -> bool {
        false
    }

    /// A segment's vectors, measured in `space`.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn load<'s>(
        &'s self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<Loaded<'s>, MergeError>;

    /// The same, and where the segment of the merged model is to be written: as many numbers as it
    /// has, which may hold anything.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn open<'s>(
        &'s mut self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<(Loaded<'s>, &'s mut [f32]), MergeError>;

    /// Takes what was written where [`open`](Material::open) said.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn close(&mut self, segment: usize) -> Result<(), MergeError>;

    /// The processes in which the segments lie, where that is not this one alone.
    fn spread(&self) -> Option<&dyn Spread> {
        None
    }

    /// Ends a merge that went as `own` says in this process.
    ///
    /// # Errors
    /// What it failed with, here or in another process.
    fn unite(&mut self, own: Result<(), MergeError>) -> Result<(), MergeError> {
        own
    }
}

/// A member's hold on a block: member, weight, values; no values stand for zeros.
type Held<'a> = (usize, f64, Option<&'a [f32]>);

/// Vectors in memory, over the blocks of a layout, and the model that they are merged to.
#[derive(Debug)]
pub struct Vectors<'a> {
    given: Given<'a>,
    next: &'a mut [f32],
    spread: Option<&'a dyn Spread>,
}

#[derive(Debug)]
struct Given<'a> {
    layout: &'a Layout,
    columns: &'a dyn Columns,
    base: Option<&'a [f32]>,
    space: Space,
    members: Vec<Member>,
    blocks: Vec<Vec<Held<'a>>>,
    zeros: Vec<f32>,
    statistics: Vec<Vec<Option<&'a [f32]>>>,
    fleet: bool,
}

/// How a block of values is laid out as a matrix.
pub trait Columns: std::fmt::Debug + Sync {
    /// Columns of a block, which divide its length, with padding and without; none where the
    /// block is no matrix.
    fn columns(&self, block: usize) -> Option<(usize, usize)>;
}

/// Blocks that are no matrices.
#[derive(Clone, Copy, Debug)]
pub struct Flat;

impl Columns for Flat {
    fn columns(&self, _block: usize) -> Option<(usize, usize)> {
        None
    }
}

impl Columns for Vec<(usize, usize)> {
    fn columns(&self, block: usize) -> Option<(usize, usize)> {
        Some(self[block])
    }
}

impl<'a> Vectors<'a> {
    /// A fleet's contributions to the core `base`; the merged core goes to `next`.
    pub fn contributions(
        layout: &'a Layout,
        columns: &'a dyn Columns,
        base: &'a [f32],
        contributions: &[Contribution<'a>],
        absent: Absent,
        next: &'a mut [f32],
    ) -> Self {
        let members: Vec<Member> = contributions
            .iter()
            .map(|c| Member {
                id: c.agent.0,
                weight: c.tasks as f64,
                steps: c.steps,
                staleness: c.staleness,
            })
            .collect();
        let mut blocks = vec![Vec::new(); layout.blocks()];
        for (member, contribution) in contributions.iter().enumerate() {
            for (block, tasks, values) in contribution.delta.iter() {
                blocks[block as usize].push((member, f64::from(tasks), Some(values)));
            }
        }
        let mut statistics = Vec::new();
        if contributions.iter().any(|c| c.statistics.is_some()) {
            statistics = vec![vec![None; contributions.len()]; layout.blocks()];
            for (member, contribution) in contributions.iter().enumerate() {
                for (block, _, values) in contribution.statistics.iter().flat_map(|s| s.iter()) {
                    statistics[block as usize][member] = Some(values);
                }
            }
        }
        let mut zeros = Vec::new();
        if absent == Absent::Zero {
            zeros.resize(layout.largest(), 0.0);
            for rows in &mut blocks {
                let mut held = std::mem::take(rows).into_iter().peekable();
                for (member, facts) in members.iter().enumerate() {
                    let here = held.next_if(|(m, ..)| *m == member);
                    rows.push((member, facts.weight, here.and_then(|(.., values)| values)));
                }
            }
        }
        let (space, base) = (Space::Deltas, Some(base));
        let fleet = true;
        let given =
            Given { layout, columns, base, space, members, blocks, zeros, statistics, fleet };
        Vectors { given, next, spread: None }
    }

    /// The same of which each of several processes holds the values of some blocks; of the others
    /// there may be none.
    pub fn over(self, spread: Option<&'a dyn Spread>) -> Self {
        Vectors { spread, ..self }
    }

    /// Whole vectors, given as models or as what they moved from the base, each with a weight.
    ///
    /// # Panics
    /// Where a vector or the base is not as long as the layout, or deltas have no base.
    pub fn whole(
        layout: &'a Layout,
        columns: &'a dyn Columns,
        base: Option<&'a [f32]>,
        (vectors, space): (&[&'a [f32]], Space),
        members: Vec<Member>,
        next: &'a mut [f32],
    ) -> Self {
        assert!(space == Space::Models || base.is_some(), "deltas have a base");
        assert!(base.is_none_or(|b| b.len() == layout.entries()), "the base has other lengths");
        assert_eq!(vectors.len(), members.len(), "a member for each vector");
        assert!(vectors.iter().all(|v| v.len() == layout.entries()), "vectors have other lengths");
        let rows = |block: usize| {
            let range = layout.range(block as u32);
            let row = |(member, vector): (usize, &&'a [f32])| {
                (member, members[member].weight, Some(&vector[range.clone()]))
            };
            vectors.iter().enumerate().map(row).collect()
        };
        let blocks = (0..layout.blocks()).map(rows).collect();
        let (zeros, statistics, fleet) = (Vec::new(), Vec::new(), false);
        let given =
            Given { layout, columns, base, space, members, blocks, zeros, statistics, fleet };
        Vectors { given, next, spread: None }
    }
}

impl<'a> Given<'a> {
    fn statistic(&self, segment: usize, member: usize) -> Option<&'a [f32]> {
        *self.statistics.get(segment)?.get(member)?
    }

    fn range(&self, segment: usize) -> std::ops::Range<usize> {
        self.layout.range(segment as u32)
    }

    fn load<'s>(&'s self, segment: usize, space: Space, buffers: &'s mut Buffers) -> Loaded<'s> {
        let range = self.range(segment);
        let base = self.base.map(|base| &base[range.clone()]);
        let held = &self.blocks[segment];
        let values =
            |values: Option<&'s [f32]>| values.unwrap_or_else(|| &self.zeros[..range.len()]);
        let sign = match (self.space, space, base) {
            (Space::Models, Space::Deltas, Some(_)) => -1.0,
            (Space::Deltas, Space::Models, Some(_)) => 1.0,
            _ => {
                let row = |&(member, weight, v): &Held<'s>| Row {
                    member,
                    weight,
                    values: values(v),
                    statistic: self.statistic(segment, member),
                };
                return Loaded { base, rows: held.iter().map(row).collect() };
            }
        };
        if buffers.len() < held.len() {
            buffers.resize_with(held.len(), Vec::new);
        }
        let mut rows = Vec::with_capacity(held.len());
        for (buffer, (member, weight, v)) in buffers.iter_mut().zip(held) {
            let base = base.into_iter().flatten();
            buffer.clear();
            buffer.extend(values(*v).iter().zip(base).map(|(v, b)| sign * b + v));
            let statistic = self.statistic(segment, *member);
            rows.push(Row { member: *member, weight: *weight, values: buffer, statistic });
        }
        Loaded { base, rows }
    }
}

impl Material for Vectors<'_> {
    fn members(&self) -> &[Member] {
        &self.given.members
    }

    fn segments(&self) -> usize {
        self.given.layout.blocks()
    }

    fn shape(&self, segment: usize) -> Shape {
        let len = self.given.range(segment).len();
        match self.given.columns.columns(segment) {
            None => Shape::vector(len),
            Some((columns, live)) => Shape { rows: len / columns, columns, live },
        }
    }

    fn has_base(&self) -> bool {
        self.given.base.is_some()
    }

    fn is_fleet(&self) -> bool {
        self.given.fleet
    }

    fn load<'s>(
        &'s self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<Loaded<'s>, MergeError> {
        Ok(self.given.load(segment, space, buffers))
    }

    fn open<'s>(
        &'s mut self,
        segment: usize,
        space: Space,
        buffers: &'s mut Buffers,
    ) -> Result<(Loaded<'s>, &'s mut [f32]), MergeError> {
        let range = self.given.range(segment);
        Ok((self.given.load(segment, space, buffers), &mut self.next[range]))
    }

    fn close(&mut self, _segment: usize) -> Result<(), MergeError> {
        Ok(())
    }

    fn spread(&self) -> Option<&dyn Spread> {
        self.spread
    }

    fn unite(&mut self, own: Result<(), MergeError>) -> Result<(), MergeError> {
        let Some(spread) = self.spread else { return own };
        let brought = self.given.blocks.iter().enumerate().filter(|(_, rows)| !rows.is_empty());
        let brought: Vec<_> = brought.map(|(s, _)| (s, self.given.range(s))).collect();
        unite(spread, &brought, self.next, own)
    }
}
