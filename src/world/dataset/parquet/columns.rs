//! Columns of a Parquet file by name, as plain vectors. What the encodings and compressions
//! are is the `parquet` crate's business; which physical types are taken is decided here.

use super::super::DataError;
use super::headers::Walked;
use super::pages::Checked;
use crate::text::{self, nearest};
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, Length, SerializedFileReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, Type};
use std::fs::File;
use std::path::{Path, PathBuf};

/// A cell of a text column, mostly a word of a dictionary that many cells share.
pub(super) type Text = ByteArray;

/// A cell of a list column.
pub(super) enum List {
    Values(Vec<f32>),
    /// It is null, or holds a null.
    Null,
}

/// An open file.
pub(super) struct Reader {
    path: PathBuf,
    file: SerializedFileReader<Walked>,
    bytes: u64,
}

/// A column of one row group: values, and for each entry its levels. Entries without a value
/// have a definition level below the largest.
struct Raw<T> {
    values: Vec<T>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    definition_max: i16,
}

/// The columns that are read.
const COLUMNS: [&str; 4] = ["agent", "split", "label", "features"];
/// The most names of columns that a message lists.
const SHOWN_MOST: usize = 20;

const TEXT: &str = "a column of strings";
const INTEGERS: &str = "a column of integers";
const NAMES: &str = "a column of integers or strings";
const LISTS: &str = "a column of lists of numbers";

