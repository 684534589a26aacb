//! What is filled in before the checks (kinds, and defaults that depend on other keys) and
//! after them (the name, the folder of the data).

use std::path::Path;

use serde_json::Value;

use super::problem::Finding;
use super::shape::{Shape, TableShape, default_kind, shape};
use super::tree::{At, Body, Entry, Node, Table};
use crate::scenario::Scenario;

/// Gives every table that may have several kinds the default one where it has none.
pub(super) fn kinds(tree: &mut Node, root: &Value) {
    let Shape::Table(keys) = shape(root, root) else { return };
    if let Some(table) = tree.as_table_mut() {
        for (key, _) in keys.keys.iter().filter(|(_, schema)| default_kind(schema).is_some()) {
            let empty = || Entry::unwritten(Body::Table(Table::new()));
            table.entry(key.clone()).or_insert_with(empty);
        }
        kinds_below(table, &keys, root);
    }
}

fn kinds_below(table: &mut Table, shape_here: &TableShape<'_>, root: &Value) {
    for (key, entry) in table.iter_mut() {
        let Some(schema) = shape_here.keys.get(key) else { continue };
        let Some(below) = entry.node.as_table_mut() else { continue };
        match shape(root, schema) {
            Shape::Table(keys) => kinds_below(below, &keys, root),
            Shape::Kinds(kinds) => {
                if let Some(kind) = default_kind(schema) {
                    let text = || Entry::unwritten(Body::Text(kind.to_owned()));
                    below.entry("kind".into()).or_insert_with(text);
                }
                let kind = below.get("kind").and_then(|entry| entry.node.as_text());
                if let Some((_, keys)) = kinds.iter().find(|(each, _)| Some(*each) == kind) {
                    kinds_below(below, keys, root);
                }
            }
            _ => {}
        }
    }
}

/// Defaults that depend on other keys: as many agents as users in the dataset world, and a
/// panel no larger than the fleet.
pub(super) fn derived(tree: &mut Node, default_panel: u32) {
    let kind = tree.find("world.kind").and_then(Node::as_text);
    if kind == Some("dataset") {
        default_key(tree, "fleet", "agents", 0);
    }
    let agents = tree.find("fleet.agents").map(|node| &node.body);
    if let Some(&Body::Integer(agents @ 1..)) = agents
        && agents < i64::from(default_panel)
    {
        default_key(tree, "measure", "panel", agents);
    }
}

fn default_key(tree: &mut Node, table: &str, key: &str, value: i64) {
    let Some(root) = tree.as_table_mut() else { return };
    let section =
        root.entry(table.into()).or_insert_with(|| Entry::unwritten(Body::Table(Table::new())));
    if let Some(section) = section.node.as_table_mut() {
        section.entry(key.into()).or_insert_with(|| Entry::unwritten(Body::Integer(value)));
    }
}

/// An empty or absent name becomes the file's stem.
pub(super) fn name(tree: &mut Node, origin: &str) {
    let stem = Path::new(origin).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let Some(root) = tree.as_table_mut() else { return };
    let entry =
        root.entry("name".into()).or_insert_with(|| Entry::unwritten(Body::Text(String::new())));
    if entry.node.as_text() == Some("") {
        entry.node.body = Body::Text(stem.to_owned());
    }
}

/// Relative paths that were written in the file start at the file's folder.
pub(super) fn data_paths(tree: &mut Node, origin: &str) -> Result<(), Finding> {
    for key in Scenario::PATHS {
        let below = |node, part| Node::as_table_mut(node)?.get_mut(part).map(|e| &mut e.node);
        if let Some(node) = key.split('.').try_fold(&mut *tree, below) {
            path_from_file(node, key, origin)?;
        }
    }
    Ok(())
}

/// A relative path that was written in the file starts at the file's folder.
pub(super) fn path_from_file(node: &mut Node, key: &str, origin: &str) -> Result<(), Finding> {
    let folder = Path::new(origin).parent().unwrap_or(Path::new(""));
    let (At::File(..), Body::Text(path)) = (&node.at, &mut node.body) else { return Ok(()) };
    // `join` keeps an absolute path as it is.
    match folder.join(&*path).into_os_string().into_string() {
        Ok(joined) => *path = joined,
        Err(_) => {
            let message = "the file's folder has a name that is not UTF-8; give an absolute path";
            return Err(Finding::new(&node.at, key.into(), message.into()));
        }
    }
    Ok(())
}
