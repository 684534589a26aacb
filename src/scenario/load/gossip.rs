//! Graphs that cannot be, and what does not go with a fleet that has no distiller.

use super::cross::{Clashes, word};
use super::strategies;
use crate::graph::MOST_EDGES;
use crate::scenario::{
    Combine, Exchange, Gossip, GraphKind, Learner, Personalisation, Plain, Scenario, Server,
    Topology,
};

/// Refuses graphs that do not exist for so many agents, and settings that nothing would read.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.distiller.topology != Topology::Gossip {
        return;
    }
    match s.learner {
        Learner::Practice(_) if s.distiller.gossip.contacts == 0 => {
            let message = "0 calls all neighbours, but proficiencies are passed on in calls to one \
                           neighbour each; set it to 1 or more, or take learner.kind = \"softmax\"";
            clashes.add(&["distiller.gossip.contacts", "learner.kind"], message.into());
        }
        Learner::Practice(_) | Learner::Search(_) => {}
        Learner::Softmax(_) | Learner::Mlp(_) => models(s, clashes),
    }
    if s.distiller.exchange != Exchange::Weights {
        let message = format!(
            "{} goes through a distiller, but with distiller.topology = \"gossip\" there is none; \
             leave the key out, or take the topology \"star\"",
            word(&s.distiller.exchange)
        );
        clashes.add(&["distiller.exchange", "distiller.topology"], message);
    }
    // in the dataset world the users are counted when the data are read
    if s.fleet.agents > 0 {
        graph(&s.distiller.gossip, s.fleet.agents, clashes);
    }
    unread(&s.distiller.gossip, clashes);
}

/// What models that agents tell each other do not go with.
fn models(s: &Scenario, clashes: &mut Clashes<'_>) {
    let topology = word(&Topology::Gossip);
    let why =
        format!("but with distiller.topology = {topology} every agent has a model of its own");
    let mut refuse = |key: &'static str, found: &str, remedy: &str| {
        clashes.add(&[key, "distiller.topology"], format!("{found}, {why}; {remedy}"));
    };
    if s.job_knowledge.personalisation == Personalisation::Nested {
        let remedy = "take \"fedsim\" or \"fedalt\", or the topology \"star\"";
        refuse("job_knowledge.personalisation", "\"nested\" splits what one core absorbs", remedy);
    }
    if s.learner.solver().scaffold {
        let found = "control variates correct steps towards one core";
        refuse("learner.solver.scaffold", found, "set it to false, or take the topology \"star\"");
    }
    if s.distiller.server != Server::Plain(Plain::default()) {
        let remedy = "leave the key out, or take the topology \"star\"";
        refuse("distiller.server", "a server step goes on from round to round", remedy);
    }
    if matches!(
        s.distiller.combine,
        Combine::CentredClipping(_) | Combine::Fisher(_) | Combine::Regmean(_)
    ) {
        let found = match s.distiller.combine {
            Combine::CentredClipping(_) => "has a centre that it goes on from",
            _ => "needs statistics of agents' last work, which models do not have",
        };
        let found = format!("\"{}\" {found}", s.distiller.combine.name());
        let remedy = "take another strategy, or the topology \"star\"";
        refuse("distiller.combine.kind", &found, remedy);
    }
    strategies::check_level(s, None, clashes);
}

fn graph(gossip: &Gossip, agents: u32, clashes: &mut Clashes<'_>) {
    let (kind, k) = (gossip.graph, gossip.neighbours);
    let keys = ["distiller.gossip.neighbours", "distiller.gossip.graph", "fleet.agents"];
    let least = if kind == GraphKind::Ring { 3 } else { 2 };
    if agents < least {
        let message = format!(
            "{agents} agents, but {} takes {least} at least; raise it, or take the topology \
             \"isolated\"",
            word(&kind)
        );
        clashes.add(&["fleet.agents", "distiller.gossip.graph"], message);
        return;
    }
    let sized = matches!(kind, GraphKind::Regular | GraphKind::SmallWorld | GraphKind::ScaleFree);
    if !sized {
        return;
    }
    let most = agents - 1;
    if k > most {
        let message = format!(
            "{k} neighbours, but an agent has only {most} others to be next to; lower it to at \
             most {most}, or raise fleet.agents"
        );
        clashes.add(&keys, message);
    } else if kind == GraphKind::SmallWorld && k % 2 == 1 {
        let message = format!(
            "{k} neighbours, but a small world is made of a ring with as many on either side; take \
             an even number"
        );
        clashes.add(&keys, message);
    } else if kind == GraphKind::Regular && u64::from(agents) * u64::from(k) % 2 == 1 {
        let message = format!(
            "{k} neighbours for each of {agents} agents, but an edge has two ends, and {agents} · \
             {k} is odd; make one of them even"
        );
        clashes.add(&keys, message);
    }
    let each = if kind == GraphKind::ScaleFree { 2 * u64::from(k) } else { k.into() };
    let edges = u64::from(agents) * each / 2;
    if edges > MOST_EDGES {
        let message = format!(
            "{agents} agents with some {each} neighbours each are {edges} edges, at most \
             {MOST_EDGES} are allowed; lower distiller.gossip.neighbours or fleet.agents"
        );
        clashes.add(&keys, message);
    }
}

/// Settings of another graph than the one that is taken.
fn unread(gossip: &Gossip, clashes: &mut Clashes<'_>) {
    let (kind, default) = (gossip.graph, Gossip::default());
    let key = "distiller.gossip.graph";
    let mut refuse = |name: &'static str, found: String, graphs: &str| {
        let message = format!(
            "found {found}, but {} does not read it; leave the key out, or take the graph {graphs}",
            word(&kind)
        );
        clashes.add(&[name, key], message);
    };
    let sized = matches!(kind, GraphKind::Regular | GraphKind::SmallWorld | GraphKind::ScaleFree);
    if !sized && gossip.neighbours != default.neighbours {
        let graphs = "\"regular\", \"small-world\" or \"scale-free\"";
        refuse("distiller.gossip.neighbours", gossip.neighbours.to_string(), graphs);
    }
    if kind != GraphKind::SmallWorld && gossip.rewire != default.rewire {
        refuse("distiller.gossip.rewire", gossip.rewire.to_string(), "\"small-world\"");
    }
    match &gossip.edges {
        Some(_) if kind != GraphKind::Edges => {
            refuse("distiller.gossip.edges", "a file".into(), "\"edges\"");
        }
        None if kind == GraphKind::Edges => {
            let message = "\"edges\" reads its edges from a file, and none is named; give its path \
                           as distiller.gossip.edges, or take another graph";
            clashes.add(&[key], message.into());
        }
        _ => {}
    }
}
