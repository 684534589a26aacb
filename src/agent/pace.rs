//! How long agents' work takes, in virtual time.

use crate::ids::{AgentId, Round};
use crate::maths;
use crate::scenario::{self, Speed};
use crate::stream::{Purpose, Stream};

/// How long the work of a round takes each agent, and what comes of it is on its way.
///
/// The unit of time is what an agent of the speed 1 takes for a round's work. An agent's time for
/// one round is `J/v + L`: `v` is its speed, `J` of the mean 1 varies from round to round, and `L` is
/// the latency. All are drawn from its own streams: no time depends on what anyone learns.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    speed: Speed,
    jitter: f64,
    latency: f64,
    seed: u64,
}

impl Pace {
    /// The pace of a scenario's fleet.
    pub fn new(spec: &scenario::Fleet, seed: u64) -> Self {
        Pace { speed: spec.speed.clone(), jitter: spec.jitter, latency: spec.latency, seed }
    }

    /// The time that a round's work takes everyone, where it is the same for all and always.
    pub fn equal(&self) -> Option<f64> {
        let equal = matches!(self.speed, Speed::Equal(_)) && self.jitter == 0.0;
        (equal && self.latency == 0.0).then_some(1.0)
    }

    /// The time that a round's work takes an agent on average over rounds, without latency: `1/v`.
    pub fn mean(&self, agent: AgentId) -> f64 {
        let mut stream = Stream::new(self.seed, Purpose::Pace, agent.0, 0);
        match &self.speed {
            Speed::Equal(_) => 1.0,
            Speed::Lognormal(spec) => maths::exp(-spec.spread * stream.normal()),
            Speed::Pareto(spec) => maths::pow(1.0 - stream.uniform(), -1.0 / spec.tail),
        }
    }

    /// The time from the beginning of an agent's work of a round until its learning is there.
    pub fn time(&self, agent: AgentId, round: Round) -> f64 {
        let (work, way) = self.parts(agent, round);
        work + way
    }

    /// The share of a round's work with which an agent's learning is there by a deadline; `None`
    /// where that is all of it.
    pub fn share_by(&self, deadline: f64, agent: AgentId, round: Round) -> Option<f64> {
        let (work, way) = self.parts(agent, round);
        (work + way > deadline).then(|| ((deadline - way) / work).clamp(0.0, 1.0))
    }

    /// How long a round's work takes an agent, `J/v`, and its learning is on its way, `L`.
    fn parts(&self, agent: AgentId, round: Round) -> (f64, f64) {
        let mut stream = Stream::new(self.seed, Purpose::Delay, agent.0, round.0);
        let (mut work, mut way) = (self.mean(agent), 0.0);
        if self.jitter > 0.0 {
            let Pace { jitter, .. } = self;
            work *= maths::exp(jitter * stream.normal() - jitter * jitter / 2.0);
        }
        if self.latency > 0.0 {
            way = -self.latency * maths::ln(1.0 - stream.uniform());
        }
        (work, way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{LognormalSpeed, ParetoSpeed};

    fn pace(speed: Speed, jitter: f64, latency: f64) -> Pace {
        Pace::new(&scenario::Fleet { speed, jitter, latency, ..scenario::Fleet::default() }, 3)
    }

    #[test]
    fn equal_agents_take_one() {
        let pace = pace(Speed::default(), 0.0, 0.0);
        assert_eq!(pace.equal(), Some(1.0));
        assert_eq!(pace.time(AgentId(5), Round(9)), 1.0);
    }

    #[test]
    fn a_deadline_leaves_the_share_that_fits() {
        let slow = pace(Speed::Lognormal(LognormalSpeed { spread: 1.0 }), 0.3, 0.5);
        for agent in (0..200).map(AgentId) {
            let time = slow.time(agent, Round(4));
            assert_eq!(slow.share_by(time, agent, Round(4)), None);
            let (work, way) = slow.parts(agent, Round(4));
            let half = slow.share_by(way + work / 2.0, agent, Round(4)).unwrap();
            assert!((half - 0.5).abs() < 1e-9, "{half}");
            // what is longer on its way than there is time has none for work
            assert_eq!(slow.share_by(way / 2.0, agent, Round(4)), Some(0.0));
        }
    }

    #[test]
    fn times_have_the_distributions_that_are_asked_for() {
        let n = 40_000;
        let share = |pace: &Pace, above: f64| {
            let slow = (0..n).filter(|agent| pace.mean(AgentId(*agent)) > above).count();
            slow as f64 / f64::from(n)
        };
        // P(T > t) = t^-1.5, never below 1
        let pareto = pace(Speed::Pareto(ParetoSpeed { tail: 1.5 }), 0.0, 0.0);
        assert!((share(&pareto, 4.0) - 0.125).abs() < 0.007);
        assert_eq!(share(&pareto, 0.999_999), 1.0);
        // ln T ~ N(0, 0.5²): 15.87 % are a standard deviation above
        let lognormal = pace(Speed::Lognormal(LognormalSpeed { spread: 0.5 }), 0.0, 0.0);
        assert!((share(&lognormal, maths::exp(0.5)) - 0.1587).abs() < 0.008);
        // jitter keeps the mean, latency adds its own
        let varied = pace(Speed::default(), 0.5, 2.0);
        assert_eq!(varied.equal(), None);
        let times = (0..n).map(|round| varied.time(AgentId(1), Round(round)));
        let mean = times.sum::<f64>() / f64::from(n);
        // four standard errors: variances 0.28 and 4
        assert!((mean - 3.0).abs() < 4.0 * (4.3 / f64::from(n)).sqrt(), "{mean}");
    }
}
