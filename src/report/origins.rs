//! Whose knowledge is where: the matrix of who taught whom, and the lineage of the core.

use super::data::Kept;
use super::figures::{COLOURS, Figure, Format, Kind, ROUND, Section};
use super::pack::{evenly, thousandths};
use super::text::{counted, level, percent};
use crate::measure::spread::Matrix;
use crate::measure::{LineageRow, Outcome, Trace};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Companies in the matrix at most.
const COMPANIES_MAX: usize = 48;
/// Companies with an area of their own; the others share one.
const AREAS_MAX: usize = COLOURS.len();
/// Blocks that can be chosen at most.
const BLOCKS_MAX: usize = 64;
/// Rounds of the areas at most.
const ROUNDS_MAX: usize = 200;

/// Numbers of the matrix of who taught whom.
#[derive(Serialize)]
pub(super) struct TaughtData {
    companies: Vec<usize>,
    /// Frame × origin × receiver, packed.
    levels: String,
}

impl TaughtData {
    /// Of the kept frames and, where there are many, evenly chosen companies.
    pub fn of(matrix: &Matrix, kept: &Kept) -> Self {
        let of = matrix.companies.len();
        let chosen = evenly(of, COMPANIES_MAX);
        let cells = kept.frames.iter().flat_map(|&f| {
            let chosen = &chosen;
            let rows = chosen.iter().flat_map(move |&o| chosen.iter().map(move |&r| o * of + r));
            rows.map(move |cell| matrix.rounds[f][cell])
        });
        TaughtData {
            levels: thousandths(cells),
            companies: chosen.iter().map(|&c| matrix.companies[c]).collect(),
        }
    }
}

/// The figure of who taught whom.
pub(super) fn taught(outcome: &Outcome, matrix: &Matrix) -> Figure {
    let mut figure = Figure::lines(
        "fig-taught",
        "Who taught whom",
        "origin (company); colour: level (0 = chance, 1 = oracle)",
        Format::Level,
        Vec::new(),
    );
    (figure.kind, figure.x) = (Kind::Taught, "receiver (company)");
    figure.missing = String::new();
    if matrix.companies.len() > COMPANIES_MAX {
        figure.note = format!(
            "Thinned to keep the page small: {COMPANIES_MAX} of {} companies, evenly spaced, are shown.",
            matrix.companies.len()
        );
    }
    let (origin, others) = matrix.means(matrix.rounds.len().saturating_sub(1));
    let reached: Vec<f64> = matrix.halves.iter().flatten().copied().collect();
    let tags = outcome.hive.tags.len();
    let when = match reached.iter().copied().reduce(f64::max) {
        Some(last) if reached.len() == tags => {
            format!("Half of the others hold each of them by round {last:.1} at the latest.")
        }
        _ => format!("Half of the others come to hold {} of {tags}.", reached.len()),
    };
    figure
        .says(format!(
            "A row holds the {} that one company alone practises; a cell is how well the column's agents know them, which came to them through the hive or carries over from other skills. The diagonal is the origins' own level. At the end {} on the diagonal, {} off it. {when}",
            if tags == 1 { "skill".to_string() } else { "skills".into() },
            level(origin),
            level(others),
        ))
        .wide()
}

/// Numbers of the lineage areas.
#[derive(Serialize)]
pub(super) struct LineageData {
    rounds: Vec<u32>,
    /// Names of the areas: the companies with the largest shares at the end, and the others.
    areas: Vec<String>,
    /// Names of what can be chosen: the whole core, and blocks.
    blocks: Vec<String>,
    /// Shares, block × round × area, packed.
    shares: String,
}

/// Shares by block, round and company; a block or company without a row at a round has none.
struct Shares<'a> {
    rounds: Vec<u32>,
    companies: Vec<u32>,
    blocks: Vec<u32>,
    by: BTreeMap<(u32, u32), Vec<&'a LineageRow>>,
}

impl<'a> Shares<'a> {
    fn of(trace: &'a Trace) -> Option<Self> {
        let rows = &trace.lineage;
        rows.first()?;
        let set = |get: fn(&LineageRow) -> u32| -> Vec<u32> {
            rows.iter().map(get).collect::<BTreeSet<u32>>().into_iter().collect()
        };
        let mut by: BTreeMap<(u32, u32), Vec<&LineageRow>> = BTreeMap::new();
        for row in rows {
            by.entry((row.round, row.block)).or_default().push(row);
        }
        let (rounds, companies) = (set(|row| row.round), set(|row| row.company));
        Some(Shares { rounds, companies, blocks: set(|row| row.block), by })
    }

