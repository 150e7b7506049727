//! Soft tokens in their sentence: a document answers if its words mean, where they stand, what the query's words mean there.
//!
//! Two parts. The cosine of the text vectors, as in mode `static`, but of contextual vectors, ranks all documents. The first of
//! them are then read again word by word (late interaction; Khattab & Zaharia 2020, ColBERT, equation 3): for each query word the
//! nearest word of the document, the mean of these cosines weighed by rarity. Documents behind those count 0 for it.

use super::explained::{Carried, Explained};
use super::statics::DocumentVectors;
use super::{MatchPart, Mode, Ranked, Retriever, Texts, distinct};
use crate::encoder::{ContextualEncoder, Encoder, TokenVectors};
use crate::error::{Error, Result};
use crate::index::{RowSet, VectorIndex};
use crate::linalg;
use crate::text::Analysis;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Words of a document that are read for the late interaction, in whole sentences.
const WORDS_READ: usize = 400;

/// How mode `contextual` ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContextualSettings {
    /// First documents that are read word by word, 0 to 200. Default 20.
    pub candidates: usize,
    /// Weight of the words' best matches, 0 to 1; the text vectors have the rest. Default 0.5.
    pub late: f32,
}

impl Default for ContextualSettings {
    fn default() -> Self {
        Self { candidates: 20, late: 0.5 }
    }
}

impl ContextualSettings {
    /// Most candidates.
    pub const CANDIDATES_MAX: usize = 200;

    /// Checks both.
    ///
    /// # Errors
    /// [`Error::Invalid`] for one that is out of range.
    pub fn check(&self) -> Result<()> {
        if self.candidates > Self::CANDIDATES_MAX {
            let expected = format!("0 to {}", Self::CANDIDATES_MAX);
            return Err(Error::invalid("contextual/candidates", expected, self.candidates, "20 are usual"));
        }
        if !(0.0..=1.0).contains(&self.late) {
            let cure = "leave it out for the default";
            return Err(Error::invalid("contextual/late", "0 to 1", self.late, cure));
        }
        Ok(())
    }
}

/// The contextual vectors of documents.
#[derive(Clone, Copy)]
pub struct ContextualDocuments<'a> {
    /// One row a document.
    pub index: &'a dyn VectorIndex,
    /// The document of each row, rising.
    pub seqs: &'a [i64],
    /// The direction that they shared, of length 1 (or 0 for none), and that was removed.
    pub direction: &'a [f32],
}

/// Cosine of contextual text vectors, and the best match of each query word in the first documents.
pub struct ContextualRetriever<'a> {
    encoder: &'a ContextualEncoder,
    documents: DocumentVectors<'a>,
    /// The direction that the documents' vectors shared.
    direction: &'a [f32],
    texts: &'a Texts<'a>,
    settings: ContextualSettings,
    /// The last query and what was found: each of its hits is explained by the same readings.
    last: RefCell<Option<Rc<Answer>>>,
}

struct Answer {
    words: Vec<String>,
    limit: usize,
    query: Reading,
    ranked: Vec<Ranked>,
    /// The documents that were read word by word.
    read: HashMap<i64, Reading>,
}

/// A text, or the beginning of one, read word by word.
#[derive(Default)]
struct Reading {
    tokens: Vec<ReadToken>,
    /// Whether all of it was read.
    is_whole: bool,
}

struct ReadToken {
    word: String,
    weight: f32,
    /// Contextual, of length 1.
    vector: Vec<f32>,
}

impl Reading {
    /// Reads a text.
    fn of(encoder: &ContextualEncoder, sentences: &[Vec<&str>]) -> Self {
        Self::new(encoder, sentences, encoder.sentences(sentences).into_iter(), true)
    }

    /// A text with the vectors of its sentences.
    fn new(
        encoder: &ContextualEncoder,
        sentences: &[Vec<&str>],
        vectors: impl Iterator<Item = TokenVectors>,
        is_whole: bool,
    ) -> Self {
        let mut tokens = Vec::new();
        for (sentence, vectors) in sentences.iter().zip(vectors) {
            for (word, vector) in sentence.iter().zip(vectors) {
                if let Some(vector) = vector {
                    tokens.push(ReadToken { word: (*word).to_owned(), weight: encoder.weight(word), vector });
                }
            }
        }
        Self { tokens, is_whole }
    }

    /// The text's vector before the common direction is removed.
    fn sum(&self, dim: usize) -> Vec<f32> {
        let mut sum = vec![0.0; dim];
        self.tokens.iter().for_each(|token| linalg::add_scaled(&mut sum, token.weight, &token.vector));
        sum
    }
}

