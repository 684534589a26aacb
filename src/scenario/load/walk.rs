//! The check of a tree against the schema: keys, types, ranges, words and kinds.

use std::collections::BTreeSet;

use serde_json::Value;

use super::elsewhere::{elsewhere, is_free, other_stage};
use super::problem::{Finding, MOST};
use super::shape::{Shape, TableShape, shape};
use super::tree::{At, Body, Entry, Node, Table, quoted};
use crate::text::{name, nearest};

/// What the walk found.
pub(super) struct Found {
    /// The first of the file, as many as are told of.
    pub findings: Vec<Finding>,
    /// How many there are beyond those.
    pub more: usize,
}

/// Everything in `tree` that the schema `root` does not allow.
pub(super) fn check<'s>(tree: &'s Node, root: &'s Value) -> Found {
    let mut walk = Walk { root, tree, found: Found { findings: Vec::new(), more: 0 } };
    walk.value(tree, root, "");
    walk.found
}

struct Walk<'s> {
    root: &'s Value,
    /// The tree as a whole.
    tree: &'s Node,
    found: Found,
}

impl Found {
    /// Messages take time: those that nobody will see are only counted.
    fn add(&mut self, finding: impl FnOnce() -> Finding) {
        if self.findings.len() < MOST {
            self.findings.push(finding());
        } else {
            self.more += 1;
        }
    }
}

/// A table's entries in the order in which they were written.
fn in_order(table: &Table) -> Vec<(&String, &Entry)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(_, entry)| &entry.key);
    entries
}

impl<'s> Walk<'s> {
    fn value(&mut self, node: &Node, schema: &'s Value, path: &str) {
        let shape = shape(self.root, schema);
        match (&shape, &node.body) {
            (Shape::Table(keys), Body::Table(table)) => self.table(table, keys, path, &node.at),
            (Shape::Kinds(kinds), Body::Table(table)) => self.kinds(table, kinds, path, &node.at),
            (Shape::List { items, least, most, unique }, Body::List(nodes)) => {
                if !(*least..=*most).contains(&(nodes.len() as u64)) {
                    return self.unwanted(node, &shape, path);
                }
                if *unique {
                    self.repeats(nodes, path);
                }
                for (i, item) in nodes.iter().enumerate() {
                    self.value(item, items, &joined(path, &i.to_string()));
                }
            }
            (shape, body) if takes(shape, body) => {}
            _ => self.unwanted(node, &shape, path),
        }
    }

    fn table(&mut self, table: &Table, shape: &TableShape<'s>, path: &str, at: &At) {
        for (key, entry) in in_order(table) {
            match shape.keys.get(key) {
                Some(schema) => self.value(&entry.node, schema, &joined(path, key)),
                None => self.unknown_key((key, &entry.key), table, shape, path, ""),
            }
        }
        self.missing(table, shape, path, at);
    }

    fn missing(&mut self, table: &Table, shape: &TableShape<'s>, path: &str, at: &At) {
        for key in shape.required.iter().filter(|key| !table.contains_key(**key)) {
            let doc = shape.keys.get(*key).and_then(|schema| schema.get("description"));
            let doc = doc.and_then(Value::as_str).map(first_sentence).unwrap_or_default();
            let message = format!("is missing and has no default ({doc})");
            self.found.add(|| Finding::new(at, joined(path, key), message));
        }
    }

