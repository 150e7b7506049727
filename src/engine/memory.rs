//! Memory that is free again goes back to the system.
//!
//! glibc keeps what a thread has freed for that thread; with tens of threads, a build here and an ingestion there, that adds up to hundreds of
//! megabytes that nobody uses. Elsewhere allocators are left alone.

/// Gives free pages back; takes some milliseconds.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
pub(super) fn give_back() {
    // SAFETY: takes and returns a plain number; it locks the allocator's arenas one by one, as every allocation does.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Nothing: see above.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}