/// Whole sentences until `most` words are read.
fn beginning<'s, 'w>(sentences: &'s [Vec<&'w str>], most: usize) -> &'s [Vec<&'w str>] {
    let mut words = 0;
    let begun = sentences.iter().take_while(|sentence| {
        let is_room = words < most;
        words += sentence.len();
        is_room
    });
    &sentences[..begun.count()]
}

fn sentences(analysis: &Analysis) -> Vec<Vec<&str>> {
    analysis.sentences().map(|sentence| sentence.map(|token| token.text).collect()).collect()
}

impl<'a> ContextualRetriever<'a> {
    /// Reads from the vectors of documents that `encoder` made. `texts` reads the first of them.
    #[must_use]
    pub fn new(
        encoder: &'a ContextualEncoder,
        documents: ContextualDocuments<'a>,
        texts: &'a Texts<'a>,
        settings: ContextualSettings,
    ) -> Self {
        let ContextualDocuments { index, seqs, direction } = documents;
        let documents = DocumentVectors::new(index, seqs);
        Self { encoder, documents, direction, texts, settings, last: RefCell::default() }
    }

    /// Lets only these rows of the index answer.
    #[must_use]
    pub fn with_filter(mut self, filter: Option<RowSet>) -> Self {
        self.documents.filter = filter;
        self
    }

    /// As for mode `static`.
    #[must_use]
    pub fn with_recall(mut self, recall: Option<f32>) -> Self {
        self.documents.recall = recall.unwrap_or(self.documents.recall);
        self
    }

    fn answer(&self, words: &[String], limit: usize) -> Result<Rc<Answer>> {
        let known = self.last.borrow().clone();
        if let Some(known) = known.filter(|known| known.words == words && known.limit >= limit) {
            return Ok(known);
        }
        let sentence: Vec<&str> = words.iter().map(String::as_str).collect();
        let query = Reading::of(self.encoder, &[sentence]);
        let is_known = words.iter().any(|word| self.encoder.knows(word));
        let wanted = limit.max(self.settings.candidates);
        let mut ranked = if is_known { self.nearest(&query, wanted)? } else { Vec::new() };
        let (late, first) = (self.settings.late, self.settings.candidates.min(ranked.len()));
        let read = if late > 0.0 { self.read(&ranked[..first])? } else { HashMap::new() };
        for found in &mut ranked {
            let of_words = read.get(&found.seq).map_or(0.0, |document| best_matches(&query, document));
            found.score = (1.0 - late) * found.score + late * of_words;
        }
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.seq.cmp(&b.seq)));
        ranked.truncate(limit);
        let answer = Rc::new(Answer { words: words.to_vec(), limit, query, ranked, read });
        *self.last.borrow_mut() = Some(Rc::clone(&answer));
        Ok(answer)
    }

    /// By the cosine of the text vectors.
    fn nearest(&self, query: &Reading, limit: usize) -> Result<Vec<Ranked>> {
        let index = self.documents.index;
        let mut vector = query.sum(index.dim());
        linalg::remove_direction(&mut vector, self.direction);
        if linalg::normalize(&mut vector) <= 0.0 || index.is_empty() {
            return Ok(Vec::new());
        }
        self.documents.nearest(&vector, limit)
    }

    fn read(&self, first: &[Ranked]) -> Result<HashMap<i64, Reading>> {
        let seqs: Vec<i64> = first.iter().map(|found| found.seq).collect();
        let texts = (self.texts)(&seqs)?;
        let whole: Vec<Vec<Vec<&str>>> = texts.iter().map(|(_, text)| sentences(text)).collect();
        let begun: Vec<&[Vec<&str>]> = whole.iter().map(|text| beginning(text, WORDS_READ)).collect();
        // All documents in one batch: the network reads many sentences in hardly more time than a few.
        let mut vectors = self.encoder.sentences(&begun.concat()).into_iter();
        let mut read = HashMap::with_capacity(texts.len());
        for ((seq, _), (begun, whole)) in texts.iter().zip(begun.iter().zip(&whole)) {
            let own = vectors.by_ref().take(begun.len());
            read.insert(*seq, Reading::new(self.encoder, begun, own, begun.len() == whole.len()));
        }
        Ok(read)
    }

    /// Everything that carries a hit's score, in the score's own units.
    fn carried(&self, answer: &Answer, seq: i64, document: &Analysis) -> Explained {
        let (late, known) = (self.settings.late, answer.read.get(&seq));
        let whole = match known {
            Some(known) if known.is_whole => None,
            _ => Some(Reading::of(self.encoder, &sentences(document))),
        };
        let mut carried = Pairs::default();
        if let Some(read) = whole.as_ref().or(known) {
            self.carried_by_texts(&answer.query, read, &mut carried);
        }
        if let Some(read) = known {
            carried_by_words(&answer.query, read, late, &mut carried);
        }
        Explained::of(&carried.all, &[MatchPart::Contextual, MatchPart::Late])
    }

    /// The cosine of two sums is the sum over all pairs of words: each pair carries its part of it.
    fn carried_by_texts<'r>(&self, query: &'r Reading, document: &'r Reading, carried: &mut Pairs<'r>) {
        let dim = self.documents.index.dim();
        let direction = self.direction;
        let length = |reading: &Reading| {
            let mut sum = reading.sum(dim);
            linalg::remove_direction(&mut sum, direction);
            linalg::normalize(&mut sum)
        };
        let lengths = length(query) * length(document);
        if lengths <= 0.0 {
            return;
        }
        let scale = (1.0 - self.settings.late) / lengths;
        for of in &query.tokens {
            let mut vector = of.vector.clone();
            linalg::remove_direction(&mut vector, direction);
            for with in &document.tokens {
                let share = scale * of.weight * with.weight * linalg::dot(&vector, &with.vector);
                carried.add(of, with, share, MatchPart::Contextual);
            }
        }
    }
}

