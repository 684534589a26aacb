use super::*;
use hivesim::checkpoint::agree;

/// The message of the disagreement of two checkpoints, `first` and `other`.
fn compare(first: &[Tensor], other: &[Tensor]) -> Result<(), CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let paths = ["first", "other"].map(|n| folder.path().join(format!("{n}.safetensors")));
    write(&paths[0], first, None);
    write(&paths[1], other, None);
    let opened = paths.map(|path| Checkpoint::open(&path).unwrap());
    agree(&[&opened[0], &opened[1]])
}

fn model() -> Vec<Tensor> {
    vec![
        Tensor::new("layers.0.weight", [4, 2], Dtype::F32),
        Tensor::new("layers.0.bias", [4], Dtype::F32),
        Tensor::new("step", [], named("I64")),
    ]
}

#[test]
fn order_and_width_of_floats_may_differ() {
    let mut other = model();
    other.reverse();
    other[1].dtype = Dtype::Bf16;
    other[2].dtype = Dtype::F64;
    compare(&model(), &other).unwrap();
    agree(&[]).unwrap();
}

#[test]
fn a_missing_tensor_is_named_with_the_nearest() {
    let mut other = model();
    other[0].name = "layer.0.weight".into();
    let near = "the nearest name is `layer.0.weight`";
    let error = compare(&model(), &other).unwrap_err();
    assert_says(error, &["other.safetensors", "tensor `layers.0.weight`", near, "[4, 2]", "first"]);
    let error = compare(&model(), &other[1..]).unwrap_err();
    assert!(!error.to_string().contains("more like it"), "{error}");
    let error = compare(&model(), &[]).unwrap_err();
    assert_says(error, &["tensor `layers.0.weight`", "no such tensor, and 2 more like it"]);
}

#[test]
fn a_tensor_that_both_have_is_not_the_nearest_to_a_missing_one() {
    let mut first = model();
    first.push(Tensor::new("layers.1.bias", [4], Dtype::F32));
    let error = compare(&first, &model()).unwrap_err();
    assert!(error.to_string().contains("tensor `layers.1.bias`: found no such tensor;"), "{error}");
}

#[test]
fn a_tensor_too_many_is_named_with_the_nearest() {
    let mut other = model();
    other.push(Tensor::new("layers.1.bias", [4], Dtype::F32));
    let near = "the nearest name is `layers.0.bias`";
    let error = compare(&model(), &other).unwrap_err();
    assert_says(error, &["other.safetensors`, tensor `layers.1.bias`", "first.safetensors", near]);
}

#[test]
fn shapes_and_types_that_differ_are_named() {
    let mut other = model();
    other[0].shape = vec![2, 4];
    let error = compare(&model(), &other).unwrap_err();
    let expected = "found shape [2, 4]; expected [4, 2], as in";
    assert_says(error, &["other.safetensors", "tensor `layers.0.weight`", expected]);
    let mut other = model();
    other[2].dtype = named("I32");
    let error = compare(&model(), &other).unwrap_err();
    assert_says(error, &["tensor `step`", "found type I32; expected I64, as in"]);
    other[2].dtype = Dtype::F32;
    assert_says(compare(&model(), &other).unwrap_err(), &["found type F32; expected I64"]);
}
