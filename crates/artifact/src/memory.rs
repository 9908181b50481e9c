//! How much memory may still be taken, asked before it is taken.
//!
//! Linux promises memory it does not have and kills whoever then uses it; in a container of 512 MiB
//! that is the normal end of a program that reads a big file. So the question is put first.

use std::fs;

/// Bytes that can be allocated without driving this machine or container out of memory.
///
/// `None` where the system does not tell.
pub(super) fn available() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_available(&text));
    let container = cgroup_available();
    match (machine, container) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn meminfo_available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// What the control group (v2) of this process leaves; its page cache can be given back.
fn cgroup_available() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = std::path::Path::new("/sys/fs/cgroup").join(path);
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    cgroup_left(&read("memory.max")?, &read("memory.current")?, &read("memory.stat").unwrap_or_default())
}

fn cgroup_left(max: &str, current: &str, stat: &str) -> Option<u64> {
    let max: u64 = max.trim().parse().ok()?; // `max`: no limit
    let current: u64 = current.trim().parse().ok()?;
    let cache: u64 = stat
        .lines()
        .filter_map(|line| line.strip_prefix("inactive_file ").or_else(|| line.strip_prefix("active_file ")))
        .filter_map(|number| number.trim().parse::<u64>().ok())
        .fold(0, u64::saturating_add);
    Some(max.saturating_sub(current.saturating_sub(cache)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_the_machine_is_read_in_bytes() {
        let text = "MemTotal:       100 kB\nMemFree:  3 kB\nMemAvailable:    42 kB\n";
        assert_eq!(meminfo_available(text), Some(42 * 1024));
        assert_eq!(meminfo_available("MemTotal: 100 kB\n"), None);
    }

    #[test]
    fn page_cache_does_not_count_as_used() {
        let stat = "anon 5\nfile 60\ninactive_file 40\nactive_file 20\n";
        assert_eq!(cgroup_left("100\n", "90\n", stat), Some(70));
        assert_eq!(cgroup_left("100\n", "90\n", ""), Some(10));
        assert_eq!(cgroup_left("100\n", "190\n", ""), Some(0));
        assert_eq!(cgroup_left("max\n", "90\n", stat), None);
    }

    #[test]
    fn this_machine_answers() {
        assert!(available().is_some_and(|bytes| bytes > 0));
    }
}
