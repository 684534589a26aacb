//! Block-sparse vectors of many owners in a few large allocations.

use super::Layout;
use crate::state::{Reader, StateError, Writer};
use std::sync::Arc;

const NONE: u32 = u32::MAX;

/// Entries of a page, where blocks are smaller than that.
const PAGE: usize = 1 << 14;

/// A block-sparse vector for each of `owners` owners.
///
/// Blocks are handed out of pages and chained from their owner, so that a million owners with
/// a few blocks each cost a few bytes beyond the blocks themselves, and nothing is allocated
/// for a single owner. Finding a block walks the owner's chain: cost linear in the blocks that
/// it holds. Blocks that an owner gives back are handed out again.
#[derive(Clone, Debug)]
pub struct Store {
    layout: Arc<Layout>,
    heads: Vec<u32>,
    slots: Vec<Slot>,
    pages: Vec<Box<[f32]>>,
    page_size: usize,
    /// Entries of the last page that are handed out.
    used: usize,
    /// Slots that were given back, chained, by the length of their blocks.
    free: Vec<(usize, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    block: u32,
    next: u32,
    page: u32,
    at: u32,
    count: u32,
}

impl Store {
    /// Empty vectors over `layout` for `owners` owners.
    pub fn new(layout: Arc<Layout>, owners: usize) -> Self {
        let largest = layout.largest().max(1);
        let page_size = (owners.saturating_mul(4 * largest)).clamp(largest, PAGE.max(largest));
        Store {
            layout,
            heads: vec![NONE; owners],
            slots: Vec::new(),
            pages: Vec::new(),
            page_size,
            used: 0,
            free: Vec::new(),
        }
    }

    /// Number of owners.
    pub fn owners(&self) -> usize {
        self.heads.len()
    }

    /// The layout of every owner's vector.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Bytes that it holds, about: of memory, and as many in a checkpoint.
    pub fn bytes(&self) -> usize {
        4 * self.pages.len() * self.page_size + size_of_val(&self.slots[..])
    }

    fn chain(&self, owner: usize) -> impl Iterator<Item = usize> {
        let mut at = self.heads[owner];
        std::iter::from_fn(move || {
            (at != NONE).then(|| {
                let slot = at as usize;
                at = self.slots[slot].next;
                slot
            })
        })
    }

    fn values(&self, slot: usize) -> &[f32] {
        let Slot { block, page, at, .. } = self.slots[slot];
        &self.pages[page as usize][at as usize..at as usize + self.layout.len(block)]
    }

    fn values_mut(&mut self, slot: usize) -> &mut [f32] {
        let Slot { block, page, at, .. } = self.slots[slot];
        let len = self.layout.len(block);
        &mut self.pages[page as usize][at as usize..at as usize + len]
    }

    /// An owner's blocks, in no order that a result may depend on: id, tasks so far, values.
    pub fn blocks(&self, owner: usize) -> impl Iterator<Item = (u32, u32, &[f32])> {
        self.chain(owner).map(|s| (self.slots[s].block, self.slots[s].count, self.values(s)))
    }

    /// Calls `f` on each of an owner's blocks: id, values.
    pub fn for_each_mut(&mut self, owner: usize, mut f: impl FnMut(u32, &mut [f32])) {
        let mut at = self.heads[owner];
        while at != NONE {
            let Slot { block, next, .. } = self.slots[at as usize];
            f(block, self.values_mut(at as usize));
            at = next;
        }
    }

    /// Sets the tasks of all of an owner's blocks to zero.
    pub fn clear_counts(&mut self, owner: usize) {
        let mut at = self.heads[owner];
        while at != NONE {
            self.slots[at as usize].count = 0;
            at = self.slots[at as usize].next;
        }
    }

    /// Takes all of an owner's blocks from it.
    pub fn empty(&mut self, owner: usize) {
        let mut at = std::mem::replace(&mut self.heads[owner], NONE);
        while at != NONE {
            let Slot { block, next, .. } = self.slots[at as usize];
            let len = self.layout.len(block);
            let place = self.free.iter().position(|(l, _)| *l == len).unwrap_or_else(|| {
                self.free.push((len, NONE));
                self.free.len() - 1
            });
            self.slots[at as usize].next = std::mem::replace(&mut self.free[place].1, at);
            at = next;
        }
    }

