//! The keyword index: hard tokens, ranked by BM25 (Robertson & Zaragoza 2009, k1 = 1.2, b = 0.75), kept by tantivy.
//!
//! Not an analyzer: tokens come ready from `text`, the same ones that the vectors are trained on.

mod changes;

pub use changes::KeywordChanges;

use crate::error::{Error, Result};
use crate::text::{Analysis, is_stop_word};
use std::path::{Path, PathBuf};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
};

const WRITER_BYTES: usize = 64 << 20;

struct Fields {
    seq: Field,
    body: Field,
}

impl Fields {
    fn document(&self, seq: u64, analysis: &Analysis) -> TantivyDocument {
        let tokens = analysis.tokens().enumerate().map(|(position, token)| Token {
            offset_from: token.range.start,
            offset_to: token.range.end,
            position,
            text: token.text.to_owned(),
            position_length: 1,
        });
        let body = PreTokenizedString { text: String::new(), tokens: tokens.collect() };
        let mut document = TantivyDocument::new();
        document.add_u64(self.seq, seq);
        document.add_pre_tokenized_text(self.body, body);
        document
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let body = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(true);
    let fields = Fields {
        seq: schema.add_u64_field("seq", FAST | INDEXED),
        body: schema.add_text_field("body", TextOptions::default().set_indexing_options(body)),
    };
    (schema.build(), fields)
}

/// Writes a keyword index; documents must come by rising row, so that equal scores keep that order.
pub struct KeywordBuilder {
    writer: IndexWriter,
    fields: Fields,
    folder: PathBuf,
}

impl KeywordBuilder {
    /// Begins an index in an empty folder, which is created.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be created.
    pub fn create(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let (schema, fields) = schema();
        let index = Index::create_in_dir(folder, schema).map_err(failed(folder))?;
        let writer = index.writer_with_num_threads(1, WRITER_BYTES).map_err(failed(folder))?;
        Ok(Self { writer, fields, folder: folder.to_path_buf() })
    }

    /// Adds a document's tokens.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot be written.
    pub fn add(&mut self, seq: u64, analysis: &Analysis) -> Result<()> {
        let document = self.fields.document(seq, analysis);
        self.writer.add_document(document).map_err(failed(&self.folder))?;
        Ok(())
    }

    /// Writes all to disk as one segment.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Library`] if the index cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.writer.commit().map_err(failed(&self.folder))?;
        let segments = self.writer.index().searchable_segment_ids().map_err(failed(&self.folder))?;
        if segments.len() > 1 {
            self.writer.merge(&segments).wait().map_err(failed(&self.folder))?;
            self.writer.garbage_collect_files().wait().map_err(failed(&self.folder))?;
        }
        self.writer.wait_merging_threads().map_err(failed(&self.folder))
    }
}

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

/// A keyword index, open for search.
pub struct KeywordIndex {
    reader: IndexReader,
    fields: Fields,
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
        let (schema, fields) = schema();
        if index.schema() != schema {
            let cure = "rebuild it with `sememe index COLLECTION`";
            return Err(Error::damaged(folder, "the fields seq and body", "others", cure));
        }
        let reader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(damaged(folder))?;
        Ok(Self { reader, fields, folder: folder.to_path_buf() })
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
    /// [`Error::Library`] if the index cannot be read.
    pub fn rows(&self) -> Result<Vec<u64>> {
        let searcher = self.reader.searcher();
        let mut rows = Vec::new();
        for segment in searcher.segment_readers() {
            let column = segment.fast_fields().u64("seq").map_err(failed(&self.folder))?;
            rows.extend(segment.doc_ids_alive().filter_map(|doc| column.first(doc)));
        }
        Ok(rows)
    }

