//! The point-wise half of an LSTM step (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), forward and
//! backward, as loops over whole rows that vectorise.
//!
//! Rows hold the gates in PyTorch's order: input `i`, forget `f`, candidate `g`, output `o`, `H` values each.

use super::real::Real;
use crate::linalg::Kernel;

/// `c = f·c' + i·g`, `h = o·tanh c`, for all rows of a step.
pub(super) struct CellForward<'a, T> {
    /// Rows × 4H: in, what goes into the gates; out, the gates' values.
    pub gates: &'a mut [T],
    /// `c'` of the step before, rows × H; empty in the first step, where it is zero.
    pub before: &'a [T],
    /// `c`, rows × H.
    pub cell: &'a mut [T],
    /// `tanh c`, rows × H.
    pub tanh: &'a mut [T],
    /// `h`, rows × H.
    pub hidden: &'a mut [T],
    /// H.
    pub size: usize,
}

/// The gates of a row, `H` values each.
#[inline(always)]
fn split<T>(row: &mut [T], size: usize) -> [&mut [T]; 4] {
    let (i, rest) = row.split_at_mut(size);
    let (f, rest) = rest.split_at_mut(size);
    let (g, o) = rest.split_at_mut(size);
    [i, f, g, &mut o[..size]]
}

impl<T: Real> Kernel for CellForward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let size = self.size;
        let rows = self.gates.chunks_exact_mut(4 * size);
        let outputs = self.cell.chunks_exact_mut(size).zip(self.tanh.chunks_exact_mut(size));
        for (row, (gates, ((cell, tanh), hidden))) in
            rows.zip(outputs.zip(self.hidden.chunks_exact_mut(size))).enumerate()
        {
            let [i, f, g, o] = split(gates, size);
            // Plain loops over one array each: written as one loop over all they do not vectorise.
            i.iter_mut().for_each(|x| *x = x.sigmoid());
            f.iter_mut().for_each(|x| *x = x.sigmoid());
            g.iter_mut().for_each(|x| *x = x.tanh());
            o.iter_mut().for_each(|x| *x = x.sigmoid());
            for j in 0..size {
                cell[j] = i[j] * g[j];
            }
            if !self.before.is_empty() {
                let before = &self.before[row * size..][..size];
                for j in 0..size {
                    cell[j] += f[j] * before[j];
                }
            }
            for j in 0..size {
                tanh[j] = cell[j].tanh();
            }
            for j in 0..size {
                hidden[j] = o[j] * tanh[j];
            }
        }
    }
}

/// The gradient of a step: from `∂L/∂h` and `∂L/∂c` to what went into the gates and to `c'`.
pub(super) struct CellBackward<'a, T> {
    /// Rows × 4H: in, the gates' values; out, the gradient of what went into them.
    pub gates: &'a mut [T],
    /// `c'` of the step before, rows × H; empty in the first step.
    pub before: &'a [T],
    /// `tanh c`, rows × H.
    pub tanh: &'a [T],
    /// `∂L/∂h`, rows × H.
    pub d_hidden: &'a [T],
    /// In, `∂L/∂c` from the step after; out, `∂L/∂c'`; rows × H.
    pub d_cell: &'a mut [T],
    /// H.
    pub size: usize,
}

impl<T: Real> Kernel for CellBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let size = self.size;
        let rows = self.gates.chunks_exact_mut(4 * size).zip(self.tanh.chunks_exact(size));
        let carried = self.d_hidden.chunks_exact(size).zip(self.d_cell.chunks_exact_mut(size));
        for (row, ((gates, tanh), (d_hidden, d_cell))) in rows.zip(carried).enumerate() {
            let [i, f, g, o] = split(gates, size);
            for j in 0..size {
                d_cell[j] += d_hidden[j] * o[j] * (T::ONE - tanh[j] * tanh[j]);
            }
            for j in 0..size {
                o[j] = d_hidden[j] * tanh[j] * o[j] * (T::ONE - o[j]);
            }
            for j in 0..size {
                let (input, candidate) = (i[j], g[j]);
                i[j] = d_cell[j] * candidate * input * (T::ONE - input);
                g[j] = d_cell[j] * input * (T::ONE - candidate * candidate);
            }
            if self.before.is_empty() {
                f.fill(T::ZERO);
                continue;
            }
            let before = &self.before[row * size..][..size];
            for j in 0..size {
                let (forget, d) = (f[j], d_cell[j]);
                f[j] = d * before[j] * forget * (T::ONE - forget);
                d_cell[j] = d * forget;
            }
        }
    }
}

/// `sums += Σ rows`, the gradient of a bias.
pub(super) struct AddRows<'a, T> {
    pub rows: &'a [T],
    pub sums: &'a mut [T],
}

impl<T: Real> Kernel for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for row in self.rows.chunks_exact(self.sums.len()) {
            for (sum, value) in self.sums.iter_mut().zip(row) {
                *sum += *value;
            }
        }
    }
}

/// `sums[at[i]] += rows[i]`, rows of `width` values.
pub(super) struct AddRowsAt<'a, T> {
    pub rows: &'a [T],
    pub at: &'a [u32],
    pub sums: &'a mut [T],
    pub width: usize,
}

impl<T: Real> Kernel for AddRowsAt<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (row, at) in self.rows.chunks_exact(self.width).zip(self.at) {
            let sums = &mut self.sums[*at as usize * self.width..][..self.width];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += *value;
            }
        }
    }
}
