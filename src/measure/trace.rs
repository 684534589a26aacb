//! What a run leaves behind: rows a round, levels of skill a measured round.

use super::spread::Tag;
use super::{AccountRow, LiveReport, Skills};
use crate::ids::{AgentId, CompanyId};
use crate::scenario::{Bound, Scenario};
use serde::{Deserialize, Serialize};

/// A finished (or interrupted) experiment: the hive and the bounds run beside it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario as run, all defaults filled in.
    pub scenario: Scenario,
    /// The fleet under the scenario's own distiller.
    pub hive: Trace,
    /// The bounds that were run, in the order asked for.
    pub bounds: Vec<(Bound, Trace)>,
    /// Whether every round of every fleet was run.
    pub complete: bool,
    /// BLAKE3 over every number of the result: all rows, levels, final cores and agents'
    /// knowledge, in hexadecimal. The same on every engine and any thread count, `live` apart.
    pub result_hash: String,
}

/// One fleet's history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trace {
    /// Names of the skills, `s0`, `s1`, … by falling frequency.
    pub skills: Vec<String>,
    /// Shares of the skills in all work; sums to 1.
    pub frequencies: Vec<f64>,
    /// The agents that are measured.
    pub panel: Vec<PanelMember>,
    /// One row a round, from 0 (the initial core) to the last.
    pub rounds: Vec<RoundRow>,
    /// The measured rounds' levels, in order.
    pub frames: Vec<Frame>,
    /// How several hives stood, round by round, hive by hive; empty where there is one.
    pub hives: Vec<HiveRow>,
    /// Skills that the world gives to one company alone, by rising skill.
    pub tags: Vec<Tag>,
    /// Whose learning the published cores are made of; empty where it is not asked for.
    pub lineage: Vec<LineageRow>,
    /// What merging did to the panel, round by round; empty where it is not asked for.
    pub interference: Vec<InterferenceRow>,
    /// How stale the learnings were that were merged; empty where all keep step.
    pub staleness: Vec<StalenessRow>,
    /// What became of learnings, core by core from the first that was made of any; empty where none
    /// are sent.
    pub accounts: Vec<AccountRow>,
    /// What is known of a fleet that ran freely (not part of the hash).
    pub live: Option<LiveReport>,
    /// Parameters of the core.
    pub parameters: usize,
    /// Wall-clock seconds of the run (not part of the hash).
    pub seconds: f64,
    /// Whether every round was run.
    pub complete: bool,
}

/// How one of several hives stands when its core is published.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct HiveRow {
    /// Publications so far.
    pub round: u32,
    /// Which hive, from 0.
    pub hive: u32,
    /// Its name.
    pub name: String,
    /// Agents that pull its core.
    pub agents: u32,
    /// Their share of all agents.
    pub share: f64,
    /// The market share that customers give its skill: `softmax(preference · skill)`.
    pub wanted: f64,
    /// Share of right answers of its core on fresh tasks as they come up in all work.
    pub skill: f64,
    /// How far a task moves its agents, relative to the learner's rate.
    pub efficiency: f64,
}

/// A company's part in a block of a published core.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct LineageRow {
    /// Publications so far.
    pub round: u32,
    /// Block of the core.
    pub block: u32,
    /// The company whose agents' learning it is.
    pub company: u32,
    /// Its share: ⟨D_o, D⟩ / ‖D‖² where the strategy is linear ([`Lineage`](super::spread::Lineage)),
    /// its influence on this merge where it is not
    /// ([`leave_one_out`](super::spread::leave_one_out)). Over companies they sum to 1.
    pub share: f64,
}

/// What the merge that made a measured core did to those who were merged.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
pub struct InterferenceRow {
    /// Publications so far.
    pub round: u32,
    /// Mean over the panel agents whose learning was merged of their level on their own job after
    /// their work less that with the core that came of it, on one truth and the same probes;
    /// negative where merging helps. NaN where it is not asked for or nobody worked.
    pub loss: f64,
    /// Share of them that lost.
    pub losers: f64,
    /// Mean height of the barrier between the policies of sampled pairs after their work, nats. NaN
    /// where it is not asked for or there was no pair.
    pub barrier: f64,
}

/// How many of the learnings that made a core began so many cores before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct StalenessRow {
    /// Publications so far.
    pub round: u32,
    /// Publications between the core that a learning began with and the one it was merged into.
    pub staleness: u32,
    /// Learnings.
    pub learnings: u64,
}

/// An agent of the panel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PanelMember {
    /// Who.
    pub agent: AgentId,
    /// Its name: a data set's user. Empty in worlds that name nobody.
    pub name: String,
    /// Where it works.
    pub company: CompanyId,
    /// The first round in which it works: 1, or later for a newcomer.
    pub joins: u32,
    /// Its job: share of each skill in its work; sums to 1.
    pub job: Vec<f32>,
}

/// Levels of skill when one core was published.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Frame {
    /// The round after which it was taken; 0 is the initial core.
    pub round: u32,
    /// Levels of the panel, `panel × skills`, row by row: 0 is chance, 1 the oracle (test
    /// accuracy where a data set gives no oracle). NaN where there is no probe.
    pub panel: Vec<f32>,
    /// Levels of the bare core on the same probes, `panel × skills`.
    pub core: Vec<f32>,
    /// Tasks that the panel's agents have done of each skill so far, `panel × skills`.
    pub practised: Vec<u64>,
    /// Agents of the whole fleet at or above the adoption level, skill by skill; empty where the
    /// panel alone is measured.
    pub adopters: Vec<u64>,
}

