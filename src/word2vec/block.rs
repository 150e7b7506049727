//! A block of neighbouring places: its rows are copied to buffers of the thread's own, trained tile by tile,
//! and the differences added back to the shared matrices.
//!
//! Four neighbouring places are taken at a time (a band). All bands of a block share one set of negatives; each
//! weighs `k · pairs / shared`, so that the expected gradient is that of `k` fresh negatives a pair.
//!
//! In skip-gram, all words within the window count, by one over their distance (as in GloVe: Pennington et al.
//! 2014). word2vec.c draws a width for each place, so that a distance of `d` counts `(c + 1 - d) / c` on average;
//! the average itself, without drawing, gave better vectors, and one over the distance better ones still. In CBOW
//! weights made analogies worse, so a width is drawn for each band.

use super::kernel::{Kernel, SIDE, Targets, Tile};
use super::settings::{Algorithm, Settings};
use super::shared::{self, SharedMatrix};
use super::subwords::Parts;
use crate::linalg;
use crate::vocab::Vocabulary;
use crate::vocab::sampling::{NegativeTable, Rng};
use std::ops::Range;

/// Places in a block: a multiple of 4. More means fewer copies of negatives, but buffers that leave the
/// first-level cache.
pub(crate) const PLACES: usize = 64;

/// Kept words of a piece of the corpus, with the number of the stretch that windows may not leave.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    ids: Vec<u32>,
    /// One for each word, then, once closed, `2 · SIDE` that stand for themselves alone.
    stretches: Vec<u32>,
}

impl Stream {
    pub(crate) fn clear(&mut self) {
        self.ids.clear();
        self.stretches.clear();
    }

    pub(crate) fn push(&mut self, id: u32, stretch: u32) {
        self.ids.push(id);
        self.stretches.push(stretch);
    }

    /// To be called after the last word.
    pub(crate) fn close(&mut self) {
        self.stretches.extend((0..2 * SIDE as u32).map(|pad| u32::MAX - pad));
    }

    fn four_stretches(&self, place: usize) -> &[u32; SIDE] {
        self.stretches[place..].first_chunk().expect("places are followed by padding")
    }
}

/// What is shared by all threads while training.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) input: SharedMatrix,
    pub(crate) output: SharedMatrix,
    /// With subwords: what each input vector is the mean of.
    pub(crate) parts: Option<Parts>,
    pub(crate) negatives: NegativeTable,
    pub(crate) window: usize,
    pub(crate) negative_samples: usize,
    pub(crate) shared_negatives: usize,
    pub(crate) stride: usize,
}

/// Sums from which the mean loss of a pair is estimated, over one block in sixty-four.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Loss {
    pub(crate) sum: f64,
    pub(crate) pairs: f64,
}

impl Loss {
    fn add(&mut self, scores: &Tile, targets: &Targets, rate: f32) {
        for (score, pair_rate) in scores.iter().zip(&targets.rates) {
            let weight = f64::from(pair_rate / rate);
            let signed = if targets.label > 0.5 { -f64::from(*score) } else { f64::from(*score) };
            // -ln σ(-s) = ln(1 + e^s), without overflow
            self.sum += weight * (signed.max(0.0) + (-signed.abs()).exp().ln_1p());
            self.pairs += weight * f64::from(targets.label);
        }
    }
}

/// Copies of rows: as they were, and as they become.
#[derive(Debug)]
struct Rows {
    values: Vec<f32>,
    start: usize,
    len: usize,
    count: usize,
    stride: usize,
}

impl Rows {
    fn new(rows: usize, stride: usize) -> Self {
        let len = (rows + SIDE) * stride; // a tile may look at up to three rows past the end, with weight 0
        let values = vec![0.0f32; 2 * len + shared::GROUP];
        let start = values.as_ptr().align_offset(64).min(shared::GROUP);
        Self { values, start, len, count: rows, stride }
    }

