//! Products of sizes that no memory holds. Everything is counted low, padding and short-lived
//! copies left out: what the check refuses could be run nowhere, and what a run refuses not on
//! its machine.

use super::cross::Clashes;
use crate::maths::pow;
use crate::scenario::{
    Bound, EngineKind, Exchange, FeedbackKind, GraphKind, Learner, MixedEffects, Personalisation,
    Practice, Scenario, Server, Sizes, Topology, World,
};

/// The most numbers of 4 bytes for one purpose: 1 TiB of them.
const MOST: u128 = 1 << 38;

/// Agents whose fresh tasks the pooled learner shuffles together.
const POOLED: u128 = 1024;

/// Sizes that a scenario's text does not settle where the data are in files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Number of agents.
    pub agents: u128,
    /// Inputs of a task, the constant included.
    pub inputs: u128,
    /// Possible answers.
    pub answers: u128,
    /// Training examples of all agents, as far as they are known.
    pub examples: u128,
}

/// The most ranks that share a fleet.
const RANKS: usize = 1 << 20;

/// What there is for a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bytes of memory of a process, if they are known.
    pub bytes: Option<u64>,
    /// Processes that share what is kept of agents.
    pub ranks: usize,
}

/// Numbers that are in memory at once for one purpose.
struct Part {
    /// The keys that make it large.
    keys: Vec<&'static str>,
    what: String,
    numbers: u128,
    /// Whether ranks have a share of it each.
    shared: bool,
}

impl Part {
    /// What one of so many ranks has of it.
    fn of_one(self, ranks: usize) -> Part {
        if !self.shared || ranks == 1 {
            return self;
        }
        let Part { keys, what, numbers, shared } = self;
        let what = format!("of {what} one of {ranks} ranks");
        Part { keys, what, numbers: numbers.div_ceil(ranks as u128), shared }
    }
}

/// Refuses what takes too many numbers, in worlds whose sizes the scenario settles. The answer
/// does not depend on the machine.
pub(super) fn check(s: &Scenario, clashes: &mut Clashes<'_>) {
    let Some(extent) = s.extent() else { return };
    let ranks = if s.engine.kind == EngineKind::Mpi { RANKS } else { 1 };
    for Part { mut keys, what, numbers, .. } in too_large(s, extent, ranks) {
        let message = refusal(&keys, &what, numbers);
        // a key that was written leads
        keys.sort_by_key(|key| !clashes.wrote(key));
        clashes.add(&keys, message);
    }
}

impl Scenario {
    /// The sizes of this scenario, as far as its text settles them: a heavy tail counts with the
    /// least. `None` where they are in files.
    pub(crate) fn extent(&self) -> Option<Extent> {
        let (features, answers, examples) = match &self.world {
            World::MixedEffects(world) => (world.features, world.answers, 0),
            World::Synthetic(world) => {
                let each = match &world.sizes {
                    Sizes::Fixed(sizes) => sizes.examples,
                    Sizes::Lognormal(sizes) => sizes.least,
                };
                (world.features, world.answers, u128::from(self.fleet.agents) * u128::from(each))
            }
            World::Nk(_) => (0, 0, 0),
            World::Dataset(_) => return None,
        };
        Some(Extent {
            agents: self.fleet.agents.into(),
            inputs: u128::from(features) + 1,
            answers: answers.into(),
            examples,
        })
    }

    /// What of this scenario takes more memory than there is, once the size of the data and
    /// maybe the machine's memory are known: its keys, and a message.
    pub(crate) fn refuse_extent(
        &self,
        extent: Extent,
        Room { bytes, ranks }: Room,
    ) -> Result<(), (Vec<&'static str>, String)> {
        if let Some(Part { keys, what, numbers, .. }) = too_large(self, extent, ranks).pop() {
            let message = refusal(&keys, &what, numbers);
            return Err((keys, message));
        }
        let Some(bytes) = bytes else { return Ok(()) };
        let mut parts: Vec<Part> =
            parts(self, extent).into_iter().map(|part| part.of_one(ranks)).collect();
        let mut in_all: u128 = parts.iter().map(|part| part.numbers).sum();
        if let Some(bound) = pooled(self, extent)
            && bound.numbers > in_all
        {
            in_all = bound.numbers;
            parts = vec![bound];
        }
        if in_all * 4 <= bytes.into() {
            return Ok(());
        }
        let largest = parts.into_iter().max_by_key(|part| part.numbers);
        let Some(Part { keys, what, numbers, .. }) = largest else { return Ok(()) };
        let message = format!(
            "{what} would take {} of memory and the whole run at least {}, but there are {} for \
             it; lower {}",
            bytes_in_words(numbers * 4),
            bytes_in_words(in_all * 4),
            bytes_in_words(bytes.into()),
            keys.join(" or ")
        );
        Err((keys, message))
    }
}

