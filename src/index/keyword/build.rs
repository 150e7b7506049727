//! Writing a keyword index: one thread of tantivy's behind a queue, one segment in the end.

use super::layout::{KeywordDocument, Layout};
use super::settings::IndexSettings;
use super::{failed, joined};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use tantivy::{Index, IndexWriter};

const WRITER_BYTES: usize = 64 << 20;

/// Text that may wait for the writer; tantivy bounds only the number of documents.
const WAITING_BYTES_MAX: usize = 128 << 20;

/// Writes a keyword index; documents must come by rising row, so that equal scores keep that order.
pub struct KeywordBuilder {
    writer: IndexWriter,
    layout: Layout,
    folder: PathBuf,
    waiting_bytes: usize,
}

impl KeywordBuilder {
    /// Begins an index in an empty folder, which is created. Resolve the settings' stemming first
    /// ([`super::Stemming::resolved`]).
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be created.
    pub fn create(folder: &Path, settings: &IndexSettings) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let layout = Layout::new(settings);
        let index = Index::create_in_dir(folder, layout.schema.clone()).map_err(failed(folder))?;
        joined::register(&index);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed(folder))?;
        Ok(Self { writer, layout, folder: folder.to_path_buf(), waiting_bytes: 0 })
    }

    /// Makes documents ready, on any thread.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Adds a document.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot be written.
    pub fn add(&mut self, document: KeywordDocument) -> Result<()> {
        self.waiting_bytes += document.bytes();
        self.writer.add_document(document.0).map_err(failed(&self.folder))?;
        if self.waiting_bytes > WAITING_BYTES_MAX {
            self.writer.commit().map_err(failed(&self.folder))?; // the only way to wait for it
            self.waiting_bytes = 0;
        }
        Ok(())
    }

    /// Writes all to disk as one segment.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.writer.commit().map_err(failed(&self.folder))?;
        let segments = self.writer.index().searchable_segment_ids().map_err(failed(&self.folder))?;
        if segments.len() > 1 {
            self.writer.merge(&segments).wait().map_err(failed(&self.folder))?;
            self.writer.garbage_collect_files().wait().map_err(failed(&self.folder))?;
        }
        self.writer.wait_merging_threads().map_err(failed(&self.folder))
    }
}
