//! Who taught whom, over a whole trace: the matrix from origin company to receiver at every
//! measured round, and when others have what one company alone practises.

use super::{Tag, taught};
use crate::measure::Trace;

/// The levels of tagged skills, from origin company to receiver, round by round.
///
/// Holds `frames × companies²` numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// The companies of the panel and of the tags, rising: rows and columns.
    pub companies: Vec<usize>,
    /// `origin × receiver` a measured round ([`taught`]), NaN where there is nothing to tell of.
    pub rounds: Vec<Vec<f64>>,
    /// A tag each: rounds until half of the panel's agents outside its origin hold it
    /// ([`Tag::elsewhere`]); none where they never do.
    pub halves: Vec<Option<f64>>,
}

impl Matrix {
    /// Of a fleet, a skill being held at level `adopted`; none where no skill is tagged. The
    /// frames must hold a level a panel agent and skill.
    pub fn of(trace: &Trace, adopted: f64) -> Option<Self> {
        if trace.tags.is_empty() || trace.panel.is_empty() {
            return None;
        }
        let works = trace.panel.iter().map(|member| member.company.index());
        let mut companies: Vec<usize> =
            works.clone().chain(trace.tags.iter().map(|tag| tag.origin)).collect();
        companies.sort_unstable();
        companies.dedup();
        let index = |company: usize| companies.binary_search(&company).unwrap_or(0);
        let groups: Vec<usize> = works.map(index).collect();
        let tags: Vec<Tag> = trace
            .tags
            .iter()
            .map(|tag| Tag { skill: tag.skill, origin: index(tag.origin) })
            .collect();
        let of = companies.len();
        let rounds = trace.frames.iter().map(|f| taught(&tags, &f.panel, &groups, of)).collect();
        let half = |tag: &Tag| {
            let others = tag.elsewhere(&trace.frames, trace.skills.len(), &groups, adopted);
            others.curve().time_to(0.5)
        };
        let halves = tags.iter().map(half).collect();
        Some(Matrix { rounds, halves, companies })
    }

    /// At a measured round: the mean level of origins in what they alone practise, and of all
    /// others in it, over the cells that have a number. NaN where none has.
    pub fn means(&self, round: usize) -> (f64, f64) {
        let of = self.companies.len();
        let mean = |own: bool| {
            let cells = self.rounds[round].iter().enumerate();
            let kept = cells.filter(|(i, x)| (i / of == i % of) == own && !x.is_nan());
            let (sum, n) = kept.fold((0.0, 0), |(sum, n), (_, x)| (sum + x, n + 1));
            sum / f64::from(n)
        };
        (mean(true), mean(false))
    }
}