impl Reader {
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file =
            File::open(path).map_err(|source| DataError::Io { path: path.into(), source })?;
        let bytes = file.len();
        let file = Walked::new(file).and_then(SerializedFileReader::new).map_err(|e| {
            let what = format!(
                "it is not Parquet, or only the first part of such a file ({e}); a data set is a \
                 Parquet file or a folder with LEAF's train.json and test.json"
            );
            DataError::Syntax { path: path.into(), what }
        })?;
        Ok(Reader { path: path.into(), file, bytes })
    }

    pub(super) fn groups(&self) -> usize {
        self.file.num_row_groups()
    }

    /// Integers come out as their decimal digits.
    pub(super) fn names(
        &self,
        group: usize,
        name: &'static str,
    ) -> Result<Vec<Option<Text>>, DataError> {
        let (_, column) = self.find(name, NAMES)?;
        match column.physical_type() {
            Physical::BYTE_ARRAY => self.text(group, name),
            _ => {
                let digits = |n: Option<i64>| n.map(|n| Text::from(n.to_string().into_bytes()));
                Ok(self.integers_of(group, name, NAMES)?.into_iter().map(digits).collect())
            }
        }
    }

    pub(super) fn text(
        &self,
        group: usize,
        name: &'static str,
    ) -> Result<Vec<Option<Text>>, DataError> {
        let (index, column) = self.flat(name, TEXT)?;
        let ColumnReader::ByteArrayColumnReader(reader) = self.column(group, index)? else {
            return Err(self.mistyped(name, &column, TEXT));
        };
        Ok(self.raw(group, reader, &column)?.optional())
    }

    pub(super) fn integers(
        &self,
        group: usize,
        name: &'static str,
    ) -> Result<Vec<Option<i64>>, DataError> {
        self.integers_of(group, name, INTEGERS)
    }

    /// Integers of any width; 64-bit unsigned ones above 2^63 are refused.
    fn integers_of(
        &self,
        group: usize,
        name: &'static str,
        allowed: &'static str,
    ) -> Result<Vec<Option<i64>>, DataError> {
        let (index, column) = self.flat(name, allowed)?;
        let unsigned = match column.logical_type_ref() {
            None => false,
            Some(LogicalType::Integer(kind)) => !kind.is_signed,
            Some(_) => return Err(self.mistyped(name, &column, allowed)),
        };
        match self.column(group, index)? {
            ColumnReader::Int32ColumnReader(reader) => {
                let wide = |n: i32| if unsigned { i64::from(n as u32) } else { i64::from(n) };
                let values = self.raw(group, reader, &column)?.optional();
                Ok(values.into_iter().map(|n| n.map(wide)).collect())
            }
            ColumnReader::Int64ColumnReader(reader) => {
                let values = self.raw(group, reader, &column)?.optional();
                match values.iter().position(|n| unsigned && n.is_some_and(|n| n < 0)) {
                    None => Ok(values),
                    Some(i) => {
                        let place = format!("row {i} of row group {group}, `{name}`");
                        let found = "an integer of 2^63 or more";
                        Err(DataError::value(&self.path, place, found, "less than 2^63"))
                    }
                }
            }
            _ => Err(self.mistyped(name, &column, allowed)),
        }
    }

    pub(super) fn lists(&self, group: usize, name: &'static str) -> Result<Vec<List>, DataError> {
        let (index, column) = self.find(name, LISTS)?;
        let fields = self.file.metadata().file_metadata().schema().get_fields();
        if !fields.iter().any(|field| field.name() == name && is_list(field)) {
            return Err(self.mistyped(name, &column, LISTS));
        }
        match (column.logical_type_ref(), self.column(group, index)?) {
            (_, ColumnReader::FloatColumnReader(r)) => {
                Ok(self.raw(group, r, &column)?.lists(|v| v))
            }
            (_, ColumnReader::DoubleColumnReader(r)) => {
                Ok(self.raw(group, r, &column)?.lists(|v| v as f32))
            }
            (Some(LogicalType::Integer(kind)), ColumnReader::Int32ColumnReader(r))
                if !kind.is_signed =>
            {
                Ok(self.raw(group, r, &column)?.lists(|v| v as u32 as f32))
            }
            (Some(LogicalType::Integer(kind)), ColumnReader::Int64ColumnReader(r))
                if !kind.is_signed =>
            {
                Ok(self.raw(group, r, &column)?.lists(|v| v as u64 as f32))
            }
            (None | Some(LogicalType::Integer(_)), ColumnReader::Int32ColumnReader(r)) => {
                Ok(self.raw(group, r, &column)?.lists(|v| v as f32))
            }
            (None | Some(LogicalType::Integer(_)), ColumnReader::Int64ColumnReader(r)) => {
                Ok(self.raw(group, r, &column)?.lists(|v| v as f32))
            }
            _ => Err(self.mistyped(name, &column, LISTS)),
        }
    }

    /// The only leaf below the field `name`.
    fn find(
        &self,
        name: &'static str,
        allowed: &'static str,
    ) -> Result<(usize, ColumnDescPtr), DataError> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        let below = |c: &&ColumnDescPtr| c.path().parts().first().is_some_and(|part| part == name);
        let found: Vec<_> = schema.columns().iter().filter(below).collect();
        match found[..] {
            [column] => {
                let index = schema.columns().iter().position(|c| c.path() == column.path());
                Ok((index.unwrap_or_default(), column.clone()))
            }
            [] => Err(self.missing(name, allowed)),
            _ => Err(DataError::Column {
                path: self.path.clone(),
                column: name,
                found: format!("a structure of {} columns", found.len()),
                allowed,
            }),
        }
    }

    fn flat(
        &self,
        name: &'static str,
        allowed: &'static str,
    ) -> Result<(usize, ColumnDescPtr), DataError> {
        let (index, column) = self.find(name, allowed)?;
        if column.max_rep_level() == 0 && column.path().parts().len() == 1 {
            return Ok((index, column));
        }
        Err(self.mistyped(name, &column, allowed))
    }

    fn missing(&self, name: &'static str, allowed: &'static str) -> DataError {
        let fields = self.file.metadata().file_metadata().schema().get_fields();
        let others = || fields.iter().map(|field| field.name());
        let free = others().filter(|other| !COLUMNS.contains(other));
        let found = match nearest(name, free) {
            Some(nearest) => format!("no such column (did you mean `{}`?)", text::name(nearest)),
            None => {
                let names: Vec<String> = others().take(SHOWN_MOST).map(text::name).collect();
                let more = if fields.len() > SHOWN_MOST { ", …" } else { "" };
                format!("no such column among `{}`{more}", names.join("`, `"))
            }
        };
        DataError::Column { path: self.path.clone(), column: name, found, allowed }
    }

    fn mistyped(
        &self,
        name: &'static str,
        column: &ColumnDescriptor,
        allowed: &'static str,
    ) -> DataError {
        // below a list's own three levels, or a structure's one, there are structures
        let lists = usize::try_from(column.max_rep_level()).unwrap_or(0);
        let nested = if lists > 1 { "lists of " } else { "" };
        let list = match column.path().parts().len() > 1 + 2 * lists {
            true if lists > 0 => "lists of structures of ",
            true => "structures of ",
            false if lists > 0 => "lists of ",
            false => "",
        };
        let logical = column.logical_type_ref().map_or(String::new(), |l| format!(" ({l:?})"));
        let found = format!("{nested}{list}{}{logical}", column.physical_type());
        DataError::Column { path: self.path.clone(), column: name, found, allowed }
    }

    fn column(&self, group: usize, index: usize) -> Result<ColumnReader, DataError> {
        let column = self.file.metadata().row_group(group).column(index);
        match column.compression() {
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_) => {}
            other => {
                let name = column.column_path().parts().first().cloned().unwrap_or_default();
                let what = format!(
                    "its column `{name}` is compressed with {other}; write it uncompressed, or \
                     with snappy or zstd"
                );
                return Err(DataError::Syntax { path: self.path.clone(), what });
            }
        }
        let checked = || {
            let pages = self.file.get_row_group(group)?.get_column_page_reader(index)?;
            Checked::new(pages, column, self.bytes)
        };
        let pages = checked().map_err(|e| self.broken(group, &e))?;
        Ok(get_column_reader(column.column_descr_ptr(), Box::new(pages)))
    }

    fn raw<D: DataType>(
        &self,
        group: usize,
        mut reader: ColumnReaderImpl<D>,
        column: &ColumnDescriptor,
    ) -> Result<Raw<D::T>, DataError> {
        let rows = self.file.metadata().row_group(group).num_rows();
        let rows = usize::try_from(rows).unwrap_or(0);
        let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
        let (records, _, _) = reader
            .read_records(rows, Some(&mut definition), Some(&mut repetition), &mut values)
            .map_err(|e| self.broken(group, &e))?;
        if records != rows {
            let what = format!("row group {group} holds {records} rows of {rows}: is it complete?");
            return Err(DataError::Syntax { path: self.path.clone(), what });
        }
        if column.max_def_level() == 0 {
            definition = vec![0; values.len()];
        }
        Ok(Raw { values, definition, repetition, definition_max: column.max_def_level() })
    }

    fn broken(&self, group: usize, error: &ParquetError) -> DataError {
        let what = format!("row group {group}: {error}");
        DataError::Syntax { path: self.path.clone(), what }
    }
}

