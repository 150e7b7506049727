//! Here is a query, give me hits; contrast them; explain them.
//!
//! - [`Retriever`]: one way of reading a query, with [`KeywordRetriever`] (hard tokens), [`WordNetRetriever`] (hard tokens and
//!   the links between them), [`NeighboursRetriever`] (hard tokens and the nearest of their vectors), [`StaticRetriever`] (soft tokens), [`ContextualRetriever`] (soft tokens in their sentence) and
//!   [`HybridRetriever`] (hard and soft fused) behind it.
//! - [`contrast`]: two rankings of one query side by side.

mod contextual;
pub mod contrast;
mod expansion;
mod explained;
mod feedback;
mod fusion;
mod hybrid;
mod keyword;
mod neighbours;
mod phrases;
mod statics;
mod wordnet;

pub use contextual::{ContextualDocuments, ContextualRetriever, ContextualSettings};
pub use explained::Explained;
pub use fusion::{Fusion, HybridSettings, Knowledge};
pub use hybrid::{HybridRetriever, Texts};
pub use keyword::KeywordRetriever;
pub use neighbours::NeighboursRetriever;
pub use statics::StaticRetriever;
pub use wordnet::{NamedInduced, SenseChoice, WordNetRetriever};

use crate::error::{Error, Result};
use crate::index::keyword::{Matches, TermParts};
use crate::text::Analysis;
use serde::{Deserialize, Serialize};

/// A way of reading a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Hard tokens: the keyword index, BM25.
    Keyword,
    /// Hard tokens and the links between them: the keyword index, asked for WordNet's synonyms, hyponyms and hypernyms too.
    Wordnet,
    /// Hard tokens and their neighbours among the word vectors, if the query's other words confirm them.
    Neighbours,
    /// Soft tokens: the weighted mean of static word vectors.
    Static,
    /// Soft tokens in their sentence: contextual vectors, and the best match of each query word in the first documents.
    Contextual,
    /// Hard and soft tokens fused, then asked again with what the first answers say.
    Hybrid,
}

impl Mode {
    /// All modes, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Keyword, Self::Wordnet, Self::Neighbours, Self::Static, Self::Contextual, Self::Hybrid];

    /// The name, as in requests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Wordnet => "wordnet",
            Self::Neighbours => "neighbours",
            Self::Static => "static",
            Self::Contextual => "contextual",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A document with how well it answers, before it is fetched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// The document's row in the store.
    pub seq: i64,
    /// Higher is better; comparable within one answer only.
    pub score: f32,
}

/// A query word, the document word that answered it, and how much of the score that carried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Match {
    /// As the analyzer spells it.
    pub query_word: String,
    /// The same word for hard tokens, or one that WordNet joins to it; a near one for soft tokens.
    pub document_word: String,
    /// Cosine of the two words' vectors; 1 for the same word; for one that WordNet joins to it, its weight.
    pub similarity: f32,
    /// Part of the hit's score; the parts of a hit that are shown are its largest. Above 1 where other words speak against the document.
    pub share: f32,
    /// The way through WordNet from one to the other, if that is how it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<GraphLink>,
    /// For hard tokens: what the document word's BM25 score is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bm25: Option<TermParts>,
    /// Which part of a fused score it belongs to. For `feedback` there is no query word: the first answers say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<MatchPart>,
}

/// A part of a fused score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchPart {
    /// BM25 of the query's words.
    Keyword,
    /// Cosine to the query's vector.
    Static,
    /// What the first answers add, words and vector.
    Feedback,
    /// Cosine of the contextual text vectors.
    Contextual,
    /// The best matches of the query's words, each in its sentence.
    Late,
}

/// What a part of a fused score comes to; the parts of a hit add up to its score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScorePart {
    /// The part.
    pub part: MatchPart,
    /// In the units of the hit's score; may be below 0.
    pub score: f32,
}

/// The way through WordNet from a query word to a document word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphLink {
    /// What the document word is to the sense: `synonym`, `hyponym` or `hypernym`.
    pub relation: String,
    /// Links between the two synsets; 0 for synonyms.
    pub links: u32,
    /// The sense of the query word that was followed: `dog.n.01`.
    pub sense: String,
    /// The synset that the document word is from.
    pub synset: String,
}

/// One way of reading a query.
pub trait Retriever {
    /// Which way.
    fn mode(&self) -> Mode;

    /// The `limit` best documents for the query's words, best first, ties by rising row.
    ///
    /// # Errors
    /// Those of the index below.
    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>>;

    /// All documents that answer, for ways that tell them from those that do not; `None` where every document does, more or less.
    ///
    /// # Errors
    /// Those of the index below.
    fn answering(&self, _words: &[String]) -> Result<Option<Matches>> {
        Ok(None)
    }

    /// Whether a document's word answers as this one of a match does: it itself, or another form of it.
    fn is_same(&self, word: &str, matched: &str) -> bool {
        word == matched
    }

    /// What a document's score is made of.
    ///
    /// # Errors
    /// Those of the index below.
    fn explain(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Explained>;

    /// The query words that this way of reading knows nothing about, each once.
    ///
    /// # Errors
    /// Those of the index below.
    fn unknown(&self, words: &[String]) -> Result<Vec<String>>;
}

/// How many hits are asked for: 1 to [`TopK::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "usize")]
pub struct TopK(usize);

impl TopK {
    /// The most that can be asked for.
    pub const MAX: usize = 1000;

    /// Checks a number.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is 0 or above [`TopK::MAX`]; `what` names it to the caller.
    pub fn new(what: &str, k: usize) -> Result<Self> {
        if (1..=Self::MAX).contains(&k) {
            return Ok(Self(k));
        }
        let cure = if k == 0 { "ask for at least one" } else { "ask for fewer" };
        Err(Error::invalid(what, format!("1 to {}", Self::MAX), k, cure))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        self.0
    }
}

impl TryFrom<usize> for TopK {
    type Error = String;

    fn try_from(k: usize) -> Result<Self, String> {
        Self::new("k", k).map_err(|error| error.to_string())
    }
}

impl Default for TopK {
    fn default() -> Self {
        Self(10)
    }
}

/// Each word once, in order.
fn distinct(words: &[String]) -> Vec<&String> {
    let mut seen = Vec::with_capacity(words.len());
    for word in words {
        if !seen.contains(&word) {
            seen.push(word);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_hits_is_checked_at_the_door() {
        assert!(TopK::new("limit", 1).is_ok() && TopK::new("limit", 1000).is_ok());
        let error = TopK::new("limit", 0).unwrap_err().to_string();
        assert_eq!(error, "limit: expected 1 to 1000, got 0; ask for at least one");
        assert!(TopK::new("limit", 1001).is_err());
    }
}
