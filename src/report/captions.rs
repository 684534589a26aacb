//! What the captions say. Each is computed from the numbers that its figure draws.

use super::data::Run;
use super::figures::Column;
use super::spread::{adoption as shares_of, times};
use super::text::{self, count, counted, level, si};
use crate::measure::{AccountRow, Accounts, Outcome, RoundRow};
use crate::record::time_to_half_fleet;

pub(super) use super::text::percent;

/// What captions are made from.
pub(super) struct Words<'a> {
    pub outcome: &'a Outcome,
    pub runs: &'a [Run<'a>],
}

/// Two or three digits.
pub(super) fn short(x: f64) -> String {
    text::significant(x, 3)
}

/// The last number of a column, with its round.
pub(super) fn last(run: &Run<'_>, get: fn(&RoundRow) -> f64) -> Option<(u32, f64)> {
    run.trace.rounds.iter().rev().map(|r| (r.round, get(r))).find(|p| p.1.is_finite())
}

/// The number of a column in the last measured round, the one that summary.json tells of.
pub(super) fn at_end(run: &Run<'_>, get: fn(&RoundRow) -> f64) -> Option<f64> {
    let round = run.trace.frames.last()?.round;
    let row = run.trace.rounds.iter().rev().find(|row| row.round == round)?;
    Some(get(row)).filter(|x| x.is_finite())
}

/// Whether any run has a level.
pub(super) fn any_level(w: &Words<'_>) -> bool {
    w.runs.iter().flat_map(|r| &r.trace.frames).any(|f| f.panel.iter().any(|x| x.is_finite()))
}

