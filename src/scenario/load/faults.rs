//! What cannot go wrong, for there is no such thing to go wrong.

use super::cross::{Clashes, word};
use crate::scenario::{
    Availability, Exchange, Faults, Personalisation, Scenario, Schedule, Topology,
};

/// The checks of `[faults]`, `[fleet.availability]` and `[fleet.churn]`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    presence(s, clashes);
    let Some(key) = first_of(&s.faults) else { return };
    let mut refuse = |key: &str, other: &str, message: String| clashes.add(&[key, other], message);
    if s.learner.is_of_numbers() {
        let message = "these agents send no learnings that could go astray; leave the table out, \
                       or take learner.kind = \"softmax\" or \"mlp\"";
        return refuse(key, "learner.kind", message.into());
    }
    match s.distiller.topology {
        Topology::Isolated | Topology::Pooled => {
            let message = format!(
                "with distiller.topology = {} nobody sends anything that could go astray; leave \
                 the table out, or take a topology that merges",
                word(&s.distiller.topology)
            );
            refuse(key, "distiller.topology", message);
        }
        Topology::Gossip => {
            let message = "neighbours call each other, and nothing is on its way to a distiller; \
                           leave the table out, or take the topology \"star\" or \"hierarchical\"";
            refuse(key, "distiller.topology", message.into());
        }
        Topology::Star | Topology::Hierarchical => {}
    }
    if s.distiller.exchange != Exchange::Weights {
        let set = [("faults.corruption", s.faults.corruption), ("faults.delay", s.faults.delay)];
        for (key, _) in set.into_iter().filter(|(_, p)| *p > 0.0) {
            let message = format!(
                "contributions are damaged or late, but with distiller.exchange = {} there are \
                 none; set it to 0, or take the exchange of \"weights\"",
                word(&s.distiller.exchange)
            );
            refuse(key, "distiller.exchange", message);
        }
    }
    if s.faults.delay > 0.0 {
        late(s, &mut refuse);
    }
    let nothing = s.faults.loss == 1.0 || s.faults.corruption == 1.0;
    if nothing && !matches!(s.distiller.schedule, Schedule::Synchronous(_)) {
        let key = if s.faults.loss == 1.0 { "faults.loss" } else { "faults.corruption" };
        let message = "1, so that no learning ever comes in and no core is ever published; lower \
                       it, or set distiller.schedule.kind to \"synchronous\"";
        refuse(key, "distiller.schedule.kind", message.into());
    }
}

/// What only a whole round's work is good for.
fn late(s: &Scenario, refuse: &mut dyn FnMut(&str, &str, String)) {
    const KEY: &str = "faults.delay";
    if s.learner.solver().scaffold {
        let message = "control variates are those of the newest core, and late ones are of an \
                       older; set it to false";
        refuse("learner.solver.scaffold", KEY, message.into());
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = "\"nested\" splits what a whole round brought, and late learnings are not of \
                       the round; take \"fedsim\" or \"fedalt\"";
        refuse("job_knowledge.personalisation", KEY, message.into());
    }
    if s.measure.lineage {
        let message = "whose learning a core is made of is told of what a round brought, and late \
                       learnings are not of the round; leave the key out";
        refuse("measure.lineage", KEY, message.into());
    }
}

/// Who can work, and who leaves.
fn presence(s: &Scenario, clashes: &mut Clashes<'_>) {
    if let Availability::Hours(spec) = &s.fleet.availability
        && spec.hours > spec.period
    {
        let message = format!(
            "{} of the {} rounds of a period; set it to at most {1}",
            spec.hours, spec.period
        );
        clashes.add(&["fleet.availability.hours", "fleet.availability.period"], message);
    }
    let set = [
        ("fleet.availability.kind", !matches!(s.fleet.availability, Availability::Always(_))),
        ("fleet.churn.rate", s.fleet.churn.rate > 0.0),
    ];
    for (key, _) in set.into_iter().filter(|(_, set)| *set) {
        if s.learner.is_of_numbers() {
            let message = "with this learner everyone is there in every round; leave the table \
                           out, or take \"softmax\" or \"mlp\"";
            clashes.add(&[key, "learner.kind"], message.into());
        }
    }
}

/// The first key that lets something go wrong.
fn first_of(faults: &Faults) -> Option<&'static str> {
    let set = [
        ("faults.loss", faults.loss > 0.0),
        ("faults.corruption", faults.corruption > 0.0),
        ("faults.duplication", faults.duplication > 0.0),
        ("faults.delay", faults.delay > 0.0),
        ("faults.max_staleness", faults.max_staleness > 0),
    ];
    set.into_iter().find(|(_, set)| *set).map(|(key, _)| key)
}
