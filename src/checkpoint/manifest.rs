//! Merge vectors: inputs and expected outputs of strategies, as other implementations computed
//! them, in a manifest.

use crate::scenario::{Combine, Distiller};
use crate::text::nearest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::Path;

/// A manifest: files beside it, and what is to come out of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// One case: a strategy, its inputs, and what is expected of it.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The case's name.
    pub id: String,
    /// The strategy's name, as hivesim or as others call it.
    pub method: String,
    /// What counts as one vector: `tensor` or `model`.
    #[serde(default)]
    pub scope: Option<String>,
    /// The strategy's parameters, as hivesim or as others call them.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The base's file, if there is one.
    #[serde(default)]
    pub base: Option<String>,
    /// Rounds of a strategy with a memory; each begins where the one before was expected to end.
    #[serde(default)]
    pub rounds: Vec<Step>,
    /// The only round's inputs and output, where there are no `rounds`.
    #[serde(flatten)]
    pub step: Option<Step>,
    /// Largest relative error.
    pub rtol: f64,
    /// Largest absolute error beside it.
    pub atol: f64,
}

/// Inputs of one merge, and what is expected.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// The models' files.
    pub models: Vec<String>,
    /// A weight for each; absent counts them the same.
    #[serde(default)]
    pub weights: Option<Vec<f64>>,
    /// The expected output's file.
    pub expected: String,
}

/// Names and values of parameters.
type Parameters = &'static [(&'static str, &'static str)];

/// The keys of a case; what else there is says more of it to its readers.
const KEYS: [&str; 11] = [
    "id", "method", "scope", "params", "base", "rounds", "models", "weights", "expected", "rtol",
    "atol",
];

/// The keys of a round.
const STEP_KEYS: [&str; 3] = ["models", "weights", "expected"];

/// Strategies that others call otherwise: their name, ours, and parameters that go with it.
const METHODS: [(&str, &str, Parameters); 9] = [
    ("linear", "mean", &[]),
    ("fedavg", "mean", &[]),
    ("multislerp", "multi-slerp", &[]),
    ("breadcrumbs-ties", "breadcrumbs", &[("then", "ties")]),
    ("dare-linear", "dare", &[("then", "linear")]),
    ("dare-ties", "dare", &[("then", "ties")]),
    ("della-linear", "della", &[("then", "linear")]),
    ("mean-around-the-median", "mean-around-median", &[]),
    ("centered-clipping", "centred-clipping", &[]),
];

/// Parameters that others call otherwise.
const PARAMETERS: [(&str, &str); 6] = [
    ("normalize", "normalise"),
    ("normalize_weights", "normalise"),
    ("max_iter", "iterations"),
    ("tol", "tolerance"),
    ("select_topk", "density"),
    ("T", "iterations"),
];

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// What is wrong with it: the file, the case, the key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = path.display();
        let text = fs::read_to_string(path).map_err(|e| format!("{file}: cannot be read: {e}"))?;
        let mut value: Value =
            serde_json::from_str(&text).map_err(|e| format!("{file}: is not JSON: {e}"))?;
        let Some(Value::Array(cases)) = value.get_mut("cases").map(Value::take) else {
            return Err(format!("{file}: `cases` is missing, or no list"));
        };
        let checked = |(number, case): (usize, Value)| {
            let name = case.get("id").and_then(Value::as_str);
            let name = name.map_or_else(|| format!("number {number}"), |id| format!("`{id}`"));
            Case::checked(case).map_err(|what| format!("{file}: case {name}: {what}"))
        };
        let cases: Vec<Case> =
            cases.into_iter().enumerate().map(checked).collect::<Result<_, _>>()?;
        match cases.is_empty() {
            true => Err(format!("{file}: `cases` is empty")),
            false => Ok(Manifest { cases }),
        }
    }
}

/// Refuses keys that are but a slip away from one of `keys`, which would be passed over.
fn no_slips(table: &Value, keys: &[&str]) -> Result<(), String> {
    let strange = table.as_object().into_iter().flat_map(Map::keys);
    for key in strange.filter(|key| !keys.contains(&key.as_str())) {
        if let Some(name) = nearest(key, keys.iter().copied()) {
            return Err(format!("unknown key `{key}`; did you mean `{name}`?"));
        }
    }
    Ok(())
}

/// A key's value, or what is wrong with it.
fn key<T: DeserializeOwned>(table: &Value, key: &str) -> Result<T, String> {
    match table.get(key) {
        None => Err(format!("`{key}` is missing")),
        Some(value) => T::deserialize(value).map_err(|e| format!("`{key}`: {e}")),
    }
}

