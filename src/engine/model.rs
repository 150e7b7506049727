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
    let trained =
        word2vec::train(Training { corpus, settings: &settings.word2vec, init, checkpoint }, progress)?;
    let origin = Origin::Trained {
        epochs: trained.settings.epochs.unwrap_or_default(),
        loss: trained.loss,
        seed: trained.settings.seed,
    };
    let vocabulary = Arc::new(corpus.vocabulary().clone());
    let vectors = WordVectors::new(vocabulary, trained.input, trained.dim)?;
    let vectors = match settings.word2vec.subwords {
        Some(subwords) => {
            let (min_n, max_n, buckets) = (subwords.min_n as u32, subwords.max_n as u32, subwords.buckets);
            let ngrams = Ngrams::fasttext(min_n, max_n, buckets as u32)?;
            vectors.with_subwords(Subwords::new(ngrams, trained.buckets, trained.dim)?)?
        }
        None => vectors,
    };
    Ok((vectors, origin, trained.output))
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
