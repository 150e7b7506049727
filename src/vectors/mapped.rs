//! A file mapped read-only: the one place in this room that needs `unsafe`.

#![allow(unsafe_code)]

use crate::error::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::Path;

/// The bytes of a file, paged in by the operating system as they are read.
#[derive(Debug)]
pub(crate) struct Mapped {
    /// `None` for an empty file, which cannot be mapped.
    map: Option<Mmap>,
}

impl Mapped {
    /// # Errors
    /// [`Error::Io`] if the file cannot be opened or mapped.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        let metadata = file.metadata().map_err(Error::io("open", path))?;
        if !metadata.is_file() {
            return Err(Error::invalid("path", "a file", path.display(), "name the file itself"));
        }
        if metadata.len() == 0 {
            return Ok(Self { map: None });
        }
        // SAFETY: files of this project are written under another name and renamed, never changed in place, so the
        // mapping cannot change below us; for a file of someone else the caller reads it once, as it would with `read`.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::io("map", path))?;
        Ok(Self { map: Some(map) })
    }

    /// Bytes `range` as values in this machine's byte order.
    ///
    /// # Panics
    /// If the range is not inside the file, or not of whole, aligned values.
    pub(crate) fn floats(&self, range: Range<usize>) -> &[f32] {
        // SAFETY: every bit pattern is an f32.
        let (before, values, after) = unsafe { self[range].align_to::<f32>() };
        assert!(before.is_empty() && after.is_empty(), "values that are not aligned");
        values
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}