    /// An owner's block: its values and the tasks it stands for, if held.
    pub fn get(&self, owner: usize, block: u32) -> Option<(&[f32], u32)> {
        let slot = self.chain(owner).find(|&s| self.slots[s].block == block)?;
        Some((self.values(slot), self.slots[slot].count))
    }

    /// An owner's block to be changed, zeros where it was not held, and its tasks.
    pub fn entry(&mut self, owner: usize, block: u32) -> (&mut [f32], &mut u32) {
        let found = self.chain(owner).find(|&s| self.slots[s].block == block);
        let slot = found.unwrap_or_else(|| self.insert(owner, block));
        let Slot { page, at, .. } = self.slots[slot];
        let len = self.layout.len(block);
        let values = &mut self.pages[page as usize][at as usize..at as usize + len];
        (values, &mut self.slots[slot].count)
    }

    fn insert(&mut self, owner: usize, block: u32) -> usize {
        let len = self.layout.len(block);
        let free = self.free.iter_mut().find(|(l, head)| *l == len && *head != NONE);
        if let Some((_, head)) = free {
            let slot = *head as usize;
            *head = self.slots[slot].next;
            self.slots[slot].block = block;
            self.slots[slot].count = 0;
            self.slots[slot].next = std::mem::replace(&mut self.heads[owner], slot as u32);
            self.values_mut(slot).fill(0.0);
            return slot;
        }
        if self.pages.is_empty() || self.used + len > self.page_size {
            self.pages.push(vec![0.0; self.page_size].into_boxed_slice());
            self.used = 0;
        }
        let slot = Slot {
            block,
            next: self.heads[owner],
            page: self.pages.len() as u32 - 1,
            at: self.used as u32,
            count: 0,
        };
        self.used += len;
        self.heads[owner] = self.slots.len() as u32;
        self.slots.push(slot);
        self.slots.len() - 1
    }

    /// Appends an owner's vector to `words`: the number of its blocks, then each in rising order, its
    /// id, its tasks and the bits of its values. `order` is a buffer.
    pub fn keep_owner(&self, owner: usize, order: &mut Vec<usize>, words: &mut Vec<u32>) {
        self.sort(owner, order);
        words.push(order.len() as u32);
        for &slot in order.iter() {
            words.extend([self.slots[slot].block, self.slots[slot].count]);
            words.extend(self.values(slot).iter().map(|value| value.to_bits()));
        }
    }

    /// Takes up an owner's vector where it holds none, and leaves what follows it in `words`.
    ///
    /// # Errors
    /// Where there are no such blocks.
    pub fn take_up_owner(&mut self, owner: usize, words: &mut &[u32]) -> Result<(), StateError> {
        self.empty(owner);
        let blocks = first(words)?;
        for _ in 0..blocks {
            let (block, count) = (first(words)?, first(words)?);
            if block as usize >= self.layout.blocks() {
                return Err(StateError::unfit("block", block, self.layout.blocks()));
            }
            let (bits, rest) = split(words, self.layout.len(block))?;
            *words = rest;
            let (values, tasks) = self.entry(owner, block);
            *tasks = count;
            values.iter_mut().zip(bits).for_each(|(value, bits)| *value = f32::from_bits(*bits));
        }
        Ok(())
    }

    /// Puts all owners' vectors into a checkpoint.
    pub fn keep(&self, out: &mut Writer<'_>) {
        let (mut order, mut words) = (Vec::new(), Vec::new());
        (0..self.owners()).for_each(|owner| self.keep_owner(owner, &mut order, &mut words));
        out.put_words(&words);
    }

    /// Takes up the vectors of as many owners.
    ///
    /// # Errors
    /// Where there are more or fewer, or other blocks.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<(), StateError> {
        let words = from.words()?;
        let mut words = &words[..];
        (0..self.owners()).try_for_each(|owner| self.take_up_owner(owner, &mut words))?;
        StateError::unless_same("words of blocks too many:", words.len(), 0)
    }

