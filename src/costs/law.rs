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
//!            learnings: n (P − 1)/P dealt out, n (P − 1) told to all, n² (P − 1) of products
//! ```

use super::pilot::{Lap, Sample};
use super::survey::Survey;
use super::tree::harvests;
use crate::agent::leaf_of;
use crate::catalogue::Growth;
use crate::engine::own_agents;
use nalgebra::{DMatrix, DVector};
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

/// What one more term has to bring a fit nearer to, relative to the values, root mean square: less may
/// be chance, and a term that is there by chance is all there is where it is carried far.
const NOISE: f64 = 0.004;

/// The coefficients that fit `values`, whose features are the rows: none below 0, and the least sum of
/// squares of relative errors. All subsets of the features are tried, of which there are few.
fn fit(rows: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let features = rows.first().map_or(0, Vec::len);
    let mut best = (f64::INFINITY, vec![0.0; features]);
    // the fewest first: more have to be better
    let mut subsets: Vec<u32> = (1..1 << features).collect();
    subsets.sort_by_key(|subset| subset.count_ones());
    for subset in subsets {
        let chosen: Vec<usize> = (0..features).filter(|f| subset & (1 << f) != 0).collect();
        if chosen.len() > rows.len() {
            continue;
        }
        let weight = |row: usize| 1.0 / values[row].abs().max(1e-12);
        let weighted = |row: usize, f: usize| weight(row) * rows[row][f].abs();
        // columns of one size, as n³ stands beside 1
        let size = |f: usize| (0..rows.len()).map(|row| weighted(row, f)).fold(1e-300, f64::max);
        let entry = |row: usize, at: usize| weighted(row, chosen[at]) / size(chosen[at]);
        let matrix = DMatrix::from_fn(rows.len(), chosen.len(), entry);
        let right = DVector::from_fn(rows.len(), |row, _| weight(row) * values[row]);
        let Ok(found) = matrix.clone().svd(true, true).solve(&right, 1e-9) else { continue };
        if found.iter().any(|x| !x.is_finite() || *x < 0.0) {
            continue;
        }
        let error = (&matrix * &found - &right).norm_squared();
        if error < best.0 - rows.len() as f64 * NOISE * NOISE {
            let mut all = vec![0.0; features];
            chosen.iter().zip(found.iter()).for_each(|(f, x)| all[*f] = x / size(*f));
            best = (error, all);
        }
    }
    best.1
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}

/// How often rounds are measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    pub rounds: u32,
    pub every: u32,
}

impl Rhythm {
    /// The mean over all rounds of what a pilot saw of some, of which `special` are those like the
    /// measured ones.
    fn mean(self, laps: &[Lap], special: impl Fn(usize) -> bool, get: impl Fn(&Lap) -> f64) -> f64 {
        let Some(first) = laps.first().map(&get) else { return 0.0 };
        let later = |is: bool| {
            let laps = laps.iter().enumerate().skip(1).filter(|(at, _)| special(*at) == is);
            median(laps.map(|(_, lap)| get(lap)).collect())
        };
        let (measured, plain) = (later(true), later(false));
        let (Some(measured), Some(plain)) = (measured.or(plain), plain.or(measured)) else {
            return first;
        };
        let rest = f64::from(self.rounds.saturating_sub(1));
        let often = f64::from(self.rounds.saturating_sub(1) / self.every.max(1));
        (first + often * measured + (rest - often) * plain) / (rest + 1.0)
    }

    fn tour(self, sample: &Sample) -> f64 {
        self.mean(&sample.laps, |at| sample.laps[at].measured, |lap| lap.tour)
    }

    /// What is made of a merge is looked at where the core that comes of it is measured.
    fn merge(self, sample: &Sample) -> f64 {
        let next = |at: usize| sample.laps.get(at + 1).is_none_or(|lap| lap.measured);
        self.mean(&sample.laps, next, |lap| lap.merge)
    }

    fn bytes(self, sample: &Sample, get: impl Fn(&Lap) -> f64) -> f64 {
        self.mean(&sample.laps, |at| sample.laps[at].measured, get)
    }

    /// Cores that are measured.
    fn frames(self) -> f64 {
        f64::from(self.rounds / self.every.max(1) + 1)
    }
}

