//! A scenario with fewer agents, in the proportions of the whole.

use super::pilot::Pilot;
use crate::engine::Experiment;
use crate::scenario::{CheckedScenario, EngineKind, Override, Scenario, Schedule, World};

/// So few of something are the same in every pilot; what are more stay in proportion.
const FEW: u32 = 4096;

/// So many of what stays in proportion there are in the smallest pilot.
const LEAST: u32 = 64;

/// A part of a whole that counts agents: in proportion where it is large.
fn part(of: u32, whole: u32, agents: u32) -> u32 {
    match of {
        0..=FEW => of.min(agents),
        _ => scaled(of, whole, agents).max(1),
    }
}

fn scaled(of: u32, whole: u32, agents: u32) -> u32 {
    (f64::from(of) * f64::from(agents) / f64::from(whole)).round() as u32
}

/// The parts of a fleet that a scenario counts in agents.
fn parts(s: &Scenario) -> [(&'static str, u32); 2] {
    let learnings = match &s.distiller.schedule {
        Schedule::Buffered(spec) => spec.learnings,
        Schedule::Synchronous(_) | Schedule::Asynchronous(_) => 0,
    };
    [("fleet.participants", s.fleet.participants), ("distiller.schedule.learnings", learnings)]
}

/// The fewest agents that a pilot of a scenario should have.
pub(super) fn fewest(s: &Scenario, agents: u32) -> u32 {
    let enough = |(_, of): (_, u32)| match of {
        0 => 0,
        1..=FEW => of,
        _ => (f64::from(LEAST) * f64::from(agents) / f64::from(of)).ceil() as u32,
    };
    parts(s).map(enough).into_iter().max().unwrap_or(0).clamp(LEAST, agents.max(LEAST))
}

/// The scenario of a pilot; a scenario in files counts its agents itself, and `whole` is then theirs.
///
/// # Errors
/// The loader's message.
pub(super) fn scenario(
    pilot: &Pilot,
    (text, origin, sets): (&str, &str, &[Override]),
) -> Result<CheckedScenario, String> {
    let base = Scenario::parse_over(text, origin, sets).map_err(|e| e.to_string())?;
    let Pilot { agents, whole, ranks, threads, rounds, .. } = *pilot;
    // its machine is that of the whole, whatever that would be for so few
    let (kind, _) = Experiment::machine(&base, whole as usize);
    let kind = match kind {
        _ if ranks > 1 => EngineKind::Mpi,
        EngineKind::Mpi => EngineKind::Pool,
        kind => kind,
    };
    let mut own: Vec<(&str, String)> = vec![
        ("engine.kind", kind.name().into()),
        ("engine.threads", threads.to_string()),
        ("measure.bounds", "[]".into()),
    ];
    if agents < whole {
        own.push(("fleet.agents", agents.to_string()));
        for (key, of) in parts(&base).into_iter().filter(|(_, of)| *of > 0) {
            own.push((key, part(of, whole, agents).to_string()));
        }
        // all are there from the start: then there are most
        for (key, of) in [
            ("fleet.newcomers.agents", base.fleet.newcomers.agents),
            ("fleet.newcomers.companies", base.fleet.newcomers.companies),
        ] {
            if of > 0 {
                own.push((key, "0".into()));
            }
        }
        if let World::MixedEffects(world) = &base.world {
            // as many agents to a company as there are
            let companies = scaled(world.companies, whole, agents).max(1);
            own.push(("world.companies", companies.to_string()));
        }
    }
    let parse = |own: &[(&str, String)]| {
        let shown = format!("a pilot of {agents} agents");
        let named = |(key, value): &(&str, String)| Override::named(shown.clone(), key, value);
        let all: Vec<Override> = sets.iter().cloned().chain(own.iter().map(named)).collect();
        Scenario::parse_over(text, origin, &all).map_err(|e| e.to_string())
    };
    // something may be planned for a later round: then it is cut off there
    let rounds = rounds.min(base.rounds.0);
    let short = [&own[..], &[("rounds", rounds.to_string())]].concat();
    parse(&short).or_else(|_| parse(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[fleet]\nagents = 1000000\nparticipants = 100000\n[world]\ncompanies = 1000\n\
                        [measure]\nbounds = [\"isolated\"]\n[engine]\nkind = \"mpi\"\n";

    #[test]
    fn a_pilot_has_the_proportions_of_the_whole() {
        let pilot = Pilot {
            agents: 10_000,
            whole: 1_000_000,
            ranks: 1,
            threads: 2,
            rounds: 4,
            writes: false,
        };
        let small = scenario(&pilot, (TEXT, "test", &[])).unwrap();
        assert_eq!((small.fleet.agents, small.fleet.participants), (10_000, 1000));
        let World::MixedEffects(world) = &small.world else { panic!("tasks are generated") };
        assert_eq!(world.companies, 10);
        assert_eq!((small.engine.kind, small.engine.threads), (EngineKind::Pool, 2));
        assert!(small.measure.bounds.is_empty());
        assert_eq!(small.rounds.0, 4);
        assert_eq!(fewest(&small, 10_000), 1000, "few are as they are");
        let whole = Scenario::parse_over(TEXT, "test", &[]).unwrap();
        assert_eq!(fewest(&whole, 1_000_000), 640);
        let set = [Override::set("fleet.participants=900")];
        let small = scenario(&pilot, (TEXT, "test", &set)).unwrap();
        assert_eq!(small.fleet.participants, 900);
    }

    #[test]
    fn a_pilot_of_all_agents_is_the_scenario_itself() {
        let pilot = Pilot {
            agents: 1_000_000,
            whole: 1_000_000,
            ranks: 3,
            threads: 1,
            rounds: 4,
            writes: false,
        };
        let all = scenario(&pilot, (TEXT, "test", &[])).unwrap();
        assert_eq!((all.fleet.agents, all.fleet.participants), (1_000_000, 100_000));
        assert_eq!(all.engine.kind, EngineKind::Mpi);
    }

    #[test]
    fn what_is_planned_for_later_is_left_to_a_halt() {
        let pilot = Pilot { agents: 20, whole: 20, ranks: 1, threads: 1, rounds: 4, writes: false };
        let text = "rounds = 90\n[fleet]\nagents = 20\n[[changes]]\nround = 50\n\
                    set = [\"distiller.server.eta=0.5\"]\n";
        let whole = Scenario::parse_over(text, "test", &[]);
        let whole = whole.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(whole.rounds.0, 90);
        assert_eq!(scenario(&pilot, (text, "test", &[])).unwrap().rounds.0, 90);
    }
}
