//! The scenario's JSON Schema: one source for the checks, the documentation and editors.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::load::shape::{default_kind, resolved};
use super::{Battery, Plan, Recipe, Scenario};

/// The JSON Schema (draft 2020-12) of a scenario file, with titles, descriptions, defaults
/// and ranges; unknown keys are refused.
///
/// It says all that a single key may be. Combinations of keys are [`Scenario::check`]'s.
pub fn schema() -> Value {
    schema_ref().clone()
}

/// The schema, made once.
pub(super) fn schema_ref() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| make::<Scenario>("hivesim scenario"));
    &SCHEMA
}

/// The JSON Schema of a recipe for merging checkpoints, made once.
pub(super) fn recipe_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| make::<Recipe>("hivesim merge recipe"));
    &SCHEMA
}

/// The JSON Schema of a plan of a sweep, made once.
pub(super) fn plan_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| make::<Plan>("hivesim sweep plan"));
    &SCHEMA
}

/// The JSON Schema of a battery, made once.
pub(super) fn battery_schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| make::<Battery>("hivesim stress battery"));
    &SCHEMA
}

fn make<T: JsonSchema>(title: &str) -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    schema["title"] = json!(title);
    let mut defaults = Vec::new();
    collect_default_kinds(&schema, &schema, &mut defaults);
    tidy(&mut schema);
    for (definition, kind) in defaults {
        if let Some(union) = schema.pointer_mut(&definition) {
            make_optional(union, &kind);
        }
    }
    schema
}

/// Definitions with several kinds, and the kind that holds where none is given.
fn collect_default_kinds(root: &Value, node: &Value, found: &mut Vec<(String, String)>) {
    if let Some(reference) = node.get("$ref").and_then(Value::as_str)
        && resolved(root, node).get("oneOf").is_some()
        && let (Some(kind), Some(pointer)) = (default_kind(node), reference.strip_prefix('#'))
    {
        found.push((pointer.to_owned(), kind.to_owned()));
    }
    match node {
        Value::Object(entries) => {
            entries.values().for_each(|value| collect_default_kinds(root, value, found));
        }
        Value::Array(items) => {
            items.iter().for_each(|item| collect_default_kinds(root, item, found));
        }
        _ => {}
    }
}

/// Lets the branch of `kind` do without the key `kind`.
fn make_optional(union: &mut Value, kind: &str) {
    let branches = union.get_mut("oneOf").and_then(Value::as_array_mut);
    for branch in branches.into_iter().flatten() {
        if branch.pointer("/properties/kind/const").and_then(Value::as_str) != Some(kind) {
            continue;
        }
        if let Some(required) = branch.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|key| key != "kind");
        }
        branch["properties"]["kind"]["default"] = json!(kind);
    }
}

/// TOML has no null, and `uint32` and `double` are no formats of JSON Schema; a branch's
/// title is its kind.
fn tidy(node: &mut Value) {
    match node {
        Value::Object(entries) => {
            if entries.get("format").is_some_and(Value::is_string) {
                entries.shift_remove("format");
            }
            if let Some(Value::Array(types)) = entries.get_mut("type") {
                types.retain(|each| each != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    entries.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(branches)) = entries.get_mut("anyOf") {
                branches.retain(|branch| branch != &json!({ "type": "null" }));
                if let [Value::Object(only)] = branches.as_slice() {
                    let only = only.clone();
                    entries.shift_remove("anyOf");
                    entries.extend(only);
                }
            }
            let kind = entries.get("properties").and_then(|keys| keys.pointer("/kind/const"));
            if let Some(kind) = kind.cloned() {
                entries.shift_insert(0, "title".into(), kind);
            }
            entries.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