/// Agents of the rank that has most of so many.
fn busiest_share(agents: f64, ranks: usize) -> f64 {
    let own = (0..ranks).map(|rank| own_agents(agents as usize, rank, ranks).len());
    own.max().unwrap_or(0) as f64
}

/// Leaves of so many agents.
fn leaves(agents: f64) -> usize {
    (agents as usize).div_ceil(leaf_of(agents as usize))
}

/// What grows with agents alone: `1`, `n`, and the power of the strategy.
#[derive(Clone, Debug)]
struct Line {
    power: Option<i32>,
    by: Vec<f64>,
}

impl Line {
    fn features(power: Option<i32>, n: f64) -> Vec<f64> {
        let more = power.map(|power| (0..power).fold(1.0, |product, _| product * n));
        [1.0, n].into_iter().chain(more).collect()
    }

    fn fit(power: Option<i32>, points: &[(f64, f64)]) -> Line {
        let rows: Vec<Vec<f64>> = points.iter().map(|(n, _)| Line::features(power, *n)).collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        Line { power, by: fit(&rows, &values) }
    }

    fn at(&self, n: f64) -> f64 {
        dot(&self.by, &Line::features(self.power, n))
    }
}

/// What ranks send, by agents and ranks.
#[derive(Clone, Debug)]
struct Mail {
    adds_up: bool,
    power: Option<i32>,
    by: Vec<f64>,
}

impl Mail {
    fn features(&self, n: f64, ranks: usize, busiest: bool) -> Vec<f64> {
        let (all, own) = harvests(leaves(n), ranks);
        let load = if busiest { own } else { all };
        let p = ranks as f64;
        // a rank's part of what all ranks send
        let part = if busiest { 2.0 / p } else { 1.0 };
        let others = p - 1.0;
        let mut features = vec![load.sums, load.parts];
        if !self.adds_up {
            features.extend([
                part * others * p,
                part * others,
                part * n * others / p,
                part * n * others,
            ]);
            features.extend(self.power.map(|_| part * n * n * others));
        }
        features
    }

    fn fit(adds_up: bool, power: Option<i32>, points: &[(f64, usize, f64)], busiest: bool) -> Mail {
        let mut mail = Mail { adds_up, power, by: Vec::new() };
        // sums are as large as the core once all of it is worked on: the largest pilots are nearest
        let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
        let points = || points.iter().filter(|point| !adds_up || point.0 == most);
        let rows: Vec<_> =
            points().map(|(n, ranks, _)| mail.features(*n, *ranks, busiest)).collect();
        let values: Vec<f64> = points().map(|point| point.2).collect();
        mail.by = fit(&rows, &values);
        mail
    }

    fn at(&self, n: f64, ranks: usize, busiest: bool) -> f64 {
        if ranks < 2 { 0.0 } else { dot(&self.by, &self.features(n, ranks, busiest)) }
    }
}

/// How a part of the work takes less time on more threads: `serial + rest / T` of its time on one.
#[derive(Clone, Copy, Debug)]
struct Threading {
    measured: u32,
    serial: f64,
}

impl Threading {
    /// Out of the seconds on one thread and on `threads`.
    fn of(one: f64, many: f64, threads: u32) -> Threading {
        let t = f64::from(threads);
        // 1 = serial + rest, many/one = serial + rest/t
        let rest = (1.0 - many / one) / (1.0 - 1.0 / t);
        Threading { measured: threads, serial: (1.0 - rest).clamp(0.0, 1.0) }
    }

    fn ratio(self, threads: u32) -> f64 {
        let share = |t: u32| self.serial + (1.0 - self.serial) / f64::from(t);
        share(threads) / share(self.measured)
    }
}

/// The laws of a scenario's costs on a machine.
#[derive(Clone, Debug)]
pub struct Laws {
    rhythm: Rhythm,
    tour: Line,
    merge: Line,
    ends: Line,
    memory: Line,
    /// Bytes of memory that every process has.
    before: f64,
    /// How much more an agent takes at the end than in the rounds of the largest pilots.
    grown: f64,
    /// Bytes that it takes to write the results.
    writing: f64,
    level_bytes: f64,
    up: Line,
    down: Line,
    threads: [Threading; 2],
    ranks: Option<Ranks>,
}

