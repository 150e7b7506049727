//! What the engine answers: the same for REST, the command line and the library.

use super::ModelInfo;
use crate::index::keyword::Facet;
use crate::search::{Match, Mode, ScorePart};
use crate::sense::Parts;
use crate::vectors::AnalogyMethod;
use crate::vocab::collocates::Association;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub use crate::wordnet::answers::{
    HyponymsAnswer, PathAnswer, SimilarityAnswer, SynsetAnswer, SynsetBrief, WordAnswer as WordNetWord,
};

/// A collection as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CollectionInfo {
    /// Name, as in URLs.
    pub name: String,
    /// Documents in the store.
    pub documents: u64,
    /// Documents in the indexes that answer.
    pub indexed_documents: u64,
    /// Whether the indexes show the last write.
    pub up_to_date: bool,
    /// The generation that answers, if any has been built.
    pub generation: Option<String>,
    /// Bytes of that generation's files; 0 without one.
    #[serde(default)]
    pub index_bytes: u64,
    /// The static model, if one has been trained.
    pub model: Option<ModelInfo>,
}

/// A word with its cosine to what was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SimilarWord {
    /// The word.
    pub word: String,
    /// Cosine, -1 to 1.
    pub similarity: f32,
    /// Occurrences in the corpus.
    pub count: u64,
}

/// The words nearest to a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SimilarWords {
    /// The word asked for, as the vocabulary spells it.
    pub word: String,
    /// Whether the word is not in the vocabulary and stood for by its n-grams.
    pub from_subwords: bool,
    /// Nearest first.
    pub similar: Vec<SimilarWord>,
}

/// The words that are to `c` as `b` is to `a`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Analogy {
    /// The three words as the vocabulary spells them: a, b, c.
    pub words: [String; 3],
    /// How the cosines became one score: for `add` a cosine, for `mul` a quotient of 0 or more.
    pub method: AnalogyMethod,
    /// Words that are not in the vocabulary and were stood for by their n-grams.
    pub from_subwords: Vec<String>,
    /// Best first.
    pub answers: Vec<SimilarWord>,
}

/// How the words of a list are to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Similarity {
    /// The words as the vocabulary spells them.
    pub words: Vec<String>,
    /// Cosine of the two words, if there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// Cosines of all pairs, row by row.
    pub matrix: Vec<Vec<f32>>,
    /// Words that are not in the vocabulary and were stood for by their n-grams.
    pub from_subwords: Vec<String>,
}

/// The word that fits least among others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OddOneOut {
    /// The odd one.
    pub odd: String,
    /// All words in the order asked, each with its cosine to the mean of all.
    pub words: Vec<WordScore>,
    /// Words that are not in the vocabulary and were stood for by their n-grams.
    pub from_subwords: Vec<String>,
}

/// A word of a question with its cosine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordScore {
    /// As the vocabulary spells it.
    pub word: String,
    /// Cosine, -1 to 1.
    pub similarity: f32,
}

/// Words drawn on a plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordMap {
    /// The words asked for, as the vocabulary spells them.
    pub words: Vec<String>,
    /// Words that are not in the vocabulary and were stood for by their n-grams.
    pub from_subwords: Vec<String>,
    /// Part of all that the points differ by which each of the two axes shows, 0 to 1.
    pub kept: [f32; 2],
    /// The words asked for, then the sums, the places, the neighbours; each word once.
    pub points: Vec<MapPoint>,
}

/// A point of a map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MapPoint {
    /// The word; empty for a sum and a place.
    pub word: String,
    /// What the point is.
    pub kind: MapPointKind,
    /// The number, from 0, of its word, sum or place in the request; of a neighbour, that of the word that it is near to.
    pub of: usize,
    /// Cosine to that word, over all dimensions; of a sum and a place, to the first word.
    pub similarity: f32,
    /// Occurrences in the corpus.
    pub count: u64,
    /// Across, from the mean of all points; vectors have length 1.
    pub x: f32,
    /// Up; in the same unit.
    pub y: f32,
    /// Part of the point's squared distance from the mean that the plane shows, 0 to 1.
    pub kept: f32,
}

/// What a point of a map is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MapPointKind {
    /// A word asked for.
    Word,
    /// A weighted sum asked for.
    Sum,
    /// A word in its sentence.
    Place,
    /// A word near to one asked for.
    Neighbour,
}

/// A word with its share in a sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedWord {
    /// The word.
    pub word: String,
    /// Its weight; below 0 for a word to be far from. Default 1.
    #[serde(default = "one")]
    pub weight: f32,
}

fn one() -> f32 {
    1.0
}

/// The words nearest to a weighted sum of words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NearestWords {
    /// The sum's words as the vocabulary spells them.
    pub words: Vec<WeightedWord>,
    /// Words that are not in the vocabulary and were stood for by their n-grams.
    pub from_subwords: Vec<String>,
    /// Nearest first.
    pub similar: Vec<SimilarWord>,
}

