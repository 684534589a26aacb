//! Every write on a disk that fails: at any deed, full from then on, or once.

use super::*;
use crate::disk::faults::{Fault, error, failing};
use crate::engine::{AgentsState, Extent, Moment, Stage, State, Vault};
use crate::record::RecordError;
use crate::record::directory::MARKER;
use crate::record::{CHECKPOINT_FORMAT, Checkpoints, Found, Progress, find, forget};
use crate::scenario::Checkpoint;
use crate::state::Writer;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

/// All files of a folder with their bytes, but for what ends on the way out of a failure.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let named = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (!crate::pending::is_temporary(&name) && path.is_file())
            .then(|| (name, fs::read(path).unwrap()))
    };
    entries.filter_map(named).collect()
}

/// A folder in memory, where there is such a thing: all is flushed very often.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn try_to_write(path: &Path, name: &str) -> Result<(), RecordError> {
    let directory = RunDirectory::create(path)?;
    let outcome = outcome();
    let histories = Histories::of(&outcome);
    let toml = format!("name = \"{name}\"\n");
    write_run(&directory, &outcome, &histories, &facts(), &toml, "<html></html>").map(|_| ())
}

#[test]
fn a_run_is_whole_or_the_one_before_or_none_whenever_the_disk_fails() {
    let mut met = 0;
    for kind in [Fault::Full, Fault::Once] {
        for after in 1.. {
            let folder = folder();
            let run = folder.path().join("run");
            try_to_write(&run, "before").unwrap();
            let before = files(&run);
            let (written, reached) = failing(kind, after, || try_to_write(&run, "after"));
            if !reached {
                written.unwrap();
                break;
            }
            met += 1;
            let mut now = files(&run);
            match written {
                // what failed was of no consequence
                Ok(()) => assert_eq!(now["scenario.toml"], b"name = \"after\"\n"),
                Err(wrong) => {
                    let text = wrong.to_string();
                    assert!(text.contains(&error(kind).to_string()), "{text}");
                    assert!(text.contains("run"), "which file? {text}");
                    let marked = now.remove(MARKER).is_some();
                    match now.get("manifest.json") {
                        Some(manifest) if *manifest == before["manifest.json"] => {
                            assert!(now == before)
                        }
                        Some(_) => assert_eq!(now["scenario.toml"], b"name = \"after\"\n"),
                        None => assert!(marked, "{text}: {:?}", now.keys()),
                    }
                }
            }
            // with a sound disk it goes well
            try_to_write(&run, "again").unwrap();
            assert_eq!(files(&run)["scenario.toml"], b"name = \"again\"\n");
            assert_eq!(files(&run).len(), before.len());
        }
    }
    assert!(met > 100, "{met}");
}

/// Where a run that was killed before its first state is begun again, and that is killed.
#[test]
fn a_run_that_is_begun_again_is_known_at_every_moment() {
    let spec = Checkpoint { rounds: 1, seconds: 0.0, keep: 1 };
    let tell = |text: &str| panic!("{text}");
    let mut met = 0;
    for after in 1.. {
        let folder = folder();
        let begin = |directory: &RunDirectory| {
            Checkpoints::begin(directory, &spec, None, &progress, &tell).map(|_| ())
        };
        begin(&RunDirectory::create(folder.path()).unwrap()).unwrap();
        // of a state that is no good
        fs::write(folder.path().join("checkpoints/000001.head"), "").unwrap();
        fs::write(folder.path().join("checkpoints/000001.agents"), "").unwrap();
        let directory = RunDirectory::resume(folder.path()).unwrap();
        let (begun, reached) = failing(Fault::Killed, after, || begin(&directory));
        let Ok(Found::Begun { scenario, .. }) = find(folder.path()) else {
            panic!("it is lost after {after} deeds")
        };
        assert_eq!(scenario, progress().scenario);
        if !reached {
            begun.unwrap();
            break;
        }
        met += 1;
    }
    assert!(met > 10, "{met}");
}

/// Whatever of its states is still there where a run is killed that was written whole.
#[test]
fn a_run_that_is_over_is_so_at_every_moment() {
    let spec = Checkpoint { rounds: 1, seconds: 0.0, keep: 2 };
    let tell = |text: &str| panic!("{text}");
    let began = facts().started.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let mut met = 0;
    for (after, at) in (1..).flat_map(|after| [(after, began), (after, began + 1.0)]) {
        let folder = folder();
        let progress = || Progress { started: at, ..progress() };
        let directory = RunDirectory::create(folder.path()).unwrap();
        let checkpoints = Checkpoints::begin(&directory, &spec, None, &progress, &tell).unwrap();
        assert!(keep(&checkpoints, 1) && keep(&checkpoints, 2));
        let (outcome, toml) = (outcome(), "name = \"x\"\n");
        let histories = Histories::of(&outcome);
        write_run(&directory, &outcome, &histories, &facts(), toml, "<html></html>").unwrap();
        let (ended, reached) = failing(Fault::Killed, after, || checkpoints.end());
        drop((checkpoints, directory));
        let found = find(folder.path());
        let is_over = matches!(found, Ok(Found::Complete(_)));
        // what was begun over a result of another is another
        let is_its_own = at == began || !folder.path().join("checkpoints/run.json").exists();
        assert_eq!(is_over, is_its_own, "{found:?} after {after} deeds");
        forget(folder.path()).unwrap();
        assert!(!folder.path().join("checkpoints").exists());
        if !reached {
            ended.unwrap();
            break;
        }
        met += 1;
    }
    assert!(met > 10, "{met}");
}

