//! What is refused of a file's header, and how it is worded.

use crate::checkpoint::header::{compose, parse};
use crate::checkpoint::{Dtype, Tensor};
use std::collections::BTreeMap;

/// A file with that header and so many bytes of data.
fn file(header: &[u8], data: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.resize(file.len() + data, 7);
    file
}

#[track_caller]
fn assert_refused(file: &[u8], parts: &[&str]) {
    let message = parse(file).err().expect("is refused");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

fn f32s(name: &str, from: usize, to: usize) -> String {
    let len = to.saturating_sub(from) / 4;
    format!(r#""{name}":{{"dtype":"F32","shape":[{len}],"data_offsets":[{from},{to}]}}"#)
}

#[test]
fn a_file_without_a_whole_header_is_refused() {
    assert_refused(b"", &["it is empty"]);
    assert_refused(&[1, 0, 0], &["ends after 3 bytes", "is it complete?"]);
    assert_refused(&[3, 0, 0, 0, 0, 0, 0, 0, b'{'], &["ends after 9 bytes", "header of 3 bytes"]);
    assert_refused(&file(b"", 0), &["header", "EOF"]);
}

#[test]
fn a_header_may_be_100_million_bytes_long_and_no_more() {
    for length in [100_000_001_u64, u64::MAX] {
        let expected = [&*length.to_string(), "100000000 are allowed", "is it a safetensors file?"];
        assert_refused(&length.to_le_bytes(), &expected);
    }
    assert_refused(&100_000_000_u64.to_le_bytes(), &["ends after 8 bytes"]);
    // What else is called a model: the first bytes are no sensible length.
    assert_refused(b"PK\x03\x04 and a pickle within", &["is it a safetensors file?"]);
}

#[test]
fn a_header_that_is_no_utf8_json_object_is_refused() {
    assert_refused(&file(b"{\"a\xff\":1}", 0), &["not UTF-8 from byte 11 on"]);
    for text in ["[]", "{", "nonsense", "7", "{\"a\":1}", "{} {}", "{\"a\":{\"dtype\":\"F32\"}}"] {
        assert_refused(&file(text.as_bytes(), 0), &["header is not in order", "line 1 column"]);
    }
    let deep = "[".repeat(1_000_000);
    assert_refused(&file(format!(r#"{{"a":{deep}"#).as_bytes(), 0), &["`a`"]);
}

#[test]
fn an_unknown_type_is_refused_with_the_tensors_name() {
    let header = r#"{"layer.weight":{"dtype":"F128","shape":[1],"data_offsets":[0,16]}}"#;
    assert_refused(&file(header.as_bytes(), 16), &["`layer.weight`", "F128", "BF16"]);
}

#[test]
fn places_that_overlap_leave_holes_or_leave_the_file_are_refused() {
    let two = |a: String, b: String| format!("{{{a},{b}}}").into_bytes();
    let overlap = two(f32s("a", 0, 8), f32s("b", 4, 12));
    assert_refused(&file(&overlap, 12), &["tensor `b`", "begin at byte 4", "end at 8"]);
    let hole = two(f32s("a", 0, 8), f32s("b", 12, 16));
    assert_refused(&file(&hole, 16), &["tensor `b`", "bytes 8 to 12"]);
    let whole = two(f32s("b", 8, 16), f32s("a", 0, 8));
    assert!(parse(&file(&whole, 16)).is_ok());
    assert_refused(&file(&whole, 15), &["tensor `b`", "end at byte 16", "file at 15"]);
    assert_refused(&file(&whole, 19), &["the last 3 bytes"]);
    assert_refused(&file(b"{}", 1), &["the last 1 bytes"]);
    let backwards = br#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},
        "b":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}"#;
    assert_refused(&file(backwards, 4), &["tensor `b`"]);
}

#[test]
fn a_shape_that_does_not_fit_its_place_is_refused() {
    let header = |dtype: &str, shape: &str, to: u64| {
        format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{to}]}}}}"#)
    };
    let refused = |dtype, shape, to, parts: &[&str]| {
        assert_refused(&file(header(dtype, shape, to).as_bytes(), 24), parts);
    };
    refused("F32", "[2, 4]", 24, &["tensor `w`", "F32 of shape [2, 4] is 32 bytes", "are 24"]);
    refused("F16", "[2, 4]", 24, &["F16 of shape [2, 4] is 16 bytes"]);
    refused("F32", "[]", 24, &["F32 of shape [] is 4 bytes"]);
    refused("F4", "[3]", 24, &["not a whole number of bytes"]);
    refused("U8", "[4294967296, 4294967296]", 24, &["more elements than memory can hold"]);
    refused("U8", "[18446744073709551615]", 24, &["more elements than memory can hold"]);
    refused("F32", "[-1]", 24, &["`w`", "-1"]);
    refused("U8", "[24]", u64::MAX, &["tensor `w`"]);
}

#[test]
fn a_name_that_is_there_twice_is_refused() {
    let header = format!("{{{},{}}}", f32s("a", 0, 4), f32s("a", 4, 8));
    assert_refused(&file(header.as_bytes(), 8), &["`a` is there twice"]);
    assert_refused(&file(br#"{"__metadata__":{},"__metadata__":{}}"#, 0), &["twice"]);
    assert_refused(&file(br#"{"__metadata__":{"k":"1","k":"2"}}"#, 0), &["`k` is there twice"]);
    assert_refused(&file(br#"{"__metadata__":{"k":1}}"#, 0), &["`__metadata__`", "`k`"]);
}

#[test]
fn long_names_and_control_characters_do_not_reach_the_terminal() {
    let name = format!("\\u001b[2J{}", "x".repeat(5000));
    let message = parse(&file(format!("{{{}}}", f32s(&name, 4, 8)).as_bytes(), 8)).err().unwrap();
    assert!(message.len() < 500 && message.contains("\\u{1b}[2J"), "{message}");
}

#[test]
fn what_is_composed_is_read_back_and_aligned() {
    let plan = [
        Tensor::new("ones", [2, 3], Dtype::F32),
        Tensor::new("a \"scalar\" \u{1f41d}", [], Dtype::Bf16),
        Tensor::new("empty", [0, 5], Dtype::F16),
        Tensor::new("mask", [3], Dtype::named("BOOL").unwrap()),
        Tensor::new("ids", [], Dtype::named("I64").unwrap()),
    ];
    let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
    let mut file = compose(&plan, &metadata).unwrap();
    assert_eq!(file.len() % 8, 0);
    let start = file.len();
    file.resize(start + 24 + 2 + 3 + 8, 0);
    let header = parse(&file).unwrap();
    assert_eq!(header.tensors, plan);
    assert_eq!(header.metadata, metadata);
    let places = [0..24, 24..26, 26..26, 26..29, 29..37];
    assert_eq!(header.places, places.map(|p| start + p.start..start + p.end));
}

#[test]
fn plans_that_no_file_can_hold_are_not_composed() {
    let refused = |plan: &[Tensor], part: &str| {
        let message = compose(plan, &BTreeMap::new()).unwrap_err();
        assert!(message.contains(part), "{message}");
    };
    refused(&[Tensor::new("__metadata__", [1], Dtype::F32)], "kept for the metadata");
    refused(&[Tensor::new("a", [usize::MAX, 2], Dtype::F32)], "more elements than memory");
    let half = Tensor::new("b", [usize::MAX / 8], Dtype::named("U8").unwrap());
    refused(&vec![half; 9], "more bytes than a file can have");
    refused(&[Tensor::new("x".repeat(100_000_001), [1], Dtype::F32)], "are allowed");
}
