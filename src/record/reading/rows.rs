//! Rows of a Parquet table, cell by cell.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs::File;

/// Hands each row's cells of `columns`, in that order, to `each`. What goes wrong comes back in
/// words.
pub(super) fn each_row(
    file: File,
    columns: &[&str],
    mut each: impl FnMut(&[&Field]) -> Result<(), String>,
) -> Result<(), String> {
    let reader = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let place = |name: &&str| {
        let found = schema.columns().iter().position(|column| column.name() == *name);
        found.ok_or_else(|| format!("it has no column `{name}`"))
    };
    let places = columns.iter().map(place).collect::<Result<Vec<usize>, String>>()?;
    for row in reader.get_row_iter(None).map_err(|e| e.to_string())? {
        let row = row.map_err(|e| e.to_string())?;
        let cells: Vec<&Field> = row.get_column_iter().map(|(_, cell)| cell).collect();
        let wanted: Vec<&Field> = places.iter().map(|&i| cells[i]).collect();
        each(&wanted)?;
    }
    Ok(())
}

/// A cell of text.
pub(super) fn text(cell: &Field) -> Result<&str, String> {
    match cell {
        Field::Str(text) => Ok(text),
        other => Err(strange(other)),
    }
}

/// A count.
pub(super) fn integer(cell: &Field) -> Result<u64, String> {
    match cell {
        Field::Long(n) if *n >= 0 => Ok(*n as u64),
        other => Err(strange(other)),
    }
}

/// A real number, NaN where there is none.
pub(super) fn real(cell: &Field) -> Result<f64, String> {
    match cell {
        Field::Double(x) => Ok(*x),
        Field::Null => Ok(f64::NAN),
        other => Err(strange(other)),
    }
}

/// A real number of 32 bits, NaN where there is none.
pub(super) fn single(cell: &Field) -> Result<f32, String> {
    match cell {
        Field::Float(x) => Ok(*x),
        Field::Null => Ok(f32::NAN),
        other => Err(strange(other)),
    }
}

fn strange(cell: &Field) -> String {
    format!("a cell of another kind than expected: {cell}")
}
