//! What can be asked of texts: the same for REST, the command line and the library.

use super::ExpansionRequest;
use crate::error::{Error, Result};
use crate::index::keyword::{Bm25, FilterRequest, KeywordIndex, Weights};
use crate::search::{ContextualSettings, HybridSettings, Mode, TopK};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most hits that can be passed over.
pub const OFFSET_MAX: usize = 9000;
/// Greatest weight of a field.
const WEIGHT_MAX: f32 = 100.0;
/// Longest tag around what is highlighted, in bytes.
const TAG_BYTES_MAX: usize = 100;

/// One query, read one way.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Free text.
    pub query: String,
    /// How to read it.
    pub mode: Mode,
    /// Hits wanted, 1 to 1000; default 10.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Hits to pass over, 0 to 9000; default 0.
    #[serde(default)]
    pub offset: Option<usize>,
    /// Which documents may answer at all: `topic = bank AND year > 1990`.
    #[serde(default)]
    pub filter: Option<FilterRequest>,
    /// Only documents that hold a word in one of these senses, in every mode: a sense key (`bank%1:17:01::`), a synset's id or name, or the
    /// id of a sense that the collection's own corpus tells apart (`bank~1`).
    #[serde(default)]
    pub sense: Option<Vec<String>>,
    /// With `sense`: all other documents follow those that hold a word in one of the senses, instead of being left out. A document that was put
    /// into a wrong sense is then found still.
    #[serde(default)]
    pub sense_first: bool,
    /// Fields whose values are counted over all documents that answer, at most 20.
    #[serde(default)]
    pub facets: Option<Vec<String>>,
    /// Fields to sort by instead of the score, `year:desc`, at most 4. Mode `static` sorts its best 1000.
    #[serde(default)]
    pub sort: Option<Vec<String>>,
    /// Say where in title and text the words stand that answer.
    #[serde(default)]
    pub highlight: Option<HighlightRequest>,
    /// How words are looked for and scored, in the modes `keyword` and `wordnet`.
    #[serde(default)]
    pub keyword: Option<KeywordRequest>,
    /// How mode `wordnet` expands the query.
    #[serde(default)]
    pub wordnet: Option<ExpansionRequest>,
    /// How mode `hybrid` weighs its parts; otherwise as tuned for the collection, or the defaults.
    #[serde(default)]
    pub hybrid: Option<HybridSettings>,
    /// How mode `contextual` ranks.
    #[serde(default)]
    pub contextual: Option<ContextualSettings>,
    /// Part of the nearest vectors wanted, above 0 up to 1; default 0.99: for large collections, whose vectors are not all compared.
    /// At 1 they are.
    #[serde(default)]
    pub recall: Option<f32>,
}

/// One query, read several ways.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContrastRequest {
    /// Free text.
    pub query: String,
    /// Hits wanted of each mode; default 10.
    #[serde(default)]
    pub k: Option<usize>,
    /// The ways, each once; default keyword, wordnet if there is a WordNet, static, contextual if the collection has such a model.
    #[serde(default)]
    pub modes: Option<Vec<Mode>>,
    /// Which documents may answer at all, in every mode.
    #[serde(default)]
    pub filter: Option<FilterRequest>,
    /// Only documents that hold a word in one of these senses, in every mode.
    #[serde(default)]
    pub sense: Option<Vec<String>>,
    /// How words are looked for and scored, in the modes `keyword` and `wordnet`.
    #[serde(default)]
    pub keyword: Option<KeywordRequest>,
    /// How mode `wordnet` expands it.
    #[serde(default)]
    pub wordnet: Option<ExpansionRequest>,
    /// How mode `hybrid` weighs its parts; otherwise as tuned for the collection, or the defaults.
    #[serde(default)]
    pub hybrid: Option<HybridSettings>,
    /// How mode `contextual` ranks.
    #[serde(default)]
    pub contextual: Option<ContextualSettings>,
}

/// What a query's characters mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    /// Text as people write it: every word counts, and no character does anything.
    #[default]
    Words,
    /// `"a phrase"`, `prefix*`, `fuzzy~1`, `+must`, `-not`, `AND`, `OR`, `NOT`, `( )`, `field:word`. Other modes than `keyword` take
    /// the words that are looked for.
    Operators,
}

/// How words are looked for and scored.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeywordRequest {
    /// What the query's characters mean.
    pub syntax: Syntax,
    /// BM25's `k1`, 0 to 100; default 1.2.
    pub k1: Option<f32>,
    /// BM25's `b`, 0 to 1; default 0.75.
    pub b: Option<f32>,
    /// What an occurrence in a searched field counts for, 0 to 100; otherwise as the collection's settings say.
    pub weights: BTreeMap<String, f32>,
    /// Look for words as they are written, even where the index has stems.
    pub as_written: bool,
}

/// How to show what is highlighted.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HighlightRequest {
    /// Set before each word in `highlighted`; default `<em>`.
    pub pre_tag: String,
    /// Set behind it; default `</em>`.
    pub post_tag: String,
}

impl Default for HighlightRequest {
    fn default() -> Self {
        Self { pre_tag: "<em>".to_owned(), post_tag: "</em>".to_owned() }
    }
}

impl HighlightRequest {
    pub(super) fn check(&self) -> Result<()> {
        for (name, tag) in [("pre_tag", &self.pre_tag), ("post_tag", &self.post_tag)] {
            if tag.len() > TAG_BYTES_MAX {
                let got = format!("{} bytes", tag.len());
                let expected = format!("at most {TAG_BYTES_MAX} bytes");
                return Err(Error::invalid(format!("highlight/{name}"), expected, got, "shorten it"));
            }
        }
        Ok(())
    }
}

impl KeywordRequest {
    pub(super) fn bm25(&self) -> Result<Bm25> {
        let default = Bm25::default();
        let bm25 = Bm25 { k1: self.k1.unwrap_or(default.k1), b: self.b.unwrap_or(default.b) };
        bm25.check()?;
        Ok(bm25)
    }

    /// What occurrences count for: as asked, or else as `set`.
    pub(super) fn weights(&self, index: &KeywordIndex, set: impl Fn(&str) -> f32) -> Result<Weights> {
        let searched = index.searched();
        for (name, weight) in &self.weights {
            let what = format!("keyword/weights/{name}");
            if !searched.contains(&name.as_str()) {
                let expected = format!("one of {}", searched.join(", "));
                let cure = "make the field searchable in the collection's settings";
                return Err(Error::invalid(what, expected, format!("{name:?}"), cure));
            }
            if !(0.0..=WEIGHT_MAX).contains(weight) {
                return Err(Error::invalid(what, format!("0 to {WEIGHT_MAX}"), weight, "1 is usual"));
            }
        }
        Ok(index.weights(|name| self.weights.get(name).copied().unwrap_or_else(|| set(name))))
    }
}

/// Which of all hits are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub offset: usize,
    pub limit: usize,
}

impl Page {
    pub fn new(limit: Option<usize>, offset: Option<usize>) -> Result<Self> {
        let limit = TopK::new("limit", limit.unwrap_or(TopK::default().get()))?.get();
        let offset = offset.unwrap_or(0);
        if offset > OFFSET_MAX {
            let cure = "narrow the query or the filter down instead";
            return Err(Error::invalid("offset", format!("0 to {OFFSET_MAX}"), offset, cure));
        }
        Ok(Self { offset, limit })
    }

    /// Hits up to the end of the page.
    pub fn end(self) -> usize {
        self.offset + self.limit
    }
}