    fn load(&mut self, matrix: &SharedMatrix, ids: &[u32]) {
        let used = ids.len() * self.stride;
        let (new, old) = self.values[self.start..].split_at_mut(self.len);
        let rows = new.chunks_exact_mut(self.stride).zip(old.chunks_exact_mut(self.stride));
        for (id, (new, old)) in ids.iter().zip(rows) {
            matrix.load(*id as usize, new, old);
        }
        new[used..used + SIDE * self.stride].fill(0.0);
    }

    /// Loads input vectors: rows, or the means of their parts.
    fn load_inputs(&mut self, model: &Model, ids: &[u32]) {
        let Some(parts) = &model.parts else { return self.load(&model.input, ids) };
        let used = ids.len() * self.stride;
        let (new, old) = self.values[self.start..].split_at_mut(self.len);
        let mut part = vec![0.0; self.stride];
        for (i, id) in ids.iter().enumerate() {
            let place = i * self.stride..(i + 1) * self.stride;
            let (mean, old) = (&mut new[place.clone()], &mut old[place]);
            mean.fill(0.0);
            let weight = 1.0 / parts.of(*id).len() as f32;
            for &row in parts.of(*id) {
                model.input.load(row as usize, &mut part, old);
                linalg::add_scaled(mean, weight, &part);
            }
            old.copy_from_slice(mean);
        }
        new[used..used + SIDE * self.stride].fill(0.0);
    }

    /// Adds back what input vectors gained: to rows, or to each of their parts in full, as fastText does.
    fn add_back_inputs(&self, model: &Model, ids: &[u32]) {
        let Some(parts) = &model.parts else { return self.add_back(&model.input, ids) };
        let (new, old) = self.values[self.start..].split_at(self.len);
        let rows = new.chunks_exact(self.stride).zip(old.chunks_exact(self.stride));
        for (id, (new, old)) in ids.iter().zip(rows) {
            parts.of(*id).iter().for_each(|row| model.input.add_difference(*row as usize, new, old));
        }
    }

    fn add_back(&self, matrix: &SharedMatrix, ids: &[u32]) {
        let (new, old) = self.values[self.start..].split_at(self.len);
        let rows = new.chunks_exact(self.stride).zip(old.chunks_exact(self.stride));
        for (id, (new, old)) in ids.iter().zip(rows) {
            matrix.add_difference(*id as usize, new, old);
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[self.start + row * self.stride..][..self.stride]
    }

    /// A row as it becomes, and as it was.
    fn row_twice(&mut self, row: usize) -> (&mut [f32], &mut [f32]) {
        let (new, old) = self.values[self.start..].split_at_mut(self.len);
        let place = row * self.stride..(row + 1) * self.stride;
        (&mut new[place.clone()], &mut old[place])
    }

    fn rows_mut(&mut self, first: usize, count: usize) -> &mut [f32] {
        &mut self.values[self.start + first * self.stride..][..count * self.stride]
    }
}

/// One thread's buffers.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    model: &'a Model,
    kernel: Kernel,
    inputs: Rows,
    outputs: Rows,
    negatives: Rows,
    /// CBOW: the means of the contexts of four places.
    means: Rows,
    negative_ids: Vec<u32>,
    next_negative_ids: Vec<u32>,
    pub(crate) loss: Loss,
    blocks: u64,
}

impl<'a> Worker<'a> {
    pub(crate) fn new(model: &'a Model, kernel: Kernel) -> Self {
        Self {
            model,
            kernel,
            inputs: Rows::new(PLACES + 2 * model.window, model.stride),
            outputs: Rows::new(PLACES + 2 * model.window, model.stride),
            negatives: Rows::new(model.shared_negatives, model.stride),
            means: Rows::new(SIDE, model.stride),
            negative_ids: Vec::new(),
            next_negative_ids: Vec::new(),
            loss: Loss::default(),
            blocks: 0,
        }
    }

