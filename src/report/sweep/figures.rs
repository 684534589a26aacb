//! The figures of a sweep's page, with what the scripts draw.

use super::{Page, headed};
use crate::report::pack;
use crate::report::text::significant;
use crate::report::views::{
    DRAWN_MAX, Section, View, all_missing, numbers, p_value, rank_diagram, shown,
};
use crate::sweep::statistics::Paired;
use crate::sweep::{Case, Cell, Contest, Contrast, Duel, Interaction, number};
use serde_json::{Value, json};

impl Page<'_> {
    pub(super) fn section(&self) -> Section {
        let mut figures = Vec::new();
        if self.sweep.design.is_cube() {
            let axes = 0..self.sweep.design.factors.len();
            figures.extend(axes.map(|axis| self.points(axis)));
        } else {
            figures.push(self.cases());
            let effects = self.judged.effects.iter().enumerate();
            figures.extend(
                effects.filter(|(_, cells)| cells.len() > 1).map(|(i, c)| self.effect(i, c)),
            );
            for interaction in &self.judged.interactions {
                figures.push(self.crossed(interaction.axes, &interaction.cells));
                figures.push(self.heat(interaction.axes, &interaction.cells));
                figures.extend(self.contrasts(interaction));
            }
            for (i, contest) in self.judged.contests.iter().enumerate() {
                figures.push(self.forest(i, contest));
                figures.extend(self.ranks(i, contest));
            }
        }
        let better = if self.figure.high_is_better { "High is better." } else { "Low is better." };
        let lede = format!("{}; {} in the tables. {better}", headed(self.figure), self.figure.name);
        Section { id: self.id(""), title: self.figure.title.into(), lede, figures }
    }

    fn id(&self, part: &str) -> String {
        let dash = if part.is_empty() { "" } else { "-" };
        format!("fig-{}{dash}{part}", self.figure.name.replace('_', "-"))
    }

    /// A figure with its data, to which `id`, `kind`, `x` and `y` are added.
    fn view(
        &self,
        part: String,
        kind: &'static str,
        title: String,
        [x, y]: [&str; 2],
        caption: String,
        data: Value,
    ) -> View {
        View::new(self.id(&part), kind, title, [x, y], caption, data)
    }

    fn cases(&self) -> View {
        let names = self.sweep.design.cases.iter().map(|case| case.name.as_str());
        let rows: Vec<Value> = self
            .best_first()
            .into_iter()
            .take(DRAWN_MAX)
            .map(|i| (names.clone().nth(i), &self.judged.cases[i]))
            .map(|(name, cell)| {
                json!({ "name": name, "mean": pack::number(cell.mean),
                "low": pack::number(cell.low), "high": pack::number(cell.high) })
            })
            .collect();
        let left_out = self.judged.cases.len().saturating_sub(DRAWN_MAX);
        let left_out = match left_out {
            0 => String::new(),
            n => format!(" The {n} others are in the table."),
        };
        let caption = format!(
            "A dot is the mean over the seeds, its line the 95 % bootstrap interval. Intervals of \
             cases on the same seeds may overlap though their difference is clear: see the paired \
             differences.{left_out}"
        );
        let title = format!("{}, case by case", self.figure.title);
        let (x, y) = (headed(self.figure), "case");
        let missing = rows.iter().all(|row| row["mean"].is_null());
        let data = json!({ "rows": rows, "zero": null });
        View { missing, ..self.view("cases".into(), "rows", title, [&x, y], caption, data) }
    }

    fn effect(&self, axis: usize, cells: &[Cell]) -> View {
        let factor = &self.sweep.design.factors[axis];
        let others =
            if self.judged.effects.len() > 1 { ", over all levels of the other axes" } else { "" };
        let caption =
            format!("Mean over the seeds{others}; bars: 95 % bootstrap interval over seeds.");
        let series = json!([{ "name": "", "cells": numbers(cells) }]);
        let data = json!({ "levels": factor.levels, "series": series });
        let title = format!("Effect of {}", factor.name);
        let axes = [factor.name.as_str(), &headed(self.figure)];
        let missing = all_missing(cells.iter());
        View {
            missing,
            ..self.view(format!("effect-{axis}"), "levels", title, axes, caption, data)
        }
    }

    fn crossed(&self, [a, b]: [usize; 2], cells: &[Vec<Cell>]) -> View {
        let [first, second] = [a, b].map(|axis| &self.sweep.design.factors[axis]);
        let column = |j: usize| cells.iter().map(|row| row[j]).collect::<Vec<_>>();
        let line =
            |(j, name): (usize, &String)| json!({ "name": name, "cells": numbers(&column(j)) });
        let series: Vec<Value> = second.levels.iter().enumerate().map(line).collect();
        let data = json!({ "levels": first.levels, "series": series });
        let caption = format!(
            "A line for each level of {}. Lines that are not parallel say that the effect of {} \
             depends on it. Bars: 95 % bootstrap interval over seeds.",
            second.name, first.name
        );
        let title = format!("{} by {}", first.name, second.name);
        let axes = [first.name.as_str(), &headed(self.figure)];
        let missing = all_missing(cells.iter().flatten());
        View {
            missing,
            ..self.view(format!("cross-{a}-{b}"), "levels", title, axes, caption, data)
        }
    }

    fn heat(&self, [a, b]: [usize; 2], cells: &[Vec<Cell>]) -> View {
        let [first, second] = [a, b].map(|axis| &self.sweep.design.factors[axis]);
        let cells_json: Vec<Value> = cells.iter().map(|row| numbers(row)).collect();
        let data = json!({ "levels": first.levels, "second": second.levels, "cells": cells_json });
        let caption = "Colour and number: mean over the seeds.".to_owned();
        let title = format!("{} and {} as a map", first.name, second.name);
        let axes = [first.name.as_str(), second.name.as_str()];
        let missing = all_missing(cells.iter().flatten());
        View { missing, ..self.view(format!("heat-{a}-{b}"), "heat", title, axes, caption, data) }
    }

    fn contrasts(&self, interaction: &Interaction) -> Option<View> {
        let [a, b] = interaction.axes;
        let [first, second] = [a, b].map(|axis| self.sweep.design.factors[axis].name.as_str());
        let row = |contrast: &Contrast| {
            difference(self.contrast_name(interaction, contrast.levels), &contrast.paired)
        };
        let rows: Vec<Value> = interaction.contrasts.iter().take(DRAWN_MAX).map(row).collect();
        let caption = format!(
            "How much a difference between levels of {first} differs between levels of {second}, on \
             the same seed; mean and 95 % bootstrap interval (BCa), grey where it holds zero."
        );
        let missing = rows.iter().all(|row| row["mean"].is_null());
        if rows.is_empty() {
            return None;
        }
        let title = format!("How the effect of {first} changes with {second}");
        let axes = ["difference of differences", "pair of levels"];
        let data = json!({ "rows": rows, "zero": 0.0 });
        let view = self.view(format!("contrasts-{a}-{b}"), "rows", title, axes, caption, data);
        Some(View { missing, ..view })
    }

    fn forest(&self, i: usize, contest: &Contest) -> View {
        let row = |duel: &Duel| {
            let name = format!("{} − {}", contest.names[duel.a], contest.names[duel.b]);
            difference(name, &duel.paired)
        };
        let rows: Vec<Value> = contest.pairs.iter().take(DRAWN_MAX).map(row).collect();
        let of = of(contest);
        let against = match contest.reference {
            Some(i) => format!(" Each is compared with {}.", contest.names[i]),
            None => String::new(),
        };
        let caption = format!(
            "Differences on the same seed, their mean and 95 % bootstrap interval (BCa); grey where \
             it holds zero.{against}"
        );
        let title = format!("Paired differences between {of}");
        let x = format!("difference in {}", self.figure.name);
        let missing = rows.iter().all(|row| row["mean"].is_null());
        let data = json!({ "rows": rows, "zero": 0.0 });
        let view = self.view(format!("forest-{i}"), "rows", title, [&x, "pair"], caption, data);
        View { missing, ..view }
    }

    fn ranks(&self, i: usize, contest: &Contest) -> Option<View> {
        let friedman = contest.friedman.as_ref()?;
        let blocks =
            if contest.of == "case" { "seeds" } else { "seeds and settings of the other axes" };
        let (caption, data) = rank_diagram(&contest.names, friedman, &contest.groups, blocks);
        let of = of(contest);
        let title = format!("Mean ranks of {of}");
        Some(self.view(
            format!("ranks-{i}"),
            "rows",
            title,
            ["mean rank", &contest.of],
            caption,
            data,
        ))
    }

    fn points(&self, axis: usize) -> View {
        let factor = &self.sweep.design.factors[axis];
        let cases = self.sweep.design.cases.iter().zip(&self.judged.cases);
        let point = |(case, cell): (&Case, &Cell)| {
            json!({ "name": case.name, "x": pack::number(number(&case.values[axis])), "mean": pack::number(cell.mean),
                "low": pack::number(cell.low), "high": pack::number(cell.high) })
        };
        let correlation = &self.judged.correlations[axis];
        let caption = format!(
            "A dot a point, its mean over the seeds with the 95 % bootstrap interval. Spearman's ρ = {}, {}.",
            significant(correlation.rho, 2),
            p_value(correlation.p)
        );
        let data = json!({ "log": factor.log, "points": cases.map(point).collect::<Vec<_>>() });
        let title = format!("{} along {}", self.figure.title, factor.name);
        let axes = [factor.name.as_str(), &headed(self.figure)];
        let missing = all_missing(self.judged.cases.iter());
        View {
            missing,
            ..self.view(format!("points-{axis}"), "scatter", title, axes, caption, data)
        }
    }
}

fn of(contest: &Contest) -> String {
    if contest.of == "case" { "cases".into() } else { format!("levels of {}", contest.of) }
}

/// A row of paired differences.
fn difference(name: String, paired: &Paired) -> Value {
    let more = [
        ["Cohen's d_z".to_owned(), shown(paired.d_z)],
        ["Cliff's delta".into(), shown(paired.cliffs_delta)],
        ["Wilcoxon p, Holm".into(), shown(paired.p_holm)],
        ["pairs".into(), paired.pairs.to_string()],
    ];
    json!({
        "name": name,
        "mean": pack::number(paired.difference),
        "low": pack::number(paired.interval.low),
        "high": pack::number(paired.interval.high),
        "more": more,
    })
}