/// A round in numbers. Row `r` holds the work that led to core `r` and the levels at core `r`;
/// row 0 has no work. NaN stands for "not measured".
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct RoundRow {
    /// Publications so far.
    pub round: u32,
    /// When the core was published, in virtual time: 1 is what an agent of the speed 1 takes for a
    /// round's work.
    pub time: f64,
    /// Mean over the panel of the bare core's level on each agent's own job.
    pub core_skill: f64,
    /// Mean over the panel of the agents' own level on their own jobs.
    pub panel_skill: f64,
    /// Standard deviation over the panel of the same.
    pub panel_skill_sd: f64,
    /// Mean level on the skills that the agent has never practised (uniform over them, then
    /// over the agents that have some).
    pub unpractised_skill: f64,
    /// Share of (panel agent, skill) pairs at or above the adoption level.
    pub adoption: f64,
    /// Share of panel agents whose level on their own job is at or above the adoption level.
    pub fleet_adoption: f64,
    /// Mean cross-entropy of the core over all agents' training data, nats (worlds with
    /// fixed local data).
    pub train_loss: f64,
    /// Accuracy of the core over all agents' test data (worlds with fixed local data).
    pub test_accuracy: f64,
    /// Share of the panel's probe tasks of a backdoor's skill, of those with another right answer, to
    /// which the core gives the backdoor's (attacks by a backdoor, with attackers or without).
    pub backdoor_success: f64,
    /// Tasks done in the round.
    pub tasks: u64,
    /// Gradient steps' examples: tasks × epochs really trained on.
    pub sample_steps: u64,
    /// Share of the tasks that were done right at work, before learning from them.
    pub work_accuracy: f64,
    /// Value made, in value units.
    pub value: f64,
    /// Mean cross-entropy at work, nats a task, before learning from it.
    pub work_loss: f64,
    /// Mean information that feedback gave, bits a task.
    pub bits: f64,
    /// Learnings merged.
    pub learnings: u64,
    /// Learnings that were sent and not merged: unfinished, lost or refused, second copies left out.
    pub dropped: u64,
    /// Bytes from agents to the distiller.
    pub bytes_up: u64,
    /// Bytes from the distiller to agents.
    pub bytes_down: u64,
    /// Multiply-adds spent on learning.
    pub multiply_adds: u64,
    /// Mean staleness of the merged learnings, in core versions.
    pub staleness: f64,
    /// Share of (parameter, pair of panel contributions) with opposite signs.
    pub sign_conflict: f64,
    /// Mean cosine between pairs of panel contributions, on the blocks both hold.
    pub cosine: f64,
    /// Mean distance of the panel's contributions from the core's step, relative to the
    /// contributions' mean norm.
    pub consensus_distance: f64,
    /// Euclidean norm of the core's step.
    pub step_norm: f64,
}

impl RoundRow {
    /// A row of no work and no measures.
    pub(crate) fn unmeasured() -> Self {
        RoundRow {
            core_skill: f64::NAN,
            panel_skill: f64::NAN,
            panel_skill_sd: f64::NAN,
            unpractised_skill: f64::NAN,
            adoption: f64::NAN,
            fleet_adoption: f64::NAN,
            train_loss: f64::NAN,
            test_accuracy: f64::NAN,
            backdoor_success: f64::NAN,
            work_accuracy: f64::NAN,
            work_loss: f64::NAN,
            bits: f64::NAN,
            staleness: f64::NAN,
            sign_conflict: f64::NAN,
            cosine: f64::NAN,
            consensus_distance: f64::NAN,
            step_norm: f64::NAN,
            ..RoundRow::default()
        }
    }

    /// Takes the levels of the panel.
    pub(crate) fn set_skills(&mut self, got: &Skills) {
        self.core_skill = got.core;
        self.panel_skill = got.panel;
        self.panel_skill_sd = got.panel_sd;
        self.unpractised_skill = got.unpractised;
        self.adoption = got.adoption;
        self.fleet_adoption = got.fleet_adoption;
    }

    /// Every number of the row, in the order of the fields: what a result hash is made of. Of a
    /// backdoor there are none in most runs; where there are, the hash takes them beside these.
    pub fn numbers(&self) -> [f64; 26] {
        [
            f64::from(self.round),
            self.time,
            self.core_skill,
            self.panel_skill,
            self.panel_skill_sd,
            self.unpractised_skill,
            self.adoption,
            self.fleet_adoption,
            self.train_loss,
            self.test_accuracy,
            self.tasks as f64,
            self.sample_steps as f64,
            self.work_accuracy,
            self.value,
            self.work_loss,
            self.bits,
            self.learnings as f64,
            self.dropped as f64,
            self.bytes_up as f64,
            self.bytes_down as f64,
            self.multiply_adds as f64,
            self.staleness,
            self.sign_conflict,
            self.cosine,
            self.consensus_distance,
            self.step_norm,
        ]
    }
}
