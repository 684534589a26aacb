//! Data sets as Python writes them. `federated.parquet` was written by tests/data/make.py
//! with polars; the refusals are tried on files written here.

use super::*;
use ::parquet::basic::Encoding;
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::ColumnPath;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

/// Agents 1 and 0, in this order of appearance; agent 0 has no test data.
const SCHEMA: &str = "message m {
    required int32 agent; required binary split (STRING); required int64 label;
    required group features (LIST) { repeated group list { optional float element; } }
}";

/// Values of the columns, all there, and the levels of the list.
struct Content {
    agent: Vec<i32>,
    split: Vec<&'static str>,
    label: Vec<i64>,
    features: Vec<f32>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

fn content() -> Content {
    Content {
        agent: vec![1, 0, 1],
        split: vec!["train", "train", "test"],
        label: vec![3, 0, 2],
        features: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        definition: vec![2; 6],
        repetition: vec![0, 1, 0, 1, 0, 1],
    }
}

/// Writes the content; columns that the schema gives another type get stand-ins of that type.
fn write(path: &Path, schema: &str, content: &Content) {
    write_as(path, schema, content, WriterProperties::builder().build());
}

fn write_as(path: &Path, schema: &str, content: &Content, properties: WriterProperties) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(properties);
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut index = 0;
    while let Some(mut column) = group.next_column().unwrap() {
        let rows = content.agent.len();
        use ::parquet::column::writer::ColumnWriter::*;
        match (index, column.untyped()) {
            (0, Int32ColumnWriter(_)) => {
                column.typed::<Int32Type>().write_batch(&content.agent, None, None).unwrap();
            }
            (1, ByteArrayColumnWriter(_)) => {
                let texts: Vec<ByteArray> =
                    content.split.iter().map(|s| ByteArray::from(*s)).collect();
                let all_there = vec![1; rows];
                let all_there = Some(&all_there[..]);
                column.typed::<ByteArrayType>().write_batch(&texts, all_there, None).unwrap();
            }
            (2, Int64ColumnWriter(_)) => {
                column.typed::<Int64Type>().write_batch(&content.label, None, None).unwrap();
            }
            (3, FloatColumnWriter(_)) => {
                let (d, r) = (&content.definition, &content.repetition);
                column
                    .typed::<FloatType>()
                    .write_batch(&content.features, Some(d), Some(r))
                    .unwrap();
            }
            (_, DoubleColumnWriter(_)) => {
                column.typed::<DoubleType>().write_batch(&vec![0.0; rows], None, None).unwrap();
            }
            _ => panic!("no values for column {index}"),
        }
        column.close().unwrap();
        index += 1;
    }
    group.close().unwrap();
    writer.close().unwrap();
}

fn refusal_of(schema: &str, change: impl FnOnce(&mut Content)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.parquet");
    let mut content = content();
    change(&mut content);
    write(&path, schema, &content);
    refusal(&path)
}

/// The content as one file, and the folder that goes when it is dropped.
fn written() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.parquet");
    write(&path, SCHEMA, &content());
    (folder, path)
}

/// As `written`, but that each of its pages holds a row.
fn written_in_pages(version: WriterVersion) -> (tempfile::TempDir, PathBuf) {
    let (folder, path) = written();
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_write_batch_size(1)
        .set_data_page_row_count_limit(1);
    write_as(&path, SCHEMA, &content(), properties.build());
    (folder, path)
}

fn check(data: &FederatedData) {
    assert_eq!(data.users, ["1", "0"]);
    assert_eq!((data.features, data.answers), (2, 4));
    assert_eq!(data.train.x, [1.0, 2.0, 1.0, 3.0, 4.0, 1.0]);
    assert_eq!(data.train.y, [3, 0]);
    assert_eq!(data.train.offsets, [0, 1, 2]);
    assert_eq!(data.test.x, [5.0, 6.0, 1.0]);
    assert_eq!(data.test.offsets, [0, 1, 1]);
}

#[test]
fn agents_are_numbered_by_their_first_row() {
    let (folder, path) = written();
    check(&read(&path, 0).unwrap());
    check(&read(folder.path(), 0).unwrap());
}

#[test]
fn a_column_may_come_in_many_pages() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        let (folder, path) = written_in_pages(version);
        let one_page = written();
        assert!(fs::read(&path).unwrap().len() > fs::read(one_page.1).unwrap().len() + 200);
        check(&read(folder.path(), 0).unwrap());
    }
}

#[test]
fn a_folder_of_files_is_one_table() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("1.parquet"), SCHEMA, &content());
    write(&folder.path().join("0.parquet"), SCHEMA, &Content { agent: vec![5, 1, 5], ..content() });
    let data = read(folder.path(), 0).unwrap();
    assert_eq!(data.users, ["5", "1", "0"]);
    assert_eq!(data.train.y, [3, 0, 3, 0]);
    assert_eq!(data.train.offsets, [0, 1, 3, 4]);
}

