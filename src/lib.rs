//! hivesim
pub mod ids;
pub mod measure;
pub mod scenario;
