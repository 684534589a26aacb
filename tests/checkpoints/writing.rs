use super::*;
use safetensors::SafeTensors;

fn begin(path: &Path, plan: &[Tensor]) -> Writer {
    Writer::create(path, plan.to_vec(), BTreeMap::new(), None).unwrap()
}

#[test]
fn the_reference_implementation_reads_what_is_written() {
    let (folder, path) = place();
    let plan = [
        Tensor::new("double", [3], Dtype::F64),
        Tensor::new("single", [2, 150_000], Dtype::F32),
        Tensor::new("half", [300_000], Dtype::F16),
        Tensor::new("brain", [7, 1, 3], Dtype::Bf16),
        Tensor::new("scalar", [], Dtype::F32),
        Tensor::new("empty", [0], Dtype::Bf16),
        Tensor::new("mask", [5], named("BOOL")),
    ];
    let bytes = write(&path, &plan, None);
    assert_eq!(listing(folder.path()), ["model.safetensors"]);
    let file = fs::read(&path).unwrap();
    assert_eq!(file.len() as u64, bytes);
    let reference = SafeTensors::deserialize(&file).unwrap();
    assert_eq!(reference.len(), plan.len());
    for tensor in &plan {
        let view = reference.tensor(&tensor.name).unwrap();
        assert_eq!(
            (view.shape(), view.dtype().to_string()),
            (&*tensor.shape, tensor.dtype.to_string())
        );
        let values = example(tensor);
        let expected: Vec<u8> = match tensor.dtype {
            Dtype::F32 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Dtype::F64 => values.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect(),
            Dtype::F16 => {
                values.iter().flat_map(|&v| half::f16::from_f32(v).to_le_bytes()).collect()
            }
            Dtype::Bf16 => {
                values.iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect()
            }
            Dtype::Other(_) => vec![1; 5],
        };
        assert!(view.data() == expected, "{}", tensor.name);
    }
    assert_holds(&path, &plan);
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let (_folder, path) = place();
    let metadata: BTreeMap<String, String> =
        ["b", "a", "d", "c"].map(|key| (key.into(), "1".into())).into();
    let write = || {
        let plan = vec![Tensor::new("w", [1], Dtype::F32)];
        let mut writer = Writer::create(&path, plan, metadata.clone(), None).unwrap();
        writer.write(&[1.0]).unwrap();
        writer.finish().unwrap();
        fs::read(&path).unwrap()
    };
    assert_eq!(write(), write());
    assert_eq!(*Checkpoint::open(&path).unwrap().metadata(), metadata);
}

#[test]
fn what_a_type_cannot_hold_is_refused_and_named() {
    let (folder, path) = place();
    for (dtype, value, shown) in [
        (Dtype::F16, 65_520.0, "65520 as element 140000"),
        (Dtype::F16, -1e9, "-1000000000 as element 140000"),
        (Dtype::Bf16, f32::MAX, "as element 140000"),
        (Dtype::F32, f32::NAN, "NaN as element 140000"),
        (Dtype::F64, f32::INFINITY, "inf as element 140000"),
    ] {
        let mut writer = begin(&path, &[Tensor::new("w", [150_000], dtype)]);
        let mut values = vec![0.0; 150_000];
        values[140_000] = value;
        values[140_001] = f32::NAN;
        let expected = format!("in the range of {dtype}");
        assert_says(writer.write(&values).unwrap_err(), &["tensor `w`", shown, &expected]);
        // Part of it is written: there is no way on.
        let refused = "an earlier tensor failed";
        assert_says(writer.write(&vec![0.0; 150_000]).unwrap_err(), &[refused]);
        assert_says(writer.finish().unwrap_err(), &[refused]);
        assert!(listing(folder.path()).is_empty());
    }
}

