//! The trained model: sentences in, context vectors and substitutes out.
//!
//! The same `forward` as in training. Sentences are read in batches, but what comes out for one does not depend on the others.

use super::batch::{Batch, Input, Target};
use super::file::{self, CONTEXT_FILE, Contents};
use super::heldout::log_noise;
use super::network::{Kept, Network, Workspace};
use super::settings::Backend;
use super::shape::DIRECTIONS;
use super::train::History;
use super::whiten::Whitening;
use super::words::{Known, Words, look_up};
use crate::error::{Error, Result};
use crate::linalg;
use crate::linalg::gemm::{View, ViewMut};
use crate::vectors::{Rows, WordVectors};
use crate::vocab::WordId;
use rayon::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Words read at a time.
const BATCH_WORDS: usize = 512;
/// Longer sentences are read in pieces of so many words; what stands in another piece is then no context.
pub const SENTENCE_WORDS_MAX: usize = 256;
/// Most words among which substitutes are sought, the most frequent ones.
const SUBSTITUTES_AMONG: usize = 100_000;
/// Positions that the whitening of contexts is fitted on, about; that of averages is fitted on all sentences given.
const WHITENED_CONTEXTS_MAX: usize = 20_000;

/// Words that are read before anything is kept of frequent ones, which costs as much as reading some thousands.
const KEPT_AFTER: usize = 5_000;
/// For what is kept of frequent words.
const KEPT_BYTES_MAX: usize = 32 << 20;

/// Workspaces kept from one reading to the next, at most.
const WORKSPACES_MAX: usize = 4;

/// What one reading leaves for the next to use again.
#[derive(Debug, Default)]
struct Reused {
    words_read: AtomicUsize,
    /// Of frequent words, once much has been read.
    kept: OnceLock<Kept<f32>>,
    workspaces: Mutex<Vec<Workspace<f32>>>,
}

/// A contextual model over word vectors.
#[derive(Debug, Clone)]
pub struct Model {
    pub(super) network: Network<f32>,
    pub(super) contents: Arc<Contents>,
    pub(super) vectors: Arc<WordVectors>,
    /// `ln p_noise(w)`.
    pub(super) log_noise: Arc<Vec<f32>>,
    /// `ln p(w)`, without a context.
    log_shares: Arc<Vec<f32>>,
    reused: Arc<Reused>,
}

/// A sentence as the model reads it: `n` tokens of dimension `D`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// Where each token's vector comes from.
    pub known: Vec<Known>,
    /// The word's id, where it is in the vocabulary.
    pub words: Vec<Option<WordId>>,
    /// Static vectors at length 1, n × D; all 0 where there is none.
    pub statics: Vec<f32>,
    /// Context vectors `c` as trained, n × D: what stands around each token, without itself.
    pub contexts: Vec<f32>,
    /// Context vectors half-whitened, `c̃`, n × D, each of length 1.
    pub white_contexts: Vec<f32>,
    /// The average of the sentence, rare words weighing more, half-whitened, `ã`, D values of length 1; all 0 if no word is known.
    pub white_average: Vec<f32>,
    /// States of each layer, left then right, `layers × n × 2H`, if they were asked for; else empty.
    pub states: Vec<f32>,
}

/// A word that could stand at a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Substitute {
    /// The word.
    pub word: WordId,
    /// Its probability there.
    pub probability: f32,
    /// Logarithm of how much more probable it is there than anywhere.
    pub lift: f32,
}

/// Which substitutes come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Favour {
    /// The most probable.
    #[default]
    Probability,
    /// Those that the context favours most over their frequency.
    Lift,
}

impl Model {
    pub(super) fn new(contents: Contents, vectors: Arc<WordVectors>, backend: Backend) -> Self {
        let network = Network::from_values(contents.shape, contents.weights.clone(), backend.gemm());
        let counts: Vec<f64> = match &contents.counts {
            Some(counts) => counts.iter().map(|count| f64::from(*count)).collect(),
            None => vectors.vocabulary().counts().iter().map(|count| (*count).max(1) as f64).collect(),
        };
        let [log_noise, log_shares] =
            [contents.exponent, 1.0].map(|exponent| Arc::new(log_noise(counts.iter().copied(), exponent)));
        let reused = Arc::default();
        Self { network, contents: Arc::new(contents), vectors, log_noise, log_shares, reused }
    }

    fn whitened(mut self, whitenings: [Whitening; 2]) -> Self {
        let mut contents = (*self.contents).clone();
        contents.whitenings = whitenings;
        self.contents = Arc::new(contents);
        self
    }

