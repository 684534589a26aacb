//! From TOML text and the command line to a checked plan of a sweep.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;

use super::cross::Clashes;
use super::error::ScenarioError;
use super::problem::Source;
use super::set::{self, Override};
use super::tree::{At, Body, Node};
use super::{document, file};
use crate::scenario::schema::plan_schema;
use crate::scenario::{Axis, DesignKind, Free, Plan, Scale};

/// The most seeds of a plan.
const SEEDS_MAX: i64 = 1000;

/// A plan that has passed every check but those of its scenario. There is no other way to one
/// than [`Plan::load`] and [`Plan::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedPlan(Plan);

impl Deref for CheckedPlan {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        &self.0
    }
}

impl CheckedPlan {
    /// The same with more keys set in every case.
    pub(crate) fn with_sets(mut self, sets: Vec<(String, toml::Value)>) -> CheckedPlan {
        if let toml::Value::Table(table) = &mut self.0.set.0 {
            // a key and what lies below it stay in the order in which tables are walked: the key
            // first, so that it does not undo the others
            table.extend(sets);
        }
        self
    }

    /// The plan with a scenario of another path, these seeds and these figures.
    pub(crate) fn resolved(&self, scenario: &str, seeds: &[u64], figures: &[&str]) -> Plan {
        Plan {
            scenario: scenario.into(),
            seeds: Free::of_seeds(seeds),
            figures: figures.iter().map(|name| name.to_string()).collect(),
            ..self.0.clone()
        }
    }

    /// The seeds, from `first` on where only their number is given.
    pub fn seeds(&self, first: u64) -> Vec<u64> {
        self.0.seeds.seeds(first)
    }
}

impl Plan {
    /// Reads, overrides and checks the plan in the file at `path`. A relative path of the scenario
    /// starts at the file's folder, in overrides at the working folder.
    ///
    /// # Errors
    /// With all problems of the plan, or why the file cannot be read.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<CheckedPlan, ScenarioError> {
        let text = file::read(path, "plan")?;
        Plan::parse(&text, &path.display().to_string(), overrides)
    }

    /// Overrides and checks the plan in `text`; `origin` is the file name that messages show, and
    /// stands for the file in all that [`Plan::load`] does. The empty text leaves all to the
    /// overrides.
    ///
    /// # Errors
    /// With all problems of the plan.
    pub fn parse(
        text: &str,
        origin: &str,
        overrides: &[Override],
    ) -> Result<CheckedPlan, ScenarioError> {
        let source = Source::new(origin, text, overrides);
        let form = "key=value, such as points=40";
        let (tree, plan): (Node, Plan) = document(&source, overrides, plan_schema(), form)?;
        let mut clashes = Clashes::new(&tree);
        seeds(&tree, "seeds", &mut clashes);
        design(&plan, &mut clashes);
        let findings = clashes.into_findings();
        match findings.is_empty() {
            true => Ok(CheckedPlan(plan)),
            false => Err(ScenarioError::Invalid(source.problems(findings))),
        }
    }
}

/// A number of seeds, or a list of them, each once.
pub(super) fn seeds(tree: &Node, path: &str, clashes: &mut Clashes<'_>) {
    let Some(node) = tree.find(path) else { return };
    let wanted = format!("wanted a whole number from 1 to {SEEDS_MAX}, or a list of seeds");
    match &node.body {
        Body::Integer(n) if (1..=SEEDS_MAX).contains(n) => {}
        Body::List(seeds) if seeds.is_empty() || seeds.len() as i64 > SEEDS_MAX => {
            clashes.add(&[path], format!("found {}; {wanted}", node.described()));
        }
        Body::List(seeds) => {
            let mut seen = BTreeSet::new();
            for (i, seed) in seeds.iter().enumerate() {
                let key = format!("{path}.{i}");
                match seed.body {
                    Body::Integer(n) if n >= 0 && seen.insert(n) => {}
                    // the same run twice would pass for a spread of zero
                    Body::Integer(n) if n >= 0 => {
                        clashes.add(&[&key], format!("{n} stands here twice; give each seed once"));
                    }
                    _ => {
                        let found = seed.described();
                        let message =
                            format!("found {found}; wanted a whole number that is not negative");
                        clashes.add(&[&key], message);
                    }
                }
            }
        }
        _ => clashes.add(&[path], format!("found {}; {wanted}", node.described())),
    }
}

