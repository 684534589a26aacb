//! A plan: which scenarios a sweep runs, on which seeds, and what it compares.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A sweep: one scenario with keys set in every way that is asked for, each on the same seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Short name; the report's title. Empty: the file's name.
    #[serde(default)]
    pub name: String,
    /// The question that the sweep asks, in a sentence.
    #[serde(default)]
    pub question: String,
    /// The outcome that is expected, in a sentence, so that it can come out the other way.
    #[serde(default)]
    pub expect: String,
    /// The scenario's file; a relative path starts at the plan's folder.
    #[schemars(length(min = 1))]
    pub scenario: String,
    /// How many seeds, from the scenario's on, or a list of them.
    #[serde(default = "ten")]
    pub seeds: Free,
    /// Numbers of a run's summary that are tabled and compared; none is the main one of the world.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub figures: Vec<String>,
    /// How cases are made of what is swept.
    #[serde(default)]
    pub design: DesignKind,
    /// Latin hypercube: how many cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 10_000))]
    pub points: Option<u32>,
    /// The seed of a Latin hypercube's sample and of the bootstrap.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 9_223_372_036_854_775_807u64))]
    pub seed: u64,
    /// The case that all others are compared with; none: all pairs of up to ten cases, and of more
    /// each with the best.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub baseline: String,
    /// Keys that are set in every case, as by `--set`.
    #[serde(default = "nothing", skip_serializing_if = "Free::is_nothing")]
    pub set: Free,
    /// What is swept: a grid takes each value of an axis with each of the others.
    #[serde(default, rename = "axis", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub axes: Vec<Axis>,
    /// The cases of a list.
    #[serde(default, rename = "case", skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10_000))]
    pub cases: Vec<Named>,
}

/// How cases are made of what is swept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// Every value of an axis with every one of the others.
    #[default]
    Grid,
    /// The cases that are named.
    List,
    /// Points that fill the space between the axes' ends: on every axis each of as many slices as
    /// points holds one (McKay, Beckman & Conover 1979).
    LatinHypercube,
}

/// One thing that is swept: a key's values, levels that set several keys, or a key's range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The scenario's key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What it is called; none is its key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The key's values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub values: Vec<Free>,
    /// Named levels, each with the keys that it sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub levels: Vec<Named>,
    /// Latin hypercube: the least value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1e15, max = 1e15))]
    pub from: Option<f64>,
    /// Latin hypercube: the largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1e15, max = 1e15))]
    pub to: Option<f64>,
    /// Latin hypercube: what is divided evenly, values or their logarithms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
}

impl Axis {
    /// What it is called.
    pub fn title(&self) -> &str {
        if self.name.is_empty() { &self.key } else { &self.name }
    }
}

/// What of an axis is divided evenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Values.
    #[default]
    Linear,
    /// Their logarithms.
    Log,
}

/// A level or a case: its name and the keys that it sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// What it is called.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The keys, as by `--set`; none sets nothing.
    #[serde(default = "nothing", skip_serializing_if = "Free::is_nothing")]
    pub set: Free,
}

/// Any TOML value: what it has to be depends on the key that it is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Free(pub toml::Value);

impl Free {
    /// Seeds that were checked: a list of them, or their number, counted from `first` on.
    pub(super) fn seeds(&self, first: u64) -> Vec<u64> {
        let whole = |value: &toml::Value| value.as_integer().unwrap_or(0) as u64;
        match &self.0 {
            toml::Value::Array(seeds) => seeds.iter().map(whole).collect(),
            n => (0..whole(n)).map(|i| first.saturating_add(i)).collect(),
        }
    }

    /// A list of seeds.
    pub(super) fn of_seeds(seeds: &[u64]) -> Free {
        let seed = |seed: &u64| toml::Value::Integer(*seed as i64);
        Free(toml::Value::Array(seeds.iter().map(seed).collect()))
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.0.as_table().is_some_and(toml::Table::is_empty)
    }

    /// The keys of a table `set` and their values. A key with dots in quotes is one key, whose
    /// value takes the place of what was there, as by `--set`; dots without quotes make tables in
    /// TOML, and these are followed down.
    pub fn keys(&self) -> Vec<(String, &toml::Value)> {
        fn follow<'v>(
            path: &str,
            value: &'v toml::Value,
            out: &mut Vec<(String, &'v toml::Value)>,
        ) {
            match value {
                toml::Value::Table(table) => {
                    for (key, value) in table {
                        let dot = if path.is_empty() { "" } else { "." };
                        let below = format!("{path}{dot}{key}");
                        match key.contains('.') {
                            true => out.push((below, value)),
                            false => follow(&below, value, out),
                        }
                    }
                }
                value => out.push((path.to_owned(), value)),
            }
        }
        let mut keys = Vec::new();
        follow("", &self.0, &mut keys);
        keys
    }
}

impl JsonSchema for Free {
    fn schema_name() -> Cow<'static, str> {
        "Free".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

pub(super) fn nothing() -> Free {
    Free(toml::Value::Table(toml::Table::new()))
}

pub(super) fn ten() -> Free {
    Free(toml::Value::Integer(10))
}

fn one() -> u64 {
    1
}
