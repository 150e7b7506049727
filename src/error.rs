//! What can go wrong, and the cure.
//!
//! Every error says what happened, where, what was expected, what was found, and how to go on. It is logged or printed
//! once, where it is handled; HTTP status codes are chosen from it in one place (`server`).

use std::io;
use std::path::{Path, PathBuf};

/// The result of every fallible operation in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused. Check that the path exists, that it is writable, and that the disk is not full.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, as a verb: "read", "create", "rename" …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// An argument, setting or request is outside what is allowed. Change it as `cure` says.
    #[error("{what}: expected {expected}, got {got}; {cure}")]
    Invalid {
        /// The argument, in the caller's words: `limit`, `--dim`, `collection name`.
        what: String,
        /// What would have been accepted.
        expected: String,
        /// What came instead, shortened.
        got: String,
        /// How to go on.
        cure: String,
    },

    /// A query or filter cannot be read from one place on. Change it there, as `cure` says.
    #[error("{what}, byte {at}: expected {expected}, got {got}; {cure}")]
    Syntax {
        /// The argument, as in [`Error::Invalid`].
        what: String,
        /// The place, in bytes from 0.
        at: usize,
        /// What would have been accepted there.
        expected: String,
        /// What stands there, shortened.
        got: String,
        /// How to go on.
        cure: String,
    },

    /// Input text or a vector file cannot be read at one place. Repair that place, or leave it out.
    #[error("{path}:{line}: {reason}", path = path.display())]
    BadInput {
        /// The file, or `-` for standard input.
        path: PathBuf,
        /// Line number, from 1; for binary files the record number.
        line: u64,
        /// Expected and got.
        reason: String,
    },

    /// A file of our own is damaged, cut short, or of another version. Rebuild it from the documents (`sememe train`).
    #[error("{path} is damaged: expected {expected}, got {got}; {cure}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should stand there.
        expected: String,
        /// What stands there.
        got: String,
        /// How to rebuild it.
        cure: String,
    },

    /// There is no such thing under that name.
    #[error("{kind} {name:?} not found{}", did_you_mean(nearest))]
    NotFound {
        /// "collection", "word", "document" …
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The nearest names that do exist, best first.
        nearest: Vec<String>,
    },

    /// The thing exists, but not in the state that this needs: no model trained yet, another process is writing …
    #[error("{what}; {cure}")]
    NotReady {
        /// What is missing.
        what: String,
        /// What to do first.
        cure: String,
    },

    /// The work cannot fit the memory budget. Raise the budget or lower the size, as `cure` says.
    #[error("{what} needs about {needed_bytes} bytes, the budget is {budget_bytes}; {cure}")]
    TooLarge {
        /// The work.
        what: String,
        /// Estimate, in bytes.
        needed_bytes: u64,
        /// Limit, in bytes.
        budget_bytes: u64,
        /// How to go on.
        cure: String,
    },

    /// Cancelled by the caller; the previous state is intact.
    #[error("cancelled; the previous state is intact")]
    Cancelled,

    /// The document store failed. The message is the database's own.
    #[error("document store {path}: {message}", path = path.display())]
    Store {
        /// The database file.
        path: PathBuf,
        /// The database's message.
        message: String,
    },

    /// A library failed in a way that its contract rules out. Please report it with the message.
    #[error("{library} failed: {message}")]
    Library {
        /// The library's name.
        library: &'static str,
        /// Its message.
        message: String,
    },
}

impl Error {
    /// For `map_err` on file operations: what was tried on which path.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// Whether it comes from a disk, or a share of it, that is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Store { message, .. } => message.contains("database or disk is full"),
            Self::Library { message, .. } => message.contains("No space left on device"),
            _ => false,
        }
    }

    /// An argument outside what is allowed.
    pub fn invalid(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl ToString,
        cure: impl Into<String>,
    ) -> Self {
        Self::Invalid {
            what: what.into(),
            expected: expected.into(),
            got: shortened(&got.to_string()),
            cure: cure.into(),
        }
    }

    /// Refuses a value outside `least` to `most`, and a number that is none.
    pub(crate) fn unless_within<T: PartialOrd + std::fmt::Display>(
        what: &str,
        value: T,
        least: T,
        most: T,
    ) -> Result<()> {
        if value >= least && value <= most {
            return Ok(());
        }
        Err(Self::invalid(what, format!("{least} to {most}"), value, "choose a value within"))
    }

    /// A query or filter that cannot be read from byte `at` on.
    pub fn syntax(
        what: impl Into<String>,
        at: usize,
        expected: impl Into<String>,
        got: impl ToString,
        cure: impl Into<String>,
    ) -> Self {
        Self::Syntax {
            what: what.into(),
            at,
            expected: expected.into(),
            got: shortened(&got.to_string()),
            cure: cure.into(),
        }
    }

    /// A file of our own that is not as it was written.
    pub fn damaged(
        path: impl AsRef<Path>,
        expected: impl Into<String>,
        got: impl ToString,
        cure: impl Into<String>,
    ) -> Self {
        Self::Damaged {
            path: path.as_ref().to_path_buf(),
            expected: expected.into(),
            got: shortened(&got.to_string()),
            cure: cure.into(),
        }
    }
}

/// At most 80 characters of what came in: an error must not repeat a megabyte of input.
fn shortened(got: &str) -> String {
    match got.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &got[..end]),
        None => got.to_owned(),
    }
}

fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_where_expected_got_and_cure() {
        let error = Error::invalid("limit", "1 to 1000", 0, "ask for at least one hit");
        assert_eq!(error.to_string(), "limit: expected 1 to 1000, got 0; ask for at least one hit");
        let error = Error::NotFound { kind: "word", name: "bnak".into(), nearest: vec!["bank".into()] };
        assert_eq!(error.to_string(), "word \"bnak\" not found; nearest: bank");
    }

    #[test]
    fn long_input_is_not_repeated() {
        let error = Error::invalid("query", "text", "重".repeat(1000), "shorten it");
        assert!(error.to_string().chars().count() < 150);
    }
}
