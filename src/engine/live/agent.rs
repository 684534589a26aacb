//! The life of a free agent.

use super::Hive;
use super::board::Sealed;
use super::fabric::Gone;
use super::ledger::Slip;
use super::work::{Turn, Work};
use crate::ids::AgentId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tracing::trace_span;

/// Pulls the newest core, works, hands over what comes of it, again and again, until the work is over
/// or the hive is gone.
pub(super) async fn live<W: Work>(hive: Arc<Hive<W>>, agent: AgentId) {
    let flat_out = !hive.in_step && hive.nanos_per_unit == 0.0;
    let (mut round, mut held) = (0, None);
    loop {
        hive.still.pass().await;
        round += 1;
        let done = if flat_out && hive.fabric.try_room() {
            hive.board.with_newest(|core| {
                let turn = hive.pull(agent, round, &mut held, core);
                hive.work(turn, core, None)
            })
        } else {
            let core = match hive.in_step {
                true => hive.board.after(held).await,
                false => hive.board.newest(),
            };
            let turn = hive.pull(agent, round, &mut held, &core);
            let due = hive.rest(turn).await;
            match hive.fabric.room(&hive).await {
                Ok(()) => hive.work(turn, &core, due),
                Err(gone) => Err(gone),
            }
        };
        if done.is_err() {
            break;
        }
        if flat_out {
            // whoever is never without room would work alone
            tokio::task::yield_now().await;
        }
    }
}

impl<W: Work> Hive<W> {
    /// Takes note of the core that an agent has in hand: that it is whole, and no older than before.
    fn pull(
        &self,
        agent: AgentId,
        round: u32,
        held: &mut Option<u32>,
        core: &Sealed<W::Core>,
    ) -> Turn {
        let news = *held != Some(core.version);
        if news {
            let whole = core.end == core.version && self.work.seal(&core.core) == core.seal;
            let late = self.clock.now().saturating_sub(core.published);
            let mut seen = self.gauge.here();
            seen.checked += 1;
            seen.torn += u64::from(!whole);
            seen.backward += u64::from(held.is_some_and(|held| core.version < held));
            // a histogram has no zero
            seen.pulls.saturating_record(late.max(1));
            *held = Some(core.version);
        }
        Turn { agent, round, news }
    }

    /// Waits as long as an agent is to take for its work; tells when that is over.
    async fn rest(&self, turn: Turn) -> Option<u64> {
        if self.nanos_per_unit == 0.0 {
            return None;
        }
        let due = self.clock.now() + (self.work.time(turn) * self.nanos_per_unit) as u64;
        loop {
            let now = self.clock.now();
            if now >= due {
                return Some(due);
            }
            tokio::time::sleep(Duration::from_nanos(due - now)).await;
            self.still.pass().await;
        }
    }

    /// A round's work, for which there is room; it ends the run where it panics.
    fn work(&self, turn: Turn, core: &Sealed<W::Core>, due: Option<u64>) -> Result<(), Gone> {
        let span = trace_span!("visit", agent = turn.agent.0, round = turn.round);
        let visit = || span.in_scope(|| self.work.visit(turn, &core.core));
        let (load, learned) = match catch_unwind(AssertUnwindSafe(visit)) {
            Ok(brought) => brought.ok_or(Gone)?,
            Err(panic) => {
                self.panicked(panic);
                return Err(Gone);
            }
        };
        self.gauge.here().visits += 1;
        let due = due.unwrap_or_else(|| self.clock.now());
        let slip = Slip { agent: turn.agent, version: core.version, number: 0, due };
        self.fabric.hand_over(self, slip, load, learned)
    }
}
