//! Federated data as Parquet tables: a row an example, with the columns `agent` (integer or
//! string), `split` (`train` or `test`), `label` (integer) and `features` (a list of numbers).
//! Other columns are ignored. Rows may come in any order; agents are numbered in the order
//! of their first row.

use super::split::{Checks, Split};
use super::{DataError, FederatedData};
use crate::text::name;
use columns::{List, Text};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod columns;
mod guard;
mod headers;
mod pages;
mod thrift;

/// An example as it stands in the file.
struct Row {
    user: usize,
    train: bool,
    label: u32,
    /// Where its features are in the pool of all.
    features: std::ops::Range<usize>,
}

/// Reads the files as one table.
pub(super) fn read(files: &[PathBuf], answers: u32) -> Result<FederatedData, DataError> {
    let mut table = Table::new(answers);
    for path in files {
        table.read(path)?;
    }
    table.finish(&files[0])
}

struct Table {
    checks: Checks,
    users: Vec<String>,
    ids: BTreeMap<String, usize>,
    rows: Vec<Row>,
    pool: Vec<f32>,
}

impl Table {
    fn new(answers: u32) -> Self {
        Table {
            checks: Checks::new(answers),
            users: Vec::new(),
            ids: BTreeMap::new(),
            rows: Vec::new(),
            pool: Vec::new(),
        }
    }

    fn read(&mut self, path: &Path) -> Result<(), DataError> {
        let reader = intact(path, || columns::Reader::open(path))?;
        let mut first = 0;
        for group in 0..reader.groups() {
            let (agents, splits, labels, lists) = intact(path, || {
                Ok((
                    reader.names(group, "agent")?,
                    reader.text(group, "split")?,
                    reader.integers(group, "label")?,
                    reader.lists(group, "features")?,
                ))
            })?;
            let rows = [agents.len(), splits.len(), labels.len(), lists.len()];
            if rows.iter().any(|&n| n != rows[0]) {
                let what = format!("its columns differ in length: {rows:?}");
                return Err(DataError::Syntax { path: path.into(), what });
            }
            for i in 0..rows[0] {
                let place = || format!("row {}", first + i);
                let label = required(path, &place, "label", labels[i].as_ref())?;
                self.add(path, &place, agents[i].as_ref(), splits[i].as_ref(), *label, &lists[i])?;
            }
            first += rows[0];
        }
        Ok(())
    }

    fn add(
        &mut self,
        path: &Path,
        place: &dyn Fn() -> String,
        agent: Option<&Text>,
        split: Option<&Text>,
        label: i64,
        features: &List,
    ) -> Result<(), DataError> {
        let agent = text(path, place, "agent", agent)?;
        let train = match text(path, place, "split", split)? {
            "train" => true,
            "test" => false,
            other => {
                let found = format!("split `{}`", name(other));
                return Err(DataError::value(path, place(), found, "`train` or `test`"));
            }
        };
        let label = self.checks.label(path, place, label as f64)?;
        let List::Values(values) = features else {
            return Err(DataError::value(
                path,
                place(),
                "a null or nothing in `features`",
                "numbers, at least one",
            ));
        };
        self.checks.row(path, place, values)?;
        let start = self.pool.len();
        self.pool.extend_from_slice(values);
        let user = self.user(agent);
        self.rows.push(Row { user, train, label, features: start..self.pool.len() });
        Ok(())
    }

    fn user(&mut self, name: &str) -> usize {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.users.len();
        self.users.push(name.to_string());
        self.ids.insert(name.to_string(), id);
        id
    }

    /// Sorts the rows by user; within a user they keep the file's order.
    fn finish(self, path: &Path) -> Result<FederatedData, DataError> {
        if self.rows.is_empty() {
            return Err(DataError::value(path, "the table", "no rows", "at least one"));
        }
        let mut of_user: Vec<Vec<usize>> = vec![Vec::new(); self.users.len()];
        for (i, row) in self.rows.iter().enumerate() {
            of_user[row.user].push(i);
        }
        let (mut train, mut test) = (Split::default(), Split::default());
        for (user, rows) in of_user.iter().enumerate() {
            for row in rows.iter().map(|&i| &self.rows[i]) {
                let split = if row.train { &mut train } else { &mut test };
                split.push(self.pool[row.features.clone()].iter().copied(), row.label);
            }
            train.close_user();
            test.close_user();
            if train.rows(user).is_empty() {
                let place = format!("agent `{}`", name(&self.users[user]));
                let found = "no rows with split `train`";
                return Err(DataError::value(path, place, found, "at least one to train on"));
            }
        }
        let features = self.checks.features();
        Ok(FederatedData { features, answers: 0, users: self.users, train, test })
    }
}

/// What `body` reads, unless the file is damaged so that it cannot even be refused.
fn intact<R>(path: &Path, body: impl FnOnce() -> Result<R, DataError>) -> Result<R, DataError> {
    guard::guarded(body).unwrap_or_else(|panic| {
        let what = format!("it is damaged ({panic}): write or fetch it again");
        Err(DataError::Syntax { path: path.into(), what })
    })
}

fn text<'a>(
    path: &Path,
    place: &dyn Fn() -> String,
    column: &str,
    value: Option<&'a Text>,
) -> Result<&'a str, DataError> {
    required(path, place, column, value)?.as_utf8().map_err(|_| {
        DataError::value(path, place(), format!("bytes that are no text in `{column}`"), "UTF-8")
    })
}

fn required<'a, T>(
    path: &Path,
    place: &dyn Fn() -> String,
    column: &str,
    value: Option<&'a T>,
) -> Result<&'a T, DataError> {
    value.ok_or_else(|| DataError::value(path, place(), format!("a null in `{column}`"), "a value"))
}
