//! The memory that this process may take.

use std::fs;
use std::path::Path;

/// Bytes to be had: what the machine has free, the control groups and the limit on addresses
/// allow, whichever is least; `None` where the system does not tell.
pub(super) fn available_bytes() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let least = [free(&read("/proc/meminfo")), addresses(&read("/proc/self/limits"))];
    least.into_iter().flatten().chain(groups(&read("/proc/self/cgroup"))).min()
}

/// Memory and swap that are free or can be freed.
fn free(meminfo: &str) -> Option<u64> {
    let kib = |key: &str| {
        let value = meminfo.lines().find_map(|line| line.strip_prefix(key))?;
        value.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    let total = kib("MemAvailable:").or_else(|| kib("MemTotal:"))?;
    Some((total + kib("SwapFree:").unwrap_or(0)) * 1024)
}

/// The soft limit on the address space.
fn addresses(limits: &str) -> Option<u64> {
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    soft.split_whitespace().next()?.parse().ok()
}

/// The limits of the control groups (v2) that the process is in.
fn groups(cgroup: &str) -> Vec<u64> {
    let Some(path) = cgroup.lines().find_map(|line| line.strip_prefix("0::/")) else {
        return Vec::new();
    };
    let limit = |group: &Path| {
        let file = Path::new("/sys/fs/cgroup").join(group).join("memory.max");
        fs::read_to_string(file).ok()?.trim().parse().ok()
    };
    Path::new(path).ancestors().filter_map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        let meminfo =
            "MemTotal:       32 kB\nMemFree: 1 kB\nMemAvailable:   20 kB\nSwapFree: 4 kB\n";
        assert_eq!(free(meminfo), Some(24 << 10));
        assert_eq!(free("MemTotal:       32 kB\n"), Some(32 << 10));
        assert_eq!(free(""), None);
        let limits = |soft: &str| {
            format!(
                "Limit   Soft Limit  Hard Limit  Units\nMax address space  {soft}  unlimited  bytes\n"
            )
        };
        assert_eq!(addresses(&limits("1024000")), Some(1_024_000));
        assert_eq!(addresses(&limits("unlimited")), None);
        assert_eq!(groups("1:cpu:/x\n"), Vec::<u64>::new());
    }
}
