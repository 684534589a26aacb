//! The terms on which a fleet works: what of it may change while a run is under way.

use super::Attackers;
use crate::ids::{AgentId, CoreVersion};
use crate::learner::Statistic;
use crate::scenario::{Backdoor, Faults, Weighting};
use std::sync::Arc;

/// What holds of the work that leads to a core. In bounds, where nothing is sent, nothing of it goes
/// wrong and nobody attacks.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What happens to learnings on their way.
    pub faults: Faults,
    /// Whether some may come in late: they may by now, or might before.
    pub late: bool,
    /// Who attacks.
    pub attackers: Arc<Attackers>,
    /// The backdoor whose success is measured, whether anyone attacks or not.
    pub backdoor: Option<Backdoor>,
    /// What agents measure beside their contribution.
    pub statistic: Option<Statistic>,
    /// The weights of the sum that is taken of learnings; none where each is handed on as it is.
    pub sum: Option<Weighting>,
    /// Whether whoever merges may hold some blocks alone of the learnings that are handed on, where
    /// others hold the rest.
    pub spreads: bool,
}

/// The terms of all rounds, as far as they are known; what is past never changes.
///
/// Cost of a look: a binary search over the changes, of which most runs have none.
#[derive(Clone, Debug)]
pub struct Agenda(Vec<(u32, Terms)>);

impl Agenda {
    /// Terms, each from the work on that leads to a core, in rising order; the first are also those
    /// of all work before.
    ///
    /// # Panics
    /// Where there are none.
    pub fn new(terms: Vec<(u32, Terms)>) -> Self {
        assert!(!terms.is_empty(), "a fleet works on some terms");
        debug_assert!(terms.is_sorted_by_key(|(round, _)| *round), "terms follow each other");
        Agenda(terms)
    }

    /// Those of the work that leads to core `round`.
    #[inline]
    pub fn to(&self, round: u32) -> &Terms {
        let after = self.0.partition_point(|(from, _)| *from <= round);
        &self.0[after.saturating_sub(1)].1
    }

    /// Those of the work that is done with a core.
    #[inline]
    pub fn with(&self, version: CoreVersion) -> &Terms {
        self.to(version.0 + 1)
    }

    /// Whether an agent of the panel is not measured at a core, as it attacked on the way to it.
    pub fn hides(&self, agent: AgentId, CoreVersion(version): CoreVersion) -> bool {
        version > 0 && self.to(version).attackers.attacks(agent, CoreVersion(version - 1))
    }

    /// The backdoor whose success is measured at a core: of the first that of the work that follows.
    pub fn backdoor_at(&self, version: CoreVersion) -> Option<&Backdoor> {
        self.to(version.0.max(1)).backdoor.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Attack;

    fn with_loss(loss: f64) -> Terms {
        Terms { faults: Faults { loss, ..Faults::default() }, ..Terms::default() }
    }

    #[test]
    fn terms_hold_from_their_round_until_the_next() {
        let agenda =
            Agenda::new(vec![(1, with_loss(0.0)), (4, with_loss(0.4)), (5, with_loss(0.5))]);
        let loss = |round| agenda.to(round).faults.loss;
        assert_eq!([0, 1, 3, 4, 5, 99].map(loss), [0.0, 0.0, 0.0, 0.4, 0.5, 0.5]);
        assert_eq!(agenda.with(CoreVersion(3)).faults.loss, 0.4);
    }

    #[test]
    fn whoever_turns_is_measured_until_its_first_attack_and_again_after_its_last() {
        let attackers = |share| {
            let spec = Attack { share, ..Attack::default() };
            Arc::new(Attackers::new(&spec, 5, 10))
        };
        let terms = |share| Terms { attackers: attackers(share), ..Terms::default() };
        let agenda = Agenda::new(vec![(1, terms(0.0)), (3, terms(0.5)), (5, terms(0.0))]);
        let agent = attackers(0.5).members()[0];
        let hides = |version| agenda.hides(agent, CoreVersion(version));
        assert_eq!([0, 1, 2, 3, 4, 5].map(hides), [false, false, false, true, true, false]);
    }
}
