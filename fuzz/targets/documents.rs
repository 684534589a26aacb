//! The same of plans, recipes and batteries: whatever the text, each reader gives a document that
//! prints and loads again to the same, or says what is wrong.

#![no_main]

use hivesim::scenario::{Battery, Override, Plan, Recipe, ScenarioError};
use hivesim_fuzz::{explained, overridden};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((text, sets)) = overridden(data) else { return };
    let set: Vec<Override> = sets.iter().map(|set| Override::set(set)).collect();
    let in_recipe: Vec<Override> = sets.iter().map(|set| Override::set_in_recipe(set)).collect();
    check(
        Plan::parse(text, "fuzz.toml", &set),
        |text| Plan::parse(text, "fuzz.toml", &[]),
        |p| toml::to_string(&**p),
    );
    check(
        Recipe::parse(text, "fuzz.toml", &in_recipe),
        |text| Recipe::parse(text, "fuzz.toml", &[]),
        |recipe| toml::to_string(&**recipe),
    );
    check(
        Battery::parse(text, "fuzz.toml", &set),
        |text| Battery::parse(text, "fuzz.toml", &[]),
        |battery| toml::to_string(&**battery),
    );
});

fn check<T: PartialEq + std::fmt::Debug>(
    read: Result<T, ScenarioError>,
    parse: impl Fn(&str) -> Result<T, ScenarioError>,
    print: impl Fn(&T) -> Result<String, toml::ser::Error>,
) {
    match read {
        Ok(document) => {
            let text = print(&document).expect("a document is TOML");
            assert_eq!(parse(&text).expect("what is printed loads"), document);
        }
        Err(error) => explained(error),
    }
}
