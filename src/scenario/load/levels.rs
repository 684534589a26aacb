//! What cannot be run on several levels of distillers.

use super::cross::{Clashes, word};
use super::strategies;
use crate::scenario::{Combine, Exchange, Personalisation, Scenario, Topology, World};

/// The checks of `topology = "hierarchical"`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    let (spec, topology) = (&s.distiller, word(&Topology::Hierarchical));
    if spec.exchange != Exchange::Weights {
        let message = format!(
            "{}, but with distiller.topology = {topology} cores are merged into cores; take \
             \"weights\", or the topology \"star\"",
            word(&spec.exchange)
        );
        clashes.add(&["distiller.exchange", "distiller.topology"], message);
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = format!(
            "\"nested\" has a layer for each company between agents and one core, but with \
             distiller.topology = {topology} companies have cores of their own; take \"fedsim\" or \
             \"fedalt\", or the topology \"star\""
        );
        clashes.add(&["job_knowledge.personalisation", "distiller.topology"], message);
    }
    if s.learner.solver().scaffold {
        let message = format!(
            "control variates correct steps towards one core, but with distiller.topology = \
             {topology} there are several; set it to false, or take the topology \"star\""
        );
        clashes.add(&["learner.solver.scaffold", "distiller.topology"], message);
    }
    let (company, global) = (&spec.hierarchy.company, &spec.hierarchy.global);
    if !global.period.is_multiple_of(company.period) {
        let message = format!(
            "{} rounds, but companies' cores are merged every {} rounds, and what a team learned \
             since would be lost; set it to a multiple of distiller.hierarchy.company.period",
            global.period, company.period
        );
        let keys = ["distiller.hierarchy.global.period", "distiller.hierarchy.company.period"];
        clashes.add(&keys, message);
    }
    // a company's last teams may be smaller: their cores stay as they are where a strategy needs
    // more
    let team = s.contributors(s.fleet.agents).map(|n| n.min(spec.hierarchy.team as usize));
    strategies::check_level(s, team, clashes);
    let companies = match &s.world {
        World::MixedEffects(world) => Some(world.companies as usize),
        World::Synthetic(_) | World::Dataset(_) | World::Nk(_) => None,
    };
    let levels = [
        ("distiller.hierarchy.company", company, None),
        ("distiller.hierarchy.global", global, companies),
    ];
    for (table, level, n) in levels {
        let of_level = Scenario { distiller: level.of(&s.distiller), ..s.clone() };
        clashes.of_distiller(table, |clashes| {
            strategies::check_level(&of_level, n, clashes);
            if matches!(level.combine, Combine::Fisher(_) | Combine::Regmean(_)) {
                let message = format!(
                    "\"{}\" needs statistics of agents' work, which cores do not have; take \
                     another strategy",
                    level.combine.name()
                );
                clashes.add(&["distiller.combine.kind"], message);
            }
        });
    }
}
