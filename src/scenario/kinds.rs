//! The kinds of the distiller's pipeline, and the switches of the agents' solver that belong to a
//! strategy, out of the schema: one source for the checks and the catalogue.

use super::load::shape::{Shape, shape};
use super::schema::schema_ref;
use serde::Serialize;
use serde_json::Value;

/// A part of the pipeline from an agent's work to the next core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// `learner.solver`: how agents step, where a strategy reaches that far; its kinds are the
    /// solver's switches.
    Solver,
    /// `distiller.pre`: what contributions go through before they are combined.
    Pre,
    /// `distiller.combine`: how they are combined.
    Combine,
    /// `distiller.server`: what the server makes of the result.
    Server,
}

impl Stage {
    /// All, in the order of the pipeline.
    pub const ALL: [Stage; 4] = [Stage::Solver, Stage::Pre, Stage::Combine, Stage::Server];

    /// Its key in a scenario.
    pub fn key(self) -> &'static str {
        match self {
            Stage::Solver => "learner.solver",
            Stage::Pre => "distiller.pre",
            Stage::Combine => "distiller.combine",
            Stage::Server => "distiller.server",
        }
    }

    fn definition(self) -> &'static str {
        match self {
            Stage::Solver => "/$defs/Solver",
            Stage::Pre => "/$defs/Pre",
            Stage::Combine => "/$defs/Combine",
            Stage::Server => "/$defs/Server",
        }
    }
}

/// A kind, as scenarios may name it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Kind {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// Its keys.
    pub parameters: Vec<Parameter>,
}

/// A key of a kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// What it may be: `a number from 0 to 1`.
    pub wanted: String,
    /// The default as TOML; `not set` where it has none.
    pub default: String,
    /// What it means.
    pub about: String,
}

/// The kinds of a stage, in the schema's order.
pub fn kinds(stage: Stage) -> Vec<Kind> {
    let root = schema_ref();
    let union = root.pointer(stage.definition()).unwrap_or(&Value::Null);
    if stage == Stage::Solver {
        return switches(root, union);
    }
    branches(root, union)
}

/// The kinds of `attack.method`.
pub fn attacks() -> Vec<Kind> {
    let root = schema_ref();
    branches(root, root.pointer("/$defs/Method").unwrap_or(&Value::Null))
}

/// The keys of `faults` and `attack` that hold a single value, with the table's name in front.
pub fn mishaps() -> Vec<Parameter> {
    let root = schema_ref();
    let of = |(table, definition): (&str, &str)| {
        let keys = parameters(root, root.pointer(definition).unwrap_or(&Value::Null));
        let single = keys.into_iter().filter(|parameter| !parameter.default.starts_with('{'));
        let named = |p: Parameter| Parameter { key: format!("{table}.{}", p.key), ..p };
        single.map(named).collect::<Vec<_>>()
    };
    [("faults", "/$defs/Faults"), ("attack", "/$defs/Attack")].into_iter().flat_map(of).collect()
}

/// The kinds that a union's branches are.
fn branches(root: &Value, union: &Value) -> Vec<Kind> {
    let branches = union.get("oneOf").and_then(Value::as_array);
    let kind = |branch: &Value| Kind {
        name: text(branch.pointer("/properties/kind/const")),
        about: text(branch.get("description")),
        parameters: parameters(root, branch),
    };
    branches.into_iter().flatten().map(kind).collect()
}

/// The flags of a table, each a kind with itself for its only key.
fn switches(root: &Value, table: &Value) -> Vec<Kind> {
    let all = parameters(root, table).into_iter();
    let flags = all.filter(|parameter| parameter.default == "false" || parameter.default == "true");
    let kind = |flag: Parameter| Kind {
        name: flag.key.clone(),
        about: flag.about.clone(),
        parameters: vec![Parameter { about: "Whether agents do so.".into(), ..flag }],
    };
    flags.map(kind).collect()
}

fn parameters(root: &Value, table: &Value) -> Vec<Parameter> {
    let keys = table.get("properties").and_then(Value::as_object);
    let keys = keys.into_iter().flatten().filter(|(key, _)| *key != "kind");
    let parameter = |(key, schema): (&String, &Value)| Parameter {
        key: key.clone(),
        wanted: wanted(&shape(root, schema)),
        default: match schema.get("default") {
            Some(Value::Null) | None => "not set".into(),
            Some(default) => default.to_string(),
        },
        about: text(schema.get("description")),
    };
    keys.map(parameter).collect()
}

/// Bounds that nobody comes near are left out.
fn wanted(shape: &Shape<'_>) -> String {
    match shape {
        Shape::Whole { least, most } if *most >= 1_000_000 => {
            format!("a whole number from {least} on")
        }
        Shape::Number { least, most } if *most >= 1e6 => format!("a number from {least} on"),
        shape => shape.described(),
    }
}

/// On one line: the schema keeps the line ends of the source.
fn text(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
