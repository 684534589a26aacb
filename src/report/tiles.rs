//! The key figures at the top of the page.

use super::captions::{at_end, called as called_run, half_fleet, percent, short, value_sum};
use super::data::Run;
use super::hives::called;
use super::text::{above, bytes, count, counted, level, si};
use crate::measure::{Outcome, Race, Trace};
use serde::Serialize;

/// One key figure.
#[derive(Serialize)]
pub(super) struct Tile {
    label: String,
    value: String,
    /// The unit or what it is held against.
    note: String,
}

/// The key figures of an outcome, hive first.
pub(super) fn tiles(outcome: &Outcome, runs: &[Run<'_>]) -> Vec<Tile> {
    let hive = &runs[0];
    let rows = &hive.trace.rounds;
    let by_key = |key: &str| runs.iter().find(|r| r.key == key);
    let mut tiles = hives(&outcome.hive);
    let several = hive.is_several();
    let whose = if several { "the hives'" } else { "the hive's" };
    // A number that was not measured gets no tile.
    let mut tile = |label: &str, x: Option<f64>, show: fn(f64) -> String, note: String| {
        if let Some(x) = x {
            tiles.push(Tile { label: label.into(), value: show(x), note });
        }
    };
    let note = match several {
        true => "level of all hives' agents on their own jobs",
        false => "hive's agents on their own jobs, at the end",
    };
    tile("Panel skill", at_end(hive, |r| r.panel_skill), level, note.into());
    let note = match several {
        true => "level of the hives' bare cores on the same jobs",
        false => "the bare core on the same jobs",
    };
    tile("Core skill", at_end(hive, |r| r.core_skill), level, note.into());
    for (key, label) in [("isolated", "Isolated"), ("pooled", "Pooled")] {
        let skill = by_key(key).and_then(|run| at_end(run, |r| r.panel_skill));
        let panel = at_end(hive, |r| r.panel_skill).unwrap_or(f64::NAN);
        let note = format!("hive {}", against(above(panel, skill.unwrap_or(f64::NAN))));
        tile(label, skill, level, note);
    }
    let alone = by_key("isolated").and_then(|run| at_end(run, |r| r.unpractised_skill));
    let note = alone
        .map_or_else(|| format!("level of {whose} agents"), |x| format!("isolated {}", level(x)));
    tile("Skills never practised", at_end(hive, |r| r.unpractised_skill), level, note);
    let note = "share of all test examples";
    tile("Test accuracy", at_end(hive, |r| r.test_accuracy), percent, note.into());
    let note = "nats an example, at the end";
    tile("Training loss", at_end(hive, |r| r.train_loss), short, note.into());
    if at_end(hive, |r| r.fleet_adoption).is_some() {
        let adopted = level(outcome.scenario.measure.adopted);
        tiles.push(Tile {
            label: "Half the fleet adopted".into(),
            value: half_fleet(hive).map_or_else(|| "never".into(), |r| format!("round {r:.1}")),
            note: format!("level ≥ {adopted} on the own job"),
        });
    }
    let tasks: u64 = rows.iter().map(|r| r.tasks).sum();
    tiles.push(Tile {
        label: "Tasks".into(),
        value: si(tasks as f64),
        note: format!("{} done by {}", count(tasks), called_run(hive)),
    });
    let made = value_sum(hive);
    tiles.push(Tile {
        label: "Value made".into(),
        value: si(made),
        note: by_key("isolated").map_or_else(
            || "value units".into(),
            |run| format!("value units; isolated {}", si(value_sum(run))),
        ),
    });
    let up: u64 = rows.iter().map(|r| r.bytes_up).sum();
    let down: u64 = rows.iter().map(|r| r.bytes_down).sum();
    tiles.push(Tile {
        label: "Bytes sent".into(),
        value: bytes((up + down) as f64),
        note: format!("{} up, {} down", bytes(up as f64), bytes(down as f64)),
    });
    tiles.push(Tile {
        label: "Result hash".into(),
        value: outcome.result_hash.chars().take(8).collect(),
        note: match outcome.hive.live {
            None => "BLAKE3, the same on every engine".into(),
            // the same there too where agents keep step over a channel
            Some(_) => "BLAKE3, of this run of free agents".into(),
        },
    });
    tiles
}

/// Hives with a tile of their own at most.
const HIVES_MAX: usize = 4;

/// Of several hives: a tile each for the best, by skill, and who leads.
fn hives(trace: &Trace) -> Vec<Tile> {
    let Some(race) = Race::of(&trace.hives) else { return Vec::new() };
    let mut rows: Vec<_> = race.end().collect();
    let changes = race.changes();
    let mut tiles: Vec<Tile> = Vec::new();
    if let Some(leader) = rows.get(race.leader()) {
        tiles.push(Tile {
            label: "Leader at the end".into(),
            value: called(leader),
            note: format!("the lead changed {}", counted(changes as u64, "time")),
        });
    }
    rows.sort_by(|a, b| b.skill.total_cmp(&a.skill).then(a.hive.cmp(&b.hive)));
    tiles.extend(rows.iter().take(HIVES_MAX).map(|row| Tile {
        label: format!("Hive: {}", called(row)),
        value: percent(row.skill),
        note: format!("tasks right; {} of the agents", percent(row.share)),
    }));
    tiles
}

fn against(gap: f64) -> String {
    if !gap.is_finite() {
        "not measured".into()
    } else if gap.abs() < 0.005 {
        "level with it".into()
    } else if gap > 0.0 {
        format!("{} above it", level(gap))
    } else {
        format!("{} below it", level(-gap))
    }
}
