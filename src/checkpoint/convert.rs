//! Floats of all widths to single precision and back, rounding to nearest, ties to even.
//!
//! Bytes of files are little-endian and need not be aligned, so a piece at a time goes through
//! memory that is: a copy within the first-level cache, which costs less than telling the cases
//! apart would save. Cost: 4 to 6 bytes of traffic an element, and no branch but one a piece.

use super::tensor::Dtype;
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

/// Elements of a piece: 16 KiB of singles and what they are made of fit the first-level cache.
const PIECE: usize = 4096;

/// The smallest magnitude that a type cannot hold, as the bits of a single: what would round to
/// infinity. Infinity and NaN themselves lie above all of them.
fn limit(dtype: Dtype) -> u32 {
    match dtype {
        // 65,520, half-way between the largest half and what would be the next.
        Dtype::F16 => 0x477f_f000,
        // Half-way between the largest and 2^128.
        Dtype::Bf16 => 0x7f7f_8000,
        Dtype::F32 | Dtype::F64 | Dtype::Other(_) => f32::INFINITY.to_bits(),
    }
}

/// Position of the first value that is NaN, infinite or would become so in `dtype`.
pub(super) fn first_beyond(values: &[f32], dtype: Dtype) -> Option<usize> {
    let limit = limit(dtype);
    // Reaches the sign bit just for those at the limit and above: an addition and an `or` an
    // element, which any instruction set has for whole vectors.
    let lift = (1 << 31) - limit;
    let magnitude = |value: &f32| value.to_bits() & 0x7fff_ffff;
    let beyond =
        |piece: &[f32]| piece.iter().fold(0, |all, v| all | (magnitude(v) + lift)) >> 31 != 0;
    let (piece, values) = values.chunks(PIECE).enumerate().find(|(_, piece)| beyond(piece))?;
    values.iter().position(|v| magnitude(v) >= limit).map(|i| piece * PIECE + i)
}

/// Turns little-endian floats into singles, as many as `values` holds.
///
/// # Errors
/// Position of the first value that is not a finite single.
///
/// # Panics
/// Where `dtype` is no float.
pub(super) fn widen(dtype: Dtype, bytes: &[u8], values: &mut [f32]) -> Result<(), usize> {
    debug_assert_eq!(bytes.len() * 8, values.len() * dtype.bits());
    let pieces = bytes.chunks(PIECE * dtype.bits() / 8).zip(values.chunks_mut(PIECE));
    for (piece, (from, to)) in pieces.enumerate() {
        match dtype {
            Dtype::F32 => each(from, to, f32::from_le_bytes),
            Dtype::F64 => each(from, to, |b| f64::from_le_bytes(b) as f32),
            Dtype::Bf16 => {
                each(from, to, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))
            }
            Dtype::F16 => {
                let mut bits = [0_u16; PIECE];
                let bits = &mut bits[..to.len()];
                each(from, bits, u16::from_le_bytes);
                bits.reinterpret_cast::<f16>().convert_to_f32_slice(to);
            }
            Dtype::Other(_) => unreachable!("only floats have values"),
        }
        if let Some(i) = first_beyond(to, Dtype::F32) {
            return Err(piece * PIECE + i);
        }
    }
    Ok(())
}

/// Rounds singles to `dtype`, the bytes little-endian; `bytes` holds them alone afterwards.
///
/// # Errors
/// Position of the first value that is not finite, or not in `dtype`.
///
/// # Panics
/// Where `dtype` is no float.
pub(super) fn narrow(dtype: Dtype, values: &[f32], bytes: &mut Vec<u8>) -> Result<(), usize> {
    bytes.resize(values.len() * dtype.bits() / 8, 0);
    let pieces = values.chunks(PIECE).zip(bytes.chunks_mut(PIECE * dtype.bits() / 8));
    for (piece, (from, to)) in pieces.enumerate() {
        if let Some(i) = first_beyond(from, dtype) {
            return Err(piece * PIECE + i);
        }
        match dtype {
            Dtype::F32 => each_back(from, to, |v| v.to_le_bytes()),
            Dtype::F64 => each_back(from, to, |v| f64::from(v).to_le_bytes()),
            Dtype::Bf16 => each_back(from, to, |v| bf16_bits(v).to_le_bytes()),
            Dtype::F16 => {
                let mut bits = [0_u16; PIECE];
                let bits = &mut bits[..from.len()];
                bits.reinterpret_cast_mut::<f16>().convert_from_f32_slice(from);
                each_back(bits, to, |b| b.to_le_bytes());
            }
            Dtype::Other(_) => unreachable!("only floats have values"),
        }
    }
    Ok(())
}

/// Of a finite single: the upper half, plus one where the lower is above its middle, or at it
/// and the upper odd.
fn bf16_bits(value: f32) -> u16 {
    let bits = value.to_bits();
    let odd = (bits >> 16) & 1;
    ((bits + 0x7fff + odd) >> 16) as u16
}

fn each<const N: usize, T>(from: &[u8], to: &mut [T], make: impl Fn([u8; N]) -> T) {
    let (from, _) = from.as_chunks::<N>();
    for (to, &from) in to.iter_mut().zip(from) {
        *to = make(from);
    }
}

fn each_back<const N: usize, T: Copy>(from: &[T], to: &mut [u8], make: impl Fn(T) -> [u8; N]) {
    let (to, _) = to.as_chunks_mut::<N>();
    for (to, &from) in to.iter_mut().zip(from) {
        *to = make(from);
    }
}
