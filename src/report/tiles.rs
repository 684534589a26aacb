//! The key figures at the top of the page.

use super::captions::{half_fleet, last, value_sum};
use super::data::Run;
use super::text::{bytes, count, level, si};
use crate::measure::{Outcome, RoundRow};
use serde::Serialize;

/// One key figure.
#[derive(Serialize)]
pub(super) struct Tile {
    label: &'static str,
    value: String,
    /// The unit or what it is held against.
    note: String,
}

/// The key figures of an outcome, hive first.
pub(super) fn tiles(outcome: &Outcome, runs: &[Run<'_>]) -> Vec<Tile> {
    let hive = &runs[0];
    let rows = &hive.trace.rounds;
    let by_key = |key: &str| runs.iter().find(|r| r.key == key);
    let end = |run: &Run<'_>, get: fn(&RoundRow) -> f64| last(run, get).map_or(f64::NAN, |p| p.1);
    let panel = end(hive, |r| r.panel_skill);
    let mut tiles = vec![
        Tile {
            label: "Panel skill",
            value: level(panel),
            note: "hive's agents on their own jobs, at the end".into(),
        },
        Tile {
            label: "Core skill",
            value: level(end(hive, |r| r.core_skill)),
            note: "the bare core on the same jobs".into(),
        },
    ];
    for (key, label) in [("isolated", "Isolated"), ("pooled", "Pooled")] {
        let (value, note) = match by_key(key) {
            Some(run) => {
                let skill = end(run, |r| r.panel_skill);
                (level(skill), format!("hive {}", against(panel - skill)))
            }
            None => ("not run".into(), "this bound was not asked for".into()),
        };
        tiles.push(Tile { label, value, note });
    }
    let alone =
        by_key("isolated").map(|run| end(run, |r| r.unpractised_skill)).filter(|x| x.is_finite());
    tiles.push(Tile {
        label: "Skills never practised",
        value: level(end(hive, |r| r.unpractised_skill)),
        note: alone.map_or_else(
            || "level of the hive's agents".into(),
            |x| format!("isolated {}", level(x)),
        ),
    });
    let adopted = level(outcome.scenario.measure.adopted);
    tiles.push(Tile {
        label: "Half the fleet adopted",
        value: half_fleet(hive).map_or_else(|| "never".into(), |r| format!("round {r}")),
        note: format!("level ≥ {adopted} on the own job"),
    });
    let tasks: u64 = rows.iter().map(|r| r.tasks).sum();
    tiles.push(Tile {
        label: "Tasks",
        value: si(tasks as f64),
        note: format!("{} done by the hive", count(tasks)),
    });
    let made = value_sum(hive);
    tiles.push(Tile {
        label: "Value made",
        value: si(made),
        note: by_key("isolated").map_or_else(
            || "value units".into(),
            |run| format!("value units; isolated {}", si(value_sum(run))),
        ),
    });
    let up: u64 = rows.iter().map(|r| r.bytes_up).sum();
    let down: u64 = rows.iter().map(|r| r.bytes_down).sum();
    tiles.push(Tile {
        label: "Bytes sent",
        value: bytes((up + down) as f64),
        note: format!("{} up, {} down", bytes(up as f64), bytes(down as f64)),
    });
    tiles.push(Tile {
        label: "Result hash",
        value: outcome.result_hash.chars().take(8).collect(),
        note: "BLAKE3, the same on every engine".into(),
    });
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
