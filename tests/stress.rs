//! The stress battery: that report cards are what the runs say, that nothing is lost in any of
//! them, and that nothing about how they were run shows.

#[path = "common/place.rs"]
mod place;

use hivesim::catalogue::report_cards;
use hivesim::compare;
use hivesim::scenario::Battery;
use parquet::record::Field;
use place::{Place, real, rows, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

const BATTERY: &str = r#"
strategies = ["mean", "median"]
floor = 0.7
seeds = 3
doses = 4
precision = 0.1

[hive]
rounds = 6
fleet = { agents = 12, tasks = 20 }
world = { skills = 2, companies = 2, alpha = 10.0 }
measure = { panel = 6, probes = 16, every = 6 }

[[hardship]]
name = "noise"
family = "heterogeneity"
dose = "share of wrong answers"
key = "feedback.noise"
to = 1.0

[[hardship]]
name = "sign-flip"
family = "attack"
dose = "share of attackers"
key = "attack.share"
to = 0.6
set = { "attack.method" = { kind = "sign-flip", scale = 4.0 } }

[[hardship]]
name = "late"
family = "staleness"
dose = "rounds late"
key = "faults.lateness"
from = 0
to = 5
set = { "faults.delay" = 0.5 }

[[hardship]]
name = "few"
family = "compression"
dose = "share sent"
key = "distiller.compression.share"
from = 1.0
to = 0.02
scale = "log"
set = { "distiller.compression" = { kind = "top-k", feedback = false } }
"#;

type Row = BTreeMap<String, Field>;

fn seed(row: &Row) -> i64 {
    match row["seed"] {
        Field::Long(seed) => seed,
        ref other => panic!("{other:?}"),
    }
}

fn same(place: &Place, a: &str, b: &str) {
    assert!(place.bytes(a) == place.bytes(b), "{a} is not {b}");
}

/// Runs of one strategy, hardship and seed with their places and levels.
fn trial<'r>(rows: &'r [Row], strategy: &str, hardship: &str, of: i64) -> Vec<(f64, f64, &'r Row)> {
    let own = |row: &&Row| {
        text(&row["strategy"]) == strategy && text(&row["hardship"]) == hardship && seed(row) == of
    };
    rows.iter().filter(own).map(|row| (real(&row["place"]), real(&row["core"]), row)).collect()
}

#[test]
fn cards_are_what_the_runs_say() {
    let place = Place::with(BATTERY);
    let said = place.fine("stress plan.toml --json --out out");
    assert!(said.as_bytes() == place.bytes("out/cards.json"));
    let numbers: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&numbers["battery"], &numbers["version"]), (&"plan".into(), &1.into()));
    let rows = rows(&place.path("out/runs.parquet"));
    assert_eq!(rows.len() as u64, numbers["runs"].as_u64().unwrap());
    for (i, strategy) in ["mean", "median"].into_iter().enumerate() {
        for (h, hardship) in ["noise", "sign-flip", "late", "few"].into_iter().enumerate() {
            let curve = &numbers["cards"][i]["curves"][h];
            assert_eq!(curve["hardship"], hardship);
            let mut falls = Vec::new();
            let mut areas = Vec::new();
            for of in 1..=3 {
                let clean = trial(&rows, strategy, "", of)[0].1;
                let runs = trial(&rows, strategy, hardship, of);
                // three doses evenly up to the highest, then the search
                for (at, (place, ..)) in runs[..3].iter().enumerate() {
                    assert!((place - (at + 1) as f64 / 3.0).abs() < 1e-12);
                }
                let holds = |level: f64| level >= 0.7 * clean;
                let first = runs[..3].iter().position(|run| !holds(run.1));
                falls.extend(first.map(|first| {
                    let grid = (first as f64 / 3.0, (first + 1) as f64 / 3.0);
                    let inside = |run: &&(f64, f64, &Row)| (grid.0..=grid.1).contains(&run.0);
                    let searched = runs[3..].iter().filter(inside);
                    let (mut held, mut fell) = grid;
                    for (place, level, _) in searched {
                        *(if holds(*level) { &mut held } else { &mut fell }) = *place;
                    }
                    assert!(held < fell, "{strategy} {hardship} {of}");
                    assert!(fell - held <= 0.1 || hardship == "late", "{held} to {fell}");
                    (held, fell)
                }));
                assert!(runs.len() == 3 || first.is_some());
                let levels = [clean, runs[0].1, runs[1].1, runs[2].1];
                areas.push(levels.windows(2).map(|w| 0.5 * (w[0] + w[1])).sum::<f64>() / 3.0);
            }
            let told = curve["level"]["mean"].as_f64().unwrap();
            assert!((told - areas.iter().sum::<f64>() / 3.0).abs() < 1e-12, "{curve}");
            let breakdown = &curve["breakdown"];
            assert_eq!(breakdown["fell"].as_u64().unwrap(), falls.len() as u64);
            falls.sort_by(|a, b| a.1.total_cmp(&b.1));
            // the median of three
            match falls.get(1) {
                None => assert!(breakdown["place"].is_null() && breakdown["dose"].is_null()),
                Some((held, fell)) => {
                    let median = 0.5 * (held + fell);
                    assert!((breakdown["place"].as_f64().unwrap() - median).abs() < 1e-12);
                }
            }
        }
    }
    // attackers who send four times the honest mean the other way round leave 1 − 5s of the mean
    let fall = numbers["cards"][0]["curves"][1]["breakdown"]["dose"].as_f64().unwrap();
    assert!((0.05..0.25).contains(&fall), "{fall}");
}

