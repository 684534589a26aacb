//! No table brings the reader of availability traces down, whatever the unit and the period of its
//! time, which the second part of an input gives; and whoever is said to be there some time is.

#![no_main]

use hivesim::fault::Calendar;
use hivesim::ids::{AgentId, Round};
use hivesim::scenario::{Availability, Fleet, Trace};
use hivesim_fuzz::{Place, explained, parts};
use libfuzzer_sys::fuzz_target;

const AGENTS: usize = 5;

thread_local!(static PLACE: Place = Place::new());

fuzz_target!(|data: &[u8]| {
    let Some(parts) = parts(data) else { return };
    let mut numbers = parts.get(1).into_iter().flat_map(|part| part.split_whitespace());
    let unit = numbers.next().and_then(|word| word.parse().ok()).unwrap_or(1_u32).max(1);
    let period: u64 = numbers.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    PLACE.with(|place| {
        let file = place.write("trace.csv", parts[0]).display().to_string();
        let availability = Availability::Trace(Trace { file, unit, period });
        let fleet = Fleet { availability, ..Fleet::default() };
        let mut calendar = match Calendar::new(&fleet, 1, AGENTS) {
            Ok(calendar) => calendar.expect("a trace has a calendar"),
            Err(error) => return explained(error),
        };
        for agent in (0..AGENTS as u32).map(AgentId) {
            let ever = calendar.is_ever_there(agent);
            let there = (1..200).any(|round| calendar.is_there(agent, Round(round)));
            assert!(ever || !there);
        }
    });
});
