use super::*;
use crate::record::table::{Cell, Column, Table};
use crate::record::{atomic, tables};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;

pub(super) type Cells = BTreeMap<String, Field>;

fn read(path: &Path) -> Vec<Cells> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let cells =
        |row: parquet::errors::Result<Row>| row.unwrap().into_columns().into_iter().collect();
    reader.get_row_iter(None).unwrap().map(cells).collect()
}

pub(super) fn text(text: &str) -> Field {
    Field::Str(text.into())
}

pub(super) fn read_one(name: &str) -> Vec<Cells> {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    read(&folder.path().join(name))
}

#[test]
fn rounds_hold_every_fleets_rows_with_nan_as_null() {
    let rows = read_one("rounds.parquet");
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[2]["fleet"], text("hive"));
    assert_eq!(rows[3]["fleet"], text("pooled"));
    assert_eq!(rows[2]["round"], Field::Long(2));
    assert_eq!(rows[2]["panel_skill"], Field::Double(2.375));
    assert_eq!(rows[2]["train_loss"], Field::Null);
    assert_eq!(rows[2]["bytes_up"], Field::Long(1 << 40));
}

#[test]
fn rounds_hold_every_field_of_a_row() {
    let fields = serde_json::to_value(RoundRow::default()).unwrap();
    let expected: Vec<&str> = std::iter::once("fleet")
        .chain(fields.as_object().unwrap().keys().map(String::as_str))
        .collect();
    let described = tables::rounds_table().describe();
    let columns: Vec<&str> = described.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(columns, expected);
}

#[test]
fn skills_are_averaged_over_the_agents_that_have_a_probe() {
    let rows = read_one("skills.parquet");
    assert_eq!(rows.len(), 8);
    // Round 1 of the hive: s0 has levels 0.5, 0.75, 0; s1 has 0.25, none, 1.
    let (s0, s1) = (&rows[2], &rows[3]);
    assert_eq!(s0["skill"], text("s0"));
    assert_eq!(s0["panel_level"], Field::Double(1.25 / 3.0));
    assert_eq!(s0["adoption"], Field::Double(2.0 / 3.0));
    assert_eq!(s0["practised"], Field::Double(1.0));
    assert_eq!(s1["panel_level"], Field::Double(0.625));
    assert_eq!(s1["panel_level_sd"], Field::Double(0.375));
    assert_eq!(s1["adoption"], Field::Double(0.5));
    assert_eq!(s1["practised"], Field::Double(2.0 / 3.0));
    assert_eq!(s1["frequency"], Field::Double(0.25));
}

#[test]
fn panel_agents_are_judged_on_their_own_job() {
    let rows = read_one("panel.parquet");
    assert_eq!(rows.len(), 12);
    // Round 1 of the hive. Agent 7 has no probe of s1, so its job is s0 alone.
    let (a2, a7, a9) = (&rows[3], &rows[4], &rows[5]);
    assert_eq!(a2["job_level"], Field::Double(0.5));
    assert_eq!(a2["unpractised_level"], Field::Double(0.25));
    assert_eq!(a7["agent"], Field::Long(7));
    assert_eq!(a7["job_level"], Field::Double(0.75));
    assert_eq!(a7["unpractised_level"], Field::Null);
    assert_eq!(a9["company"], Field::Long(1));
    assert_eq!(a9["job_level"], Field::Double(0.75));
    assert_eq!(a9["adopted_skills"], Field::Long(1));
    assert_eq!(a9["tasks"], Field::Long(5));
}

#[test]
fn levels_are_the_frames_in_long_form() {
    let rows = read_one("levels.parquet");
    assert_eq!(rows.len(), 24);
    let row = &rows[6 + 3];
    assert_eq!(row["agent"], Field::Long(7));
    assert_eq!(row["skill"], text("s1"));
    assert_eq!(row["level"], Field::Null);
    assert_eq!(row["core_level"], Field::Float(0.5));
    assert_eq!(row["practised"], Field::Long(2));
}

#[test]
fn every_table_says_its_units_version_and_result() {
    let folder = tempfile::tempdir().unwrap();
    for entry in write_into(folder.path()) {
        let Some(rows) = entry.rows else { continue };
        let file = File::open(folder.path().join(&entry.name)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let metadata = reader.metadata().file_metadata();
        assert_eq!(metadata.num_rows(), rows as i64);
        let pairs: BTreeMap<&str, &str> = metadata
            .key_value_metadata()
            .unwrap()
            .iter()
            .map(|pair| (pair.key.as_str(), pair.value.as_deref().unwrap()))
            .collect();
        assert_eq!(pairs["hivesim.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(pairs["hivesim.result_hash"], "c0ffee");
        let columns: serde_json::Value = serde_json::from_str(pairs["hivesim.columns"]).unwrap();
        for column in metadata.schema_descr().columns() {
            let about = &columns[column.name()];
            assert!(!about["description"].as_str().unwrap().is_empty(), "{}", column.name());
            assert!(about["unit"].is_string(), "{}", column.name());
        }
    }
}

#[test]
fn every_number_in_a_table_is_finite_or_null() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![
        Column::new("x", "", "a real number", Cell::Real(|x: &f64| *x)),
        Column::new("y", "", "a single", Cell::Single(|x: &f64| *x as f32)),
    ];
    let table = Table { name: "numbers", columns };
    let path = folder.path().join("numbers");
    let cells = [0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5];
    atomic::write(&path, |sink| Ok(table.write(sink, "", &mut cells.into_iter()).unwrap()))
        .unwrap();
    let rows = read(&path);
    for (row, cell) in rows.iter().zip(cells) {
        let (double, float) = if cell.is_finite() {
            (Field::Double(cell), Field::Float(cell as f32))
        } else {
            (Field::Null, Field::Null)
        };
        assert_eq!((&row["x"], &row["y"]), (&double, &float));
    }
}

#[test]
fn long_tables_are_cut_into_row_groups_and_empty_ones_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let columns = vec![Column::new("n", "", "a number", Cell::Integer(|n: &u64| *n))];
    let table = Table { name: "numbers", columns };
    for (rows, groups) in [(0, 0), (1, 1), (65_536, 1), (150_000, 3)] {
        let path = folder.path().join(rows.to_string());
        let (written, _) =
            atomic::write(&path, |sink| Ok(table.write(sink, "", &mut (0..rows)).unwrap()))
                .unwrap();
        assert_eq!(written, rows);
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), groups);
        let last = read(&path).last().map(|row| row["n"].clone());
        assert_eq!(last, rows.checked_sub(1).map(|n| Field::Long(n as i64)));
    }
}

/// Whether the tables mean the same to the tools that people will open them with.
#[test]
fn pythons_readers_agree() {
    let folder = tempfile::tempdir().unwrap();
    write_into(folder.path());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers.py");
    let output = match Command::new("python3").arg(script).arg(folder.path()).output() {
        Ok(output) => output,
        Err(e) => {
            println!("skipped: python3 cannot be run ({e})");
            return;
        }
    };
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{out}");
    assert!(output.status.success(), "{out}{err}");
}