    /// Opens `context.safetensors` in a folder, for the vectors that it was trained over.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Damaged`] if it is not as it was written, not of ours, or holds values
    /// that are no numbers; [`Error::Invalid`] if it belongs to other vectors.
    pub fn open(folder: &Path, vectors: Arc<WordVectors>) -> Result<Self> {
        let contents = file::open(&folder.join(CONTEXT_FILE))?;
        let (fingerprint, shape) = (vectors.fingerprint(), (vectors.len(), vectors.dim()));
        if contents.fingerprint != fingerprint || (contents.words, contents.shape.dim) != shape {
            let got = format!("{:016x}, {} x {}", contents.fingerprint, contents.words, contents.shape.dim);
            let expected =
                format!("one over these word vectors ({fingerprint:016x}, {} x {})", shape.0, shape.1);
            return Err(Error::invalid("contextual model", expected, got, "train them together"));
        }
        Ok(Self::new(contents, vectors, Backend::default()))
    }

    /// Writes `context.safetensors` into a folder.
    ///
    /// # Errors
    /// [`Error::Io`]; the file is then as it was before.
    pub fn save(&self, folder: &Path) -> Result<()> {
        file::save(&self.contents, &folder.join(CONTEXT_FILE))
    }

    /// The word vectors that it reads.
    #[must_use]
    pub fn vectors(&self) -> &Arc<WordVectors> {
        &self.vectors
    }

