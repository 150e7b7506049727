//! Memory that is free again goes back to the system.
//!
//! glibc keeps what a thread has freed for that thread; with tens of threads, a build here and an ingestion there, that adds up to hundreds of
//! megabytes that nobody uses, and pages of which a little is in use stay: over half an hour of mixed load with a training each minute, 6 MB a minute, and none
//! with two arenas. Elsewhere allocators are left alone.

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
