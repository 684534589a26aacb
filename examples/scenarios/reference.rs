//! The reference of the scenario file, out of its schema.

use hivesim::scenario::schema;
use serde_json::Value;
use std::fmt::Write as _;

/// Keys of `[distiller]` whose kinds have a page of their own.
const PIPELINE: [&str; 3] = ["pre", "combine", "server"];
const KINDS: &str = "a `kind` and its keys: [strategies.md](strategies.md)";

/// Every key of a scenario file, out of its schema.
pub fn reference() -> String {
    let schema = schema();
    let mut text = String::new();
    section(&schema, &schema, "", &mut text);
    text
}

fn resolved<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    let pointer = node.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    pointer.and_then(|pointer| root.pointer(pointer)).unwrap_or(node)
}

/// The table of one section, then the sections below it.
fn section(root: &Value, table: &Value, path: &str, text: &mut String) {
    let Some(keys) = table.get("properties").and_then(Value::as_object) else { return };
    let kind = keys.get("kind").and_then(|kind| kind.get("const")).and_then(Value::as_str);
    let title = match (path, kind) {
        ("", _) => "top of the file".to_string(),
        (path, Some(kind)) => format!("`[{path}]`, `kind = \"{kind}\"`"),
        (path, None) => format!("`[{path}]`"),
    };
    let doc = |node: &Value| {
        let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
        text.replace('\n', " ").replace('|', "\\|")
    };
    let _ = writeln!(text, "### {title}\n\n{}\n", doc(table));
    let (mut rows, mut below) = (String::new(), Vec::new());
    for (key, node) in keys {
        let target = resolved(root, node);
        let items = target.get("items").map(|items| resolved(root, items));
        let entry = items.filter(|items| items.get("properties").is_some());
        if let Some(entry) = entry {
            below.push((key, entry));
        }
        let branches = target.get("oneOf").and_then(Value::as_array);
        if path == "distiller" && PIPELINE.contains(&key.as_str()) {
            let of = doc(items.unwrap_or(target));
            let meaning = [doc(node), of].into_iter().find(|text| !text.is_empty());
            let meaning = meaning.unwrap_or_default();
            let _ = writeln!(rows, "| `{key}` | {KINDS} | | {meaning} |");
        } else if target.get("properties").is_some() {
            below.push((key, target));
        } else if branches.is_some_and(|b| b.iter().any(|b| b.get("properties").is_some())) {
            below.extend(branches.into_iter().flatten().map(|branch| (key, branch)));
        } else if node.get("const").is_none() {
            let default = match node.get("default") {
                Some(default) if entry.is_none() => format!("`{default}`"),
                _ => String::new(),
            };
            let (what, meaning) = (range(target), doc(node));
            let mut meaning = if meaning.is_empty() { doc(target) } else { meaning };
            for word in branches.into_iter().flatten() {
                let (word, what) = (word.get("const").and_then(Value::as_str), doc(word));
                if let Some(word) = word.filter(|_| !what.is_empty()) {
                    meaning += &format!(" *{word}*: {what}");
                }
            }
            let _ = writeln!(rows, "| `{key}` | {what} | {default} | {meaning} |");
        }
    }
    if !rows.is_empty() {
        let _ =
            writeln!(text, "| key | what | default | meaning |\n| --- | --- | --- | --- |\n{rows}");
    }
    for (key, target) in below {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        section(root, target, &path, text);
    }
}

/// What a value may be.
fn range(node: &Value) -> String {
    let words = |list: &[Value], key: &str| {
        let word = |each: &Value| each.get(key).unwrap_or(each).to_string();
        list.iter().map(|each| format!("`{}`", word(each))).collect::<Vec<_>>().join(", ")
    };
    if let Some(branches) = node.get("oneOf").and_then(Value::as_array) {
        return words(branches, "const");
    }
    if let Some(list) = node.get("enum").and_then(Value::as_array) {
        return words(list, "");
    }
    let bound = |key: &str| node.get(key).map_or(String::new(), ToString::to_string);
    match node.get("type").and_then(Value::as_str) {
        Some("integer") => format!("whole, {} to {}", bound("minimum"), bound("maximum")),
        Some("number") => format!("number, {} to {}", bound("minimum"), bound("maximum")),
        Some("string") => "text".into(),
        Some("boolean") => "true or false".into(),
        Some("array") => {
            let items = node.get("items").map(range).unwrap_or_default();
            if items.is_empty() { "list".into() } else { format!("list of {items}") }
        }
        _ => String::new(),
    }
}
