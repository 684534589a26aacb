//! Rules of copying by hand, and Lazer and Friedman's networks in a plain loop.

use super::*;
use crate::scenario::{Nk, Publish};
use crate::world::nk::Fitness;

fn solution(bits: u64, fitness: u64) -> Solution {
    Solution { bits, fitness: Fitness(fitness) }
}

/// The solutions of a landscape that some bit strings are.
fn having(landscape: &Landscape, bits: &[u64]) -> Vec<Solution> {
    bits.iter().map(|bits| landscape.solution(*bits)).collect()
}

fn small() -> Landscape {
    Landscape::new(&Nk { n: 8, k: 3, ..Nk::default() }, 1)
}

/// Agents on a ring, or all in sight of each other.
struct Colony<'a> {
    landscape: &'a Landscape,
    search: Search,
    seed: u64,
    round: u32,
    now: Vec<Solution>,
}

impl<'a> Colony<'a> {
    fn new(landscape: &'a Landscape, search: Search, agents: u32, seed: u64) -> Self {
        let now = (0..agents).map(|agent| landscape.first(agent)).collect();
        Colony { landscape, search, seed, round: 0, now }
    }

    /// A round in which agents see what `sight` shows them, if it is one of looking.
    fn step<'s>(&mut self, sight: impl Fn(u32) -> Sight<'s>) {
        self.round += 1;
        let (looks, mut scratch) = (self.search.looks_in(self.round), Scratch::default());
        let next = (0..self.now.len() as u32).map(|agent| {
            let sight = if looks { sight(agent) } else { Sight::Nobody };
            let name = (self.seed, agent, self.round);
            self.search.step(self.landscape, &self.now, sight, name, &mut scratch).0
        });
        self.now = next.collect();
    }

    fn complete(&mut self) {
        let crowd = Crowd::of(&self.search, &self.now).unwrap();
        self.step(|_| Sight::Everyone(&crowd));
    }

    fn along(&mut self, peers: &[Vec<u32>]) {
        self.step(|agent| Sight::Peers(&peers[agent as usize]));
    }

    fn star(&mut self) {
        let core = self.search.publish(self.landscape, &self.now).unwrap();
        self.step(|_| Sight::Core(core));
    }

    fn level(&self) -> f64 {
        let levels = self.now.iter().map(|one| self.landscape.level(one.fitness));
        levels.sum::<f64>() / self.now.len() as f64
    }
}

fn ring(agents: u32) -> Vec<Vec<u32>> {
    (0..agents).map(|i| vec![(i + agents - 1) % agents, (i + 1) % agents]).collect()
}

#[test]
fn an_agent_copies_the_best_that_is_better_than_its_own() {
    let landscape = small();
    let mut snapshot = having(&landscape, &[3, 77, 200, 14, 9]);
    // the first has the worst
    snapshot.sort_by_key(|one| one.fitness);
    let peers = [1, 2, 4];
    let best = peers.map(|peer| snapshot[peer as usize]).into_iter();
    let best = best.max_by_key(|one| one.fitness).unwrap();
    let name = (1, 0, 1);
    let mut scratch = Scratch::default();
    let search = Search::default();
    let got = search.step(&landscape, &snapshot, Sight::Peers(&peers), name, &mut scratch);
    assert!(best.fitness > snapshot[0].fitness, "the case is one of copying");
    assert_eq!(got, (best, Deed::Copied));
}

#[test]
fn an_agent_that_sees_nothing_better_keeps_only_flips_that_help() {
    let landscape = small();
    let (mut better, mut same) = (0, 0);
    for round in 1..400 {
        let own = landscape.first(round);
        let worse = landscape.solution(own.bits);
        let snapshot = [own, worse];
        let name = (1, 0, round);
        let peers = [1];
        let search = Search::default();
        let (got, deed) =
            search.step(&landscape, &snapshot, Sight::Peers(&peers), name, &mut Scratch::default());
        if got == own {
            assert_eq!(deed, Deed::Tried);
            same += 1;
        } else {
            assert_eq!(deed, Deed::Improved);
            assert_eq!((got.bits ^ own.bits).count_ones(), 1);
            assert!(got.fitness > own.fitness);
            assert_eq!(got, landscape.solution(got.bits));
            better += 1;
        }
    }
    assert!(better > 50 && same > 50, "{better} {same}");
}

#[test]
fn the_most_frequent_is_copied_though_another_is_better() {
    let mut seen = [5, 9, 5, 7, 9, 5].map(|bits| solution(bits, 100 - bits));
    let mut stream = Stream::new(1, Purpose::Search, 0, 0);
    assert_eq!(most_frequent(&mut seen, &mut stream), Some(solution(5, 95)));
    assert_eq!(most_frequent(&mut [], &mut stream), None);
    // of two by lot: 10,000 fair coins, of standard deviation 50
    let mut hits = 0;
    for _ in 0..10_000 {
        let mut seen = [5, 9, 5, 7, 9].map(|bits| solution(bits, bits));
        hits += u32::from(most_frequent(&mut seen, &mut stream).unwrap().bits == 5);
    }
    assert!(hits.abs_diff(5000) < 200, "{hits}");
}

