//! The stress battery: strategies put to hardships, each at rising doses.
//! Lives here: who faces what at which dose, the search for the dose at which a strategy breaks
//! down, and the report cards that come of it.
//! May not: simulate, read clocks or write files.

mod cards;
mod facing;
mod search;

pub use cards::{Board, Breakdown, Card, Cards, Cost, Curve, Point, Standing, cards};
pub use facing::{Findings, face};
pub use search::{Break, Trial, search};

use crate::compare::{Contender, contenders};
use crate::scenario::{
    CheckedBattery, CheckedScenario, Hardship, Override, Scale, Scenario, ScenarioError, World,
};
use crate::sweep::{Figure, digest, is_whole, whole_paths};
use std::path::Path;

/// Why a battery cannot be put to anyone.
#[derive(Debug, thiserror::Error)]
pub enum StressError {
    /// The battery or its scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A key of the battery does not fit its scenario, or a strategy is none.
    #[error("{0}")]
    Battery(String),
}

/// A checked battery and those who are put to it.
#[derive(Debug)]
pub struct Stress {
    /// The battery; in short, if it is.
    pub battery: CheckedBattery,
    /// Whether it is in short.
    pub quick: bool,
    /// The text of the scenario's file; empty where the battery says it all.
    pub text: String,
    origin: String,
    fixed: Vec<Override>,
    /// The hive as it stands, with the strategy that it has.
    pub base: CheckedScenario,
    /// Who is put to it.
    pub contenders: Vec<Contender>,
    /// For every hardship whether its dose is a whole number.
    whole: Vec<bool>,
    /// For every contender why the hive as it stands refuses it, or for every hardship why it does.
    pub refused: Vec<Result<Vec<Option<String>>, String>>,
    /// Contenders that are none of hivesim's strategies.
    own: Vec<usize>,
    /// Every one faces every hardship on each of them.
    pub seeds: Vec<u64>,
    /// The skill.
    pub figure: &'static Figure,
}

/// One run of a battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dose {
    /// Who, by place among the contenders.
    pub contender: usize,
    /// The hardship, by place in the battery, and how far from none (above 0) to its highest dose
    /// (1); none is the hive as it stands.
    pub hardship: Option<(usize, f64)>,
    /// The run's seed.
    pub seed: u64,
}

impl Stress {
    /// Reads the battery's scenario and checks it, and every hardship, for everyone in `list`: a
    /// comma-separated list of pipelines, as [`contenders`] takes it, or nothing for the battery's
    /// own. What a strategy cannot face is noted in [`Stress::refused`].
    ///
    /// Costs a check of the scenario, about a millisecond, for everyone and hardship.
    ///
    /// # Errors
    /// Where the scenario, a hardship, a key of the battery or a strategy's name is wrong.
    pub fn new(
        battery: CheckedBattery,
        quick: bool,
        list: &str,
        sets: &[Override],
    ) -> Result<Stress, StressError> {
        let battery = if quick { battery.quick() } else { battery };
        let origin = match battery.scenario.as_str() {
            "" => battery.name.clone(),
            path => path.to_owned(),
        };
        let text = match battery.scenario.as_str() {
            "" => String::new(),
            path => Scenario::text(Path::new(path))?,
        };
        let own = |(key, value): (String, &toml::Value)| {
            Override::swept(format!("hive: {key}={value}"), &key, value)
        };
        let mut fixed: Vec<Override> = battery.hive.keys().into_iter().map(own).collect();
        fixed.extend_from_slice(sets);
        // what a path in the scenario's file starts at is to be the same from any folder
        let first = Scenario::parse_over(&text, &origin, &fixed)?;
        let absolute = whole_paths(first.anywhere());
        fixed.extend(
            absolute
                .iter()
                .map(|(key, value)| Override::swept(format!("hive: {key}={value}"), key, value)),
        );
        let base = Scenario::parse_over(&text, &origin, &fixed)?;
        let figure = figure(&battery.figure, &base)?;
        let list = if list.is_empty() { battery.strategies.join(",") } else { list.to_owned() };
        let contenders = contenders(&list, &base).map_err(StressError::Battery)?;
        let seeds = battery.seeds(base.seed.0);
        let (whole, refused, own) = (Vec::new(), Vec::new(), Vec::new());
        let mut stress = Stress {
            battery,
            quick,
            text,
            origin,
            fixed,
            base,
            contenders,
            whole,
            refused,
            own,
            seeds,
            figure,
        };
        stress.check_hardships()?;
        stress.refused =
            (0..stress.contenders.len()).map(|i| stress.refusals(i)).collect::<Result<_, _>>()?;
        Ok(stress)
    }

