//! Recipes from files and from the command line, and what is said about those that are wrong.

use super::*;

const RECIPE: &str = "base = \"b.safetensors\"\nmodels = [\"m0.safetensors\", \"m1.safetensors\"]\n\
                      weights = [0.7, 0.3]\noutput = \"out.safetensors\"\n\n[combine]\n\
                      kind = \"ties\"\ndensity = 0.2\n";

#[test]
fn a_recipe_and_the_command_line_write_the_same_bytes() {
    let place = Place::with_models(2);
    fs::create_dir(place.path("sub")).unwrap();
    // paths in the file start at its folder
    let moved = RECIPE.replace("= \"b.", "= \"../b.").replace("[\"m", "[\"../m");
    let moved = moved.replace(", \"m1", ", \"../m1");
    fs::write(place.path("sub/ties.toml"), moved).unwrap();
    fine(&place.merge("--recipe sub/ties.toml"));
    let bytes = fs::read(place.path("sub/out.safetensors")).unwrap();
    let words = "--strategy ties --base b.safetensors m0.safetensors m1.safetensors \
                 --weight 0.7,0.3 --set density=0.2 -o out.safetensors";
    fine(&place.merge(words));
    assert_eq!(fs::read(place.path("out.safetensors")).unwrap(), bytes);
}

#[test]
fn the_command_line_has_the_last_word_on_a_recipe() {
    let place = Place::with_models(3);
    fs::write(place.path("ties.toml"), RECIPE).unwrap();
    let recipe = |words: &str| {
        fine(&place.merge(&format!("--recipe ties.toml {words}")));
        values(&place.path("out.safetensors"))
    };
    let plain = |words: &str| place.merged(&format!("--base b.safetensors {words}"));
    let both = "m0.safetensors m1.safetensors";
    assert_eq!(
        recipe("--set density=0.9 --weight 1,3"),
        plain(&format!("--strategy ties --set density=0.9 --weight 1,3 {both}"))
    );
    assert_eq!(
        recipe("--set combine.scope=tensor"),
        plain(&format!(
            "--strategy ties --set density=0.2 --set scope=tensor --weight 0.7,0.3 {both}"
        ))
    );
    assert_eq!(
        recipe("m1.safetensors m2.safetensors"),
        plain("--strategy ties --set density=0.2 --weight 0.7,0.3 m1.safetensors m2.safetensors")
    );
    assert_eq!(
        recipe("--server fedavgm --set server.eta=0.5 --pre clip --set pre.0.norm=1.5"),
        plain(&format!(
            "--strategy ties --set density=0.2 --weight 0.7,0.3 {both} --set server.kind=fedavgm \
             --set server.eta=0.5 --set pre.0.kind=clip --set pre.0.norm=1.5"
        ))
    );
    fine(&place.merge("--recipe ties.toml -o elsewhere.safetensors"));
    assert!(place.path("elsewhere.safetensors").exists());
}

#[test]
fn a_slip_is_answered_with_place_and_nearest_name() {
    let place = Place::with_models(2);
    let both = "m0.safetensors m1.safetensors -o out.safetensors --base b.safetensors";
    for (words, parts) in [
        ("--strategy tiez", &["--strategy tiez: combine.kind: ", "did you mean `\"ties\"`?"][..]),
        (
            "--strategy ties --set desity=0.2",
            &[
                "--set desity=0.2: combine.desity: no such key with kind = \"ties\"",
                "did you mean `density`?",
            ],
        ),
        (
            "--strategy ties --set density=2",
            &["combine.density: found 2; wanted a number from 0 to 1"],
        ),
        ("--strategy ties --set density", &["found no `=`", "density=0.2"]),
        ("--server fedadan", &["--server fedadan: server.kind: ", "did you mean `\"fedadam\"`?"]),
        ("--strategy fedavgm", &["did you mean `server.kind = \"fedavgm\"`?"]),
        ("--strategy bucketing", &["did you mean `pre = [{ kind = \"bucketing\" }]`?"]),
        ("--pre clop", &["--pre clop: pre.0.kind: ", "did you mean `\"clip\"`?"]),
        ("--dtype fp16", &["--dtype fp16: dtype: ", "\"f16\""]),
        ("--shard-size big", &["--shard-size big: shard_size: ", "\"5GB\""]),
        ("--weight 1,2,3", &["--weight 1,2,3: weights: found 3 for 2 models"]),
        ("--weight nan,1", &["weights.0: found NaN"]),
        ("--strategy median --weight 1,2", &["counts all models the same"]),
        ("--weight 1,x", &["--weight", "invalid float"]),
        ("--strategy krum --set f=1", &["\"krum\" needs", "at least 5", "found 2 models"]),
        ("--strategy nearswap", &["\"nearswap\" needs one contribution; found 2 models"]),
        ("--strategy fisher", &["Fisher information", "fleets alone"]),
        ("--strategy regmean", &["Gram matrices", "fleets alone"]),
        ("--strategy best-by-probe", &["probe tasks", "fleets alone"]),
        ("--server feddf", &["what a model answers", "fleets alone"]),
        ("--strategy greedy-soup", &["probe tasks", "fleets alone"]),
        ("--strategy fednova", &["gradient steps"]),
    ] {
        place.refuses(&format!("{words} {both}"), 2, parts);
    }
}

#[test]
fn a_base_is_asked_for_by_what_needs_one() {
    let place = Place::with_models(2);
    let both = "m0.safetensors m1.safetensors -o out.safetensors";
    place.refuses(
        &format!("--strategy ties {both}"),
        2,
        &["--strategy ties", "\"ties\"", "--base"],
    );
    place.refuses(&format!("--server fedadam {both}"), 2, &["server.kind", "--base"]);
    place.refuses(
        "--strategy slerp m0.safetensors -o o.safetensors",
        2,
        &["two, or one and a base"],
    );
}

#[test]
fn a_recipe_file_that_is_wrong_is_answered_with_line_and_column() {
    let place = Place::with_models(2);
    for (from, to, parts) in [
        ("density", "densty", &["ties.toml:8:1: combine.densty: no such key", "`density`"][..]),
        ("\"ties\"", "\"tie\"", &["ties.toml:7:8: combine.kind: ", "did you mean `\"ties\"`?"]),
        ("0.7, 0.3", "0.7", &["ties.toml:3:11: weights: found 1 for 2 models"]),
        ("base = ", "bass = ", &["ties.toml:1:1: bass: no such key", "`base`"]),
        ("output = \"out.safetensors\"", "", &["output: is missing"]),
        ("= 0.2", "= ", &["ties.toml:8:11: found no value"]),
        (
            "\"m0.safetensors\", \"m1.safetensors\"",
            "",
            &["ties.toml:2:10: models: found an empty list"],
        ),
    ] {
        fs::write(place.path("ties.toml"), RECIPE.replacen(from, to, 1)).unwrap();
        place.refuses("--recipe ties.toml", 2, parts);
    }
    place.refuses("--recipe gone.toml", 2, &["gone.toml: there is no such file"]);
    place.refuses("-o out.safetensors", 2, &["MODELS"]);
    place.refuses("m0.safetensors", 2, &["--output"]);
    place.refuses("--manifest x.json --seed 3", 2, &["cannot be used with"]);
}
