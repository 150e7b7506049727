//! One LSTM layer over packed sentences, forward and backward: what a framework would do in a dozen kernels a step.
//!
//! All products with the input are one, before the steps; a step is then one product and one point-wise pass. Backward, the
//! weights' gradients are one product each, after the steps. Word vectors are multiplied once a word, however often it is said: of 1,536 running
//! words some 600 are different. Nothing is allocated once the buffers have grown.

use super::cell::{AddRows, AddRowsAt, CellBackward, CellForward};
use super::real::Real;
use crate::linalg::dispatch;
use crate::linalg::gemm::{Gemm, View, ViewMut};

/// The weights of a layer, and their gradients alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weights<'a, T> {
    /// `input × 4H`.
    pub input: View<'a, T>,
    /// `H × 4H`.
    pub hidden: View<'a, T>,
    /// `4H × H`: `hidden` once more, turned, because a product with few rows and a turned right side takes twice as long.
    pub hidden_turned: View<'a, T>,
    /// `4H`.
    pub bias: &'a [T],
}

/// What a layer remembers of its forward pass. N is the number of rows, of all steps.
#[derive(Debug, Default)]
pub(super) struct State<T> {
    /// N × 4H: the gates' values; after the backward pass, the gradient of what went into them.
    gates: Vec<T>,
    /// N × H each.
    cell: Vec<T>,
    tanh: Vec<T>,
    /// `h`, N × H: what the layer says.
    pub hidden: Vec<T>,
    /// `h` of the step before each row, N × H.
    before: Vec<T>,
    /// Most sentences × H.
    d_cell: Vec<T>,
    /// U × 4H: what each distinct word puts into the gates; after the backward pass, the sum of its rows' gradients.
    of_words: Vec<T>,
    twice: Vec<T>,
}

/// What a layer reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read<'a, T> {
    /// N × input.
    Rows(&'a [T]),
    /// U × input of U distinct words, and for each of N rows its word.
    Words(&'a [T], &'a [u32]),
    /// The same where what some words put into the gates is kept.
    PartlyKept(&'a [T], KeptRows<'a, T>, &'a [u32]),
}

/// What some words put into the gates, made before.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptRows<'a, T> {
    /// K × 4H, with the bias.
    pub rows: &'a [T],
    /// For each distinct word its row among these, or K and its row among those that are not kept.
    pub places: &'a [u32],
}

/// Lets a buffer hold at least `len` values; never shrinks it.
pub(super) fn room<T: Real>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, T::ZERO);
    }
}

/// `to += a·b` with rows of `a` times `b`. A single row is multiplied as two: backends take another way for one row, and
/// a sentence's bits must not depend on how many others are read with it.
pub(super) fn add_rows_product<T: Real>(
    gemm: &dyn Gemm,
    to: &mut [T],
    a: &[T],
    b: View<'_, T>,
    twice: &mut Vec<T>,
) {
    let (k, n) = b.shape();
    let rows = to.len() / n;
    if rows != 1 {
        return T::product(gemm, ViewMut::new(to, rows, n), true, View::new(a, rows, k), b);
    }
    room(twice, 2 * k + 2 * n);
    let (doubled, sums) = twice.split_at_mut(2 * k);
    doubled.chunks_exact_mut(k).for_each(|row| row.copy_from_slice(&a[..k]));
    sums[..2 * n].chunks_exact_mut(n).for_each(|row| row.copy_from_slice(to));
    T::product(gemm, ViewMut::new(sums, 2, n), true, View::new(doubled, 2, k), b);
    to.copy_from_slice(&sums[..n]);
}

/// Widths of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    pub input: usize,
    pub hidden: usize,
}

