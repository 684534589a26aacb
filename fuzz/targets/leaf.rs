//! No two texts bring the reader of LEAF's JSON down; what it reads is data that hang together.

#![no_main]

use hivesim::world::dataset::read;
use hivesim_fuzz::{Place, explained, parts};
use libfuzzer_sys::fuzz_target;

thread_local!(static PLACE: Place = Place::new());

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data) else { return };
    PLACE.with(|place| {
        let train = place.write("leaf/train.json", parts[0]);
        place.write("leaf/test.json", parts.get(1).unwrap_or(&""));
        for answers in [0, 3] {
            match read(train.parent().expect("it is in a folder"), answers) {
                Ok(data) => hivesim_fuzz::hang_together(&data),
                Err(error) => explained(error),
            }
        }
    });
});
