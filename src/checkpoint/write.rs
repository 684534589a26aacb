//! A checkpoint as it is written.

use super::shards::{self, Files};
use super::tensor::{Dtype, Tensor};
use super::{CheckpointError, convert};
use crate::disk::{self, File, sync_folder};
use crate::pending::{Pending, folder_of};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes that small tensors are gathered in before they go to the system.
const BUFFER_BYTES: usize = 1 << 18;

/// Elements that are rounded at a time: at 2 bytes each what [`BUFFER_BYTES`] holds, so that
/// they bypass the buffer.
const ELEMENTS: usize = BUFFER_BYTES / 2;

/// Writes a checkpoint tensor by tensor, in the order of its plan.
///
/// It is there whole or not at all: everything is written under temporary names, which
/// [`finish`](Self::finish) replaces when all of it is on the disk. Dropping the writer before
/// that, as any error's way out does, takes the temporary files away and leaves what was there.
/// After an error nothing more can be written.
///
/// Memory: a buffer of 512 KiB at most, and the headers.
pub struct Writer {
    path: PathBuf,
    plan: Vec<Tensor>,
    files: Files,
    /// The tensor to come, as a position in `plan`.
    next: usize,
    /// The file that it goes into; none when all are complete.
    open: Option<BufWriter<File>>,
    pending: Vec<Pending>,
    rounded: Vec<u8>,
    bytes: u64,
    broken: bool,
}

impl Writer {
    /// Begins a checkpoint at `path`, whose name has to end in `.safetensors`.
    ///
    /// `plan` has the names, shapes and types of all tensors, in the order in which they will be
    /// written; `metadata` goes into the header of every file (the transformers library wants
    /// `format` to be `pt` in it). With `shard_bytes`, shards of at most so many bytes of values
    /// are written instead, unless a single tensor is larger: `<name>-00001-of-0000N.safetensors`
    /// and so on, beside an index `<name>.safetensors.index.json`. If one shard is enough, it is
    /// one file at `path` as if `shard_bytes` were not given. Tensors are aligned in the file
    /// where those before them are multiples of their element's size: larger types first.
    ///
    /// # Errors
    /// A name that does not fit; a plan with a name twice, or a shape that is too large; `path`
    /// is there as one file and shards are to be written, or the other way round; the file
    /// system's refusals.
    pub fn create(
        path: &Path,
        plan: Vec<Tensor>,
        metadata: BTreeMap<String, String>,
        shard_bytes: Option<u64>,
    ) -> Result<Self, CheckpointError> {
        if path.is_dir() {
            return Err(CheckpointError::refused(path, "it is a folder: name a file in it"));
        }
        let files = shards::divide(path, &plan, &metadata, shard_bytes)?;
        let mut writer = Writer {
            path: path.into(),
            plan,
            files,
            next: 0,
            open: None,
            pending: Vec::new(),
            rounded: Vec::new(),
            bytes: 0,
            broken: false,
        };
        writer.open_shard()?;
        Ok(writer)
    }

