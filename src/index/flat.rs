//! Exact search: every row is compared. In f32, or in 8-bit codes with an error bound and f32 re-scoring, which reads
//! a quarter of the memory and gives the same answer.

use crate::error::{Error, Result};
use crate::index::codes::{Codes, QUERIES, QueryCode};
use crate::index::matrix::Matrix;
use crate::index::vector::{self, Neighbor, SearchOptions, VectorIndex};
use crate::linalg;
use rayon::prelude::*;

/// The exact index.
#[derive(Debug, Clone)]
pub struct Flat {
    matrix: Matrix,
    codes: Option<Codes>,
}

impl Flat {
    /// Scans f32 only: nothing to build, nothing beside the matrix.
    #[must_use]
    pub fn new(matrix: Matrix) -> Self {
        Self { matrix, codes: None }
    }

    /// Scans 8-bit codes and re-scores in f32: a quarter more memory, same answers, three to four times as fast.
    #[must_use]
    pub fn with_codes(matrix: Matrix) -> Self {
        let dim = matrix.dim();
        let rows: Vec<&[f32]> = matrix.values().chunks_exact(dim).collect();
        let codes = Codes::encode(&rows, dim);
        Self { matrix, codes: Some(codes) }
    }

    /// The rows searched.
    #[must_use]
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Rows that may be in the answer, by codes: a superset.
    fn candidates(
        &self,
        query: &[f32],
        options: &SearchOptions<'_>,
        pick: impl Fn(&Codes, &QueryCode, Option<&[u32]>) -> Vec<u32>,
    ) -> Option<Vec<u32>> {
        let rows: Option<Vec<u32>> = options.filter.map(|filter| self.rows_of(filter));
        match &self.codes {
            Some(codes) => Some(pick(codes, &QueryCode::new(query), rows.as_deref())),
            None => rows,
        }
    }

    fn rows_of(&self, filter: &crate::index::RowSet) -> Vec<u32> {
        filter.iter().take_while(|row| (*row as usize) < self.len()).collect()
    }

    fn score(&self, query: &[f32], rows: Option<Vec<u32>>) -> Vec<Neighbor> {
        let neighbor = |row: u32| Neighbor { row, similarity: similarity(self.matrix.row(row), query) };
        match rows {
            Some(rows) => rows.into_iter().map(neighbor).collect(),
            None => (0..self.len() as u32).map(neighbor).collect(),
        }
    }
}

/// Cosine of two rows of unit length.
#[inline]
pub(crate) fn similarity(x: &[f32], y: &[f32]) -> f32 {
    linalg::dot(x, y).clamp(-1.0, 1.0)
}

impl VectorIndex for Flat {
    fn len(&self) -> usize {
        self.matrix.len()
    }

    fn dim(&self) -> usize {
        self.matrix.dim()
    }

    fn search(&self, query: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Neighbor>> {
        vector::check_k(k, self.len())?;
        options.check()?;
        let query = vector::unit_query(query, self.dim())?;
        let rows = self.candidates(&query, options, |codes, code, rows| codes.nearest(code, rows, k));
        Ok(vector::top(self.score(&query, rows), k))
    }

    fn range(
        &self,
        query: &[f32],
        min_similarity: f32,
        options: &SearchOptions<'_>,
    ) -> Result<Vec<Neighbor>> {
        options.check()?;
        check_min(min_similarity)?;
        let query = vector::unit_query(query, self.dim())?;
        let pick = |codes: &Codes, code: &QueryCode, rows: Option<&[u32]>| {
            codes.at_least(code, rows, min_similarity)
        };
        let mut found = self.score(&query, self.candidates(&query, options, pick));
        found.retain(|hit| hit.similarity >= min_similarity);
        found.sort_unstable_by(Neighbor::order);
        Ok(found)
    }

    fn batch(&self, queries: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Vec<Neighbor>>> {
        vector::check_batch(queries, self.dim())?;
        vector::check_k(k, self.len())?;
        options.check()?;
        match &self.codes {
            Some(codes) if options.filter.is_none() => batch_scan(
                codes,
                queries,
                self.dim(),
                |query, rows| vector::top(self.score(query, Some(rows)), k),
                k,
            ),
            _ => queries.par_chunks_exact(self.dim()).map(|query| self.search(query, k, options)).collect(),
        }
    }
}

/// Exact answers to many queries: codes block by block (a matrix product of a kind), then `finish` for the true order.
pub(crate) fn batch_scan(
    codes: &Codes,
    queries: &[f32],
    dim: usize,
    finish: impl Fn(&[f32], Vec<u32>) -> Vec<Neighbor> + Sync,
    k: usize,
) -> Result<Vec<Vec<Neighbor>>> {
    let groups: Result<Vec<Vec<Vec<Neighbor>>>> = queries
        .par_chunks(dim * QUERIES)
        .map(|queries| {
            let units: Result<Vec<Vec<f32>>> =
                queries.chunks_exact(dim).map(|query| vector::unit_query(query, dim)).collect();
            let units = units?;
            let coded: Vec<QueryCode> = units.iter().map(|unit| QueryCode::new(unit)).collect();
            let found = codes.nearest_batch(&coded, k);
            Ok(units.iter().zip(found).map(|(unit, found)| finish(unit, found)).collect())
        })
        .collect();
    Ok(groups?.into_iter().flatten().collect())
}

/// # Errors
/// [`Error::Invalid`] for a threshold that is not a number.
pub(crate) fn check_min(min_similarity: f32) -> Result<()> {
    if min_similarity.is_finite() {
        return Ok(());
    }
    Err(Error::invalid("min_similarity", "a cosine, -1 to 1", min_similarity, "0.5 is a usual start"))
}