    /// A block's shares at a round, in the order of the companies; NaN where it has not moved.
    fn block(&self, round: u32, block: u32) -> Vec<f64> {
        let mut shares = vec![f64::NAN; self.companies.len()];
        for row in self.by.get(&(round, block)).into_iter().flatten() {
            if let Ok(at) = self.companies.binary_search(&row.company) {
                shares[at] = row.share;
            }
        }
        shares
    }

    /// The mean over the blocks that have moved.
    fn whole(&self, round: u32) -> Vec<f64> {
        let mut sums = vec![0.0; self.companies.len()];
        let mut moved = 0;
        for &block in &self.blocks {
            let shares = self.block(round, block);
            if shares.iter().any(|x| x.is_finite()) {
                moved += 1;
                let known = shares.iter().map(|x| if x.is_finite() { *x } else { 0.0 });
                sums.iter_mut().zip(known).for_each(|(sum, x)| *sum += x);
            }
        }
        sums.iter().map(|sum| sum / f64::from(moved)).collect()
    }

    /// Companies by their share in the whole core at the end, the largest first.
    fn ranked(&self) -> Vec<(usize, f64)> {
        let end = self.rounds.last().map_or_else(Vec::new, |&round| self.whole(round));
        let mut ranked: Vec<(usize, f64)> = end.into_iter().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked
    }
}

impl LineageData {
    /// Of the hive's core; none where no lineage was asked for.
    pub fn of(trace: &Trace) -> Option<Self> {
        let shares = Shares::of(trace)?;
        let ranked = shares.ranked();
        let (own, others) = ranked.split_at(ranked.len().min(AREAS_MAX));
        let named: Vec<usize> = own.iter().map(|(at, _)| *at).collect();
        let rounds: Vec<u32> =
            evenly(shares.rounds.len(), ROUNDS_MAX).iter().map(|&i| shares.rounds[i]).collect();
        let blocks: Vec<u32> =
            evenly(shares.blocks.len(), BLOCKS_MAX).iter().map(|&i| shares.blocks[i]).collect();
        let areas = |of: Vec<f64>| {
            let rest: f64 = others.iter().map(|(at, _)| of[*at]).filter(|x| x.is_finite()).sum();
            let mut areas: Vec<f64> = named.iter().map(|&at| of[at]).collect();
            areas.extend((!others.is_empty()).then_some(rest));
            areas
        };
        let mut all = Vec::new();
        for &round in &rounds {
            all.extend(areas(shares.whole(round)));
        }
        for &block in &blocks {
            for &round in &rounds {
                all.extend(areas(shares.block(round, block)));
            }
        }
        let mut names: Vec<String> =
            named.iter().map(|&at| format!("company {}", shares.companies[at])).collect();
        names.extend((!others.is_empty()).then(|| format!("{} others", others.len())));
        Some(LineageData {
            rounds,
            areas: names,
            blocks: std::iter::once("whole core (mean over blocks)".to_string())
                .chain(blocks.iter().map(|block| format!("block {block}")))
                .collect(),
            shares: thousandths(all.into_iter()),
        })
    }
}

/// The section of whose learning the core is made of; none where no lineage was asked for.
pub(super) fn lineage(outcome: &Outcome) -> Option<Section> {
    let shares = Shares::of(&outcome.hive)?;
    let ranked = shares.ranked();
    let (largest, share) = ranked.first().copied()?;
    // how many equal companies would be as concentrated
    let squares: f64 = ranked.iter().map(|(_, x)| x * x).filter(|x| x.is_finite()).sum();
    let mut figure = Figure::lines(
        "fig-lineage",
        "Whose learning the core is made of",
        "share of the core's way from its start (%)",
        Format::Percent,
        Vec::new(),
    )
    .says(format!(
        "An area is what the agents of one company moved the core by, as a part of its whole way; shares add up to all of it, and one that pulled against the rest is below zero. At the end company {} has the most, {} of the whole core; {} take part, as concentrated as {:.1} equal ones.",
        shares.companies[largest],
        percent(share),
        counted(shares.companies.len() as u64, "company").replace("companys", "companies"),
        1.0 / squares,
    ))
    .wide();
    (figure.kind, figure.x, figure.missing) = (Kind::Lineage, ROUND, String::new());
    if shares.blocks.len() > BLOCKS_MAX {
        figure.note = format!("{BLOCKS_MAX} of {} blocks can be chosen.", shares.blocks.len());
    }
    Some(Section {
        id: "lineage",
        title: "Lineage",
        lede: "Each company's part in the published core, over rounds and block by block.",
        figures: vec![figure],
    })
}
