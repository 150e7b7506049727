//! Products of bfloat16 values, added up in single precision, by the matrix unit that Intel's server processors have since Sapphire Rapids
//! (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18, "Programming with Intel AMX").
//!
//! Both sides are rounded to bfloat16 (to nearest, ties to even; 8 bits of significand) and laid out in tiles of 1 KiB: 16 rows of `a`, or 16 columns of `b`, by
//! 32 values along the sum. What comes out for a row does not depend on the other rows.
#![allow(unsafe_code)] // instructions that Rust has no stable names for; every address lies in a slice that has been measured

use super::{Gemm, GemmCrate, TILE, Tile, View, ViewMut, check};
use std::arch::asm;
use std::arch::x86_64::*;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

/// Rows or columns of a tile.
const SIDE: usize = 16;
/// Values of a tile along the sum.
const DEPTH: usize = TILE / SIDE;
/// Tiles along the sum that are multiplied before the next rows and columns: two rows and two columns of them, 64 KiB.
const DEPTH_TILES: usize = 16;

/// The matrix unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amx;

impl Gemm for Amx {
    /// Products of nothing, or with fewer columns than a tile, are left to the `gemm` crate.
    fn f32(&self, to: ViewMut<'_, f32>, add: bool, a: View<'_, f32>, b: View<'_, f32>) {
        thread_local!(static TILES: RefCell<[Vec<Tile>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) });
        if b.cols < SIDE || a.cols == 0 {
            return GemmCrate.f32(to, add, a, b);
        }
        check(&to, &a, &b);
        TILES.with_borrow_mut(|[left, right]| {
            lay_out(a, Order::Left, left);
            let right = if b.laid_out.is_empty() {
                lay_out(b.transposed(), Order::Right, right);
                right
            } else {
                b.laid_out
            };
            multiply(to, add, left, right, a.cols.div_ceil(DEPTH));
        });
    }

    fn f64(&self, to: ViewMut<'_, f64>, add: bool, a: View<'_, f64>, b: View<'_, f64>) {
        GemmCrate.f64(to, add, a, b);
    }

    fn lay_out(&self, b: View<'_, f32>, to: &mut Vec<Tile>) {
        lay_out(b.transposed(), Order::Right, to);
    }
}

/// Whether the running processor has the unit, and the system lets this process use it.
pub(super) fn is_here() -> bool {
    static IS_HERE: LazyLock<bool> = LazyLock::new(|| {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16")
            && has_tiles();
        has && is_permitted()
    });
    *IS_HERE
}

/// AMX-TILE and AMX-BF16, as CPUID leaf 7 tells them: EDX, bits 24 and 22.
fn has_tiles() -> bool {
    const BOTH: u32 = 1 << 24 | 1 << 22;
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BOTH == BOTH
}

/// Asks Linux for the tiles' 8 KiB of registers, for all threads of the process.
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: takes two numbers; a kernel that does not know them refuses.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

/// Which way the values of a tile stand in memory, 16 rows of 32 values each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// A left side: a row of `a` is a row of the tile.
    Left,
    /// A right side: a row of the tile holds the values 2i and 2i + 1 along the sum, of all columns.
    Right,
}

/// Lays out the rows of `side` in tiles, the ones along the sum one after another; what else `to` holds stays. A right side is given turned.
fn lay_out(side: View<'_, f32>, order: Order, to: &mut Vec<Tile>) {
    let tiles_along = side.cols.div_ceil(DEPTH);
    to.resize(to.len().max(side.rows.div_ceil(SIDE) * tiles_along), Tile([0; TILE]));
    for depth in 0..tiles_along {
        for row in 0..side.rows.div_ceil(SIDE) {
            let to = &mut to[row * tiles_along + depth];
            // SAFETY: `is_here` has seen the instructions.
            unsafe { lay_out_tile(side, (row * SIDE, depth * DEPTH), order, to) }
        }
    }
}

/// As many lanes as there are values left.
fn lanes(left: usize) -> __mmask16 {
    ((1u32 << left.min(16)) - 1) as __mmask16
}

