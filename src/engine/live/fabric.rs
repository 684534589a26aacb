//! What learnings travel in from free agents to the distiller, four ways.
//!
//! ```text
//!   channel-tokio      agent ── room ──► mpsc ────────────┐
//!   channel-crossbeam  agent ── room ──► queue ───────────┤──► distiller: adds them up
//!   map-dashmap        agent ── room ──► sum of its leaf ─┤
//!   map-mutex          agent ── room ──► one lock for all ┘──► distiller: takes the sums
//! ```
//!
//! No more than `capacity` are on their way in any of them: an agent finds room before it does the
//! work that is to take it, so that no learnings pile up with agents that wait. Every one is taken
//! out once, under the lock of the ledger, which so sees each agent's in the order in which they were
//! sent.

use super::Hive;
use super::bell::Bell;
use super::ledger::{Ledger, Slip};
use super::work::Work;
use crate::ids::AgentId;
use crate::scenario::{self, Full, Live};
use crate::threads::lock;
use crossbeam::channel;
use dashmap::DashMap;
use dashmap::try_result::TryResult;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, TryLockError};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

/// The way from agents to the distiller.
pub(super) struct Fabric<W: Work> {
    way: Way<W>,
    /// Room for so many more.
    room: Semaphore,
    full: Full,
    pub bell: Bell,
    /// What was taken out; its lock is held while anything is.
    ledger: Mutex<Ledger>,
}

enum Way<W: Work> {
    Tokio(mpsc::UnboundedSender<Message<W>>, Mutex<mpsc::UnboundedReceiver<Message<W>>>),
    Crossbeam(channel::Sender<Message<W>>, channel::Receiver<Message<W>>),
    Dashmap(DashMap<u32, Pile<W>>),
    Mutex(Mutex<Vec<Pile<W>>>),
}

type Message<W> = (Slip, <W as Work>::Load);

/// What was added up, and of whom.
pub(super) struct Pile<W: Work> {
    pub heap: W::Heap,
    pub slips: Vec<Slip>,
}

impl<W: Work> Default for Pile<W> {
    fn default() -> Self {
        Pile { heap: W::Heap::default(), slips: Vec::new() }
    }
}

/// What the distiller takes out.
pub(super) enum Taken<'a, W: Work> {
    /// A learning.
    One(Slip, W::Load),
    /// A whole pile, by the number of its heap.
    Pile(u32, &'a mut Pile<W>),
}

/// The distiller is gone.
pub(super) struct Gone;

impl<W: Work> Fabric<W> {
    /// A fabric with room for so many.
    pub fn new(spec: &Live, capacity: usize, work: &W) -> Self {
        let heaps = work.heap_of(AgentId(work.agents() - 1)) + 1;
        Fabric {
            way: match spec.fabric {
                scenario::Fabric::ChannelTokio => {
                    let (send, receive) = mpsc::unbounded_channel();
                    Way::Tokio(send, Mutex::new(receive))
                }
                scenario::Fabric::ChannelCrossbeam => {
                    let (send, receive) = channel::unbounded();
                    Way::Crossbeam(send, receive)
                }
                scenario::Fabric::MapDashmap => {
                    Way::Dashmap((0..heaps).map(|heap| (heap, Pile::default())).collect())
                }
                scenario::Fabric::MapMutex => {
                    Way::Mutex(Mutex::new((0..heaps).map(|_| Pile::default()).collect()))
                }
            },
            room: Semaphore::new(capacity),
            full: spec.full,
            bell: Bell::default(),
            ledger: Mutex::new(Ledger::new(work.agents() as usize)),
        }
    }

    /// Takes room for one more, if there is any.
    pub fn try_room(&self) -> bool {
        self.room.try_acquire().map(SemaphorePermit::forget).is_ok()
    }

    /// Takes room for one more, once there is some.
    ///
    /// # Errors
    /// Where the distiller is gone.
    pub async fn room(&self, Hive { work, clock, gauge, .. }: &Hive<W>) -> Result<(), Gone> {
        if self.try_room() {
            return Ok(());
        }
        let began = clock.now();
        match self.full {
            Full::DropOldest => {
                // between a look and the next the distiller may have taken all there is
                while !self.drop_oldest(work) && !self.try_room() {
                    tokio::task::yield_now().await;
                }
            }
            Full::Wait | Full::MergeEarly => {
                self.room.acquire().await.map_err(|_| Gone)?.forget();
            }
        }
        gauge.waited(clock.now().saturating_sub(began));
        Ok(())
    }

