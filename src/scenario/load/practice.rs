//! What the learner `practice` has no use for: it knows numbers, not parameters or features.

use super::cross::{Clashes, word};
use crate::scenario::{
    Combine, Exchange, Feedback, Learner, Personalisation, Plain, Practice, Scenario, Server,
    Topology, World,
};

/// Refuses settings of parameters, features and feedback beside the learner `practice`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Learner::Practice(practice) = &s.learner else { return };
    const KIND: &str = "learner.kind";
    if matches!(s.world, World::Nk(_)) {
        // the world is to blame, and says so
        return;
    }
    let World::MixedEffects(world) = &s.world else {
        let message = "\"practice\" counts tasks of the mixed-effects world, and this one deals \
                       features to learn from; take world.kind = \"mixed-effects\", or another \
                       learner";
        return clashes.add(&[KIND, "world.kind"], message.into());
    };
    let mut refuse = |key: &str, message: &str| clashes.add(&[key, KIND], message.into());
    if world.drift.rho < 1.0 || !world.changes.is_empty() {
        let key = if world.changes.is_empty() { "world.drift.rho" } else { "world.changes" };
        let message = "truths change, but with learner.kind = \"practice\" there are none: a \
                       proficiency is a number; leave the key out (learner.forgetting lets \
                       proficiency fade), or take another learner";
        refuse(key, message);
    }
    if world.temperature > 0.0 {
        let message = "right answers are drawn, but with learner.kind = \"practice\" the best are \
                       always right; set it to 0, or take another learner";
        refuse("world.temperature", message);
    }
    if s.feedback != Feedback::default() {
        let message = "feedback is what a gradient follows, and with learner.kind = \"practice\" \
                       doing a task is all there is to it; leave the table out, or take another \
                       learner";
        refuse("feedback", message);
    }
    if s.job_knowledge.personalisation != Personalisation::None {
        let message = "job knowledge is parameters of an agent's own, and with learner.kind = \
                       \"practice\" there are none; set it to \"none\", or take another learner";
        refuse("job_knowledge.personalisation", message);
    }
    if s.distiller.exchange == Exchange::Predictions {
        let message = "\"predictions\" are answers to inputs, and with learner.kind = \"practice\" \
                       there are neither; take \"weights\" or \"experience\", or another learner";
        refuse("distiller.exchange", message);
    }
    let merging = [
        ("distiller.combine.kind", !matches!(s.distiller.combine, Combine::Mean(_))),
        ("distiller.pre", !s.distiller.pre.is_empty()),
        ("distiller.server", s.distiller.server != Server::Plain(Plain::default())),
    ];
    for (key, _) in merging.into_iter().filter(|(_, set)| *set) {
        let message = "merges parameters, and with learner.kind = \"practice\" there are none: \
                       practice is averaged (\"weights\") or summed (\"experience\"); leave the \
                       key out, or take another learner";
        refuse(key, message);
    }
    if s.distiller.topology == Topology::Hierarchical {
        let message = "levels merge parameters, and with learner.kind = \"practice\" there are \
                       none; take the topology \"star\" or \"gossip\", or another learner";
        refuse("distiller.topology", message);
    }
    if s.fleet.participants > 0 {
        let message = "with learner.kind = \"practice\" everyone works in every round; leave the \
                       key out, or take another learner";
        refuse("fleet.participants", message);
    }
    if s.fleet.stragglers.share > 0.0 {
        let message = "with learner.kind = \"practice\" everyone finishes its work; set it to 0, \
                       or take another learner";
        refuse("fleet.stragglers.share", message);
    }
    own(s, practice, world.skills, clashes);
}

/// The learner's own keys.
fn own(s: &Scenario, practice: &Practice, skills: u32, clashes: &mut Clashes<'_>) {
    if s.fleet.tasks == 0 && practice.teachers == 0 {
        let message = "without tasks nobody practises, and without teachers nobody knows anything: \
                       there is nothing to spread; raise fleet.tasks or learner.teachers";
        clashes.add(&["fleet.tasks", "learner.teachers"], message.into());
    }
    if practice.teachers > 0 && s.distiller.topology != Topology::Gossip {
        let message = format!(
            "{} agents know everything when the run begins, but with distiller.topology = {} nobody \
             meets them; set it to 0, or take the topology \"gossip\"",
            practice.teachers,
            word(&s.distiller.topology)
        );
        clashes.add(&["learner.teachers", "distiller.topology"], message);
    }
    if practice.teachers > s.fleet.agents {
        let message = format!(
            "{} teachers, but there are only {} agents; lower it to at most {1}, or raise \
             fleet.agents",
            practice.teachers, s.fleet.agents
        );
        clashes.add(&["learner.teachers", "fleet.agents"], message);
    }
    let rows = &practice.transfer_rows;
    if rows.is_empty() {
        return;
    }
    let key = "learner.transfer_rows";
    if practice.transfer != 0.0 {
        let message = "the rows say what each skill counts for every other, and so does \
                       learner.transfer; leave one of them out";
        clashes.add(&[key, "learner.transfer"], message.into());
    }
    let square = rows.len() == skills as usize && rows.iter().all(|row| row.len() == rows.len());
    if !square {
        let lengths = rows.iter().map(Vec::len);
        let (least, most) = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
        let each = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let message = format!(
            "found {} rows of {each} numbers, but the world has world.skills = {skills}; wanted \
             {skills} rows of {skills}",
            rows.len()
        );
        clashes.add(&[key, "world.skills"], message);
    } else if let Some(i) = (0..rows.len()).find(|i| rows[*i][*i] != 1.0) {
        let message = format!(
            "found {} where row {i} meets its own skill; a task counts as 1 there",
            rows[i][i]
        );
        clashes.add(&[&format!("{key}.{i}.{i}"), key], message);
    }
}
