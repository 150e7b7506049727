//! What was written since a generation was built, shown beside it: a small mutable part for each collection, in memory.
//!
//! Nothing of it needs to survive: after a start it is made again from the store, which knows for each document the write that it came
//! with, and for each row that is gone the write that took it. What has grown large is merged by building the next generation.
//!
//! Readers never see it change. Each time it has caught up with the store, a new view ([`Generation`]) takes the place of the one before.

use super::generation::DocumentVectors;
use super::{Engine, Generation, context};
use crate::error::{Error, Result};
use crate::index::keyword::{KeywordChanges, KeywordDocument, Layout};
use crate::index::{self, Flat, Matrix, VectorIndex};
use crate::store::{Later, Standing, Store, StoredDocument};
use crate::text::Analyzer;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Documents analysed at a time.
const BATCH: u32 = 500;

/// Documents that are held in memory at most; more wait for the next generation.
const DOCUMENTS_MAX: usize = 50_000;

/// Changes from which on the next generation is worth its time: a tenth of the documents, and at least so many.
const MERGE_MIN: usize = 5_000;

/// The mutable parts of all collections.
#[derive(Default)]
pub(super) struct Slots {
    slots: Mutex<HashMap<String, Arc<Mutex<Option<Live>>>>>,
    /// Collections that may have generations which nobody reads any more, and the one that answers.
    outdated: Mutex<HashMap<String, String>>,
    /// Counts the writes of this process, for whoever waits for one.
    writes: Mutex<u64>,
    written: Condvar,
}

/// The mutable part of one collection.
struct Live {
    key: i64,
    frozen: Arc<Generation>,
    keyword: Option<KeywordChanges>,
    vectors: Option<LiveVectors>,
    /// The same of contextual vectors.
    contexts: Option<LiveVectors>,
    /// Number of the last write taken in.
    change: i64,
    /// Documents taken in and rows taken out since the generation was built.
    changes: usize,
    /// Whether writes wait that do not fit in memory.
    is_behind: bool,
}

#[derive(Clone)]
struct LiveVectors {
    index: index::Live,
    /// The document of each row, by rising row.
    seqs: Vec<i64>,
}

impl Engine {
    /// Takes up what other processes have built, and what anyone has written; forgets removed collections.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails, [`Error::Damaged`] if a new generation is; the others are taken up all the same.
    pub fn refresh(&self) -> Result<()> {
        let standings = self.store.standings()?;
        let names: HashSet<&str> = standings.iter().map(|standing| standing.name.as_str()).collect();
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        open.retain(|name, _| names.contains(name.as_str()));
        drop(open);
        self.live.lock().retain(|name, _| names.contains(name.as_str()));
        let mut failed = Ok(());
        for standing in &standings {
            if let Err(error) = self.refresh_one(standing) {
                failed = Err(error);
            }
        }
        self.remove_all_outdated();
        failed
    }

    fn remove_all_outdated(&self) {
        let mut outdated = self.live.outdated.lock().unwrap_or_else(PoisonError::into_inner);
        outdated.retain(|collection, answers| !self.remove_outdated(collection, answers));
    }

    fn refresh_one(&self, standing: &Standing) -> Result<()> {
        let Some(folder) = &standing.generation else {
            return match self.begin_generations(&standing.name, Duration::ZERO) {
                Err(Error::NotReady { .. }) => Ok(()), // it is just being built
                done => done,
            };
        };
        if self.is_to_be_begun(standing)? {
            return match self.begin_anew(&standing.name) {
                Err(Error::NotReady { .. }) => Ok(()),
                done => done,
            };
        }
        let shown = |view: &Arc<Generation>| view.name() == folder && view.change() == standing.last_change;
        if self.opened().get(&standing.name).is_some_and(shown) {
            return Ok(());
        }
        self.take_up(&standing.name).map(drop)
    }

    /// Whether a collection gets its first documents, and few enough to build a generation of them at once: how words are joined is
    /// judged by documents, and an empty generation had none to judge by.
    fn is_to_be_begun(&self, standing: &Standing) -> Result<bool> {
        let is_empty =
            |view: &Arc<Generation>| view.keyword().is_empty() && view.change() < standing.last_change;
        if !self.opened().get(&standing.name).is_some_and(is_empty) {
            return Ok(false);
        }
        let Some(mut later) = self.store.later(standing.key, 0)? else { return Ok(false) };
        Ok((1..=MERGE_MIN as u64).contains(&later.count(MERGE_MIN as u32 + 1)?))
    }

