//! Which word comes next: counted n-grams and the left half of the contextual model, side by side.

mod evaluate;

use super::Engine;
use super::generation::{CORPUS, Generation};
use super::questions::check_length;
use crate::bilm::{self, NEXT_FILE, NextWords};
use crate::error::{Error, Result};
use crate::ngram::{self, NGRAMS_FILE, NGrams};
use crate::progress::Progress;
use crate::search::TopK;
use crate::text::{Analysis, Analyzer};
use crate::vocab::corpus::Corpus;
use crate::vocab::{Distribution, Next, Vocabulary, WordId};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::OnceLock;

/// Words told unless asked otherwise.
const TOLD: usize = 10;

/// What a generation keeps open; each opened, and all of it checked, when first asked for.
#[derive(Debug, Default)]
pub(super) struct Models {
    ngrams: OnceLock<NGrams>,
    words: OnceLock<NextWords>,
}

/// The beginning of a sentence, and how many continuations are wanted.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextRequest {
    /// The text so far. Its last sentence is what is continued; without a word in it, a sentence begins.
    pub text: String,
    /// Answers wanted of each model; default 10.
    #[serde(default)]
    pub k: Option<usize>,
}

/// What could come next.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NextAnswer {
    /// The sentence so far, as the analyzer cuts and spells it.
    pub tokens: Vec<NextToken>,
    /// By counted n-grams.
    pub ngram: NgramNext,
    /// By the left half of the contextual model; null without one.
    pub lstm: Option<LstmNext>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lstm_missing: Option<String>,
}

/// A word of the sentence so far.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NextToken {
    /// The word.
    pub text: String,
    /// Whether n-grams know it; they read others as `<unk>`.
    pub known: bool,
}

/// What counted n-grams say.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NgramNext {
    /// Words of the longest n-grams that are counted.
    pub order: usize,
    /// Words of the longest ones that had a say here: one more than the words of the context that was seen before.
    pub order_used: usize,
    /// By how many words the context was shortened, because it was never seen.
    pub backed_off: usize,
    /// The most probable next words.
    pub next: Vec<NextWord>,
}

/// What the left half of the contextual model says.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct LstmNext {
    /// The most probable next words.
    pub next: Vec<NextWord>,
}

/// A continuation.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NextWord {
    /// The word; `<unk>` for any outside of the vocabulary, `</s>` for the sentence's end.
    pub word: String,
    /// Its probability; those of all words, `<unk>` and `</s>` sum to 1.
    pub probability: f64,
}

impl Engine {
    /// What could come next after a text, as counted n-grams have it and as the left half of the contextual model does.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlong text or a `k` out of range; [`Error::NotFound`]; [`Error::NotReady`] if the collection has no
    /// n-grams yet; [`Error::Damaged`].
    pub fn next(&self, collection: &str, request: &NextRequest) -> Result<NextAnswer> {
        check_length("text", &request.text)?;
        let k = TopK::new("k", request.k.unwrap_or(TOLD))?.get();
        let generation = self.generation(collection)?;
        let (ngrams, vocabulary) = (generation.ngrams()?, generation.corpus()?.vocabulary());
        let analysis = Analyzer.analyze(&request.text);
        let words = last_sentence(&analysis);
        let ids: Vec<Option<WordId>> = words.iter().map(|word| vocabulary.id(word)).collect();
        let (distribution, order_used) = ngrams.predict(&ids);
        let longest = (words.len() + 2).min(ngrams.order());
        let ngram = NgramNext {
            order: ngrams.order(),
            order_used,
            backed_off: longest.saturating_sub(order_used),
            next: told(vocabulary, &distribution, k),
        };
        let (lstm, lstm_missing) = match generation.next_words() {
            Ok((model, next)) => {
                let distribution = next.predict(model, &words);
                (Some(LstmNext { next: told(model.vectors().vocabulary(), &distribution, k) }), None)
            }
            Err(Error::NotReady { what, cure }) => (None, Some(format!("{what}; {cure}"))),
            Err(error) => return Err(error),
        };
        let token = |(text, id): (&&str, &Option<WordId>)| NextToken {
            text: (*text).to_owned(),
            known: id.is_some(),
        };
        let tokens = words.iter().zip(&ids).map(token).collect();
        Ok(NextAnswer { tokens, ngram, lstm, lstm_missing })
    }
}