/// Reads step by step, and leaves `h` in `state.hidden`. A step's rows end where the next one's begin in `starts`.
pub(super) fn forward<T: Real>(
    gemm: &dyn Gemm,
    widths: Widths,
    weights: Weights<'_, T>,
    (starts, read): (&[usize], Read<'_, T>),
    state: &mut State<T>,
) {
    let (size, gate_size) = (widths.hidden, 4 * widths.hidden);
    let rows = starts.last().copied().unwrap_or(0);
    for buffer in [&mut state.cell, &mut state.tanh, &mut state.hidden] {
        room(buffer, rows * size);
    }
    room(&mut state.gates, rows * gate_size);
    state.project_inputs(gemm, widths, weights, (rows, read));
    let gates = &mut state.gates[..rows * gate_size];
    for step in 0..starts.len().saturating_sub(1) {
        let (start, end) = (starts[step], starts[step + 1]);
        let (count, values) = (end - start, start * size..end * size);
        let gates = &mut gates[start * gate_size..end * gate_size];
        let before = before_step(starts, step, size);
        if step > 0 {
            let hidden = &state.hidden[before.clone()];
            add_rows_product(gemm, gates, hidden, weights.hidden, &mut state.twice);
        }
        let (cells_before, cells) = state.cell.split_at_mut(start * size);
        dispatch(CellForward {
            gates,
            before: &cells_before[before],
            cell: &mut cells[..count * size],
            tanh: &mut state.tanh[values.clone()],
            hidden: &mut state.hidden[values],
            size,
        });
    }
}

/// Where the values of the step before stand, for the sentences that go on; nowhere in the first step.
fn before_step(starts: &[usize], step: usize, size: usize) -> std::ops::Range<usize> {
    match step.checked_sub(1) {
        Some(before) => starts[before] * size..(starts[before] + starts[step + 1] - starts[step]) * size,
        None => 0..0,
    }
}

/// Where a layer's gradients are added up.
#[derive(Debug)]
pub(super) struct Gradients<'a, T> {
    pub input: &'a mut [T],
    pub hidden: &'a mut [T],
    pub bias: &'a mut [T],
}

