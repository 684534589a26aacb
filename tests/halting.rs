//! A run that is halted keeps the rounds that were done by then, and nothing else.

use hivesim::agent::Halt;
use hivesim::engine::{Experiment, Observer, Silent, Stage};
use hivesim::learner::{Learner, Lesson, Scratch, Softmax, Tally};
use hivesim::measure::{Outcome, RoundRow};
use hivesim::params::{Layout, Local};
use hivesim::scenario::Scenario;
use hivesim::world::Tasks;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where in the course of the hive to halt.
#[derive(Clone, Copy)]
enum At {
    Never,
    /// When all is known of a round.
    Between(u32),
    /// When the agents are about to be visited with the core of a round.
    Touring(u32),
}

struct Halter(At, Box<dyn Fn() + Sync>);

impl Observer for Halter {
    fn touring(&self, _: Stage, round: u32) {
        if matches!(self.0, At::Touring(r) if r == round) {
            (self.1)();
        }
    }

    fn round(&self, _: Stage, row: &RoundRow) {
        if matches!(self.0, At::Between(r) if r == row.round) {
            (self.1)();
        }
    }
}

/// Every engine, with agents who keep step and with some who do not.
const CASES: [(&str, &str); 6] = [
    ("serial", ""),
    ("pool", ""),
    ("tasks", ""),
    ("serial", "buffered"),
    ("pool", "buffered"),
    ("tasks", "buffered"),
];

fn run((engine, schedule): (&str, &str), at: At) -> Outcome {
    let text = "rounds = 6\n[fleet]\nagents = 30\ntasks = 8\n[world]\nskills = 4\ncompanies = 3\n\
                [measure]\npanel = 6\nprobes = 8\nbounds = [\"isolated\"]\n";
    let mut sets = vec![format!("engine.kind={engine}")];
    if !schedule.is_empty() {
        sets.push(format!("distiller.schedule.kind={schedule}"));
        sets.push("fleet.speed.kind=lognormal".into());
    }
    let experiment = Experiment::new(Scenario::parse(text, "halting", &sets).unwrap());
    let halt = experiment.halt();
    experiment.run(&Halter(at, Box::new(move || halt.set()))).unwrap()
}

fn numbers(rows: &[RoundRow]) -> Vec<Vec<u64>> {
    rows.iter().map(|row| row.numbers().map(f64::to_bits).to_vec()).collect()
}

#[test]
fn a_halt_between_rounds_keeps_the_rounds_so_far_on_every_engine() {
    for engine in CASES {
        let whole = run(engine, At::Never);
        let cut = run(engine, At::Between(3));
        assert!(whole.complete && !cut.complete, "{engine:?}");
        assert!(cut.bounds.is_empty(), "{engine:?}");
        assert_eq!(numbers(&cut.hive.rounds), numbers(&whole.hive.rounds[..4]), "{engine:?}");
        assert_eq!(cut.hive.frames.len(), 4, "{engine:?}");
    }
}

#[test]
fn a_halt_in_the_middle_of_a_round_leaves_its_core_unmeasured_on_every_engine() {
    let mut hashes = std::collections::BTreeSet::new();
    for engine in CASES {
        let whole = run(engine, At::Never);
        let cut = run(engine, At::Touring(3));
        let rows = &cut.hive.rounds;
        assert_eq!(numbers(&rows[..3]), numbers(&whole.hive.rounds[..3]), "{engine:?}");
        assert_eq!(rows.len(), 4, "{engine:?}");
        assert!(rows[3].panel_skill.is_nan(), "{engine:?}");
        assert_eq!(rows[3].tasks, whole.hive.rounds[3].tasks, "{engine:?}");
        assert_eq!(cut.hive.frames.len(), 3, "{engine:?}");
        hashes.insert(cut.result_hash);
    }
    assert_eq!(hashes.len(), 2, "the same rounds have the same hash");
}

#[test]
fn a_halt_at_once_leaves_the_first_core() {
    for engine in CASES {
        let cut = run(engine, At::Touring(0));
        assert_eq!(cut.hive.rounds.len(), 1, "{engine:?}");
        assert!(cut.hive.rounds[0].core_skill.is_nan(), "{engine:?}");
    }
}

/// A learner that halts the run in its `at`-th lesson and counts them all.
struct Counting {
    inner: Softmax,
    lessons: Arc<AtomicUsize>,
    at: usize,
    halt: Halt,
}

impl Learner for Counting {
    fn core_layout(&self) -> &Arc<Layout> {
        self.inner.core_layout()
    }

    fn job_layout(&self) -> &Arc<Layout> {
        self.inner.job_layout()
    }

    fn answers(&self) -> (usize, usize) {
        self.inner.answers()
    }

    fn initial_core(&self, seed: u64, core: &mut [f32]) {
        self.inner.initial_core(seed, core);
    }

    fn touch(&self, tasks: &Tasks<'_>, local: &mut Local) {
        self.inner.touch(tasks, local);
    }

    fn train(&self, lesson: Lesson<'_>, local: &mut Local, scratch: &mut Scratch) -> Tally {
        if self.lessons.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.halt.set();
        }
        self.inner.train(lesson, local, scratch)
    }

    fn absorb(&self, block: u32, knowledge: &[f32], core: &mut [f32]) {
        self.inner.absorb(block, knowledge, core);
    }

    fn logits(&self, params: &[f32], tasks: &Tasks<'_>, to: &mut Scratch, out: &mut Vec<f32>) {
        self.inner.logits(params, tasks, to, out);
    }
}

#[test]
fn a_pooled_learner_is_halted_in_the_middle_of_its_data() {
    let text = "rounds = 2\n[fleet]\nagents = 20\n[world]\nkind = \"synthetic\"\nfeatures = 4\n\
                sizes = { kind = \"fixed\", examples = 60 }\n[learner.solver]\nepochs = 5\n\
                [distiller]\ntopology = \"pooled\"\n";
    let experiment = Experiment::new(Scenario::parse(text, "halting", &[]).unwrap());
    let (halt, lessons) = (experiment.halt(), Arc::new(AtomicUsize::new(0)));
    let count = lessons.clone();
    let cut = experiment
        .with_learner(move |facts, seed, knows_job| {
            let inner = Softmax::new(&Default::default(), facts, seed, knows_job);
            let (lessons, halt) = (count.clone(), halt.clone());
            Arc::new(Counting { inner, lessons, at: 90, halt })
        })
        .run(&Silent)
        .unwrap();
    // a pass has up to 64 lessons: this is in the second of five
    assert_eq!(lessons.load(Ordering::Relaxed), 90);
    assert!(!cut.complete);
    assert_eq!(cut.hive.rounds.len(), 1, "the round that was cut does not count");
}
