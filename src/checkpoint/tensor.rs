//! What a checkpoint says about a tensor besides its values.

use safetensors::Dtype as Format;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE 754 single precision: 8 bits of exponent, 23 of fraction.
    F32,
    /// IEEE 754 half precision: 5 bits of exponent, 10 of fraction; at most 65,504.
    F16,
    /// The upper half of a single: 8 bits of exponent, 7 of fraction.
    Bf16,
    /// IEEE 754 double precision; read by rounding to single.
    F64,
    /// Anything else. Its bytes can be copied, its values are not looked at.
    Other(OtherDtype),
}

/// A type of elements that is no float of at least 16 bits: integers, booleans, complex numbers,
/// floats of 8 bits and less. Made by [`Dtype::named`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherDtype(Format);

impl Dtype {
    /// The type that safetensors files give this name, like `BF16` or `I64`.
    pub fn named(name: &str) -> Option<Self> {
        let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            name.into_deserializer();
        Format::deserialize(name).ok().map(Dtype::of)
    }

    /// Whether it is one of the floats, whose values can be read and written.
    pub fn is_float(self) -> bool {
        !matches!(self, Dtype::Other(_))
    }

    /// Bits of an element: from 4 to 64.
    pub fn bits(self) -> usize {
        self.format().bitsize()
    }

    pub(super) fn of(format: Format) -> Self {
        match format {
            Format::F32 => Dtype::F32,
            Format::F16 => Dtype::F16,
            Format::BF16 => Dtype::Bf16,
            Format::F64 => Dtype::F64,
            other => Dtype::Other(OtherDtype(other)),
        }
    }

    pub(super) fn format(self) -> Format {
        match self {
            Dtype::F32 => Format::F32,
            Dtype::F16 => Format::F16,
            Dtype::Bf16 => Format::BF16,
            Dtype::F64 => Format::F64,
            Dtype::Other(OtherDtype(other)) => other,
        }
    }
}

/// The name that safetensors files give it.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.format().fmt(f)
    }
}

/// A tensor's name, shape and type; its values are the [`Checkpoint`](super::Checkpoint)'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// The name, unique in a checkpoint.
    pub name: String,
    /// Lengths of the axes, the slowest first. Empty for a scalar; an axis may be 0 long.
    pub shape: Vec<usize>,
    /// The type of the elements.
    pub dtype: Dtype,
}

impl Tensor {
    /// A tensor of that name, shape and type.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, dtype: Dtype) -> Self {
        Tensor { name: name.into(), shape: shape.into(), dtype }
    }

    /// Elements: the product of the shape, 1 for a scalar. `usize::MAX` where it is larger,
    /// which no tensor of a [`Checkpoint`](super::Checkpoint) is.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |product, &axis| product.saturating_mul(axis))
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its values, or why there cannot be such a tensor.
    pub(super) fn bytes(&self) -> Result<usize, &'static str> {
        let product =
            self.shape.iter().try_fold(1, |product: usize, &axis| product.checked_mul(axis));
        let bits = product.and_then(|len| len.checked_mul(self.dtype.bits()));
        match bits {
            None => Err("more elements than memory can hold"),
            Some(bits) if bits % 8 != 0 => Err("not a whole number of bytes"),
            Some(bits) => Ok(bits / 8),
        }
    }
}
