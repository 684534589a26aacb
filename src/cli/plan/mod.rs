//! `hivesim plan`: what a run takes, without running it.

mod joining;
mod pilot;

pub(super) use joining::run_joining;
pub(super) use pilot::run_pilot;

use super::closing::thousands;
use super::watch::{Progress, Watcher, ticking};
use super::{Failure, above_zero, memory, no_thread, print};
use crate::catalogue::Growth;
use crate::costs::{Costs, Hosts, Laws, Pilot, Question, Sample, Survey, survey};
use crate::record::pretty;
use crate::scenario::{EngineKind, Override, Scenario};
use crate::text::plain;
use clap::Args;
use indicatif::ProgressBar;
use pilot::PilotArgs;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

const AFTER_HELP: &str = "\
Examples:
  hivesim plan scenarios/million.toml
  hivesim plan scenarios/million.toml --ranks 2 --threads 1
  hivesim plan scenarios/million.toml --set fleet.agents=1000000000 --ranks 64 --threads 32 --nodes 64
  hivesim plan scenarios/first-hive.toml --set distiller.combine.kind=krum --json | jq .round_seconds

Pilots are measured first: rounds of the same scenario with fewer agents, on this machine's threads, and
with --ranks on 2 to 4 ranks within it. Each is a process of its own; all take some ten seconds, or half a
minute with ranks. What they
took is then carried on to all agents, ranks and threads by the laws of docs/scaling.md. Threads beyond
this machine's are taken to help as those did that it has, and other hosts to be as this one.

Output: seconds, the most memory of a rank, and bytes, of the scenario's hive without its bounds. Bytes of
agents are those that they exchange with the distiller in the model; those of ranks go over wires.

Exit codes: 0 fine, 1 failed, 2 bad input";

/// Arguments of `hivesim plan`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct PlanArgs {
    /// The scenario file.
    scenario: PathBuf,
    /// Ranks, of the engine mpi where there are several.
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ranks: u32,
    /// Worker threads of each, 0 for one a core of this machine [default: the scenario's].
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u32).range(0..=1024))]
    threads: Option<u32>,
    /// Hosts that the ranks are on [default: one a rank].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    nodes: Option<u32>,
    /// Cores of each host [default: as many as its ranks have threads].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    cores: Option<u32>,
    /// Gigabytes a second between two hosts.
    #[arg(long, value_name = "GB/S", default_value_t = 1.25, value_parser = above_nothing)]
    bandwidth: f64,
    /// Microseconds until a message of a host arrives at another.
    #[arg(long, value_name = "US", default_value_t = 50.0, value_parser = above_nothing)]
    latency: f64,
    /// Set a key of the scenario, as in --set fleet.agents=1000000; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    /// Print the plan as JSON on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
    /// Print nothing of pilots under way.
    #[arg(long)]
    quiet: bool,
}

/// A number above 0 and up to a million.
fn above_nothing(text: &str) -> Result<f64, String> {
    above_zero(text, 1e6, "a number")
}

