//! The network: word vectors in, one stack of LSTM layers in each direction, and a merge to a context vector
//! `c = W [h_left ; h_right] + b` (context2vec, Melamud et al. 2016, with a linear merge). One `forward` for training and serving.

use super::batch::{Batch, Input, SPECIALS, Target};
use super::cell::AddRows;
use super::lstm::{self, Gradients, Read, State, Weights, Widths, room};
use super::real::Real;
use super::shape::{DIRECTIONS, Part, Shape};
use crate::linalg::dispatch;
use crate::linalg::gemm::{Gemm, Tile, View, ViewMut};
use crate::vocab::sampling::Rng;
use std::ops::Range;

/// Where the vectors of words come from; they are never trained here.
pub(super) trait Vectors: Sync {
    /// Writes the vector of a word, D values.
    fn vector(&self, word: u32, to: &mut [f32]);
}

/// The weights.
#[derive(Debug, Clone)]
pub(super) struct Network<T> {
    pub shape: Shape,
    /// All weights, as [`Shape::range`] says.
    pub values: Vec<T>,
    /// For each direction and layer.
    copies: Vec<Copies<T>>,
    merge_laid_out: Vec<Tile>,
    gemm: &'static dyn Gemm,
}

/// A layer's weights once more, as products take them fastest.
#[derive(Debug, Clone, Default)]
struct Copies<T> {
    /// The hidden weights turned, 4H × H.
    hidden_turned: Vec<T>,
    /// What [`Gemm::lay_out`] makes of input weights, hidden weights, and these turned.
    laid_out: [Vec<Tile>; 3],
}

/// What the most frequent words put into the gates of the first layers, made once for all texts: at H = 128, D = 200 the product with the input weights is
/// three fifths of a layer's operations on a word.
#[derive(Debug)]
pub(super) struct Kept<T> {
    /// For each direction K × 4H.
    rows: [Vec<T>; DIRECTIONS],
    words: u32,
}

/// Buffers of one thread. They grow with the largest batch seen, and are never shrunk.
#[derive(Debug, Default)]
pub(super) struct Workspace<T> {
    /// Vectors of what the batch reads, each once, without what is kept.
    inputs: Vec<T>,
    /// As [`lstm::KeptRows::places`], if anything is kept.
    places: Vec<u32>,
    states: [Vec<State<T>>; DIRECTIONS],
    vector: Vec<f32>,
    merged: Vec<T>,
    /// The context vectors of the batch's targets, targets × D.
    pub contexts: Vec<T>,
    /// In for [`Network::backward`]: their gradient.
    pub d_contexts: Vec<T>,
    d_merged: Vec<T>,
    d_hidden: Vec<T>,
    d_lower: Vec<T>,
    d_specials: Vec<T>,
    twice: Vec<T>,
}

impl<T: Real> Workspace<T> {
    /// `h` of a layer, rows × H, after [`Network::forward`].
    pub(super) fn hidden(&self, direction: usize, layer: usize) -> &[T] {
        &self.states[direction][layer].hidden
    }
}

impl<T: Real> Network<T> {
    /// Weights even over ±1/√H, forget gates open (bias 1), specials small.
    pub(super) fn new(shape: Shape, seed: u64, gemm: &'static dyn Gemm) -> Self {
        let mut rng = Rng::new(seed, 0x11F0);
        let mut values = vec![T::ZERO; shape.len()];
        for part in shape.parts() {
            let reach = match part {
                Part::Input(..) | Part::Hidden(..) => 1.0 / (shape.hidden as f64).sqrt(),
                Part::Merge => 1.0 / (2.0 * shape.hidden as f64).sqrt(),
                Part::Specials => 1.0 / (shape.dim as f64).sqrt(),
                Part::Bias(..) | Part::MergeBias => 0.0,
            };
            for value in &mut values[shape.range(part)] {
                *value = T::of(reach * f64::from(2.0 * rng.unit() - 1.0));
            }
            if let Part::Bias(..) = part {
                let start = shape.range(part).start + shape.hidden;
                values[start..start + shape.hidden].fill(T::ONE);
            }
        }
        Self::from_values(shape, values, gemm)
    }

