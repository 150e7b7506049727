//! A block of neighbouring places: its rows are copied to buffers of the thread's own, trained tile by tile, and the
//! differences added back to the shared matrices.
//!
//! Four neighbouring places are taken at a time (a band). They share one window width and, with all bands of the block, one set of
//! negatives; each negative weighs `k · pairs / shared`, so that the expected gradient is that of `k` fresh negatives a pair.

use super::kernel::{Kernel, SIDE, Targets};
use super::sampling::{NegativeTable, Rng};
use super::settings::Settings;
use super::shared::{self, SharedMatrix};

/// Places in a block: a multiple of 4. More means fewer copies of negatives, but buffers that leave the first-level cache.
const PLACES: usize = 64;

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
    fn add(&mut self, scores: &[f32; SIDE * SIDE], targets: &Targets, rate: f32) {
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
    stride: usize,
}

impl Rows {
    fn new(rows: usize, stride: usize) -> Self {
        let len = (rows + SIDE) * stride; // a tile may look at up to three rows past the end, with weight 0
        let values = vec![0.0f32; 2 * len + shared::GROUP];
        let start = values.as_ptr().align_offset(64).min(shared::GROUP);
        Self { values, start, len, stride }
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

    fn add_back(&self, matrix: &SharedMatrix, ids: &[u32]) {
        let (new, old) = self.values[self.start..].split_at(self.len);
        let rows = new.chunks_exact(self.stride).zip(old.chunks_exact(self.stride));
        for (id, (new, old)) in ids.iter().zip(rows) {
            matrix.add_difference(*id as usize, new, old);
        }
    }

    fn tile(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[self.start + row * self.stride..][..SIDE * self.stride]
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
            inputs: Rows::new(PLACES, model.stride),
            outputs: Rows::new(PLACES + 2 * model.window, model.stride),
            negatives: Rows::new(model.shared_negatives, model.stride),
            negative_ids: Vec::new(),
            next_negative_ids: Vec::new(),
            loss: Loss::default(),
            blocks: 0,
        }
    }

    /// Trains on a piece of the corpus at one learning rate.
    pub(crate) fn skip_gram(&mut self, stream: &Stream, rate: f32, rng: &mut Rng) {
        self.draw_negatives(rng);
        for start in (0..stream.ids.len()).step_by(PLACES) {
            std::mem::swap(&mut self.negative_ids, &mut self.next_negative_ids);
            self.draw_negatives(rng);
            self.skip_gram_block(stream, start, rate, rng);
        }
    }

    fn draw_negatives(&mut self, rng: &mut Rng) {
        self.next_negative_ids.clear();
        let model = self.model;
        self.next_negative_ids.extend((0..model.shared_negatives).map(|_| model.negatives.draw(rng)));
    }

    fn skip_gram_block(&mut self, stream: &Stream, start: usize, rate: f32, rng: &mut Rng) {
        let (model, window) = (self.model, self.model.window);
        let places = start..(start + PLACES).min(stream.ids.len());
        let around = start.saturating_sub(window)..(places.end + window).min(stream.ids.len());
        self.inputs.load(&model.input, &stream.ids[places.clone()]);
        self.outputs.load(&model.output, &stream.ids[around.clone()]);
        self.negatives.load(&model.output, &self.negative_ids);
        let measure = self.blocks.is_multiple_of(64);
        for band in places.clone().step_by(SIDE) {
            self.prefetch(stream, band + PLACES, (band - start) / SIDE);
            let width = 1 + rng.below(window as u32) as usize;
            let near = band.saturating_sub(width).max(around.start)..(band + SIDE + width).min(around.end);
            let mut pairs = [0u32; SIDE];
            for column in near.clone().step_by(SIDE) {
                let targets = positive_targets(stream, band, column, width, rate, &mut pairs);
                let inputs = self.inputs.tile(band - start);
                let scores = self.kernel.step(inputs, self.outputs.tile(column - around.start), &targets);
                if measure {
                    self.loss.add(&scores, &targets, rate);
                }
            }
            self.negative_band(band - start, &pairs, rate, measure);
        }
        self.inputs.add_back(&model.input, &stream.ids[places]);
        self.outputs.add_back(&model.output, &stream.ids[around]);
        self.negatives.add_back(&model.output, &self.negative_ids);
        self.blocks += 1;
    }

    fn negative_band(&mut self, row: usize, pairs: &[u32; SIDE], rate: f32, measure: bool) {
        let share = rate * self.model.negative_samples as f32 / self.model.shared_negatives as f32;
        let rates = std::array::from_fn(|pair| share * pairs[pair / SIDE] as f32);
        let targets = Targets { label: 0.0, rates };
        for column in (0..self.model.shared_negatives).step_by(SIDE) {
            let scores = self.kernel.step(self.inputs.tile(row), self.negatives.tile(column), &targets);
            if measure {
                self.loss.add(&scores, &targets, rate);
            }
        }
    }

    /// Fetches rows of the next block: those of four places, and this band's share of the negatives.
    fn prefetch(&self, stream: &Stream, place: usize, band: usize) {
        let model = self.model;
        for &id in stream.ids.iter().skip(place).take(SIDE) {
            model.input.prefetch(id as usize);
        }
        for &id in stream.ids.iter().skip(place + model.window).take(SIDE) {
            model.output.prefetch(id as usize);
        }
        let share = model.shared_negatives.div_ceil(PLACES / SIDE);
        for &id in self.next_negative_ids.iter().skip(band * share).take(share) {
            model.output.prefetch(id as usize);
        }
    }
}

/// Marks the pairs of places `band..band + 4` and `column..column + 4` that stand within `width` of each other in one
/// stretch. Without branches, so that it vectorises.
fn positive_targets(
    stream: &Stream,
    band: usize,
    column: usize,
    width: usize,
    rate: f32,
    pairs: &mut [u32; SIDE],
) -> Targets {
    let mut rates = [0.0; SIDE * SIDE];
    let offset = (column as i32).wrapping_sub(band as i32);
    let of_rows: &[u32; SIDE] = stream.four_stretches(band);
    let of_columns: &[u32; SIDE] = stream.four_stretches(column);
    for r in 0..SIDE {
        for c in 0..SIDE {
            let distance = (offset + c as i32 - r as i32).unsigned_abs();
            let near = distance.wrapping_sub(1) < width as u32; // and not the place itself
            let pair = near & (of_rows[r] == of_columns[c]);
            rates[r * SIDE + c] = if pair { rate } else { 0.0 };
            pairs[r] += u32::from(pair);
        }
    }
    Targets { label: 1.0, rates }
}

impl Model {
    pub(crate) fn new(
        input: SharedMatrix,
        output: SharedMatrix,
        counts: &[u64],
        settings: &Settings,
    ) -> Self {
        Self {
            input,
            output,
            negatives: NegativeTable::new(counts, settings.negative_exponent),
            window: settings.window,
            negative_samples: settings.negative_samples,
            shared_negatives: settings.shared_negatives,
            stride: shared::stride(settings.dim),
        }
    }
}
