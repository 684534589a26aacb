//! Files of any content: never a panic, and never accepted where the reference refuses.

use super::*;
use proptest::prelude::*;
use safetensors::SafeTensors;
use std::sync::LazyLock;

/// A file of several tensors. Written once: it is flushed to the disk, which takes milliseconds.
fn valid() -> Vec<u8> {
    static VALID: LazyLock<Vec<u8>> = LazyLock::new(write_valid);
    VALID.clone()
}

fn write_valid() -> Vec<u8> {
    let (_folder, path) = place();
    let plan = [
        Tensor::new("a", [3], Dtype::F32),
        Tensor::new("b", [2, 2], Dtype::F16),
        Tensor::new("c", [0], Dtype::Bf16),
        Tensor::new("d", [], Dtype::F64),
        Tensor::new("e", [5], named("U8")),
    ];
    let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
    let mut writer = Writer::create(&path, plan.to_vec(), metadata, None).unwrap();
    for tensor in &plan[..4] {
        writer.write(&example(tensor)).unwrap();
    }
    writer.write_bytes(b"bytes").unwrap();
    writer.finish().unwrap();
    fs::read(&path).unwrap()
}

/// The names and contents of a checkpoint's two shards and their index.
static SHARDED: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let (folder, path) = place();
    let plan = [Tensor::new("a", [3], Dtype::F32), Tensor::new("b", [], Dtype::F16)];
    write(&path, &plan, Some(4));
    let content = |name: String| {
        let bytes = fs::read(folder.path().join(&name)).unwrap();
        (name, bytes)
    };
    listing(folder.path()).into_iter().map(content).collect()
});

/// Reads all of it. Whether it could be opened, or why not.
fn read(bytes: &[u8]) -> Result<(), String> {
    let (_folder, path) = place();
    fs::write(&path, bytes).unwrap();
    let checkpoint = Checkpoint::open(&path).map_err(|e| e.to_string())?;
    let mut buffer = Vec::new();
    for (i, tensor) in checkpoint.tensors().iter().enumerate() {
        assert_eq!(checkpoint.bytes(i).len() * 8, tensor.len() * tensor.dtype.bits());
        if let Ok(values) = checkpoint.values(i, &mut buffer) {
            assert_eq!(values.len(), tensor.len());
        }
    }
    Ok(())
}

/// The reference keeps the last of two equal names; that alone is judged differently here.
fn assert_judged_as_by_the_reference(bytes: &[u8]) {
    let (ours, theirs) = (read(bytes), SafeTensors::deserialize(bytes));
    match (&ours, &theirs) {
        (Err(why), Ok(_)) => assert!(why.contains("is there twice"), "{why}"),
        (Ok(()), Err(why)) => panic!("accepted where the reference says: {why}"),
        _ => {}
    }
}

fn any_header() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("a"), Just("b"), Just("__metadata__"), Just("\\u0000")];
    let dtype = prop_oneof![Just("F32"), Just("BF16"), Just("F4"), Just("I64"), Just("X")];
    let axis = prop_oneof![0..5_u64, Just(u64::MAX), Just(1 << 32)];
    let offset = prop_oneof![0..40_u64, Just(u64::MAX)];
    let entry = (name, dtype, prop::collection::vec(axis, 0..3), offset.clone(), offset);
    prop::collection::vec(entry, 0..4).prop_map(|entries| {
        let entries: Vec<String> = entries
            .into_iter()
            .map(|(name, dtype, shape, from, to)| {
                format!(
                    r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{from},{to}]}}"#
                )
            })
            .collect();
        format!("{{{}}}", entries.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_judged_as_by_the_reference(&bytes);
    }

    #[test]
    fn random_text_after_its_length_never_panics(text in ".{0,60}", data in 0..9_usize) {
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        assert_judged_as_by_the_reference(&bytes);
    }

    #[test]
    fn random_headers_are_judged_as_by_the_reference(header in any_header(), data in 0..40_usize) {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        assert_judged_as_by_the_reference(&bytes);
    }

    #[test]
    fn damaged_files_are_judged_as_by_the_reference(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        more in 0..3_usize,
    ) {
        let mut bytes = valid();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes.resize(bytes.len() + more, 0);
        assert_judged_as_by_the_reference(&bytes);
    }

    #[test]
    fn digits_and_names_that_change_are_judged_as_by_the_reference(
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"0123456789abcde\"{}[],: ".to_vec()),
    ) {
        let mut bytes = valid();
        let at = 8 + at.index(bytes.len() - 8);
        bytes[at] = byte;
        assert_judged_as_by_the_reference(&bytes);
    }

    #[test]
    fn damaged_indices_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (folder, _) = place();
        for (name, content) in &*SHARDED {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let index = folder.path().join("model.safetensors.index.json");
        let mut bytes = fs::read(&index).unwrap();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fs::write(&index, bytes).unwrap();
        let _ = Checkpoint::open(&index);
    }
}
