//! From TOML text and overrides to a checked scenario, recipe, plan or battery.
//! Lives here: parsing, overrides, the check against the schema, the check of combinations,
//! and their messages. May not: print, or know what a scenario means beyond its checks.

mod attack;
mod battery;
mod beginnings;
mod changes;
mod compression;
mod cross;
mod elsewhere;
mod error;
mod faults;
mod file;
mod fill;
mod gossip;
mod hives;
mod levels;
mod live;
mod measure;
mod memory;
mod plan;
mod practice;
mod problem;
mod recipe;
mod schedule;
mod search;
mod set;
pub(in crate::scenario) mod shape;
mod strategies;
mod syntax;
mod tree;
mod walk;

pub use battery::CheckedBattery;
pub use error::ScenarioError;
pub(crate) use measure::too_many_companies;
pub(crate) use memory::{Extent, Room};
pub use plan::CheckedPlan;
pub(crate) use plan::{axis_argument, set_argument};
pub use problem::{Location, Problem};
pub use recipe::CheckedRecipe;
pub use set::Override;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use self::problem::{Finding, Source};
use self::tree::{At, Node};
use super::schema::schema_ref;
use super::{Change, Measure, Scenario, Stretch};

/// A scenario that has passed every check. There is no other way to one than
/// [`Scenario::load`], [`Scenario::parse`] and [`Scenario::check`].
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct CheckedScenario {
    scenario: Scenario,
    #[serde(skip)]
    stretches: Arc<Vec<Stretch>>,
    #[serde(skip)]
    written: Arc<Written>,
}

/// Where a scenario came from, to place what is found wrong with it later.
#[derive(Debug)]
struct Written {
    origin: String,
    text: String,
    sets: Vec<Override>,
    /// How many of them were given before it ran.
    given: usize,
    tree: Node,
}

impl PartialEq for CheckedScenario {
    /// Where it was written does not count.
    fn eq(&self, other: &Self) -> bool {
        self.scenario == other.scenario
    }
}

impl Deref for CheckedScenario {
    type Target = Scenario;

    fn deref(&self) -> &Scenario {
        &self.scenario
    }
}

impl CheckedScenario {
    /// The scenario, to change it; [`Scenario::check`] leads back.
    pub fn into_inner(self) -> Scenario {
        self.scenario
    }

    /// The parts of a run of it in which no key changes, in their order; the first begins with round
    /// 1.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The same with keys that change from a round on as well, in an entry of their own or after what
    /// changes there already.
    ///
    /// # Errors
    /// As of a scenario in which they had been written from the start.
    pub(crate) fn changed(
        &self,
        round: u32,
        more: &[String],
    ) -> Result<CheckedScenario, ScenarioError> {
        let Written { origin, text, sets, given, tree } = &*self.written;
        let mut scenario = self.scenario.clone();
        let mut tree = tree.clone();
        let place = scenario.changes.iter().position(|change| change.round >= round);
        let place = place.unwrap_or(scenario.changes.len());
        let same = scenario.changes.get(place).is_some_and(|change| change.round == round);
        if !same {
            scenario.changes.insert(place, Change { round, set: Vec::new() });
        }
        scenario.changes[place].set.extend_from_slice(more);
        let at = (sets.len()..).map(At::Set);
        changes::write(&mut tree, (place, same), round, more.iter().zip(at));
        let sets: Vec<Override> =
            sets.iter().cloned().chain(more.iter().map(|set| Override::set(set))).collect();
        let source = Source::new(origin, text, &sets);
        let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
        let found = walk::check(&tree, schema_ref());
        if !found.findings.is_empty() {
            return Err(invalid(found.findings));
        }
        let stretches = changes::stretches(&scenario, &tree, *given).map_err(invalid)?;
        let (origin, text, given) = (origin.clone(), text.clone(), *given);
        let written = Arc::new(Written { origin, text, sets, given, tree });
        Ok(CheckedScenario { scenario, stretches: Arc::new(stretches), written })
    }

    /// Something that turned out wrong with it while it was being run, placed where its keys were
    /// written; the first that was leads.
    pub fn problem(&self, keys: &[&str], message: String) -> Problem {
        let Written { origin, text, sets, tree, .. } = &*self.written;
        let finding = cross::place(tree, keys, message);
        Source::new(origin, text, sets).problem(finding)
    }
}

impl Scenario {
    /// Reads, overrides and checks the scenario in the file at `path`.
    ///
    /// `sets` are overrides `section.key=value`; the value is TOML, a bare word is text.
    /// An empty name becomes the file's stem. A relative path (`world.path`,
    /// `distiller.gossip.edges`, `fleet.availability.file`) starts at the file's folder, or at the
    /// working folder when an override gives it.
    ///
    /// # Errors
    /// With all problems of the scenario, or why the file cannot be read.
    pub fn load(path: &Path, sets: &[String]) -> Result<CheckedScenario, ScenarioError> {
        Scenario::load_over(path, &overrides(sets))
    }

    /// The same with overrides that were not all given as `--set`.
    ///
    /// # Errors
    /// With all problems of the scenario, or why the file cannot be read.
    pub fn load_over(path: &Path, sets: &[Override]) -> Result<CheckedScenario, ScenarioError> {
        parse_over(&Scenario::text(path)?, &path.display().to_string(), sets)
    }