impl Case {
    /// A case out of a manifest, key by key: serde alone would not say which is wrong.
    fn checked(case: Value) -> Result<Self, String> {
        no_slips(&case, &KEYS)?;
        let tolerance = |name: &str| match key::<f64>(&case, name)? {
            tolerance if tolerance >= 0.0 => Ok(tolerance),
            tolerance => Err(format!("`{name}`: found {tolerance}; wanted 0 or more")),
        };
        let optional = |name: &str| match case.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => key::<String>(&case, name).map(Some),
        };
        let mut checked = Case {
            id: key(&case, "id")?,
            method: key(&case, "method")?,
            scope: optional("scope")?,
            params: match case.get("params") {
                None | Some(Value::Null) => Map::new(),
                Some(_) => key(&case, "params")?,
            },
            base: optional("base")?,
            rounds: Vec::new(),
            step: None,
            rtol: tolerance("rtol")?,
            atol: tolerance("atol")?,
        };
        match case.get("rounds") {
            None | Some(Value::Null) => checked.step = Some(Step::checked(&case)?),
            Some(Value::Array(rounds)) if !rounds.is_empty() => {
                for (number, round) in rounds.iter().enumerate() {
                    let within = |what| format!("round {}: {what}", number + 1);
                    checked.rounds.push(Step::checked(round).map_err(within)?);
                }
            }
            Some(_) => return Err("`rounds` is no list, or an empty one".into()),
        }
        checked.pipeline()?;
        Ok(checked)
    }

    /// The merges to make, in order.
    pub fn steps(&self) -> Vec<&Step> {
        if self.rounds.is_empty() {
            self.step.iter().collect()
        } else {
            self.rounds.iter().collect()
        }
    }

    /// The pipeline that the case asks for.
    ///
    /// # Errors
    /// Where there is no such strategy or parameter.
    pub fn pipeline(&self) -> Result<Distiller, String> {
        let method = self.method.replace('_', "-");
        let mut params = self.params.clone();
        let mut spec = Distiller::default();
        match params.remove("pre") {
            None | Some(Value::Null) => {}
            Some(Value::Object(pre)) => {
                for (kind, params) in pre {
                    spec.pre.push(of_kind(&kind.replace('_', "-"), params)?);
                }
            }
            Some(other) => return Err(format!("pre: found {other}; wanted a table")),
        }
        if let Ok(server) = of_kind(&method, json!({})) {
            let _: crate::scenario::Server = server;
            spec.server = of_kind(&method, Value::Object(params))?;
            return Ok(spec);
        }
        let other = METHODS.iter().find(|(theirs, ..)| *theirs == method);
        let kind = other.map_or(method.as_str(), |(_, ours, _)| ours);
        for (key, value) in other.map_or(&[][..], |(.., more)| more) {
            params.entry(*key).or_insert(json!(value));
        }
        let default: Combine = of_kind(kind, json!({}))?;
        let known = serde_json::to_value(&default).unwrap_or_default();
        let mut own = Map::new();
        for (key, value) in params {
            let ours = PARAMETERS.iter().find(|(theirs, _)| *theirs == key);
            let has = |key: &str| known.get(key).is_some();
            match (key.as_str(), &value) {
                // what others make a switch is a scope here
                ("filter_wise", Value::Bool(wise)) | ("row_wise", Value::Bool(wise)) => {
                    if *wise {
                        own.insert("scope".into(), json!("block"));
                    }
                }
                ("flatten", Value::Bool(flat)) => {
                    if !flat {
                        own.insert("scope".into(), json!("block"));
                    }
                }
                // the only start that some strategies have
                ("start", Value::String(start)) if start == "zero" && !has("start") => {}
                _ => {
                    own.insert(ours.map_or(key, |(_, ours)| (*ours).to_owned()), value);
                }
            }
        }
        if let Some(scope) = self.scope.as_ref().filter(|_| known.get("scope").is_some()) {
            own.entry("scope").or_insert(json!(scope));
        }
        let weighted = self.steps().iter().any(|step| step.weights.is_some());
        if weighted && known.get("weighting").is_some() {
            own.entry("weighting").or_insert(json!("tasks"));
        }
        spec.combine = of_kind(kind, Value::Object(own))?;
        Ok(spec)
    }
}

impl Step {
    fn checked(step: &Value) -> Result<Self, String> {
        no_slips(step, &STEP_KEYS)?;
        let models: Vec<String> = key(step, "models")?;
        if models.is_empty() {
            return Err("`models` is empty".into());
        }
        let weights: Option<Vec<f64>> = match step.get("weights") {
            None => None,
            Some(_) => key(step, "weights")?,
        };
        if let Some(weights) = weights.as_ref().filter(|weights| weights.len() != models.len()) {
            let (weights, models) = (weights.len(), models.len());
            return Err(format!("`weights`: {weights} for {models} models; give one for each"));
        }
        Ok(Step { models, weights, expected: key(step, "expected")? })
    }
}

/// Settings of a kind.
fn of_kind<T: for<'a> Deserialize<'a>>(kind: &str, settings: Value) -> Result<T, String> {
    let mut settings = settings;
    if settings.is_null() {
        settings = json!({});
    }
    let Value::Object(table) = &mut settings else {
        return Err(format!("{kind}: found {settings}; wanted a table of parameters"));
    };
    // a null is a parameter that is not given
    table.retain(|_, value| !value.is_null());
    table.insert("kind".into(), json!(kind));
    // by way of TOML, as in a scenario: else all settings' types are compiled twice
    let settings = toml::Value::try_from(table).map_err(|error| format!("{kind}: {error}"))?;
    let unfit = |error: toml::de::Error| format!("{kind}: {}", suggesting(error.message()));
    settings.try_into().map_err(unfit)
}

/// An error of serde's with the allowed name that is nearest to the one that it found.
fn suggesting(error: &str) -> String {
    let mut names = error.split('`').skip(1).step_by(2);
    let found = names.next().unwrap_or_default();
    match nearest(found, names) {
        Some(name) => format!("{error}; did you mean `{name}`?"),
        None => error.to_owned(),
    }
}

/// How far a result is from what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Distance {
    /// The largest `|got − expected|`.
    pub error: f64,
    /// The largest `|got − expected|/(atol + rtol |expected|)`: up to 1 is within tolerance.
    pub share: f64,
}

impl Distance {
    /// Takes in a tensor's values.
    pub fn add(&mut self, got: &[f32], expected: &[f32], rtol: f64, atol: f64) {
        for (got, expected) in got.iter().zip(expected) {
            let error = (f64::from(*got) - f64::from(*expected)).abs();
            let allowed = atol + rtol * f64::from(*expected).abs();
            self.error = self.error.max(error);
            self.share = self.share.max(if error == 0.0 { 0.0 } else { error / allowed });
        }
    }
}
