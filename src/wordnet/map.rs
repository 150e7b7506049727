//! The one place where a file is mapped into memory.

use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;

/// Maps a whole file, read-only.
#[allow(unsafe_code)]
pub(super) fn map(path: &Path) -> Result<memmap2::Mmap> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    // SAFETY: the map is only ever read as bytes, and every number and text taken from it is checked when the file is
    // opened. Compiled files are never changed in place: they are written under another name and renamed.
    unsafe { memmap2::Mmap::map(&file) }.map_err(Error::io("map", path))
}
