//! A checkpoint that is written to a disk that fails.

use crate::checkpoint::{Checkpoint, CheckpointError, Dtype, Tensor, Writer};
use crate::disk::faults::{Fault, error, failing};
use std::fs;
use std::path::Path;

/// Writes two tensors, all of one number; in shards of a tensor each where that is asked for.
fn write(path: &Path, value: f32, shards: bool) -> Result<(), CheckpointError> {
    let tensor = |name: &str| Tensor { name: name.into(), dtype: Dtype::F32, shape: vec![100] };
    let plan = vec![tensor("a"), tensor("b")];
    let mut writer = Writer::create(path, plan, Default::default(), shards.then_some(400))?;
    writer.write(&[value; 100])?;
    writer.write(&[value; 100])?;
    writer.finish().map(|_| ())
}

fn read(path: &Path) -> Result<Vec<f32>, CheckpointError> {
    let checkpoint = Checkpoint::open(path)?;
    let (mut all, mut buffer) = (Vec::new(), Vec::new());
    for tensor in 0..2 {
        all.extend_from_slice(checkpoint.values(tensor, &mut buffer)?);
    }
    Ok(all)
}

#[test]
fn a_checkpoint_is_the_one_before_or_the_next_whenever_the_disk_fails() {
    for (kind, shards) in
        [(Fault::Full, false), (Fault::Once, false), (Fault::Full, true), (Fault::Once, true)]
    {
        for after in 1.. {
            let folder = tempfile::tempdir().unwrap();
            let name = if shards { "model.safetensors.index.json" } else { "model.safetensors" };
            let path = folder.path().join("model.safetensors");
            write(&path, 1.0, shards).unwrap();
            let (written, reached) = failing(kind, after, || write(&path, 2.0, shards));
            let found = read(&folder.path().join(name));
            match written {
                Ok(()) => assert_eq!(found.unwrap(), [2.0; 200]),
                Err(wrong) => {
                    let text = wrong.to_string();
                    assert!(text.contains(&error(kind).to_string()), "{text}");
                    // shards of two are never taken for one checkpoint
                    match found {
                        Ok(values) => assert!(values == [1.0; 200] || values == [2.0; 200]),
                        Err(_) => assert!(shards, "a single file is replaced in one step"),
                    }
                }
            }
            if !reached {
                assert!(after > 5);
                break;
            }
            let entries = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name());
            let left = entries.filter(|name| name.to_string_lossy().ends_with(".tmp")).count();
            assert!(left == 0 || kind == Fault::Once, "after {after}: {left}");
        }
    }
}