/// The words that stand near a word more often than by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Collocates {
    /// The word asked for, as the vocabulary spells it.
    pub word: String,
    /// Its occurrences in the corpus.
    pub count: u64,
    /// Tokens looked at to each side, within the sentence.
    pub window: usize,
    /// By what they are sorted.
    pub by: Association,
    /// Best first.
    pub collocates: Vec<Collocate>,
}

/// A word that stands near another more often than by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Collocate {
    /// The collocate.
    pub word: String,
    /// Its occurrences in the corpus.
    pub count: u64,
    /// Times that it stands near the word.
    pub together: u64,
    /// Times that it would by chance.
    pub expected: f64,
    /// `log2(together / expected)`.
    pub pmi: f64,
    /// Dunning's G², natural logarithms.
    pub log_likelihood: f64,
}

/// A word as the collection knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordInfo {
    /// As the vocabulary spells it.
    pub word: String,
    /// Its number: 0 is the most frequent word.
    pub id: u32,
    /// Occurrences in the corpus.
    pub count: u64,
    /// Documents that hold it.
    pub documents: u64,
    /// The nearest words.
    pub similar: Vec<SimilarWord>,
}

/// A document that answers a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hit {
    /// Rank, from 1.
    pub rank: usize,
    /// The document's id.
    pub id: String,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Higher is better: BM25 for keyword, weighted BM25 for wordnet, cosine for static, at most 1 for contextual and hybrid.
    pub score: f32,
    /// The sentence that answers best, shortened.
    pub snippet: String,
    /// Title and snippet with tags around the words that answer, if asked for. The texts are not escaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlighted: Option<Highlighted>,
    /// Where in title and text those words stand, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highlights: Option<Vec<Highlight>>,
    /// Through which words the document answers, the largest share first.
    pub matches: Vec<Match>,
    /// The part of the score that pairs of words not listed carry; with the shares of `matches` it makes 1. Below 0 where words that speak
    /// against the document are among them, and 0 for a score that is not above 0.
    pub rest: f32,
    /// For the modes contextual and hybrid: what each part of the score comes to; they add up to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ScorePart>,
    /// The document's other fields.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// Title and snippet of a hit with tags around the words that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Highlighted {
    /// The title, if there is one.
    pub title: Option<String>,
    /// The snippet.
    pub snippet: String,
}

/// Where a word stands that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Highlight {
    /// `title` or `text`.
    pub field: String,
    /// First byte there.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// The word of the query that it answers.
    pub query_word: String,
}

/// The answer of one mode to a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SearchAnswer {
    /// The way the query was read.
    pub mode: Mode,
    /// The query as it came.
    pub query: String,
    /// The query's words as the analyzer spells them.
    pub words: Vec<String>,
    /// Hits passed over.
    pub offset: usize,
    /// Most hits told.
    pub limit: usize,
    /// Documents that answer: for keyword and wordnet those that hold what is looked for; for static and contextual, which rank all, those that
    /// may answer.
    pub total_hits: u64,
    /// Documents that pass the filter, if there is one: the same in every mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered_documents: Option<u64>,
    /// Best first, or in the order asked for.
    pub hits: Vec<Hit>,
    /// Values of the fields asked for, counted over all documents that answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facets: BTreeMap<String, Facet>,
    /// Query words that this mode knows nothing about.
    pub unknown_words: Vec<String>,
    /// Why there are no hits, if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_because: Option<String>,
    /// Time taken, in milliseconds.
    pub processing_time_ms: f64,
}

/// A document that one mode found and no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FoundAlone {
    /// The mode that found it.
    pub mode: Mode,
    /// Its rank there, from 1.
    pub rank: usize,
    /// The document's id.
    pub id: String,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// The words that led to it, the largest share first: `loan`, `borrow → loan` for a near word,
    /// `dog → wolf (hyponym)` for one that WordNet joins to it.
    pub through: Vec<String>,
}

/// The modes side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ContrastAnswer {
    /// The query as it came.
    pub query: String,
    /// Hits asked of each mode.
    pub k: usize,
    /// One answer a mode.
    pub answers: Vec<SearchAnswer>,
    /// How much each two of them agree.
    pub agreement: Vec<Agreement>,
    /// Documents that one mode found and no other of them, by mode and rank.
    pub found_alone: Vec<FoundAlone>,
    /// The query's words that no hit of mode keyword holds, if that mode was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_by_keywords: Option<Vec<String>>,
}

