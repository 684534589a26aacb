//! The tables of what a fleet's whole history comes to: spread a skill, inequality a measured
//! round, continual learning an agent.

use super::error::RecordError;
use super::manifest::FileEntry;
use super::measured::{AgentContinual, Histories};
use super::staging::Staging;
use super::table::{Cell, Column, Table};
use super::tables::LEVEL;
use crate::measure::inequality::Inequality;
use crate::measure::spread::{Fit, NoFit, Spread};
use crate::measure::{AccountRow, Frame, HiveRow, InterferenceRow, PanelMember, StalenessRow};

/// Writes `spread`, `inequality`, `continual`, and what has rows where there is any: `hives`,
/// `interference`, `staleness` and `accounts`.
pub(super) fn write_all(
    staging: &Staging,
    histories: &Histories<'_>,
    hash: &str,
) -> Result<Vec<FileEntry>, RecordError> {
    let measured = histories.fleets();
    let spread = measured.iter().flat_map(|m| {
        let rows = m.trace.skills.iter().zip(&m.spread);
        rows.map(|(skill, spread)| SpreadRow { fleet: m.fleet, skill, spread })
    });
    let inequality = measured.iter().flat_map(|m| {
        let rows = m.trace.frames.iter().zip(&m.inequality);
        rows.map(|(frame, measured)| InequalityRow { fleet: m.fleet, frame, measured })
    });
    let continual = measured.iter().flat_map(|m| {
        let rows = m.trace.panel.iter().zip(&m.continual);
        rows.map(|(member, measured)| ContinualRow { fleet: m.fleet, member, measured })
    });
    let hives = measured.iter().flat_map(|m| &m.trace.hives);
    let interference = measured
        .iter()
        .flat_map(|m| m.trace.interference.iter().map(|row| MergeRow { fleet: m.fleet, row }));
    let staleness = measured
        .iter()
        .flat_map(|m| m.trace.staleness.iter().map(|row| AgeRow { fleet: m.fleet, row }));
    let accounts = measured
        .iter()
        .flat_map(|m| m.trace.accounts.iter().map(|row| LedgerRow { fleet: m.fleet, row }));
    Ok(vec![
        staging.write_table(&accounts_table(), hash, accounts)?,
        staging.write_table(&spread_table(), hash, spread)?,
        staging.write_table(&inequality_table(), hash, inequality)?,
        staging.write_table(&continual_table(), hash, continual)?,
        staging.write_table(&hives_table(), hash, hives)?,
        staging.write_table(&interference_table(), hash, interference)?,
        staging.write_table(&staleness_table(), hash, staleness)?,
    ])
}

/// A skill of a fleet, over all its measured rounds.
pub(super) struct SpreadRow<'a> {
    fleet: &'static str,
    skill: &'a str,
    spread: &'a Spread,
}

type Fitted = Result<Fit, NoFit>;

fn outcome(fit: &Fitted) -> &'static str {
    fit.as_ref().map_or_else(|why| why.name(), |_| "fitted")
}

fn parameter(fit: &Fitted, i: usize) -> f64 {
    fit.as_ref().map_or(f64::NAN, |fit| fit.parameters[i])
}

/// The lower and the upper end of a parameter's interval.
fn ends(fit: &Fitted, i: usize) -> [f64; 2] {
    let intervals = fit.as_ref().ok().and_then(|fit| fit.intervals);
    intervals.map_or([f64::NAN; 2], |intervals| [intervals[i].low, intervals[i].high])
}

/// R² and the standard deviation of the residuals.
fn goodness(fit: &Fitted) -> [f64; 2] {
    fit.as_ref().map_or([f64::NAN; 2], |fit| [fit.r_squared, fit.residual_sd])
}

/// NaN, which becomes null, of what never was.
fn time(spread: &Spread, i: usize) -> f64 {
    spread.times[i].unwrap_or(f64::NAN)
}

