//! hivesim
pub mod agent;
pub mod ids;
pub mod learner;
pub mod maths;
pub mod measure;
pub mod params;
pub mod scenario;
pub mod stream;
pub mod world;
