//! Questions about texts: each takes one generation, and keeps it to its end.

use super::answers::{Analyzed, AnalyzedToken, ContrastAnswer, FoundAlone, Hit, SearchAnswer};
use super::{Engine, Generation};
use crate::error::{Error, Result};
use crate::search::contrast::{PERSISTENCE, overlap, rank_biased_overlap};
use crate::search::{KeywordRetriever, Match, Mode, Ranked, Retriever, StaticRetriever, TopK};
use crate::store::StoredDocument;
use crate::text::{Analysis, Analyzer};
use serde::Deserialize;
use std::collections::HashSet;
use std::time::Instant;

/// Longest query or text to analyse, in bytes.
pub const QUERY_BYTES_MAX: usize = 64 << 10;

/// Longest snippet, in characters.
const SNIPPET_CHARS_MAX: usize = 240;

/// One query, read one way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Free text.
    pub query: String,
    /// How to read it.
    pub mode: Mode,
    /// Hits wanted; default 10.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// One query, read every way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContrastRequest {
    /// Free text.
    pub query: String,
    /// Hits wanted of each mode; default 10.
    #[serde(default)]
    pub k: Option<usize>,
}

impl Engine {
    /// Documents that answer a query.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or overlong query or a limit out of range; [`Error::NotFound`]; [`Error::NotReady`] if the
    /// mode needs a model that has not been trained.
    pub fn search(&self, collection: &str, request: &SearchRequest) -> Result<SearchAnswer> {
        let limit = TopK::new("limit", request.limit.unwrap_or(TopK::default().get()))?;
        check_query(&request.query)?;
        let generation = self.generation(collection)?;
        self.answer(&generation, &request.query, request.mode, limit)
    }

    /// One query read every way, side by side.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn contrast(&self, collection: &str, request: &ContrastRequest) -> Result<ContrastAnswer> {
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?;
        check_query(&request.query)?;
        let generation = self.generation(collection)?;
        let answers = Mode::ALL
            .into_iter()
            .map(|mode| self.answer(&generation, &request.query, mode, k))
            .collect::<Result<Vec<_>>>()?;
        let ids: Vec<Vec<&str>> =
            answers.iter().map(|answer| answer.hits.iter().map(|hit| hit.id.as_str()).collect()).collect();
        Ok(ContrastAnswer {
            query: request.query.clone(),
            k: k.get(),
            overlap: overlap(&ids[0], &ids[1]),
            rank_biased_overlap: rank_biased_overlap(&ids[0], &ids[1], PERSISTENCE),
            found_alone: found_alone(&answers),
            answers,
        })
    }

    /// A text as every part sees it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text; [`Error::NotFound`] for an unknown collection.
    pub fn analyze(&self, collection: &str, text: &str) -> Result<Analyzed> {
        check_length("text", text)?;
        let generation = self.generation(collection)?;
        let vocabulary = generation.encoder().ok().map(|encoder| encoder.vectors().vocabulary());
        let analysis = Analyzer.analyze(text);
        let tokens = analysis.tokens().map(|token| {
            let id = vocabulary.and_then(|vocabulary| vocabulary.id(token.text));
            Ok(AnalyzedToken {
                text: token.text.to_owned(),
                start: token.range.start,
                end: token.range.end,
                sentence: token.sentence,
                documents: generation.keyword().document_count(token.text)?,
                count: vocabulary.zip(id).map(|(vocabulary, id)| vocabulary.count(id)),
            })
        });
        Ok(Analyzed { tokens: tokens.collect::<Result<_>>()? })
    }

    /// A document by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    pub fn document(&self, collection: &str, id: &str) -> Result<crate::text::Document> {
        let row = self.row(collection)?;
        Ok(self.store.document(row.key, id)?.document)
    }

    fn answer(&self, generation: &Generation, query: &str, mode: Mode, limit: TopK) -> Result<SearchAnswer> {
        let start = Instant::now();
        let words = Analyzer.words(query);
        let documents = if mode == Mode::Static { generation.documents()? } else { None };
        let retriever: Option<Box<dyn Retriever + '_>> = match mode {
            Mode::Keyword => Some(Box::new(KeywordRetriever::new(generation.keyword()))),
            Mode::Static => match documents {
                Some((index, seqs)) => {
                    Some(Box::new(StaticRetriever::new(generation.encoder()?, index, seqs)))
                }
                None => None,
            },
        };
        let (hits, unknown_words) = match &retriever {
            Some(retriever) => {
                let ranked = retriever.retrieve(&words, limit.get())?;
                (self.hits(&**retriever, &words, &ranked)?, retriever.unknown(&words)?)
            }
            None => (Vec::new(), Vec::new()),
        };
        let empty_because = hits.is_empty().then(|| empty_because(generation, mode, &words, &unknown_words));
        Ok(SearchAnswer {
            mode,
            query: query.to_owned(),
            words,
            hits,
            unknown_words,
            empty_because,
            processing_time_ms: start.elapsed().as_secs_f64() * 1e3,
        })
    }

    fn hits(&self, retriever: &dyn Retriever, words: &[String], ranked: &[Ranked]) -> Result<Vec<Hit>> {
        let seqs: Vec<i64> = ranked.iter().map(|found| found.seq).collect();
        let stored = self.store.documents(&seqs)?;
        // A document deleted since the generation was built is no longer in the store.
        let present = ranked.iter().filter_map(|found| {
            stored.iter().find(|stored| stored.seq == found.seq).map(|stored| (found, stored))
        });
        present
            .enumerate()
            .map(|(place, (found, stored))| hit(retriever, words, place + 1, found.score, stored))
            .collect()
    }
}

