//! What holds for every strategy, whatever it is brought: orders, scales, shifts, threads,
//! blocks that are absent, attackers, numbers that are none, and what is dropped at random.
//!
//! `kinds` says which laws hold for which strategy; a strategy that is added does not compile
//! before it is there.

#[path = "strategy_properties/absent.rs"]
mod absent;
#[path = "strategy_properties/drops.rs"]
mod drops;
#[path = "strategy_properties/finite.rs"]
mod finite;
#[path = "strategy_properties/fleet.rs"]
mod fleet;
#[path = "strategy_properties/kinds.rs"]
mod kinds;
#[path = "strategy_properties/robust.rs"]
mod robust;
#[path = "strategy_properties/symmetry.rs"]
mod symmetry;
#[path = "strategy_properties/threads.rs"]
mod threads;
