//! Keeps a run's state in its folder.

#![allow(clippy::disallowed_methods, reason = "when a state is kept reaches no result")]

use super::super::directory::RunDirectory;
use super::super::error::RecordError;
use super::super::{atomic, pretty};
use super::head::{self, About, AgentsFile, Progress};
use super::{AGENTS, HEAD, RUN, SCENARIO, Unfinished, file_name, folder_in, heads, write_text};
use crate::disk;
use crate::engine::{Extent, Moment, State, Vault};
use crate::scenario::Checkpoint;
use crate::state::Writer;
use crate::threads::lock;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Times that a checkpoint takes until the next may be due by the clock.
const PAUSE: u32 = 24;
/// Bytes a second that a disk is taken to take in before anything is known of it.
const PACE: f64 = 4e8;

/// A run's folder of checkpoints.
pub struct Checkpoints<'a> {
    run: PathBuf,
    spec: Checkpoint,
    /// Whether one had been begun there before.
    again: bool,
    progress: &'a (dyn Fn() -> Progress + Sync),
    /// Who is told where a state cannot be kept.
    tell: &'a (dyn Fn(&str) + Sync),
    book: Mutex<Book>,
}

/// What is there.
struct Book {
    next: u64,
    /// When the last was kept, or the run went on.
    last: Instant,
    took: Duration,
    /// Those that are whole, the oldest first, with their files of agents.
    kept: Vec<(u64, Vec<AgentsFile>)>,
    /// Of whom the last files of agents are.
    fleet: Option<&'static str>,
}

impl<'a> Checkpoints<'a> {
    /// The checkpoints of a run that begins in a folder, or goes on from an `earlier` state; those of
    /// another run are no longer there.
    ///
    /// # Errors
    /// Where nothing can be written there.
    pub fn begin(
        directory: &RunDirectory,
        spec: &Checkpoint,
        earlier: Option<&Unfinished>,
        progress: &'a (dyn Fn() -> Progress + Sync),
        tell: &'a (dyn Fn(&str) + Sync),
    ) -> Result<Self, RecordError> {
        let run = directory.path().to_path_buf();
        let folder = folder_in(&run);
        let again = folder.join(SCENARIO).is_file();
        if earlier.is_none() && !spec.any() {
            super::remove(&run)?;
        } else if earlier.is_none() {
            // what it is a run of is there at every moment, where the run is begun again
            match folder.exists() {
                true => super::clear(&run)?,
                false => {
                    disk::create_dir(&folder).map_err(|e| RecordError::io("create", &folder, e))?;
                }
            }
            let Progress { scenario, started, .. } = progress();
            let version = env!("CARGO_PKG_VERSION");
            let within = std::env::current_dir().ok();
            let about = json!({
                "hivesim": version, "format": head::FORMAT, "started": started, "folder": within,
            });
            // by which the folder is known to be hivesim's
            write_text(&folder.join(RUN), &pretty(&about))?;
            write_text(&folder.join(SCENARIO), &scenario)?;
        } else {
            atomic::sweep(&folder)?;
        }
        let newest = heads(&folder)?.first().map_or(0, |(number, _)| *number);
        let book = Book {
            next: newest + 1,
            last: Instant::now(),
            took: Duration::ZERO,
            kept: earlier.map(|state| (state.number, state.agents.clone())).into_iter().collect(),
            fleet: None,
        };
        Ok(Checkpoints { run, spec: spec.clone(), again, progress, tell, book: Mutex::new(book) })
    }

    /// The run is over, and nothing of it is wanted any more.
    ///
    /// # Errors
    /// Where the folder cannot be removed.
    pub fn end(&self) -> Result<(), RecordError> {
        super::remove(&self.run)
    }

    /// The run came to nothing: without a state to go on from nothing of it stays, unless it had been
    /// begun before.
    pub fn give_up(&self) {
        if !self.again && lock(&self.book).kept.is_empty() {
            // the run's own error is the one to tell
            let _ = super::remove(&self.run);
        }
    }