/// What a design needs, and what it cannot have.
fn design(plan: &Plan, clashes: &mut Clashes<'_>) {
    let is_list = plan.design == DesignKind::List;
    let is_cube = plan.design == DesignKind::LatinHypercube;
    match (is_list, plan.cases.is_empty(), plan.axes.is_empty()) {
        (true, true, _) => {
            clashes.add(&["design"], "a list needs cases; give some under [[case]]".into());
        }
        (false, false, _) => {
            let message = "cases are those of a list; give `design = \"list\"`, or axes instead";
            clashes.add(&["case", "design"], message.into());
        }
        (true, _, false) => {
            let message = "a list has no axes; give its cases the keys, or leave `design` out";
            clashes.add(&["axis", "design"], message.into());
        }
        (false, _, true) => {
            let message = "found nothing to sweep; give some axes under [[axis]], or on the \
                           command line as in --axis learner.rate=0.1,0.3";
            clashes.add(&["axis"], message.into());
        }
        _ => {}
    }
    if is_cube && plan.points.is_none() {
        let message = "a Latin hypercube needs the number of its points; give `points = 40`";
        clashes.add(&["points", "design"], message.into());
    } else if !is_cube && plan.points.is_some() {
        let message = "points are those of `design = \"latin-hypercube\"`; leave them out";
        clashes.add(&["points", "design"], message.into());
    }
    keys("set", &plan.set, clashes);
    let mut titles = BTreeSet::new();
    let mut swept: Vec<(String, &str)> = Vec::new();
    for (i, each) in plan.axes.iter().enumerate() {
        let at = |key: &str| format!("axis.{i}.{key}");
        axis(each, i, is_cube, clashes);
        let name = if each.name.is_empty() { "key" } else { "name" };
        let keys = keys_of(each);
        let clash = keys.iter().find_map(|key| swept.iter().find(|(other, _)| meet(key, other)));
        if !each.title().is_empty() && !titles.insert(each.title()) {
            let message = format!("there is another axis `{}`; give each once", each.title());
            clashes.add(&[&at(name)], message);
        } else if let Some((key, other)) = clash {
            let message = format!("axis `{other}` sets `{key}` too, and one would undo the other");
            clashes.add(&[&at(name)], message);
        }
        swept.extend(keys.into_iter().map(|key| (key, each.title())));
        named(&each.levels, &at("levels"), "level", clashes);
    }
    named(&plan.cases, "case", "case", clashes);
}

/// All keys that an axis sets.
fn keys_of(axis: &Axis) -> BTreeSet<String> {
    let levels = axis.levels.iter().flat_map(|level| level.set.keys());
    let own = Some(axis.key.clone()).filter(|key| !key.is_empty());
    levels.map(|(key, _)| key).chain(own).collect()
}

/// Whether a key is another, or lies below it, or above.
fn meet(a: &str, b: &str) -> bool {
    a == b || below(a, b) || below(b, a)
}

/// Whether a key lies below another.
pub(super) fn below(a: &str, b: &str) -> bool {
    a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'))
}

/// Levels or cases: names that tell them apart, and keys.
fn named(list: &[crate::scenario::Named], path: &str, what: &str, clashes: &mut Clashes<'_>) {
    let mut names = BTreeSet::new();
    for (i, each) in list.iter().enumerate() {
        if !names.insert(&each.name) {
            let message = format!("there is another {what} `{}`; give each once", each.name);
            clashes.add(&[&format!("{path}.{i}.name")], message);
        }
        keys(&format!("{path}.{i}.set"), &each.set, clashes);
    }
}

/// A table of keys that may be set: the seed is the sweep's own.
pub(super) fn keys(path: &str, set: &Free, clashes: &mut Clashes<'_>) {
    if !set.0.is_table() {
        let message = "wanted a table of keys, as in set = { \"learner.rate\" = 0.1 }";
        clashes.add(&[path], message.into());
    } else if set.keys().iter().any(|(key, _)| key == "seed") {
        let message = "`seed` is not for a case to set: all cases run on the same seeds; give \
                       them as `seeds`";
        clashes.add(&[path], message.into());
    }
}

