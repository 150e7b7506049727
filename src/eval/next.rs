//! How well is the next word foretold? Perplexity and hit rates on held-out sentences, for all models over the same tokens and the same
//! vocabulary: its words, `<unk>` for any other, and `</s>` at each sentence's end.

use super::stats::{Interval, resample, share_interval};
use crate::bilm::{Model, NextWords};
use crate::error::{Error, Result};
use crate::ngram::NGrams;
use crate::progress::Progress;
use crate::vocab::corpus::Corpus;
use crate::vocab::{Distribution, Next, WordId};
use rayon::prelude::*;
use serde::Serialize;

/// Samples of the sentences for an interval.
const SAMPLES: u64 = 1000;
/// Sentences asked at a time.
const BLOCK: usize = 64;

/// What is compared.
#[derive(Debug)]
pub struct Models<'a> {
    /// What was learned from, with the vocabulary.
    pub corpus: &'a Corpus,
    /// Its n-grams.
    pub ngrams: &'a NGrams,
    /// The left half of the contextual model, if there is one.
    pub lstm: Option<Lstm<'a>>,
    /// Why there is none.
    pub lstm_missing: Option<String>,
}

/// A contextual model, and how its left states are read.
#[derive(Debug, Clone, Copy)]
pub struct Lstm<'a> {
    /// The model.
    pub model: &'a Model,
    /// The readings.
    pub next: &'a NextWords,
}

/// How well each model foretells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextReport {
    /// Sentences asked about.
    pub sentences: usize,
    /// Tokens foretold: words and the ends of sentences.
    pub tokens: usize,
    /// Of these, words outside of the vocabulary, foretold as `<unk>`.
    pub unknown: usize,
    /// Words of the vocabulary, `V`.
    pub vocabulary: usize,
    /// Words of the longest n-grams.
    pub order: usize,
    /// Frequencies of words alone; n-grams; the left half of the contextual model; even shares of these two.
    pub models: Vec<NextModelReport>,
    /// Why the contextual model is not among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lstm_missing: Option<String>,
}

/// How well one model foretells. Intervals of 95 % are by bootstrap over sentences.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextModelReport {
    /// `unigram`, `ngram`, `lstm` or `both`.
    pub model: &'static str,
    /// Perplexity of a token.
    pub perplexity: f64,
    /// Its interval.
    pub interval: Interval,
    /// Perplexity without the words that are outside of the vocabulary.
    pub known_perplexity: f64,
    /// Its interval.
    pub known_interval: Interval,
    /// Share of known tokens that are the most probable one.
    pub top_1: f64,
    /// Share of known tokens that are among the ten most probable ones.
    pub top_10: f64,
    /// Interval of that share.
    pub top_10_interval: Option<Interval>,
}

/// What one model says of one token.
#[derive(Debug, Clone, Copy)]
struct Told {
    log: f64,
    rank: usize,
}

/// The tokens of one sentence: whether each is known, and what each model says.
type Sentence = Vec<(bool, Vec<Told>)>;

const NAMES: [&str; 4] = ["unigram", "ngram", "lstm", "both"];

/// Asks all models about every token of the first sentences, until these have `most` words or more.
///
/// # Errors
/// [`Error::Invalid`] if there is no sentence; [`Error::Cancelled`].
pub fn evaluate<S: AsRef<str> + Sync>(
    sentences: &[Vec<S>],
    models: Models<'_>,
    most: usize,
    progress: &dyn Progress,
) -> Result<NextReport> {
    let mut words = 0;
    let chosen = sentences.iter().take_while(|sentence| {
        words += sentence.len();
        words < most + sentence.len()
    });
    let sentences = &sentences[..chosen.count()];
    if sentences.is_empty() {
        let cure = "give documents with text that was not learned from";
        return Err(Error::invalid("held-out text", "a sentence", "none", cure));
    }
    let models = models.of_one_vocabulary();
    let unigram = unigram(models.corpus);
    let mut asked: Vec<Sentence> = Vec::with_capacity(sentences.len());
    for block in sentences.chunks(BLOCK) {
        asked.par_extend(block.par_iter().map(|sentence| ask(sentence, &models, &unigram)));
        progress.step("asking for next words", asked.len() as u64, sentences.len() as u64, "sentences")?;
    }
    let count = if models.lstm.is_some() { 4 } else { 2 };
    Ok(NextReport {
        sentences: sentences.len(),
        tokens: asked.iter().map(Vec::len).sum(),
        unknown: asked.iter().flatten().filter(|(known, _)| !known).count(),
        vocabulary: models.corpus.vocabulary().len(),
        order: models.ngrams.order(),
        models: (0..count).map(|model| report(&asked, model)).collect(),
        lstm_missing: models.lstm_missing,
    })
}

