//! How costs grow with agents, ranks and threads.
//!
//! With `n` agents, `P` ranks of `T` threads and `n_P` agents on the rank that has most (`n/P`, in whole
//! leaves), each term with a coefficient that pilots have given:
//!
//! ```text
//!   tour     a + b n_P                              work, and the examination of the panel
//!   merge    (a + b n + c n^g) (1 − φ + φ/P)         g of the strategy; φ is what ranks divide
//!   ranks    κ tour + (β + τ) bytes                 what ranks wait for each other, and pack
//!   network  bytes/bandwidth + messages × latency   between hosts
//!   memory   a + r n + b n_P (+ c n²)               r is what every rank holds of all agents
//!   bytes    sums: the harvests that the tree of leaves makes ranks send
//!            learnings: n in those harvests, n (P − 1)/P dealt out, n (P − 1) told to all,
//!            n² (P − 1) of products
//! ```

use super::fit::{Line, Threading, dot};
use super::pilot::{Lap, Sample};
use super::ranks::{Ranks, busiest_share};
use super::rhythm::Rhythm;
use super::survey::Survey;
use crate::catalogue::Growth;
use serde::Serialize;

/// Where ranks are.
#[derive(Clone, Copy, Debug)]
pub struct Hosts {
    /// Hosts that ranks share evenly.
    pub nodes: usize,
    /// Bytes a second into or out of one.
    pub bandwidth: f64,
    /// Seconds until a message arrives.
    pub latency: f64,
    /// Cores of each; none where there are as many as threads.
    pub cores: Option<u32>,
}

/// What a run comes to; seconds and bytes of a round are means over all rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Costs {
    /// Seconds of a round.
    pub round_seconds: f64,
    /// Of these those in which agents work and are examined.
    pub tour_seconds: f64,
    /// In which their learnings are merged.
    pub merge_seconds: f64,
    /// In which ranks pack, send and wait for each other.
    pub ranks_seconds: f64,
    /// Seconds of the hive's whole run, from the first agent to the last hash.
    pub run_seconds: f64,
    /// The most bytes of memory of a rank; NaN where the system did not tell.
    pub rank_memory_bytes: f64,
    /// Bytes a round from agents to the distiller.
    pub bytes_up: f64,
    /// Bytes a round from the distiller to agents.
    pub bytes_down: f64,
    /// Bytes a round that ranks send to each other, in all.
    pub sent_bytes: f64,
    /// Bytes a round that the busiest rank sends and receives.
    pub busiest_bytes: f64,
}

/// The laws of a scenario's costs on a machine.
#[derive(Clone, Debug, Serialize)]
pub struct Laws {
    rhythm: Rhythm,
    tour: Line,
    merge: Line,
    ends: Line,
    memory: Line,
    /// Bytes of memory that every process has.
    before: f64,
    /// And those that it takes to be one of several ranks.
    joining: f64,
    /// How much more an agent takes at the end than in the rounds of the largest pilots.
    grown: f64,
    /// Bytes that it takes to write the results.
    writing: f64,
    frame_bytes: f64,
    up: Line,
    down: Line,
    /// Of tours and of merges.
    threads: [Threading; 2],
    ranks: Option<Ranks>,
}

