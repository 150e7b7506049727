//! Word vectors for a generation or a folder of their own: learned from an encoded corpus, or taken from a file.

use super::{Origin, TrainSettings, word_graph};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::text::{Analyzer, Document};
use crate::vectors::formats::{self, Format};
use crate::vectors::{DEFAULT_NEIGHBOURS, Neighbours, Ngrams, Subwords, WordVectors};
use crate::vocab::corpus::Corpus;
use crate::vocab::{Chunk, Vocabulary};
use crate::word2vec::{self, Checkpoint, Init, Training};
use std::path::Path;
use std::sync::Arc;

/// Largest vocabulary whose table of neighbours is worth its time, which grows with the square of the words.
const NEIGHBOURS_WORDS_MAX: usize = 100_000;

/// Words kept of the vectors that training began with.
const INIT_WORDS_MAX: usize = 50_000;

/// Learns word vectors from an encoded corpus, and with them their output vectors, `V × D`.
pub(super) fn train(
    corpus: &Corpus,
    settings: &TrainSettings,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> Result<(WordVectors, Origin, Vec<f32>)> {
    let start = settings.init.as_deref().map(|path| formats::import(path, None, progress)).transpose()?;
    let start = start.map(|(_, vectors)| (vectors.originals(), vectors));
    let words: Vec<&str> =
        start.iter().flat_map(|(_, vectors)| vectors.vocabulary().iter()).map(|(_, word, _)| word).collect();
    let init = start.as_ref().map(|(rows, _)| Init { words: &words, rows });
    let mut word2vec = settings.word2vec.clone();
    if init.is_some() {
        word2vec.epochs = word2vec.epochs.or(Some(epochs_from_init(corpus.words())));
    }
    let trained = word2vec::train(Training { corpus, settings: &word2vec, init, checkpoint }, progress)?;
    let origin = Origin::Trained {
        epochs: trained.settings.epochs.unwrap_or_default(),
        loss: trained.loss,
        seed: trained.settings.seed,
    };
    let (vocabulary, matrix) = match (&start, settings.word2vec.subwords) {
        (Some((rows, start)), None) => with_words_of(start, rows, corpus.vocabulary(), trained.input)?,
        _ => (corpus.vocabulary().clone(), trained.input),
    };
    let vectors = WordVectors::new(Arc::new(vocabulary), matrix, trained.dim)?;
    let vectors = match settings.word2vec.subwords {
        Some(subwords) => {
            let (min_n, max_n, buckets) = (subwords.min_n as u32, subwords.max_n as u32, subwords.buckets);
            let ngrams = Ngrams::fasttext(min_n, max_n, buckets as u32)?;
            vectors.with_subwords(Subwords::new(ngrams, trained.buckets, trained.dim)?)?
        }
        None => vectors,
    };
    // Words that were kept from the start have no output vector: they were never predicted.
    let mut output = trained.output;
    output.resize(vectors.len() * trained.dim, 0.0);
    Ok((vectors, origin, output))
}

/// Passes over a corpus that begins with vectors that mean something already: more would forget, for a small text, what these
/// know. Three passes over 33,000 words kept twice as much of it (nDCG@10 of queries in other words) as the forty that random
/// vectors take.
fn epochs_from_init(words: u64) -> usize {
    if words < 100_000 { 3 } else { 8 }
}

/// Adds the most frequent words of the vectors that training began with and that the corpus lacks, as they were, so that a
/// query may use words that no document has. They count 0 and stand last.
fn with_words_of(
    start: &WordVectors,
    rows: &[f32],
    corpus: &Vocabulary,
    mut matrix: Vec<f32>,
) -> Result<(Vocabulary, Vec<f32>)> {
    let mut words: Vec<(Box<str>, u64)> =
        corpus.iter().map(|(_, word, count)| (word.into(), count)).collect();
    let dim = start.dim();
    let lacking = start.vocabulary().iter().filter(|(_, word, _)| corpus.id(word).is_none());
    for (id, word, _) in lacking.take(INIT_WORDS_MAX) {
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
pub(super) fn place(vectors: WordVectors, folder: &Path, progress: &dyn Progress) -> Result<WordVectors> {
    vectors.save(folder)?;
    drop(vectors);
    with_neighbours(WordVectors::open(folder)?, folder, progress)
}

/// Adds the table of neighbours to vectors that are open in a folder; to a large vocabulary a graph.
pub(super) fn with_neighbours(
    vectors: WordVectors,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<WordVectors> {
    if vectors.len() > NEIGHBOURS_WORDS_MAX {
        word_graph::build(&vectors, folder, progress)?;
        return word_graph::attach(vectors, folder);
    }
    Neighbours::build(&vectors, DEFAULT_NEIGHBOURS, progress)?.save(folder)?;
    WordVectors::open(folder)
}

/// A document as every trainer reads it: title and text, sentence by sentence.
pub(super) fn encode_document(document: &Document, chunk: &mut Chunk) {
    for sentence in Analyzer.analyze(&document.full_text()).sentences() {
        sentence.for_each(|token| chunk.word(token.text));
        chunk.end_sentence();
    }
    chunk.end_document();
}