    /// The collections with so many changes that the next generation is worth its time.
    #[must_use]
    pub fn to_be_merged(&self) -> Vec<String> {
        let slots: Vec<_> =
            self.live.lock().iter().map(|(name, slot)| (name.clone(), Arc::clone(slot))).collect();
        let wanted = |slot: &Mutex<Option<Live>>| {
            slot.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Live::is_worth_merging)
        };
        slots.into_iter().filter(|(_, slot)| wanted(slot)).map(|(name, _)| name).collect()
    }

    /// Waits until something is written in this process, or for so long.
    pub fn wait_for_writes(&self, longest: Duration) {
        let end = Instant::now() + longest;
        let mut writes = self.live.writes.lock().unwrap_or_else(PoisonError::into_inner);
        while *writes == 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            writes = self.live.written.wait_timeout(writes, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *writes = 0;
    }

    /// A collection is gone.
    pub(super) fn forget(&self, name: &str) {
        self.live.lock().remove(name);
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Something was written: whoever shows it, look.
    pub(super) fn wake(&self) {
        *self.live.writes.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.live.written.notify_all();
    }

    /// Opens the generation that answers for a collection, with what was written since.
    pub(super) fn take_up(&self, name: &str) -> Result<Arc<Generation>> {
        let slot = Arc::clone(self.live.lock().entry(name.to_owned()).or_default());
        let mut live = slot.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let row = self.store.collection_standing(name)?;
            let Some(folder) = &row.generation else {
                return Err(Error::NotReady {
                    what: format!("collection {name:?} has no index yet"),
                    cure: format!("build it: sememe index {name}"),
                });
            };
            let is_of = |live: &Live| live.key == row.key && live.frozen.name() == folder;
            let opened = match live.take().filter(is_of) {
                Some(opened) => opened,
                None => match Live::open(&self.folder(name).join(folder), &row) {
                    Ok(opened) => self.opened_anew(name, opened),
                    // It may have been replaced, and removed, in between.
                    Err(_) if self.store.collection_standing(name)?.generation != row.generation => continue,
                    Err(error) => return Err(error),
                },
            };
            let opened = live.insert(opened);
            if let Some(view) = opened.catch_up(&self.store)? {
                let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
                open.insert(name.to_owned(), Arc::clone(&view));
                return Ok(view);
            }
            // Another generation has taken its place in between.
        }
    }
}

impl Engine {
    /// Notes that the generations before this one may go.
    fn opened_anew(&self, name: &str, opened: Live) -> Live {
        let mut outdated = self.live.outdated.lock().unwrap_or_else(PoisonError::into_inner);
        outdated.insert(name.to_owned(), opened.frozen.name().to_owned());
        opened
    }
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Mutex<Option<Live>>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn open(folder: &Path, row: &Standing) -> Result<Self> {
        let frozen = Arc::new(Generation::open(folder, &row.name)?);
        let change = frozen.change();
        Ok(Self {
            key: row.key,
            frozen,
            keyword: None,
            vectors: None,
            contexts: None,
            change,
            changes: 0,
            is_behind: false,
        })
    }

    fn is_worth_merging(&self) -> bool {
        let documents = usize::try_from(self.frozen.keyword().len()).unwrap_or(usize::MAX);
        self.is_behind || self.changes > MERGE_MIN.max(documents / 10)
    }

    /// Takes in what was written since, and gives the view of it; `None` if the generation is not the one that answers any more.
    fn catch_up(&mut self, store: &Store) -> Result<Option<Arc<Generation>>> {
        let Some(mut later) = store.later(self.key, self.change)? else { return Ok(None) };
        let standing = later.standing().clone();
        if standing.generation.as_deref() != Some(self.frozen.name()) {
            return Ok(None);
        }
        if standing.last_change > self.change {
            let room = DOCUMENTS_MAX.saturating_sub(self.changes);
            self.is_behind = later.count(room as u32 + 1)? as usize > room;
            if !self.is_behind {
                self.take_in(&mut later)?;
                self.change = standing.last_change;
            }
        }
        self.view().map(Some)
    }

