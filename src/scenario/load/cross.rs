//! Combinations of keys that cannot be run, each with what to change.

use std::collections::BTreeMap;

use super::problem::Finding;
use super::tree::{At, Node};
use super::{
    attack, beginnings, compression, faults, gossip, hives, levels, live, measure, memory,
    practice, schedule, search, strategies,
};
use crate::scenario::{
    Bound, EngineKind, Exchange, FeedbackKind, Learner, MixedEffects, Partial, Personalisation,
    Pull, Scenario, Sizes, Topology, World,
};

/// All combinations of `scenario` that cannot be run, placed at the keys in `tree`.
pub(super) fn check(scenario: &Scenario, tree: &Node) -> Vec<Finding> {
    let mut clashes = Clashes::new(tree);
    match &scenario.world {
        World::MixedEffects(world) => generated(scenario, world, &mut clashes),
        World::Synthetic(_) | World::Dataset(_) => local_data(scenario, &mut clashes),
        // its checks are those of the learner that searches it
        World::Nk(_) => {}
    }
    fleet(scenario, &mut clashes);
    beginnings::check(scenario, &mut clashes);
    feedback(scenario, &mut clashes);
    job_knowledge(scenario, &mut clashes);
    topology(scenario, &mut clashes);
    compression::check(scenario, &mut clashes);
    schedule::check(scenario, &mut clashes);
    attack::check(scenario, &mut clashes);
    faults::check(scenario, &mut clashes);
    hives::check(scenario, &mut clashes);
    live::check(scenario, &mut clashes);
    gossip::check(scenario, &mut clashes);
    practice::check(scenario, &mut clashes);
    search::check(scenario, &mut clashes);
    measure::check(scenario, &mut clashes);
    strategies::check(scenario, &mut clashes);
    memory::check(scenario, &mut clashes);
    clashes.findings
}

/// What is found wrong with a checked scenario at some of its keys, once more is known than its
/// text: those that were written lead.
pub(super) fn place(tree: &Node, keys: &[&str], message: String) -> Finding {
    let mut clashes = Clashes::new(tree);
    let mut keys = keys.to_vec();
    keys.sort_by_key(|key| !clashes.wrote(key));
    clashes.add(&keys, message);
    clashes.findings.remove(0)
}

/// What was found so far.
pub(super) struct Clashes<'t> {
    tree: &'t Node,
    findings: Vec<Finding>,
    /// The table whose keys are meant by those of `distiller`.
    distiller: String,
}

impl<'t> Clashes<'t> {
    pub fn new(tree: &'t Node) -> Self {
        Clashes { tree, findings: Vec::new(), distiller: "distiller".into() }
    }

    /// Lets `check` speak of the keys of another table as of those of `distiller`.
    pub fn of_distiller(&mut self, table: impl Into<String>, check: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.distiller, table.into());
        check(self);
        self.distiller = before;
    }

    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// Whether a key is written somewhere.
    pub fn wrote(&self, key: &str) -> bool {
        self.tree.find(key).is_some_and(|node| node.at != At::Nowhere)
    }

    /// `keys[0]` leads the message; all of them that are written somewhere are shown.
    pub fn add(&mut self, keys: &[&str], message: String) {
        let of_table = |key: &&str| match key.strip_prefix("distiller.") {
            Some(rest) => format!("{}.{rest}", self.distiller),
            None => key.to_string(),
        };
        let keys: Vec<String> = keys.iter().map(of_table).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let written = |key: &&str| self.tree.find(key).map(|node| node.at.clone());
        let mut places: Vec<At> =
            keys.iter().filter_map(written).filter(|at| *at != At::Nowhere).collect();
        let by_default = !places.is_empty() && self.tree.find(keys[0]).is_none();
        let message = if by_default { format!("by default {message}") } else { message };
        if places.is_empty() {
            places.push(At::Nowhere);
        }
        self.findings.push(Finding { key: keys[0].to_owned(), places, message });
    }
}

