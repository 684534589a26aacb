//! What a fleet's whole history comes to, measured once for the tables and the summary: spread,
//! inequality, continual learning, economy.

use super::{bound_name, check_shapes, fleets};
use crate::measure::continual::{Continual, History};
use crate::measure::economy::{Day, Ledger, break_even};
use crate::measure::inequality::Inequality;
use crate::measure::spread::{Fit, Matrix, NoFit, Spread, Tag, spread};
use crate::measure::{Outcome, Trace, mean};
use crate::scenario::Bound;
use serde_json::{Map, Value, json};

/// Skills that the summary tells of; the table has them all.
const SUMMED_UP: usize = 16;

/// What the histories of an outcome's fleets come to, made once for all files of a run.
#[derive(Default)]
pub struct Histories<'a>(Vec<Measured<'a>>);

impl<'a> Histories<'a> {
    /// Measures every fleet of an outcome: spread with its intervals, inequality, continual
    /// learning. Some 1 ms a skill and fleet at 64 agents and 31 measured rounds; bounded, see
    /// [`spread`]. Nothing is measured where a trace's levels do not fit its panel and
    /// skills, which [`write_run`](super::write_run) refuses to write.
    pub fn of(outcome: &'a Outcome) -> Self {
        if check_shapes(outcome).is_err() {
            return Histories(Vec::new());
        }
        Histories(fleets(outcome).map(|(fleet, of)| Measured::of(outcome, fleet, of)).collect())
    }

    /// Who taught whom in the hive; none where no skill is tagged.
    pub fn taught(&self) -> Option<&Matrix> {
        self.hive().and_then(|measured| measured.taught.as_ref())
    }

    /// How every skill of every fleet spread, the hive's first; nothing where nothing was measured.
    pub fn spreads(&self) -> impl Iterator<Item = &[Spread]> {
        self.0.iter().map(|measured| &measured.spread[..])
    }

    /// The hive's.
    pub(super) fn hive(&self) -> Option<&Measured<'a>> {
        self.0.first()
    }

    /// All fleets', the hive's first.
    pub(super) fn fleets(&self) -> &[Measured<'a>] {
        &self.0
    }
}

/// The measures of one fleet.
pub(super) struct Measured<'a> {
    pub fleet: &'static str,
    pub trace: &'a Trace,
    /// A skill.
    pub spread: Vec<Spread>,
    /// A measured round.
    pub inequality: Vec<Inequality>,
    /// A panel agent.
    pub continual: Vec<AgentContinual>,
    /// Who taught whom; none where no skill is tagged.
    pub taught: Option<Matrix>,
}

/// What one agent kept and gained.
pub(super) struct AgentContinual {
    /// Skills that it learned while it was measured, and periods in which it did.
    pub tasks: usize,
    pub periods: usize,
    pub kept: Continual,
    /// Against the pooled bound, where that was run.
    pub intransigence: f64,
}

impl<'a> Measured<'a> {
    /// Measures a fleet of an outcome whose frames have the shape of its panel and skills.
    fn of(outcome: &Outcome, fleet: &'static str, trace: &'a Trace) -> Self {
        let (adopted, seed) = (outcome.scenario.measure.adopted, outcome.scenario.seed.0);
        let jobs = || trace.panel.iter().map(|member| &member.job[..]);
        let pooled = outcome.bounds.iter().find(|(bound, _)| *bound == Bound::Pooled);
        let pooled = pooled.map(|(_, trace)| trace);
        let frames = trace.frames.iter();
        Measured {
            fleet,
            trace,
            spread: spread(trace, adopted, seed),
            inequality: frames.map(|frame| Inequality::of(frame, jobs(), adopted)).collect(),
            continual: (0..trace.panel.len()).map(|i| continual(trace, pooled, i)).collect(),
            taught: Matrix::of(trace, adopted),
        }
    }

    /// Times, fits and teaching of the most frequent skills, and how many of all came how far.
    pub fn spread_summary(&self) -> Value {
        let reached = |i: usize| self.spread.iter().filter(|s| s.times[i].is_some()).count();
        let skills = self.trace.skills.iter().zip(&self.spread).take(SUMMED_UP);
        json!({
            "reached_10": reached(0),
            "reached_50": reached(1),
            "reached_90": reached(2),
            "skills": skills.map(|(name, spread)| skill_summary(name, spread)).collect::<Vec<_>>(),
        })
    }

    /// At the last measured core.
    pub fn inequality_summary(&self) -> Value {
        let last = self.inequality.last();
        json!({
            "gini_skill": last.map(|i| i.gini_skill),
            "gini_practice": last.map(|i| i.gini_practice),
            "practice_entropy": last.map(|i| i.practice_entropy),
            "specialisation": last.map(|i| i.specialisation),
            "covered": last.map(|i| i.covered),
            "covered_by_half": last.map(|i| i.covered_by_half),
        })
    }

