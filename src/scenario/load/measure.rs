//! What cannot be measured of a scenario.

use super::cross::{Clashes, word};
use crate::scenario::{Exchange, Measure, Scenario, Server, Topology, World};

/// The checks of `[measure]`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Measure { lineage, interference, barriers, .. } = s.measure;
    let asked = [
        ("measure.lineage", lineage),
        ("measure.interference", interference),
        ("measure.barriers", barriers > 0),
    ];
    for (key, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        if s.learner.is_of_numbers() {
            let message = "a merge of parameters is measured, and this learner has none; leave \
                           the key out, or take \"softmax\" or \"mlp\"";
            clashes.add(&[key, "learner.kind"], message.into());
        } else if !s.distiller.topology.merges() {
            let message = format!(
                "a merge is measured, but with distiller.topology = {} there is none; leave the \
                 key out, or take the topology \"star\"",
                word(&s.distiller.topology)
            );
            clashes.add(&[key, "distiller.topology"], message);
        } else if key == "measure.lineage" {
            check_lineage(s, clashes);
        }
    }
    if barriers > 0 && s.measure.panel == 1 {
        let message = "a barrier lies between two agents, but the panel is one; raise \
                       measure.panel to 2 or more, or set barriers to 0";
        clashes.add(&["measure.barriers", "measure.panel"], message.into());
    }
}

/// What the lineage of one core cannot be told of.
fn check_lineage(s: &Scenario, clashes: &mut Clashes<'_>) {
    const KEY: &str = "measure.lineage";
    let mut refuse = |key: &str, message: String| clashes.add(&[KEY, key], message);
    if !s.hives.is_empty() {
        let message = "it is told of one core, but there are several hives; set it to false, or \
                       leave [[hives]] out";
        refuse("hives", message.into());
    }
    if s.distiller.topology != Topology::Star {
        let message = format!(
            "it is told of one core, but with distiller.topology = {} there are several; set it to \
             false, or take the topology \"star\"",
            word(&s.distiller.topology)
        );
        refuse("distiller.topology", message);
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "it is told of contributions, but with distiller.exchange = {} the core is trained; set \
             it to false, or take the exchange \"weights\"",
            word(&s.distiller.exchange)
        );
        refuse("distiller.exchange", message);
    }
    if matches!(s.distiller.server, Server::Feddf(_)) {
        let message = "it is told of contributions, but \"feddf\" trains the core as well; set it \
                       to false, or take another server";
        refuse("distiller.server.kind", message.into());
    }
    let most = Measure::COMPANIES_MAX;
    if let World::MixedEffects(world) = &s.world
        && world.companies as usize > most
    {
        refuse("world.companies", too_many_companies(world.companies as usize));
    }
}

/// That there are more companies than a lineage tells apart.
pub(crate) fn too_many_companies(companies: usize) -> String {
    format!(
        "each company has a vector as long as the core, and at most {} are told apart, but there \
         are {companies}; set it to false, or lower world.companies",
        Measure::COMPANIES_MAX
    )
}
