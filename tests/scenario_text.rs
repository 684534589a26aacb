//! Properties of scenarios as text: what is shown parses back, and no text brings the
//! loader down.

use hivesim::scenario::Scenario;
use proptest::prelude::*;

const VALID: &[&str] = &[
    "",
    "name = \"a\\\"b\\\\\"\nquestion = \"\"\"two\nlines\t'''\"\"\"\nexpect = \"\\u007F\\r\"\n",
    "name = \"a\"\nseed = 7\nrounds = 12\n[fleet]\nagents = 40\nstragglers.share = 0.3\n",
    "[world]\nskills = 5\ndrift = { rho = 0.9, every = 2 }\n[[world.changes]]\nround = 3\nskill = \
     1\n[[world.changes]]\nround = 4\ncompany = 2\n",
    "[world]\nkind = \"synthetic\"\nalpha = 0.5\n[world.sizes]\nkind = \"fixed\"\nexamples = \
     30\n[learner]\nkind = \"mlp\"\nhidden = [16, 8]\n[learner.solver]\nepochs = 3\n",
    "[world]\nkind = \"dataset\"\npath = \"/data/x\"\n[measure]\nbounds = [\"isolated\", \
     \"pooled\"]\n",
    "[learner]\nbuckets = 8\ngeneral_rate = 0.1\n[feedback]\nkind = \"verifiable\"\nhorizon = \
     5\n[job_knowledge]\npersonalisation = \"fedalt\"\npull = \"rebase\"\n",
    "[distiller]\nexchange = \"experience\"\n[distiller.experience]\nreservoir = 9\nrate = 1e-3\n",
];

/// Overrides that fit the default world and learner, of which any subset may be taken.
fn overrides() -> impl Strategy<Value = Vec<String>> {
    let text = "\\PC{0,20}".prop_map(|text| toml::Value::String(text).to_string());
    let whole = |key: &'static str, least: u32, most: u32| {
        (least..=most).prop_map(move |n| format!("{key}={n}"))
    };
    let number =
        |key: &'static str, most: f64| (0.0..=most).prop_map(move |x| format!("{key}={x:?}"));
    let word = |key: &'static str, words: &'static [&'static str]| {
        proptest::sample::select(words).prop_map(move |word| format!("{key}={word}"))
    };
    // all of these together fit the most memory that a scenario may ask for
    let all: Vec<BoxedStrategy<String>> = vec![
        text.clone().prop_map(|text| format!("name={text}")).boxed(),
        text.prop_map(|text| format!("question={text}")).boxed(),
        (0..=i64::MAX).prop_map(|seed| format!("seed={seed}")).boxed(),
        whole("rounds", 30, 10_000).boxed(),
        whole("world.skills", 24, 100_000).boxed(),
        whole("world.companies", 12, 200).boxed(),
        number("world.zipf", 8.0).boxed(),
        number("world.general", 1e3).boxed(),
        number("world.drift.rho", 1.0).boxed(),
        word("world.covariance", &["identity", "power"]).boxed(),
        whole("world.changes.0.round", 1, 30).boxed(),
        whole("fleet.agents", 200, 100_000_000).boxed(),
        whole("learner.buckets", 0, 1_000_000).boxed(),
        number("learner.general_rate", 100.0).boxed(),
        number("learner.solver.prox", 1e3).boxed(),
        word("job_knowledge.personalisation", &["none", "fedsim", "nested"]).boxed(),
        word("distiller.combine.weighting", &["tasks", "uniform"]).boxed(),
        word("measure.bounds", &["[]", "[\"pooled\"]", "[\"pooled\", \"isolated\"]"]).boxed(),
        word("engine.kind", &["auto", "serial", "pool", "tasks"]).boxed(),
    ];
    let some = proptest::collection::vec(any::<bool>(), all.len());
    (all, some).prop_map(|(sets, some)| {
        let taken = sets.into_iter().zip(some).filter(|(_, taken)| *taken);
        let mut sets: Vec<String> = taken.map(|(set, _)| set).collect();
        // A change needs a target.
        if sets.iter().any(|set| set.starts_with("world.changes")) {
            sets.push("world.changes.0.company=3".into());
        }
        sets
    })
}

#[test]
fn the_shown_text_of_the_default_scenario_is_this() {
    let scenario = Scenario::parse("", "default.toml", &[]).unwrap();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(scenario.to_toml());
    });
}

#[test]
fn what_is_shown_parses_back_for_every_kind() {
    for text in VALID {
        let scenario = Scenario::parse(text, "hive.toml", &[]).unwrap();
        let shown = scenario.to_toml();
        let again = Scenario::parse(&shown, "other.toml", &[])
            .unwrap_or_else(|error| panic!("{error}\n{shown}"));
        assert_eq!(again, scenario, "{shown}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_parses_back(sets in overrides()) {
        let scenario = Scenario::parse("", "hive.toml", &sets).map_err(|error| {
            TestCaseError::fail(error.to_string())
        })?;
        let shown = scenario.to_toml();
        let again = Scenario::parse(&shown, "hive.toml", &[]).map_err(|error| {
            TestCaseError::fail(format!("{error}\n{shown}"))
        })?;
        prop_assert_eq!(again, scenario);
    }

    #[test]
    fn no_edit_of_a_valid_scenario_brings_the_loader_down(
        which in 0..VALID.len(),
        shown in any::<bool>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..8),
        sets in proptest::collection::vec("[a-z_.]{0,12}=?\\PC{0,6}", 0..3),
    ) {
        let mut bytes = VALID[which].as_bytes().to_vec();
        if shown {
            bytes = Scenario::parse(VALID[which], "hive.toml", &[]).unwrap().to_toml().into_bytes();
        }
        for (at, how, byte) in edits {
            let at = at.index(bytes.len() + 1);
            match how {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at.max(bytes.len() / 2)),
                2 if at < bytes.len() => { bytes.remove(at); }
                _ if at < bytes.len() => bytes[at] = b"\"[]{}=.,#\n\r\t 0e-"[byte as usize % 16],
                _ => {}
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = Scenario::parse(&text, "hive.toml", &sets) {
            prop_assert!(!error.to_string().is_empty());
            prop_assert!(!error.problems().is_empty());
        }
    }

    #[test]
    fn no_text_brings_the_loader_down(text in "\\PC*", set in "\\PC*") {
        let _ = Scenario::parse(&text, &text, &[set]);
    }
}
