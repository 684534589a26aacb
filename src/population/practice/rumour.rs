//! Fleets in which nobody practises: a skill is known or it is not.
//!
//! Without tasks every memory that goes round is one of the teachers', and these are all the same:
//! an agent and skill is a bit, whatever is forgotten. Rows are `B` bits, the number of skills up to
//! the next power of two, so that a million agents of one skill are 125 kB and of 16 skills 2 MB,
//! which a core's caches hold. To take something in is to add bits; the rest is as in
//! [`tour`](super::tour).

use super::bits::{Calls, Count, place, row};
use super::post::{Outbox, Shares};
use super::rule::BLOCK;
use super::{Practice, Snapshot};
use crate::measure::{Frame, PanelMember, RoundRow};
use crate::params::kernels::run_around;
use crate::population::Population;
use crate::state::{Reader, StateError, Writer};
use crate::threads::parallel_chunks;
use std::sync::PoisonError;

/// Most skills of a rumour: a row is a word at most.
const SKILLS: usize = 32;

/// A fleet of the learner `practice` in which nobody practises.
pub struct Rumour {
    fleet: Practice,
}

/// Who knows what at the end of a round.
#[derive(Clone, Debug, Default)]
pub struct Known {
    round: u32,
    /// Rows of bits, whole blocks of agents.
    bits: Vec<u32>,
    adopters: Vec<u64>,
}

/// What a visit brings.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    row: u32,
    told: Vec<u32>,
}

impl Rumour {
    /// The fleet, if nobody practises in it and its skills fit a row.
    ///
    /// # Errors
    /// With the fleet as it came, if not.
    pub(crate) fn of(fleet: Box<Practice>) -> Result<Self, Box<Practice>> {
        let bits = fleet.tasks == 0 && fleet.graph.is_some() && fleet.skills() <= SKILLS;
        if bits { Ok(Rumour { fleet: *fleet }) } else { Err(fleet) }
    }

    /// Bits of a row.
    fn width(&self) -> usize {
        self.fleet.skills().next_power_of_two()
    }

    fn row(&self, known: &Known, agent: u32) -> u32 {
        row(&known.bits, agent as usize, self.width())
    }

    fn add(&self, known: &mut Known, agent: u32, row: u32) {
        let (word, shift) = place(agent as usize, self.width());
        known.bits[word] |= row << shift;
    }

    /// Whether those who know, and those who do not, are at the adoption level in a round.
    fn adopt(&self, round: u32) -> [bool; 2] {
        let law = self.fleet.law;
        [law.level_f32(f32::INFINITY, round), 0.0].map(|l| f64::from(l) >= self.fleet.adopted)
    }

    /// How many agents know each skill, of those whose rows are in some words.
    fn count(&self, bits: &[u32]) -> Vec<u64> {
        let mut counts = vec![0; self.width()];
        for (bit, count) in run_around(Count(bits)).into_iter().enumerate() {
            counts[bit % self.width()] += count;
        }
        counts.truncate(self.fleet.skills());
        counts
    }

    /// How many agents are at the adoption level, skill by skill, of those who know.
    fn adopters(&self, round: u32, know: Vec<u64>) -> Vec<u64> {
        let all = u64::from(self.agents());
        let [knowing, others] = self.adopt(round);
        let adopters = |know: u64| match (knowing, others) {
            (true, true) => all,
            (true, false) => know,
            (false, true) => all - know,
            (false, false) => 0,
        };
        know.into_iter().map(adopters).collect()
    }
}

impl Population for Rumour {
    type Snapshot = Known;
    type News = Heard;

    fn agents(&self) -> u32 {
        self.fleet.agents()
    }

    fn tasks(&self) -> u32 {
        0
    }

    fn skills(&self) -> (Vec<String>, Vec<f64>, usize) {
        Population::skills(&self.fleet)
    }

    fn panel(&self) -> Vec<PanelMember> {
        self.fleet.panel()
    }

    fn is_one(&self) -> bool {
        false
    }

    fn first(&self) -> Known {
        let mut first = self.room();
        let all = u32::MAX >> (32 - self.fleet.skills());
        for teacher in self.fleet.teachers() {
            self.add(&mut first, teacher, all);
        }
        first.adopters = self.adopters(0, self.count(&first.bits));
        first
    }

