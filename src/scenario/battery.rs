//! A battery: the hardships that strategies are put to, each at rising doses.

use super::plan::{Free, Scale, nothing, ten};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Hardships for strategies: one hive, and what goes wrong in it, the more the higher the dose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Battery {
    /// Short name; the report's title. Empty: the file's name.
    #[serde(default)]
    pub name: String,
    /// What numbers made by it are called by; it rises whenever anything in the file changes that
    /// changes a number.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub version: u32,
    /// The question that the battery asks, in a sentence.
    #[serde(default)]
    pub question: String,
    /// The outcome that is expected, in a sentence, so that it can come out the other way.
    #[serde(default)]
    pub expect: String,
    /// The scenario's file; a relative path starts at the battery's folder. Empty: `hive` says it
    /// all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scenario: String,
    /// Keys of the scenario, as by `--set`: those of the file, if there is one, or all others are
    /// left to defaults.
    #[serde(default = "nothing", skip_serializing_if = "Free::is_nothing")]
    pub hive: Free,
    /// Who is put to it, as `hivesim compare` names pipelines.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub strategies: Vec<String>,
    /// The number of a run's summary that is the skill; none is that of the core, or its accuracy
    /// where data are fixed.
    #[serde(default)]
    pub figure: String,
    /// A strategy breaks down where its skill falls below this share of its clean run's.
    #[serde(default = "half")]
    #[schemars(range(min = 0.01, max = 1.0))]
    pub floor: f64,
    /// How many seeds, from the scenario's on, or a list of them.
    #[serde(default = "ten")]
    pub seeds: Free,
    /// Doses of a curve, evenly from none to the highest, both among them.
    #[serde(default = "seven")]
    #[schemars(range(min = 2, max = 101))]
    pub doses: u32,
    /// How near a breakdown point is looked for, as a share of the way from none to the highest
    /// dose.
    #[serde(default = "fine")]
    #[schemars(range(min = 0.0005, max = 1.0))]
    pub precision: f64,
    /// What `--quick` takes in place of the above.
    #[serde(default)]
    pub quick: Quick,
    /// The hardships.
    #[serde(rename = "hardship")]
    #[schemars(length(min = 1, max = 1000))]
    pub hardships: Vec<Hardship>,
}

/// A battery in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quick {
    /// How many seeds, or which.
    pub seeds: Free,
    /// Doses of a curve.
    #[schemars(range(min = 2, max = 101))]
    pub doses: u32,
    /// How near a breakdown point is looked for.
    #[schemars(range(min = 0.0005, max = 1.0))]
    pub precision: f64,
}

impl Default for Quick {
    fn default() -> Self {
        Quick { seeds: Free(toml::Value::Integer(2)), doses: 3, precision: 0.25 }
    }
}

/// Something that goes wrong, at a dose. Without any dose it is the hive as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hardship {
    /// What it is called.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What kind it is.
    pub family: HardshipKind,
    /// What it does, in a sentence.
    #[serde(default)]
    pub about: String,
    /// What the dose is, for an axis.
    #[schemars(length(min = 1))]
    pub dose: String,
    /// The scenario's key that is the dose.
    #[schemars(length(min = 1))]
    pub key: String,
    /// The dose that is none: there the hive is run as it stands.
    #[serde(default)]
    #[schemars(range(min = -1e15, max = 1e15))]
    pub from: f64,
    /// The highest dose; it may be the smaller number.
    #[schemars(range(min = -1e15, max = 1e15))]
    pub to: f64,
    /// What is divided evenly between them, doses or their logarithms.
    #[serde(default)]
    pub scale: Scale,
    /// Keys that are set with every dose but none.
    #[serde(default = "nothing", skip_serializing_if = "Free::is_nothing")]
    pub set: Free,
}

/// What kind of hardship.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HardshipKind {
    /// Learnings or agents go missing, come late or come damaged, without anyone's ill will.
    Fault,
    /// Agents differ, what they learn is noisy, or the world changes.
    Heterogeneity,
    /// Learnings are old when they are merged.
    Staleness,
    /// Learnings are sent in few bytes.
    Compression,
    /// Agents want the hive to fail.
    Attack,
}

impl HardshipKind {
    /// Its name in files and on pages.
    pub fn name(self) -> &'static str {
        match self {
            HardshipKind::Fault => "fault",
            HardshipKind::Heterogeneity => "heterogeneity",
            HardshipKind::Staleness => "staleness",
            HardshipKind::Compression => "compression",
            HardshipKind::Attack => "attack",
        }
    }
}

fn one() -> u32 {
    1
}

fn seven() -> u32 {
    7
}

fn half() -> f64 {
    0.5
}

fn fine() -> f64 {
    1.0 / 24.0
}
