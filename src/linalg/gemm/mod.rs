//! Matrix products behind one seam: the `gemm` crate, `matrixmultiply` to keep the seam honest, and the matrix unit of processors that have
//! one.
//!
//! Not a linear algebra library: views of slices, and `to = a·b` or `to += a·b`. Both crates choose the instruction set of
//! the running processor by themselves. All work on the calling thread alone.
#![allow(unsafe_code)] // both crates take pointers; every view has checked its bounds

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;

/// A matrix in a slice, read-only.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
    /// The same values as a backend has laid them out, or nothing.
    laid_out: &'a [Tile],
}

/// Values of a tile.
const TILE: usize = 512;

/// A part of a matrix as a backend lays it out: 1 KiB of whole cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Tile([u16; TILE]);

impl<'a, T> View<'a, T> {
    /// The first `rows` × `cols` values of `data`, row-major.
    ///
    /// # Panics
    /// If `data` holds fewer values.
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert!(rows * cols <= data.len(), "{rows} x {cols} in {} values", data.len());
        Self { data, rows, cols, row_stride: cols, col_stride: 1, laid_out: &[] }
    }

    /// The transposed matrix, over the same values.
    #[must_use]
    pub fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride, .. } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride, laid_out: &[] }
    }

    /// The same matrix with what [`Gemm::lay_out`] has made of it, for right sides of products by the same backend.
    #[must_use]
    pub fn with(self, laid_out: &'a [Tile]) -> Self {
        Self { laid_out, ..self }
    }

    /// Rows and columns.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.cols)
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

    /// Lays out a right side that is multiplied often, for [`View::with`]; nothing where that gains nothing.
    fn lay_out(&self, _b: View<'_, f32>, to: &mut Vec<Tile>) {
        to.clear();
    }
}

/// The fastest backend here: where the processor has a matrix unit, sides are rounded to bfloat16 and added up in single precision; else the `gemm`
/// crate's single precision.
#[must_use]
pub fn fastest() -> &'static dyn Gemm {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if amx::is_here() {
        return &amx::Amx;
    }
    &GemmCrate
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

    fn backends() -> [&'static dyn Gemm; 3] {
        [&GemmCrate, &MatrixMultiply, fastest()]
    }

    fn values(len: usize) -> Vec<f32> {
        (0..len).map(|i| (i * 7 % 11) as f32 - 5.0).collect()
    }

    fn turned(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
        (0..rows * cols).map(|at| values[at % rows * cols + at / rows]).collect()
    }

    /// Every shape up to a few registers and tiles, each side straight and transposed, against three plain loops; small integers, so exact.
    #[test]
    fn all_multiply_as_three_loops_do() {
        let small = [(1, 1, 1), (1, 5, 33), (7, 1, 3), (17, 40, 19), (64, 3, 70), (2, 64, 1)];
        let tiles = [(16, 32, 16), (32, 64, 32), (33, 600, 50), (48, 31, 17), (75, 33, 64), (1, 1100, 31)];
        for (m, k, n) in small.into_iter().chain(tiles) {
            let (a, b) = (values(m * k), values(k * n));
            let mut expected = vec![1.0; m * n];
            for row in 0..m {
                for col in 0..n {
                    expected[row * n + col] += (0..k).map(|i| a[row * k + i] * b[i * n + col]).sum::<f32>();
                }
            }
            let (a_turned, b_turned) = (turned(&a, m, k), turned(&b, k, n));
            let lefts = [View::new(&a, m, k), View::new(&a_turned, k, m).transposed()];
            let rights = [View::new(&b, k, n), View::new(&b_turned, n, k).transposed()];
            for gemm in backends() {
                let mut laid_out = Vec::new();
                gemm.lay_out(rights[0], &mut laid_out);
                let sides = [0, 1]
                    .into_iter()
                    .flat_map(|a| [rights[0], rights[1], rights[0].with(&laid_out)].map(|b| (lefts[a], b)));
                for (a, b) in sides {
                    let mut to = vec![1.0; m * n];
                    gemm.f32(ViewMut::new(&mut to, m, n), true, a, b);
                    assert_eq!(to, expected, "{gemm:?} {m} x {k} x {n}");
                    gemm.f32(ViewMut::new(&mut to, m, n), false, a, b);
                    assert!(
                        to.iter().zip(&expected).all(|(got, sum)| *got == sum - 1.0),
                        "{gemm:?} without adding"
                    );
                }
            }
        }
    }

    /// Rounding to 8 bits of significand, by chance up and down: 2⁻⁹ of each factor at most.
    #[test]
    fn the_fastest_is_near_single_precision_and_tells_what_is_no_number() {
        let (m, k, n) = (40, 200, 50);
        let fraction = |i: usize| ((i * 7919 % 10_007) as f32 / 5003.0) - 1.0;
        let (mut a, b): (Vec<f32>, Vec<f32>) =
            ((0..m * k).map(fraction).collect(), (0..k * n).map(|i| fraction(i + 31)).collect());
        let product = |gemm: &dyn Gemm, a: &[f32]| {
            let mut to = vec![0.0; m * n];
            gemm.f32(ViewMut::new(&mut to, m, n), false, View::new(a, m, k), View::new(&b, k, n));
            to
        };
        let (exact, fast) = (product(&GemmCrate, &a), product(fastest(), &a));
        let length = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>().sqrt();
        let error =
            length(&mut exact.iter().zip(&fast).map(|(x, y)| x - y)) / length(&mut exact.iter().copied());
        assert!(error < 4e-3, "{error}");
        a[k] = f32::NAN;
        a[3 * k] = f32::INFINITY;
        let fast = product(fastest(), &a);
        assert!(
            fast[n..2 * n].iter().all(|x| x.is_nan()) && fast[3 * n..4 * n].iter().all(|x| !x.is_finite())
        );
        assert!(fast[..n].iter().chain(&fast[4 * n..]).all(|x| x.is_finite()));
    }

    #[test]
    fn a_row_is_the_same_bit_by_bit_whatever_other_rows_are_there() {
        let (m, k, n) = (75, 77, 41);
        let fraction = |i: usize| ((i * 7919 % 10_007) as f32 / 5003.0) - 1.0;
        let (a, b): (Vec<f32>, Vec<f32>) =
            ((0..m * k).map(fraction).collect(), (0..k * n).map(|i| fraction(i + 31)).collect());
        let product = |rows: std::ops::Range<usize>| {
            let mut to = vec![0.0; rows.len() * n];
            let a = &a[rows.start * k..rows.end * k];
            fastest().f32(
                ViewMut::new(&mut to, rows.len(), n),
                false,
                View::new(a, rows.len(), k),
                View::new(&b, k, n),
            );
            to
        };
        let all = product(0..m);
        for rows in [0..2, 5..30, 16..75, 73..75] {
            assert_eq!(product(rows.clone()), all[rows.start * n..rows.end * n], "{rows:?}");
        }
    }

    #[test]
    #[should_panic(expected = "2x2 = 2x3 · 2x2")]
    fn shapes_that_do_not_fit_are_refused() {
        let (a, b, mut to) = (values(6), values(4), values(4));
        GemmCrate.f32(ViewMut::new(&mut to, 2, 2), false, View::new(&a, 2, 3), View::new(&b, 2, 2));
    }
}