    /// A network of given weights.
    pub(super) fn from_values(shape: Shape, values: Vec<T>, gemm: &'static dyn Gemm) -> Self {
        let mut network = Self { shape, values, copies: Vec::new(), merge_laid_out: Vec::new(), gemm };
        network.copies.resize_with(DIRECTIONS * shape.layers, Copies::default);
        network.copy();
        network
    }

    /// Renews the copies after the weights have changed.
    pub(super) fn copy(&mut self) {
        let Shape { dim, hidden, layers } = self.shape;
        let part = |part| &self.values[self.shape.range(part)];
        for (at, copies) in self.copies.iter_mut().enumerate() {
            let (direction, layer) = (at / layers, at % layers);
            let Copies { hidden_turned, laid_out: [input, straight, turned] } = copies;
            let weights = part(Part::Hidden(direction, layer));
            hidden_turned.resize(weights.len(), T::ZERO);
            transpose(weights, hidden, hidden_turned);
            let width = self.shape.input(layer);
            T::lay_out(self.gemm, View::new(part(Part::Input(direction, layer)), width, 4 * hidden), input);
            T::lay_out(self.gemm, View::new(weights, hidden, 4 * hidden), straight);
            T::lay_out(self.gemm, View::new(hidden_turned, 4 * hidden, hidden), turned);
        }
        T::lay_out(self.gemm, View::new(part(Part::Merge), 2 * hidden, dim), &mut self.merge_laid_out);
    }

