//! What agents cannot do that run freely on the wall clock.

use super::cross::{Clashes, word};
use crate::scenario::{
    Absent, Availability, Combine, EngineKind, Full, Live, Scenario, Schedule, Server, Speed,
    Topology,
};

/// The checks of `engine.kind = "live"` and of `[engine.live]`.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    const KIND: &str = "engine.kind";
    if s.engine.kind != EngineKind::Live {
        return;
    }
    let mut refuse = |key: &str, message: String| clashes.add(&[key, KIND], message);
    if s.learner.is_of_numbers() {
        let message = "\"live\" carries learnings from agents to a distiller, and these agents send \
                       none; take another engine, or learner.kind = \"softmax\" or \"mlp\"";
        return refuse("learner.kind", message.into());
    }
    let one = "\"live\" has one distiller for all";
    if s.distiller.topology != Topology::Star {
        let message = format!(
            "{}, but {one}; take the topology \"star\", or another engine",
            word(&s.distiller.topology)
        );
        refuse("distiller.topology", message);
    }
    if !s.hives.is_empty() {
        let message = format!("there are several, but {one}; leave [[hives]] out");
        refuse("hives", message);
    }
    if s.faults.delay > 0.0 {
        let message = "how late a learning is, \"live\" leaves to the machine; set it to 0, or let \
                       fleet.latency tell how long learnings are on their way";
        refuse("faults.delay", message.into());
    }
    fabric(s, clashes);
    if matches!(s.distiller.schedule, Schedule::Synchronous(_)) {
        in_step(&s.engine.live, clashes);
    } else {
        freely(s, clashes);
    }
}

/// What does not go with sums in the place of learnings.
fn fabric(s: &Scenario, clashes: &mut Clashes<'_>) {
    const FABRIC: &str = "engine.live.fabric";
    let Live { fabric, full, .. } = s.engine.live;
    if !fabric.adds_up() {
        return;
    }
    let name = fabric.name();
    let mut refuse = |key: &str, why: &str| {
        let message = format!(
            "{why}, but \"{name}\" adds learnings up on their way; take \"channel-tokio\" or \
             \"channel-crossbeam\""
        );
        clashes.add(&[FABRIC, key], message);
    };
    let d = &s.distiller;
    let mean = matches!(&d.combine, Combine::Mean(spec) if spec.normalise);
    if !mean {
        let why = format!("\"{}\" looks at them one by one", d.combine.name());
        refuse("distiller.combine.kind", &why);
    }
    let singly = [
        ("distiller.pre", !d.pre.is_empty(), "pre-aggregations look at them one by one"),
        ("distiller.absent", d.absent != Absent::Skip, "\"zero\" fills each of them up"),
        (
            "distiller.server.kind",
            matches!(d.server, Server::Feddf(_)),
            "\"feddf\" asks each model for its answers",
        ),
        ("attack.share", s.attack.share > 0.0, "attackers put one in the place of another"),
        ("engine.live.full", full == Full::DropOldest, "a sum cannot give its oldest part back"),
        (
            "distiller.schedule.kind",
            matches!(d.schedule, Schedule::Asynchronous(_)),
            "\"asynchronous\" merges them one by one",
        ),
    ];
    singly.into_iter().filter(|(_, is, _)| *is).for_each(|(key, _, why)| refuse(key, why));
}

/// What makes no sense where all wait for all.
fn in_step(live: &Live, clashes: &mut Clashes<'_>) {
    if live.full == Full::Wait {
        return;
    }
    let message = format!(
        "{}, but with distiller.schedule.kind = \"synchronous\" a core waits for all learnings \
         of its round; take \"wait\", or another schedule",
        word(&live.full)
    );
    clashes.add(&["engine.live.full", "distiller.schedule.kind"], message);
}

/// What needs a timetable, which nobody has who runs freely.
fn freely(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Scenario { fleet, .. } = s;
    let mut refuse =
        |key: &str, message: &str| clashes.add(&[key, "engine.kind"], message.to_owned());
    if !matches!(fleet.availability, Availability::Always(_)) {
        let message = "who comes and goes is known for rounds, and agents that run freely have none; \
                       take another engine, or distiller.schedule.kind = \"synchronous\"";
        refuse("fleet.availability.kind", message);
    }
    if fleet.churn.rate > 0.0 {
        let message = "who leaves is known for rounds, and agents that run freely have none; take \
                       another engine, or distiller.schedule.kind = \"synchronous\"";
        refuse("fleet.churn.rate", message);
    }
    if fleet.participants > 0 && (fleet.agents == 0 || fleet.participants < fleet.agents) {
        let message = "agents that run freely all do; leave the key out, take another engine, or \
                       distiller.schedule.kind = \"synchronous\"";
        refuse("fleet.participants", message);
    }
    let paced = [
        ("fleet.speed.kind", !matches!(fleet.speed, Speed::Equal(_))),
        ("fleet.jitter", fleet.jitter > 0.0),
        ("fleet.latency", fleet.latency > 0.0),
    ];
    for (key, _) in paced.into_iter().filter(|(_, is)| *is && s.engine.live.time_scale == 0.0) {
        let message = "flat out work takes as long as it takes; set engine.live.time_scale above 0, \
                       or leave the key out";
        clashes.add(&[key, "engine.live.time_scale", "engine.kind"], message.into());
    }
}
