//! No list of pipelines, `scaffold+bucketing(size=4)+median`, brings its reader down, nor do the
//! overrides that it stands for bring down the loader.

#![no_main]

use hivesim::compare::contenders;
use hivesim::scenario::Scenario;
use hivesim_fuzz::explained;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|list: &str| {
    match contenders(list, &Scenario::default()) {
        Ok(pipelines) => {
            for pipeline in pipelines {
                if let Err(error) = Scenario::parse("", "fuzz.toml", &pipeline.sets) {
                    explained(error);
                }
            }
        }
        Err(error) => explained(error),
    }
});
