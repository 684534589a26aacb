//! `summary.json`: the run in a few dozen numbers, the same keys in the same order every time.
//! docs/measures.md says what each key means. What was not measured is null.

use super::measured::{Histories, Measured, economy_summary};
use super::{bound_name, fleets};
use crate::measure::competition::herfindahl;
use crate::measure::spread::Curve;
use crate::measure::{
    AccountRow, Accounts, Ages, HiveRow, Onboarding, Outcome, Race, RoundRow, Trace, mean, privacy,
};
use serde_json::{Map, Value, json};

/// The numbers of a run: final skills of the hive and its bounds, how long adoption took,
/// and what the work cost.
///
/// `seconds` is the wall time from building the world to the end of the last fleet, bounds and
/// measuring included, writing left out; rates divide the hive's work by the hive's own seconds.
pub fn summary(
    outcome: &Outcome,
    histories: &Histories<'_>,
    engine: &str,
    threads: usize,
    seconds: f64,
) -> Value {
    let measured = histories.hive();
    let hive = &outcome.hive;
    let last = last_measured(hive);
    let work = Work::of(hive);
    json!({
        "name": outcome.scenario.name,
        "seed": outcome.scenario.seed,
        "complete": outcome.complete,
        "result_hash": outcome.result_hash,
        "engine": engine,
        "threads": threads,
        "rounds": hive.rounds.last().map(|row| row.round),
        "measured_round": last.map(|row| row.round),
        "agents": outcome.scenario.fleet.agents,
        "panel_agents": hive.panel.len(),
        "parameters": hive.parameters,
        "skills": last.map(skills),
        "bounds": bounds(outcome),
        "time_to_half_fleet": time_to_half_fleet(&hive.rounds),
        "spread": measured.map(Measured::spread_summary),
        "inequality": measured.map(Measured::inequality_summary),
        "continual": measured.map(Measured::continual_summary),
        "newcomers": newcomers_summary(outcome),
        "taught": measured.and_then(Measured::taught_summary),
        "competition": competition_summary(hive),
        "lineage": lineage_summary(hive),
        "interference": hive.interference.last(),
        "time": hive.rounds.last().map(|row| row.time),
        "staleness": staleness_summary(hive),
        "accounts": accounts_summary(hive),
        "live": hive.live,
        "train_loss": last.map(|row| row.train_loss),
        "test_accuracy": last.map(|row| row.test_accuracy),
        "privacy": privacy::spent(&outcome.scenario, u64::from(hive.rounds.last().map_or(0, |row| row.round))),
        "tasks": work.tasks,
        "sample_steps": work.sample_steps,
        "value": work.value,
        "learnings": work.learnings,
        "dropped": work.dropped,
        "bytes_up": work.bytes_up,
        "bytes_down": work.bytes_down,
        "multiply_adds": work.multiply_adds,
        "economy": economy_summary(outcome),
        "seconds": seconds,
        "hive_seconds": hive.seconds,
        "tasks_per_second": rate(work.tasks, hive.seconds),
        "sample_steps_per_second": rate(work.sample_steps, hive.seconds),
    })
}

/// How newcomers do in each fleet; none where nobody joins late.
fn newcomers_summary(outcome: &Outcome) -> Option<Value> {
    let day_one = Onboarding::of(&outcome.hive)?.day_one();
    let entry = |(fleet, trace): (&str, &Trace)| {
        let of = Onboarding::of(trace)?;
        let values = json!({
            "joins": of.joins,
            "panel_agents": of.newcomers,
            "day_one": of.day_one(),
            "last": of.level.values.last(),
            "others_day_one": of.others.values.first(),
            "others_last": of.others.values.last(),
            "ramp": of.ramp(day_one),
        });
        Some((fleet.to_string(), values))
    };
    Some(Value::Object(fleets(outcome).filter_map(entry).collect::<Map<_, _>>()))
}

/// Who leads of several hives, and how far; none where there is one.
fn competition_summary(trace: &Trace) -> Option<Value> {
    let race = Race::of(&trace.hives)?;
    let end: Vec<&HiveRow> = race.end().collect();
    let last = race.leaders.len() - 1;
    Some(json!({
        "leader": end[race.leader()].name,
        "leader_changes": race.changes(),
        "gap": race.gaps().last(),
        "herfindahl": race.herfindahl(last),
        "runaway": race.runaway(last),
        "hives": end,
    }))
}

