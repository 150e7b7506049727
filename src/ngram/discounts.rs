//! The three discounts of modified Kneser-Ney (Chen & Goodman 1999, equation 17).

/// What is taken from n-grams that count 1, 2, and 3 or more.
pub(super) type Discounts = [f64; 3];

/// Where too little was counted to tell: as KenLM does on request (Heafield et al. 2013).
const FALLBACK: Discounts = [0.5, 1.0, 1.5];

/// How many n-grams of one length count 1, 2, 3 and 4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CountsOfCounts([u64; 4]);

impl CountsOfCounts {
    pub(super) fn add(&mut self, count: u64) {
        if (1..=4).contains(&count) {
            self.0[count as usize - 1] += 1;
        }
    }

    /// `D_i = i - (i + 1) Y n_{i+1} / n_i` with `Y = n_1 / (n_1 + 2 n_2)`; a fixed fallback where that cannot be, or leaves 0 to `i`.
    pub(super) fn discounts(self) -> Discounts {
        let n = self.0.map(|count| count as f64);
        let y = n[0] / (n[0] + 2.0 * n[1]);
        let discounts: Discounts =
            std::array::from_fn(|i| (i + 1) as f64 - (i + 2) as f64 * y * n[i + 1] / n[i]);
        let fits = |(i, discount): (usize, &f64)| *discount > 0.0 && *discount < (i + 1) as f64;
        if discounts.iter().enumerate().all(fits) { discounts } else { FALLBACK }
    }
}

/// What is left of a count.
pub(super) fn discounted(count: u64, discounts: &Discounts) -> f64 {
    match count {
        0 => 0.0,
        _ => count as f64 - discounts[count.min(3) as usize - 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discounts_by_hand() {
        // n = 10, 4, 2, 1: Y = 10/18. D1 = 1 - 2·Y·0.4 = 0.5556, D2 = 2 - 3·Y·0.5 = 1.1667, D3 = 3 - 4·Y·0.5 = 1.8889.
        let found = CountsOfCounts([10, 4, 2, 1]).discounts();
        let expected = [5.0 / 9.0, 7.0 / 6.0, 17.0 / 9.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert!((discounted(7, &found) - (7.0 - 17.0 / 9.0)).abs() < 1e-12);
        assert_eq!(discounted(0, &found), 0.0);
    }

    #[test]
    fn too_little_falls_back() {
        // No n-gram counts 3: D2 would be 2. n = 1, 4, 4, 4: Y = 1/9, D1 = 1 - 8/9 stays above 0; n = 1, 9, 1, 1: 1 - 18/19 too.
        assert_eq!(CountsOfCounts([10, 4, 0, 0]).discounts(), FALLBACK);
        assert_eq!(CountsOfCounts::default().discounts(), FALLBACK);
        assert!(CountsOfCounts([1, 4, 4, 4]).discounts()[0] > 0.0);
    }
}