fn hit(
    retriever: &dyn Retriever,
    words: &[String],
    rank: usize,
    score: f32,
    stored: &StoredDocument,
) -> Result<Hit> {
    let document = &stored.document;
    let text = document.full_text();
    let analysis = Analyzer.analyze(&text);
    let matches = retriever.matches(words, stored.seq, &analysis)?;
    Ok(Hit {
        rank,
        id: document.id.clone(),
        title: document.title.clone(),
        score,
        snippet: snippet(&document.text, &matches),
        matches,
        fields: document.fields.clone(),
    })
}

/// The sentence whose words carry most of the score.
fn snippet(text: &str, matches: &[Match]) -> String {
    let analysis = Analyzer.analyze(text);
    let best = best_sentence(&analysis, matches);
    let start = analysis.tokens().find(|token| token.sentence == best).map_or(0, |token| token.range.start);
    let mut chars = text[start..].trim_start().chars();
    let short: String =
        chars.by_ref().take(SNIPPET_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() { format!("{}…", short.trim_end()) } else { short }
}

fn best_sentence(analysis: &Analysis, matches: &[Match]) -> usize {
    let mut best = (0.0, 0);
    for sentence in analysis.sentences() {
        let mut number = 0;
        let mut share = 0.0;
        let mut seen = HashSet::new();
        for token in sentence {
            number = token.sentence;
            if seen.insert(token.text) {
                share +=
                    matches.iter().filter(|m| m.document_word == token.text).map(|m| m.share).sum::<f32>();
            }
        }
        if share > best.0 {
            best = (share, number);
        }
    }
    best.1
}

fn found_alone(answers: &[SearchAnswer]) -> Vec<FoundAlone> {
    let mut alone = Vec::new();
    for (place, answer) in answers.iter().enumerate() {
        let others =
            answers.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, answer)| answer);
        let elsewhere: HashSet<&str> =
            others.flat_map(|a| a.hits.iter().map(|hit| hit.id.as_str())).collect();
        for hit in answer.hits.iter().filter(|hit| !elsewhere.contains(hit.id.as_str())) {
            alone.push(FoundAlone {
                mode: answer.mode,
                rank: hit.rank,
                id: hit.id.clone(),
                title: hit.title.clone(),
                through: hit.matches.iter().map(told).collect(),
            });
        }
    }
    alone
}

fn told(found: &Match) -> String {
    if found.query_word == found.document_word {
        found.query_word.clone()
    } else {
        format!("{} → {}", found.query_word, found.document_word)
    }
}

fn empty_because(generation: &Generation, mode: Mode, words: &[String], unknown: &[String]) -> String {
    if words.is_empty() {
        return "the query holds no word".to_owned();
    }
    if unknown.len() < words.iter().collect::<HashSet<_>>().len() {
        return "the collection holds no document with a word".to_owned();
    }
    let place = if mode == Mode::Keyword { "document" } else { "vocabulary" };
    let mut reason = format!("no query word is in any {place}").replace("any vocabulary", "the vocabulary");
    let nearest: Vec<String> = match generation.encoder() {
        Ok(encoder) => {
            let vocabulary = encoder.vectors().vocabulary();
            unknown.iter().take(5).flat_map(|word| vocabulary.nearest_spellings(word, 2)).collect()
        }
        Err(_) => Vec::new(),
    };
    if !nearest.is_empty() {
        reason = format!("{reason}; nearest: {}", nearest.join(", "));
    }
    reason
}

fn check_query(query: &str) -> Result<()> {
    if query.trim().is_empty() {
        return Err(Error::invalid("query", "at least one word", "nothing", "write what you look for"));
    }
    check_length("query", query)
}

pub(super) fn check_length(what: &str, text: &str) -> Result<()> {
    if text.len() <= QUERY_BYTES_MAX {
        return Ok(());
    }
    let got = format!("{} bytes", text.len());
    Err(Error::invalid(what, format!("at most {QUERY_BYTES_MAX} bytes"), got, "shorten it"))
}
