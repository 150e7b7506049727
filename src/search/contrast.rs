//! Two rankings of one query side by side: how much they agree.

use std::collections::HashSet;
use std::hash::Hash;

/// Persistence of the imagined reader in [`rank_biased_overlap`]: the first ten ranks carry 86 % of the weight.
pub const PERSISTENCE: f64 = 0.9;

/// Overlap@k: the share of the longer list that both hold; `None` if both are empty.
#[must_use]
pub fn overlap<T: Eq + Hash>(a: &[T], b: &[T]) -> Option<f64> {
    let longer = a.len().max(b.len());
    let a: HashSet<&T> = a.iter().collect();
    let both = b.iter().filter(|item| a.contains(item)).count();
    (longer > 0).then(|| both as f64 / longer as f64)
}

/// Rank-biased overlap, extrapolated (Webber, Moffat & Zobel 2010, equation 32), 0 (nothing in common) to 1 (the same list);
/// `None` if both lists are empty. Items are distinct within a list.
#[must_use]
pub fn rank_biased_overlap<T: Eq + Hash>(a: &[T], b: &[T], p: f64) -> Option<f64> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.is_empty() {
        return None;
    }
    let (s, l) = (short.len(), long.len());
    let (mut seen_short, mut seen_long) = (HashSet::new(), HashSet::new());
    let (mut common, mut common_at_s) = (0usize, 0usize);
    let mut sum = 0.0;
    for d in 1..=l {
        let item = &long[d - 1];
        seen_long.insert(item);
        common += usize::from(seen_short.contains(item));
        if let Some(other) = short.get(d - 1) {
            seen_short.insert(other);
            common += usize::from(seen_long.contains(other));
        }
        if d <= s {
            common_at_s = common;
        }
        let weight = p.powi(d as i32);
        sum += common as f64 / d as f64 * weight;
        if d > s && s > 0 {
            sum += (common_at_s * (d - s)) as f64 / (s * d) as f64 * weight;
        }
    }
    let at_s = if s > 0 { common_at_s as f64 / s as f64 } else { 0.0 };
    let tail = (common - common_at_s) as f64 / l as f64 + at_s;
    Some((1.0 - p) / p * sum + tail * p.powi(l as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rbo(a: &str, b: &str, p: f64) -> f64 {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        rank_biased_overlap(&a, &b, p).unwrap()
    }

    #[test]
    fn overlap_counts_what_both_hold() {
        assert_eq!(overlap(&[1, 2, 3, 4], &[4, 9, 1]), Some(0.5));
        assert_eq!(overlap::<u8>(&[], &[]), None);
        assert_eq!(overlap(&[1], &[]), Some(0.0));
    }

    #[test]
    fn the_same_list_is_one_and_strangers_are_zero() {
        assert!((rbo("abcd", "abcd", 0.9) - 1.0).abs() < 1e-12);
        assert!(rbo("abcd", "efgh", 0.9).abs() < 1e-12);
        assert_eq!(rank_biased_overlap::<u8>(&[], &[], 0.9), None);
        assert_eq!(rbo("abc", "", 0.9), 0.0);
    }

    #[test]
    fn worked_out_by_hand() {
        // "ab" against "ba", p = .5: agreement 0 at depth 1, 1 at depth 2.
        // (.5/.5) · (0 + 1 · .25) + 1 · .25 = .5.
        assert!((rbo("ab", "ba", 0.5) - 0.5).abs() < 1e-12);
        // "a" against "ba", p = .5: s = 1, l = 2, nothing common at 1, one common at 2.
        // (0 + 1/2 · .25 + 0) + (1/2 + 0) · .25 = .25.
        assert!((rbo("a", "ba", 0.5) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn it_is_symmetric_and_prefers_agreement_at_the_top() {
        assert_eq!(rbo("abcd", "bcx", 0.9), rbo("bcx", "abcd", 0.9));
        assert!(rbo("abcd", "abxy", 0.9) > rbo("abcd", "xyab", 0.9));
    }
}