    /// Doing it twice does no harm: a row never means two texts.
    fn take_in(&mut self, later: &mut Later<'_>) -> Result<()> {
        let gone = later.deleted()?;
        let keyword = match self.keyword.take() {
            Some(keyword) => keyword,
            None => {
                KeywordChanges::open(&self.frozen.keyword_folder())?.with_settings(self.frozen.settings())
            }
        };
        let keyword = self.keyword.insert(keyword);
        if self.vectors.is_none() {
            self.vectors = LiveVectors::over(&self.frozen)?;
            self.contexts = LiveVectors::over_contexts(&self.frozen)?;
        }
        for seq in &gone {
            keyword.delete(seq.cast_unsigned());
            for vectors in [&mut self.vectors, &mut self.contexts].into_iter().flatten() {
                vectors.delete(*seq);
            }
        }
        self.changes += gone.len();
        while let Some(batch) = later.next_batch(BATCH)? {
            let ready = read(&batch, &self.frozen, keyword.layout())?;
            for (stored, (document, vectors)) in batch.iter().zip(ready) {
                keyword.add(stored.seq.cast_unsigned(), document)?;
                for (to, vector) in [&mut self.vectors, &mut self.contexts].into_iter().zip(vectors) {
                    if let (Some(to), Some(vector)) = (to, vector) {
                        to.add(stored.seq, &vector)?;
                    }
                }
            }
            self.changes += batch.len();
        }
        Ok(())
    }

    fn view(&mut self) -> Result<Arc<Generation>> {
        let Some(keyword) = &mut self.keyword else { return Ok(Arc::clone(&self.frozen)) };
        let view =
            |vectors: LiveVectors| DocumentVectors { index: Arc::new(vectors.index), seqs: vectors.seqs };
        let documents = [&self.vectors, &self.contexts].map(|vectors| vectors.clone().map(view));
        Ok(Arc::new(self.frozen.with_changes(self.change, keyword.publish()?, documents)))
    }
}

/// A document for the keyword index, and its vectors, static and contextual.
type Read = (KeywordDocument, [Option<Vec<f32>>; 2]);

/// Each document once, in parallel.
fn read(batch: &[StoredDocument], generation: &Generation, layout: &Layout) -> Result<Vec<Read>> {
    let encoder = generation.encoder().ok();
    let context = generation.context_vectors().map(|_| generation.context()).transpose()?;
    let read = batch
        .par_iter()
        .map(|stored| {
            let analysis = Analyzer.analyze(&stored.document.full_text());
            let vector = encoder.and_then(|e| e.text(analysis.tokens().map(|token| token.text)));
            let of_context = context.and_then(|encoder| {
                let mut vector = context::text_vector(encoder, &analysis, |_, _| {})?;
                generation.remove_context_direction(&mut vector).then_some(vector)
            });
            let seq = stored.seq.cast_unsigned();
            (layout.document_with_fields(seq, &stored.document, &analysis), [vector, of_context])
        })
        .collect();
    Ok(read)
}

impl LiveVectors {
    /// `None` if the generation has no model.
    fn over(generation: &Generation) -> Result<Option<Self>> {
        let Ok(encoder) = generation.encoder() else { return Ok(None) };
        Self::from(generation.document_vectors(), encoder.dim()).map(Some)
    }

    /// `None` if the generation has no contextual vectors.
    fn over_contexts(generation: &Generation) -> Result<Option<Self>> {
        generation.context_vectors().map(|(built, dim)| Self::from(built, dim)).transpose()
    }

    fn from(built: Option<&Arc<DocumentVectors>>, dim: usize) -> Result<Self> {
        let (index, seqs): (Arc<dyn VectorIndex>, _) = match built {
            Some(built) => (Arc::clone(&built.index), built.seqs.clone()),
            None => (Arc::new(Flat::new(Matrix::from_rows(&[], dim)?)), Vec::new()),
        };
        Ok(Self { index: index::Live::new(index), seqs })
    }

    fn add(&mut self, seq: i64, vector: &[f32]) -> Result<()> {
        // Rows rise with time, so a row that is not beyond the last one is here already.
        if self.seqs.last().is_none_or(|last| *last < seq) {
            self.index.insert(vector)?;
            self.seqs.push(seq);
        }
        Ok(())
    }

    fn delete(&mut self, seq: i64) {
        if let Ok(row) = self.seqs.binary_search(&seq) {
            self.index.delete(row as u32);
        }
    }
}
