//! Ranks that are processes, over MPI.

use super::Link;
use mpi::point_to_point::{Destination as _, Source as _};
use mpi::request::WaitGuard;
use mpi::topology::{Communicator as _, SimpleCommunicator};
use mpi::{Threading, environment::Universe};
use std::fmt;

/// Bytes of the longest piece that MPI is given: it counts in 32 bits.
const PIECE: usize = 1 << 28;

/// This process among those that MPI started; it leaves MPI when it is dropped. Started without
/// `mpirun` it is the only one.
pub struct Mpi {
    universe: Universe,
    rank: usize,
    ranks: usize,
    beside: usize,
}

impl fmt::Debug for Mpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {} over MPI", self.rank, self.ranks)
    }
}

impl Mpi {
    /// Enters MPI; from here on a panic in any thread ends all ranks, after it has said what it is.
    ///
    /// # Errors
    /// Where this process has entered it before, or MPI lets no process have threads.
    pub fn enter() -> Result<Mpi, String> {
        let entered = mpi::initialize_with_threading(Threading::Serialized);
        let Some((universe, threading)) = entered else {
            return Err("a process enters MPI once, and this one has before".into());
        };
        if threading < Threading::Funneled {
            return Err(
                "this MPI allows a process no threads of its own; build it with them".into()
            );
        }
        let world = universe.world();
        let (rank, ranks) = (world.rank() as usize, world.size() as usize);
        let beside = world.split_shared(world.rank()).size() as usize;
        let say = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            say(panic);
            eprintln!("rank {rank} of {ranks} cannot go on, and ends the run");
            SimpleCommunicator::world().abort(1)
        }));
        Ok(Mpi { universe, rank, ranks, beside })
    }
}

impl Link for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn ranks(&self) -> usize {
        self.ranks
    }

    fn beside(&self) -> usize {
        self.beside
    }

    fn send(&self, to: usize, message: &[u8]) {
        let process = self.universe.world();
        let process = process.process_at_rank(to as i32);
        pieces(message).for_each(|piece| process.send(piece));
    }

    fn receive(&self, from: usize) -> Vec<u8> {
        let process = self.universe.world();
        let process = process.process_at_rank(from as i32);
        let (mut message, _) = process.receive_vec::<u8>();
        let mut last = message.len();
        while last == PIECE {
            let (mut piece, _) = process.receive_vec::<u8>();
            last = piece.len();
            message.append(&mut piece);
        }
        message
    }

    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8> {
        let process = self.universe.world();
        let process = process.process_at_rank(to as i32);
        mpi::request::scope(|scope| {
            // waited for when they are dropped
            let _sent: Vec<_> = pieces(message)
                .map(|piece| WaitGuard::from(process.immediate_send(scope, piece)))
                .collect();
            self.receive(from)
        })
    }
}

/// A message in pieces, of which the last alone is shorter than the others: empty, if need be.
fn pieces(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = message.len() / PIECE;
    (0..=whole).map(move |i| &message[i * PIECE..message.len().min((i + 1) * PIECE)])
}
