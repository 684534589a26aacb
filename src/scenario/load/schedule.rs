//! What does not go with agents that do not keep step.

use super::cross::{Clashes, word};
use crate::scenario::{
    Combine, Exchange, Fleet, Learner, Personalisation, Scenario, Schedule, Server, Topology,
};

/// The checks of `distiller.schedule`, and of how fast agents work.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    let numbers = s.learner.is_of_numbers();
    if numbers {
        paces_of_numbers(s, clashes);
    }
    if s.distiller.schedule.learnings().is_none() {
        return;
    }
    let kind = match s.distiller.schedule {
        Schedule::Synchronous(_) => "synchronous",
        Schedule::Buffered(_) => "buffered",
        Schedule::Asynchronous(_) => "asynchronous",
    };
    const KIND: &str = "distiller.schedule.kind";
    let mut refuse = |key: &str, message: String| clashes.add(&[key, KIND], message);
    if numbers {
        let message = format!(
            "\"{kind}\" merges parameters one agent's after the other's, and this learner has \
             none; take distiller.schedule.kind = \"synchronous\", or \"softmax\" or \"mlp\""
        );
        return refuse("learner.kind", message);
    }
    let one = "one distiller that learnings come to one by one";
    if s.distiller.topology != Topology::Star {
        let message = format!(
            "{}, but \"{kind}\" has {one}; take the topology \"star\", or \
             distiller.schedule.kind = \"synchronous\"",
            word(&s.distiller.topology)
        );
        refuse("distiller.topology", message);
    }
    if !s.hives.is_empty() {
        let message = format!(
            "there are several, but \"{kind}\" has {one}; leave [[hives]] out, or set \
             distiller.schedule.kind to \"synchronous\""
        );
        refuse("hives", message);
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "{} trains the core on what a round brings, but with \"{kind}\" there are no rounds; \
             take \"weights\"",
            word(&s.distiller.exchange)
        );
        refuse("distiller.exchange", message);
    }
    if matches!(s.distiller.server, Server::Feddf(_)) {
        let message = format!(
            "\"feddf\" asks the models of all who worked in a round, but with \"{kind}\" there are \
             no rounds; take another server step"
        );
        refuse("distiller.server.kind", message);
    }
    if matches!(&s.distiller.combine, Combine::NormBound(spec) if spec.noise > 0.0) {
        let message = format!(
            "privacy is accounted for agents drawn at random for each round, but with \"{kind}\" \
             the fast ones come more often; set it to 0"
        );
        refuse("distiller.combine.noise", message);
    }
    agents(s, kind, &mut refuse);
    measures(s, kind, &mut refuse);
}

/// What agents cannot do that do not keep step.
fn agents(s: &Scenario, kind: &str, refuse: &mut dyn FnMut(&str, String)) {
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = format!(
            "\"nested\" splits what a whole round brought between core, company and agent, but \
             with \"{kind}\" there are no rounds; take \"fedsim\" or \"fedalt\""
        );
        refuse("job_knowledge.personalisation", message);
    }
    if s.learner.solver().scaffold {
        let message = format!(
            "control variates are those of the newest core, but with \"{kind}\" agents work on \
             older ones; set it to false"
        );
        refuse("learner.solver.scaffold", message);
    }
    let slow = &s.fleet.stragglers;
    for (key, set) in [("share", slow.share), ("deadline", slow.deadline)] {
        if set > 0.0 {
            let message = format!(
                "a straggler is cut off at the end of a round, but with \"{kind}\" nobody is; set \
                 it to 0, and let fleet.speed tell who is slow"
            );
            refuse(&format!("fleet.stragglers.{key}"), message);
        }
    }
    if s.fleet.newcomers.any() {
        let message = format!(
            "newcomers join in a round, but with \"{kind}\" there are none; leave the table out"
        );
        refuse("fleet.newcomers", message);
    }
}

/// What cannot be measured of merges that are not of a round.
fn measures(s: &Scenario, kind: &str, refuse: &mut dyn FnMut(&str, String)) {
    let asked = [
        ("measure.lineage", s.measure.lineage),
        ("measure.interference", s.measure.interference),
        ("measure.barriers", s.measure.barriers > 0),
    ];
    for (key, _) in asked.into_iter().filter(|(_, asked)| *asked) {
        let message = format!(
            "the merge of a round is measured, but with \"{kind}\" there are no rounds; leave the \
             key out, or set distiller.schedule.kind to \"synchronous\""
        );
        refuse(key, message);
    }
}

/// Fleets of numbers go in rounds, which take no time.
fn paces_of_numbers(s: &Scenario, clashes: &mut Clashes<'_>) {
    let learner = if matches!(s.learner, Learner::Search(_)) { "search" } else { "practice" };
    let default = Fleet::default();
    let set = [
        ("fleet.speed", s.fleet.speed != default.speed),
        ("fleet.jitter", s.fleet.jitter > 0.0),
        ("fleet.latency", s.fleet.latency > 0.0),
        ("fleet.stragglers.deadline", s.fleet.stragglers.deadline > 0.0),
    ];
    for (key, _) in set.into_iter().filter(|(_, set)| *set) {
        let message = format!(
            "with learner.kind = \"{learner}\" a round takes everyone the same time; leave the key \
             out, or take \"softmax\" or \"mlp\""
        );
        clashes.add(&[key, "learner.kind"], message);
    }
}
