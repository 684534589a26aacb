//! A checkpoint as it is read.

use super::index::{self, Found};
use super::map::Map;
use super::tensor::{Dtype, Tensor};
use super::{CheckpointError, convert, header};
use crate::text::legible;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Elements that are checked and used at a time: what fits the first-level cache.
const PIECE: usize = 4096;

/// A checkpoint that was opened: a `.safetensors` file; a `.safetensors.index.json` file with
/// its shards; or a folder that holds `model.safetensors.index.json`, or just one index, or just
/// one `.safetensors` file.
///
/// Opening reads the headers alone. Values are read through memory maps when they are asked for;
/// they take memory only as the system's file cache, which gives it back when it is needed.
///
/// The files must not be changed in place while the checkpoint is open: values would change
/// under the reader, and touching a part that was cut off ends the process (SIGBUS). Replacing
/// a file by renaming another over it, as [`Writer`](super::Writer) does, changes nothing here.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    index: Option<PathBuf>,
    files: Vec<MappedFile>,
    /// By file, then by place.
    tensors: Vec<Tensor>,
    places: Vec<Place>,
    /// Positions in `tensors`, sorted by name: 8 bytes a tensor for a search in logarithmic time.
    by_name: Vec<usize>,
    metadata: BTreeMap<String, String>,
}

#[derive(Debug)]
struct MappedFile {
    path: PathBuf,
    map: Map,
}

#[derive(Debug)]
struct Place {
    file: usize,
    bytes: Range<usize>,
}

