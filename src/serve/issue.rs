//! What is sent to viewers: a snapshot of the board, made text once for all of them.
//!
//! ```text
//! who comes        whole, levels of its skill
//! who kept up      next,  levels of its skill    the points since the issue before
//! who missed one   whole, levels of its skill
//! ```

use super::board::{About, Phase, Row};
use super::tiles::{Levels, Tile};
use crate::controls::Change;
use crate::measure::{Latency, LiveReport};
use crate::report::{base64, number};
use axum::body::Bytes;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The board at one moment.
pub(super) struct Issue {
    /// Counts issues.
    pub seq: u64,
    snapshot: Snapshot,
    next: OnceLock<Bytes>,
    whole: OnceLock<Bytes>,
    /// What was sent to who kept up or not, of a skill.
    sent: Mutex<BTreeMap<(Manner, Option<usize>), Bytes>>,
}

/// What a viewer is told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Manner {
    /// All there is to know: it comes, or missed something.
    Whole,
    /// What is new.
    Next,
}

pub(super) struct Snapshot {
    pub name: String,
    pub question: String,
    pub agents: u32,
    pub seed: u64,
    pub adopted: f64,
    /// The scenario's own strategy, as TOML.
    pub combine: String,
    pub phase: Phase,
    pub changes: Vec<Change>,
    pub paused: bool,
    pub pace: Option<f64>,
    pub fleets: Vec<Fleet>,
}

/// A fleet at one moment.
pub(super) struct Fleet {
    pub name: &'static str,
    pub rounds: u32,
    pub over: bool,
    pub seconds: f64,
    pub tasks: u64,
    pub pace: Pace,
    pub rows: Vec<(u64, Arc<Row>)>,
    pub rows_stride: u64,
    pub last: Option<Arc<Row>>,
    pub spread: Vec<(u64, Arc<Levels>)>,
    pub spread_stride: u64,
    pub levels: Arc<Levels>,
    pub about: Arc<About>,
    pub books: Option<Arc<LiveReport>>,
    /// Rows and frames that the issue before knew of.
    pub told: (u64, u64),
}

/// How fast it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Tasks a second, of late.
    pub tasks: f64,
    /// Seconds of a tour and of a merge: half take no longer, one in twenty takes longer.
    pub tour: (f32, f32),
    pub merge: (f32, f32),
}

impl Pace {
    pub fn of(tasks: f64, tours: &VecDeque<f32>, merges: &VecDeque<f32>) -> Pace {
        let quantiles = |times: &VecDeque<f32>| {
            let mut times: Vec<f32> = times.iter().copied().collect();
            times.sort_by(f32::total_cmp);
            let at = |share: f64| {
                let last = times.len().saturating_sub(1);
                times.get((share * last as f64).round() as usize).copied().unwrap_or(f32::NAN)
            };
            (at(0.5), at(0.95))
        };
        Pace { tasks, tour: quantiles(tours), merge: quantiles(merges) }
    }
}

type Column = (&'static str, fn(&Row) -> f64);

/// What of a row is sent.
const COLUMNS: [Column; 20] = [
    ("round", |r| r.row.round.into()),
    ("core_skill", |r| r.row.core_skill),
    ("panel_skill", |r| r.row.panel_skill),
    ("unpractised_skill", |r| r.row.unpractised_skill),
    ("fleet_adoption", |r| r.row.fleet_adoption),
    ("train_loss", |r| r.row.train_loss),
    ("test_accuracy", |r| r.row.test_accuracy),
    ("work_accuracy", |r| r.row.work_accuracy),
    ("sign_conflict", |r| r.row.sign_conflict),
    ("cosine", |r| r.row.cosine),
    ("consensus_distance", |r| r.row.consensus_distance),
    ("step_norm", |r| r.row.step_norm),
    ("tasks", |r| r.row.tasks as f64),
    ("learnings", |r| r.row.learnings as f64),
    ("dropped", |r| r.row.dropped as f64),
    ("staleness", |r| r.row.staleness),
    ("bytes_up", |r| r.row.bytes_up as f64),
    ("time", |r| r.row.time),
    ("tour_seconds", |r| r.tour_seconds.into()),
    ("merge_seconds", |r| r.merge_seconds.into()),
];

impl Issue {
    /// Before there is anything.
    pub fn blank() -> Issue {
        let snapshot = Snapshot {
            name: String::new(),
            question: String::new(),
            agents: 0,
            seed: 0,
            adopted: 0.0,
            combine: String::new(),
            phase: Phase::Preparing,
            changes: Vec::new(),
            paused: false,
            pace: None,
            fleets: Vec::new(),
        };
        Issue::new(0, snapshot)
    }

    pub fn new(seq: u64, snapshot: Snapshot) -> Issue {
        let (next, whole) = (OnceLock::new(), OnceLock::new());
        Issue { seq, snapshot, next, whole, sent: Mutex::default() }
    }

    /// Of which fleets it tells: who knows of others needs the whole.
    pub fn fleets(&self) -> usize {
        let known = |fleet: &Fleet| 1 + usize::from(fleet.about.layout.agents() > 0);
        self.snapshot.fleets.iter().map(known).sum()
    }

    /// What came since the issue before, as an event.
    pub fn next(&self) -> Bytes {
        self.next.get_or_init(|| event("next", self.snapshot.next())).clone()
    }

    /// All that a page has to know, as an event.
    pub fn whole(&self) -> Bytes {
        self.whole.get_or_init(|| event("whole", self.snapshot.whole())).clone()
    }

    /// Levels of the fleet under way in a skill, or on agents' own jobs, as an event.
    pub fn levels(&self, skill: Option<usize>) -> Bytes {
        let Some(fleet) = self.snapshot.fleets.last() else { return Bytes::new() };
        let Levels { round, means, shares, .. } = &*fleet.levels;
        let value = json!({
            "skill": skill,
            "round": round,
            "tiles": base64(fleet.levels.tiles(skill)),
            "means": base64(means),
            "shares": base64(shares),
        });
        event("levels", value)
    }

    /// All that a viewer of a skill is sent, in one piece: half the calls of the system that two
    /// take. A skill that there is none of is agents' own jobs.
    pub fn sent(&self, manner: Manner, skill: Option<usize>) -> Bytes {
        let skills = self.snapshot.fleets.last().map_or(0, |fleet| fleet.about.skills.len());
        let skill = skill.filter(|skill| *skill < skills);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let first = match manner {
                Manner::Whole => self.whole(),
                Manner::Next => self.next(),
            };
            [first, self.levels(skill)].concat().into()
        };
        sent.entry((manner, skill)).or_insert_with(make).clone()
    }

    /// The whole as a document, for programs.
    pub fn document(&self) -> Value {
        self.snapshot.whole()
    }
}

