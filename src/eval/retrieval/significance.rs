//! Is one mode better than another, or was it chance? Paired randomisation (Fisher 1935; Smucker, Allan & Carterette 2007):
//! had chance alone dealt each query's two values to the two modes, how often would their means differ as much?

use serde::{Deserialize, Serialize};

/// Ways of dealing that are tried.
const DEALS: u32 = 10_000;
const SEED: u64 = 0x5eed;

/// What a paired comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PairedTest {
    /// Mean of b minus a.
    pub difference: f64,
    /// Two-sided: the share of random deals, this one counted in, whose means differ at least as much.
    pub p: f64,
    /// Queries on which b is better.
    pub better: usize,
    /// Queries on which b is worse.
    pub worse: usize,
}

/// Compares two lists of values of the same queries; `None` for none.
#[must_use]
pub fn paired_test(a: &[f64], b: &[f64]) -> Option<PairedTest> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    if differences.is_empty() {
        return None;
    }
    let sum: f64 = differences.iter().sum();
    let mut state = SEED;
    let as_far = (0..DEALS).filter(|_| dealt(&differences, &mut state).abs() >= sum.abs() - 1e-9).count();
    Some(PairedTest {
        difference: sum / differences.len() as f64,
        p: (as_far + 1) as f64 / f64::from(DEALS + 1),
        better: differences.iter().filter(|d| **d > 0.0).count(),
        worse: differences.iter().filter(|d| **d < 0.0).count(),
    })
}

/// The sum with each sign drawn anew.
fn dealt(differences: &[f64], state: &mut u64) -> f64 {
    let mut sum = 0.0;
    for chunk in differences.chunks(64) {
        let mut bits = split_mix(state);
        for difference in chunk {
            sum += if bits & 1 == 0 { *difference } else { -difference };
            bits >>= 1;
        }
    }
    sum
}

/// SplitMix64 (Steele, Lea & Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equal_gains_come_about_by_chance_in_one_of_four_deals() {
        let test = paired_test(&[0.0; 3], &[1.0; 3]).unwrap();
        assert_eq!((test.difference, test.better, test.worse), (1.0, 3, 0));
        assert!((test.p - 0.25).abs() < 0.02, "{}", test.p);
    }

    #[test]
    fn no_difference_is_no_evidence_and_a_steady_one_is() {
        assert_eq!(paired_test(&[0.5; 9], &[0.5; 9]).unwrap().p, 1.0);
        assert!(paired_test(&[0.1; 30], &[0.3; 30]).unwrap().p < 0.001);
        assert_eq!(paired_test(&[], &[]), None);
    }
}
