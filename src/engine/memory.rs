//! Memory that is free again goes back to the system; and how much there is for work that needs much.
//!
//! glibc keeps what a thread has freed for that thread; with tens of threads, a build here and an ingestion there, that adds up to hundreds of
//! megabytes that nobody uses, and pages of which a little is in use stay: over half an hour of mixed load with a training each minute, 6 MB a minute, and none
//! with two arenas. Elsewhere allocators are left alone.

#[cfg(target_os = "linux")]
use std::path::{Path, PathBuf};

/// Gives free pages back; takes some milliseconds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(super) fn give_back() {
    // SAFETY: takes and returns a plain number; it locks the allocator's arenas one by one, as every allocation does.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Lets all threads of the process allocate from as many arenas as there are cores, not from eight times as many: what one thread has freed,
/// the next one uses. The allocator asks once only, when a second thread starts: to be called before.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(crate) fn share_arenas() {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
    // SAFETY: takes and returns plain numbers; sets one of the allocator's parameters, under its own lock.
    let _ = unsafe { libc::mallopt(libc::M_ARENA_MAX, i32::try_from(cores).unwrap_or(i32::MAX)) };
}

/// Nothing: see above.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}

/// Nothing: see above.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn share_arenas() {}

/// Bytes that this process may still take: what the machine has free, and what its control groups leave. `None` where the system does not
/// tell. Files that the system only keeps in memory because there was room count as free.
#[cfg(target_os = "linux")]
pub(super) fn free() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = machine.and_then(|text| Some(field(&text, "MemAvailable:")? * 1024));
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = folders(&groups).into_iter().filter_map(|folder| left_in(&folder));
    limits.chain(machine).min()
}

/// Not known.
#[cfg(not(target_os = "linux"))]
pub(super) fn free() -> Option<u64> {
    None
}

/// The folders of the control groups that limit memory, of this process and all above: `/proc/self/cgroup` has lines `0::/path` (version 2)
/// and `n:memory:/path` (version 1).
#[cfg(target_os = "linux")]
fn folders(groups: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(kinds), Some(path)) = (parts.next(), parts.next()) else { continue };
        let root = match kinds {
            "" => Path::new("/sys/fs/cgroup"),
            kinds if kinds.split(',').any(|kind| kind == "memory") => Path::new("/sys/fs/cgroup/memory"),
            _ => continue,
        };
        let below = Path::new(path.trim_start_matches('/'));
        // Within a container the path may be that of its host, which is not there.
        folders.extend(below.ancestors().map(|part| root.join(part)));
    }
    folders
}

/// What a control group leaves of its limit, if it has one.
#[cfg(target_os = "linux")]
fn left_in(folder: &Path) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let names = [
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ];
    let (most, used, kept) =
        names.into_iter().find_map(|(most, used, kept)| Some((number(most)?, number(used)?, kept)))?;
    let kept = read("memory.stat").and_then(|text| field(&text, kept)).unwrap_or(0);
    Some(most.saturating_sub(used.saturating_sub(kept)))
}

/// The number behind a name at the beginning of a line.
#[cfg(target_os = "linux")]
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split_ascii_whitespace().next() == Some(name))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_control_group_leaves_counts_and_so_do_those_above() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(left_in(folder.path()), None);
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(left_in(folder.path()), None, "no limit");
        write("memory.max", "1000\n");
        write("memory.stat", "anon 500\ninactive_file 150\nactive_file 50\n");
        assert_eq!(left_in(folder.path()), Some(450));
        write("memory.current", "2000\n");
        assert_eq!(left_in(folder.path()), Some(0));
        let paths = folders("4:cpu:/x\n3:cpuset,memory:/a/b\n0::/c\n");
        let expected =
            ["memory/a/b", "memory/a", "memory", "c", ""].map(|path| Path::new("/sys/fs/cgroup").join(path));
        assert_eq!(paths, expected);
        assert!(free().is_some());
    }
}