#[test]
fn a_disk_that_takes_a_part_at_a_time_gets_all_of_it() {
    let folder = folder();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    try_to_write(&whole, "same").unwrap();
    failing(Fault::Short, 0, || try_to_write(&parts, "same")).0.unwrap();
    // but for what other tests made of this process's memory in between
    let files = |folder: &Path| {
        let mut files = files(folder);
        let manifest = String::from_utf8(files.remove("manifest.json").unwrap()).unwrap();
        let lines = manifest.lines().filter(|line| !line.contains("\"peak_memory_bytes\": "));
        (lines.map(String::from).collect::<Vec<_>>(), files)
    };
    assert!(files(&whole) == files(&parts));
}

/// The state of round `round`, by its numbers.
fn keep(checkpoints: &Checkpoints<'_>, round: u32) -> bool {
    keep_of(checkpoints, round, 16_000)
}

/// The same of a fleet that says how large it is.
fn keep_of(checkpoints: &Checkpoints<'_>, round: u32, bytes: usize) -> bool {
    let head = |out: &mut Writer<'_>| out.put_words(&[round; 5000]);
    let mut write = |extent: Extent, out: &mut Writer<'_>| {
        out.put_words(&vec![round; if extent == Extent::All { 4000 } else { 900 }]);
    };
    let agents = Some(AgentsState { changed: 0.2, bytes, write: &mut write });
    checkpoints.keep(Moment { stage: Stage::Hive, round }, State { head: &head, agents })
}

fn progress() -> Progress {
    let scenario = "name = \"x\"\n".into();
    Progress { scenario, started: 1.0, worked: 2.0, seconds: vec![2.0] }
}

#[test]
fn a_fleet_that_would_take_long_is_kept_later_unless_it_is_its_round() {
    const HUGE: usize = 1 << 50;
    for (rounds, kept) in [(0, [false, true]), (2, [false, true]), (1, [true, true])] {
        let folder = folder();
        let directory = RunDirectory::create(folder.path()).unwrap();
        let spec = Checkpoint { rounds, seconds: 1e-9, keep: 2 };
        let tell = |text: &str| panic!("{text}");
        let checkpoints = Checkpoints::begin(&directory, &spec, None, &progress, &tell).unwrap();
        assert!(checkpoints.wants(Moment { stage: Stage::Hive, round: 1 }));
        assert_eq!(keep_of(&checkpoints, 1, HUGE), kept[0], "{rounds}");
        assert_eq!(matches!(find(folder.path()), Ok(Found::At(_))), kept[0]);
        assert_eq!(keep_of(&checkpoints, 2, if rounds == 2 { HUGE } else { 0 }), kept[1]);
    }
}

#[test]
fn a_state_is_there_to_go_on_from_whenever_the_disk_fails() {
    let spec = Checkpoint { rounds: 1, seconds: 0.0, keep: 1 };
    let mut met = 0;
    for kind in [Fault::Full, Fault::Once] {
        for after in 1.. {
            let folder = folder();
            let directory = RunDirectory::create(folder.path()).unwrap();
            let told = Mutex::new(Vec::new());
            let tell = |text: &str| told.lock().unwrap().push(text.to_owned());
            let checkpoints =
                Checkpoints::begin(&directory, &spec, None, &progress, &tell).unwrap();
            assert!(keep(&checkpoints, 1) && keep(&checkpoints, 2));
            let (kept, reached) = failing(kind, after, || keep(&checkpoints, 3));
            let said = told.lock().unwrap().clone();
            match kept {
                true => assert!(said.is_empty(), "{said:?}"),
                false => {
                    let words = ["no checkpoint of hive at round 3", &error(kind).to_string()];
                    assert!(words.iter().all(|word| said[0].contains(word)), "{said:?}");
                }
            }
            let Ok(Found::At(state)) = find(folder.path()) else { panic!("there is a state") };
            assert_eq!(state.damaged, []);
            // what cannot be flushed may be there all the same
            assert!(state.round == 3 || !kept && state.round == 2);
            assert_eq!(state.open().unwrap().agents.len(), state.round as usize);
            // once there is room again
            assert!(keep(&checkpoints, 4));
            let Ok(Found::At(state)) = find(folder.path()) else { panic!("there is a state") };
            assert_eq!((state.round, &state.damaged), (4, &Vec::new()));
            if !reached {
                break;
            }
            met += 1;
        }
    }
    assert!(met > 10 && CHECKPOINT_FORMAT > 0, "{met}");
}
