//! From TOML text and overrides to a checked scenario, or a checked recipe.
//! Lives here: parsing, overrides, the check against the schema, the check of combinations,
//! and their messages. May not: print, or know what a scenario means beyond its checks.

mod cross;
mod error;
mod file;
mod fill;
mod memory;
mod nearest;
mod problem;
mod recipe;
mod set;
pub(in crate::scenario) mod shape;
mod strategies;
mod syntax;
mod tree;
mod walk;

pub use error::ScenarioError;
pub(crate) use memory::Extent;
pub(crate) use nearest::nearest;
pub use problem::{Location, Problem};
pub use recipe::{CheckedRecipe, Override};

use std::ops::Deref;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use self::problem::{Finding, Source};
use self::tree::{At, Node};
use super::schema::schema_ref;
use super::{Measure, Scenario};

/// A scenario that has passed every check. There is no other way to one than
/// [`Scenario::load`], [`Scenario::parse`] and [`Scenario::check`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckedScenario(Scenario);

impl Deref for CheckedScenario {
    type Target = Scenario;

    fn deref(&self) -> &Scenario {
        &self.0
    }
}

impl CheckedScenario {
    /// The scenario, to change it; [`Scenario::check`] leads back.
    pub fn into_inner(self) -> Scenario {
        self.0
    }
}

impl Scenario {
    /// Reads, overrides and checks the scenario in the file at `path`.
    ///
    /// `sets` are overrides `section.key=value`; the value is TOML, a bare word is text.
    /// An empty name becomes the file's stem. A relative `world.path` starts at the file's
    /// folder, or at the working folder when an override gives it.
    ///
    /// # Errors
    /// With all problems of the scenario, or why the file cannot be read.
    pub fn load(path: &Path, sets: &[String]) -> Result<CheckedScenario, ScenarioError> {
        let text = file::read(path, "scenario")?;
        Scenario::parse(&text, &path.display().to_string(), sets)
    }

    /// Overrides and checks the scenario in `text`; `origin` is the file name that messages
    /// show, and stands for the file in all that [`Scenario::load`] does.
    ///
    /// # Errors
    /// With all problems of the scenario.
    pub fn parse(
        text: &str,
        origin: &str,
        sets: &[String],
    ) -> Result<CheckedScenario, ScenarioError> {
        let shown: Vec<String> = sets.iter().map(|set| format!("--set {set}")).collect();
        let source = Source { origin, text, sets: &shown };
        let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
        let mut tree = parsed(text).map_err(invalid)?;
        let form = "section.key=value, such as fleet.agents=100";
        let mut findings = set::apply(&mut tree, sets, form);
        fill::kinds(&mut tree, schema_ref());
        fill::derived(&mut tree, Measure::default().panel);
        findings.extend(walk::check(&tree, schema_ref()));
        if !findings.is_empty() {
            return Err(invalid(findings));
        }
        fill::name(&mut tree, origin);
        fill::data_path(&mut tree, origin).map_err(|finding| invalid(vec![finding]))?;
        finish(&tree).map_err(invalid)
    }

    /// Checks a scenario that was built in code. Nothing is filled in: a fleet smaller than
    /// the default panel, for one, needs a panel of its own.
    ///
    /// # Errors
    /// With all problems of the scenario.
    pub fn check(self) -> Result<CheckedScenario, ScenarioError> {
        let source = Source { origin: "scenario", text: "", sets: &[] };
        let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
        let plain = toml::Value::try_from(&self).map_err(|_| {
            // Of all keys only the seed can hold what TOML cannot write.
            let message = format!("found {}; wanted at most {}", self.seed.0, i64::MAX);
            invalid(vec![Finding::new(&At::Nowhere, "seed".into(), message)])
        })?;
        let tree = Node::of_code(plain);
        let findings = walk::check(&tree, schema_ref());
        if !findings.is_empty() {
            return Err(invalid(findings));
        }
        finish(&tree).map_err(invalid)
    }
}

/// The tree of a file's text, as it stands there.
fn parsed(text: &str) -> Result<Node, Vec<Finding>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    match errors.is_empty() {
        true => Ok(Node::of_document(&document)),
        false => Err(syntax::findings(text, &errors)),
    }
}

/// Deserialises a tree that fits the schema, and checks its combinations.
fn finish(tree: &Node) -> Result<CheckedScenario, Vec<Finding>> {
    let scenario: Scenario = typed(tree)?;
    let findings = cross::check(&scenario, tree);
    if findings.is_empty() { Ok(CheckedScenario(scenario)) } else { Err(findings) }
}

/// A tree that fits the schema as what the schema was made from.
fn typed<T: for<'de> Deserialize<'de>>(tree: &Node) -> Result<T, Vec<Finding>> {
    T::deserialize(tree.to_plain()).map_err(|error: toml::de::Error| {
        // The schema comes from the same types, so this is a fault of hivesim's own.
        let message = format!("the schema takes it, but the types do not: {}", error.message());
        vec![Finding::new(&At::Nowhere, String::new(), message)]
    })
}