    /// Trains on a piece of the corpus at one learning rate.
    pub(crate) fn train(&mut self, algorithm: Algorithm, stream: &Stream, rate: f32, rng: &mut Rng) {
        self.draw_negatives(rng);
        for start in (0..stream.ids.len()).step_by(PLACES) {
            std::mem::swap(&mut self.negative_ids, &mut self.next_negative_ids);
            self.draw_negatives(rng);
            let end = (start + PLACES).min(stream.ids.len());
            let window = self.model.window;
            let block = Block {
                places: start..end,
                around: start.saturating_sub(window)..(end + window).min(stream.ids.len()),
                rate,
                measure: self.blocks.is_multiple_of(64),
            };
            match algorithm {
                Algorithm::SkipGram => self.skip_gram_block(stream, &block),
                Algorithm::Cbow => self.cbow_block(stream, &block, rng),
            }
            self.blocks += 1;
        }
    }

    fn draw_negatives(&mut self, rng: &mut Rng) {
        self.next_negative_ids.clear();
        let model = self.model;
        self.next_negative_ids.extend((0..model.shared_negatives).map(|_| model.negatives.draw(rng)));
    }

    /// Each place's word as input, the words around it as outputs.
    fn skip_gram_block(&mut self, stream: &Stream, block: &Block) {
        let (model, Block { places, around, .. }) = (self.model, block);
        let window = Window::new(model.window);
        self.inputs.load_inputs(model, &stream.ids[places.clone()]);
        self.outputs.load(&model.output, &stream.ids[around.clone()]);
        self.negatives.load(&model.output, &self.negative_ids);
        for band in places.clone().step_by(SIDE) {
            self.prefetch(stream, band + PLACES, (band - places.start) / SIDE, (0, model.window));
            let row = band - places.start;
            let near = block.near(band, model.window);
            let mut pairs = [0.0; SIDE];
            let mut targets =
                |column| positive_targets(stream, (band, column), window, block.rate, &mut pairs);
            for column in near.clone().step_by(2 * SIDE) {
                let inputs = self.inputs.rows_mut(row, SIDE);
                let first = column - around.start;
                if near.end - column > SIDE {
                    let targets = [targets(column), targets(column + SIDE)];
                    let scores = self.kernel.step(inputs, self.outputs.rows_mut(first, 2 * SIDE), &targets);
                    block.measure(&mut self.loss, &scores, &targets);
                } else {
                    let targets = [targets(column)];
                    let scores = self.kernel.step(inputs, self.outputs.rows_mut(first, SIDE), &targets);
                    block.measure(&mut self.loss, &scores, &targets);
                }
            }
            let share = self.negative_share(block.rate);
            let rates = std::array::from_fn(|pair| share * pairs[pair / SIDE]);
            let inputs = self.inputs.rows_mut(row, SIDE);
            step_negatives(self.kernel, inputs, &mut self.negatives, rates, (block, &mut self.loss));
        }
        self.inputs.add_back_inputs(model, &stream.ids[places.clone()]);
        self.outputs.add_back(&model.output, &stream.ids[around.clone()]);
        self.negatives.add_back(&model.output, &self.negative_ids);
    }

    /// The mean of the words around each place as input, the place's word as output.
    fn cbow_block(&mut self, stream: &Stream, block: &Block, rng: &mut Rng) {
        let (model, Block { places, around, .. }) = (self.model, block);
        self.inputs.load_inputs(model, &stream.ids[around.clone()]);
        self.outputs.load(&model.output, &stream.ids[places.clone()]);
        self.negatives.load(&model.output, &self.negative_ids);
        for band in places.clone().step_by(SIDE) {
            self.prefetch(stream, band + PLACES, (band - places.start) / SIDE, (model.window, 0));
            let width = 1 + rng.below(model.window as u32) as usize;
            let contexts = std::array::from_fn(|r| Context::of(stream, band + r, width));
            self.average(&contexts, around.start);
            let full: [bool; SIDE] = std::array::from_fn(|r| !contexts[r].is_empty());
            let own = |pair| if pair / SIDE == pair % SIDE && full[pair / SIDE] { block.rate } else { 0.0 };
            let targets = [Targets { label: 1.0, rates: std::array::from_fn(own) }];
            let outputs = self.outputs.rows_mut(band - places.start, SIDE);
            let scores = self.kernel.step(self.means.rows_mut(0, SIDE), outputs, &targets);
            block.measure(&mut self.loss, &scores, &targets);
            let share = self.negative_share(block.rate);
            let rates = std::array::from_fn(|pair| if full[pair / SIDE] { share } else { 0.0 });
            let means = self.means.rows_mut(0, SIDE);
            step_negatives(self.kernel, means, &mut self.negatives, rates, (block, &mut self.loss));
            self.distribute(&contexts, around.start);
        }
        self.inputs.add_back_inputs(model, &stream.ids[around.clone()]);
        self.outputs.add_back(&model.output, &stream.ids[places.clone()]);
        self.negatives.add_back(&model.output, &self.negative_ids);
    }

