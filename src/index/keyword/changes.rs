//! What changed since a keyword index was written: kept in memory beside its files, which stay as they are.
//!
//! Terms weigh by all documents, those in the files and those in memory alike; a deleted document still counts in these weights until
//! the index is built anew.

use super::layout::{KeywordDocument, Layout};
use super::{IndexSettings, KeywordIndex, damaged, failed, joined};
use crate::error::{Error, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::error::{DeleteError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, FileHandle, MmapDirectory, RamDirectory, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::merge_policy::LogMergePolicy;
use tantivy::{Index, IndexWriter, Term};

const WRITER_BYTES: usize = 20 << 20;

/// Larger segments are never merged with others: that would bring the files into memory.
const MERGED_DOCUMENTS_MAX: usize = 20_000;

/// Adds to and deletes from a keyword index without touching its files.
pub struct KeywordChanges {
    index: Index,
    writer: IndexWriter,
    layout: Layout,
    folder: PathBuf,
}

impl KeywordChanges {
    /// Opens an index to change it in memory.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a file of it is missing or not as it was written.
    pub fn open(folder: &Path) -> Result<Self> {
        let beneath = MmapDirectory::open(folder)
            .map_err(|error| Error::Library { library: "tantivy", message: error.to_string() })?;
        let directory = Overlay { beneath, changes: RamDirectory::create() };
        let index = Index::open(directory).map_err(damaged(folder))?;
        joined::register(&index);
        let layout = Layout::of(&index.schema(), folder)?;
        let writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed(folder))?;
        let mut policy = LogMergePolicy::default();
        policy.set_max_docs_before_merge(MERGED_DOCUMENTS_MAX);
        writer.set_merge_policy(Box::new(policy));
        Ok(Self { index, writer, layout, folder: folder.to_path_buf() })
    }

    /// Reads the fields of documents by the settings by which the index was built.
    #[must_use]
    pub fn with_settings(self, settings: &IndexSettings) -> Self {
        Self { layout: self.layout.with_types(settings), ..self }
    }

    /// Makes documents ready, on any thread.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Adds a document, or replaces it if its row is there already.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot take it.
    pub fn add(&mut self, seq: u64, document: KeywordDocument) -> Result<()> {
        self.delete(seq);
        self.writer.add_document(document.0).map_err(failed(&self.folder))?;
        Ok(())
    }

    /// Takes a document away; one that is not there is passed over.
    pub fn delete(&mut self, seq: u64) {
        self.writer.delete_term(Term::from_field_u64(self.layout.seq, seq));
    }

    /// The index with all changes so far; what is changed later does not show in it.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot take them.
    pub fn publish(&mut self) -> Result<KeywordIndex> {
        self.writer.commit().map_err(failed(&self.folder))?;
        KeywordIndex::of(&self.index, &self.folder)
    }
}

/// The files of a folder, and over them what was written since, in memory.
#[derive(Debug, Clone)]
struct Overlay {
    beneath: MmapDirectory,
    changes: RamDirectory,
}

impl Directory for Overlay {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        match self.changes.get_file_handle(path) {
            Err(OpenReadError::FileDoesNotExist(_)) => self.beneath.get_file_handle(path),
            found => found,
        }
    }

    /// The files stay.
    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        match self.changes.delete(path) {
            Err(DeleteError::FileDoesNotExist(_)) => Ok(()),
            done => done,
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.changes.exists(path)? || self.beneath.exists(path)?)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.changes.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.changes.atomic_read(path) {
            Err(OpenReadError::FileDoesNotExist(_)) => self.beneath.atomic_read(path),
            found => found,
        }
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.changes.atomic_write(path, data)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.changes.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::keyword::{IndexSettings, KeywordBuilder, Stemming};
    use crate::text::Analyzer;

    fn rows(index: &KeywordIndex, word: &str) -> Vec<u64> {
        let mut rows: Vec<u64> =
            index.search(&[word.to_owned()], 1000).unwrap().into_iter().map(|hit| hit.0).collect();
        rows.sort_unstable();
        rows
    }

    fn built(path: &Path, texts: &[&str]) {
        let settings = IndexSettings { stemming: Stemming::English, ..IndexSettings::default() };
        let mut builder = KeywordBuilder::create(path, &settings).unwrap();
        for (seq, text) in texts.iter().enumerate() {
            let document = builder.layout().document(seq as u64 + 1, &Analyzer.analyze(text));
            builder.add(document).unwrap();
        }
        builder.finish().unwrap();
    }

    fn add(changes: &mut KeywordChanges, seq: u64, text: &str) {
        let document = changes.layout().document(seq, &Analyzer.analyze(text));
        changes.add(seq, document).unwrap();
    }

    #[test]
    fn changes_show_when_published_and_the_files_stay_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        built(&path, &["river bank"; 3]);
        let listed = || path.read_dir().unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        let before = listed();

        let mut changes = KeywordChanges::open(&path).unwrap();
        changes.delete(2);
        add(&mut changes, 9, "a bank loan");
        let first = changes.publish().unwrap();
        assert_eq!(rows(&first, "bank"), [1, 3, 9]);
        add(&mut changes, 9, "a loan");
        changes.delete(1);
        let second = changes.publish().unwrap();
        assert_eq!((rows(&second, "bank"), rows(&second, "loan")), (vec![3], vec![9]));
        assert_eq!(second.len(), 2);
        // The view before is as it was, and so is the folder.
        assert_eq!(rows(&first, "bank"), [1, 3, 9]);
        assert_eq!(listed(), before);
        assert_eq!(rows(&KeywordIndex::open(&path).unwrap(), "bank"), [1, 2, 3]);
    }

    #[test]
    fn many_small_changes_are_merged_and_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("k");
        built(&path, &[]);
        let mut changes = KeywordChanges::open(&path).unwrap();
        for seq in 0..60 {
            add(&mut changes, seq, "bank");
            if seq >= 10 {
                changes.delete(seq - 10);
            }
            let index = changes.publish().unwrap();
            assert_eq!(rows(&index, "bank"), (seq.saturating_sub(9)..=seq).collect::<Vec<_>>());
        }
    }
}
