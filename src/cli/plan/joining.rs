//! What it takes of a process's memory to be one of several ranks, seen in one that becomes one.

use super::super::Failure;
use super::super::child::{answer, ask, asked};

/// The hidden command that it is.
const COMMAND: &str = "plan-joining";

/// Bytes of memory; 0 where this build has no MPI, or MPI is not to be had without `mpirun`.
pub(super) fn bytes() -> f64 {
    if cfg!(feature = "mpi") { ask(COMMAND, &()).unwrap_or(0.0) } else { 0.0 }
}

/// Becomes a rank, and prints what that took.
pub(in crate::cli) fn run_joining() -> Result<(), Failure> {
    let () = asked("hivesim plan")?;
    answer(&joined_bytes()?)
}

#[cfg(feature = "mpi")]
fn joined_bytes() -> Result<f64, Failure> {
    let before = crate::process::resident_bytes();
    let _rank = crate::engine::Mpi::enter().map_err(Failure::Failed)?;
    let more = crate::process::resident_bytes() - before;
    // where the system does not tell, it tells of no memory of the run either
    Ok(if more.is_finite() { more.max(0.0) } else { 0.0 })
}

#[cfg(not(feature = "mpi"))]
fn joined_bytes() -> Result<f64, Failure> {
    Ok(0.0)
}
