//! Strategies whose needs a scenario does not meet.

use super::cross::{Clashes, word};
use crate::scenario::{
    Absent, Combine, Exchange, Personalisation, Plain, Pre, Scenario, Schedule, Scope, Server,
    Topology, World,
};

/// Refuses strategies that the fleet, the exchange or the world cannot give what they need.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.distiller.topology != Topology::Star {
        // nothing is merged, and what would merge is of no meaning; or there are several levels
        return;
    }
    if !s.hives.is_empty() {
        // each has checks of its own
        return;
    }
    match s.distiller.exchange {
        Exchange::Experience => nothing_to_combine(s, clashes),
        Exchange::Weights | Exchange::Predictions => {
            // in the dataset world the users are counted when the data are read
            if let Some(n) = s.contributors(s.fleet.agents) {
                let found = s.strategy_lacks(n);
                found.into_iter().for_each(|(key, message)| clashes.add(&[key], message));
            }
        }
    }
    if s.distiller.exchange == Exchange::Predictions {
        answers_only(s, clashes);
    }
    statistics(s, clashes);
    trials(s, clashes);
    noise(s, clashes);
    scaffold(s, clashes);
}

impl Scenario {
    /// Contributions that are merged at a time at least, of so many agents; none where that is not
    /// yet known.
    pub(crate) fn contributors(&self, agents: u32) -> Option<usize> {
        if let Some(learnings) = self.distiller.schedule.learnings() {
            return Some(learnings as usize);
        }
        let present = agents.saturating_sub(self.fleet.newcomers.agents);
        (agents > 0).then_some(self.working(present) as usize)
    }

    /// What the strategy and what comes before it need and `n` contributions do not give them:
    /// the key, and what to do.
    pub(crate) fn strategy_lacks(&self, n: usize) -> Option<(&'static str, String)> {
        let (brings, keys) = match &self.distiller.schedule {
            Schedule::Synchronous(_) => ("a round brings", "fleet.agents or fleet.participants"),
            Schedule::Buffered(_) => ("a publication takes", "distiller.schedule.learnings"),
            Schedule::Asynchronous(_) => ("a publication takes", ""),
        };
        let remedy = |way: &str| match keys {
            "" => "take another strategy, or distiller.schedule.kind = \"buffered\"".to_owned(),
            keys => format!("{way} {keys}, or take another strategy"),
        };
        let mut left = n;
        for pre in &self.distiller.pre {
            if let Some(needs) = pre.lacks(left) {
                let name = pre.name();
                let message =
                    format!("\"{name}\" needs {needs}; found {left}; {}", remedy("raise"));
                return Some(("distiller.pre", message));
            }
            left = pre.leaves(left);
        }
        let needs = self.distiller.combine.lacks(left)?;
        let name = self.distiller.combine.name();
        let found = if left == n {
            format!("{brings} {n}")
        } else {
            format!("of the {n} that {brings}, distiller.pre leaves {left}")
        };
        // what fewer would do for is not for a fleet, or tries too many subsets of one
        let fewer = (1..left.min(64)).any(|n| self.distiller.combine.lacks(n).is_none());
        let remedy = remedy(if fewer { "lower" } else { "raise" });
        Some(("distiller.combine.kind", format!("\"{name}\" needs {needs}; {found}; {remedy}")))
    }
}

/// The exchange of experience combines nothing.
fn nothing_to_combine(s: &Scenario, clashes: &mut Clashes<'_>) {
    let why = "but with distiller.exchange = \"experience\" the core is trained on a pool of \
               examples and no contributions are combined; take \"weights\", or leave the key out";
    let keys = |key| [key, "distiller.exchange"];
    if !matches!(s.distiller.combine, Combine::Mean(_)) {
        let message = format!("\"{}\", {why}", s.distiller.combine.name());
        clashes.add(&keys("distiller.combine.kind"), message);
    }
    if let Some(pre) = s.distiller.pre.first() {
        clashes.add(&keys("distiller.pre"), format!("\"{}\", {why}", pre.name()));
    }
    if s.distiller.server != Server::Plain(Plain::default()) {
        clashes.add(&keys("distiller.server"), format!("a server step, {why}"));
    }
}

/// In the exchange of predictions agents' logits are combined, which are fresh every round.
fn answers_only(s: &Scenario, clashes: &mut Clashes<'_>) {
    let name = s.distiller.combine.name();
    let lacking = match s.distiller.combine {
        Combine::Fisher(_) | Combine::Regmean(_) => "agents bring statistics of their parameters",
        Combine::BestByProbe(_) | Combine::GreedySoup(_) => "contributions are cores to try out",
        Combine::Tsv(_) | Combine::IsoC(_) => "contributions are matrices of parameters",
        _ => "",
    };
    if !lacking.is_empty() {
        let message = format!(
            "\"{name}\" works where {lacking}, and with distiller.exchange = \"predictions\" \
             agents send answers; take \"weights\", or another strategy"
        );
        clashes.add(&["distiller.combine.kind", "distiller.exchange"], message);
    }
    if s.distiller.server != Server::Plain(Plain::default()) {
        let message = "a server step goes on from round to round on the same parameters, but with \
                       distiller.exchange = \"predictions\" answers to fresh inputs are combined; \
                       take \"weights\", or leave the key out";
        clashes.add(&["distiller.server", "distiller.exchange"], message.into());
    }
}

