//! A round allocates by the leaf at most, never by the agent.

#![allow(unsafe_code, reason = "an allocator that counts")]

use hivesim::engine::{Experiment, Observer, Stage};
use hivesim::scenario::Scenario;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The system's allocator, counted.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is handed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as for this function.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as for this function.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Allocations so far at the beginning of every tour.
#[derive(Default)]
struct Tours(Mutex<Vec<u64>>);

impl Observer for Tours {
    fn touring(&self, _: Stage, _: u32) {
        self.0.lock().unwrap().push(ALLOCATIONS.load(Ordering::Relaxed));
    }
}

/// Allocations of the last whole round but one, when every buffer has grown.
fn of_a_round(agents: u32, sets: &[&str]) -> u64 {
    let text = "rounds = 12\n[fleet]\ntasks = 8\n[world]\nskills = 4\nalpha = 50.0\n\
                [measure]\npanel = 4\nevery = 100\n[engine]\nkind = \"pool\"\nthreads = 2\n";
    let mut sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    sets.push(format!("fleet.agents={agents}"));
    let scenario = Scenario::parse(text, "allocations", &sets).unwrap_or_else(|e| panic!("{e}"));
    let tours = Tours::default();
    Experiment::new(scenario).run(&tours).unwrap_or_else(|e| panic!("{e}"));
    let counts = tours.0.into_inner().unwrap();
    counts[11] - counts[10]
}

#[test]
fn a_round_of_ten_times_the_agents_allocates_no_more() {
    for sets in [
        &[][..],
        &["job_knowledge.personalisation=fedsim"],
        &["distiller.compression.kind=top-k"],
        &["distiller.compression.kind=random-k", "distiller.compression.scope=contribution"],
        &["distiller.compression.kind=int8", "distiller.compression.feedback=true"],
        &["distiller.compression.kind=one-bit"],
    ] {
        // 256 leaves each, of 20 and of 200 agents
        let (few, many) = (of_a_round(5_120, sets), of_a_round(51_200, sets));
        // a leaf's share of pages and queues: some allocations a leaf, and none an agent
        assert!(many < few + 4 * 256, "{few} allocations, then {many}: {sets:?}");
        assert!(many < 5_120, "{many}: {sets:?}");
    }
}
