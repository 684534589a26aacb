//! Where the time of a stress battery goes, and how much of the machine it takes: `cargo bench --bench
//! stress`.

#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]

mod common;

use common::{Limit, Line};
use hivesim::engine::{Batch, Experiment, Observer, Stage};
use hivesim::record::{StressDirectory, finished, report_cards, stress_hash};
use hivesim::report::render_stress;
use hivesim::scenario::Battery;
use hivesim::stress::{Dose, Stress, cards, face};
use hivesim::sweep::{Figure, Finished};
use std::sync::Mutex;
use std::time::Instant;

/// Seconds of learning and of merging, told apart by what the engine announces.
#[derive(Default)]
struct Phases(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    /// What goes on, whether merging or learning, and since when.
    now: Option<(bool, Instant)>,
    learning: f64,
    merging: f64,
}

impl Phases {
    /// What went on ends here, and learning or merging begins, or neither.
    fn turn(&self, merging: Option<bool>) {
        let mut spent = self.0.lock().expect("nothing panics here");
        let now = Instant::now();
        if let Some((was_merging, since)) = spent.now {
            let seconds = (now - since).as_secs_f64();
            *(if was_merging { &mut spent.merging } else { &mut spent.learning }) += seconds;
        }
        spent.now = merging.map(|merging| (merging, now));
    }
}

impl Observer for Phases {
    fn touring(&self, _: Stage, _: u32) {
        self.turn(Some(false));
    }

    fn distilling(&self, _: Stage, _: u32) {
        self.turn(Some(true));
    }

    fn end(&self, _: Stage) {
        self.turn(None);
    }
}

/// Seconds of processor that the process has taken, the system's for it among them.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    // a tick is a hundredth of a second on all of Linux' machines
    Some(ticks / 100.0)
}

fn main() {
    common::measure_multiply_adds();
    let folder = tempfile::tempdir().expect("a folder for the runs");
    let began = (Instant::now(), processor_seconds());
    let battery = Battery::standard(&[]).expect("it ships");
    let stress = Stress::new(battery, true, "", &[]).expect("it suits its hive");
    let directory = StressDirectory::create(&folder.path().join("stress"), &stress).expect("empty");
    let phases = Phases::default();
    let batch = Batch::default();
    let run = |dose: &Dose| -> Result<Finished, String> {
        let scenario = stress.scenario(dose).map_err(|error| error.to_string())?;
        let digest = stress.digest(dose, &scenario);
        let run = match batch.run(&Experiment::new(scenario), &phases) {
            Ok(Ok(outcome)) => finished(&outcome, f64::NAN),
            Ok(Err(cause)) => Finished::failed(cause),
            Err(cut) => return Err(format!("{cut:?}")),
        };
        directory.runs().write(&digest, dose.seed, &run).map_err(|error| error.to_string())?;
        Ok(run)
    };
    let findings = face(&stress, &batch, 1, run, |_| {}).expect("it runs");
    let cards = cards(&stress, &findings);
    let hash = stress_hash(&stress, &findings);
    let page = render_stress(&stress, &findings, &cards, &hash).expect("a page");
    let numbers = report_cards(&stress, &findings, &cards);
    directory.finish(&stress, &findings, &cards, &numbers, &page).expect("it is written");
    let wall = began.0.elapsed().as_secs_f64();
    let processor = processor_seconds().zip(began.1).map_or(wall, |(now, then)| now - then);
    let Spent { learning, merging, .. } = *phases.0.lock().expect("nothing panics here");
    let sum = |name: &str| {
        let index = Figure::named(name).expect("it is one").index();
        findings.runs().map(|(_, run)| run.figures[index]).filter(|x| x.is_finite()).sum::<f64>()
    };
    let runs = findings.runs().count();
    let line = Line {
        name: "stress-quick-1".into(),
        work: sum("tasks"),
        unit: "tasks",
        limits: vec![(Limit::MultiplyAdds, sum("multiply_adds") / sum("tasks"))],
        beside: Vec::new(),
        cores: 1,
        seconds: Some((wall, wall, wall)),
    };
    let share = |seconds: f64| 100.0 * seconds / processor;
    let text = [
        common::table(&[line]),
        String::new(),
        format!(
            "- {runs} runs in {wall:.1} s on one core, {processor:.1} s of processor: {:.1} ms a run",
            1e3 * processor / runs as f64
        ),
        format!("- learning: {:.1} %", share(learning)),
        format!("- merging: {:.1} %", share(merging)),
        format!(
            "- all else, from reading scenarios to writing files: {:.1} %",
            100.0 - share(learning + merging)
        ),
    ];
    common::publish("stress", &text.join("\n"));
}