    /// The files that [`finish`](Self::finish) puts in their places, or replaces.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let index = self.files.index.as_ref().map(|(path, _)| path.as_path());
        self.files.shards.iter().map(|shard| shard.path.as_path()).chain(index)
    }

    /// Writes the next tensor, of floats, from its values: rounded to its type, to the nearest,
    /// ties to even.
    ///
    /// # Errors
    /// Values that are not as many as planned; one that is NaN, infinite, or would round to
    /// infinity in the tensor's type; a tensor that is no float; the file system's refusals.
    pub fn write(&mut self, values: &[f32]) -> Result<(), CheckpointError> {
        self.attempt(|writer| {
            let tensor = writer.upcoming()?;
            let (dtype, len) = (tensor.dtype, tensor.len());
            if !dtype.is_float() {
                return Err(writer.fault("values of floats", format!("the bytes of {dtype}")));
            }
            if values.len() != len {
                return Err(writer.fault(format!("{} values", values.len()), format!("{len}")));
            }
            for (i, piece) in values.chunks(ELEMENTS).enumerate() {
                writer.put(dtype, piece, i * ELEMENTS)?;
            }
            writer.advance()
        })
    }

    /// Writes the next tensor, of any type, from its bytes, little-endian, as they are.
    ///
    /// # Errors
    /// Bytes that are not as many as planned; the file system's refusals.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        self.attempt(|writer| {
            let tensor = writer.upcoming()?;
            // Whole bytes and no overflow: the plan was checked.
            let expected = tensor.len() * tensor.dtype.bits() / 8;
            if bytes.len() != expected {
                return Err(writer.fault(format!("{} bytes", bytes.len()), format!("{expected}")));
            }
            writer.send(bytes)?;
            writer.advance()
        })
    }

    /// Puts the checkpoint in its place when all tensors are written: files are flushed to the
    /// disk, renamed, the index last, and their folder flushed. Gives the bytes of all files.
    ///
    /// A single file replaces an earlier one in one step. Shards do not: the earlier index goes
    /// first, so that no moment has an index with shards that are not its own.
    ///
    /// # Errors
    /// Tensors that were not written; an error before; the file system's refusals.
    pub fn finish(mut self) -> Result<u64, CheckpointError> {
        self.usable()?;
        if let Some(tensor) = self.plan.get(self.next) {
            let what = format!(
                "{} of {} tensors were not written, the first of them `{}`",
                self.plan.len() - self.next,
                self.plan.len(),
                tensor.name
            );
            return Err(CheckpointError::refused(&self.path, what));
        }
        self.close_shard()?;
        if let Some((path, content)) = &self.files.index {
            let (pending, mut file) = create(path)?;
            self.pending.push(pending);
            file.write_all(content).map_err(|e| CheckpointError::io("write", path, e))?;
            file.sync_all().map_err(|e| CheckpointError::io("flush to disk", path, e))?;
            self.bytes += content.len() as u64;
            match disk::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(CheckpointError::io("replace", path, e));
                }
                Err(_) => {}
                Ok(()) => sync_folder_of(path)?,
            }
        }
        self.pending.iter_mut().try_for_each(rename)?;
        self.pending.iter_mut().for_each(Pending::keep);
        sync_folder_of(&self.path)?;
        Ok(self.bytes)
    }

    /// A tensor that failed half-way cannot be taken back out of its file.
    fn attempt(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        self.usable()?;
        self.broken = true;
        step(self)?;
        self.broken = false;
        Ok(())
    }

    fn usable(&self) -> Result<(), CheckpointError> {
        match self.broken {
            true => Err(CheckpointError::refused(&self.path, "an earlier tensor failed")),
            false => Ok(()),
        }
    }

    fn upcoming(&self) -> Result<&Tensor, CheckpointError> {
        self.plan.get(self.next).ok_or_else(|| {
            let planned = self.plan.len();
            CheckpointError::refused(&self.path, format!("more tensors than the {planned} planned"))
        })
    }

    /// An error about the tensor to come.
    fn fault(&self, found: impl Into<String>, expected: impl Into<String>) -> CheckpointError {
        CheckpointError::tensor(&self.path, &self.plan[self.next].name, found, expected)
    }

    /// Values of a tensor from its element `first` on.
    fn put(&mut self, dtype: Dtype, values: &[f32], first: usize) -> Result<(), CheckpointError> {
        let refuse = |writer: &Self, i: usize| {
            let found = format!("{} as element {}", values[i], first + i);
            writer.fault(found, format!("finite numbers in the range of {dtype}"))
        };
        if dtype == Dtype::F32 && cfg!(target_endian = "little") {
            return match convert::first_beyond(values, dtype) {
                Some(i) => Err(refuse(self, i)),
                None => self.send(bytemuck::cast_slice(values)),
            };
        }
        let mut rounded = std::mem::take(&mut self.rounded);
        convert::narrow(dtype, values, &mut rounded).map_err(|i| refuse(self, i))?;
        self.send(&rounded)?;
        self.rounded = rounded;
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let file = self.open.as_mut().expect("a file is open while a tensor is to come");
        file.write_all(bytes).map_err(|e| CheckpointError::io("write", &self.path, e))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// On to the next tensor, and to its file.
    fn advance(&mut self) -> Result<(), CheckpointError> {
        self.next += 1;
        let shard = &self.files.shards[self.pending.len() - 1];
        if self.next < shard.tensors.end {
            return Ok(());
        }
        self.close_shard()?;
        match self.next < self.plan.len() {
            true => self.open_shard(),
            false => Ok(()),
        }
    }

    fn open_shard(&mut self) -> Result<(), CheckpointError> {
        let shard = &mut self.files.shards[self.pending.len()];
        let header = std::mem::take(&mut shard.header);
        let (pending, file) = create(&shard.path)?;
        self.pending.push(pending);
        self.open = Some(BufWriter::with_capacity(BUFFER_BYTES, file));
        self.send(&header)
    }

    fn close_shard(&mut self) -> Result<(), CheckpointError> {
        let Some(file) = self.open.take() else {
            return Ok(());
        };
        let file = file
            .into_inner()
            .map_err(|e| CheckpointError::io("write", &self.path, e.into_error()))?;
        file.sync_all().map_err(|e| CheckpointError::io("flush to disk", &self.path, e))
    }
}

fn create(path: &Path) -> Result<(Pending, File), CheckpointError> {
    Pending::create(path).map_err(|e| CheckpointError::io("create", path, e))
}

fn rename(pending: &mut Pending) -> Result<(), CheckpointError> {
    pending.rename().map_err(|e| CheckpointError::io("replace", pending.path(), e))
}

fn sync_folder_of(path: &Path) -> Result<(), CheckpointError> {
    let folder = folder_of(path);
    sync_folder(folder).map_err(|e| CheckpointError::io("flush to disk", folder, e))
}
