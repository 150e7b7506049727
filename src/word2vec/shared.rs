//! A matrix that all threads read and add to without locks (Hogwild: Recht et al. 2011).
//!
//! Each value is an atomic, so that a race is defined: what may be lost is one of two additions to the same value
//! at the same moment. Rows are copied to buffers of a thread's own, changed there by a block of places, and the
//! difference is added back. Copying one atomic at a time makes all of training take 1.6 times as long (200
//! dimensions, AVX-512), therefore on x86-64 this file moves sixteen or eight values by one instruction of an
//! `asm!` block; elsewhere it goes value by value.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Values in one group: rows are padded to a multiple, so that a row starts and ends with a whole cache line.
pub(crate) const GROUP: usize = 16;

/// Values between the starts of two rows of `dim` columns.
pub(crate) fn stride(dim: usize) -> usize {
    dim.next_multiple_of(GROUP)
}

#[repr(align(64))]
#[derive(Debug)]
struct Group([AtomicU32; GROUP]);

/// Rows × `dim`, row-major, `f32`, padded with zeros.
#[derive(Debug)]
pub(crate) struct SharedMatrix {
    groups: Vec<Group>,
    dim: usize,
    groups_a_row: usize,
}

impl SharedMatrix {
    /// All zeros.
    pub(crate) fn zeros(rows: usize, dim: usize) -> Result<Self> {
        let groups_a_row = stride(dim) / GROUP;
        let mut groups = Vec::new();
        let len = rows.saturating_mul(groups_a_row);
        groups.try_reserve_exact(len).map_err(|_| Error::TooLarge {
            what: format!("a matrix of {rows} × {dim}"),
            needed_bytes: (len as u64).saturating_mul(64),
            budget_bytes: isize::MAX as u64,
            cure: "lower the dimension or raise the minimum count".into(),
        })?;
        groups.resize_with(len, || Group(Default::default()));
        Ok(Self { groups, dim, groups_a_row })
    }

    pub(crate) fn rows(&self) -> usize {
        self.groups.len() / self.groups_a_row
    }

    fn row(&self, row: usize) -> &[Group] {
        &self.groups[row * self.groups_a_row..][..self.groups_a_row]
    }

    /// Sets a row's first `values.len()` values.
    pub(crate) fn set(&self, row: usize, values: &[f32]) {
        let atoms = self.row(row).iter().flat_map(|group| &group.0);
        atoms.zip(values).for_each(|(atom, value)| atom.store(value.to_bits(), Relaxed));
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// A row's values without padding.
    pub(crate) fn values(&self, row: usize) -> impl Iterator<Item = f32> {
        let atoms = self.row(row).iter().flat_map(|group| &group.0).take(self.dim);
        atoms.map(|atom| f32::from_bits(atom.load(Relaxed)))
    }

    /// The matrix without padding, rows × `dim`.
    pub(crate) fn into_values(self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.rows() * self.dim);
        for row in 0..self.rows() {
            values.extend(self.values(row));
        }
        values
    }

    /// Copies a row twice, to `new` and `old`; both have [`stride`] values.
    pub(crate) fn load(&self, row: usize, new: &mut [f32], old: &mut [f32]) {
        room::load(self.row(row), new, old);
    }

    /// Adds `new - old` to a row; both have [`stride`] values.
    pub(crate) fn add_difference(&self, row: usize, new: &[f32], old: &[f32]) {
        room::add_difference(self.row(row), new, old);
    }

    /// Asks the processor to fetch a row into its second-level cache.
    pub(crate) fn prefetch(&self, row: usize) {
        room::prefetch(self.row(row));
    }
}

/// Value by value: for processors without the instructions below, and as their definition.
mod plain {
    use super::{GROUP, Group, Relaxed};

    pub(super) fn load(from: &[Group], new: &mut [f32], old: &mut [f32]) {
        for (from, new) in from.iter().zip(new.chunks_exact_mut(GROUP)) {
            from.0.iter().zip(new).for_each(|(atom, new)| *new = f32::from_bits(atom.load(Relaxed)));
        }
        old.copy_from_slice(new);
    }

