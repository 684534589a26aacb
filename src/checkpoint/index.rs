//! Where a checkpoint's files are: found in a folder, or named by an index as Hugging Face
//! writes it, `{"metadata": {..}, "weight_map": {"<tensor>": "<file>", ..}}`.

use super::CheckpointError;
use super::header::HEADER_BYTES_MAX;
use crate::json::Unique;
use crate::text::legible;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What follows a checkpoint's name in the name of its file.
pub(super) const FILE: &str = ".safetensors";
/// What follows a checkpoint's name in the name of its index.
pub(super) const INDEX: &str = ".safetensors.index.json";

/// What a path leads to.
pub(super) enum Found {
    File(PathBuf),
    Index(PathBuf),
}

/// The file or the index that `path` is, or that the folder `path` holds.
pub(super) fn locate(path: &Path) -> Result<Found, CheckpointError> {
    if path.is_dir() {
        return within(path);
    }
    if !path.exists() {
        return Err(CheckpointError::missing(path, "there is no such file or folder"));
    }
    match path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
        true => Ok(Found::Index(path.into())),
        false => Ok(Found::File(path.into())),
    }
}

fn within(folder: &Path) -> Result<Found, CheckpointError> {
    let usual = folder.join(format!("model{INDEX}"));
    if usual.is_file() {
        return Ok(Found::Index(usual));
    }
    let io = |e| CheckpointError::io("list", folder, e);
    let (mut indices, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(INDEX) && path.is_file() {
            indices.push(path);
        } else if name.ends_with(FILE) && path.is_file() {
            files.push(path);
        }
    }
    indices.sort();
    files.sort();
    let several = |what: &str, paths: &[PathBuf]| {
        let names: Vec<_> =
            paths.iter().filter_map(|p| Some(legible(&p.file_name()?.to_string_lossy()))).collect();
        let shown = names.len().min(4);
        let more = if names.len() > shown { ", …" } else { "" };
        let expected = format!(
            "it holds {} {what} (`{}`{more}): name the one that is meant",
            names.len(),
            names[..shown].join("`, `")
        );
        Err(CheckpointError::missing(folder, expected))
    };
    match (indices.len(), files.len()) {
        (1, _) => Ok(Found::Index(indices.remove(0))),
        (0, 1) => Ok(Found::File(files.remove(0))),
        (0, 0) => Err(CheckpointError::missing(
            folder,
            "a checkpoint is a .safetensors file, a .safetensors.index.json file with its shards, \
             or a folder with one of these",
        )),
        (0, _) => several("safetensors files and no index", &files),
        (_, _) => several("indices", &indices),
    }
}

/// The shards of an index, in the order of their names, with the tensors that each has to hold.
pub(super) fn shards(path: &Path) -> Result<BTreeMap<PathBuf, BTreeSet<String>>, CheckpointError> {
    let io = |e| CheckpointError::io("read", path, e);
    let malformed = |what: String| Err(CheckpointError::malformed(path, what));
    let metadata = fs::metadata(path).map_err(io)?;
    if !metadata.is_file() {
        return malformed("it is not a regular file".into());
    }
    if metadata.len() > HEADER_BYTES_MAX as u64 {
        return malformed(format!(
            "it is {} bytes long, {HEADER_BYTES_MAX} are allowed of an index",
            metadata.len()
        ));
    }
    let text = fs::read(path).map_err(io)?;
    let index: Index = match serde_json::from_slice(&text) {
        Ok(index) => index,
        Err(e) => {
            return malformed(format!(
                "it is not an index of safetensors files: {}",
                legible(&e.to_string())
            ));
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut shards: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for (tensor, file) in index.weight_map.0 {
        if file.is_empty()
            || Path::new(&file).components().any(|c| !matches!(c, Component::Normal(_)))
        {
            return Err(CheckpointError::tensor(
                path,
                &tensor,
                format!("the file `{}`", legible(&file)),
                "the name of a file in the index's folder, which may not be left",
            ));
        }
        shards.entry(folder.join(file)).or_default().insert(tensor);
    }
    match shards.is_empty() {
        true => malformed("its `weight_map` names no file".into()),
        false => Ok(shards),
    }
}

/// Other keys are ignored. So is `metadata.total_size`: in many published checkpoints it counts
/// tensors that were shared in memory and are not in the files.
#[derive(Deserialize)]
struct Index {
    weight_map: Unique<String>,
}
