//! Findings of the checks, and the messages that they become.

use std::fmt::{self, Write as _};

use unicode_width::UnicodeWidthChar;

use super::tree::At;

/// The most problems that are told of; a file that is no scenario at all would have
/// thousands.
const MOST: usize = 100;

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
    /// On the command line, as it was given: `--set key=value`.
    Set(String),
    /// In a file's defaults, or in a scenario built in code: the name of either.
    Whole(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Location::Set(set) => f.write_str(set),
            Location::Whole(name) => f.write_str(name),
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
    /// The overrides as shown: `--set key=value`.
    pub sets: &'a [String],
}

impl Source<'_> {
    /// Findings as problems, in the order of the file, then of the overrides.
    pub fn problems(&self, mut findings: Vec<Finding>) -> Vec<Problem> {
        findings.sort_by(|a, b| a.places.first().cmp(&b.places.first()));
        let more = findings.len().saturating_sub(MOST);
        findings.truncate(MOST);
        if more > 0 {
            let message = format!("there are {more} more problems; mend these first");
            findings.push(Finding::new(&At::Nowhere, String::new(), message));
        }
        findings.into_iter().map(|finding| self.problem(finding)).collect()
    }

    fn problem(&self, finding: Finding) -> Problem {
        let location = match finding.places.first() {
            Some(At::File(start, _)) => {
                let (line, column) = self.line_and_column(*start);
                Location::File { file: self.origin.to_owned(), line, column }
            }
            Some(At::Set(i)) => {
                Location::Set(self.sets.get(*i).map(|set| printable(set)).unwrap_or_default())
            }
            Some(At::Nowhere) | None => Location::Whole(self.origin.to_owned()),
        };
        let mut snippet = self.snippet(&finding.places);
        for at in finding.places.iter().skip(1) {
            if let At::Set(i) = at
                && let Some(set) = self.sets.get(*i)
            {
                snippet += &format!("\n  = with {}", printable(set));
            }
        }
        Problem { location, key: finding.key, message: finding.message, snippet }
    }

    fn line_start(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1)
    }

    /// Line and column, from 1. A byte order mark has no column.
    fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let start = self.line_start(offset);
        let line = self.text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        (line, before.trim_start_matches('\u{feff}').chars().count() + 1)
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

        let before = printable(before.trim_start_matches('\u{feff}'));
        let skipped = before.chars().count().saturating_sub(BEFORE);
        let mut shown = String::new();
        if skipped > 0 {
            shown.push('…');
        }
        shown.extend(before.chars().skip(skipped));
        let width = width(&shown);
        let tail = printable(after.trim_end());
        shown.extend(tail.chars().take(AFTER));
        if tail.chars().count() > AFTER {
            shown.push('…');
        }
        let inside: String = printable(inside).chars().take(AFTER).collect();
        (shown, width, self::width(&inside).max(1))
    }
}

/// Text that a terminal shows as it is: tabs become four blanks, other control characters
/// the replacement character.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
        out
    })
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}
