//! The distiller: from a harvest to the next publication.

mod keeping;

use super::agenda::agenda;
use super::gossip::Gossip;
use super::harvest::{Harvest, outdated};
use super::hierarchy::Hierarchy;
use super::hives::Hives;
use super::shift::{measures, shift, span};
use super::site::Site;
use super::training::{first_core, own_plan, train};
use crate::agent::{
    Agenda, Attackers, CompanyLayer, Fleet, Keeping, Learning, Locals, Publication, Traffic,
};
use crate::fault::{Calendar, Conspiracy, Fates, Presence, Scene, Turnover, is_finite};
use crate::graph::EdgeListError;
use crate::ids::{CoreVersion, Round};
use crate::learner::{Plan, Scratch, Tally, Targets};
use crate::measure::{Ages, HiveRow};
use crate::merge::{Columns, Contribution, Flat, MergeError, Pipeline};
use crate::params::kernels::first_not_finite;
use crate::params::{Layout, Local, Sparse, Store};
use crate::scenario::{self, Absent, Exchange, Scenario, Server, Stretch, Topology};
use crate::stream::Purpose;
use crate::world::Tasks;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who merges, where it is not one for all.
enum Structure {
    Star,
    Hierarchy(Hierarchy),
    Gossip(Gossip),
    Hives(Hives),
}

impl Structure {
    /// The cores that agents pull, to work on the way to core `round`.
    fn locals(&self, round: u32) -> Option<Arc<Locals>> {
        match self {
            Structure::Star => None,
            Structure::Hierarchy(levels) => Some(levels.locals()),
            Structure::Gossip(gossip) => Some(gossip.locals()),
            Structure::Hives(hives) => Some(hives.locals(round)),
        }
    }

    /// How several hives stand at core `version`.
    fn standing(&self, version: u32) -> Vec<HiveRow> {
        match self {
            Structure::Hives(hives) => hives.standing(version),
            Structure::Star | Structure::Hierarchy(_) | Structure::Gossip(_) => Vec::new(),
        }
    }
}

/// Collects learnings, merges them by a strategy, publishes the next core.
pub struct Distiller<'m> {
    pub(super) fleet: Arc<Fleet>,
    pub(super) pipeline: Pipeline,
    /// Where there is not one core for all.
    structure: Structure,
    /// Columns of each block of the core, as a matrix.
    columns: Vec<(usize, usize)>,
    threads: usize,
    /// Those who attack, if any do.
    conspiracy: Option<Conspiracy>,
    /// Who is there to work.
    presence: Presence,
    /// Learnings that come in late, by the round in which they do.
    late: BTreeMap<u32, Vec<Learning>>,
    /// What is in force of the scenario.
    pub(super) scenario: Scenario,
    /// All of it, in its order.
    stretches: Vec<Stretch>,
    /// The terms of work that it comes to.
    agenda: Arc<Agenda>,
    make: &'m dyn Fn(&scenario::Distiller) -> Pipeline,
    /// The core that the fleet begins with, and what it took to train it.
    first: (Arc<Vec<f32>>, Tally),
    /// Agents whose control variates stand behind each block's (SCAFFOLD alone).
    pub(super) controlled: Vec<u32>,
    /// The distiller's own training (exchanges of experience and predictions).
    pub(super) local: Local,
    pub(super) scratch: Scratch,
}

/// Those of a fleet who attack, if any do.
fn conspiracy(fleet: &Fleet, pipeline: &Pipeline, attackers: &Attackers) -> Option<Conspiracy> {
    let zeros = pipeline.absent() == Absent::Zero;
    let all = Conspiracy::new(attackers, fleet.learner.core_layout(), zeros, fleet.seed);
    all.filter(|_| fleet.topology.merges())
}

