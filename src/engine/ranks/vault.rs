//! Checkpoints of a fleet over ranks: rank 0 keeps them, and the others hand in their agents.

use super::link::{Link, broadcast, gather};
use crate::engine::keeping::{AgentsState, Extent, Moment, State, Vault};
use crate::state::Writer;
use std::io::{self, BufWriter, Write};

/// Bytes of agents that travel at once.
const PIECE: usize = 1 << 22;

/// What rank 0 tells the others when a state is kept.
const ALL: u8 = 1;
const CHANGED: u8 = 2;
const LOST: u8 = 3;
const KEPT: u8 = 4;

/// The vault of all ranks, at one of them. All but the agents is the same on all ranks, so that rank 0's
/// stands for it.
pub(crate) struct Shared<'a> {
    pub link: &'a dyn Link,
    /// Where states are kept; of rank 0 alone.
    pub own: Option<&'a dyn Vault>,
}

impl Vault for Shared<'_> {
    fn wants(&self, moment: Moment) -> bool {
        let first = self.link.rank() == 0;
        let wants = first.then(|| vec![u8::from(self.own.is_some_and(|own| own.wants(moment)))]);
        broadcast(self.link, wants) == [1]
    }

    fn keep(&self, moment: Moment, State { head, agents }: State<'_>) -> bool {
        let Shared { link, own } = *self;
        let Some(AgentsState { changed, bytes, write }) = agents else {
            unreachable!("ranks are of fleets that hold parameters")
        };
        let mut own_share = changed.to_bits().to_le_bytes().to_vec();
        own_share.extend((bytes as u64).to_le_bytes());
        let all = gather(link, own_share);
        let Some(own) = own.filter(|_| link.rank() == 0) else {
            return hand_in(link, write);
        };
        let words = |at: usize| {
            all.iter().filter_map(move |said| Some(u64::from_le_bytes(*said[at..].first_chunk()?)))
        };
        // of about as many agents each
        let changed = words(0).map(f64::from_bits).sum::<f64>() / link.ranks() as f64;
        let bytes = words(8).sum::<u64>() as usize;
        let mut all_write = |extent: Extent, out: &mut Writer<'_>| {
            let order = if extent == Extent::All { ALL } else { CHANGED };
            broadcast(link, Some(vec![order]));
            write(extent, out);
            for rank in 1..link.ranks() {
                let pieces = std::iter::from_fn(|| Some(link.receive(rank)));
                pieces.take_while(|piece| !piece.is_empty()).for_each(|piece| out.append(&piece));
            }
        };
        let agents = Some(AgentsState { changed, bytes, write: &mut all_write });
        let kept = own.keep(moment, State { head, agents });
        broadcast(link, Some(vec![if kept { KEPT } else { LOST }]));
        kept
    }
}

/// Hands in this rank's agents as often as rank 0 asks for them; gives whether they were kept.
fn hand_in(link: &dyn Link, write: &mut dyn FnMut(Extent, &mut Writer<'_>)) -> bool {
    loop {
        let extent = match broadcast(link, None)[..] {
            [ALL] => Extent::All,
            [CHANGED] => Extent::Changed,
            [said] => return said == KEPT,
            _ => unreachable!("rank 0 says one of four things"),
        };
        let mut pieces = BufWriter::with_capacity(PIECE, Outbox(link));
        let mut writer = Writer::new(&mut pieces);
        write(extent, &mut writer);
        let sent = writer.end().and_then(|()| pieces.flush());
        debug_assert!(sent.is_ok(), "a link takes all");
        drop(pieces);
        link.send(0, &[]);
    }
}

/// The way to rank 0.
struct Outbox<'a>(&'a dyn Link);

impl Write for Outbox<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            self.0.send(0, bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
