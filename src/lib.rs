//! hivesim
pub mod ids;
pub mod measure;
pub mod report;
pub mod scenario;