#[test]
fn values_that_do_not_fit_are_named() {
    let says = |change: fn(&mut Content), parts: &[&str]| {
        assert_says(&refusal_of(SCHEMA, change), parts);
    };
    says(
        |c| c.split[1] = "valid",
        &["data.parquet", "row 1", "split `valid`", "`train` or `test`"],
    );
    says(|c| c.label[2] = -1, &["row 2", "label -1"]);
    says(|c| c.label[2] = 256, &["row 2", "label 256", "to 255"]);
    says(|c| c.features[3] = f32::NAN, &["row 1", "NaN as feature 1"]);
    says(|c| c.repetition = vec![0, 1, 0, 1, 1, 0], &["row 1", "3 features", "allowed is 2"]);
    says(|c| c.split[1] = "test", &["agent `0`", "no rows with split `train`"]);
    says(
        |c| {
            c.definition[3] = 1;
            c.features.pop();
        },
        &["row 1", "a null or nothing in `features`"],
    );
    says(
        |c| {
            *c = Content {
                agent: vec![],
                split: vec![],
                label: vec![],
                features: vec![],
                definition: vec![],
                repetition: vec![],
            }
        },
        &["no rows"],
    );
}

#[test]
fn missing_and_mistyped_columns_are_named() {
    let near = refusal_of(&SCHEMA.replace("label;", "labels;"), |_| {});
    assert_says(&near, &["column `label`", "did you mean `labels`?", "integers"]);
    let far = refusal_of(&SCHEMA.replace("agent;", "q;"), |_| {});
    assert_says(&far, &["column `agent`", "no such column among `q`, `split`"]);
    // the nearest is a column of its own
    let taken =
        refusal_of(&SCHEMA.replace("agent;", "agents;").replace("label;", "agent;"), |_| {});
    assert_says(&taken, &["column `label`", "no such column among `agents`, `split`, `agent`"]);
    let real = refusal_of(&SCHEMA.replace("int64 label", "double label"), |_| {});
    assert_says(&real, &["column `label`", "DOUBLE", "integers"]);
    let flat = SCHEMA.split("required group").next().unwrap();
    let flat = refusal_of(&format!("{flat} required double features; }}"), |_| {});
    assert_says(&flat, &["column `features`", "DOUBLE", "lists of numbers"]);
}

#[test]
fn only_lists_of_plain_values_are_lists_of_numbers() {
    let head = SCHEMA.split("required group").next().unwrap();
    let with = |features: &str| format!("{head} {features} }}");
    let two_levels = with("required group features (LIST) { repeated float element; }");
    let (folder, path) = written();
    let levels = |max: i16, content: Content| Content { definition: vec![max; 6], ..content };
    for schema in [two_levels, with("repeated float features;")] {
        write(&path, &schema, &levels(1, content()));
        check(&read(folder.path(), 0).unwrap());
    }
    for (features, found) in [
        (
            "required group features (LIST) { repeated group list { required group element {
             optional float x; } } }",
            "lists of structures of FLOAT",
        ),
        ("required group features (LIST) { repeated group array { optional float x; } }", "FLOAT"),
        (
            "required group features (LIST) { repeated group features_tuple { optional float x; } }",
            "FLOAT",
        ),
        ("required group features { repeated group list { optional float x; } }", "FLOAT"),
        (
            "required group features (MAP) { repeated group key_value { required float key; } }",
            "FLOAT",
        ),
    ] {
        let max = if features.contains("optional") { 2 } else { 1 };
        let message = refusal_of(&with(features), |c| c.definition = vec![max; 6]);
        assert_says(&message, &["column `features`", found, "a column of lists of numbers"]);
    }
}

#[test]
fn cut_and_foreign_files_are_told() {
    let (_folder, path) = written();
    let whole = fs::read(&path).unwrap();
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_says(&refusal(&path), &["data.parquet", "not Parquet, or only the first part"]);
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Dictionaries, three-level lists, zstd, an agent column of strings: polars' defaults.
#[test]
fn what_polars_writes_is_read() {
    let data = read(&fixture("federated.parquet"), 0).unwrap();
    assert_eq!(data.users.len(), 6);
    assert_eq!(data.users[..2], ["clinic-5", "clinic-4"]);
    assert_eq!((data.features, data.answers), (3, 4));
    assert_eq!((data.train.y.len(), data.test.y.len()), (50, 10));
    // Row i holds i, i/2 and -i. Row 0, the first of the first agent, is a test, so that its
    // training data begin with row 6; the second agent's begin with row 1.
    let row = |user: usize| &data.train.x[data.train.rows(user).start * 4..][..4];
    assert_eq!(row(0), [6.0, 3.0, -6.0, 1.0]);
    assert_eq!(row(1), [1.0, 0.5, -1.0, 1.0]);
}

/// Set `HIVESIM_PYTHON_DATA` to a folder that tests/data/make.py filled: one data set, written
/// by pandas, pyarrow and polars in every way that they have.
#[test]
fn all_of_pythons_forms_are_one_data_set() {
    let Some(folder) = std::env::var_os("HIVESIM_PYTHON_DATA") else {
        println!("skipped: HIVESIM_PYTHON_DATA is not set");
        return;
    };
    let reference = read(&fixture("federated.parquet"), 0).unwrap();
    for path in files_in(Path::new(&folder), "parquet").unwrap() {
        let mut data = read(&path, 0).unwrap();
        if path.to_string_lossy().contains("integer") {
            data.users = data.users.iter().map(|name| format!("clinic-{name}")).collect();
        }
        assert_eq!(data, reference, "{}", path.display());
        println!("{} is the same", path.display());
    }
}

/// Every byte of a file damaged in several ways, and every length that it may be cut to: it is
/// refused by its name, or read where the damage is in a value.
#[test]
fn a_damaged_or_cut_file_is_refused_by_name_and_brings_nothing_down() {
    let (_folder, path) = written();
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    let mut try_bytes = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        if let Err(error) = read(&path, 0) {
            let text = error.to_string();
            assert!(text.contains("data.parquet`"), "{text}");
            refused += 1;
        }
    };
    for at in 0..whole.len() {
        try_bytes(&whole[..at]);
        for damage in [0x01, 0x10, 0x7f, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= damage;
            try_bytes(&bytes);
        }
    }
    assert!(refused > whole.len(), "{refused}");
}

