//! Overrides: `--set section.key=value`.

use toml::de::DeValue;

use super::problem::Finding;
use super::shape::{Shape, shape};
use super::syntax::one_line;
use super::tree::{At, Body, Entry, Node, Table};
use crate::scenario::schema::recipe_schema;
use crate::text::name;

/// The deepest key; the scenario's own go to four parts.
const MOST_PARTS: usize = 16;

/// A key that is set from outside the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// As messages show it.
    pub(super) shown: String,
    /// As `key=value`, the value TOML or a bare word.
    pub(super) set: String,
}

impl Override {
    /// `--set section.key=value` of a scenario.
    pub fn set(text: &str) -> Self {
        Override { shown: format!("--set {text}"), set: text.into() }
    }

    /// `--set key=value` of a recipe. A key that is none of a recipe's own is one of the
    /// strategy's: `density=0.2` is `combine.density=0.2`.
    pub fn set_in_recipe(text: &str) -> Self {
        let first = text.split(['.', '=']).next().unwrap_or_default().trim();
        let own = match shape(recipe_schema(), recipe_schema()) {
            Shape::Table(table) => table.keys.contains_key(first),
            _ => true,
        };
        let set = if own || first.is_empty() { text.into() } else { format!("combine.{text}") };
        Override { shown: format!("--set {text}"), set }
    }

    /// A key that a sweep sets; messages show where it stands in the plan.
    pub fn swept(shown: String, key: &str, value: &toml::Value) -> Self {
        Override { shown, set: format!("{key}={value}") }
    }

    /// A key that a name stands for, its value as text, TOML or a bare word.
    pub(crate) fn named(shown: String, key: &str, value: &str) -> Self {
        Override { shown, set: format!("{key}={value}") }
    }

    /// Another argument, which messages show as it is.
    pub fn argument(shown: String, key: &str, value: impl Into<toml::Value>) -> Self {
        Override { shown, set: format!("{key}={}", value.into()) }
    }
}

/// Puts the overrides into the tree, in their order; what cannot be put is a finding. `form` says
/// what is wanted: `section.key=value, such as fleet.agents=100`.
pub(super) fn apply(tree: &mut Node, sets: &[Override], form: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, set) in sets.iter().enumerate() {
        let at = At::Set(i);
        if let Err((key, message)) = apply_one(tree, &set.set, &at, form) {
            findings.push(Finding::new(&at, key, message));
        }
    }
    findings
}

/// A key and what is wrong with it.
pub(super) type Refusal = (String, String);

pub(super) fn apply_one(tree: &mut Node, set: &str, at: &At, form: &str) -> Result<(), Refusal> {
    let Some((key, value)) = set.split_once('=') else {
        return Err((String::new(), format!("found no `=`; wanted {form}")));
    };
    let parts: Vec<&str> = key.split('.').map(str::trim).collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err((String::new(), format!("found an empty key; wanted {form}")));
    }
    if parts.len() > MOST_PARTS {
        return Err((
            String::new(),
            format!("found a key of {} parts; wanted {form}", parts.len()),
        ));
    }
    let value = Node { at: at.clone(), body: parse_value(value, &dotted(&parts), at)? };
    put(tree, &parts, 0, value)
}

/// A TOML value; what is none and does not look like one is text.
pub(super) fn parse_value(text: &str, key: &str, at: &At) -> Result<Body, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        let message = format!("found nothing after `=`; an empty text is written '{key}=\"\"'");
        return Err((key.to_owned(), message));
    }
    match DeValue::parse(text) {
        Ok(value) => Ok(Node::of_value(value.get_ref(), at).body),
        Err(error) if text.starts_with(['"', '\'', '[', '{']) => {
            let hint = match text.starts_with(['[', '{']) {
                true => "; text inside it stands in quotes, as in [\"isolated\"]",
                false => "",
            };
            let message = format!("the value is not TOML: {}{hint}", one_line(error.message()));
            Err((key.to_owned(), message))
        }
        Err(_) => Ok(Body::Text(text.to_owned())),
    }
}

fn put(node: &mut Node, parts: &[&str], done: usize, value: Node) -> Result<(), Refusal> {
    let Some(part) = parts.get(done) else {
        *node = value;
        return Ok(());
    };
    let here = || dotted(&parts[..done]);
    match &mut node.body {
        Body::Table(table) => {
            let entry = table.entry((*part).to_owned()).or_insert_with(|| {
                let body = blank(parts.get(done + 1));
                Entry { key: value.at.clone(), node: Node { at: value.at.clone(), body } }
            });
            put(&mut entry.node, parts, done + 1, value)
        }
        Body::List(items) => {
            let Ok(index) = part.parse::<usize>() else {
                let part = name(part);
                let message =
                    format!("is a list; wanted an entry's number, from 0 on, not `{part}`");
                return Err((here(), message));
            };
            if index > items.len() {
                let message = match items.len() {
                    0 => format!("is empty; its first entry has the number 0, not {index}"),
                    1 => {
                        format!("has one entry, number 0; a new one has the number 1, not {index}")
                    }
                    n => format!(
                        "has {n} entries, from number 0 on; a new one has the number {n}, not {index}"
                    ),
                };
                return Err((here(), message));
            }
            if index == items.len() {
                let body = blank(parts.get(done + 1));
                items.push(Node { at: value.at.clone(), body });
            }
            put(&mut items[index], parts, done + 1, value)
        }
        _ => {
            let (found, part) = (node.described(), name(part));
            let message = format!("found {found}, which has no key `{part}`");
            Err((here(), message))
        }
    }
}

/// A key as messages show it.
fn dotted(parts: &[&str]) -> String {
    parts.iter().map(|part| name(part)).collect::<Vec<_>>().join(".")
}

/// What is made on the way to a key that is not there yet: a list where a number follows.
fn blank(next: Option<&&str>) -> Body {
    match next {
        Some(part) if part.parse::<i64>().is_ok() => Body::List(Vec::new()),
        _ => Body::Table(Table::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sets: &[&str]) -> String {
        let mut tree = Node { at: At::Nowhere, body: Body::Table(Table::new()) };
        let sets: Vec<Override> = sets.iter().map(|set| Override::set(set)).collect();
        let findings = apply(&mut tree, &sets, "key=value");
        assert!(findings.is_empty(), "{findings:?}");
        toml::to_string(&tree.to_plain()).unwrap()
    }

    #[test]
    fn a_value_is_toml_and_a_bare_word_is_text() {
        assert_eq!(after(&["rounds=3", "name=spread"]), "name = \"spread\"\nrounds = 3\n");
        assert_eq!(after(&["a = [1, 2]"]), "a = [1, 2]\n");
        assert_eq!(after(&["name=\"7\""]), "name = \"7\"\n");
    }

    #[test]
    fn a_value_may_hold_equals_signs_and_dots() {
        assert_eq!(after(&["question=is a = b.c?"]), "question = \"is a = b.c?\"\n");
    }

    #[test]
    fn keys_go_deep_and_number_the_entries_of_lists() {
        let sets = ["w.changes.0.round=5", "w.changes.0.skill=1", "w.changes.1.round=6"];
        let expected = "[[w.changes]]\nround = 5\nskill = 1\n\n[[w.changes]]\nround = 6\n";
        assert_eq!(after(&sets), expected);
    }

    #[test]
    fn the_last_override_of_a_key_wins() {
        assert_eq!(after(&["rounds=3", "rounds=4"]), "rounds = 4\n");
    }
}
