//! A scenario as a tree of values that know where they came from.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

/// Where a key or value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// Bytes of the scenario file.
    File(usize, usize),
    /// The override with this number.
    Set(usize),
    /// Nowhere: a default, or a scenario built in code.
    Nowhere,
}

impl At {
    /// Overrides with numbers from here on are those of the scenario's changes, told apart by marks
    /// until something is found.
    pub const MARKS: usize = usize::MAX / 2;
}

impl From<Range<usize>> for At {
    fn from(bytes: Range<usize>) -> Self {
        At::File(bytes.start, bytes.end)
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: At,
    pub body: Body,
}

/// TOML's values.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(String),
    Integer(i64),
    /// An integer as it was written, beyond what 64 bits hold.
    Huge(String),
    Float(f64),
    Flag(bool),
    Date(Datetime),
    List(Vec<Node>),
    Table(Table),
}

pub(super) type Table = BTreeMap<String, Entry>;

/// A table's entry: the place of its key, and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: At,
    pub node: Node,
}

impl Entry {
    /// An entry that was written nowhere.
    pub fn unwritten(body: Body) -> Self {
        Entry { key: At::Nowhere, node: Node { at: At::Nowhere, body } }
    }
}

impl Node {
    /// The tree of a parsed document. Depth is bounded by the parser (80).
    pub fn of_document(document: &Spanned<DeTable<'_>>) -> Self {
        let at = |bytes: Range<usize>| At::from(bytes);
        Node { at: at(document.span()), body: Body::Table(table(document.get_ref(), &at)) }
    }

    /// The tree of one value, all of it written at `at`.
    pub fn of_value(value: &DeValue<'_>, at: &At) -> Self {
        Node { at: at.clone(), body: body(value, &|_| at.clone()) }
    }

    /// The tree of a scenario built in code.
    pub fn of_code(value: toml::Value) -> Self {
        let body = match value {
            toml::Value::String(text) => Body::Text(text),
            toml::Value::Integer(i) => Body::Integer(i),
            toml::Value::Float(x) => Body::Float(x),
            toml::Value::Boolean(flag) => Body::Flag(flag),
            toml::Value::Datetime(date) => Body::Date(date),
            toml::Value::Array(items) => Body::List(items.into_iter().map(Node::of_code).collect()),
            toml::Value::Table(entries) => {
                let entry = |value| Entry { key: At::Nowhere, node: Node::of_code(value) };
                Body::Table(entries.into_iter().map(|(key, value)| (key, entry(value))).collect())
            }
        };
        Node { at: At::Nowhere, body }
    }

    /// The plain value, for serde. An integer that does not fit becomes its text.
    pub fn to_plain(&self) -> toml::Value {
        match &self.body {
            Body::Text(text) | Body::Huge(text) => toml::Value::String(text.clone()),
            Body::Integer(i) => toml::Value::Integer(*i),
            Body::Float(x) => toml::Value::Float(*x),
            Body::Flag(flag) => toml::Value::Boolean(*flag),
            Body::Date(date) => toml::Value::Datetime(*date),
            Body::List(items) => toml::Value::Array(items.iter().map(Node::to_plain).collect()),
            Body::Table(table) => toml::Value::Table(
                table.iter().map(|(key, entry)| (key.clone(), entry.node.to_plain())).collect(),
            ),
        }
    }

    pub fn as_table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.body {
            Body::Table(table) => Some(table),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The node at a dotted path such as `world.changes.0.round`.
    pub fn find(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, part| match &node.body {
            Body::Table(table) => table.get(part).map(|entry| &entry.node),
            Body::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// What the value is, in words, for a message: `the text "ten"`, `a list of 3`.
    pub fn described(&self) -> String {
        match &self.body {
            Body::Text(text) if text.is_empty() => "an empty text".into(),
            Body::Text(text) => format!("the text {}", quoted(text)),
            Body::Integer(i) => i.to_string(),
            Body::Huge(digits) => shortened(digits),
            Body::Float(x) => format!("{x:?}"),
            Body::Flag(flag) => flag.to_string(),
            Body::Date(date) => format!("the date {date}"),
            Body::List(items) if items.is_empty() => "an empty list".into(),
            Body::List(items) => format!("a list of {}", items.len()),
            Body::Table(_) => "a table".into(),
        }
    }
}

/// Text in quotes with escapes, cut to a length that fits a message.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn table(entries: &DeTable<'_>, at: &impl Fn(Range<usize>) -> At) -> Table {
    let entry = |key: Range<usize>, value: &Spanned<DeValue<'_>>| Entry {
        key: at(key),
        node: Node { at: at(value.span()), body: body(value.get_ref(), at) },
    };
    entries
        .iter()
        .map(|(key, value)| (key.get_ref().clone().into_owned(), entry(key.span(), value)))
        .collect()
}

fn body(value: &DeValue<'_>, at: &impl Fn(Range<usize>) -> At) -> Body {
    match value {
        DeValue::String(text) => Body::Text(text.clone().into_owned()),
        DeValue::Integer(digits) => match i64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(i) => Body::Integer(i),
            Err(_) => Body::Huge(digits.as_str().to_owned()),
        },
        // The parser has seen that it is a float; what `parse` does not know is not a number.
        DeValue::Float(digits) => Body::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Body::Flag(*flag),
        DeValue::Datetime(date) => Body::Date(*date),
        DeValue::Array(items) => Body::List(
            items
                .iter()
                .map(|item| Node { at: at(item.span()), body: body(item.get_ref(), at) })
                .collect(),
        ),
        DeValue::Table(entries) => Body::Table(table(entries, at)),
    }
}
