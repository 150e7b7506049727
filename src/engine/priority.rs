//! Background work at a lower priority than questions.
//!
//! On Linux a thread has a priority of its own, and hands it on to those that it starts. Elsewhere priorities are left alone: there,
//! background work differs from questions by its number of threads only.

use crate::error::{Error, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The calling thread, and those that it starts from now on, give way to all others.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn lower() {
    const LOWEST: libc::c_int = 19;
    // SAFETY: takes and returns plain numbers; 0 is the calling thread. A refusal changes nothing, and nothing depends on it.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, LOWEST) };
}

/// Nothing: see above.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower() {}

/// Threads of their own for background work, so that it does not queue before questions either.
///
/// # Errors
/// [`Error::Library`] if the system gives no threads.
pub(super) fn pool(threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(|number| format!("background-{number}"))
        .start_handler(|_| lower())
        .build()
        .map_err(|error| Error::Library { library: "rayon", message: error.to_string() })
}