    /// Adds a strategy that is none of hivesim's: it faces all that the hive's own strategy can,
    /// in whose place the closure handed to [`face`] is to run it. Gives its place among the
    /// contenders.
    pub fn admit(&mut self, name: &str) -> usize {
        let family = crate::catalogue::Family::Averaging;
        let (name, sets) = (name.to_owned(), Vec::new());
        self.contenders.push(Contender { name, family, sets, is_variant: false });
        self.refused.push(Ok(vec![None; self.battery.hardships.len()]));
        self.own.push(self.contenders.len() - 1);
        self.contenders.len() - 1
    }

    /// Every hardship at its highest dose, under the strategy that the hive has.
    fn check_hardships(&mut self) -> Result<(), StressError> {
        for i in 0..self.battery.hardships.len() {
            // a number that is none of the key's own kind is told apart by what stands there
            self.whole.push(false);
            let hardship = &self.battery.hardships[i];
            let known = |whole: bool| {
                let dose = dose_override(hardship, hardship.to, whole);
                self.parse(&hardship_sets(hardship), &[dose])
            };
            let real = known(false);
            let whole = match &real {
                // a key that takes whole numbers alone refuses 2.0
                Err(_) => known(true).is_ok(),
                Ok(scenario) => {
                    let json = serde_json::to_value(&**scenario).unwrap_or_default();
                    is_whole(&json, &hardship.key, [hardship.from, hardship.to])
                }
            };
            if !whole {
                real?;
            }
            self.whole[i] = whole;
        }
        Ok(())
    }

    /// What a contender is refused, and why. Settings that somebody has just typed are theirs to
    /// mend: where they are wrong by themselves nothing is run.
    fn refusals(&self, i: usize) -> Result<Result<Vec<Option<String>>, String>, StressError> {
        let contender = &self.contenders[i];
        let clean = self.scenario(&Dose { contender: i, hardship: None, seed: self.seeds[0] });
        if let Err(error) = clean {
            return match contender.is_variant {
                true => Err(StressError::Battery(format!("{}: {error}", contender.name))),
                false => Ok(Err(reasons(&error))),
            };
        }
        let why = |hardship| {
            let dose = Dose { contender: i, hardship: Some((hardship, 1.0)), seed: self.seeds[0] };
            self.scenario(&dose).err().map(|error| reasons(&error))
        };
        Ok(Ok((0..self.battery.hardships.len()).map(why).collect()))
    }

    /// The dose of a hardship at a place from none (0) to the highest (1).
    pub fn dose(&self, hardship: usize, place: f64) -> f64 {
        let Hardship { from, to, scale, .. } = &self.battery.hardships[hardship];
        let dose = match scale {
            Scale::Linear => from + place * (to - from),
            Scale::Log => {
                use crate::maths::{exp, ln};
                exp(ln(*from) + place * (ln(*to) - ln(*from)))
            }
        };
        let dose = dose.clamp(from.min(*to), from.max(*to));
        if self.whole[hardship] { dose.round() } else { dose }
    }

