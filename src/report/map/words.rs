//! What the spread map says: what lies where, and how the most frequent skill went over it.

use super::{Shape, SpreadMap};
use crate::measure::{Frame, Outcome};
use crate::report::text::{count, counted, level};
use crate::scenario::{GraphKind, Topology};

/// The caption: what to see, in which units, and how it went.
pub(in crate::report) fn caption(outcome: &Outcome, map: &SpreadMap) -> String {
    let mut parts = vec![place(outcome, map)];
    parts.push("Colour is the level on the chosen skill at the slider's round; an outline marks who has practised the skill, so that colour without an outline was learned from others.".into());
    parts.extend(course(outcome));
    parts.join(" ")
}

/// What was left out of the map; empty where nothing was.
pub(in crate::report) fn note(map: &SpreadMap) -> String {
    let mut parts = Vec::new();
    if !map.left_out.is_empty() {
        parts.push(format!("{}.", map.left_out));
    }
    if map.others > 0 {
        parts.push(format!(
            "{} not measured are small and grey.",
            counted(map.others as u64, "agent")
        ));
    }
    parts.join(" ")
}

fn place(outcome: &Outcome, map: &SpreadMap) -> String {
    let distiller = &outcome.scenario.distiller;
    let edges = counted(map.edge_count as u64, "edge");
    match map.shape {
        Shape::Clusters if !outcome.hive.hives.is_empty() => {
            "A dot is an agent, in clusters by company; under which hive it works changes, and is not shown.".into()
        }
        Shape::Clusters if distiller.topology == Topology::Hierarchical => {
            "A dot is an agent, in clusters by company; lines join each company's core with the one at the top.".into()
        }
        Shape::Clusters => {
            "A dot is an agent, in clusters by company around the core that all pull.".into()
        }
        Shape::Circle if distiller.gossip.graph == GraphKind::Complete => {
            "A dot is an agent; everyone can call everyone, so that no line is drawn.".into()
        }
        Shape::Circle => format!(
            "A dot is an agent, on a circle in the order of their numbers; lines join those that can call each other ({edges})."
        ),
        Shape::Forces => format!(
            "A dot is an agent; lines join those that can call each other ({edges}) and pull them together."
        ),
        Shape::Degrees => format!(
            "A dot is an agent, the best connected in the middle; lines join those of the panel that can call each other ({edges})."
        ),
        Shape::Grid => {
            "A dot is an agent of the panel, in the order of their numbers: where it lies says nothing.".into()
        }
        Shape::Companies => {
            "A dot is a company: the mean over its agents in the panel.".into()
        }
    }
}

/// How many hold the most frequent skill at first and at last.
fn course(outcome: &Outcome) -> Option<String> {
    let hive = &outcome.hive;
    let (first, last) = (hive.frames.first()?, hive.frames.last()?);
    let (width, adopted) = (hive.skills.len(), outcome.scenario.measure.adopted);
    let holders = |frame: &Frame| -> Vec<usize> {
        let levels = frame.panel.iter().step_by(width.max(1)).enumerate();
        levels.filter(|(_, x)| f64::from(**x) >= adopted).map(|(i, _)| i).collect()
    };
    let (before, after) = (holders(first), holders(last));
    let taught = after.iter().filter(|&&i| last.practised.get(i * width) == Some(&0)).count();
    let never = match last.practised.is_empty() || taught == 0 {
        true => String::new(),
        false => format!(", {} of them without ever practising it", count(taught as u64)),
    };
    Some(format!(
        "Of {}, {} of {} agents are at level {} or more in round {}, {} in round {}{never}.",
        hive.skills.first()?,
        count(before.len() as u64),
        count(hive.panel.len() as u64),
        level(adopted),
        first.round,
        count(after.len() as u64),
        last.round,
    ))
}
