//! Training: batches in parts side by side, gradients summed in a fixed order, Adam and Adagrad.

use super::batch::{Batch, Input};
use super::checkpoint::Checkpoint;
use super::feed::{Feed, Window};
use super::heldout::{self, Controls, HeldOut, Quality};
use super::loss::Sampled;
use super::model::{self, Model};
use super::network::{Network, Workspace};
use super::optimizer::{AdagradRow, Adam};
use super::parts::Parts;
use super::settings::Settings;
use super::words::Words;
use crate::error::{Error, Result};
use crate::linalg::dispatch;
use crate::progress::{Go, Progress, Step};
use crate::vectors::WordVectors;
use crate::vocab::chunk::UNKNOWN;
use crate::vocab::corpus::Corpus;
use crate::vocab::sampling::{NegativeTable, Rng, Subsampling};
use crate::vocab::{Vocabulary, WordId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What to start from and how.
#[derive(Debug)]
pub struct Training<'a> {
    /// The encoded corpus.
    pub corpus: &'a Corpus,
    /// Word vectors of the corpus's vocabulary, in its order, and then of words that it lacks, with a count of 0: what the model
    /// reads. They stay as they are.
    pub vectors: Arc<WordVectors>,
    /// Their output vectors, `V × D`, row-major (`word2vec::Trained::output`): where the model's own copy starts.
    pub output: Vec<f32>,
    /// A model to go on from, instead of random weights: its network and, for little text, its whitening. Its sizes hold in place of
    /// the settings'. And the words that it knew, with their counts.
    pub start: Option<(&'a Parts, &'a Vocabulary)>,
    /// Settings; what is `None` is chosen from the size of the corpus.
    pub settings: &'a Settings,
    /// Where the run is put aside, and taken up again if it was interrupted.
    pub checkpoint: Option<Checkpoint<'a>>,
}

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All passes were made.
    Complete,
    /// The loss on held-out sentences rose; the pass before is kept.
    Early,
    /// The loss was no longer a number; the last good pass is kept.
    NotFinite,
}

/// One pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Mean training loss of a word, in nats.
    pub loss: f64,
    /// On held-out sentences, after it.
    pub held_out: Quality,
}

/// How training went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Held-out sentences without a network.
    pub controls: Controls,
    /// Held-out sentences before the first pass, where a model was gone on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Quality>,
    /// The passes.
    pub epochs: Vec<Epoch>,
    /// Why it ended.
    pub ended: Ended,
    /// Running words read, over all passes.
    pub words_trained: u64,
}

/// What a run changes.
pub(super) struct Learner {
    pub network: Network<f32>,
    pub adam: Adam,
    /// V × D, and the sum of its squared gradients.
    pub output: Vec<f32>,
    pub squares: Vec<f32>,
}

/// A part of a batch, worked on by one thread.
#[derive(Debug, Default)]
struct Part {
    batch: Batch,
    work: Workspace<f32>,
    sampled: Sampled<f32>,
    gradient: Vec<f32>,
    loss: f64,
}

pub(super) struct Trainer<'a> {
    settings: Settings,
    corpus: &'a Corpus,
    feed: Feed<'a>,
    vectors: Words<'a>,
    negatives: NegativeTable,
    subsampling: Subsampling,
    held_out: HeldOut,
    progress: &'a dyn Progress,
    total_words: u64,
}

/// Where a run stands.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Passes done, and windows of the next one.
    pub epoch: u64,
    pub window: u64,
    /// Words read so far, over all passes.
    pub words: u64,
    /// Of this pass.
    pub loss: f64,
    pub targets: u64,
    pub epochs: Vec<Epoch>,
    pub best: Option<Best>,
}

/// The pass with the least loss on held-out sentences.
#[derive(Debug)]
pub(super) struct Best {
    pub loss: f64,
    pub weights: Vec<f32>,
    pub output: Vec<f32>,
}

/// One step.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    words: u64,
    loss: f64,
    targets: u64,
}

