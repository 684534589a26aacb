//! What the schema wants at a place, read out of its JSON.
//!
//! Only the constructs that the scenario's own types produce are known; a unit test walks
//! the whole schema to see that none is left over.

use serde_json::{Map, Value};

/// What is wanted at a place.
#[derive(Debug)]
pub(in crate::scenario) enum Shape<'s> {
    /// A table with these keys.
    Table(TableShape<'s>),
    /// A table whose `kind` says which of several it is.
    Kinds(Vec<(&'s str, TableShape<'s>)>),
    /// One of several words.
    Words(Vec<&'s str>),
    /// A list.
    List { items: &'s Value, least: u64, most: u64, unique: bool },
    /// An integer.
    Whole { least: i64, most: i64 },
    /// A finite number.
    Number { least: f64, most: f64 },
    /// Text of at least so many characters.
    Text { least: u64 },
    /// `true` or `false`.
    Flag,
    /// A construct that is not known here: anything goes, serde has the last word.
    Unknown,
}

/// The keys of a table.
#[derive(Debug)]
pub(in crate::scenario) struct TableShape<'s> {
    pub keys: &'s Map<String, Value>,
    pub required: Vec<&'s str>,
}

/// What `schema`, a part of `root`, wants.
pub(in crate::scenario) fn shape<'s>(root: &'s Value, schema: &'s Value) -> Shape<'s> {
    let schema = resolved(root, schema);
    if let Some(branches) = schema.get("oneOf").and_then(Value::as_array) {
        return one_of(branches);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Shape::Words(words.iter().filter_map(Value::as_str).collect());
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => table(schema).map_or(Shape::Unknown, Shape::Table),
        Some("array") => list(schema),
        Some("integer") => Shape::Whole {
            least: schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN),
            most: schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::MAX),
        },
        Some("number") => Shape::Number {
            least: schema.get("minimum").and_then(Value::as_f64).unwrap_or(f64::MIN),
            most: schema.get("maximum").and_then(Value::as_f64).unwrap_or(f64::MAX),
        },
        Some("string") => {
            Shape::Text { least: schema.get("minLength").and_then(Value::as_u64).unwrap_or(0) }
        }
        Some("boolean") => Shape::Flag,
        _ => Shape::Unknown,
    }
}

/// The `kind` that holds where a table with the property schema `property` has none.
pub(in crate::scenario) fn default_kind(property: &Value) -> Option<&str> {
    property.get("default")?.get("kind")?.as_str()
}

/// Follows a `$ref` into the schema's definitions.
pub(in crate::scenario) fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?))
        .unwrap_or(schema)
}

fn one_of(branches: &[Value]) -> Shape<'_> {
    let words: Option<Vec<&str>> =
        branches.iter().map(|branch| branch.get("const").and_then(Value::as_str)).collect();
    if let Some(words) = words {
        return Shape::Words(words);
    }
    let kinds: Option<Vec<_>> = branches
        .iter()
        .map(|branch| {
            let kind = branch.pointer("/properties/kind/const")?.as_str()?;
            Some((kind, table(branch)?))
        })
        .collect();
    kinds.map_or(Shape::Unknown, Shape::Kinds)
}

fn table(schema: &Value) -> Option<TableShape<'_>> {
    let required = schema.get("required").and_then(Value::as_array);
    Some(TableShape {
        keys: schema.get("properties")?.as_object()?,
        required: required.into_iter().flatten().filter_map(Value::as_str).collect(),
    })
}

fn list(schema: &Value) -> Shape<'_> {
    let Some(items) = schema.get("items") else { return Shape::Unknown };
    Shape::List {
        items,
        least: schema.get("minItems").and_then(Value::as_u64).unwrap_or(0),
        most: schema.get("maxItems").and_then(Value::as_u64).unwrap_or(u64::MAX),
        unique: schema.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false),
    }
}

impl Shape<'_> {
    /// What is wanted, in words: `a whole number from 1 to 100`.
    pub fn described(&self) -> String {
        match self {
            Shape::Table(_) => "a table".into(),
            Shape::Kinds(kinds) => {
                format!("a table of kind {}", alternatives(kinds.iter().map(|(kind, _)| *kind)))
            }
            Shape::Words(words) if words.len() == 1 => format!("{:?}", words[0]),
            Shape::Words(words) => alternatives(words.iter().copied()),
            Shape::List { least, most, .. } if (*least, *most) == (0, u64::MAX) => "a list".into(),
            Shape::List { least: 0, most, .. } => {
                format!("a list of at most {}", grouped(i64::try_from(*most).unwrap_or(i64::MAX)))
            }
            Shape::List { least, most, .. } => format!("a list of {least} to {most}"),
            Shape::Whole { least: i64::MIN, most: i64::MAX } => "a whole number".into(),
            Shape::Whole { least, most } => {
                format!("a whole number from {} to {}", grouped(*least), grouped(*most))
            }
            Shape::Number { least, most } if (*least, *most) == (f64::MIN, f64::MAX) => {
                "a number".into()
            }
            Shape::Number { least, most } => {
                format!("a number from {} to {}", plain(*least), plain(*most))
            }
            Shape::Text { least: 0 } => "text in quotes".into(),
            Shape::Text { .. } => "text in quotes that is not empty".into(),
            Shape::Flag => "true or false".into(),
            Shape::Unknown => "something else".into(),
        }
    }
}

/// A whole number as TOML may have it, with `_` between groups of three digits from five
/// digits on.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let sign = if number < 0 { "-" } else { "" };
    if digits.len() < 5 {
        return format!("{sign}{digits}");
    }
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// A number, grouped where it is a whole one that floats hold exactly.
fn plain(number: f64) -> String {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => grouped(number as i64),
        false => number.to_string(),
    }
}

/// `"a", "b" or "c"`.
pub(in crate::scenario) fn alternatives<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema;
    use crate::scenario::schema::recipe_schema;

    fn walk(root: &Value, node: &Value, path: &str) {
        match shape(root, node) {
            Shape::Unknown => panic!("{path}: {node}"),
            Shape::Table(table) => keys(root, &table, path),
            Shape::Kinds(kinds) => {
                for (kind, table) in &kinds {
                    keys(root, table, &format!("{path}({kind})"));
                }
            }
            Shape::List { items, .. } => walk(root, items, &format!("{path}[]")),
            Shape::Words(_) | Shape::Text { .. } | Shape::Flag => {}
            Shape::Whole { least, most } => {
                assert!(least > i64::MIN && least <= most, "{path}: no lower bound");
            }
            Shape::Number { least, most } => {
                assert!(least > f64::MIN && most < f64::MAX, "{path}: unbounded");
            }
        }
    }

    fn keys(root: &Value, table: &TableShape<'_>, path: &str) {
        for (key, node) in table.keys {
            if key != "kind" || node.get("const").is_none() {
                walk(root, node, &format!("{path}.{key}"));
            }
        }
    }

    #[test]
    fn every_place_of_the_schemas_has_a_known_shape_and_bounds() {
        let schema = schema();
        walk(&schema, &schema, "");
        let recipe = recipe_schema();
        walk(recipe, recipe, "");
    }
}