/// The `parquet` crate would go through all that the header announces, past the file's end.
#[test]
fn a_header_that_announces_more_than_the_file_holds_ends_with_the_file() {
    let (_folder, path) = written();
    let mut bytes = fs::read(&path).unwrap();
    // in the place of the first page's header: a field unknown, a list of 2³¹ − 1 doubles
    let field = [0xf9, 0xf7, 0xff, 0xff, 0xff, 0xff, 0x07];
    bytes[4..4 + field.len()].copy_from_slice(&field);
    fs::write(&path, bytes).unwrap();
    assert_says(&refusal(&path), &["data.parquet`", "it ends before what it announces"]);
}

/// The `parquet` crate would make room for all words that a dictionary announces: 64 GiB for one bit.
#[test]
fn a_dictionary_that_announces_more_words_than_it_holds_is_told() {
    let (_folder, path) = written();
    let mut bytes = fs::read(&path).unwrap();
    // two agents' numbers, 8 bytes as they are
    let header = [0x15, 0x04, 0x15, 0x10, 0x15, 0x10, 0x4c, 0x15, 0x04];
    assert!(bytes[4..].starts_with(&header));
    bytes[4 + header.len() - 1] = 0x06;
    fs::write(&path, bytes).unwrap();
    let says = "it announces 3 words of a dictionary with room for 2";
    assert_says(&refusal(&path), &["data.parquet`", "row group 0", says]);
}

/// The `parquet` crate would count through booleans that take no bytes, 2³¹ of them for each list that a
/// page's header or the footer has under a number which no field has.
#[test]
fn lists_of_booleans_in_headers_are_told() {
    let (_folder, path) = written();
    let whole = fs::read(&path).unwrap();
    let list = [0xf9, 0xf2, 0xff, 0xff, 0xff, 0xff, 0x07];
    let tail = whole.len() - 8;
    let footer = u32::from_le_bytes(*whole[tail..].first_chunk().unwrap()) as usize;
    for at in [4, tail - footer] {
        let mut bytes = whole.clone();
        bytes[at..at + list.len()].copy_from_slice(&list);
        fs::write(&path, bytes).unwrap();
        assert_says(&refusal(&path), &["data.parquet`", "a list of booleans"]);
    }
}

/// Texts may come by their lengths; by what they share with the one before only where a dictionary is
/// of no use, and then 1 KB can stand for gigabytes.
#[test]
fn texts_are_read_by_their_lengths_but_not_by_what_they_share() {
    let (_folder, path) = written();
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for split in ["required", "optional"] {
            let schema = SCHEMA.replace("required binary", &format!("{split} binary"));
            let write = |encoding| {
                let column = ColumnPath::from("split");
                let properties = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column, encoding);
                write_as(&path, &schema, &content(), properties.build());
            };
            write(Encoding::DELTA_LENGTH_BYTE_ARRAY);
            check(&read(&path, 0).unwrap());
            write(Encoding::DELTA_BYTE_ARRAY);
            let says = ["encoded as DELTA_BYTE_ARRAY", "plain or with a dictionary"];
            assert_says(&refusal(&path), &says);
        }
    }
}

#[test]
fn a_compression_that_is_not_built_in_is_named_with_those_that_are() {
    let (_folder, path) = written();
    let mut bytes = fs::read(&path).unwrap();
    // in the footer a column's codec, 0 for none, stands before its number of values; 2 is gzip
    let codec = |window: &[u8]| window == [0x15, 0x00, 0x16];
    let at = bytes.windows(3).rposition(codec).unwrap();
    bytes[at + 1] = 4;
    fs::write(&path, bytes).unwrap();
    let message = refusal(&path);
    assert_says(&message, &["data.parquet`", "`features`", "GZIP", "snappy or zstd"]);
}