impl<'a> Trainer<'a> {
    pub(super) fn new(
        corpus: &'a Corpus,
        vectors: &'a WordVectors,
        settings: Settings,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let counts = corpus.vocabulary().counts();
        let feed = Feed::new(corpus, settings.sentence_words, settings.seed);
        let noise = (settings.shared_negatives, settings.negative_samples, settings.negative_exponent);
        Ok(Self {
            held_out: HeldOut::new(&feed, counts, noise)?,
            negatives: NegativeTable::new(counts, settings.negative_exponent),
            subsampling: Subsampling::new(counts, settings.subsample),
            total_words: (corpus.words() + corpus.unknown()) * settings.epochs.unwrap_or(1) as u64,
            vectors: Words { vectors, made: &[] },
            feed,
            corpus,
            settings,
            progress,
        })
    }

    /// All passes that are not done yet. A model that is gone on from is itself a pass that later ones must beat.
    pub(super) fn run(
        &self,
        learner: &mut Learner,
        is_begun: bool,
        checkpoint: Option<Checkpoint<'_>>,
    ) -> Result<History> {
        let dim = learner.network.shape.dim;
        let controls = self.held_out.controls(&self.vectors, &learner.output, dim);
        let start = is_begun.then(|| self.held_out.quality(&learner.network, &self.vectors, &learner.output));
        let mut state = State::default();
        if let Some(loss) = start.and_then(|start| start.loss) {
            state.best = Some(learner.as_best(loss));
        }
        if let Some(checkpoint) = checkpoint {
            checkpoint.load(learner, &mut state, (&self.settings, self.corpus))?;
        }
        let epochs = self.settings.epochs.unwrap_or(1) as u64;
        let mut ended = Ended::Complete;
        while state.epoch < epochs {
            self.pass(learner, &mut state, checkpoint)?;
            if let Some(early) = self.after_pass(learner, &mut state)? {
                ended = early;
                break;
            }
            if let Some(checkpoint) = checkpoint {
                checkpoint.save(learner, &state, (&self.settings, self.corpus))?;
            }
        }
        Ok(History { controls, start, epochs: state.epochs, ended, words_trained: state.words })
    }

    /// Measures a pass; on one that made it worse, goes back to the one before and says why.
    fn after_pass(&self, learner: &mut Learner, state: &mut State) -> Result<Option<Ended>> {
        let loss = state.loss / state.targets.max(1) as f64;
        let held_out = self.held_out.quality(&learner.network, &self.vectors, &learner.output);
        let held_out_loss = held_out.loss.unwrap_or(f64::NAN);
        let finite = loss.is_finite() && held_out_loss.is_finite();
        if finite {
            state.epochs.push(Epoch { loss, held_out });
        }
        if state.best.as_ref().is_some_and(|best| !finite || held_out_loss > best.loss)
            && let Some(best) = state.best.take()
        {
            learner.network.values = best.weights;
            learner.network.copy();
            learner.output = best.output;
            return Ok(Some(if finite { Ended::Early } else { Ended::NotFinite }));
        }
        if !finite {
            let cure = "lower the learning rate of the contextual model";
            return Err(Error::invalid("loss of the contextual model", "a number", loss, cure));
        }
        (state.epoch, state.window, state.loss, state.targets) = (state.epoch + 1, 0, 0.0, 0);
        if state.epoch < self.settings.epochs.unwrap_or(1) as u64 {
            state.best = Some(learner.as_best(held_out_loss));
        }
        Ok(None)
    }

    /// Sentences from all over the corpus.
    fn sample(&self) -> Result<Window> {
        let mut window = Window::default();
        self.feed.window(&self.feed.order(0), (0, 0), (512, 0.0), &mut window)?;
        let mut words = 0;
        let batches = std::mem::take(&mut window.batches);
        let chosen = batches.into_iter().flatten().map(|s| window.sentences[s].clone());
        let chosen = chosen.take_while(|sentence| {
            words += sentence.len();
            words <= WHITENING_WORDS + sentence.len()
        });
        window.sentences = chosen.collect();
        Ok(window)
    }

