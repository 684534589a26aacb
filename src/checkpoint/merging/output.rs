//! Where a merged checkpoint goes.

use super::super::{Checkpoint, CheckpointError, Tensor, Writer};
use super::MergingError;
use super::plan::Plan;
use crate::pending::MadeFolder;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A checkpoint that is written as its tensors are merged: whole or not at all.
pub(super) struct Output<'a> {
    writer: Writer,
    plan: &'a Plan,
    /// Where copied tensors come from.
    first: &'a Checkpoint,
    /// The next tensor of the plan.
    next: usize,
    /// Dropped after the writer, whose files are in it.
    folder: Option<MadeFolder>,
}

impl<'a> Output<'a> {
    /// Begins the output at `path`: a file, or `model.safetensors` in a folder that is there or
    /// whose name ends with a slash.
    ///
    /// # Errors
    /// Where it is one of the inputs' files, or cannot be written.
    pub fn create(
        path: &Path,
        plan: &'a Plan,
        inputs: &[&'a Checkpoint],
        shard_bytes: Option<u64>,
    ) -> Result<Self, MergingError> {
        let slash = path.to_string_lossy().ends_with(std::path::is_separator);
        let folder = match slash && !path.is_dir() {
            true => {
                let folder = MadeFolder::create(path);
                let made = folder.map_err(|e| CheckpointError::io("create the folder", path, e));
                Some(made.map_err(MergingError::Output)?)
            }
            false => None,
        };
        let file = if path.is_dir() { path.join("model.safetensors") } else { path.into() };
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
            return Err(MergingError::Refused(format!(
                "the output `{}` is in no folder: `{}` is not there, or is none; make it, or end \
                 the output with a slash to have a folder made for it",
                file.display(),
                parent.display()
            )));
        }
        let tensors: Vec<Tensor> = plan.tensors.iter().map(|p| p.tensor.clone()).collect();
        let writer = Writer::create(&file, tensors, metadata(inputs), shard_bytes);
        let writer = writer.map_err(|error| match error {
            CheckpointError::Refused { .. } => MergingError::Refused(error.to_string()),
            error => MergingError::Output(error),
        })?;
        for input in inputs {
            for (theirs, ours) in
                input.files().flat_map(|theirs| writer.files().map(move |ours| (theirs, ours)))
            {
                if is_same(theirs, ours) {
                    return Err(MergingError::Refused(format!(
                        "the output `{}` is also an input (`{}`); name another file",
                        ours.display(),
                        theirs.display()
                    )));
                }
            }
        }
        Ok(Output { writer, plan, first: inputs[0], next: 0, folder })
    }

    /// The files that it will be.
    pub fn files(&self) -> Vec<PathBuf> {
        self.writer.files().map(Path::to_path_buf).collect()
    }

    /// Takes a merged segment; segments come in order.
    pub fn put(&mut self, segment: usize, values: &[f32]) -> Result<(), CheckpointError> {
        self.copy_to(self.plan.position(segment))?;
        self.next += 1;
        self.writer.write(values)
    }

    /// Copies the tensors before position `end` of the plan.
    fn copy_to(&mut self, end: usize) -> Result<(), CheckpointError> {
        for planned in &self.plan.tensors[self.next..end] {
            self.writer.write_bytes(self.first.bytes(planned.places[0]))?;
        }
        self.next = end;
        Ok(())
    }

    /// Writes what is left and puts all in its place; gives the bytes of all files.
    pub fn finish(mut self) -> Result<u64, CheckpointError> {
        self.copy_to(self.plan.tensors.len())?;
        let bytes = self.writer.finish()?;
        if let Some(folder) = self.folder {
            folder.keep();
        }
        Ok(bytes)
    }
}

/// What the headers say that no input contradicts: `format`, for one, which the transformers
/// library wants to be `pt`.
fn metadata(inputs: &[&Checkpoint]) -> BTreeMap<String, String> {
    let all = inputs.iter().flat_map(|input| input.metadata());
    let agreed = |(key, value): &(&String, &String)| {
        inputs.iter().all(|input| input.metadata().get(*key).is_none_or(|other| other == *value))
    };
    all.filter(agreed).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether two paths lead to one file, through links of any kind. What is not there is nothing's
/// same.
fn is_same(a: &Path, b: &Path) -> bool {
    if let (Ok(a), Ok(b)) = (fs::canonicalize(a), fs::canonicalize(b))
        && a == b
    {
        return true;
    }
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
        use std::os::unix::fs::MetadataExt as _;
        return (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    false
}