    /// The scenario of a run. It is for one thread: there are many runs to be made side by side.
    ///
    /// # Errors
    /// Where the contender does not suit the hardship, which [`Stress::refused`] tells.
    pub fn scenario(&self, dose: &Dose) -> Result<CheckedScenario, ScenarioError> {
        let argument = |key: &str, value: toml::Value| Override::argument(key.into(), key, value);
        let after = [
            argument("seed", toml::Value::Integer(dose.seed as i64)),
            argument("engine.kind", toml::Value::String("serial".into())),
        ];
        let own = &self.contenders[dose.contender];
        let mut before: Vec<Override> = own
            .sets
            .iter()
            .filter_map(|set| Some((set, set.split_once('=')?)))
            .map(|(set, (key, value))| Override::named(format!("{}: {set}", own.name), key, value))
            .collect();
        if let Some((hardship, place)) = dose.hardship {
            let spec = &self.battery.hardships[hardship];
            before.extend(hardship_sets(spec));
            before.push(dose_override(spec, self.dose(hardship, place), self.whole[hardship]));
        }
        self.parse(&before, &after)
    }

    fn parse(
        &self,
        before: &[Override],
        after: &[Override],
    ) -> Result<CheckedScenario, ScenarioError> {
        let sets: Vec<Override> = self.fixed.iter().chain(before).chain(after).cloned().collect();
        Scenario::parse_over(&self.text, &self.origin, &sets)
    }

    /// What a run depends on, and nothing else: two runs of one name are the same. Of strategies
    /// that are none of hivesim's their name is all that is known.
    pub fn digest(&self, dose: &Dose, scenario: &CheckedScenario) -> String {
        let plain = digest(scenario, scenario.seed.0);
        match self.own.contains(&dose.contender) {
            false => plain,
            true => {
                let name = &self.contenders[dose.contender].name;
                blake3::hash(format!("{plain} {name}").as_bytes()).to_hex().to_string()
            }
        }
    }

    /// What tells this battery on this hive from another, whoever is put to it, at however many
    /// doses and on whichever seeds: its name and version, the hive, and the hardships.
    pub fn id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let name = format!("{} {}\n", self.battery.name, self.battery.version);
        hasher.update(name.as_bytes());
        hasher.update(digest(&self.base, 0).as_bytes());
        hasher.update(self.battery.digest().as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

/// The figure that is the skill: the more the better.
fn figure(name: &str, base: &Scenario) -> Result<&'static Figure, StressError> {
    let main = match base.world {
        World::Synthetic(_) | World::Dataset(_) => "test_accuracy",
        World::MixedEffects(_) | World::Nk(_) => "core",
    };
    let wrong = |error| StressError::Battery(format!("figure: {error}"));
    let figure = Figure::named(if name.is_empty() { main } else { name }).map_err(wrong)?;
    if !figure.high_is_better {
        let message =
            format!("less of `{name}` is better; wanted a figure that falls under hardship");
        return Err(wrong(message));
    }
    Ok(figure)
}

/// The keys that go with a hardship.
fn hardship_sets(hardship: &Hardship) -> Vec<Override> {
    let set = |(key, value): (String, &toml::Value)| {
        Override::swept(format!("hardship `{}`: {key}={value}", hardship.name), &key, value)
    };
    hardship.set.keys().into_iter().map(set).collect()
}

/// The key that is a hardship's dose.
fn dose_override(hardship: &Hardship, dose: f64, whole: bool) -> Override {
    let value = match whole {
        true => toml::Value::Integer(dose.round() as i64),
        false => toml::Value::Float(dose),
    };
    let shown = format!("hardship `{}`: {}={value}", hardship.name, hardship.key);
    Override::swept(shown, &hardship.key, &value)
}

/// All that is wrong, in a line.
fn reasons(error: &ScenarioError) -> String {
    let messages: Vec<&str> = error.problems().iter().map(|each| each.message.as_str()).collect();
    messages.join("; ")
}
