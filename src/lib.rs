//! hivesim
pub mod ids;
pub mod measure;
pub mod record;
pub mod scenario;
pub mod world;
