//! What the system says of this process.

/// Bytes of memory that it has in hand; NaN where the system does not tell.
pub fn resident_bytes() -> f64 {
    status("VmRSS:")
}

/// The most that it had by now; NaN where the system does not tell.
pub(crate) fn peak_bytes() -> f64 {
    status("VmHWM:")
}

/// A line of `/proc/self/status` in bytes (proc(5)).
fn status(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_in_use_is_told_and_never_above_its_peak() {
        let kept = vec![1_u8; 8 << 20];
        let resident = resident_bytes();
        assert!(resident > kept.len() as f64 && resident <= peak_bytes(), "{resident}");
    }
}