/// Every rule, and few different solutions, so that there are ties of all sorts.
#[test]
fn a_summary_of_all_shows_what_a_list_of_all_others_does() {
    let landscape = small();
    for rule in [Copying::Best, Copying::Conform] {
        for looks in [0, 1, 3] {
            let search = Search { rule, looks, ..Search::default() };
            for case in 0..300 {
                let mut stream = Stream::new(case, Purpose::Action, 0, 0);
                let agents = 2 + stream.below(6);
                let kinds = 1 + stream.below(4);
                let bits: Vec<u64> = (0..agents).map(|_| u64::from(stream.below(kinds))).collect();
                let snapshot = having(&landscape, &bits);
                let crowd = Crowd::of(&search, &snapshot).unwrap();
                for agent in 0..agents {
                    let others: Vec<u32> = (0..agents).filter(|i| *i != agent).collect();
                    let step = |sight| {
                        let name = (case, agent, 1);
                        search.step(&landscape, &snapshot, sight, name, &mut Scratch::default())
                    };
                    let (a, b) = (Sight::Everyone(&crowd), Sight::Peers(&others));
                    assert_eq!(step(a), step(b), "{rule:?}, {looks} of {bits:?}, agent {agent}");
                }
            }
        }
    }
}

/// 4000 copies of 8 bits at an error of 0.1: 3200 wrong bits, of standard deviation 54.
#[test]
fn copies_are_wrong_bit_by_bit_with_the_probability_of_an_error() {
    let landscape = small();
    let (mut worst, mut best) = (landscape.first(0), landscape.first(0));
    for bits in 0..256 {
        let one = landscape.solution(bits);
        if one.beats(&best) {
            best = one;
        }
        if worst.beats(&one) {
            worst = one;
        }
    }
    let search = Search { error: 0.1, ..Search::default() };
    let wrong: u32 = (0..4000)
        .map(|round| {
            let name = (1, 0, round);
            let (snapshot, mut scratch) = ([worst], Scratch::default());
            let sight = Sight::Core(best);
            let (got, _) = search.step(&landscape, &snapshot, sight, name, &mut scratch);
            assert_eq!(got, landscape.solution(got.bits));
            (got.bits ^ best.bits).count_ones()
        })
        .sum();
    assert!(wrong.abs_diff(3200) < 216, "{wrong}");
}

#[test]
fn a_core_is_the_best_the_most_frequent_or_what_most_have_bit_by_bit() {
    let landscape = small();
    let snapshot = having(&landscape, &[0b1100, 0b1010, 0b1010, 0b0110, 0b0111]);
    let core = |publish| {
        let search = Search { publish, ..Search::default() };
        search.publish(&landscape, &snapshot).unwrap()
    };
    assert_eq!(core(Publish::Best), best(&snapshot).unwrap());
    assert_eq!(core(Publish::MostFrequent), landscape.solution(0b1010));
    assert_eq!(core(Publish::Majority), landscape.solution(0b1110));
    // a tie goes to the best
    let search = Search { publish: Publish::Majority, ..Search::default() };
    let two = having(&landscape, &[0b1100, 0b1010]);
    assert_eq!(search.publish(&landscape, &two), best(&two));
}

#[test]
fn a_star_of_the_best_is_a_complete_graph_of_copiers() {
    let landscape = small();
    for every in [1, 4] {
        let search = Search { every, ..Search::default() };
        let mut star = Colony::new(&landscape, search.clone(), 12, 3);
        let mut complete = Colony::new(&landscape, search, 12, 3);
        for _ in 0..12 {
            star.star();
            complete.complete();
            assert_eq!(star.now, complete.now);
        }
    }
}

/// Lazer and Friedman's landscapes: 20 bits of 5 others.
fn landscapes(n: u64) -> Vec<Landscape> {
    (0..n).map(|seed| Landscape::new(&Nk::default(), seed)).collect()
}

/// Levels on each landscape after some rounds.
fn courses<const R: usize>(
    landscapes: &[Landscape],
    agents: u32,
    rounds: [u32; R],
    step: impl Fn(&mut Colony<'_>),
) -> [Vec<f64>; R] {
    let mut levels = [const { Vec::new() }; R];
    for (seed, landscape) in landscapes.iter().enumerate() {
        let mut colony = Colony::new(landscape, Search::default(), agents, seed as u64);
        for round in 1..=rounds[R - 1] {
            step(&mut colony);
            if let Some(at) = rounds.iter().position(|r| *r == round) {
                levels[at].push(colony.level());
            }
        }
    }
    levels
}

/// Mean of the differences on the same landscapes, and its standard error.
fn difference(a: &[f64], b: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|d| (d - mean) * (d - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// Lazer and Friedman's result at half its number of agents: who is well connected leads early and
/// stalls, and who is not overtakes. By 4 standard errors of the difference on the same
/// landscapes, either way.
#[test]
fn the_well_connected_lead_early_and_are_overtaken() {
    let (landscapes, peers) = (landscapes(48), ring(50));
    let complete = courses(&landscapes, 50, [8, 120], |colony| colony.complete());
    let along = courses(&landscapes, 50, [8, 120], |colony| colony.along(&peers));
    let (lead, error) = difference(&complete[0], &along[0]);
    assert!(lead > 4.0 * error, "{lead} ± {error}");
    let (lag, error) = difference(&along[1], &complete[1]);
    assert!(lag > 4.0 * error, "{lag} ± {error}");
}

/// The full size; prints what comes out, with standard errors.
#[test]
#[ignore = "takes a few seconds; prints a table"]
fn lazer_and_friedman_at_full_size() {
    let rounds = [3, 11, 21, 200];
    let peers = ring(100);
    let row = |name: &str, levels: [Vec<f64>; 4]| {
        let cells = levels.map(|l| {
            let (mean, error) = difference(&l, &vec![0.0; l.len()]);
            format!("{mean:.3} ± {error:.3}")
        });
        println!("{name:10} {}", cells.join("  "));
    };
    let landscapes = landscapes(40);
    row("complete", courses(&landscapes, 100, rounds, |colony| colony.complete()));
    row("ring", courses(&landscapes, 100, rounds, |colony| colony.along(&peers)));
}
