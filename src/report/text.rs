//! How numbers read in captions and tiles.

/// Between a number and its unit: a space at which no line breaks.
const GAP: char = '\u{a0}';

/// A level or another number around 1, with two decimals.
pub(super) fn level(x: f64) -> String {
    if !x.is_finite() {
        return "not measured".into();
    }
    // No "-0.00": a level of chance is zero whichever side it falls on.
    let text = format!("{x:.2}");
    if text == "-0.00" { "0.00".into() } else { text }
}

/// How far a level is above another, as both are shown: who takes one from the other gets it.
pub(super) fn above(a: f64, b: f64) -> f64 {
    let shown = |x: f64| level(x).parse().unwrap_or(f64::NAN);
    shown(a) - shown(b)
}

/// A share as a percentage.
pub(super) fn percent(x: f64) -> String {
    if x.is_finite() {
        format!("{}{GAP}%", significant(x * 100.0, 3))
    } else {
        "not measured".into()
    }
}

/// A number with three significant digits and an SI prefix: `1.23 M`.
pub(super) fn si(x: f64) -> String {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    if !x.is_finite() {
        return "not measured".into();
    }
    let mut scaled = x;
    let mut prefix = 0;
    while scaled.abs() >= 999.5 && prefix + 1 < PREFIXES.len() {
        scaled /= 1000.0;
        prefix += 1;
    }
    let digits = significant(scaled, 3);
    if prefix == 0 { digits } else { format!("{digits}{GAP}{}", PREFIXES[prefix]) }
}

/// Bytes in decimal units: `4.5 MB`.
pub(super) fn bytes(x: f64) -> String {
    if !x.is_finite() {
        return "not measured".into();
    }
    let text = si(x);
    if text.contains(GAP) { format!("{text}B") } else { format!("{text}{GAP}B") }
}

/// `x` with about `digits` significant digits, without an exponent and trailing zeros.
pub(super) fn significant(x: f64, digits: i32) -> String {
    if !x.is_finite() {
        return "not measured".into();
    }
    if x == 0.0 {
        return "0".into();
    }
    let decimals = (digits - 1 - libm::floor(libm::log10(x.abs())) as i32).clamp(0, 12) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// A count with thousands apart: `12,800`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A count and its noun: `1 round`, `31 rounds`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_would_write_them() {
        assert_eq!(level(-0.001), "0.00");
        assert_eq!(level(f64::NAN), "not measured");
        assert_eq!(si(0.0), "0");
        assert_eq!(si(12_345.0), "12.3\u{a0}k");
        assert_eq!(si(999_999.0), "1\u{a0}M");
        assert_eq!(bytes(512.0), "512\u{a0}B");
        assert_eq!(bytes(4_500_000.0), "4.5\u{a0}MB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "round"), "1 round");
        assert_eq!(significant(0.001_234_5, 3), "0.00123");
    }
}
