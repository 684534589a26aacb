//! The world `nk` and the learner `search`, which go with each other alone, and what they have no
//! use for: there are bit strings, and no parameters, features or tasks.

use super::cross::{Clashes, word};
use crate::scenario::{
    Bound, Combine, Copying, Direction, Exchange, Feedback, Fleet, Gossip, Learner,
    Personalisation, Plain, Publish, Scenario, Search, Server, Topology, World,
};
use crate::world::nk::EXHAUSTIBLE;

/// Refuses landscapes that do not exist, and settings that nothing would read.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    match (&s.world, &s.learner) {
        (World::Nk(_), Learner::Search(search)) => {
            landscape(s, clashes);
            elsewhere(s, clashes);
            sight(s, search, clashes);
        }
        (World::Nk(_), _) => {
            landscape(s, clashes);
            let message = "\"nk\" is a landscape of bit strings, and this learner has none; take \
                           learner.kind = \"search\", or another world";
            clashes.add(&["world.kind", "learner.kind"], message.into());
        }
        (_, Learner::Search(_)) => {
            let message = "\"search\" looks for bit strings, and this world has none; take \
                           world.kind = \"nk\", or another learner";
            clashes.add(&["learner.kind", "world.kind"], message.into());
        }
        _ => {}
    }
}

fn landscape(s: &Scenario, clashes: &mut Clashes<'_>) {
    let World::Nk(world) = &s.world else { return };
    if world.k >= world.n {
        let message = format!(
            "{} others, but a bit has only {} beside itself (world.n = {}); lower it to at most \
             {1}, or raise world.n",
            world.k,
            world.n - 1,
            world.n
        );
        clashes.add(&["world.k", "world.n"], message);
    }
    if world.scaled && world.n > EXHAUSTIBLE {
        let message = format!(
            "the highest of 2^{} solutions cannot be found by going through them all, so that \
             levels cannot be shares of it; lower world.n to at most {EXHAUSTIBLE}, or set \
             world.scaled = false",
            world.n
        );
        clashes.add(&["world.scaled", "world.n"], message);
    }
}

/// Settings of parameters, features and tasks.
fn elsewhere(s: &Scenario, clashes: &mut Clashes<'_>) {
    let solver = "with learner.kind = \"search\"";
    let merging = "merges parameters, and {} there are none: a distiller publishes a solution \
                   (learner.publish); leave the key out, or take another learner";
    let refused = [
        (
            "fleet.tasks",
            // without any it is refused for every learner but one
            s.fleet.tasks > 0 && s.fleet.tasks != Fleet::default().tasks,
            "is work to learn from, and {} an agent makes one try a round; leave the key out, or \
             take another learner",
        ),
        (
            "fleet.participants",
            s.fleet.participants > 0,
            "{} everyone searches in every round; leave the key out, or take another learner",
        ),
        (
            "fleet.stragglers.share",
            s.fleet.stragglers.share > 0.0,
            "{} everyone makes its try; set it to 0, or take another learner",
        ),
        (
            "feedback",
            s.feedback != Feedback::default(),
            "is what a gradient follows, and {} a better score is all there is to follow; leave \
             the table out, or take another learner",
        ),
        (
            "job_knowledge.personalisation",
            s.job_knowledge.personalisation != Personalisation::None,
            "job knowledge is parameters of an agent's own, and {} there are none; set it to \
             \"none\", or take another learner",
        ),
        (
            "distiller.exchange",
            s.distiller.exchange != Exchange::Weights,
            "is what learnings are made of, and {} agents send their solutions; leave the key \
             out, or take another learner",
        ),
        ("distiller.combine.kind", !matches!(s.distiller.combine, Combine::Mean(_)), merging),
        ("distiller.pre", !s.distiller.pre.is_empty(), merging),
        ("distiller.server", s.distiller.server != Server::Plain(Plain::default()), merging),
        (
            "distiller.topology",
            s.distiller.topology == Topology::Pooled,
            "\"pooled\" is one learner of all tasks, and {} one searcher climbs one hill; take \
             \"star\", \"gossip\" or \"isolated\"",
        ),
        (
            "measure.bounds",
            s.measure.bounds.contains(&Bound::Pooled),
            "\"pooled\" is one learner of all tasks, and {} one searcher climbs one hill; leave \
             it out, or take \"isolated\"",
        ),
    ];
    for (key, _, message) in refused.into_iter().filter(|(_, set, _)| *set) {
        clashes.add(&[key, "learner.kind"], message.replace("{}", solver));
    }
}

/// Settings of looking that the topology does not read.
fn sight(s: &Scenario, search: &Search, clashes: &mut Clashes<'_>) {
    let topology = s.distiller.topology;
    let (gossip, unset) = (&s.distiller.gossip, Gossip::default());
    let one = "agents see one core alone";
    let nobody = "agents see nobody";
    let gossips = topology == Topology::Gossip;
    let default = Search::default();
    let (looks, rule) = (search.looks != default.looks, search.rule != Copying::Best);
    if topology == Topology::Hierarchical {
        let message = "levels merge parameters, and with learner.kind = \"search\" there are none; \
                       take the topology \"star\" or \"gossip\", or another learner";
        return clashes.add(&["distiller.topology", "learner.kind"], message.into());
    }
    let refused = match topology {
        Topology::Gossip | Topology::Hierarchical => Vec::new(),
        Topology::Star => vec![("learner.looks", looks, one), ("learner.rule", rule, one)],
        Topology::Isolated | Topology::Pooled => vec![
            ("learner.looks", looks, nobody),
            ("learner.rule", rule, nobody),
            ("learner.every", search.every != default.every, nobody),
            ("learner.error", search.error != default.error, nobody),
        ],
    };
    for (key, _, why) in refused.into_iter().filter(|(_, set, _)| *set) {
        let message = format!(
            "with distiller.topology = {} {why}; leave the key out, or take the topology \
             \"gossip\"",
            word(&topology)
        );
        clashes.add(&[key, "distiller.topology"], message);
    }
    if search.publish != Publish::Best && topology != Topology::Star {
        let message = format!(
            "{} is what a distiller publishes, and with distiller.topology = {} there is none; \
             leave the key out, or take the topology \"star\"",
            word(&search.publish),
            word(&topology)
        );
        clashes.add(&["learner.publish", "distiller.topology"], message);
    }
    let calls = [
        ("distiller.gossip.contacts", gossip.contacts != unset.contacts),
        ("distiller.gossip.direction", gossip.direction != Direction::default()),
    ];
    for (key, _) in calls.into_iter().filter(|(_, set)| gossips && *set) {
        let message = "is about calls, and with learner.kind = \"search\" an agent looks at its \
                       neighbours instead (learner.looks, learner.every); leave the key out, or \
                       take another learner";
        clashes.add(&[key, "learner.kind"], message.into());
    }
}
