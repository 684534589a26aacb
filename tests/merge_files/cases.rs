//! Cases of other implementations on their files, as a manifest and one by one.

use super::*;
use hivesim::checkpoint::manifest::{Distance, Manifest};
use serde_json::{Value, json};

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

#[test]
fn every_case_of_a_manifest_runs_from_its_files_within_tolerance_on_any_threads() {
    let place = Place::new();
    let manifest = vectors().join("manifest.json");
    for threads in [1, 3] {
        let words = format!("--manifest {} --json --threads {threads}", manifest.display());
        let output = place.merge(&words);
        fine(&output);
        let document: Value = serde_json::from_str(&out(&output)).unwrap();
        assert_eq!((&document["within"], &document["outside"]), (&json!(69), &json!(0)));
        for case in document["cases"].as_array().unwrap() {
            assert!(case["share"].as_f64().unwrap() <= 1.0, "{case}");
        }
    }
    let output = place.merge(&format!("--manifest {}", manifest.display()));
    let text = out(&output);
    assert!(text.starts_with("case"), "{text}");
    assert!(text.contains("69 of 69 cases within their tolerance"), "{text}");
    assert!(text.lines().any(|l| l.starts_with("fedadam ") && l.ends_with("within")), "{text}");
}

#[test]
fn every_case_without_rounds_runs_as_a_recipe_and_is_written() {
    let place = Place::new();
    let manifest = Manifest::read(&vectors().join("manifest.json")).unwrap();
    let mut merged = 0;
    for case in manifest.cases.iter().filter(|case| case.rounds.is_empty()) {
        let step = case.steps()[0];
        let file = |name: &String| vectors().join(name);
        let spec = case.pipeline().unwrap();
        let mut recipe = toml::Table::new();
        let mut set = |key: &str, value: toml::Value| recipe.insert(key.into(), value);
        if let Some(base) = &case.base {
            set("base", toml::Value::try_from(file(base)).unwrap());
        }
        let models: Vec<PathBuf> = step.models.iter().map(file).collect();
        set("models", toml::Value::try_from(models).unwrap());
        // strategies that count all the same would refuse them
        let combine = toml::Value::try_from(&spec.combine).unwrap();
        if combine.get("weighting").is_some() {
            set(
                "weights",
                toml::Value::try_from(step.weights.clone().unwrap_or_default()).unwrap(),
            );
        }
        set("output", "case.safetensors".into());
        set("pre", toml::Value::try_from(&spec.pre).unwrap());
        set("combine", combine);
        fs::write(place.path("recipe.toml"), recipe.to_string()).unwrap();
        let output = place.merge("--recipe recipe.toml --quiet --threads 2");
        assert_eq!(output.status.code(), Some(0), "{}: {}", case.id, err(&output));
        assert_eq!(out(&output) + &err(&output), "", "{}", case.id);
        let got = values(&place.path("case.safetensors"));
        let expected = values(&file(&step.expected));
        let mut distance = Distance::default();
        for (name, expected) in &expected {
            distance.add(&got[name], expected, case.rtol, case.atol);
        }
        assert!(distance.share <= 1.0, "{}: {distance:?}", case.id);
        merged += 1;
    }
    assert_eq!(merged, 65);
}

/// A manifest of one case that would pass, with absolute paths, to be changed.
fn one_case() -> Value {
    let text = fs::read_to_string(vectors().join("manifest.json")).unwrap();
    let mut manifest: Value = serde_json::from_str(&text).unwrap();
    let mut case = manifest["cases"][0].take();
    let absolute = |value: &mut Value| *value = json!(vectors().join(value.as_str().unwrap()));
    case["models"].as_array_mut().unwrap().iter_mut().for_each(absolute);
    absolute(&mut case["expected"]);
    case
}

fn run(place: &Place, cases: &[Value]) -> Output {
    let text = json!({ "cases": cases }).to_string();
    fs::write(place.path("cases.json"), text).unwrap();
    place.merge("--manifest cases.json")
}

#[test]
fn a_case_outside_its_tolerance_is_named_and_fails() {
    let place = Place::new();
    let mut off = one_case();
    off["id"] = json!("off");
    off["expected"] = off["models"][0].clone();
    let output = run(&place, &[one_case(), off]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("1 of 2 cases within their tolerance"), "{}", out(&output));
    assert!(out(&output).lines().any(|l| l.starts_with("off") && l.ends_with("outside")));
    assert_eq!(err(&output), "outside the tolerance (1): `off`\n");
}

#[test]
fn a_null_is_a_parameter_that_is_not_given() {
    let place = Place::new();
    let mut case = one_case();
    case["params"]["weighting"] = Value::Null;
    fine(&run(&place, &[case]));
}

#[test]
fn a_malformed_manifest_is_answered_with_file_case_and_key() {
    let place = Place::new();
    let change = |key: &str, value: Value| {
        let mut case = one_case();
        case[key] = value;
        case
    };
    let mut regmean = change("method", json!("regmean"));
    regmean["params"] = json!({});
    for (case, parts) in [
        (change("rtol", json!("tight")), &["case `linear-normalised`", "`rtol`", "\"tight\""][..]),
        (change("atol", json!(-1.0)), &["`atol`: found -1; wanted 0 or more"]),
        (change("expected", Value::Null), &["`expected`"]),
        (change("models", json!([])), &["`models` is empty"]),
        (change("weights", json!([1.0])), &["`weights`: 1 for 4 models"]),
        (change("rounds", json!([])), &["`rounds` is no list"]),
        (change("method", json!("lineer")), &["lineer"]),
        (change("method", json!("tiess")), &["unknown variant `tiess`", "did you mean `ties`?"]),
        (change("wieghts", json!([1.0, 3.0])), &["key `wieghts`; did you mean `weights`?"]),
        (change("params", json!({ "normalize_": true })), &["did you mean `normalise`?"]),
        (change("params", json!({ "normalise": 3 })), &["linear-normalised", "normalise"]),
        (change("base", json!("gone.safetensors")), &["linear-normalised", "gone.safetensors"]),
        (regmean, &["linear-normalised", "`regmean` needs the Gram matrices"]),
        (change("id", Value::Null), &["case number 0", "`id`"]),
    ] {
        let output = run(&place, &[case]);
        assert_eq!(output.status.code(), Some(2), "{}", err(&output));
        for part in [&["cases.json"], parts].concat() {
            assert!(err(&output).contains(part), "`{part}` is not in: {}", err(&output));
        }
    }
    for text in ["{", "[]", "{\"cases\": []}", "{\"cases\": 3}"] {
        fs::write(place.path("cases.json"), text).unwrap();
        place.refuses("--manifest cases.json", 2, &["cases.json: "]);
    }
    place.refuses("--manifest gone.json", 2, &["gone.json: cannot be read"]);
}
