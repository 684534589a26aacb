//! From TOML text and the command line to a checked recipe.

use std::ops::Deref;
use std::path::Path;

use super::cross::Clashes;
use super::error::ScenarioError;
use super::problem::{Finding, Source};
use super::set::{self, Override};
use super::shape::{Shape, shape};
use super::tree::{Body, Entry, Node};
use super::{file, fill, parsed, typed, walk};
use crate::scenario::schema::recipe_schema;
use crate::scenario::{Recipe, Server};

/// A recipe that has passed every check but those of the files it names. There is no other way
/// to one than [`Recipe::load`] and [`Recipe::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedRecipe(Recipe);

impl Deref for CheckedRecipe {
    type Target = Recipe;

    fn deref(&self) -> &Recipe {
        &self.0
    }
}

impl Recipe {
    /// Reads, overrides and checks the recipe in the file at `path`. Relative paths in the file
    /// start at its folder, those in overrides at the working folder.
    ///
    /// # Errors
    /// With all problems of the recipe, or why the file cannot be read.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<CheckedRecipe, ScenarioError> {
        let text = file::read(path, "recipe")?;
        Recipe::parse(&text, &path.display().to_string(), overrides)
    }

    /// Overrides and checks the recipe in `text`; `origin` is the file name that messages show,
    /// and stands for the file in all that [`Recipe::load`] does. The empty text leaves all to
    /// the overrides.
    ///
    /// # Errors
    /// With all problems of the recipe.
    pub fn parse(
        text: &str,
        origin: &str,
        overrides: &[Override],
    ) -> Result<CheckedRecipe, ScenarioError> {
        let source = Source::new(origin, text, overrides);
        let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
        let mut tree = parsed(&source).map_err(invalid)?;
        let mut findings = set::apply(&mut tree, overrides, "key=value, such as density=0.2");
        fill::kinds(&mut tree, recipe_schema());
        weighting(&mut tree);
        let found = walk::check(&tree, recipe_schema());
        findings.extend(found.findings);
        if !findings.is_empty() {
            return Err(ScenarioError::Invalid(source.problems_and(findings, found.more)));
        }
        paths(&mut tree, origin).map_err(|finding| invalid(vec![finding]))?;
        let recipe: Recipe = typed(&tree).map_err(invalid)?;
        let findings = cross(&recipe, &tree);
        if findings.is_empty() { Ok(CheckedRecipe(recipe)) } else { Err(invalid(findings)) }
    }
}

/// Whether weights were given.
fn weighted(tree: &Node) -> bool {
    let weights = tree.find("weights").map(|node| &node.body);
    matches!(weights, Some(Body::List(weights)) if !weights.is_empty())
}

/// Whether the strategy of the tree has a key `weighting`; none where there is no such strategy.
fn weighs(tree: &Node) -> Option<bool> {
    let kind = tree.find("combine.kind")?.as_text()?;
    let Shape::Table(table) = shape(recipe_schema(), recipe_schema()) else { return None };
    let Shape::Kinds(kinds) = shape(recipe_schema(), table.keys.get("combine")?) else {
        return None;
    };
    let (_, keys) = kinds.iter().find(|(each, _)| *each == kind)?;
    Some(keys.keys.contains_key("weighting"))
}

/// Weights that are given count, also where a strategy counts all models the same by default.
fn weighting(tree: &mut Node) {
    if !weighted(tree) || weighs(tree) != Some(true) {
        return;
    }
    let combine = tree.as_table_mut().and_then(|root| root.get_mut("combine"));
    if let Some(table) = combine.and_then(|entry| entry.node.as_table_mut()) {
        let given = || Entry::unwritten(Body::Text("tasks".into()));
        table.entry("weighting".into()).or_insert_with(given);
    }
}

/// Relative paths that were written in the file start at its folder.
fn paths(tree: &mut Node, origin: &str) -> Result<(), Finding> {
    for (key, entry) in tree.as_table_mut().into_iter().flatten() {
        match (key.as_str(), &mut entry.node.body) {
            ("models", Body::List(models)) => {
                models.iter_mut().try_for_each(|model| fill::path_from_file(model, key, origin))?;
            }
            ("base" | "output", _) => fill::path_from_file(&mut entry.node, key, origin)?,
            _ => {}
        }
    }
    Ok(())
}

/// Combinations of keys that cannot be merged.
fn cross(recipe: &Recipe, tree: &Node) -> Vec<Finding> {
    let mut clashes = Clashes::new(tree);
    let strategy = recipe.combine.name();
    if let Err(message) = recipe.shard_bytes() {
        clashes.add(&["shard_size"], message);
    }
    let (weights, models) = (recipe.weights.len(), recipe.models.len());
    if weights > 0 && weights != models {
        let message = format!("found {weights} for {models} models; give one for each");
        clashes.add(&["weights", "models"], message);
    } else if weights > 0 && weighs(tree) == Some(false) {
        let message = format!("\"{strategy}\" counts all models the same; leave the weights out");
        clashes.add(&["weights", "combine.kind"], message);
    }
    if let Some(why) = recipe.combine.unfit_for_files() {
        clashes.add(&["combine.kind"], format!("\"{strategy}\" {why}"));
        return clashes.into_findings();
    }
    if let Some(why) = recipe.server.unfit_for_files() {
        clashes.add(&["server.kind"], format!("\"{}\" {why}", recipe.server.name()));
        return clashes.into_findings();
    }
    let plain = matches!(&recipe.server, Server::Plain(plain) if plain.eta == 1.0);
    if recipe.base.is_none() && recipe.combine.needs_base() {
        let message = format!(
            "\"{strategy}\" works on what models moved from a base; name the base that they were \
             made from (`base`, or --base on the command line)"
        );
        clashes.add(&["combine.kind"], message);
    } else if recipe.base.is_none() && !plain {
        let message = "a server steps from a base towards the models; name the base (`base`, or \
                       --base on the command line)";
        clashes.add(&["server.kind", "server.eta"], message.into());
    }
    let mut left = models;
    for (i, pre) in recipe.pre.iter().enumerate() {
        if let Some(needs) = pre.lacks(left) {
            let message = format!("\"{}\" needs {needs}; found {left} models", pre.name());
            clashes.add(&[&format!("pre.{i}.kind"), "models"], message);
        }
        left = pre.leaves(left);
    }
    if let Some(needs) = recipe.combine.lacks(left) {
        let message = format!("\"{strategy}\" needs {needs}; found {left} models");
        clashes.add(&["combine.kind", "models"], message);
    } else if strategy == "slerp" && left == 1 && recipe.base.is_none() {
        let message = "\"slerp\" goes from one model to another; give two, or one and a base";
        clashes.add(&["combine.kind", "models"], message.into());
    }
    clashes.into_findings()
}
