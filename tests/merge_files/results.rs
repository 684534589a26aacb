//! What comes out: values, types, shards, and the same bytes every time.

use super::*;
use serde_json::Value;

#[test]
fn the_command_of_the_help_merges_with_ties() {
    let place = Place::with_models(2);
    let words = "--strategy ties --base b.safetensors m0.safetensors m1.safetensors \
                 --weight 0.5,0.5 --set density=0.2 -o out.safetensors";
    let output = place.merge(words);
    fine(&output);
    let text = out(&output);
    assert!(text.starts_with("merged  2 models with ties: 3 tensors, "), "{text}");
    assert!(text.ends_with("output  out.safetensors\n"), "{text}");
    assert_eq!(err(&output), "");
    let (got, base) =
        (values(&place.path("out.safetensors")), values(&place.path("b.safetensors")));
    // of 38 entries a model, a fifth moves: 7 each
    let moved = |name: &String| got[name].iter().zip(&base[name]).filter(|(a, b)| a != b).count();
    let moved: usize = base.keys().map(moved).sum();
    assert!((7..=14).contains(&moved), "{moved}");
}

#[test]
fn a_mean_weighs_models_and_keeps_names_shapes_types_and_metadata() {
    let place = Place::with_models(2);
    let got = place.merged("m0.safetensors m1.safetensors --weight 3,1");
    for ((tensor, a), (_, b)) in usual(1, Dtype::F32).iter().zip(&usual(2, Dtype::F32)) {
        let mean: Vec<f32> = a.iter().zip(b).map(|(a, b)| 0.75 * a + 0.25 * b).collect();
        assert_eq!(got[&tensor.name], mean, "{}", tensor.name);
    }
    let checkpoint = Checkpoint::open(&place.path("out.safetensors")).unwrap();
    assert_eq!(checkpoint.metadata()["format"], "pt");
    for (tensor, _) in usual(0, Dtype::F32) {
        let at = checkpoint.find(&tensor.name).unwrap();
        assert_eq!(checkpoint.tensors()[at], tensor);
    }
}

#[test]
fn weights_count_also_where_a_strategy_counts_all_the_same_by_default() {
    let place = Place::with_models(2);
    let words = "--strategy geometric-median --set iterations=1 --set nu=1e6 \
                 m0.safetensors m1.safetensors";
    let even = place.merged(words);
    let uneven = place.merged(&format!("{words} --weight 3,1"));
    let set = place.merged(&format!("{words} --weight 3,1 --set weighting=uniform"));
    assert_ne!(even, uneven);
    assert_eq!(even, set);
}

#[test]
fn sixteen_bits_are_merged_in_single_precision_and_rounded_to_nearest_even() {
    for (dtype, name) in [(Dtype::Bf16, "bf16"), (Dtype::F16, "f16")] {
        let place = Place::new();
        let round = |x: f32| match name {
            "bf16" => half::bf16::from_f32(x).to_f32(),
            _ => half::f16::from_f32(x).to_f32(),
        };
        let values_of = |seed: u32| -> Vec<f32> {
            (0..999_u32)
                .map(|i| round(((i * 37 + seed * 101) % 1009) as f32 / 97.0 - 5.0))
                .collect()
        };
        let models: Vec<Vec<f32>> = (0..3).map(values_of).collect();
        for (i, model) in models.iter().enumerate() {
            let tensor = Tensor::new("w", [27, 37], dtype);
            place.write(&format!("m{i}.safetensors"), &[(tensor, model.clone())]);
        }
        let words = "m0.safetensors m1.safetensors m2.safetensors --weight 0.5,0.25,0.25";
        let wide = place.merged(&format!("{words} --dtype f32"));
        let same = place.merged(words);
        let exact = |i: usize| 0.5 * models[0][i] + 0.25 * models[1][i] + 0.25 * models[2][i];
        let exact: Vec<f32> = (0..999).map(exact).collect();
        assert_eq!(wide["w"], exact);
        assert_eq!(same["w"], exact.iter().map(|x| round(*x)).collect::<Vec<_>>());
        assert_ne!(same["w"], exact, "some were rounded");
        let written = Checkpoint::open(&place.path("out.safetensors")).unwrap();
        assert_eq!(written.tensors()[0].dtype, dtype);
        // and from single precision to 16 bits
        let single = |i: usize| (Tensor::new("w", [999], Dtype::F32), vec![0.1 * i as f32; 999]);
        place.write("s1.safetensors", &[single(1)]);
        place.write("s2.safetensors", &[single(2)]);
        let narrow = place.merged(&format!("s1.safetensors s2.safetensors --dtype {name}"));
        assert_eq!(narrow["w"][0], round(0.5 * (0.1 + 0.2)));
    }
}