    /// The text of the file at `path`.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(crate) fn text(path: &Path) -> Result<String, ScenarioError> {
        file::read(path, "scenario")
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
        parse_over(text, origin, &overrides(sets))
    }

    /// [`Scenario::parse`] with overrides that were not all given as `--set`.
    ///
    /// # Errors
    /// With all problems of the scenario.
    pub fn parse_over(
        text: &str,
        origin: &str,
        sets: &[Override],
    ) -> Result<CheckedScenario, ScenarioError> {
        parse_over(text, origin, sets)
    }

    /// Checks a scenario that was built in code. Nothing is filled in: a fleet smaller than
    /// the default panel, for one, needs a panel of its own.
    ///
    /// # Errors
    /// With all problems of the scenario.
    pub fn check(self) -> Result<CheckedScenario, ScenarioError> {
        let (origin, text) = ("scenario", "");
        let source = Source::new(origin, text, &[]);
        let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
        let plain = toml::Value::try_from(&self).map_err(|_| {
            // Of all keys only the seed can hold what TOML cannot write.
            let message = format!("found {}; wanted at most {}", self.seed.0, i64::MAX);
            invalid(vec![Finding::new(&At::Nowhere, "seed".into(), message)])
        })?;
        let tree = Node::of_code(plain);
        let found = walk::check(&tree, schema_ref());
        if !found.findings.is_empty() {
            return Err(ScenarioError::Invalid(source.problems_and(found.findings, found.more)));
        }
        finish(&source, tree).map_err(invalid)
    }
}

fn overrides(sets: &[String]) -> Vec<Override> {
    sets.iter().map(|set| Override::set(set)).collect()
}

fn parse_over(
    text: &str,
    origin: &str,
    sets: &[Override],
) -> Result<CheckedScenario, ScenarioError> {
    let source = Source::new(origin, text, sets);
    let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
    let mut tree = parsed(&source).map_err(invalid)?;
    let form = "section.key=value, such as fleet.agents=100";
    let mut findings = set::apply(&mut tree, sets, form);
    fill::kinds(&mut tree, schema_ref());
    fill::derived(&mut tree, Measure::default().panel);
    let found = walk::check(&tree, schema_ref());
    findings.extend(found.findings);
    if !findings.is_empty() {
        return Err(ScenarioError::Invalid(source.problems_and(findings, found.more)));
    }
    fill::name(&mut tree, origin);
    fill::data_paths(&mut tree, origin).map_err(|finding| invalid(vec![finding]))?;
    finish(&source, tree).map_err(invalid)
}

/// A document that names a scenario: its tree, overridden and held to its schema, and what it
/// says. It is called by its file's name where it has none of its own, and the scenario's path
/// starts at its folder.
fn document<T: serde::de::DeserializeOwned>(
    source: &Source<'_>,
    sets: &[Override],
    schema: &'static serde_json::Value,
    form: &str,
) -> Result<(Node, T), ScenarioError> {
    let invalid = |findings| ScenarioError::Invalid(source.problems(findings));
    let mut tree = parsed(source).map_err(invalid)?;
    let mut findings = set::apply(&mut tree, sets, form);
    let found = walk::check(&tree, schema);
    findings.extend(found.findings);
    if !findings.is_empty() {
        return Err(ScenarioError::Invalid(source.problems_and(findings, found.more)));
    }
    fill::name(&mut tree, source.origin);
    if let Some(entry) = tree.as_table_mut().and_then(|table| table.get_mut("scenario")) {
        fill::path_from_file(&mut entry.node, "scenario", source.origin)
            .map_err(|finding| invalid(vec![finding]))?;
    }
    let document = typed(&tree).map_err(invalid)?;
    Ok((tree, document))
}

/// The tree of a file's text, as it stands there.
fn parsed(source: &Source<'_>) -> Result<Node, Vec<Finding>> {
    let (document, errors) = DeTable::parse_recoverable(source.text);
    match errors.is_empty() {
        true => Ok(Node::of_document(&document)),
        false => Err(syntax::findings(source, &errors)),
    }
}

/// Deserialises a tree that fits the schema, and checks its combinations and its changes.
fn finish(source: &Source<'_>, tree: Node) -> Result<CheckedScenario, Vec<Finding>> {
    let scenario: Scenario = typed(&tree)?;
    let findings = cross::check(&scenario, &tree);
    if !findings.is_empty() {
        return Err(findings);
    }
    let given = source.sets.len();
    let stretches = Arc::new(changes::stretches(&scenario, &tree, given)?);
    let (origin, text, sets) = (source.origin.into(), source.text.into(), source.sets.to_vec());
    let written = Arc::new(Written { origin, text, sets, given, tree });
    Ok(CheckedScenario { scenario, stretches, written })
}

/// A tree that fits the schema as what the schema was made from.
fn typed<T: for<'de> Deserialize<'de>>(tree: &Node) -> Result<T, Vec<Finding>> {
    T::deserialize(tree.to_plain()).map_err(|error: toml::de::Error| {
        // The schema comes from the same types, so this is a fault of hivesim's own.
        let message = format!("the schema takes it, but the types do not: {}", error.message());
        vec![Finding::new(&At::Nowhere, String::new(), message)]
    })
}
