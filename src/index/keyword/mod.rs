//! The keyword index: hard tokens, ranked by [`Bm25`], kept by tantivy.
//!
//! Not an analyzer: tokens come ready from `text`, the same ones that the vectors are trained on. Beside the words as written
//! the index can hold their stems ([`Stemming`]); questions are then asked of these, unless they ask for words as written.
//!
//! Not tantivy's scorer either: its BM25 has fixed constants and rounded lengths. Postings are read through and scored
//! here ([`Bm25`]), which also gives exact counts of all that match.

//!
//! - [`Layout`], [`KeywordBuilder`]: documents in, by [`IndexSettings`].
//! - [`KeywordIndex::matching`], [`KeywordIndex::evaluate`]: all documents that answer words, or an [`Expression`].
//! - [`Filter`], [`Selection`]: the documents that may answer at all, for every way of searching.
//! - [`Matches`]: what answers, counted ([`Facet`]), sorted ([`SortBy`]), or the best of it.

mod bm25;
mod build;
mod changes;
mod columns;
mod evaluate;
mod expression;
mod facets;
mod filter;
mod joined;
mod layout;
mod looked_up;
mod matches;
mod parts;
mod selection;
mod settings;
mod sort;
mod stems;
mod term_parts;
mod values;

pub use bm25::Bm25;
pub use build::KeywordBuilder;
pub use changes::KeywordChanges;
pub use columns::FieldInfo;
pub use evaluate::{Evaluated, LeafFound, within_edits};
pub use expression::{Expression, Leaf, Pattern};
pub use facets::{Facet, check_facets};
pub use filter::{AnyOf, Condition, Filter, FilterRequest, Literal, Order, Test};
pub use layout::{KeywordDocument, Layout};
pub use looked_up::LookedUp;
pub use matches::{Matches, Scores};
pub use selection::Selection;
pub use settings::{FieldSettings, IndexSettings, TEXT, TITLE};
pub use sort::{SortBy, sort_by};
pub use stems::Stemming;
pub use term_parts::TermParts;
pub use values::FieldType;

use crate::error::{Error, Result};
use crate::text::is_stop_word;
use bm25::TermScorer;
use columns::Catalogue;
use layout::Searched;
use parts::Part;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tantivy::{DocId, Index, IndexReader, ReloadPolicy, TantivyError, Term};

/// Words that a document must all hold, and what they count for.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedTerm {
    /// One word, or the parts of one.
    pub words: Vec<String>,
    /// What the mean of their BM25 scores is multiplied by.
    pub weight: f32,
    /// Whether these are no words but pairs of Chinese characters, see [`KeywordIndex::has_pairs`].
    pub is_pair: bool,
}

impl WeightedTerm {
    /// Words of these spellings.
    #[must_use]
    pub fn of_words(words: Vec<String>, weight: f32) -> Self {
        Self { words, weight, is_pair: false }
    }

    /// A pair of Chinese characters.
    #[must_use]
    pub fn of_pair(pair: String, weight: f32) -> Self {
        Self { words: vec![pair], weight, is_pair: true }
    }

    /// What each word's own score is multiplied by.
    fn boost(&self) -> f32 {
        self.weight / self.words.len().max(1) as f32
    }
}

/// How words are looked for and scored.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeywordOptions<'a> {
    /// BM25's constants.
    pub bm25: Bm25,
    /// Look for the words as they are written, even where the index has their stems.
    pub as_written: bool,
    /// What an occurrence in each field counts for; 1 everywhere if `None`. Expansions ([`WeightedTerm`]) go without.
    pub weights: Option<&'a Weights>,
    /// The documents that may answer; all if `None`.
    pub selection: Option<&'a Selection>,
}

/// What an occurrence of a word counts for, by the field that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    text: f32,
    /// In the order of the layout's fields.
    special: Vec<f32>,
}

impl Weights {
    fn are_one(&self) -> bool {
        self.special.iter().chain([&self.text]).all(|weight| *weight == 1.0)
    }
}