impl<'m> Distiller<'m> {
    /// A distiller for a fleet, which merges on up to so many threads by pipelines that `make`
    /// makes, as the stretches of a scenario have it one after the other. `calendar` tells when agents can work.
    ///
    /// # Errors
    /// Where agents call each other over edges that cannot be read.
    ///
    /// # Panics
    /// Where there is no stretch.
    pub fn new(
        fleet: Arc<Fleet>,
        make: &'m dyn Fn(&scenario::Distiller) -> Pipeline,
        stretches: Vec<Stretch>,
        calendar: Option<Calendar>,
        threads: usize,
    ) -> Result<Self, EdgeListError> {
        let scenario = &stretches[0].scenario;
        let learner = &fleet.learner;
        let blocks = 0..learner.core_layout().blocks() as u32;
        let columns = blocks.map(|block| learner.columns(block)).collect();
        let local = Local::new(learner.core_layout().clone(), learner.job_layout().clone());
        let (core, taught) = first_core(&fleet, &scenario.pretraining);
        let core = Arc::new(core);
        let spec = &scenario.distiller;
        let structure = match fleet.topology {
            Topology::Star if !scenario.hives.is_empty() => {
                Structure::Hives(Hives::new(&fleet, scenario, &core, make))
            }
            Topology::Star | Topology::Isolated | Topology::Pooled => Structure::Star,
            Topology::Hierarchical => {
                Structure::Hierarchy(Hierarchy::new(&fleet, spec, &core, make))
            }
            Topology::Gossip => {
                let pipelines = (0..threads).map(|_| make(spec)).collect();
                Structure::Gossip(Gossip::new(&fleet, spec, &core, pipelines)?)
            }
        };
        let pipeline = make(spec);
        let agenda = agenda(&fleet, make, &stretches);
        // out of step the timetable knows who is there
        let in_step = spec.schedule.learnings().is_none();
        let called = if in_step { fleet.world.facts().agents } else { 0 };
        Ok(Distiller {
            conspiracy: conspiracy(&fleet, &pipeline, &agenda.to(1).attackers),
            presence: Presence::new(calendar, Turnover::new(&scenario.fleet, fleet.seed), called),
            late: BTreeMap::new(),
            pipeline,
            structure,
            columns,
            threads,
            scenario: scenario.clone(),
            stretches,
            agenda: Arc::new(agenda),
            make,
            first: (core, taught),
            controlled: vec![0; learner.core_layout().blocks()],
            local,
            scratch: Scratch::default(),
            fleet,
        })
    }

    /// The layout over which learnings are gathered.
    pub fn layout(&self) -> Arc<Layout> {
        match (&self.structure, self.fleet.exchange) {
            (Structure::Star, Exchange::Predictions) => Arc::new(self.answers_layout()),
            _ => self.fleet.learner.core_layout().clone(),
        }
    }

    /// The terms of all work that are known.
    pub fn agenda(&self) -> Arc<Agenda> {
        self.agenda.clone()
    }

    /// Takes other stretches in the place of those to come: what is past is in them as it was, and so
    /// is the work that leads to the core after the next.
    pub fn change(&mut self, stretches: Vec<Stretch>) {
        self.agenda = Arc::new(agenda(&self.fleet, self.make, &stretches));
        self.stretches = stretches;
    }

    /// Goes over to the stretch that begins with the work that led to core `round`, if one does:
    /// whatever merges otherwise from now on begins anew, without a memory of rounds before.
    fn go_over(&mut self, round: u32) {
        let Some(stretch) = self.stretches.iter().rfind(|stretch| stretch.round == round) else {
            return;
        };
        let next = Scenario { fleet: self.scenario.fleet.clone(), ..stretch.scenario.clone() };
        let before = std::mem::replace(&mut self.scenario, next);
        let spec = &self.scenario.distiller;
        let anew = !spec.merges_like(&before.distiller);
        if anew {
            self.pipeline = (self.make)(spec);
        }
        match &mut self.structure {
            Structure::Star => {}
            Structure::Hives(hives) => hives.change(&self.scenario, &before.distiller, self.make),
            Structure::Hierarchy(levels) => levels.change(spec, &before.distiller, self.make),
            Structure::Gossip(gossip) if anew => {
                gossip.change((0..self.threads).map(|_| (self.make)(spec)).collect());
            }
            Structure::Gossip(_) => {}
        }
        if self.scenario.attack != before.attack {
            let attackers = &self.agenda.to(round).attackers;
            self.conspiracy = conspiracy(&self.fleet, &self.pipeline, attackers);
        }
    }

    /// Blocks of the exchange of predictions: logits on each skill's shared inputs.
    pub(super) fn answers_layout(&self) -> Layout {
        let (_, stride) = self.fleet.learner.answers();
        let skills = self.fleet.world.facts().skills.len();
        let entries = self.scenario.distiller.predictions.inputs as usize * stride;
        Layout::new(std::iter::repeat_n(entries, skills))
    }

    /// What the first core was trained on in advance.
    pub fn pretraining(&self) -> &Tally {
        &self.first.1
    }

    /// The first publication.
    pub fn open(&mut self) -> Publication {
        let layout = self.fleet.learner.core_layout();
        let companies = matches!(self.fleet.keeping, Keeping::Private { .. }).then(|| {
            let empty = Store::new(layout.clone(), self.fleet.world.facts().companies);
            Arc::new(CompanyLayer { layer: empty.clone(), change: empty })
        });
        let version = CoreVersion(0);
        Publication {
            version,
            control: self.fleet.scaffold.then(|| Arc::new(vec![0.0; layout.entries()])),
            core: self.first.0.clone(),
            locals: self.structure.locals(1),
            held: None,
            time: 0.0,
            traffic: None,
            hives: self.structure.standing(0),
            previous: None,
            companies,
            climate: self.fleet.world.climate(Round(0), None),
            agenda: self.agenda.clone(),
            examined: None,
            shift: shift(&self.fleet, &self.scenario, &mut self.presence, version),
            left: Arc::default(),
            measured: true,
        }
    }