    /// The matrix products' backend.
    pub(super) fn gemm(&self) -> &'static dyn Gemm {
        self.gemm
    }

    pub(super) fn part(&self, part: Part) -> &[T] {
        &self.values[self.shape.range(part)]
    }

    fn weights(&self, direction: usize, layer: usize) -> Weights<'_, T> {
        let (size, gate_size) = (self.shape.hidden, 4 * self.shape.hidden);
        let Copies { hidden_turned, laid_out } = &self.copies[direction * self.shape.layers + layer];
        let input = View::new(self.part(Part::Input(direction, layer)), self.shape.input(layer), gate_size);
        Weights {
            input: input.with(&laid_out[0]),
            hidden: View::new(self.part(Part::Hidden(direction, layer)), size, gate_size).with(&laid_out[1]),
            hidden_turned: View::new(hidden_turned, gate_size, size).with(&laid_out[2]),
            bias: self.part(Part::Bias(direction, layer)),
        }
    }

    /// 2H × D.
    fn merge_weights(&self) -> View<'_, T> {
        View::new(self.part(Part::Merge), 2 * self.shape.hidden, self.shape.dim).with(&self.merge_laid_out)
    }

    fn widths(&self, layer: usize) -> Widths {
        Widths { input: self.shape.input(layer), hidden: self.shape.hidden }
    }

    /// Reads a batch, and leaves the context vectors of its targets in `work.contexts`.
    pub(super) fn forward(&self, vectors: &dyn Vectors, batch: &Batch, work: &mut Workspace<T>) {
        self.forward_with(None, vectors, batch, work);
    }

    /// The same, to the same bits, with what is kept of frequent words.
    pub(super) fn forward_with(
        &self,
        kept: Option<&Kept<T>>,
        vectors: &dyn Vectors,
        batch: &Batch,
        work: &mut Workspace<T>,
    ) {
        self.look_up(kept, vectors, batch, work);
        (0..DIRECTIONS).for_each(|direction| self.read(direction, kept, batch, work));
        self.merge(&batch.targets, work);
    }

    /// Makes what [`forward_with`](Self::forward_with) takes, of the first `words` words.
    pub(super) fn keep(&self, vectors: &dyn Vectors, words: usize) -> Kept<T> {
        let hidden = self.shape.hidden;
        let mut work = Workspace::default();
        let mut batch = Batch::default();
        batch.distinct.extend((0..words as u32).map(Input::Word));
        self.look_up(None, vectors, &batch, &mut work);
        let rows = [0, 1].map(|direction| {
            let weights = self.weights(direction, 0);
            let mut rows = vec![T::ZERO; words * 4 * hidden];
            rows.chunks_exact_mut(4 * hidden).for_each(|row| row.copy_from_slice(weights.bias));
            lstm::add_rows_product(self.gemm, &mut rows, &work.inputs, weights.input, &mut work.twice);
            rows
        });
        Kept { rows, words: words as u32 }
    }

    /// One direction alone: reads a batch, and leaves the states of its layers in `work`.
    pub(super) fn forward_stack(
        &self,
        direction: usize,
        vectors: &dyn Vectors,
        batch: &Batch,
        work: &mut Workspace<T>,
    ) {
        self.look_up(None, vectors, batch, work);
        self.read(direction, None, batch, work);
    }

    fn look_up(&self, kept: Option<&Kept<T>>, vectors: &dyn Vectors, batch: &Batch, work: &mut Workspace<T>) {
        let dim = self.shape.dim;
        let first = kept.map_or(0, |kept| kept.words);
        let is_kept = |input: &Input| matches!(input, Input::Word(id) if *id < first);
        let mut made = 0;
        work.places.clear();
        work.places.extend(batch.distinct.iter().map(|input| match *input {
            Input::Word(id) if id < first => id,
            _ => {
                made += 1;
                first + made - 1
            }
        }));
        work.vector.resize(dim, 0.0);
        work.inputs.resize(made as usize * dim, T::ZERO);
        let specials = self.part(Part::Specials);
        let inputs = batch.distinct.iter().filter(|input| !is_kept(input));
        for (input, row) in inputs.zip(work.inputs.chunks_exact_mut(dim)) {
            match *input {
                Input::Special(which) => row.copy_from_slice(&specials[which as usize * dim..][..dim]),
                Input::Word(id) => {
                    vectors.vector(id, &mut work.vector);
                    row.iter_mut().zip(&work.vector).for_each(|(to, from)| *to = T::of_f32(*from));
                }
            }
        }
    }

    fn read(&self, direction: usize, kept: Option<&Kept<T>>, batch: &Batch, work: &mut Workspace<T>) {
        let words = &work.inputs[..];
        let given = &batch.given[direction];
        let words = match kept {
            Some(kept) => {
                let rows = lstm::KeptRows { rows: &kept.rows[direction], places: &work.places };
                Read::PartlyKept(words, rows, given)
            }
            None => Read::Words(words, given),
        };
        let states = &mut work.states[direction];
        states.resize_with(self.shape.layers, State::default);
        for layer in 0..self.shape.layers {
            let (below, above) = states.split_at_mut(layer);
            let read = read_of(below.last(), words);
            let (weights, widths) = (self.weights(direction, layer), self.widths(layer));
            lstm::forward(self.gemm, widths, weights, (&batch.starts, read), &mut above[0]);
        }
    }

    fn merge(&self, targets: &[Target], work: &mut Workspace<T>) {
        let Shape { dim, hidden, layers } = self.shape;
        room(&mut work.merged, targets.len() * 2 * hidden);
        room(&mut work.contexts, targets.len() * dim);
        let [left, right] = [0, 1].map(|direction: usize| &work.states[direction][layers - 1].hidden);
        for (target, row) in targets.iter().zip(work.merged.chunks_exact_mut(2 * hidden)) {
            row[..hidden].copy_from_slice(&left[target.left as usize * hidden..][..hidden]);
            row[hidden..].copy_from_slice(&right[target.right as usize * hidden..][..hidden]);
        }
        let contexts = &mut work.contexts[..targets.len() * dim];
        let bias = self.part(Part::MergeBias);
        contexts.chunks_exact_mut(dim).for_each(|row| row.copy_from_slice(bias));
        lstm::add_rows_product(self.gemm, contexts, &work.merged, self.merge_weights(), &mut work.twice);
    }

    /// After [`forward`](Self::forward), with `work.d_contexts` filled: adds all weights' gradients to `gradient`, which has the
    /// layout of [`values`](Self::values).
    pub(super) fn backward(&self, batch: &Batch, work: &mut Workspace<T>, gradient: &mut [T]) {
        let Shape { dim, hidden, .. } = self.shape;
        let targets = batch.targets.len();
        room(&mut work.d_merged, targets * 2 * hidden);
        let d_contexts = &work.d_contexts[..targets * dim];
        T::product(
            self.gemm,
            ViewMut::new(&mut work.d_merged, targets, 2 * hidden),
            false,
            View::new(d_contexts, targets, dim),
            self.merge_weights().transposed(),
        );
        T::product(
            self.gemm,
            ViewMut::new(&mut gradient[self.shape.range(Part::Merge)], 2 * hidden, dim),
            true,
            View::new(&work.merged, targets, 2 * hidden).transposed(),
            View::new(d_contexts, targets, dim),
        );
        let bias = &mut gradient[self.shape.range(Part::MergeBias)];
        dispatch(AddRows { rows: d_contexts, sums: bias });
        for direction in 0..DIRECTIONS {
            self.backward_stack(direction, batch, work, gradient);
        }
    }

    fn backward_stack(&self, direction: usize, batch: &Batch, work: &mut Workspace<T>, gradient: &mut [T]) {
        let Shape { dim, hidden, layers } = self.shape;
        room(&mut work.d_hidden, batch.rows() * hidden);
        work.d_hidden[..batch.rows() * hidden].fill(T::ZERO);
        for (target, row) in batch.targets.iter().zip(work.d_merged.chunks_exact(2 * hidden)) {
            let at = if direction == 0 { target.left } else { target.right } as usize;
            let to = &mut work.d_hidden[at * hidden..][..hidden];
            to.iter_mut().zip(&row[direction * hidden..]).for_each(|(to, from)| *to += *from);
        }
        let words = Read::Words(&work.inputs[..batch.distinct.len() * dim], &batch.given[direction]);
        for layer in (0..layers).rev() {
            let (below, above) = work.states[direction].split_at_mut(layer);
            let state = &mut above[0];
            let read = read_of(below.last(), words);
            let (weights, widths) = (self.weights(direction, layer), self.widths(layer));
            let gradients = split_layer(&mut gradient[self.shape.layer(direction, layer)], widths);
            let read = (&batch.starts[..], read);
            lstm::backward(self.gemm, widths, weights, read, state, &mut work.d_hidden, gradients);
            if layer > 0 {
                room(&mut work.d_lower, batch.rows() * hidden);
                let d_gates = (state.gate_gradients(), batch.rows());
                lstm::input_gradients(self.gemm, weights.input, d_gates, &mut work.d_lower);
                std::mem::swap(&mut work.d_lower, &mut work.d_hidden);
            }
        }
        self.backward_specials(direction, work, gradient);
    }

    /// Begin, end and unknown are the only inputs that are trained: they alone go through `Wᵀ`.
    fn backward_specials(&self, direction: usize, work: &mut Workspace<T>, gradient: &mut [T]) {
        room(&mut work.d_specials, SPECIALS * self.shape.dim);
        let d_specials = &mut work.d_specials[..SPECIALS * self.shape.dim];
        let weights = self.weights(direction, 0);
        let d_gates = (work.states[direction][0].gate_gradients_of_words(), SPECIALS);
        lstm::input_gradients(self.gemm, weights.input, d_gates, d_specials);
        let to = &mut gradient[self.shape.range(Part::Specials)];
        to.iter_mut().zip(d_specials).for_each(|(to, from)| *to += *from);
    }
}