#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn lay_out_tile(side: View<'_, f32>, (row, depth): (usize, usize), order: Order, to: &mut Tile) {
    let (rows, depths) = ((side.rows - row).min(SIDE), (side.cols - depth).min(DEPTH));
    let mut lines = [_mm512_setzero_si512(); SIDE];
    let rounded = |low: __m512, high: __m512| {
        // SAFETY: both are 64 bytes without further meaning.
        unsafe { std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low)) }
    };
    let load = |at: usize, count: usize| {
        let from = &side.data[at..at + count.min(16)];
        // SAFETY: lanes outside `from` are masked, and so not read.
        unsafe { _mm512_maskz_loadu_ps(lanes(count), from.as_ptr()) }
    };
    let is_along_rows = side.col_stride == 1;
    if is_along_rows {
        for (line, row) in lines.iter_mut().zip(row..row + rows) {
            let at = row * side.row_stride + depth;
            let high = if depths > 16 { load(at + 16, depths - 16) } else { _mm512_setzero_ps() };
            *line = rounded(load(at, depths), high);
        }
    } else {
        for (i, line) in lines.iter_mut().enumerate().take(depths.div_ceil(2)) {
            let at = (depth + 2 * i) * side.col_stride + row;
            let high =
                if 2 * i + 1 < depths { load(at + side.col_stride, rows) } else { _mm512_setzero_ps() };
            *line = interleave(rounded(load(at, rows), high));
        }
    }
    if is_along_rows == (order == Order::Right) {
        turn(&mut lines);
    }
    for (line, to) in lines.iter().zip(to.0.chunks_exact_mut(DEPTH)) {
        // SAFETY: `to` is 64 bytes.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), *line) }
    }
}

/// Values i and 16 + i become neighbours.
#[target_feature(enable = "avx512f,avx512bw")]
fn interleave(values: __m512i) -> __m512i {
    const ORDER: [u16; 32] = {
        let mut order = [0; 32];
        let mut i = 0;
        while i < 32 {
            order[i] = (i / 2 + i % 2 * 16) as u16;
            i += 1;
        }
        order
    };
    // SAFETY: `ORDER` is 64 bytes.
    _mm512_permutexvar_epi16(unsafe { _mm512_loadu_si512(ORDER.as_ptr().cast()) }, values)
}