#[test]
fn a_number_beyond_half_precision_is_named_and_nothing_is_written() {
    let place = Place::new();
    for (name, x) in [("b", 0.0), ("m0", 60_000.0), ("m1", 50_000.0)] {
        let tensor = Tensor::new("deep.w", [2, 3], Dtype::F16);
        let values = vec![0.0, 0.0, 0.0, 0.0, x, 0.0];
        place.write(&format!("{name}.safetensors"), &[(tensor, values)]);
    }
    let words = "--strategy task-arithmetic --base b.safetensors m0.safetensors m1.safetensors \
                 -o out.safetensors";
    place.refuses(
        words,
        1,
        &["out.safetensors", "`deep.w`", "109984 as element 4", "F16", "--dtype"],
    );
    fine(&place.merge(&format!("{words} --dtype bf16")));
}

#[test]
fn shards_come_in_and_go_out_and_change_no_value() {
    let place = Place::with_models(2);
    let words = "--strategy ties --base b.safetensors m0.safetensors m1.safetensors";
    let whole = place.merged(words);
    let whole_bytes = fs::read(place.path("out.safetensors")).unwrap();
    for (name, model) in [("b", 0), ("m0", 1), ("m1", 2)] {
        fs::create_dir(place.path(name)).unwrap();
        // tensors in another order, in two shards
        let mut tensors = usual(model, Dtype::F32);
        tensors.reverse();
        place.write_shards(&format!("{name}/model.safetensors"), &tensors, Some(64));
        assert!(place.path(name).join("model-00001-of-00002.safetensors").exists());
    }
    let index = "m1/model.safetensors.index.json";
    let output = place.merge(&format!("--strategy ties --base b m0 {index} -o again.safetensors"));
    fine(&output);
    assert_eq!(fs::read(place.path("again.safetensors")).unwrap(), whole_bytes);
    let output = place.merge(&format!("{words} -o merged/ --shard-size 100B --json"));
    fine(&output);
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    let files = document["files"].as_array().unwrap();
    assert_eq!(files.last().unwrap(), "merged/model.safetensors.index.json");
    assert_eq!(files.len(), 4, "{document:#}");
    assert_eq!(values(&place.path("merged")), whole);
    // over what is there
    fine(&place.merge(&format!("{words} -o merged --shard-size 100B --weight 1,2")));
    assert_ne!(values(&place.path("merged")), whole);
}

