//! `hivesim report` through the real binary: what it writes, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = "rounds = 2\n[fleet]\nagents = 8\ntasks = 5\n[world]\nskills = 2\n\
                     companies = 2\n[measure]\npanel = 4\nprobes = 4\n";

fn hivesim(at: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hivesim")).args(args).current_dir(at).output().unwrap()
}

/// Standard error of a command that must end with a code.
fn told(at: &Path, args: &[&str], code: i32) -> String {
    let output = hivesim(at, args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    text
}

#[test]
fn a_lost_page_is_drawn_anew_and_runs_are_laid_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("x.toml"), SMALL).unwrap();
    for (out, seed) in [("a", "1"), ("b", "2")] {
        told(at, &["run", "x.toml", "--quiet", "--out", out, "--seed", seed], 0);
    }
    let page = fs::read(at.join("a/report.html")).unwrap();
    fs::remove_file(at.join("a/report.html")).unwrap();
    let output = hivesim(at, &["report", "a"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "report  a/report.html\n");
    assert!(fs::read(at.join("a/report.html")).unwrap() == page);
    told(at, &["report", "a", "--out", "copy.html"], 0);
    assert!(fs::read(at.join("copy.html")).unwrap() == page);
    told(at, &["report", "a", "b"], 0);
    let both = fs::read_to_string(at.join("side-by-side.html")).unwrap();
    assert!(both.contains("<h1>2 runs side by side</h1>") && both.contains("<code>seed</code>"));
}

#[test]
fn what_cannot_be_reported_on_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("x.toml"), SMALL).unwrap();
    told(at, &["run", "x.toml", "--quiet", "--out", "a"], 0);
    let cases: [(&[&str], &str); 5] = [
        (&["report", "nowhere"], "there is no directory `nowhere`"),
        (&["report", "x.toml"], "is no hivesim run (it is a file)"),
        (&["report", "."], "is no hivesim run (it has no manifest.json)"),
        (&["report", "a", "--out", "no/such/page.html"], "there is no folder `no/such`"),
        (&["report", "a", "--out", "a"], "`a` is a folder"),
    ];
    for (args, text) in cases {
        let found = told(at, args, 2);
        assert!(found.contains(text), "{args:?}: {found}");
    }
    fs::write(at.join("a/levels.parquet"), "PAR1").unwrap();
    let found = told(at, &["report", "a"], 2);
    assert!(found.contains("levels.parquet` is damaged: its BLAKE3"), "{found}");
    let many = ["report"].into_iter().chain(["a"; 25]).collect::<Vec<_>>();
    assert!(told(at, &many, 2).contains("name 24 at most"));
}