    /// A pass, or what is left of it.
    fn pass(
        &self,
        learner: &mut Learner,
        state: &mut State,
        checkpoint: Option<Checkpoint<'_>>,
    ) -> Result<()> {
        let order = self.feed.order(state.epoch);
        let mut parts: Vec<Part> = Vec::new();
        parts.resize_with(self.settings.batch_parts, Part::default);
        let mut window = Window::default();
        let how = (self.settings.batch_words.unwrap_or(1536), self.settings.word_dropout.unwrap_or(0.0));
        let windows = self.feed.windows();
        while state.window < windows {
            let place = (state.epoch, state.window);
            self.feed.window(&order, place, how, &mut window)?;
            for (step, batches) in window.batches.chunks(parts.len()).enumerate() {
                let stream = (place.0 << 48) ^ (place.1 << 24) ^ (step as u64 + 1);
                let parts = &mut parts[..batches.len()];
                let one = self.step(learner, parts, (&window, batches), (stream, state.words));
                state.loss += one.loss;
                state.targets += one.targets;
                state.words += one.words;
                self.report(state.words, one)?;
                if !one.loss.is_finite() {
                    return Ok(());
                }
            }
            state.window += 1;
            if let Some(checkpoint) = checkpoint
                && state.window.is_multiple_of(checkpoint.every_windows)
                && state.window < windows
            {
                checkpoint.save(learner, state, (&self.settings, self.corpus))?;
            }
        }
        Ok(())
    }

    fn report(&self, words: u64, one: Tally) -> Result<()> {
        let step = Step {
            phase: "training on sentences",
            done: words.min(self.total_words),
            total: self.total_words,
            unit: "words",
            loss: (one.targets > 0).then(|| one.loss / one.targets as f64),
        };
        match self.progress.report(&step) {
            Go::On => Ok(()),
            Go::Stop => Err(Error::Cancelled),
        }
    }

    fn step(
        &self,
        learner: &mut Learner,
        parts: &mut [Part],
        (window, batches): (&Window, &[std::ops::Range<usize>]),
        (stream, words): (u64, u64),
    ) -> Tally {
        let (network, output) = (&learner.network, &learner.output);
        parts.par_iter_mut().zip(batches).enumerate().for_each(|(number, (part, batch))| {
            let rng = Rng::new(self.settings.seed, stream.wrapping_mul(64).wrapping_add(number as u64));
            self.work(network, output, part, (window, batch.clone()), rng);
        });
        let targets: u64 = parts.iter().map(|part| part.sampled.words.len() as u64).sum();
        let loss: f64 = parts.iter().map(|part| part.loss).sum();
        let read = parts.iter().map(|part| part.batch.rows() as u64).sum();
        let tally = Tally { words: read, loss, targets };
        if targets == 0 || !loss.is_finite() {
            return tally;
        }
        let left = (1.0 - words as f64 / self.total_words.max(1) as f64).max(0.0);
        let mut gradients: Vec<&mut [f32]> =
            parts.iter_mut().map(|part| part.gradient.as_mut_slice()).collect();
        let rates =
            (1.0 / targets as f32, self.settings.clip as f32, (left * self.settings.learning_rate) as f32);
        let length = learner.adam.step(&mut learner.network.values, &mut gradients, rates);
        if !length.is_finite() {
            return Tally { loss: f64::NAN, ..tally };
        }
        learner.network.copy();
        learner.update_output(parts, (left * self.settings.output_learning_rate) as f32);
        tally
    }

