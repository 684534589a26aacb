//! The distiller in a checkpoint, and the publication that it made last.

use super::{Distiller, Structure};
use crate::agent::{Learning, Publication, Shift};
use crate::params::Layout;
use crate::state::{Reader, StateError, Writer};
use crate::world::Climate;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Distiller<'_> {
    /// Puts all that it knows, and its newest publication, into a checkpoint.
    pub fn keep(&self, newest: &Publication, out: &mut Writer<'_>) {
        out.put(&newest.version);
        out.put_floats(&newest.core);
        out.put(&(newest.time, newest.traffic, &newest.hives, newest.measured));
        out.put(&newest.previous);
        out.put(&newest.control);
        out.put(&(&newest.climate, &newest.examined));
        out.put(&(&newest.shift, &newest.left));
        if let Some(companies) = &newest.companies {
            companies.layer.keep(out);
            companies.change.keep(out);
        }
        self.pipeline.keep(out);
        match &self.structure {
            Structure::Star => {}
            Structure::Hierarchy(levels) => levels.keep(out),
            Structure::Gossip(gossip) => gossip.keep(out),
            Structure::Hives(hives) => hives.keep(out),
        }
        self.presence.keep(out);
        out.put(&(&self.late, &self.controlled));
        self.conspiracy.iter().for_each(|conspiracy| conspiracy.keep(out));
    }

    /// Takes up what the distiller of the same run has kept; gives its newest publication.
    ///
    /// # Errors
    /// Where it is of another run.
    pub fn take_up(&mut self, from: &mut Reader<'_>) -> Result<Publication, StateError> {
        let version = from.get()?;
        let layout = self.fleet.learner.core_layout().clone();
        let mut newest = Publication { version, ..self.open() };
        // whatever changed on the way here
        (1..=version.0).for_each(|round| self.go_over(round));
        let core = from.floats()?;
        is_core(&layout, &core)?;
        newest.core = Arc::new(core);
        (newest.time, newest.traffic, newest.hives, newest.measured) = from.get()?;
        newest.previous = from.get()?;
        newest.previous.iter().try_for_each(|core| is_core(&layout, core))?;
        newest.control = from.get()?;
        newest.control.iter().try_for_each(|core| is_core(&layout, core))?;
        let truths = newest.climate.size();
        (newest.climate, newest.examined) = from.get()?;
        [&newest.climate].into_iter().chain(&newest.examined).try_for_each(|found: &Climate| {
            StateError::unless_same("numbers of truths:", found.size(), truths)
        })?;
        (newest.shift, newest.left) = from.get()?;
        self.is_shift(newest.shift.as_ref())?;
        if let Some(companies) = newest.companies.as_mut().map(Arc::make_mut) {
            companies.layer.take_up(from)?;
            companies.change.take_up(from)?;
        }
        self.pipeline.take_up(from)?;
        match &mut self.structure {
            Structure::Star => {}
            Structure::Hierarchy(levels) => levels.take_up(from)?,
            Structure::Gossip(gossip) => gossip.take_up(from)?,
            Structure::Hives(hives) => hives.take_up(from)?,
        }
        newest.locals = self.structure.locals(version.0 + 1);
        self.presence.take_up(from)?;
        let (late, controlled): (BTreeMap<u32, Vec<Learning>>, Vec<u32>) = from.get()?;
        StateError::unless_same("blocks:", controlled.len(), self.controlled.len())?;
        late.values().flatten().try_for_each(|learning| learning.belongs_to(&self.fleet))?;
        (self.late, self.controlled) = (late, controlled);
        self.conspiracy.iter_mut().try_for_each(|conspiracy| conspiracy.take_up(from))?;
        Ok(newest)
    }

    fn is_shift(&self, shift: Option<&Shift>) -> Result<(), StateError> {
        let agents = self.fleet.world.facts().agents;
        let working = shift.and_then(|shift| shift.working.as_ref()).into_iter().flatten();
        match working.copied().find(|agent| agent.index() >= agents) {
            None => Ok(()),
            Some(agent) => Err(StateError::unfit("the agent", agent, format!("{agents} of them"))),
        }
    }
}

fn is_core(layout: &Layout, core: &[f32]) -> Result<(), StateError> {
    StateError::unless_same("numbers of a core:", core.len(), layout.entries())
}
