//! Rows of numbers as a few bits a value: each in steps of a part of its own root mean square; and plain numbers at half their bits.
//!
//! Small whole numbers near 0 are the frequent ones, so that the packer behind this comes near to their entropy: 3.1 bits a value at steps of
//! 0.5, 2.2 at 1.

/// Root mean square of a row.
pub(super) fn level(row: &[f32]) -> f32 {
    (row.iter().map(|x| x * x).sum::<f32>() / row.len() as f32).sqrt()
}

/// The upper half of a number, rounded to the nearest (bfloat16).
fn shortened(value: f32) -> u16 {
    let bits = value.to_bits();
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The number as it comes back.
pub(super) fn rounded(value: f32) -> f32 {
    f32::from_bits(u32::from(shortened(value)) << 16)
}

/// All upper bytes, then all lower ones: the upper ones are much alike.
pub(super) fn write_halves(values: &[f32], to: &mut Vec<u8>) {
    let halves = || values.iter().map(|value| shortened(*value).to_be_bytes());
    to.extend(halves().map(|[upper, _]| upper));
    to.extend(halves().map(|[_, lower]| lower));
}

/// What [`write_halves`] wrote, all of it.
pub(super) fn read_halves(bytes: &[u8]) -> impl Iterator<Item = f32> {
    let (upper, lower) = bytes.split_at(bytes.len() / 2);
    let pairs = upper.iter().zip(lower);
    pairs.map(|(upper, lower)| f32::from_bits(u32::from(u16::from_be_bytes([*upper, *lower])) << 16))
}

/// Writes a row in steps, less what is told of it in steps, a signed byte each; returns the step, near to the one asked for, by which they come nearest
/// to the row (least squares), as it is stored.
pub(super) fn write_steps(row: &[f32], told: &[f32], step: f32, to: &mut Vec<u8>) -> f32 {
    let scale = if step > 0.0 { 1.0 / step } else { 0.0 };
    let (mut along, mut square) = (0.0, 0.0);
    for (x, told) in row.iter().zip(told) {
        let value = (x * scale - told).round().clamp(-127.0, 127.0);
        let back = value + told;
        (along, square) = (along + x * back, square + back * back);
        to.push(value as i8 as u8);
    }
    if along > 0.0 { rounded(along / square) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_to_the_nearest() {
        // 1 + 2^-8 lies between 1 and 1 + 2^-7 and goes to the even one; 1 + 3·2^-9 lies above the middle.
        let values = [1.0 + 1.0 / 256.0, 1.0 + 3.0 / 512.0, -2.5];
        let mut bytes = Vec::new();
        write_halves(&values, &mut bytes);
        let back: Vec<f32> = read_halves(&bytes).collect();
        assert_eq!(back, [1.0, 1.0 + 1.0 / 128.0, -2.5]);
        assert_eq!(back, values.map(rounded));
    }

    #[test]
    fn rows_come_back_by_the_step_that_comes_nearest() {
        let row = [0.3, -0.4, 0.0, 1.2];
        // Mean square: (.09 + .16 + 1.44) / 4 = .4225, root .65.
        assert!((level(&row) - 0.65).abs() < 1e-6);
        let mut bytes = Vec::new();
        // In steps of .25: 1.2, -1.6, 0, 4.8; the step .25 · (1.2 + 3.2 + 24) / (1 + 4 + 25) comes nearest.
        let step = write_steps(&row, &[0.0; 4], 0.25, &mut bytes);
        assert!((step - 0.25 * 28.4 / 30.0).abs() < 1e-3, "{step}");
        // What is told needs not be written.
        let told = write_steps(&row, &[1.2, -1.6, 0.0, 4.8], 0.25, &mut bytes);
        assert!((told - 0.25).abs() < 1e-3, "{told}");
        assert_eq!(write_steps(&[0.0; 4], &[1.0; 4], 0.0, &mut bytes), 0.0);
        let values: Vec<i8> = bytes.iter().map(|byte| byte.cast_signed()).collect();
        assert_eq!(values, [1, -2, 0, 5, 0, 0, 0, 0, -1, -1, -1, -1]);
    }
}
