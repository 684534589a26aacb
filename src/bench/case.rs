//! Cases of a benchmark: one machine for one load.

use crate::scenario::{CoreSlot, EngineKind, Fabric};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What agents do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// They learn.
    Learning,
    /// They spin for so many nanoseconds a round, and hand over 64 bytes.
    Synthetic(u64),
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Workload::Learning => write!(f, "learning"),
            Workload::Synthetic(nanos) => write!(f, "synthetic:{nanos}"),
        }
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = "wanted `learning`, or `synthetic:NANOS` with at most 1000000000 of them, such \
                      as synthetic:1000";
        match text.split_once(':') {
            None if text == "learning" => Ok(Workload::Learning),
            Some(("synthetic", nanos)) => match nanos.parse::<u64>() {
                Ok(nanos) if nanos <= 1_000_000_000 => Ok(Workload::Synthetic(nanos)),
                _ => Err(format!("found `{nanos}` nanoseconds; {wanted}")),
            },
            _ => Err(wanted.into()),
        }
    }
}

/// A machine and its load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The engine.
    pub engine: EngineKind,
    /// What learnings travel in (`live` alone).
    pub fabric: Option<Fabric>,
    /// Where the newest core is had from (`live` alone).
    pub publication: Option<CoreSlot>,
    /// Agents.
    pub agents: u32,
    /// Worker threads.
    pub threads: u32,
    /// Tasks of a round; 1 where agents do not learn.
    pub tasks: u32,
    /// The merge strategy, as `hivesim compare` names it; `sum` where agents do not learn.
    pub strategy: String,
    /// What agents do.
    pub workload: Workload,
}

impl Case {
    /// The machine in words: `pool`, or `live channel-tokio snapshot`.
    pub fn machine(&self) -> String {
        let live = [self.fabric.map(Fabric::name), self.publication.map(CoreSlot::name)];
        let parts = std::iter::once(self.engine.name()).chain(live.into_iter().flatten());
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The load in words: `1000 agents x 10 tasks, mean`.
    pub fn load(&self) -> String {
        match self.workload {
            Workload::Learning => {
                format!("{} agents x {} tasks, {}", self.agents, self.tasks, self.strategy)
            }
            Workload::Synthetic(_) => format!("{} agents, {}", self.agents, self.workload),
        }
    }

    /// The plain loop that does the same work.
    pub fn plain(&self) -> Case {
        let engine = EngineKind::Serial;
        Case { engine, fabric: None, publication: None, threads: 1, ..self.clone() }
    }
}

/// What varies.
#[derive(Clone, Debug)]
pub struct Axes {
    /// Engines.
    pub engines: Vec<EngineKind>,
    /// Fabrics of `live`.
    pub fabrics: Vec<Fabric>,
    /// Places of its newest core.
    pub publications: Vec<CoreSlot>,
    /// Agents.
    pub agents: Vec<u32>,
    /// Worker threads.
    pub threads: Vec<u32>,
    /// Tasks of a round.
    pub tasks: Vec<u32>,
    /// Strategies.
    pub strategies: Vec<String>,
    /// What agents do.
    pub workload: Workload,
}

impl Axes {
    /// All cases, the plain loop of each load before the others.
    pub fn cases(&self) -> Vec<Case> {
        let learns = self.workload == Workload::Learning;
        let (one, sum) = ([1], ["sum".to_owned()]);
        let tasks = if learns { &self.tasks[..] } else { &one };
        let strategies = if learns { &self.strategies[..] } else { &sum };
        let mut cases: Vec<Case> = Vec::new();
        let mut add = |case: Case| {
            if !cases.contains(&case) {
                cases.push(case);
            }
        };
        for &agents in &self.agents {
            for &tasks in tasks {
                for strategy in strategies {
                    let plain = Case {
                        engine: EngineKind::Serial,
                        fabric: None,
                        publication: None,
                        agents,
                        threads: 1,
                        tasks,
                        strategy: strategy.clone(),
                        workload: self.workload,
                    };
                    add(plain.clone());
                    for &engine in self.engines.iter().filter(|e| **e != EngineKind::Serial) {
                        for &threads in &self.threads {
                            let case = Case { engine, threads, ..plain.clone() };
                            if engine != EngineKind::Live {
                                add(case);
                                continue;
                            }
                            for &fabric in &self.fabrics {
                                for &slot in &self.publications {
                                    let (fabric, publication) = (Some(fabric), Some(slot));
                                    add(Case { fabric, publication, ..case.clone() });
                                }
                            }
                        }
                    }
                }
            }
        }
        cases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(workload: Workload) -> Axes {
        Axes {
            engines: vec![EngineKind::Pool, EngineKind::Live, EngineKind::Serial],
            fabrics: Fabric::ALL.to_vec(),
            publications: vec![CoreSlot::Watch, CoreSlot::Snapshot],
            agents: vec![10, 100],
            threads: vec![1, 2],
            tasks: vec![5, 50],
            strategies: vec!["mean".into(), "median".into()],
            workload,
        }
    }

    #[test]
    fn every_load_has_its_plain_loop_and_every_machine_comes_once() {
        // a plain loop, the pool on 1 and 2 threads, four fabrics by two places by two threads
        assert_eq!(axes(Workload::Learning).cases().len(), 2 * 2 * 2 * (1 + 2 + 16));
        let cases = axes(Workload::Synthetic(7)).cases();
        assert_eq!(cases.len(), 2 * (1 + 2 + 16));
        for case in &cases {
            assert!(cases.contains(&case.plain()), "{case:?}");
            assert_eq!(cases.iter().filter(|other| *other == case).count(), 1);
        }
    }

    #[test]
    fn a_workload_is_read_as_it_is_written() {
        for workload in [Workload::Learning, Workload::Synthetic(0), Workload::Synthetic(1500)] {
            assert_eq!(workload.to_string().parse(), Ok(workload));
        }
        for text in
            ["", "synthetic", "synthetic:", "synthetic:-1", "synthetic:2000000000", "spin:3"]
        {
            assert!(text.parse::<Workload>().is_err(), "{text}");
        }
    }
}
