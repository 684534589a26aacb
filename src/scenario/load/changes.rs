//! Changes in the middle of a run: each is applied to what the scenario has come to by then, and what
//! comes of it is checked as a whole scenario.

use super::cross::{self, Clashes, word};
use super::problem::Finding;
use super::tree::{self, At, Body, Node, Table};
use super::{fill, set, typed, walk};
use crate::scenario::schema::schema_ref;
use crate::scenario::{Change, Combine, Scenario, Stretch};
use crate::text::name;
use std::ops::Range;

/// What an entry's `set` wants.
const FORM: &str = "section.key=value, such as attack.share=0.2";

/// Noise vouches for the privacy of all rounds together, each with as much of it.
fn unaccounted(before: &Scenario, after: &Scenario) -> Option<Finding> {
    let noisy =
        |s: &Scenario| matches!(&s.distiller.combine, Combine::NormBound(spec) if spec.noise > 0.0);
    if before.distiller.merges_like(&after.distiller) || !noisy(before) && !noisy(after) {
        return None;
    }
    let message = "privacy is accounted for one noise from the first round to the last; leave the \
                   distiller as it is, or set the noise to 0";
    Some(Finding::new(&At::Nowhere, "distiller.combine.noise".into(), message.into()))
}

/// [`Change::KEYS`] in words.
const MAY: &str = "faults, attack, and pre, combine and server of distiller, of its hierarchy.company \
                   and hierarchy.global, and of hives by their number (hives.0.combine)";

/// The stretches of a scenario that passes all other checks; the first begins with round 1. Overrides
/// from number `given` on were made while it ran, and have no entry in a file that messages could
/// name.
pub(super) fn stretches(
    scenario: &Scenario,
    tree: &Node,
    given: usize,
) -> Result<Vec<Stretch>, Vec<Finding>> {
    let unchanged = Scenario { changes: Vec::new(), ..scenario.clone() };
    let mut stretches = vec![Stretch { round: 1, scenario: unchanged }];
    if scenario.changes.is_empty() {
        return Ok(stretches);
    }
    let mut clashes = Clashes::new(tree);
    when(scenario, &mut clashes);
    whether(scenario, &mut clashes);
    let findings = clashes.into_findings();
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut now = tree.clone();
    if let Some(table) = now.as_table_mut() {
        table.remove("changes");
    }
    let mut written = Vec::new();
    for (i, change) in scenario.changes.iter().enumerate() {
        let place = |j: usize| tree.find(&format!("changes.{i}.set.{j}")).map(|n| n.at.clone());
        let own = written.len()..written.len() + change.set.len();
        written.extend((0..change.set.len()).map(|j| place(j).unwrap_or(At::Nowhere)));
        let entry = Entry { i, change, own, written: &written, given };
        let told = |found: Vec<Finding>| found.into_iter().map(|f| entry.told(f)).collect();
        let scenario = entry.apply(&mut now).map_err::<Vec<Finding>, _>(told)?;
        let before = &stretches[i].scenario;
        if let Some(finding) = unaccounted(before, &scenario) {
            return Err(told(vec![finding]));
        }
        stretches.push(Stretch { round: change.round, scenario });
    }
    Ok(stretches)
}

/// Writes overrides into entry `place` of a scenario's changes, a new one if it is not `same`.
pub(super) fn write<'s>(
    tree: &mut Node,
    (place, same): (usize, bool),
    round: u32,
    more: impl Iterator<Item = (&'s String, At)>,
) {
    let list = || tree::Entry::unwritten(Body::List(Vec::new()));
    let Some(root) = tree.as_table_mut() else { return };
    let Body::List(entries) = &mut root.entry("changes".into()).or_insert_with(list).node.body
    else {
        return;
    };
    if !same {
        let round = ("round".to_owned(), tree::Entry::unwritten(Body::Integer(round.into())));
        let body = Body::Table(Table::from([round, ("set".to_owned(), list())]));
        entries.insert(place, Node { at: At::Nowhere, body });
    }
    let sets = entries[place].as_table_mut().and_then(|entry| entry.get_mut("set"));
    if let Some(Body::List(sets)) = sets.map(|set| &mut set.node.body) {
        sets.extend(more.map(|(text, at)| Node { at, body: Body::Text(text.clone()) }));
    }
}

/// Rounds that the run has, one after the other.
fn when(s: &Scenario, clashes: &mut Clashes<'_>) {
    let mut before: Option<u32> = None;
    for (i, change) in s.changes.iter().enumerate() {
        let key = format!("changes.{i}.round");
        if change.round > s.rounds.0 {
            let message = format!(
                "happens in round {}, but the run ends with round {}; lower it to at most {1}, or \
                 raise rounds",
                change.round, s.rounds.0
            );
            clashes.add(&[&key, "rounds"], message);
        }
        if let Some(before) = before.filter(|before| *before >= change.round) {
            let message = format!(
                "{} does not come after {before}, that of the entry before; put entries in the \
                 order of their rounds, and what changes in one round into one of them",
                change.round
            );
            clashes.add(&[&key, &format!("changes.{}.round", i - 1)], message);
        }
        before = Some(change.round);
    }
}

