//! Every backward pass against finite differences, in double precision.

use super::batch::{Batch, Input, UNKNOWN};
use super::loss::Sampled;
use super::network::{Network, Vectors, Workspace};
use super::shape::Shape;
use crate::linalg::gemm::{Gemm, GemmCrate, MatrixMultiply};

const DIM: usize = 5;
const VOCABULARY: usize = 9;

/// Vectors that follow from the word's number.
struct Made;

impl Vectors for Made {
    fn vector(&self, word: u32, to: &mut [f32]) {
        to.iter_mut()
            .enumerate()
            .for_each(|(i, value)| *value = ((word as f32 + 1.3) * (i as f32 + 0.7)).sin());
    }
}

fn batch() -> Batch {
    let word = Input::Word;
    let sentences = [
        vec![word(3), word(1), Input::Special(UNKNOWN), word(4)],
        vec![word(2)],
        vec![word(5), word(0), word(3)],
    ];
    let mut batch = Batch::default();
    batch.pack(&sentences);
    let of = |s: usize, at: usize, word: u32| {
        let place = batch.order.iter().position(|other| *other as usize == s).unwrap();
        batch.target(place, at, sentences[s].len(), word)
    };
    batch.targets = vec![of(0, 0, 3), of(0, 1, 1), of(0, 3, 4), of(1, 0, 2), of(2, 1, 0), of(2, 2, 3)];
    batch
}

fn output() -> Vec<f64> {
    (0..VOCABULARY * DIM).map(|i| (i as f64 * 0.77).cos() * 0.6).collect()
}

fn sampled() -> Sampled<f64> {
    // 3 and 4 are targets too: where a negative is the target itself, it does not count.
    Sampled::of(vec![6, 3, 8, 4], batch().targets.iter().map(|target| target.word).collect())
}

fn loss(network: &Network<f64>, output: &[f64]) -> (f64, Workspace<f64>, Sampled<f64>) {
    let (mut work, mut sampled) = (Workspace::default(), sampled());
    network.forward(&Made, &batch(), &mut work);
    let mut d_contexts = Vec::new();
    let loss = sampled.loss(network.gemm(), 3.0, &work.contexts, output, DIM, &mut d_contexts);
    work.d_contexts = d_contexts;
    (loss, work, sampled)
}

fn difference(of: impl Fn(f64) -> f64) -> f64 {
    // Central differences of two widths, extrapolated: the error is of the fourth order.
    let central = |h: f64| (of(h) - of(-h)) / (2.0 * h);
    (4.0 * central(5e-4) - central(1e-3)) / 3.0
}

fn close(got: f64, expected: f64, what: &str) {
    let size = got.abs().max(expected.abs());
    assert!((got - expected).abs() <= 1e-6 * size + 1e-9, "{what}: {got} by hand, {expected} by differences");
}

fn check(layers: usize, gemm: &'static dyn Gemm) {
    let shape = Shape { dim: DIM, hidden: 4, layers };
    let network = Network::<f64>::new(shape, 11, gemm);
    let output = output();
    let (_, mut work, sampled) = loss(&network, &output);
    let mut gradient = vec![0.0; shape.len()];
    network.backward(&batch(), &mut work, &mut gradient);
    for part in shape.parts() {
        for at in shape.range(part) {
            let moved = |by: f64| {
                let mut values = network.values.clone();
                values[at] += by;
                loss(&Network::from_values(shape, values, gemm), &output).0
            };
            close(gradient[at], difference(moved), &format!("{part:?} {at}"));
        }
    }
    let mut d_output = vec![0.0; output.len()];
    for (row, word) in sampled.negatives.iter().enumerate() {
        (0..DIM).for_each(|i| d_output[*word as usize * DIM + i] += sampled.d_negatives[row * DIM + i]);
    }
    for (row, word) in sampled.words.iter().enumerate() {
        (0..DIM).for_each(|i| {
            d_output[*word as usize * DIM + i] += sampled.d_words[row] * work.contexts[row * DIM + i];
        });
    }
    for at in 0..output.len() {
        let moved = |by: f64| {
            let mut output = output.clone();
            output[at] += by;
            loss(&network, &output).0
        };
        close(d_output[at], difference(moved), &format!("output {at}"));
    }
}

#[test]
fn one_layer_agrees_with_finite_differences() {
    check(1, &GemmCrate);
}

#[test]
fn two_layers_agree_with_finite_differences() {
    check(2, &MatrixMultiply);
}