#[test]
fn whole_numbers_are_copied_where_all_agree() {
    let place = Place::new();
    let write = |name: &str, model: usize, step: u8| {
        let ids = Tensor::new("ids", [2], Dtype::named("I64").unwrap());
        let (w, values) = usual(model, Dtype::F32).remove(0);
        let none = Tensor::new("none", [0, 3], Dtype::F32);
        let plan = vec![ids, w, none];
        let mut writer = Writer::create(&place.path(name), plan, BTreeMap::new(), None).unwrap();
        let mut bytes = vec![0; 16];
        bytes[9] = step;
        writer.write_bytes(&bytes).unwrap();
        writer.write(&values).unwrap();
        writer.write(&[]).unwrap();
        writer.finish().unwrap();
    };
    write("a.safetensors", 1, 3);
    write("b.safetensors", 2, 3);
    write("c.safetensors", 3, 4);
    fine(&place.merge("a.safetensors b.safetensors -o out.safetensors"));
    let written = Checkpoint::open(&place.path("out.safetensors")).unwrap();
    assert_eq!(written.tensors().len(), 3);
    assert_eq!(written.bytes(written.find("ids").unwrap())[9], 3);
    let parts = ["c.safetensors", "`ids`", "another element 1", "I64", "copied, not merged"];
    place.refuses("a.safetensors c.safetensors -o o.safetensors", 2, &parts);
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let place = Place::new();
    // large enough for threads to be worth it, in several chunks
    let tensors = |model: u32| -> Vec<(Tensor, Vec<f32>)> {
        let tensor = |(name, shape): (&str, [usize; 2])| {
            let tensor = Tensor::new(name, shape, Dtype::F32);
            let word = |i: usize| (i as u32).wrapping_mul(2_654_435_761).rotate_left(model * 7 + 3);
            let values = (0..tensor.len()).map(|i| (word(i) >> 8) as f32 / (1 << 23) as f32 - 1.0);
            (tensor.clone(), values.collect())
        };
        [("a", [400, 301]), ("b", [1, 90_001])].into_iter().map(tensor).collect()
    };
    for (name, model) in [("b", 0), ("m0", 1), ("m1", 2), ("m2", 3)] {
        place.write(&format!("{name}.safetensors"), &tensors(model));
    }
    for strategy in [
        "mean",
        "median",
        "ties",
        "ties --set scope=tensor",
        "dare --set density=0.5",
        "della",
        "krum --set f=0",
        "karcher",
        "geometric-median",
        "model-stock --set scope=block",
        "mean --pre nearest-neighbour-mixing --set pre.0.f=1",
        "norm-bound --set noise=0.1",
        "mean --dtype bf16 --server fedadam",
    ] {
        let words = format!(
            "--base b.safetensors m0.safetensors m1.safetensors m2.safetensors --seed 3 \
             -o out.safetensors --strategy {strategy}"
        );
        let mut hashes = Vec::new();
        for threads in [1, 2, 3, 8] {
            fine(&place.merge(&format!("{words} --threads {threads}")));
            hashes.push(blake3::hash(&fs::read(place.path("out.safetensors")).unwrap()));
        }
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{strategy}");
    }
    let words = "--strategy dare --base b.safetensors m0.safetensors";
    let first = place.merged(&format!("{words} --seed 3"));
    assert_ne!(place.merged(&format!("{words} --seed 4")), first);
}

#[test]
fn json_says_what_was_merged_and_nothing_else_is_said() {
    let place = Place::with_models(3);
    let words =
        "m0.safetensors m1.safetensors m2.safetensors -o out.safetensors --json --threads 2";
    let output = place.merge(words);
    fine(&output);
    assert_eq!(err(&output), "");
    let document: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(document["strategy"], "mean");
    assert_eq!(document["tensors"], 3);
    assert_eq!(document["parameters"], 38);
    assert_eq!(document["bytes_read"], 3 * 38 * 4);
    assert_eq!(document["threads"], 2);
    assert_eq!(document["output"], "out.safetensors");
    let length = fs::metadata(place.path("out.safetensors")).unwrap().len();
    assert_eq!(document["bytes_written"], length);
    assert!(document["seconds"].as_f64().is_some() && document["gigabytes_per_second"].is_number());
}

