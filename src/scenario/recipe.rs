//! A recipe: how to merge models in files.

use super::{Combine, Distiller, Pre, Seed, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to merge models in files: which, by what strategy, and where to.
///
/// A path is that of a `.safetensors` file, of a `.safetensors.index.json` file with its shards,
/// or of a folder that holds one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The model that the others were made from. Strategies on task vectors need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub base: Option<String>,
    /// The models to merge.
    #[schemars(length(min = 1, max = 10_000), inner(length(min = 1)))]
    pub models: Vec<String>,
    /// What each model counts, in their order. Absent: all the same.
    #[serde(default)]
    #[schemars(length(max = 10_000), inner(range(min = -1e9, max = 1e9)))]
    pub weights: Vec<f64>,
    /// The file to write, `<name>.safetensors`, or a folder for `model.safetensors` in it.
    #[schemars(length(min = 1))]
    pub output: String,
    /// The type of the floats that are written.
    #[serde(default)]
    pub dtype: OutputType,
    /// Most bytes of values in a file, like "5GB"; with more there are several and an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub shard_size: Option<String>,
    /// The seed of strategies that draw.
    #[serde(default)]
    pub seed: Seed,
    /// What models go through before they are combined, in this order.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub pre: Vec<Pre>,
    /// How models are combined.
    #[serde(default)]
    pub combine: Combine,
    /// What is made of what they moved from the base.
    #[serde(default)]
    pub server: Server,
}

/// The type of the floats that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutputType {
    /// Tensor by tensor that of the base; without a base, that of the first model.
    #[default]
    Same,
    /// Single precision.
    F32,
    /// Half precision; at most 65,504.
    F16,
    /// The upper half of a single.
    Bf16,
}

impl Recipe {
    /// Pre-aggregations, strategy and server's step as a pipeline takes them.
    pub fn distiller(&self) -> Distiller {
        Distiller {
            pre: self.pre.clone(),
            combine: self.combine.clone(),
            server: self.server.clone(),
            ..Distiller::default()
        }
    }

    /// Most bytes of values in a file.
    ///
    /// # Errors
    /// What is wrong with `shard_size`.
    pub fn shard_bytes(&self) -> Result<Option<u64>, String> {
        self.shard_size.as_deref().map(bytes).transpose()
    }
}

/// `5GB`, `500MB`, `2GiB` or a number of bytes. Units are those of Hugging Face's libraries:
/// powers of 1000, and of 1024 with an `i`.
fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 9] = [
        ("", 1),
        ("b", 1),
        ("kb", 1000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
    ];
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let number = number.parse::<f64>().ok();
    let bytes = number.zip(factor).map(|(number, factor)| number * factor as f64);
    match bytes {
        // a float holds whole numbers up to 2^53
        Some(bytes) if (1.0..=9e15).contains(&bytes) => Ok(bytes as u64),
        _ => Err(format!("found {text:?}; wanted a size like \"5GB\", \"500MB\" or \"2GiB\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1000_and_1024() {
        for (text, found) in [
            ("5GB", 5_000_000_000),
            ("500 mb", 500_000_000),
            ("1.5GiB", 3 << 29),
            ("4096", 4096),
            ("7B", 7),
        ] {
            assert_eq!(bytes(text), Ok(found), "{text}");
        }
        for text in ["", "GB", "-5GB", "5GBs", "0", "1e3", "99999999TB", "five"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
