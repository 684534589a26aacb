//! A scenario that loads can be run: made small, it comes to an end or says why not, and to the same
//! result on two engines.

#![no_main]

use hivesim::engine::{Experiment, Silent};
use hivesim::scenario::{Engine, EngineKind, Scenario};
use hivesim_fuzz::{explained, overridden};
use libfuzzer_sys::fuzz_target;
use toml::Value;

/// The largest whole number that is left in a scenario: of agents, rounds, tasks and all else.
const MOST: i64 = 12;
const MEMORY: u64 = 256 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((text, sets)) = overridden(data) else { return };
    let Ok(scenario) = Scenario::parse(text, "fuzz.toml", &sets) else { return };
    let mut tree = Value::try_from(&*scenario).expect("a scenario is TOML");
    cap(&mut tree);
    let mut small: Scenario = tree.try_into().expect("it has the same types");
    if small.engine.kind == EngineKind::Live {
        return;
    }
    let mut run = |kind, threads| {
        small.engine = Engine { kind, threads, ..Engine::default() };
        let Ok(checked) = small.clone().check() else { return None };
        match Experiment::new(checked).within(Some(MEMORY)).run(&Silent) {
            Ok(outcome) => Some(outcome.result_hash),
            Err(error) => {
                explained(error);
                None
            }
        }
    };
    if let Some(hash) = run(EngineKind::Serial, 1) {
        assert_eq!(run(EngineKind::Pool, 2), Some(hash));
    }
});

fn cap(value: &mut Value) {
    match value {
        Value::Integer(number) => *number = (*number).clamp(-MOST, MOST),
        Value::Array(values) => values.iter_mut().for_each(cap),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| cap(value)),
        _ => {}
    }
}