/// Stopped by a signal while it reads the models again and again.
#[cfg(unix)]
#[test]
fn an_interrupted_merge_leaves_nothing_behind_and_what_was_there() {
    let place = Place::new();
    for i in 0..3 {
        let tensor = Tensor::new("w", [1 << 18], Dtype::F32);
        let values = (0..1 << 18).map(|j| ((i + 1) * j % 97) as f32).collect();
        place.write(&format!("m{i}.safetensors"), &[(tensor, values)]);
    }
    fs::create_dir(place.path("there")).unwrap();
    place.write("there/model.safetensors", &usual(0, Dtype::F32));
    let earlier = fs::read(place.path("there/model.safetensors")).unwrap();
    for target in ["new/", "there"] {
        let before = place.names();
        let words = format!(
            "m0.safetensors m1.safetensors m2.safetensors --strategy geometric-median \
             --set iterations=1000 -o {target}"
        );
        let words: Vec<&str> = words.split_whitespace().collect();
        let child = place.command(&words).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        let begun = || {
            let names = fs::read_dir(place.path(target)).into_iter().flatten();
            names.flatten().any(|e| e.file_name().to_string_lossy().ends_with(".tmp"))
        };
        while !begun() {
            assert!(std::time::Instant::now() < deadline, "no temporary file appeared");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", err(&output));
        assert!(err(&output).ends_with("interrupted: nothing was written\n"), "{}", err(&output));
        assert_eq!(place.names(), before);
    }
    let left = fs::read_dir(place.path("there")).unwrap().count();
    assert_eq!(left, 1);
    assert_eq!(fs::read(place.path("there/model.safetensors")).unwrap(), earlier);
}

/// Models of one tensor each.
fn write_vectors(place: &Place, models: &[(&str, &[f32])]) {
    for (name, values) in models {
        let tensor = Tensor::new("w", [values.len()], Dtype::F32);
        place.write(&format!("{name}.safetensors"), &[(tensor, values.to_vec())]);
    }
}

#[track_caller]
fn assert_near(got: &[f32], expected: &[f64], what: &str) {
    for (x, y) in got.iter().zip(expected) {
        let near = (f64::from(*x) - y).abs() <= 2e-5 * y.abs().max(1e-30);
        assert!(near, "{what}: {got:?}, not {expected:?}");
    }
}

/// No strategy has a size of its own: neither what squares to more than single precision holds
/// nor what squares to nothing is other than the rest.
#[test]
fn models_of_any_size_merge_alike() {
    let place = Place::new();
    write_vectors(&place, &[("zero", &[0.0; 5])]);
    let honest = [[9.0, 1.0, -2.0, 0.5, 4.0], [1.0, 1.1, 1.2, 0.9, 1.0], [1.1, 1.0, 1.3, 0.8, 0.9]];
    let honest =
        [honest[0], honest[1], honest[2], [1.2, 0.9, 1.1, 1.0, 0.8], [1.15, 1.0, 1.2, 0.9, 0.95]];
    for words in [
        "--strategy krum --set f=1",
        "--strategy multi-krum --set f=1",
        "--strategy mda --set f=1",
        "--strategy smea --set f=1",
        "--strategy caf --set f=1",
        "--strategy geometric-median --set nu=1e-12",
        "--strategy mean --pre adaptive-robust-clipping --set pre.0.f=1",
        "--strategy model-stock --base zero.safetensors",
        "--strategy sce --base zero.safetensors --set density=0.6",
        "--strategy karcher",
        "--strategy multi-slerp",
    ] {
        let merged = |scale: f32| {
            let models: Vec<[f32; 5]> = honest.iter().map(|m| m.map(|x| x * scale)).collect();
            let names = ["m0", "m1", "m2", "m3", "m4"];
            let named: Vec<(&str, &[f32])> =
                names.iter().zip(&models).map(|(name, m)| (*name, &m[..])).collect();
            write_vectors(&place, &named);
            let files = names.map(|name| format!("{name}.safetensors")).join(" ");
            place.merged(&format!("{words} {files}")).remove("w").unwrap()
        };
        let one = merged(1.0);
        for power in [-84, -40, -20, 10, 66, 100] {
            if power < -20 && words.contains("nu=") {
                // a length of its own that it was given
                continue;
            }
            let scale = (power as f64).exp2();
            let expected: Vec<f64> = one.iter().map(|x| f64::from(*x) * scale).collect();
            assert_near(&merged(scale as f32), &expected, &format!("{words} at 2^{power}"));
        }
    }
    for (words, count) in [("slerp", 2), ("nuslerp", 2), ("multi-slerp", 3), ("karcher", 3)] {
        for scale in [1e-25, 1e-12, 1e-6, 1e19_f32] {
            let model = [3.0 * scale, 4.0 * scale, 0.0];
            write_vectors(&place, &[("m", &model)]);
            let files = "m.safetensors ".repeat(count);
            let got = place.merged(&format!("--strategy {words} {files}")).remove("w").unwrap();
            assert_near(&got, &model.map(f64::from), &format!("{words} of {scale}"));
        }
    }
}

/// Allouah et al. 2023 and others clip what moved, on whatever the strategy works then.
#[test]
fn clipping_shortens_what_moved_in_front_of_strategies_on_models_too() {
    let place = Place::new();
    write_vectors(
        &place,
        &[
            ("b", &[3.0; 4]),
            ("near", &[3.0, 3.01, 3.0, 3.0]),
            ("other", &[3.01, 3.0, 3.0, 3.0]),
            ("far", &[3.0, 7.0, 3.0, 3.0]),
        ],
    );
    let words = "--strategy karcher --base b.safetensors other.safetensors";
    let clipped = "--pre clip --set pre.0.norm=1";
    assert_eq!(
        place.merged(&format!("{words} near.safetensors {clipped}")),
        place.merged(&format!("{words} near.safetensors")),
        "nothing is longer than 1"
    );
    // 4 away, so a quarter of the way
    write_vectors(&place, &[("quarter", &[3.0, 4.0, 3.0, 3.0])]);
    assert_eq!(
        place.merged(&format!("{words} far.safetensors {clipped}")),
        place.merged(&format!("{words} quarter.safetensors"))
    );
}

#[test]
fn buckets_of_one_keep_their_weights() {
    let place = Place::with_models(3);
    let models = "m0.safetensors m1.safetensors m2.safetensors --weight 9,3,1";
    for strategy in ["mean", "multi-slerp", "karcher", "geometric-median"] {
        let words = format!("--strategy {strategy} {models}");
        let plain = place.merged(&words);
        let bucketed = place.merged(&format!("{words} --pre bucketing --set pre.0.size=1"));
        for (name, values) in &plain {
            let expected: Vec<f64> = values.iter().map(|x| f64::from(*x)).collect();
            assert_near(&bucketed[name], &expected, strategy);
        }
    }
}

/// Wan et al. 2024 select by variance: what all agree on has none, however its mean rounds.
#[test]
fn sce_selects_among_what_varies() {
    let place = Place::new();
    let agreed = |i: usize| ((i * 37 % 101) as f32 + 0.3) / 7.0;
    for n in [2, 3, 5, 6, 7] {
        let names: Vec<String> = (0..n).map(|m| format!("m{m}")).collect();
        let model = |m: usize| -> Vec<f32> {
            let differs =
                |i: usize| if i < 10 { 1.0 + m as f32 * (i + 1) as f32 } else { agreed(i) };
            (0..1000).map(differs).collect()
        };
        write_vectors(&place, &[("zero", &[0.0; 1000])]);
        for (m, name) in names.iter().enumerate() {
            write_vectors(&place, &[(name, &model(m))]);
        }
        let files = names.iter().map(|name| format!("{name}.safetensors ")).collect::<String>();
        let words = format!("--strategy sce --set density=0.5 --base zero.safetensors {files}");
        let merged = &place.merged(&words)["w"];
        let kept: Vec<usize> = (0..1000).filter(|i| merged[*i] != 0.0).collect();
        assert_eq!(kept, [5, 6, 7, 8, 9], "{n} models");
    }
}

#[test]
fn a_weight_may_be_negative_where_a_sum_allows_it() {
    let place = Place::new();
    write_vectors(&place, &[("p", &[1.0, 2.0]), ("q", &[3.0, 5.0])]);
    let got = place.merged("--weight -1,2 p.safetensors q.safetensors");
    assert_eq!(got["w"], [5.0, 8.0]);
}