/// "the hive", "isolated agents", "the pooled learner".
pub(super) fn called(run: &Run<'_>) -> &'static str {
    match run.key {
        "isolated" => "isolated agents",
        "pooled" => "the pooled learner",
        _ if run.is_several() => "the hives",
        _ => "the hive",
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// "the hive 0.79, isolated agents 0.66" for the column's last numbers.
fn ranking(w: &Words<'_>, get: fn(&RoundRow) -> f64, show: fn(f64) -> String) -> Option<String> {
    let parts: Vec<String> = w
        .runs
        .iter()
        .filter_map(|run| last(run, get).map(|(_, x)| format!("{} {}", called(run), show(x))))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// "What: the hive 0.79, isolated agents 0.66."
pub(super) fn ends(w: &Words<'_>, what: &str, (_, get): Column, show: fn(f64) -> String) -> String {
    ranking(w, get, show).map_or_else(
        || format!("{what}: nothing was measured."),
        |ranking| format!("{what}: {ranking}."),
    )
}

pub(super) fn skill(w: &Words<'_>) -> String {
    let parts: Vec<String> = w
        .runs
        .iter()
        .filter_map(|run| {
            last(run, |r| r.panel_skill).map(|(_, x)| {
                let plural = run.key == "isolated" || run.is_several();
                let verb = if plural { "end" } else { "ends" };
                format!("{} {verb} at {}", called(run), level(x))
            })
        })
        .collect();
    if parts.is_empty() {
        return "No level of skill was measured.".into();
    }
    let mut out = capital(&parts.join(", "));
    out.push('.');
    let hive = &w.runs[0];
    if let (Some((_, core)), Some((_, panel))) =
        (last(hive, |r| r.core_skill), last(hive, |r| r.panel_skill))
    {
        let gap = text::above(panel, core);
        let against = if gap.abs() < 0.005 {
            "level with its agents".to_string()
        } else if gap > 0.0 {
            format!("{} below its agents: the gap is what they know beside it", level(gap))
        } else {
            format!("{} above its agents: what they keep beside it costs them", level(-gap))
        };
        out.push_str(&format!(" The bare core alone reaches {}, {against}.", level(core)));
    }
    if let Some((_, sd)) = last(hive, |r| r.panel_skill_sd) {
        out.push_str(&format!(
            " The band is one standard deviation over the panel, {} at the end.",
            level(sd)
        ));
    }
    out
}

pub(super) fn unpractised(w: &Words<'_>) -> String {
    let what = "Mean level on skills that the agent itself never did a task of, at the end";
    let get: fn(&RoundRow) -> f64 = |r| r.unpractised_skill;
    if let (None, Some((round, x))) = (at_end(&w.runs[0], get), last(&w.runs[0], get)) {
        return format!(
            "Mean level on skills that the agent itself never did a task of; by round {} every agent has practised every skill. The hive in round {round}: {}.",
            round + 1,
            level(x)
        );
    }
    let ends = ends(w, what, ("", get), level);
    let end = |key: &str| {
        let run = w.runs.iter().find(|run| run.key == key)?;
        at_end(run, get)
    };
    match (end("hive"), end("isolated")) {
        (Some(hive), Some(alone)) if text::above(hive, alone) > 0.0 => format!(
            "{ends} The hive's {} above isolated agents reached its agents through the core.",
            level(text::above(hive, alone))
        ),
        _ => ends,
    }
}

pub(super) fn fleet(w: &Words<'_>) -> String {
    let adopted = level(w.outcome.scenario.measure.adopted);
    let half = match half_fleet(&w.runs[0]) {
        Some(round) => format!("half of the hive's panel is there by round {round:.1}"),
        None => "half of the hive's panel is never there".into(),
    };
    let ends = ends(w, "At the end", ("", |r| r.fleet_adoption), percent);
    format!("Agents whose level on their own job is {adopted} or more; {half}. {ends}")
}

/// When half the panel had adopted its own job, as summary.json has it.
pub(super) fn half_fleet(run: &Run<'_>) -> Option<f64> {
    time_to_half_fleet(&run.trace.rounds)
}

pub(super) fn adoption(w: &Words<'_>) -> String {
    let (hive, adopted) = (w.runs[0].trace, w.outcome.scenario.measure.adopted);
    let skills = hive.skills.len();
    let rounds: Vec<u32> = hive.frames.iter().map(|f| f.round).collect();
    let shares: Vec<_> = hive.frames.iter().map(|f| shares_of(f, skills, adopted)).collect();
    let halves: Vec<Option<u32>> = (0..skills).map(|s| times(&rounds, &shares, s, 0.5)).collect();
    let reached: Vec<(usize, u32)> =
        halves.iter().enumerate().filter_map(|(s, t)| t.map(|t| (s, t))).collect();
    let threshold = format!("A skill counts as adopted from a level of {} on.", level(adopted));
    let (Some(first), Some(last)) =
        (reached.iter().min_by_key(|p| (p.1, p.0)), reached.iter().max_by_key(|p| (p.1, p.0)))
    else {
        return format!("{threshold} In the hive no skill reaches half of the panel.");
    };
    let all = if reached.len() == skills {
        format!("In the hive all {}", counted(skills as u64, "skill"))
    } else {
        let reached = count(reached.len() as u64);
        format!("In the hive {reached} of {}", counted(skills as u64, "skill"))
    };
    if skills == 1 {
        return format!(
            "{threshold} Half of the hive's panel has {} by round {}.",
            hive.skills[0], first.1
        );
    }
    format!(
        "{threshold} {all} reach half of the panel: {} first, by round {}, {} last, by round {}.",
        hive.skills[first.0], first.1, hive.skills[last.0], last.1
    )
}

pub(super) fn heat(w: &Words<'_>) -> String {
    let hive = w.runs[0].trace;
    let Some(frame) = hive.frames.last().filter(|f| !f.practised.is_empty()) else {
        return "Each cell is one agent's level in one skill; brighter is better.".into();
    };
    let never: Vec<f64> = frame
        .practised
        .iter()
        .zip(&frame.panel)
        .filter(|&(&n, x)| n == 0 && x.is_finite())
        .map(|(_, &x)| f64::from(x))
        .collect();
    let share = percent(never.len() as f64 / frame.practised.len() as f64);
    let held = never.iter().filter(|&&x| x >= w.outcome.scenario.measure.adopted).count();
    let spread = if never.is_empty() {
        String::new()
    } else {
        format!(
            " Of those, {} are at or above the adoption level.",
            percent(held as f64 / never.len() as f64)
        )
    };
    format!(
        "Each cell is one agent's level in one skill; brighter is better. A dot marks a skill that the agent had never practised: in the hive at the end {share} of the cells.{spread}"
    )
}

pub(super) fn histogram(w: &Words<'_>) -> String {
    ends(
        w,
        "The filled shape is the hive, the lines are the bounds. Mean at the last round",
        ("", |r| r.panel_skill),
        level,
    )
}

pub(super) fn quantiles(w: &Words<'_>) -> String {
    let hive = w.runs[0].trace;
    let of = |frame: Option<&crate::measure::Frame>| {
        frame
            .map(|f| super::spread::quantiles(&super::spread::own_levels(hive, f)))
            .filter(|q| q.len() == 5)
    };
    let rest = "Line: the median agent; bands: the middle half and the middle 90 % of the panel.";
    match of(hive.frames.last()) {
        Some(q) => format!(
            "{rest} At the end the median is {}, the middle 90 % lie between {} and {}.",
            level(q[2]),
            level(q[0]),
            level(q[4])
        ),
        None => rest.into(),
    }
}

/// "from 0.2 in round 1 to 0.1 in round 30", of numbers by round; none where none is finite.
pub(super) fn course(
    numbers: impl Iterator<Item = (u32, f64)>,
    show: impl Fn(f64) -> String,
) -> Option<String> {
    let known: Vec<(u32, f64)> = numbers.filter(|(_, x)| x.is_finite()).collect();
    let (&(r0, x0), &(r1, x1)) = (known.first()?, known.last()?);
    Some(if r0 == r1 {
        format!("{} in round {r0}", show(x0))
    } else if known.iter().all(|(_, x)| *x == x0) {
        format!("{} throughout", show(x0))
    } else {
        format!("from {} in round {r0} to {} in round {r1}", show(x0), show(x1))
    })
}

/// `what`, followed by how the column goes over the rounds.
fn with_course(w: &Words<'_>, (_, get): Column, show: fn(f64) -> String, what: &str) -> String {
    match course(w.runs[0].trace.rounds.iter().map(|r| (r.round, get(r))), show) {
        Some(course) => format!("{what} Here: {course}."),
        None => what.into(),
    }
}

pub(super) fn bits(w: &Words<'_>, column: Column) -> String {
    with_course(w, column, short, "Mean information that the feedback on a task gives the agent.")
}

pub(super) fn signs(w: &Words<'_>, column: Column) -> String {
    with_course(
        w,
        column,
        percent,
        "Share of parameters on which two contributions pull in opposite directions; 50 % is what unrelated ones would have.",
    )
}

pub(super) fn cosine(w: &Words<'_>, column: Column) -> String {
    with_course(w, column, short, "1 is full agreement, 0 unrelated, below 0 opposed.")
}

pub(super) fn distance(w: &Words<'_>, column: Column) -> String {
    with_course(
        w,
        column,
        short,
        "Mean distance of the contributions from the core's step, relative to their own length; 0 is full agreement.",
    )
}

pub(super) fn step(w: &Words<'_>, column: Column) -> String {
    with_course(w, column, short, "How far the core moves at each publication.")
}

pub(super) fn staleness(w: &Words<'_>, column: Column) -> String {
    with_course(
        w,
        column,
        short,
        "How many cores had been published since the merged learnings were begun; 0 where all agents keep step.",
    )
}

pub(super) fn learnings(w: &Words<'_>) -> String {
    let rows = &w.runs[0].trace.rounds;
    let merged = rows.iter().map(|r| r.learnings).sum();
    let dropped = rows.iter().map(|r| r.dropped).sum();
    let all = format!(
        "{} merged in all, {} dropped.",
        capital(&counted(merged, "learning")),
        count(dropped)
    );
    match AccountRow::total(&w.runs[0].trace.accounts) {
        None => all,
        Some((accounts, in_flight)) => all + &causes(&accounts, in_flight) + &freely(w),
    }
}

/// How long learnings and cores were on their way, where agents ran freely.
fn freely(w: &Words<'_>) -> String {
    let Some(live) = &w.runs[0].trace.live else { return String::new() };
    let seconds = |s: f64| format!("{} s", text::significant(s, 3));
    format!(
        " On the wall clock a learning was merged after {} in the median and {} in 99 of 100, and a \
         core was in an agent's hands after {} and {}.",
        seconds(live.to_merge.p50),
        seconds(live.to_merge.p99),
        seconds(live.to_pull.p50),
        seconds(live.to_pull.p99)
    )
}

/// What became of learnings that were not merged, where any were not.
fn causes(accounts: &Accounts, in_flight: u64) -> String {
    let fates = Accounts::FATES.into_iter().zip(accounts.fates()).skip(1);
    let fates = fates.chain([("in flight at the end", in_flight)]);
    let some: Vec<String> = fates
        .filter(|(_, number)| *number > 0)
        .map(|(name, number)| format!("{} {}", count(number), name.replace('_', " ")))
        .collect();
    if some.is_empty() { String::new() } else { format!(" By cause: {}.", some.join(", ")) }
}

pub(super) fn value(w: &Words<'_>) -> String {
    ends(
        w,
        "Value of the tasks done right, each at its skill's worth. In the last round",
        ("", |r| r.value),
        si,
    )
}

/// All the value that a run made.
pub(super) fn value_sum(run: &Run<'_>) -> f64 {
    run.trace.rounds.iter().map(|r| r.value).filter(|v| v.is_finite()).sum()
}

pub(super) fn value_total(w: &Words<'_>) -> String {
    let parts: Vec<String> =
        w.runs.iter().map(|run| format!("{} {}", called(run), si(value_sum(run)))).collect();
    format!("By the end: {}.", parts.join(", "))
}

pub(super) fn bytes(w: &Words<'_>) -> String {
    let rows = &w.runs[0].trace.rounds;
    let up: u64 = rows.iter().map(|r| r.bytes_up).sum();
    let down: u64 = rows.iter().map(|r| r.bytes_down).sum();
    format!(
        "In all {} went up to the distiller and {} came down to the agents.",
        text::bytes(up as f64),
        text::bytes(down as f64)
    )
}

pub(super) fn operations(w: &Words<'_>) -> String {
    let rows = &w.runs[0].trace.rounds;
    let all: u64 = rows.iter().map(|r| r.multiply_adds).sum();
    let tasks: u64 = rows.iter().map(|r| r.tasks).sum();
    if tasks == 0 {
        return "The hive did no task.".into();
    }
    format!(
        "The hive spent {} multiply-adds in all, {} a task.",
        si(all as f64),
        si(all as f64 / tasks as f64)
    )
}
