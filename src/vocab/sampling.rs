//! Random choices: which places are kept, which words are drawn as negatives.

/// A small fast generator (wyrand: Wang Yi 2019, public domain); not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream of its own for each `(seed, stream)`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        rng.next();
        let scrambled = rng.next();
        Self(scrambled)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0xA076_1D64_78BD_642F);
        let product = u128::from(self.0) * u128::from(self.0 ^ 0xE703_7ED1_A0B4_28DB);
        (product >> 64) as u64 ^ product as u64
    }

    /// Even over `0..limit`.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// Even over `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}

/// Draws words in proportion to a power of their counts, in constant time (Vose's alias method).
#[derive(Debug)]
pub(crate) struct NegativeTable {
    /// For each slot: draw the slot's own word below this 32-bit threshold, else its alias.
    slots: Vec<(u32, u32)>,
}

impl NegativeTable {
    pub(crate) fn new(counts: &[u64], exponent: f64) -> Self {
        let mut weights: Vec<f64> = counts.iter().map(|count| (*count as f64).powf(exponent)).collect();
        let scale = counts.len() as f64 / weights.iter().sum::<f64>();
        weights.iter_mut().for_each(|weight| *weight *= scale);
        let mut slots: Vec<(u32, u32)> = (0..counts.len() as u32).map(|id| (u32::MAX, id)).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) =
            (0..counts.len() as u32).partition(|id| weights[*id as usize] < 1.0);
        while let (Some(&low), Some(&high)) = (small.last(), large.last()) {
            small.pop();
            let weight = weights[low as usize];
            slots[low as usize] = ((weight * f64::from(u32::MAX)) as u32, high);
            weights[high as usize] -= 1.0 - weight;
            if weights[high as usize] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        Self { slots }
    }

    pub(crate) fn draw(&self, rng: &mut Rng) -> u32 {
        let random = rng.next();
        let slot = (((random >> 32) * self.slots.len() as u64) >> 32) as u32;
        let (threshold, alias) = self.slots[slot as usize];
        if random as u32 <= threshold { slot } else { alias }
    }
}

/// Leaves out frequent words at random: a word that makes up the share `f` of the corpus stays with probability
/// `√(t/f) + t/f` (word2vec.c; the paper's equation 5 lacks the second term).
#[derive(Debug)]
pub(crate) struct Subsampling {
    /// By id, the 32-bit threshold up to which a random number keeps the word.
    keep: Vec<u32>,
}

impl Subsampling {
    pub(crate) fn new(counts: &[u64], threshold: f64) -> Self {
        let total: u64 = counts.iter().sum();
        let keep = counts.iter().map(|&count| {
            let ratio = threshold * total as f64 / count as f64;
            let probability = if threshold == 0.0 { 1.0 } else { (ratio.sqrt() + ratio).min(1.0) };
            (probability * f64::from(u32::MAX)) as u32
        });
        Self { keep: keep.collect() }
    }

    pub(crate) fn keeps(&self, id: u32, rng: &mut Rng) -> bool {
        let threshold = self.keep[id as usize];
        threshold == u32::MAX || (rng.next() >> 32) as u32 <= threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negatives_follow_the_powered_counts() {
        // Counts 16, 1, 0 to the power 0.5 are 4, 1, 0: shares 0.8, 0.2, 0.
        let table = NegativeTable::new(&[16, 1, 0], 0.5);
        let mut rng = Rng::new(7, 0);
        let mut drawn = [0u32; 3];
        (0..100_000).for_each(|_| drawn[table.draw(&mut rng) as usize] += 1);
        assert!(drawn[0].abs_diff(80_000) < 800 && drawn[2] < 5, "{drawn:?}");
    }

    #[test]
    fn a_word_of_a_hundredth_of_the_corpus_is_kept_one_time_in_nine() {
        // f = 0.01, t = 0.0001: √0.01 + 0.01 = 0.11. f = 0.99: √0.000101 + 0.000101 = 0.01015.
        let subsampling = Subsampling::new(&[9900, 100], 1e-4);
        let mut rng = Rng::new(3, 1);
        let kept = (0..100_000).filter(|_| subsampling.keeps(1, &mut rng)).count();
        assert!(kept.abs_diff(11_000) < 400, "{kept}");
        assert!(Subsampling::new(&[1], 0.0).keeps(0, &mut rng));
    }

    #[test]
    fn streams_differ_and_repeat() {
        assert_eq!(Rng::new(1, 2).next(), Rng::new(1, 2).next());
        assert_ne!(Rng::new(1, 2).next(), Rng::new(1, 3).next());
        assert!((0..1000).all(|stream| Rng::new(5, stream).below(3) < 3));
    }
}
