//! Phrases: two words that stand together far more often than by chance become one word, as `new_york`;
//! several passes make longer ones.
//!
//! The score is Mikolov et al. 2013b, equation 6, times the running words as in word2phrase.c: `(count(ab) -
//! δ) · N / (count(a) · count(b))`. The result is a corpus of its own; the given one stays as it is.

use super::chunk::{MAX_WORD_BYTES, UNKNOWN};
use super::corpus::{Corpus, Writer};
use super::{Vocabulary, WordId};
use crate::error::{Error, Result};
use crate::progress::Progress;
use rustc_hash::FxHashMap;
use std::path::Path;

/// How phrases are found.
#[derive(Debug, Clone, PartialEq)]
pub struct PhraseSettings {
    /// Passes, each of which can join what the one before joined; 1 to 8, default 2.
    pub passes: usize,
    /// Least score in the first pass; above 0, default 100. It is halved in each later pass.
    pub threshold: f64,
    /// Discount `δ` of the pair's count, and the count below which words are dropped from the new vocabulary;
    /// 1 or more, default 5.
    pub min_count: u64,
    /// Most different pairs counted at a time, 1,000 or more; default 20 million. When there are more, the
    /// rare are forgotten.
    pub max_pairs: usize,
}

impl Default for PhraseSettings {
    fn default() -> Self {
        Self { passes: 2, threshold: 100.0, min_count: 5, max_pairs: 20_000_000 }
    }
}

impl PhraseSettings {
    fn check(&self) -> Result<()> {
        if !(1..=8).contains(&self.passes) {
            return Err(Error::invalid("phrase passes", "1 to 8", self.passes, "2 is the default"));
        }
        if !(self.threshold > 0.0 && self.threshold.is_finite()) {
            return Err(Error::invalid("phrase threshold", "above 0", self.threshold, "100 is the default"));
        }
        if self.min_count == 0 || self.max_pairs < 1000 {
            let got = format!("{} and {}", self.min_count, self.max_pairs);
            let expected = "min_count 1 or more, max_pairs 1000 or more";
            return Err(Error::invalid("phrases", expected, got, "5 and 20000000 are the defaults"));
        }
        Ok(())
    }
}

/// What joining did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhraseReport {
    /// Kinds of pairs joined, for each pass.
    pub phrases: Vec<usize>,
    /// Kinds of pairs forgotten because there were more than `max_pairs`.
    pub pruned_pairs: u64,
}

/// Writes the corpus with its phrases joined to `path`.
///
/// # Errors
/// [`Error::Invalid`] on settings out of range; [`Error::Io`]; [`Error::Cancelled`].
pub fn join_phrases(
    corpus: &Corpus,
    path: &Path,
    settings: &PhraseSettings,
    progress: &dyn Progress,
) -> Result<(Corpus, PhraseReport)> {
    settings.check()?;
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = tempfile::tempdir_in(parent).map_err(Error::io("create a temporary folder in", parent))?;
    let mut report = PhraseReport::default();
    let mut threshold = settings.threshold;
    let mut joined: Option<Corpus> = None;
    for pass in 1..=settings.passes {
        let from = joined.as_ref().unwrap_or(corpus);
        let pairs = count_pairs(from, settings.max_pairs, &mut report, progress)?;
        let phrases = Phrases::choose(from.vocabulary(), &pairs, threshold, settings.min_count);
        report.phrases.push(phrases.ids.len());
        let to =
            if pass == settings.passes { path.to_path_buf() } else { folder.path().join(pass.to_string()) };
        joined = Some(phrases.rewrite(from, &to, settings.min_count, progress)?);
        threshold /= 2.0;
    }
    joined.map(|corpus| (corpus, report)).ok_or(Error::Cancelled)
}

/// A pair of words as one key.
fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

fn count_pairs(
    corpus: &Corpus,
    max_pairs: usize,
    report: &mut PhraseReport,
    progress: &dyn Progress,
) -> Result<FxHashMap<u64, u32>> {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    let mut last = UNKNOWN;
    for_each_block(corpus, "counting pairs of words", progress, |tokens| {
        for &token in tokens {
            if last < UNKNOWN && token < UNKNOWN {
                let count = counts.entry(pair(last, token)).or_default();
                *count = count.saturating_add(1);
            }
            last = token;
        }
        let mut least = 0;
        while counts.len() > if least == 0 { max_pairs } else { max_pairs / 2 } {
            least += 1;
            let before = counts.len();
            counts.retain(|_, count| *count > least);
            report.pruned_pairs += (before - counts.len()) as u64;
        }
        Ok(())
    })?;
    Ok(counts)
}

