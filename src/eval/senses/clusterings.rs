//! How alike are two groupings of the same instances, where an instance may belong to several groups, to a degree?
//!
//! Sources: paired F-score and V-measure, Manandhar, Klapaftis, Dligach and Pradhan 2010 (SemEval-2010 task 14), Rosenberg and Hirschberg
//! 2007, on the group that each instance belongs to most; fuzzy normalised mutual information and fuzzy B-cubed, Jurgens and Klapaftis
//! 2013 (SemEval-2013 task 13), after Lancichetti, Fortunato and Kertész 2009 and Amigó, Gonzalo, Artiles and Verdejo 2009.

use std::collections::{BTreeMap, BTreeSet};

/// The groups of one instance with its degree of membership in each, above 0, adding up to 1.
pub type Membership = Vec<(usize, f64)>;

/// Bins of equal width into which degrees are put for entropies, as the task's scorer does.
const BINS: f64 = 10.0;

/// The group of the highest degree; of equals, the one named first.
fn best(membership: &Membership) -> Option<usize> {
    let higher = |best: (usize, f64), next: &(usize, f64)| if next.1 > best.1 { *next } else { best };
    let (first, rest) = membership.split_first()?;
    Some(rest.iter().fold(*first, higher).0)
}

/// `2pr / (p + r)`; 0 if both are.
#[must_use]
pub fn f_score(p: f64, r: f64) -> f64 {
    if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 }
}

/// F-score of the pairs of instances that are in one group; 0 where one side has no such pair.
#[must_use]
pub fn paired_f(gold: &[Membership], found: &[Membership]) -> f64 {
    let (mut both, mut in_gold, mut in_found) = (0.0, 0.0, 0.0);
    for a in 0..gold.len() {
        for b in 0..a {
            let same_gold = best(&gold[a]) == best(&gold[b]);
            let same_found = best(&found[a]) == best(&found[b]);
            in_gold += f64::from(u8::from(same_gold));
            in_found += f64::from(u8::from(same_found));
            both += f64::from(u8::from(same_gold && same_found));
        }
    }
    let share = |of: f64| if of > 0.0 { both / of } else { 0.0 };
    f_score(share(in_found), share(in_gold))
}

/// Harmonic mean of homogeneity and completeness.
#[must_use]
pub fn v_measure(gold: &[Membership], found: &[Membership]) -> f64 {
    let gold: Vec<i64> = gold.iter().map(|of| best(of).map_or(-1, |at| at as i64)).collect();
    let found: Vec<i64> = found.iter().map(|of| best(of).map_or(-1, |at| at as i64)).collect();
    let (of_gold, of_found, joint) = (entropy(&gold), entropy(&found), joint_entropy(&gold, &found));
    let kept = |own: f64, other: f64| if own > 0.0 { (1.0 - (joint - other) / own).max(0.0) } else { 1.0 };
    f_score(kept(of_gold, of_found), kept(of_found, of_gold))
}

fn entropy<T: Ord>(values: &[T]) -> f64 {
    let mut counts: BTreeMap<&T, f64> = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry(value).or_default() += 1.0);
    counts.values().map(|count| h(count / values.len() as f64)).sum()
}

fn joint_entropy(a: &[i64], b: &[i64]) -> f64 {
    let pairs: Vec<(i64, i64)> = a.iter().copied().zip(b.iter().copied()).collect();
    entropy(&pairs)
}

fn h(p: f64) -> f64 {
    if p > 0.0 { -p * p.ln() } else { 0.0 }
}

/// Degrees of every instance in each group that occurs.
fn columns(memberships: &[Membership]) -> Vec<Vec<f64>> {
    let groups: BTreeSet<usize> = memberships.iter().flatten().map(|(group, _)| *group).collect();
    let degree = |membership: &Membership, group: usize| {
        membership.iter().find(|(own, _)| *own == group).map_or(0.0, |(_, degree)| *degree)
    };
    groups.into_iter().map(|group| memberships.iter().map(|of| degree(of, group)).collect()).collect()
}

fn bins(column: &[f64]) -> Vec<i64> {
    column.iter().map(|degree| (degree * BINS).min(BINS - 1.0) as i64).collect()
}

/// Fuzzy normalised mutual information: what each grouping's groups tell of the other's, by the one that tells most, over
/// the greater of both entropies; 0 where neither has any.
#[must_use]
pub fn fuzzy_nmi(gold: &[Membership], found: &[Membership]) -> f64 {
    let (gold, found) = (columns(gold), columns(found));
    let total = |columns: &[Vec<f64>]| columns.iter().map(|column| entropy(&bins(column))).sum::<f64>();
    let (of_gold, of_found) = (total(&gold), total(&found));
    let greater = of_gold.max(of_found);
    if greater <= 0.0 {
        return 0.0;
    }
    let told = of_gold - conditional(&gold, &found) + of_found - conditional(&found, &gold);
    0.5 * told / greater
}

/// `Σ_i min_j H(X_i | Y_j)`, over those `Y_j` that are not rather `X_i`'s complement.
fn conditional(xs: &[Vec<f64>], ys: &[Vec<f64>]) -> f64 {
    let given = |x: &Vec<f64>| {
        let own = bins(x);
        let told = ys.iter().filter(|y| !is_complement(x, y)).map(|y| {
            let other = bins(y);
            joint_entropy(&own, &other) - entropy(&other)
        });
        told.min_by(f64::total_cmp).unwrap_or_else(|| entropy(&own))
    };
    xs.iter().map(given).sum()
}