/// How many companies the last measured core is made of, and of which one most, by their mean
/// shares over its blocks; none where it is not asked for.
fn lineage_summary(trace: &Trace) -> Option<Value> {
    let last = trace.lineage.last()?.round;
    let rows = || trace.lineage.iter().filter(|row| row.round == last);
    let companies = rows().map(|row| row.company).max()? + 1;
    let share = |c: u32| mean(rows().filter(|row| row.company == c).map(|row| row.share));
    let shares: Vec<f64> = (0..companies).map(share).collect();
    let largest = (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b]))?;
    Some(json!({
        "round": last,
        "companies": shares.iter().filter(|share| **share != 0.0).count(),
        "largest": largest,
        "largest_share": shares[largest],
        "herfindahl": herfindahl(&shares),
    }))
}

/// How stale the learnings of the whole run were; none where all keep step.
fn staleness_summary(trace: &Trace) -> Option<Value> {
    let ages = Ages::of(&trace.staleness)?;
    Some(json!({
        "mean": ages.mean(),
        "median": ages.quantile(0.5),
        "p90": ages.quantile(0.9),
        "p99": ages.quantile(0.99),
        "most": ages.quantile(1.0),
    }))
}

/// What became of all learnings that were ever sent; none where none were.
fn accounts_summary(trace: &Trace) -> Option<Value> {
    let (accounts, in_flight) = AccountRow::total(&trace.accounts)?;
    let mut values = json!({ "sent": accounts.sent });
    for (name, number) in Accounts::FATES.into_iter().zip(accounts.fates()) {
        values[name] = number.into();
    }
    values["in_flight"] = in_flight.into();
    Some(values)
}

/// The row of the last measured core: the last one, unless the run was cut short between
/// two measurements.
fn last_measured(trace: &Trace) -> Option<&RoundRow> {
    let measured = trace.frames.last().map(|frame| frame.round);
    let row = trace.rounds.iter().rev().find(|row| Some(row.round) == measured);
    row.or(trace.rounds.last())
}

fn skills(row: &RoundRow) -> Value {
    json!({
        "core": row.core_skill,
        "panel": row.panel_skill,
        "panel_sd": row.panel_skill_sd,
        "unpractised": row.unpractised_skill,
        "adoption": row.adoption,
        "fleet_adoption": row.fleet_adoption,
        "backdoor_success": row.backdoor_success,
    })
}

/// Empty where no bound was run.
fn bounds(outcome: &Outcome) -> Value {
    let entry = |(bound, trace): &(_, Trace)| {
        let row = last_measured(trace);
        let values = json!({
            "panel": row.map(|row| row.panel_skill),
            "unpractised": row.map(|row| row.unpractised_skill),
            "train_loss": row.map(|row| row.train_loss),
            "test_accuracy": row.map(|row| row.test_accuracy),
            "backdoor_success": row.map(|row| row.backdoor_success),
        });
        (bound_name(*bound).to_string(), values)
    };
    Value::Object(outcome.bounds.iter().map(entry).collect::<Map<_, _>>())
}

/// The round at which half the panel does its own job at the adoption level, on the line
/// between the two measured rounds around it; none if it never came to that.
pub fn time_to_half_fleet(rows: &[RoundRow]) -> Option<f64> {
    let times = rows.iter().map(|row| f64::from(row.round)).collect();
    let values = rows.iter().map(|row| row.fleet_adoption).collect();
    Curve { times, values }.time_to(0.5)
}

/// A fleet's work, summed over its rounds.
#[derive(Default)]
struct Work {
    tasks: u64,
    sample_steps: u64,
    value: f64,
    learnings: u64,
    dropped: u64,
    bytes_up: u64,
    bytes_down: u64,
    multiply_adds: u64,
}

impl Work {
    fn of(trace: &Trace) -> Self {
        let mut work = Work::default();
        for row in &trace.rounds {
            work.tasks += row.tasks;
            work.sample_steps += row.sample_steps;
            // Round 0 has no work, and so no value to be measured.
            work.value += if row.value.is_nan() { 0.0 } else { row.value };
            work.learnings += row.learnings;
            work.dropped += row.dropped;
            work.bytes_up += row.bytes_up;
            work.bytes_down += row.bytes_down;
            work.multiply_adds += row.multiply_adds;
        }
        work
    }
}

/// Null rather than infinite for a run too short to time.
fn rate(amount: u64, seconds: f64) -> Option<f64> {
    (seconds > 0.0).then(|| amount as f64 / seconds)
}

/// Wall time of all fleets, for the manifest.
pub(super) fn fleet_seconds(outcome: &Outcome) -> Value {
    let entry = |(fleet, trace): (&str, &Trace)| (fleet.to_string(), json!(trace.seconds));
    Value::Object(fleets(outcome).map(entry).collect::<Map<_, _>>())
}
