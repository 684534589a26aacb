//! What a run takes that is too large to be tried: time, memory and bytes of a round, by agents and
//! ranks.
//! Lives here: pilots, which are runs of the same scenario with fewer agents (`pilot`, `scaled`); the
//! laws by which what they took grows (`law`, of `fit`, `rhythm`, `ranks` and `tree`); and the sizes at which
//! to measure (`survey`).
//! May not: start processes, print or write files.
//!
//! ```text
//!  scenario ─► pilots of n, n/2, n/4 agents, on 1 to 4 ranks ─► laws ─► N agents on P ranks
//! ```
//! What an agent costs depends on its learner, its world, the strategy and the machine in ways that no
//! table holds; how that *grows* does not. So the first is measured and the second is known.

mod fit;
mod law;
mod pilot;
mod ranks;
mod rhythm;
mod scaled;
mod survey;
mod tree;

pub use law::{Costs, Hosts, Laws};
pub use pilot::{Lap, Pilot, PilotError, Sample, measure};
pub use survey::{Question, Survey, survey};