/// Bytes as a text, rounded down.
fn bytes_in_words(bytes: u128) -> String {
    match bytes >> 20 {
        mib @ 0..10_240 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib >> 10),
    }
}

fn refusal(keys: &[&str], what: &str, numbers: u128) -> String {
    format!(
        "{what} would take {numbers} numbers of 4 bytes, at most {MOST} (1 TiB) are allowed; lower \
         {}",
        keys.join(" or ")
    )
}

fn too_large(s: &Scenario, extent: Extent, ranks: usize) -> Vec<Part> {
    let all = parts(s, extent).into_iter().chain(pooled(s, extent));
    all.map(|part| part.of_one(ranks)).filter(|part| part.numbers > MOST).collect()
}

/// What is in memory together when the hive's run ends, if not before.
fn parts(s: &Scenario, extent: Extent) -> Vec<Part> {
    let mut parts = match &s.world {
        World::MixedEffects(world) => generated(s, world, extent),
        World::Synthetic(world) => {
            let size = match world.sizes {
                Sizes::Fixed(_) => "world.sizes.examples",
                Sizes::Lognormal(_) => "world.sizes.mean",
            };
            vec![local_data(vec![size, "fleet.agents", "world.features"], extent)]
        }
        World::Dataset(_) => vec![local_data(vec!["world.path"], extent)],
        // a table of contributions has a bound of its own
        World::Nk(_) => Vec::new(),
    };
    parts.extend(learner(s, extent));
    parts.push(levels(s, extent));
    parts
}

/// Agents that work in a round.
fn working(s: &Scenario, extent: Extent) -> u128 {
    // agents are numbered by 32 bits
    s.working(u32::try_from(extent.agents).unwrap_or(u32::MAX)).into()
}

/// Number of skills.
fn skills(s: &Scenario) -> u128 {
    match &s.world {
        World::MixedEffects(world) => world.skills.into(),
        World::Synthetic(_) | World::Dataset(_) | World::Nk(_) => 1,
    }
}

fn local_data(keys: Vec<&'static str>, extent: Extent) -> Part {
    let Extent { agents, inputs, examples, .. } = extent;
    Part {
        keys,
        what: format!("the data of {agents} agents, {inputs} inputs an example,"),
        numbers: examples.saturating_mul(inputs),
        shared: false,
    }
}

