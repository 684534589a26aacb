//! How a checkpoint that is written divides into files.

use super::index::{FILE, INDEX};
use super::{CheckpointError, Tensor, header};
use crate::text::legible;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The files that a plan makes.
pub(super) struct Files {
    pub shards: Vec<Shard>,
    /// Path and content of the index, where there are several shards.
    pub index: Option<(PathBuf, Vec<u8>)>,
}

/// A file and the tensors that go into it.
pub(super) struct Shard {
    pub path: PathBuf,
    /// Positions in the plan.
    pub tensors: Range<usize>,
    pub header: Vec<u8>,
}

/// Divides `plan` into files of at most `bytes_max` bytes of values each, as Hugging Face does:
/// tensors stay in order, one that is larger by itself gets a file of its own, and what fits
/// into a single file is written as one, without an index.
pub(super) fn divide(
    path: &Path,
    plan: &[Tensor],
    metadata: &BTreeMap<String, String>,
    bytes_max: Option<u64>,
) -> Result<Files, CheckpointError> {
    let refused = |what: String| CheckpointError::refused(path, what);
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(stem) = name.and_then(|name| name.strip_suffix(FILE)).filter(|s| !s.is_empty()) else {
        return Err(refused(format!("the name of a checkpoint ends in `{FILE}`")));
    };
    let mut names = BTreeSet::new();
    if let Some(tensor) = plan.iter().find(|tensor| !names.insert(&tensor.name)) {
        return Err(refused(format!("tensor `{}` is planned twice", legible(&tensor.name))));
    }
    let index_path = path.with_file_name(format!("{stem}{INDEX}"));
    let ranges = ranges(plan, bytes_max.unwrap_or(u64::MAX));
    let single = ranges.len() == 1;
    let rival = if single { &index_path } else { path };
    if rival.exists() {
        return Err(refused(format!(
            "`{}` is there, and readers could take it for this checkpoint: move it away, or name \
             another file",
            rival.display()
        )));
    }
    let shard_name = |i: usize| format!("{stem}-{:05}-of-{:05}{FILE}", i + 1, ranges.len());
    let mut shards = Vec::with_capacity(ranges.len());
    for (i, tensors) in ranges.iter().enumerate() {
        let header = header::compose(&plan[tensors.clone()], metadata).map_err(refused)?;
        let path = if single { path.into() } else { path.with_file_name(shard_name(i)) };
        shards.push(Shard { path, tensors: tensors.clone(), header });
    }
    if single {
        return Ok(Files { shards, index: None });
    }
    let mut weight_map = BTreeMap::new();
    for (i, tensors) in ranges.iter().enumerate() {
        weight_map.extend(plan[tensors.clone()].iter().map(|t| (t.name.as_str(), shard_name(i))));
    }
    let total_size: u64 = plan.iter().map(bytes).sum();
    let index = serde_json::json!({
        "metadata": { "total_size": total_size },
        "weight_map": weight_map,
    });
    Ok(Files { shards, index: Some((index_path, format!("{index:#}\n").into_bytes())) })
}

/// At least one, of which only the single one of an empty plan is empty.
fn ranges(plan: &[Tensor], bytes_max: u64) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut held) = (Vec::new(), 0, 0_u64);
    for (i, tensor) in plan.iter().enumerate() {
        let bytes = bytes(tensor);
        if i > start && held.saturating_add(bytes) > bytes_max {
            ranges.push(start..i);
            (start, held) = (i, 0);
        }
        held = held.saturating_add(bytes);
    }
    ranges.push(start..plan.len());
    ranges
}

/// What cannot be written counts as nothing here: composing its file's header refuses it.
fn bytes(tensor: &Tensor) -> u64 {
    tensor.bytes().map_or(0, |bytes| bytes as u64)
}