/// What one of several distillers cannot have, that merges `n` contributions where that is known.
pub(super) fn check_level(s: &Scenario, n: Option<usize>, clashes: &mut Clashes<'_>) {
    if let Some(n) = n {
        let found = s.strategy_lacks(n);
        found.into_iter().for_each(|(key, message)| clashes.add(&[key], message));
    }
    statistics(s, clashes);
    trials(s, clashes);
    let keys = |key| [key, "distiller.topology"];
    if matches!(&s.distiller.combine, Combine::NormBound(spec) if spec.noise > 0.0) {
        let message = "privacy is accounted for one distiller that all agents send to; take the \
                       topology \"star\", or set the noise to 0";
        clashes.add(&keys("distiller.combine.noise"), message.into());
    }
    if matches!(s.distiller.server, Server::Feddf(_)) {
        let message = "\"feddf\" asks the models of all agents under one core; take another \
                       server step, or the topology \"star\"";
        clashes.add(&keys("distiller.server.kind"), message.into());
    }
}

/// Fisher information and Gram matrices belong to the contributions that agents bring.
fn statistics(s: &Scenario, clashes: &mut Clashes<'_>) {
    if !matches!(s.distiller.combine, Combine::Fisher(_) | Combine::Regmean(_)) {
        return;
    }
    let name = s.distiller.combine.name();
    if let Some(pre) = s.distiller.pre.first() {
        let message = format!(
            "\"{}\" makes new contributions out of those of several agents, and these have no \
             statistics of their own, which \"{name}\" needs; leave it out, or take another \
             strategy",
            pre.name()
        );
        clashes.add(&["distiller.pre", "distiller.combine.kind"], message);
    }
    if s.distiller.absent == Absent::Zero {
        let message = format!(
            "\"zero\" has agents speak of blocks that they never touched, but \"{name}\" needs \
             statistics of their work there; set it to \"skip\", or take another strategy"
        );
        clashes.add(&["distiller.absent", "distiller.combine.kind"], message);
    }
}

/// Only a world that draws tasks has some for the distiller.
fn trials(s: &Scenario, clashes: &mut Clashes<'_>) {
    if matches!(s.world, World::MixedEffects(_)) {
        return;
    }
    if matches!(s.distiller.combine, Combine::BestByProbe(_) | Combine::GreedySoup(_)) {
        let message = format!(
            "\"{}\" tries cores out on tasks of the distiller's own, and in this world all tasks \
             are the agents'; take another strategy, or world.kind = \"mixed-effects\"",
            s.distiller.combine.name()
        );
        clashes.add(&["distiller.combine.kind", "world.kind"], message);
    }
    if matches!(s.distiller.server, Server::Feddf(_)) {
        let message = "\"feddf\" asks agents' models about fresh inputs, and this world has no \
                       public input distribution to draw them from; take another server step, or \
                       world.kind = \"mixed-effects\"";
        clashes.add(&["distiller.server.kind", "world.kind"], message.into());
    }
}

/// The noise of `norm-bound` vouches for privacy only where no agent counts for more than the
/// bound.
fn noise(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Combine::NormBound(spec) = &s.distiller.combine else { return };
    if spec.noise == 0.0 {
        return;
    }
    let key = "distiller.combine.noise";
    if spec.scope != Scope::Model {
        let message = "noise hides a contribution whose whole length is bounded, but the scope \
                       bounds every block on its own; set the scope to \"model\", or the noise \
                       to 0";
        clashes.add(&["distiller.combine.scope", key], message.into());
    }
    if let Some(pre) = s.distiller.pre.iter().find(|pre| !matches!(pre, Pre::Clip(_))) {
        let message = format!(
            "with \"{}\" an agent has a part in more than one of the vectors that are bounded, so \
             that the noise does not hide it; leave it out, or set {key} to 0",
            pre.name()
        );
        clashes.add(&["distiller.pre", key], message);
    }
    if s.distiller.absent == Absent::Skip {
        let message = "a block that nobody touched stays as it is, without noise, and tells what \
                       nobody worked on; set distiller.absent to \"zero\", or the noise to 0";
        clashes.add(&["distiller.absent", key], message.into());
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "privacy is accounted for contributions, but {} sends answers; take \
             distiller.exchange = \"weights\", or set the noise to 0",
            word(&s.distiller.exchange)
        );
        clashes.add(&[key, "distiller.exchange"], message);
    }
    if matches!(s.distiller.server, Server::Feddf(_)) {
        let message = "\"feddf\" learns from every model as it is, which no noise hides; take \
                       another server step, or set distiller.combine.noise to 0";
        clashes.add(&["distiller.server.kind", key], message.into());
    }
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let message = "\"nested\" publishes companies' means without noise; take \"fedsim\" or \
                       \"fedalt\", or set distiller.combine.noise to 0";
        clashes.add(&["job_knowledge.personalisation", key], message.into());
    }
}

/// Control variates correct steps of contributions, which the distiller hears of.
fn scaffold(s: &Scenario, clashes: &mut Clashes<'_>) {
    if !s.learner.solver().scaffold {
        return;
    }
    let key = "learner.solver.scaffold";
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "control variates are exchanged beside contributions, but {} sends none; take \
             distiller.exchange = \"weights\", or set it to false",
            word(&s.distiller.exchange)
        );
        clashes.add(&[key, "distiller.exchange"], message);
    }
    if s.job_knowledge.personalisation != Personalisation::None {
        let message = format!(
            "control variates pull an agent's steps towards the fleet's, and job knowledge ({}) \
             away from them; set job_knowledge.personalisation to \"none\", or this to false",
            word(&s.job_knowledge.personalisation)
        );
        clashes.add(&[key, "job_knowledge.personalisation"], message);
    }
    if s.feedback.horizon > 1 {
        let message = "control variates are means of gradients of single tasks; set \
                       feedback.horizon to 1, or this to false";
        clashes.add(&[key, "feedback.horizon"], message.into());
    }
}
