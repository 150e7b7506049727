//! What every vector index answers: the nearest rows by true cosine, in one order.

use crate::error::{Error, Result};
use crate::index::hnsw::BuildReport;
use crate::index::rows::RowSet;
use crate::linalg;
use std::cmp::Ordering;

/// The most neighbours that one search may ask for.
pub const MAX_K: usize = 10_000;
/// The widest search: beyond it an exact scan is faster on every size measured.
pub const MAX_EF: usize = 65_536;

/// A row and its cosine to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbor {
    /// Row of the matrix, from 0.
    pub row: u32,
    /// True cosine, −1 to 1.
    pub similarity: f32,
}

impl Neighbor {
    /// Nearest first; ties by row.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        other.similarity.total_cmp(&self.similarity).then(self.row.cmp(&other.row))
    }
}

/// How the answer is to be found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// The index chooses by its cost model.
    #[default]
    Auto,
    /// Exact: every row that the filter lets through is compared.
    Scan,
    /// Approximate: the graph is walked (an index without a graph scans).
    Graph,
}

/// What may be asked of a search beside the query and `k`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SearchOptions<'a> {
    /// Search width ef of the walk; comes before `recall`.
    pub ef: Option<usize>,
    /// The recall@10 wanted, above 0 up to 1; the index knows from its build which ef it takes, and scans for 1.
    pub recall: Option<f32>,
    /// Only these rows.
    pub filter: Option<&'a RowSet>,
    /// Scan, walk, or let the index choose.
    pub strategy: Strategy,
}

impl SearchOptions<'_> {
    /// Every row compared.
    pub const EXACT: Self = Self { ef: None, recall: None, filter: None, strategy: Strategy::Scan };

    /// # Errors
    /// [`Error::Invalid`] for an ef or recall outside its range.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(ef) = self.ef.filter(|ef| !(1..=MAX_EF).contains(ef)) {
            return Err(Error::invalid("ef", format!("1 to {MAX_EF}"), ef, "for more, search exactly"));
        }
        if let Some(recall) = self.recall.filter(|recall| !(*recall > 0.0 && *recall <= 1.0)) {
            return Err(Error::invalid("recall", "above 0 up to 1", recall, "0.95 and 0.99 are usual"));
        }
        Ok(())
    }
}

/// Nearest rows by cosine. Whatever the approximate index answers can be checked with the same call on the exact one.
///
/// Answers are sorted by falling cosine, ties by row. Where fewer than `k` rows pass the filter, all that
/// pass are answered; an index without rows answers nothing.
pub trait VectorIndex: Send + Sync {
    /// Number of rows.
    fn len(&self) -> usize;

    /// Number of columns.
    fn dim(&self) -> usize;