    /// Hands a load over, for which there is room. Where it is a learning it gets its agent's next
    /// number in the same breath.
    pub fn hand_over(
        &self,
        Hive { work, clock, gauge, board, sent, .. }: &Hive<W>,
        mut slip: Slip,
        load: W::Load,
        learned: bool,
    ) -> Result<(), Gone> {
        if learned {
            let sent = &sent[slip.agent.index()];
            slip.number = sent.load(Ordering::Relaxed).wrapping_add(1);
            // nobody else writes it
            sent.store(slip.number, Ordering::Relaxed);
        }
        let add = |pile: &mut Pile<W>, load| {
            pile.slips.push(slip);
            board.with_newest(|newest| work.add(&mut pile.heap, &slip, load, &newest.core));
        };
        match &self.way {
            Way::Tokio(send, _) => send.send((slip, load)).map_err(|_| Gone)?,
            Way::Crossbeam(send, _) => send.send((slip, load)).map_err(|_| Gone)?,
            Way::Dashmap(piles) => {
                let heap = work.heap_of(slip.agent);
                let mut pile = match piles.try_get_mut(&heap) {
                    TryResult::Present(pile) => pile,
                    TryResult::Absent => return Err(Gone),
                    TryResult::Locked => {
                        let began = clock.now();
                        let pile = piles.get_mut(&heap).ok_or(Gone)?;
                        gauge.locked(clock.now().saturating_sub(began));
                        pile
                    }
                };
                add(&mut pile, load);
            }
            Way::Mutex(piles) => {
                let mut piles = match piles.try_lock() {
                    Ok(piles) => piles,
                    Err(TryLockError::Poisoned(piles)) => piles.into_inner(),
                    Err(TryLockError::WouldBlock) => {
                        let began = clock.now();
                        let piles = lock(piles);
                        gauge.locked(clock.now().saturating_sub(began));
                        piles
                    }
                };
                add(&mut piles[work.heap_of(slip.agent) as usize], load);
            }
        }
        self.bell.ring();
        Ok(())
    }

    /// Drops the oldest learning on its way and takes its room; false where there is none.
    fn drop_oldest(&self, work: &W) -> bool {
        let mut ledger = lock(&self.ledger);
        let Some((slip, load)) = self.next() else { return false };
        ledger.take(&slip);
        ledger.dropped += 1;
        drop(ledger);
        work.discard(load);
        true
    }

    /// The next learning to come out; of what is added up there is none.
    fn next(&self) -> Option<Message<W>> {
        match &self.way {
            Way::Tokio(_, receive) => lock(receive).try_recv().ok(),
            Way::Crossbeam(_, receive) => receive.try_recv().ok(),
            Way::Dashmap(_) | Way::Mutex(_) => None,
        }
    }

    /// Whether all that is there is merged once it is full.
    pub fn merges_early(&self) -> bool {
        self.full == Full::MergeEarly
    }

    /// Learnings that were dropped so far.
    pub fn dropped(&self) -> u64 {
        lock(&self.ledger).dropped
    }

    /// Takes out at most `most` of what is there, or all of it where it is added up; tells how many
    /// learnings that was.
    pub fn take(&self, most: u64, mut f: impl FnMut(Taken<'_, W>)) -> u64 {
        let mut taken = 0;
        let mut ledger = lock(&self.ledger);
        match &self.way {
            Way::Tokio(..) | Way::Crossbeam(..) => {
                while taken < most
                    && let Some((slip, load)) = self.next()
                {
                    ledger.take(&slip);
                    taken += 1;
                    f(Taken::One(slip, load));
                }
            }
            Way::Dashmap(piles) => {
                for mut pile in piles.iter_mut() {
                    let heap = *pile.key();
                    taken += note(&mut ledger, pile.value());
                    f(Taken::Pile(heap, pile.value_mut()));
                }
            }
            Way::Mutex(piles) => {
                for (heap, pile) in (0..).zip(lock(piles).iter_mut()) {
                    taken += note(&mut ledger, pile);
                    f(Taken::Pile(heap, pile));
                }
            }
        }
        drop(ledger);
        self.room.add_permits(taken as usize);
        taken
    }

    /// The ledger. Whoever holds it keeps others from taking anything out.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn note<W: Work>(ledger: &mut Ledger, pile: &Pile<W>) -> u64 {
    pile.slips.iter().for_each(|slip| ledger.take(slip));
    pile.slips.len() as u64
}