impl Laws {
    /// The laws that fit a survey.
    pub fn fit(survey: &Survey) -> Laws {
        let Survey { growth, rhythm, base, long, single, ranks, adds_up, joining } = survey;
        let power = match growth {
            Growth::Linear => None,
            Growth::Square => Some(2),
            Growth::Cube | Growth::Subsets => Some(3),
        };
        let line = |samples: &[Sample], power, get: &dyn Fn(&Sample) -> f64| {
            let points: Vec<_> = samples.iter().map(|s| (f64::from(s.agents), get(s))).collect();
            Line::fit(power, &points)
        };
        let held = |sample: &Sample| sample.peak - sample.levels;
        let frame_bytes = base.last().map_or(0.0, |sample| {
            let seen = 1 + sample.laps.iter().skip(1).filter(|lap| lap.measured).count();
            sample.levels / seen as f64
        });
        let tour = |sample: &Sample| rhythm.tour(sample);
        let merge = |sample: &Sample| rhythm.merge(sample);
        let own = base.first().map_or(1, |sample| sample.threads);
        // agents wait for nobody: the threads that there are get as much more done as they are more
        let tours = Threading { measured: own, serial: 0.0 };
        let merges = base.iter().rev().find_map(|many| {
            let same = |one: &&Sample| one.agents == many.agents && one.threads == 1;
            let one = single.iter().find(same).filter(|_| own > 1)?;
            Some(Threading::of(merge(one), merge(many), own))
        });
        // ranks are as many threads as these
        let beside = if single.is_empty() { base } else { single };
        let memory = line(base, power.filter(|power| *power == 2), &held);
        let before = base.first().map_or(f64::NAN, |sample| sample.before);
        // as much as the largest pilots had done by then
        let short = base.iter().map(|sample| sample.laps.len()).min().unwrap_or(0);
        let grown = long.as_ref().map_or(1.0, |long| {
            let held = |lap: Option<&Lap>| lap.map_or(f64::NAN, |lap| lap.resident - long.before);
            let grown = held(long.laps.last()) / held(long.laps.get(short.max(1) - 1));
            if grown.is_finite() { grown.max(1.0) } else { 1.0 }
        });
        Laws {
            rhythm: *rhythm,
            tour: line(base, None, &tour),
            merge: line(base, power, &merge),
            ends: line(base, None, &|sample| sample.opening + sample.closing),
            up: line(base, None, &|sample| rhythm.bytes(sample, |lap| lap.up)),
            down: line(base, None, &|sample| rhythm.bytes(sample, |lap| lap.down)),
            threads: [tours, merges.unwrap_or(tours)],
            ranks: (!ranks.is_empty()).then(|| {
                let alone = (line(beside, None, &tour), line(beside, power, &merge));
                Ranks::fit(*rhythm, (*adds_up, power), ranks, alone)
            }),
            memory,
            before,
            joining: *joining,
            grown,
            writing: long.as_ref().map_or(0.0, |long| long.writing.max(0.0)),
            frame_bytes,
        }
    }

    /// What so many agents cost on so many ranks of so many threads.
    pub fn costs(&self, agents: u32, ranks: usize, threads: u32, hosts: Hosts) -> Costs {
        let n = f64::from(agents);
        let own = busiest_share(n, ranks);
        let beside = (ranks as f64 / hosts.nodes as f64).max(1.0);
        // ranks that share cores wait for each other; threads that do are one thread less
        let (threads, crowd) = match hosts.cores {
            None => (threads, 1.0),
            Some(cores) => {
                (threads.min(cores), (beside * f64::from(threads) / f64::from(cores)).max(1.0))
            }
        };
        let crowd = if ranks > 1 { crowd } else { 1.0 };
        let [tours, merges] = self.threads.map(|law| law.ratio(threads) * crowd);
        let tour = self.tour.at(own) * tours;
        let whole = self.merge.at(n) * merges;
        let p = ranks as f64;
        let (mut merge, mut between, mut sent, mut busiest) = (whole, 0.0, 0.0, 0.0);
        let (mut constant, mut own_bytes) = (self.memory.by[0], self.memory.by[1] * n);
        let mut products = self.memory.at(n) - constant - own_bytes;
        if let Some(law) = self.ranks.as_ref().filter(|_| ranks > 1) {
            merge = whole * (1.0 - law.divided + law.divided / p);
            sent = law.sent.at(n, ranks);
            busiest = law.busiest.at(n, ranks);
            between = dot(&law.waits, &[tour, busiest]) + law.telling * busiest * crowd;
            if hosts.nodes > 1 {
                let messages = law.messages(n, ranks);
                between += busiest * beside / hosts.bandwidth + messages * hosts.latency;
            }
            let features = Ranks::room(self.memory.power, n, own);
            let terms: Vec<f64> = law.memory.iter().zip(features).map(|(by, x)| by * x).collect();
            constant = self.before + self.joining + terms[0];
            own_bytes = terms[1] + terms[2];
            products = terms[3..].iter().sum();
        }
        let levels = self.frame_bytes * self.rhythm.frames();
        let memory = constant + own_bytes * self.grown + products + levels + self.writing;
        let round = tour + merge + between;
        let ends = self.ends.at(own) * tours;
        Costs {
            round_seconds: round,
            tour_seconds: tour,
            merge_seconds: merge,
            ranks_seconds: between,
            run_seconds: round * f64::from(self.rhythm.rounds) + ends,
            rank_memory_bytes: memory,
            bytes_up: self.up.at(n),
            bytes_down: self.down.at(n),
            sent_bytes: sent,
            busiest_bytes: busiest,
        }
    }
}
