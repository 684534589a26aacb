use super::*;
use std::fs;
use std::time::Instant;

const TRAIN: &str = r#"{"users": ["b", "a"], "num_samples": [2, 1], "hierarchies": [],
    "user_data": {"a": {"x": [[5, 6.5]], "y": [1.0]}, "b": {"x": [[1, 2], [3, 4]], "y": [0, 2]}}}"#;
const TEST: &str =
    r#"{"users": ["a"], "num_samples": [1], "user_data": {"a": {"x": [[7, 8]], "y": [1]}}}"#;

fn folder(train: &str, test: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("train.json"), train).unwrap();
    fs::write(folder.path().join("test.json"), test).unwrap();
    folder
}

/// What is said when `from` stands as `to` in the training data.
fn refusal_with(from: &str, to: &str) -> String {
    assert!(TRAIN.contains(from));
    refusal(folder(&TRAIN.replacen(from, to, 1), TEST).path())
}

#[test]
fn users_keep_their_order_and_may_lack_test_data() {
    let data = read(folder(TRAIN, TEST).path(), 0).unwrap();
    assert_eq!(data.users, ["b", "a"]);
    assert_eq!((data.features, data.answers), (2, 3));
    assert_eq!(data.train.x, [1.0, 2.0, 1.0, 3.0, 4.0, 1.0, 5.0, 6.5, 1.0]);
    assert_eq!(data.train.y, [0, 2, 1]);
    assert_eq!(data.train.offsets, [0, 2, 3]);
    assert_eq!(data.test.offsets, [0, 0, 1]);
    assert_eq!(data.test.x, [7.0, 8.0, 1.0]);
}

#[test]
fn the_number_of_answers_is_as_given_or_one_above_the_largest_label() {
    let folder = folder(TRAIN, TEST);
    assert_eq!(read(folder.path(), 10).unwrap().answers, 10);
    let message = read(folder.path(), 2).unwrap_err().to_string();
    assert_says(&message, &["user `b`, row 1", "label 2", "from 0 to 1"]);
}

#[test]
fn shards_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["train", "test"] {
        fs::create_dir(folder.path().join(part)).unwrap();
    }
    let other = TRAIN.replace("\"a\"", "\"c\"").replace("\"b\"", "\"d\"");
    fs::write(folder.path().join("train/all_1.json"), &other).unwrap();
    fs::write(folder.path().join("train/all_0.json"), TRAIN).unwrap();
    fs::write(folder.path().join("test/all_0.json"), TEST).unwrap();
    assert_eq!(read(folder.path(), 0).unwrap().users, ["b", "a", "d", "c"]);

    fs::write(folder.path().join("train/all_1.json"), TRAIN).unwrap();
    assert_says(&refusal(folder.path()), &["all_1.json", "user `b`", "second time", "all_0.json"]);
}

#[test]
fn rows_that_do_not_fit_are_named() {
    assert_says(&refusal_with("[3, 4]", "[3]"), &["user `b`, row 1", "1 features", "allowed is 2"]);
    assert_says(&refusal_with("6.5", "1e39"), &["user `a`, row 0", "inf as feature 1"]);
    assert_says(&refusal_with("6.5", "NaN"), &["train.json", "NaN at line 2", "finite"]);
    assert_says(&refusal_with("6.5", "-Infinity"), &["Infinity at line 2"]);
    assert_says(&refusal_with("6.5", "null"), &["user `a`, row 0, feature 1", "null", "a number"]);
    assert_says(&refusal_with("[3, 4]", "[[3], [4]]"), &["row 1, feature 0", "a list"]);
    assert_says(&refusal_with("[3, 4]", "\"abc\""), &["row 1", "\"abc\"", "flat list"]);
}

#[test]
fn labels_that_are_no_answers_are_named() {
    assert_says(&refusal_with("[1.0]", "[1.5]"), &["user `a`, row 0", "label 1.5"]);
    assert_says(&refusal_with("[1.0]", "[-1]"), &["label -1", "whole number from 0"]);
    assert_says(&refusal_with("[1.0]", "[256]"), &["label 256", "to 255"]);
    assert_says(&refusal_with("[1.0]", "[\"one\"]"), &["user `a`, row 0, label", "\"one\""]);
}

#[test]
fn counts_and_users_that_do_not_agree_are_named() {
    assert_says(&refusal_with("[2, 1]", "[2, 2]"), &["user `a`", "1 examples", "num_samples"]);
    assert_says(&refusal_with("[2, 1]", "[2]"), &["`num_samples`", "1 numbers", "allowed is 2"]);
    assert_says(&refusal_with("[0, 2]", "[0]"), &["user `b`", "2 rows in x, 1 labels in y"]);
    assert_says(&refusal_with("\"b\", \"a\"", "\"b\", \"z\""), &["user `z`", "no `user_data`"]);
    assert_says(&refusal_with("\"b\", \"a\"", "\"b\", \"b\""), &["user `b`", "no `user_data`"]);
    let unlisted = refusal_with(
        r#""users": ["b", "a"], "num_samples": [2, 1]"#,
        r#""users": ["b"], "num_samples": [2]"#,
    );
    assert_says(&unlisted, &["user `a`", "`users` does not list"]);
    let empty =
        TRAIN.replace("[[5, 6.5]]", "[]").replace("[1.0]", "[]").replace("[2, 1]", "[2, 0]");
    assert_says(&refusal(folder(&empty, TEST).path()), &["user `a`", "no examples"]);
    let none = r#"{"users": [], "num_samples": [], "user_data": {}}"#;
    assert_says(&refusal(folder(none, TEST).path()), &["`users`", "none"]);
}

