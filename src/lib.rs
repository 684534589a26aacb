//! hivesim
pub mod cli;
pub mod ids;
pub mod measure;
pub mod scenario;
