//! Nothing that a checkpoint may hold brings a run down that goes on from it: a state is taken up or
//! refused. Inputs are edits of states that were kept.

#![no_main]

use hivesim::agent::Halt;
use hivesim::engine::{
    Experiment, Extent, Kept, Moment, Observer, Safekeeping, Silent, Source, Stage, State, Vault,
};
use hivesim::measure::Trace;
use hivesim::scenario::Scenario;
use hivesim::state::Writer;
use hivesim_fuzz::explained;
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::sync::Mutex;

const SMALL: &str = "rounds = 4\n[fleet]\nagents = 6\ntasks = 2\n[world]\nskills = 2\ncompanies = 2\n\
                     features = 3\nanswers = 2\n[measure]\npanel = 3\nprobes = 2\n[engine]\nkind = \"serial\"\n";
const KINDS: [&str; 7] = [
    "job_knowledge.personalisation=fedsim measure.bounds=[\"isolated\"]",
    "distiller.schedule.kind=buffered distiller.schedule.learnings=2 faults.delay=0.5 fleet.churn.rate=0.2 \
     fleet.availability.kind=markov",
    "faults.delay=0.9 distiller.server.kind=fedadam",
    "learner.solver.scaffold=true measure.lineage=true",
    "distiller.topology=gossip",
    "distiller.topology=hierarchical attack.share=0.4 attack.method.kind=mimic",
    "learner.kind=practice distiller.topology=gossip",
];

/// The last state of a run: its head and its agents.
#[derive(Default)]
struct Last(Mutex<(Vec<u8>, Vec<u8>)>);

impl Vault for Last {
    fn wants(&self, _: Moment) -> bool {
        true
    }

    fn keep(&self, _: Moment, state: State<'_>) -> bool {
        let mut last = self.0.lock().expect("one thread");
        last.0.clear();
        last.1.clear();
        (state.head)(&mut Writer::new(&mut last.0));
        if let Some(agents) = state.agents {
            (agents.write)(Extent::All, &mut Writer::new(&mut last.1));
        }
        true
    }
}

/// Stops a run as soon as it has taken its state up.
struct Stop(Halt);

impl Observer for Stop {
    fn resumed(&self, _: Stage, _: &Trace) {
        self.0.set();
    }
}

fn experiment(kind: usize) -> Experiment {
    let sets: Vec<String> = KINDS[kind].split_whitespace().map(String::from).collect();
    Experiment::new(Scenario::parse(SMALL, "state", &sets).expect("a scenario"))
}

thread_local! {
    static STATES: Vec<(Vec<u8>, Vec<u8>)> = (0..KINDS.len())
        .map(|kind| {
            let last = Last::default();
            let safe = Safekeeping { vault: Some(&last), from: None };
            experiment(kind).run_safely(&Silent, safe).expect("a run");
            last.0.into_inner().expect("one thread")
        })
        .collect();
}

/// Cuts bytes off, and sets some: two bytes for where and one for what, again and again.
fn edited(mut bytes: Vec<u8>, edits: &[u8]) -> Vec<u8> {
    for edit in edits.chunks_exact(4) {
        let at = usize::from(edit[0]) << 8 | usize::from(edit[1]);
        match (edit[3], bytes.len()) {
            (_, 0) => {}
            (0, all) => bytes.truncate(all - at % all),
            (1, all) => bytes.insert(at % all, edit[2]),
            (_, all) => bytes[at % all] = edit[2],
        }
    }
    bytes
}

fuzz_target!(|data: &[u8]| {
    let [kind, which, edits @ ..] = data else { return };
    let kind = usize::from(*kind) % KINDS.len();
    let (mut head, mut agents) = STATES.with(|states| states[kind].clone());
    match which % 2 {
        0 => head = edited(head, edits),
        _ => agents = edited(agents, edits),
    }
    let source =
        |bytes: Vec<u8>| Source { bytes: bytes.len() as u64, from: Box::new(Cursor::new(bytes)) };
    let agents = if agents.is_empty() { Vec::new() } else { vec![source(agents)] };
    let from = Some(Kept { head: source(head), agents });
    let experiment = experiment(kind);
    let stop = Stop(experiment.halt());
    if let Err(error) = experiment.run_safely(&stop, Safekeeping { vault: None, from }) {
        explained(error);
    }
});