/// A keyword index, open for search.
pub struct KeywordIndex {
    parts: Vec<Part>,
    layout: Layout,
    catalogue: Catalogue,
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
        let reader: IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(damaged(folder))?;
        let segments = reader.searcher();
        let segments = segments.segment_readers().iter();
        let parts: Vec<Part> =
            segments.map(|segment| Part::open(segment, &layout, folder)).collect::<Result<_>>()?;
        let documents = parts.iter().map(|part| u64::from(part.reader.num_docs())).sum();
        let lengths = || parts.iter().flat_map(|part| &part.lengths);
        let words: f64 = lengths().map(|length| f64::from(*length)).sum();
        let mean_length = (words / lengths().count().max(1) as f64) as f32;
        let catalogue = Catalogue::read(&parts, folder)?;
        Ok(Self { parts, layout, catalogue, documents, mean_length, folder: folder.to_path_buf() })
    }

    /// Verifies the checksum of every file of an index.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming the files that are not as they were written.
    pub fn verify(folder: &Path) -> Result<()> {
        let index = Index::open_in_dir(folder).map_err(damaged(folder))?;
        let mut wrong = files_without_footer(&index, folder);
        if wrong.is_empty() {
            wrong = index.validate_checksum().map_err(damaged(folder))?;
        }
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
    pub fn row_numbers(&self) -> Result<Vec<u64>> {
        let rows = |part: &Part| part.reader.doc_ids_alive().map(|doc| part.seq(doc)).collect::<Vec<_>>();
        Ok(self.parts.iter().map(rows).collect::<Vec<_>>().concat())
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
        self.holding(&parts::term(self.layout.all.words, word))
    }

    /// How many documents hold the word in any form that the index joins to it.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching_count(&self, word: &str, options: &KeywordOptions<'_>) -> Result<u64> {
        self.holding(&self.term(word, options))
    }

    /// Whether Chinese can be looked for by pairs of characters too: not in an index that an earlier version wrote.
    #[must_use]
    pub fn has_pairs(&self) -> bool {
        self.layout.pairs.is_some()
    }

    /// The most that a term of one word can add to a document's score.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn most(&self, term: &WeightedTerm, options: &KeywordOptions<'_>) -> Result<f32> {
        let mut most = 0.0;
        for word in &term.words {
            if let Some(found) = self.weighted_term(term, word, options) {
                most += term.boost() * self.scorer(&found, options)?.most();
            }
        }
        Ok(most)
    }

    /// The form in which a word is looked for: its stem, or the word itself.
    #[must_use]
    pub fn form<'w>(&self, word: &'w str, options: &KeywordOptions<'_>) -> std::borrow::Cow<'w, str> {
        if options.as_written { word.into() } else { self.layout.stemming.stem(word) }
    }

    /// The `limit` documents with the highest BM25 score for any of the words, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search(&self, words: &[String], limit: usize) -> Result<Vec<(u64, f32)>> {
        Ok(self.matching(words, &KeywordOptions::default())?.top(self, limit))
    }

    /// The `limit` documents with the highest sum of weighted scores, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search_weighted(&self, terms: &[&WeightedTerm], limit: usize) -> Result<Vec<(u64, f32)>> {
        Ok(self.scores_weighted(terms, &KeywordOptions::default())?.top(self, limit))
    }

    /// All documents that hold any of the words, each with its score. Function words count only where there is nothing else.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching(&self, words: &[String], options: &KeywordOptions<'_>) -> Result<Matches> {
        if options.weights.is_some_and(|weights| !weights.are_one()) {
            return Ok(self.evaluate(&Expression::any_of(words), options)?.matches);
        }
        let terms = self.scored_terms(words, options)?;
        let mut scores = Scores::none(&self.parts);
        scores.add(&self.parts, |part, scores| {
            for (_, term, scorer) in &terms {
                self.add_scores(part, term, scorer, 1.0, scores)?;
            }
            Ok(())
        })?;
        scores.keep(&self.parts, options.selection);
        Ok(scores.matches())
    }

    /// Documents found elsewhere, as row and score; those that the index does not have are left out.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn found(&self, ranked: impl IntoIterator<Item = (u64, f32)>) -> Result<Matches> {
        let mut lists = vec![Vec::new(); self.parts.len()];
        for (seq, score) in ranked {
            for (part, list) in self.parts.iter().zip(&mut lists) {
                list.extend(part.document(seq).map(|doc| (doc, score)));
            }
        }
        lists.iter_mut().for_each(|list| list.sort_unstable_by_key(|(doc, _)| *doc));
        Ok(Matches { lists })
    }

    /// All documents, or those that a filter lets through, with a score of 0.
    #[must_use]
    pub fn unscored(&self, selection: Option<&Selection>) -> Matches {
        Matches::unscored(&self.parts, selection)
    }

    /// The fields that documents can be filtered and sorted by.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldInfo> {
        self.catalogue.fields()
    }

    /// The weights of its searched fields, by name; those left out count 1.
    #[must_use]
    pub fn weights(&self, of: impl Fn(&str) -> f32) -> Weights {
        Weights { text: of(TEXT), special: self.layout.special.iter().map(|field| of(&field.name)).collect() }
    }

    /// The fields that can be searched by name.
    #[must_use]
    pub fn searched(&self) -> Vec<&str> {
        self.layout.searched()
    }

    /// All documents that hold all words of any of the terms, each with the sum of their weighted scores.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn matching_weighted(
        &self,
        terms: &[&WeightedTerm],
        options: &KeywordOptions<'_>,
    ) -> Result<Matches> {
        Ok(self.scores_weighted(terms, options)?.matches())
    }

    /// The same, to look documents up in.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn scores_weighted(&self, terms: &[&WeightedTerm], options: &KeywordOptions<'_>) -> Result<Scores> {
        self.scores_with(Scores::none(&self.parts), terms, options)
    }

    /// The same, beginning with scores by the same options.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn scores_with(
        &self,
        mut scores: Scores,
        terms: &[&WeightedTerm],
        options: &KeywordOptions<'_>,
    ) -> Result<Scores> {
        scores.add(&self.parts, |part, scores| {
            for term in terms {
                match &term.words[..] {
                    [word] => {
                        let (weight, Some(term)) = (term.weight, self.weighted_term(term, word, options))
                        else {
                            continue;
                        };
                        let scorer = self.scorer(&term, options)?;
                        self.add_scores(part, &term, &scorer, weight, scores)?;
                    }
                    words => self.add_conjunction(part, words, options, term.boost(), scores)?,
                }
            }
            Ok(())
        })?;
        scores.keep(&self.parts, options.selection);
        Ok(scores)
    }

    /// The parts of a document's BM25 score, one for each distinct query word that it holds; they add up to the score.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain(
        &self,
        words: &[String],
        seq: u64,
        options: &KeywordOptions<'_>,
    ) -> Result<Vec<(String, f32)>> {
        let Some((part, doc)) = self.address(seq)? else { return Ok(Vec::new()) };
        let mut parts = Vec::new();
        for (word, term, scorer) in self.scored_terms(words, options)? {
            let weights = options.weights.filter(|weights| !weights.are_one());
            let score = match weights {
                None => self.part_of_score(part, doc, &term, &scorer)?,
                Some(weights) => self.weighted_part(part, doc, word, weights, options)?,
            };
            parts.extend(score.map(|score| (word.clone(), score)));
        }
        Ok(parts)
    }

    /// A word's score in a document, each occurrence counting for the weight of its field.
    fn weighted_part(
        &self,
        part: &Part,
        doc: DocId,
        word: &str,
        weights: &Weights,
        options: &KeywordOptions<'_>,
    ) -> Result<Option<f32>> {
        let count = |searched: &Searched| {
            let term = self.term_in(searched, word, options);
            part.occurrences(&term, doc).map(|tf| tf as f32).map_err(failed(&self.folder))
        };
        let mut tf = weights.text * count(&self.layout.all)?;
        for (field, weight) in self.layout.special.iter().zip(&weights.special) {
            tf += (weight - weights.text) * count(field)?;
        }
        let term = self.term(word, options);
        let scorer =
            TermScorer::new(options.bm25, self.documents, self.holding(&term)?, self.weighted_mean(options));
        let length = self.weighted_length(part, doc, options);
        Ok((tf > 1e-6).then(|| scorer.score(tf, length)))
    }

    /// What each term contributes to a document's score in [`KeywordIndex::search_weighted`], 0 where it does not hold it.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain_weighted(
        &self,
        terms: &[&WeightedTerm],
        seq: u64,
        options: &KeywordOptions<'_>,
    ) -> Result<Vec<f32>> {
        let contribution = |term: &&WeightedTerm| self.contribution(&self.look_up(term, options)?, seq);
        terms.iter().map(contribution).collect()
    }

    /// Each distinct term of a query with the first word that led to it.
    fn scored_terms<'w>(
        &self,
        words: &'w [String],
        options: &KeywordOptions<'_>,
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

    fn scorer(&self, term: &Term, options: &KeywordOptions<'_>) -> Result<TermScorer> {
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
        options: &KeywordOptions<'_>,
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
            if let Some(doc) = part.document(seq) {
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

    /// One of a term's words as the index has it; `None` for a pair where it has none.
    fn weighted_term(&self, of: &WeightedTerm, word: &str, options: &KeywordOptions<'_>) -> Option<Term> {
        if of.is_pair {
            return self.layout.pairs.map(|field| parts::term(field, word));
        }
        Some(self.term(word, options))
    }

    fn term(&self, word: &str, options: &KeywordOptions<'_>) -> Term {
        self.term_in(&self.layout.all, word, options)
    }

    fn term_in(&self, searched: &Searched, word: &str, options: &KeywordOptions<'_>) -> Term {
        match searched.stems {
            Some(stems) if !options.as_written => parts::term(stems, &self.layout.stemming.stem(word)),
            _ => parts::term(searched.words, word),
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

/// The files too short for the two numbers that end each, which tantivy 0.27 reads before it looks whether they are there.
fn files_without_footer(index: &Index, folder: &Path) -> HashSet<PathBuf> {
    const NUMBERS: u64 = 8;
    let is_short = |path: &PathBuf| folder.join(path).metadata().is_ok_and(|file| file.len() < NUMBERS);
    index.directory().list_managed_files().into_iter().filter(is_short).collect()
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