impl Models<'_> {
    /// Without the contextual model, if that foretells other words.
    fn of_one_vocabulary(mut self) -> Self {
        let vocabulary = self.corpus.vocabulary();
        let is_same = self.lstm.is_none_or(|Lstm { model, next }| {
            let theirs = model.vectors().vocabulary().iter().take(next.words());
            next.words() == vocabulary.len()
                && vocabulary.iter().zip(theirs).all(|((_, a, _), (_, b, _))| a == b)
        });
        if !is_same {
            self.lstm = None;
            self.lstm_missing =
                Some("it was trained on another corpus than the n-grams were counted in".to_owned());
        }
        self
    }
}

/// Frequencies of words, `<unk>` and `</s>`, each counted once more so that none is impossible.
fn unigram(corpus: &Corpus) -> Distribution {
    let counts = corpus.vocabulary().counts().iter().copied();
    let counts: Vec<f64> =
        counts.chain([corpus.unknown(), corpus.sentences()]).map(|count| count as f64 + 1.0).collect();
    let total: f64 = counts.iter().sum();
    Distribution(counts.into_iter().map(|count| count / total).collect())
}

fn ask<S: AsRef<str>>(sentence: &[S], models: &Models<'_>, unigram: &Distribution) -> Sentence {
    let words: Vec<&str> = sentence.iter().map(AsRef::as_ref).collect();
    let ids: Vec<Option<WordId>> = words.iter().map(|word| models.corpus.vocabulary().id(word)).collect();
    let token = |at: usize| match ids.get(at) {
        None => Next::End,
        Some(None) => Next::Unknown,
        Some(Some(word)) => Next::Word(*word),
    };
    let counted = |at: usize| {
        let (ngram, _) = models.ngrams.predict(&ids[..at]);
        let told = vec![Told::of(unigram, token(at)), Told::of(&ngram, token(at))];
        (ngram, told)
    };
    match models.lstm {
        None => (0..=ids.len()).map(|at| (token(at) != Next::Unknown, counted(at).1)).collect(),
        Some(Lstm { model, next }) => next.walk(model, &words, |at, lstm| {
            let (mut both, mut told) = counted(at);
            both.0.iter_mut().zip(&lstm.0).for_each(|(a, b)| *a = f64::midpoint(*a, *b));
            told.extend([Told::of(&lstm, token(at)), Told::of(&both, token(at))]);
            (token(at) != Next::Unknown, told)
        }),
    }
}

impl Told {
    fn of(distribution: &Distribution, token: Next) -> Self {
        let log = distribution.of(token).max(f64::MIN_POSITIVE).ln();
        Self { log, rank: distribution.rank(token) }
    }
}

fn report(asked: &[Sentence], model: usize) -> NextModelReport {
    let sums = |wanted: fn(bool) -> bool| -> Vec<(f64, usize)> {
        let of = |sentence: &Sentence| {
            let tokens = sentence.iter().filter(|(known, _)| wanted(*known)).map(|(_, told)| told[model].log);
            tokens.fold((0.0, 0), |(sum, count), log| (sum + log, count + 1))
        };
        asked.iter().map(of).collect()
    };
    let (all, known) = (sums(|_| true), sums(|known| known));
    let ranks = asked.iter().flatten().filter(|(known, _)| *known).map(|(_, told)| told[model].rank);
    let within = |most: usize| ranks.clone().filter(|rank| *rank <= most).count();
    let (total, ten) = (ranks.clone().count(), within(10));
    NextModelReport {
        model: NAMES[model],
        perplexity: perplexity(&all),
        interval: interval(&all),
        known_perplexity: perplexity(&known),
        known_interval: interval(&known),
        top_1: within(1) as f64 / total.max(1) as f64,
        top_10: ten as f64 / total.max(1) as f64,
        top_10_interval: share_interval(ten, total),
    }
}

/// `e` to the mean of minus the logarithms, from their sums and numbers.
fn perplexity(sums: &[(f64, usize)]) -> f64 {
    let (sum, count) = sums.iter().fold((0.0, 0), |(sum, count), of| (sum + of.0, count + of.1));
    (-sum / count.max(1) as f64).exp()
}

fn interval(sums: &[(f64, usize)]) -> Interval {
    let mut found: Vec<f64> =
        (0..SAMPLES).into_par_iter().map(|seed| perplexity(&resample(sums, seed))).collect();
    found.sort_by(f64::total_cmp);
    let at = |share: f64| found[(share * (found.len() - 1) as f64).round() as usize];
    Interval { low: at(0.025), high: at(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perplexity_by_hand() {
        // Probabilities 1/2, 1/8 and 1/4, 1/4: each sentence has 1/16 for two tokens, so four.
        let sums = [(-(16f64.ln()), 2), (-(16f64.ln()), 2)];
        assert!((perplexity(&sums) - 4.0).abs() < 1e-12);
        let Interval { low, high } = interval(&sums);
        assert!((low - 4.0).abs() < 1e-9 && (high - 4.0).abs() < 1e-9);
        let Interval { low, high } = interval(&[(-1.0, 1), (-3.0, 1)]);
        assert!((low - 1f64.exp()).abs() < 1e-9 && (high - 3f64.exp()).abs() < 1e-9);
    }
}