/// Transposes 16 × 16 pairs of values.
#[target_feature(enable = "avx512f")]
fn turn(lines: &mut [__m512i; 16]) {
    let mut t = *lines;
    for i in (0..16).step_by(2) {
        t[i] = _mm512_unpacklo_epi32(lines[i], lines[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(lines[i], lines[i + 1]);
    }
    for i in (0..16).step_by(4) {
        for j in 0..2 {
            lines[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
            lines[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
        }
    }
    for i in [0, 1, 2, 3, 8, 9, 10, 11] {
        t[i] = _mm512_shuffle_i32x4(lines[i], lines[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(lines[i], lines[i + 4], 0xdd);
    }
    for i in 0..8 {
        lines[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        lines[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

/// What `ldtilecfg` reads. Registers 0 to 3 are two by two tiles of the product, 4 and 5 of the left side, 6 and 7 of the right one.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

impl Configuration {
    /// For products of `rows` (of the first two tiles, and of the others) by `cols` (likewise).
    fn new(rows: [usize; 2], cols: [usize; 2]) -> Self {
        let (rows, bytes) = (rows.map(|rows| rows as u8), cols.map(|cols| (cols * size_of::<f32>()) as u16));
        Self {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [
                bytes[0], bytes[1], bytes[0], bytes[1], 64, 64, bytes[0], bytes[1], 0, 0, 0, 0, 0, 0, 0, 0,
            ],
            rows: [rows[0], rows[0], rows[1], rows[1], rows[0], rows[1], 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }

    fn load(&self) {
        // SAFETY: `is_here` has seen the unit; rows and columns are 1 to 16, which it takes.
        unsafe { asm!("ldtilecfg [{}]", in(reg) self, options(nostack, readonly)) }
    }
}

/// Two lines of tiles: where they stand among rows or columns, how many of these they are, and which lines of the laid-out side. The second is the
/// first once more where there is none.
#[derive(Debug, Clone, Copy)]
struct Pair {
    starts: [usize; 2],
    counts: [usize; 2],
}

impl Pair {
    fn all(count: usize) -> impl Iterator<Item = Self> {
        (0..count).step_by(2 * SIDE).map(move |start| {
            let second = if start + SIDE < count { start + SIDE } else { start };
            let starts = [start, second];
            Self { starts, counts: starts.map(|start| (count - start).min(SIDE)) }
        })
    }

    /// The tiles from `from` to `to` along the sum, of `depth`.
    fn tiles<'a>(&self, side: &'a [Tile], depth: usize, range: &Range<usize>) -> [&'a [Tile]; 2] {
        self.starts.map(|start| {
            let line = start / SIDE * depth;
            &side[line + range.start..line + range.end]
        })
    }
}

/// `to = a·b` or `to += a·b`, of sides laid out in `depth` tiles along the sum.
fn multiply(to: ViewMut<'_, f32>, add: bool, a: &[Tile], b: &[Tile], depth: usize) {
    let mut configured = None;
    for from in (0..depth).step_by(DEPTH_TILES) {
        let range = from..depth.min(from + DEPTH_TILES);
        for rows in Pair::all(to.rows) {
            let left = rows.tiles(a, depth, &range);
            for cols in Pair::all(to.cols) {
                let shape = (rows.counts, cols.counts);
                if configured.replace(shape) != Some(shape) {
                    Configuration::new(rows.counts, cols.counts).load();
                }
                let right = cols.tiles(b, depth, &range);
                multiply_pairs(to.data, to.cols, (rows, cols), add || from > 0, left, right);
            }
        }
    }
    // SAFETY: leaves the tiles as they were before `ldtilecfg`.
    unsafe { asm!("tilerelease", options(nostack, nomem)) }
}

/// Two by two tiles of the product: sixteen cycles a product of two tiles, and one load for each. Where there is one row or column of them it is
/// worked out twice, the same.
fn multiply_pairs(
    to: &mut [f32],
    width: usize,
    (rows, cols): (Pair, Pair),
    add: bool,
    a: [&[Tile]; 2],
    b: [&[Tile]; 2],
) {
    let depth = a[0].len();
    let last = (rows.starts[1] + rows.counts[1] - 1) * width + cols.starts[1] + cols.counts[1];
    assert!(last <= to.len() && [a[1], b[0], b[1]].iter().all(|side| side.len() == depth));
    let base = to.as_mut_ptr();
    let [first, second] = rows.starts.map(|row| base.wrapping_add(row * width + cols.starts[0]));
    // SAFETY: `is_here` has seen the unit, and it is configured for these rows and columns, of which `to` holds the last. Both sides hold `depth` tiles.
    unsafe {
        asm!(
            "test {add:e}, {add:e}",
            "jz 2f",
            "tileloadd tmm0, [{first} + {stride}]",
            "tileloadd tmm2, [{second} + {stride}]",
            "add {first}, {right}",
            "add {second}, {right}",
            "tileloadd tmm1, [{first} + {stride}]",
            "tileloadd tmm3, [{second} + {stride}]",
            "jmp 3f",
            "2:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "add {first}, {right}",
            "add {second}, {right}",
            "3:",
            "tileloadd tmm6, [{b0} + {line}]",
            "tileloadd tmm4, [{a0} + {line}]",
            "tileloadd tmm7, [{b1} + {line}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{a1} + {line}]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {a0}, 1024",
            "add {a1}, 1024",
            "add {b0}, 1024",
            "add {b1}, 1024",
            "dec {depth}",
            "jnz 3b",
            "tilestored [{second} + {stride}], tmm3",
            "tilestored [{first} + {stride}], tmm1",
            "sub {first}, {right}",
            "sub {second}, {right}",
            "tilestored [{second} + {stride}], tmm2",
            "tilestored [{first} + {stride}], tmm0",
            add = in(reg) u32::from(add),
            first = inout(reg) first => _,
            second = inout(reg) second => _,
            right = in(reg) (cols.starts[1] - cols.starts[0]) * size_of::<f32>(),
            stride = in(reg) width * size_of::<f32>(),
            line = in(reg) DEPTH * size_of::<u16>(),
            a0 = inout(reg) a[0].as_ptr() => _,
            a1 = inout(reg) a[1].as_ptr() => _,
            b0 = inout(reg) b[0].as_ptr() => _,
            b1 = inout(reg) b[1].as_ptr() => _,
            depth = inout(reg) depth => _,
            options(nostack),
        );
    }
}
