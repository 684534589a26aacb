//! What several hives cannot have, and what one hive has no use for.

use super::cross::{Clashes, word};
use super::strategies;
use crate::scenario::{Exchange, Market, Personalisation, Scenario, Topology, World};

/// The checks of `[[hives]]` and `[market]`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.hives.is_empty() {
        if s.market != Market::default() {
            let message = "a market needs several hives; add entries of [[hives]], or leave it out";
            clashes.add(&["market"], message.into());
        }
        return;
    }
    let mut refuse = |key: &str, message: String| match key {
        "hives" => clashes.add(&[key], message),
        _ => clashes.add(&[key, "hives"], message),
    };
    if s.hives.len() == 1 {
        let message = "1 entry, but a single hive needs none; add another, or leave it out";
        refuse("hives", message.into());
    }
    if s.hives.iter().all(|hive| hive.share == 0.0) {
        refuse("hives.0.share", "every hive has a share of 0; set one of them above 0".into());
    }
    if s.distiller.topology != Topology::Star {
        let message = format!(
            "{}, but each of several hives is a star of its own; take \"star\", or leave [[hives]] out",
            word(&s.distiller.topology)
        );
        refuse("distiller.topology", message);
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "{}, but several hives exchange contributions; take \"weights\"",
            word(&s.distiller.exchange)
        );
        refuse("distiller.exchange", message);
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = "\"nested\" has a layer for each company between agents and one core, but \
                       there are several; take \"fedsim\" or \"fedalt\"";
        refuse("job_knowledge.personalisation", message.into());
    }
    if s.learner.is_of_numbers() {
        let message = "hives merge parameters, and this learner has none; take \"softmax\" or \
                       \"mlp\"";
        refuse("learner.kind", message.into());
    }
    if s.learner.solver().scaffold {
        let message = "control variates correct steps towards one core, but there are several; \
                       set it to false";
        refuse("learner.solver.scaffold", message.into());
    }
    let compares = s.market.preference > 0.0 || s.market.leak > 0.0;
    if compares && !matches!(s.world, World::MixedEffects(_)) {
        let message = "customers compare cores on fresh tasks, and in this world all tasks are the \
                       agents'; leave the market out, or take world.kind = \"mixed-effects\"";
        clashes.add(&["market", "world.kind"], message.into());
    }
    for (h, hive) in s.hives.iter().enumerate() {
        let own = Scenario { distiller: hive.of(&s.distiller), ..s.clone() };
        let inherits = hive.pre.is_none() && hive.combine.is_none() && hive.server.is_none();
        let table = if inherits { "distiller".to_owned() } else { format!("hives.{h}") };
        clashes.of_distiller(table, |clashes| strategies::check_level(&own, None, clashes));
        if inherits {
            // said once for all that have the distiller's own
            break;
        }
    }
}