fn event(name: &str, data: Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

impl Snapshot {
    fn next(&self) -> Value {
        let fleet = self.fleets.last();
        let rows = |fleet: &Fleet| {
            let first = fleet.rows.partition_point(|(at, _)| *at < fleet.told.0);
            points(&fleet.rows[first..], row)
        };
        let spread = |fleet: &Fleet| {
            let first = fleet.spread.partition_point(|(at, _)| *at < fleet.told.1);
            points(&fleet.spread[first..], shares)
        };
        let mut next = self.now();
        next.insert("rows".into(), json!(fleet.map(rows)));
        next.insert("spread".into(), json!(fleet.map(spread)));
        Value::Object(next)
    }

    fn whole(&self) -> Value {
        let mut whole = self.now();
        let columns: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        let rest = json!({
            "name": self.name,
            "question": self.question,
            "agents": self.agents,
            "seed": self.seed,
            "adopted": self.adopted,
            "combine": self.combine,
            "columns": columns,
            "fleets": self.fleets.iter().map(Fleet::whole).collect::<Vec<_>>(),
        });
        if let Value::Object(rest) = rest {
            whole.extend(rest);
        }
        Value::Object(whole)
    }

    /// What is in every event.
    fn now(&self) -> Map<String, Value> {
        let (phase, complete, text) = match &self.phase {
            Phase::Preparing => ("preparing", None, ""),
            Phase::Touring => ("touring", None, ""),
            Phase::Distilling => ("distilling", None, ""),
            Phase::Over { complete, run } => ("over", Some(*complete), run.as_str()),
            Phase::Failed(why) => ("failed", None, why.as_str()),
        };
        let change = |change: &Change| json!({ "round": change.round, "set": change.set });
        let mut now = Map::new();
        now.insert("phase".into(), json!(phase));
        now.insert("complete".into(), json!(complete));
        now.insert("text".into(), json!(text));
        now.insert("paused".into(), json!(self.paused));
        now.insert("pace".into(), json!(self.pace));
        now.insert("changes".into(), self.changes.iter().map(change).collect());
        now.insert("fleet".into(), json!(self.fleets.last().map(Fleet::now)));
        now
    }
}

impl Fleet {
    fn now(&self) -> Value {
        let seconds = |(half, most): (f32, f32)| json!([number(half.into()), number(most.into())]);
        json!({
            "name": self.name,
            "rounds": self.rounds,
            "over": self.over,
            "seconds": number(self.seconds),
            "tasks": self.tasks,
            "tasks_per_second": number(self.pace.tasks),
            "tour": seconds(self.pace.tour),
            "merge": seconds(self.pace.merge),
            "last": self.last.as_ref().map(row),
            "rows_stride": self.rows_stride,
            "spread_stride": self.spread_stride,
            "books": self.books.as_deref().map(books),
        })
    }

    fn whole(&self) -> Value {
        let About { layout, skills, skills_in_all } = &*self.about;
        let tiles = |get: fn(&Tile) -> u32| layout.tiles().iter().map(get).collect::<Vec<_>>();
        json!({
            "name": self.name,
            "rounds": self.rounds,
            "skills": skills.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "frequencies": skills.iter().map(|(_, share)| number(*share)).collect::<Vec<_>>(),
            "skills_in_all": skills_in_all,
            "panel": layout.agents(),
            "tile_agents": tiles(|tile| tile.agents),
            "tile_firsts": tiles(|tile| tile.first),
            "tile_companies": tiles(|tile| tile.companies.0),
            "tile_companies_to": tiles(|tile| tile.companies.1),
            "rows": points(&self.rows, row),
            "spread": points(&self.spread, shares),
        })
    }
}

/// Points with their numbers in front.
fn points<T>(kept: &[(u64, Arc<T>)], text: fn(&Arc<T>) -> Value) -> Vec<Value> {
    kept.iter().map(|(at, point)| json!([at, text(point)])).collect()
}

/// What became of free agents' learnings, and how long half and 99 in 100 take.
fn books(report: &LiveReport) -> Value {
    let seconds = |latency: &Latency| json!([number(latency.p50), number(latency.p99)]);
    json!({
        "sent": report.sent,
        "taken": report.taken,
        "dropped": report.dropped,
        "left": report.left,
        "to_merge": seconds(&report.to_merge),
        "to_pull": seconds(&report.to_pull),
    })
}

fn row(row: &Arc<Row>) -> Value {
    COLUMNS.iter().map(|(_, get)| number(get(row))).collect()
}

fn shares(levels: &Arc<Levels>) -> Value {
    json!([levels.round, base64(&levels.shares)])
}