    fn room(&self) -> Known {
        let agents = (self.agents() as usize).next_multiple_of(BLOCK);
        Known { round: 0, bits: vec![0; agents * self.width() / 32], adopters: Vec::new() }
    }

    fn begin(&self, now: &Known, next: &mut Known) {
        next.round = now.round + 1;
        next.bits.fill(0);
    }

    fn visit(&self, now: &Known, agent: u32, news: &mut Heard) {
        news.row = self.row(now, agent);
        news.told.clear();
        self.fleet.call(agent, now.round + 1, |callee, [pushes, pulls]| {
            if pulls {
                news.row |= self.row(now, callee);
            }
            if pushes {
                news.told.push(callee);
            }
        });
    }

    fn take(&self, now: &Known, next: &mut Known, agent: u32, news: &Heard) {
        self.add(next, agent, news.row);
        let row = self.row(now, agent);
        news.told.iter().for_each(|callee| self.add(next, *callee, row));
    }

    fn finish(&self, _: &Known, next: &mut Known) {
        if self.fleet.measures(next.round) {
            next.adopters = self.adopters(next.round, self.count(&next.bits));
        }
    }

    fn tour(&self, now: &Known, next: &mut Known, threads: usize) {
        match self.width() {
            1 => self.tour_rows::<1>(now, next, threads),
            2 => self.tour_rows::<2>(now, next, threads),
            4 => self.tour_rows::<4>(now, next, threads),
            8 => self.tour_rows::<8>(now, next, threads),
            16 => self.tour_rows::<16>(now, next, threads),
            _ => self.tour_rows::<32>(now, next, threads),
        }
    }

    fn work(&self, now: &Known) -> RoundRow {
        self.fleet.work(&Snapshot { round: now.round, ..Snapshot::default() })
    }

    fn measure(&self, now: &Known) -> Frame {
        let skills = self.fleet.skills();
        let level = self.fleet.law.level_f32(f32::INFINITY, now.round);
        let of = |agent: u32| {
            let row = self.row(now, agent);
            (0..skills).map(move |skill| if row >> skill & 1 == 1 { level } else { 0.0 })
        };
        let panel: Vec<f32> = self.fleet.panel.iter().flat_map(|agent| of(agent.0)).collect();
        Frame {
            round: now.round,
            core: vec![f32::NAN; panel.len()],
            practised: vec![0; panel.len()],
            adopters: now.adopters.clone(),
            panel,
        }
    }

    fn keep(&self, now: &Known, out: &mut Writer<'_>) {
        out.put(&(now.round, &now.adopters));
        out.put_words(&now.bits);
    }

    fn take_up(&self, from: &mut Reader<'_>) -> Result<Known, StateError> {
        let ((round, adopters), bits) = (from.get()?, from.words()?);
        StateError::unless_same("words of a rumour:", bits.len(), self.room().bits.len())?;
        Ok(Known { round, bits, adopters })
    }

    fn digest(&self, now: &Known, feed: &mut dyn FnMut(&[u8])) {
        feed(bytemuck::cast_slice(&now.bits));
    }
}

