//! Point-wise loops, compiled once per instruction set and chosen at run time.
//!
//! A loop is a [`Kernel`]: a struct of slices with an `#[inline(always)]` body of plain Rust that vectorises. Portable code
//! becomes NEON or SSE2. Every instruction set does the same operations in the same order, so the results are equal.

/// A loop over slices.
pub trait Kernel {
    /// What it gives back.
    type Output;

    /// Runs it. Implementations are marked `#[inline(always)]`, or nothing is gained.
    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

/// Runs a kernel with the widest instructions of the running processor.
#[allow(unsafe_code)]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
        {
            // SAFETY: the processor has just been seen to have the instructions.
            return unsafe { run_avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has just been seen to have the instructions.
            return unsafe { run_avx2(kernel) };
        }
    }
    kernel.run()
}
