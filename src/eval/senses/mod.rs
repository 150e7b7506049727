//! How well words' senses are told apart, on the sets that papers use.
//!
//! Every kind reports the same shape: systems side by side, the service's own next to controls that know less, each with an interval
//! of 95 %. What is fitted (a threshold, the weights of a few similarities) is fitted on training data, or else on the rest of the
//! set in turn.

pub mod all_words;
pub mod clusterings;
pub mod coarse;
pub mod graded;
mod logistic;
mod mixture;
pub mod pairs;
pub mod pseudo;
pub mod wsi;

use super::stats::{Interval, share_interval};
use serde::Serialize;
use std::path::PathBuf;

/// What one set says about the systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SenseReport {
    /// The kind of set.
    pub kind: &'static str,
    /// Where it was read.
    pub path: PathBuf,
    /// Questions in it.
    pub questions: usize,
    /// What was fitted on what, for people.
    pub fitted_on: String,
    /// The systems, controls first.
    pub systems: Vec<System>,
    /// How often answers of a given probability are right; of the last system, where it gives probabilities.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reliability: Vec<ReliabilityBin>,
}

/// One way to answer, and how well it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct System {
    /// What it is.
    pub name: String,
    /// Its marks.
    pub marks: Vec<Mark>,
}

/// A measure's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// The measure: "accuracy", "F1", "Spearman" …
    pub measure: String,
    /// The value; `None` where it is not defined.
    pub value: Option<f64>,
    /// 95 %.
    pub interval: Option<Interval>,
}

/// Answers of like probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// From this probability on.
    pub from: f64,
    /// Below this, or 1.
    pub to: f64,
    /// Answers in the bin.
    pub answers: usize,
    /// Their mean probability.
    pub probability: Option<f64>,
    /// The share of them that is right.
    pub right: Option<f64>,
}

impl Mark {
    /// The share `count` of `n`, with Wilson's interval.
    #[must_use]
    pub fn share(measure: impl Into<String>, count: usize, n: usize) -> Self {
        let value = (n > 0).then(|| count as f64 / n as f64);
        Self { measure: measure.into(), value, interval: share_interval(count, n) }
    }
}

impl System {
    /// A system with its marks.
    #[must_use]
    pub fn new(name: impl Into<String>, marks: Vec<Mark>) -> Self {
        Self { name: name.into(), marks }
    }
}

/// Ten bins of probability, with what came true.
#[must_use]
pub fn reliability(answers: &[(f64, bool)]) -> Vec<ReliabilityBin> {
    (0..10)
        .map(|bin| {
            let (from, to) = (f64::from(bin) / 10.0, f64::from(bin + 1) / 10.0);
            let inside = |p: f64| p >= from && (p < to || (bin == 9 && p <= 1.0 + 1e-6));
            let inside: Vec<&(f64, bool)> = answers.iter().filter(|(p, _)| inside(*p)).collect();
            let n = inside.len();
            let mean = |sum: f64| (n > 0).then(|| sum / n as f64);
            ReliabilityBin {
                from,
                to,
                answers: n,
                probability: mean(inside.iter().map(|(p, _)| p).sum()),
                right: mean(inside.iter().filter(|(_, right)| *right).count() as f64),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_what_came_true() {
        let bins = reliability(&[(0.95, true), (1.0, false), (0.91, true), (0.3, false)]);
        assert_eq!((bins[9].answers, bins[3].answers, bins[0].answers), (3, 1, 0));
        assert!((bins[9].right.unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!((bins[3].right, bins[0].right), (Some(0.0), None));
    }
}