/// Runs it.
pub(super) fn run(args: &PlanArgs) -> Result<(), Failure> {
    let bad = |message: String| Failure::BadInput(message);
    let nodes = args.nodes.unwrap_or(args.ranks);
    if nodes > args.ranks {
        let ranks = args.ranks;
        return Err(bad(format!("--nodes {nodes}: {ranks} ranks are on at most as many hosts")));
    }
    let text = Scenario::text(&args.scenario).map_err(|e| bad(e.to_string()))?;
    let origin = args.scenario.display().to_string();
    let mut sets: Vec<Override> = args.sets.iter().map(|set| Override::set(set)).collect();
    if args.ranks > 1 {
        let shown = format!("--ranks {}", args.ranks);
        sets.push(Override::argument(shown, "engine.kind", "mpi"));
    }
    let scenario = Scenario::parse_over(&text, &origin, &sets).map_err(|e| bad(e.to_string()))?;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    let threads = match args.threads.unwrap_or(scenario.engine.threads) {
        _ if scenario.engine.kind == EngineKind::Serial => 1,
        0 => cores,
        threads => threads,
    };
    let question = Question {
        ranks: args.ranks as usize,
        threads,
        cores,
        memory: memory::available_bytes().map_or(f64::INFINITY, |bytes| bytes as f64),
        joining: if args.ranks > 1 { joining::bytes() } else { 0.0 },
    };
    let begun = Instant::now();
    let surveyed = args.survey(&scenario, question, (&text, &origin))?;
    let seconds = begun.elapsed().as_secs_f64();
    let laws = Laws::fit(&surveyed);
    let agents = match scenario.fleet.agents {
        0 => surveyed.samples().map(|sample| sample.agents).max().unwrap_or(0),
        agents => agents,
    };
    let hosts = Hosts {
        nodes: nodes as usize,
        bandwidth: args.bandwidth * 1e9,
        latency: args.latency * 1e-6,
        cores: args.cores,
    };
    let costs = laws.costs(agents, question.ranks, threads, hosts);
    // where it asks for more than this machine
    let more = args.ranks.saturating_mul(threads) > cores;
    let own = Hosts { nodes: 1, cores: Some(cores), ..hosts };
    let here = more.then(|| laws.costs(agents, question.ranks, threads, own));
    let whole =
        Whole { agents, threads, nodes, cores, rounds: scenario.rounds.0, costs, here, seconds };
    if args.json {
        return print(&pretty(&whole.to_json(args, &surveyed, &laws)));
    }
    print(&whole.to_text(args, &surveyed))
}

impl PlanArgs {
    fn survey(
        &self,
        scenario: &Scenario,
        question: Question,
        (text, origin): (&str, &str),
    ) -> Result<Survey, Failure> {
        let progress = Progress::fitting(!self.quiet && !self.json);
        let bar = match progress {
            Progress::Bar => ProgressBar::new_spinner(),
            Progress::Silent | Progress::Lines => ProgressBar::hidden(),
        };
        let mut run = |pilot: &Pilot| -> Result<Sample, Failure> {
            let agents = thousands(f64::from(pilot.agents));
            let said = match pilot.ranks {
                1 => format!("pilot of {agents} agents"),
                ranks => format!("pilot of {agents} agents on {ranks} ranks"),
            };
            match progress {
                Progress::Lines => Watcher::say(progress, &bar, &said),
                Progress::Bar | Progress::Silent => bar.set_message(said),
            }
            let (text, origin) = (text.to_owned(), origin.to_owned());
            let sets = self.sets.clone();
            PilotArgs { pilot: pilot.clone(), text, origin, sets }.in_a_process()
        };
        let surveyed = ticking(|| bar.tick(), || survey(scenario, question, &mut run));
        bar.finish_and_clear();
        surveyed.map_err(no_thread)?
    }
}

/// A plan, to be printed.
struct Whole {
    agents: u32,
    threads: u32,
    nodes: u32,
    rounds: u32,
    costs: Costs,
    /// What it would cost on this machine with its fewer cores.
    here: Option<Costs>,
    /// Cores of this machine.
    cores: u32,
    /// That the pilots took.
    seconds: f64,
}

impl Whole {
    fn to_json(&self, args: &PlanArgs, survey: &Survey, laws: &Laws) -> Value {
        let mut plan = json!({
            "hivesim": env!("CARGO_PKG_VERSION"),
            "scenario": args.scenario.display().to_string(),
            "agents": self.agents,
            "ranks": args.ranks,
            "threads": self.threads,
            "nodes": self.nodes,
            "rounds": self.rounds,
            "bandwidth_bytes_per_second": args.bandwidth * 1e9,
            "latency_seconds": args.latency * 1e-6,
        });
        let costs = serde_json::to_value(self.costs).unwrap_or_default();
        let pilots: Vec<Value> = survey
            .samples()
            .map(|sample| {
                let Sample { agents, ranks, threads, .. } = sample;
                json!({"agents": agents, "ranks": ranks, "threads": threads,
                       "rounds": sample.laps.len(), "peak_bytes": sample.peak})
            })
            .collect();
        if let (Value::Object(plan), Value::Object(costs)) = (&mut plan, costs) {
            plan.extend(costs);
            let seconds = |costs: Costs| {
                json!({"cores": self.cores, "round_seconds": costs.round_seconds,
                       "run_seconds": costs.run_seconds})
            };
            plan.insert("here".into(), self.here.map_or(Value::Null, seconds));
            plan.insert("laws".into(), serde_json::to_value(laws).unwrap_or_default());
            plan.insert("pilots".into(), pilots.into());
            plan.insert("pilot_seconds".into(), self.seconds.into());
        }
        plan
    }

