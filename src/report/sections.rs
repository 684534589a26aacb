//! The choice of figures, section by section.

use super::captions::{self as say, Words};
use super::changes::as_it_ended;
use super::data::{Kept, Run, rounds_note};
use super::figures::{Column, Figure, Format, Kind, Section, every_run, hive_line, level_unit};
use super::map::SpreadMap;
use super::{hives, interference, knowing, newcomers, origins, pace};
use crate::measure::Outcome;
use crate::measure::spread::Matrix;
use crate::scenario::Method;

/// All sections of the page, in order. A section whose world has no such data is left out.
pub(super) fn sections(
    outcome: &Outcome,
    runs: &[Run<'_>],
    kept: &Kept,
    map: Option<&SpreadMap>,
    taught: Option<&Matrix>,
) -> Vec<Section> {
    let words = Words { outcome, runs };
    // where there are fixed data, what papers report of them comes first
    let mut sections: Vec<Section> = data(&words).into_iter().collect();
    sections.extend(hives::section(outcome));
    sections.extend([skill(&words), knowing::adoption(&words, kept)]);
    sections.push(knowing::heat(&words, kept, map, taught));
    sections.extend(origins::lineage(outcome));
    sections.push(work(&words));
    sections.push(merging(&words));
    sections.push(economy(&words));
    let note = rounds_note(&outcome.hive);
    for figure in sections.iter_mut().flat_map(|s| &mut s.figures) {
        if matches!(figure.kind, Kind::Lines) {
            figure.note.clone_from(&note);
        }
    }
    sections
}

fn skill(w: &Words<'_>) -> Section {
    let level = level_unit(&w.outcome.scenario.world);
    let core: Column = ("core_skill", |r| r.core_skill);
    let panel: Column = ("panel_skill", |r| r.panel_skill);
    let mut lines = every_run(w.runs, panel);
    if let Some(line) = lines.first_mut().filter(|line| line.run == 0) {
        line.label = "Hive: agents (band: ±1 sd)".into();
        line.band = Some("panel_skill_sd");
    }
    let after_hive = lines.partition_point(|line| line.run == 0);
    lines.splice(
        after_hive..after_hive,
        hive_line(w.runs, core, "Hive: bare core", "core", "dashed"),
    );
    let unpractised: Column = ("unpractised_skill", |r| r.unpractised_skill);
    let fleet: Column = ("fleet_adoption", |r| r.fleet_adoption);
    Section {
        id: "skill",
        title: "Skill over rounds",
        lede: "How good the agents are at their own jobs, with and without the hive, on probe tasks that no agent trains on.",
        figures: [
            Figure::lines(
                "fig-skill",
                "Skill on the agents' own jobs",
                level,
                Format::Level,
                lines,
            )
            .says(say::skill(w))
            .wide(),
            Figure::lines(
                "fig-unpractised",
                "Skill that agents never practised",
                level,
                Format::Level,
                every_run(w.runs, unpractised),
            )
            .says(say::unpractised(w)),
            Figure::lines(
                "fig-fleet",
                "Agents that hold their own job",
                "share of the panel (%)",
                Format::Percent,
                every_run(w.runs, fleet),
            )
            .says(say::fleet(w)),
        ]
        .into_iter()
        .chain(backdoor(w))
        .chain(pace::skill(w))
        .chain(newcomers::figure(w))
        .collect(),
    }
}

/// How often the core gives a backdoor's answer; none where none is looked for.
fn backdoor(w: &Words<'_>) -> Option<Figure> {
    let success: Column = ("backdoor_success", |r| r.backdoor_success);
    let lines = every_run(w.runs, success);
    let attack = as_it_ended(w.outcome).attack;
    let Method::Backdoor(spec) = &attack.method else { return None };
    let title = "Success of the backdoor";
    let axis = "share of probe tasks (%)";
    let says = format!(
        "Of the probe tasks of skill {} that answer {} is wrong for, those to which the core gives it",
        spec.skill, spec.answer
    );
    (!lines.is_empty()).then(|| {
        Figure::lines("fig-backdoor", title, axis, Format::Percent, lines).says(say::ends(
            w,
            &says,
            success,
            say::percent,
        ))
    })
}

fn work(w: &Words<'_>) -> Section {
    let accuracy: Column = ("work_accuracy", |r| r.work_accuracy);
    let loss: Column = ("work_loss", |r| r.work_loss);
    let bits: Column = ("bits", |r| r.bits);
    Section {
        id: "work",
        title: "Learning at work",
        lede: "What happens at the tasks themselves, each judged before the agent learns from it.",
        figures: vec![
            Figure::lines(
                "fig-accuracy",
                "Tasks done right at work",
                "share of tasks (%)",
                Format::Percent,
                every_run(w.runs, accuracy),
            )
            .says(say::ends(
                w,
                "Tasks done right in the last round",
                accuracy,
                say::percent,
            )),
            Figure::lines(
                "fig-loss",
                "Loss at work",
                "cross-entropy (nats a task)",
                Format::Number,
                every_run(w.runs, loss),
            )
            .says(say::ends(
                w,
                "Cross-entropy in the last round, in nats a task",
                loss,
                say::short,
            )),
            Figure::lines(
                "fig-bits",
                "Information in the feedback",
                "information (bits a task)",
                Format::Number,
                every_run(w.runs, bits),
            )
            .says(say::bits(w, bits))
            .wide(),
        ],
    }
}

fn data(w: &Words<'_>) -> Option<Section> {
    let loss: Column = ("train_loss", |r| r.train_loss);
    let accuracy: Column = ("test_accuracy", |r| r.test_accuracy);
    let (losses, accuracies) = (every_run(w.runs, loss), every_run(w.runs, accuracy));
    if losses.is_empty() && accuracies.is_empty() {
        return None;
    }
    Some(Section {
        id: "data",
        title: "Fixed local data",
        lede: "The core over all agents' own training and test data, as papers on federated learning report it.",
        figures: vec![
            Figure::lines(
                "fig-train",
                "Training loss",
                "cross-entropy (nats an example)",
                Format::Number,
                losses,
            )
            .says(say::ends(
                w,
                "Training loss at the end, in nats an example",
                loss,
                say::short,
            )),
            Figure::lines(
                "fig-test",
                "Test accuracy",
                "share of test examples (%)",
                Format::Percent,
                accuracies,
            )
            .says(say::ends(w, "Test accuracy at the end", accuracy, say::percent)),
        ],
    })
}

fn merging(w: &Words<'_>) -> Section {
    let one = |id, title, y, format, column: Column, caption: String| {
        let line = hive_line(w.runs, column, "Hive", "hive", "solid");
        Figure::lines(id, title, y, format, line.into_iter().collect()).says(caption)
    };
    let signs: Column = ("sign_conflict", |r| r.sign_conflict);
    let cosine: Column = ("cosine", |r| r.cosine);
    let distance: Column = ("consensus_distance", |r| r.consensus_distance);
    let step: Column = ("step_norm", |r| r.step_norm);
    let merged: Column = ("learnings", |r| r.learnings as f64);
    let dropped: Column = ("dropped", |r| r.dropped as f64);
    let stale: Column = ("staleness", |r| r.staleness);
    let mut counts: Vec<_> =
        hive_line(w.runs, merged, "merged", "hive", "solid").into_iter().collect();
    counts.extend(hive_line(w.runs, dropped, "dropped", "core", "dashed"));
    let learnings = Figure::lines(
        "fig-learnings",
        "Learnings",
        "learnings a round (number)",
        Format::Si,
        counts,
    );
    Section {
        id: "merging",
        title: "Merge quality",
        lede: "How far the contributions that meet in one core agree with one another.",
        figures: [
            one(
                "fig-signs",
                "Sign conflict",
                "share of pairs (%)",
                Format::Percent,
                signs,
                say::signs(w, signs),
            ),
            one(
                "fig-cosine",
                "Cosine between contributions",
                "cosine (−1 to 1)",
                Format::Number,
                cosine,
                say::cosine(w, cosine),
            ),
            one(
                "fig-distance",
                "Distance from consensus",
                "distance ÷ mean norm (ratio)",
                Format::Number,
                distance,
                say::distance(w, distance),
            ),
            one(
                "fig-step",
                "Step of the core",
                "Euclidean norm (parameter units)",
                Format::Si,
                step,
                say::step(w, step),
            ),
            learnings.says(say::learnings(w)),
            one(
                "fig-staleness",
                "Staleness of what was merged",
                "staleness (core versions)",
                Format::Number,
                stale,
                say::staleness(w, stale),
            ),
        ]
        .into_iter()
        .chain(pace::staleness(&w.outcome.hive))
        .chain(interference::figures(&w.outcome.hive))
        .collect(),
    }
}

fn economy(w: &Words<'_>) -> Section {
    let value: Column = ("value", |r| r.value);
    let operations: Column = ("multiply_adds", |r| r.multiply_adds as f64);
    let up: Column = ("bytes_up", |r| r.bytes_up as f64);
    let down: Column = ("bytes_down", |r| r.bytes_down as f64);
    let mut totals = every_run(w.runs, value);
    for line in &mut totals {
        line.column = "value_total".into();
        line.end = say::value_sum(&w.runs[line.run]);
    }
    let mut bytes: Vec<_> =
        hive_line(w.runs, up, "up, to the distiller", "hive", "solid").into_iter().collect();
    bytes.extend(hive_line(w.runs, down, "down, to the agents", "core", "dashed"));
    Section {
        id: "economy",
        title: "Economy",
        lede: "What the fleet makes, and what its learning and merging cost.",
        figures: vec![
            Figure::lines(
                "fig-value",
                "Value made in each round",
                "value (value units a round)",
                Format::Si,
                every_run(w.runs, value),
            )
            .says(say::value(w)),
            Figure::lines(
                "fig-total",
                "Value made so far",
                "value (value units)",
                Format::Si,
                totals,
            )
            .says(say::value_total(w)),
            Figure::lines(
                "fig-bytes",
                "Bytes sent in each round",
                "data (bytes a round)",
                Format::Bytes,
                bytes,
            )
            .says(say::bytes(w)),
            Figure::lines(
                "fig-operations",
                "Compute spent on learning",
                "multiply-adds (number a round)",
                Format::Si,
                every_run(w.runs, operations),
            )
            .says(say::operations(w)),
        ],
    }
}
