//! What compressed contributions do not go with.

use super::cross::{Clashes, word};
use crate::scenario::{Compression, Exchange, Personalisation, Scenario, Topology};

/// The checks of `distiller.compression`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    const KIND: &str = "distiller.compression.kind";
    let compression = &s.distiller.compression;
    if compression.is_none() {
        return;
    }
    let kind = compression.name();
    if let Compression::RandomK(spec) = compression
        && spec.scaled
        && spec.feedback
    {
        let message = "numbers times d/k have the right mean, but may be off by more than all that \
                       is to be sent, so that what error feedback keeps may grow without bound; \
                       set one of the two to false";
        let keys = ["distiller.compression.scaled", "distiller.compression.feedback"];
        clashes.add(&keys, message.into());
    }
    let mut refuse = |key: &str, message: String| clashes.add(&[KIND, key], message);
    let none = "leave the table out";
    if s.learner.is_of_numbers() {
        let message = format!(
            "\"{kind}\" compresses parameters, and this learner has none; {none}, or take \
             learner.kind = \"softmax\" or \"mlp\""
        );
        return refuse("learner.kind", message);
    }
    let topology = word(&s.distiller.topology);
    let instead = match s.distiller.topology {
        Topology::Star | Topology::Hierarchical => None,
        Topology::Isolated | Topology::Pooled => Some("nothing is sent"),
        // what is known of models at the other end is not kept (CHOCO-SGD, Koloskova et al. 2019)
        Topology::Gossip => Some("agents tell each other whole models"),
    };
    if let Some(instead) = instead {
        let message = format!(
            "\"{kind}\" compresses contributions, but with distiller.topology = {topology} \
             {instead}; {none}, or take the topology \"star\" or \"hierarchical\""
        );
        refuse("distiller.topology", message);
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "\"{kind}\" compresses contributions, but {} sends none; {none}, or take \
             distiller.exchange = \"weights\"",
            word(&s.distiller.exchange)
        );
        refuse("distiller.exchange", message);
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = format!(
            "\"nested\" makes private what core and company did not absorb, so that what \"{kind}\" \
             holds back would count twice; {none}, or take \"fedsim\" or \"fedalt\""
        );
        refuse("job_knowledge.personalisation", message);
    }
    if s.learner.solver().scaffold {
        let message = format!(
            "control variates go along with a contribution, whole and as long as it is, so that \
             \"{kind}\" would shorten half of a message; {none}, or set learner.solver.scaffold to \
             false"
        );
        refuse("learner.solver.scaffold", message);
    }
}
