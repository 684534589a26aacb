//! A scenario as TOML text, every key with its documentation.

use serde_json::Value;

use super::CheckedScenario;
use super::load::shape::{Shape, TableShape, alternatives, shape};
use super::schema::schema_ref;

impl CheckedScenario {
    /// The scenario as TOML with all defaults filled in, each key after its documentation
    /// as a comment. It parses back to the same scenario, wherever it is kept: a relative
    /// path becomes absolute.
    pub fn to_toml(&self) -> String {
        let root = schema_ref();
        let mut page = Page { root, text: String::new() };
        // Only a map with keys that are not text could fail here, and there is none.
        if let (Ok(value), Shape::Table(keys)) =
            (serde_json::to_value(self.anywhere()), shape(root, root))
        {
            page.table(&keys, &value, "");
        }
        page.text
    }
}

struct Page<'s> {
    root: &'s Value,
    text: String,
}

impl<'s> Page<'s> {
    /// The keys of a table: values first, then the tables below it, as TOML wants it.
    fn table(&mut self, keys: &TableShape<'s>, value: &Value, path: &str) {
        let (below, plain): (Vec<_>, Vec<_>) =
            keys.keys.iter().partition(|(key, _)| value.get(key.as_str()).is_some_and(is_table));
        for (key, schema) in plain {
            // A kind is written by the header of its table.
            if key != "kind" || schema.get("const").is_none() {
                self.key(key, schema, value.get(key), keys);
            }
        }
        for (key, schema) in below {
            self.below(key, schema, &value[key], path);
        }
    }

    fn key(&mut self, key: &str, schema: &'s Value, value: Option<&Value>, keys: &TableShape<'_>) {
        if !self.text.is_empty() && !self.text.ends_with("]\n") {
            self.text.push('\n');
        }
        self.comment(schema);
        let wanted = shape(self.root, schema);
        if let Shape::Whole { .. } | Shape::Number { .. } | Shape::Words(_) = wanted {
            self.line(&format!("# {}", capitalised(&wanted.described())));
        }
        match value.filter(|value| !value.is_null()).map(inline) {
            Some(text) => self.line(&format!("{key} = {text}")),
            // Only optional keys are absent, and those the file leaves out.
            None if !keys.required.contains(&key) => self.line(&format!("# {key} is not set")),
            None => {}
        }
    }

    fn below(&mut self, key: &str, schema: &'s Value, value: &Value, path: &str) {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match (shape(self.root, schema), value) {
            (Shape::Table(keys), _) => {
                self.header(schema, &format!("[{path}]"));
                self.table(&keys, value, &path);
            }
            (Shape::Kinds(kinds), _) => {
                self.header(schema, &format!("[{path}]"));
                self.kind(&kinds, value, &path);
            }
            (Shape::List { items, .. }, Value::Array(entries)) => {
                for entry in entries {
                    self.header(schema, &format!("[[{path}]]"));
                    match shape(self.root, items) {
                        Shape::Table(keys) => self.table(&keys, entry, &path),
                        Shape::Kinds(kinds) => self.kind(&kinds, entry, &path),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// The kind of a table that may have several, and the keys of that kind.
    fn kind(&mut self, kinds: &[(&'s str, TableShape<'s>)], value: &Value, path: &str) {
        let name = value.get("kind").and_then(Value::as_str);
        let words = alternatives(kinds.iter().map(|(kind, _)| *kind));
        if let Some((kind, keys)) = kinds.iter().find(|(kind, _)| Some(*kind) == name) {
            self.line(&format!("# {}", capitalised(&words)));
            self.line(&format!("kind = {kind:?}"));
            self.table(keys, value, path);
        }
    }

    fn header(&mut self, schema: &Value, header: &str) {
        self.text.push('\n');
        self.comment(schema);
        self.line(header);
    }

    fn comment(&mut self, schema: &Value) {
        let doc = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        for line in doc.lines() {
            self.line(format!("# {line}").trim_end());
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Tables and lists of tables get a header of their own.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.first().is_some_and(Value::is_object),
        _ => false,
    }
}

/// A value on one line, as TOML.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        // JSON and TOML write booleans and finite numbers alike: floats keep their point.
        other => other.to_string(),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
