//! Questions about texts: each takes one generation, and keeps it to its end.

use super::answers::{Agreement, Analyzed, AnalyzedToken, ContrastAnswer, FoundAlone, Hit, SearchAnswer};
use super::{Engine, ExpansionRequest, Generation};
use crate::error::{Error, Result};
use crate::search::contrast::{PERSISTENCE, overlap, rank_biased_overlap};
use crate::search::{
    HybridRetriever, HybridSettings, KeywordRetriever, Match, Mode, Ranked, Retriever, StaticRetriever, TopK,
    WordNetRetriever,
};
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
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// Free text.
    pub query: String,
    /// How to read it.
    pub mode: Mode,
    /// Hits wanted; default 10.
    #[serde(default)]
    pub limit: Option<usize>,
    /// How mode `wordnet` expands it.
    #[serde(default)]
    pub wordnet: Option<ExpansionRequest>,
    /// How mode `hybrid` weighs its parts; otherwise as tuned for the collection, or the defaults.
    #[serde(default)]
    pub hybrid: Option<HybridSettings>,
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
    /// The ways, each once; default keyword, wordnet if there is a WordNet, static.
    #[serde(default)]
    pub modes: Option<Vec<Mode>>,
    /// How mode `wordnet` expands it.
    #[serde(default)]
    pub wordnet: Option<ExpansionRequest>,
    /// How mode `hybrid` weighs its parts; otherwise as tuned for the collection, or the defaults.
    #[serde(default)]
    pub hybrid: Option<HybridSettings>,
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
        let expansion = request.wordnet.clone().unwrap_or_default();
        let how =
            Reading { expansion: &expansion, hybrid: self.hybrid_settings(collection, request.hybrid)? };
        let question = Question { query: &request.query, how, limit };
        self.answer(&generation, &question, request.mode)
    }

    /// One query read several ways, side by side.
    ///
    /// # Errors
    /// As [`Engine::search`].
    pub fn contrast(&self, collection: &str, request: &ContrastRequest) -> Result<ContrastAnswer> {
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?;
        check_query(&request.query)?;
        let generation = self.generation(collection)?;
        let expansion = request.wordnet.clone().unwrap_or_default();
        let how =
            Reading { expansion: &expansion, hybrid: self.hybrid_settings(collection, request.hybrid)? };
        let question = Question { query: &request.query, how, limit: k };
        let mut modes = self.modes(request.modes.as_deref())?;
        if request.modes.is_none() {
            modes.retain(|mode| *mode != Mode::Hybrid); // a blend of the others: beside them it hides what each found alone
        }
        let answers = modes
            .into_iter()
            .map(|mode| self.answer(&generation, &question, mode))
            .collect::<Result<Vec<_>>>()?;
        Ok(ContrastAnswer {
            query: request.query.clone(),
            k: k.get(),
            agreement: agreement(&answers),
            found_alone: found_alone(&answers),
            answers,
        })
    }

    /// The modes asked for, or all that there are.
    pub(super) fn modes(&self, asked: Option<&[Mode]>) -> Result<Vec<Mode>> {
        let Some(asked) = asked else {
            let wordnet = match self.wordnet() {
                Ok(_) => true,
                Err(Error::NotReady { .. }) => false,
                Err(error) => {
                    tracing::warn!(%error, "the contrast goes without WordNet");
                    false
                }
            };
            return Ok(Mode::ALL.into_iter().filter(|mode| wordnet || *mode != Mode::Wordnet).collect());
        };
        if asked.is_empty() || asked.len() != asked.iter().collect::<HashSet<_>>().len() {
            let got = asked.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", ");
            let expected = format!("some of {}, each once", Mode::ALL.map(Mode::name).join(", "));
            let got = if got.is_empty() { "none".to_owned() } else { got };
            return Err(Error::invalid("modes", expected, got, "leave it out for all of them"));
        }
        Ok(asked.to_vec())
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

    fn answer(&self, generation: &Generation, question: &Question<'_>, mode: Mode) -> Result<SearchAnswer> {
        let start = Instant::now();
        let query = question.query;
        let words = Analyzer.words(query);
        let (hits, unknown_words) = self.read_as(generation, &question.how, mode, |retriever| {
            let ranked = retriever.retrieve(&words, question.limit.get())?;
            Ok((self.hits(retriever, &words, &ranked)?, retriever.unknown(&words)?))
        })?;
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

    /// Asks one mode's retriever; the default, nothing found, where no document can be found that way.
    pub(super) fn read_as<T: Default>(
        &self,
        generation: &Generation,
        how: &Reading<'_>,
        mode: Mode,
        question: impl FnOnce(&dyn Retriever) -> Result<T>,
    ) -> Result<T> {
        match mode {
            Mode::Keyword => question(&KeywordRetriever::new(generation.keyword())),
            Mode::Wordnet => {
                let wordnet = self.wordnet()?;
                let expansion = how.expansion.expansion(&wordnet)?;
                question(&WordNetRetriever::new(generation.keyword(), &wordnet, expansion))
            }
            Mode::Static => match generation.documents()? {
                Some((index, seqs)) => question(&StaticRetriever::new(generation.encoder()?, index, seqs)),
                None => Ok(T::default()),
            },
            Mode::Hybrid => {
                let texts = |seqs: &[i64]| {
                    let stored = self.store.documents(seqs)?.into_iter();
                    let analyze =
                        |stored: StoredDocument| Analyzer.analyze(&stored.document.full_text().into_owned());
                    Ok(stored.map(|stored| (stored.seq, analyze(stored))).collect())
                };
                let (keyword, soft) = (generation.keyword(), generation.soft());
                question(&HybridRetriever::new(keyword, soft, &texts, how.hybrid.unwrap_or_default()))
            }
        }
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

/// What the modes are asked.
struct Question<'a> {
    query: &'a str,
    how: Reading<'a>,
    limit: TopK,
}

/// How the modes read a query.
pub(super) struct Reading<'a> {
    pub expansion: &'a ExpansionRequest,
    pub hybrid: Option<HybridSettings>,
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
    let parts = retriever.parts(words, stored.seq, &analysis)?;
    Ok(Hit {
        rank,
        id: document.id.clone(),
        title: document.title.clone(),
        score,
        snippet: snippet(&document.text, &matches),
        matches,
        parts,
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
                share += matches
                    .iter()
                    .filter(|m| m.document_word.split(' ').any(|word| word == token.text))
                    .map(|m| m.share)
                    .sum::<f32>();
            }
        }
        if share > best.0 {
            best = (share, number);
        }
    }
    best.1
}

