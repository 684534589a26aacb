//! Numbers of a run, and what is worked out over several.

use crate::studies::Row;
use hivesim::maths::{exp, ln};
use hivesim::measure::economy::{Day, break_even};
use hivesim::measure::spread::Curve;
use hivesim::measure::{Ages, Onboarding, Outcome, RoundRow, Trace};
use hivesim::scenario::World;
use hivesim::stream::{Purpose, Stream};
use std::fmt::Write as _;

/// The row of the last measured core.
pub fn last_measured(trace: &Trace) -> &RoundRow {
    let measured = trace.rounds.iter().rev().find(|row| !row.panel_skill.is_nan());
    measured.unwrap_or_else(|| last(trace))
}

fn last(trace: &Trace) -> &RoundRow {
    trace.rounds.last().expect("a fleet has a row of its first core")
}

/// The last round of the hive.
pub fn last_row(outcome: &Outcome) -> &RoundRow {
    last(&outcome.hive)
}

/// Something of the hive by the tasks done so far.
fn by_tasks(outcome: &Outcome, of: impl Fn(&RoundRow) -> f64) -> Curve {
    let mut done = 0;
    let point = |row: &RoundRow| {
        done += row.tasks;
        (done as f64, of(row))
    };
    let (times, values) = outcome.hive.rounds.iter().map(point).unzip();
    Curve { times, values }
}

/// Value of all work, per task.
pub fn value_a_task(outcome: &Outcome) -> f64 {
    let rows = &outcome.hive.rounds;
    rows.iter().map(|row| row.value).sum::<f64>() / rows.iter().map(|r| r.tasks as f64).sum::<f64>()
}

/// Tasks of the whole fleet until the core is at half of the oracle's skill.
pub fn tasks_to_half(outcome: &Outcome) -> f64 {
    by_tasks(outcome, |row| row.core_skill).time_to(0.5).unwrap_or(f64::NAN)
}

/// Virtual time until the core is at four fifths of the oracle's skill.
pub fn time_to_four_fifths(outcome: &Outcome) -> f64 {
    let points = outcome.hive.rounds.iter().map(|row| (row.time, row.core_skill));
    let (times, values) = points.unzip();
    Curve { times, values }.time_to(0.8).unwrap_or(f64::NAN)
}

/// Skill of a core.
pub fn core_at(outcome: &Outcome, round: usize) -> f64 {
    outcome.hive.rounds[round].core_skill
}

/// Rounds from core 29 on until a core is again within 0.02 of core 19.
pub fn rounds_to_mend(outcome: &Outcome) -> f64 {
    let whole = core_at(outcome, 19) - 0.02;
    let after = outcome.hive.rounds.iter().skip(30);
    let back = after.take_while(|row| row.core_skill < whole).count();
    if back < 31 { back as f64 + 1.0 } else { f64::NAN }
}

/// Megabytes that agents sent, round by round, from the first on.
fn sent_up(outcome: &Outcome) -> impl Iterator<Item = (f64, f64)> {
    outcome.hive.rounds.iter().scan(0.0, |sent, row| {
        *sent += row.bytes_up as f64 / 1e6;
        Some((*sent, row.core_skill))
    })
}

/// Megabytes that agents sent in all.
pub fn megabytes_up(outcome: &Outcome) -> f64 {
    sent_up(outcome).last().map_or(f64::NAN, |(sent, _)| sent)
}

/// Megabytes that they sent until the core was at four fifths of the oracle's skill.
pub fn megabytes_to_four_fifths(outcome: &Outcome) -> f64 {
    let (times, values) = sent_up(outcome).filter(|(_, skill)| !skill.is_nan()).unzip();
    Curve { times, values }.time_to(0.8).unwrap_or(f64::NAN)
}

/// Learnings that were merged in a whole run.
pub fn learnings_merged(outcome: &Outcome) -> f64 {
    outcome.hive.rounds.iter().map(|row| row.learnings as f64).sum()
}

/// Learnings that were not.
pub fn learnings_dropped(outcome: &Outcome) -> f64 {
    outcome.hive.rounds.iter().map(|row| row.dropped as f64).sum()
}

/// The mean staleness of all merged learnings, in core versions; 0 where all keep step.
pub fn mean_staleness(outcome: &Outcome) -> f64 {
    Ages::of(&outcome.hive.staleness).map_or(0.0, |ages| ages.mean())
}

/// Bits that feedback gave a task until then.
pub fn bits_to_half(outcome: &Outcome) -> f64 {
    let (mut bits, mut tasks) = (0.0, 0.0);
    for row in outcome.hive.rounds.iter().skip(1) {
        bits += row.bits * row.tasks as f64;
        tasks += row.tasks as f64;
        if row.core_skill >= 0.5 {
            break;
        }
    }
    bits / tasks
}

/// Minus the slope of ln(1 − level) over ln(tasks), by least squares, from the fourth round on.
pub fn loss_exponent(outcome: &Outcome) -> f64 {
    exponent_of(outcome, |_, row| 1.0 - row.core_skill)
}