    fn negative_share(&self, rate: f32) -> f32 {
        rate * self.model.negative_samples as f32 / self.model.shared_negatives as f32
    }

    /// Sets `means` to the means of the contexts of four places.
    fn average(&mut self, contexts: &[Context; SIDE], first: usize) {
        for (r, context) in contexts.iter().enumerate() {
            let (mean, old) = self.means.row_twice(r);
            mean.fill(0.0);
            let weight = 1.0 / context.others().count().max(1) as f32;
            for other in context.others() {
                linalg::add_scaled(mean, weight, self.inputs.row(other - first));
            }
            old.copy_from_slice(mean);
        }
    }

    /// Adds what the means gained to each word that they were made of (undivided, as word2vec.c does).
    fn distribute(&mut self, contexts: &[Context; SIDE], first: usize) {
        for (r, context) in contexts.iter().enumerate() {
            let (mean, old) = self.means.row_twice(r);
            linalg::add_scaled(mean, -1.0, old);
            for other in context.others() {
                linalg::add_scaled(self.inputs.rows_mut(other - first, 1), 1.0, mean);
            }
        }
    }

    /// Fetches rows of the next block: those of four places, and this band's share of the negatives.
    fn prefetch(&self, stream: &Stream, place: usize, band: usize, ahead: (usize, usize)) {
        let model = self.model;
        for &id in stream.ids.iter().skip(place + ahead.0).take(SIDE) {
            match &model.parts {
                Some(parts) => parts.of(id).iter().for_each(|row| model.input.prefetch(*row as usize)),
                None => model.input.prefetch(id as usize),
            }
        }
        for &id in stream.ids.iter().skip(place + ahead.1).take(SIDE) {
            model.output.prefetch(id as usize);
        }
        let share = model.shared_negatives.div_ceil(PLACES / SIDE);
        for &id in self.next_negative_ids.iter().skip(band * share).take(share) {
            model.output.prefetch(id as usize);
        }
    }
}

/// Places trained together.
struct Block {
    places: Range<usize>,
    /// The places and a window on both sides.
    around: Range<usize>,
    rate: f32,
    measure: bool,
}

impl Block {
    /// All places within `window` of the four from `band` on.
    fn near(&self, band: usize, window: usize) -> Range<usize> {
        band.saturating_sub(window).max(self.around.start)..(band + SIDE + window).min(self.around.end)
    }

    fn measure<const T: usize>(&self, loss: &mut Loss, scores: &[Tile; T], targets: &[Targets; T]) {
        if self.measure {
            scores.iter().zip(targets).for_each(|(scores, targets)| loss.add(scores, targets, self.rate));
        }
    }
}

/// All shared negatives, against four inputs.
fn step_negatives(
    kernel: Kernel,
    inputs: &mut [f32],
    negatives: &mut Rows,
    rates: Tile,
    (block, loss): (&Block, &mut Loss),
) {
    let targets = [Targets { label: 0.0, rates }; 2];
    for outputs in negatives.rows_mut(0, negatives.count).chunks_exact_mut(2 * inputs.len()) {
        let scores = kernel.step(inputs, outputs, &targets);
        block.measure(loss, &scores, &targets);
    }
}

/// A place, and the places of its stretch within a width, itself included.
struct Context {
    place: usize,
    around: Range<usize>,
}

