//! The corpus as batches: windows of text from all over it, sentences of like length together.
//!
//! A window is a few pieces of the corpus, chosen at random without repetition within a pass; its sentences are sorted by length
//! and cut into batches, which come in random order. All choices follow from seed, pass and window. Some sentences are held out:
//! they are told by their place alone, so that no pass ever trains on them.

use super::batch::{Input, UNKNOWN as UNKNOWN_INPUT};
use crate::error::Result;
use crate::vocab::chunk::{END_OF_DOCUMENT, END_OF_SENTENCE, UNKNOWN};
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::Rng;
use std::ops::Range;

/// Entries of the token stream in a piece.
const PIECE: u64 = 50_000;
/// Pieces in a window.
const WINDOW: u64 = 20;
/// Sentences held out, about.
const HELD_OUT: u64 = 2000;
/// Of so many sentences at least one is trained on for each held out.
const HELD_OUT_SHARE: u64 = 20;

/// A corpus to train on.
#[derive(Debug)]
pub(super) struct Feed<'a> {
    corpus: &'a Corpus,
    sentence_words: usize,
    seed: u64,
    /// One sentence of so many is held out.
    held_out_of: u64,
}

/// Sentences in one run of tokens.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Word ids, or the mark of an unknown word.
    pub tokens: Vec<u32>,
    /// What is read at each token.
    pub inputs: Vec<Input>,
    /// Sentences of one word or more.
    pub sentences: Vec<Range<usize>>,
    /// Batches: ranges of `sentences`.
    pub batches: Vec<Range<usize>>,
}

impl Window {
    fn clear(&mut self) {
        self.tokens.clear();
        self.inputs.clear();
        self.sentences.clear();
        self.batches.clear();
    }

    /// Cuts sentences that are sorted by length into batches of at most so many words (or one sentence).
    pub(super) fn cut(&mut self, batch_words: usize) {
        self.batches.clear();
        let (mut start, mut words) = (0, 0);
        for at in 0..self.sentences.len() {
            let length = self.sentences[at].len();
            if words + length > batch_words && at > start {
                self.batches.push(start..at);
                (start, words) = (at, 0);
            }
            words += length;
        }
        if start < self.sentences.len() {
            self.batches.push(start..self.sentences.len());
        }
    }
}

impl<'a> Feed<'a> {
    pub(super) fn new(corpus: &'a Corpus, sentence_words: usize, seed: u64) -> Self {
        let held_out_of = (corpus.sentences() / HELD_OUT).max(HELD_OUT_SHARE);
        Self { corpus, sentence_words, seed, held_out_of }
    }

    fn pieces(&self) -> u64 {
        self.corpus.tokens().div_ceil(PIECE)
    }

    /// Windows in a pass.
    pub(super) fn windows(&self) -> u64 {
        self.pieces().div_ceil(WINDOW)
    }

    /// The pieces of a pass, in its order.
    pub(super) fn order(&self, epoch: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.pieces() as u32).collect();
        shuffle(&mut order, &mut Rng::new(self.seed, epoch.wrapping_mul(2).wrapping_add(0x5EED)));
        order
    }

    /// Fills `window` with the `number`th window of a pass.
    pub(super) fn window(
        &self,
        order: &[u32],
        (epoch, number): (u64, u64),
        (batch_words, dropout): (usize, f64),
        window: &mut Window,
    ) -> Result<()> {
        window.clear();
        let pieces = order.iter().skip((number * WINDOW) as usize).take(WINDOW as usize);
        for piece in pieces {
            self.piece(u64::from(*piece), window, |held_out| !held_out)?;
        }
        let mut rng = Rng::new(self.seed, (epoch << 32 | number).wrapping_mul(2) + 1);
        let mut keyed: Vec<(usize, u64, Range<usize>)> =
            window.sentences.drain(..).map(|sentence| (sentence.len(), rng.next(), sentence)).collect();
        keyed.sort_unstable_by_key(|(length, key, _)| (*length, *key));
        window.sentences.extend(keyed.into_iter().map(|(.., sentence)| sentence));
        window.cut(batch_words);
        shuffle(&mut window.batches, &mut rng);
        if dropout > 0.0 {
            let dropped = window.inputs.iter_mut().filter(|_| f64::from(rng.unit()) < dropout);
            dropped.for_each(|input| *input = Input::Special(UNKNOWN_INPUT));
        }
        Ok(())
    }

    /// All sentences held out, in the order of the corpus.
    pub(super) fn held_out(&self) -> Result<Window> {
        let mut window = Window::default();
        for piece in 0..self.pieces() {
            self.piece(piece, &mut window, |held_out| held_out)?;
        }
        Ok(window)
    }

    fn piece(&self, piece: u64, window: &mut Window, wanted: impl Fn(bool) -> bool) -> Result<()> {
        let mut tokens = Vec::new();
        self.corpus.read(piece * PIECE, PIECE as usize, &mut tokens)?;
        let sentences = tokens.split(|token| *token == END_OF_SENTENCE || *token == END_OF_DOCUMENT);
        for (number, sentence) in sentences.filter(|sentence| !sentence.is_empty()).enumerate() {
            if !wanted(self.is_held_out(piece, number as u64)) {
                continue;
            }
            for part in sentence.chunks(self.sentence_words) {
                let start = window.tokens.len();
                window.tokens.extend_from_slice(part);
                window.inputs.extend(part.iter().map(|token| input(*token)));
                window.sentences.push(start..window.tokens.len());
            }
        }
        Ok(())
    }

    fn is_held_out(&self, piece: u64, sentence: u64) -> bool {
        Rng::new(0x4E1D, piece << 32 | sentence).next().is_multiple_of(self.held_out_of)
    }
}

/// What is read for an entry of the corpus.
pub(super) fn input(token: u32) -> Input {
    if token == UNKNOWN { Input::Special(UNKNOWN_INPUT) } else { Input::Word(token) }
}

/// Fisher & Yates.
fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, rng.below(last as u32 + 1) as usize);
    }
}
