//! No bytes bring the reader of safetensors files down. What it takes, the reference implementation
//! takes and reads the same; and what is read can be written, and reads again to the same.

#![no_main]

use hivesim::checkpoint::{Checkpoint, Writer};
use hivesim_fuzz::{Place, explained};
use libfuzzer_sys::fuzz_target;
use safetensors::SafeTensors;

thread_local!(static PLACE: Place = Place::new());

fuzz_target!(|data: &[u8]| {
    PLACE.with(|place| {
        let path = place.write("model.safetensors", data);
        match Checkpoint::open(&path) {
            Ok(checkpoint) => check(place, &checkpoint, data),
            Err(error) => explained(error),
        }
    });
});

fn check(place: &Place, read: &Checkpoint, data: &[u8]) {
    let reference = SafeTensors::deserialize(data).expect("what passes here passes there");
    assert_eq!(reference.len(), read.tensors().len());
    let mut buffer = Vec::new();
    for (i, tensor) in read.tensors().iter().enumerate() {
        assert_eq!(read.find(&tensor.name), Some(i));
        let other = reference.tensor(&tensor.name).expect("it has the same tensors");
        assert_eq!((other.shape(), other.data()), (&*tensor.shape, read.bytes(i)));
        match read.values(i, &mut buffer) {
            Ok(values) => assert!(values.iter().all(|value| value.is_finite())),
            Err(error) => explained(error),
        }
    }
    let path = place.at("again.safetensors");
    let (plan, metadata) = (read.tensors().to_vec(), read.metadata().clone());
    let mut writer = match Writer::create(&path, plan, metadata, None) {
        Ok(writer) => writer,
        Err(error) => return explained(error),
    };
    for i in 0..read.tensors().len() {
        writer.write_bytes(read.bytes(i)).expect("bytes as planned");
    }
    writer.finish().expect("a file");
    let again = Checkpoint::open(&path).expect("what was written opens");
    assert_eq!(again.metadata(), read.metadata());
    for (i, tensor) in read.tensors().iter().enumerate() {
        let at = again.find(&tensor.name).expect("all are there");
        assert_eq!((&again.tensors()[at], again.bytes(at)), (tensor, read.bytes(i)));
    }
}
