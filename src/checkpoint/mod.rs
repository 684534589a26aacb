//! Checkpoints of models as safetensors files.
//! Lives here: reading them through a memory map, whole or in shards; comparing several; writing
//! one tensor by tensor, whole or not at all; merging them ([`merging`]); manifests of merge
//! vectors.
//! May not: know what tensors mean, or how a strategy is computed.
//!
//! ```
//! use hivesim::checkpoint::{Checkpoint, Dtype, Tensor, Writer};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("model.safetensors");
//! let plan = vec![Tensor::new("bias", [2], Dtype::Bf16), Tensor::new("scale", [], Dtype::F32)];
//! let mut writer = Writer::create(&path, plan, Default::default(), None)?;
//! writer.write(&[0.5, -2.0])?;
//! writer.write(&[3.0])?;
//! writer.finish()?;
//!
//! let checkpoint = Checkpoint::open(&path)?;
//! let bias = checkpoint.find("bias").unwrap();
//! let mut buffer = Vec::new();
//! assert_eq!(checkpoint.values(bias, &mut buffer)?, [0.5, -2.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agree;
mod convert;
mod error;
mod header;
mod index;
pub mod manifest;
mod map;
pub mod merging;
mod read;
mod shards;
mod tensor;
mod write;

pub use agree::agree;
pub use error::CheckpointError;
pub use read::Checkpoint;
pub use tensor::{Dtype, OtherDtype, Tensor};
pub use write::Writer;

#[cfg(test)]
mod tests;