/// Truths, probes, jobs and tasks of a world that generates them.
fn generated(s: &Scenario, world: &MixedEffects, extent: Extent) -> Vec<Part> {
    let Extent { agents, inputs, answers, .. } = extent;
    let (skills, tasks) = (skills(s), u128::from(s.fleet.tasks));
    let probes = u128::from(s.measure.probes);
    let threads = dealing(s, extent);
    let held = skills_of_a_job(world);
    let jobs = Part {
        keys: vec!["fleet.agents", "world.skills", "world.alpha"],
        what: format!("the jobs of {agents} agents, some {held} skills each,"),
        numbers: agents * held * 2,
        shared: !s.runs(Topology::Pooled, Bound::Pooled),
    };
    if matches!(s.learner, Learner::Practice(_)) {
        // no features, no truths, no probes
        return vec![jobs];
    }
    let mut parts = vec![
        Part {
            keys: vec!["world.skills", "world.features", "world.answers"],
            what: format!("the truths of {skills} skills, {inputs} inputs by {answers} answers,"),
            numbers: skills * inputs * answers,
            shared: false,
        },
        Part {
            keys: vec!["measure.probes", "world.skills", "world.features"],
            what: format!("{probes} probe tasks of {inputs} inputs for each of {skills} skills"),
            numbers: skills * probes * inputs,
            shared: false,
        },
        jobs,
        Part {
            keys: vec!["fleet.tasks", "world.features", "engine.threads"],
            what: format!("{tasks} tasks of {inputs} inputs, dealt to each of {threads} threads,"),
            numbers: tasks * inputs * threads,
            shared: false,
        },
    ];
    match s.distiller.exchange {
        Exchange::Weights | Exchange::Predictions => {}
        Exchange::Experience => {
            let sent = u128::from(s.distiller.experience.reservoir).min(tasks);
            let working = working(s, extent);
            // only what was tried and found right is sent, at first one answer in so many
            let known = match s.feedback.kind {
                FeedbackKind::Semantic => 1,
                FeedbackKind::Verifiable => answers,
            };
            parts.push(Part {
                keys: vec!["distiller.experience.reservoir", "fleet.agents", "fleet.tasks"],
                what: format!("a pool of {sent} examples from each of {working} agents"),
                numbers: working * sent * inputs / known,
                shared: false,
            });
        }
    }
    let asked = match (s.distiller.exchange, &s.distiller.server) {
        (Exchange::Predictions, _) => {
            Some(("distiller.predictions.inputs", &s.distiller.predictions))
        }
        (Exchange::Weights, Server::Feddf(spec)) => Some(("distiller.server.inputs", spec)),
        _ => None,
    };
    if let Some((key, spec)) = asked {
        let each = u128::from(spec.inputs);
        parts.push(Part {
            keys: vec![key, "world.skills", "world.features"],
            what: format!("{each} shared inputs for each of {skills} skills, and their answers"),
            numbers: skills * each * (inputs + answers),
            shared: false,
        });
    }
    parts
}

/// Threads that deal tasks at once: each has agents of its own to deal to, one at a time or, in the
/// pool, a leaf of them (`Fleet::leaf`).
fn dealing(s: &Scenario, extent: Extent) -> u128 {
    let most = match (s.distiller.topology, s.engine.kind) {
        (Topology::Pooled, _) | (_, EngineKind::Serial) => 1,
        (_, EngineKind::Tasks | EngineKind::Live) => extent.agents,
        (_, EngineKind::Auto) if extent.agents <= 10_000 => extent.agents,
        (_, EngineKind::Auto | EngineKind::Pool | EngineKind::Mpi) => {
            extent.agents.div_ceil(extent.agents.div_ceil(256).clamp(8, 4096))
        }
    };
    u128::from(s.engine.threads.max(1)).min(most).min(working(s, extent))
}

/// The fresh tasks of the pooled learner, which has no agents' work beside them.
fn pooled(s: &Scenario, extent: Extent) -> Option<Part> {
    let practises = matches!(s.learner, Learner::Practice(_));
    let deals = matches!(s.world, World::MixedEffects(_)) && !practises;
    if !s.runs(Topology::Pooled, Bound::Pooled) || !deals {
        return None;
    }
    let (inputs, tasks) = (extent.inputs, u128::from(s.fleet.tasks));
    let pooled = working(s, extent).min(POOLED);
    Some(Part {
        keys: vec!["fleet.tasks", "world.features", "fleet.agents"],
        what: format!(
            "the pooled learner's {tasks} tasks of {inputs} inputs from each of {pooled} agents"
        ),
        numbers: pooled * tasks * inputs * 2,
        shared: false,
    })
}

/// Skills that nearly every job has: those whose Dirichlet parameter is at least 1 and whose
/// share lies far above the least that is kept.
fn skills_of_a_job(world: &MixedEffects) -> u128 {
    let weights = || (1..=world.skills).map(|s| pow(f64::from(s), -world.zipf));
    let total: f64 = weights().sum();
    let shares = weights().map(|weight| weight / total);
    let scale = world.alpha * f64::from(world.skills);
    shares.filter(|p| *p >= 1e-4 && scale * p >= 1.0).count().max(1) as u128
}

