//! Cases: the ways in which a plan sets the scenario's keys.

use crate::maths::{exp, ln};
use crate::scenario::{CheckedPlan, DesignKind, Named, Override, Scale, Scenario};
use crate::stream::{Purpose, Stream};
use serde::Serialize;
use serde_json::Value as Json;
use toml::Value;

/// A way in which the scenario is run, on every seed.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called: its levels, or as the plan names it.
    pub name: String,
    /// Its level on every factor; of a Latin hypercube, which has none, empty.
    pub levels: Vec<usize>,
    /// The value of every axis.
    pub values: Vec<Value>,
    /// The keys that it sets.
    pub sets: Vec<Override>,
}

/// What is varied.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Factor {
    /// The axis' name; `case` of a list.
    pub name: String,
    /// Its levels by name; of a Latin hypercube's axis, which has none, empty.
    pub levels: Vec<String>,
    /// Whether equal distances on a page are equal ratios.
    pub log: bool,
}

/// What is varied, and the cases that come of it.
#[derive(Clone, Debug)]
pub struct Design {
    /// The axes, or the list's one factor.
    pub factors: Vec<Factor>,
    /// In the order of the plan: the last axis turns fastest.
    pub cases: Vec<Case>,
}

/// A level that is one of an axis': its name, its value in tables and the keys that it sets.
struct Level {
    name: String,
    value: Value,
    sets: Vec<Override>,
}

impl Design {
    /// The cases of a plan on a scenario, which knows of each key whether it is whole.
    pub fn of(plan: &CheckedPlan, scenario: &Scenario) -> Design {
        match plan.design {
            DesignKind::Grid => grid(plan),
            DesignKind::List => list(plan),
            DesignKind::LatinHypercube => cube(plan, scenario),
        }
    }

    /// Whether cases are points in a space, without levels that come again.
    pub fn is_cube(&self) -> bool {
        self.factors.iter().any(|factor| factor.levels.is_empty())
    }
}

/// A level's keys, as messages name them.
fn sets_of(named: &Named, what: &str) -> Vec<Override> {
    let set = |(key, value): (String, &Value)| {
        Override::swept(format!("{what} `{}`: {key}={value}", named.name), &key, value)
    };
    named.set.keys().into_iter().map(set).collect()
}

/// A value as tables and names show it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // what a kind is called says enough where it is all that is set
        Value::Table(table) if table.len() == 1 => match table.get("kind") {
            Some(Value::String(kind)) => kind.clone(),
            _ => value.to_string(),
        },
        value => value.to_string(),
    }
}

fn grid(plan: &CheckedPlan) -> Design {
    let mut factors = Vec::new();
    let mut cases =
        vec![Case { name: String::new(), levels: vec![], values: vec![], sets: vec![] }];
    for axis in &plan.axes {
        let title = axis.title();
        let valued = axis.values.iter().map(|value| {
            let at = format!("axis {}={}", axis.key, value.0);
            Level {
                name: shown(&value.0),
                value: value.0.clone(),
                sets: vec![Override::swept(at, &axis.key, &value.0)],
            }
        });
        let named = axis.levels.iter().map(|level| Level {
            name: level.name.clone(),
            value: Value::String(level.name.clone()),
            sets: sets_of(level, &format!("axis {title}, level")),
        });
        let levels: Vec<Level> = valued.chain(named).collect();
        let with = |case: &Case, i: usize| {
            let level = &levels[i];
            let own = match axis.levels.is_empty() {
                true => format!("{title}={}", level.name),
                false => level.name.clone(),
            };
            let comma = if case.name.is_empty() { "" } else { ", " };
            let mut case = case.clone();
            case.name = format!("{}{comma}{own}", case.name);
            case.levels.push(i);
            case.values.push(level.value.clone());
            case.sets.extend(level.sets.iter().cloned());
            case
        };
        cases = cases
            .iter()
            .flat_map(|case| (0..levels.len()).map(move |i| (case, i)))
            .map(|(case, i)| with(case, i))
            .collect();
        let names = levels.iter().map(|level| level.name.clone()).collect();
        factors.push(Factor { name: title.into(), levels: names, log: false });
    }
    Design { factors, cases }
}

fn list(plan: &CheckedPlan) -> Design {
    let case = |(i, case): (usize, &Named)| Case {
        name: case.name.clone(),
        levels: vec![i],
        values: Vec::new(),
        sets: sets_of(case, "case"),
    };
    let levels = plan.cases.iter().map(|case| case.name.clone()).collect();
    let factors = vec![Factor { name: "case".into(), levels, log: false }];
    Design { factors, cases: plan.cases.iter().enumerate().map(case).collect() }
}

