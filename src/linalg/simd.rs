//! Dot product and scaled addition: one loop, compiled once per instruction set, chosen at run time.
//!
//! The loop keeps 64 partial sums so that it vectorises to four registers of 512 bits, eight of 256, or sixteen of 128.

const LANES: usize = 64;

macro_rules! for_each_instruction_set {
    ($(#[$doc:meta])* $name:ident, $portable:ident, $avx2:ident, $avx512:ident, ($($arg:ident: $type:ty),*) $(-> $ret:ty)?) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $avx2($($arg: $type),*) $(-> $ret)? {
            $portable($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        fn $avx512($($arg: $type),*) $(-> $ret)? {
            $portable($($arg),*)
        }

        $(#[$doc])*
        #[allow(unsafe_code)]
        pub fn $name($($arg: $type),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                    // SAFETY: the processor has just been seen to have the instructions.
                    return unsafe { $avx512($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor has just been seen to have the instructions.
                    return unsafe { $avx2($($arg),*) };
                }
            }
            $portable($($arg),*)
        }
    };
}

#[inline(always)]
fn dot_loop(x: &[f32], y: &[f32]) -> f32 {
    assert_eq!(x.len(), y.len(), "dot product of vectors of different dimension");
    let mut sums = [0.0f32; LANES];
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (y_blocks, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for lane in 0..LANES {
            sums[lane] = multiply_add(x[lane], y[lane], sums[lane]);
        }
    }
    for (sum, (x, y)) in sums.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *sum = multiply_add(*x, *y, *sum);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

/// `x·y + z`, fused where the target has the instruction: `mul_add` without it is a slow library call.
#[inline(always)]
fn multiply_add(x: f32, y: f32, z: f32) -> f32 {
    x * y + z
}

#[inline(always)]
fn add_scaled_loop(to: &mut [f32], scale: f32, x: &[f32]) {
    assert_eq!(to.len(), x.len(), "sum of vectors of different dimension");
    for (to, x) in to.iter_mut().zip(x) {
        *to = multiply_add(scale, *x, *to);
    }
}

pub(super) use for_each_instruction_set;

for_each_instruction_set! {
    /// Dot product `x·y`.
    ///
    /// # Panics
    /// If the lengths differ.
    #[must_use]
    dot, dot_loop, dot_avx2, dot_avx512, (x: &[f32], y: &[f32]) -> f32
}

for_each_instruction_set! {
    /// `to += scale · x`.
    ///
    /// # Panics
    /// If the lengths differ.
    add_scaled, add_scaled_loop, add_scaled_avx2, add_scaled_avx512, (to: &mut [f32], scale: f32, x: &[f32])
}
