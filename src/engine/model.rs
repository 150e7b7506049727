//! Word vectors for a generation or a folder of their own: learned from an encoded corpus, or taken from a file.

use super::starters::{self, Start};
use super::{Origin, TrainSettings, word_graph};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::starter::Starter;
use crate::text::{Analyzer, Document};
use crate::vectors::formats::{self, Format};
use crate::vectors::{DEFAULT_NEIGHBOURS, Neighbours, Ngrams, Subwords, WordVectors};
use crate::vocab::corpus::Corpus;
use crate::vocab::{Chunk, Vocabulary};
use crate::word2vec::{self, Checkpoint, Init, Trained, Training};
use std::path::Path;
use std::sync::Arc;

/// Largest vocabulary whose table of neighbours is worth its time, which grows with the square of the words.
const NEIGHBOURS_WORDS_MAX: usize = 100_000;

/// Words kept of the vectors that training began with.
const INIT_WORDS_MAX: usize = 50_000;

/// The same of a starter's: a small collection is not to grow to a hundred times its size for words that nobody asks for.
pub(super) const STARTER_WORDS_MAX: usize = 25_000;

/// What a start's `N` occurrences of a word are worth beside those of the corpus, over `√N`.
const PRIOR_OF_ROOT: f32 = 0.7;

/// What a start is worth that has no counts, in occurrences.
const PRIOR: f32 = 20.0;

/// Word vectors that were learned.
pub(super) struct Learned {
    pub vectors: WordVectors,
    pub origin: Origin,
    /// Their output vectors, `V × D`.
    pub output: Vec<f32>,
}