/// Whether a field is a list of plain values: repeated itself, or annotated as a list in the two
/// levels of old writers or the three of today's.
fn is_list(field: &Type) -> bool {
    let repeated = |t: &Type| {
        t.get_basic_info().has_repetition()
            && t.get_basic_info().repetition() == Repetition::REPEATED
    };
    if field.is_primitive() {
        return repeated(field);
    }
    let info = field.get_basic_info();
    let annotated = info.logical_type_ref() == Some(&LogicalType::List)
        || info.converted_type() == ConvertedType::LIST;
    let [list] = field.get_fields() else { return false };
    if !annotated || repeated(field) || !repeated(list) {
        return false;
    }
    if list.is_primitive() {
        return true;
    }
    // an old writer's list of structures of one field, by the format's own rule
    let structure = list.name() == "array" || list.name() == format!("{}_tuple", field.name());
    matches!(list.get_fields(), [element] if element.is_primitive() && !repeated(element))
        && !structure
}

impl<T> Raw<T> {
    /// An entry a row.
    fn optional(self) -> Vec<Option<T>> {
        let mut values = self.values.into_iter();
        let max = self.definition_max;
        self.definition.iter().map(|&d| if d == max { values.next() } else { None }).collect()
    }

    /// A new row begins where the repetition level is 0.
    fn lists(self, convert: impl Fn(T) -> f32) -> Vec<List> {
        let mut values = self.values.into_iter();
        let mut lists: Vec<List> = Vec::new();
        for (&definition, &repetition) in self.definition.iter().zip(&self.repetition) {
            if repetition == 0 {
                lists.push(List::Values(Vec::new()));
            }
            let value = if definition == self.definition_max { values.next() } else { None };
            match (lists.last_mut(), value) {
                (Some(List::Values(list)), Some(value)) => list.push(convert(value)),
                (Some(list), None) => *list = List::Null,
                _ => {}
            }
        }
        lists
    }
}