#[test]
fn test_users_must_be_known() {
    let message = refusal(folder(TRAIN, &TEST.replace("\"a\"", "\"q\"")).path());
    assert_says(&message, &["test.json", "user `q`", "without training data"]);
}

#[test]
fn broken_files_are_told_from_wrong_ones() {
    let cut = folder(&TRAIN[..100], TEST);
    assert_says(&refusal(cut.path()), &["train.json", "ends in the middle"]);
    assert_says(&refusal(folder("hello", TEST).path()), &["not JSON", "line 1"]);
    assert_says(&refusal(folder("[]", TEST).path()), &["the file: found a list", "an object"]);
    assert_says(&refusal_with("\"user_data\"", "\"data\""), &["`user_data`", "nothing"]);
    fs::remove_file(cut.path().join("test.json")).unwrap();
    fs::write(cut.path().join("train.json"), TRAIN).unwrap();
    assert_says(&refusal(cut.path()), &["must be test.json"]);
    assert_says(&refusal(tempfile::tempdir().unwrap().path()), &["train.json", "Parquet"]);
    assert_says(&refusal(Path::new("nowhere/at/all")), &["nowhere/at/all", "no such file"]);
}

#[test]
fn a_user_who_comes_twice_in_a_file_is_refused() {
    let twice = refusal_with(r#""b": {"x""#, r#""a": {"x": [[9, 9]], "y": [0]}, "b": {"x""#);
    assert_says(&twice, &["train.json", "`a` is there twice", "line 2"]);
    let twice = refusal_with("\"num_samples\"", "\"users\": [], \"num_samples\"");
    assert_says(&twice, &["train.json", "duplicate field `users`"]);
}

/// serde takes a list of its values for a structure.
#[test]
fn lists_are_no_objects() {
    let user = refusal_with(r#"{"x": [[5, 6.5]], "y": [1.0]}"#, "[[[5, 6.5]], [1.0]]");
    assert_says(&user, &["user `a`: found a list", "an object with x and y"]);
    let data = r#"{"a": {"x": [[7, 8]], "y": [1]}}"#;
    let whole = refusal(folder(&format!(r#"[["a"], [1], {data}]"#), TEST).path());
    assert_says(&whole, &["the file: found a list", "an object with users"]);
    let users = refusal_with(r#""user_data": {"#, r#""user_data": [], "other": {"#);
    assert_says(&users, &["`user_data`: found a list", "an object, one entry a user"]);
}

#[test]
fn long_names_and_values_are_cut() {
    let long = "u".repeat(1 << 20);
    let train = TRAIN.replace("\"a\"", &format!("\"{long}\"")).replace("[1.0]", "[1.5]");
    let message = refusal(folder(&train, TEST).path());
    assert_says(&message, &["user `uuuu", "uu…`, row 0", "label 1.5"]);
    assert!(message.len() < 400, "{}", message.len());
    let message = refusal_with("6.5", &format!("\"{long}\""));
    assert!(message.len() < 400, "{}", message.len());
    let twice = format!(r#""{long}": {{"x": [], "y": []}}, "{long}": {{"x": [], "y": []}}, "b""#);
    let message = refusal_with("\"b\": {", &format!("{twice}: {{"));
    assert_says(&message, &["uu…` is there twice at line 2"]);
    assert!(message.len() < 400, "{}", message.len());
}

/// The reference data sets lie beside the repository on machines that reproduce papers.
#[test]
#[allow(clippy::disallowed_methods, reason = "it is the time that is tested")]
fn reference_data_are_read_in_well_under_a_second() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    for (name, features, rows) in
        [("synthetic_1_1", 60, 5), ("synthetic_0_0", 60, 5), ("digits_a0.3", 64, 2)]
    {
        let path = folder.join(name);
        if !path.exists() {
            println!("skipped: no {}", path.display());
            continue;
        }
        let start = Instant::now();
        let data = read(&path, 0).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}: {} training rows in {seconds:.3} s", data.train.y.len());
        assert_eq!((data.users.len(), data.features, data.answers), (30, features, 10));
        assert!(data.train.y.len() > rows * 100);
        assert!(seconds < 1.0, "{seconds} s");
    }
}

#[test]
fn a_single_file_is_refused_with_the_folder_that_is_wanted() {
    let folder = folder(TRAIN, TEST);
    let message = refusal(&folder.path().join("train.json"));
    assert_says(&message, &["train.json`", "a single file", "name the folder", "test.json"]);
}

#[test]
fn control_characters_in_names_and_values_are_escaped() {
    let train = TRAIN.replace("\"a\"", "\"\\u001b[31m\\u0007\"").replace("[1.0]", "[1.5]");
    let message = refusal(folder(&train, TEST).path());
    assert_says(&message, &[r"user `\u{1b}[31m\u{7}`", "label 1.5"]);
    assert!(!message.contains(char::is_control), "{message:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_neither_a_file_nor_a_folder_is_refused() {
    assert_says(&refusal(Path::new("/dev/zero")), &["/dev/zero`", "neither a file nor a folder"]);
}