impl Rumour {
    /// A round, with rows of `B` bits.
    fn tour_rows<const B: usize>(&self, now: &Known, next: &mut Known, threads: usize) {
        let fleet = &self.fleet;
        let Some(graph) = &fleet.graph else { return };
        let agents = self.agents() as usize;
        next.round = now.round + 1;
        let Shares { share, bits, stretches } = Shares::new(agents, (32 / B, 1), threads);
        let mut outboxes = fleet.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        outboxes.resize_with(agents.div_ceil(share), Outbox::default);
        let rows = next.bits.chunks_mut(share * B / 32).zip(outboxes.iter_mut()).enumerate();
        parallel_chunks(threads, rows.collect(), |(i, (rows, outbox))| {
            outbox.open(stretches);
            let first = i * share;
            let agents = share.min(agents - first);
            for contact in 0..fleet.gossip.contacts {
                if fleet.halt.is_set() {
                    return;
                }
                let (key, direction) = (fleet.calls(contact, next.round), fleet.gossip.direction);
                let (now, rows, outbox, fresh) =
                    (&now.bits, &mut *rows, &mut *outbox, contact == 0);
                let calls = Calls::<B> {
                    graph,
                    key,
                    direction,
                    now,
                    first,
                    agents,
                    fresh,
                    rows,
                    outbox,
                    bits,
                };
                run_around(calls);
            }
        });
        let outboxes = &*outboxes;
        let measured = fleet.measures(next.round);
        let rows = next.bits.chunks_mut((1 << bits) * B / 32).enumerate();
        let counts = parallel_chunks(threads, rows.collect(), |(stretch, rows)| {
            let first = stretch << bits;
            for outbox in outboxes {
                for letter in outbox.to(stretch) {
                    let (callee, caller) = ((letter >> 32) as usize, *letter as u32 as usize);
                    let (word, shift) = place(callee - first, B);
                    rows[word] |= row(&now.bits, caller, B) << shift;
                }
            }
            if measured { self.count(rows) } else { Vec::new() }
        });
        let mut know = vec![0; if measured { fleet.skills() } else { 0 }];
        for counts in counts {
            know.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        }
        next.adopters = self.adopters(next.round, know);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::halt::Halt;
    use crate::scenario::{Learner, Scenario, World};

    fn fleet(sets: &str) -> Practice {
        let text = "[learner]\nkind = \"practice\"\nteachers = 7\n[fleet]\nagents = 20001\n\
                    tasks = 0\n[world]\ncompanies = 1\n[distiller]\ntopology = \"gossip\"\n";
        let sets: Vec<String> = sets.split_whitespace().map(str::to_owned).collect();
        let scenario = Scenario::parse(text, "rumour", &sets).unwrap_or_else(|e| panic!("{e}"));
        let (Learner::Practice(spec), World::MixedEffects(world)) =
            (&scenario.learner, &scenario.world)
        else {
            panic!("a fleet that practises")
        };
        let (topology, panel) = (scenario.distiller.topology, Vec::new());
        let fleet = Practice::new(&scenario, (world, spec), topology, panel, Halt::default());
        fleet.unwrap_or_else(|e| panic!("{e}"))
    }

    /// Both ways do the same: the numbers, which know nothing of this one, and the bits.
    #[test]
    fn the_bits_of_a_rumour_are_the_numbers_of_those_who_know() {
        for sets in [
            "world.skills=1",
            "world.skills=3 learner.forgetting=0.2",
            "world.skills=12 distiller.gossip.direction=push",
            "world.skills=32 distiller.gossip.direction=pull distiller.gossip.contacts=2",
        ] {
            let numbers = fleet(sets);
            let Ok(bits) = Rumour::of(Box::new(fleet(sets))) else { panic!("a rumour: {sets}") };
            let (mut now, mut next) = (numbers.first(), numbers.room());
            let (mut known, mut heard) = (bits.first(), bits.room());
            for threads in [1, 2, 3, 1, 2] {
                numbers.tour(&now, &mut next, threads);
                bits.tour(&known, &mut heard, threads);
                (now, next, known, heard) = (next, now, heard, known);
                assert_eq!(now.adopters, known.adopters, "{sets}");
            }
            for agent in 0..20001 {
                for skill in 0..numbers.skills() {
                    let (n, _) = numbers.rule().memory(now.known.row(agent as usize), skill);
                    let knows = bits.row(&known, agent) >> skill & 1 == 1;
                    let want = if knows { f32::INFINITY.to_bits() } else { 0 };
                    assert_eq!(n, want, "{sets}: {agent} {skill}");
                }
            }
            assert!(known.adopters[0] > 7, "{sets}");
        }
    }

    #[test]
    fn fleets_that_practise_or_know_too_much_are_numbers() {
        for sets in [
            "fleet.tasks=1",
            "world.skills=33",
            "fleet.tasks=1 distiller.topology=star learner.teachers=0",
        ] {
            assert!(Rumour::of(Box::new(fleet(sets))).is_err(), "{sets}");
        }
    }
}
