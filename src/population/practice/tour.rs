//! A round of a whole fleet, the fast way.
//!
//! A call reads one row at random, and where it tells something writes to one at random. For a
//! million agents of one skill the rows are 4 MB, of 16 skills 64 MB, and what a call costs is the
//! way to memory: 5 to 10 ns where nothing else is asked for in the meantime, some 90 ns from
//! memory proper. So a round has two phases, each over shares of the agents that threads take:
//!
//! ```text
//! calls    128 agents at a time: words for all (32 Philox counters at once), callees, and a
//!          prefetch of their rows; meanwhile the 128 before take in what their callees know.
//!          Where the caller knows better, (callee, caller) goes into an outbox, one for each
//!          stretch of agents whose rows fit the second cache.
//! letters  a stretch at a time: everyone who is written to takes in what the caller knew, in
//!          memory that is at hand; then levels and counts, while it still is.
//! ```
//!
//! Nothing is locked and no word is shared: whose row is written to is one thread's in either
//! phase, and all that is read is the snapshot. A letter costs a write and a read in a row, and is
//! written only where it tells something: half the calls at most.

use super::post::{Outbox, Shares};
use super::rule::{BLOCK, Rows, Rule, with_rule};
use super::{Law, Practice, Snapshot};
use crate::graph::Graph;
use crate::params::kernels::{Around, prefetch_words, run_around};
use crate::population::practice::News;
use crate::scenario::Direction;
use crate::stream::Key;
use crate::threads::parallel_chunks;

/// Letters that are looked at ahead of their time.
const AHEAD: usize = 16;

impl Practice {
    /// A round of agents that know things of their own. Returns how many are at the adoption
    /// level, skill by skill.
    pub(super) fn tour_agents(
        &self,
        now: &Snapshot,
        next: &mut Snapshot,
        threads: usize,
        outboxes: &mut Vec<Outbox>,
    ) -> Vec<u64> {
        let stride = now.known.stride();
        let agents = self.facts.agents;
        let Shares { share, bits, stretches } = Shares::new(agents, (1, stride), threads);
        outboxes.resize_with(agents.div_ceil(share), Outbox::default);
        outboxes.iter_mut().for_each(|outbox| outbox.open(stretches));
        let mut done = next.done.chunks_mut(share);
        let rows = next.known.all_mut().chunks_mut(share * stride).zip(outboxes.iter_mut());
        let shares = rows.enumerate().map(|(i, (rows, outbox))| {
            let done = done.next().unwrap_or_default();
            Share { first: i * share, rows, done, outbox, bits }
        });
        parallel_chunks(threads, shares.collect(), |share| self.calls_of(now, share));
        let round = next.round;
        let outboxes = &*outboxes;
        let rows = next.known.all_mut().chunks_mut(stride << bits).enumerate();
        let counts = parallel_chunks(threads, rows.collect(), |(stretch, rows)| {
            let letters = outboxes.iter().map(|outbox| outbox.to(stretch));
            with_rule!(self.rule(), |rule| {
                let first = stretch << bits;
                letters.for_each(|letters| {
                    run_around(Letters {
                        rule,
                        now: now.known.all(),
                        rows: &mut *rows,
                        first,
                        letters,
                    })
                });
            });
            self.settle(rows, round)
        });
        let mut all = vec![0; self.skills()];
        for counts in &counts {
            all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
        all
    }

    /// A share's work and calls.
    fn calls_of(&self, now: &Snapshot, share: Share<'_>) {
        let Share { first, rows, done, outbox, bits } = share;
        let stride = now.known.stride();
        if self.tasks > 0 {
            let mut news = News::default();
            for ((i, row), done) in rows.chunks_exact_mut(stride).enumerate().zip(done) {
                if self.halt.is_set() {
                    return;
                }
                *done = self.work_alone(now, (first + i) as u32, news.memory_mut(), row);
            }
        }
        let Some(graph) = &self.graph else {
            if self.tasks == 0 {
                rows.copy_from_slice(&now.known.all()[first * stride..][..rows.len()]);
            }
            return;
        };
        let direction = self.gossip.direction;
        for contact in 0..self.gossip.contacts {
            if self.halt.is_set() {
                return;
            }
            let key = self.calls(contact, now.round + 1);
            let fresh = self.tasks == 0 && contact == 0;
            let (now, rows, outbox) = (now.known.all(), &mut *rows, &mut *outbox);
            with_rule!(self.rule(), |rule| {
                let calls =
                    Calls { rule, graph, key, direction, now, first, fresh, rows, outbox, bits };
                run_around(calls);
            });
        }
    }

    /// A round of agents that know what the core does.
    pub(super) fn tour_core(&self, now: &Snapshot, next: &mut Snapshot, threads: usize) {
        let Shares { share, .. } = Shares::new(self.facts.agents, (1, 1), threads);
        let shares = next.done.chunks_mut(share).enumerate().collect();
        let counts = parallel_chunks(threads, shares, |(i, done): (usize, &mut [[f64; 2]])| {
            let (mut news, mut counts) = (News::default(), vec![0_u64; self.skills()]);
            for (j, done) in done.iter_mut().enumerate() {
                if self.halt.is_set() {
                    break;
                }
                self.live(now, (i * share + j) as u32, &mut news);
                *done = news.done;
                news.skills.iter().for_each(|skill| counts[*skill as usize] += 1);
            }
            counts
        });
        next.counts.fill(0);
        for counts in counts {
            next.counts.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
    }
}

/// What a thread has of its own in the first phase.
struct Share<'a> {
    first: usize,
    rows: &'a mut [u32],
    done: &'a mut [[f64; 2]],
    outbox: &'a mut Outbox,
    bits: u32,
}

/// One call of every agent of a share.
struct Calls<'a, R> {
    rule: R,
    graph: &'a Graph,
    key: Key,
    direction: Direction,
    /// The rows of all when the round began.
    now: &'a [u32],
    first: usize,
    /// Whether the share's rows are still to be filled.
    fresh: bool,
    /// The share's rows as they become.
    rows: &'a mut [u32],
    outbox: &'a mut Outbox,
    bits: u32,
}

