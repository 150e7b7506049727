//! The keyword index: hard tokens, ranked by [`Bm25`], kept by tantivy.
//!
//! Not an analyzer: tokens come ready from `text`, the same ones that the vectors are trained on. Beside the words as written
//! the index can hold their stems ([`Stemming`]); questions are then asked of these, unless they ask for words as written.
//!
//! Not tantivy's scorer either: its BM25 has fixed constants and rounded lengths. Postings are read through and scored
//! here ([`Bm25`]), which also gives exact counts of all that match.

mod bm25;
mod build;
mod changes;
mod layout;
mod matches;
mod parts;
mod stems;

pub use bm25::Bm25;
pub use build::KeywordBuilder;
pub use changes::KeywordChanges;
pub use layout::{KeywordDocument, Layout};
pub use matches::Matches;
pub use stems::Stemming;

use crate::error::{Error, Result};
use crate::text::is_stop_word;
use bm25::TermScorer;
use parts::Part;
use std::path::{Path, PathBuf};
use tantivy::{DocId, Index, ReloadPolicy, TantivyError, Term};

/// Words that a document must all hold, and what they count for.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedTerm {
    /// One word, or the parts of one.
    pub words: Vec<String>,
    /// What the mean of their BM25 scores is multiplied by.
    pub weight: f32,
}

impl WeightedTerm {
    /// What each word's own score is multiplied by.
    fn boost(&self) -> f32 {
        self.weight / self.words.len().max(1) as f32
    }
}

/// How words are looked for and scored.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct KeywordOptions {
    /// BM25's constants.
    pub bm25: Bm25,
    /// Look for the words as they are written, even where the index has their stems.
    pub as_written: bool,
}

/// A keyword index, open for search.
pub struct KeywordIndex {
    parts: Vec<Part>,
    layout: Layout,
    documents: u64,
    mean_length: f32,
    folder: PathBuf,
}

impl KeywordIndex {
    /// Opens an index.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a file of it is missing or not as it was written.
    pub fn open(folder: &Path) -> Result<Self> {
        Self::of(&Index::open_in_dir(folder).map_err(damaged(folder))?, folder)
    }

    /// The index as it is now, whatever is committed later.
    fn of(index: &Index, folder: &Path) -> Result<Self> {
        let layout = Layout::of(&index.schema(), folder)?;
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(damaged(folder))?;
        let reader: tantivy::IndexReader = reader;
        let segments = reader.searcher();
        let parts: Vec<Part> = segments
            .segment_readers()
            .iter()
            .map(|segment| Part::open(segment, folder))
            .collect::<Result<_>>()?;
        let documents = segments.num_docs();
        let (all, words) = parts
            .iter()
            .flat_map(|part| &part.lengths)
            .fold((0u64, 0f64), |sum, length| (sum.0 + 1, sum.1 + f64::from(*length)));
        let mean_length = if all > 0 { (words / all as f64) as f32 } else { 0.0 };
        Ok(Self { parts, layout, documents, mean_length, folder: folder.to_path_buf() })
    }

    /// Verifies the checksum of every file of an index.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming the files that are not as they were written.
    pub fn verify(folder: &Path) -> Result<()> {
        let index = Index::open_in_dir(folder).map_err(damaged(folder))?;
        let wrong = index.validate_checksum().map_err(damaged(folder))?;
        if wrong.is_empty() {
            return Ok(());
        }
        let mut wrong: Vec<String> = wrong.iter().map(|path| path.display().to_string()).collect();
        wrong.sort();
        let cure = "rebuild it with `sememe index COLLECTION`";
        Err(Error::damaged(folder, "files as they were written", wrong.join(", "), cure))
    }

    /// The row of every document.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a document has none.
    pub fn rows(&self) -> Result<Vec<u64>> {
        let rows = |part: &Part| {
            part.reader.doc_ids_alive().map(|doc| part.seq(doc, &self.folder)).collect::<Result<Vec<_>>>()
        };
        Ok(self.parts.iter().map(rows).collect::<Result<Vec<_>>>()?.concat())
    }