    /// Dimension of words and contexts, `D`.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.contents.shape.dim
    }

    /// Cells of a layer in one direction, `H`.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.contents.shape.hidden
    }

    /// Layers in each direction.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.contents.shape.layers
    }

    /// How it was trained, if its file says.
    #[must_use]
    pub fn history(&self) -> Option<History> {
        serde_json::from_str(&self.contents.training).ok()
    }

    /// The output vector of a word, `u_w`: `c·u_w + ln p_noise(w)` is, but for a constant, the logarithm of its probability.
    #[must_use]
    pub fn output(&self, word: WordId) -> &[f32] {
        &self.contents.output[word.index() * self.dim()..][..self.dim()]
    }

    /// The half-whitening of sentences' averages.
    pub(crate) fn averages(&self) -> &Whitening {
        &self.contents.whitenings[1]
    }

    /// The half-whitened average of a sentence as its static vectors are now, D values of length 1.
    pub(crate) fn average(&self, sentence: &Sentence) -> Vec<f32> {
        self.averages().apply(&average(&self.vectors, &sentence.words, &sentence.statics))
    }

    /// Reads one sentence of tokens as the analyzer writes them.
    #[must_use]
    pub fn sentence(&self, tokens: &[&str]) -> Sentence {
        self.read(&[tokens], false).pop().unwrap_or_else(|| self.empty(0))
    }

    /// Reads many sentences, in batches, on all threads; the answers come in their order.
    #[must_use]
    pub fn sentences<S: AsRef<[T]> + Sync, T: AsRef<str> + Sync>(&self, sentences: &[S]) -> Vec<Sentence> {
        self.read(sentences, false)
    }

    /// As [`sentences`](Self::sentences), with the states of all layers.
    #[must_use]
    pub fn sentences_with_states<S: AsRef<[T]> + Sync, T: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
    ) -> Vec<Sentence> {
        self.read(sentences, true)
    }

    fn read<S: AsRef<[T]> + Sync, T: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
        states: bool,
    ) -> Vec<Sentence> {
        // Sentences of like length go together.
        let length = |s: &u32| sentences[*s as usize].as_ref().len();
        let mut order: Vec<u32> = (0..sentences.len() as u32).collect();
        order.sort_by_key(length);
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut words = usize::MAX;
        for s in order {
            if words.saturating_add(length(&s)) > BATCH_WORDS || groups.is_empty() {
                groups.push(Vec::new());
                words = 0;
            }
            words = words.saturating_add(length(&s));
            if let Some(group) = groups.last_mut() {
                group.push(s);
            }
        }
        let of = |group: &Vec<u32>| {
            let tokens: Vec<&[T]> = group.iter().map(|s| sentences[*s as usize].as_ref()).collect();
            self.read_group(&tokens, states)
        };
        let read: Vec<Vec<Sentence>> = if groups.len() == 1 {
            groups.iter().map(of).collect()
        } else {
            groups.par_iter().map(of).collect()
        };
        let mut answers: Vec<Option<Sentence>> = vec![None; sentences.len()];
        for (group, read) in groups.iter().zip(read) {
            group.iter().zip(read).for_each(|(s, sentence)| answers[*s as usize] = Some(sentence));
        }
        answers.into_iter().map(|sentence| sentence.unwrap_or_else(|| self.empty(0))).collect()
    }

    fn empty(&self, tokens: usize) -> Sentence {
        let values = tokens * self.dim();
        Sentence {
            known: vec![Known::Unknown; tokens],
            words: vec![None; tokens],
            statics: vec![0.0; values],
            contexts: vec![0.0; values],
            white_contexts: vec![0.0; values],
            white_average: Vec::new(),
            states: Vec::new(),
        }
    }

    fn read_group<T: AsRef<str>>(&self, sentences: &[&[T]], with_states: bool) -> Vec<Sentence> {
        let (dim, mut made) = (self.dim(), Vec::new());
        let mut answers: Vec<Sentence> = sentences.iter().map(|tokens| self.empty(tokens.len())).collect();
        let mut pieces: Vec<Vec<Input>> = Vec::new();
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (s, (tokens, answer)) in sentences.iter().zip(&mut answers).enumerate() {
            let inputs: Vec<Input> = tokens
                .iter()
                .enumerate()
                .map(|(at, token)| self.look_up(token.as_ref(), at, answer, &mut made))
                .collect();
            for (number, piece) in inputs.chunks(SENTENCE_WORDS_MAX).enumerate() {
                pieces.push(piece.to_vec());
                places.push((s, number * SENTENCE_WORDS_MAX));
            }
        }
        let mut batch = Batch::default();
        batch.pack(&pieces);
        let mut rows: Vec<(usize, usize)> = Vec::new();
        for (place, piece) in batch.order.clone().into_iter().enumerate() {
            let (length, (s, start)) = (pieces[piece as usize].len(), places[piece as usize]);
            for at in 0..length {
                let target = batch.target(place, at, length, 0);
                batch.targets.push(target);
                rows.push((s, start + at));
            }
        }
        let mut work = self.workspaces().pop().unwrap_or_default();
        let words = Words { vectors: &self.vectors, made: &made };
        self.network.forward_with(self.kept(batch.rows()), &words, &batch, &mut work);
        let [contexts, _] = &self.contents.whitenings;
        let white = contexts.apply(&work.contexts[..rows.len() * dim]);
        let both = work.contexts.chunks_exact(dim).zip(white.chunks_exact(dim));
        for ((s, at), (context, white)) in rows.iter().zip(both) {
            answers[*s].contexts[at * dim..][..dim].copy_from_slice(context);
            answers[*s].white_contexts[at * dim..][..dim].copy_from_slice(white);
        }
        if with_states {
            self.copy_states(&batch.targets, &rows, &work, &mut answers);
        }
        let mut workspaces = self.workspaces();
        if workspaces.len() < WORKSPACES_MAX {
            workspaces.push(work);
        }
        drop(workspaces);
        answers.iter_mut().for_each(|answer| answer.white_average = self.white_average(answer));
        answers
    }

    fn workspaces(&self) -> MutexGuard<'_, Vec<Workspace<f32>>> {
        self.reused.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of frequent words, if enough has been read; `words` more are about to be.
    fn kept(&self, words: usize) -> Option<&Kept<f32>> {
        let Reused { words_read, kept, .. } = &*self.reused;
        let is_worth_it = words_read.fetch_add(words, Ordering::Relaxed) + words > KEPT_AFTER;
        is_worth_it.then(|| {
            kept.get_or_init(|| {
                let bytes_a_word = DIRECTIONS * 4 * self.hidden() * size_of::<f32>();
                let count = self.vectors.len().min(KEPT_BYTES_MAX / bytes_a_word);
                self.network.keep(&Words { vectors: &self.vectors, made: &[] }, count)
            })
        })
    }

    fn look_up(&self, token: &str, at: usize, answer: &mut Sentence, made: &mut Vec<f32>) -> Input {
        let dim = self.dim();
        let (input, known) = look_up(&self.vectors, token, made);
        answer.known[at] = known;
        let to = &mut answer.statics[at * dim..][..dim];
        match (input, known) {
            (Input::Word(id), Known::Word) => {
                answer.words[at] = Some(WordId(id));
                to.copy_from_slice(self.vectors.unit(WordId(id)));
            }
            (Input::Word(_), _) => {
                to.copy_from_slice(&made[made.len() - dim..]);
                linalg::normalize(to);
            }
            (Input::Special(_), _) => {}
        }
        input
    }

    fn copy_states(
        &self,
        targets: &[Target],
        rows: &[(usize, usize)],
        work: &Workspace<f32>,
        answers: &mut [Sentence],
    ) {
        let (hidden, layers) = (self.hidden(), self.layers());
        for answer in answers.iter_mut() {
            answer.states = vec![0.0; layers * answer.known.len() * 2 * hidden];
        }
        for (target, (s, at)) in targets.iter().zip(rows) {
            let answer = &mut answers[*s];
            for layer in 0..layers {
                let start = (layer * answer.known.len() + at) * 2 * hidden;
                for (direction, row) in [target.left, target.right].into_iter().enumerate().take(DIRECTIONS) {
                    let from = &work.hidden(direction, layer)[row as usize * hidden..][..hidden];
                    answer.states[start + direction * hidden..][..hidden].copy_from_slice(from);
                }
            }
        }
    }

    fn white_average(&self, sentence: &Sentence) -> Vec<f32> {
        let known = sentence.known.iter().any(|known| *known != Known::Unknown);
        if known { self.average(sentence) } else { vec![0.0; self.dim()] }
    }

    /// The words most favoured where a context vector `c` (D values, as trained) stands: a true distribution over the 100,000
    /// most frequent words, of which the first `k` that may answer are returned.
    ///
    /// # Panics
    /// If `context` is not of the model's dimension.
    #[must_use]
    pub fn substitutes(&self, context: &[f32], favour: Favour, k: usize) -> Vec<Substitute> {
        assert_eq!(context.len(), self.dim(), "dimension of a context vector");
        let among = self.vectors.len().min(SUBSTITUTES_AMONG);
        let mut scores = vec![0.0; among];
        let output = View::new(&self.contents.output, among, self.dim());
        let to = ViewMut::new(&mut scores, among, 1);
        self.network.gemm().f32(to, false, output, View::new(context, self.dim(), 1));
        scores.iter_mut().zip(self.log_noise.iter()).for_each(|(score, noise)| *score += noise);
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f64 = scores.iter().map(|score| f64::from(score - highest).exp()).sum();
        let log_total = highest + total.ln() as f32;
        let mut all: Vec<Substitute> = scores
            .iter()
            .zip(self.log_shares.iter())
            .enumerate()
            .filter(|(id, _)| self.vectors.is_listed(WordId(*id as u32)))
            .map(|(id, (score, log_share))| {
                let log_probability = score - log_total;
                let lift = log_probability - log_share;
                Substitute { word: WordId(id as u32), probability: log_probability.exp(), lift }
            })
            .collect();
        let key = |substitute: &Substitute| match favour {
            Favour::Probability => substitute.probability,
            Favour::Lift => substitute.lift,
        };
        let by_key = |a: &Substitute, b: &Substitute| key(b).total_cmp(&key(a)).then(a.word.cmp(&b.word));
        let k = k.min(all.len());
        if k == 0 {
            return Vec::new();
        }
        all.select_nth_unstable_by(k - 1, by_key);
        all.truncate(k);
        all.sort_by(by_key);
        all
    }
}

