//! A folder in which the command is run, and what it leaves there.

#![allow(clippy::disallowed_methods, reason = "a command is killed at moments of the clock")]

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const SCENARIO: &str = "rounds = 3\n[fleet]\nagents = 12\ntasks = 6\n[world]\nskills = 4\n\
                        companies = 3\n[measure]\npanel = 6\nprobes = 8\n";

/// A folder with a scenario, `tiny.toml`.
pub struct Place(pub tempfile::TempDir);

impl Place {
    pub fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        place.write("tiny.toml", SCENARIO);
        place
    }

    /// With another file, `plan.toml`.
    pub fn with(plan: &str) -> Place {
        let place = Place::new();
        place.write("plan.toml", plan);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        command.current_dir(self.0.path()).args(args.split_whitespace());
        command
    }

    pub fn hivesim(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs it and it goes well; standard output.
    pub fn fine(&self, args: &str) -> String {
        let output = self.hivesim(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and it is refused as bad input, in these words.
    pub fn refused(&self, args: &str, words: &[&str]) {
        let output = self.hivesim(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args}: {said}");
        for word in words {
            assert!(said.contains(word), "{args}: {word:?} is not in {said}");
        }
    }

    /// A command with a folder of runs, `most` at the end, is killed at random moments, 20 times at
    /// least and some of them in the middle, and goes on to the same bytes.
    #[cfg(unix)]
    pub fn survives_kills(&self, command: &str, files: &[&str], most: usize) {
        let begun = Instant::now();
        self.fine(&format!("{command} --out whole"));
        let whole = begun.elapsed();
        let (mut cut, mut some) = (0, 0);
        let mut latest = whole;
        for i in 0..400 {
            if cut >= 20 && some >= 5 {
                return;
            }
            let out = format!("cut-{i}");
            let runs = || fs::read_dir(self.path(&out).join("runs")).map_or(0, |runs| runs.count());
            // it may be killed more than once
            for kill in 0..2 {
                let mut child = self.command(&format!("{command} --out {out}")).spawn().unwrap();
                let after = latest.mul_f64(scattered(2 * i + kill) as f64 / (1_u64 << 31) as f64);
                std::thread::sleep(after.min(Duration::from_secs(20)));
                // SIGKILL
                child.kill().unwrap();
                let ended = child.wait().unwrap();
                some += u32::from(!ended.success() && (1..most).contains(&runs()));
                match ended.success() {
                    // by now the machine may have more time for it
                    true => latest = latest.mul_f64(0.9),
                    false => cut += 1,
                }
            }
            self.fine(&format!("{command} --out {out}"));
            for file in files {
                let (resumed, uncut) =
                    (self.bytes(&format!("{out}/{file}")), self.bytes(&format!("whole/{file}")));
                assert!(resumed == uncut, "{file} after kill {i}");
            }
            let left =
                fs::read_dir(self.path(&out)).unwrap().map(|entry| entry.unwrap().file_name());
            let left: Vec<_> =
                left.filter(|name| name.to_string_lossy().ends_with(".tmp")).collect();
            assert!(left.is_empty(), "{left:?}");
        }
        panic!("{cut} of 800 were cut off, {some} of them in the middle");
    }
}

/// The rows of a table, by column.
pub fn rows(path: &Path) -> Vec<BTreeMap<String, Field>> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let row = |row: parquet::record::Row| {
        row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    };
    reader.get_row_iter(None).unwrap().map(|each| row(each.unwrap())).collect()
}

pub fn text(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    }
}

pub fn real(field: &Field) -> f64 {
    match field {
        Field::Double(x) => *x,
        other => panic!("{other:?} is no number"),
    }
}

/// A stream of numbers that differ enough: where to kill is no result.
pub fn scattered(i: u64) -> u64 {
    (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}
