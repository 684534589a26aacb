//! Material whose segments lie in several processes.

use super::{Group, Material, MergeError, Segment, spare};
use bytemuck::{Pod, bytes_of, cast_slice, cast_slice_mut, pod_read_unaligned, try_cast_slice};
use std::fmt::Debug;
use std::ops::Range;

/// Numbers that processes tell each other of at once, about.
const TOLD: usize = 1 << 18;

/// Processes that merge together. Each knows of all vectors whose they are and which segments they
/// have, and holds the values of some segments: of those it measures and makes what is to be, as one
/// process would. All call the same in the same order.
pub trait Spread: Debug + Send + Sync {
    /// Which of the processes this is.
    fn own(&self) -> usize;

    /// How many there are.
    fn processes(&self) -> usize;

    /// The process that holds a segment.
    fn holder(&self, segment: usize) -> usize;

    /// Gives every process what each has, in their order.
    fn gather(&self, own: Vec<u8>) -> Vec<Vec<u8>>;

    /// Whether this process holds a segment.
    fn holds(&self, segment: usize) -> bool {
        self.holder(segment) == self.own()
    }
}

/// The share of one of several processes in so many things: neighbours, as many as every other's or
/// one more.
pub(crate) fn share_of(process: usize, processes: usize, things: usize) -> Range<usize> {
    process * things / processes..(process + 1) * things / processes
}

