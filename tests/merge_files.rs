//! `hivesim merge` on files, through the real binary.
#![allow(clippy::disallowed_methods, reason = "what waits for a process reads the clock")]

use hivesim::checkpoint::{Checkpoint, Dtype, Tensor, Writer};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[path = "merge_files/cases.rs"]
mod cases;
#[path = "merge_files/recipes.rs"]
mod recipes;
#[path = "merge_files/refusals.rs"]
mod refusals;
#[path = "merge_files/results.rs"]
mod results;

/// A folder of its own, in which the command runs.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    /// With a base `b` and models `m0`, `m1`, … of the [`usual`] tensors.
    fn with_models(models: usize) -> Self {
        let place = Place::new();
        place.write("b.safetensors", &usual(0, Dtype::F32));
        for i in 0..models {
            place.write(&format!("m{i}.safetensors"), &usual(i + 1, Dtype::F32));
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, tensors: &[(Tensor, Vec<f32>)]) {
        self.write_shards(name, tensors, None);
    }

    fn write_shards(&self, name: &str, tensors: &[(Tensor, Vec<f32>)], bytes_max: Option<u64>) {
        let plan = tensors.iter().map(|(tensor, _)| tensor.clone()).collect();
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let mut writer = Writer::create(&self.path(name), plan, metadata, bytes_max).unwrap();
        tensors.iter().for_each(|(_, values)| writer.write(values).unwrap());
        writer.finish().unwrap();
    }

    /// Like a shell would: words apart at blanks.
    fn merge(&self, words: &str) -> Output {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.command(&words).output().unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hivesim"));
        command.arg("merge").args(words).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// Merges and gives the values of `out.safetensors`.
    #[track_caller]
    fn merged(&self, words: &str) -> BTreeMap<String, Vec<f32>> {
        fine(&self.merge(&format!("{words} -o out.safetensors")));
        values(&self.path("out.safetensors"))
    }

    /// All names in the folder, hidden ones too.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Refused with this exit code and a message with these parts, and nothing left behind.
    #[track_caller]
    fn refuses(&self, words: &str, code: i32, parts: &[&str]) {
        let before = self.names();
        let output = self.merge(words);
        let message = err(&output);
        assert_eq!(output.status.code(), Some(code), "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
        assert_eq!(self.names(), before, "{message}");
    }
}

/// A matrix, a vector and a scalar, different from model to model.
fn usual(model: usize, dtype: Dtype) -> Vec<(Tensor, Vec<f32>)> {
    let shapes: [(&str, &[usize]); 3] =
        [("layer.weight", &[6, 5]), ("layer.bias", &[7]), ("scale", &[])];
    let tensor = |(name, shape): (&str, &[usize])| {
        let tensor = Tensor::new(name, shape, dtype);
        let seed = name.len() * 31 + model * 17;
        let value = |i: usize| ((seed + i * (11 + 2 * model)) % 61) as f32 / 16.0 - 2.0;
        let values = (0..tensor.len()).map(value).collect();
        (tensor, values)
    };
    shapes.into_iter().map(tensor).collect()
}

/// The floats of a checkpoint by name.
fn values(path: &Path) -> BTreeMap<String, Vec<f32>> {
    let checkpoint = Checkpoint::open(path).unwrap_or_else(|e| panic!("{e}"));
    let one = |(i, tensor): (usize, &Tensor)| {
        let values = checkpoint.values(i, &mut Vec::new()).unwrap().to_vec();
        (tensor.name.clone(), values)
    };
    checkpoint.tensors().iter().enumerate().map(one).collect()
}

#[track_caller]
fn fine(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", err(output));
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
