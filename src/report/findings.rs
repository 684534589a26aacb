//! What came out, in plain sentences: the page's answer to the scenario's question. Each is
//! computed from the last measured round; one that has no numbers is left out.

use super::captions::{at_end, called, half_fleet, percent, short};
use super::changes::as_it_ended;
use super::data::Run;
use super::text::{above, level};
use crate::measure::{Outcome, RoundRow};
use crate::scenario::{Method, Personalisation};

/// The sentences, at most one a subject.
pub(super) fn findings(outcome: &Outcome, runs: &[Run<'_>]) -> Vec<String> {
    let hives = super::hives::findings(outcome).into_iter();
    let subjects = [
        own_jobs(runs),
        job_knowledge(outcome, runs),
        transfer(runs),
        speed(runs),
        fixed_data(runs),
        backdoor(outcome, runs),
    ];
    hives.chain(subjects.into_iter().flatten()).collect()
}

/// The hive's number and those of the bounds that have one.
fn ends<'a>(
    runs: &'a [Run<'a>],
    get: fn(&RoundRow) -> f64,
) -> Option<(f64, Vec<(&'a Run<'a>, f64)>)> {
    let (hive, bounds) = runs.split_first()?;
    let bounds = bounds.iter().filter_map(|run| Some((run, at_end(run, get)?)));
    Some((at_end(hive, get)?, bounds.collect()))
}

/// "the hive's", or of several "the hives'".
fn whose(runs: &[Run<'_>]) -> &'static str {
    if runs.first().is_some_and(Run::is_several) { "the hives'" } else { "the hive's" }
}

fn own_jobs(runs: &[Run<'_>]) -> Option<String> {
    let (hive, bounds) = ends(runs, |r| r.panel_skill)?;
    let against: Vec<String> = bounds
        .iter()
        .map(|(run, x)| {
            let (gap, whom) = (above(hive, *x), called(run));
            match gap {
                _ if gap.abs() < 0.005 => format!("level with {whom} ({})", level(*x)),
                _ if gap > 0.0 => format!("{} above {whom} ({})", level(gap), level(*x)),
                _ => format!("{} below {whom} ({})", level(-gap), level(*x)),
            }
        })
        .collect();
    let start = format!("On their own jobs {} agents end at {}", whose(runs), level(hive));
    Some(match against.is_empty() {
        true => format!("{start}."),
        false => format!("{start}: {}.", against.join(", ")),
    })
}

/// What agents keep beside the core is worth what they are better than it.
fn job_knowledge(outcome: &Outcome, runs: &[Run<'_>]) -> Option<String> {
    if outcome.scenario.job_knowledge.personalisation == Personalisation::None {
        return None;
    }
    let hive = runs.first()?;
    let (core, panel) = (at_end(hive, |r| r.core_skill)?, at_end(hive, |r| r.panel_skill)?);
    let gap = above(panel, core);
    let worth = if gap.abs() < 0.005 {
        "adds nothing to that at the end".to_string()
    } else if gap > 0.0 {
        format!("adds {} to that", level(gap))
    } else {
        format!("costs {} of that", level(-gap))
    };
    Some(format!("The bare core alone reaches {}; job knowledge {worth}.", level(core)))
}

fn transfer(runs: &[Run<'_>]) -> Option<String> {
    let (hive, bounds) = ends(runs, |r| r.unpractised_skill)?;
    let start = format!(
        "On skills that an agent never practised {} agents reach {}",
        whose(runs),
        level(hive)
    );
    let others: Vec<String> =
        bounds.iter().map(|(run, x)| format!("{} {}", called(run), level(*x))).collect();
    Some(match others.is_empty() {
        true => format!("{start}."),
        false => format!("{start}; {}.", others.join(", ")),
    })
}

fn speed(runs: &[Run<'_>]) -> Option<String> {
    let (hive, bounds) = runs.split_first()?;
    at_end(hive, |r| r.fleet_adoption)?;
    let whose = whose(runs);
    let mut text = match half_fleet(hive) {
        Some(round) => format!("Half of {whose} agents hold their own job by round {round:.1}"),
        None => format!("Half of {whose} agents never come to hold their own job"),
    };
    for run in bounds.iter().filter(|run| run.key == "isolated") {
        text += "; half of the isolated ones ";
        text += &half_fleet(run).map_or("never do".into(), |round| format!("by round {round:.1}"));
    }
    Some(text + ".")
}

fn fixed_data(runs: &[Run<'_>]) -> Option<String> {
    let hive = runs.first()?;
    let rows = &hive.trace.rounds;
    let first = rows.iter().map(|r| r.train_loss).find(|x| x.is_finite());
    let mut parts = Vec::new();
    if let Some(accuracy) = at_end(hive, |r| r.test_accuracy) {
        let best = rows.iter().filter(|r| r.test_accuracy.is_finite());
        let best = best.max_by(|a, b| {
            a.test_accuracy.total_cmp(&b.test_accuracy).then(b.round.cmp(&a.round))
        })?;
        parts.push(format!(
            "test accuracy ends at {} (best: {} in round {})",
            percent(accuracy),
            percent(best.test_accuracy),
            best.round
        ));
    }
    if let (Some(first), Some(last)) = (first, at_end(hive, |r| r.train_loss)) {
        let goes = if last < first { "falls" } else { "rises" };
        parts.push(format!("training loss {goes} from {} to {}", short(first), short(last)));
    }
    (!parts.is_empty()).then(|| format!("Over all agents' data the core's {}.", parts.join("; ")))
}

fn backdoor(outcome: &Outcome, runs: &[Run<'_>]) -> Option<String> {
    let (hive, bounds) = ends(runs, |r| r.backdoor_success)?;
    let attack = as_it_ended(outcome).attack;
    let Method::Backdoor(spec) = &attack.method else { return None };
    let others = bounds.iter().map(|(run, x)| format!("; {} {}", called(run), percent(*x)));
    let behind = match attack.share {
        0.0 => "nobody".to_owned(),
        share => format!("{} of the agents", percent(share)),
    };
    Some(format!(
        "With {behind} behind a backdoor {} core gives answer {} to {} of the tasks of skill {} that it is wrong for{}.",
        whose(runs),
        spec.answer,
        percent(hive),
        spec.skill,
        others.collect::<String>()
    ))
}