impl Generation {
    /// The counted n-grams of its corpus.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet, or was built before n-grams were counted; [`Error::Damaged`].
    pub fn ngrams(&self) -> Result<&NGrams> {
        if let Some(ngrams) = self.next.ngrams.get() {
            return Ok(ngrams);
        }
        let corpus = self.corpus()?;
        if !self.folder().join(NGRAMS_FILE).exists() {
            return Err(Error::NotReady {
                what: format!("collection {:?} has no n-grams", self.collection()),
                cure: format!("build it again: sememe index {}", self.collection()),
            });
        }
        let ngrams = NGrams::open(self.folder(), Some(corpus.checksum()))?;
        Ok(self.next.ngrams.get_or_init(|| ngrams))
    }

    /// The contextual model, and how its left states are read.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no contextual model, or one of another corpus; [`Error::Damaged`].
    pub fn next_words(&self) -> Result<(&bilm::Model, &NextWords)> {
        let model = self.context()?.model();
        if let Some(next) = self.next.words.get() {
            return Ok((model, next));
        }
        let missing = || Error::NotReady {
            what: format!(
                "the contextual model of collection {:?} does not tell next words",
                self.collection()
            ),
            cure: format!("train it again: sememe train {} --contextual on", self.collection()),
        };
        if !self.folder().join(NEXT_FILE).exists() {
            return Err(missing());
        }
        let next = NextWords::open(self.folder())?;
        if !next.belong_to(model) {
            return Err(missing());
        }
        Ok((model, self.next.words.get_or_init(|| next)))
    }
}

/// The words of the last sentence.
fn last_sentence(analysis: &Analysis) -> Vec<&str> {
    let last = analysis.sentences().last();
    last.into_iter().flatten().map(|token| token.text).collect()
}

fn told(vocabulary: &Vocabulary, distribution: &Distribution, k: usize) -> Vec<NextWord> {
    let word = |next: Next| match next {
        Next::Word(id) => vocabulary.word(id).to_owned(),
        Next::Unknown => "<unk>".to_owned(),
        Next::End => "</s>".to_owned(),
    };
    let best = distribution.best(k).into_iter();
    best.map(|(next, probability)| NextWord { word: word(next), probability }).collect()
}

/// Counts the n-grams of a generation's corpus, and learns how the left states of its contextual model are read, unless what was taken over
/// from the generation before still holds.
pub(super) fn build_into(folder: &Path, model: Option<&bilm::Model>, progress: &dyn Progress) -> Result<()> {
    let corpus = folder.join(CORPUS);
    if !corpus.exists() {
        return Ok(());
    }
    let is_counted = NGrams::open(folder, None).is_ok();
    let is_read = |model| NextWords::open(folder).is_ok_and(|next: NextWords| next.belong_to(model));
    let unread = model.filter(|model| !is_read(model));
    if is_counted && unread.is_none() {
        return Ok(());
    }
    let corpus = Corpus::open(&corpus)?;
    if !is_counted {
        ngram::build(&corpus, folder, &ngram::Settings::default(), progress)?;
    }
    match unread.map(|model| NextWords::fit(model, &corpus, progress)).transpose()?.flatten() {
        Some(next) => next.save(folder),
        None => Ok(()),
    }
}

/// Whether the files are as they were written, those that are there.
pub(super) fn check(folder: &Path) -> impl Iterator<Item = Result<()>> {
    let ngrams = folder.join(NGRAMS_FILE).exists().then(|| NGrams::open(folder, None).map(drop));
    let words = folder.join(NEXT_FILE).exists().then(|| NextWords::open(folder).map(drop));
    ngrams.into_iter().chain(words)
}
