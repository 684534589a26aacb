//! What viewers cost a run, and how many frames a second of a million agents are served:
//! `cargo bench --bench serve`.
#![allow(clippy::disallowed_methods, reason = "benchmarks read the clock")]

mod common;

use hivesim::agent::Halt;
use hivesim::controls::Controls;
use hivesim::engine::{Experiment, Observer, Stage};
use hivesim::ids::{AgentId, CompanyId};
use hivesim::measure::{Frame, PanelMember, RoundRow, Trace};
use hivesim::scenario::Scenario;
use hivesim::serve::{Board, Server, Site};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const SCENARIO: &str = include_str!("../scenarios/first-hive.toml");
/// Runs with viewers and without, in turn.
const RUNS: usize = 9;
const VIEWERS: usize = 50;
/// How long frames of a million agents are made.
const MILLION_TIME: Duration = Duration::from_secs(10);

/// A viewer that reads all that it is sent, and what it was sent.
struct Viewer {
    thread: JoinHandle<()>,
    levels: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Viewer {
    fn of(address: &str, gone: &Arc<AtomicBool>) -> Viewer {
        let mut stream = TcpStream::connect(address).expect("the server listens");
        write!(stream, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it reads");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
        let (levels, bytes) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (seen, read, gone) = (levels.clone(), bytes.clone(), gone.clone());
        let thread = std::thread::spawn(move || {
            let mut lines = BufReader::new(stream);
            let mut line = Vec::new();
            while !gone.load(Ordering::Relaxed) {
                // what came before a time ran out stays in the line
                if lines.read_until(b'\n', &mut line).is_ok() {
                    seen.fetch_add(
                        u64::from(line.starts_with(b"event: levels")),
                        Ordering::Relaxed,
                    );
                    read.fetch_add(line.len() as u64, Ordering::Relaxed);
                    line.clear();
                }
            }
        });
        Viewer { thread, levels, bytes }
    }
}

/// Serves a board to viewers while `work` is done; gives its seconds, and the frames and bytes that
/// a viewer was sent.
fn watched(board: Arc<Board>, viewers: usize, work: impl FnOnce()) -> (f64, f64, f64) {
    let site = Site::of_run(board, None);
    let server = Server::begin(([127, 0, 0, 1], 0).into(), None, site).expect("a port is free");
    let url = server.url();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let gone = Arc::<AtomicBool>::default();
    let all: Vec<Viewer> = (0..viewers).map(|_| Viewer::of(address, &gone)).collect();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    work();
    let seconds = begun.elapsed().as_secs_f64();
    gone.store(true, Ordering::Relaxed);
    let count = |of: fn(&Viewer) -> &AtomicU64| {
        let sum: u64 = all.iter().map(|viewer| of(viewer).load(Ordering::Relaxed)).sum();
        sum as f64 / viewers.max(1) as f64
    };
    let (levels, bytes) = (count(|viewer| &viewer.levels), count(|viewer| &viewer.bytes));
    all.into_iter().for_each(|viewer| viewer.thread.join().expect("viewers do not panic"));
    (seconds, levels, bytes)
}

fn scenario(sets: &[&str]) -> hivesim::scenario::CheckedScenario {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    Scenario::parse(SCENARIO, "first-hive", &sets).unwrap_or_else(|e| panic!("{e}"))
}

/// Seconds of a run of some seconds with so many viewers, and frames a second of a viewer.
fn run(viewers: Option<usize>) -> (f64, f64, f64) {
    let sets = ["measure.bounds=[]", "rounds=1500", "engine.kind=pool"];
    let experiment = Experiment::new(scenario(&sets));
    let board = Board::new(&scenario(&sets), experiment.controls(), experiment.halt());
    let go = |observer: &dyn Observer| {
        experiment.run(observer).unwrap_or_else(|e| panic!("{e}"));
    };
    match viewers {
        None => {
            let begun = Instant::now();
            go(&hivesim::engine::Silent);
            (begun.elapsed().as_secs_f64(), 0.0, 0.0)
        }
        Some(viewers) => {
            let observer = board.clone();
            let (seconds, levels, bytes) = watched(board, viewers, || go(&*observer));
            (seconds, levels / seconds, bytes / seconds)
        }
    }
}

/// Frames of a million agents, as fast as a board takes them.
fn million() -> (f64, f64, f64) {
    const AGENTS: u32 = 1_000_000;
    let sets = ["fleet.agents=1000000", "measure.panel=0", "world.skills=1"];
    let checked = scenario(&sets);
    let experiment = Experiment::new(checked.clone());
    let controls: Arc<Controls> = experiment.controls();
    let halt: Halt = experiment.halt();
    let board = Board::new(&checked, controls, halt);
    let member = |agent: u32| PanelMember {
        agent: AgentId(agent),
        name: String::new(),
        company: CompanyId(agent % 1000),
        joins: 1,
        job: vec![1.0],
    };
    let trace = Trace {
        skills: vec!["s0".into()],
        frequencies: vec![1.0],
        panel: (0..AGENTS).map(member).collect(),
        ..Trace::default()
    };
    let mut frame = Frame { panel: vec![0.0; AGENTS as usize], ..Frame::default() };
    let observer = board.clone();
    let mut inside = Duration::ZERO;
    let (seconds, levels, _) = watched(board, 1, || {
        let begun = Instant::now();
        observer.begin(Stage::Hive, 1_000_000);
        while begun.elapsed() < MILLION_TIME {
            // a run does its own work in between: a hundred rounds a second
            std::thread::sleep(Duration::from_millis(10));
            frame.round += 1;
            let part = f64::from(frame.round % 1000) as f32 / 1000.0;
            frame.panel.iter_mut().step_by(7).for_each(|level| *level = part);
            let told = Instant::now();
            observer.frame(Stage::Hive, &trace, &frame);
            observer.round(Stage::Hive, &RoundRow { round: frame.round, ..RoundRow::default() });
            inside += told.elapsed();
        }
        observer.end(Stage::Hive);
    });
    (levels / seconds, 100.0 * inside.as_secs_f64() / seconds, f64::from(frame.round) / seconds)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    let mut of: [Vec<(f64, f64, f64)>; 3] = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        for (runs, viewers) in of.iter_mut().zip([None, Some(0), Some(VIEWERS)]) {
            runs.push(run(viewers));
        }
    }
    let seconds = |runs: &[(f64, f64, f64)]| median(runs.iter().map(|run| run.0).collect());
    let [alone, unseen, seen] = [&of[0], &of[1], &of[2]].map(|runs| seconds(runs));
    let slower = |seconds: f64| 100.0 * (seconds / alone - 1.0);
    let frames = median(of[2].iter().map(|run| run.1).collect());
    let bytes = median(of[2].iter().map(|run| run.2).collect());
    let (million, share, rounds) = million();
    let lines = [
        format!(
            "- first-hive without a page: {:.1} ms a round, median of {RUNS} runs",
            alone / 1.5
        ),
        format!("- with a page that nobody looks at: {:+.1} %", slower(unseen)),
        format!(
            "- with {VIEWERS} viewers, each of whom is sent {frames:.1} frames and {}B a second: \
             {:+.1} %",
            common::si(bytes),
            slower(seen)
        ),
        format!(
            "- a million agents measured {rounds:.0} times a second: {million:.1} frames a second, \
             {share:.1} % of the run's time"
        ),
    ];
    common::publish("serve", &lines.join("\n"));
}