    fn to_text(&self, args: &PlanArgs, survey: &Survey) -> String {
        let Whole { agents, threads, nodes, rounds, costs, here, cores, .. } = self;
        let several = args.ranks > 1;
        let count = |n: u32, one: &str| match n {
            1 => format!("1 {one}"),
            n => format!("{} {one}s", thousands(f64::from(n))),
        };
        let mut machine = count(*threads, "thread");
        if several {
            let (ranks, hosts) = (count(args.ranks, "rank"), count(*nodes, "host"));
            machine = format!("{ranks} of {machine}, on {hosts}");
        }
        let name = plain(&args.scenario.display().to_string());
        let mut lines = vec![format!("plan     {name}: {}, {machine}", count(*agents, "agent"))];
        let mut parts = vec![
            format!("work {}", time(costs.tour_seconds)),
            format!("merge {}", time(costs.merge_seconds)),
        ];
        if several {
            parts.push(format!("between ranks {}", time(costs.ranks_seconds)));
        }
        lines.push(format!("time     {} a round: {}", time(costs.round_seconds), parts.join(", ")));
        lines.push(format!("         {} for {}", time(costs.run_seconds), count(*rounds, "round")));
        lines.extend(here.map(|here| {
            let (round, run) = (time(here.round_seconds), time(here.run_seconds));
            format!(
                "here     {round} a round and {run} in all, on the {} there are",
                count(*cores, "core")
            )
        }));
        let memory = costs.rank_memory_bytes;
        lines.push(match (memory.is_nan(), several) {
            (true, _) => "memory   unknown: this system does not tell".into(),
            (_, false) => format!("memory   {}", bytes(memory)),
            (_, true) => {
                let all = bytes(memory * f64::from(args.ranks));
                format!("memory   {} a rank, {all} in all", bytes(memory))
            }
        });
        let (up, down) = (bytes(costs.bytes_up), bytes(costs.bytes_down));
        lines.push(format!("agents   {up} a round to the distiller, {down} back"));
        if several {
            let (sent, busiest) = (bytes(costs.sent_bytes), bytes(costs.busiest_bytes));
            lines.push(format!(
                "ranks    {sent} a round between all of them, {busiest} in and out of the busiest"
            ));
        }
        let pilots = survey.samples().count();
        let most = survey.samples().map(|sample| sample.agents).max().unwrap_or(0);
        lines.push(format!(
            "from     {pilots} pilots of up to {} on {}, in {}",
            count(most, "agent"),
            count(*cores, "core"),
            time(self.seconds)
        ));
        if survey.growth() == Growth::Subsets {
            lines.push(
                "note     the strategy looks at subsets of the agents: their number outgrows any law, and a \
                 larger fleet may take any time"
                    .into(),
            );
        }
        lines.join("\n") + "\n"
    }
}

/// Seconds in a unit that suits them.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.3} ms", s * 1e3),
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 600.0 => format!("{s:.2} s"),
        s if s < 36_000.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Bytes in a unit that suits them, in powers of 1024.
fn bytes(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut at = 0;
    let mut rest = bytes.max(0.0);
    while rest >= 1000.0 && at + 1 < units.len() {
        rest /= 1024.0;
        at += 1;
    }
    if at == 0 { format!("{rest:.0} B") } else { format!("{rest:.*} {}", digits(rest), units[at]) }
}

fn digits(x: f64) -> usize {
    match x {
        x if x < 10.0 => 2,
        x if x < 100.0 => 1,
        _ => 0,
    }
}