#[test]
fn a_writer_that_departs_from_its_plan_is_refused() {
    let (_folder, path) = place();
    let plan = [Tensor::new("w", [2, 2], Dtype::F16), Tensor::new("ids", [3], named("I32"))];
    let wrong = |parts: &[&str], step: &dyn Fn(&mut Writer) -> Result<(), CheckpointError>| {
        let mut writer = begin(&path, &plan);
        assert_says(step(&mut writer).unwrap_err(), parts);
    };
    wrong(&["tensor `w`", "3 values", "expected 4"], &|w| w.write(&[0.0; 3]));
    wrong(&["tensor `w`", "16 bytes", "expected 8"], &|w| w.write_bytes(&[0; 16]));
    wrong(&["tensor `ids`", "the bytes of I32"], &|w| {
        w.write(&[0.0; 4])?;
        w.write(&[0.0; 3])
    });
    wrong(&["more tensors than the 2 planned"], &|w| {
        w.write(&[0.0; 4])?;
        w.write_bytes(&[0; 12])?;
        w.write(&[])
    });
    let mut writer = begin(&path, &plan);
    writer.write(&[0.0; 4]).unwrap();
    assert_says(writer.finish().unwrap_err(), &["1 of 2 tensors were not written", "`ids`"]);
    assert!(!path.exists());
}

#[test]
fn a_writer_that_is_dropped_leaves_what_was_there() {
    let (folder, path) = place();
    let plan = [Tensor::new("w", [4], Dtype::F32), Tensor::new("v", [4], Dtype::F32)];
    write(&path, &plan[..1], None);
    let mut writer = begin(&path, &plan);
    writer.write(&[9.0; 4]).unwrap();
    assert_eq!(listing(folder.path()).len(), 2);
    drop(writer);
    assert_eq!(listing(folder.path()), ["model.safetensors"]);
    assert_holds(&path, &plan[..1]);

    let other = folder.path().join("other.safetensors");
    let mut writer = Writer::create(&other, plan.to_vec(), BTreeMap::new(), Some(1)).unwrap();
    writer.write(&[9.0; 4]).unwrap();
    drop(writer);
    assert_eq!(listing(folder.path()), ["model.safetensors"]);
}

#[test]
fn a_swap_that_fails_half_way_leaves_no_part_of_a_checkpoint() {
    let (folder, path) = place();
    let plan = [Tensor::new("w", [4], Dtype::F32), Tensor::new("v", [4], Dtype::F32)];
    let obstacle = folder.path().join("model-00002-of-00002.safetensors");
    fs::create_dir(&obstacle).unwrap();
    let mut writer = Writer::create(&path, plan.to_vec(), BTreeMap::new(), Some(16)).unwrap();
    writer.write(&[9.0; 4]).unwrap();
    writer.write(&[9.0; 4]).unwrap();
    assert_says(writer.finish().unwrap_err(), &["could not replace", "00002-of-00002"]);
    assert_eq!(listing(folder.path()), ["model-00002-of-00002.safetensors"]);
}

#[test]
fn a_checkpoint_that_is_read_can_be_replaced() {
    let (_folder, path) = place();
    let old = [Tensor::new("old", [1000], Dtype::F32)];
    write(&path, &old, None);
    let open = Checkpoint::open(&path).unwrap();
    write(&path, &[], None);
    assert_eq!(open.values(0, &mut Vec::new()).unwrap(), example(&old[0]));
    assert!(Checkpoint::open(&path).unwrap().tensors().is_empty());
}

#[test]
fn places_and_plans_that_cannot_be_written_are_refused_at_once() {
    let (folder, path) = place();
    let refused = |path: &Path, plan: &[Tensor], parts: &[&str]| {
        let error = Writer::create(path, plan.to_vec(), BTreeMap::new(), None).err().unwrap();
        assert_says(error, parts);
    };
    refused(folder.path(), &[], &["it is a folder"]);
    refused(&folder.path().join("model.bin"), &[], &["model.bin", "ends in `.safetensors`"]);
    refused(&folder.path().join(".safetensors"), &[], &["ends in `.safetensors`"]);
    let absent = folder.path().join("absent/model.safetensors");
    refused(&absent, &[], &["could not create", "absent", "does the folder"]);
    let twice = [Tensor::new("w", [1], Dtype::F32), Tensor::new("w", [2], Dtype::F16)];
    refused(&path, &twice, &["`w` is planned twice"]);
    refused(&path, &[Tensor::new("w", [usize::MAX, 9], Dtype::F16)], &["more elements"]);
    refused(&path, &[Tensor::new("w", [3], named("F4"))], &["not a whole number of bytes"]);
    assert!(listing(folder.path()).is_empty());
}