    /// Number of documents.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether there is no document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many documents hold the word.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn document_count(&self, word: &str) -> Result<u64> {
        self.reader.searcher().doc_freq(&self.term(word)).map_err(failed(&self.folder))
    }

    /// The `limit` documents with the highest BM25 score for any of the words, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search(&self, words: &[String], limit: usize) -> Result<Vec<(u64, f32)>> {
        let words = query_words(words);
        if words.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        self.best(words.iter().map(|word| self.boxed(word)).collect(), limit)
    }

    /// The `limit` documents with the highest sum of weighted scores, by falling score, then rising row.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn search_weighted(&self, terms: &[&WeightedTerm], limit: usize) -> Result<Vec<(u64, f32)>> {
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let query = |term: &&WeightedTerm| -> Box<dyn Query> {
            let words: Vec<_> = term.words.iter().map(|word| self.boxed(word)).collect();
            Box::new(BoostQuery::new(Box::new(BooleanQuery::intersection(words)), term.boost()))
        };
        self.best(terms.iter().map(query).collect(), limit)
    }

    fn best(&self, terms: Vec<Box<dyn Query>>, limit: usize) -> Result<Vec<(u64, f32)>> {
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(limit).order_by_score();
        let found = searcher.search(&BooleanQuery::union(terms), &top).map_err(failed(&self.folder))?;
        found.into_iter().map(|(score, address)| Ok((self.seq(&searcher, address)?, score))).collect()
    }

    /// The parts of a document's BM25 score, one for each distinct query word that it holds; they add up to the score.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain(&self, words: &[String], seq: u64) -> Result<Vec<(String, f32)>> {
        let searcher = self.reader.searcher();
        let Some(address) = self.address(&searcher, seq)? else { return Ok(Vec::new()) };
        let mut parts = Vec::new();
        for word in query_words(words) {
            if let Some(part) = self.part(&searcher, address, word)? {
                parts.push((word.clone(), part));
            }
        }
        Ok(parts)
    }

    /// What each term contributes to a document's score in [`KeywordIndex::search_weighted`], 0 where it does not hold it.
    ///
    /// # Errors
    /// [`Error::Library`] if the index cannot be read.
    pub fn explain_weighted(&self, terms: &[&WeightedTerm], seq: u64) -> Result<Vec<f32>> {
        let searcher = self.reader.searcher();
        let Some(address) = self.address(&searcher, seq)? else { return Ok(vec![0.0; terms.len()]) };
        let contribution = |term: &&WeightedTerm| {
            let mut sum = 0.0;
            for word in &term.words {
                match self.part(&searcher, address, word)? {
                    Some(part) => sum += part,
                    None => return Ok(0.0),
                }
            }
            Ok(sum * term.boost())
        };
        terms.iter().map(contribution).collect()
    }

    fn address(&self, searcher: &Searcher, seq: u64) -> Result<Option<DocAddress>> {
        let by_seq = TermQuery::new(Term::from_field_u64(self.fields.seq, seq), IndexRecordOption::Basic);
        let found = searcher
            .search(&by_seq, &TopDocs::with_limit(1).order_by_score())
            .map_err(failed(&self.folder))?;
        Ok(found.first().map(|(_, address)| *address))
    }

    /// A word's BM25 score in a document that holds it.
    fn part(&self, searcher: &Searcher, address: DocAddress, word: &str) -> Result<Option<f32>> {
        match self.query(word).explain(searcher, address) {
            Ok(explanation) => Ok(Some(explanation.value())),
            Err(TantivyError::InvalidArgument(_)) => Ok(None),
            Err(error) => Err(failed(&self.folder)(error)),
        }
    }

    fn term(&self, word: &str) -> Term {
        Term::from_field_text(self.fields.body, word)
    }

    fn query(&self, word: &str) -> TermQuery {
        TermQuery::new(self.term(word), IndexRecordOption::WithFreqs)
    }

    fn boxed(&self, word: &str) -> Box<dyn Query> {
        Box::new(self.query(word))
    }

    fn seq(&self, searcher: &Searcher, address: DocAddress) -> Result<u64> {
        let column = searcher
            .segment_reader(address.segment_ord)
            .fast_fields()
            .u64("seq")
            .map_err(failed(&self.folder))?;
        column.first(address.doc_id).ok_or_else(|| {
            Error::damaged(
                &self.folder,
                "a row for every document",
                "none",
                "rebuild it with `sememe index COLLECTION`",
            )
        })
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

fn failed(folder: &Path) -> impl FnOnce(TantivyError) -> Error {
    let folder = folder.to_path_buf();
    move |error| match error {
        TantivyError::IoError(source) => Error::Io {
            action: "use the keyword index in",
            path: folder,
            source: std::io::Error::new(source.kind(), source.to_string()),
        },
        error => Error::Library { library: "tantivy", message: format!("{}: {error}", folder.display()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Analyzer;

    fn index(texts: &[&str]) -> (tempfile::TempDir, KeywordIndex) {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = KeywordBuilder::create(&folder.path().join("k")).unwrap();
        for (seq, text) in texts.iter().enumerate() {
            builder.add(seq as u64 + 10, &Analyzer.analyze(text)).unwrap();
        }
        builder.finish().unwrap();
        let index = KeywordIndex::open(&folder.path().join("k")).unwrap();
        (folder, index)
    }

    #[test]
    fn scores_are_bm25_worked_out_by_hand() {
        // Two documents of 2 and 4 words, mean 3; "bank" in both: idf = ln(1 + (2 - 2 + .5) / (2 + .5)) = ln 1.2.
        // Document 10: tf 1, length 2: 2.2 / (1 + 1.2 (.25 + .75 · 2/3)) = 2.2 / 1.9.
        // Document 11: tf 2, length 4: 2 · 2.2 / (2 + 1.2 (.25 + .75 · 4/3)) = 4.4 / 3.5.
        let (_folder, index) = index(&["river bank", "bank bank loan money"]);
        let found = index.search(&["bank".into()], 10).unwrap();
        let idf = 1.2f32.ln();
        assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [11, 10]);
        assert!((found[0].1 - idf * 4.4 / 3.5).abs() < 1e-5, "{found:?}");
        assert!((found[1].1 - idf * 2.2 / 1.9).abs() < 1e-5, "{found:?}");
    }

    #[test]
    fn the_parts_add_up_to_the_score() {
        let (_folder, index) = index(&["river bank in spring", "bank loan", "spring water"]);
        let words: Vec<String> = ["spring", "bank", "absent", "spring"].map(String::from).to_vec();
        let (seq, score) = index.search(&words, 1).unwrap()[0];
        let parts = index.explain(&words, seq).unwrap();
        assert_eq!(parts.iter().map(|part| part.0.as_str()).collect::<Vec<_>>(), ["spring", "bank"]);
        assert!((parts.iter().map(|part| part.1).sum::<f32>() - score).abs() < 1e-6);
    }

    #[test]
    fn weighted_terms_add_up_and_parts_count_for_their_mean() {
        let (_folder, index) = index(&["hot dog in the sun", "a dog", "hot water"]);
        let term = |words: &[&str], weight| WeightedTerm {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            weight,
        };
        let plain = |word: &str, seq| index.explain(&[word.to_owned()], seq).unwrap()[0].1;
        let (both, half) = (term(&["hot", "dog"], 0.4), term(&["dog"], 0.5));
        let terms = [&both, &half];
        let found = index.search_weighted(&terms, 9).unwrap();
        assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10, 11]);
        let expected = 0.2 * (plain("hot", 10) + plain("dog", 10)) + 0.5 * plain("dog", 10);
        assert!((found[0].1 - expected).abs() < 1e-6, "{found:?} {expected}");
        for (seq, score) in found {
            let parts = index.explain_weighted(&terms, seq).unwrap();
            assert!((parts.iter().sum::<f32>() - score).abs() < 1e-6, "{parts:?}");
        }
        assert_eq!(index.explain_weighted(&terms, 12).unwrap(), [0.0, 0.0]);
        assert!(index.search_weighted(&[], 9).unwrap().is_empty());
    }

    #[test]
    fn equal_scores_keep_the_order_of_rows() {
        let (_folder, index) = index(&["same", "same", "same"]);
        let found = index.search(&["same".into()], 2).unwrap();
        assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10, 11]);
    }

    #[test]
    fn function_words_count_only_alone() {
        let (_folder, index) = index(&["the the the bank", "a river"]);
        assert_eq!(index.search(&["the".into(), "river".into()], 9).unwrap().len(), 1);
        assert_eq!(index.search(&["the".into()], 9).unwrap()[0].0, 10);
    }

    #[test]
    fn chinese_words_are_found_whole() {
        let (_folder, index) = index(&["我早上去了星巴克", "巴克莱银行在早上开门"]);
        let found = index.search(&Analyzer.words("星巴克"), 9).unwrap();
        assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10]);
    }

    #[test]
    fn a_folder_without_an_index_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(KeywordIndex::open(folder.path()), Err(Error::Damaged { .. })));
    }
}
