//! How ranks talk to each other.

use crossbeam::channel::{Receiver, Sender, unbounded};
use std::fmt;

/// A rank's connections to all others. Messages from one rank to another come in the order in which
/// they were sent; they are as long as they are, and may be empty. All ranks make the same calls in
/// the same order, from one thread at a time.
///
/// No call returns an error: a rank that has lost another cannot go on. It panics or ends the process.
pub trait Link: Send + Sync {
    /// Which rank this is, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn ranks(&self) -> usize;

    /// How many of them share this one's machine, itself among them.
    fn beside(&self) -> usize;

    /// Sends a message, which may wait until it is received.
    fn send(&self, to: usize, message: &[u8]);

    /// Receives a message.
    fn receive(&self, from: usize) -> Vec<u8>;

    /// Sends a message to one rank while it receives one from another, neither of which may be this
    /// one.
    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8>;
}

/// Gives every rank what rank 0 has; `message` says what that is, there alone. Cost: a binomial tree,
/// the logarithm of the number of ranks in steps.
pub(crate) fn broadcast(link: &dyn Link, message: Option<Vec<u8>>) -> Vec<u8> {
    let (rank, ranks) = (link.rank(), link.ranks());
    // a rank hears from the one that lacks its highest bit, and tells those that have a higher one
    let message = message.filter(|_| rank == 0).unwrap_or_else(|| {
        debug_assert!(rank > 0, "rank 0 has it");
        link.receive(rank - (1 << rank.ilog2()))
    });
    let mut bit = if rank == 0 { 1 } else { 2 << rank.ilog2() };
    while rank + bit < ranks {
        link.send(rank + bit, &message);
        bit *= 2;
    }
    message
}

/// Gives every rank what each has, in the order of ranks. Cost: a ring, in which each passes on what it
/// has just received.
pub(crate) fn gather(link: &dyn Link, own: Vec<u8>) -> Vec<Vec<u8>> {
    let (rank, ranks) = (link.rank(), link.ranks());
    let mut all = vec![Vec::new(); ranks];
    all[rank] = own;
    for step in 1..ranks {
        let sent = (rank + ranks - step + 1) % ranks;
        let from = (rank + ranks - 1) % ranks;
        let received = link.swap((rank + 1) % ranks, &all[sent], from);
        all[(rank + ranks - step) % ranks] = received;
    }
    all
}

/// Gives every rank what each has for it: of `own`, one message for each rank, to what came, one from
/// each.
pub(super) fn exchange(link: &dyn Link, mut own: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let (rank, ranks) = (link.rank(), link.ranks());
    let mut all = vec![Vec::new(); ranks];
    all[rank] = std::mem::take(&mut own[rank]);
    for step in 1..ranks {
        let (to, from) = ((rank + step) % ranks, (rank + ranks - step) % ranks);
        all[from] = link.swap(to, &own[to], from);
    }
    all
}

/// The first rank that says that it failed, if one does.
pub(crate) fn first_failure(link: &dyn Link, failed: bool) -> Option<usize> {
    gather(link, vec![u8::from(failed)]).iter().position(|said| said == &[1])
}

/// The first rank that says otherwise than rank 0, if one does.
pub(crate) fn agree(link: &dyn Link, own: &[u8]) -> Option<usize> {
    let said = gather(link, own.to_vec());
    said.iter().position(|other| *other != said[0])
}

/// Ranks that are threads of one process: what a fleet over ranks comes to, without MPI.
pub struct Threads {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl Threads {
    /// So many ranks that can talk to each other.
    pub fn new(ranks: usize) -> Vec<Threads> {
        let mut links: Vec<Threads> =
            (0..ranks).map(|rank| Threads { rank, to: Vec::new(), from: Vec::new() }).collect();
        for from in 0..ranks {
            for to in 0..ranks {
                let (send, receive) = unbounded();
                links[from].to.push(send);
                links[to].from.push(receive);
            }
        }
        links
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {} threads", self.rank, self.to.len())
    }
}

impl Link for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.to.len()
    }

    fn beside(&self) -> usize {
        self.to.len()
    }

    fn send(&self, to: usize, message: &[u8]) {
        let gone = self.to[to].send(message.to_vec()).is_err();
        assert!(!gone, "rank {to} is gone");
    }

    fn receive(&self, from: usize) -> Vec<u8> {
        let Ok(message) = self.from[from].recv() else { panic!("rank {from} is gone") };
        message
    }

    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8> {
        // a channel has room for all
        self.send(to, message);
        self.receive(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_ranks<R: Send>(ranks: usize, body: impl Fn(&dyn Link) -> R + Sync) -> Vec<R> {
        let body = &body;
        std::thread::scope(|scope| {
            let threads: Vec<_> = Threads::new(ranks)
                .into_iter()
                .map(|link| scope.spawn(move || body(&link)))
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no rank panics")).collect()
        })
    }

    #[test]
    fn everyone_hears_what_it_is_to_hear() {
        for ranks in 1..=9 {
            let told = on_ranks(ranks, |link| {
                broadcast(link, (link.rank() == 0).then(|| b"core".to_vec()))
            });
            assert_eq!(told, vec![b"core".to_vec(); ranks]);
            let names = |n: usize| (0..ranks).map(move |i| vec![i as u8; n]).collect::<Vec<_>>();
            let all = on_ranks(ranks, |link| gather(link, vec![link.rank() as u8; 3]));
            assert_eq!(all, vec![names(3); ranks]);
            let swapped = on_ranks(ranks, |link| {
                let own = (0..ranks).map(|to| vec![link.rank() as u8, to as u8]).collect();
                exchange(link, own)
            });
            for (rank, got) in swapped.iter().enumerate() {
                let meant: Vec<_> = (0..ranks).map(|from| vec![from as u8, rank as u8]).collect();
                assert_eq!(*got, meant);
            }
        }
    }

    #[test]
    fn the_first_that_fails_or_differs_is_named_everywhere() {
        let failed = on_ranks(4, |link| first_failure(link, link.rank() >= 2));
        assert_eq!(failed, [Some(2); 4]);
        assert_eq!(on_ranks(3, |link| first_failure(link, false)), [None; 3]);
        let other = on_ranks(4, |link| agree(link, &[u8::from(link.rank() == 3)]));
        assert_eq!(other, [Some(3); 4]);
    }
}
