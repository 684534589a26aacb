//! The figures of a battery's page, with what the scripts draw.

use crate::report::pack;
use crate::report::text::significant;
use crate::report::views::{
    DRAWN_MAX, Section, View, all_missing, cell, headed, numbers, rank_diagram,
};
use crate::scenario::HardshipKind;
use crate::stress::{Breakdown, Card, Cards, Curve, Standing, Stress};
use serde_json::{Value, json};

/// Strategies whose curves are drawn in one figure: more lines cannot be told apart.
const LINES_MAX: usize = 12;

/// What the page shows.
pub(super) struct Page<'a> {
    pub stress: &'a Stress,
    pub cards: &'a Cards,
}

impl Page<'_> {
    /// The overview, and a section a kind of hardship.
    pub(super) fn sections(&self) -> Vec<Section> {
        let mut figures = vec![self.skill(), self.price()];
        figures.extend(self.ranks());
        figures.push(self.map());
        let floor = self.stress.battery.floor;
        let mut sections = vec![Section {
            id: "overview".into(),
            title: "Side by side".into(),
            lede: "Skill under hardship is the mean over doses, from none to the highest, of all \
                   that a strategy faced."
                .into(),
            figures,
        }];
        let kinds = [
            (HardshipKind::Fault, "Faults"),
            (HardshipKind::Staleness, "Staleness"),
            (HardshipKind::Heterogeneity, "Heterogeneity"),
            (HardshipKind::Compression, "Compression"),
            (HardshipKind::Attack, "Attacks"),
        ];
        for (kind, title) in kinds {
            let hardships = self.stress.battery.hardships.iter().enumerate();
            let own = hardships.filter(|(_, hardship)| hardship.family == kind);
            let figures: Vec<View> = own.flat_map(|(h, _)| self.pair(h)).collect();
            if !figures.is_empty() {
                let lede = format!(
                    "Beside each curve the breakdown points: the dose at which skill falls below \
                     {floor} of the clean run's."
                );
                let id = kind.name().to_owned();
                sections.push(Section { id, title: title.into(), lede, figures });
            }
        }
        sections
    }

    /// A curve with the breakdown points beside it, if there are any.
    fn pair(&self, h: usize) -> Vec<View> {
        let falls = self.falls(h);
        let curves = View { wide: falls.is_none(), ..self.curves(h) };
        [Some(curves), falls].into_iter().flatten().collect()
    }

    fn shown(&self) -> impl Iterator<Item = &Standing> {
        self.cards.board.standings.iter().take(DRAWN_MAX)
    }

    fn skill(&self) -> View {
        let row = |each: &Standing| {
            let mut row = cell(&each.stressed);
            row["name"] = each.name.as_str().into();
            row["more"] = json!([["clean", significant(each.clean.mean, 3)]]);
            row
        };
        let rows: Vec<Value> = self.shown().map(row).collect();
        let caption = "A dot is the mean over the seeds, its line the 95 % bootstrap interval. \
                       Worlds differ more than strategies do: see the ranks for who differs."
            .to_owned();
        let x = headed(self.stress.figure);
        let missing = rows.iter().all(|row| row["mean"].is_null());
        let data = json!({ "rows": rows, "zero": null });
        let title = "Skill under hardship".to_owned();
        View {
            missing,
            ..View::new("fig-skill".into(), "rows", title, [&x, "strategy"], caption, data)
        }
    }

    /// Quality next to its price.
    fn price(&self) -> View {
        let point = |each: &Standing| {
            let mut point = cell(&each.stressed);
            point["name"] = each.name.as_str().into();
            point["x"] = pack::number(self.cards.cards[each.card].cost.merge_ms);
            point
        };
        let priced = |point: &Value| point["x"].as_f64().is_some_and(|x| x > 0.0);
        let points: Vec<Value> = self.shown().map(point).filter(priced).collect();
        let missing = points.is_empty();
        let data = json!({ "log": true, "points": points });
        let caption =
            "A dot a strategy: skill under hardship, and how long its merges take in the \
                       clean hive on the machine that ran it."
                .to_owned();
        let (x, y) = ("merging, ms a round", headed(self.stress.figure));
        let title = "Cost next to quality".to_owned();
        View { missing, ..View::new("fig-price".into(), "scatter", title, [x, &y], caption, data) }
    }

    fn ranks(&self) -> Option<View> {
        let friedman = self.cards.board.ranks.as_ref()?;
        let admitted = self.cards.cards.iter().filter(|card| card.refused.is_none());
        let names: Vec<String> = admitted.map(|card| card.name.clone()).collect();
        let (caption, data) = rank_diagram(&names, friedman, &friedman.groups(), "hardships");
        let title = "Mean ranks over hardships".to_owned();
        let axes = ["mean rank", "strategy"];
        Some(View::new("fig-ranks".into(), "rows", title, axes, caption, data))
    }

    /// What everyone keeps under everything.
    fn map(&self) -> View {
        let names: Vec<&str> = self.shown().map(|each| each.name.as_str()).collect();
        let hardships: Vec<&str> =
            self.stress.battery.hardships.iter().rev().map(|each| each.name.as_str()).collect();
        let column = |each: &Standing| {
            let curves = self.cards.cards[each.card].curves.iter().rev();
            Value::Array(curves.map(|curve| cell(&curve.kept)).collect())
        };
        let cells: Vec<Value> = self.shown().map(column).collect();
        let data = json!({ "levels": names, "second": hardships, "cells": cells });
        let caption = "What of its clean skill a strategy keeps, in the mean over doses: the best \
                       strategy on the left."
            .to_owned();
        let title = "What is kept, as a map".to_owned();
        let axes = ["strategy", "hardship"];
        let view = View::new("fig-map".into(), "heat", title, axes, caption, data);
        View { wide: true, missing: names.is_empty(), ..view }
    }

    /// The best strategies' curves under a hardship.
    fn curves(&self, h: usize) -> View {
        let hardship = &self.stress.battery.hardships[h];
        let of = |each: &Standing| (each.name.clone(), &self.cards.cards[each.card].curves[h]);
        let faced: Vec<(String, &Curve)> = self
            .shown()
            .map(of)
            .filter(|(_, curve)| !curve.points.is_empty())
            .take(LINES_MAX)
            .collect();
        let doses = self.stress.battery.doses;
        let dose =
            |i: u32| significant(self.stress.dose(h, f64::from(i) / f64::from(doses - 1)), 3);
        let levels: Vec<String> = (0..doses).map(dose).collect();
        let line = |(name, curve): &(String, &Curve)| {
            let cells: Vec<_> = curve.points.iter().map(|point| point.level).collect();
            json!({ "name": name, "cells": numbers(&cells) })
        };
        let series: Vec<Value> = faced.iter().map(line).collect();
        let missing =
            all_missing(faced.iter().flat_map(|(_, c)| c.points.iter().map(|p| &p.level)));
        let left_out = match self.cards.board.standings.len().saturating_sub(LINES_MAX) {
            0 => String::new(),
            _ => format!(" The {LINES_MAX} with most skill under hardship; all are in the cards."),
        };
        let fell =
            |(_, curve): &(String, &Curve)| curve.breakdown.is_some_and(|f| f.dose.is_some());
        let held = if faced.iter().any(fell) { "" } else { " Everyone holds at every dose." };
        let caption = format!(
            "{} Mean over the seeds; bars: 95 % bootstrap interval.{left_out}{held}",
            hardship.about
        );
        let data = json!({ "levels": levels, "series": series });
        let axes = [hardship.dose.as_str(), &headed(self.stress.figure)];
        let title = hardship.name.clone();
        View {
            missing,
            ..View::new(format!("fig-curve-{h}"), "levels", title, axes, caption, data)
        }
    }

    /// Everyone's breakdown point under a hardship, where anyone has one.
    fn falls(&self, h: usize) -> Option<View> {
        let hardship = &self.stress.battery.hardships[h];
        let row = |each: &Standing| {
            let fall: &Breakdown = self.cards.cards[each.card].curves[h].breakdown.as_ref()?;
            let dose = fall.dose?;
            // what lies beyond is drawn at the highest dose
            let (low, high) = (fall.low.unwrap_or(dose), fall.high.unwrap_or(hardship.to));
            Some(json!({
                "name": each.name,
                "mean": pack::number(dose),
                "low": pack::number(low.min(high)),
                "high": pack::number(low.max(high)),
                "more": [["seeds on which it falls", format!("{} of {}", fall.fell, fall.seeds)]],
            }))
        };
        let rows: Vec<Value> = self.shown().filter_map(row).collect();
        if rows.is_empty() {
            return None;
        }
        let held = self.holding(h);
        let holds = match held.is_empty() {
            true => String::new(),
            false => format!(" These hold at every dose: {}.", held.join(", ")),
        };
        let caption = format!(
            "The median over the seeds of the dose at which skill falls below {} of the clean \
             run's, and its interval by order statistics.{holds}",
            self.stress.battery.floor
        );
        let data = json!({ "rows": rows, "zero": null });
        let title = format!("{}: breakdown points", hardship.name);
        let axes = [hardship.dose.as_str(), "strategy"];
        let view = View::new(format!("fig-fall-{h}"), "rows", title, axes, caption, data);
        Some(View { wide: false, ..view })
    }

    /// Who holds at every dose of a hardship.
    fn holding(&self, h: usize) -> Vec<&str> {
        let held = self.shown().filter(|each| {
            let fall = self.cards.cards[each.card].curves[h].breakdown.as_ref();
            fall.is_some_and(|fall| fall.dose.is_none())
        });
        held.map(|each| each.name.as_str()).collect()
    }

    /// A strategy's skill under everything, dose by dose.
    pub(super) fn heat_of(&self, at: usize, card: &Card) -> View {
        let doses = self.stress.battery.doses as usize;
        let steps: Vec<String> =
            (0..doses).map(|i| significant(i as f64 / (doses - 1) as f64, 2)).collect();
        let faced: Vec<&Curve> =
            card.curves.iter().filter(|c| !c.points.is_empty()).rev().collect();
        let names: Vec<&str> = faced.iter().map(|curve| curve.hardship.as_str()).collect();
        let column = |i: usize| {
            Value::Array(faced.iter().map(|curve| cell(&curve.points[i].level)).collect())
        };
        let cells: Vec<Value> = (0..doses).map(column).collect();
        let data = json!({ "levels": steps, "second": names, "cells": cells });
        let caption = "Skill from no dose (0) to the highest (1) of each hardship.".to_owned();
        let axes = ["dose, as a share of the way to the highest", "hardship"];
        let title = format!("{}: skill, dose by dose", card.name);
        let view = View::new(format!("fig-card-{at}"), "heat", title, axes, caption, data);
        View { missing: names.is_empty(), wide: true, ..view }
    }
}
