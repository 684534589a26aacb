//! hivesim
pub mod agent;
pub mod cli;
pub mod distill;
pub mod engine;
pub mod ids;
pub mod learner;
pub mod maths;
pub mod measure;
pub mod merge;
pub mod params;
pub mod scenario;
pub mod stream;
pub mod world;