    /// An owner's slots by rising block.
    fn sort(&self, owner: usize, order: &mut Vec<usize>) {
        order.clear();
        order.extend(self.chain(owner));
        order.sort_unstable_by_key(|&s| self.slots[s].block);
    }

    /// Adds an owner's vector to a dense one, `to += vector`.
    ///
    /// # Panics
    /// Where `to` is shorter than the layout.
    pub fn add_to(&self, owner: usize, to: &mut [f32]) {
        for slot in self.chain(owner) {
            let range = self.layout.range(self.slots[slot].block);
            to[range].iter_mut().zip(self.values(slot)).for_each(|(t, v)| *t += v);
        }
    }

    /// Feeds an owner's vector to `feed`, block by block in rising order, bit by bit: what a
    /// result hash is made of. `order` is a buffer.
    pub fn digest(&self, owner: usize, order: &mut Vec<usize>, feed: &mut dyn FnMut(&[u8])) {
        self.sort(owner, order);
        for &slot in order.iter() {
            feed(&self.slots[slot].block.to_le_bytes());
            feed(&self.slots[slot].count.to_le_bytes());
            feed_values(self.values(slot), feed);
        }
    }
}

/// Takes the first of some words.
pub(crate) fn first(words: &mut &[u32]) -> Result<u32, StateError> {
    let (head, rest) = split(words, 1)?;
    *words = rest;
    Ok(head[0])
}

/// The first `n` words, and the rest.
fn split(words: &[u32], n: usize) -> Result<(&[u32], &[u32]), StateError> {
    let short = StateError::Short { left: 4 * words.len() as u64, wanted: 4 * n as u64 };
    words.split_at_checked(n).ok_or(short)
}

/// Feeds the bits of some numbers, least byte first, a thousand numbers at a time.
pub fn feed_values(values: &[f32], feed: &mut dyn FnMut(&[u8])) {
    let mut bytes = [0_u8; 4096];
    for chunk in values.chunks(bytes.len() / 4) {
        for (to, value) in bytes.chunks_exact_mut(4).zip(chunk) {
            to.copy_from_slice(&value.to_bits().to_le_bytes());
        }
        feed(&bytes[..4 * chunk.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_handed_out_again_as_zeros() {
        let layout = Arc::new(Layout::new([3, 3, 5]));
        let mut store = Store::new(layout, 2);
        for block in 0..3 {
            store.entry(0, block).0.fill(7.0);
            *store.entry(0, block).1 = 4;
        }
        store.entry(1, 2).0.fill(1.0);
        let slots = store.slots.len();
        store.empty(0);
        assert_eq!(store.blocks(0).count(), 0);
        for block in [2, 1, 0] {
            let (values, tasks) = store.entry(1, block);
            let want = if block == 2 { 1.0 } else { 0.0 };
            assert!(values.iter().all(|v| *v == want) && *tasks == 0, "{block}");
        }
        store.entry(0, 2);
        assert_eq!(store.slots.len(), slots);
    }

    #[test]
    fn owners_keep_their_blocks_apart() {
        let layout = Arc::new(Layout::new([3, 5, 2]));
        for owners in [1, 7, 5000] {
            let mut store = Store::new(layout.clone(), owners);
            for owner in 0..owners {
                for block in [2, 0] {
                    let (values, count) = store.entry(owner, block);
                    assert!(values.iter().all(|v| *v == 0.0));
                    values.fill((owner * 3 + block as usize) as f32);
                    *count += owner as u32;
                }
            }
            for owner in 0..owners {
                let (values, count) = store.get(owner, 2).expect("was put there");
                assert_eq!((values, count), (&[(owner * 3 + 2) as f32; 2][..], owner as u32));
                assert!(store.get(owner, 1).is_none());
                let mut dense = vec![1.0; 10];
                store.add_to(owner, &mut dense);
                assert_eq!(dense[0], 1.0 + (owner * 3) as f32);
                assert_eq!(dense[4], 1.0);
            }
        }
    }
}
