use super::*;
use crate::record::directory::Content;
use crate::record::error::RecordError;
use crate::record::{FileEntry, atomic};
use std::fs;
use std::io::Write;

pub(super) fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn whole() -> &'static [&'static str] {
    Content::Run.files()
}

#[test]
fn a_run_leaves_its_files_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("deep/run");
    write_into(&run);
    assert_eq!(names(&run), whole());
}

#[test]
fn the_manifest_lists_every_other_file_with_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let text = fs::read_to_string(folder.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files = manifest["files"].as_array().unwrap();
    assert_eq!(files.len(), whole().len() - 1);
    for file in files {
        let content = fs::read(folder.path().join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["bytes"], content.len());
        assert_eq!(file["blake3"], blake3::hash(&content).to_hex().as_str());
    }
    assert_eq!(manifest["started"], "2026-01-31T23:59:59.250Z");
    assert_eq!(manifest["seconds"], 5.0);
    assert_eq!(manifest["scenario"]["name"], "small");
}

#[test]
fn an_earlier_run_is_replaced_and_the_readers_notes_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let first = fs::read(folder.path().join("rounds.parquet")).unwrap();
    write_into(folder.path());
    assert_eq!(fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "mine");
    assert_eq!(fs::read(folder.path().join("rounds.parquet")).unwrap(), first);
}

#[test]
fn a_folder_of_something_else_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("scenario.toml"), "mine").unwrap();
    let error = RunDirectory::create(folder.path()).unwrap_err();
    assert!(matches!(error, RecordError::Occupied { .. }), "{error}");
    assert!(error.to_string().contains("no manifest.json"), "{error}");
    assert_eq!(names(folder.path()), ["scenario.toml"]);

    fs::write(folder.path().join("manifest.json"), "{\"name\": \"other\"}").unwrap();
    let error = RunDirectory::create(folder.path()).unwrap_err();
    assert!(error.to_string().contains("not hivesim's"), "{error}");
}

#[test]
fn a_file_in_the_place_of_the_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run");
    fs::write(&file, "").unwrap();
    let error = RunDirectory::create(&file).unwrap_err();
    assert!(matches!(error, RecordError::NotADirectory { .. }), "{error}");
    let below = RunDirectory::create(&file.join("below")).unwrap_err();
    assert!(below.to_string().contains("below"), "{below}");
}

#[test]
fn a_run_cut_short_has_no_manifest_and_can_be_run_again() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let directory = RunDirectory::create(folder.path()).unwrap();
    directory.staging.begin().unwrap();
    // a file that was never written cannot be moved in
    let entry =
        |name: &str| FileEntry { name: name.into(), bytes: 0, blake3: String::new(), rows: None };
    let error = directory.finish(&[entry("skills.parquet")], "").unwrap_err();
    assert!(error.to_string().contains("skills.parquet"), "{error}");
    directory.staging.abandon().unwrap();
    let left = names(folder.path());
    assert!(!left.contains(&"manifest.json".to_string()), "{left:?}");
    assert!(!left.iter().any(|name| name.ends_with(".tmp")), "{left:?}");

    drop(directory);
    write_into(folder.path());
    assert_eq!(names(folder.path()), whole());
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused_before_and_after_a_run_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let directory = RunDirectory::create(folder.path()).unwrap();
    // made while the run was under way
    fs::remove_file(folder.path().join("summary.json")).unwrap();
    fs::create_dir(folder.path().join("summary.json")).unwrap();
    let outcome = outcome();
    let error =
        write_run(&directory, &outcome, &Histories::of(&outcome), &facts(), "", "").unwrap_err();
    assert!(error.to_string().contains("summary.json"), "{error}");
    assert!(error.to_string().contains("move it away"), "{error}");
    assert_eq!(names(folder.path()), whole());
    drop(directory);
    let error = RunDirectory::create(folder.path()).unwrap_err();
    assert!(error.to_string().contains("summary.json"), "{error}");
    assert_eq!(names(folder.path()), whole());
}

#[test]
fn what_a_killed_run_left_is_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".hivesim-rounds.parquet-1-0.tmp"), "half").unwrap();
    write_into(folder.path());
    assert_eq!(names(folder.path()), whole());
}

#[test]
fn a_failing_writer_leaves_the_old_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "old").unwrap();
    let result = atomic::write(&path, |sink| {
        sink.write_all(b"half of the ne").unwrap();
        Err::<(), _>(RecordError::io("write", &path, std::io::Error::other("pulled the plug")))
    });
    assert!(result.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn a_missing_folder_is_named_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere/file");
    let error = atomic::write(&path, |_| Ok(())).err().unwrap();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(error.to_string().contains("does the folder that it is in exist?"), "{error}");
}

#[test]
fn a_trace_that_does_not_fit_its_panel_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(folder.path()).unwrap();
    let mut broken = outcome();
    broken.bounds[0].1.frames[1].core.pop();
    let error =
        write_run(&directory, &broken, &Histories::of(&broken), &facts(), "", "").unwrap_err();
    assert!(error.to_string().contains("pooled fleet"), "{error}");
    assert!(error.to_string().contains("core levels of round 1 has 5 entries, not 6"), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_failure_while_files_are_written_leaves_the_earlier_result_whole() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let content = |name: &str| fs::read(folder.path().join(name)).unwrap();
    let before: Vec<_> = whole().iter().map(|name| content(name)).collect();
    let directory = RunDirectory::create(folder.path()).unwrap();
    directory.staging.begin().unwrap();
    let new = |sink: &mut atomic::Sink| {
        sink.write_all(b"new").unwrap();
        Ok(())
    };
    directory.staging.write("summary.json", new).unwrap();
    let full = || RecordError::io("write", folder.path(), std::io::ErrorKind::StorageFull.into());
    let error = directory.staging.write("rounds.parquet", |_| Err(full())).unwrap_err();
    assert!(error.to_string().contains("free some space"), "{error}");
    // a kill here leaves this; the next run sweeps it away
    let after: Vec<_> = whole().iter().map(|name| content(name)).collect();
    assert!(before == after);
    drop(directory);
    let _next = RunDirectory::create(folder.path()).unwrap();
    assert_eq!(names(folder.path()), whole());
}

#[test]
fn two_runs_never_share_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let first = RunDirectory::create(folder.path()).unwrap();
    let error = RunDirectory::create(folder.path()).unwrap_err();
    assert!(matches!(error, RecordError::Busy { .. }), "{error}");
    drop(first);
    RunDirectory::create(folder.path()).unwrap();
}
