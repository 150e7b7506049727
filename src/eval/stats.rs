//! The few statistics that reports of quality need: rank correlation, and intervals of 95 %.

use crate::vocab::sampling::Rng;
use serde::Serialize;

/// The normal quantile of 97.5 %.
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// Where the true value lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Pearson's r of two equally long lists; `None` for fewer than two pairs, or if one list is constant.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    let mean = |values: &[f64]| values[..n].iter().sum::<f64>() / n as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
    }
    (n > 1 && xx > 0.0 && yy > 0.0).then(|| (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0))
}

/// Spearman's ρ: Pearson's r of the ranks, equal values sharing the mean of theirs.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&ranks(x), &ranks(y))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let equal = order[start..].iter().take_while(|i| values[**i] == values[order[start]]).count().max(1);
        let rank = start as f64 + (equal as f64 + 1.0) / 2.0;
        order[start..start + equal].iter().for_each(|i| ranks[*i] = rank);
        start += equal;
    }
    ranks
}

/// Interval of Spearman's ρ over `n` pairs by Fisher's transformation, with the variance of Bonett and Wright 2000,
/// `(1 + ρ²/2) / (n - 3)`; `None` for fewer than four pairs.
#[must_use]
pub fn spearman_interval(rho: f64, n: usize) -> Option<Interval> {
    if n < 4 {
        return None;
    }
    let reach = Z * ((1.0 + rho * rho / 2.0) / (n as f64 - 3.0)).sqrt();
    let z = rho.clamp(-1.0 + 1e-12, 1.0 - 1e-12).atanh();
    Some(Interval { low: (z - reach).tanh(), high: (z + reach).tanh() })
}

/// Wilson's interval of a share of `n`; `None` if `n` is 0.
#[must_use]
pub fn share_interval(count: usize, n: usize) -> Option<Interval> {
    if n == 0 {
        return None;
    }
    let (n, share) = (n as f64, count as f64 / n as f64);
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some(Interval { low: ((middle - reach) / scale).max(0.0), high: ((middle + reach) / scale).min(1.0) })
}

/// As many items drawn with replacement (Efron 1979).
#[must_use]
pub fn resample<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut random = Rng::new(seed, 0);
    items.iter().map(|_| items[random.below(items.len() as u32) as usize].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_ranks() {
        assert_eq!(ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
    }

    #[test]
    fn correlations_by_hand() {
        // Ranks 1 2 3 4 and 1 3 2 4: 1 - 6·(0 + 1 + 1 + 0) / (4·15) = 0.8.
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[10.0, 30.0, 20.0, 40.0]).unwrap() - 0.8).abs() < 1e-12);
        assert!((pearson(&[0.0, 1.0], &[5.0, 3.0]).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0], &[1.0]), None);
    }

    #[test]
    fn intervals_by_hand() {
        // ρ = 0.5, n = 103: reach 1.96 · √(1.125 / 100) = 0.20788; tanh(0.54931 ∓ 0.20788) = 0.3288, 0.6395.
        let interval = spearman_interval(0.5, 103).unwrap();
        assert!(
            (interval.low - 0.3288).abs() < 1e-4 && (interval.high - 0.6395).abs() < 1e-4,
            "{interval:?}"
        );
        // 8 of 10: Wilson gives 0.4902 to 0.9433.
        let interval = share_interval(8, 10).unwrap();
        assert!(
            (interval.low - 0.4902).abs() < 1e-4 && (interval.high - 0.9433).abs() < 1e-4,
            "{interval:?}"
        );
        assert_eq!((spearman_interval(1.0, 3), share_interval(0, 0)), (None, None));
    }
}
