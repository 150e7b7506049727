//! Searching the frozen graph.

use super::walk::{self, Scratch};
use super::{BuildReport, Hnsw};
use crate::error::Result;
use crate::index::codes::QueryCode;
use crate::index::cost::Work;
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

    /// Search width of the walk, and how many nodes a filtered one may look at; none for a scan.
    fn plan(&self, k: usize, options: &SearchOptions<'_>) -> Option<(usize, usize)> {
        if options.strategy == Strategy::Scan || self.is_empty() {
            return None;
        }
        let ef = options.ef.or_else(|| self.ef_for(options.recall.unwrap_or(DEFAULT_RECALL)))?.max(k);
        let rows = self.len();
        let passing = options.filter.map_or(rows, |filter| filter.count_below(rows));
        let work = Work { rows, passing, width: self.codes.width, ef };
        match options.strategy {
            Strategy::Graph => Some((ef, usize::MAX)),
            _ => work.walks().then(|| (ef, work.most_nodes())),
        }
    }

    pub(super) fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let lock = || self.scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut scratch = lock().pop().unwrap_or_default();
        let answer = work(&mut scratch);
        lock().push(scratch);
        answer
    }

    /// Where a walk through level 0 starts.
    fn entries(&self, query: &QueryCode, scratch: &mut Scratch) -> Vec<u32> {
        let mut entry = 0;
        for layer in self.graph.upper() {
            entry = walk::descend(layer, &self.codes, query, entry, &mut scratch.scores);
        }
        let mut entries = vec![entry];
        entries.extend_from_slice(&self.graph.stragglers);
        entries
    }

    /// Fills the pool with the nodes nearest to `query` by codes.
    pub(super) fn walk(&self, query: &QueryCode, ef: usize, scratch: &mut Scratch) {
        let entries = self.entries(query, scratch);
        walk::search_layer(self.graph.base(), &self.codes, query, &entries, ef, scratch);
    }

    /// As [`walk`](Self::walk), of nodes with a row that the filter lets through; false after more than `most` nodes.
    fn walk_filtered(
        &self,
        query: &QueryCode,
        ef: usize,
        filter: &RowSet,
        most: usize,
        scratch: &mut Scratch,
    ) -> bool {
        let entries = self.entries(query, scratch);
        let passes = |node: u32| self.passes(node, filter);
        let base = self.graph.base();
        walk::search_layer_filtered(base, &self.codes, query, &entries, ef, passes, most, scratch)
    }

    /// The `k` nearest by the graph; none where the filter's rows lie too far apart for it.
    fn search_graph(
        &self,
        query: &[f32],
        k: usize,
        ef: usize,
        filter: Option<(&RowSet, usize)>,
    ) -> Option<Vec<Neighbor>> {
        let code = QueryCode::new(query);
        self.with_scratch(|scratch| {
            match filter {
                None => self.walk(&code, ef, scratch),
                Some((filter, most)) => {
                    self.walk_filtered(&code, ef, filter, most, scratch).then_some(())?;
                }
            }
            Some(vector::top(self.best(query, k, filter.map(|(filter, _)| filter), scratch), k))
        })
    }

    /// True similarities of the best nodes of the pool: somewhat more than `k`, since codes may misplace a few.
    fn best(&self, query: &[f32], k: usize, filter: Option<&RowSet>, scratch: &Scratch) -> Vec<Neighbor> {
        let found = scratch.pool.items();
        let keep = found.len().min(k + (k / 4).max(16));
        let nodes: Vec<u32> = found[..keep].iter().map(|item| item.node()).collect();
        self.score(query, &nodes, filter)
    }

    /// The ten nearest rows to those of `node`, apart from these: exactly, or by a walk that does not see the node.
    pub(super) fn others(&self, node: u32, ef: Option<usize>) -> Vec<u32> {
        let own = self.groups.rows(node);
        let query = self.matrix.row(own[0]);
        let mut found = match ef {
            None => self.scan(query, 10 + own.len(), None),
            Some(ef) => self.with_scratch(|scratch| {
                scratch.hidden = Some(node);
                self.walk(&QueryCode::new(query), ef, scratch);
                scratch.hidden = None;
                vector::top(self.best(query, 10, None, scratch), 10)
            }),
        };
        found.retain(|hit| !own.contains(&hit.row));
        found.iter().map(|hit| hit.row).take(10).collect()
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
        if filter.count() * 16 > self.len() && self.groups.starts.is_empty() {
            return self.every_node_of(filter);
        }
        let rows = filter.iter().take_while(|row| (*row as usize) < self.len());
        let mut nodes: Vec<u32> = rows.map(|row| self.groups.node(row)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// As [`nodes_of`](Self::nodes_of), where every node has one row: looks at all, without sorting or branching.
    fn every_node_of(&self, filter: &RowSet) -> Vec<u32> {
        let rows: &[u32] = &self.groups.rows;
        let (mut nodes, mut end) = (vec![0; rows.len()], 0);
        for (node, row) in rows.iter().enumerate() {
            nodes[end] = node as u32;
            end += usize::from(filter.contains(*row));
        }
        nodes.truncate(end);
        nodes
    }

    #[inline]
    fn passes(&self, node: u32, filter: &RowSet) -> bool {
        self.groups.rows(node).iter().any(|row| filter.contains(*row))
    }

    /// A filter that lets everything through is none.
    fn narrowed<'a>(&self, options: &SearchOptions<'a>) -> SearchOptions<'a> {
        let filter = options.filter.filter(|filter| filter.count_below(self.len()) < self.len());
        SearchOptions { filter, ..*options }
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
        vector::check_k(k, self.len())?;
        options.check()?;
        let query = vector::unit_query(query, self.dim())?;
        let options = &self.narrowed(options);
        let found = self.plan(k, options).and_then(|(ef, most)| {
            self.search_graph(&query, k, ef, options.filter.map(|filter| (filter, most)))
        });
        Ok(found.unwrap_or_else(|| self.scan(&query, k, options.filter)))
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
        vector::check_k(k, self.len())?;
        options.check()?;
        if options.filter.is_none() && self.plan(k, options).is_none() {
            let finish = |query: &[f32], nodes: Vec<u32>| vector::top(self.score(query, &nodes, None), k);
            return flat::batch_scan(&self.codes, queries, self.dim(), finish, k);
        }
        queries.par_chunks_exact(self.dim()).map(|query| self.search(query, k, options)).collect()
    }

    fn self_search(&self) -> Option<&BuildReport> {
        Some(&self.report)
    }
}