/// Learns word vectors from an encoded corpus, and with them their output vectors.
pub(super) fn train(
    corpus: &Corpus,
    settings: &TrainSettings,
    starter: Option<&Starter>,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<Learned> {
    match (starter, &settings.init) {
        (Some(starter), _) if settings.start == Start::Untouched => Ok(as_it_is(starter)),
        (Some(starter), _) => adapt(corpus, settings, starter, checkpoint, progress),
        (None, Some(path)) => {
            let (_, start) = formats::import(path, None, progress)?;
            let how = (settings, INIT_WORDS_MAX);
            go_on(corpus, how, (&start, None), checkpoint, progress)
        }
        (None, None) => from_scratch(corpus, settings, checkpoint, progress),
    }
}

fn as_it_is(starter: &Starter) -> Learned {
    let vectors = WordVectors::clone(starter.vectors());
    let origin = Origin::Starter { starter: starter.name().to_owned() };
    Learned { vectors, origin, output: starter.parts().output.clone() }
}

/// Goes on from a starter. Words that it knows keep the output vectors of its contextual model, which has learned more from more text
/// than word2vec does here.
fn adapt(
    corpus: &Corpus,
    settings: &TrainSettings,
    starter: &Starter,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<Learned> {
    let (known, theirs) = (starter.vectors(), &starter.parts().output);
    let how = (settings, STARTER_WORDS_MAX);
    let mut learned = go_on(corpus, how, (known, Some(theirs)), checkpoint, progress)?;
    let dim = known.dim();
    for (row, (_, word, _)) in learned.output.chunks_exact_mut(dim).zip(learned.vectors.vocabulary().iter()) {
        if let Some(output) = starter.output(word) {
            row.copy_from_slice(output);
        }
    }
    Ok(Learned { origin: learned.origin.begun_with(starter.name()), ..learned })
}

/// Goes on from vectors, and keeps so many of the words that the corpus lacks.
fn go_on(
    corpus: &Corpus,
    (settings, kept): (&TrainSettings, usize),
    (start, output): (&WordVectors, Option<&[f32]>),
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<Learned> {
    let rows = start.originals();
    let words: Vec<&str> = start.vocabulary().iter().map(|(_, word, _)| word).collect();
    let init = Some(Init { words: &words, rows: &rows, output });
    let word2vec = &settings.word2vec;
    let mut trained = word2vec::train(Training { corpus, settings: word2vec, init, checkpoint }, progress)?;
    let origin = Origin::of(&trained);
    if word2vec.subwords.is_some() {
        let vocabulary = corpus.vocabulary().clone();
        let output = std::mem::take(&mut trained.output);
        return Ok(Learned { vectors: assembled(vocabulary, trained)?, origin, output });
    }
    draw_back(&mut trained.input, corpus.vocabulary(), (start.vocabulary(), &rows), trained.dim);
    let (vocabulary, input) = with_words_of((start, kept), &rows, corpus.vocabulary(), trained.input)?;
    let dim = trained.dim;
    // Words that were kept from the start have no output vector: they were never predicted.
    let mut output = trained.output;
    output.resize(vocabulary.len() * dim, 0.0);
    Ok(Learned { vectors: WordVectors::new(Arc::new(vocabulary), input, dim)?, origin, output })
}

fn from_scratch(
    corpus: &Corpus,
    settings: &TrainSettings,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<Learned> {
    let settings = &settings.word2vec;
    let mut trained = word2vec::train(Training { corpus, settings, init: None, checkpoint }, progress)?;
    let origin = Origin::of(&trained);
    let output = std::mem::take(&mut trained.output);
    Ok(Learned { vectors: assembled(corpus.vocabulary().clone(), trained)?, origin, output })
}

fn assembled(vocabulary: Vocabulary, trained: Trained) -> Result<WordVectors> {
    let vectors = WordVectors::new(Arc::new(vocabulary), trained.input, trained.dim)?;
    let Some(subwords) = trained.settings.subwords else { return Ok(vectors) };
    let (min_n, max_n, buckets) = (subwords.min_n as u32, subwords.max_n as u32, subwords.buckets);
    let ngrams = Ngrams::fasttext(min_n, max_n, buckets as u32)?;
    vectors.with_subwords(Subwords::new(ngrams, trained.buckets, trained.dim)?)
}

impl Origin {
    fn of(trained: &Trained) -> Self {
        Self::Trained {
            epochs: trained.settings.epochs.unwrap_or_default(),
            loss: trained.loss,
            seed: trained.settings.seed,
            starter: None,
        }
    }

    fn begun_with(self, name: &str) -> Self {
        match self {
            Self::Trained { epochs, loss, seed, .. } => {
                Self::Trained { epochs, loss, seed, starter: Some(name.to_owned()) }
            }
            other => other,
        }
    }
}

/// Lets a word go from where it began as far as the corpus has evidence of it: `n` occurrences are worth `n / (n + p)` of the way that training went, as in
/// a mean with a prior of `p` of them. Without it a small text forgets what the vectors knew. The oftener a start has read a word, the surer is the word's
/// place; but it read other text, so that `p` rises with the root of the count alone.
fn draw_back(input: &mut [f32], corpus: &Vocabulary, (known, rows): (&Vocabulary, &[f32]), dim: usize) {
    let is_counted = known.total() > 0;
    for (row, (_, word, count)) in input.chunks_exact_mut(dim).zip(corpus.iter()) {
        let Some(begun) = known.id(word) else { continue };
        let root = (known.count(begun) as f32).sqrt();
        let prior = if is_counted { PRIOR_OF_ROOT * root } else { PRIOR };
        let evidence = count as f32 / (count as f32 + prior);
        for (to, from) in row.iter_mut().zip(&rows[begun.index() * dim..][..dim]) {
            *to = from + evidence * (*to - from);
        }
    }
}

/// Adds the most frequent words of the vectors that training began with and that the corpus lacks, as they were, so that a
/// query may use words that no document has. They count 0 and stand last.
fn with_words_of(
    (start, kept): (&WordVectors, usize),
    rows: &[f32],
    corpus: &Vocabulary,
    mut matrix: Vec<f32>,
) -> Result<(Vocabulary, Vec<f32>)> {
    let mut words: Vec<(Box<str>, u64)> =
        corpus.iter().map(|(_, word, count)| (word.into(), count)).collect();
    let dim = start.dim();
    let lacking = start.vocabulary().iter().filter(|(_, word, _)| corpus.id(word).is_none());
    for (id, word, _) in lacking.take(kept) {
        words.push((word.into(), 0));
        matrix.extend_from_slice(&rows[id.index() * dim..][..dim]);
    }
    Ok((Vocabulary::from_sorted(words)?, matrix))
}

/// Takes word vectors from a file, its words spelled as the analyzer spells them. All of them stay, so that a query may use words that no document has; where the
/// file has no counts, a word counts as often as `vocabulary` (of the collection) says.
pub(super) fn import(
    path: &Path,
    format: Option<Format>,
    vocabulary: &Vocabulary,
    progress: &dyn Progress,
) -> Result<(WordVectors, Origin)> {
    let (format, vectors) = formats::import(path, format, progress)?;
    let vectors = vectors.spelled(as_analyzed)?;
    let origin = Origin::Imported { imported_from: format };
    if vectors.is_empty() {
        return Ok((vectors.for_vocabulary(vocabulary)?, origin)); // n-grams alone
    }
    if !vectors.vocabulary().iter().any(|(_, word, _)| vocabulary.id(word).is_some()) {
        let got = format!("none among {}", vectors.len());
        let cure = "import vectors of the documents' language";
        return Err(Error::invalid("vectors", "a word of the collection's documents", got, cure));
    }
    if vectors.vocabulary().total() > 0 {
        return Ok((vectors, origin));
    }
    let count = |word: &str| vocabulary.id(word).map_or(0, |id| vocabulary.count(id));
    Ok((vectors.with_counts(count)?, origin))
}

/// A word of a vector file as it stands in documents, if it is one word there: "Berlin" is "berlin".
fn as_analyzed(word: &str) -> Option<String> {
    <[String; 1]>::try_from(Analyzer.words(word)).ok().map(|[word]| word)
}

/// Writes vectors into a folder, with the table of neighbours or the graph, and opens them there.
pub(super) fn place(
    vectors: WordVectors,
    folder: &Path,
    starter: Option<&str>,
    progress: &dyn Progress,
) -> Result<WordVectors> {
    vectors.save(folder)?;
    drop(vectors);
    with_neighbours(open(folder, starter)?, folder, starter, progress)
}

/// Opens vectors that began with a starter, if one is named. Words that the starter does not know and that occur once in the corpus serve
/// search; they answer no question about words.
pub(super) fn open(folder: &Path, starter: Option<&str>) -> Result<WordVectors> {
    let vectors = WordVectors::open(folder)?;
    Ok(match starter.and_then(starters::words) {
        Some(known) => vectors.listing(|word, count| count != 1 || known.id(word).is_some()),
        None => vectors,
    })
}

/// Adds the table of neighbours to vectors that are open in a folder; to a large vocabulary a graph.
pub(super) fn with_neighbours(
    vectors: WordVectors,
    folder: &Path,
    starter: Option<&str>,
    progress: &dyn Progress,
) -> Result<WordVectors> {
    if vectors.len() > NEIGHBOURS_WORDS_MAX {
        word_graph::build(&vectors, folder, progress)?;
        return word_graph::attach(vectors, folder);
    }
    Neighbours::build(&vectors, DEFAULT_NEIGHBOURS, progress)?.save(folder)?;
    open(folder, starter)
}

/// A document as every trainer reads it: title and text, sentence by sentence.
pub(super) fn encode_document(document: &Document, chunk: &mut Chunk) {
    for sentence in Analyzer.analyze(&document.full_text()).sentences() {
        sentence.for_each(|token| chunk.word(token.text));
        chunk.end_sentence();
    }
    chunk.end_document();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_as_far_as_the_corpus_has_evidence_of_them() {
        // often: 84 of 84 + .7 · 40; once: 1 of 1 + .7 · 10; new: it did not begin anywhere.
        let corpus = Vocabulary::from_counts([("often", 84), ("new", 20), ("once", 1)], 1).unwrap();
        let known = Vocabulary::from_counts([("often", 1600), ("once", 100)], 1).unwrap();
        let trained = [4.0, 0.0, 5.0, 5.0, 8.0, 0.0];
        let mut input = trained;
        draw_back(&mut input, &corpus, (&known, &[0.0, 4.0, 0.0, 8.0]), 2);
        assert!(
            input.iter().zip([3.0, 1.0, 5.0, 5.0, 1.0, 7.0]).all(|(x, y)| (x - y).abs() < 1e-5),
            "{input:?}"
        );
        // They began without counts: 84 of 84 + 20; 1 of 1 + 20.
        let known = Vocabulary::from_sorted(vec![("often".into(), 0), ("once".into(), 0)]).unwrap();
        let mut input = trained;
        draw_back(&mut input, &corpus, (&known, &[0.0, 4.0, 0.0, 8.0]), 2);
        let (often, once) = (84.0 / 104.0, 1.0 / 21.0);
        let expected = [4.0 * often, 4.0 * (1.0 - often), 5.0, 5.0, 8.0 * once, 8.0 * (1.0 - once)];
        assert!(input.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-5), "{input:?}");
    }
}