/// Worlds that generate tasks.
fn generated(s: &Scenario, world: &MixedEffects, clashes: &mut Clashes<'_>) {
    let solver = s.learner.solver();
    if solver.epochs > 1 {
        let message = format!(
            "{} passes, but a task of the mixed-effects world is seen once; set it to 1, or take \
             a world with fixed local data (world.kind = \"synthetic\" or \"dataset\")",
            solver.epochs
        );
        clashes.add(&["learner.solver.epochs", "world.kind"], message);
    }
    if [world.general, world.skill, world.company] == [0.0; 3] {
        let message = "general, skill and company are all 0, so that every answer scores the \
                       same and there is nothing to learn; set one of them above 0";
        clashes.add(&["world.general", "world.skill", "world.company"], message.into());
    }
    if s.fleet.agents > 0 && world.companies > s.fleet.agents {
        let message = format!(
            "{} companies, but only {} agents to work for them; lower world.companies to at most \
             {1}, or raise fleet.agents",
            world.companies, s.fleet.agents
        );
        clashes.add(&["world.companies", "fleet.agents"], message);
    }
    if s.fleet.tasks == 0 {
        // what follows is about how tasks are gone through
        return changes(s, world, clashes);
    }
    if s.feedback.kind == FeedbackKind::Verifiable && s.feedback.horizon > s.fleet.tasks {
        let message = format!(
            "{} decisions share a reward, but a round has only {} tasks; lower the horizon to at \
             most {1}, or raise fleet.tasks",
            s.feedback.horizon, s.fleet.tasks
        );
        clashes.add(&["feedback.horizon", "fleet.tasks"], message);
    }
    if s.fleet.stragglers.share > 0.0 && s.fleet.tasks == 1 {
        let message = "a straggler does part of its work, but one task has no part; raise \
                       fleet.tasks to 2 or more, or set the share to 0";
        clashes.add(&["fleet.stragglers.share", "fleet.tasks"], message.into());
    } else if s.fleet.stragglers.share > 0.0 && s.feedback.horizon == s.fleet.tasks {
        let message = format!(
            "a straggler does part of its work, but {} tasks that share one reward have no part; \
             raise fleet.tasks, lower feedback.horizon, or set the share to 0",
            s.fleet.tasks
        );
        let keys = ["fleet.stragglers.share", "feedback.horizon", "fleet.tasks"];
        clashes.add(&keys, message);
    }
    let horizon = s.feedback.horizon;
    let steps = s.steps_of(s.fleet.tasks.into());
    if s.job_knowledge.personalisation == Personalisation::Fedalt && steps == 1 {
        let (one, lower) = match horizon {
            1 => (format!("in batches of {} are one step", solver.batch), "learner.solver.batch"),
            _ => (format!("are one episode of {horizon}, which is one step"), "feedback.horizon"),
        };
        let message = format!(
            "\"fedalt\" splits a round's gradient steps in two, but {} tasks {one}; raise \
             fleet.tasks, lower {lower}, or take \"fedsim\"",
            s.fleet.tasks
        );
        clashes.add(&["job_knowledge.personalisation", "fleet.tasks", lower], message);
    }
    changes(s, world, clashes);
}

fn changes(s: &Scenario, world: &MixedEffects, clashes: &mut Clashes<'_>) {
    let mut seen = BTreeMap::new();
    for (i, change) in world.changes.iter().enumerate() {
        let path = format!("world.changes.{i}");
        let key = |name: &str| format!("{path}.{name}");
        if change.round > s.rounds.0 {
            let message = format!(
                "happens in round {}, but the run ends with round {}; lower it to at most {1}, or \
                 raise rounds",
                change.round, s.rounds.0
            );
            clashes.add(&[&key("round"), "rounds"], message);
        }
        match (change.skill, change.company) {
            (Some(_), Some(_)) => {
                let message = "has both a skill and a company; give one, and another entry of \
                               world.changes for the other";
                clashes.add(&[&path, &key("skill"), &key("company")], message.into());
            }
            (None, None) => {
                let message = "has neither skill nor company; give the one that changes, such as \
                               skill = 0";
                clashes.add(&[&path], message.into());
            }
            _ => {}
        }
        let sides = [
            ("skill", change.skill, world.skills, "world.skills"),
            ("company", change.company, world.companies, "world.companies"),
        ];
        for (name, value, number, number_key) in sides {
            if let Some(value) = value.filter(|value| *value >= number) {
                let message = format!(
                    "found {value}, but the world has {number_key} = {number}; wanted a number \
                     from 0 to {}",
                    number - 1
                );
                clashes.add(&[&key(name), number_key], message);
            }
        }
        let twin = *seen.entry((change.round, change.skill, change.company)).or_insert(i);
        if twin < i {
            let message = format!("is the same as world.changes.{twin}; leave one out");
            clashes.add(&[&path, &format!("world.changes.{twin}")], message);
        }
    }
}