/// Equation B.14 of Lancichetti et al.
fn is_complement(x: &[f64], y: &[f64]) -> bool {
    let n = x.len() as f64;
    let share = |in_x: bool, in_y: bool| {
        let pairs = x.iter().zip(y);
        h(pairs.filter(|(x, y)| (**x > 0.0) == in_x && (**y > 0.0) == in_y).count() as f64 / n)
    };
    share(true, true) + share(false, false) < share(true, false) + share(false, true)
}

/// Fuzzy B-cubed precision and recall. Pairs of different instances only, so that an instance alone in its group counts 0.
#[must_use]
pub fn fuzzy_b_cubed(gold: &[Membership], found: &[Membership]) -> (f64, f64) {
    (b_cubed_side(found, gold), b_cubed_side(gold, found))
}

/// Mean over the instances of how much of their agreement in `of` stands in `against` too.
fn b_cubed_side(of: &[Membership], against: &[Membership]) -> f64 {
    let instance = |a: usize| {
        let (mut sum, mut count) = (0.0, 0.0);
        for b in (0..of.len()).filter(|b| *b != a) {
            let Some(own) = agreement(&of[a], &of[b]) else { continue };
            count += 1.0;
            if own > 0.0 {
                sum += agreement(&against[a], &against[b]).unwrap_or(0.0).min(own) / own;
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    };
    (0..of.len()).map(instance).sum::<f64>() / of.len().max(1) as f64
}

/// `Σ 1 - |w_a - w_b|` over the groups of both; `None` without such a group.
fn agreement(a: &Membership, b: &Membership) -> Option<f64> {
    let near = |(group, degree): &(usize, f64)| {
        b.iter().find(|(other, _)| other == group).map(|(_, other)| 1.0 - (degree - other).abs())
    };
    let shared: Vec<f64> = a.iter().filter_map(near).collect();
    (!shared.is_empty()).then(|| shared.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hard(groups: &[usize]) -> Vec<Membership> {
        groups.iter().map(|group| vec![(*group, 1.0)]).collect()
    }

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-9, "expected {expected}, got {got}");
    }

    #[test]
    fn hard_measures_by_hand() {
        // Gold {0 1} {2 3}, found {0 1 2} {3}: one pair of both, 2 of gold, 3 found; P 1/3, R 1/2, F 0.4.
        let (gold, found) = (hard(&[0, 0, 1, 1]), hard(&[0, 0, 0, 1]));
        near(paired_f(&gold, &found), 0.4);
        // In bits: H(G) 1, H(K) 0.811278, H(G,K) 1.5; h 0.311278, c 0.383688; V 0.343711.
        assert!((v_measure(&gold, &found) - 0.343_711).abs() < 1e-6);
        // P: three instances of the group of three have 1/2, 1/2, 0 and the single one 0: 1/4. R: 1, 1, 0, 0: 1/2.
        let (p, r) = fuzzy_b_cubed(&gold, &found);
        near(p, 0.25);
        near(r, 0.5);
        // Gold's columns say one bit each; each found column says 0.811278; of each, 0.311278 bits are shared: by the complement's rule
        // column 0 goes with 0 and 1 with 1. (4 · 0.311278) / 2 / 2.
        assert!((fuzzy_nmi(&gold, &found) - 0.311_278).abs() < 1e-6);
    }

    #[test]
    fn the_same_grouping_is_perfect_under_other_names() {
        let (gold, found) = (hard(&[0, 0, 1, 1]), hard(&[7, 7, 3, 3]));
        near(paired_f(&gold, &found), 1.0);
        near(v_measure(&gold, &found), 1.0);
        near(fuzzy_nmi(&gold, &found), 1.0);
        assert_eq!(fuzzy_b_cubed(&gold, &found), (1.0, 1.0));
    }

    #[test]
    fn controls_by_hand() {
        let gold = hard(&[0, 0, 1, 1]);
        let (one, each) = (hard(&[0; 4]), hard(&[0, 1, 2, 3]));
        // All together: 6 pairs, 2 right; P 1/3, R 1, F 1/2. Nothing is told: V and NMI 0.
        near(paired_f(&gold, &one), 0.5);
        near(v_measure(&gold, &one), 0.0);
        near(fuzzy_nmi(&gold, &one), 0.0);
        let (p, r) = fuzzy_b_cubed(&gold, &one);
        near(p, 1.0 / 3.0);
        near(r, 1.0);
        // Each alone: no pair; homogeneity 1, completeness 1/2, V 2/3.
        near(paired_f(&gold, &each), 0.0);
        near(v_measure(&gold, &each), 2.0 / 3.0);
        assert_eq!(fuzzy_b_cubed(&gold, &each), (0.0, 0.0));
    }

    #[test]
    fn degrees_by_hand() {
        // Gold: both in sense 0 alone: agreement 1. Found: (0.75, 0.25) and (0.25, 0.75): 0.5 + 0.5 = 1 in two groups.
        let gold = hard(&[0, 0]);
        let found = vec![vec![(0, 0.75), (1, 0.25)], vec![(0, 0.25), (1, 0.75)]];
        assert_eq!(fuzzy_b_cubed(&gold, &found), (1.0, 1.0));
        // Found (1) and (0.5, 0.5): agreement 0.5 of gold's 1: recall 0.5, precision 1.
        let found = vec![vec![(0, 1.0)], vec![(0, 0.5), (1, 0.5)]];
        assert_eq!(fuzzy_b_cubed(&gold, &found), (1.0, 0.5));
        // Degrees tell more than membership does: halves and wholes are other bins, though every instance is in group 0.
        let gold = vec![vec![(0, 1.0)], vec![(0, 0.5), (1, 0.5)]];
        near(fuzzy_nmi(&gold, &gold), 1.0);
    }
}