    /// Whether it is a round in which a state is kept whatever it takes.
    fn is_its_round(&self, moment: Moment) -> bool {
        self.spec.rounds > 0 && moment.round.is_multiple_of(self.spec.rounds)
    }

    fn write(&self, book: &mut Book, moment: Moment, state: State<'_>) -> Result<(), RecordError> {
        let folder = folder_in(&self.run);
        let number = book.next;
        let fleet = moment.stage.name();
        let mut agents = Vec::new();
        if let Some(given) = state.agents {
            let before =
                book.kept.last().map(|(_, files)| files).filter(|_| book.fleet == Some(fleet));
            let extent = match before {
                Some(files) if is_worth_it(files, given.changed) => {
                    agents.clone_from(files);
                    Extent::Changed
                }
                _ => Extent::All,
            };
            let name = file_name(number, AGENTS);
            let path = folder.join(&name);
            let ((), digest) = atomic::write(&path, |sink| {
                let mut buffered = BufWriter::with_capacity(1 << 20, sink);
                let mut writer = Writer::new(&mut buffered);
                (given.write)(extent, &mut writer);
                let written = writer.end().and_then(|()| std::io::Write::flush(&mut buffered));
                written.map_err(|e| RecordError::io("write", &path, e))
            })?;
            agents.push(AgentsFile::of(name, digest));
        }
        let about = About {
            hivesim: env!("CARGO_PKG_VERSION").into(),
            format: head::FORMAT,
            fleet: fleet.into(),
            round: moment.round,
            progress: (self.progress)(),
            agents: agents.clone(),
        };
        head::write(&folder.join(file_name(number, HEAD)), &about, state.head)?;
        book.next += 1;
        book.fleet = Some(fleet);
        book.kept.push((number, agents));
        let over = book.kept.len().saturating_sub(self.spec.keep as usize);
        book.kept.drain(..over);
        prune(&folder, &book.kept);
        Ok(())
    }
}

/// Whether to write those agents alone that changed: as long as that is the lesser part, and what is
/// to be read in the end is not twice the fleet.
fn is_worth_it(files: &[AgentsFile], changed: f64) -> bool {
    let [all, since @ ..] = files else { return false };
    changed < 0.5 && since.iter().map(|file| file.bytes).sum::<u64>() < all.bytes
}

/// Takes away what no checkpoint that is kept needs. What stays for once does no harm.
fn prune(folder: &Path, kept: &[(u64, Vec<AgentsFile>)]) {
    let own = kept.iter().map(|(number, _)| file_name(*number, HEAD));
    let theirs = kept.iter().flat_map(|(_, files)| files).map(|file| file.name.clone());
    let needed: BTreeSet<String> = own.chain(theirs).collect();
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ours = path.extension().is_some_and(|kind| kind == HEAD || kind == AGENTS);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if ours && !needed.contains(&*name) {
            let _ = disk::remove_file(&path);
        }
    }
}

impl Vault for Checkpoints<'_> {
    fn wants(&self, moment: Moment) -> bool {
        let seconds = self.spec.seconds;
        let book = lock(&self.book);
        let pause = Duration::from_secs_f64(seconds).max(PAUSE * book.took);
        self.is_its_round(moment) || seconds > 0.0 && book.last.elapsed() >= pause
    }

    fn keep(&self, moment: Moment, state: State<'_>) -> bool {
        let mut book = lock(&self.book);
        let bytes = state.agents.as_ref().map_or(0, |agents| agents.bytes);
        let first = book.took.is_zero() && !self.is_its_round(moment);
        if first && book.last.elapsed() < Duration::from_secs_f64(bytes as f64 / PACE) * PAUSE {
            return false;
        }
        let began = Instant::now();
        let written = self.write(&mut book, moment, state);
        book.last = Instant::now();
        book.took = began.elapsed();
        if let Err(error) = &written {
            let Moment { stage, round } = moment;
            let before = match book.kept.is_empty() {
                true => "none is kept yet",
                false => "the one before stays",
            };
            let name = stage.name();
            (self.tell)(&format!("no checkpoint of {name} at round {round}: {error} ({before})"));
        }
        written.is_ok()
    }
}