/// A Latin hypercube (McKay, Beckman & Conover 1979): each axis is cut into as many slices as there
/// are points; a point lies anywhere within its slice, and the slices of the axes are dealt out in
/// orders of their own.
fn cube(plan: &CheckedPlan, scenario: &Scenario) -> Design {
    let points = plan.points.unwrap_or(0) as usize;
    let known = serde_json::to_value(scenario).unwrap_or_default();
    let mut columns: Vec<Vec<Value>> = Vec::new();
    let mut factors = Vec::new();
    for (i, axis) in plan.axes.iter().enumerate() {
        let mut stream = Stream::new(plan.seed, Purpose::LatinHypercube, i as u32, 0);
        let mut slices: Vec<usize> = (0..points).collect();
        stream.shuffle(&mut slices);
        let (from, to) = (axis.from.unwrap_or(0.0), axis.to.unwrap_or(1.0));
        let log = axis.scale == Some(Scale::Log);
        let whole = is_whole(&known, &axis.key, [from, to]);
        let value = |slice: usize| {
            let share = (slice as f64 + stream.uniform()) / points as f64;
            let x = match log {
                true => exp(ln(from) + share * (ln(to) - ln(from))),
                false => from + share * (to - from),
            };
            match whole {
                true => Value::Integer(x.round().clamp(from.ceil(), to.floor()) as i64),
                false => Value::Float(x.clamp(from, to)),
            }
        };
        columns.push(slices.into_iter().map(value).collect());
        factors.push(Factor { name: axis.title().into(), levels: Vec::new(), log });
    }
    let case = |point: usize| {
        let values: Vec<Value> = columns.iter().map(|column| column[point].clone()).collect();
        let set = |(axis, value): (&crate::scenario::Axis, &Value)| {
            Override::swept(format!("axis {}={value}", axis.key), &axis.key, value)
        };
        let at = |(factor, value): (&Factor, &Value)| format!("{}={}", factor.name, brief(value));
        let place: Vec<String> = factors.iter().zip(&values).map(at).collect();
        Case {
            name: format!("point {}: {}", point + 1, place.join(", ")),
            levels: Vec::new(),
            sets: plan.axes.iter().zip(&values).map(set).collect(),
            values,
        }
    };
    let cases = (0..points).map(case).collect();
    Design { factors, cases }
}

/// A value that was drawn, with three digits.
fn brief(value: &Value) -> String {
    let digits = |x: &f64| format!("{x:.2e}").parse::<f64>().unwrap_or(*x).to_string();
    value.as_float().as_ref().map_or_else(|| value.to_string(), digits)
}

/// Whether a key takes whole numbers: by what the scenario has there, or by the axis' own ends
/// where it has nothing.
pub(crate) fn is_whole(scenario: &Json, key: &str, ends: [f64; 2]) -> bool {
    match scenario.pointer(&format!("/{}", key.replace('.', "/"))) {
        Some(Json::Number(number)) => !number.is_f64(),
        _ => ends.iter().all(|end| end.fract() == 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Plan;

    fn design(text: &str) -> Design {
        let text = format!("scenario = \"x.toml\"\n{text}");
        let plan = Plan::parse(&text, "plan.toml", &[]).unwrap_or_else(|e| panic!("{e}"));
        Design::of(&plan, &Scenario::default())
    }

    #[test]
    fn a_grid_takes_every_value_with_every_other() {
        let made = design(
            "[[axis]]\nkey = \"learner.rate\"\nvalues = [0.1, 0.3]\n\
             [[axis]]\nname = \"merge\"\nlevels = [{ name = \"mean\" }, { name = \"robust\", set = \
             { distiller.combine.kind = \"krum\", \"distiller.pre\" = [] } }]",
        );
        let names: Vec<&str> = made.cases.iter().map(|case| case.name.as_str()).collect();
        let wanted = ["0.1, mean", "0.1, robust", "0.3, mean", "0.3, robust"];
        assert_eq!(names, wanted.map(|name| format!("learner.rate={name}")));
        assert_eq!(made.cases[3].levels, [1, 1]);
        assert_eq!(made.cases[1].sets.len(), 3);
        let shown = format!("{:?}", made.cases[1].sets);
        assert!(shown.contains("distiller.combine.kind=\\\"krum\\\""), "{shown}");
        assert!(shown.contains("distiller.pre=[]"), "{shown}");
    }

    #[test]
    fn a_latin_hypercube_has_a_point_in_every_slice_of_every_axis() {
        let made = design(
            "design = \"latin-hypercube\"\npoints = 50\n\
             [[axis]]\nkey = \"learner.rate\"\nfrom = 0.01\nto = 1\nscale = \"log\"\n\
             [[axis]]\nkey = \"world.company\"\nfrom = 0\nto = 1\n\
             [[axis]]\nkey = \"fleet.agents\"\nfrom = 1\nto = 50",
        );
        let column = |i: usize, slice: fn(&Value) -> f64| {
            let mut slices: Vec<i64> =
                made.cases.iter().map(|case| slice(&case.values[i]).floor() as i64).collect();
            slices.sort_unstable();
            slices
        };
        let all: Vec<i64> = (0..50).collect();
        let float = |value: &Value| value.as_float().unwrap();
        assert_eq!(
            column(0, |x| 25.0
                * (crate::maths::ln(x.as_float().unwrap()) / crate::maths::ln(10.0) + 2.0)),
            all
        );
        assert_eq!(column(1, |x| 50.0 * x.as_float().unwrap()), all);
        // whole numbers, also where the ends of the axis are not what says so
        assert!(
            made.cases.iter().all(|case| (1..=50).contains(&case.values[2].as_integer().unwrap()))
        );
        // dealt out in orders of their own
        let pairs: Vec<f64> = made.cases.iter().map(|case| float(&case.values[1])).collect();
        assert!(pairs.windows(2).any(|pair| pair[0] > pair[1]));
        let again = design(
            "design = \"latin-hypercube\"\npoints = 50\nseed = 2\n\
             [[axis]]\nkey = \"world.company\"\nfrom = 0\nto = 1",
        );
        assert_ne!(
            pairs,
            again.cases.iter().map(|case| float(&case.values[0])).collect::<Vec<_>>()
        );
    }
}
