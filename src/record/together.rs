//! A result that several ranks write together.
//!
//! ```text
//! rank 0:  makes the staging folder and tells the others where it is
//! all:     write their parts of the agents' tables there; rank 0 writes all else too, and the parts of
//!          ranks that do not see the folder, which may be on another machine
//! all:     tell each other what they wrote, or what went wrong
//! rank 0:  puts the result in its place
//! ```

use super::agent_tables::{Part, write_part};
use super::check_shapes;
use super::error::RecordError;
use super::manifest::FileEntry;
use super::staging::Staging;
use crate::engine::{Link, broadcast, gather};
use crate::measure::Outcome;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// A file in the staging folder by which other ranks know it from one of another machine.
const SIGN: &str = "sign";

/// Where rank 0 writes.
#[derive(Serialize, Deserialize)]
pub(super) struct Place {
    /// The staging folder.
    folder: PathBuf,
    /// What stands in its [`SIGN`].
    sign: String,
}

impl Place {
    /// Puts up a sign, where there is anyone to see it: when the run was done.
    pub fn of(staging: &Staging, ranks: usize, finished: SystemTime) -> Result<Self, RecordError> {
        let folder = std::path::absolute(staging.path());
        let folder = folder.map_err(|e| RecordError::io("find", staging.path(), e))?;
        let sign = format!("{finished:?}");
        if ranks > 1 {
            staging.write_text(SIGN, &sign)?;
        }
        // a name that is no text is seen by nobody
        Ok(Place { folder: folder.to_string_lossy().into_owned().into(), sign })
    }

    /// The folder, where this process sees it.
    fn seen(self) -> Option<Staging> {
        let sign = fs::read_to_string(self.folder.join(SIGN));
        sign.is_ok_and(|sign| sign == self.sign).then(|| Staging::of_another(self.folder))
    }
}

/// Rank 0 tells all where it writes, or that it does not. Gives which of them see that.
pub(super) fn open(link: &dyn Link, place: Option<&Place>) -> Vec<bool> {
    broadcast(link, Some(to_json(&place)));
    gather(link, vec![1]).iter().map(|said| said == &[1]).collect()
}

/// Whoever wrote what, of all ranks in their order, once all have.
///
/// # Errors
/// What went wrong on this rank, or else on the first on which something did.
pub(super) fn close(
    link: &dyn Link,
    own: Result<Vec<FileEntry>, RecordError>,
) -> Result<Vec<FileEntry>, RecordError> {
    let said = own.as_ref().map_err(ToString::to_string);
    let all = gather(link, to_json(&said));
    let all = all.iter().map(|said| from_json::<Result<Vec<FileEntry>, String>>(said));
    own?;
    let each = all
        .enumerate()
        .map(|(rank, said)| said.map_err(|said| RecordError::Elsewhere { rank, said }));
    each.collect::<Result<Vec<_>, _>>().map(|files| files.into_iter().flatten().collect())
}

/// Writes this rank's part of a run's tables where rank 0 writes the run
/// ([`write_run_over`](super::write_run_over)), which all the others wait for. A rank that does not see
/// rank 0's folder leaves that to it.
///
/// # Errors
/// Whatever the file system says, here or on another rank.
pub fn assist_run(link: &dyn Link, outcome: &Outcome) -> Result<(), RecordError> {
    check_shapes(outcome)?;
    let place: Option<Place> = from_json(&broadcast(link, None));
    let Some(place) = place else {
        // rank 0 says why
        gather(link, vec![0]);
        return Ok(());
    };
    let staging = place.seen();
    gather(link, vec![u8::from(staging.is_some())]);
    let part = Part::of(outcome, link.rank(), link.ranks());
    let own = staging.map_or(Ok(Vec::new()), |staging| write_part(&staging, outcome, &part));
    close(link, own).map(|_| ())
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("text and numbers: {error}"),
    }
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> T {
    match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => unreachable!("another rank wrote it just now: {error}"),
    }
}