fn for_each_block(
    corpus: &Corpus,
    phase: &str,
    progress: &dyn Progress,
    mut each: impl FnMut(&[u32]) -> Result<()>,
) -> Result<()> {
    let (mut tokens, mut done) = (Vec::new(), 0);
    while done < corpus.tokens() {
        corpus.read(done, 1 << 18, &mut tokens)?;
        done += tokens.len() as u64;
        each(&tokens)?;
        progress.step(phase, done, corpus.tokens(), "tokens")?;
    }
    Ok(())
}

/// Pairs to be joined, and all words, old and new.
struct Phrases {
    ids: FxHashMap<u64, u32>,
    words: Vec<Box<str>>,
}

impl Phrases {
    fn choose(vocabulary: &Vocabulary, pairs: &FxHashMap<u64, u32>, threshold: f64, discount: u64) -> Self {
        let total = vocabulary.total() as f64;
        let mut chosen: Vec<u64> = pairs
            .iter()
            .filter(|(pair, count)| {
                let above = u64::from(**count).saturating_sub(discount) as f64;
                let apart = |id: u64| vocabulary.count(WordId(id as u32)) as f64;
                above * total > threshold * apart(**pair >> 32) * apart(**pair & u64::from(u32::MAX))
            })
            .map(|(pair, _)| *pair)
            .collect();
        chosen.sort_unstable(); // the map's own order is not to decide anything
        let mut words: Vec<Box<str>> = vocabulary.iter().map(|(_, word, _)| word.into()).collect();
        let mut new: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut ids = FxHashMap::default();
        for pair in chosen {
            let (first, second) = (WordId((pair >> 32) as u32), WordId(pair as u32));
            let name = format!("{}_{}", vocabulary.word(first), vocabulary.word(second));
            if name.len() > MAX_WORD_BYTES {
                continue;
            }
            let id = vocabulary.id(&name).map(|id| id.0).or_else(|| new.get(&*name).copied());
            ids.insert(
                pair,
                id.unwrap_or_else(|| {
                    words.push(name.clone().into());
                    new.insert(name.into(), words.len() as u32 - 1);
                    words.len() as u32 - 1
                }),
            );
        }
        Self { ids, words }
    }

    /// Joins from left to right; a word can be in one phrase only. `held` is the last word of the block before.
    fn join(&self, held: &mut Option<u32>, tokens: &[u32], joined: &mut Vec<u32>) {
        joined.clear();
        for &token in tokens {
            let phrase = match *held {
                Some(first) if token < UNKNOWN => self.ids.get(&pair(first, token)),
                _ => None,
            };
            if let Some(&phrase) = phrase {
                joined.push(phrase);
                *held = None;
                continue;
            }
            joined.extend(held.take());
            if token < UNKNOWN {
                *held = Some(token);
            } else {
                joined.push(token);
            }
        }
    }

    fn rewrite(self, from: &Corpus, to: &Path, min_count: u64, progress: &dyn Progress) -> Result<Corpus> {
        let mut counts = vec![0u64; self.words.len()];
        let (mut held, mut joined) = (None, Vec::new());
        for_each_block(from, "counting phrases", progress, |tokens| {
            self.join(&mut held, tokens, &mut joined);
            joined.iter().filter(|token| **token < UNKNOWN).for_each(|id| counts[*id as usize] += 1);
            Ok(())
        })?;
        held.take().into_iter().for_each(|id| counts[id as usize] += 1);
        let counted = self.words.iter().zip(&counts).map(|(word, count)| (word.clone(), *count));
        let vocabulary = Vocabulary::from_counts(counted, min_count)?;
        if vocabulary.is_empty() {
            let expected = format!("a word that occurs at least {min_count} times");
            return Err(Error::invalid("phrases", expected, "none", "lower the minimum count"));
        }
        let finals: Vec<u32> =
            self.words.iter().map(|word| vocabulary.id(word).map_or(UNKNOWN, |id| id.0)).collect();
        let number = |token: &mut u32| *token = finals.get(*token as usize).copied().unwrap_or(*token);
        let mut writer = Writer::create(to)?;
        for_each_block(from, "joining phrases", progress, |tokens| {
            self.join(&mut held, tokens, &mut joined);
            joined.iter_mut().for_each(number);
            writer.tokens(&joined)
        })?;
        let mut rest: Vec<u32> = held.into_iter().collect();
        rest.iter_mut().for_each(number);
        writer.tokens(&rest)?;
        writer.finish(vocabulary)
    }
}
