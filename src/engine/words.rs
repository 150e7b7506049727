//! Questions about words: each takes one generation, and keeps it to its end.

use super::Engine;
use super::answers::{
    Analogy, Collocate, Collocates, NearestWords, OddOneOut, SimilarWord, SimilarWords, Similarity,
    WeightedWord, WordInfo, WordScore,
};
use super::questions::check_length;
use crate::error::{Error, Result};
use crate::progress::Silent;
use crate::search::TopK;
use crate::text::Analyzer;
use crate::vectors::{self, AnalogyMethod, Neighbour, Restrict, Script, Similar, WordVectors};
use crate::vocab::Vocabulary;
use crate::vocab::collocates::{Association, Collocation, collocates_in};
use serde::Deserialize;
use std::sync::Arc;

/// Which similar words, and how many.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarRequest {
    /// Answers wanted; default 10.
    pub k: Option<usize>,
    /// Only words that occur at least so often.
    pub min_count: Option<u64>,
    /// Only words that begin like this.
    pub prefix: Option<String>,
    /// Only words of this script.
    pub script: Option<Script>,
    /// Part of the exact answer wanted, above 0 up to 1: for large vocabularies, which are not compared whole.
    pub recall: Option<f32>,
}

/// a is to b as c is to what?
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalogyRequest {
    /// man
    pub a: String,
    /// king
    pub b: String,
    /// woman
    pub c: String,
    /// How the cosines become one score; default `add`.
    #[serde(default)]
    pub method: AnalogyMethod,
    /// Answers wanted; default 10.
    #[serde(default)]
    pub k: Option<usize>,
}

/// A list of words.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsRequest {
    /// The words.
    pub words: Vec<String>,
}

/// A weighted sum of words, and which words near to it are wanted.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NearestRequest {
    /// The words of the sum.
    pub words: Vec<WeightedWord>,
    /// Answers wanted; default 10.
    #[serde(default)]
    pub k: Option<usize>,
    /// Only words that occur at least so often.
    #[serde(default)]
    pub min_count: Option<u64>,
    /// Only words that begin like this.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Only words of this script.
    #[serde(default)]
    pub script: Option<Script>,
    /// Part of the exact answer wanted, above 0 up to 1: for large vocabularies, which are not compared whole.
    #[serde(default)]
    pub recall: Option<f32>,
}

/// Which collocates, and how many.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollocatesRequest {
    /// Answers wanted; default 10.
    pub k: Option<usize>,
    /// Tokens to each side of the word, within the sentence; default 5.
    pub window: Option<usize>,
    /// By what they are sorted; default `log_likelihood`.
    pub by: Option<Association>,
    /// Times that one must stand near the word; default 3. Fewer show more of a small collection, chance among it.
    pub min_together: Option<u64>,
}

impl SimilarRequest {
    fn options(&self) -> Result<Similar> {
        let k = TopK::new("k", self.k.unwrap_or(TopK::default().get()))?;
        let prefix = self.prefix.clone();
        let restrict =
            Restrict { min_count: self.min_count.unwrap_or_default(), prefix, script: self.script };
        Ok(Similar { k: k.get(), restrict, recall: self.recall })
    }
}

impl Engine {
    /// The words nearest to a word.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown word, with near spellings, or an unknown collection; [`Error::Invalid`] for a `k` out
    /// of range; [`Error::NotReady`] without a model.
    pub fn similar(&self, collection: &str, word: &str, request: &SimilarRequest) -> Result<SimilarWords> {
        let options = request.options()?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        similar_in(vectors, spelling(vectors.vocabulary(), word)?, &options)
    }

    /// The words nearest to a word, if they are at hand: the generation is open and keeps them in its table of neighbours. This waits
    /// for nothing and takes microseconds; otherwise ask [`Engine::similar`], which may wait.
    #[must_use]
    pub fn similar_at_once(
        &self,
        collection: &str,
        word: &str,
        request: &SimilarRequest,
    ) -> Option<SimilarWords> {
        let options = request.options().ok()?;
        let generation = self.opened().get(collection).map(Arc::clone)?;
        let vectors = generation.encoder().ok()?.vectors();
        let at_hand = vectors.is_at_hand(word, &options);
        at_hand.then(|| similar_in(vectors, word.to_owned(), &options).ok())?
    }

