//! LEAF's JSON (Caldas et al. 2018, <https://leaf.cmu.edu>): an object with `users`,
//! `num_samples` and `user_data.<user>.x` and `.y`; other keys are ignored.

use super::split::{Checks, Split};
use super::{DataError, FederatedData, files_in};
use crate::json::{Object, Unique};
use crate::text::name;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Shard {
    users: Vec<String>,
    num_samples: Vec<u64>,
    user_data: Unique<Object<Samples>>,
}

/// A user's examples. Labels may be written as `3.0`: numpy does so.
#[derive(Deserialize)]
struct Samples {
    x: Vec<Vec<f32>>,
    y: Vec<f64>,
}

/// A user with the file it stands in.
struct User {
    name: String,
    path: PathBuf,
    samples: Samples,
}

/// Reads `train.json` and `test.json`, or all files of `train/` and `test/`, in `folder`.
pub(super) fn read(folder: &Path, answers: u32) -> Result<FederatedData, DataError> {
    let train_users = users(&shards(folder, "train")?)?;
    let test_users = users(&shards(folder, "test")?)?;
    let mut checks = Checks::new(answers);
    let mut names = Vec::with_capacity(train_users.len());
    let mut train = Split::default();
    for user in &train_users {
        if user.samples.y.is_empty() {
            let place = of_user(&user.name);
            return Err(DataError::value(
                &user.path,
                place,
                "no examples",
                "at least one to train on",
            ));
        }
        fill(&mut train, &mut checks, user)?;
        names.push(user.name.clone());
    }
    let known: BTreeSet<&String> = names.iter().collect();
    let mut by_name = BTreeMap::new();
    for user in test_users {
        if !known.contains(&user.name) {
            let place = of_user(&user.name);
            return Err(DataError::value(
                &user.path,
                place,
                "a user without training data",
                "the users of the training data",
            ));
        }
        by_name.insert(user.name.clone(), user);
    }
    let mut test = Split::default();
    for name in &names {
        match by_name.get(name) {
            Some(user) => fill(&mut test, &mut checks, user)?,
            None => test.close_user(),
        }
    }
    Ok(FederatedData { features: checks.features(), answers: 0, users: names, train, test })
}

fn of_user(user: &str) -> String {
    format!("user `{}`", name(user))
}

fn shards(folder: &Path, part: &'static str) -> Result<Vec<PathBuf>, DataError> {
    let file = folder.join(format!("{part}.json"));
    if file.is_file() {
        return Ok(vec![file]);
    }
    let sub = folder.join(part);
    let files = if sub.is_dir() { files_in(&sub, "json")? } else { Vec::new() };
    if files.is_empty() {
        let expected = match part {
            "train" => {
                "a data set is a folder with train.json (or train/*.json) and test.json, or Parquet"
            }
            _ => "beside train.json (or train/*.json) there must be test.json (or test/*.json)",
        };
        return Err(DataError::Missing { path: folder.into(), expected });
    }
    Ok(files)
}

/// All users of some files, in the order in which `users` lists them.
fn users(files: &[PathBuf]) -> Result<Vec<User>, DataError> {
    let mut users: Vec<User> = Vec::new();
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in files {
        for user in users_of(path)? {
            if let Some(first) = seen.insert(user.name.clone(), path.clone()) {
                let place = of_user(&user.name);
                let found = format!("a second time, first in `{}`", first.display());
                return Err(DataError::value(path, place, found, "every user once"));
            }
            users.push(user);
        }
    }
    match (users.is_empty(), files.first()) {
        (true, Some(path)) => Err(DataError::value(path, "`users`", "none", "at least one")),
        _ => Ok(users),
    }
}

