//! What goes before the first round, and agents that join later or learn at a pace of their own.

use super::cross::{Clashes, word};
use crate::scenario::{Learner, Scenario, Topology, World};

/// The checks of `[pretraining]`, `fleet.newcomers`, `fleet.uptake` and `world.tagged`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    pretraining(s, clashes);
    newcomers(s, clashes);
    uptake(s, clashes);
    let World::MixedEffects(world) = &s.world else { return };
    if world.tagged >= world.skills {
        let message = format!(
            "{} tagged skills, but the world has {} and the other companies need one to work on; \
             lower it to at most {}, or raise world.skills",
            world.tagged,
            world.skills,
            world.skills - 1
        );
        clashes.add(&["world.tagged", "world.skills"], message);
    }
}

/// Whether what agents learn is no parameters, so that nothing can be trained in advance, join
/// late or miss what a task teaches.
fn numbers(s: &Scenario) -> Option<String> {
    match &s.learner {
        Learner::Softmax(_) | Learner::Mlp(_) => None,
        Learner::Practice(_) => Some("\"practice\"".into()),
        Learner::Search(_) => Some("\"search\"".into()),
    }
}

fn pretraining(s: &Scenario, clashes: &mut Clashes<'_>) {
    let spec = &s.pretraining;
    if spec.tasks == 0 {
        if spec.skills > 0 {
            let message = format!(
                "{} skills to train in advance, but no tasks to do so; set pretraining.tasks to \
                 {0} or more, or leave the table out",
                spec.skills
            );
            clashes.add(&["pretraining.skills", "pretraining.tasks"], message);
        }
        return;
    }
    if let Some(kind) = numbers(s) {
        let message = format!(
            "trains the parameters of a core, and with learner.kind = {kind} there are none; set \
             it to 0, or take learner.kind = \"softmax\" or \"mlp\""
        );
        return clashes.add(&["pretraining.tasks", "learner.kind"], message);
    }
    let World::MixedEffects(world) = &s.world else {
        let message = "draws tasks that are nobody's, and in this world all tasks are the agents'; \
                       set it to 0, or take world.kind = \"mixed-effects\"";
        return clashes.add(&["pretraining.tasks", "world.kind"], message.into());
    };
    if spec.skills > world.skills {
        let message = format!(
            "{} skills to train in advance, but the world has {}; lower it to at most {1} (0 takes \
             all), or raise world.skills",
            spec.skills, world.skills
        );
        return clashes.add(&["pretraining.skills", "world.skills"], message);
    }
    let skills = if spec.skills == 0 { world.skills } else { spec.skills };
    if spec.tasks < skills {
        let message = format!(
            "{} tasks for {skills} skills, which is less than one each; raise it to at least \
             {skills}, or lower pretraining.skills",
            spec.tasks
        );
        clashes.add(&["pretraining.tasks", "pretraining.skills", "world.skills"], message);
    }
}

fn newcomers(s: &Scenario, clashes: &mut Clashes<'_>) {
    let spec = &s.fleet.newcomers;
    if !spec.any() {
        return;
    }
    let key = if spec.agents > 0 { "fleet.newcomers.agents" } else { "fleet.newcomers.companies" };
    if let Some(kind) = numbers(s) {
        let message = format!(
            "agents that join later, but with learner.kind = {kind} all are there from the start; \
             leave the table out, or take learner.kind = \"softmax\" or \"mlp\""
        );
        return clashes.add(&[key, "learner.kind"], message);
    }
    if s.distiller.topology != Topology::Star && !alone(s) {
        let message = format!(
            "agents that join later, but with distiller.topology = {} all are there from the \
             start; leave the table out, or take \"star\"",
            word(&s.distiller.topology)
        );
        clashes.add(&[key, "distiller.topology"], message);
    }
    if !s.hives.is_empty() {
        let message = "agents that join later, but those of several hives are there from the \
                       start; leave the table out, or take one hive";
        clashes.add(&[key, "hives"], message.into());
    }
    if spec.agents > 0 && spec.companies > 0 {
        let message = format!(
            "both {} agents and {} companies; give one and leave the other at 0",
            spec.agents, spec.companies
        );
        return clashes.add(&["fleet.newcomers.agents", "fleet.newcomers.companies"], message);
    }
    if spec.round > s.rounds.0 {
        let message = format!(
            "they join in round {}, but the run ends with round {}; lower it to at most {1}, or \
             raise rounds",
            spec.round, s.rounds.0
        );
        clashes.add(&["fleet.newcomers.round", "rounds"], message);
    }
    if s.fleet.agents > 0 && spec.agents >= s.fleet.agents {
        let message = format!(
            "{} of {} agents join later, and nobody is there from the start; lower it to at most \
             {}, or raise fleet.agents",
            spec.agents,
            s.fleet.agents,
            s.fleet.agents - 1
        );
        clashes.add(&["fleet.newcomers.agents", "fleet.agents"], message);
    }
    match &s.world {
        World::MixedEffects(world) if spec.companies >= world.companies => {
            let message = format!(
                "{} of {} companies join later, and nobody works from the start; lower it to at \
                 most {}, or raise world.companies",
                spec.companies,
                world.companies,
                world.companies - 1
            );
            clashes.add(&["fleet.newcomers.companies", "world.companies"], message);
        }
        World::Synthetic(_) | World::Dataset(_) if spec.companies > 0 => {
            let message = "companies that join later, but in this world nobody works for one; \
                           give fleet.newcomers.agents, or take world.kind = \"mixed-effects\"";
            clashes.add(&["fleet.newcomers.companies", "world.kind"], message.into());
        }
        _ => {}
    }
}

/// Whether nobody merges with anybody.
fn alone(s: &Scenario) -> bool {
    matches!(s.distiller.topology, Topology::Isolated | Topology::Pooled)
}

fn uptake(s: &Scenario, clashes: &mut Clashes<'_>) {
    let (mean, spread) = (s.fleet.uptake, s.fleet.uptake_spread);
    if mean == 1.0 && spread == 0.0 {
        return;
    }
    let key = if mean != 1.0 { "fleet.uptake" } else { "fleet.uptake_spread" };
    if let Some(kind) = numbers(s) {
        let message = format!(
            "lets agents miss what a gradient would teach, and with learner.kind = {kind} there is \
             none; leave the key out, or take learner.kind = \"softmax\" or \"mlp\""
        );
        return clashes.add(&[key, "learner.kind"], message);
    }
    if spread > 0.0 && (mean == 0.0 || mean == 1.0) {
        let message = format!(
            "agents differ around a mean, but with fleet.uptake = {mean:?} nobody can differ; set \
             fleet.uptake between 0 and 1, or the spread to 0"
        );
        clashes.add(&["fleet.uptake_spread", "fleet.uptake"], message);
    }
}
