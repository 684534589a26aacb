//! The tables of whose learning is where: tagged skills, who taught whom, lineage.

use super::error::RecordError;
use super::manifest::FileEntry;
use super::measured::{Histories, Measured};
use super::staging::Staging;
use super::table::{Cell, Column, Table};
use super::tables::LEVEL;
use crate::measure::LineageRow;
use crate::measure::spread::{Matrix, Tag};

/// Writes `tags`, `taught` and `lineage`, which have rows where a world tags skills, or lineage is
/// asked for.
pub(super) fn write_all(
    staging: &Staging,
    histories: &Histories<'_>,
    hash: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    let measured = histories.fleets();
    let lineage = measured
        .iter()
        .flat_map(|m| m.trace.lineage.iter().map(|row| FleetLineage { fleet: m.fleet, row }));
    Ok(vec![
        staging.write_table(&tags_table(), hash, measured.iter().flat_map(tag_rows))?,
        staging.write_table(&taught_table(), hash, measured.iter().flat_map(taught_rows))?,
        staging.write_table(&lineage_table(), hash, lineage)?,
    ])
}

/// A skill that one company alone practises.
pub(super) struct TagRow<'a> {
    fleet: &'static str,
    skill: &'a str,
    origin: u64,
    half: f64,
}

fn tag_rows<'a>(m: &'a Measured<'_>) -> impl Iterator<Item = TagRow<'a>> {
    let halves = m.taught.iter().flat_map(|taught| &taught.halves);
    m.trace.tags.iter().zip(halves).filter_map(move |(tag, half): (&Tag, _)| {
        let skill = m.trace.skills.get(tag.skill)?;
        let half = half.unwrap_or(f64::NAN);
        Some(TagRow { fleet: m.fleet, skill, origin: tag.origin as u64, half })
    })
}

#[rustfmt::skip]
pub(super) fn tags_table<'a>() -> Table<TagRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "tags", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("skill", "", "the skill's name", Text(|r| r.skill)),
        c("origin", "", "the id of the only company that practises it", Integer(|r| r.origin)),
        c("half_of_others", "rounds", "until half of the panel's agents at other companies hold it; null where they never do", Real(|r| r.half)),
    ] }
}

/// What a company's agents know of what another alone practises.
pub(super) struct TaughtRow {
    fleet: &'static str,
    round: u32,
    origin: u64,
    receiver: u64,
    level: f64,
}

fn taught_rows<'a>(m: &'a Measured<'_>) -> impl Iterator<Item = TaughtRow> + 'a {
    let of =
        |taught: &'a Matrix| m.trace.frames.iter().zip(&taught.rounds).map(move |r| (taught, r));
    m.taught.iter().flat_map(of).flat_map(move |(taught, (frame, levels))| {
        let companies = &taught.companies;
        let known = levels.iter().enumerate().filter(|(_, level)| !level.is_nan());
        known.map(move |(cell, &level)| TaughtRow {
            fleet: m.fleet,
            round: frame.round,
            origin: companies[cell / companies.len()] as u64,
            receiver: companies[cell % companies.len()] as u64,
            level,
        })
    })
}

#[rustfmt::skip]
pub(super) fn taught_table() -> Table<TaughtRow> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "taught", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "the round after which it was measured; 0 is the initial core", Integer(|r| r.round.into())),
        c("origin", "", "the id of the company that alone practises the skills", Integer(|r| r.origin)),
        c("receiver", "", "the id of the company whose agents are asked", Integer(|r| r.receiver)),
        c("level", LEVEL, "mean level of the receiver's panel agents over the origin's skills", Real(|r| r.level)),
    ] }
}

/// A company's part in a block of a fleet's core.
pub(super) struct FleetLineage<'a> {
    fleet: &'static str,
    row: &'a LineageRow,
}

#[rustfmt::skip]
pub(super) fn lineage_table<'a>() -> Table<FleetLineage<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "lineage", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "publications so far", Integer(|r| r.row.round.into())),
        c("block", "", "block of the core", Integer(|r| r.row.block.into())),
        c("company", "", "the id of the company whose agents' learning it is", Integer(|r| r.row.company.into())),
        c("share", "share", "its part of the block's displacement from the start, or its influence on the merge where the strategy is not linear", Real(|r| r.row.share)),
    ] }
}