/// Each two of the answers, in order.
fn agreement(answers: &[SearchAnswer]) -> Vec<Agreement> {
    let ids =
        |answer: &SearchAnswer| -> Vec<String> { answer.hits.iter().map(|hit| hit.id.clone()).collect() };
    let mut agreement = Vec::new();
    for (place, a) in answers.iter().enumerate() {
        for b in &answers[place + 1..] {
            let (ids_a, ids_b) = (ids(a), ids(b));
            agreement.push(Agreement {
                a: a.mode,
                b: b.mode,
                overlap: overlap(&ids_a, &ids_b),
                rank_biased_overlap: rank_biased_overlap(&ids_a, &ids_b, PERSISTENCE),
            });
        }
    }
    agreement
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
    let link = found.link.as_ref().map(|link| format!(" ({})", link.relation)).unwrap_or_default();
    if found.query_word.is_empty() {
        format!("→ {}", found.document_word)
    } else if found.query_word == found.document_word {
        format!("{}{link}", found.query_word)
    } else {
        format!("{} → {}{link}", found.query_word, found.document_word)
    }
}

fn empty_because(generation: &Generation, mode: Mode, words: &[String], unknown: &[String]) -> String {
    if words.is_empty() {
        return "the query holds no word".to_owned();
    }
    if unknown.len() < words.iter().collect::<HashSet<_>>().len() {
        return "the collection holds no document with a word".to_owned();
    }
    let mut reason = match mode {
        Mode::Keyword => "no query word is in any document",
        Mode::Wordnet => "no query word, and none that WordNet joins to one, is in any document",
        Mode::Static => "no query word is in the vocabulary",
        Mode::Hybrid => "no query word is in any document or in the vocabulary",
    }
    .to_owned();
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