impl Context {
    fn of(stream: &Stream, place: usize, width: usize) -> Self {
        if place >= stream.ids.len() {
            return Self { place, around: place..place };
        }
        let here = |other: &usize| stream.stretches[*other] == stream.stretches[place];
        let before = place.saturating_sub(width)..place;
        let after = place + 1..(place + 1 + width).min(stream.ids.len());
        let start = before.rev().take_while(here).last().unwrap_or(place);
        let end = after.take_while(here).last().unwrap_or(place);
        Self { place, around: start..end + 1 }
    }

    fn is_empty(&self) -> bool {
        self.around.len() < 2
    }

    fn others(&self) -> impl Iterator<Item = usize> {
        let place = self.place;
        self.around.clone().filter(move |other| *other != place)
    }
}

/// How much a pair counts: `scale / d` up to a distance `d` of `reach`.
#[derive(Debug, Clone, Copy)]
struct Window {
    reach: u32,
    scale: f32,
}

impl Window {
    /// All distances together weigh as much as word2vec.c's `1, (c-1)/c, … 1/c`, which add up to `(c + 1) / 2`.
    fn new(reach: usize) -> Self {
        let harmonic: f32 = (1..=reach).map(|distance| 1.0 / distance as f32).sum();
        Self { reach: reach as u32, scale: (reach as f32 + 1.0) / 2.0 / harmonic }
    }
}

/// Weighs the pairs of four places from `band` and four from `column` on that stand within `window` of each
/// other in one stretch, and adds the weights of each place of the band to `pairs`. Without branches, so that
/// it vectorises.
fn positive_targets(
    stream: &Stream,
    (band, column): (usize, usize),
    window: Window,
    rate: f32,
    pairs: &mut [f32; SIDE],
) -> Targets {
    let mut rates = [0.0; SIDE * SIDE];
    let offset = (column as i32).wrapping_sub(band as i32);
    let of_rows: &[u32; SIDE] = stream.four_stretches(band);
    let of_columns: &[u32; SIDE] = stream.four_stretches(column);
    for r in 0..SIDE {
        for c in 0..SIDE {
            let distance = (offset + c as i32 - r as i32).unsigned_abs();
            let near = distance.wrapping_sub(1) < window.reach; // and not the place itself
            let pair = near & (of_rows[r] == of_columns[c]);
            let weight = if pair { window.scale / distance as f32 } else { 0.0 };
            rates[r * SIDE + c] = rate * weight;
            pairs[r] += weight;
        }
    }
    Targets { label: 1.0, rates }
}

impl Model {
    pub(crate) fn new(
        input: SharedMatrix,
        output: SharedMatrix,
        vocabulary: &Vocabulary,
        settings: &Settings,
    ) -> Self {
        Self {
            input,
            output,
            parts: settings.subwords.map(|subwords| Parts::new(vocabulary, &subwords)),
            negatives: NegativeTable::new(vocabulary.counts(), settings.negative_exponent),
            window: settings.window.unwrap_or(5),
            negative_samples: settings.negative_samples,
            shared_negatives: settings.shared_negatives.unwrap_or(24),
            stride: shared::stride(settings.dim),
        }
    }

    /// The vector of each word, the mean of its parts where it has parts; `V × D`, row-major.
    pub(crate) fn into_vectors(self, vocabulary: usize) -> Vectors {
        let dim = self.input.dim();
        let Some(parts) = self.parts else {
            let input = self.input.into_values();
            return Vectors { input, output: self.output.into_values(), buckets: Vec::new() };
        };
        let mut input = vec![0.0f32; vocabulary * dim];
        for (id, mean) in input.chunks_exact_mut(dim).enumerate() {
            let parts = parts.of(id as u32);
            let weight = 1.0 / parts.len() as f32;
            for &row in parts {
                mean.iter_mut().zip(self.input.values(row as usize)).for_each(|(m, x)| *m += weight * x);
            }
        }
        let mut buckets = self.input.into_values();
        buckets.drain(..vocabulary * dim);
        Vectors { input, output: self.output.into_values(), buckets }
    }
}

/// The matrices of a trained model, without padding.
pub(crate) struct Vectors {
    pub(crate) input: Vec<f32>,
    pub(crate) output: Vec<f32>,
    pub(crate) buckets: Vec<f32>,
}
