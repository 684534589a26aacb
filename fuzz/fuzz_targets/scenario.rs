//! No text and no overrides may bring the loader down, and what it shows must parse back.
//! Run with `cargo +nightly fuzz run scenario`.

#![no_main]

use hivesim::scenario::Scenario;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, arbitrary::Arbitrary)]
struct Input {
    text: String,
    sets: Vec<String>,
}

fuzz_target!(|input: Input| {
    match Scenario::parse(&input.text, "fuzz.toml", &input.sets) {
        Ok(scenario) => {
            let shown = scenario.to_toml();
            let again = Scenario::parse(&shown, "fuzz.toml", &[]);
            assert_eq!(again.expect("what is shown parses"), scenario);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