    pub(super) fn add_difference(to: &[Group], new: &[f32], old: &[f32]) {
        for ((to, new), old) in to.iter().zip(new.chunks_exact(GROUP)).zip(old.chunks_exact(GROUP)) {
            for (atom, (new, old)) in to.0.iter().zip(new.iter().zip(old)) {
                let sum = f32::from_bits(atom.load(Relaxed)) + (new - old);
                atom.store(sum.to_bits(), Relaxed);
            }
        }
    }
}

#[allow(unsafe_code)]
mod room {
    use super::{GROUP, Group, plain};

    pub(super) fn load(from: &[Group], new: &mut [f32], old: &mut [f32]) {
        assert!(from.len() * GROUP == new.len() && new.len() == old.len(), "buffers of one row");
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the instructions, and the lengths agree.
            return unsafe { x86::load_avx512(from, new, old) };
        } else if is_x86_feature_detected!("avx") {
            // SAFETY: as above.
            return unsafe { x86::load_avx(from, new, old) };
        }
        plain::load(from, new, old);
    }

    pub(super) fn add_difference(to: &[Group], new: &[f32], old: &[f32]) {
        assert!(to.len() * GROUP == new.len() && new.len() == old.len(), "buffers of one row");
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the instructions, and the lengths agree.
            return unsafe { x86::add_difference_avx512(to, new, old) };
        } else if is_x86_feature_detected!("avx") {
            // SAFETY: as above.
            return unsafe { x86::add_difference_avx(to, new, old) };
        }
        plain::add_difference(to, new, old);
    }

    pub(super) fn prefetch(row: &[Group]) {
        #[cfg(target_arch = "x86_64")]
        for group in row {
            // SAFETY: a prefetch reads nothing that can be observed.
            unsafe {
                use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
                _mm_prefetch::<_MM_HINT_T1>(group.0.as_ptr().cast());
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = row;
    }

    #[cfg(target_arch = "x86_64")]
    mod x86 {
        use super::super::{GROUP, Group};
        use std::arch::asm;

        macro_rules! copies {
            ($feature:literal, $register:ident, $width:literal, $load:ident, $add_difference:ident) => {
                /// # Safety
                /// The processor has the instructions; `new` and `old` are as long as `from`.
                #[target_feature(enable = $feature)]
                pub(super) unsafe fn $load(from: &[Group], new: &mut [f32], old: &mut [f32]) {
                    for at in (0..from.len() * GROUP).step_by($width) {
                        // SAFETY: all places hold `$width` values. The block reads as many atomics, relaxed:
                        // the processor moves aligned 4-byte elements of a vector whole.
                        unsafe {
                            asm!("vmovups {v}, [{from}]", "vmovups [{new}], {v}", "vmovups [{old}], {v}",
                                v = out($register) _, from = in(reg) from.as_ptr().cast::<f32>().add(at),
                                new = in(reg) new.as_mut_ptr().add(at), old = in(reg) old.as_mut_ptr().add(at),
                                options(nostack, preserves_flags));
                        }
                    }
                }

                /// # Safety
                /// The processor has the instructions; `new` and `old` are as long as `to`.
                #[target_feature(enable = $feature)]
                pub(super) unsafe fn $add_difference(to: &[Group], new: &[f32], old: &[f32]) {
                    for at in (0..to.len() * GROUP).step_by($width) {
                        // SAFETY: all places hold `$width` values. The block reads and writes as many
                        // atomics, relaxed, which a shared reference allows.
                        unsafe {
                            asm!("vmovups {v}, [{new}]", "vsubps {v}, {v}, [{old}]", "vaddps {v}, {v}, [{to}]",
                                "vmovups [{to}], {v}", v = out($register) _, to = in(reg) to.as_ptr().cast::<f32>().add(at),
                                new = in(reg) new.as_ptr().add(at), old = in(reg) old.as_ptr().add(at),
                                options(nostack, preserves_flags));
                        }
                    }
                }
            };
        }

        copies!("avx512f", zmm_reg, 16, load_avx512, add_difference_avx512);
        copies!("avx", ymm_reg, 8, load_avx, add_difference_avx);
    }
}
