//! Searching the frozen graph.

use super::Hnsw;
use super::walk::{self, Scratch};
use crate::error::Result;
use crate::index::codes::QueryCode;
use crate::index::flat;
use crate::index::rows::RowSet;
use crate::index::vector::{self, Neighbor, SearchOptions, Strategy, VectorIndex};
use crate::linalg::int8;
use rayon::prelude::*;

/// The recall aimed at where none is asked for.
const DEFAULT_RECALL: f32 = 0.99;
/// The search width where nothing was measured.
const DEFAULT_EF: usize = 128;

impl Hnsw {
    /// The search width that reached `recall` at the end of the build; none where no width did.
    #[must_use]
    pub fn ef_for(&self, recall: f32) -> Option<usize> {
        if self.calibration.is_empty() {
            return Some(DEFAULT_EF);
        }
        self.calibration.iter().find(|(_, measured)| *measured >= recall).map(|(ef, _)| *ef)
    }

    pub(super) fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let lock = || self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut scratch = lock().pop().unwrap_or_default();
        let answer = work(&mut scratch);
        lock().push(scratch);
        answer
    }

    /// Nodes nearest to `query` by codes, nearest first.
    pub(super) fn walk(&self, query: &QueryCode, ef: usize, scratch: &mut Scratch) {
        let mut entry = 0;
        for layer in self.graph.upper() {
            entry = walk::descend(layer, &self.codes, query, entry, &mut scratch.scores);
        }
        let mut entries = vec![entry];
        entries.extend_from_slice(&self.graph.stragglers);
        walk::search_layer(self.graph.base(), &self.codes, query, &entries, ef, scratch);
    }

    fn search_graph(&self, query: &[f32], k: usize, ef: usize) -> Vec<Neighbor> {
        self.with_scratch(|scratch| {
            self.walk(&QueryCode::new(query), ef.max(k), scratch);
            let found = scratch.pool.items();
            let keep = found.len().min(k + (k / 4).max(16));
            let nodes: Vec<u32> = found[..keep].iter().map(|item| item.node()).collect();
            vector::top(self.score(query, &nodes, None), k)
        })
    }

    /// True similarities of the rows of `nodes` that the filter lets through.
    fn score(&self, query: &[f32], nodes: &[u32], filter: Option<&RowSet>) -> Vec<Neighbor> {
        for node in nodes {
            int8::prefetch(self.matrix.row(self.groups.rows(*node)[0]));
        }
        let mut found = Vec::with_capacity(nodes.len());
        for node in nodes {
            let rows = self.groups.rows(*node);
            let similarity = flat::similarity(self.matrix.row(rows[0]), query);
            let passing = rows.iter().filter(|row| filter.is_none_or(|filter| filter.contains(**row)));
            found.extend(passing.map(|&row| Neighbor { row, similarity }));
        }
        found
    }

    /// The nodes of the rows that the filter lets through, rising.
    fn nodes_of(&self, filter: &RowSet) -> Vec<u32> {
        let rows = filter.iter().take_while(|row| (*row as usize) < self.matrix.len());
        let mut nodes: Vec<u32> = rows.map(|row| self.groups.node(row)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn scan(&self, query: &[f32], k: usize, filter: Option<&RowSet>) -> Vec<Neighbor> {
        let nodes = filter.map(|filter| self.nodes_of(filter));
        let nodes = self.codes.nearest(&QueryCode::new(query), nodes.as_deref(), k);
        vector::top(self.score(query, &nodes, filter), k)
    }
}

impl VectorIndex for Hnsw {
    fn len(&self) -> usize {
        self.matrix.len()
    }

    fn dim(&self) -> usize {
        self.matrix.dim()
    }

    fn search(&self, query: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Neighbor>> {
        vector::check_k(k)?;
        options.check()?;
        let query = vector::unit_query(query, self.dim())?;
        let ef = options.ef.or_else(|| self.ef_for(options.recall.unwrap_or(DEFAULT_RECALL)));
        let graph = options.strategy != Strategy::Scan && options.filter.is_none() && !self.is_empty();
        match ef.filter(|_| graph) {
            Some(ef) => Ok(self.search_graph(&query, k, ef)),
            None => Ok(self.scan(&query, k, options.filter)),
        }
    }

    fn range(
        &self,
        query: &[f32],
        min_similarity: f32,
        options: &SearchOptions<'_>,
    ) -> Result<Vec<Neighbor>> {
        options.check()?;
        flat::check_min(min_similarity)?;
        let query = vector::unit_query(query, self.dim())?;
        let nodes = options.filter.map(|filter| self.nodes_of(filter));
        let nodes = self.codes.at_least(&QueryCode::new(&query), nodes.as_deref(), min_similarity);
        let mut found = self.score(&query, &nodes, options.filter);
        found.retain(|hit| hit.similarity >= min_similarity);
        found.sort_unstable_by(Neighbor::order);
        Ok(found)
    }

    fn batch(&self, queries: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Vec<Neighbor>>> {
        vector::check_batch(queries, self.dim())?;
        queries.par_chunks_exact(self.dim()).map(|query| self.search(query, k, options)).collect()
    }
}