    /// The next publication, made of what the round brought, once attackers have put what they
    /// send in the place of what they learned.
    ///
    /// # Errors
    /// Where the strategy's needs are not met or the core is no longer finite.
    pub fn next(
        &mut self,
        before: &Publication,
        harvest: &mut Harvest,
    ) -> Result<Publication, MergeError> {
        self.go_over(before.version.0 + 1);
        self.let_in(before, harvest);
        self.let_attack(before, harvest);
        let harvest = &*harvest;
        let version = CoreVersion(before.version.0 + 1);
        let mut core = before.core.as_ref().clone();
        let mut traffic = None;
        let layout = self.fleet.learner.core_layout();
        let site = Site::new(&self.fleet, (layout, &self.columns), before, self.threads);
        let site = Site { peers: harvest.peers.as_deref(), ..site };
        let learnings = &harvest.learnings;
        match &mut self.structure {
            Structure::Hierarchy(levels) => {
                let above = levels.merge(&site, learnings)?;
                core.copy_from_slice(levels.core());
                let pulled = 4 * (self.fleet.parameters() * self.fleet.world.facts().agents) as u64;
                let (up, down) = (harvest.bytes_up + above.up, pulled + above.down);
                traffic = Some(Traffic { up, down });
            }
            Structure::Gossip(gossip) => traffic = Some(gossip.merge(&site, learnings)?),
            Structure::Hives(hives) => hives.merge(&site, learnings)?,
            Structure::Star => match &harvest.core {
                Some(trained) => core.copy_from_slice(trained),
                None if self.fleet.keeping == Keeping::Everything => {}
                None => self.distil(before, harvest, &mut core)?,
            },
        }
        let locals = self.structure.locals(version.0 + 1);
        if let (Structure::Gossip(_) | Structure::Hives(_), Some(locals)) =
            (&self.structure, &locals)
        {
            // nothing is above them: what the fleet would agree on
            core = locals.mean();
        }
        let layout = self.fleet.learner.core_layout();
        let mut blocks = 0..layout.blocks() as u32;
        // what a strategy makes was looked at when it was made
        let broken = |b: &u32| first_not_finite(&core[layout.range(*b)]).is_some();
        if let Some(block) = blocks.find(broken) {
            return Err(self.broken(harvest, block));
        }
        let companies = before.companies.as_ref().map(|companies| {
            Arc::new(self.next_companies(companies, harvest, &before.core, &core))
        });
        let examined = before.shift.as_ref().is_some_and(|shift| shift.examined);
        let deadline = self.scenario.fleet.stragglers.deadline;
        let span = |shift| span(&self.fleet, shift, deadline);
        let together = || before.shift.as_ref().map_or(0.0, span);
        let time = harvest.time.unwrap_or_else(|| before.time + together());
        let shift = shift(&self.fleet, &self.scenario, &mut self.presence, version);
        Ok(Publication {
            version,
            control: before.control.as_ref().map(|c| Arc::new(self.next_control(c, harvest))),
            core: Arc::new(core),
            locals,
            held: None,
            time,
            traffic,
            hives: self.structure.standing(version.0),
            previous: Some(before.core.clone()),
            companies,
            climate: self
                .fleet
                .world
                .climate(Round(time as u32), Some((Round(before.time as u32), &before.climate))),
            agenda: self.agenda.clone(),
            examined: examined.then(|| before.climate.clone()),
            shift,
            left: Arc::new(self.presence.left().to_vec()),
            measured: measures(&self.scenario, version.0),
        })
    }

    /// Lets in what comes in late, and keeps what is later still. Out of step the timetable does.
    fn let_in(&mut self, before: &Publication, harvest: &mut Harvest) {
        let terms = before.terms();
        if !terms.late || harvest.time.is_some() {
            return;
        }
        let CoreVersion(version) = before.version;
        let round = version + 1;
        for (late, learning) in harvest.late.drain(..) {
            self.late.entry(round + late).or_default().push(learning);
        }
        let fates = Fates::new(&terms.faults, self.fleet.seed);
        for learning in self.late.remove(&round).into_iter().flatten() {
            let age = version - learning.version.0;
            if fates.as_ref().is_some_and(|f| f.is_stale(age)) || outdated(terms, &learning) {
                harvest.accounts.stale += 1;
            } else {
                harvest.accounts.merged += 1;
                harvest.learnings.push(learning);
            }
        }
        harvest.learnings.sort_by_key(|learning| (learning.agent, learning.round));
        let age = |learning: &Learning| (version - learning.version.0, 1);
        harvest.ages = Some(Ages::count(harvest.learnings.iter().map(age)));
        harvest.in_flight = self.late.values().map(|late| late.len() as u64).sum();
    }

