//! No text brings down the reader of a checkpoint's index, which names files beside it and none
//! elsewhere; nor that of a manifest of merge vectors.

#![no_main]

use hivesim::checkpoint::manifest::Manifest;
use hivesim::checkpoint::{Checkpoint, Dtype, Tensor, Writer};
use hivesim_fuzz::{Place, explained};
use libfuzzer_sys::fuzz_target;

thread_local!(static PLACE: Place = with_shards());

/// A folder with two shards, `a.safetensors` and `b.safetensors`, of the tensors `a` and `b`.
fn with_shards() -> Place {
    let place = Place::new();
    for name in ["a", "b"] {
        let path = place.at(&format!("{name}.safetensors"));
        let plan = vec![Tensor::new(name, [2], Dtype::F32)];
        let mut writer = Writer::create(&path, plan, Default::default(), None).expect("a writer");
        writer.write(&[1.0, 2.0]).expect("two values");
        writer.finish().expect("a file");
    }
    place
}

fuzz_target!(|data: &[u8]| {
    PLACE.with(|place| {
        let path = place.write("model.safetensors.index.json", data);
        match Checkpoint::open(&path) {
            Ok(checkpoint) => {
                let folder = path.parent().expect("it is in a folder");
                assert!(checkpoint.files().all(|file| file.parent() == Some(folder)));
                assert!((1..=2).contains(&checkpoint.tensors().len()));
            }
            Err(error) => explained(error),
        }
        match Manifest::read(&path) {
            Ok(manifest) => {
                for case in &manifest.cases {
                    let _ = case.steps();
                    if let Err(error) = case.pipeline() {
                        explained(error);
                    }
                }
            }
            Err(error) => explained(error),
        }
    });
});