/// Worlds where every agent has fixed data.
fn local_data(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.distiller.exchange == Exchange::Predictions {
        let message = "\"predictions\" shows the agents fresh inputs, and this world has no public \
                       input distribution to draw them from; take \"weights\" or \"experience\", \
                       or world.kind = \"mixed-effects\"";
        clashes.add(&["distiller.exchange", "world.kind"], message.into());
    }
    if s.fleet.stragglers.share > 0.0 && s.learner.solver().epochs == 1 {
        let message = "a straggler makes some of the passes over its data, but one pass has no \
                       part; raise learner.solver.epochs to 2 or more, or set the share to 0";
        let keys = ["fleet.stragglers.share", "learner.solver.epochs", "world.kind"];
        clashes.add(&keys, message.into());
    }
    let World::Synthetic(world) = &s.world else { return };
    let (least, key) = match &world.sizes {
        Sizes::Lognormal(sizes) => (sizes.least, "world.sizes.least"),
        Sizes::Fixed(sizes) => (sizes.examples, "world.sizes.examples"),
    };
    if f64::from(least) * world.train_share < 1.0 {
        let message = format!(
            "an agent may have as few as {least} examples, of which a share of {} leaves none for \
             training; raise {key} or world.train_share",
            world.train_share
        );
        clashes.add(&["world.train_share", key], message);
    }
}

fn fleet(s: &Scenario, clashes: &mut Clashes<'_>) {
    let agents = s.fleet.agents;
    if s.fleet.tasks == 0 && !matches!(s.learner, Learner::Practice(_)) {
        let message = "without tasks there is nothing to learn from; set it to 1 or more, or take \
                       learner.kind = \"practice\", which can live on hearsay";
        clashes.add(&["fleet.tasks", "learner.kind"], message.into());
    }
    if agents == 0 {
        // In the dataset world the users are counted when the data are read.
        if !matches!(s.world, World::Dataset(_)) {
            let message = "0 agents means one a user of a dataset, and this world has no users; \
                           set it to 1 or more, or take world.kind = \"dataset\"";
            clashes.add(&["fleet.agents", "world.kind"], message.into());
        }
    } else {
        if s.fleet.participants > agents {
            let message = format!(
                "{} agents are to work in a round, but there are only {agents}; lower it to at \
                 most {agents} (0 takes all), or raise fleet.agents",
                s.fleet.participants
            );
            clashes.add(&["fleet.participants", "fleet.agents"], message);
        }
        if s.measure.panel > agents {
            let message = format!(
                "a panel of {}, but there are only {agents} agents; lower it to at most {agents} \
                 (0 takes all), or raise fleet.agents",
                s.measure.panel
            );
            clashes.add(&["measure.panel", "fleet.agents"], message);
        }
    }
    let slow = &s.fleet.stragglers;
    if slow.share > 0.0 && slow.deadline > 0.0 {
        let message = format!(
            "{} of the agents get through part of their work at random, and with a deadline of {} \
             whoever is too slow does; set one of them to 0",
            slow.share, slow.deadline
        );
        clashes.add(&["fleet.stragglers.share", "fleet.stragglers.deadline"], message);
    }
    if s.engine.kind == EngineKind::Serial && s.engine.threads > 1 {
        let message = format!(
            "{} threads, but the serial engine has one; set it to 0 or 1, or take engine.kind = \
             \"pool\"",
            s.engine.threads
        );
        clashes.add(&["engine.threads", "engine.kind"], message);
    }
    if s.engine.kind == EngineKind::Mpi && s.learner.is_of_numbers() {
        let message = "\"mpi\" splits fleets that learn parameters, and these agents hold a number \
                       or two; take engine.kind = \"pool\", or learner.kind = \"softmax\" or \"mlp\"";
        clashes.add(&["learner.kind", "engine.kind"], message.into());
    }
}

fn feedback(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.feedback.horizon <= 1 {
        return;
    }
    let horizon = s.feedback.horizon;
    if s.feedback.kind == FeedbackKind::Semantic {
        let message = format!(
            "{horizon} decisions share one reward, but semantic feedback tells every right answer \
             and has no reward; set it to 1, or feedback.kind = \"verifiable\""
        );
        clashes.add(&["feedback.horizon", "feedback.kind"], message);
    } else if s.learner.solver().batch > 1 {
        let message = format!(
            "batches of {}, but with feedback.horizon = {horizon} a gradient step is one episode; \
             set it to 1, or the horizon to 1",
            s.learner.solver().batch
        );
        clashes.add(&["learner.solver.batch", "feedback.horizon"], message);
    }
}

