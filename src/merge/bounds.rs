//! Where the largest entries of a group's vectors end.

use super::{Group, MergeError, Segment};
use crate::params::kernels::merging::{
    Cut, Magnitudes, Selection, cuts_of_largest, parallel_chunks, parallel_chunks_with,
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
        let mut held = vec![0; n];
        let mut bins = vec![Magnitudes::default(); n];
        group.read(|segment| {
            let rows: Vec<_> = here(segment, &mut bins).collect();
            parallel_chunks(segment.threads(), rows, |(values, bins)| bins.count_upper(values));
            segment.rows.iter().for_each(|row| held[row.member] += segment.len());
            Ok(())
        })?;
        let mut ends = vec![Vec::new(); n];
        for count in counts {
            let uppers: Vec<Option<(u32, usize)>> = (0..n)
                .map(|i| if count(held[i]) == 0 { None } else { bins[i].of_rank(count(held[i])) })
                .collect();
            let mut lower = vec![Magnitudes::default(); n];
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
            for (i, upper) in uppers.iter().enumerate() {
                let end = upper.and_then(|(upper, left)| {
                    let (low, left) = lower[i].of_rank(left)?;
                    Some((Magnitudes::magnitude(upper, low), left, lower[i].counted(low)))
                });
                ends[i].push(match end {
                    None => (Cut::NOTHING, None),
                    Some((magnitude, left, all)) => {
                        let ties_end = usize::MAX;
                        (Cut { magnitude, ties_end }, (left < all).then_some(left))
                    }
                });
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

/// A segment's vectors, each with its member's bins.
fn here<'s>(
    segment: &'s Segment<'_>,
    bins: &'s mut [Magnitudes],
) -> impl Iterator<Item = (&'s [f32], &'s mut Magnitudes)> {
    // rows come in the order of the members
    let mut rows = segment.rows.iter().peekable();
    bins.iter_mut().enumerate().filter_map(move |(member, bins)| {
        rows.next_if(|row| row.member == member).map(|row| (row.values, bins))
    })
}
