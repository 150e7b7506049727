//! Is everything as it was written? Every checksum, and every count against the database; and what is damaged made anew.
//!
//! The database is the source of truth: indexes are rebuilt from it, and a model whose files are damaged is left behind, to be trained again. So
//! are examples of senses and tuned weights, whose files nothing here can make anew: they are set aside.
//! Nothing makes a damaged document whole but a snapshot.

use super::generation::{CORPUS, Generation};
use super::senses::{PREDOMINANT_FILE, TAGGED_FILE};
use super::tuning::{self, HYBRID_FILE};
use super::{Engine, next};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::sense::{Examples, Predominant};
use crate::vectors::{NEIGHBOURS_FILE, Neighbours};
use crate::vocab::corpus::Corpus;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Documents read at a time.
const BATCH: u32 = 1000;

/// Files of a collection that belong to no generation, and what verifies each.
pub(super) const BESIDE: [(&str, fn(&Path) -> Result<()>); 3] =
    [(TAGGED_FILE, Examples::check), (PREDOMINANT_FILE, Predominant::check), (HYBRID_FILE, tuning::check)];

/// How everything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Whether nothing is wrong, or nothing any more.
    pub is_sound: bool,
    /// What is wrong with the database.
    pub database: Vec<String>,
    /// Collection by collection.
    pub collections: Vec<CollectionCheck>,
}

/// How a collection is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionCheck {
    /// Its name.
    pub name: String,
    /// Documents in the database.
    pub documents: u64,
    /// Documents that the indexes show.
    pub indexed_documents: u64,
    /// The generation that answers.
    pub generation: Option<String>,
    /// What is wrong.
    pub problems: Vec<String>,
    /// Damaged files that were renamed, because what they held has to be made again by whoever made it.
    pub set_aside: Vec<PathBuf>,
    /// Whether its indexes were built anew, or files set aside, and nothing is wrong any more.
    pub is_repaired: bool,
}

impl Engine {
    /// Verifies every checksum and every count; with `repair`, builds anew what is damaged.
    ///
    /// # Errors
    /// [`Error::Store`] if the database cannot be read at all; [`Error::Cancelled`]; those of building.
    pub fn check(&self, repair: bool, progress: &dyn Progress) -> Result<CheckReport> {
        progress.step("checking the database", 0, 0, "files")?;
        let mut database = self.store.problems()?;
        if repair && !database.is_empty() {
            self.store.rebuild_indexes()?;
            database = self.store.problems()?;
        }
        let mut collections = Vec::new();
        let rows = self.store.collections()?;
        for (place, row) in rows.iter().enumerate() {
            progress.step("checking collections", place as u64, rows.len() as u64, "collections")?;
            let mut found = self.check_collection(&row.name, progress)?;
            if repair && !found.problems.is_empty() {
                self.reindex(&row.name, progress)?;
                let again = self.check_collection(&row.name, progress)?;
                found.is_repaired = again.problems.is_empty();
                found.indexed_documents = again.indexed_documents;
                found.generation = again.generation;
                found.problems.extend(again.problems.into_iter().map(|problem| format!("still: {problem}")));
            }
            self.check_beside(&mut found, repair)?;
            collections.push(found);
        }
        let is_sound = database.is_empty()
            && collections.iter().all(|check| check.problems.is_empty() || check.is_repaired);
        Ok(CheckReport { is_sound, database, collections })
    }

