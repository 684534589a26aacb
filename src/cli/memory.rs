//! The memory that this process may take.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes to be had: what the machine has free, the control groups and the process's own limits
/// allow, whichever is least; `None` where the system does not tell.
pub(super) fn available_bytes() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let limits = read("/proc/self/limits");
    let own = ["Max address space", "Max data size"].map(|name| soft(&limits, name));
    let groups = groups(&read("/proc/self/cgroup"));
    own.into_iter().chain([free(&read("/proc/meminfo"))]).flatten().chain(groups).min()
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

/// A soft limit of the process; `None` where there is none.
fn soft(limits: &str, name: &str) -> Option<u64> {
    let soft = limits.lines().find_map(|line| line.strip_prefix(name))?;
    soft.split_whitespace().next()?.parse().ok()
}

/// The limits of the control groups that the process is in, and of those above them.
fn groups(cgroup: &str) -> Vec<u64> {
    let limit = |file: PathBuf| fs::read_to_string(file).ok()?.trim().parse().ok();
    files(cgroup).into_iter().filter_map(limit).collect()
}

/// Where the limits are, in both versions of control groups: lines are `0::/group`, or
/// `4:memory:/group` (cgroups(7)). A container may see its own groups at the root alone.
fn files(cgroup: &str) -> Vec<PathBuf> {
    let of_line = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            some if some.split(',').any(|each| each == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let above = Path::new(group).ancestors();
        Some(above.map(|group| Path::new(root).join(group).join(file)).collect::<Vec<_>>())
    };
    cgroup.lines().filter_map(of_line).flatten().collect()
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
        assert_eq!(soft(&limits("1024000"), "Max address space"), Some(1_024_000));
        assert_eq!(soft(&limits("unlimited"), "Max address space"), None);
        assert_eq!(soft(&limits("1024000"), "Max data size"), None);
    }

    #[test]
    fn limits_of_a_group_and_of_those_above_it_are_looked_for_in_both_versions() {
        let two = ["a/b/memory.max", "a/memory.max", "memory.max"];
        let of = |root: &str, names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| Path::new(root).join(name)).collect()
        };
        assert_eq!(files("0::/a/b\n"), of("/sys/fs/cgroup", &two));
        assert_eq!(files("0::/\n"), of("/sys/fs/cgroup", &["memory.max"]));
        let one = ["a/memory.limit_in_bytes", "memory.limit_in_bytes"];
        assert_eq!(files("3:cpu:/x\n4:hugetlb,memory:/a\n"), of("/sys/fs/cgroup/memory", &one));
    }
}
