//! How numbers are made small: fewer of them, fewer digits, and bytes for the big tables.

use serde_json::{Number, Value};

/// Indices of at most `most` of `count` things, evenly spaced, first and last among them.
pub(super) fn evenly(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    if most < 2 {
        return (0..most).collect();
    }
    (0..most).map(|i| (i * (count - 1) + (most - 1) / 2) / (most - 1)).collect()
}

/// `x` with four significant digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// A JSON number of four significant digits; null for NaN and infinities.
pub(crate) fn number(x: f64) -> Value {
    if !x.is_finite() {
        return Value::Null;
    }
    let r = rounded(x);
    if r.fract() == 0.0 && r.abs() < 9e15 {
        return Value::Number(Number::from(r as i64));
    }
    Number::from_f64(r).map_or(Value::Null, Value::Number)
}

/// The value with its numbers shortened: floats to four digits, counts as they are up to
/// a million and to four digits above.
pub(super) fn shortened(value: Value) -> Value {
    match value {
        Value::Number(n) => match n.as_u64() {
            Some(whole) if whole < 1_000_000 => Value::Number(n),
            _ => number(n.as_f64().unwrap_or(f64::NAN)),
        },
        other => other,
    }
}

/// Stands for "no number" in packed tables.
const NONE: i16 = i16::MIN;

/// Levels as thousandths in little-endian 16-bit integers, base64: 2.7 bytes a level where
/// decimals would take 6. `i16::MIN` stands for NaN.
pub(super) fn thousandths(levels: impl Iterator<Item = f64>) -> String {
    integers(levels.map(|x| {
        if x.is_finite() {
            (x * 1000.0).round().clamp(f64::from(NONE) + 1.0, f64::from(i16::MAX)) as i16
        } else {
            NONE
        }
    }))
}

/// 16-bit integers, little-endian, base64.
pub(super) fn integers(numbers: impl Iterator<Item = i16>) -> String {
    base64(&numbers.flat_map(i16::to_le_bytes).collect::<Vec<u8>>())
}

/// Base64 with padding (RFC 4648).
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |w, &b| w << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(DIGITS[(word >> (18 - 6 * i) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends_and_never_repeats() {
        for count in 1..300 {
            for most in 2..70 {
                let kept = evenly(count, most);
                assert_eq!(kept.len(), count.min(most));
                assert_eq!((kept[0], kept[kept.len() - 1]), (0, count - 1));
                assert!(kept.windows(2).all(|w| w[0] < w[1]), "{count} to {most}: {kept:?}");
            }
        }
    }

    #[test]
    fn base64_gives_the_published_answers() {
        // RFC 4648, section 10.
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn numbers_keep_four_digits_and_lose_nan() {
        assert_eq!(number(0.123_456).to_string(), "0.1235");
        assert_eq!(number(123_456.0).to_string(), "123500");
        assert_eq!(number(f64::NAN), Value::Null);
        assert_eq!(shortened(Value::from(31_337u64)).to_string(), "31337");
        assert_eq!(shortened(Value::from(123_456_789u64)).to_string(), "123500000");
    }
}
