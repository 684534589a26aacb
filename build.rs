//! Tells the crate which commit and compiler it is built with, where that can be found out.
//! Never fails a build: without git, or outside its own repository, the manifest says null.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.toml");
    println!("cargo:rerun-if-env-changed=HIVESIM_GIT_COMMIT");
    tell("HIVESIM_TARGET", std::env::var("TARGET").ok());
    tell(
        "HIVESIM_RUSTC",
        std::env::var("RUSTC").ok().and_then(|rustc| run(&rustc, &["--version"])),
    );
    match std::env::var("HIVESIM_GIT_COMMIT") {
        // A packager who builds from a tarball may know the commit.
        Ok(commit) => tell("HIVESIM_GIT_COMMIT", Some(commit)),
        Err(_) => tell_git(),
    }
}

fn tell_git() {
    // A copy of the sources inside somebody else's repository must not claim its commit.
    let here = std::env::var("CARGO_MANIFEST_DIR").ok();
    let top = git(&["rev-parse", "--show-toplevel"]);
    let same = |a: &str, b: &str| match (Path::new(a).canonicalize(), Path::new(b).canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    match (here, top) {
        (Some(here), Some(top)) if same(&here, &top) => {}
        _ => return,
    }
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name])
            && Path::new(&path).exists()
        {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    tell("HIVESIM_GIT_COMMIT", git(&["rev-parse", "HEAD"]));
    let status =
        git(&["status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock", "build.rs"]);
    tell("HIVESIM_GIT_MODIFIED", status.map(|changes| (!changes.is_empty()).to_string()));
}

fn git(arguments: &[&str]) -> Option<String> {
    run("git", arguments)
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}

fn tell(name: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo:rustc-env={name}={value}");
    }
}
