//! The figures that a sweep may table and compare: numbers of a run's `summary.json` that do not
//! depend on the machine or the hour.

use crate::scenario::{Scenario, World};
use crate::text::nearest;
use serde_json::Value;

/// A number of a run.
#[derive(Debug, PartialEq)]
pub struct Figure {
    /// Its name in a plan and in tables.
    pub name: &'static str,
    /// Its place in `summary.json`, as a JSON pointer.
    pub place: &'static str,
    /// What it is, for a heading.
    pub title: &'static str,
    /// Its unit; empty for a ratio.
    pub unit: &'static str,
    /// Whether more of it is better: the case with the most has rank 1.
    pub high_is_better: bool,
}

const fn high(
    name: &'static str,
    place: &'static str,
    title: &'static str,
    unit: &'static str,
) -> Figure {
    Figure { name, place, title, unit, high_is_better: true }
}

const fn low(
    name: &'static str,
    place: &'static str,
    title: &'static str,
    unit: &'static str,
) -> Figure {
    Figure { name, place, title, unit, high_is_better: false }
}

/// All of them; docs/measures.md says how each is measured.
#[rustfmt::skip]
pub static FIGURES: [Figure; 42] = [
    high("panel", "/skills/panel", "Skill of the agents", "level"),
    high("core", "/skills/core", "Skill of the core", "level"),
    high("unpractised", "/skills/unpractised", "Skill at what an agent never practised", "level"),
    high("adoption", "/skills/adoption", "Agents and skills at the adoption level", "share"),
    high("fleet_adoption", "/skills/fleet_adoption", "Agents that do their job at the adoption level", "share"),
    low("half", "/time_to_half_fleet", "Time until half of the agents do their job", "rounds"),
    high("isolated", "/bounds/isolated/panel", "Skill of isolated agents", "level"),
    high("pooled", "/bounds/pooled/panel", "Skill of the pooled learner", "level"),
    high("test_accuracy", "/test_accuracy", "Accuracy of the core on test data", "share"),
    low("train_loss", "/train_loss", "Training loss", "nats"),
    low("backdoor_success", "/skills/backdoor_success", "Success of the backdoor", "share"),
    high("accuracy", "/continual/accuracy", "Accuracy on all that was learned", "level"),
    high("backward", "/continual/backward", "Backward transfer", "level"),
    high("forward", "/continual/forward", "Forward transfer", "level"),
    low("forgetting", "/continual/forgetting", "Forgetting", "level"),
    high("taught", "/taught/off_diagonal", "Skill at what other companies found", "level"),
    low("gini_skill", "/inequality/gini_skill", "Inequality of skill (Gini)", ""),
    high("covered", "/inequality/covered", "Skills that some agent has", "share"),
    high("specialisation", "/inequality/specialisation", "Specialisation of practice", ""),
    high("value", "/value", "Value made", "value units"),
    high("value_per_task", "/economy/value_per_task", "Value of a task", "value units"),
    high("tasks", "/tasks", "Tasks done", "tasks"),
    high("learnings", "/learnings", "Learnings merged", "learnings"),
    low("dropped", "/dropped", "Learnings dropped", "learnings"),
    low("staleness", "/staleness/mean", "Staleness of learnings", "versions"),
    low("bytes_up", "/bytes_up", "Sent up", "B"),
    low("bytes_down", "/bytes_down", "Sent down", "B"),
    low("multiply_adds", "/multiply_adds", "Multiply-adds", "operations"),
    high("sent", "/accounts/sent", "Learnings sent", "learnings"),
    high("merged", "/accounts/merged", "Learnings sent and merged", "learnings"),
    low("unfinished", "/accounts/unfinished", "Learnings dropped as unfinished", "learnings"),
    low("lost", "/accounts/lost", "Learnings lost", "learnings"),
    low("duplicate", "/accounts/duplicate", "Learnings refused as here before", "learnings"),
    low("broken", "/accounts/broken", "Learnings refused as broken", "learnings"),
    low("not_finite", "/accounts/not_finite", "Learnings refused as not finite", "learnings"),
    low("misfit", "/accounts/misfit", "Learnings refused as misfit", "learnings"),
    low("stale", "/accounts/stale", "Learnings refused as stale", "learnings"),
    low("in_flight", "/accounts/in_flight", "Learnings in flight at the end", "learnings"),
    low("leader_gap", "/competition/gap", "Lead of the first hive", "level"),
    low("herfindahl", "/competition/herfindahl", "Concentration of hives (Herfindahl)", ""),
    low("runaway", "/competition/runaway", "Runaway index", ""),
    high("leader_changes", "/competition/leader_changes", "Changes of the leader", "changes"),
];

impl Figure {
    /// The one of this name.
    ///
    /// # Errors
    /// With what there is.
    pub fn named(name: &str) -> Result<&'static Figure, String> {
        let names = || FIGURES.iter().map(|figure| figure.name);
        FIGURES.iter().find(|figure| figure.name == name).ok_or_else(|| {
            let hint = nearest(name, names()).map(|near| format!("; did you mean `{near}`?"));
            let all = names().collect::<Vec<_>>().join(", ");
            let name = crate::text::name(name);
            format!("no such figure `{name}`; there are {all}{}", hint.unwrap_or_default())
        })
    }

    /// The main one of a scenario's world: skill, or accuracy where data are fixed.
    pub fn main(scenario: &Scenario) -> &'static Figure {
        let name = match scenario.world {
            World::Synthetic(_) | World::Dataset(_) => "test_accuracy",
            World::MixedEffects(_) | World::Nk(_) => "panel",
        };
        FIGURES.iter().find(|figure| figure.name == name).unwrap_or(&FIGURES[0])
    }

    /// All figures of a run's summary, in the order of [`FIGURES`]; not a number where a run has
    /// none.
    pub fn all_of(summary: &Value) -> Vec<f64> {
        let number = |figure: &Figure| summary.pointer(figure.place).and_then(Value::as_f64);
        FIGURES.iter().map(|figure| number(figure).unwrap_or(f64::NAN)).collect()
    }

    /// Its place among all.
    pub fn index(&self) -> usize {
        FIGURES.iter().position(|each| each.name == self.name).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_slips_are_told() {
        for figure in &FIGURES {
            let found = Figure::named(figure.name).unwrap();
            assert_eq!((found, &FIGURES[found.index()]), (figure, figure));
        }
        let error = Figure::named("panle").unwrap_err();
        assert!(error.ends_with("did you mean `panel`?"), "{error}");
    }
}
