//! The header of a safetensors file: 8 bytes of length, little-endian, then that much JSON that
//! gives each tensor's type, shape and place in the rest of the file
//! (<https://huggingface.co/docs/safetensors>).
//!
//! Read here and not by the `safetensors` crate because that keeps the last of two tensors with
//! one name, and its errors do not say what was found. Whatever passes here passes there.

use super::tensor::{Dtype, Tensor};
use crate::json::{Unique, twice, within};
use crate::text::legible;
use safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// The most bytes that a header or an index may have, as in the reference implementation.
pub(super) const HEADER_BYTES_MAX: usize = 100_000_000;

/// The key beside the tensors' names that holds free text.
const METADATA: &str = "__metadata__";

/// Bytes of the header's length.
const LENGTH: usize = 8;

/// A header that fits its file: the tensors' places follow each other without overlap or hole
/// up to the file's end.
pub(super) struct Header {
    /// In the order of their places.
    pub tensors: Vec<Tensor>,
    /// The bytes of the file that hold each tensor's values.
    pub places: Vec<Range<usize>>,
    pub metadata: BTreeMap<String, String>,
}

/// Reads the header of a file.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn parse(file: &[u8]) -> Result<Header, String> {
    let (text, data) = divide(file)?;
    let text = std::str::from_utf8(text).map_err(|e| {
        format!("its header is not UTF-8 from byte {} on", LENGTH + e.valid_up_to())
    })?;
    let raw: Raw = serde_json::from_str(text)
        .map_err(|e| format!("its header is not in order: {}", legible(&e.to_string())))?;
    place(raw, file.len() - data.len(), data.len())
}

/// The header's text and the data after it.
fn divide(file: &[u8]) -> Result<(&[u8], &[u8]), String> {
    if file.is_empty() {
        return Err("it is empty".into());
    }
    let Some((length, rest)) = file.split_first_chunk::<LENGTH>() else {
        let bytes = file.len();
        return Err(format!("it ends after {bytes} bytes, within the header: is it complete?"));
    };
    let length = u64::from_le_bytes(*length);
    if length > HEADER_BYTES_MAX as u64 {
        return Err(format!(
            "its header would be {length} bytes long, {HEADER_BYTES_MAX} are allowed: is it a \
             safetensors file?"
        ));
    }
    // Fits: it is at most HEADER_BYTES_MAX.
    rest.split_at_checked(length as usize).ok_or_else(|| {
        format!(
            "it ends after {} bytes, within a header of {length} bytes: is it complete?",
            file.len()
        )
    })
}

/// Holds the tensors' places to their shapes, to each other and to the data.
fn place(raw: Raw, start: usize, data: usize) -> Result<Header, String> {
    let Raw { mut tensors, metadata } = raw;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let mut header = Header { tensors: Vec::new(), places: Vec::new(), metadata };
    let mut end = 0;
    for (name, info) in tensors {
        let (from, to) = info.data_offsets;
        let fault = |what: String| Err(format!("tensor `{}`: {what}", legible(&name)));
        if from > end {
            return fault(format!("bytes {end} to {from} of the data before it are no tensor's"));
        }
        if from < end {
            return fault(format!(
                "its data begin at byte {from}, those of the tensor before it end at {end}"
            ));
        }
        if to < from {
            return fault(format!("its data begin at byte {from} and end before, at {to}"));
        }
        let tensor =
            Tensor { name: String::new(), shape: info.shape, dtype: Dtype::of(info.dtype) };
        let kind =
            || format!("{} of shape {}", tensor.dtype, legible(&format!("{:?}", tensor.shape)));
        match tensor.bytes() {
            Err(why) => return fault(format!("{} is {why}", kind())),
            Ok(bytes) if bytes != to - from => {
                let held = to - from;
                return fault(format!(
                    "{} is {bytes} bytes, its data {from} to {to} are {held}",
                    kind()
                ));
            }
            Ok(_) if to > data => {
                return fault(format!(
                    "its data end at byte {to}, those of the file at {data}: is it complete?"
                ));
            }
            Ok(_) => end = to,
        }
        header.places.push(start + from..start + to);
        header.tensors.push(Tensor { name, ..tensor });
    }
    match end < data {
        true => Err(format!("the last {} bytes of it are no tensor's", data - end)),
        false => Ok(header),
    }
}

/// A header as it stands in the file.
struct Raw {
    tensors: Vec<(String, TensorInfo)>,
    metadata: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut tensors: Vec<(String, TensorInfo)> = Vec::new();
        let mut metadata: Option<Option<Unique<String>>> = None;
        while let Some(name) = map.next_key::<String>()? {
            if name != METADATA {
                let info = map.next_value().map_err(|e| within(&name, e))?;
                tensors.push((name, info));
            } else if metadata.is_none() {
                metadata = Some(map.next_value().map_err(|e| within(METADATA, e))?);
            } else {
                return Err(twice(METADATA));
            }
        }
        let mut names = BTreeSet::new();
        if let Some((name, _)) = tensors.iter().find(|(name, _)| !names.insert(name)) {
            return Err(twice(name));
        }
        let metadata = metadata.flatten().map_or_else(BTreeMap::new, |Unique(entries)| entries);
        Ok(Raw { tensors, metadata })
    }
}

/// The header of a file that holds `tensors` in this order, with its length before it. Filled up
/// with spaces to a multiple of 8 bytes, so that the data after it are aligned.
///
/// # Errors
/// Why there cannot be such a file.
pub(super) fn compose(
    tensors: &[Tensor],
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    let mut infos = Vec::with_capacity(tensors.len());
    let mut end = 0_usize;
    for tensor in tensors {
        let fault = |why| format!("tensor `{}`: {why}", legible(&tensor.name));
        if tensor.name == METADATA {
            return Err(fault("the name is kept for the metadata"));
        }
        let from = end;
        let bytes = tensor.bytes().map_err(fault)?;
        end = from.checked_add(bytes).ok_or_else(|| fault("more bytes than a file can have"))?;
        let (dtype, shape) = (tensor.dtype.format(), tensor.shape.clone());
        infos.push((&tensor.name, TensorInfo { dtype, shape, data_offsets: (from, end) }));
    }
    let mut bytes = vec![0; LENGTH];
    serde_json::to_writer(&mut bytes, &Composed { infos, metadata })
        .map_err(|e| format!("its header is no JSON: {e}"))?;
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    let length = bytes.len() - LENGTH;
    if length > HEADER_BYTES_MAX {
        return Err(format!(
            "its header would be {length} bytes long, {HEADER_BYTES_MAX} are allowed"
        ));
    }
    bytes[..LENGTH].copy_from_slice(&(length as u64).to_le_bytes());
    Ok(bytes)
}

struct Composed<'a> {
    infos: Vec<(&'a String, TensorInfo)>,
    metadata: &'a BTreeMap<String, String>,
}

impl Serialize for Composed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, self.metadata)?;
        }
        for (name, info) in &self.infos {
            map.serialize_entry(name, info)?;
        }
        map.end()
    }
}