/// Σ rarity · v over a sentence's tokens, at length 1.
pub(super) fn average(vectors: &WordVectors, words: &[Option<WordId>], statics: &[f32]) -> Vec<f32> {
    let mut sum = vec![0.0; vectors.dim()];
    for (word, unit) in words.iter().zip(statics.chunks_exact(vectors.dim())) {
        let rarity = word.map_or(1.0, |id| vectors.vocabulary().rarity(id));
        linalg::add_scaled(&mut sum, rarity, unit);
    }
    linalg::normalize(&mut sum);
    sum
}

/// Puts a model together from what training left, its whitening fitted on `sentences` of the corpus.
pub(super) fn assemble(
    network: Network<f32>,
    output: Vec<f32>,
    vectors: Arc<WordVectors>,
    (exponent, backend): (f64, Backend),
    (whitenings, counts): (Option<[Whitening; 2]>, Option<Vec<f32>>),
    sentences: &[Vec<&str>],
    history: &History,
) -> Result<Model> {
    let identity = Whitening::fit(&[], vectors.dim())?;
    let contents = Contents {
        shape: network.shape,
        weights: network.values,
        words: vectors.len(),
        output: Rows::owned(output),
        whitenings: [identity.clone(), identity],
        fingerprint: vectors.fingerprint(),
        counts,
        exponent,
        training: serde_json::to_string(history).unwrap_or_default(),
    };
    let model = Model::new(contents, vectors, backend);
    if let Some(whitenings) = whitenings {
        return Ok(model.whitened(whitenings));
    }
    let read = model.sentences(sentences);
    let (mut contexts, mut averages) = (Vec::new(), Vec::new());
    let positions: usize = read.iter().map(|sentence| sentence.known.len()).sum();
    let every = positions.div_ceil(WHITENED_CONTEXTS_MAX).max(1);
    for sentence in &read {
        contexts.extend(sentence.contexts.chunks_exact(model.dim()).step_by(every).flatten());
        averages.extend(average(&model.vectors, &sentence.words, &sentence.statics));
    }
    let whitenings = [Whitening::fit(&contexts, model.dim())?, Whitening::fit(&averages, model.dim())?];
    Ok(model.whitened(whitenings))
}
