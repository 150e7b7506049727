//! A frozen index and what has changed since: rows added in memory, rows deleted by tombstone, searched together.
//!
//! Added rows are scanned exactly, so recall does not fall while they wait for the next build.

use crate::error::{Error, Result};
use crate::index::codes::{Codes, QueryCode};
use crate::index::flat;
use crate::index::hnsw::BuildReport;
use crate::index::rows::RowSet;
use crate::index::vector::{self, Neighbor, SearchOptions, VectorIndex};
use rayon::prelude::*;
use std::sync::Arc;

/// A frozen index with later additions and deletions. Its rows keep their numbers; added ones follow.
#[derive(Clone)]
pub struct Live {
    base: Arc<dyn VectorIndex>,
    /// Added rows of length 1, row-major, and their codes.
    added: Vec<f32>,
    codes: Codes,
    /// Rows of both that are not deleted.
    alive: RowSet,
}

impl Live {
    /// Nothing changed yet.
    #[must_use]
    pub fn new(base: Arc<dyn VectorIndex>) -> Self {
        let alive = RowSet::all(base.len());
        let codes = Codes::encode(&[], base.dim());
        Self { base, added: Vec::new(), codes, alive }
    }

    /// Adds a row, and says its number.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a vector of another dimension, zero or not finite; or when there are 2³¹ rows.
    pub fn insert(&mut self, values: &[f32]) -> Result<u32> {
        let row = self.alive.len();
        if row >= i32::MAX as usize {
            return Err(Error::invalid(
                "vectors",
                "less than 2^31 rows",
                row,
                "merge, or split the collection",
            ));
        }
        let unit = vector::unit_query(values, self.dim())?;
        self.codes.push(&unit);
        self.added.extend_from_slice(&unit);
        self.alive.grow(row + 1);
        self.alive.insert(row as u32);
        Ok(row as u32)
    }

    /// Deletes a row; says whether it was there.
    pub fn delete(&mut self, row: u32) -> bool {
        self.alive.remove(row)
    }

    /// Rows added since the build, deleted ones included. A scan of them costs about a nanosecond for each 64 bytes.
    #[must_use]
    pub fn added(&self) -> usize {
        self.added.len() / self.dim()
    }

    /// Rows deleted since the build.
    #[must_use]
    pub fn deleted(&self) -> usize {
        self.alive.len() - self.alive.count()
    }

    /// Whether so much has changed that a new build pays: more than a tenth of the rows, and at least 10,000.
    #[must_use]
    pub fn is_worth_merging(&self) -> bool {
        self.added() + self.deleted() > 10_000.max(self.base.len() / 10)
    }

    /// The rows to be looked at: alive, and let through by the caller's filter. None for all rows of the frozen index.
    fn filter(&self, asked: Option<&RowSet>) -> Option<RowSet> {
        match asked {
            Some(asked) => Some(self.alive.intersection(asked)),
            None => (self.deleted() > 0).then(|| self.alive.clone()),
        }
    }

    /// Answers of the frozen index, then those of the added rows that `pick` chooses by their codes.
    fn both(
        &self,
        query: &[f32],
        options: &SearchOptions<'_>,
        graph: impl Fn(&SearchOptions<'_>) -> Result<Vec<Neighbor>>,
        pick: impl Fn(&QueryCode, Option<&[u32]>) -> Vec<u32>,
    ) -> Result<Vec<Neighbor>> {
        let unit = vector::unit_query(query, self.dim())?;
        let filter = self.filter(options.filter);
        let mut found = graph(&SearchOptions { filter: filter.as_ref(), ..*options })?;
        if self.added.is_empty() {
            return Ok(found);
        }
        let first = self.base.len() as u32;
        let rows: Option<Vec<u32>> =
            filter.map(|filter| filter.iter_from(first).map(|row| row - first).collect());
        for at in pick(&QueryCode::new(&unit), rows.as_deref()) {
            let row = &self.added[at as usize * self.dim()..][..self.dim()];
            found.push(Neighbor { row: first + at, similarity: flat::similarity(row, &unit) });
        }
        Ok(found)
    }
}

impl VectorIndex for Live {
    /// Rows that are not deleted.
    fn len(&self) -> usize {
        self.alive.count()
    }

    fn dim(&self) -> usize {
        self.base.dim()
    }

    fn search(&self, query: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Neighbor>> {
        vector::check_k(k, self.len())?;
        let of_base = k.min(self.base.len()).max(1);
        let graph = |options: &SearchOptions<'_>| self.base.search(query, of_base, options);
        let found = self.both(query, options, graph, |code, rows| self.codes.nearest(code, rows, k))?;
        Ok(vector::top(found, k))
    }

    fn range(
        &self,
        query: &[f32],
        min_similarity: f32,
        options: &SearchOptions<'_>,
    ) -> Result<Vec<Neighbor>> {
        let graph = |options: &SearchOptions<'_>| self.base.range(query, min_similarity, options);
        let pick = |code: &QueryCode, rows: Option<&[u32]>| self.codes.at_least(code, rows, min_similarity);
        let mut found = self.both(query, options, graph, pick)?;
        found.retain(|hit| hit.similarity >= min_similarity);
        found.sort_unstable_by(Neighbor::order);
        Ok(found)
    }

    fn batch(&self, queries: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Vec<Neighbor>>> {
        vector::check_batch(queries, self.dim())?;
        queries.par_chunks_exact(self.dim()).map(|query| self.search(query, k, options)).collect()
    }

    fn self_search(&self) -> Option<&BuildReport> {
        self.base.self_search()
    }
}