    /// Forward, loss and backward of one part.
    fn work(
        &self,
        network: &Network<f32>,
        output: &[f32],
        part: &mut Part,
        (window, sentences): (&Window, std::ops::Range<usize>),
        mut rng: Rng,
    ) {
        let Part { batch, work, sampled, gradient, loss } = part;
        let sentences = &window.sentences[sentences];
        let inputs: Vec<&[Input]> = sentences.iter().map(|range| &window.inputs[range.clone()]).collect();
        batch.pack(&inputs);
        heldout::choose(batch, sentences, &window.tokens, || true);
        batch.targets.retain(|target| self.subsampling.keeps(target.word, &mut rng));
        sampled.words.clear();
        sampled.words.extend(batch.targets.iter().map(|target| target.word));
        sampled.negatives.clear();
        let draws = self.settings.shared_negatives;
        sampled.negatives.extend((0..draws).map(|_| self.negatives.draw(&mut rng)));
        gradient.resize(network.shape.len(), 0.0);
        *loss = 0.0;
        if batch.targets.is_empty() {
            return;
        }
        network.forward(&self.vectors, batch, work);
        let (k, dim) = (self.settings.negative_samples, network.shape.dim);
        *loss = sampled.loss(network.gemm(), k, &work.contexts, output, dim, &mut work.d_contexts);
        network.backward(batch, work, gradient);
    }
}

impl Learner {
    pub(super) fn new(network: Network<f32>, output: Vec<f32>) -> Self {
        let (adam, squares) = (Adam::new(network.values.len()), vec![0.0; output.len()]);
        Self { network, adam, output, squares }
    }

    fn as_best(&self, loss: f64) -> Best {
        Best { loss, weights: self.network.values.clone(), output: self.output.clone() }
    }

    /// Rows are shared out to the threads in runs, each row's changes made in the order of the parts.
    fn update_output(&mut self, parts: &[Part], rate: f32) {
        let dim = self.network.shape.dim;
        let rows = self.output.len() / dim;
        // Frequent words come first: the run of the first hundredth of the rows is as busy as the rest.
        let first = (rows / 100).max(1);
        let (low, high) = self.output.split_at_mut(first * dim);
        let (low_squares, high_squares) = self.squares.split_at_mut(first * dim);
        rayon::join(
            || update_rows((low, low_squares, 0), dim, parts, rate),
            || update_rows((high, high_squares, first), dim, parts, rate),
        );
    }
}

fn update_rows(
    (rows, squares, first): (&mut [f32], &mut [f32], usize),
    dim: usize,
    parts: &[Part],
    rate: f32,
) {
    let mut update = |word: u32, direction: &[f32], factor: f32| {
        let Some(at) = (word as usize).checked_sub(first).filter(|at| *at < rows.len() / dim) else { return };
        let range = at * dim..(at + 1) * dim;
        let (row, squares) = (&mut rows[range.clone()], &mut squares[range]);
        dispatch(AdagradRow { row, squares, direction, factor, rate });
    };
    for part in parts {
        let sampled = &part.sampled;
        for (word, direction) in sampled.negatives.iter().zip(sampled.d_negatives.chunks_exact(dim)) {
            update(*word, direction, 1.0);
        }
        let words = sampled.words.iter().zip(&sampled.d_words);
        for ((word, factor), context) in words.zip(part.work.contexts.chunks_exact(dim)) {
            update(*word, context, *factor);
        }
    }
}

/// Words of the corpus that the whitening is fitted on, about: some five thousand sentences, each of which counts once among the averages.
/// From four hundred sentences the averages told senses apart no better than unwhitened ones.
const WHITENING_WORDS: usize = 100_000;

/// A model that is gone on from keeps its whitening on less text than this.
const WHITENED_WORDS_MIN: u64 = 1_000_000;

