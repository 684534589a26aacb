//! The conversions beside the `half` crate's scalar ones, which are slow and obvious.

use crate::checkpoint::Dtype;
use crate::checkpoint::convert::{first_beyond, narrow, widen};
use half::{bf16, f16};
use proptest::prelude::*;

fn widened(dtype: Dtype, bytes: &[u8]) -> Result<Vec<f32>, usize> {
    let mut values = vec![f32::NAN; bytes.len() * 8 / dtype.bits()];
    widen(dtype, bytes, &mut values).map(|()| values)
}

fn narrowed(dtype: Dtype, values: &[f32]) -> Result<Vec<u8>, usize> {
    let mut bytes = vec![0xaa; 3];
    narrow(dtype, values, &mut bytes).map(|()| bytes)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// All patterns of 16 bits that `finite` holds to be a finite number.
fn patterns(finite: impl Fn(u16) -> bool) -> Vec<u16> {
    (0..=u16::MAX).filter(|&b| finite(b)).collect()
}

fn little_endian(patterns: &[u16]) -> Vec<u8> {
    patterns.iter().flat_map(|b| b.to_le_bytes()).collect()
}

#[test]
fn every_finite_half_widens_exactly_and_comes_back() {
    let all = patterns(|b| f16::from_bits(b).is_finite());
    let bytes = little_endian(&all);
    let values = widened(Dtype::F16, &bytes).unwrap();
    let expected: Vec<f32> = all.iter().map(|&b| f16::from_bits(b).to_f32()).collect();
    assert_eq!(bits(&values), bits(&expected));
    assert_eq!(narrowed(Dtype::F16, &values).unwrap(), bytes);
}

#[test]
fn every_finite_brain_float_widens_exactly_and_comes_back() {
    let all = patterns(|b| bf16::from_bits(b).is_finite());
    let bytes = little_endian(&all);
    let values = widened(Dtype::Bf16, &bytes).unwrap();
    let expected: Vec<f32> = all.iter().map(|&b| bf16::from_bits(b).to_f32()).collect();
    assert_eq!(bits(&values), bits(&expected));
    assert_eq!(narrowed(Dtype::Bf16, &values).unwrap(), bytes);
}

#[test]
fn every_infinity_and_nan_of_sixteen_bits_is_found() {
    for bits in patterns(|b| !f16::from_bits(b).is_finite()) {
        assert_eq!(widened(Dtype::F16, &little_endian(&[0, bits, bits])), Err(1), "{bits:#x}");
    }
    for bits in patterns(|b| !bf16::from_bits(b).is_finite()) {
        assert_eq!(widened(Dtype::Bf16, &little_endian(&[0, bits, bits])), Err(1), "{bits:#x}");
    }
}

/// Half-way between each pair of neighbours, and one single-precision step to either side.
#[test]
fn ties_between_all_halves_go_to_even() {
    for low in 0..0x7bff_u16 {
        let (a, b) = (f16::from_bits(low), f16::from_bits(low + 1));
        // Exact: the sum of neighbours has 12 significant bits.
        let middle = (a.to_f32() + b.to_f32()) / 2.0;
        let even = if low % 2 == 0 { low } else { low + 1 };
        let values = [middle.next_down(), middle, middle.next_up(), -middle];
        let expected = little_endian(&[low, even, low + 1, even | 0x8000]);
        assert_eq!(narrowed(Dtype::F16, &values).unwrap(), expected, "above {a}");
    }
}

#[test]
fn ties_between_all_brain_floats_go_to_even() {
    for low in 0..0x7f7f_u16 {
        let middle = f32::from_bits((u32::from(low) << 16) | 0x8000);
        let even = if low % 2 == 0 { low } else { low + 1 };
        let values = [middle.next_down(), middle, middle.next_up(), -middle];
        let expected = little_endian(&[low, even, low + 1, even | 0x8000]);
        assert_eq!(narrowed(Dtype::Bf16, &values).unwrap(), expected, "above {low:#x}");
    }
}

#[test]
fn what_would_round_to_infinity_is_found_and_nothing_below() {
    let largest = [
        (Dtype::F16, 65_520.0_f32),
        (Dtype::Bf16, f32::from_bits(0x7f7f_8000)),
        (Dtype::F32, f32::INFINITY),
        (Dtype::F64, f32::INFINITY),
    ];
    for (dtype, limit) in largest {
        for value in [limit, -limit, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN] {
            assert_eq!(narrowed(dtype, &[1.0, value]), Err(1), "{value} as {dtype}");
        }
        for payload in [0x7f80_0001, 0x7fff_ffff, 0xffff_ffff] {
            assert_eq!(narrowed(dtype, &[f32::from_bits(payload)]), Err(0), "{payload:#x}");
        }
        let below = limit.next_down();
        let back = widened(dtype, &narrowed(dtype, &[below, -below]).unwrap()).unwrap();
        assert!(back[0] > 60_000.0 && back[1] == -back[0], "{back:?} as {dtype}");
    }
}

#[test]
fn doubles_round_to_nearest_and_refuse_what_no_single_holds() {
    let (half_a_step, less) = (0.5 / f64::from(1 << 23), 1.0 / (1_u64 << 50) as f64);
    let tie = 1.0 + half_a_step;
    let doubles = [0.1, tie, tie + less, -0.0, 1e-50, f64::from(f32::MAX)];
    let bytes: Vec<u8> = doubles.iter().flat_map(|d| d.to_le_bytes()).collect();
    let expected = [0.1_f32, 1.0, 1.0_f32.next_up(), -0.0, 0.0, f32::MAX];
    assert_eq!(bits(&widened(Dtype::F64, &bytes).unwrap()), bits(&expected));
    for bad in [1e39, -1e300, f64::NAN, f64::INFINITY] {
        assert_eq!(widened(Dtype::F64, &bad.to_le_bytes()), Err(0), "{bad}");
    }
}

#[test]
fn the_first_of_several_bad_values_is_found_wherever_it_is() {
    for length in [1, 7, 8, 4095, 4096, 4097, 10_000] {
        let mut values = vec![1.5_f32; length];
        assert_eq!(first_beyond(&values, Dtype::F32), None);
        values[length - 1] = f32::NAN;
        assert_eq!(first_beyond(&values, Dtype::F32), Some(length - 1));
        values[length / 2] = f32::NEG_INFINITY;
        assert_eq!(first_beyond(&values, Dtype::F32), Some(length / 2));
        assert_eq!(narrowed(Dtype::Bf16, &values), Err(length / 2));
    }
}

proptest! {
    #[test]
    fn any_single_rounds_as_the_half_crate_rounds_it(patterns in prop::collection::vec(any::<u32>(), 0..40)) {
        let values: Vec<f32> = patterns.into_iter().map(f32::from_bits).collect();
        let halves: Vec<f16> = values.iter().map(|&v| f16::from_f32(v)).collect();
        let brains: Vec<bf16> = values.iter().map(|&v| bf16::from_f32(v)).collect();
        let bad_half = halves.iter().position(|h| !h.is_finite());
        let bad_brain = brains.iter().position(|b| !b.is_finite());
        let halves: Vec<u8> = halves.iter().flat_map(|h| h.to_le_bytes()).collect();
        let brains: Vec<u8> = brains.iter().flat_map(|b| b.to_le_bytes()).collect();
        prop_assert_eq!(narrowed(Dtype::F16, &values), bad_half.map_or(Ok(halves), Err));
        prop_assert_eq!(narrowed(Dtype::Bf16, &values), bad_brain.map_or(Ok(brains), Err));
    }
}