/// An axis alone.
fn axis(axis: &Axis, i: usize, is_cube: bool, clashes: &mut Clashes<'_>) {
    let at = |key: &str| format!("axis.{i}.{key}");
    let whole = format!("axis.{i}");
    if axis.key == "seed" {
        let message = "all cases run on the same seeds; give them as `seeds`";
        clashes.add(&[&at("key")], message.into());
    }
    if is_cube {
        let discrete = [("values", axis.values.is_empty()), ("levels", axis.levels.is_empty())];
        for (key, _) in discrete.iter().filter(|(_, empty)| !empty) {
            let message = "a Latin hypercube has no such list; give the axis `from` and `to`";
            clashes.add(&[&at(key), "design"], message.into());
        }
        if axis.key.is_empty() {
            clashes.add(&[&whole], "has no `key`; give the scenario's key".into());
        }
        match (axis.from, axis.to) {
            (Some(from), Some(to)) if from >= to => {
                let message = format!("found {to}, which is not above `from`, {from}");
                clashes.add(&[&at("to"), &at("from")], message);
            }
            (Some(from), Some(_)) if axis.scale == Some(Scale::Log) && from <= 0.0 => {
                let message = format!("found {from}; a logarithm needs more than 0");
                clashes.add(&[&at("from"), &at("scale")], message);
            }
            (Some(_), Some(_)) => {}
            _ => clashes.add(&[&whole], "needs both its ends, `from` and `to`".into()),
        }
        return;
    }
    let range = [("from", axis.from.is_some()), ("to", axis.to.is_some())];
    for (key, _) in range.iter().chain(&[("scale", axis.scale.is_some())]).filter(|(_, is)| *is) {
        let message = "is for `design = \"latin-hypercube\"`; give the axis `values`";
        clashes.add(&[&at(key)], message.into());
    }
    match (axis.key.is_empty(), axis.values.is_empty(), axis.levels.is_empty()) {
        (false, false, true) => values(axis, &at("values"), clashes),
        (true, true, false) if axis.name.is_empty() => {
            clashes.add(&[&whole], "has levels but no `name`; give it one".into());
        }
        (true, true, false) => {}
        _ => {
            let message = "wanted a `key` with `values`, or a `name` with `levels`";
            clashes.add(&[&whole], message.into());
        }
    }
}

/// Values, each once.
fn values(axis: &Axis, path: &str, clashes: &mut Clashes<'_>) {
    let mut seen = BTreeSet::new();
    for (i, value) in axis.values.iter().enumerate() {
        if !seen.insert(value.0.to_string()) {
            let message = format!("{} stands here twice; give each value once", value.0);
            clashes.add(&[&format!("{path}.{i}")], message);
        }
    }
}

/// `--axis learner.rate=0.1,0.3`: values between commas, those in brackets and quotes apart; a
/// bare word is text.
pub(crate) fn axis_argument(text: &str) -> Result<(String, Vec<toml::Value>), String> {
    let form = "wanted section.key=value,value, such as learner.rate=0.1,0.3";
    let Some((key, list)) = text.split_once('=') else {
        return Err(format!("found no `=`; {form}"));
    };
    let (mut parts, mut depth, mut quote, mut start) = (Vec::new(), 0_i32, None, 0);
    for (i, c) in list.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&list[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    let values = parts.iter().map(|part| value(key, part)).collect::<Result<Vec<_>, String>>();
    Ok((key.trim().to_owned(), values?))
}

/// `--set learner.rate=0.1` of a sweep.
pub(crate) fn set_argument(text: &str) -> Result<(String, toml::Value), String> {
    let Some((key, set)) = text.split_once('=') else {
        return Err("found no `=`; wanted section.key=value, such as fleet.agents=100".into());
    };
    match key.trim() {
        "" => Err("found an empty key; wanted section.key=value, such as fleet.agents=100".into()),
        "seed" => Err("all cases run on the same seeds; give them by --seeds or --seed".into()),
        key => Ok((key.to_owned(), value(key, set)?)),
    }
}

/// A value of the command line: TOML, or a bare word.
fn value(key: &str, text: &str) -> Result<toml::Value, String> {
    let at = At::Nowhere;
    let body = set::parse_value(text, key, &at).map_err(|(_, message)| message)?;
    Ok(Node { at, body }.to_plain())
}