fn users_of(path: &Path) -> Result<Vec<User>, DataError> {
    let io = |source| DataError::Io { path: path.into(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    let shard: Object<Shard> =
        serde_json::from_slice(&bytes).map_err(|e| explain(path, &bytes, &e))?;
    let Shard { users: names, num_samples, user_data: Unique(mut user_data) } = shard.0;
    if num_samples.len() != names.len() {
        let found = format!("{} numbers", num_samples.len());
        let allowed = format!("{}, one a user", names.len());
        return Err(DataError::value(path, "`num_samples`", found, allowed));
    }
    let mut users = Vec::with_capacity(names.len());
    for (name, expected) in names.into_iter().zip(num_samples) {
        let place = of_user(&name);
        let Some(Object(samples)) = user_data.remove(&name) else {
            let found = "no `user_data` of its own";
            return Err(DataError::value(
                path,
                place,
                found,
                "one entry for every name in `users`",
            ));
        };
        if samples.x.len() != samples.y.len() {
            let found = format!("{} rows in x, {} labels in y", samples.x.len(), samples.y.len());
            return Err(DataError::value(path, place, found, "as many rows as labels"));
        }
        if samples.y.len() as u64 != expected {
            let found = format!("{} examples", samples.y.len());
            let allowed = format!("{expected}, which `num_samples` says");
            return Err(DataError::value(path, place, found, allowed));
        }
        users.push(User { name, path: path.into(), samples });
    }
    match user_data.into_keys().next() {
        None => Ok(users),
        Some(name) => {
            let place = of_user(&name);
            let found = "data of a user that `users` does not list";
            Err(DataError::value(path, place, found, "the names in `users`"))
        }
    }
}

fn fill(split: &mut Split, checks: &mut Checks, user: &User) -> Result<(), DataError> {
    for (i, (row, &label)) in user.samples.x.iter().zip(&user.samples.y).enumerate() {
        let place = || format!("{}, row {i}", of_user(&user.name));
        checks.row(&user.path, place, row)?;
        let label = checks.label(&user.path, place, label)?;
        split.push(row.iter().copied(), label);
    }
    split.close_user();
    Ok(())
}

/// What serde could not make sense of, with user and row. Walks over the file a second time:
/// only on the way out.
fn explain(path: &Path, bytes: &[u8], error: &serde_json::Error) -> DataError {
    let syntax = |what: String| DataError::Syntax { path: path.into(), what };
    let error = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => return misfit(path, &value).unwrap_or_else(|| syntax(format!("{error}"))),
        Err(error) => error,
    };
    if error.is_eof() {
        return syntax(format!("it ends in the middle of the data ({error}): is it complete?"));
    }
    // Python writes NaN and Infinity, which are not JSON. serde stops inside the word.
    let line = bytes.split(|&b| b == b'\n').nth(error.line().saturating_sub(1)).unwrap_or(&[]);
    let start = error.column().saturating_sub(4).min(line.len());
    let near = String::from_utf8_lossy(&line[start..(start + 12).min(line.len())]);
    match ["NaN", "Infinity"].iter().find(|word| near.contains(*word)) {
        Some(word) => syntax(format!(
            "{word} at line {} column {}; all values must be finite numbers",
            error.line(),
            error.column()
        )),
        None => syntax(format!("it is not JSON: {error}")),
    }
}

/// The first entry that is not of the type it has to be.
fn misfit(path: &Path, file: &Value) -> Option<DataError> {
    let wrong = |place: String, value: Option<&Value>, allowed: &str| {
        Some(DataError::value(path, place, value.map_or("nothing".into(), kind), allowed))
    };
    if !file.is_object() {
        let allowed = "an object with users, num_samples and user_data";
        return wrong("the file".into(), Some(file), allowed);
    }
    let lists = [("users", "a list of names"), ("num_samples", "a list of whole numbers")];
    for (key, allowed) in lists {
        let fits = |v: &Value| if key == "users" { v.is_string() } else { v.is_u64() };
        match file.get(key) {
            Some(Value::Array(list)) => {
                if let Some(i) = list.iter().position(|v| !fits(v)) {
                    return wrong(format!("`{key}`, entry {i}"), list.get(i), allowed);
                }
            }
            other => return wrong(format!("`{key}`"), other, allowed),
        }
    }
    let Some(Value::Object(users)) = file.get("user_data") else {
        return wrong("`user_data`".into(), file.get("user_data"), "an object, one entry a user");
    };
    for (name, data) in users {
        let user = of_user(name);
        if !data.is_object() {
            return wrong(user, Some(data), "an object with x and y");
        }
        let (x, y) = (data.get("x"), data.get("y"));
        let Some(Value::Array(rows)) = x else {
            return wrong(format!("{user}, x"), x, "a list of rows");
        };
        for (i, row) in rows.iter().enumerate() {
            let place = format!("{user}, row {i}");
            let Value::Array(values) = row else {
                return wrong(place, Some(row), "a flat list of numbers");
            };
            if let Some(j) = values.iter().position(|v| !v.is_number()) {
                return wrong(format!("{place}, feature {j}"), values.get(j), "a number");
            }
        }
        let Some(Value::Array(labels)) = y else {
            return wrong(format!("{user}, y"), y, "a list of labels");
        };
        if let Some(i) = labels.iter().position(|v| !v.is_number()) {
            return wrong(format!("{user}, row {i}, label"), labels.get(i), "a whole number");
        }
    }
    None
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
        short => name(&short.to_string()),
    }
}
