//! What is measured in a process of its own, which finds no memory or threads that another left: the
//! same program, by a hidden command, told on its standard input what to do.

use super::{BAD_INPUT, Failure, failed, print};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// Asks a process of its own; what goes wrong there is what it says.
pub(super) fn ask<A: Serialize, R: DeserializeOwned>(
    command: &str,
    args: &A,
) -> Result<R, Failure> {
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let text = serde_json::to_string(args).map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(match (said.trim(), output.status.code()) {
            ("", _) => failed(output.status),
            (said, Some(code)) if code == i32::from(BAD_INPUT) => Failure::BadInput(said.into()),
            (said, _) => failed(said),
        });
    }
    serde_json::from_slice(&output.stdout).map_err(failed)
}

/// What this process is asked for as a part of `whose`.
pub(super) fn asked<A: DeserializeOwned>(whose: &str) -> Result<A, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(failed)?;
    let wanted = format!("this is a part of `{whose}`, which calls it itself");
    serde_json::from_str(&text).map_err(|e| Failure::BadInput(format!("{e}; {wanted}")))
}

/// What it answers.
pub(super) fn answer(answer: &impl Serialize) -> Result<(), Failure> {
    print(&(serde_json::to_string(answer).map_err(failed)? + "\n"))
}
