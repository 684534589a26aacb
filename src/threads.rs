//! Work on several threads, done all the same where the system gives fewer than were asked for.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// How often a thread that is not held up takes items.
pub(crate) const SHARES: usize = 4;

/// Calls `work` with every item, on up to `threads` threads, the calling one among them, and
/// returns the results in the items' order: a thread takes some items in a row at a time, so that
/// one that is held up leaves more to the others.
///
/// # Panics
/// Where `work` does.
pub fn parallel_chunks<S: Send, T: Send>(
    threads: usize,
    items: Vec<S>,
    work: impl Fn(S) -> T + Sync,
) -> Vec<T> {
    parallel_chunks_with(threads, items, |item, _: &mut ()| work(item))
}

/// [`parallel_chunks`] with memory that a thread goes on working in, item after item.
///
/// # Panics
/// As there.
pub fn parallel_chunks_with<S: Send, T: Send, C: Default>(
    threads: usize,
    items: Vec<S>,
    work: impl Fn(S, &mut C) -> T + Sync,
) -> Vec<T> {
    let each = items.len().div_ceil(SHARES * threads.max(1)).max(1);
    if threads <= 1 || items.len() <= each {
        let mut scratch = C::default();
        return items.into_iter().map(|item| work(item, &mut scratch)).collect();
    }
    let mut shares: Vec<Vec<S>> = Vec::new();
    let mut items = items.into_iter();
    while items.len() > 0 {
        shares.push(items.by_ref().take(each).collect());
    }
    let helpers = threads.min(shares.len()) - 1;
    let done: Mutex<Vec<Vec<T>>> = Mutex::new(shares.iter().map(|_| Vec::new()).collect());
    let queue = Mutex::new(shares.into_iter().enumerate());
    let take = || lock(&queue).next();
    on_threads(helpers, &|| {
        let mut scratch = C::default();
        while let Some((i, share)) = take() {
            let results = share.into_iter().map(|item| work(item, &mut scratch)).collect();
            lock(&done)[i] = results;
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
}

/// Takes a lock, whatever became of whoever held it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does `run` here and on up to `helpers` threads more. It is not generic, so that starting and
/// joining threads is compiled once, and not for each kind of work in the crate.
pub(crate) fn on_threads(helpers: usize, run: &(dyn Fn() + Sync)) {
    std::thread::scope(|scope| {
        // those that do not start leave their share to the others
        let start = |_| Builder::new().spawn_scoped(scope, run).ok();
        let running: Vec<ScopedJoinHandle<_>> = (0..helpers).map_while(start).collect();
        run();
        for handle in running {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
}

/// Threads of a scope that have started and wait for the word to begin. Without it they go home.
pub(crate) struct Crew(Arc<Gate>);

/// Where a crew waits. Waiting allocates nothing: a thread that needs memory once the next one has
/// taken what was left would end the process.
#[derive(Default)]
struct Gate {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Threads that are up.
    up: usize,
    /// Whether they are to begin, once they are told.
    begin: Option<bool>,
}

impl Gate {
    /// Changes what is waited for.
    fn set(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut lock(&self.state));
        self.changed.notify_all();
    }

    /// Waits until `found` finds something.
    fn wait<T>(&self, mut found: impl FnMut(&Waiting) -> Option<T>) -> T {
        let mut state = lock(&self.state);
        loop {
            if let Some(found) = found(&state) {
                return found;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Crew {
    /// Starts a thread for each of `jobs`.
    ///
    /// # Errors
    /// Where the system gives fewer threads; those that it gave end without having begun.
    pub fn start<'scope, F: FnOnce() + Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        jobs: impl Iterator<Item = F>,
    ) -> io::Result<Crew> {
        let crew = Crew(Arc::default());
        for (others, job) in jobs.enumerate() {
            let gate = crew.0.clone();
            let wait = move || {
                gate.set(|state| state.up += 1);
                if gate.wait(|state| state.begin) {
                    job();
                }
            };
            Builder::new().spawn_scoped(scope, wait)?;
            // a thread takes memory of its own as it comes up, and ends the process where there is
            // none: the next one must not have taken it
            crew.0.wait(|state| (state.up > others).then_some(()));
        }
        Ok(crew)
    }

    /// Lets all of them begin.
    pub fn begin(self) {
        self.0.set(|state| state.begin = Some(true));
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.0.set(|state| {
            state.begin.get_or_insert(false);
        });
    }
}

/// Whether the system gives so many threads at once: starts them and sends them home.
///
/// # Errors
/// What the system says where it does not.
pub(crate) fn try_out(threads: usize) -> io::Result<()> {
    let before = running();
    let tried = std::thread::scope(|scope| {
        Crew::start(scope, (0..threads).map(|_| || ())).map(Crew::begin)
    });
    // a thread that was joined counts for a moment more, and would be missing
    for _ in 0..100 {
        if running() <= before {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    tried
}

/// Threads of this process, where the system tells; else 0.
fn running() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_the_items_order_on_any_number_of_threads() {
        let items: Vec<usize> = (0..103).collect();
        for threads in [0, 1, 2, 3, 8, 200] {
            let squares = parallel_chunks(threads, items.clone(), |i| i * i);
            assert!(squares.iter().enumerate().all(|(i, s)| *s == i * i), "{threads}");
        }
    }

    #[test]
    fn a_crew_begins_when_it_is_told_and_ends_unbegun_when_it_is_dropped() {
        let begun = AtomicUsize::new(0);
        let job = || {
            begun.fetch_add(1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| drop(Crew::start(scope, [job; 3].into_iter()).unwrap()));
        assert_eq!(begun.load(Ordering::Relaxed), 0);
        std::thread::scope(|scope| Crew::start(scope, [job; 3].into_iter()).unwrap().begin());
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
