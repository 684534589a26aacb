//! Parts of free fleets, alone and together.

use super::bell::Bell;
use super::gauge::Clock;
use super::{Bare, NUMBERS};
use crate::scenario::{CoreSlot, Fabric, Full, Live};
use std::time::Duration;

#[test]
fn the_bell_wakes_when_all_are_there_and_when_it_is_pressed() {
    let bell = Bell::default();
    let day = Duration::from_secs(86_400);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25_000).for_each(|_| bell.ring()));
        }
        (1..=1000).for_each(|hundred| {
            bell.wait(hundred * 100, day);
            assert!(bell.came() >= hundred * 100);
        });
    });
    assert_eq!(bell.came(), 100_000);
    std::thread::scope(|scope| {
        scope.spawn(|| bell.press());
        bell.wait(u64::MAX, day);
    });
    assert!(bell.was_pressed() && !bell.was_pressed());
}

#[test]
fn a_clock_leaves_out_the_time_in_which_it_stands() {
    let clock = Clock::start();
    let begun = clock.now();
    clock.stop();
    let stood = clock.now();
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(clock.now(), stood);
    clock.go_on();
    let later = clock.now();
    assert!(begun <= stood && stood <= later);
    std::thread::sleep(Duration::from_millis(2));
    assert!(clock.now() >= later + 2_000_000);
}

/// A bare fleet that runs for a moment; its sums are held to what was brought as it runs.
fn bare(live: Live, agents: u32, threads: usize, learnings: Option<u32>) {
    let shown = format!("{live:?} {agents} {threads} {learnings:?}");
    let bare = Bare {
        agents,
        threads,
        work: Duration::from_nanos(agents.into()),
        learnings,
        live: live.clone(),
        warm_up: Duration::from_millis(2),
        time: Duration::from_millis(20),
    };
    let run = bare.run(|| ()).unwrap();
    assert_eq!(run.report.whole(), Ok(()), "{shown}");
    assert!(run.publications > 0 && run.merged > 0 && run.report.checked > 0, "{shown}");
    if live.full != Full::DropOldest {
        assert_eq!(run.report.dropped, 0, "{shown}");
    }
    let room = live.room(learnings.unwrap_or(agents));
    assert!(run.report.left <= room.into(), "{shown}: {} left", run.report.left);
}

#[test]
fn bare_fleets_account_for_every_learning_on_every_fabric() {
    assert_eq!(NUMBERS * 4, 64);
    for fabric in Fabric::ALL {
        for publication in [CoreSlot::Watch, CoreSlot::Snapshot] {
            for (agents, capacity, learnings) in [(1, 0, 1), (40, 3, 10), (300, 0, 40), (300, 7, 1)]
            {
                for full in [Full::Wait, Full::MergeEarly, Full::DropOldest] {
                    if full == Full::DropOldest && fabric.adds_up() {
                        continue;
                    }
                    let live = Live { fabric, publication, capacity, full, time_scale: 0.0 };
                    bare(live, agents, 2, Some(learnings));
                }
            }
            let live = Live { fabric, publication, ..Live::default() };
            bare(live.clone(), 50, 3, None);
            bare(Live { time_scale: 2000.0, ..live }, 50, 1, Some(10));
        }
    }
}
