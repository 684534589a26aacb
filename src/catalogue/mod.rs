//! The catalogue of merge strategies: what each computes, what it withstands, costs and needs.
//! Lives here: an entry for every kind of `[distiller]`'s pipeline, its measured report card, and
//! the page and the listing made of them. May not: compute a merge, or hold what the scenario's schema already says
//! (names, summaries, parameters).
//!
//! A new strategy needs one entry in its family's file; a test holds entries and schema
//! together.

mod adaptive;
mod averaging;
mod before;
mod cards;
mod geometry;
mod page;
mod robust;
mod selection;
mod spherical;
mod vectors;

pub use cards::{Faced, Fall, ReportCard, ReportCards, report_cards};
pub use page::{bare, brief, markdown, sheet};

use crate::scenario::{Kind, Stage, kinds};
use crate::text::nearest;

/// What the catalogue tells of a strategy beside what the scenario's schema does.
///
/// In formulas `x_i` is what member `i` of `n` moved from the base `θ` on `d` parameters, `w_i`
/// its weight and `m` what the core moves by; `θ_i = θ + x_i` is its model.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name in scenarios.
    pub name: &'static str,
    /// Where in the pipeline it stands.
    pub stage: Stage,
    /// What it is a kind of.
    pub family: Family,
    /// What it computes, a line or a few.
    pub formula: &'static str,
    /// What it takes for one vector; empty where that is its parameter `scope`.
    pub unit: &'static str,
    /// The share of members that may send anything at all without the result being anything.
    pub breakdown: &'static str,
    /// Cost in time.
    pub time: &'static str,
    /// How that grows with the number of members.
    pub growth: Growth,
    /// Cost in memory, beside base and result.
    pub memory: &'static str,
    /// What has to be there; empty where that is nothing.
    pub needs: &'static str,
    /// What else to know; may be empty.
    pub notes: &'static str,
    /// Where it comes from.
    pub papers: &'static [Paper],
}

/// How a cost grows with the number `n` of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// At most as `n`.
    Linear,
    /// As `n²`: members are held against each other.
    Square,
    /// As `n³`.
    Cube,
    /// As the number of subsets of the members.
    Subsets,
}

/// A publication.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// Who.
    pub authors: &'static str,
    /// When.
    pub year: u16,
    /// What it is called.
    pub title: &'static str,
    /// Where; may be empty.
    pub venue: &'static str,
    /// Its number at arxiv.org; empty where it has none.
    pub arxiv: &'static str,
}

const fn paper(
    authors: &'static str,
    year: u16,
    title: &'static str,
    venue: &'static str,
    arxiv: &'static str,
) -> Paper {
    Paper { authors, year, title, venue, arxiv }
}

/// What a strategy is a kind of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Weighted means.
    Averaging,
    /// Holding against members that send anything.
    Robust,
    /// Arithmetic on task vectors, whole or thinned out.
    TaskVectors,
    /// Interpolation along spheres.
    Spherical,
    /// The geometry, statistics and singular vectors of what was learned.
    Geometry,
    /// Trying cores out.
    Selection,
    /// What contributions go through before they are combined.
    Before,
    /// What the server makes of the combined contribution.
    Server,
}

impl Family {
    /// All, in the order of the listing.
    pub const ALL: [Family; 8] = [
        Family::Averaging,
        Family::Robust,
        Family::TaskVectors,
        Family::Spherical,
        Family::Geometry,
        Family::Selection,
        Family::Before,
        Family::Server,
    ];

    /// A word or two for it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Averaging => "averaging",
            Family::Robust => "robust",
            Family::TaskVectors => "task vectors",
            Family::Spherical => "spherical",
            Family::Geometry => "geometry and statistics",
            Family::Selection => "selection",
            Family::Before => "before the merge",
            Family::Server => "server step",
        }
    }
}

/// The files' entries, each in the order of its listing.
const TABLES: [&[Entry]; 8] = [
    averaging::ENTRIES,
    robust::ENTRIES,
    vectors::ENTRIES,
    spherical::ENTRIES,
    geometry::ENTRIES,
    selection::ENTRIES,
    before::ENTRIES,
    adaptive::ENTRIES,
];

/// All entries, family by family.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLES.into_iter().flatten()
}

/// The entry of a name; the error names the nearest.
///
/// # Errors
/// Where there is none.
pub fn find(name: &str) -> Result<&'static Entry, String> {
    if let Some(entry) = entries().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    let hint = match nearest(name, entries().map(|entry| entry.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`hivesim strategies` lists all".into(),
    };
    Err(format!("there is no strategy `{name}`; {hint}"))
}

impl Entry {
    /// What the schema says of it: the summary and the parameters.
    pub fn kind(&self) -> Kind {
        let kind = kinds(self.stage).into_iter().find(|kind| kind.name == self.name);
        kind.unwrap_or_else(|| Kind { name: self.name.into(), ..Kind::default() })
    }

    /// What it takes for one vector, and whether that can be set.
    pub fn scope(&self) -> String {
        let kind = self.kind();
        let scope = kind.parameters.iter().find(|parameter| parameter.key == "scope");
        let default = match scope.map(|scope| scope.default.as_str()) {
            None => return self.unit.into(),
            Some("\"block\"") => "each block (in a file, each row)",
            Some("\"tensor\"") => "each tensor (in a fleet, each block)",
            Some(_) => "the whole model",
        };
        format!("{default}, unless `scope` says otherwise")
    }
}

impl Paper {
    /// Authors, year, title, venue, number.
    pub fn citation(&self) -> String {
        let mut text = format!("{} {}, “{}”", self.authors, self.year, self.title);
        if !self.venue.is_empty() {
            text += &format!(", {}", self.venue);
        }
        if !self.arxiv.is_empty() {
            text += &format!(", arXiv:{}", self.arxiv);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_entry_and_every_entry_a_kind() {
        for stage in Stage::ALL {
            let mut kinds: Vec<String> = kinds(stage).into_iter().map(|kind| kind.name).collect();
            let entries = entries().filter(|entry| entry.stage == stage);
            let mut names: Vec<String> = entries.map(|entry| entry.name.to_owned()).collect();
            kinds.sort();
            names.sort();
            assert_eq!(names, kinds, "a strategy's entry goes to its family's file in catalogue/");
        }
    }

    #[test]
    fn every_entry_says_what_it_does_withstands_and_costs() {
        for entry in entries() {
            for text in [entry.formula, entry.breakdown, entry.time, entry.memory] {
                assert!(!text.is_empty(), "{}", entry.name);
            }
            let growth = match entry.time {
                time if time.contains("C(n, f)") => Growth::Subsets,
                time if time.contains("n³") => Growth::Cube,
                time if time.contains("n²") => Growth::Square,
                _ => Growth::Linear,
            };
            assert_eq!(entry.growth, growth, "{}: {}", entry.name, entry.time);
            assert!(!entry.kind().about.is_empty() && !entry.papers.is_empty(), "{}", entry.name);
            let scoped = entry.kind().parameters.iter().any(|parameter| parameter.key == "scope");
            assert_eq!(entry.unit.is_empty(), scoped, "{}: one of the two says it", entry.name);
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
            let numbered = |arxiv: &str| {
                arxiv.split_once('.').is_some_and(|(a, b)| a.len() == 4 && digits(a) && digits(b))
            };
            assert!(entry.papers.iter().all(|p| p.arxiv.is_empty() || numbered(p.arxiv)));
        }
    }
}
