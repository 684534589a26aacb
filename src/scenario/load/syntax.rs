//! TOML's own errors, put into words for somebody who writes a scenario.

use toml::de::DeTable;

use super::problem::{Finding, Source};
use super::tree::At;
use crate::text::name;

/// The most syntax errors that are shown: after a few, they mostly follow from one another.
const MOST: usize = 8;

/// Syntax errors of a text, the first of each line.
pub(super) fn findings(source: &Source<'_>, errors: &[toml::de::Error]) -> Vec<Finding> {
    let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let mut sorted: Vec<_> = errors.iter().collect();
    sorted.sort_by_key(|error| start(error));
    sorted.dedup_by_key(|error| source.line(start(error)));
    sorted.into_iter().take(MOST).map(|error| finding(source.text, error)).collect()
}

fn finding(text: &str, error: &toml::de::Error) -> Finding {
    let at = error.span().map_or_else(|| placeless(text), At::from);
    let start = error.span().map_or(0, |span| span.start);
    let found = name(error.span().and_then(|span| text.get(span)).unwrap_or_default());
    let rest = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let said = one_line(error.message());
    let message = if said == "recursion limit" {
        "keys and values lie too deep within one another; none has more than a few parts".to_owned()
    } else if said.starts_with("duplicate key") {
        format!("`{found}` stands here a second time; put its keys together in one place")
    } else if said.starts_with("string values must be quoted") {
        if rest.trim().is_empty() || rest.starts_with('#') {
            "found no value after `=`; an empty text is written \"\"".to_owned()
        } else if found.chars().all(|c| c.is_alphanumeric() || "_-./ ".contains(c)) {
            format!("found {found} without quotes; did you mean `\"{found}\"`?")
        } else {
            "found text without quotes; text stands in \"quotes\"".to_owned()
        }
    } else if rest.starts_with(',') && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        "found a comma in a number; a decimal point is written `.`".to_owned()
    } else {
        format!("not TOML: {said}")
    };
    Finding::new(&at, String::new(), message)
}

/// The line at which a parser gives up that does not say where: the first that it cannot get past.
fn placeless(text: &str) -> At {
    let ends = text.char_indices().filter(|(_, c)| *c == '\n').map(|(end, _)| end);
    let ends: Vec<usize> = ends.chain([text.len()]).collect();
    let gets_past = |end: &usize| {
        let (_, errors) = DeTable::parse_recoverable(&text[..*end]);
        errors.iter().all(|error| error.span().is_some())
    };
    let line = ends.partition_point(gets_past);
    let start = line.checked_sub(1).map_or(0, |before| ends[before] + 1);
    ends.get(line).map_or(At::Nowhere, |end| At::File(start, *end))
}

/// A message of the parser on one line.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("; ")
}