fn job_knowledge(s: &Scenario, clashes: &mut Clashes<'_>) {
    let own = &s.job_knowledge;
    let (personal, mlp) = (own.personalisation, matches!(s.learner, Learner::Mlp(_)));
    if own.pull != Pull::Keep && personal == Personalisation::None {
        let message = format!(
            "{} says what becomes of job knowledge, but there is none; set it to \"keep\", or \
             job_knowledge.personalisation to \"fedsim\" or \"fedalt\"",
            word(&own.pull)
        );
        clashes.add(&["job_knowledge.pull", "job_knowledge.personalisation"], message);
    }
    if own.pull == Pull::Rebase && mlp {
        let message = "\"rebase\" takes off what the core absorbed, but the mlp's adapters live in \
                       another space than the core; take \"keep\", \"reset\" or \"decay\", or \
                       learner.kind = \"softmax\"";
        clashes.add(&["job_knowledge.pull", "learner.kind"], message.into());
    }
    if personal != Personalisation::Nested {
        return;
    }
    if own.pull != Pull::Keep {
        let message = format!(
            "{}, but \"nested\" splits job knowledge anew at every merge; set it to \"keep\"",
            word(&own.pull)
        );
        clashes.add(&["job_knowledge.pull", "job_knowledge.personalisation"], message);
    }
    if mlp {
        let message = "\"nested\" splits what the core does not absorb, but the mlp's adapters \
                       live in another space than the core; take \"fedsim\" or \"fedalt\", or \
                       learner.kind = \"softmax\"";
        clashes.add(&["job_knowledge.personalisation", "learner.kind"], message.into());
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "\"nested\" splits the contributions that the core does not absorb, but {} sends \
             none; take distiller.exchange = \"weights\", or \"fedsim\" or \"fedalt\"",
            word(&s.distiller.exchange)
        );
        clashes.add(&["job_knowledge.personalisation", "distiller.exchange"], message);
    }
}

/// Topologies in which nothing is sent to a distiller.
fn topology(s: &Scenario, clashes: &mut Clashes<'_>) {
    let why = match s.distiller.topology {
        // which have checks of their own
        Topology::Star | Topology::Gossip => return,
        Topology::Hierarchical => return levels::check(s, clashes),
        Topology::Isolated => "every agent keeps all that it learns",
        Topology::Pooled => "there is a single learner",
    };
    let topology = word(&s.distiller.topology);
    if s.job_knowledge.personalisation != Personalisation::None {
        let message = format!(
            "{}, but with distiller.topology = {topology} {why}; set it to \"none\", or take the \
             topology \"star\"",
            word(&s.job_knowledge.personalisation)
        );
        clashes.add(&["job_knowledge.personalisation", "distiller.topology"], message);
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "{}, but with distiller.topology = {topology} {why} and nothing is exchanged; leave \
             the key out, or take the topology \"star\"",
            word(&s.distiller.exchange)
        );
        clashes.add(&["distiller.exchange", "distiller.topology"], message);
    }
    if !s.measure.bounds.is_empty() {
        let bounds: Vec<String> =
            s.measure.bounds.iter().map(|bound: &Bound| word(bound)).collect();
        let message = format!(
            "{} would run beside a hive, but with distiller.topology = {topology} {why}: it is a \
             bound itself; leave the key out, or take the topology \"star\"",
            bounds.join(" and ")
        );
        clashes.add(&["measure.bounds", "distiller.topology"], message);
    }
    if s.fleet.stragglers.any() && s.fleet.stragglers.partial == Partial::Drop {
        let message = format!(
            "\"drop\" keeps unfinished work out of the merge, but with distiller.topology = \
             {topology} {why} and nothing is merged; set it to \"keep\", or take the topology \
             \"star\""
        );
        clashes.add(&["fleet.stragglers.partial", "distiller.topology"], message);
    }
}

/// An enum's word as a scenario writes it, in quotes.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    // Unit variants always become JSON strings.
    serde_json::to_string(value).unwrap_or_default()
}
