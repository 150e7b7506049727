//! Named places between the steps of a commit or a switch, where a test can have the process die.
//!
//! Not part of the service: without the feature of debug assertions (a release build) every place is nothing at all. In a debug
//! build the environment's `SEMEME_DIE_AT` names one place, and how many times it is passed first: `after commit`, `after commit:3`.

/// Dies here, as by `kill -9`, if the environment says so.
#[cfg(debug_assertions)]
#[allow(clippy::exit)]
pub(crate) fn reach(place: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicI64, Ordering};
    static WANTED: OnceLock<Option<(String, AtomicI64)>> = OnceLock::new();
    let read = || {
        let wanted = std::env::var("SEMEME_DIE_AT").ok()?;
        let (place, times) = wanted.split_once(':').unwrap_or((&wanted, "0"));
        Some((place.to_owned(), AtomicI64::new(times.parse().unwrap_or(0))))
    };
    if let Some((wanted, times)) = WANTED.get_or_init(read)
        && wanted == place
        && times.fetch_sub(1, Ordering::SeqCst) <= 0
    {
        // No destructor runs, and nothing is flushed.
        std::process::abort();
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
#[inline]
pub(crate) fn reach(_place: &str) {}