#[derive(Clone, Debug)]
struct Ranks {
    sent: Mail,
    busiest: Mail,
    /// The share of a merge that ranks divide.
    divided: f64,
    /// Seconds a byte, where they take longer for a merge together than one alone.
    telling: f64,
    /// What ranks take more than their part of a tour does: a share of it, and seconds a byte.
    waits: Vec<f64>,
    /// Bytes of memory of a rank, beside those that every process has: however few agents there are, of
    /// each of all, of each of its own, and by the power of the strategy.
    memory: Vec<f64>,
}

impl Laws {
    /// The laws that fit a survey.
    pub fn fit(survey: &Survey) -> Laws {
        let Survey { growth, rhythm, base, long, single, ranks, adds_up } = survey;
        let power = match growth {
            Growth::Linear => None,
            Growth::Square => Some(2),
            Growth::Cube | Growth::Subsets => Some(3),
        };
        let line = |samples: &[Sample], power, get: &dyn Fn(&Sample) -> f64| {
            let points: Vec<_> = samples.iter().map(|s| (f64::from(s.agents), get(s))).collect();
            Line::fit(power, &points)
        };
        let frames = |sample: &Sample| sample.levels.max(0.0);
        let held = |sample: &Sample| sample.peak - frames(sample);
        let level_bytes = base.last().map_or(0.0, |sample| {
            let seen = 1 + sample.laps.iter().skip(1).filter(|lap| lap.measured).count();
            sample.levels / seen as f64
        });
        let threading = |get: &dyn Fn(&Sample) -> f64| {
            let same =
                |s: &&Sample| single.iter().any(|one| one.agents == s.agents && one.threads == 1);
            let pair = base.iter().rev().find(same).and_then(|many| {
                Some((single.iter().find(|one| one.agents == many.agents)?, many))
            });
            match pair {
                Some((one, many)) if many.threads > 1 => {
                    Threading::of(get(one), get(many), many.threads)
                }
                _ => Threading { measured: base.first().map_or(1, |s| s.threads), serial: 0.0 },
            }
        };
        let tour = |sample: &Sample| rhythm.tour(sample);
        let merge = |sample: &Sample| rhythm.merge(sample);
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
            threads: [threading(&tour), threading(&merge)],
            ranks: (!ranks.is_empty()).then(|| {
                let alone = (line(beside, None, &tour), line(beside, power, &merge));
                Ranks::fit(*rhythm, (*adds_up, power), ranks, alone)
            }),
            memory,
            before,
            grown,
            writing: long.as_ref().map_or(0.0, |long| long.writing.max(0.0)),
            level_bytes,
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
            sent = law.sent.at(n, ranks, false);
            busiest = law.busiest.at(n, ranks, true);
            between = dot(&law.waits, &[tour, busiest]) + law.telling * busiest * crowd;
            if hosts.nodes > 1 {
                let messages = law.messages(leaves(n), ranks);
                between += busiest * beside / hosts.bandwidth + messages * hosts.latency;
            }
            let features = Ranks::room(self.memory.power, n, own);
            let terms: Vec<f64> = law.memory.iter().zip(features).map(|(by, x)| by * x).collect();
            constant = self.before + terms[0];
            own_bytes = terms[1] + terms[2];
            products = terms[3..].iter().sum();
        }
        let levels = self.level_bytes * self.rhythm.frames();
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

impl Ranks {
    /// What a rank's memory depends on.
    fn room(square: Option<i32>, n: f64, own: f64) -> Vec<f64> {
        [1.0, n, own].into_iter().chain(square.map(|_| n * n)).collect()
    }

    /// Messages of a round that the busiest rank has to do with.
    fn messages(&self, leaves: usize, ranks: usize) -> f64 {
        // what is dealt out and told goes once round all ranks each
        let rings = if self.busiest.adds_up { 0.0 } else { 4.0 * ranks as f64 };
        harvests(leaves, ranks).1.messages + rings
    }