#[test]
fn a_run_is_the_scenario_with_the_same_keys_set() {
    let place = Place::with(BATTERY);
    place.fine("stress plan.toml --quiet --strategies median --only sign-flip --out out");
    let rows = rows(&place.path("out/runs.parquet"));
    let hive = "--set rounds=6 --set fleet.agents=12 --set fleet.tasks=20 --set world.skills=2 --set \
                world.companies=2 --set world.alpha=10.0 --set measure.panel=6 --set \
                measure.probes=16 --set measure.every=6 --set distiller.combine.kind=median";
    place.write("empty.toml", "");
    let run = |more: &str| {
        let run = place.fine(&format!("run empty.toml --json --out run {hive} {more}"));
        let run: Value = serde_json::from_str(&run).unwrap();
        run["result_hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(run("--seed 2"), text(&trial(&rows, "median", "", 2)[0].2["result_hash"]));
    let (_, _, row) = trial(&rows, "median", "sign-flip", 3)[1];
    let dose = real(&row["dose"]);
    assert!((dose - 0.4).abs() < 1e-12);
    let attack = format!(
        "--seed 3 --set attack.method.kind=sign-flip --set attack.method.scale=4.0 --set attack.share={dose}"
    );
    assert_eq!(run(&attack), text(&row["result_hash"]));
}

/// Sent = merged + dropped + refused + in flight, in every run of the standard battery.
#[test]
fn nothing_is_lost_in_any_run_of_the_standard_battery() {
    let place = Place::new();
    place.fine("stress --quick --strategies mean,krum,fedadam --seed 5 --quiet --out out");
    let rows = rows(&place.path("out/runs.parquet"));
    let (mut seen, mut astray) = (0, [0.0; 8]);
    for row in rows.iter().filter(|row| text(&row["failed"]).is_empty()) {
        let fates = [
            "merged",
            "unfinished",
            "lost",
            "duplicate",
            "broken",
            "not_finite",
            "misfit",
            "stale",
        ];
        let fates = fates.map(|fate| real(&row[fate]));
        let accounted = fates.iter().sum::<f64>() + real(&row["in_flight"]);
        assert_eq!(real(&row["sent"]), accounted, "{row:?}");
        assert!(real(&row["sent"]) > 0.0, "{row:?}");
        fates.iter().zip(&mut astray).for_each(|(fate, sum)| *sum += fate);
        seen += 1;
    }
    assert!(seen > 150, "{seen} runs");
    // and there was something to be accounted for
    for (fate, sum) in ["merged", "unfinished", "lost"].iter().zip(astray) {
        assert!(sum > 0.0, "{fate}");
    }
    assert!(astray[4] > 0.0 && astray[5] > 0.0 && astray[6] > 0.0, "{astray:?}");
}

#[test]
fn jobs_do_not_show_and_more_strategies_and_seeds_take_what_is_there() {
    let place = Place::with(BATTERY);
    place.fine("stress plan.toml --quiet --jobs 1 --out one");
    place.fine("stress plan.toml --quiet --jobs 3 --out three");
    for file in ["runs.parquet", "curves.parquet"] {
        same(&place, &format!("one/{file}"), &format!("three/{file}"));
    }
    let runs = || fs::read_dir(place.path("grown/runs")).unwrap().count();
    place.fine("stress plan.toml --quiet --strategies mean --only noise --seeds 2 --out grown");
    let before = runs();
    place.fine("stress plan.toml --quiet --strategies mean --only noise --seeds 2 --out grown");
    assert_eq!(runs(), before, "nothing is run twice");
    place.fine("stress plan.toml --quiet --floor 0.7 --out grown");
    same(&place, "grown/runs.parquet", "one/runs.parquet");
    // what was resolved makes it too, from a folder of its own
    place.fine("stress grown/battery.toml --quiet --out again");
    same(&place, "again/runs.parquet", "one/runs.parquet");
}

#[test]
fn a_hive_of_ones_own_takes_the_place_of_the_batterys() {
    let place = Place::with(BATTERY);
    let said = place.fine(
        "stress plan.toml --scenario tiny.toml --strategies mean,scaffold+mean --only late,noise \
         --set rounds=2 --seeds 1 --json --out out",
    );
    let numbers: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(numbers["cards"][1]["name"], "scaffold+mean");
    assert!(place.path("out/scenario.toml").exists());
    let rows = rows(&place.path("out/runs.parquet"));
    assert!(rows.iter().all(|row| real(&row["sent"]) <= 24.0), "12 agents, 2 rounds");
    place.fine("stress out/battery.toml --only noise,late --set rounds=2 --quiet --out again");
    same(&place, "again/runs.parquet", "out/runs.parquet");
}

#[test]
fn what_a_strategy_cannot_face_is_told_and_the_rest_is_run() {
    let place = Place::with(BATTERY);
    place.write(
        "own.toml",
        &BATTERY.replace(
            "[[hardship]]\nname = \"few\"",
            "[[hardship]]\nname = \"unwaited\"\nfamily = \"staleness\"\ndose = \"spread\"\n\
             key = \"fleet.speed.spread\"\nto = 2.0\nset = { \"fleet.speed\" = { kind = \
             \"lognormal\" }, \"distiller.schedule\" = { kind = \"buffered\", learnings = 4 } }\n\n\
             [[hardship]]\nname = \"few\"",
        ),
    );
    let said = place.fine(
        "stress own.toml --strategies mean,scaffold+mean,slerp --seeds 1 --only noise,unwaited --out out",
    );
    assert!(said.contains("refused  scaffold+mean under unwaited: "), "{said}");
    // SLERP is of two: the hive has twelve
    let numbers: Value = serde_json::from_slice(&place.bytes("out/cards.json")).unwrap();
    let slerp = &numbers["cards"][2];
    let failed = slerp["curves"][0]["failed"].as_u64().unwrap_or(0);
    assert!(!slerp["refused"].is_null() || failed > 0, "{slerp}");
    assert_eq!(numbers["cards"][1]["curves"][0]["refused"], Value::Null);
}

#[test]
fn wrong_batteries_are_refused_before_anything_runs() {
    let with = |from: &str, to: &str| {
        assert!(BATTERY.contains(from), "{from}");
        BATTERY.replacen(from, to, 1)
    };
    let refused: [(String, &[&str]); 14] = [
        (with("floor = 0.7", "flor = 0.7"), &["plan.toml:3:1", "did you mean `floor`?"]),
        (with("floor = 0.7", "floor = 1.5"), &["plan.toml:3:9", "found 1.5", "0.01 to 1"]),
        (with("seeds = 3", "seeds = [1, 1]"), &["plan.toml:4:13", "1 stands here twice"]),
        (with("doses = 4", "doses = 1"), &["plan.toml:5:9", "wanted a whole number from 2"]),
        (with("to = 1.0", "to = 0.0"), &["hardship.0.to", "which is `from` too"]),
        (
            with("from = 1.0\nto = 0.02", "to = 0.02"),
            &["hardship.3.from", "a logarithm needs more than 0"],
        ),
        (with("name = \"late\"", "name = \"noise\""), &["there is another hardship `noise`"]),
        (with("family = \"attack\"", "family = \"atack\""), &["did you mean `\"attack\"`?"]),
        (
            with("key = \"feedback.noise\"", "key = \"feedback.nois\""),
            &["hardship `noise`", "did you mean `noise`?"],
        ),
        (
            with("key = \"feedback.noise\"", "key = \"seed\""),
            &["hardship.0.key", "all doses run on the same seeds"],
        ),
        (
            with("{ \"faults.delay\" = 0.5 }", "{ \"faults.lateness\" = 2 }"),
            &["hardship.2.set", "is undone by the dose"],
        ),
        (with("to = 0.6", "to = 1.6"), &["hardship `sign-flip`", "attack.share", "0.95"]),
        (with("rounds = 6", "round = 6"), &["hive: round=6", "did you mean `rounds`?"]),
        (with("floor = 0.7", "figure = \"train_loss\""), &["less of `train_loss` is better"]),
    ];
    for (battery, words) in refused {
        let place = Place::with(&battery);
        place.refused("stress plan.toml --out out", words);
        assert!(!place.path("out").exists(), "{words:?}");
    }
    let place = Place::with(BATTERY);
    place.refused(
        "stress plan.toml --only nois",
        &["there is no hardship `nois`", "did you mean `noise`?"],
    );
    place.refused("stress plan.toml --strategies medien", &["did you mean `median`?"]);
    place.refused("stress plan.toml --strategies krum(f=-1)", &["krum(f=-1)", "wanted"]);
    place.refused("stress plan.tml", &["there is no such file", "did you mean `plan.toml`?"]);
    place.refused("stress plan.toml --set seed=3", &["--set seed=3"]);
    place.refused("stress plan.toml --floor 0", &["--floor 0", "floor"]);
    place.fine("stress plan.toml --quiet --strategies mean --only noise --seeds 1 --out out");
    place.refused(
        "stress plan.toml --set rounds=2 --out out",
        &["`out` holds runs of another battery or hive, `plan` version 1"],
    );
    place.refused("sweep tiny.toml --axis learner.rate=0.1,0.2 --out out", &["`out` is not empty"]);
    place.fine("run tiny.toml --quiet --out run");
    place.refused("stress plan.toml --out run", &["`run` is not empty"]);
}

#[test]
fn the_catalogues_cards_are_those_of_the_battery_and_of_every_strategy() {
    let battery = Battery::standard(&[]).unwrap();
    let cards = report_cards();
    assert_eq!((cards.battery.as_str(), cards.version), (battery.name.as_str(), battery.version));
    let names: Vec<&str> = cards.hardships.iter().map(|each| each.name.as_str()).collect();
    let wanted: Vec<&str> = battery.hardships.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(names, wanted);
    for name in compare::all() {
        assert!(cards.cards.contains_key(&name), "{name} has no card: see docs/stress.md");
    }
    // a part of the battery again
    let place = Place::new();
    let said = place.fine("stress --strategies trimmed-mean --only sign-flip --json --out out");
    let told: Value = serde_json::from_str(&said).unwrap();
    let (card, fresh) = (&cards.cards["trimmed-mean"], &told["cards"][0]);
    let near = |kept: Option<f64>, fresh: &Value| match (kept, fresh.as_f64()) {
        (None, None) => {}
        (kept, fresh) => {
            let (kept, fresh) = (kept.unwrap(), fresh.unwrap());
            assert!((kept - fresh).abs() <= 5e-3 * fresh.abs(), "{kept} is not {fresh}");
        }
    };
    for (kept, end) in card.clean.iter().zip(["mean", "low", "high"]) {
        near(*kept, &fresh["clean"][end]);
    }
    let at = names.iter().position(|name| *name == "sign-flip").unwrap();
    let (fall, fresh) = (&card.falls[at], &fresh["curves"][0]["breakdown"]);
    near(fall.dose, &fresh["dose"]);
    near(fall.low, &fresh["low"]);
    near(fall.high, &fresh["high"]);
}

#[cfg(unix)]
#[test]
fn a_battery_that_is_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let stress = "stress plan.toml --quiet --jobs 2 --only noise,sign-flip --set rounds=12";
    Place::with(BATTERY).survives_kills(stress, &["runs.parquet", "curves.parquet"], 42);
}
