//! Scenario files as they lie on disks: where they are, how they are encoded, and what is
//! filled in from that.

use std::fs;
use std::path::Path;

use hivesim::scenario::{Scenario, World};

fn refusal(path: &Path) -> String {
    Scenario::load(path, &[]).expect_err("the file is wrong").to_string()
}

fn data_path(world: &World) -> &str {
    match world {
        World::Dataset(dataset) => &dataset.path,
        _ => panic!("not the dataset world"),
    }
}

#[test]
fn the_empty_file_is_the_default_scenario_under_the_files_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spread.toml");
    fs::write(&path, "").unwrap();
    let scenario = Scenario::load(&path, &[]).unwrap();
    assert_eq!(scenario.into_inner(), Scenario { name: "spread".into(), ..Scenario::default() });
}

#[test]
fn a_missing_file_names_the_file_that_may_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spread.toml"), "").unwrap();
    let message = refusal(&folder.path().join("sperad.toml"));
    assert!(message.contains("sperad.toml: there is no such file; did you mean `"), "{message}");
    assert!(message.ends_with("spread.toml`?"), "{message}");
}

#[test]
fn a_missing_folder_is_named() {
    let message = refusal(Path::new("no-such-folder/x.toml"));
    let expected = "no-such-folder/x.toml: there is no such file: the folder no-such-folder does \
                    not exist";
    assert_eq!(message, expected);
}

#[test]
fn a_folder_is_no_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let message = refusal(folder.path());
    assert!(message.ends_with(": is a folder; give a scenario file in it"), "{message}");
}

#[test]
fn bytes_that_are_not_utf8_are_named_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.toml");
    fs::write(&path, b"rounds = 3\nname = \"caf\xe9\"\n").unwrap();
    let message = refusal(&path);
    let expected =
        "latin.toml:2:12: found the byte 0xE9, which is not UTF-8; save the file as UTF-8";
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn a_file_beyond_all_scenarios_is_refused_by_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.toml");
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(refusal(&path).ends_with("is longer than 1 MiB; is it a scenario?"));
}

#[test]
fn a_flood_of_problems_is_cut() {
    let text = format!("[measure]\nbounds = [{}]\n", "\"x\", ".repeat(20_000));
    let error = Scenario::parse(&text, "hive.toml", &[]).unwrap_err();
    assert_eq!(error.problems().len(), 101);
    let last = error.problems()[100].to_string();
    assert_eq!(last, "hive.toml: there are 39899 more problems; mend these first");
}

#[test]
fn line_ends_marks_and_tabs_do_not_matter() {
    let plain = "rounds = 3\n[fleet]\nagents = 80\n";
    let wanted = Scenario::parse(plain, "hive.toml", &[]).unwrap();
    for text in [
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        plain.replace(" = ", "\t=\t"),
        plain.trim_end().to_owned(),
    ] {
        assert_eq!(Scenario::parse(&text, "hive.toml", &[]).unwrap(), wanted, "{text:?}");
    }
}

#[test]
fn a_data_path_starts_at_the_folder_of_the_file_that_names_it() {
    let text = "[world]\nkind = \"dataset\"\npath = \"data/femnist\"\n";
    let scenario = Scenario::parse(text, "lab/hive.toml", &[]).unwrap();
    assert_eq!(data_path(&scenario.world), "lab/data/femnist");

    let sets = ["world.path=data/femnist".to_owned()];
    let scenario = Scenario::parse(text, "lab/hive.toml", &sets).unwrap();
    assert_eq!(data_path(&scenario.world), "data/femnist", "an override starts where one stands");

    let text = text.replace("data/", "/data/");
    let scenario = Scenario::parse(&text, "lab/hive.toml", &[]).unwrap();
    assert_eq!(data_path(&scenario.world), "/data/femnist");
}

#[test]
fn the_dataset_world_has_as_many_agents_as_users_unless_told() {
    let text = "[world]\nkind = \"dataset\"\npath = \"data\"\n";
    assert_eq!(Scenario::parse(text, "hive.toml", &[]).unwrap().fleet.agents, 0);
    let sets = ["fleet.agents=50".to_owned()];
    assert_eq!(Scenario::parse(text, "hive.toml", &sets).unwrap().fleet.agents, 50);
}

#[test]
fn the_default_panel_shrinks_to_a_small_fleet() {
    let scenario = Scenario::parse("[fleet]\nagents = 20\n", "hive.toml", &[]).unwrap();
    assert_eq!(scenario.measure.panel, 20);
}

#[test]
fn a_table_without_a_kind_is_of_the_default_kind() {
    let text = "[world]\nskills = 3\n[learner]\nrate = 1\n[distiller.combine]\nweighting = \
                \"uniform\"\n";
    let scenario = Scenario::parse(text, "hive.toml", &[]).unwrap();
    assert!(matches!(&scenario.world, World::MixedEffects(world) if world.skills == 3));

    let text = "[world]\nkind = \"synthetic\"\nsizes.least = 7\n";
    let sets = ["world.sizes.sigma=1".to_owned()];
    assert!(Scenario::parse(text, "hive.toml", &sets).is_ok());
}

#[test]
fn overrides_reach_lists_of_tables() {
    let sets = ["world.changes.0.round=3", "world.changes.0.skill=2", "learner.buckets=4"];
    let scenario = Scenario::parse("", "hive.toml", &sets.map(str::to_owned)).unwrap();
    let World::MixedEffects(world) = &scenario.world else { panic!("not the default world") };
    assert_eq!((world.changes[0].round, world.changes[0].skill), (3, Some(2)));
}

#[test]
fn a_scenario_built_in_code_passes_the_same_checks() {
    assert!(Scenario::default().check().is_ok());

    let mut scenario = Scenario::default();
    scenario.seed.0 = u64::MAX;
    let message = scenario.check().unwrap_err().to_string();
    assert_eq!(
        message,
        "scenario: seed: found 18446744073709551615; wanted at most 9223372036854775807"
    );

    let mut scenario = Scenario::default();
    scenario.fleet.stragglers.share = f64::NAN;
    scenario.fleet.tasks = 1_000_001;
    let message = scenario.check().unwrap_err().to_string();
    let lines: Vec<&str> = message.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines[0],
        "scenario: fleet.stragglers.share: found NaN; wanted a number from 0 to 1"
    );
    assert!(lines[1].starts_with("scenario: fleet.tasks: found 1000001; wanted"), "{message}");
}
