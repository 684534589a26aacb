//! Checkpoints through the public interface, beside the `safetensors` crate's own.

use hivesim::checkpoint::{Checkpoint, CheckpointError, Dtype, Tensor, Writer};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "checkpoints/agreeing.rs"]
mod agreeing;
#[path = "checkpoints/damage.rs"]
mod damage;
#[path = "checkpoints/reading.rs"]
mod reading;
#[path = "checkpoints/sharding.rs"]
mod sharding;
#[path = "checkpoints/writing.rs"]
mod writing;

fn named(dtype: &str) -> Dtype {
    Dtype::named(dtype).unwrap()
}

/// Writes tensors of floats, each value a small multiple of a power of two.
fn write(path: &Path, plan: &[Tensor], shard_bytes: Option<u64>) -> u64 {
    let mut writer = Writer::create(path, plan.to_vec(), BTreeMap::new(), shard_bytes).unwrap();
    for tensor in plan {
        match tensor.dtype.is_float() {
            true => writer.write(&example(tensor)).unwrap(),
            false => writer.write_bytes(&vec![1; tensor.len() * tensor.dtype.bits() / 8]).unwrap(),
        }
    }
    writer.finish().unwrap()
}

/// Values that every type of float holds exactly, different from tensor to tensor.
fn example(tensor: &Tensor) -> Vec<f32> {
    let seed = tensor.name.bytes().map(usize::from).sum::<usize>();
    (0..tensor.len()).map(|i| ((seed + 7 * i) % 101) as f32 / 8.0 - 6.0).collect()
}

/// The names of all files in a folder, hidden ones too.
fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder that is gone at the end of a test, and a file in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    (folder, path)
}

#[track_caller]
fn assert_says(error: CheckpointError, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

/// Checks what `path` holds against [`example`].
fn assert_holds(path: &Path, plan: &[Tensor]) {
    let checkpoint = Checkpoint::open(path).unwrap();
    assert_eq!(checkpoint.tensors().len(), plan.len());
    let mut buffer = Vec::new();
    for tensor in plan {
        let i = checkpoint.find(&tensor.name).unwrap();
        assert_eq!(&checkpoint.tensors()[i], tensor);
        if tensor.dtype.is_float() {
            assert_eq!(checkpoint.values(i, &mut buffer).unwrap(), example(tensor));
        }
    }
}