#[rustfmt::skip]
pub(super) fn spread_table<'a>() -> Table<SpreadRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    const A_ROUND: &str = "1/round";
    Table { name: "spread", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("skill", "", "the skill's name; the most frequent first", Text(|r| r.skill)),
        c("t10", "rounds", "when a tenth of the panel first held it, on the line between measured rounds", Real(|r| time(r.spread, 0))),
        c("t50", "rounds", "when half of the panel first held it", Real(|r| time(r.spread, 1))),
        c("t90", "rounds", "when nine tenths of the panel first held it", Real(|r| time(r.spread, 2))),
        c("logistic", "", "fitted, or why the logistic law is not", Text(|r| outcome(&r.spread.logistic))),
        c("logistic_rate", A_ROUND, "rate of the logistic law through the adoption curve", Real(|r| parameter(&r.spread.logistic, 0))),
        c("logistic_rate_low", A_ROUND, "lower end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 0)[0])),
        c("logistic_rate_high", A_ROUND, "upper end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 0)[1])),
        c("logistic_midpoint", "rounds", "when the logistic law is at half of its ceiling", Real(|r| parameter(&r.spread.logistic, 1))),
        c("logistic_midpoint_low", "rounds", "lower end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 1)[0])),
        c("logistic_midpoint_high", "rounds", "upper end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 1)[1])),
        c("logistic_ceiling", "share", "what the logistic law comes to in the end", Real(|r| parameter(&r.spread.logistic, 2))),
        c("logistic_ceiling_low", "share", "lower end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 2)[0])),
        c("logistic_ceiling_high", "share", "upper end of its 95 % interval", Real(|r| ends(&r.spread.logistic, 2)[1])),
        c("logistic_r_squared", "share", "variance of the curve that the logistic law explains", Real(|r| goodness(&r.spread.logistic)[0])),
        c("logistic_residual_sd", "share", "standard deviation of what is left", Real(|r| goodness(&r.spread.logistic)[1])),
        c("bass", "", "fitted, or why the Bass law is not", Text(|r| outcome(&r.spread.bass))),
        c("bass_p", A_ROUND, "rate at which the core tells", Real(|r| parameter(&r.spread.bass, 0))),
        c("bass_p_low", A_ROUND, "lower end of its 95 % interval", Real(|r| ends(&r.spread.bass, 0)[0])),
        c("bass_p_high", A_ROUND, "upper end of its 95 % interval", Real(|r| ends(&r.spread.bass, 0)[1])),
        c("bass_q", A_ROUND, "rate at which holders pass it on", Real(|r| parameter(&r.spread.bass, 1))),
        c("bass_q_low", A_ROUND, "lower end of its 95 % interval", Real(|r| ends(&r.spread.bass, 1)[0])),
        c("bass_q_high", A_ROUND, "upper end of its 95 % interval", Real(|r| ends(&r.spread.bass, 1)[1])),
        c("bass_ceiling", "share", "what the Bass law comes to in the end", Real(|r| parameter(&r.spread.bass, 2))),
        c("bass_ceiling_low", "share", "lower end of its 95 % interval", Real(|r| ends(&r.spread.bass, 2)[0])),
        c("bass_ceiling_high", "share", "upper end of its 95 % interval", Real(|r| ends(&r.spread.bass, 2)[1])),
        c("bass_r_squared", "share", "variance of the curve that the Bass law explains", Real(|r| goodness(&r.spread.bass)[0])),
        c("bass_residual_sd", "share", "standard deviation of what is left", Real(|r| goodness(&r.spread.bass)[1])),
        c("contact_rate", A_ROUND, "agents to whom a holder passes it on in a round while nobody else holds it", Real(|r| r.spread.teaching.contact_rate)),
        c("reproduction", "agents", "agents to whom each of the first holders passed it on by the end, credit shared among all who could have", Real(|r| r.spread.teaching.reproduction)),
        c("found", "agents", "agents that came to hold it when nobody did", Integer(|r| r.spread.teaching.found)),
    ] }
}

/// A fleet's panel at a measured round.
pub(super) struct InequalityRow<'a> {
    fleet: &'static str,
    frame: &'a Frame,
    measured: &'a Inequality,
}

#[rustfmt::skip]
pub(super) fn inequality_table<'a>() -> Table<InequalityRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "inequality", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "the round after which it was measured; 0 is the initial core", Integer(|r| r.frame.round.into())),
        c("gini_skill", "", "Gini coefficient of the agents' levels on their own jobs, below chance counted as chance", Real(|r| r.measured.gini_skill)),
        c("gini_practice", "", "Gini coefficient of the tasks that agents have done", Real(|r| r.measured.gini_practice)),
        c("practice_entropy", "bits", "mean over the agents that have worked of the entropy of their practice over skills", Real(|r| r.measured.practice_entropy)),
        c("specialisation", "", "mean over the same agents of 1 - entropy/log2(skills): 1 is a specialist", Real(|r| r.measured.specialisation)),
        c("covered", "share", "share of the skills that at least one agent holds", Real(|r| r.measured.covered)),
        c("covered_by_half", "share", "share of the skills that at least half of the agents hold", Real(|r| r.measured.covered_by_half)),
    ] }
}

/// A panel agent of a fleet, over all its measured rounds.
pub(super) struct ContinualRow<'a> {
    fleet: &'static str,
    member: &'a PanelMember,
    measured: &'a AgentContinual,
}

#[rustfmt::skip]
pub(super) fn continual_table<'a>() -> Table<ContinualRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "continual", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("agent", "", "the agent's id", Integer(|r| r.member.agent.0.into())),
        c("company", "", "the id of the company it works at", Integer(|r| r.member.company.0.into())),
        c("learned_skills", "skills", "skills that it first practised while it was measured", Integer(|r| r.measured.tasks as u64)),
        c("periods", "periods", "measurements at which it had newly practised a skill, and the last", Integer(|r| r.measured.periods as u64)),
        c("accuracy", LEVEL, "ACC: mean level on these skills at the end", Real(|r| r.measured.kept.accuracy)),
        c("backward", LEVEL, "BWT: mean change of a skill's level from the end of its period to the last", Real(|r| r.measured.kept.backward)),
        c("forward", LEVEL, "FWT: mean gain in a skill before the period in which it was first practised", Real(|r| r.measured.kept.forward)),
        c("forgetting", LEVEL, "mean of a skill's best level at the end of an earlier period less that at the last", Real(|r| r.measured.kept.forgetting)),
        c("intransigence", LEVEL, "mean of the pooled bound's level less the agent's at the end of a skill's period; null without that bound", Real(|r| r.measured.intransigence)),
    ] }
}

