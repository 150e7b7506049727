//! Soft tokens: a document answers if its words mean, on the whole, what the query's words mean.

use super::explained::{Carried, Explained};
use super::{Match, MatchPart, Mode, Ranked, Retriever, distinct};
use crate::encoder::StaticEncoder;
use crate::error::Result;
use crate::index::{RowSet, SearchOptions, Strategy, VectorIndex};
use crate::linalg;
use crate::text::Analysis;
use crate::vocab::WordId;

/// A distinct word of a text, and what its vector of length 1 counts for in the text's.
pub(super) struct TextPart<'w> {
    pub word: &'w str,
    pub id: WordId,
    /// Its weight, as often as it stands there.
    pub weight: f32,
}

/// The vectors of documents, asked for the nearest.
pub(super) struct DocumentVectors<'a> {
    pub(super) index: &'a dyn VectorIndex,
    /// The document of each row of the index, rising.
    pub(super) seqs: &'a [i64],
    /// The rows that may answer; all if there is none.
    pub(super) filter: Option<RowSet>,
    /// The part of the nearest that is wanted, where the index is a graph: 99 of 100 are enough, since scores close to each
    /// other decide nothing here.
    pub(super) recall: f32,
}

impl<'a> DocumentVectors<'a> {
    pub(super) fn new(index: &'a dyn VectorIndex, seqs: &'a [i64]) -> Self {
        Self { index, seqs, filter: None, recall: 0.99 }
    }

    /// The documents nearest to a vector; at a right angle or beyond, one has nothing to do with it.
    pub(super) fn nearest(&self, vector: &[f32], limit: usize) -> Result<Vec<Ranked>> {
        let (filter, recall) = (self.filter.as_ref(), Some(self.recall));
        let options = SearchOptions { ef: None, recall, filter, strategy: Strategy::Auto };
        let found = self.index.search(vector, limit.min(self.index.len()).max(1), &options)?;
        let ranked = found.into_iter().filter(|near| near.similarity > 0.0);
        Ok(ranked.map(|near| Ranked { seq: self.seqs[near.row as usize], score: near.similarity }).collect())
    }

    /// The cosines of some documents, those that have a vector.
    fn cosines(&self, vector: &[f32], documents: &[i64]) -> Result<Vec<(i64, f32)>> {
        let row = |seq: &i64| self.seqs.binary_search(seq).ok().map(|row| row as u32);
        let rows: Vec<u32> = documents.iter().filter_map(row).collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let k = rows.len();
        let filter = RowSet::from_rows(self.index.len(), rows);
        let options = SearchOptions { filter: Some(&filter), ..SearchOptions::EXACT };
        let found = self.index.search(vector, k, &options)?;
        Ok(found.into_iter().map(|near| (self.seqs[near.row as usize], near.similarity)).collect())
    }
}

/// Cosine of the text vectors of query and document.
pub struct StaticRetriever<'a> {
    encoder: &'a StaticEncoder,
    documents: DocumentVectors<'a>,
}

impl<'a> StaticRetriever<'a> {
    /// Reads from the vectors of documents that `encoder` made; row `i` of the index is the document `seqs[i]`.
    #[must_use]
    pub fn new(encoder: &'a StaticEncoder, index: &'a dyn VectorIndex, seqs: &'a [i64]) -> Self {
        Self { encoder, documents: DocumentVectors::new(index, seqs) }
    }

    /// Lets only these rows of the index answer.
    #[must_use]
    pub fn with_filter(mut self, filter: Option<RowSet>) -> Self {
        self.documents.filter = filter;
        self
    }

    /// Wants this part of the nearest documents, above 0 up to 1, where the index is a graph; 0.99 unless told.
    #[must_use]
    pub fn with_recall(mut self, recall: Option<f32>) -> Self {
        self.documents.recall = recall.unwrap_or(self.documents.recall);
        self
    }

    /// Texts to vectors.
    pub(super) fn encoder(&self) -> &'a StaticEncoder {
        self.encoder
    }

    pub(super) fn nearest(&self, vector: &[f32], limit: usize) -> Result<Vec<Ranked>> {
        self.documents.nearest(vector, limit)
    }

    pub(super) fn cosines(&self, vector: &[f32], documents: &[i64]) -> Result<Vec<(i64, f32)>> {
        self.documents.cosines(vector, documents)
    }

    /// The sum of a text's parts.
    pub(super) fn sum(&self, parts: &[TextPart<'_>]) -> Vec<f32> {
        self.encoder.sum(parts.iter().map(|part| (part.id, part.weight)))
    }

    /// The cosine of two sums is the sum over all pairs of words: each pair carries its part of it.
    pub(super) fn carried<'w>(&self, words: &'w [String], document: &'w Analysis) -> Vec<Carried<'w>> {
        let query = self.parts(words.iter().map(String::as_str));
        let document = self.parts(document.tokens().map(|token| token.text));
        let lengths = linalg::norm(&self.sum(&query)) * linalg::norm(&self.sum(&document));
        if lengths <= 0.0 {
            return Vec::new();
        }
        let mut carried = Vec::with_capacity(query.len() * document.len());
        for of in &query {
            // Without the common direction on one side, the other's part of it counts nothing.
            let vector = self.sum(std::slice::from_ref(of));
            for with in &document {
                carried.push(Carried::new(of.word, with.word, self.dot(&vector, with) / lengths));
            }
        }
        carried
    }

    /// With the cosines of the words of those pairs that vectors carry: of the few that are told, not of all.
    pub(super) fn compared(&self, mut explained: Explained) -> Explained {
        let by_vectors = |found: &&mut Match| matches!(found.part, None | Some(MatchPart::Static));
        for found in explained.matches.iter_mut().filter(by_vectors) {
            let word = |word: &str| self.encoder.word(word).map(|(id, _)| id);
            if let (Some(of), Some(with)) = (word(&found.query_word), word(&found.document_word)) {
                found.similarity = self.encoder.vectors().cosine(of, with);
            }
        }
        explained
    }

    /// The product of a vector without the common direction and a text's part.
    pub(super) fn dot(&self, vector: &[f32], part: &TextPart<'_>) -> f32 {
        part.weight * linalg::dot(vector, self.encoder.vectors().unit(part.id))
    }

    /// Distinct words that have a vector, in the order of the text.
    pub(super) fn parts<'w>(&self, words: impl Iterator<Item = &'w str>) -> Vec<TextPart<'w>> {
        let known = words.enumerate().filter_map(|(place, word)| {
            self.encoder.word(word).map(|(id, weight)| (place, TextPart { word, id, weight }))
        });
        let mut parts: Vec<(usize, TextPart<'w>)> = known.collect();
        parts.sort_unstable_by_key(|(place, part)| (part.id, *place));
        parts.dedup_by(|(_, next), (_, first)| {
            let is_same = next.id == first.id;
            first.weight += if is_same { next.weight } else { 0.0 };
            is_same
        });
        parts.sort_unstable_by_key(|(place, _)| *place);
        parts.into_iter().map(|(_, part)| part).collect()
    }
}

impl Retriever for StaticRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Static
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let Some(query) = self.encoder.text(words.iter().map(String::as_str)) else {
            return Ok(Vec::new());
        };
        self.nearest(&query, limit)
    }

    fn explain(&self, words: &[String], _seq: i64, document: &Analysis) -> Result<Explained> {
        Ok(self.compared(Explained::of(&self.carried(words, document), &[])))
    }

    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let known = |word: &str| self.encoder.vectors().vocabulary().id(word).is_some();
        Ok(distinct(words).into_iter().filter(|word| !known(word)).cloned().collect())
    }
}
