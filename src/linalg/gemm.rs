//! Matrix products behind one seam: the `gemm` crate, and `matrixmultiply` to keep the seam honest.
//!
//! Not a linear algebra library: views of slices, and `to = a·b` or `to += a·b`. Both crates choose the instruction set of
//! the running processor by themselves and work on the calling thread alone.
#![allow(unsafe_code)] // both crates take pointers; every view has checked its bounds

/// A matrix in a slice, read-only.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> View<'a, T> {
    /// The first `rows` × `cols` values of `data`, row-major.
    ///
    /// # Panics
    /// If `data` holds fewer values.
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert!(rows * cols <= data.len(), "{rows} x {cols} in {} values", data.len());
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transposed matrix, over the same values.
    #[must_use]
    pub fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }
}

/// A row-major matrix in a slice, to be written.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
}

impl<'a, T> ViewMut<'a, T> {
    /// The first `rows` × `cols` values of `data`, row-major.
    ///
    /// # Panics
    /// If `data` holds fewer values.
    #[must_use]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert!(rows * cols <= data.len(), "{rows} x {cols} in {} values", data.len());
        Self { data, rows, cols }
    }
}

/// What multiplies matrices.
pub trait Gemm: std::fmt::Debug + Sync {
    /// `to = a·b`, or `to += a·b` if `add`, in single precision.
    ///
    /// # Panics
    /// If the shapes do not fit.
    fn f32(&self, to: ViewMut<'_, f32>, add: bool, a: View<'_, f32>, b: View<'_, f32>);

    /// `to = a·b`, or `to += a·b` if `add`, in double precision.
    ///
    /// # Panics
    /// If the shapes do not fit.
    fn f64(&self, to: ViewMut<'_, f64>, add: bool, a: View<'_, f64>, b: View<'_, f64>);
}

/// The `gemm` crate, with AVX-512 where there is any: the faster one in nearly all shapes of an LSTM.
#[derive(Debug, Clone, Copy)]
pub struct GemmCrate;

/// The `matrixmultiply` crate.
#[derive(Debug, Clone, Copy)]
pub struct MatrixMultiply;

fn check<T>(to: &ViewMut<'_, T>, a: &View<'_, T>, b: &View<'_, T>) {
    let fits = to.rows == a.rows && a.cols == b.rows && b.cols == to.cols;
    assert!(fits, "{}x{} = {}x{} · {}x{}", to.rows, to.cols, a.rows, a.cols, b.rows, b.cols);
}

fn product_by_gemm<T: From<u8> + 'static>(to: ViewMut<'_, T>, add: bool, a: View<'_, T>, b: View<'_, T>) {
    check(&to, &a, &b);
    let stride = |stride: usize| stride as isize;
    // SAFETY: the views lie within their slices, and `to` is borrowed mutably, so nothing else reads it.
    unsafe {
        gemm::gemm(
            to.rows,
            to.cols,
            a.cols,
            to.data.as_mut_ptr(),
            1,
            stride(to.cols),
            add,
            a.data.as_ptr(),
            stride(a.col_stride),
            stride(a.row_stride),
            b.data.as_ptr(),
            stride(b.col_stride),
            stride(b.row_stride),
            T::from(1),
            T::from(1),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

impl Gemm for GemmCrate {
    fn f32(&self, to: ViewMut<'_, f32>, add: bool, a: View<'_, f32>, b: View<'_, f32>) {
        product_by_gemm(to, add, a, b);
    }

    fn f64(&self, to: ViewMut<'_, f64>, add: bool, a: View<'_, f64>, b: View<'_, f64>) {
        product_by_gemm(to, add, a, b);
    }
}

macro_rules! product_by_matrixmultiply {
    ($function:path, $to:ident, $add:ident, $a:ident, $b:ident) => {{
        check(&$to, &$a, &$b);
        // SAFETY: the views lie within their slices, and `to` is borrowed mutably, so nothing else reads it.
        unsafe {
            $function(
                $to.rows,
                $a.cols,
                $to.cols,
                1.0,
                $a.data.as_ptr(),
                $a.row_stride as isize,
                $a.col_stride as isize,
                $b.data.as_ptr(),
                $b.row_stride as isize,
                $b.col_stride as isize,
                if $add { 1.0 } else { 0.0 },
                $to.data.as_mut_ptr(),
                $to.cols as isize,
                1,
            );
        }
    }};
}

impl Gemm for MatrixMultiply {
    fn f32(&self, to: ViewMut<'_, f32>, add: bool, a: View<'_, f32>, b: View<'_, f32>) {
        product_by_matrixmultiply!(matrixmultiply::sgemm, to, add, a, b);
    }

    fn f64(&self, to: ViewMut<'_, f64>, add: bool, a: View<'_, f64>, b: View<'_, f64>) {
        product_by_matrixmultiply!(matrixmultiply::dgemm, to, add, a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [&dyn Gemm; 2] = [&GemmCrate, &MatrixMultiply];

    fn values(len: usize) -> Vec<f32> {
        (0..len).map(|i| (i * 7 % 11) as f32 - 5.0).collect()
    }

    /// Every shape up to a few registers, straight and transposed, against three plain loops; small integers, so exact.
    #[test]
    fn both_multiply_as_three_loops_do() {
        for (m, k, n) in [(1, 1, 1), (1, 5, 33), (7, 1, 3), (17, 40, 19), (64, 3, 70), (2, 64, 1)] {
            let (a, b) = (values(m * k), values(k * n));
            let mut expected = vec![1.0; m * n];
            for row in 0..m {
                for col in 0..n {
                    expected[row * n + col] += (0..k).map(|i| a[row * k + i] * b[i * n + col]).sum::<f32>();
                }
            }
            let turned: Vec<f32> = (0..k * n).map(|at| b[at % k * n + at / k]).collect();
            for gemm in BOTH {
                for b in [View::new(&b, k, n), View::new(&turned, n, k).transposed()] {
                    let mut to = vec![1.0; m * n];
                    gemm.f32(ViewMut::new(&mut to, m, n), true, View::new(&a, m, k), b);
                    assert_eq!(to, expected, "{gemm:?} {m} x {k} x {n}");
                    gemm.f32(ViewMut::new(&mut to, m, n), false, View::new(&a, m, k), b);
                    assert!(
                        to.iter().zip(&expected).all(|(got, sum)| *got == sum - 1.0),
                        "{gemm:?} without adding"
                    );
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "2x2 = 2x3 · 2x2")]
    fn shapes_that_do_not_fit_are_refused() {
        let (a, b, mut to) = (values(6), values(4), values(4));
        GemmCrate.f32(ViewMut::new(&mut to, 2, 2), false, View::new(&a, 2, 3), View::new(&b, 2, 2));
    }
}
