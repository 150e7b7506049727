//! Documents one by one or by the thousand: written, listed, removed. A write that is answered is in the database, flushed.

use super::answers::CollectionInfo;
use super::build::PATIENCE;
use super::{Engine, check_name};
use crate::error::{Error, Result};
use crate::store::{Committed, Writer};
use crate::text::Arriving;
use crate::text::source::Arrived;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::text::source::fields_of;
pub use crate::text::{BodyLimits, Document, Packing, Shape as BodyShape};

/// Documents that one page of a list may hold.
const PAGE_MAX: usize = 1000;

/// What a write did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WriteReport {
    /// Documents that were not there before.
    pub added: u64,
    /// Documents whose content is new.
    pub updated: u64,
    /// Documents that were there already as they came.
    pub unchanged: u64,
    /// Documents that are gone.
    pub deleted: u64,
    /// Number of the collection's last write now: what shows it, shows this one.
    pub change: i64,
}

/// Some documents of a collection, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DocumentPage {
    /// The documents.
    pub results: Vec<Document>,
    /// What to pass as `after` for the next page; absent after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

impl WriteReport {
    pub(super) fn of(committed: Committed) -> Self {
        let changes = committed.changes;
        Self {
            added: changes.added,
            updated: changes.updated,
            unchanged: changes.unchanged,
            deleted: changes.deleted,
            change: committed.change,
        }
    }

    /// This one and a later one together.
    pub fn and(&mut self, later: &Self) {
        self.added += later.added;
        self.updated += later.updated;
        self.unchanged += later.unchanged;
        self.deleted += later.deleted;
        self.change = self.change.max(later.change);
    }
}

impl Engine {
    /// Makes a collection, if there is none of that name; says whether it is new.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be a name; [`Error::NotReady`] while another process writes; [`Error::Store`].
    pub fn create(&self, collection: &str) -> Result<(CollectionInfo, bool)> {
        check_name(collection)?;
        let is_new = matches!(self.store.collection(collection), Err(Error::NotFound { .. }));
        if is_new {
            self.store.write(collection)?.commit()?;
        }
        if self.store.collection_standing(collection)?.generation.is_none() {
            self.begin_generations(collection, PATIENCE)?;
        }
        Ok((self.collection(collection)?, is_new))
    }

    /// Adds documents, or replaces those with the same id whose content differs, all in one write. The collection is created if
    /// need be. Once this returns, the write survives whatever happens to the process or the machine.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be a name; [`Error::NotReady`] while another process writes; [`Error::Store`].
    /// Nothing is written then.
    pub fn put(&self, collection: &str, documents: &[Document]) -> Result<WriteReport> {
        check_name(collection)?;
        self.write(collection, |writer| writer.put(documents))
    }

    /// Removes documents; ids that are not there are passed over.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown collection; as [`Engine::put`].
    pub fn delete_documents(&self, collection: &str, ids: &[String]) -> Result<WriteReport> {
        self.row(collection)?;
        self.write(collection, |writer| writer.delete(ids))
    }

    /// Removes all documents; the collection and its model stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown collection; as [`Engine::put`].
    pub fn delete_all_documents(&self, collection: &str) -> Result<WriteReport> {
        self.row(collection)?;
        self.write(collection, |writer| writer.delete_all())
    }

    pub(super) fn write(
        &self,
        collection: &str,
        what: impl FnOnce(&mut Writer<'_>) -> Result<()>,
    ) -> Result<WriteReport> {
        let mut writer = self.store.write(collection)?;
        what(&mut writer)?;
        let committed = writer.commit()?;
        self.wake();
        Ok(WriteReport::of(committed))
    }

    /// The documents that came after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for a limit out of range; [`Error::Store`].
    pub fn documents(&self, collection: &str, after: Option<i64>, limit: usize) -> Result<DocumentPage> {
        if !(1..=PAGE_MAX).contains(&limit) {
            let cure = "take the pages one by one";
            return Err(Error::invalid("limit", format!("1 to {PAGE_MAX}"), limit, cure));
        }
        let row = self.row(collection)?;
        let found = self.store.documents_after(row.key, after.unwrap_or(0), limit as u32 + 1)?;
        let next = (found.len() > limit).then(|| found[limit - 1].seq);
        let results = found.into_iter().take(limit).map(|stored| stored.document).collect();
        Ok(DocumentPage { results, next })
    }

    /// Whether the indexes show a collection's write of that number.
    #[must_use]
    pub fn shows(&self, collection: &str, change: i64) -> bool {
        self.opened().get(collection).is_some_and(|view| view.change() >= change)
    }
}

/// Items of a body that are told one by one; more are only counted.
const REJECTED_TOLD: usize = 100;

/// What became of a body of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiveReport {
    /// What was written.
    #[serde(flatten)]
    pub written: WriteReport,
    /// Lines, or places of the array, that hold no document.
    pub rejected: u64,
    /// The first of them.
    pub errors: Vec<Rejected>,
}

/// What is wrong with one line, or one place of the array.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rejected {
    /// The line, or the place in the array, from 1.
    pub line: u64,
    /// Expected and got.
    pub reason: String,
}

/// Documents on their way into a collection: a thousand at a time, each thousand one write. What has come before the body breaks off
/// stays; sending it again changes nothing.
pub struct Receiving {
    arriving: Arriving<'static>,
    report: Arc<Mutex<ReceiveReport>>,
}

impl Engine {
    /// Begins to take in a body of documents. The collection is created if need be.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what cannot be a name.
    pub fn receive(
        self: &Arc<Self>,
        collection: &str,
        (packing, shape): (Packing, BodyShape),
        limits: BodyLimits,
    ) -> Result<Receiving> {
        check_name(collection)?;
        let report = Arc::new(Mutex::new(ReceiveReport::default()));
        let (engine, collection, written) = (Arc::clone(self), collection.to_owned(), Arc::clone(&report));
        let taker = move |arrived: &mut Vec<Arrived>| {
            let mut report = written.lock().unwrap_or_else(PoisonError::into_inner);
            let documents = report.sort(arrived.drain(..));
            if !documents.is_empty() {
                report.written.and(&engine.put(&collection, &documents)?);
            }
            Ok(())
        };
        let arriving = Arriving::new(packing, shape, limits, Box::new(taker))?;
        Ok(Receiving { arriving, report })
    }
}

impl Receiving {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Error::BadInput`] for what cannot be unpacked or read, [`Error::TooLarge`], those of [`Engine::put`].
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.arriving.push(piece)
    }

    /// All has come: once this returns, all of it is in the database.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(self) -> Result<ReceiveReport> {
        self.arriving.finish()?;
        Ok(self.report.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl ReceiveReport {
    /// The documents among what arrived; the rest is noted.
    pub(super) fn sort(&mut self, arrived: impl Iterator<Item = Arrived>) -> Vec<Document> {
        let mut documents = Vec::new();
        for (line, item) in arrived {
            match item {
                Ok(document) => documents.push(document),
                Err(reason) => self.reject(line, reason),
            }
        }
        documents
    }

    fn reject(&mut self, line: u64, reason: String) {
        self.rejected += 1;
        if self.errors.len() < REJECTED_TOLD {
            self.errors.push(Rejected { line, reason });
        }
    }
}
