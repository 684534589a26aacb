//! Agents out of step: a buffer for everyone is a round, how stale learnings are, and what time
//! publications take.

use super::fleet::hive;
use super::{CheckError, Row, Rows, Trial};
use crate::agent::Pace;
use crate::ids::AgentId;
use crate::maths::{exp, ln};
use crate::measure::{Ages, Trace};
use crate::scenario::Scenario;

/// A small hive; its work does not matter where only times are asked for.
const HIVE: &str = "rounds = 12\n[world]\nskills = 6\ncompanies = 4\n[fleet]\nagents = 40\ntasks = 10\n\
                    [measure]\npanel = 8\nprobes = 16\n[engine]\nkind = \"serial\"\n";

/// Agents of [`HIVE`].
const AGENTS: u32 = 40;

fn sets(list: &[&str]) -> Vec<String> {
    list.iter().flat_map(|sets| sets.split_whitespace()).map(str::to_owned).collect()
}

/// Numbers of a course that are not those of another: rows, and levels of the panel.
fn apart(a: &Trace, b: &Trace) -> f64 {
    let numbers = |trace: &Trace| -> Vec<u64> {
        let rows = trace.rounds.iter().flat_map(|row| row.numbers());
        let levels = trace.frames.iter().flat_map(|f| f.panel.iter().chain(&f.core));
        rows.chain(levels.map(|level| f64::from(*level))).map(f64::to_bits).collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
    (differ + a.len().abs_diff(b.len())) as f64
}

/// A buffer of as many learnings as there are agents, all equally fast, is a round in step.
pub(super) fn in_step(trial: &Trial) -> Rows {
    let learnings = trial.model(AGENTS, AGENTS - 1);
    let row = |with: &str| -> Result<Row, CheckError> {
        let together = hive(HIVE, trial, &sets(&[with]))?;
        let buffer = format!(
            "distiller.schedule.kind=buffered distiller.schedule.learnings={learnings} {with}"
        );
        let buffered = hive(HIVE, trial, &sets(&[&buffer]))?;
        let what = if with.is_empty() { "mean" } else { with };
        Ok(Row::within(
            format!("{what}: numbers that differ"),
            0.0,
            apart(&together, &buffered),
            0.0,
        ))
    };
    [
        "",
        "distiller.combine.kind=median",
        "distiller.server.kind=fedadam",
        "job_knowledge.personalisation=fedsim job_knowledge.pull=decay",
    ]
    .into_iter()
    .map(row)
    .collect()
}

/// `W` agents at work, `K` learnings a publication: a learning is on average `(W − 1)/K` publications
/// old. An agent's learning that comes in as number `j`, after one that came in as number `i`, began
/// at core `⌊(i + 1)/K⌋` and is merged into `⌊j/K⌋`; the places `j − i` between an agent's learnings
/// add up to all places, and every place is once an end and once a beginning.
pub(super) fn staleness(trial: &Trial) -> Rows {
    let all = trial.sized(20_000, 100_000_u32);
    let row =
        |(what, kind, working, learnings): (&str, &str, u32, u32)| -> Result<Row, CheckError> {
            let rounds = all / learnings;
            let busy = trial.model(working, working - 4);
            let common = format!(
                "rounds={rounds} measure.every={rounds} fleet.tasks=1 fleet.participants={busy} {kind}"
            );
            let trace = hive(HIVE, trial, &sets(&[&common]))?;
            let mean = Ages::of(&trace.staleness).map_or(f64::NAN, |ages| ages.mean());
            let law = f64::from(working - 1) / f64::from(learnings);
            // what is under way at the ends is not counted: for each agent at work the learnings of the
            // others in a work's time, of which the longest here takes less than eight times the mean
            let within = 8.0 * law * f64::from(working) / f64::from(all);
            Ok(Row::within(format!("{what}, W = {working}, K = {learnings}"), law, mean, within))
        };
    const LOGNORMAL: &str = "fleet.speed.kind=lognormal fleet.speed.spread=0.4 fleet.jitter=0.3";
    const LATENT: &str = "fleet.jitter=0.5 fleet.latency=1.0";
    let buffered = |with: &str, k: u32| {
        format!("{with} distiller.schedule.kind=buffered distiller.schedule.learnings={k}")
    };
    let asynchronous = format!("{LOGNORMAL} distiller.schedule.kind=asynchronous");
    [
        ("lognormal speeds", buffered(LOGNORMAL, 10).as_str(), 40, 10),
        ("latency", buffered(LATENT, 4).as_str(), 40, 4),
        ("some at rest", buffered(LOGNORMAL, 5).as_str(), 25, 5),
        ("every learning", asynchronous.as_str(), 40, 1),
    ]
    .into_iter()
    .map(row)
    .collect()
}

/// Agents whose work takes `d_i` bring `1/d_i` learnings a unit of time, and `K` make a publication:
/// one takes `K / Σ 1/d_i`, where a round in step takes `max d_i`.
pub(super) fn pace(trial: &Trial) -> Rows {
    let (rounds, learnings) = (trial.sized(500, 5000_u32), 10_u32);
    let kind = trial.model("lognormal", "equal");
    let row = |(with, rounds, buffered): (&str, u32, bool)| -> Result<Row, CheckError> {
        let common = |kind: &str| {
            sets(&[
                with,
                &format!("fleet.speed.kind={kind} fleet.tasks=1"),
                &format!("rounds={rounds} measure.every={rounds}"),
            ])
        };
        let trace = hive(HIVE, trial, &common(kind))?;
        let time = trace.rounds.last().map_or(f64::NAN, |row| row.time) / f64::from(rounds);
        let seed = format!("seed={}", trial.seed);
        let scenario = Scenario::parse(HIVE, "law", &[common("lognormal"), vec![seed]].concat())?;
        let pace = Pace::new(&scenario.fleet, trial.seed);
        let times: Vec<f64> = (0..AGENTS).map(|agent| pace.mean(AgentId(agent))).collect();
        if buffered {
            let law = f64::from(learnings) / times.iter().map(|time| 1.0 / time).sum::<f64>();
            // every agent has at most one piece of work that is not there yet
            let within = law * f64::from(AGENTS) / (f64::from(rounds) * f64::from(learnings));
            return Ok(Row::within("time of a publication, K = 10", law, time, within));
        }
        let law = times.iter().copied().fold(0.0, f64::max);
        Ok(Row::within("time of a round in step", law, time, 1e-9 * law))
    };
    let buffer =
        format!("distiller.schedule.kind=buffered distiller.schedule.learnings={learnings}");
    [(buffer.as_str(), rounds, true), ("", 20, false)].into_iter().map(row).collect()
}

/// Under heavy stragglers a hive that does not wait comes sooner to what one in step ends with four
/// fifths of, at the same number of learnings: the time of the one over that of the other, the
/// geometric mean over a few fleets, as the slowest of one may not be slow.
pub(super) fn sooner(trial: &Trial) -> Rows {
    const FLEETS: u64 = 5;
    let speed =
        trial.model("fleet.speed.kind=pareto fleet.speed.tail=1.1", "fleet.speed.kind=equal");
    let common = format!("fleet.tasks=20 {speed}");
    let buffered = "distiller.schedule.kind=buffered distiller.schedule.learnings=5";
    let mut sum = 0.0;
    for fleet in 0..FLEETS {
        let trial = Trial { seed: FLEETS * trial.seed + fleet, ..*trial };
        let of = |list: &[&str]| hive(HIVE, &trial, &sets(list));
        let together = of(&[&common, "rounds=30"])?;
        let apart = of(&[&common, buffered, "rounds=240 measure.every=4"])?;
        let wanted = 0.8 * together.rounds.last().map_or(f64::NAN, |row| row.core_skill);
        let when = |trace: &Trace| {
            let reached = trace.rounds.iter().find(|row| row.core_skill >= wanted);
            reached.map_or(f64::NAN, |row| row.time)
        };
        sum += ln(when(&together) / when(&apart));
    }
    let ratio = exp(sum / FLEETS as f64);
    Ok(vec![Row::at_least("time in step over time with a buffer of 5 of 40", 3.0, ratio)])
}