    fn kinds(&mut self, table: &Table, kinds: &[(&str, TableShape<'s>)], path: &str, at: &At) {
        let Some(kind) = table.get("kind") else {
            let wanted = alternatives_of(kinds);
            let message = format!("is missing and has no default; take {wanted}");
            self.found.add(|| Finding::new(at, joined(path, "kind"), message));
            return;
        };
        let name = kind.node.as_text();
        let Some((name, shape)) = kinds.iter().find(|(each, _)| Some(*each) == name) else {
            let words = Shape::Words(kinds.iter().map(|(kind, _)| *kind).collect());
            self.unwanted(&kind.node, &words, &joined(path, "kind"));
            return;
        };
        let known = |key: &str| shape.keys.contains_key(key);
        let mut strangers: Vec<&String> = table.keys().filter(|key| !known(key)).collect();
        strangers.sort_by_key(|key| &table[*key].key);
        let (foreign, unknown): (Vec<&String>, Vec<&String>) = strangers
            .into_iter()
            .partition(|key| kinds.iter().any(|(_, shape)| shape.keys.contains_key(*key)));
        self.foreign(table, &foreign, kinds, (name, shape), path);
        let context = format!(" with kind = {name:?}{}", source_of(&kind.node.at));
        for key in unknown {
            self.unknown_key((key, &table[key].key), table, shape, path, &context);
        }
        for (key, entry) in in_order(table) {
            if !known(key) || key == "kind" {
                continue;
            }
            self.value(&entry.node, &shape.keys[key], &joined(path, key));
        }
        self.missing(table, shape, path, at);
    }

    /// Keys that belong to another kind, in one message with all their places: they come
    /// in numbers when an override changes the kind.
    fn foreign(
        &mut self,
        table: &Table,
        foreign: &[&String],
        kinds: &[(&str, TableShape<'s>)],
        (name, shape): (&str, &TableShape<'s>),
        path: &str,
    ) {
        let owners = |key: &String| -> Vec<&str> {
            kinds.iter().filter(|(_, s)| s.keys.contains_key(key)).map(|(k, _)| *k).collect()
        };
        let common = kinds
            .iter()
            .map(|(kind, _)| *kind)
            .filter(|kind| foreign.iter().all(|key| owners(key).contains(kind)));
        let common: Vec<&str> = common.collect();
        let groups: Vec<(Vec<&String>, Vec<&str>)> = match (foreign.is_empty(), common.is_empty()) {
            (true, _) => Vec::new(),
            (false, false) => vec![(foreign.to_vec(), common)],
            (false, true) => foreign.iter().map(|key| (vec![*key], owners(key))).collect(),
        };
        let source = table.get("kind").map(|kind| source_of(&kind.node.at)).unwrap_or_default();
        for (keys, owners) in groups {
            let wrong = match keys.len() {
                1 => "does not belong to",
                _ => "do not belong to",
            };
            let owners = super::shape::alternatives(owners.into_iter());
            let message = format!(
                "{wrong} kind = {name:?}{source} but to {owners}; allowed here are {}",
                listed(shape)
            );
            let names: Vec<String> = keys.iter().map(|key| joined(path, key)).collect();
            let mut places: Vec<At> = keys.iter().map(|key| table[*key].key.clone()).collect();
            places.sort();
            self.found.add(|| Finding { key: names.join(", "), places, message });
        }
    }

    fn unknown_key(
        &mut self,
        (key, at): (&str, &At),
        table: &Table,
        shape: &TableShape<'s>,
        path: &str,
        context: &str,
    ) {
        let (root, tree) = (self.root, self.tree);
        self.found.add(|| {
            let free = shape.keys.keys().filter(|each| is_free(table.get(*each), at));
            let hint = match nearest(key, free.map(String::as_str)) {
                Some(best) => format!("; did you mean `{best}`?"),
                None => elsewhere(root, tree, path, key, at),
            };
            let message = format!("no such key{context}; allowed here are {}{hint}", listed(shape));
            Finding::new(at, joined(path, key), message)
        });
    }

    fn repeats(&mut self, nodes: &[Node], path: &str) {
        let mut seen = BTreeSet::new();
        for (i, node) in nodes.iter().enumerate() {
            if !seen.insert(node.to_plain().to_string()) {
                let message = format!("{} stands here twice; give it once", node.described());
                self.found.add(|| Finding::new(&node.at, joined(path, &i.to_string()), message));
            }
        }
    }

    fn unwanted(&mut self, node: &Node, shape: &Shape<'_>, path: &str) {
        let path = if path.is_empty() { "the file" } else { path };
        let root = self.root;
        self.found.add(|| {
            let hint = hint(root, node, shape, path);
            let message = format!("found {}; wanted {}{hint}", node.described(), shape.described());
            Finding::new(&node.at, path.to_owned(), message)
        });
    }
}

/// Whether a value that is neither a list nor a table is what is wanted.
fn takes(shape: &Shape<'_>, body: &Body) -> bool {
    match (shape, body) {
        (Shape::Unknown, _) | (Shape::Flag, Body::Flag(_)) => true,
        (Shape::Words(words), Body::Text(text)) => words.contains(&text.as_str()),
        (Shape::Text { least }, Body::Text(text)) => text.chars().count() as u64 >= *least,
        (Shape::Whole { least, most }, Body::Integer(i)) => (least..=most).contains(&i),
        (Shape::Number { least, most }, Body::Float(x)) => (least..=most).contains(&x),
        // Integers up to 2^53 are exact, and every range of a number ends far below.
        (Shape::Number { least, most }, Body::Integer(i)) => {
            (*least..=*most).contains(&(*i as f64))
        }
        _ => false,
    }
}

/// What the writer may have meant by a value of the wrong type or range: something that may
/// stand in its place.
fn hint(root: &Value, node: &Node, wanted: &Shape<'_>, path: &str) -> String {
    let may = |body: &Body| takes(wanted, body);
    let in_file = matches!(node.at, At::File(..));
    // an entry of a list has no header of its own
    let is_entry = path.split('.').any(|part| part.parse::<u32>().is_ok());
    let meant = match (wanted, &node.body) {
        (Shape::Words(words), Body::Text(text)) => {
            let near = nearest(text, words.iter().copied()).map(|word| format!("{word:?}"));
            near.or_else(|| other_stage(path, text))
        }
        (Shape::Words(_), Body::List(nodes)) => match nodes.as_slice() {
            [only] => only.as_text().filter(|_| may(&only.body)).map(quoted),
            _ => None,
        },
        (Shape::Whole { .. }, Body::Float(x)) if x.fract() == 0.0 => {
            let whole = *x as i64;
            may(&Body::Integer(whole)).then(|| whole.to_string())
        }
        (Shape::Whole { .. }, Body::Text(text)) => {
            let whole = text.trim().parse::<i64>().ok().filter(|i| may(&Body::Integer(*i)));
            whole.map(|i| i.to_string())
        }
        (Shape::Number { .. }, Body::Text(text)) => {
            let number = text.trim().parse::<f64>().ok().filter(|x| may(&Body::Float(*x)));
            number.map(|x| format!("{x:?}"))
        }
        (Shape::Flag, Body::Text(text)) => {
            let text = text.to_ascii_lowercase();
            matches!(text.as_str(), "true" | "false").then_some(text)
        }
        (Shape::Text { .. }, Body::Integer(i)) => Some(format!("\"{i}\"")),
        (Shape::Text { .. }, Body::Float(x)) => Some(format!("\"{x:?}\"")),
        (Shape::Text { .. }, Body::Flag(flag)) => Some(format!("\"{flag}\"")),
        (Shape::Text { .. }, Body::Date(date)) => Some(format!("\"{date}\"")),
        (Shape::Kinds(kinds), Body::Text(text)) => {
            let kind = nearest(text, kinds.iter().map(|(kind, _)| *kind));
            kind.map(|kind| format!("{{ kind = {kind:?} }}"))
        }
        (Shape::List { items, .. }, Body::Table(table)) => match shape(root, items) {
            Shape::Table(_) | Shape::Kinds(_) if in_file && !is_entry => {
                Some(format!("[[{path}]]"))
            }
            Shape::Table(keys) if !in_file => {
                let known = |key: &&String| keys.keys.contains_key(*key);
                table.keys().find(known).map(|key| format!("{path}.0.{key}"))
            }
            _ => None,
        },
        (Shape::List { items, least: 0..=1, .. }, body) => {
            let entry = takes(&shape(root, items), body);
            match body {
                Body::Text(text) if entry => Some(format!("[{}]", quoted(text))),
                Body::Integer(_) | Body::Float(_) if entry => {
                    Some(format!("[{}]", node.described()))
                }
                _ => None,
            }
        }
        (Shape::Table(_) | Shape::Kinds(_), Body::List(_)) => {
            (in_file && !is_entry).then(|| format!("[{path}]"))
        }
        _ => None,
    };
    meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

fn source_of(at: &At) -> &'static str {
    match at {
        At::File(..) => "",
        At::Set(mark) if *mark >= At::MARKS => "",
        At::Set(_) => " (from the command line)",
        At::Nowhere => " (the default)",
    }
}

fn listed(shape: &TableShape<'_>) -> String {
    shape.keys.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn alternatives_of(kinds: &[(&str, TableShape<'_>)]) -> String {
    super::shape::alternatives(kinds.iter().map(|(kind, _)| *kind))
}

fn first_sentence(doc: &str) -> String {
    let doc = doc.replace('\n', " ");
    doc.split_once(". ").map_or(doc.trim_end_matches('.'), |(first, _)| first).to_owned()
}

/// A dotted path with one more part, quoted where TOML would want quotes, and cut where it is
/// longer than any key of ours.
pub(super) fn joined(path: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = if !key.is_empty() && key.chars().all(bare) { name(key) } else { quoted(key) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
