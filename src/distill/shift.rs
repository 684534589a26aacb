//! The work of a round: who does it, how far the slow ones get, and who is looked at.

use crate::agent::{Fleet, Shift};
use crate::fault::{Presence, Roll};
use crate::ids::{AgentId, CoreVersion, Round};
use crate::scenario::{Exchange, Scenario};
use crate::stream::{Purpose, Stream};
use crate::world::TaskBuffer;
use std::sync::Arc;

/// Whether a core is measured.
pub(super) fn measures(scenario: &Scenario, version: u32) -> bool {
    version.is_multiple_of(scenario.measure.every) || version == scenario.rounds.0
}

/// Who works after core `version`, and how far the stragglers get.
pub(super) fn shift(
    fleet: &Fleet,
    scenario: &Scenario,
    presence: &mut Presence,
    version: CoreVersion,
) -> Option<Shift> {
    if version.0 >= scenario.rounds.0 {
        return None;
    }
    let round = Round(version.0 + 1);
    let (seed, spec) = (fleet.seed, &scenario.fleet);
    let agents = fleet.world.facts().agents as u32;
    let Roll { there, new } = presence.call(round);
    let present = present(fleet, version, there);
    let number = present.as_ref().map_or(agents, |there| there.len() as u32);
    let working = if spec.participants > 0 && spec.participants < number {
        let mut stream = Stream::new(seed, Purpose::Participation, 0, round.0);
        let places = stream.sample(number, spec.participants).into_iter();
        let who = |place| present.as_ref().map_or(place, |there| there[place as usize]);
        Some(places.map(who).collect())
    } else {
        present
    };
    let working: Option<Vec<AgentId>> = working.map(|w| w.into_iter().map(AgentId).collect());
    let stragglers = if spec.stragglers.deadline > 0.0 {
        cut_off(fleet, spec.stragglers.deadline, round, working.as_deref())
    } else {
        held_up(fleet, spec.stragglers.share, round, working.as_deref())
    };
    let shared_inputs = (fleet.exchange == Exchange::Predictions).then(|| {
        let mut inputs = TaskBuffer::default();
        let each = scenario.distiller.predictions.inputs as usize;
        fleet.world.shared_inputs(round, each, &mut inputs);
        Arc::new(inputs)
    });
    let looks = fleet.topology.merges() && measures(scenario, round.0);
    Some(Shift {
        round,
        examined: looks && scenario.measure.interference,
        pairs: if looks {
            pairs(fleet, scenario.measure.barriers, round, working.as_deref())
        } else {
            Vec::new()
        },
        working,
        new,
        stragglers,
        shared_inputs,
    })
}

/// The time that a round takes in which all wait for the slowest, or for a deadline above 0.
pub(super) fn span(fleet: &Fleet, shift: &Shift, deadline: f64) -> f64 {
    let time = |agent| fleet.pace.time(agent, shift.round);
    let slowest = fleet
        .pace
        .equal()
        .unwrap_or_else(|| workers(fleet, shift.working.as_deref()).map(time).fold(0.0, f64::max));
    if deadline > 0.0 { slowest.min(deadline) } else { slowest }
}

/// Those who work in a round.
fn workers(fleet: &Fleet, working: Option<&[AgentId]>) -> impl Iterator<Item = AgentId> {
    let all = if working.is_some() { 0 } else { fleet.world.facts().agents as u32 };
    working.into_iter().flatten().copied().chain((0..all).map(AgentId))
}

/// A share of a round's agents, and how far each gets: epochs, or tasks where there is one epoch.
fn held_up(
    fleet: &Fleet,
    share: f64,
    round: Round,
    working: Option<&[AgentId]>,
) -> Vec<(AgentId, u32)> {
    let count = working.map_or(fleet.world.facts().agents, <[AgentId]>::len) as u32;
    let slow = (share * f64::from(count)).round() as u32;
    if slow == 0 {
        return Vec::new();
    }
    let mut stream = Stream::new(fleet.seed, Purpose::Straggling, 0, round.0);
    let whole = if fleet.plan.epochs > 1 { fleet.plan.epochs } else { fleet.tasks };
    let places = stream.sample(count, slow).into_iter();
    let straggler = |place: u32| {
        let agent = working.map_or(AgentId(place), |w| w[place as usize]);
        (agent, 1 + stream.below(whole.max(2) - 1))
    };
    places.map(straggler).collect()
}

/// A round's agents who are too slow for a deadline, and how far each gets by then: whole epochs, or
/// tasks of whole episodes in worlds that generate them.
fn cut_off(
    fleet: &Fleet,
    deadline: f64,
    round: Round,
    working: Option<&[AgentId]>,
) -> Vec<(AgentId, u32)> {
    let (whole, step) = if fleet.world.facts().finite {
        (fleet.plan.epochs, 1)
    } else {
        (fleet.tasks, fleet.plan.feedback.horizon)
    };
    let late = |agent| {
        let share = fleet.pace.share_by(deadline, agent, round)?;
        // 29 hundredths of 100 are 29, whatever their rounding
        let done = ((share * f64::from(whole) + 1e-9) as u32).min(whole - 1);
        Some((agent, done - done % step))
    };
    workers(fleet, working).filter_map(late).collect()
}

/// Who has joined by the round after a core, and can work in it; `None` is everyone.
fn present(fleet: &Fleet, version: CoreVersion, there: Option<Vec<AgentId>>) -> Option<Vec<u32>> {
    let (newcomers, first) = &fleet.newcomers;
    let late = !newcomers.is_empty() && version.0 + 1 < first.0;
    let joined = |agent: &u32| !fleet.absent(AgentId(*agent), version);
    match there {
        Some(there) => Some(there.into_iter().map(|agent| agent.0).filter(joined).collect()),
        None => late.then(|| (0..fleet.world.facts().agents as u32).filter(joined).collect()),
    }
}

/// Pairs of the panel's agents that work in a round.
fn pairs(
    fleet: &Fleet,
    pairs: u32,
    round: Round,
    working: Option<&[AgentId]>,
) -> Vec<(AgentId, AgentId)> {
    let works = |agent: &&AgentId| working.is_none_or(|w| w.binary_search(agent).is_ok());
    let panel: Vec<AgentId> = fleet.panel.iter().filter(works).copied().collect();
    let mut stream = Stream::new(fleet.seed, Purpose::Pairs, 0, round.0);
    let pair = |_| {
        let two = stream.sample(panel.len() as u32, 2);
        (panel[two[0] as usize], panel[two[1] as usize])
    };
    let pairs = if panel.len() < 2 { 0 } else { pairs };
    (0..pairs).map(pair).collect()
}
