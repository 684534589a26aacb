//! hivesim
pub mod ids;
pub mod maths;
pub mod measure;
pub mod scenario;
pub mod stream;