impl Checkpoint {
    /// Opens a checkpoint and checks its headers against its files.
    ///
    /// # Errors
    /// What is missing or malformed, with the file's name: no or several checkpoints in a
    /// folder; a header that is longer than 100 MB, is not JSON, has a name twice, or whose
    /// tensors overlap, leave holes, leave the file or do not fit their shapes; a shard that is
    /// missing, lies outside the index's folder, or holds other tensors than the index says.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let mut checkpoint = Checkpoint {
            path: path.into(),
            index: None,
            files: Vec::new(),
            tensors: Vec::new(),
            places: Vec::new(),
            by_name: Vec::new(),
            metadata: BTreeMap::new(),
        };
        match index::locate(path)? {
            Found::File(file) => checkpoint.add(&file)?,
            Found::Index(index) => {
                for (shard, names) in index::shards(&index)? {
                    if !shard.exists() {
                        let name =
                            legible(&shard.file_name().unwrap_or_default().to_string_lossy());
                        let tensor = names.first().map_or("", |name| name);
                        let found = format!("no file `{name}`");
                        let expected = "all shards that the index names, in its folder";
                        return Err(CheckpointError::tensor(&index, tensor, found, expected));
                    }
                    let first = checkpoint.tensors.len();
                    checkpoint.add(&shard)?;
                    same_names(&index, &shard, &names, &checkpoint.tensors[first..])?;
                }
                checkpoint.index = Some(index);
            }
        }
        checkpoint.by_name = (0..checkpoint.tensors.len()).collect();
        checkpoint.by_name.sort_by_key(|&i| &checkpoint.tensors[i].name);
        Ok(checkpoint)
    }

    fn add(&mut self, path: &Path) -> Result<(), CheckpointError> {
        let map = map(path)?;
        let header = header::parse(&map).map_err(|what| CheckpointError::malformed(path, what))?;
        let file = self.files.len();
        self.tensors.extend(header.tensors);
        self.places.extend(header.places.into_iter().map(|bytes| Place { file, bytes }));
        for (key, value) in header.metadata {
            self.metadata.entry(key).or_insert(value);
        }
        self.files.push(MappedFile { path: path.into(), map });
        Ok(())
    }

    /// What was opened, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All files that are read: the index, if there is one, then the shards by name.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.index.as_deref().into_iter().chain(self.files.iter().map(|file| file.path.as_path()))
    }

    /// The tensors, by file and by place in it.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// Position of the tensor of that name. Cost: logarithmic in the number of tensors.
    pub fn find(&self, name: &str) -> Option<usize> {
        let found = self.by_name.binary_search_by(|&i| self.tensors[i].name.as_str().cmp(name));
        found.ok().map(|i| self.by_name[i])
    }

    /// The file that holds a tensor.
    pub fn file_of(&self, tensor: usize) -> &Path {
        &self.files[self.places[tensor].file].path
    }

    /// The files' free text; where shards differ, the first one's.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The values of a tensor of floats, as many as [`Tensor::len`], all finite.
    ///
    /// Singles that are aligned in the file come straight from its map; all others are converted
    /// into `buffer`, which grows to the tensor's length and is worth keeping for the next one.
    /// Doubles are rounded. Either way every value is looked at once.
    ///
    /// # Errors
    /// A value that is NaN or infinite, or a double beyond the singles' range; a tensor that is
    /// no float.
    ///
    /// # Panics
    /// Where `tensor` is not a position in [`tensors`](Self::tensors).
    pub fn values<'a>(
        &'a self,
        tensor: usize,
        buffer: &'a mut Vec<f32>,
    ) -> Result<&'a [f32], CheckpointError> {
        let Tensor { name, dtype, .. } = &self.tensors[tensor];
        let fault = |found: String, expected: &str| {
            CheckpointError::tensor(self.file_of(tensor), name, found, expected)
        };
        if !dtype.is_float() {
            return Err(fault(format!("values of type {dtype}"), "F32, F16, BF16 or F64"));
        }
        let bytes = self.bytes(tensor);
        if let Some(values) = singles(*dtype, bytes) {
            return match convert::first_beyond(values, Dtype::F32) {
                None => Ok(values),
                Some(i) => Err(fault(format!("{} as element {i}", values[i]), "finite numbers")),
            };
        }
        let len = bytes.len() * 8 / dtype.bits();
        if let Err(e) = buffer.try_reserve_exact(len.saturating_sub(buffer.len())) {
            return Err(fault(format!("{len} values ({e})"), "what fits into memory"));
        }
        // What it held before is overwritten: not clearing it saves a pass over memory.
        buffer.resize(len, 0.0);
        match convert::widen(*dtype, bytes, buffer) {
            Ok(()) => Ok(buffer),
            Err(i) => {
                let double = bytes.as_chunks::<8>().0.get(i).map(|&b| f64::from_le_bytes(b));
                match double.filter(|d| *dtype == Dtype::F64 && d.is_finite()) {
                    Some(d) => Err(fault(
                        format!("{d:e} as element {i}"),
                        "numbers that fit into 32 bits, below 3.4e38",
                    )),
                    None => Err(fault(format!("{} as element {i}", buffer[i]), "finite numbers")),
                }
            }
        }
    }

    /// What a tensor of floats differs by from `base`, which is as long: `values − base`, in
    /// `buffer`. Gives the pages of the tensor's values back.
    ///
    /// # Errors
    /// As of [`values`](Self::values).
    ///
    /// # Panics
    /// Where `tensor` is not a position in [`tensors`](Self::tensors), or the lengths differ.
    pub(super) fn differences<'a>(
        &self,
        tensor: usize,
        base: &[f32],
        buffer: &'a mut Vec<f32>,
    ) -> Result<&'a [f32], CheckpointError> {
        if let Some(values) = singles(self.tensors[tensor].dtype, self.bytes(tensor)) {
            assert_eq!(values.len(), base.len(), "agreed with");
            buffer.clear();
            buffer.reserve_exact(values.len());
            for (values, base) in values.chunks(PIECE).zip(base.chunks(PIECE)) {
                if convert::first_beyond(values, Dtype::F32).is_some() {
                    // says which
                    self.values(tensor, buffer)?;
                }
                buffer.extend(values.iter().zip(base).map(|(value, base)| value - base));
            }
        } else {
            let values = self.values(tensor, buffer)?.len();
            assert_eq!(values, base.len(), "agreed with");
            buffer.iter_mut().zip(base).for_each(|(value, base)| *value -= base);
        }
        self.release(tensor);
        Ok(buffer)
    }

    /// Whether [`values`](Self::values) come straight from the file's map.
    pub(super) fn is_direct(&self, tensor: usize) -> bool {
        singles(self.tensors[tensor].dtype, self.bytes(tensor)).is_some()
    }

    /// Gives the memory of the tensor's pages back to the system, which keeps them in its cache
    /// as long as it likes. They come again when they are touched.
    pub(super) fn release(&self, tensor: usize) {
        let Place { file, bytes } = &self.places[tensor];
        self.files[*file].map.release(bytes.clone());
    }

    /// The bytes of a tensor as they stand in the file, little-endian.
    ///
    /// # Panics
    /// Where `tensor` is not a position in [`tensors`](Self::tensors).
    pub fn bytes(&self, tensor: usize) -> &[u8] {
        let Place { file, bytes } = &self.places[tensor];
        &self.files[*file].map[bytes.clone()]
    }
}

/// Bytes of a file as what they are, where that can be had without a copy.
fn singles(dtype: Dtype, bytes: &[u8]) -> Option<&[f32]> {
    match dtype {
        Dtype::F32 if cfg!(target_endian = "little") => bytemuck::try_cast_slice(bytes).ok(),
        _ => None,
    }
}

fn map(path: &Path) -> Result<Map, CheckpointError> {
    match Map::open(path) {
        Ok(Some(map)) => Ok(map),
        Ok(None) => Err(CheckpointError::malformed(path, "it is not a regular file")),
        Err(e) => Err(CheckpointError::io("read", path, e)),
    }
}

/// Holds a shard to what the index says about it.
fn same_names(
    index: &Path,
    shard: &Path,
    names: &BTreeSet<String>,
    tensors: &[Tensor],
) -> Result<(), CheckpointError> {
    if let Some(tensor) = tensors.iter().find(|tensor| !names.contains(&tensor.name)) {
        let found = "a tensor that the index does not place in this file";
        let expected = format!("those of `{}`", index.display());
        return Err(CheckpointError::tensor(shard, &tensor.name, found, expected));
    }
    let held: BTreeSet<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    match names.iter().find(|name| !held.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let expected = format!("all that `{}` places in it", index.display());
            Err(CheckpointError::tensor(shard, name, "no such tensor in this file", expected))
        }
    }
}
