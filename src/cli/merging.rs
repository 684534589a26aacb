//! Watches a merge of files for whoever waits for it: a bar on a terminal, lines elsewhere.

use super::watch::{GAP_MAX, Progress as Show, ticking};
use super::{Failure, no_thread, tell};
use crate::checkpoint::merging::Progress;
use crate::pending::remove_unfinished;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A merge under way, with a clock.
pub(super) struct Merging {
    show: Show,
    bar: ProgressBar,
    progress: Arc<Progress>,
    begun: Instant,
}

impl Merging {
    /// Begins to watch; Ctrl-C, SIGTERM and SIGHUP stop the merge from here on, the second of
    /// them the process.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn begin(talks: bool) -> Result<Self, Failure> {
        let show = Show::fitting(talks);
        let bar = match show {
            Show::Bar => ProgressBar::new(0),
            Show::Silent | Show::Lines => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template(
            "{elapsed_precise} {wide_bar} {bytes} of {total_bytes}  {msg}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let progress = Arc::new(Progress::default());
        let halted = progress.clone();
        let handler = move || {
            if halted.is_stopped() {
                remove_unfinished();
                std::process::exit(i32::from(super::INTERRUPTED));
            }
            halted.stop();
        };
        match ctrlc::set_handler(handler) {
            Err(ctrlc::Error::System(why)) => Err(no_thread(why)),
            // a user of the library may have set a handler already
            _ => Ok(Merging { show, bar, progress, begun: Instant::now() }),
        }
    }

    /// Does the work while another thread tells how far it is; gives its result and the seconds.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn beside<R>(&self, work: impl FnOnce(&Progress) -> R) -> Result<(R, f64), Failure> {
        let mut gap = Duration::from_secs(1);
        let mut next_line = self.begun + gap;
        let tick = || {
            if self.show == Show::Bar {
                self.draw();
            } else if self.show == Show::Lines && Instant::now() >= next_line {
                tell(&self.line());
                gap = (gap * 2).min(GAP_MAX);
                next_line = Instant::now() + gap;
            }
        };
        let result = ticking(tick, || work(&self.progress));
        self.bar.finish_and_clear();
        Ok((result.map_err(no_thread)?, self.begun.elapsed().as_secs_f64()))
    }

    fn draw(&self) {
        let (made, total) = self.progress.made();
        self.bar.set_length(total);
        self.bar.set_position(made);
        self.bar.set_message(self.reading());
        self.bar.tick();
    }

    /// What is read, as often as it is, and how fast.
    fn reading(&self) -> String {
        let read = self.progress.bytes_read();
        let rate = read as f64 / 1e9 / self.begun.elapsed().as_secs_f64().max(1e-9);
        format!("{} read, {rate:.2} GB/s", bytes(read))
    }

    fn line(&self) -> String {
        let (made, total) = self.progress.made();
        format!("merging: {} of {} made, {}", bytes(made), bytes(total), self.reading())
    }
}

/// Bytes in the unit that fits, powers of 1000.
pub(super) fn bytes(bytes: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    match units.iter().find(|(_, size)| bytes as f64 >= *size) {
        Some((unit, size)) => format!("{:.2} {unit}", bytes as f64 / size),
        None => format!("{bytes} B"),
    }
}
