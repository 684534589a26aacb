//! `manifest.json`: what was run, on what, when, and what files came out of it.

use super::{machine, summary};
use crate::engine::Mail;
use crate::measure::Outcome;
use crate::process::peak_bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Version of the run directory's format: raised when a reader of the files would have to
/// know about a change.
pub const FORMAT: u32 = 5;

/// The oldest version that can still be read: before 5 no table was in parts.
pub const OLDEST_FORMAT: u32 = 4;

/// What the outcome itself does not know.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// The engine that ran it, by its name in a scenario: `serial`, `pool`, `tasks`.
    pub engine: String,
    /// Its processes: 1 but for `mpi`.
    pub ranks: usize,
    /// The worker threads of each.
    pub threads: usize,
    /// What the first of several processes sent to the others and received from them.
    pub mail: Option<Mail>,
    /// When the run began.
    pub started: SystemTime,
    /// Where and when it last went on after it had been cut off: at which round, of the fleet that was
    /// under way.
    pub resumed: Option<(u32, SystemTime)>,
    /// When the last fleet was done.
    pub finished: SystemTime,
    /// Wall-clock seconds in which it was under way: those after the last checkpoint before it was cut
    /// off are not counted.
    pub seconds: f64,
}

impl RunFacts {
    /// Those of what was done in one go; it took no time if the clock was set back in between.
    pub fn in_one_go(
        engine: impl Into<String>,
        threads: usize,
        (started, finished): (SystemTime, SystemTime),
    ) -> Self {
        let seconds = finished.duration_since(started).map_or(0.0, |d| d.as_secs_f64());
        let (engine, ranks, resumed, mail) = (engine.into(), 1, None, None);
        RunFacts { engine, ranks, threads, mail, started, resumed, finished, seconds }
    }
}

/// A file of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name in the run directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its content, in hexadecimal.
    pub blake3: String,
    /// Its rows, if it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

pub(super) fn manifest(outcome: &Outcome, facts: &RunFacts, files: &[FileEntry]) -> Value {
    json!({
        "hivesim": env!("CARGO_PKG_VERSION"),
        "format": FORMAT,
        "name": outcome.scenario.name,
        "complete": outcome.complete,
        "result_hash": outcome.result_hash,
        "seed": outcome.scenario.seed,
        "started": rfc3339(facts.started),
        "finished": rfc3339(facts.finished),
        "resumed": facts.resumed.map(|(round, at)| json!({ "round": round, "at": rfc3339(at) })),
        "seconds": facts.seconds,
        "peak_memory_bytes": peak_bytes(),
        "fleet_seconds": summary::fleet_seconds(outcome),
        "live": outcome.hive.live,
        "engine": facts.engine,
        "ranks": facts.ranks,
        "threads": facts.threads,
        "mail": facts.mail.map(|mail| json!({
            "sent_bytes": mail.sent,
            "received_bytes": mail.received,
            "messages": mail.messages,
        })),
        "build": build(),
        "machine": machine::describe(),
        "scenario": outcome.scenario.anywhere(),
        "files": files,
    })
}

/// How this binary came to be; build.rs fills in what it can find out.
pub(super) fn build() -> Value {
    json!({
        "git_commit": option_env!("HIVESIM_GIT_COMMIT"),
        "git_modified": option_env!("HIVESIM_GIT_MODIFIED").map(|text| text == "true"),
        "rustc": option_env!("HIVESIM_RUSTC"),
        "target": option_env!("HIVESIM_TARGET"),
        "debug_assertions": cfg!(debug_assertions),
    })
}

/// A moment in UTC to the millisecond, `2026-01-31T23:59:59.000Z`; moments before 1970 are
/// given as its first.
pub fn rfc3339(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil_from_days(days);
    let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{:03}Z", since.subsec_millis())
}

/// Days since 1970-01-01 to year, month and day: Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>) for days from 1970 on. Years
/// begin in March there, so that the leap day comes last.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}