    /// Whether there is no row at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `k` nearest rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a query of another dimension, not finite or zero; for `k` outside 1 to [`MAX_K`] or
    /// above the number of rows; for options outside their ranges.
    fn search(&self, query: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Neighbor>>;

    /// Every row with a cosine of at least `min_similarity`.
    ///
    /// # Errors
    /// As [`search`](Self::search); [`Error::Invalid`] for a `min_similarity` that is not a number.
    fn range(&self, query: &[f32], min_similarity: f32, options: &SearchOptions<'_>)
    -> Result<Vec<Neighbor>>;

    /// [`search`](Self::search) for each row of `queries` (row-major), in their order.
    ///
    /// # Errors
    /// As [`search`](Self::search), naming the query.
    fn batch(&self, queries: &[f32], k: usize, options: &SearchOptions<'_>) -> Result<Vec<Vec<Neighbor>>>;

    /// What the self-search at the end of a graph's build found; `None` for what is not a graph.
    fn self_search(&self) -> Option<&BuildReport> {
        None
    }
}

/// A query of length 1, checked.
pub(crate) fn unit_query(query: &[f32], dim: usize) -> Result<Vec<f32>> {
    if query.len() != dim {
        let got = format!("{} values", query.len());
        return Err(Error::invalid("query vector", format!("{dim} values"), got, "use the same model"));
    }
    unit(query).ok_or_else(|| {
        let got = "a zero or non-finite vector";
        Error::invalid(
            "query vector",
            "finite numbers, not all zero",
            got,
            "it has no direction to search in",
        )
    })
}

/// `x` scaled to length 1; none where it has no direction. Scales by the largest value first, so that neither huge
/// nor tiny values are lost. What has length 1 up to rounding stays as it is, so that scaling twice changes nothing.
pub(crate) fn unit(x: &[f32]) -> Option<Vec<f32>> {
    let largest = x.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let finite = x.iter().all(|value| value.is_finite());
    if !finite || largest == 0.0 {
        return None;
    }
    let mut scaled: Vec<f32> = x.to_vec();
    if (linalg::dot(x, x) - 1.0).abs() < 2e-6 {
        return Some(scaled);
    }
    if !(1e-10..=1e10).contains(&largest) {
        scaled.iter_mut().for_each(|value| *value = (f64::from(*value) / f64::from(largest)) as f32);
    }
    linalg::normalize(&mut scaled);
    Some(scaled)
}

/// # Errors
/// [`Error::Invalid`] for `k` outside 1 to [`MAX_K`], or above the number of rows where there are any.
pub(crate) fn check_k(k: usize, rows: usize) -> Result<()> {
    if !(1..=MAX_K).contains(&k) {
        return Err(Error::invalid("k", format!("1 to {MAX_K}"), k, "ask for fewer, or search by range"));
    }
    if rows > 0 && k > rows {
        let expected = format!("1 to {rows}, the rows of the index");
        return Err(Error::invalid("k", expected, k, "ask for no more than there are"));
    }
    Ok(())
}

/// # Errors
/// [`Error::Invalid`] where `queries` is not whole rows of `dim`, or one of them has no direction.
pub(crate) fn check_batch(queries: &[f32], dim: usize) -> Result<()> {
    if dim == 0 || !queries.len().is_multiple_of(dim) {
        let got = format!("{} values", queries.len());
        return Err(Error::invalid(
            "query vectors",
            format!("rows of {dim} values"),
            got,
            "use the same model",
        ));
    }
    let pointless = |query: &[f32]| !query.iter().all(|x| x.is_finite()) || query.iter().all(|x| *x == 0.0);
    match queries.chunks_exact(dim).position(pointless) {
        Some(at) => {
            let got = "a zero or non-finite vector";
            Err(Error::invalid(
                format!("query vector {at}"),
                "finite numbers, not all zero",
                got,
                "leave it out",
            ))
        }
        None => Ok(()),
    }
}

/// The first `k` in order; sorts no more than it must.
pub(crate) fn top(mut found: Vec<Neighbor>, k: usize) -> Vec<Neighbor> {
    if found.len() > k {
        found.select_nth_unstable_by(k - 1, Neighbor::order);
        found.truncate(k);
    }
    found.sort_unstable_by(Neighbor::order);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_and_tiny_queries_keep_their_direction() {
        for scale in [1e-38, 1.0, 1e38] {
            let query = unit_query(&[3.0 * scale, 0.0, 2.0 * scale], 3).unwrap();
            assert!((query[0] - 3.0 / 13f32.sqrt()).abs() < 1e-6, "{query:?}");
        }
        for bad in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
            assert!(unit_query(&bad, 2).is_err());
        }
    }

    #[test]
    fn ties_go_by_row() {
        let found = [(3, 0.5), (1, 0.5), (2, 0.9), (0, 0.5)];
        let found = found.map(|(row, similarity)| Neighbor { row, similarity });
        let rows: Vec<u32> = top(found.to_vec(), 3).iter().map(|hit| hit.row).collect();
        assert_eq!(rows, [2, 0, 1]);
    }
}