/// Fleets in which there is nothing to change.
fn whether(s: &Scenario, clashes: &mut Clashes<'_>) {
    if s.learner.is_of_numbers() {
        let message = "this learner has no parameters to merge or to attack, and nothing of it \
                       changes; leave the entries out, or take learner.kind = \"softmax\" or \
                       \"mlp\"";
        return clashes.add(&["changes.0", "learner.kind"], message.into());
    }
    if !s.distiller.topology.merges() {
        let message = format!(
            "what changes is how learnings are merged and what happens to them on their way, but \
             with distiller.topology = {} nobody sends any; leave the entries out, or take a \
             topology that merges",
            word(&s.distiller.topology)
        );
        clashes.add(&["changes.0", "distiller.topology"], message);
    }
    let merges = |set: &String| set.trim_start().starts_with("distiller");
    let changed = s.changes.iter().position(|change| change.set.iter().any(merges));
    if let Some(i) = changed.filter(|_| s.measure.lineage) {
        let message = "whose learning a core is made of is followed through one strategy's \
                       merges; leave the key out, or change nothing of the distiller";
        clashes.add(&["measure.lineage", &format!("changes.{i}")], message.into());
    }
}

/// An entry that is being applied.
struct Entry<'a> {
    /// Its number.
    i: usize,
    change: &'a Change,
    /// Its overrides among those of all entries so far.
    own: Range<usize>,
    /// Where these are written.
    written: &'a [At],
    given: usize,
}

impl Entry<'_> {
    /// The entry's overrides with their marks.
    fn sets(&self) -> impl Iterator<Item = (&String, At)> {
        self.change.set.iter().zip(self.own.clone().map(|n| At::Set(At::MARKS + n)))
    }

    /// Which of its overrides a mark is of.
    fn mine(&self, at: &At) -> Option<usize> {
        let At::Set(mark) = at else { return None };
        let n = mark.checked_sub(At::MARKS).filter(|n| self.own.contains(n))?;
        Some(n - self.own.start)
    }

    /// Puts its overrides into the tree, and checks what comes of it.
    fn apply(&self, now: &mut Node) -> Result<Scenario, Vec<Finding>> {
        let mut findings = Vec::new();
        for (text, at) in self.sets() {
            if text.trim_start().starts_with("changes") {
                findings.extend(fixed(text, &at));
                continue;
            }
            make_way(now, text, &at);
            if let Err((key, message)) = set::apply_one(now, text, &at, FORM) {
                findings.push(Finding::new(&at, key, message));
            }
        }
        if findings.is_empty() {
            fill::kinds(now, schema_ref());
            findings = walk::check(now, schema_ref()).findings;
        }
        if findings.is_empty() {
            // what is misspelt was told of with the name that is meant
            findings.extend(self.sets().filter_map(|(text, at)| fixed(text, &at)));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        let scenario: Scenario = typed(now)?;
        let findings = cross::check(&scenario, now);
        if findings.is_empty() { Ok(scenario) } else { Err(findings) }
    }

    /// A finding as one of this entry, the override that led to it first.
    fn told(&self, mut finding: Finding) -> Finding {
        let j = finding.places.iter().find_map(|at| self.mine(at));
        let lead = self.written.get(self.own.start + j.unwrap_or(0)).cloned();
        let lead = lead.unwrap_or(At::Nowhere);
        let place = |at: &At| match at {
            At::Set(mark) if *mark >= At::MARKS => {
                self.written.get(mark - At::MARKS).cloned().unwrap_or(At::Nowhere)
            }
            at => at.clone(),
        };
        let mut places = vec![lead.clone()];
        let others = finding.places.iter().map(place).filter(|at| *at != At::Nowhere);
        for at in others {
            if !places.contains(&at) {
                places.push(at);
            }
        }
        finding.places = places;
        if matches!(lead, At::Set(n) if n >= self.given) {
            // an override that was made while the run was under way is in no file
            return finding;
        }
        let entry = match j {
            Some(j) => format!("changes.{}.set.{j}", self.i),
            None => format!("changes.{}.set", self.i),
        };
        let key = std::mem::replace(&mut finding.key, entry);
        let colon = if key.is_empty() { "" } else { ": " };
        let (round, message) = (self.change.round, &finding.message);
        finding.message = format!("from round {round} on, {key}{colon}{message}");
        finding
    }
}

/// Empties a table that is given another kind: the keys of the one are not those of the other, and a
/// scenario in which defaults are written out changes like one in which they are not.
fn make_way(now: &mut Node, text: &str, at: &At) {
    let Some((key, value)) = text.split_once('=') else { return };
    let mut parts: Vec<&str> = key.split('.').map(str::trim).collect();
    if parts.pop() != Some("kind") {
        return;
    }
    let table = parts.into_iter().try_fold(now, |node, part| match &mut node.body {
        Body::Table(table) => table.get_mut(part).map(|entry| &mut entry.node),
        Body::List(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    });
    let Some(table) = table.and_then(Node::as_table_mut) else { return };
    let before = table.get("kind").and_then(|entry| entry.node.as_text());
    match set::parse_value(value, key, at) {
        Ok(Body::Text(kind)) if before != Some(&*kind) => table.clear(),
        _ => {}
    }
}

/// The refusal of an override whose key is the same all through a run.
fn fixed(text: &str, at: &At) -> Option<Finding> {
    let key = text.split('=').next().unwrap_or_default().trim();
    if Change::may(key) {
        return None;
    }
    let message = format!("stays as it is all through a run; what may change: {MAY}");
    Some(Finding::new(at, name(key), message))
}
