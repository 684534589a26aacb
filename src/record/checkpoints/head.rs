//! The head of a checkpoint: a file that says what goes with it, and holds all but the agents.
//!
//! ```text
//! "hivesim checkpoint\n"   19 bytes
//! length of what follows, 8 bytes, least first
//! what it says of itself, JSON
//! the state, to the checksum
//! BLAKE3 of all before, 32 bytes
//! ```

use super::super::atomic::{self, Digest};
use super::super::error::RecordError;
use crate::state::Writer;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// Version of the format of checkpoints: raised with every change of what a state holds.
pub const FORMAT: u32 = 1;

const MAGIC: &[u8; 19] = b"hivesim checkpoint\n";
const CHECKSUM: usize = 32;

/// What a head says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    /// The version of hivesim that wrote it.
    pub hivesim: String,
    /// [`FORMAT`] of that.
    pub format: u32,
    /// `hive`, or the bound that is under way.
    pub fleet: String,
    /// Publications of it so far.
    pub round: u32,
    /// How far the run had come.
    #[serde(flatten)]
    pub progress: Progress,
    /// The files of its agents, in the order in which they are to be read.
    pub agents: Vec<AgentsFile>,
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Its scenario, with all that was changed on the way, as TOML.
    pub scenario: String,
    /// When it began, in seconds since 1970.
    pub started: f64,
    /// Wall-clock seconds in which it was under way.
    pub worked: f64,
    /// Wall-clock seconds of each fleet so far.
    pub seconds: Vec<f64>,
}

/// A file of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgentsFile {
    pub name: String,
    pub bytes: u64,
    pub blake3: String,
}

impl AgentsFile {
    pub fn of(name: String, Digest { bytes, blake3 }: Digest) -> Self {
        AgentsFile { name, bytes, blake3 }
    }
}

/// Hashes what goes through.
struct Hashing<'a> {
    to: &'a mut dyn Write,
    hasher: blake3::Hasher,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a head.
pub(super) fn write(
    path: &Path,
    about: &About,
    state: &dyn Fn(&mut Writer<'_>),
) -> Result<(), RecordError> {
    let about = serde_json::to_vec(about).unwrap_or_default();
    let all = |to: &mut dyn Write| {
        let mut hashing = Hashing { to, hasher: blake3::Hasher::new() };
        hashing.write_all(MAGIC)?;
        hashing.write_all(&(about.len() as u64).to_le_bytes())?;
        hashing.write_all(&about)?;
        let mut writer = Writer::new(&mut hashing);
        state(&mut writer);
        writer.end()?;
        let Hashing { to, hasher } = hashing;
        to.write_all(hasher.finalize().as_bytes())
    };
    let write = |sink: &mut atomic::Sink| all(sink).map_err(|e| RecordError::io("write", path, e));
    atomic::write(path, write).map(|_| ())
}

/// What a head says of itself, and its state.
pub(super) fn read(path: &Path) -> Result<(About, Arc<[u8]>), String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    parse(&bytes).map(|(about, state)| (about, state.into()))
}

/// The same of its bytes.
pub(super) fn parse(bytes: &[u8]) -> Result<(About, &[u8]), String> {
    let torn = || "it is cut short".to_string();
    if !bytes.starts_with(MAGIC) {
        let cut = MAGIC.starts_with(bytes);
        return Err(if cut { torn() } else { "it is no checkpoint of hivesim's".into() });
    }
    let (body, checksum) =
        bytes.split_at_checked(bytes.len().saturating_sub(CHECKSUM)).ok_or_else(torn)?;
    if blake3::hash(body).as_bytes() != checksum {
        return Err("its checksum is wrong: it is damaged, or cut short".into());
    }
    let rest = body.get(MAGIC.len()..).ok_or_else(torn)?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(torn)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| torn())?;
    let (about, state) = rest.split_at_checked(length).ok_or_else(torn)?;
    let version = serde_json::from_slice(about).map_err(|error| error.to_string())?;
    let Version { hivesim, format } = version;
    if format != FORMAT || hivesim != env!("CARGO_PKG_VERSION") {
        return Err(format!(
            "hivesim {hivesim} wrote it (format {format}), and this is hivesim {} (format {FORMAT}), \
             which need not come to the same result: go on with that one",
            env!("CARGO_PKG_VERSION")
        ));
    }
    let about = serde_json::from_slice(about).map_err(|error| error.to_string())?;
    Ok((about, state))
}

/// What is known of any format.
#[derive(Deserialize)]
struct Version {
    hivesim: String,
    format: u32,
}
