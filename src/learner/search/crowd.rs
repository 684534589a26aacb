//! What everyone has, found out once for all who look at everyone.

use super::best;
use crate::scenario::{Copying, Publish, Search};
use crate::stream::Stream;
use crate::world::nk::{Landscape, Solution};

/// A summary of a snapshot, from which each agent tells what the others have. Cost: one pass for
/// the best, a sort for the most frequent. The same whatever the order of the agents.
#[derive(Clone, Debug)]
pub struct Crowd {
    best: Solution,
    /// The solutions that most have, by rising bits.
    leaders: Vec<Solution>,
    /// Those that one agent fewer has.
    runners_up: Vec<Solution>,
}

impl Crowd {
    /// The summary that a way of searching asks for; `None` where there is nobody else to look at.
    pub fn of(search: &Search, snapshot: &[Solution]) -> Option<Crowd> {
        let [_, others @ ..] = snapshot else { return None };
        let (leaders, runners_up) = match search.rule {
            _ if others.is_empty() => return None,
            Copying::Conform if !search.picks(others.len() as u32) => fashions(snapshot),
            Copying::Conform | Copying::Best => Default::default(),
        };
        Some(Crowd { best: best(snapshot)?, leaders, runners_up })
    }

    /// The best solution of all. Whoever has it finds nothing better in others.
    pub(super) fn best(&self) -> Solution {
        self.best
    }

    /// The most frequent solution among all but one agent, who has `own`; of several one by lot.
    pub(super) fn fashion(&self, own: Solution, stream: &mut Stream) -> Option<Solution> {
        let mut lot = |n: usize| if n > 1 { stream.below(n as u32) as usize } else { 0 };
        let place = |of: &[Solution]| of.binary_search_by_key(&own.bits, |other| other.bits);
        let leaders = &self.leaders;
        match (place(leaders), leaders.len()) {
            // without its own the only leader is level with those behind it
            (Ok(_), 1) => {
                let (Ok(place) | Err(place)) = place(&self.runners_up);
                let lot = lot(self.runners_up.len() + 1);
                match lot.cmp(&place) {
                    std::cmp::Ordering::Less => self.runners_up.get(lot).copied(),
                    std::cmp::Ordering::Equal => Some(own),
                    std::cmp::Ordering::Greater => self.runners_up.get(lot - 1).copied(),
                }
            }
            (Ok(place), n) => {
                let lot = lot(n - 1);
                leaders.get(lot + usize::from(lot >= place)).copied()
            }
            (Err(_), n) => leaders.get(lot(n)).copied(),
        }
    }
}

impl Search {
    /// The core that a distiller makes of a snapshot; `None` of nobody. The same whatever the order
    /// of the agents.
    pub fn publish(&self, landscape: &Landscape, snapshot: &[Solution]) -> Option<Solution> {
        let first = best(snapshot)?;
        match self.publish {
            Publish::Best => Some(first),
            Publish::MostFrequent => best(&fashions(snapshot).0),
            Publish::Majority => {
                let mut bits = 0;
                for bit in 0..landscape.bits() {
                    let set = snapshot.iter().filter(|one| one.bits >> bit & 1 == 1).count();
                    let value = match (2 * set).cmp(&snapshot.len()) {
                        std::cmp::Ordering::Less => 0,
                        std::cmp::Ordering::Equal => first.bits >> bit & 1,
                        std::cmp::Ordering::Greater => 1,
                    };
                    bits |= value << bit;
                }
                Some(landscape.solution(bits))
            }
        }
    }
}

/// The solutions that most agents have, and those that one fewer has, by rising bits.
fn fashions(snapshot: &[Solution]) -> (Vec<Solution>, Vec<Solution>) {
    let mut sorted = snapshot.to_vec();
    sorted.sort_unstable_by_key(|solution| solution.bits);
    let runs = || sorted.chunk_by(|a, b| a.bits == b.bits);
    let most = runs().map(<[_]>::len).max().unwrap_or(0);
    let of = |n: usize| runs().filter(|run| run.len() == n).map(|run| run[0]).collect();
    (of(most), of(most.wrapping_sub(1)))
}
