//! Documents from files into the store; lines that cannot be read are counted and told.

use super::{Engine, check_name};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::store::Changes;
use crate::text::{Document, Documents};
use serde::Serialize;
use std::path::PathBuf;

/// Documents put at a time.
const BATCH: usize = 1000;

/// Bad lines told one by one; more are only counted.
const BAD_LINES_TOLD: usize = 20;

/// What to do when a line cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingestion {
    /// Stop at the first bad line, with nothing written. Otherwise it is counted and the rest goes on.
    pub strict: bool,
}

/// What an ingestion did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IngestReport {
    /// Documents that were not there before.
    pub added: u64,
    /// Documents whose content is new.
    pub updated: u64,
    /// Documents that were there already as they came.
    pub unchanged: u64,
    /// Lines that could not be read.
    pub bad_lines: u64,
    /// The first of them, with file, line and reason.
    pub bad_lines_told: Vec<String>,
    /// Files of no known kind that were left out.
    pub skipped_files: Vec<PathBuf>,
}

impl Engine {
    /// Reads documents into a collection, which is created if need be, all in one write. Call [`Engine::index`] afterwards.
    ///
    /// # Errors
    /// [`Error::BadInput`] at the first bad line if `strict`; [`Error::Cancelled`]; [`Error::Io`]; [`Error::Store`]. Nothing is
    /// written then.
    pub fn ingest(
        &self,
        collection: &str,
        mut documents: Documents,
        how: Ingestion,
        progress: &dyn Progress,
    ) -> Result<IngestReport> {
        check_name(collection)?;
        let mut writer = self.store.write(collection)?;
        let mut bad = BadLines::default();
        let mut batch: Vec<Document> = Vec::new();
        loop {
            let next = documents.next();
            let ended = next.is_none();
            match next {
                Some(Ok(document)) => batch.push(document),
                Some(Err(error @ Error::BadInput { .. })) if !how.strict => bad.note(&error),
                Some(Err(error)) => return Err(error),
                None => {}
            }
            if ended || batch.len() == BATCH {
                writer.put(&batch)?;
                batch.clear();
                progress.step("reading", documents.bytes_read(), documents.bytes_total(), "bytes")?;
            }
            if ended {
                break;
            }
        }
        let Changes { added, updated, unchanged, .. } = writer.commit()?.changes;
        self.wake();
        let skipped_files = documents.skipped().to_vec();
        Ok(IngestReport {
            added,
            updated,
            unchanged,
            bad_lines: bad.count,
            bad_lines_told: bad.told,
            skipped_files,
        })
    }
}

/// Lines that could not be read: all counted, the first ones told.
#[derive(Default)]
pub(super) struct BadLines {
    pub count: u64,
    pub told: Vec<String>,
}

impl BadLines {
    pub(super) fn note(&mut self, error: &Error) {
        self.count += 1;
        if self.told.len() < BAD_LINES_TOLD {
            self.told.push(error.to_string());
        }
    }
    /// Names the first bad line where nothing came of the text but bad lines.
    pub(super) fn blame(&self, error: Error) -> Error {
        match (error, self.told.first()) {
            (Error::Invalid { what, expected, got, .. }, Some(first)) => {
                let cure = format!("{} lines could not be read, the first: {first}", self.count);
                Error::Invalid { what, expected, got, cure }
            }
            (error, _) => error,
        }
    }
}
