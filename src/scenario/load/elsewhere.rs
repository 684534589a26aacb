//! Where a key belongs that stands in the wrong table.

use serde_json::Value;

use super::shape::{Shape, TableShape, default_kind, shape};
use super::tree::{At, Body, Entry, Node};
use super::walk::joined;
use crate::scenario::{Stage, kinds};

/// Where else a key that stands in the table `here`, at `at`, may stand, as the end of a message:
/// the kinds of tables are those that `tree` has. Places within the same table come before all
/// others.
pub(super) fn elsewhere(root: &Value, tree: &Node, here: &str, key: &str, at: &At) -> String {
    let mut places = Vec::new();
    collect(root, root, Some(tree), (key, at), "", &mut places);
    let within = |place: &String| place.strip_prefix(here).is_some_and(|p| p.starts_with('.'));
    if places.iter().any(within) {
        places.retain(within);
    }
    match places.as_slice() {
        [] => String::new(),
        [top] if top == key => format!(
            "; `{key}` is a key of the top level: it stands before the first [table] of the file"
        ),
        few if few.len() <= 3 => format!("; did you mean `{}`?", few.join("` or `")),
        _ => String::new(),
    }
}

/// How to say what was said at `path`, the kind of a stage of the pipeline, where the kind is one of
/// another stage: momentum is the server's, and does not combine.
pub(super) fn other_stage(path: &str, kind: &str) -> Option<String> {
    // a recipe has the stages that files have at its top
    let above = if path.starts_with("distiller.") { "distiller." } else { "" };
    let stage = path[above.len()..].split('.').next()?;
    if !path.ends_with(".kind") || !matches!(stage, "pre" | "combine" | "server") {
        return None;
    }
    let is_of = |stage: &Stage| kinds(*stage).iter().any(|each| each.name == kind);
    match Stage::ALL.into_iter().find(is_of)? {
        Stage::Solver if above.is_empty() => None,
        Stage::Solver => Some(format!("{}.{kind} = true", Stage::Solver.key())),
        Stage::Pre => Some(format!("{above}pre = [{{ kind = {kind:?} }}]")),
        Stage::Combine => Some(format!("{above}combine.kind = {kind:?}")),
        Stage::Server => Some(format!("{above}server.kind = {kind:?}")),
    }
}

/// Whether a key that is written at `at` may be written where `there` stands: a file has every
/// key once, and what is set from outside takes a file's place.
pub(super) fn is_free(there: Option<&Entry>, at: &At) -> bool {
    let in_file = |at: &At| matches!(at, At::File(..));
    !there.is_some_and(|there| in_file(&there.key) && in_file(at))
}

/// `node` is what stands at `path`, if anything does.
fn collect(
    root: &Value,
    schema: &Value,
    node: Option<&Node>,
    (key, at): (&str, &At),
    path: &str,
    places: &mut Vec<String>,
) {
    let table = match node.map(|node| &node.body) {
        Some(Body::Table(table)) => Some(table),
        // what stands there leaves no room for a key
        Some(_) => return,
        None => None,
    };
    let mut keys = |shape: &TableShape<'_>| {
        for (each, schema) in shape.keys {
            let (path, entry) = (joined(path, each), table.and_then(|table| table.get(each)));
            if each == key && is_free(entry, at) {
                places.push(path.clone());
            }
            collect(root, schema, entry.map(|entry| &entry.node), (key, at), &path, places);
        }
    };
    match shape(root, schema) {
        Shape::Table(shape) => keys(&shape),
        Shape::Kinds(kinds) => {
            let written = table.and_then(|table| table.get("kind")?.node.as_text());
            let kind = written.or_else(|| default_kind(schema));
            if let Some((_, shape)) = kinds.iter().find(|(each, _)| Some(*each) == kind) {
                keys(shape);
            }
        }
        _ => {}
    }
}
