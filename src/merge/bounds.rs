//! Where the largest entries of a group's vectors end.

use super::{Group, MergeError, Segment};
use crate::params::kernels::merging::{
    Cut, Magnitudes, Selection, cut_of_largest, cuts_of_largest, parallel_chunks,
    parallel_chunks_with,
};

/// For every member, where the largest magnitudes of its whole vector end: some numbers of them.
pub(super) struct Bounds {
    /// By member and number: the magnitude, and how many of those that have it are still to be
    /// kept; none where all are.
    ends: Vec<Vec<(Cut, Option<usize>)>>,
}

impl Bounds {
    /// Finds where the largest `counts[k](entries)` of each member's `entries` magnitudes end.
    pub fn find<const N: usize>(
        group: &mut Group<'_>,
        counts: [&(dyn Fn(usize) -> usize + Sync); N],
    ) -> Result<Self, MergeError> {
        let n = group.n();
        if group.is_one_segment() {
            let mut ends = vec![Vec::new(); n];
            group.read(|segment| {
                let rows: Vec<(usize, &[f32])> =
                    segment.rows.iter().map(|row| (row.member, row.values)).collect();
                let cut = |(member, values): (usize, &[f32]), scratch: &mut Selection| {
                    let ks = counts.map(|count| count(values.len()));
                    let cuts = match ks.iter().all(|k| *k == values.len()) {
                        true => [Cut::ALL; N],
                        false => cuts_of_largest(values, ks, scratch),
                    };
                    (member, cuts.iter().map(|cut| (*cut, None)).collect())
                };
                let found = parallel_chunks_with(segment.threads(), rows, cut);
                found.into_iter().for_each(|(member, cuts)| ends[member] = cuts);
                Ok(())
            })?;
            return Ok(Bounds { ends });
        }
        let mut seen = vec![Seen::default(); n];
        group.read(|segment| {
            let rows: Vec<_> = here(segment, &mut seen).collect();
            parallel_chunks(segment.threads(), rows, |(values, seen)| seen.take(values));
            Ok(())
        })?;
        let mut ends = vec![Vec::new(); n];
        let mut scratch = Selection::default();
        for count in counts {
            let uppers: Vec<Option<(u32, usize)>> = seen.iter().map(|s| s.upper(count)).collect();
            let mut lower = vec![Magnitudes::default(); n];
            if uppers.iter().any(Option::is_some) {
                group.read(|segment| {
                    let rows: Vec<_> = here(segment, &mut lower)
                        .zip(&segment.rows)
                        .filter_map(|(at, row)| Some((at, uppers[row.member]?.0)))
                        .collect();
                    parallel_chunks(segment.threads(), rows, |((values, bins), upper)| {
                        bins.count_lower(values, upper);
                    });
                    Ok(())
                })?;
            }
            for (i, upper) in uppers.iter().enumerate() {
                if let Seen::Few(values) = &seen[i] {
                    ends[i].push(end_of_few(values, count(values.len()), &mut scratch));
                    continue;
                }
                let end = upper.and_then(|(upper, left)| {
                    let (low, left) = lower[i].of_rank(left)?;
                    Some((Magnitudes::magnitude(upper, low), left, lower[i].counted(low)))
                });
                ends[i].push(end_at(end));
            }
        }
        Ok(Bounds { ends })
    }

    /// The cuts of a segment's vectors. Segments come in order: of equal magnitudes the first
    /// are kept.
    pub fn cuts<const N: usize>(&mut self, segment: &Segment<'_>) -> Vec<[Cut; N]> {
        let ends = &mut self.ends;
        let cuts = segment.rows.iter().map(|row| {
            std::array::from_fn(|k| {
                let (cut, left) = &mut ends[row.member][k];
                let Some(left) = left else { return *cut };
                let tied = |(_, x): &(usize, &f32)| x.abs() == cut.magnitude;
                let mut ties = row.values.iter().enumerate().filter(tied).map(|(i, _)| i);
                let ties_end = match *left {
                    0 => 0,
                    wanted => match ties.by_ref().nth(wanted - 1) {
                        Some(last) => last + 1,
                        None => row.values.len(),
                    },
                };
                let kept = row.values[..ties_end].iter().filter(|x| x.abs() == cut.magnitude);
                *left -= kept.count();
                Cut { ties_end, ..*cut }
            })
        });
        cuts.collect()
    }
}

