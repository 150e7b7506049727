//! Forward, loss and ten losses of training against PyTorch's values (tests/golden/context.py makes them).

use super::batch::{Batch, Input};
use super::loss::Sampled;
use super::network::{Network, Vectors, Workspace};
use super::optimizer::Adam;
use super::real::Real;
use super::shape::{Part, Shape};
use crate::linalg::gemm::GemmCrate;
use serde::Deserialize;

const SHAPE: Shape = Shape { dim: 6, hidden: 4, layers: 1 };
const VOCABULARY: usize = 12;
const SENTENCES: [&[u32]; 3] = [&[3, 1, 7, 4], &[2], &[5, 0, 3, 9, 11]];

#[derive(Deserialize)]
struct Golden {
    contexts: Vec<Vec<f64>>,
    loss: f64,
    losses: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../tests/golden/context.json")).unwrap()
}

/// `sin(factor · i) · size` for i from 1.
fn made(count: usize, factor: f64, size: f64) -> Vec<f64> {
    (1..=count).map(|i| (factor * i as f64).sin() * size).collect()
}

struct Made;

impl Vectors for Made {
    fn vector(&self, word: u32, to: &mut [f32]) {
        let all = made(VOCABULARY * SHAPE.dim, 0.37, 1.0);
        to.iter_mut().zip(&all[word as usize * SHAPE.dim..]).for_each(|(to, value)| *to = *value as f32);
    }
}

/// PyTorch's matrices stand as output × input, ours as input × output.
fn turned(values: &[f64], (rows, cols): (usize, usize)) -> Vec<f64> {
    (0..values.len()).map(|at| values[at % cols * rows + at / cols]).collect()
}

fn network<T: Real>() -> Network<T> {
    let mut values = vec![T::ZERO; SHAPE.len()];
    for part in SHAPE.parts() {
        let (size, count) = (SHAPE.size(part), SHAPE.range(part).len());
        let side = |factor: f64, direction: usize| factor + direction as f64 * 0.02;
        let of = match part {
            Part::Input(direction, _) => turned(&made(count, side(0.11, direction), 0.5), size),
            Part::Hidden(direction, _) => turned(&made(count, side(0.17, direction), 0.5), size),
            Part::Bias(direction, _) => made(count, side(0.23, direction), 0.3),
            Part::Specials => made(count, 0.71, 0.4),
            Part::Merge => turned(&made(count, 0.31, 0.5), size),
            Part::MergeBias => made(count, 0.43, 0.2),
        };
        values[SHAPE.range(part)].iter_mut().zip(of).for_each(|(to, value)| *to = T::of(value));
    }
    Network::from_values(SHAPE, values, &GemmCrate)
}

/// The batch, with all words as targets in the order of the sentences.
fn batch() -> Batch {
    let inputs: Vec<Vec<Input>> =
        SENTENCES.iter().map(|sentence| sentence.iter().map(|word| Input::Word(*word)).collect()).collect();
    let mut batch = Batch::default();
    batch.pack(&inputs);
    for (s, sentence) in SENTENCES.iter().enumerate() {
        let place = batch.order.iter().position(|other| *other as usize == s).unwrap();
        for (at, word) in sentence.iter().enumerate() {
            let target = batch.target(place, at, sentence.len(), *word);
            batch.targets.push(target);
        }
    }
    batch
}

fn loss<T: Real>(network: &Network<T>, work: &mut Workspace<T>) -> f64 {
    let batch = batch();
    network.forward(&Made, &batch, work);
    let output: Vec<T> = made(VOCABULARY * SHAPE.dim, 0.53, 0.7).into_iter().map(T::of).collect();
    let words = batch.targets.iter().map(|target| target.word).collect();
    let mut sampled = Sampled::of(vec![6, 3, 8, 10], words);
    sampled.loss(network.gemm(), 3.0, &work.contexts, &output, SHAPE.dim, &mut work.d_contexts)
}

#[test]
fn contexts_and_loss_are_those_of_pytorch() {
    let (golden, mut work) = (golden(), Workspace::default());
    let loss = loss(&network::<f64>(), &mut work);
    // Word vectors are single precision here.
    assert!((loss - golden.loss).abs() < 1e-6 * golden.loss, "{loss} {}", golden.loss);
    for (got, expected) in work.contexts.iter().zip(golden.contexts.iter().flatten()) {
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    }
}

#[test]
fn ten_losses_of_training_are_those_of_pytorch() {
    let (golden, mut work, mut network) = (golden(), Workspace::default(), network::<f32>());
    let mut adam = Adam::new(SHAPE.len());
    let targets: usize = SENTENCES.iter().map(|sentence| sentence.len()).sum();
    for (step, expected) in golden.losses.iter().enumerate() {
        let loss = loss(&network, &mut work);
        assert!((loss - expected).abs() < 1e-4 * expected, "step {step}: {loss}, PyTorch {expected}");
        let mut gradient = vec![0.0; SHAPE.len()];
        network.backward(&batch(), &mut work, &mut gradient);
        adam.step(&mut network.values, &mut [&mut gradient], (1.0 / targets as f32, 0.0, 0.01));
        network.copy();
    }
}