    fn fit(
        rhythm: Rhythm,
        (adds_up, power): (bool, Option<i32>),
        samples: &[Sample],
        (tour, merge): (Line, Line),
    ) -> Ranks {
        let mail = |busiest: bool| {
            let get = |lap: &Lap| if busiest { lap.busiest } else { lap.sent };
            let point = |s: &Sample| (f64::from(s.agents), s.ranks, rhythm.bytes(s, get));
            Mail::fit(adds_up, power, &samples.iter().map(point).collect::<Vec<_>>(), busiest)
        };
        let busiest = mail(true);
        let pairs: Vec<&Sample> =
            samples.iter().filter(|s| s.ranks == 2 && s.laps.len() > 3).collect();
        let n = |sample: &Sample| f64::from(sample.agents);
        let (mut divided, mut telling) = (0.0, 0.0);
        if let Some(pair) = pairs.last() {
            let (alone, both) = (merge.at(n(pair)), rhythm.merge(pair));
            if both < alone {
                divided = (2.0 * (1.0 - both / alone)).min(1.0);
            } else {
                telling = (both - alone) / busiest.at(n(pair), 2, true).max(1.0);
            }
        }
        let rows: Vec<Vec<f64>> = pairs
            .iter()
            .map(|pair| vec![tour.at(busiest_share(n(pair), 2)), busiest.at(n(pair), 2, true)])
            .collect();
        let more: Vec<f64> = pairs
            .iter()
            .zip(&rows)
            .map(|(pair, row)| (rhythm.tour(pair) - row[0]).max(0.0))
            .collect();
        // which are threads of one process here
        let each = |s: &Sample| (s.peak - s.before) / s.ranks as f64 - s.levels;
        let square = power.filter(|power| *power == 2);
        let rooms: Vec<Vec<f64>> =
            samples.iter().map(|s| Ranks::room(square, n(s), n(s) / s.ranks as f64)).collect();
        let memory = fit(&rooms, &samples.iter().map(each).collect::<Vec<_>>());
        Ranks { sent: mail(false), divided, telling, waits: fit(&rows, &more), memory, busiest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fit_finds_what_values_are_made_of_whatever_their_size() {
        for scale in [1e-9, 1.0, 1e12] {
            let rows: Vec<Vec<f64>> =
                [1e3, 2e3, 4e3, 8e3].iter().map(|n| vec![1.0, *n, n * n]).collect();
            let values: Vec<f64> =
                rows.iter().map(|row| scale * (5000.0 + 0.25 * row[2])).collect();
            let found = fit(&rows, &values);
            for (found, wanted) in found.iter().zip([5000.0, 0.0, 0.25]) {
                assert!((found / scale - wanted).abs() < 1e-6 * (1.0 + wanted), "{found}");
            }
            // nothing is worth less than nothing
            let falling: Vec<f64> = rows.iter().map(|row| scale * (1e4 - row[1])).collect();
            assert!(fit(&rows, &falling).iter().all(|x| *x >= 0.0));
        }
    }

    #[test]
    fn a_part_that_threads_share_shrinks_and_the_rest_stays() {
        // 3 s on one thread, of which 1 s is nobody's to share
        let threading = Threading::of(3.0, 2.0, 2);
        assert!((threading.serial - 1.0 / 3.0).abs() < 1e-12);
        assert!((2.0 * threading.ratio(4) - 1.5).abs() < 1e-12);
        assert_eq!(threading.ratio(2), 1.0);
        // more than twice as fast on two is as good as all shared
        assert_eq!(Threading::of(4.0, 1.9, 2).ratio(4), 0.5);
    }

    #[test]
    fn means_over_a_run_count_measured_rounds_as_often_as_they_come() {
        let lap = |measured, tour| Lap { measured, tour, ..Lap::default() };
        let laps = vec![lap(true, 9.0), lap(false, 1.0), lap(true, 3.0), lap(false, 1.0)];
        let sample = Sample { laps, ..Sample::default() };
        // the first, 4 more measured and 5 not
        let rhythm = Rhythm { rounds: 10, every: 2 };
        assert!((rhythm.tour(&sample) - (9.0 + 4.0 * 3.0 + 5.0) / 10.0).abs() < 1e-12);
        assert_eq!(Rhythm { rounds: 1, every: 1 }.tour(&sample), 9.0);
    }
}
