//! Who still reads a generation, in whichever process: its manifest is locked for as long as it is open. What nobody reads is removed, and
//! nothing else.
//!
//! Only generations from before the one that answers are ever removed: a later one may be on its way to its place.

use super::Engine;
use super::generation::MANIFEST;
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

/// The files of a generation stay as long as this does.
#[derive(Debug)]
pub(super) struct Held {
    _manifest: File,
}

impl Held {
    /// Holds a generation.
    ///
    /// # Errors
    /// [`Error::Io`] if it is gone, or just being removed.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let failed = |error| Error::io("open", &path)(error);
        let file = File::open(&path).map_err(failed)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _manifest: file }),
            Err(fs::TryLockError::WouldBlock) => Err(failed(ErrorKind::NotFound.into())),
            Err(fs::TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }
}

/// Removes a generation unless somebody holds it; says whether it is gone.
fn remove(folder: &Path) -> bool {
    let lock = match File::open(folder.join(MANIFEST)) {
        Ok(file) if file.try_lock().is_ok() => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None, // nobody can open what has no manifest
        _ => return false,
    };
    let is_gone = fs::remove_dir_all(folder).is_ok();
    drop(lock);
    is_gone
}

/// The number in a generation's name.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix('g')?.parse().ok()
}

impl Engine {
    /// Removes the generations of a collection from before the one that answers, but for those that are still read; says whether
    /// none of them is left. What cannot be removed now is removed the next time.
    pub(super) fn remove_outdated(&self, collection: &str, answers: &str) -> bool {
        let folder = self.folder(collection);
        let Some(newest) = number(answers) else { return true };
        let entries = folder.read_dir().into_iter().flatten().flatten();
        let is_old = |name: &str| number(name).is_some_and(|number| number < newest);
        let old = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_old));
        // All of them are tried, also after one that stays.
        old.filter(|entry| !remove(&entry.path())).count() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Document;
    use crate::progress::Silent;

    #[test]
    fn a_generation_stays_as_long_as_it_is_read_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path()).unwrap();
        let document = Document { id: "1".into(), text: "a river".into(), ..Document::default() };
        engine.put("notes", &[document]).unwrap();
        engine.index("notes", &Silent).unwrap();
        let first = engine.generation("notes").unwrap();
        let place = |name: &str| folder.path().join("collections/notes").join(name);
        engine.reindex("notes", &Silent).unwrap();
        let second = engine.generation("notes").unwrap();
        assert_ne!(first.name(), second.name());
        // As another process would see it.
        let other = Engine::open(folder.path()).unwrap();
        assert!(!other.remove_outdated("notes", second.name()) && place(first.name()).exists());
        let name = first.name().to_owned();
        drop(first);
        engine.refresh().unwrap();
        assert!(!place(&name).exists() && place(second.name()).exists());
        // One that is not pointed at yet is later than the one that answers.
        fs::create_dir(place("g999999")).unwrap();
        assert!(other.remove_outdated("notes", second.name()) && place("g999999").exists());
    }
}
