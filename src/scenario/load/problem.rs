//! Findings of the checks, and the messages that they become.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

use super::set::Override;
use super::tree::At;
use crate::text::{one_line, source_line};

/// The most problems that are told of; a file that is no scenario at all would have
/// thousands.
pub(super) const MOST: usize = 100;

/// Something wrong, before its place is turned into a line and column.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// The key's dotted path; empty for the text as a whole.
    pub key: String,
    /// Where it is; the first place leads the message, all are shown.
    pub places: Vec<At>,
    pub message: String,
}

impl Finding {
    pub fn new(at: &At, key: String, message: String) -> Self {
        Finding { key, places: vec![at.clone()], message }
    }
}

/// One thing that is wrong with a scenario; its `Display` is the whole message, with the
/// source lines and a caret under the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub location: Location,
    /// The key's dotted path, as `--set` takes it; empty for a syntax error.
    pub key: String,
    /// What was found, what is allowed, and what may have been meant.
    pub message: String,
    /// The source lines, ready to print; empty where there is no source.
    snippet: String,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// In a file, at a line and column (characters), both from 1.
    File {
        /// The file's name as it was given.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// In an override, as it was given: `--set key=value`, or an option of its own.
    Set(String),
    /// In a file's defaults, or in a scenario built in code: the name of either.
    Whole(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File { file, line, column } => {
                write!(f, "{}:{line}:{column}", one_line(file))
            }
            Location::Set(name) | Location::Whole(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.location)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}{}", self.message, self.snippet)
    }
}

/// The text and overrides that places refer to.
pub(super) struct Source<'a> {
    /// The file's name as shown.
    pub origin: &'a str,
    pub text: &'a str,
    pub sets: &'a [Override],
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Cost: one pass over the text.
    pub fn new(origin: &'a str, text: &'a str, sets: &'a [Override]) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(end, _)| end + 1)).collect();
        Source { origin, text, sets, lines }
    }

    /// Findings as problems, in the order of the file, then of the overrides.
    pub fn problems(&self, findings: Vec<Finding>) -> Vec<Problem> {
        self.problems_and(findings, 0)
    }

    /// The same where so many more were found.
    pub fn problems_and(&self, mut findings: Vec<Finding>, more: usize) -> Vec<Problem> {
        findings.sort_by(|a, b| a.places.first().cmp(&b.places.first()));
        let more = more + findings.len().saturating_sub(MOST);
        findings.truncate(MOST);
        if more > 0 {
            let message = format!("there are {more} more problems; mend these first");
            findings.push(Finding::new(&At::Nowhere, String::new(), message));
        }
        findings.into_iter().map(|finding| self.problem(finding)).collect()
    }

    pub fn problem(&self, finding: Finding) -> Problem {
        let location = match finding.places.first() {
            Some(At::File(start, _)) => {
                let (line, column) = self.line_and_column(*start);
                Location::File { file: self.origin.to_owned(), line, column }
            }
            Some(At::Set(i)) => {
                Location::Set(self.sets.get(*i).map(|set| shown(&set.shown)).unwrap_or_default())
            }
            Some(At::Nowhere) | None => Location::Whole(self.origin.to_owned()),
        };
        let mut snippet = self.snippet(&finding.places);
        for at in finding.places.iter().skip(1) {
            if let At::Set(i) = at
                && let Some(set) = self.sets.get(*i)
            {
                snippet += &format!("\n  = with {}", shown(&set.shown));
            }
        }
        Problem { location, key: finding.key, message: finding.message, snippet }
    }

    /// The line at `offset`, from 0.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    fn line_start(&self, offset: usize) -> usize {
        self.lines[self.line(offset)].min(self.text.len())
    }

    /// Line and column, from 1. A byte order mark has no column.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let start = self.line_start(offset);
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        (self.line(offset) + 1, before.trim_start_matches('\u{feff}').chars().count() + 1)
    }

    /// The lines of all places in the file, each with carets under its place.
    fn snippet(&self, places: &[At]) -> String {
        let mut lines: Vec<(usize, usize, usize)> = places
            .iter()
            .filter_map(|at| match at {
                At::File(start, end) => Some((self.line_and_column(*start).0, *start, *end)),
                _ => None,
            })
            .collect();
        lines.sort_unstable();
        let Some(margin) = lines.last().map(|(line, ..)| line.to_string().len()) else {
            return String::new();
        };
        let mut out = format!("\n{:margin$} |", "");
        for (line, start, end) in lines {
            let (shown, before, carets) = self.shown_line(start, end);
            // Writing to a String cannot fail.
            let _ = write!(out, "\n{line:margin$} | {shown}");
            let _ = write!(out, "\n{:margin$} | {:before$}{:^<carets$}", "", "", "");
        }
        out
    }

    /// The line at `start` as shown, the width before its caret, and the carets' width.
    fn shown_line(&self, start: usize, end: usize) -> (String, usize, usize) {
        // A line longer than a terminal is cut to a window around the place.
        const BEFORE: usize = 60;
        const AFTER: usize = 60;
        let line_start = self.line_start(start);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let within = start.min(self.text.len()) - line_start;
        let (before, after) = line.split_at_checked(within).unwrap_or((line, ""));
        let inside = after.get(..end.saturating_sub(start)).unwrap_or(after).trim_end();

        let before = before.trim_start_matches('\u{feff}');
        let kept = before.char_indices().rev().nth(BEFORE - 1).map_or(0, |(start, _)| start);
        let mut shown = String::new();
        if kept > 0 {
            shown.push('…');
        }
        shown += &source_line(&before[kept..]);
        let width = width(&shown);
        shown += &source_line(first(after.trim_end(), AFTER));
        if first(after.trim_end(), AFTER).len() < after.trim_end().len() {
            shown.push('…');
        }
        (shown, width, self::width(&source_line(first(inside, AFTER))).max(1))
    }
}

/// The first so many characters.
fn first(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// An override on a line of its own.
fn shown(set: &str) -> String {
    const MOST: usize = 200;
    let cut = first(set, MOST);
    source_line(cut) + if cut.len() < set.len() { "…" } else { "" }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}
