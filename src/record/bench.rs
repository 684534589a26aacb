//! A benchmark on disk: `bench.json`, a table of all repeats, the scenario and the page.

use super::directory::RunDirectory;
use super::error::RecordError;
use super::manifest::{FORMAT, FileEntry, build};
use super::staging::Staging;
use super::table::{Cells, Loose, write_loose};
use super::{machine, pretty};
use crate::bench::{Bench, FIGURES, Row, Sample};
use parquet::data_type::ByteArray;
use serde_json::{Value, json};
use std::path::Path;

/// What a benchmark runs on, and how the program was built.
pub fn described() -> Value {
    json!({ "machine": machine::describe(), "build": build() })
}

/// Reads a benchmark's `bench.json`.
///
/// # Errors
/// Why it cannot be read, or what is wrong with it.
pub fn read_bench(path: &Path) -> Result<Bench, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| format!("{shown}: {e}"))?;
    let wanted = "wanted the bench.json that `hivesim bench` writes";
    serde_json::from_str(&text).map_err(|e| format!("{shown}: {e}; {wanted}"))
}

/// Writes a benchmark into `directory`, whole or not at all.
///
/// # Errors
/// Whatever the file system says; an earlier result is then still there.
pub fn write_bench(
    directory: &RunDirectory,
    bench: &Bench,
    scenario_toml: &str,
    report_html: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    directory.fill(|staging| write_all(staging, bench, scenario_toml, report_html))
}

fn write_all(
    staging: &Staging,
    bench: &Bench,
    scenario_toml: &str,
    report_html: &str,
) -> Result<(Vec<FileEntry>, Value), RecordError> {
    let text = pretty(&bench.to_json());
    let id = blake3::hash(text.as_bytes()).to_hex().to_string();
    let repeats: Vec<(&Row, u64, &Sample)> = bench
        .rows
        .iter()
        .flat_map(|row| (1..).zip(&row.samples).map(move |(n, sample)| (row, n, sample)))
        .collect();
    let files = vec![
        staging.write_text("scenario.toml", scenario_toml)?,
        staging.write_rows("bench.parquet", |sink| {
            write_loose(sink, "bench", &id, columns(&repeats)).map(|()| repeats.len() as u64)
        })?,
        staging.write_text("bench.json", &text)?,
        staging.write_text("report.html", report_html)?,
    ];
    let manifest = json!({
        "hivesim": env!("CARGO_PKG_VERSION"),
        "format": FORMAT,
        "bench": id,
        "started": bench.started,
        "files": files,
    });
    Ok((files, manifest))
}

/// A row a repeat.
fn columns(repeats: &[(&Row, u64, &Sample)]) -> Vec<Loose> {
    let column = |name: &str, unit, about: &str, cells| Loose {
        name: name.into(),
        unit,
        about: about.into(),
        cells,
    };
    let text = |get: &dyn Fn(&Row) -> String| {
        let bytes = repeats.iter().map(|(row, ..)| ByteArray::from(get(row).into_bytes()));
        Cells::Text(bytes.collect())
    };
    let whole = |get: &dyn Fn(&(&Row, u64, &Sample)) -> u64| {
        Cells::Integer(repeats.iter().map(|each| get(each) as i64).collect())
    };
    let mut columns = vec![
        column("engine", "", "The engine.", text(&|row| row.case.engine.name().into())),
        column(
            "fabric",
            "",
            "What learnings travel in; empty but for `live`.",
            text(&|row| row.case.fabric.map_or("", |fabric| fabric.name()).into()),
        ),
        column(
            "publication",
            "",
            "Where the newest core is had from; empty but for `live`.",
            text(&|row| row.case.publication.map_or("", |slot| slot.name()).into()),
        ),
        column("agents", "", "Agents.", whole(&|each| each.0.case.agents.into())),
        column("threads", "", "Worker threads.", whole(&|each| each.0.case.threads.into())),
        column("tasks", "", "Tasks of a round.", whole(&|each| each.0.case.tasks.into())),
        column("strategy", "", "The strategy.", text(&|row| row.case.strategy.clone())),
        column("workload", "", "What agents do.", text(&|row| row.case.workload.to_string())),
        column("repeat", "", "Which repeat, from 1.", whole(&|each| each.1)),
    ];
    for (i, figure) in FIGURES.iter().enumerate() {
        let values = repeats.iter().map(|(.., sample)| sample.0[i]).collect();
        let about = format!("{}.", figure.about);
        columns.push(column(figure.name, figure.unit, &about, Cells::Real(values)));
    }
    columns
}