impl Group<'_> {
    /// Calls `look` with every segment for some numbers of it, in place of whatever is there, and then
    /// `add` with the segment and its numbers, segment by segment. Where segments lie in several
    /// processes, each looks at those that it holds and all add up the same, without the vectors' values.
    ///
    /// # Errors
    /// As of [`read`](Group::read).
    pub(super) fn measure(
        &mut self,
        mut look: impl FnMut(&Segment<'_>, &mut Vec<f64>),
        mut add: impl FnMut(&Segment<'_>, &[f64]),
    ) -> Result<(), MergeError> {
        let mut found = spare::any();
        let done = self.measure_into(&mut found, &mut look, &mut add);
        spare::put_by(found);
        done
    }

    /// [`measure`](Group::measure) with memory for the numbers.
    fn measure_into(
        &mut self,
        found: &mut Vec<f64>,
        look: &mut impl FnMut(&Segment<'_>, &mut Vec<f64>),
        add: &mut impl FnMut(&Segment<'_>, &[f64]),
    ) -> Result<(), MergeError> {
        if self.is_one_segment() || self.material.spread().is_none() {
            return self.read(|segment| {
                look(segment, found);
                add(segment, found);
                Ok(())
            });
        }
        // what is told of products grows as the square of the members
        let told = (TOLD / self.n().pow(2).max(1)).max(1);
        let (mut first, end) = (self.segments.start, self.segments.end);
        while first < end {
            let some = first..end.min(first + told.max(self.one_each(first)));
            first = some.end;
            self.on_some(some, |group| group.measure_together(told, found, look, add))?;
        }
        Ok(())
    }

    /// Segments from one on of which each process holds one at most.
    fn one_each(&self, first: usize) -> usize {
        let Some(spread) = self.material.spread() else { return 1 };
        let next = (first..self.segments.end).take(spread.processes());
        let holders: Vec<usize> = next.map(|s| spread.holder(s)).collect();
        let is_new = |at: &usize| !holders[..*at].contains(&holders[*at]);
        (0..holders.len()).take_while(is_new).count()
    }

    /// Does something with some of the segments alone.
    fn on_some<T>(&mut self, some: Range<usize>, f: impl FnOnce(&mut Self) -> T) -> T {
        let (whole, name) = (self.segments.clone(), self.name);
        self.name += some.start - whole.start;
        self.segments = some;
        let done = f(self);
        (self.segments, self.name) = (whole, name);
        done
    }

    /// [`measure`](Group::measure) of segments that lie in several processes, all of which are looked at
    /// before any are told of, so many at once.
    fn measure_together(
        &mut self,
        told: usize,
        found: &mut Vec<f64>,
        look: &mut impl FnMut(&Segment<'_>, &mut Vec<f64>),
        add: &mut impl FnMut(&Segment<'_>, &[f64]),
    ) -> Result<(), MergeError> {
        let mut own: Vec<Vec<u8>> = Vec::new();
        self.read(|segment| {
            look(segment, found);
            let mut message = Vec::with_capacity(size_of::<u64>() + size_of_val(&found[..]));
            message.extend_from_slice(bytes_of(&(found.len() as u64)));
            message.extend_from_slice(cast_slice(found));
            own.push(message);
            Ok(())
        })?;
        let mut own = own.into_iter();
        for some in pieces(self.segments.clone(), told) {
            let Some(spread) = self.material.spread() else { return Ok(()) };
            let mut holders =
                some.clone().map(|s| spread.holder(s)).collect::<Vec<_>>().into_iter();
            let mut held = own.by_ref().take(some.clone().filter(|s| spread.holds(*s)).count());
            let mut message = held.next().unwrap_or_default();
            held.for_each(|next| message.extend(next));
            let all = spread.gather(message);
            let mut rest: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            let tell = |segment: &Segment<'_>| {
                let Some(holder) = holders.next() else { return Ok(()) };
                let (number, said) = rest[holder].split_at(size_of::<u64>());
                let number = pod_read_unaligned::<u64>(number) as usize;
                let (here, said) = said.split_at(number * size_of::<f64>());
                rest[holder] = said;
                match try_cast_slice(here) {
                    Ok(numbers) => add(segment, numbers),
                    // it does not lie where numbers may
                    Err(_) => add(segment, &numbers(here)),
                }
                Ok(())
            };
            self.on_some(some, |group| group.walk(|_| true, tell))?;
        }
        Ok(())
    }
}

/// A range in pieces of some length, but for the last.
fn pieces(whole: Range<usize>, each: usize) -> impl Iterator<Item = Range<usize>> {
    let end = whole.end;
    whole.step_by(each).map(move |first| first..(first + each).min(end))
}

/// Ends a merge of spread material: gives every process what the others made of some segments, which
/// are parts of `next`.
///
/// # Errors
/// What this process failed with, or that another failed.
pub(super) fn unite(
    spread: &dyn Spread,
    segments: &[(usize, std::ops::Range<usize>)],
    next: &mut [f32],
    own: Result<(), MergeError>,
) -> Result<(), MergeError> {
    let mut made: Vec<f32> = vec![f32::from(u8::from(own.is_err()))];
    for (_, range) in segments.iter().filter(|(s, _)| own.is_ok() && spread.holds(*s)) {
        made.extend_from_slice(&next[range.clone()]);
    }
    let all = spread.gather(cast_slice(&made).to_vec());
    own?;
    let all: Vec<Vec<f32>> = all.iter().map(|made| numbers(made)).collect();
    if all.iter().any(|made| made[0] != 0.0) {
        return Err(MergeError::Elsewhere);
    }
    let mut at = vec![1; all.len()];
    for (segment, range) in segments {
        let holder = spread.holder(*segment);
        let made = &all[holder][at[holder]..][..range.len()];
        next[range.clone()].copy_from_slice(made);
        at[holder] += range.len();
    }
    Ok(())
}

/// Whether this process has to do with a segment on its own.
pub(super) fn holds(material: &dyn Material, segment: usize) -> bool {
    material.spread().is_none_or(|spread| spread.holds(segment))
}

/// The numbers of a message.
fn numbers<T: Pod>(message: &[u8]) -> Vec<T> {
    let mut numbers = vec![T::zeroed(); message.len() / size_of::<T>()];
    cast_slice_mut::<T, u8>(&mut numbers).copy_from_slice(message);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_is_one_process_s() {
        for things in [0, 1, 5, 256] {
            for processes in 1..=9 {
                let all: Vec<usize> = (0..processes)
                    .flat_map(|process| share_of(process, processes, things))
                    .collect();
                assert_eq!(all, (0..things).collect::<Vec<_>>());
            }
        }
    }
}
