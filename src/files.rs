//! Files that are there whole or not at all.
//!
//! Not a storage layer: one function that every writer of a stored format goes through.

use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes `path` under a temporary name in the same folder, flushes it to the disk, and renames it into place. Whatever
/// stops it half-way, a reader sees the old file or the new one.
///
/// # Errors
/// [`Error::Io`] if the folder is not writable or the disk is full, and whatever `write` returns; `path` is then as it was.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let folder = folder_of(path);
    let temporary = new_temporary(&folder).map_err(Error::io("create a file in", &folder))?;
    let (file, temporary) = temporary.into_parts();
    let mut writer = BufWriter::with_capacity(1 << 18, file);
    write(&mut writer)?;
    writer.flush().map_err(Error::io("write", path))?;
    writer.get_ref().sync_all().map_err(Error::io("flush", path))?;
    temporary.persist(path).map_err(|error| Error::io("rename to", path)(error.error))?;
    sync_folder(&folder)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Readable by whom the umask allows, unlike `tempfile`'s default: these files are results, not secrets.
#[cfg(unix)]
fn new_temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".writing-").permissions(permissions).tempfile_in(folder)
}

#[cfg(not(unix))]
fn new_temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)
}

/// A rename is durable once its folder is; systems that cannot open folders as files do this by themselves.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be opened or flushed.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("flush", folder))
}

///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Size of all files below a folder, in bytes; what cannot be read counts nothing.
#[must_use]
pub fn bytes_below(folder: &Path) -> u64 {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_below(&entry.path()),
        about => about.map_or(0, |about| about.len()),
    };
    entries.map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_whole(&path, |to| to.write_all(b"old").map_err(Error::io("write", &path))).unwrap();
        let failed = write_whole(&path, |to| {
            to.write_all(b"half of the ne").map_err(Error::io("write", &path))?;
            Err(Error::Cancelled)
        });
        assert!(matches!(failed, Err(Error::Cancelled)));
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
