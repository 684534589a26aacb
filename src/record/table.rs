//! A Parquet table described by data: a name and a list of columns, each with its unit, its
//! description and how to get its cell out of a row.
//!
//! Rows are taken from an iterator, a row group at a time: memory is one row group
//! (65,536 rows) whatever the length of the table.

use super::atomic::Sink;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::Result;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Rows a row group: 65,536 × 8 bytes is half a megabyte a column before compression.
const ROW_GROUP: usize = 1 << 16;

/// How a cell comes out of a row. NaN and infinities are written as null, as JSON has them.
pub(super) enum Cell<R> {
    Text(fn(&R) -> &str),
    /// A count or an id, as a signed 64-bit integer: differences in a reader must not wrap.
    Integer(fn(&R) -> u64),
    Real(fn(&R) -> f64),
    /// A real number that was held in 32 bits.
    Single(fn(&R) -> f32),
}

pub(super) struct Column<R> {
    name: &'static str,
    unit: &'static str,
    about: &'static str,
    cell: Cell<R>,
}

impl<R> Column<R> {
    pub(super) const fn new(
        name: &'static str,
        unit: &'static str,
        about: &'static str,
        cell: Cell<R>,
    ) -> Self {
        Column { name, unit, about, cell }
    }

    fn schema(&self) -> Result<Arc<Type>> {
        self.cells(&[]).schema(self.name)
    }

    fn cells(&self, rows: &[R]) -> Cells {
        match self.cell {
            Cell::Text(cell) => Cells::Text(texts(rows, cell)),
            Cell::Integer(cell) => {
                // Nothing that hivesim counts comes near 2^63.
                let signed = |r| i64::try_from(cell(r)).unwrap_or(i64::MAX);
                Cells::Integer(rows.iter().map(signed).collect())
            }
            Cell::Real(cell) => Cells::Real(rows.iter().map(cell).collect()),
            Cell::Single(cell) => Cells::Single(rows.iter().map(cell).collect()),
        }
    }
}

/// A column of a row group. What rows are made of ends here: all tables are written by the same
/// code, compiled once.
pub(super) enum Cells {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Real(Vec<f64>),
    Single(Vec<f32>),
}

impl Cells {
    fn schema(&self, name: &str) -> Result<Arc<Type>> {
        let (physical, repetition, logical) = match self {
            Cells::Text(_) => {
                (Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String))
            }
            Cells::Integer(_) => (Physical::INT64, Repetition::REQUIRED, None),
            Cells::Real(_) => (Physical::DOUBLE, Repetition::OPTIONAL, None),
            Cells::Single(_) => (Physical::FLOAT, Repetition::OPTIONAL, None),
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    }

    fn write(&self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        match self {
            Cells::Text(texts) => {
                writer.typed::<ByteArrayType>().write_batch(texts, None, None)?;
            }
            Cells::Integer(values) => {
                writer.typed::<Int64Type>().write_batch(values, None, None)?;
            }
            Cells::Real(values) => {
                write_nullable(writer.typed::<DoubleType>(), values, |v| !v.is_finite())?;
            }
            Cells::Single(values) => {
                write_nullable(writer.typed::<FloatType>(), values, |v| !v.is_finite())?;
            }
        }
        Ok(())
    }
}

/// Writes row groups, each a list of columns, until there are no more.
fn write_groups(
    sink: &mut Sink,
    schema: Type,
    properties: WriterProperties,
    groups: &mut dyn Iterator<Item = Vec<Cells>>,
) -> Result<()> {
    let mut writer = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties))?;
    for cells in groups {
        let mut group = writer.next_row_group()?;
        let mut cells = cells.iter();
        while let Some(mut column) = group.next_column()? {
            if let Some(cells) = cells.next() {
                cells.write(&mut column)?;
            }
            column.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

/// Equal neighbours share one allocation: names repeat in long runs.
fn texts<R>(rows: &[R], cell: fn(&R) -> &str) -> Vec<ByteArray> {
    let mut values: Vec<ByteArray> = Vec::with_capacity(rows.len());
    for row in rows {
        let text = cell(row);
        match values.last() {
            Some(last) if last.data() == text.as_bytes() => values.push(last.clone()),
            _ => values.push(ByteArray::from(text)),
        }
    }
    values
}

/// Definition level 1 where there is a value, 0 where it is null.
fn write_nullable<D: DataType>(
    writer: &mut ColumnWriterImpl<'_, D>,
    cells: &[D::T],
    is_null: fn(&D::T) -> bool,
) -> Result<()> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(!is_null(cell))).collect();
    let values: Vec<D::T> = cells.iter().filter(|cell| !is_null(cell)).cloned().collect();
    writer.write_batch(&values, Some(&levels), None)?;
    Ok(())
}

/// A table of rows `R`.
pub(super) struct Table<R> {
    /// The file's name without `.parquet`.
    pub name: &'static str,
    pub columns: Vec<Column<R>>,
}

impl<R> Table<R> {
    /// Names, units and descriptions, as the file's `hivesim.columns` holds them.
    pub(super) fn describe(&self) -> serde_json::Value {
        let entry = |c: &Column<R>| {
            let about = serde_json::json!({ "unit": c.unit, "description": c.about });
            (c.name.to_string(), about)
        };
        serde_json::Value::Object(self.columns.iter().map(entry).collect())
    }

    /// Writes all rows; returns how many there were.
    pub(super) fn write(
        &self,
        sink: &mut Sink,
        result_hash: &str,
        rows: &mut dyn Iterator<Item = R>,
    ) -> Result<u64> {
        let fields = self.columns.iter().map(Column::schema).collect::<Result<Vec<_>>>()?;
        let schema = Type::group_type_builder(self.name).with_fields(fields).build()?;
        let mut written = 0;
        let mut groups = std::iter::from_fn(|| {
            let rows: Vec<R> = rows.take(ROW_GROUP).collect();
            written += rows.len() as u64;
            (!rows.is_empty()).then(|| self.columns.iter().map(|c| c.cells(&rows)).collect())
        });
        write_groups(sink, schema, properties(&self.describe(), result_hash), &mut groups)?;
        Ok(written)
    }
}

/// A column whose name is not known before there are rows: an axis of a sweep.
pub(super) struct Loose {
    pub name: String,
    pub unit: &'static str,
    pub about: String,
    pub cells: Cells,
}

/// Writes a table of such columns, all equally long, as one row group.
pub(super) fn write_loose(
    sink: &mut Sink,
    name: &str,
    result_hash: &str,
    columns: Vec<Loose>,
) -> Result<()> {
    let fields = columns.iter().map(|c| c.cells.schema(&c.name)).collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder(name).with_fields(fields).build()?;
    let entry = |c: &Loose| {
        let about = serde_json::json!({ "unit": c.unit, "description": c.about });
        (c.name.clone(), about)
    };
    let about = serde_json::Value::Object(columns.iter().map(entry).collect());
    let cells = columns.into_iter().map(|column| column.cells).collect();
    write_groups(sink, schema, properties(&about, result_hash), &mut std::iter::once(cells))
}

/// Only what the result determines: the same result gives the same bytes.
fn properties(columns: &serde_json::Value, result_hash: &str) -> WriterProperties {
    let version = env!("CARGO_PKG_VERSION");
    let entry = |key: &str, value: String| KeyValue::new(key.to_string(), value);
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("hivesim version {version}"))
        .set_key_value_metadata(Some(vec![
            entry("hivesim.version", version.to_string()),
            entry("hivesim.result_hash", result_hash.to_string()),
            entry("hivesim.columns", columns.to_string()),
        ]))
        .build()
}