/// Trains a contextual model on a corpus whose word vectors are there.
///
/// # Errors
/// [`Error::Invalid`] on settings out of range, vectors of another vocabulary, or a loss that stops being a number in the first
/// pass; [`Error::TooLarge`] if the memory budget is too small; [`Error::Cancelled`]; those of reading the corpus.
pub fn train(training: Training<'_>, progress: &dyn Progress) -> Result<Model> {
    training.settings.check()?;
    let Training { corpus, vectors, mut output, start, settings, checkpoint } = training;
    let settings = match start {
        Some((start, _)) => settings.going_on_from(start, corpus.words()),
        None => settings.resolve(corpus.words()),
    };
    check(corpus, &vectors, &output, &settings)?;
    let dim = vectors.dim();
    let (exponent, backend) = (settings.negative_exponent, settings.backend);
    let network = match start {
        Some((start, _)) => start.network(dim, backend)?,
        None => Network::new(settings.shape(dim), settings.seed, backend.gemm()),
    };
    // Words that the corpus lacks are never trained on; they are read where a text has them.
    let lacking = output.split_off(corpus.vocabulary().len() * dim);
    let mut learner = Learner::new(network, output);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads.unwrap_or(1)).build();
    let pool = pool.map_err(|error| Error::Library { library: "rayon", message: error.to_string() })?;
    let trainer = Trainer::new(corpus, &vectors, settings, progress)?;
    let history = pool.install(|| trainer.run(&mut learner, start.is_some(), checkpoint))?;
    let sample = trainer.sample()?;
    let sentences: Vec<Vec<&str>> =
        sample.sentences.iter().map(|range| spelled(corpus, &sample, range)).collect();
    let Learner { network, mut output, .. } = learner;
    output.extend(lacking);
    let kept = start.filter(|_| corpus.words() < WHITENED_WORDS_MIN);
    let kept = (kept.map(|(parts, _)| parts.whitenings()), start.map(|(_, known)| expected(&vectors, known)));
    let how = (exponent, backend);
    pool.install(|| model::assemble(network, output, vectors.clone(), how, kept, &sentences, &history))
}

/// Running words of a new text that the text which a start learned from is worth, in telling how frequent words are.
const PRIOR_WORDS: f64 = 1000.0;

/// How often each word is expected: as often as in the corpus, and by a prior of [`PRIOR_WORDS`] as often as in what the start learned from
/// (MacKay and Peto 1995, "A hierarchical Dirichlet language model", eq. 12). Without it the words that a small corpus lacks, each counted as one, outweigh it.
fn expected(vectors: &WordVectors, known: &Vocabulary) -> Vec<f32> {
    let share = PRIOR_WORDS / known.total().max(1) as f64;
    let prior = |word: &str| known.id(word).map_or(0.0, |id| share * known.count(id) as f64);
    let words = vectors.vocabulary().iter();
    words
        .map(|(_, word, count)| (count as f64 + prior(word)).max(f64::from(f32::MIN_POSITIVE)) as f32)
        .collect()
}

fn spelled<'a>(corpus: &'a Corpus, window: &Window, sentence: &std::ops::Range<usize>) -> Vec<&'a str> {
    let word = |token: &u32| if *token == UNKNOWN { "" } else { corpus.vocabulary().word(WordId(*token)) };
    window.tokens[sentence.clone()].iter().map(word).collect()
}

fn check(corpus: &Corpus, vectors: &WordVectors, output: &[f32], settings: &Settings) -> Result<()> {
    let (words, dim) = (corpus.vocabulary().len(), vectors.dim());
    // Words that no document holds may stand last: vectors that training began with knew them.
    let lacking = vectors.vocabulary().iter().skip(words);
    let is_same = vectors.len() >= words
        && corpus.vocabulary().iter().zip(vectors.vocabulary().iter()).all(|(own, theirs)| own == theirs)
        && lacking.into_iter().all(|(_, _, count)| count == 0);
    if !is_same || output.len() != vectors.len() * dim {
        let got = format!("{} words, {} output values of dimension {dim}", vectors.len(), output.len());
        let expected = format!("vectors and output vectors of the corpus's {words} words");
        return Err(Error::invalid(
            "vectors of the contextual model",
            expected,
            got,
            "train them on the same corpus",
        ));
    }
    let needed_bytes = settings.memory_bytes(words, dim);
    if needed_bytes <= settings.memory_budget_bytes {
        return Ok(());
    }
    Err(Error::TooLarge {
        what: format!("training a contextual model of {words} words"),
        needed_bytes,
        budget_bytes: settings.memory_budget_bytes,
        cure: "lower the dimension, raise the minimum count, or raise the memory budget".into(),
    })
}
