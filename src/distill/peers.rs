//! Many small merges, of which each of several processes makes its share.

use crate::merge::{MergeError, Spread, share_of};
use crate::params::Layout;
use bytemuck::{cast_slice, pod_read_unaligned};
use std::ops::Range;
use std::sync::Arc;

/// A core that a merge made.
pub(super) type Core = Arc<Vec<f32>>;

/// The share of this process in so many merges that processes divide among them: neighbours.
pub(super) fn share(peers: Option<&dyn Spread>, merges: usize) -> Range<usize> {
    peers.map_or(0..merges, |peers| share_of(peers.own(), peers.processes(), merges))
}

/// What all processes made of their shares, in order, or where a merge came to nothing: each sends the
/// blocks that differ from the core that the merge began with.
///
/// # Errors
/// The first of this process, or that another has one.
pub(super) fn unite<'b>(
    peers: Option<&dyn Spread>,
    layout: &Layout,
    bases: impl Iterator<Item = &'b Core>,
    own: Vec<Result<Option<Core>, MergeError>>,
) -> Result<Vec<Option<Core>>, MergeError> {
    let own: Result<Vec<_>, _> = own.into_iter().collect();
    let Some(peers) = peers else { return own };
    let bases: Vec<&Core> = bases.collect();
    let mut message = vec![u32::from(own.is_ok())];
    for (base, made) in share(Some(peers), bases.len()).zip(own.iter().flatten()) {
        write(layout, bases[base], made.as_ref(), &mut message);
    }
    let all = peers.gather(cast_slice(&message).to_vec());
    own?;
    let mut made = Vec::with_capacity(bases.len());
    for (process, message) in all.iter().enumerate() {
        let mut words = message.chunks_exact(4).map(pod_read_unaligned::<u32>);
        if words.next() != Some(1) {
            return Err(MergeError::Elsewhere);
        }
        let share = share_of(process, peers.processes(), bases.len());
        made.extend(bases[share].iter().map(|base| read(layout, base, &mut words)));
    }
    Ok(made)
}

/// Writes how many blocks of a core differ from its base, and each; or that there is none.
fn write(layout: &Layout, base: &[f32], made: Option<&Core>, to: &mut Vec<u32>) {
    let Some(made) = made else { return to.push(u32::MAX) };
    let count = to.len();
    to.push(0);
    for block in 0..layout.blocks() as u32 {
        let (before, after): (&[u32], &[u32]) =
            (cast_slice(&base[layout.range(block)]), cast_slice(&made[layout.range(block)]));
        if before != after {
            to[count] += 1;
            to.push(block);
            to.extend_from_slice(after);
        }
    }
}

fn read(layout: &Layout, base: &Core, from: &mut impl Iterator<Item = u32>) -> Option<Core> {
    let mut next =
        || from.next().unwrap_or_else(|| panic!("a process that merges sent too little"));
    let blocks = next();
    if blocks == u32::MAX {
        return None;
    }
    if blocks == 0 {
        return Some(base.clone());
    }
    let mut core = base.as_ref().clone();
    for _ in 0..blocks {
        let block = next();
        core[layout.range(block)].iter_mut().for_each(|x| *x = f32::from_bits(next()));
    }
    Some(Arc::new(core))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_comes_in_as_it_was_made() {
        let layout = Layout::new([2, 3, 1]);
        let base = Arc::new(vec![0.0; 6]);
        let mut made = base.as_ref().clone();
        (made[2], made[5]) = (1.5, -0.0);
        for (made, words) in [(Some(base.clone()), 1), (Some(Arc::new(made)), 7), (None, 1)] {
            let mut message = Vec::new();
            write(&layout, &base, made.as_ref(), &mut message);
            assert_eq!(message.len(), words, "only what differs travels");
            let got = read(&layout, &base, &mut message.into_iter());
            let bits = |core: Option<Core>| core.map(|c| c.iter().map(|x| x.to_bits()).collect());
            assert_eq!(bits(got), bits(made) as Option<Vec<u32>>);
        }
    }
}
