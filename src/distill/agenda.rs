//! The terms of work that a scenario comes to, stretch by stretch.

use crate::agent::{Agenda, Attackers, Fleet, Terms};
use crate::merge::{Intake, Pipeline};
use crate::scenario::{self, Exchange, Method, Scenario, Stretch, Topology, Weighting};
use std::sync::Arc;

/// The terms of work that a scenario's stretches come to in a fleet, one after the other.
pub(super) fn agenda(
    fleet: &Fleet,
    make: &dyn Fn(&scenario::Distiller) -> Pipeline,
    stretches: &[Stretch],
) -> Agenda {
    let (merges, agents) = (fleet.topology.merges(), fleet.world.facts().agents as u32);
    let mut terms: Vec<(u32, Terms)> = Vec::with_capacity(stretches.len());
    for Stretch { round, scenario } in stretches {
        let before = terms.last().map(|(_, terms)| terms);
        let late = before.is_some_and(|t| t.late) || merges && scenario.faults.delay > 0.0;
        let attackers = match before.filter(|terms| *terms.attackers.spec() == scenario.attack) {
            Some(before) => before.attackers.clone(),
            None => Arc::new(Attackers::new(&scenario.attack, fleet.seed, agents)),
        };
        let pipeline = make(&scenario.distiller);
        let star = is_star(fleet.topology, scenario);
        // one by one where attackers are to see them, or where some come in late
        let singly = late || merges && !attackers.members().is_empty();
        let sum = summed(&pipeline, star && !singly);
        let asks = merges && fleet.exchange == Exchange::Weights;
        let backdoor = match &scenario.attack.method {
            Method::Backdoor(spec) => Some(spec.clone()),
            _ => None,
        };
        let statistic = pipeline.statistic().filter(|_| asks);
        let faults = scenario.faults.clone();
        let spreads = star && asks && !singly && pipeline.spreads() && !fleet.lineage;
        terms.push((*round, Terms { faults, late, attackers, backdoor, statistic, sum, spreads }));
    }
    Agenda::new(terms)
}

/// Whether learnings of a scenario's hive are summed on their way, whoever brings them, as far as the
/// scenario's first stretch tells.
pub(crate) fn adds_up(scenario: &Scenario) -> bool {
    let Scenario { distiller, attack, faults, measure, .. } = scenario;
    let singly = attack.share > 0.0 || faults.delay > 0.0 || measure.lineage;
    let in_step = distiller.schedule.learnings().is_none();
    let may = is_star(distiller.topology, scenario) && in_step && !singly;
    distiller.exchange == Exchange::Weights && summed(&Pipeline::new(distiller), may).is_some()
}

/// Whether all that is merged is merged at once.
fn is_star(topology: Topology, scenario: &Scenario) -> bool {
    !matches!(topology, Topology::Hierarchical | Topology::Gossip) && scenario.hives.is_empty()
}

/// The weights of a pipeline that asks for no more than a sum, where there `may` be one.
fn summed(pipeline: &Pipeline, may: bool) -> Option<Weighting> {
    match pipeline.intake() {
        Intake::Mean(weighting) if may => Some(weighting),
        Intake::Mean(_) | Intake::All => None,
    }
}
