//! What the run's machine is, as far as it tells. No host or user names.

use serde_json::{Value, json};
use std::fs;

/// Processor, cores, memory and system; null for what cannot be found out.
pub(super) fn describe() -> Value {
    json!({
        "cpu": field("/proc/cpuinfo", "model name", ':'),
        "cores": std::thread::available_parallelism().ok().map(usize::from),
        "memory_bytes": memory_bytes(),
        "os": std::env::consts::OS,
        "os_version": field("/etc/os-release", "PRETTY_NAME", '=')
            .map(|name| name.trim_matches('"').to_string()),
        "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|s| s.trim().to_string()),
        "architecture": std::env::consts::ARCH,
    })
}

/// The value of the first line `key<separator>value`.
fn field(path: &str, key: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_string())
}

fn memory_bytes() -> Option<u64> {
    let total = field("/proc/meminfo", "MemTotal", ':')?;
    total.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
