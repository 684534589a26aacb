//! What cannot be attacked, and by what.

use super::cross::{Clashes, word};
use crate::scenario::{Exchange, Method, Personalisation, Scenario, World};

/// The checks of `[attack]`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    backdoor(s, clashes);
    if !s.attack.any() {
        return;
    }
    const SHARE: &str = "attack.share";
    if s.learner.is_of_numbers() {
        let message = "attackers send contributions, and this learner makes none; set it to 0, or \
                       take learner.kind = \"softmax\" or \"mlp\"";
        clashes.add(&[SHARE, "learner.kind"], message.into());
        return;
    }
    if !s.distiller.topology.merges() {
        let message = format!(
            "attackers send contributions, but with distiller.topology = {} nobody does; set it to \
             0, or take a topology that merges",
            word(&s.distiller.topology)
        );
        clashes.add(&[SHARE, "distiller.topology"], message);
    }
    let agents = s.fleet.agents;
    if agents > 0 && (s.attack.share * f64::from(agents)).round() >= f64::from(agents) {
        let message = format!(
            "{} of {agents} agents is all of them, and nobody is left to be measured; lower it",
            s.attack.share
        );
        clashes.add(&[SHARE, "fleet.agents"], message);
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = "\"nested\" sums each company's learnings as they come in, before attackers \
                       put others in their place; take \"fedsim\" or \"fedalt\"";
        clashes.add(&["job_knowledge.personalisation", SHARE], message.into());
    }
    if s.measure.lineage {
        let message = "whose learning a core is made of is told of learnings as they were made, \
                       and attackers send others; leave the key out";
        clashes.add(&["measure.lineage", SHARE], message.into());
    }
    method(s, clashes);
}

/// What a method needs.
fn method(s: &Scenario, clashes: &mut Clashes<'_>) {
    const KIND: &str = "attack.method.kind";
    let lies = match &s.attack.method {
        Method::LabelFlip(_) => true,
        Method::Backdoor(spec) => spec.factor == 1.0,
        _ => false,
    };
    if s.distiller.exchange != Exchange::Weights && !lies {
        let message = format!(
            "changes contributions, but with distiller.exchange = {} there are none; take \
             \"label-flip\", or \"backdoor\" with a factor of 1, or the exchange of \"weights\"",
            word(&s.distiller.exchange)
        );
        clashes.add(&[KIND, "distiller.exchange"], message);
    }
}

/// What a backdoor is in, whether anyone attacks or its success alone is measured.
fn backdoor(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Method::Backdoor(spec) = &s.attack.method else { return };
    let (skills, answers, keys) = match &s.world {
        World::MixedEffects(world) => (world.skills, world.answers, "world.skills"),
        World::Synthetic(world) => (1, world.answers, "world.kind"),
        // its answers are in files
        World::Dataset(_) => (1, u32::MAX, "world.kind"),
        World::Nk(_) => return,
    };
    if spec.skill >= skills {
        let message = format!(
            "skill {}, but there {}; set it below {skills}",
            spec.skill,
            if skills == 1 { "is one".to_owned() } else { format!("are {skills} from 0 on") }
        );
        clashes.add(&["attack.method.skill", keys], message);
    }
    if spec.answer >= answers {
        let message = format!(
            "answer {}, but tasks have {answers} from 0 on; set it below {answers}",
            spec.answer
        );
        clashes.add(&["attack.method.answer", "world.answers"], message);
    }
}
