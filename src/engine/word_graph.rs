//! The graph over the words of a large vocabulary, kept in a generation beside its vectors.
//!
//! Small vocabularies have their whole table of neighbours instead (`vectors::Neighbours`), which is exact.

use crate::error::Result;
use crate::index::{BuildSettings, Hnsw, Matrix, SearchOptions, VectorIndex};
use crate::progress::Progress;
use crate::vectors::{Nearest, Neighbour, WordVectors};
use crate::vocab::WordId;
use std::path::Path;
use std::sync::Arc;

/// Its file in a generation.
pub(super) const WORD_GRAPH: &str = "words.hnsw";
/// Recall where none is asked for.
const RECALL: f32 = 0.99;

/// A graph whose row numbers are word ids.
#[derive(Debug)]
struct WordGraph(Hnsw);

impl Nearest for WordGraph {
    fn nearest(&self, unit: &[f32], k: usize, recall: Option<f32>) -> Result<Vec<Neighbour>> {
        let options = SearchOptions { recall: Some(recall.unwrap_or(RECALL)), ..SearchOptions::default() };
        let found = self.0.search(unit, k, &options)?;
        Ok(found.iter().map(|hit| Neighbour { id: WordId(hit.row), score: hit.similarity }).collect())
    }

    fn lost(&self) -> (usize, usize) {
        (self.0.report().relinked, self.0.report().stragglers)
    }
}

/// Builds the graph of `vectors` in `folder`. Nothing is built if a word has no direction: a graph could not find it.
///
/// # Errors
/// [`Error::Io`](crate::error::Error::Io), [`Error::Cancelled`](crate::error::Error::Cancelled).
pub(super) fn build(vectors: &WordVectors, folder: &Path, progress: &dyn Progress) -> Result<()> {
    let directed = |row: &[f32]| row.iter().any(|value| *value != 0.0);
    if !vectors.units().chunks_exact(vectors.dim()).all(directed) {
        return Ok(());
    }
    let graph = Hnsw::build(matrix(vectors)?, &BuildSettings::default(), progress)?;
    graph.save(folder.join(WORD_GRAPH), vectors.fingerprint())
}

/// The vectors with the graph of `folder`, if there is one.
///
/// # Errors
/// [`Error::Damaged`](crate::error::Error::Damaged), also if it is the graph of other vectors.
pub(super) fn attach(vectors: WordVectors, folder: &Path) -> Result<WordVectors> {
    let path = folder.join(WORD_GRAPH);
    if !path.exists() {
        return Ok(vectors);
    }
    let graph = Hnsw::open(path, matrix(&vectors)?, Some(vectors.fingerprint()))?;
    Ok(vectors.with_nearest(Arc::new(WordGraph(graph))))
}

fn matrix(vectors: &WordVectors) -> Result<Matrix> {
    Matrix::shared(vectors.shared_units(), vectors.dim(), vectors.fingerprint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::progress::Silent;
    use crate::vectors::{Restrict, Similar};
    use crate::vocab::Vocabulary;

    /// Words on a circle, each nearest to the numbers beside its own.
    fn circle(words: usize) -> WordVectors {
        let names = (0..words).map(|i| (format!("w{i}").into(), (words - i) as u64)).collect();
        let angle = |i| std::f32::consts::TAU * i as f32 / words as f32;
        let rows = (0..words).flat_map(|i| [angle(i).cos(), angle(i).sin()]).collect();
        WordVectors::new(Arc::new(Vocabulary::from_sorted(names).unwrap()), rows, 2).unwrap()
    }

    #[test]
    fn the_graph_answers_as_the_scan_does_and_leaves_restrictions_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let vectors = circle(1_000);
        build(&vectors, folder.path(), &Silent).unwrap();
        let with = attach(vectors.clone(), folder.path()).unwrap();
        let some = Restrict { prefix: Some("w1".into()), ..Restrict::default() };
        for (restrict, recall) in [(Restrict::default(), Some(1.0)), (some, Some(0.5))] {
            let options = Similar { k: 4, restrict, recall };
            let [a, b] =
                [&with, &vectors].map(|vectors| vectors.similar("w17", &options).unwrap().neighbours);
            assert_eq!(a, b);
        }
        let found = with.similar("w17", &Similar { k: 2, ..Similar::default() }).unwrap().neighbours;
        let mut ids: Vec<u32> = found.iter().map(|one| one.id.0).collect();
        ids.sort_unstable();
        assert_eq!(ids, [16, 18], "a word is not its own neighbour");
    }

    #[test]
    fn a_recall_that_cannot_be_and_the_graph_of_others_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        build(&circle(50), folder.path(), &Silent).unwrap();
        for recall in [0.0, -1.0, 1.5, f32::NAN] {
            let options = Similar { recall: Some(recall), ..Similar::default() };
            assert!(matches!(circle(50).similar("w1", &options), Err(Error::Invalid { .. })), "{recall}");
        }
        assert!(matches!(attach(circle(51), folder.path()), Err(Error::Damaged { .. })));
    }
}
