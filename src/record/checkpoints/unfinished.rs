//! What a run that was cut off goes on from.

use super::super::error::RecordError;
use super::super::lock::Lock;
use super::super::manifest::rfc3339;
use super::super::reading::glance;
use super::head::{self, AgentsFile, Progress};
use super::{RUN, SCENARIO, Trace, folder_in, heads, trace_of};
use crate::engine::{Kept, Source};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// What is found of a run.
#[derive(Debug)]
pub enum Found {
    /// It is complete, with this hash; what was kept of it may still be there.
    Complete(String),
    /// It was cut off at a state that was kept.
    At(Box<Unfinished>),
    /// It was cut off before its first state was kept.
    Begun {
        /// Its scenario, as TOML.
        scenario: String,
        /// The folder in which it was begun.
        within: Option<PathBuf>,
        /// States that cannot be gone on from: files, and why.
        damaged: Vec<(PathBuf, String)>,
    },
}

/// A state to go on from.
#[derive(Debug)]
pub struct Unfinished {
    pub(super) number: u64,
    pub(super) agents: Vec<AgentsFile>,
    folder: PathBuf,
    state: Arc<[u8]>,
    /// `hive`, or the bound that was under way.
    pub fleet: String,
    /// Publications of it by then.
    pub round: u32,
    /// How far the run had come.
    pub progress: Progress,
    /// The folder in which the run was begun.
    pub within: Option<PathBuf>,
    /// Later states that cannot be gone on from: files, and why.
    pub damaged: Vec<(PathBuf, String)>,
}

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is none.
    #[error("`{}` holds no run that was cut off ({why}): begin one with `hivesim run`", path.display())]
    NoRun {
        /// Where it was looked for.
        path: PathBuf,
        /// What is there.
        why: &'static str,
    },
    /// Its folder cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Unfinished {
    /// The state itself.
    ///
    /// # Errors
    /// Where a file of it cannot be opened any more.
    pub fn open(&self) -> Result<Kept, RecordError> {
        let head = Source {
            bytes: self.state.len() as u64,
            from: Box::new(Cursor::new(self.state.clone())),
        };
        let open = |file: &AgentsFile| {
            let path = self.folder.join(&file.name);
            let from = File::open(&path).map_err(|e| RecordError::io("open", &path, e))?;
            let from = Box::new(BufReader::with_capacity(1 << 20, from));
            Ok(Source { bytes: file.bytes, from })
        };
        Ok(Kept { head, agents: self.agents.iter().map(open).collect::<Result<_, _>>()? })
    }
}

/// Finds the newest state of a run that is whole: damaged ones are passed over, and told of.
///
/// # Errors
/// Where there is no run, or its folder cannot be read.
pub fn find(run: &Path) -> Result<Found, ResumeError> {
    let no_run = |why| ResumeError::NoRun { path: run.into(), why };
    if !run.is_dir() {
        return Err(no_run(if run.exists() { "it is a file" } else { "it does not exist" }));
    }
    let folder = folder_in(run);
    let trace = trace_of(run)?;
    let about = run_in(&folder);
    let done = glance(run);
    if let (Some(about), Ok(done)) = (&about, &done)
        && done.complete
        && about.began_at(&done.started)
    {
        return Ok(Found::Complete(done.result_hash.clone()));
    }
    // killed between making the folder and saying whose it is, or between the last of that and its end
    let is_empty = trace == Trace::Begun && !folder.join(RUN).exists();
    if is_empty || matches!(trace, Trace::None | Trace::Foreign) {
        return match done {
            Ok(done) if done.complete => Ok(Found::Complete(done.result_hash)),
            Ok(_) => Ok(Found::Begun {
                scenario: read_text(&run.join(SCENARIO))?,
                within: None,
                damaged: Vec::new(),
            }),
            Err(_) if is_empty => Err(no_run("it was cut off as it began")),
            Err(_) => Err(no_run("it has no checkpoints")),
        };
    }
    let within = about.and_then(|about| about.folder);
    let mut damaged = Vec::new();
    for (number, path) in heads(&folder)? {
        let read = head::read(&path).and_then(|(about, state)| {
            about.agents.iter().try_for_each(|file| is_whole(&folder, file))?;
            Ok((about, state))
        });
        match read {
            Ok((about, state)) => {
                return Ok(Found::At(Box::new(Unfinished {
                    number,
                    agents: about.agents,
                    folder,
                    state,
                    fleet: about.fleet,
                    round: about.round,
                    progress: about.progress,
                    within,
                    damaged,
                })));
            }
            Err(why) => damaged.push((path, why)),
        }
    }
    let scenario = folder.join(SCENARIO);
    if !scenario.is_file() {
        return Err(no_run("it was cut off as it began"));
    }
    Ok(Found::Begun { scenario: read_text(&scenario)?, within, damaged })
}

/// Gives up the states of a run that was cut off.
///
/// # Errors
/// Where they cannot be removed, or a run is under way there.
pub fn forget(run: &Path) -> Result<(), RecordError> {
    if matches!(trace_of(run)?, Trace::None | Trace::Foreign) {
        return Ok(());
    }
    let _lock = Lock::of(run)?;
    super::remove(run)
}

/// What `run.json` says of a run.
struct Run {
    /// In seconds since 1970.
    started: Option<f64>,
    folder: Option<PathBuf>,
}

impl Run {
    /// Whether it began when a manifest says: a fraction of a second as JSON has it is off in its
    /// last digits.
    fn began_at(&self, said: &str) -> bool {
        let since = |off: f64| Duration::try_from_secs_f64(self.started? + off).ok();
        let moments = [-1e-6, 0.0, 1e-6].into_iter().filter_map(since);
        moments.map(|since| rfc3339(UNIX_EPOCH + since)).any(|moment| moment == said)
    }
}

fn run_in(folder: &Path) -> Option<Run> {
    let about: Value = serde_json::from_slice(&fs::read(folder.join(RUN)).ok()?).ok()?;
    let folder = about["folder"].as_str().map(PathBuf::from);
    Some(Run { started: about["started"].as_f64(), folder })
}

fn read_text(path: &Path) -> Result<String, RecordError> {
    fs::read_to_string(path).map_err(|e| RecordError::io("read", path, e))
}

/// Whether a file of agents is as it was written.
fn is_whole(folder: &Path, AgentsFile { name, bytes, blake3 }: &AgentsFile) -> Result<(), String> {
    let path = folder.join(name);
    let hash = || -> io::Result<(u64, String)> {
        let mut hasher = blake3::Hasher::new();
        let mut file = File::open(&path)?;
        let read = io::copy(&mut file, &mut hasher)?;
        Ok((read, hasher.finalize().to_hex().to_string()))
    };
    match hash() {
        Ok((read, hash)) if read == *bytes && hash == *blake3 => Ok(()),
        Ok((read, _)) if read != *bytes => Err(format!("{name} has {read} bytes of {bytes}")),
        Ok(_) => Err(format!("the checksum of {name} is wrong")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}