/// How much the answers of two modes agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Agreement {
    /// One mode.
    pub a: Mode,
    /// The other.
    pub b: Mode,
    /// Share of the longer list that both hold, 0 to 1; null if both are empty.
    pub overlap: Option<f64>,
    /// Rank-biased overlap with p = 0.9, 0 to 1; null if both lists are empty.
    pub rank_biased_overlap: Option<f64>,
}

/// Which WordNet there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordNetInfo {
    /// `3.0`, `3.1`; empty if the database does not say.
    pub version: String,
    /// Number of synsets.
    pub synsets: usize,
    /// Codes of the languages, English first.
    pub languages: Vec<String>,
}

/// What was added to WordNet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LanguageAdded {
    /// The language's code.
    pub language: String,
    /// Distinct words.
    pub words: usize,
    /// Synsets that have words.
    pub synsets: usize,
    /// Pairs of word and synset.
    pub senses: usize,
    /// Lines that were left out.
    pub left_out: u64,
    /// The first of them, with file, line and reason.
    pub left_out_told: Vec<String>,
}

/// A text as every part sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Analyzed {
    /// Tokens in order.
    pub tokens: Vec<AnalyzedToken>,
}

/// A token as every part sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AnalyzedToken {
    /// Folded form.
    pub text: String,
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Number of the sentence, from 0.
    pub sentence: usize,
    /// Documents of the collection that hold it.
    pub documents: u64,
    /// Occurrences in the corpus of the model; absent if it has no vector.
    pub count: Option<u64>,
}

/// The senses of words in a text.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SensesAnswer {
    /// The words asked about, in the order of the text.
    pub words: Vec<WordSenses>,
}

/// The answers to a batch of questions about senses.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct SensesAnswers {
    /// One for each question, in their order.
    pub results: Vec<SensesAnswer>,
}

/// A word in a text and its senses.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct WordSenses {
    /// As it stands in the text.
    pub word: String,
    /// Its first byte in the text.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
    /// WordNet's senses, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wordnet: Option<WordNetSenses>,
    /// The senses that the corpus tells apart, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub induced: Option<InducedSenses>,
}

/// WordNet's senses of a word in a text.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct WordNetSenses {
    /// Whether the best sense is probable enough to be relied on.
    pub sure: bool,
    /// Probability of the best less that of the second.
    pub margin: f32,
    /// Best first; empty if it has none.
    pub senses: Vec<CandidateSense>,
}

/// A sense of WordNet's, and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CandidateSense {
    /// Sense key: `bank%1:17:01::`; for words of other languages the synset's id.
    pub sense: String,
    /// The synset's id: `09213565-n`.
    pub synset: String,
    /// The synset's name: `bank.n.01`.
    pub name: String,
    /// Its words.
    pub words: Vec<String>,
    /// Its definition.
    pub definition: String,
    /// 0 to 1; all senses of the word together 1.
    pub probability: f32,
    /// Sum of the parts.
    pub score: f32,
    /// What each part adds.
    pub parts: Parts,
}

/// Induced senses of a word in a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InducedSenses {
    /// Whether the best sense is probable enough to be relied on.
    pub sure: bool,
    /// Probability of the best less that of the second.
    pub margin: f32,
    /// Best first; empty if the word was too rare to be looked at.
    pub senses: Vec<InducedCandidate>,
}

/// An induced sense, and how well it fits.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InducedCandidate {
    /// Its id in this generation: `bank~1`.
    pub sense: String,
    /// Words that stand for it.
    pub label: Vec<String>,
    /// Share of the word's occurrences in the corpus.
    pub share: f32,
    /// 0 to 1; all senses of the word together 1.
    pub probability: f32,
}

/// The senses that a corpus tells apart for a word.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InducedWord {
    /// As the vocabulary spells it.
    pub word: String,
    /// Occurrences in the corpus.
    pub count: u64,
    /// Whether it is frequent enough to have been looked at.
    pub looked_at: bool,
    /// Most frequent first; one if all occurrences are alike.
    pub senses: Vec<InducedSenseAnswer>,
}

/// An induced sense of a word.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InducedSenseAnswer {
    /// Its id in this generation: `bank~1`.
    pub sense: String,
    /// Share of the word's occurrences.
    pub share: f32,
    /// Words that stand for it.
    pub label: Vec<String>,
    /// Sentences of the corpus in which the word has this sense, as tokens, the clearest first.
    pub examples: Vec<String>,
    /// The sense of WordNet's that these sentences mean, told without regard to how frequent it is elsewhere; none if no sense is more
    /// probable than all others together, or without a WordNet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<NearestSynset>,
}

/// A sense of WordNet's beside an induced one.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NearestSynset {
    /// The synset's id: `09213565-n`.
    pub synset: String,
    /// Its name: `bank.n.01`.
    pub name: String,
    /// Its definition.
    pub definition: String,
    /// 0 to 1; all senses of the word together 1.
    pub probability: f32,
}
