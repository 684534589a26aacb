//! What a shell and a manual are told of the command line, through the real binary.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn hivesim(args: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
    command.args(args).current_dir(folder).output().unwrap()
}

fn printed(args: &[&str]) -> String {
    let output = hivesim(args, Path::new("."));
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

/// The files of a folder with what is in them.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

#[test]
fn every_shell_is_told_of_all_commands() {
    let commands = commands();
    assert!(commands.len() > 10, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        for word in commands.iter().map(String::as_str).chain(["strategies", "threads"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let nowhere = hivesim(&["completions", "tcsh"], Path::new("."));
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn bash_completes_commands_and_options() {
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("skipped: there is no bash");
        return;
    }
    let script = printed(&["completions", "bash"]);
    let completed = |words: &[&str]| {
        let line = words.join(" ");
        let text = format!(
            "{script}\nCOMP_WORDS=({line})\nCOMP_CWORD={}\n_hivesim hivesim '{}' '{}'\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        let output = Command::new("bash").args(["--norc", "-c", &text]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(completed(&["hivesim", "sw"]), "sweep\n");
    assert_eq!(completed(&["hivesim", "scenario", "ch"]), "check\n");
    assert!(completed(&["hivesim", "run", "--th"]).contains("--threads"));
    assert_eq!(completed(&["hivesim", "bench-"]), "\n", "what is hidden is not offered");
}

#[test]
fn the_manual_has_a_page_for_every_command_and_is_written_again_to_the_same() {
    let place = tempfile::tempdir().unwrap();
    let output = hivesim(&["man", "share/man1"], place.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let folder = place.path().join("share/man1");
    let pages = files(&folder);
    assert_eq!(pages["hivesim.1"], printed(&["man"]));
    for command in commands().iter().filter(|command| *command != "help") {
        let page = &pages[&format!("hivesim-{command}.1")];
        let title = format!("\n.TH hivesim-{command} 1");
        assert!(page.contains(&title), "{command}: {page:.300}");
    }
    assert!(pages.contains_key("hivesim-scenario-check.1"));
    assert!(!pages.keys().any(|name| name.contains("bench-case") || name.contains("help")));
    assert!(pages["hivesim-run.1"].contains("\\-\\-threads"));

    fs::write(folder.join("hivesim-run.1"), pages["hivesim.1"].clone()).unwrap();
    fs::write(folder.join("other.1"), "another program's").unwrap();
    assert_eq!(hivesim(&["man", "share/man1"], place.path()).status.code(), Some(0));
    let mut expected = pages;
    expected.insert("other.1".into(), "another program's".into());
    assert_eq!(files(&folder), expected);
}

#[test]
fn a_file_that_is_no_page_of_ours_is_never_replaced() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("hivesim-sweep.1"), "my own notes").unwrap();
    let output = hivesim(&["man", "."], place.path());
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("hivesim-sweep.1 is no page that `hivesim man` wrote"), "{message}");
    let there = BTreeMap::from([("hivesim-sweep.1".to_owned(), "my own notes".to_owned())]);
    assert_eq!(files(place.path()), there);

    let in_the_way = hivesim(&["man", "hivesim-sweep.1"], place.path());
    assert_eq!(in_the_way.status.code(), Some(1), "{in_the_way:?}");
    assert_eq!(files(place.path()), there);
}