#[rustfmt::skip]
pub(super) fn hives_table<'a>() -> Table<&'a HiveRow> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "hives", columns: vec![
        c("round", "rounds", "the round after which its core was published; 0 is the initial core", Integer(|r| r.round.into())),
        c("hive", "", "the hive's number", Integer(|r| r.hive.into())),
        c("name", "", "the hive's name", Text(|r| &r.name)),
        c("agents", "agents", "agents that pull its core", Integer(|r| r.agents.into())),
        c("share", "share", "their share of all agents", Real(|r| r.share)),
        c("wanted", "share", "the market share that customers give its skill: softmax(preference x skill)", Real(|r| r.wanted)),
        c("skill", "share", "share of right answers of its core on fresh tasks as they come up in all work", Real(|r| r.skill)),
        c("efficiency", "", "how far a task moves its agents, relative to the learner's rate", Real(|r| r.efficiency)),
    ] }
}

/// A merge of a fleet.
pub(super) struct MergeRow<'a> {
    fleet: &'static str,
    row: &'a InterferenceRow,
}

#[rustfmt::skip]
pub(super) fn interference_table<'a>() -> Table<MergeRow<'a>> {
    use Cell::{Integer, Real, Text};
    let c = Column::new;
    Table { name: "interference", columns: vec![
        c("fleet", "", "hive: the bounds merge nothing", Text(|r| r.fleet)),
        c("round", "rounds", "the round whose merge it is", Integer(|r| r.row.round.into())),
        c("loss", LEVEL, "mean over the panel of the level on the own job before the merge less that after it", Real(|r| r.row.loss)),
        c("losers", "share", "share of the panel agents that lost by it", Real(|r| r.row.losers)),
        c("barrier", "nats", "mean height of the barrier between sampled pairs of policies before the merge", Real(|r| r.row.barrier)),
    ] }
}

/// Learnings of one age in a merge of a fleet.
pub(super) struct AgeRow<'a> {
    fleet: &'static str,
    row: &'a StalenessRow,
}

#[rustfmt::skip]
pub(super) fn staleness_table<'a>() -> Table<AgeRow<'a>> {
    use Cell::{Integer, Text};
    let c = Column::new;
    Table { name: "staleness", columns: vec![
        c("fleet", "", "hive, or the bound run beside it: isolated, pooled", Text(|r| r.fleet)),
        c("round", "rounds", "publications so far, the one that the learnings made included", Integer(|r| r.row.round.into())),
        c("staleness", "core versions", "publications between the core that a learning began with and the one it was merged into", Integer(|r| r.row.staleness.into())),
        c("learnings", "learnings", "how many learnings of the publication have it", Integer(|r| r.row.learnings)),
    ] }
}

/// What became of a fleet's learnings on the way to a core.
pub(super) struct LedgerRow<'a> {
    fleet: &'static str,
    row: &'a AccountRow,
}

#[rustfmt::skip]
pub(super) fn accounts_table<'a>() -> Table<LedgerRow<'a>> {
    use Cell::{Integer, Text};
    let c = Column::new;
    Table { name: "accounts", columns: vec![
        c("fleet", "", "hive: the bounds send nothing", Text(|r| r.fleet)),
        c("round", "rounds", "publications so far, the one that the learnings made included", Integer(|r| r.row.round.into())),
        c("sent", "learnings", "sent since the publication before, what arrives twice counted again", Integer(|r| r.row.accounts.sent)),
        c("merged", "learnings", "merged", Integer(|r| r.row.accounts.merged)),
        c("unfinished", "learnings", "dropped: stragglers' unfinished work", Integer(|r| r.row.accounts.unfinished)),
        c("lost", "learnings", "dropped: lost on the way", Integer(|r| r.row.accounts.lost)),
        c("duplicate", "learnings", "refused: here before", Integer(|r| r.row.accounts.duplicate)),
        c("broken", "learnings", "refused: not what was sealed when it was sent", Integer(|r| r.row.accounts.broken)),
        c("not_finite", "learnings", "refused: a number in it is infinite or none", Integer(|r| r.row.accounts.not_finite)),
        c("misfit", "learnings", "refused: its blocks are not as long as the core's", Integer(|r| r.row.accounts.misfit)),
        c("stale", "learnings", "refused: it began too many publications ago", Integer(|r| r.row.accounts.stale)),
        c("overflow", "learnings", "dropped: no room on its way (`live` alone)", Integer(|r| r.row.accounts.overflow)),
        c("in_flight", "learnings", "on the way, or waiting for others, when the core was published", Integer(|r| r.row.in_flight)),
    ] }
}
