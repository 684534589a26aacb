//! What is not merged: each with a message that says what and where, and nothing left behind.

use super::*;

#[test]
fn a_missing_tensor_is_named_with_its_file_and_the_nearest_name() {
    let place = Place::with_models(1);
    let mut tensors = usual(1, Dtype::F32);
    tensors[1].0.name = "layer.bais".into();
    place.write("odd.safetensors", &tensors);
    let parts = ["odd.safetensors", "`layer.bias`", "no such tensor", "`layer.bais`"];
    place.refuses("m0.safetensors odd.safetensors -o out.safetensors", 2, &parts);
}

#[test]
fn another_shape_is_named_with_both() {
    let place = Place::with_models(1);
    let mut tensors = usual(1, Dtype::F32);
    tensors[0].0.shape = vec![5, 6];
    place.write("odd.safetensors", &tensors);
    let parts = ["odd.safetensors", "`layer.weight`", "[5, 6]", "[6, 5]", "m0.safetensors"];
    place.refuses("m0.safetensors odd.safetensors -o out.safetensors", 2, &parts);
}

/// Changes four bytes of a file's values, counted from its end.
fn put(path: &Path, from_end: usize, value: f32) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - from_end;
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_value_that_is_no_number_is_named_wherever_it_is() {
    for (odd, value) in [("m1", f32::NAN), ("b", f32::INFINITY), ("m0", f32::NEG_INFINITY)] {
        for strategy in ["mean", "median", "ties", "ties --set scope=block", "krum"] {
            let place = Place::with_models(3);
            // written as matrix, vector, scalar: element 6 of the vector
            put(&place.path(&format!("{odd}.safetensors")), 8, value);
            let words = format!(
                "--strategy {strategy} --base b.safetensors m0.safetensors m1.safetensors \
                 m2.safetensors -o out.safetensors"
            );
            let file = format!("`{odd}.safetensors`");
            place.refuses(&words, 2, &[&file, "`layer.bias`", "element 6", "finite"]);
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_named() {
    let place = Place::with_models(2);
    let bytes = fs::read(place.path("m1.safetensors")).unwrap();
    for left in [bytes.len() - 1, bytes.len() / 2, 20, 3, 0] {
        fs::write(place.path("m1.safetensors"), &bytes[..left]).unwrap();
        let words = "m0.safetensors m1.safetensors -o out.safetensors";
        place.refuses(words, 2, &["`m1.safetensors` cannot be read: "]);
    }
    place.refuses("m0.safetensors gone.safetensors -o o.safetensors", 2, &["gone.safetensors"]);
}

#[test]
fn an_output_that_is_also_an_input_is_refused_by_every_path_to_it() {
    let place = Place::with_models(2);
    let before = fs::read(place.path("m1.safetensors")).unwrap();
    fs::create_dir(place.path("sub")).unwrap();
    let mut ways = vec!["m1.safetensors", "sub/../m1.safetensors", "./m1.safetensors"];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("m1.safetensors", place.path("soft.safetensors")).unwrap();
        fs::hard_link(place.path("m1.safetensors"), place.path("hard.safetensors")).unwrap();
        ways.extend(["soft.safetensors", "hard.safetensors"]);
    }
    for way in ways {
        let words = format!("m0.safetensors m1.safetensors -o {way}");
        place.refuses(&words, 2, &["is also an input", "m1.safetensors"]);
    }
    let words = "--strategy ties --base b.safetensors m0.safetensors -o b.safetensors";
    place.refuses(words, 2, &["is also an input"]);
    assert_eq!(fs::read(place.path("m1.safetensors")).unwrap(), before);
}

#[test]
fn a_shard_or_an_index_that_is_an_input_is_no_output() {
    let place = Place::with_models(1);
    for name in ["x", "y"] {
        fs::create_dir(place.path(name)).unwrap();
        place.write_shards(&format!("{name}/model.safetensors"), &usual(2, Dtype::F32), Some(64));
    }
    let read = |name: &str| fs::read(place.path("x").join(name)).unwrap();
    let index = read("model.safetensors.index.json");
    let first = read("model-00001-of-00002.safetensors");
    for (target, part) in [
        ("x/model-00001-of-00002.safetensors", "is also an input"),
        ("x --shard-size 64", "is also an input"),
        ("x/model.safetensors --shard-size 100B", "is also an input"),
        // one file beside the index, which readers would take first
        ("x", "index.json` is there"),
    ] {
        place.refuses(&format!("m0.safetensors x -o {target}"), 2, &[part]);
    }
    assert_eq!(read("model.safetensors.index.json"), index);
    assert_eq!(read("model-00001-of-00002.safetensors"), first);
    assert_eq!(fs::read_dir(place.path("x")).unwrap().count(), 3);
}

#[test]
fn an_output_that_cannot_be_written_says_why() {
    let place = Place::with_models(2);
    let models = "m0.safetensors m1.safetensors";
    place.refuses(&format!("{models} -o out.bin"), 2, &["out.bin", ".safetensors"]);
    place.refuses(&format!("{models} -o gone/out.safetensors"), 2, &["`gone` is not there"]);
    place.refuses(&format!("{models} -o gone/deep/"), 1, &["gone/deep"]);
}

#[test]
fn weights_that_make_no_mean_are_refused() {
    let place = Place::with_models(3);
    let two = "m0.safetensors m1.safetensors -o out.safetensors";
    let three = "m0.safetensors m1.safetensors m2.safetensors -o out.safetensors";
    for (words, models, parts) in [
        ("--strategy mean --weight 0,0", two, ["`mean` needs", "a weight other than 0"]),
        ("--strategy mean --weight -1,1", two, ["`mean` needs", "do not sum to zero"]),
        ("--strategy nuslerp --weight -1,1", two, ["`nuslerp` needs", "do not sum to zero"]),
        ("--strategy karcher --weight -1,1", two, ["`karcher` needs", "weights of 0 or more"]),
        ("--strategy geometric-median --weight 1,-1,1", three, ["found", "a weight of -1"]),
        ("--strategy multi-krum --set f=0 --weight 2,1,-0.5", three, ["found", "weight of -0.5"]),
        ("--strategy ties --base b.safetensors --weight 1,-1,1", three, ["found", "weight of -1"]),
    ] {
        place.refuses(&format!("{words} {models}"), 2, &parts);
    }
}

#[test]
fn whole_numbers_alone_are_nothing_to_merge() {
    let place = Place::new();
    let plan = vec![Tensor::new("ids", [8], Dtype::named("U8").unwrap())];
    let path = place.path("a.safetensors");
    let mut writer = Writer::create(&path, plan, BTreeMap::new(), None).unwrap();
    writer.write_bytes(&[7; 8]).unwrap();
    writer.finish().unwrap();
    let words = "a.safetensors a.safetensors -o out.safetensors";
    place.refuses(words, 2, &["a.safetensors", "no floats to merge"]);
}

#[test]
fn a_merge_without_sense_is_refused_by_name() {
    let place = Place::with_models(3);
    // opposite directions, whose sum has none
    for (name, x) in [("p", 1.0), ("q", -1.0), ("z", 0.0)] {
        let tensor = Tensor::new("w", [3], Dtype::F32);
        place.write(&format!("{name}.safetensors"), &[(tensor, vec![x; 3])]);
    }
    let words = "--strategy multi-slerp p.safetensors q.safetensors z.safetensors -o o.safetensors";
    place.refuses(words, 2, &["multi-slerp", "directions that do not cancel out"]);
    let huge = "--strategy task-arithmetic --base z.safetensors p.safetensors --weight 1e9 \
                --server plain --set server.eta=100 --set lambda=100 -o o.safetensors";
    fine(&place.merge(huge));
    for (name, x) in [("r", 3e38), ("s", 3e38)] {
        let tensor = Tensor::new("w", [3], Dtype::F32);
        place.write(&format!("{name}.safetensors"), &[(tensor, vec![0.0, x, 0.0])]);
    }
    let words = "--strategy task-arithmetic --base z.safetensors r.safetensors s.safetensors \
                 -o new.safetensors";
    place.refuses(words, 1, &["task-arithmetic", "element 1 of tensor `w`", "infinite"]);
}
