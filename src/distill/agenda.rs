//! The terms of work that a scenario comes to, stretch by stretch.

use crate::agent::{Agenda, Attackers, Fleet, Terms};
use crate::merge::{Intake, Pipeline};
use crate::scenario::{self, Exchange, Method, Scenario, Stretch, Topology};
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
        let star = fleet.topology != Topology::Hierarchical
            && fleet.topology != Topology::Gossip
            && scenario.hives.is_empty();
        // one by one where attackers are to see them, or where some come in late
        let singly = late || merges && !attackers.members().is_empty();
        let sum = match pipeline.intake() {
            Intake::Mean(weighting) if star && !singly => Some(weighting),
            Intake::Mean(_) | Intake::All => None,
        };
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
    let Scenario { distiller, attack, faults, hives, measure, .. } = scenario;
    let singly = attack.share > 0.0 || faults.delay > 0.0 || measure.lineage;
    let in_step = distiller.schedule.learnings().is_none();
    let star = distiller.topology == Topology::Star && hives.is_empty();
    let mean = matches!(Pipeline::new(distiller).intake(), Intake::Mean(_));
    star && in_step && !singly && mean && distiller.exchange == Exchange::Weights
}