    /// Number of documents.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.documents
    }

    /// Whether there is no document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By which rules its words are joined; never [`Stemming::Auto`].
    #[must_use]
    pub fn stemming(&self) -> Stemming {
        self.layout.stemming
    }

    /// How many documents hold the word as it is written.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn document_count(&self, word: &str) -> Result<u64> {
        self.holding(&parts::term(self.layout.words, word))
    }

    /// How many documents hold the word in any form that the index joins to it.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching_count(&self, word: &str, options: &KeywordOptions) -> Result<u64> {
        self.holding(&self.term(word, options))
    }

    /// The form in which a word is looked for: its stem, or the word itself.
    #[must_use]
    pub fn form<'w>(&self, word: &'w str, options: &KeywordOptions) -> std::borrow::Cow<'w, str> {
        if options.as_written { word.into() } else { self.layout.stemming.stem(word) }
    }

    /// The `limit` documents with the highest BM25 score for any of the words, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search(&self, words: &[String], limit: usize) -> Result<Vec<(u64, f32)>> {
        self.matching(words, &KeywordOptions::default())?.top(self, limit)
    }

    /// The `limit` documents with the highest sum of weighted scores, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search_weighted(&self, terms: &[&WeightedTerm], limit: usize) -> Result<Vec<(u64, f32)>> {
        self.matching_weighted(terms, &KeywordOptions::default())?.top(self, limit)
    }

    /// All documents that hold any of the words, each with its score. Function words count only where there is nothing else.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching(&self, words: &[String], options: &KeywordOptions) -> Result<Matches> {
        let terms = self.scored_terms(words, options)?;
        Matches::collect(&self.parts, |part, scores| {
            for (_, term, scorer) in &terms {
                self.add_scores(part, term, scorer, 1.0, scores)?;
            }
            Ok(())
        })
    }

    /// All documents that hold all words of any of the terms, each with the sum of their weighted scores.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching_weighted(&self, terms: &[&WeightedTerm], options: &KeywordOptions) -> Result<Matches> {
        Matches::collect(&self.parts, |part, scores| {
            for term in terms {
                match &term.words[..] {
                    [word] => {
                        let (term, weight) = (self.term(word, options), term.weight);
                        let scorer = self.scorer(&term, options)?;
                        self.add_scores(part, &term, &scorer, weight, scores)?;
                    }
                    words => self.add_conjunction(part, words, options, term.boost(), scores)?,
                }
            }
            Ok(())
        })
    }

    /// The parts of a document's BM25 score, one for each distinct query word that it holds; they add up to the score.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain(
        &self,
        words: &[String],
        seq: u64,
        options: &KeywordOptions,
    ) -> Result<Vec<(String, f32)>> {
        let Some((part, doc)) = self.address(seq)? else { return Ok(Vec::new()) };
        let mut parts = Vec::new();
        for (word, term, scorer) in self.scored_terms(words, options)? {
            if let Some(score) = self.part_of_score(part, doc, &term, &scorer)? {
                parts.push((word.clone(), score));
            }
        }
        Ok(parts)
    }

    /// What each term contributes to a document's score in [`KeywordIndex::search_weighted`], 0 where it does not hold it.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain_weighted(
        &self,
        terms: &[&WeightedTerm],
        seq: u64,
        options: &KeywordOptions,
    ) -> Result<Vec<f32>> {
        let Some((part, doc)) = self.address(seq)? else { return Ok(vec![0.0; terms.len()]) };
        let contribution = |weighted: &&WeightedTerm| {
            let mut sum = 0.0;
            for word in &weighted.words {
                let term = self.term(word, options);
                match self.part_of_score(part, doc, &term, &self.scorer(&term, options)?)? {
                    Some(score) => sum += score,
                    None => return Ok(0.0),
                }
            }
            Ok(sum * weighted.boost())
        };
        terms.iter().map(contribution).collect()
    }

    /// Each distinct term of a query with the first word that led to it.
    fn scored_terms<'w>(
        &self,
        words: &'w [String],
        options: &KeywordOptions,
    ) -> Result<Vec<(&'w String, Term, TermScorer)>> {
        let mut terms: Vec<(&String, Term, TermScorer)> = Vec::new();
        for word in query_words(words) {
            let term = self.term(word, options);
            if !terms.iter().any(|(_, known, _)| *known == term) {
                let scorer = self.scorer(&term, options)?;
                terms.push((word, term, scorer));
            }
        }
        Ok(terms)
    }

    fn scorer(&self, term: &Term, options: &KeywordOptions) -> Result<TermScorer> {
        Ok(TermScorer::new(options.bm25, self.documents, self.holding(term)?, self.mean_length))
    }

    fn holding(&self, term: &Term) -> Result<u64> {
        self.parts.iter().map(|part| part.holding(term).map_err(failed(&self.folder))).sum()
    }

    fn add_scores(
        &self,
        part: &Part,
        term: &Term,
        scorer: &TermScorer,
        weight: f32,
        scores: &mut [f32],
    ) -> Result<()> {
        let Some(postings) = part.postings(term).map_err(failed(&self.folder))? else { return Ok(()) };
        parts::each(postings, |doc, tf| {
            let doc = doc as usize;
            scores[doc] += weight * scorer.score(tf as f32, part.lengths[doc]);
        });
        Ok(())
    }

    fn add_conjunction(
        &self,
        part: &Part,
        words: &[String],
        options: &KeywordOptions,
        boost: f32,
        scores: &mut [f32],
    ) -> Result<()> {
        let mut held: Option<Vec<(DocId, f32)>> = None;
        for word in words {
            let term = self.term(word, options);
            let scorer = self.scorer(&term, options)?;
            let Some(postings) = part.postings(&term).map_err(failed(&self.folder))? else { return Ok(()) };
            let mut found = Vec::new();
            let mut before = held.as_deref().map(|held| held.iter().peekable());
            parts::each(postings, |doc, tf| {
                let sum = match &mut before {
                    None => Some(0.0),
                    Some(before) => {
                        while before.next_if(|(other, _)| *other < doc).is_some() {}
                        before.next_if(|(other, _)| *other == doc).map(|(_, sum)| *sum)
                    }
                };
                if let Some(sum) = sum {
                    found.push((doc, sum + scorer.score(tf as f32, part.lengths[doc as usize])));
                }
            });
            held = Some(found);
        }
        held.into_iter().flatten().for_each(|(doc, sum)| scores[doc as usize] += boost * sum);
        Ok(())
    }

    fn address(&self, seq: u64) -> Result<Option<(&Part, DocId)>> {
        for part in &self.parts {
            if let Some(doc) = part.document(&self.layout, seq).map_err(failed(&self.folder))? {
                return Ok(Some((part, doc)));
            }
        }
        Ok(None)
    }

    /// A term's BM25 score in a document that holds it.
    fn part_of_score(
        &self,
        part: &Part,
        doc: DocId,
        term: &Term,
        scorer: &TermScorer,
    ) -> Result<Option<f32>> {
        let tf = part.occurrences(term, doc).map_err(failed(&self.folder))?;
        Ok((tf > 0).then(|| scorer.score(tf as f32, part.lengths[doc as usize])))
    }

    fn term(&self, word: &str, options: &KeywordOptions) -> Term {
        match self.layout.stems {
            Some(stems) if !options.as_written => parts::term(stems, &self.layout.stemming.stem(word)),
            _ => parts::term(self.layout.words, word),
        }
    }
}

/// Distinct words in order; function words only where there is nothing else.
fn query_words(words: &[String]) -> Vec<&String> {
    let all_function_words = words.iter().all(|word| is_stop_word(word));
    let mut kept: Vec<&String> = Vec::new();
    for word in words {
        if !kept.contains(&word) && (all_function_words || !is_stop_word(word)) {
            kept.push(word);
        }
    }
    kept
}

fn damaged(folder: &Path) -> impl FnOnce(TantivyError) -> Error {
    let folder = folder.to_path_buf();
    move |error| Error::damaged(folder, "a keyword index", error, "rebuild it with `sememe index COLLECTION`")
}

fn failed<E: Into<TantivyError>>(folder: &Path) -> impl FnOnce(E) -> Error {
    let folder = folder.to_path_buf();
    move |error| match error.into() {
        TantivyError::IoError(source) => Error::Io {
            action: "use the keyword index in",
            path: folder,
            source: std::io::Error::new(source.kind(), source.to_string()),
        },
        error => Error::Library { library: "tantivy", message: format!("{}: {error}", folder.display()) },
    }
}

#[cfg(test)]
mod tests;