    /// What the collection knows of a word.
    ///
    /// # Errors
    /// As [`Engine::similar`].
    pub fn word(&self, collection: &str, word: &str) -> Result<WordInfo> {
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let word = spelling(vectors.vocabulary(), word)?;
        let id = vectors.id(&word)?;
        let found = vectors.similar(&word, &Similar::default())?;
        Ok(WordInfo {
            id: id.0,
            count: vectors.vocabulary().count(id),
            documents: generation.keyword().document_count(&word)?,
            similar: spelled(vectors, found.neighbours),
            word,
        })
    }

    /// The words that are to `c` as `b` is to `a` (3CosAdd, Mikolov, Yih & Zweig 2013; 3CosMul, Levy & Goldberg 2014).
    ///
    /// # Errors
    /// As [`Engine::similar`].
    pub fn analogy(&self, collection: &str, request: &AnalogyRequest) -> Result<Analogy> {
        let k = TopK::new("k", request.k.unwrap_or(TopK::default().get()))?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let [a, b, c] = [&request.a, &request.b, &request.c].map(|word| spelling(vectors.vocabulary(), word));
        let words = [a?, b?, c?];
        let [a, b, c] = words.clone();
        let method = request.method;
        let question = vectors::Analogy { k: k.get(), method, ..vectors::Analogy::new(a, b, c) };
        let found = vectors.analogy(&question)?;
        let answers = spelled(vectors, found.neighbours);
        Ok(Analogy { words, method, from_subwords: found.from_subwords, answers })
    }

    /// Cosines of all pairs of a list of words.
    ///
    /// # Errors
    /// As [`Engine::similar`]; [`Error::Invalid`] for fewer than two words or too many.
    pub fn similarity(&self, collection: &str, request: &WordsRequest) -> Result<Similarity> {
        check_words(request.words.len(), 2)?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let words = spellings(vectors, &request.words)?;
        let matrix = vectors.similarity_matrix(&words)?;
        let similarity = (words.len() == 2).then(|| matrix[0][1]);
        Ok(Similarity { from_subwords: outside(vectors, &words), words, similarity, matrix })
    }

    /// The word that is least like the mean of a list.
    ///
    /// # Errors
    /// As [`Engine::similar`]; [`Error::Invalid`] for fewer than three words or too many.
    pub fn odd_one_out(&self, collection: &str, request: &WordsRequest) -> Result<OddOneOut> {
        check_words(request.words.len(), 3)?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let words = spellings(vectors, &request.words)?;
        let found = vectors.odd_one_out(&words)?;
        let odd = words[found.index].clone();
        let scored = words.into_iter().zip(found.scores);
        let words = scored.map(|(word, similarity)| WordScore { word, similarity }).collect();
        Ok(OddOneOut { odd, words, from_subwords: found.from_subwords })
    }

    /// The words nearest to a weighted sum of words, each taken at length 1; the words of the sum are left out.
    ///
    /// # Errors
    /// As [`Engine::similar`]; [`Error::Invalid`] for no words, too many, or a sum without a direction.
    pub fn nearest(&self, collection: &str, request: &NearestRequest) -> Result<NearestWords> {
        check_words(request.words.len(), 1)?;
        let NearestRequest { k, min_count, prefix, script, recall, .. } = request.clone();
        let options = SimilarRequest { k, min_count, prefix, script, recall }.options()?;
        let generation = self.generation(collection)?;
        let vectors = generation.encoder()?.vectors();
        let spell = |one: &WeightedWord| Ok((spelling(vectors.vocabulary(), &one.word)?, one.weight));
        let sum = request.words.iter().map(spell).collect::<Result<Vec<_>>>()?;
        let found = vectors.similar_to_sum(&sum, &options)?;
        Ok(NearestWords {
            words: sum.into_iter().map(|(word, weight)| WeightedWord { word, weight }).collect(),
            from_subwords: found.from_subwords,
            similar: spelled(vectors, found.neighbours),
        })
    }

