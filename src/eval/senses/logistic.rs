//! Logistic regression on a few features, for combining similarities: standardised, with a small penalty, by gradient descent.

/// Steps of the descent; the features are few and standardised.
const STEPS: usize = 400;
const RATE: f64 = 1.0;
const PENALTY: f64 = 1e-3;

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Logistic {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    weights: Vec<f64>,
    bias: f64,
}

impl Logistic {
    /// Fits rows of features to truths. Without rows, everything has probability ½.
    pub fn fit(rows: &[(&[f64], bool)]) -> Self {
        let features = rows.first().map_or(0, |(row, _)| row.len());
        let n = rows.len().max(1) as f64;
        let mean: Vec<f64> =
            (0..features).map(|f| rows.iter().map(|(row, _)| row[f]).sum::<f64>() / n).collect();
        let variance = |f: usize| rows.iter().map(|(row, _)| (row[f] - mean[f]).powi(2)).sum::<f64>() / n;
        let deviation = (0..features).map(|f| variance(f).sqrt().max(1e-9)).collect();
        let mut fitted = Self { deviation, weights: vec![0.0; features], bias: 0.0, mean };
        let scaled: Vec<(Vec<f64>, f64)> =
            rows.iter().map(|(row, truth)| (fitted.scaled(row), f64::from(u8::from(*truth)))).collect();
        for _ in 0..STEPS {
            let (mut slope, mut bias) = (vec![0.0; features], 0.0);
            for (row, truth) in &scaled {
                let error = sigmoid(fitted.sum(row)) - truth;
                bias += error / n;
                slope.iter_mut().zip(row).for_each(|(slope, x)| *slope += error * x / n);
            }
            fitted.bias -= RATE * bias;
            for (weight, slope) in fitted.weights.iter_mut().zip(slope) {
                *weight -= RATE * (slope + PENALTY * *weight);
            }
        }
        fitted
    }

    /// Probability of truth.
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(self.sum(&self.scaled(row)))
    }

    fn scaled(&self, row: &[f64]) -> Vec<f64> {
        row.iter()
            .zip(&self.mean)
            .zip(&self.deviation)
            .map(|((x, mean), deviation)| (x - mean) / deviation)
            .collect()
    }

    fn sum(&self, scaled: &[f64]) -> f64 {
        self.bias + scaled.iter().zip(&self.weights).map(|(x, weight)| x * weight).sum::<f64>()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_found() {
        let rows: Vec<([f64; 2], bool)> = (0..100).map(|i| ([f64::from(i), 5.0], i >= 60)).collect();
        let rows: Vec<(&[f64], bool)> = rows.iter().map(|(row, truth)| (&row[..], *truth)).collect();
        let fitted = Logistic::fit(&rows);
        assert!(fitted.probability(&[90.0, 5.0]) > 0.9 && fitted.probability(&[10.0, 5.0]) < 0.1);
        let right = rows.iter().filter(|(row, truth)| (fitted.probability(row) > 0.5) == *truth).count();
        assert!(right >= 96, "{right}");
    }
}