impl<R: Rows> Around for Calls<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let stride = self.rule.stride();
        let agents = self.rows.len() / stride;
        let mut callees = [[0_u32; BLOCK]; 2];
        for block in 0..agents.div_ceil(BLOCK) {
            let start = block * BLOCK;
            let first = self.first + start;
            let to = &mut callees[block % 2];
            self.key.fill_words(first, to);
            let to = &mut to[..BLOCK.min(agents - start)];
            self.graph.pick_all(first as u32, to);
            for callee in to.iter() {
                prefetch_words(&self.now[*callee as usize * stride..]);
            }
            if block > 0 {
                self.talk(start - BLOCK, &callees[(block + 1) % 2]);
            }
        }
        let last = agents.div_ceil(BLOCK).saturating_sub(1);
        if agents > 0 {
            self.talk(last * BLOCK, &callees[last % 2][..agents - last * BLOCK]);
        }
    }
}

impl<R: Rows> Calls<'_, R> {
    /// The calls of the share's agents from `start` on.
    #[inline(always)]
    fn talk(&mut self, start: usize, callees: &[u32]) {
        let stride = self.rule.stride();
        let first = self.first + start;
        let words = callees.len() * stride;
        let (rows, mine) =
            (&mut self.rows[start * stride..][..words], &self.now[first * stride..][..words]);
        if self.fresh {
            rows.copy_from_slice(mine);
        }
        let mut tells = [0; BLOCK];
        match self.direction {
            Direction::Push => self.rule.tells_all(mine, self.now, callees, &mut tells),
            Direction::Pull => self.rule.take_all(rows, self.now, callees),
            Direction::PushPull => self.rule.meet_all(rows, mine, self.now, callees, &mut tells),
        }
        self.outbox.write(first, callees, &tells, self.bits);
    }
}

/// The letters of one outbox to one stretch.
struct Letters<'a, R> {
    rule: R,
    now: &'a [u32],
    rows: &'a mut [u32],
    first: usize,
    letters: &'a [u64],
}

impl<R: Rows> Around for Letters<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let stride = self.rule.stride();
        for (i, letter) in self.letters.iter().enumerate() {
            if let Some(later) = self.letters.get(i + AHEAD) {
                prefetch_words(&self.now[*later as u32 as usize * stride..]);
            }
            let (callee, caller) = ((letter >> 32) as usize, *letter as u32 as usize);
            let row = &mut self.rows[(callee - self.first) * stride..][..stride];
            self.rule.take(row, &self.now[caller * stride..][..stride]);
        }
    }
}

/// The levels that rows come to at the end of the round after `round`, and at its own how many are
/// at the adoption level, if that is asked for.
pub(super) struct Age<'a> {
    pub law: Law,
    pub rule: Rule,
    pub rows: &'a mut [u32],
    pub round: u32,
    pub adopted: Option<f64>,
    pub counts: &'a mut [u64],
}

impl Around for Age<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Age { law, rule, round, .. } = self;
        for row in self.rows.chunks_exact_mut(rule.stride()) {
            let (levels, practice, since) = rule.parts(row);
            let memories = || practice.iter().zip(since);
            if let Some(adopted) = self.adopted {
                for (count, (n, since)) in self.counts.iter_mut().zip(memories()) {
                    let level = law.level_f32(f32::from_bits(*n), round - since);
                    *count += u64::from(f64::from(level) >= adopted);
                }
            }
            for (to, (n, since)) in levels.iter_mut().zip(memories()) {
                *to = law.level_f32(f32::from_bits(*n), round + 1 - since).to_bits();
            }
        }
    }
}

/// Counts the rows whose words are at least `least`, word by word.
pub(super) struct Count<'a, R> {
    pub rule: R,
    pub rows: &'a [u32],
    pub least: u32,
    pub counts: &'a mut [u64],
}

/// Rows that are counted in 32 bits before the counts are added up.
const TOGETHER: usize = 1 << 16;

impl<R: Rows> Around for Count<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let stride = self.rule.stride();
        let mut sums = vec![0_u32; stride.next_multiple_of(16)];
        for rows in self.rows.chunks(TOGETHER * stride) {
            sums.fill(0);
            // as many words together as make whole rows: a word's place is its skill's
            for words in rows.chunks(sums.len()) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    *sum += u32::from(*word >= self.least);
                }
            }
            for (i, sum) in sums.iter().enumerate() {
                if let Some(count) = self.counts.get_mut(i % stride) {
                    *count += u64::from(*sum);
                }
            }
        }
    }
}