/// The core in the copies of a merge, and what agents keep of their own.
fn learner(s: &Scenario, extent: Extent) -> Vec<Part> {
    let Extent { agents, inputs, answers, .. } = extent;
    let block = inputs.saturating_mul(answers);
    // numbers of a core, of the blocks that any work touches, and of job knowledge on these
    let (core, touched, knowledge, mut keys) = match &s.learner {
        Learner::Softmax(softmax) => {
            let skills = skills(s);
            let own = if skills > 1 { skills } else { 0 };
            let buckets = softmax.buckets.map_or(own, u128::from);
            let touched = if buckets > 0 { 2 * block } else { block };
            let keys = match softmax.buckets {
                None if skills > 1 => vec!["world.skills", "learner.buckets"],
                _ => vec!["learner.buckets"],
            };
            (block.saturating_mul(buckets + 1), touched, touched, keys)
        }
        Learner::Practice(practice) => return proficiencies(s, practice, agents),
        Learner::Search(_) => return solutions(s, agents),
        Learner::Mlp(mlp) => {
            let widths = mlp.hidden.iter().map(|width| u128::from(*width)).chain([answers]);
            let (mut core, mut adapters) = (0, 0);
            let mut from = u128::from(mlp.code) + inputs;
            for width in widths {
                core += from * width;
                adapters += u128::from(mlp.rank) * (from + width);
                from = width + 1;
            }
            (core, core, adapters, vec!["learner.hidden"])
        }
    };
    keys.extend(match s.world {
        World::MixedEffects(_) | World::Synthetic(_) => &["world.features", "world.answers"][..],
        World::Dataset(_) => &["world.path"],
        World::Nk(_) => &["world.n"],
    });
    let mut parts = vec![Part {
        what: format!("three copies of a core of {core} parameters, as a merge needs them,"),
        numbers: core.saturating_mul(3),
        keys: keys.clone(),
        shared: false,
    }];
    let models = match s.distiller.topology {
        Topology::Star | Topology::Isolated | Topology::Pooled => None,
        Topology::Hierarchical => {
            let teams = agents.div_ceil(s.distiller.hierarchy.team.into());
            Some((teams, format!("the cores of at least {teams} teams")))
        }
        Topology::Gossip => {
            Some((3 * agents, format!("{agents} models before and after a round's work and calls")))
        }
    };
    if let Some((models, what)) = models {
        let mut keys = keys.clone();
        keys.splice(0..0, ["distiller.topology", "fleet.agents"]);
        parts.push(Part { what, numbers: core.saturating_mul(models), keys, shared: false });
    }
    parts.extend(looks(s, core, &keys));
    parts.extend(flights(s, extent, core, touched, &keys));
    let at_work = ever_at_work(agents, working(s, extent), s.rounds.0);
    keys.retain(|key| !["world.skills", "learner.buckets"].contains(key));
    keys.insert(0, "fleet.agents");
    let personal = match s.job_knowledge.personalisation {
        Personalisation::None => 0,
        Personalisation::Fedsim | Personalisation::Fedalt => knowledge,
        Personalisation::Nested => 2 * touched,
    };
    let isolated = if s.runs(Topology::Isolated, Bound::Isolated) { touched } else { 0 };
    let controls = if s.learner.solver().scaffold { touched } else { 0 };
    let unsent = if s.distiller.compression.feedback() { touched } else { 0 };
    // a bound's agents come after the hive's
    let each = (personal + controls + unsent).max(isolated);
    parts.push(Part {
        what: format!("what {at_work} agents keep, at least {each} numbers each,"),
        numbers: at_work.saturating_mul(each),
        keys,
        shared: true,
    });
    parts
}

