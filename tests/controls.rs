//! A run that is watched and held from elsewhere comes to what it comes to alone.

use hivesim::controls::Controls;
use hivesim::engine::{Experiment, Observer, Silent, Stage};
use hivesim::measure::{Frame, RoundRow, Trace};
use hivesim::scenario::Scenario;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Fleets that work, out of step too, and fleets of numbers, on every engine.
const FLEETS: [&str; 3] = [
    "rounds = 6\n[fleet]\nagents = 30\ntasks = 8\n[world]\nskills = 4\ncompanies = 3\n[measure]\n\
     panel = 6\nprobes = 8\nevery = 2\nbounds = [\"isolated\"]\n",
    "rounds = 6\n[fleet]\nagents = 30\ntasks = 8\n[fleet.speed]\nkind = \"lognormal\"\n[world]\n\
     skills = 4\ncompanies = 3\n[measure]\npanel = 6\nprobes = 8\n[distiller.schedule]\n\
     kind = \"buffered\"\n",
    "rounds = 6\n[fleet]\nagents = 30\n[learner]\nkind = \"practice\"\n[measure]\nevery = 2\n",
];
const ENGINES: [&str; 3] = ["serial", "pool", "tasks"];

fn experiment(text: &str, engine: &str) -> Experiment {
    let sets = [format!("engine.kind={engine}")];
    Experiment::new(Scenario::parse(text, "controls", &sets).unwrap())
}

/// Calls `each` when a round's row is known.
struct Rows<F>(F);

impl<F: Fn(Stage, u32) + Sync> Observer for Rows<F> {
    fn round(&self, stage: Stage, row: &RoundRow) {
        (self.0)(stage, row.round);
    }
}

#[test]
fn a_paused_run_is_stepped_core_by_core_on_every_engine() {
    for text in FLEETS {
        for engine in ENGINES {
            let alone = experiment(text, engine).run(&Silent).unwrap();
            let experiment = experiment(text, engine);
            let controls = experiment.controls();
            controls.pause();
            let seen = Arc::new(AtomicUsize::new(0));
            let rows = seen.clone();
            let outcome = thread::scope(|scope| {
                let run = scope.spawn(|| {
                    experiment.run(&Rows(move |_, _| {
                        rows.fetch_add(1, Ordering::SeqCst);
                    }))
                });
                for wanted in 1..=3 {
                    while seen.load(Ordering::SeqCst) < wanted {
                        thread::yield_now();
                    }
                    thread::sleep(Duration::from_millis(30));
                    assert_eq!(seen.load(Ordering::SeqCst), wanted, "{engine}");
                    controls.step();
                }
                controls.resume();
                run.join().unwrap().unwrap()
            });
            assert_eq!(outcome.result_hash, alone.result_hash, "{engine}");
        }
    }
}

#[test]
fn a_paused_run_is_halted_where_it_stands() {
    for text in FLEETS {
        for engine in ENGINES {
            let experiment = experiment(text, engine);
            let (controls, halt) = (experiment.controls(), experiment.halt());
            let outcome = experiment.run(&Rows(move |_, round| {
                if round == 2 {
                    controls.pause();
                    let halt = halt.clone();
                    thread::spawn(move || {
                        thread::sleep(Duration::from_millis(30));
                        halt.set();
                    });
                }
            }));
            let outcome = outcome.unwrap();
            assert!(!outcome.complete, "{engine}");
            assert_eq!(outcome.hive.rounds.len(), 3, "{engine}");
        }
    }
}

/// Notes frames as they are told of.
#[derive(Default)]
struct Frames(Mutex<Vec<(Stage, u32, Vec<u32>)>>);

impl Observer for Frames {
    fn frame(&self, stage: Stage, trace: &Trace, frame: &Frame) {
        let cells = trace.panel.len() * trace.skills.len();
        assert_eq!(frame.panel.len(), cells, "panel x skills, and both are known");
        // its row is not told of yet
        assert_eq!(trace.rounds.len(), frame.round as usize);
        let levels = frame.panel.iter().map(|level| level.to_bits()).collect();
        self.0.lock().unwrap().push((stage, frame.round, levels));
    }
}

#[test]
fn every_measured_core_is_told_of_as_a_frame_with_the_levels_that_are_kept() {
    for text in FLEETS {
        for engine in ENGINES {
            let frames = Frames::default();
            let outcome = experiment(text, engine).run(&frames).unwrap();
            let bounds = outcome.bounds.iter().map(|(b, trace)| (Stage::Bound(*b), trace));
            let traces = std::iter::once((Stage::Hive, &outcome.hive)).chain(bounds);
            let kept = traces.flat_map(|(stage, trace)| {
                trace.frames.iter().map(move |frame| {
                    let levels = frame.panel.iter().map(|level| level.to_bits()).collect();
                    (stage, frame.round, levels)
                })
            });
            assert_eq!(frames.0.into_inner().unwrap(), kept.collect::<Vec<_>>(), "{engine}");
        }
    }
}

#[test]
fn a_pace_changes_nothing_that_comes_out() {
    let paced = |pace| {
        let experiment = experiment(FLEETS[0], "pool");
        let controls: Arc<Controls> = experiment.controls();
        controls.set_pace(pace);
        experiment.run(&Silent).unwrap().result_hash
    };
    assert_eq!(paced(Some(200.0)), paced(None));
}
