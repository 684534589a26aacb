use super::*;
use half::{bf16, f16};
use safetensors::tensor::TensorView;
#[expect(clippy::disallowed_types, reason = "what the reference implementation takes")]
use std::collections::HashMap;

const SPECIAL: [f32; 10] =
    [0.0, -0.0, 1.0, -1.0, 0.1, 65_504.0, 6.0e-8, 1.0e-40, f32::MAX, f32::MIN_POSITIVE];

/// A file as the reference implementation writes it.
fn reference(path: &Path, tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)]) {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (name.to_string(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    #[allow(clippy::disallowed_types)] // the crate's interface wants it
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    fs::write(path, safetensors::serialize(views, Some(metadata)).unwrap()).unwrap();
}

#[test]
fn files_of_the_reference_implementation_are_read_to_the_bit() {
    let (_folder, path) = place();
    let small: Vec<f32> = SPECIAL.iter().copied().filter(|v| v.abs() < 65_520.0).collect();
    let halves: Vec<u8> = small.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect();
    // The largest single rounds to infinity.
    let brains: Vec<f32> = SPECIAL.iter().copied().filter(|&v| v != f32::MAX).collect();
    let brain_bytes: Vec<u8> =
        brains.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect();
    let singles: Vec<u8> = SPECIAL.iter().flat_map(|v| v.to_le_bytes()).collect();
    let doubles: Vec<u8> = SPECIAL.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect();
    use safetensors::Dtype::*;
    reference(
        &path,
        &[
            ("single", F32, vec![2, 5], singles),
            ("half", F16, vec![small.len()], halves),
            ("brain", BF16, vec![brains.len(), 1], brain_bytes),
            ("double", F64, vec![10], doubles),
            ("scalar", F32, vec![], 2.5_f32.to_le_bytes().to_vec()),
            ("empty", F16, vec![3, 0], vec![]),
            ("ids", I64, vec![2], (0..16).collect()),
        ],
    );
    let checkpoint = Checkpoint::open(&path).unwrap();
    let rounded_half: Vec<f32> = small.iter().map(|&v| f16::from_f32(v).to_f32()).collect();
    let rounded_brain: Vec<f32> = brains.iter().map(|&v| bf16::from_f32(v).to_f32()).collect();
    let mut buffer = Vec::new();
    for (name, expected) in [
        ("single", &SPECIAL[..]),
        ("half", &rounded_half),
        ("brain", &rounded_brain),
        ("double", &SPECIAL),
        ("scalar", &[2.5]),
        ("empty", &[]),
    ] {
        let values = checkpoint.values(checkpoint.find(name).unwrap(), &mut buffer).unwrap();
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(values), bits(expected), "{name}");
    }
    let ids = checkpoint.find("ids").unwrap();
    assert_eq!(checkpoint.bytes(ids), (0..16).collect::<Vec<u8>>());
    assert_eq!(checkpoint.tensors()[ids], Tensor::new("ids", [2], named("I64")));
    let error = checkpoint.values(ids, &mut buffer).unwrap_err();
    assert_says(error, &["model.safetensors", "tensor `ids`", "I64", "BF16"]);
    assert_eq!(checkpoint.metadata()["format"], "pt");
    assert_eq!(checkpoint.find("absent"), None);
    assert_eq!(checkpoint.files().collect::<Vec<_>>(), [path.as_path()]);
    assert_eq!(checkpoint.path(), path);
}

#[test]
fn aligned_singles_are_borrowed_and_others_are_copied() {
    let (_folder, path) = place();
    let plan = [
        Tensor::new("aligned", [3], Dtype::F32),
        Tensor::new("bytes", [3], named("U8")),
        Tensor::new("crooked", [9000], Dtype::F32),
        Tensor::new("crooked half", [9000], Dtype::F16),
        Tensor::new("crooked brain", [9000], Dtype::Bf16),
        Tensor::new("crooked double", [9000], Dtype::F64),
    ];
    write(&path, &plan, None);
    assert_holds(&path, &plan);
    let checkpoint = Checkpoint::open(&path).unwrap();
    let mut buffer = Vec::new();
    assert_eq!(
        checkpoint.values(0, &mut buffer).unwrap().as_ptr().cast(),
        checkpoint.bytes(0).as_ptr()
    );
    assert!(buffer.is_empty());
    assert_ne!(checkpoint.bytes(2).as_ptr() as usize % 4, 0, "or the test tests nothing");
    checkpoint.values(2, &mut buffer).unwrap();
    assert_eq!(buffer.len(), 9000);
    // A smaller tensor after a larger one.
    checkpoint.values(0, &mut buffer).unwrap();
}

#[test]
fn the_first_value_that_is_no_finite_number_is_named() {
    let (_folder, path) = place();
    let len = 5000;
    for (dtype, size, bad, shown) in [
        (Dtype::F32, 4, f32::NAN.to_le_bytes().to_vec(), "NaN as element 4500"),
        (Dtype::F32, 4, f32::NEG_INFINITY.to_le_bytes().to_vec(), "-inf as element 4500"),
        (Dtype::F16, 2, f16::INFINITY.to_le_bytes().to_vec(), "inf as element 4500"),
        (Dtype::Bf16, 2, bf16::NAN.to_le_bytes().to_vec(), "NaN as element 4500"),
        (Dtype::F64, 8, f64::NAN.to_le_bytes().to_vec(), "NaN as element 4500"),
        (Dtype::F64, 8, 1e300_f64.to_le_bytes().to_vec(), "1e300 as element 4500"),
    ] {
        let mut bytes = vec![0; len * size];
        for at in [4500, 4700] {
            bytes[at * size..][..size].copy_from_slice(&bad);
        }
        let plan = vec![Tensor::new("w", [len], dtype)];
        let mut writer = Writer::create(&path, plan, BTreeMap::new(), None).unwrap();
        writer.write_bytes(&bytes).unwrap();
        writer.finish().unwrap();
        let checkpoint = Checkpoint::open(&path).unwrap();
        let error = checkpoint.values(0, &mut Vec::new()).unwrap_err();
        assert_says(error, &["model.safetensors", "tensor `w`", shown]);
    }
}

#[test]
fn a_folder_with_one_checkpoint_is_opened() {
    let (folder, path) = place();
    let plan = [Tensor::new("a", [4], Dtype::F32)];
    fs::write(folder.path().join("config.json"), "{}").unwrap();
    write(&path, &plan, None);
    assert_holds(folder.path(), &plan);
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(checkpoint.files().collect::<Vec<_>>(), [path.as_path()]);
    assert_eq!(checkpoint.path(), folder.path());
}

#[test]
fn a_path_without_just_one_checkpoint_is_refused() {
    let (folder, path) = place();
    let refused = |path: &Path, parts: &[&str]| {
        assert_says(Checkpoint::open(path).unwrap_err(), parts);
    };
    refused(folder.path(), &["no checkpoint in", "a checkpoint is a .safetensors file"]);
    refused(&path, &["model.safetensors", "no such file"]);
    write(&path, &[], None);
    write(&folder.path().join("other.safetensors"), &[], None);
    let both = "`model.safetensors`, `other.safetensors`";
    refused(folder.path(), &["2 safetensors files and no index", both, "name the one"]);
    assert_eq!(Checkpoint::open(&path).unwrap().tensors(), []);
    fs::write(&path, "").unwrap();
    refused(&path, &["model.safetensors", "it is empty"]);
    refused(Path::new("/dev/zero"), &["/dev/zero", "not a regular file"]);
}
