use super::*;

/// 40, 40, 400, 0 and 4 bytes.
fn plan() -> Vec<Tensor> {
    vec![
        Tensor::new("z", [10], Dtype::F32),
        Tensor::new("y", [4, 5], Dtype::Bf16),
        Tensor::new("x", [50], Dtype::F64),
        Tensor::new("w", [0, 7], Dtype::F32),
        Tensor::new("v", [], Dtype::F32),
    ]
}

fn shard(i: usize, n: usize) -> String {
    format!("model-{i:05}-of-{n:05}.safetensors")
}

/// A folder with a checkpoint in three shards.
fn sharded() -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = place();
    write(&path, &plan(), Some(100));
    let index = folder.path().join("model.safetensors.index.json");
    (folder, index)
}

#[test]
fn shards_and_their_index_are_as_hugging_face_writes_them() {
    let (folder, path) = place();
    let bytes = write(&path, &plan(), Some(100));
    let names = listing(folder.path());
    let index = "model.safetensors.index.json";
    assert_eq!(names, [&*shard(1, 3), &*shard(2, 3), &*shard(3, 3), index]);
    let size = |name: &String| fs::metadata(folder.path().join(name)).unwrap().len();
    assert_eq!(names.iter().map(size).sum::<u64>(), bytes);
    let text = fs::read_to_string(folder.path().join(index)).unwrap();
    let expected = r#"{
  "metadata": {
    "total_size": 484
  },
  "weight_map": {
    "v": "model-00003-of-00003.safetensors",
    "w": "model-00003-of-00003.safetensors",
    "x": "model-00002-of-00003.safetensors",
    "y": "model-00001-of-00003.safetensors",
    "z": "model-00001-of-00003.safetensors"
  }
}
"#;
    assert_eq!(text, expected);
    assert_holds(folder.path(), &plan());
    assert_holds(&folder.path().join(index), &plan());
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    let files: Vec<_> = checkpoint.files().map(|f| f.file_name().unwrap().to_owned()).collect();
    assert_eq!(files, [index, &*shard(1, 3), &*shard(2, 3), &*shard(3, 3)]);
    assert_eq!(checkpoint.tensors(), plan(), "in the order in which they were written");
}

#[test]
fn every_shard_is_full_and_none_is_overfull() {
    for bytes_max in [0, 1, 39, 40, 79, 80, 400, 443, 444, 479] {
        let (folder, path) = place();
        write(&path, &plan(), Some(bytes_max));
        assert_holds(folder.path(), &plan());
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        for file in checkpoint.files().skip(1) {
            let within: Vec<usize> = (0..5).filter(|&i| checkpoint.file_of(i) == file).collect();
            let bytes: usize = within.iter().map(|&i| checkpoint.bytes(i).len()).sum();
            assert!(bytes as u64 <= bytes_max || within.len() == 1 || bytes == 0, "{bytes_max}");
            let next = within.last().unwrap() + 1;
            let more = if next < 5 { checkpoint.bytes(next).len() } else { usize::MAX / 2 };
            assert!((bytes + more) as u64 > bytes_max, "{bytes} and {more} within {bytes_max}");
        }
    }
}

#[test]
fn what_fits_into_one_shard_is_one_file() {
    let (folder, path) = place();
    write(&path, &plan(), Some(484));
    assert_eq!(listing(folder.path()), ["model.safetensors"]);
    assert_holds(&path, &plan());
}

#[test]
fn shards_replace_shards_and_no_other_form_stands_beside_them() {
    let (folder, path) = place();
    write(&path, &plan(), Some(100));
    let mut other = plan();
    other[2] = Tensor::new("other", [50], Dtype::F64);
    write(&path, &other, Some(100));
    assert_holds(folder.path(), &other);
    let error = Writer::create(&path, plan(), BTreeMap::new(), None).err().unwrap();
    assert_says(error, &["model.safetensors.index.json` is there", "move it away"]);
    let (_folder, path) = place();
    write(&path, &plan(), None);
    let error = Writer::create(&path, plan(), BTreeMap::new(), Some(100)).err().unwrap();
    assert_says(error, &["model.safetensors` is there", "move it away"]);
}

#[test]
fn a_shard_that_is_missing_is_named() {
    let (folder, index) = sharded();
    fs::remove_file(folder.path().join(shard(2, 3))).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap_err();
    assert_says(error, &["index.json", "tensor `x`", &shard(2, 3), "all shards"]);
    fs::remove_file(index).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap_err();
    assert_says(error, &["2 safetensors files and no index"]);
}

#[test]
fn an_index_that_leaves_its_folder_is_refused() {
    let (folder, index) = sharded();
    let outside = folder.path().join(shard(1, 3));
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let absolute = outside.to_str().unwrap();
    let up = format!("../{}", shard(1, 3));
    let around = format!("inner/../../{}", shard(1, 3));
    for file in [absolute, &up, &around, "..", "/", "", "."] {
        let text = serde_json::json!({ "weight_map": { "z": file } }).to_string();
        fs::write(inner.join("model.safetensors.index.json"), &text).unwrap();
        let error = Checkpoint::open(&inner).unwrap_err();
        assert_says(error, &["tensor `z`", &format!("the file `{file}`"), "may not be left"]);
    }
    drop(index);
}

#[test]
fn an_index_and_its_shards_that_contradict_each_other_are_refused() {
    let (folder, index) = sharded();
    let text = fs::read_to_string(&index).unwrap();
    let refused = |from: &str, to: &str, parts: &[&str]| {
        assert!(text.contains(from));
        fs::write(&index, text.replace(from, to)).unwrap();
        assert_says(Checkpoint::open(folder.path()).unwrap_err(), parts);
    };
    let third = format!("\"v\": \"{}\",", shard(3, 3));
    refused(&third, "", &[&shard(3, 3), "tensor `v`", "the index does not place"]);
    let twice = format!("{third} {third}");
    refused(&third, &twice, &["index.json", "`v` is there twice"]);
    let more = format!("{third} \"new\": \"{}\",", shard(3, 3));
    refused(&third, &more, &[&shard(3, 3), "tensor `new`", "no such tensor in this file"]);
    let moved = format!("\"v\": \"{}\",", shard(2, 3));
    refused(&third, &moved, &[&shard(2, 3), "tensor `v`", "no such tensor in this file"]);
    refused("weight_map", "weights", &["index.json", "not an index", "weight_map"]);
    refused("\"v\":", "", &["index.json", "not an index", "line"]);
    fs::write(&index, r#"{"weight_map": {}}"#).unwrap();
    assert_says(Checkpoint::open(&index).unwrap_err(), &["names no file"]);
    // A shard that is damaged is named itself.
    fs::write(&index, &text).unwrap();
    fs::write(folder.path().join(shard(2, 3)), "short").unwrap();
    assert_says(Checkpoint::open(&index).unwrap_err(), &[&shard(2, 3), "ends after 5 bytes"]);
}

#[test]
fn the_usual_index_is_preferred_and_several_others_are_not_guessed_among() {
    let (folder, index) = sharded();
    let text = fs::read(&index).unwrap();
    fs::write(folder.path().join("model.fp16.safetensors.index.json"), &text).unwrap();
    assert_holds(folder.path(), &plan());
    fs::rename(&index, folder.path().join("a.safetensors.index.json")).unwrap();
    let error = Checkpoint::open(folder.path()).unwrap_err();
    assert_says(error, &["2 indices", "`a.safetensors.index.json`", "name the one"]);
}