/// What a layer reads: the one below, or words.
fn read_of<'a, T>(below: Option<&'a State<T>>, words: Read<'a, T>) -> Read<'a, T> {
    below.map_or(words, |state| Read::Rows(&state.hidden))
}

fn split_layer<T>(values: &mut [T], widths: Widths) -> Gradients<'_, T> {
    let (input, rest) = values.split_at_mut(widths.input * 4 * widths.hidden);
    let (hidden, bias) = rest.split_at_mut(widths.hidden * 4 * widths.hidden);
    Gradients { input, hidden, bias }
}

/// Turns `rows` × 4·`rows` values, block by block so that both sides stay in the cache.
fn transpose<T: Copy>(from: &[T], rows: usize, to: &mut [T]) {
    const BLOCK: usize = 16;
    let cols = 4 * rows;
    let blocks = |len: usize| (0..len).step_by(BLOCK).map(move |at| at..(at + BLOCK).min(len));
    for row_block in blocks(rows) {
        for col_block in blocks(cols) {
            turn_block(from, (rows, cols), (row_block.clone(), col_block), to);
        }
    }
}

fn turn_block<T: Copy>(
    from: &[T],
    (rows, cols): (usize, usize),
    (row_block, col_block): (Range<usize>, Range<usize>),
    to: &mut [T],
) {
    for row in row_block {
        for col in col_block.clone() {
            to[col * rows + row] = from[row * cols + col];
        }
    }
}
