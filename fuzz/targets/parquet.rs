//! No bytes bring the reader of data in Parquet down; what it reads hangs together.

#![no_main]

use hivesim::world::dataset::read;
use hivesim_fuzz::{Place, explained, hang_together};
use libfuzzer_sys::fuzz_target;

thread_local!(static PLACE: Place = Place::new());

fuzz_target!(|data: &[u8]| {
    PLACE.with(|place| match read(&place.write("data.parquet", data), 0) {
        Ok(data) => hang_together(&data),
        Err(error) => explained(error),
    });
});