/// Takes `∂L/∂h` (N × H, overwritten), adds the weights' gradients to `gradients`, and leaves in `state` what
/// [`State::gate_gradients`] and [`State::gate_gradients_of_words`] give.
pub(super) fn backward<T: Real>(
    gemm: &dyn Gemm,
    widths: Widths,
    weights: Weights<'_, T>,
    (starts, read): (&[usize], Read<'_, T>),
    state: &mut State<T>,
    d_hidden: &mut [T],
    gradients: Gradients<'_, T>,
) {
    let (size, gate_size) = (widths.hidden, 4 * widths.hidden);
    let rows = starts.last().copied().unwrap_or(0);
    let first = starts.get(1).copied().unwrap_or(0);
    room(&mut state.d_cell, first * size);
    state.d_cell[..first * size].fill(T::ZERO);
    for step in (0..starts.len().saturating_sub(1)).rev() {
        let (start, end) = (starts[step], starts[step + 1]);
        let count = end - start;
        let gates = &mut state.gates[start * gate_size..end * gate_size];
        let before = before_step(starts, step, size);
        dispatch(CellBackward {
            gates,
            before: &state.cell[before.clone()],
            tanh: &state.tanh[start * size..end * size],
            d_hidden: &d_hidden[start * size..end * size],
            d_cell: &mut state.d_cell[..count * size],
            size,
        });
        if step > 0 {
            T::product(
                gemm,
                ViewMut::new(&mut d_hidden[before], count, size),
                true,
                View::new(gates, count, gate_size),
                weights.hidden_turned,
            );
        }
    }
    state.add_input_weight_gradients(gemm, widths, (rows, read), gradients.input, gradients.bias);
    let gates = &state.gates[..rows * gate_size];
    gather_before(starts, size, &state.hidden, &mut state.before);
    let later = rows - first;
    T::product(
        gemm,
        ViewMut::new(gradients.hidden, size, gate_size),
        true,
        View::new(&state.before, later, size).transposed(),
        View::new(&gates[first * gate_size..], later, gate_size),
    );
}

/// `h` of the step before, for all rows but the first step's.
fn gather_before<T: Real>(starts: &[usize], size: usize, hidden: &[T], to: &mut Vec<T>) {
    let rows = starts.last().copied().unwrap_or(0);
    room(to, rows * size);
    let mut at = 0;
    for step in 1..starts.len().saturating_sub(1) {
        let from = before_step(starts, step, size);
        let len = from.len();
        to[at..at + len].copy_from_slice(&hidden[from]);
        at += len;
    }
}

impl<T: Real> State<T> {
    /// Fills the gates with the bias and what the input puts in.
    fn project_inputs(
        &mut self,
        gemm: &dyn Gemm,
        widths: Widths,
        weights: Weights<'_, T>,
        (rows, read): (usize, Read<'_, T>),
    ) {
        let gate_size = 4 * widths.hidden;
        let gates = &mut self.gates[..rows * gate_size];
        let biased = |to: &mut [T]| {
            to.chunks_exact_mut(gate_size).for_each(|row| row.copy_from_slice(weights.bias));
        };
        match read {
            Read::Rows(inputs) => {
                biased(gates);
                add_rows_product(gemm, gates, inputs, weights.input, &mut self.twice);
            }
            Read::Words(inputs, word_of) | Read::PartlyKept(inputs, _, word_of) => {
                let len = inputs.len() / widths.input * gate_size;
                room(&mut self.of_words, len);
                let of_words = &mut self.of_words[..len];
                biased(of_words);
                add_rows_product(gemm, of_words, inputs, weights.input, &mut self.twice);
                for (row, word) in gates.chunks_exact_mut(gate_size).zip(word_of) {
                    row.copy_from_slice(of_word(&read, of_words, *word as usize, gate_size));
                }
            }
        }
    }

    /// Adds the gradients of input weights and bias, from those of what went into the gates.
    fn add_input_weight_gradients(
        &mut self,
        gemm: &dyn Gemm,
        widths: Widths,
        (rows, read): (usize, Read<'_, T>),
        to_input: &mut [T],
        to_bias: &mut [T],
    ) {
        let gate_size = 4 * widths.hidden;
        let gates = &self.gates[..rows * gate_size];
        let (inputs, d_gates) = match read {
            Read::Rows(inputs) => (inputs, gates),
            Read::Words(inputs, word_of) | Read::PartlyKept(inputs, _, word_of) => {
                let sums = &mut self.of_words[..inputs.len() / widths.input * gate_size];
                sums.fill(T::ZERO);
                dispatch(AddRowsAt { rows: gates, at: word_of, sums, width: gate_size });
                (inputs, &*sums)
            }
        };
        let rows = d_gates.len() / gate_size;
        T::product(
            gemm,
            ViewMut::new(to_input, widths.input, gate_size),
            true,
            View::new(inputs, rows, widths.input).transposed(),
            View::new(d_gates, rows, gate_size),
        );
        dispatch(AddRows { rows: d_gates, sums: to_bias });
    }

    /// After [`backward`], `∂L` over what went into the gates: N × 4H.
    pub(super) fn gate_gradients(&self) -> &[T] {
        &self.gates
    }

    /// The same, added up for each distinct word, U × 4H, of a layer that reads words.
    pub(super) fn gate_gradients_of_words(&self) -> &[T] {
        &self.of_words
    }
}

/// What a word puts into the gates.
fn of_word<'a, T>(read: &Read<'a, T>, made: &'a [T], word: usize, gate_size: usize) -> &'a [T] {
    let (rows, place) = match read {
        Read::PartlyKept(_, kept, _) => {
            let (place, count) = (kept.places[word] as usize, kept.rows.len() / gate_size);
            place.checked_sub(count).map_or((kept.rows, place), |place| (made, place))
        }
        Read::Rows(_) | Read::Words(..) => (made, word),
    };
    &rows[place * gate_size..][..gate_size]
}

/// `∂L/∂x = d_gates · Wᵀ`, of the first `rows`, rows × input.
pub(super) fn input_gradients<T: Real>(
    gemm: &dyn Gemm,
    input_weights: View<'_, T>,
    (d_gates, rows): (&[T], usize),
    to: &mut [T],
) {
    let (input, gate_size) = input_weights.shape();
    T::product(
        gemm,
        ViewMut::new(to, rows, input),
        false,
        View::new(d_gates, rows, gate_size),
        input_weights.transposed(),
    );
}
