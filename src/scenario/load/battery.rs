//! From TOML text and the command line to a checked battery.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;

use super::cross::Clashes;
use super::error::ScenarioError;
use super::plan::{below, keys, seeds};
use super::problem::Source;
use super::set::Override;
use super::tree::Node;
use super::{document, file};
use crate::scenario::schema::battery_schema;
use crate::scenario::{Battery, Free, Hardship, Scale};
use crate::text::nearest;

/// A battery that has passed every check but those of its scenario. There is no other way to one
/// than [`Battery::load`], [`Battery::parse`] and [`Battery::standard`].
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedBattery {
    battery: Battery,
    /// All its hardships, also those that were left out.
    all: Vec<Hardship>,
}

impl Deref for CheckedBattery {
    type Target = Battery;

    fn deref(&self) -> &Battery {
        &self.battery
    }
}

impl CheckedBattery {
    /// The seeds, from `first` on where only their number is given.
    pub fn seeds(&self, first: u64) -> Vec<u64> {
        self.battery.seeds.seeds(first)
    }

    /// A digest of all its hardships, also of those that were left out.
    pub fn digest(&self) -> String {
        // only text and numbers
        let all = serde_json::to_vec(&self.all).unwrap_or_default();
        blake3::hash(&all).to_hex().to_string()
    }

    /// The battery as `--quick` has it.
    pub fn quick(mut self) -> CheckedBattery {
        let quick = self.battery.quick.clone();
        self.battery.seeds = quick.seeds;
        self.battery.doses = quick.doses;
        self.battery.precision = quick.precision;
        self
    }

    /// The battery with these hardships alone, in its own order; of no name with all.
    ///
    /// # Errors
    /// Where there is none of a name.
    pub fn only(mut self, names: &[impl AsRef<str>]) -> Result<CheckedBattery, String> {
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        let all = || self.battery.hardships.iter().map(|hardship| hardship.name.as_str());
        if let Some(wrong) = names.iter().find(|name| !all().any(|each| each == **name)) {
            let hint = nearest(wrong, all()).map(|near| format!("; did you mean `{near}`?"));
            let list = all().collect::<Vec<_>>().join(", ");
            let name = crate::text::name(wrong);
            let hint = hint.unwrap_or_default();
            return Err(format!("--only: there is no hardship `{name}`; there are {list}{hint}"));
        }
        self.battery
            .hardships
            .retain(|hardship| names.is_empty() || names.contains(&hardship.name.as_str()));
        Ok(self)
    }

    /// The battery with all its hardships, these strategies and seeds, and its scenario at another
    /// path.
    pub(crate) fn resolved(&self, scenario: &str, strategies: &[&str], seeds: &[u64]) -> Battery {
        Battery {
            scenario: scenario.into(),
            strategies: strategies.iter().map(|name| name.to_string()).collect(),
            seeds: Free::of_seeds(seeds),
            hardships: self.all.clone(),
            ..self.battery.clone()
        }
    }
}

/// The battery that comes with hivesim.
const STANDARD: &str = include_str!("../../../scenarios/stress/standard.toml");

impl Battery {
    /// The battery that comes with hivesim, `scenarios/stress/standard.toml`.
    ///
    /// # Errors
    /// With what is wrong with the overrides.
    pub fn standard(overrides: &[Override]) -> Result<CheckedBattery, ScenarioError> {
        Battery::parse(STANDARD, "standard.toml", overrides)
    }

    /// Reads, overrides and checks the battery in the file at `path`. A relative path of the
    /// scenario starts at the file's folder, in overrides at the working folder.
    ///
    /// # Errors
    /// With all problems of the battery, or why the file cannot be read.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<CheckedBattery, ScenarioError> {
        let text = file::read(path, "battery")?;
        Battery::parse(&text, &path.display().to_string(), overrides)
    }

    /// Overrides and checks the battery in `text`; `origin` is the file name that messages show.
    ///
    /// # Errors
    /// With all problems of the battery.
    pub fn parse(
        text: &str,
        origin: &str,
        overrides: &[Override],
    ) -> Result<CheckedBattery, ScenarioError> {
        let source = Source::new(origin, text, overrides);
        let form = "key=value, such as floor=0.8";
        let (tree, battery): (Node, Battery) =
            document(&source, overrides, battery_schema(), form)?;
        let mut clashes = Clashes::new(&tree);
        seeds(&tree, "seeds", &mut clashes);
        seeds(&tree, "quick.seeds", &mut clashes);
        keys("hive", &battery.hive, &mut clashes);
        let mut names = BTreeSet::new();
        for (i, each) in battery.hardships.iter().enumerate() {
            let at = |key: &str| format!("hardship.{i}.{key}");
            if !names.insert(&each.name) {
                let message = format!("there is another hardship `{}`; give each once", each.name);
                clashes.add(&[&at("name")], message);
            }
            hardship(each, at, &mut clashes);
        }
        let findings = clashes.into_findings();
        match findings.is_empty() {
            true => Ok(CheckedBattery { all: battery.hardships.clone(), battery }),
            false => Err(ScenarioError::Invalid(source.problems(findings))),
        }
    }
}

/// A hardship alone.
fn hardship(hardship: &Hardship, at: impl Fn(&str) -> String, clashes: &mut Clashes<'_>) {
    let Hardship { key, from, to, scale, set, .. } = hardship;
    if key == "seed" {
        let message = "all doses run on the same seeds; give them as `seeds`";
        clashes.add(&[&at("key")], message.into());
    }
    if from == to {
        let message = format!("found {to}, which is `from` too; wanted two ends");
        clashes.add(&[&at("to"), &at("from")], message);
    } else if *scale == Scale::Log && (*from <= 0.0 || *to <= 0.0) {
        let message = format!("found {from} to {to}; a logarithm needs more than 0");
        clashes.add(&[&at("from"), &at("scale")], message);
    }
    keys(&at("set"), set, clashes);
    let undone = |other: &str| other == key || below(other, key);
    if let Some((other, _)) = set.keys().iter().find(|(other, _)| undone(other)) {
        let message = format!("`{other}` is undone by the dose, which is `{key}`");
        clashes.add(&[&at("set"), &at("key")], message);
    }
}