/// Cores that agents work on who do not keep step, as many as there are publications while one of
/// them works, and what they learn until it is merged.
fn flights(
    s: &Scenario,
    extent: Extent,
    core: u128,
    touched: u128,
    keys: &[&'static str],
) -> Option<Part> {
    let learnings = u128::from(s.distiller.schedule.learnings()?);
    let working = working(s, extent);
    let cores = (working / learnings).clamp(1, s.rounds.0.into());
    let mut keys = keys.to_vec();
    keys.splice(0..0, ["fleet.agents", "rounds"]);
    Some(Part {
        keys,
        what: format!("{cores} cores in the hands of agents, and the learnings of a publication,"),
        numbers: core.saturating_mul(cores) + touched.saturating_mul(learnings),
        shared: false,
    })
}

/// What is kept of the core to tell whose it is, and of policies to tell what lies between them.
fn looks(s: &Scenario, core: u128, keys: &[&'static str]) -> Vec<Part> {
    let mut parts = Vec::new();
    let keys = |first: &[&'static str]| [first, keys].concat();
    if let (true, World::MixedEffects(world)) = (s.measure.lineage, &s.world) {
        let companies = u128::from(world.companies);
        parts.push(Part {
            keys: keys(&["measure.lineage", "world.companies"]),
            what: format!("the parts of {companies} companies in a core of {core} parameters"),
            // in double precision, and what each brought in a round
            numbers: core.saturating_mul(3 * companies),
            shared: false,
        });
    }
    let pairs = u128::from(s.measure.barriers);
    if pairs > 0 {
        parts.push(Part {
            keys: keys(&["measure.barriers"]),
            what: format!("the policies of {pairs} pairs of agents"),
            numbers: core.saturating_mul(2 * pairs),
            shared: false,
        });
    }
    parts
}

/// What agents of the learner `practice` know, before and after a round, and their graph.
fn proficiencies(s: &Scenario, practice: &Practice, agents: u128) -> Vec<Part> {
    let each = skills(s) * if practice.forgetting > 0.0 { 3 } else { 1 };
    let known = Part {
        keys: vec!["fleet.agents", "world.skills"],
        what: format!("what {agents} agents know, {each} numbers each, before and after a round"),
        numbers: agents * each * 2,
        shared: false,
    };
    std::iter::once(known).chain(graph(s, agents)).collect()
}

/// What agents of the learner `search` have, before and after a round, and their graph.
fn solutions(s: &Scenario, agents: u128) -> Vec<Part> {
    let known = Part {
        keys: vec!["fleet.agents"],
        what: format!("the solutions of {agents} agents, before and after a round,"),
        numbers: agents * 8,
        shared: false,
    };
    std::iter::once(known).chain(graph(s, agents)).collect()
}

/// The graph of a fleet without a distiller, as far as its text tells.
fn graph(s: &Scenario, agents: u128) -> Option<Part> {
    let gossip = &s.distiller.gossip;
    let neighbours = match gossip.graph {
        _ if s.distiller.topology != Topology::Gossip => return None,
        GraphKind::Complete | GraphKind::Edges => return None,
        GraphKind::Ring => 2,
        GraphKind::Regular | GraphKind::SmallWorld => gossip.neighbours.into(),
        GraphKind::ScaleFree => 2 * u128::from(gossip.neighbours),
    };
    Some(Part {
        keys: vec!["fleet.agents", "distiller.gossip.neighbours"],
        what: format!("a graph of {agents} agents with some {neighbours} neighbours each"),
        numbers: agents * (neighbours + 1),
        shared: false,
    })
}

/// Agents that work in one round at least, where so many are drawn for each: few fewer than are to
/// be expected, since those who come again come by chance.
fn ever_at_work(agents: u128, working: u128, rounds: u32) -> u128 {
    if working >= agents {
        return agents;
    }
    let rest = 1.0 - working as f64 / agents as f64;
    let expected = agents as f64 * (1.0 - pow(rest, rounds.into()));
    working.max((0.95 * expected) as u128)
}

/// The levels of the panel over the whole run.
fn levels(s: &Scenario, extent: Extent) -> Part {
    let panel = match s.measure.panel {
        0 => extent.agents,
        some => extent.agents.min(some.into()),
    };
    let skills = skills(s);
    let measured = u128::from(s.rounds.0 / s.measure.every) + 1;
    let keys = match &s.world {
        World::MixedEffects(_) => vec!["measure.panel", "rounds", "world.skills"],
        World::Synthetic(_) | World::Dataset(_) | World::Nk(_) => vec!["measure.panel", "rounds"],
    };
    Part {
        keys,
        what: format!(
            "the levels of {panel} measured agents in {skills} skills at {measured} cores"
        ),
        numbers: panel * skills * measured * 4,
        shared: false,
    }
}