    /// The words that stand near a word more often than by chance, counted in the documents that the model was made from.
    ///
    /// # Errors
    /// As [`Engine::similar`]; [`Error::NotReady`] if the generation keeps no corpus.
    pub fn collocates(
        &self,
        collection: &str,
        word: &str,
        request: &CollocatesRequest,
    ) -> Result<Collocates> {
        let default = Collocation::default();
        let options = Collocation {
            k: TopK::new("k", request.k.unwrap_or(default.k))?.get(),
            window: request.window.unwrap_or(default.window),
            association: request.by.unwrap_or(default.association),
            min_together: request.min_together.unwrap_or(default.min_together),
        };
        let generation = self.generation(collection)?;
        let corpus = generation.corpus()?;
        let vocabulary = corpus.vocabulary();
        let word = spelling(vocabulary, word)?;
        let id = vocabulary.id(&word).ok_or_else(|| Error::NotFound {
            kind: "word",
            name: word.clone(),
            nearest: vocabulary.nearest_spellings(&word, 5),
        })?;
        let found = collocates_in(corpus, id, &options, &Silent)?;
        let told = |found: crate::vocab::collocates::Collocate| Collocate {
            word: vocabulary.word(found.id).to_owned(),
            count: vocabulary.count(found.id),
            together: found.together,
            expected: found.expected,
            pmi: found.pmi,
            log_likelihood: found.log_likelihood,
        };
        Ok(Collocates {
            count: vocabulary.count(id),
            window: options.window,
            by: options.association,
            collocates: found.into_iter().map(told).collect(),
            word,
        })
    }
}

pub(super) fn check_words(words: usize, least: usize) -> Result<()> {
    if (least..=vectors::MAX_WORDS).contains(&words) {
        return Ok(());
    }
    let expected = format!("{least} to {} words", vectors::MAX_WORDS);
    Err(Error::invalid("words", expected, words, "name that many words"))
}

pub(super) fn spelled(vectors: &WordVectors, found: Vec<Neighbour>) -> Vec<SimilarWord> {
    let vocabulary = vectors.vocabulary();
    let spell = |found: Neighbour| SimilarWord {
        word: vocabulary.word(found.id).to_owned(),
        similarity: found.score,
        count: vocabulary.count(found.id),
    };
    found.into_iter().map(spell).collect()
}

fn similar_in(vectors: &WordVectors, word: String, options: &Similar) -> Result<SimilarWords> {
    let found = vectors.similar(&word, options)?;
    Ok(SimilarWords {
        similar: spelled(vectors, found.neighbours),
        from_subwords: !found.from_subwords.is_empty(),
        word,
    })
}

pub(super) fn spellings(vectors: &WordVectors, words: &[String]) -> Result<Vec<String>> {
    words.iter().map(|word| spelling(vectors.vocabulary(), word)).collect()
}

/// The words that are not in the vocabulary.
pub(super) fn outside(vectors: &WordVectors, words: &[String]) -> Vec<String> {
    words.iter().filter(|word| vectors.vocabulary().id(word).is_none()).cloned().collect()
}

/// A word as people write it: as it stands in the vocabulary, or folded as the analyzer folds.
pub(super) fn spelling(vocabulary: &Vocabulary, word: &str) -> Result<String> {
    check_length("word", word)?;
    if vocabulary.id(word).is_some() {
        return Ok(word.to_owned());
    }
    match <[String; 1]>::try_from(Analyzer.words(word)) {
        Ok([one]) => Ok(one),
        Err(none) if none.is_empty() => {
            Err(Error::invalid("word", "a word", format!("{word:?}"), "letters or digits make a word"))
        }
        Err(several) => {
            let expected = format!("one word, as the analyzer cuts it, not {}", several.join(" + "));
            Err(Error::invalid("word", expected, word, "ask for one of them, or search for the phrase"))
        }
    }
}