/// For each query word the nearest word of the document: the mean of the cosines, weighed by rarity, 0 to 1.
fn best_matches(query: &Reading, document: &Reading) -> f32 {
    let total: f32 = query.tokens.iter().map(|token| token.weight).sum();
    let best = |token: &ReadToken| best_match(token, document).map_or(0.0, |(_, cosine)| cosine.max(0.0));
    query.tokens.iter().map(|token| token.weight * best(token)).sum::<f32>() / total.max(f32::MIN_POSITIVE)
}

fn best_match<'d>(token: &ReadToken, document: &'d Reading) -> Option<(&'d ReadToken, f32)> {
    let near = document.tokens.iter().map(|other| (other, linalg::dot(&token.vector, &other.vector)));
    near.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn carried_by_words<'r>(query: &'r Reading, document: &'r Reading, late: f32, carried: &mut Pairs<'r>) {
    let total: f32 = query.tokens.iter().map(|token| token.weight).sum();
    for token in &query.tokens {
        if let Some((best, cosine)) = best_match(token, document) {
            let share = late * token.weight * cosine.max(0.0) / total.max(f32::MIN_POSITIVE);
            carried.add(token, best, share, MatchPart::Late);
        }
    }
}

/// Pairs of words, each once for each part of the score, with the nearest of their occurrences.
#[derive(Default)]
struct Pairs<'r> {
    all: Vec<Carried<'r>>,
    places: HashMap<(&'r str, &'r str, MatchPart), usize>,
}

impl<'r> Pairs<'r> {
    fn add(&mut self, query: &'r ReadToken, document: &'r ReadToken, share: f32, part: MatchPart) {
        let similarity = linalg::dot(&query.vector, &document.vector);
        let place =
            *self.places.entry((query.word.as_str(), document.word.as_str(), part)).or_insert_with(|| {
                let found = Carried::new(&query.word, &document.word, 0.0);
                self.all.push(Carried { similarity, part: Some(part), ..found });
                self.all.len() - 1
            });
        let found = &mut self.all[place];
        found.share += share;
        found.similarity = found.similarity.max(similarity);
    }
}

impl Retriever for ContextualRetriever<'_> {
    fn mode(&self) -> Mode {
        Mode::Contextual
    }

    fn retrieve(&self, words: &[String], limit: usize) -> Result<Vec<Ranked>> {
        let answer = self.answer(words, limit)?;
        Ok(answer.ranked[..answer.ranked.len().min(limit)].to_vec())
    }

    fn explain(&self, words: &[String], seq: i64, document: &Analysis) -> Result<Explained> {
        Ok(self.carried(&*self.answer(words, 1)?, seq, document))
    }

    fn unknown(&self, words: &[String]) -> Result<Vec<String>> {
        let mut unknown = distinct(words).into_iter().cloned().collect::<Vec<_>>();
        unknown.retain(|word| !self.encoder.knows(word));
        Ok(unknown)
    }
}
