//! How a document lies in the keyword index: the fields of tantivy's schema, and a document's terms in them.
//!
//! The same for a bulk build and for documents added one by one: a [`Layout`] makes [`KeywordDocument`]s on any thread, and
//! whoever holds the writer puts them in.

use super::stems::Stemming;
use crate::error::{Error, Result};
use crate::text::Analysis;
use std::path::Path;
use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};

const STEMS: &str = "stems_";

/// The fields of an index, and by which rules its stems are made. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(super) schema: Schema,
    /// The document's row.
    pub(super) seq: Field,
    /// Number of its words.
    pub(super) length: Field,
    /// Its words as written, with their places.
    pub(super) words: Field,
    /// Their stems, if the index has any.
    pub(super) stems: Option<Field>,
    pub(super) stemming: Stemming,
}

/// A document made ready for the keyword index.
#[derive(Debug)]
pub struct KeywordDocument(pub(super) TantivyDocument);

fn terms(option: IndexRecordOption) -> TextOptions {
    // Lengths are kept exactly, in a column of their own; tantivy would round them.
    let indexing =
        TextFieldIndexing::default().set_tokenizer("raw").set_index_option(option).set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

impl Layout {
    /// For a new index.
    #[must_use]
    pub fn new(stemming: Stemming) -> Self {
        let mut schema = Schema::builder();
        let seq = schema.add_u64_field("seq", FAST | INDEXED);
        let length = schema.add_u64_field("length", FAST);
        let words = schema.add_text_field("words", terms(IndexRecordOption::WithFreqsAndPositions));
        let stemmed = !matches!(stemming, Stemming::Auto | Stemming::None);
        let stems = stemmed.then(|| {
            schema.add_text_field(&format!("{STEMS}{}", stemming.name()), terms(IndexRecordOption::WithFreqs))
        });
        Self { schema: schema.build(), seq, length, words, stems, stemming }
    }

    /// As it is in an index on disk.
    pub(super) fn of(schema: &Schema, folder: &Path) -> Result<Self> {
        let stemming = schema.fields().find_map(|(_, entry)| entry.name().strip_prefix(STEMS));
        let layout = Self::new(stemming.map_or(Ok(Stemming::None), str::parse)?);
        if layout.schema == *schema {
            return Ok(layout);
        }
        let cure = "rebuild it with `sememe index COLLECTION`";
        Err(Error::damaged(folder, "the fields of a keyword index of this version", "others", cure))
    }

    /// By which rules words are joined; never [`Stemming::Auto`].
    #[must_use]
    pub fn stemming(&self) -> Stemming {
        self.stemming
    }

    /// A document's terms; `seq` is its row.
    #[must_use]
    pub fn document(&self, seq: u64, analysis: &Analysis) -> KeywordDocument {
        let mut document = TantivyDocument::new();
        document.add_u64(self.seq, seq);
        document.add_u64(self.length, analysis.len() as u64);
        if let Some(stems) = self.stems {
            let stem = |word: &str| self.stemming.stem(word).into_owned();
            document.add_pre_tokenized_text(stems, tokens(analysis, stem));
        }
        document.add_pre_tokenized_text(self.words, tokens(analysis, str::to_owned));
        KeywordDocument(document)
    }
}

fn tokens(analysis: &Analysis, text: impl Fn(&str) -> String) -> PreTokenizedString {
    let token = |(position, token): (usize, crate::text::Token<'_>)| Token {
        offset_from: token.range.start,
        offset_to: token.range.end,
        position,
        text: text(token.text),
        position_length: 1,
    };
    PreTokenizedString { text: String::new(), tokens: analysis.tokens().enumerate().map(token).collect() }
}