/// The same of skills that are each learned in some 20 tasks, for the shares of this run's own work,
/// of which there are finitely many: `Σ_s p_s (1 − p_s)^(n/20)` (Hutter 2021, "Learning curve theory",
/// who learns at first sight).
pub fn learned_in_twenty(outcome: &Outcome) -> f64 {
    let shares = &outcome.hive.panel[0].job;
    exponent_of(outcome, |tasks, _| {
        let left = |p: f64| p * exp(tasks / 20.0 * ln(1.0 - p));
        shares.iter().map(|p| left(f64::from(*p))).sum()
    })
}

fn exponent_of(outcome: &Outcome, loss: impl Fn(f64, &RoundRow) -> f64) -> f64 {
    let mut tasks = 0.0;
    let mut points = Vec::new();
    for row in &outcome.hive.rounds {
        tasks += row.tasks as f64;
        if row.round >= 4 && !row.core_skill.is_nan() {
            points.push((ln(tasks), ln(loss(tasks, row))));
        }
    }
    -slope(&points)
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x) * (p.0 - x))
}

/// Something of a fleet's newcomers.
pub fn of_newcomers(trace: &Trace, of: impl Fn(&Onboarding) -> f64) -> f64 {
    Onboarding::of(trace).map_or(f64::NAN, |newcomers| of(&newcomers))
}

/// What those who were there before can on the newcomers' day one.
pub fn colleagues(newcomers: &Onboarding) -> f64 {
    newcomers.others.values.first().copied().unwrap_or(f64::NAN)
}

/// Rounds of their own work until newcomers are within 0.02 of the others.
pub fn settled(newcomers: &Onboarding) -> f64 {
    let gaps = newcomers.level.values.iter().zip(&newcomers.others.values).map(|(a, b)| a - b);
    let gaps = Curve { times: newcomers.level.times.clone(), values: gaps.collect() };
    gaps.time_to(-0.02).unwrap_or(f64::NAN)
}

/// Rounds until those who begin on their own are where the hive's copies began.
pub fn ramp_of_hires(outcome: &Outcome) -> f64 {
    let copies = of_newcomers(&outcome.hive, Onboarding::day_one);
    of_newcomers(&outcome.bounds[0].1, |hires| hires.ramp(copies).unwrap_or(f64::NAN))
}

/// The highest level on its own job of an agent that works alone.
pub fn best_hire(outcome: &Outcome) -> f64 {
    let alone = &outcome.bounds[0].1;
    let Some(frame) = alone.frames.last() else { return f64::NAN };
    let levels = alone.panel.iter().zip(frame.panel.chunks(alone.skills.len()));
    let on_job = levels.map(|(member, levels)| {
        levels.iter().zip(&member.job).map(|(l, p)| f64::from(*l) * f64::from(*p)).sum::<f64>()
    });
    on_job.fold(f64::NEG_INFINITY, f64::max)
}

/// Rounds until work is at nine tenths of its last level, and the share of days that pay by then.
pub fn when_able(outcome: &Outcome) -> (f64, f64) {
    let World::MixedEffects(world) = &outcome.scenario.world else { return (f64::NAN, f64::NAN) };
    let chance = 1.0 / f64::from(world.answers);
    let level = |row: &RoundRow| (row.work_accuracy - chance) / (1.0 - chance);
    let enough = 0.9 * level(last_row(outcome));
    let row = outcome.hive.rounds.iter().find(|row| level(row) >= enough);
    row.map_or((f64::NAN, f64::NAN), |row| {
        (f64::from(row.round), Day::HUNDRED.success(row.work_accuracy))
    })
}

/// Rounds until one day in a hundred pays.
pub fn first_pay(outcome: &Outcome) -> f64 {
    let rows = &outcome.hive.rounds;
    let pays = rows.iter().find(|row| Day::HUNDRED.success(row.work_accuracy) >= 0.01);
    pays.map_or(f64::NAN, |row| f64::from(row.round))
}

/// Rounds until all agents hold the first skill.
pub fn rounds_till_all(outcome: &Outcome) -> f64 {
    let agents = u64::from(outcome.scenario.fleet.agents);
    let all = outcome.hive.frames.iter().find(|frame| frame.adopters.first() == Some(&agents));
    all.map_or(f64::NAN, |frame| f64::from(frame.round))
}