    /// Lets attackers put what they send in the place of what they learned, and refuses what of it
    /// is not finite.
    fn let_attack(&mut self, before: &Publication, harvest: &mut Harvest) {
        let Some(conspiracy) = &mut self.conspiracy else { return };
        let scene = Scene {
            layout: self.fleet.learner.core_layout(),
            version: before.version,
            core: &before.core,
            previous: before.previous.as_deref().map(Vec::as_slice),
            threads: self.threads,
        };
        conspiracy.strike(&scene, &mut harvest.learnings);
        let all = harvest.learnings.len();
        harvest.learnings.retain(|l| is_finite(&l.contribution));
        let refused = (all - harvest.learnings.len()) as u64;
        harvest.accounts.not_finite += refused;
        harvest.accounts.merged -= refused;
    }

    /// Whose training broke a core's block.
    fn broken(&self, harvest: &Harvest, block: u32) -> MergeError {
        let (who, keys) = match self.fleet.exchange {
            _ if harvest.core.is_some() => ("the pooled learner", "`learner.rate`"),
            // `feddf`: nothing else trains a core out of contributions
            Exchange::Weights => ("the distiller", "`learner.rate`, `distiller.server.rate`"),
            Exchange::Experience => {
                ("the distiller", "`learner.rate`, `distiller.experience.rate`")
            }
            Exchange::Predictions => {
                ("the distiller", "`learner.rate`, `distiller.predictions.rate`")
            }
        };
        MergeError::Diverged { who, block, keys }
    }

    fn distil(
        &mut self,
        before: &Publication,
        harvest: &Harvest,
        core: &mut [f32],
    ) -> Result<(), MergeError> {
        let round = before.version.0 + 1;
        match self.fleet.exchange {
            Exchange::Weights => {
                let layout = self.fleet.learner.core_layout().clone();
                self.merge(&layout, before, &before.core, harvest, |l| &l.contribution, core)?;
                if let Server::Feddf(spec) = &self.scenario.distiller.server {
                    let spec = spec.clone();
                    self.learn_from_ensemble(before, harvest, &spec, core);
                }
            }
            Exchange::Experience => {
                let spec = &self.scenario.distiller.experience;
                let plan = self.own_plan(spec.batch, spec.epochs, spec.rate);
                self.train(&harvest.examples.view(), Targets::Answers, &plan, round, core);
            }
            Exchange::Predictions => self.learn_from_answers(before, harvest, core)?,
        }
        Ok(())
    }

    /// Brings the harvest to the strategy in the way that it asked for.
    pub(super) fn merge(
        &mut self,
        layout: &Layout,
        before: &Publication,
        base: &[f32],
        harvest: &Harvest,
        part: impl Fn(&crate::agent::Learning) -> &Sparse,
        next: &mut [f32],
    ) -> Result<(), MergeError> {
        match before.terms().sum {
            Some(_) => match &harvest.sum {
                Some(sum) => self.pipeline.merge_sum(sum, next),
                None => Ok(()),
            },
            None => {
                let columns: &dyn Columns = match self.fleet.exchange {
                    Exchange::Predictions => &Flat,
                    Exchange::Weights | Exchange::Experience => &self.columns,
                };
                let site = Site::new(&self.fleet, (layout, columns), before, self.threads);
                let site = Site { spread: harvest.spread.as_deref(), ..site };
                let contributions: Vec<Contribution<'_>> =
                    harvest.learnings.iter().map(|l| site.contribution(l, part(l))).collect();
                let judge = site.judge(&self.pipeline);
                site.merge(&mut self.pipeline, judge.as_ref(), base, &contributions, next)
            }
        }
    }

    /// The distiller's way through a pool.
    pub(super) fn own_plan(&self, batch: u32, epochs: u32, rate: f64) -> Plan {
        own_plan(&self.fleet, batch, epochs, rate)
    }

    /// Trains the core on a pool, in shuffled order.
    pub(super) fn train(
        &mut self,
        pool: &Tasks<'_>,
        targets: Targets<'_>,
        plan: &Plan,
        round: u32,
        core: &mut [f32],
    ) {
        let name = (Purpose::Distillation, round);
        let bench = (&mut self.local, &mut self.scratch);
        train(&self.fleet, bench, pool, targets, plan, name, core);
    }
}