    fn check_collection(&self, name: &str, progress: &dyn Progress) -> Result<CollectionCheck> {
        let row = self.store.collection(name)?;
        let mut problems = Vec::new();
        let stored = self.check_documents(row.key, row.documents, &mut problems, progress)?;
        let mut indexed_documents = 0;
        let row = self.store.collection(name)?; // reading documents may have taken long
        match &row.generation {
            None if row.documents > 0 => problems.push("documents, but no index: sememe index".to_owned()),
            None => {}
            Some(generation) => {
                let folder = self.folder(name).join(generation);
                // The files of the view are verified when it is opened: from the disk, not as this process knows them.
                let opened = Generation::open(&folder, name);
                if opened.is_err() && self.store.collection(name)?.generation != row.generation {
                    return self.check_collection(name, progress); // replaced in between, and removed
                }
                let _held = opened.map_err(|error| problems.push(error.to_string()));
                if folder.join(CORPUS).exists() {
                    note(Corpus::open(&folder.join(CORPUS)).map(drop), &mut problems);
                }
                next::check(&folder).for_each(|checked| note(checked, &mut problems));
                if folder.join(NEIGHBOURS_FILE).exists() {
                    note(Neighbours::open(&folder).map(drop), &mut problems);
                }
                match self.take_up(name) {
                    Ok(_) if !problems.is_empty() => {}
                    Ok(view) => indexed_documents = check_counts(&view, &stored, &mut problems)?,
                    Err(error) => problems.push(error.to_string()),
                }
            }
        }
        Ok(CollectionCheck {
            name: row.name,
            documents: row.documents,
            indexed_documents,
            generation: row.generation,
            problems,
            set_aside: Vec::new(),
            is_repaired: false,
        })
    }

    /// The files of a collection that belong to no generation.
    fn check_beside(&self, found: &mut CollectionCheck, repair: bool) -> Result<()> {
        let was_sound = found.problems.is_empty() || found.is_repaired;
        let folder = self.folder(&found.name);
        for (name, check) in BESIDE {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let Err(error) = check(&path) else { continue };
            found.problems.push(error.to_string());
            if repair {
                let aside = path.with_added_extension("damaged");
                fs::rename(&path, &aside).map_err(Error::io("rename", &path))?;
                found.set_aside.push(aside);
            }
        }
        found.is_repaired |= repair && was_sound && !found.set_aside.is_empty();
        Ok(())
    }

    /// Reads every document, which verifies its checksum, and gives their rows.
    fn check_documents(
        &self,
        key: i64,
        count: u64,
        problems: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> Result<HashSet<i64>> {
        let mut seqs = HashSet::new();
        let mut snapshot = self.store.snapshot(key)?;
        loop {
            match snapshot.next_batch(BATCH) {
                Ok(Some(batch)) => seqs.extend(batch.iter().map(|stored| stored.seq)),
                Ok(None) => break,
                Err(error) => {
                    problems.push(error.to_string());
                    break;
                }
            }
            progress.step("checking documents", seqs.len() as u64, count, "documents")?;
        }
        Ok(seqs)
    }
}

/// The view against the database, document by document.
fn check_counts(view: &Generation, stored: &HashSet<i64>, problems: &mut Vec<String>) -> Result<u64> {
    let indexed: HashSet<i64> = view.keyword().row_numbers()?.into_iter().map(u64::cast_signed).collect();
    let (missing, extra) = (stored.difference(&indexed).count(), indexed.difference(stored).count());
    if missing + extra > 0 {
        problems.push(format!("keyword index: {missing} documents missing, {extra} that are gone"));
    }
    if view.encoder().is_ok()
        && let Some((index, seqs)) = view.documents()?
    {
        let distinct: HashSet<&i64> = seqs.iter().collect();
        if distinct.len() != seqs.len() {
            problems.push("document vectors: two rows for one document".to_owned());
        }
        if index.len() > stored.len() {
            problems.push(format!("document vectors: {} for {} documents", index.len(), stored.len()));
        }
    }
    Ok(indexed.len() as u64)
}

fn note(checked: Result<()>, problems: &mut Vec<String>) {
    if let Err(error) = checked {
        problems.push(error.to_string());
    }
}

impl CheckReport {
    /// As an error, for whoever wants one.
    ///
    /// # Errors
    /// [`Error::NotReady`] if something is wrong.
    pub fn into_result(self) -> Result<Self> {
        if self.is_sound {
            return Ok(self);
        }
        let cure = if self.database.is_empty() {
            "build the indexes anew with `sememe check --repair`"
        } else {
            "restore the last snapshot with `sememe restore`"
        };
        Err(Error::NotReady { what: "the data directory is damaged".to_owned(), cure: cure.to_owned() })
    }
}