/// Level in an unseen company of the best core that `C` companies can teach, `G + U` and the mean of
/// their own truths. Its scores and the truth's are Gaussian and correlate by
/// `t²/√((t² + v²/C)(t² + v²))`, `t² = general² + skill²`, `v = company`; how often two such vectors
/// agree on the best answer is counted over draws.
pub fn unseen_level(outcome: &Outcome) -> f64 {
    let World::MixedEffects(world) = &outcome.scenario.world else { return f64::NAN };
    let practised = world.companies - outcome.scenario.fleet.newcomers.companies;
    let shared = world.general * world.general + world.skill * world.skill;
    let own = world.company * world.company;
    let core = shared + own / f64::from(practised);
    let rho = shared / (core * (shared + own)).sqrt();
    let mut stream = Stream::new(1, Purpose::Validation, practised, 0);
    let (draws, answers) = (100_000, world.answers);
    let mut agree = 0;
    for _ in 0..draws {
        let (mut best, mut other) = ((f64::NEG_INFINITY, 0), (f64::NEG_INFINITY, 0));
        for answer in 0..answers {
            let (a, b) = (stream.normal(), stream.normal());
            let b = rho * a + (1.0 - rho * rho).sqrt() * b;
            best = if a > best.0 { (a, answer) } else { best };
            other = if b > other.0 { (b, answer) } else { other };
        }
        agree += u32::from(best.1 == other.1);
    }
    let chance = 1.0 / f64::from(answers);
    (f64::from(agree) / f64::from(draws) - chance) / (1.0 - chance)
}

/// When learning on the job has made more value than what was trained in advance, of each pair of
/// rows.
pub fn prebaked(rows: &[Row]) -> String {
    let mut text =
        String::from("\nRounds until learning on the job has made more value in all:\n\n");
    let total = |outcome: &Outcome| {
        let mut sum = 0.0;
        let rows = outcome.hive.rounds.iter().skip(1);
        let values = rows.clone().map(|row| {
            sum += row.value;
            sum
        });
        let values = values.collect();
        Curve { times: rows.map(|row| f64::from(row.round)).collect(), values }
    };
    for pair in rows.chunks_exact(2) {
        let [(label, job), (_, baked)] = pair else { continue };
        let label = if label.is_empty() { "as it stands" } else { label };
        let even: Vec<f64> =
            job.iter().zip(baked).filter_map(|(a, b)| break_even(&total(a), &total(b))).collect();
        let n = even.len();
        let mean = even.iter().sum::<f64>() / n as f64;
        let when = if n == 0 { "never".into() } else { format!("{mean:.1} on average") };
        // a line break would end the list
        let _ = writeln!(text, "- `{label}`: {when}, for {n} of {} seeds", job.len());
    }
    text
}

/// Ratios of tasks and bits between each pair of rows.
pub fn ratios(rows: &[Row]) -> String {
    let mut text =
        String::from("\nTimes the tasks, and the information, that being told takes:\n\n");
    for pair in rows.chunks_exact(2) {
        let [(label, told), (_, judged)] = pair else { continue };
        let label = if label.is_empty() { "as it stands" } else { label };
        let tasks = ln_ratio(told, judged, tasks_to_half);
        let bits = ln_ratio(told, judged, |o| tasks_to_half(o) * bits_to_half(o));
        let _ = writeln!(
            text,
            "- `{label}`: {:.2} times the tasks, {:.2} times the bits",
            exp(tasks),
            exp(bits)
        );
    }
    text
}

/// The mean of the logarithm of a ratio over the seeds that have both.
fn ln_ratio(a: &[Outcome], b: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let logs = a.iter().zip(b).map(|(a, b)| ln(of(b) / of(a)));
    // a run may end before it is there
    let logs: Vec<f64> = logs.filter(|log| !log.is_nan()).collect();
    logs.iter().sum::<f64>() / logs.len() as f64
}

/// The exponent of the ratio of tasks to those that being told takes, over the number of ways to
/// answer a horizon: the slope of its logarithm over H ln K, for each K.
pub fn exponent(rows: &[Row]) -> String {
    let shape = |outcome: &Outcome| match &outcome.scenario.world {
        World::MixedEffects(world) => (world.answers, outcome.scenario.feedback.horizon),
        _ => (0, 0),
    };
    let told = |outcome: &Outcome| {
        outcome.scenario.feedback.kind == hivesim::scenario::FeedbackKind::Semantic
    };
    let mut text = String::from("\nTimes the tasks that being told takes:\n\n");
    for (_, base) in rows.iter().filter(|(_, runs)| told(&runs[0])) {
        let (answers, _) = shape(&base[0]);
        let mut points = Vec::new();
        let mut told_so = Vec::new();
        let judged =
            rows.iter().filter(|(_, runs)| !told(&runs[0]) && shape(&runs[0]).0 == answers);
        for (_, runs) in judged {
            let horizon = f64::from(shape(&runs[0]).1);
            let ratio = ln_ratio(base, runs, tasks_to_half);
            told_so.push(format!("{:.1} at horizon {horizon}", exp(ratio)));
            points.push((horizon * ln(f64::from(answers)), ratio));
        }
        points.retain(|(_, ratio)| !ratio.is_nan());
        let _ = writeln!(
            text,
            "- {answers} answers: {}; exponent of K^H {:.2}",
            told_so.join(", "),
            slope(&points)
        );
    }
    text
}
