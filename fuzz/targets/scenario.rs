//! No text and no overrides bring the loader down; what loads prints, and loads again to the same.

#![no_main]

use hivesim::scenario::{Availability, Scenario, World};
use hivesim_fuzz::{explained, overridden};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((text, sets)) = overridden(data) else { return };
    let scenario = match Scenario::parse(text, "fuzz.toml", &sets) {
        Ok(scenario) => scenario,
        Err(error) => return explained(error),
    };
    let shown = scenario.to_toml();
    let again = Scenario::parse(&shown, "fuzz.toml", &[]).expect("what is shown loads");
    assert_eq!(again.to_toml(), shown);
    // what is shown leads to files from anywhere
    let has_paths = matches!(scenario.world, World::Dataset(_))
        || matches!(scenario.fleet.availability, Availability::Trace(_))
        || scenario.distiller.gossip.edges.is_some();
    assert!(has_paths || again == scenario, "{shown}");
    let checked = scenario.clone().into_inner().check().expect("what was loaded passes again");
    assert_eq!(checked, scenario);
});