/// A magnitude, how many of those that have it are to be kept, and how many have it.
fn end_at(end: Option<(f32, usize, usize)>) -> (Cut, Option<usize>) {
    match end {
        None => (Cut::NOTHING, None),
        Some((magnitude, left, all)) => {
            (Cut { magnitude, ties_end: usize::MAX }, (left < all).then_some(left))
        }
    }
}

/// The same of all magnitudes at hand.
fn end_of_few(values: &[f32], count: usize, scratch: &mut Selection) -> (Cut, Option<usize>) {
    if count == 0 {
        return end_at(None);
    }
    let cut = cut_of_largest(values, count, scratch);
    let have = |values: &[f32]| values.iter().filter(|x| x.abs() == cut.magnitude).count();
    let kept = have(&values[..cut.ties_end.min(values.len())]);
    end_at(Some((cut.magnitude, kept, have(values))))
}

/// Magnitudes of a member up to which they are kept as they are: bins for them take more memory
/// than they do.
const FEW: usize = 1 << 15;

/// What is known of a member's magnitudes.
#[derive(Clone)]
enum Seen {
    /// All of them.
    Few(Vec<f32>),
    /// How many there are, and how many share their upper bits.
    Many(usize, Magnitudes),
}

impl Default for Seen {
    fn default() -> Self {
        Seen::Few(Vec::new())
    }
}

impl Seen {
    /// Takes more of them.
    fn take(&mut self, values: &[f32]) {
        match self {
            Seen::Few(few) if few.len() + values.len() <= FEW => few.extend_from_slice(values),
            Seen::Few(few) => {
                let mut bins = Magnitudes::default();
                bins.count_upper(few);
                bins.count_upper(values);
                *self = Seen::Many(few.len() + values.len(), bins);
            }
            Seen::Many(held, bins) => {
                *held += values.len();
                bins.count_upper(values);
            }
        }
    }

    /// The upper bits of the least of the largest, and how many of those that have them are among
    /// them; none where none is to be kept, or all are at hand.
    fn upper(&self, count: &(dyn Fn(usize) -> usize + Sync)) -> Option<(u32, usize)> {
        match self {
            Seen::Few(_) => None,
            Seen::Many(held, bins) => match count(*held) {
                0 => None,
                k => bins.of_rank(k),
            },
        }
    }
}

/// A segment's vectors, each with what is kept of its member.
fn here<'s, T>(
    segment: &'s Segment<'_>,
    kept: &'s mut [T],
) -> impl Iterator<Item = (&'s [f32], &'s mut T)> {
    // rows come in the order of the members
    let mut rows = segment.rows.iter().peekable();
    kept.iter_mut().enumerate().filter_map(move |(member, kept)| {
        rows.next_if(|row| row.member == member).map(|row| (row.values, kept))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Purpose, Stream};

    /// Two ways to the same ends: magnitudes at hand and counted, with ties among them.
    #[test]
    fn few_magnitudes_end_where_many_would() {
        let mut stream = Stream::new(3, Purpose::Job, 0, 0);
        let values: Vec<f32> = (0..500).map(|_| (stream.normal() * 8.0).round() as f32).collect();
        let mut bins = Magnitudes::default();
        bins.count_upper(&values);
        for k in [0, 1, 2, 7, 250, 499, 500] {
            let counted = bins.of_rank(k).filter(|_| k > 0).and_then(|(upper, left)| {
                let mut lower = Magnitudes::default();
                lower.count_lower(&values, upper);
                let (low, left) = lower.of_rank(left)?;
                Some((Magnitudes::magnitude(upper, low), left, lower.counted(low)))
            });
            let few = end_of_few(&values, k, &mut Selection::default());
            assert_eq!(format!("{few:?}"), format!("{:?}", end_at(counted)), "{k}");
        }
    }
}