    /// Means over the panel agents that have the number.
    pub fn continual_summary(&self) -> Value {
        let mean = |of: fn(&AgentContinual) -> f64| mean(self.continual.iter().map(of));
        json!({
            "agents": self.continual.iter().filter(|agent| agent.tasks > 0).count(),
            "accuracy": mean(|a| a.kept.accuracy),
            "backward": mean(|a| a.kept.backward),
            "forward": mean(|a| a.kept.forward),
            "forgetting": mean(|a| a.kept.forgetting),
            "intransigence": mean(|a| a.intransigence),
        })
    }
}

impl Measured<'_> {
    /// At the last measured core: what origins know of what they alone practise, what all others
    /// know of it, and when half of the others came to hold each tagged skill.
    pub fn taught_summary(&self) -> Option<Value> {
        let taught = self.taught.as_ref()?;
        let (origin, others) = taught.means(taught.rounds.len().checked_sub(1)?);
        let tags = self.trace.tags.iter().zip(&taught.halves).take(SUMMED_UP);
        let tag = |(tag, half): (&Tag, &Option<f64>)| {
            json!({
                "skill": self.trace.skills.get(tag.skill),
                "origin": tag.origin,
                "half_of_others": half,
            })
        };
        Some(json!({
            "diagonal": origin,
            "off_diagonal": others,
            "tagged": self.trace.tags.len(),
            "skills": tags.map(tag).collect::<Vec<_>>(),
        }))
    }
}

fn continual(trace: &Trace, pooled: Option<&Trace>, agent: usize) -> AgentContinual {
    let skills = trace.skills.len();
    let Some(history) = History::of_agent(&trace.frames, skills, agent) else {
        let kept = Continual::NOTHING;
        return AgentContinual { tasks: 0, periods: 0, kept, intransigence: f64::NAN };
    };
    let periods = &history.periods;
    let reference = |(task, &skill): (usize, &usize)| {
        let frame = trace.frames.get(history.ends[periods.learned[task]])?.round;
        let pooled = &pooled?.frames;
        let at = pooled.binary_search_by_key(&frame, |frame| frame.round).ok()?;
        pooled[at].panel.get(agent * skills + skill).map(|&level| f64::from(level))
    };
    let references = history.skills.iter().enumerate().map(reference);
    let reference: Vec<f64> = references.map(|level| level.unwrap_or(f64::NAN)).collect();
    AgentContinual {
        tasks: periods.tasks(),
        periods: periods.periods(),
        kept: periods.summary(),
        intransigence: periods.intransigence(&reference),
    }
}

fn skill_summary(name: &str, spread: &Spread) -> Value {
    let [t10, t50, t90] = spread.times;
    json!({
        "skill": name,
        "t10": t10,
        "t50": t50,
        "t90": t90,
        "logistic": fit_summary(&spread.logistic),
        "bass": fit_summary(&spread.bass),
        "contact_rate": spread.teaching.contact_rate,
        "reproduction": spread.teaching.reproduction,
        "found": spread.teaching.found,
    })
}

/// Parameters by their names, each with its interval; or why there is no fit.
fn fit_summary(fit: &Result<Fit, NoFit>) -> Value {
    let fit = match fit {
        Ok(fit) => fit,
        Err(why) => return json!({ "no_fit": why.name() }),
    };
    let mut entries = Map::new();
    for (i, name) in fit.law.names().into_iter().enumerate() {
        let interval = fit.intervals.map(|intervals| [intervals[i].low, intervals[i].high]);
        let value = json!({ "value": fit.parameters[i], "interval": interval });
        entries.insert(name.to_string(), value);
    }
    entries.insert("r_squared".into(), json!(fit.r_squared));
    entries.insert("residual_sd".into(), json!(fit.residual_sd));
    Value::Object(entries)
}

/// What the hive's work is worth and costs, and from when on it beats its bounds.
pub(super) fn economy_summary(outcome: &Outcome) -> Value {
    let rows = &outcome.hive.rounds;
    let ledger = Ledger::of(rows);
    let last = |totals: &[f64]| totals.last().copied().unwrap_or(0.0);
    let (value, spent, sent) =
        (last(&ledger.value), last(&ledger.multiply_adds), last(&ledger.bytes));
    let tasks = rows.iter().map(|row| row.tasks).sum::<u64>() as f64;
    let accuracy = rows.last().map_or(f64::NAN, |row| row.work_accuracy);
    let day = Day::HUNDRED;
    let overtakes = |(bound, trace): &(Bound, Trace)| {
        let round = break_even(&ledger.value_curve(), &Ledger::of(&trace.rounds).value_curve());
        (bound_name(*bound).to_string(), json!(round))
    };
    json!({
        "value_per_task": value / tasks,
        "multiply_adds_per_value": spent / value,
        "bytes_per_value": sent / value,
        "day": { "tasks": day.tasks, "wrong": day.wrong, "success": day.success(accuracy) },
        "break_even": outcome.bounds.iter().map(overtakes).collect::<Map<_, _>>(),
    })
}
