//! runs.parquet: a row a run, in the order of cases and seeds. Nothing in it differs between two
//! ways to the same runs, so that neither do its bytes.

use crate::record::atomic::Sink;
use crate::record::table::{Cells, Loose, write_loose};
use crate::sweep::{Finished, Sweep, number};
use parquet::data_type::ByteArray;
use toml::Value;

pub(super) fn write(
    sink: &mut Sink,
    sweep: &Sweep,
    runs: &[Finished],
    id: &str,
) -> parquet::errors::Result<()> {
    let column = |name: &str, unit: &'static str, about: &str, cells: Cells| Loose {
        name: name.into(),
        unit,
        about: about.into(),
        cells,
    };
    let each = || (0..runs.len()).map(|i| sweep.run(i));
    let text = |texts: Vec<&str>| Cells::Text(texts.into_iter().map(ByteArray::from).collect());
    let case = text(each().map(|(case, _)| case.name.as_str()).collect());
    let mut columns = vec![column("case", "", "The case: its levels, or its name.", case)];
    for (i, factor) in sweep.design.factors.iter().enumerate() {
        let values: Vec<&Value> = each().filter_map(|(case, _)| case.values.get(i)).collect();
        // a list's only factor is the case
        if !values.is_empty() {
            columns.push(column(&factor.name, "", "What the axis sets.", cells(&values)));
        }
    }
    let seeds = Cells::Integer(each().map(|(_, seed)| seed as i64).collect());
    columns.push(column("seed", "", "The run's seed.", seeds));
    for figure in &sweep.figures {
        let index = figure.index();
        let values = Cells::Real(runs.iter().map(|run| run.figures[index]).collect());
        columns.push(column(figure.name, figure.unit, &format!("{}.", figure.title), values));
    }
    let hash = |run: &'_ Finished| run.result.clone().unwrap_or_default();
    let cause = |run: &'_ Finished| run.result.clone().err().unwrap_or_default();
    let owned = |get: &dyn Fn(&Finished) -> String| {
        Cells::Text(runs.iter().map(|run| ByteArray::from(get(run).into_bytes())).collect())
    };
    let about = "Why the run came to nothing; empty where it did not.";
    columns.push(column("failed", "", about, owned(&cause)));
    columns.push(column("result_hash", "", "BLAKE3 of the run's result.", owned(&hash)));
    let digests = text(sweep.digests.iter().map(String::as_str).collect());
    columns.push(column("run", "", "The name of the run's file.", digests));
    write_loose(sink, "runs", id, columns)
}

/// Numbers as numbers, anything else as text.
fn cells(values: &[&Value]) -> Cells {
    if values.iter().all(|value| value.is_integer()) {
        let whole = |value: &&Value| value.as_integer().unwrap_or(0);
        return Cells::Integer(values.iter().map(whole).collect());
    }
    if values.iter().all(|value| value.is_integer() || value.is_float()) {
        return Cells::Real(values.iter().map(|value| number(value)).collect());
    }
    let text = |value: &&Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    Cells::Text(values.iter().map(|value| ByteArray::from(text(value).into_bytes())).collect())
}
