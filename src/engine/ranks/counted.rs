//! What travels between ranks, counted.

use super::link::Link;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a rank had to do with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Bytes that it sent.
    pub sent: u64,
    /// Bytes that it received.
    pub received: u64,
    /// Messages that it sent or received; one swapped for another is two.
    pub messages: u64,
}

impl Mail {
    /// What of it came after an earlier count.
    pub fn since(self, before: Mail) -> Mail {
        Mail {
            sent: self.sent - before.sent,
            received: self.received - before.received,
            messages: self.messages - before.messages,
        }
    }
}

/// A link that counts what goes over another.
pub struct Counted {
    link: Arc<dyn Link>,
    sent: AtomicU64,
    received: AtomicU64,
    messages: AtomicU64,
}

impl Counted {
    /// Counts from now on.
    pub fn new(link: Arc<dyn Link>) -> Counted {
        let zero = AtomicU64::default;
        Counted { link, sent: zero(), received: zero(), messages: zero() }
    }

    /// What went over it by now.
    pub fn mail(&self) -> Mail {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Mail { sent: of(&self.sent), received: of(&self.received), messages: of(&self.messages) }
    }

    fn count(number: &AtomicU64, message: &[u8], messages: &AtomicU64) {
        number.fetch_add(message.len() as u64, Ordering::Relaxed);
        messages.fetch_add(1, Ordering::Relaxed);
    }
}

impl Link for Counted {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn ranks(&self) -> usize {
        self.link.ranks()
    }

    fn beside(&self) -> usize {
        self.link.beside()
    }

    fn send(&self, to: usize, message: &[u8]) {
        self.link.send(to, message);
        Counted::count(&self.sent, message, &self.messages);
    }

    fn receive(&self, from: usize) -> Vec<u8> {
        let message = self.link.receive(from);
        Counted::count(&self.received, &message, &self.messages);
        message
    }

    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8> {
        let received = self.link.swap(to, message, from);
        Counted::count(&self.sent, message, &self.messages);
        Counted::count(&self.received, &received, &self.messages);
        received
    }
}

#[cfg(test)]
mod tests {
    use super::super::Threads;
    use super::*;

    #[test]
    fn both_ends_count_the_same() {
        let links: Vec<Counted> =
            Threads::new(2).into_iter().map(|link| Counted::new(Arc::new(link))).collect();
        links[0].send(1, b"core");
        links[1].receive(0);
        std::thread::scope(|scope| {
            scope.spawn(|| links[0].swap(1, b"ab", 1));
            scope.spawn(|| links[1].swap(0, b"c", 0));
        });
        assert_eq!(links[0].mail(), Mail { sent: 6, received: 1, messages: 3 });
        assert_eq!(links[1].mail(), Mail { sent: 1, received: 6, messages: 3 });
    }
}
