//! A few words with a few clearly distinct senses each, training sentences given: CoarseWSD-20 (Loureiro et al. 2021).
//!
//! Right answers are averaged over the senses of a word, then over words: most occurrences are of one sense, and a share of all would hide
//! whether the others are ever found.

use super::{Mark, SenseReport, System};
use crate::error::{Error, Result};
use crate::eval::stats::{Interval, resample};
use crate::linalg::{add_scaled, dot, normalize};
use crate::sense::tagged::Cut;
use crate::vocab::sampling::Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Examples a sense in the few-shot settings.
const SHOTS: [usize; 4] = [1, 3, 10, 30];
/// Random choices of those, averaged.
const DRAWS: u64 = 5;
/// Bootstrap samples.
const SAMPLES: usize = 500;

/// A sentence with a word of known sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Tokens as vocabularies spell them.
    pub tokens: Vec<String>,
    /// Those of the word.
    pub target: Range<usize>,
    /// Number of its sense.
    pub sense: usize,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoarseWord {
    /// The word.
    pub word: String,
    /// Sentences to learn from.
    pub train: Vec<Example>,
    /// Sentences to be judged.
    pub test: Vec<Example>,
}

/// Reads one folder a word, each with `train.data.txt`, `train.gold.txt`, `test.data.txt` and `test.gold.txt`; or one such folder.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line; [`Error::Invalid`] if there is none.
pub fn read(path: &Path) -> Result<Vec<CoarseWord>> {
    let entries = path.read_dir().map_err(Error::io("list", path))?;
    let mut folders: Vec<_> =
        entries.flatten().map(|entry| entry.path()).chain([path.to_path_buf()]).collect();
    folders.retain(|folder| folder.join("test.data.txt").exists());
    folders.sort();
    if folders.is_empty() {
        let expected = "a folder for each word with test.data.txt";
        return Err(Error::invalid("path", expected, path.display(), "name the folder that holds the words"));
    }
    let word = |folder: &std::path::PathBuf| {
        let word = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(CoarseWord { word, train: read_split(folder, "train")?, test: read_split(folder, "test")? })
    };
    folders.iter().map(word).collect()
}

fn read_split(folder: &Path, split: &str) -> Result<Vec<Example>> {
    let path = folder.join(format!("{split}.data.txt"));
    let gold_path = folder.join(format!("{split}.gold.txt"));
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let gold = std::fs::read_to_string(&gold_path).map_err(Error::io("read", &gold_path))?;
    let bad = |line: usize, reason: String| Error::BadInput { path: path.clone(), line: line as u64, reason };
    if text.lines().count() != gold.lines().count() {
        let lines = gold.lines().count();
        return Err(bad(
            lines,
            format!("expected {lines} lines as in the answers, got {}", text.lines().count()),
        ));
    }
    let example = |(at, (line, sense)): (usize, (&str, &str))| {
        example(line, sense).ok_or_else(|| {
            bad(at + 1, "expected a place and a sentence, and the number of a sense; got others".to_owned())
        })
    };
    text.lines().zip(gold.lines()).enumerate().map(example).collect()
}

fn example(line: &str, sense: &str) -> Option<Example> {
    let (place, sentence) = line.split_once(char::is_whitespace)?;
    let cut = Cut::of(sentence.split_whitespace());
    let target = cut.words.get(place.parse::<usize>().ok()?)?.clone();
    Some(Example { tokens: cut.tokens, target, sense: sense.trim().parse().ok()? })
}

/// A way to see an occurrence.
pub struct View<'a> {
    /// What it is.
    pub name: &'a str,
    /// The vectors of occurrences, of length 1.
    pub of: &'a dyn Fn(&[Example]) -> Vec<Option<Vec<f32>>>,
}

/// Whether each test sentence was answered rightly, by word: `(sense, right)`.
type Answers = Vec<Vec<(usize, f64)>>;

/// Nearest centroid and nearest neighbour for each view, with all training sentences and with few.
#[must_use]
pub fn score(path: &Path, words: &[CoarseWord], views: &[View<'_>]) -> SenseReport {
    let most_frequent: Answers = words
        .iter()
        .map(|word| {
            let most = most_frequent(&word.train);
            word.test.iter().map(|example| (example.sense, share(Some(example.sense) == most))).collect()
        })
        .collect();
    let mut systems =
        vec![System::new("most frequent in training", vec![macro_mark("macro", &most_frequent)])];
    for view in views {
        let vectors = |examples: &[Example]| (view.of)(examples);
        let seen: Vec<(Seen<'_>, Vec<Option<Vec<f32>>>)> = words
            .iter()
            .map(|word| (Seen { examples: &word.train, vectors: vectors(&word.train) }, vectors(&word.test)))
            .collect();
        systems.push(System::new(view.name, marks(words, &seen)));
    }
    SenseReport {
        kind: "coarsewsd",
        path: path.to_path_buf(),
        questions: words.iter().map(|word| word.test.len()).sum(),
        fitted_on: "the training sentences of each word".into(),
        systems,
        reliability: Vec::new(),
    }
}

struct Seen<'a> {
    examples: &'a [Example],
    vectors: Vec<Option<Vec<f32>>>,
}

fn marks(words: &[CoarseWord], seen: &[(Seen<'_>, Vec<Option<Vec<f32>>>)]) -> Vec<Mark> {
    let answers = |choose: &(dyn Fn(&Seen<'_>, &Option<Vec<f32>>) -> Option<usize> + Sync)| -> Answers {
        let word = |(word, (seen, test)): (&CoarseWord, &(Seen<'_>, Vec<Option<Vec<f32>>>))| {
            let right = |(example, vector)| {
                let example: &Example = example;
                (example.sense, share(choose(seen, vector) == Some(example.sense)))
            };
            word.test.iter().zip(test).map(right).collect()
        };
        words.iter().zip(seen).map(word).collect()
    };
    let all: Vec<Centroids> = seen.iter().map(|(seen, _)| seen.centroids(|_| true)).collect();
    let centroid: Answers = words
        .iter()
        .zip(seen)
        .zip(&all)
        .map(|((word, (seen, test)), centroids)| {
            let chosen =
                |vector: &Option<Vec<f32>>| nearest(centroids, vector).or(most_frequent(seen.examples));
            let tests = word.test.iter().zip(test);
            tests
                .map(|(example, vector)| (example.sense, share(chosen(vector) == Some(example.sense))))
                .collect()
        })
        .collect();
    let mut marks = vec![
        macro_mark("macro, nearest centroid", &centroid),
        macro_mark("macro, nearest neighbour", &answers(&|seen, vector| seen.neighbour(vector))),
        micro_mark("share of all, nearest centroid", &centroid),
    ];
    for shots in SHOTS {
        let (few, nearest) = few_shot(words, seen, shots);
        marks.push(macro_mark(&format!("macro, nearest centroid of {shots} examples a sense"), &few));
        marks.push(macro_mark(&format!("macro, nearest neighbour of {shots} examples a sense"), &nearest));
    }
    marks
}

/// Right answers averaged over draws, by centroid and by neighbour.
fn few_shot(
    words: &[CoarseWord],
    seen: &[(Seen<'_>, Vec<Option<Vec<f32>>>)],
    shots: usize,
) -> (Answers, Answers) {
    let word = |(word, (seen, test)): (&CoarseWord, &(Seen<'_>, Vec<Option<Vec<f32>>>))| {
        let mut shares: Vec<(f64, f64)> = vec![(0.0, 0.0); test.len()];
        for draw in 0..DRAWS {
            let chosen = seen.draw(shots, draw);
            let centroids = seen.centroids(|at| chosen.contains(&at));
            let few = Seen {
                examples: seen.examples,
                vectors: seen
                    .vectors
                    .iter()
                    .enumerate()
                    .map(|(at, v)| v.clone().filter(|_| chosen.contains(&at)))
                    .collect(),
            };
            for ((example, vector), shares) in word.test.iter().zip(test).zip(&mut shares) {
                shares.0 += share(nearest(&centroids, vector) == Some(example.sense)) / DRAWS as f64;
                shares.1 += share(few.neighbour(vector) == Some(example.sense)) / DRAWS as f64;
            }
        }
        let of = |part: fn(&(f64, f64)) -> f64| -> Vec<(usize, f64)> {
            word.test.iter().zip(&shares).map(|(example, shares)| (example.sense, part(shares))).collect()
        };
        (of(|shares| shares.0), of(|shares| shares.1))
    };
    words.iter().zip(seen).map(word).unzip()
}

type Centroids = BTreeMap<usize, Vec<f32>>;

impl Seen<'_> {
    fn centroids(&self, takes: impl Fn(usize) -> bool) -> Centroids {
        let mut centroids = Centroids::new();
        for (at, (example, vector)) in self.examples.iter().zip(&self.vectors).enumerate() {
            if let Some(vector) = vector.as_ref().filter(|_| takes(at)) {
                let sum = centroids.entry(example.sense).or_insert_with(|| vec![0.0; vector.len()]);
                add_scaled(sum, 1.0, vector);
            }
        }
        centroids.values_mut().for_each(|centroid| {
            normalize(centroid);
        });
        centroids
    }

    fn neighbour(&self, vector: &Option<Vec<f32>>) -> Option<usize> {
        let vector = vector.as_ref()?;
        let known = self
            .examples
            .iter()
            .zip(&self.vectors)
            .filter_map(|(example, known)| Some((example, known.as_ref()?)));
        let scored = known.map(|(example, known)| (dot(known, vector), example.sense));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, sense)| sense)
    }

    /// The numbers of `shots` examples of each sense, at random.
    fn draw(&self, shots: usize, seed: u64) -> Vec<usize> {
        let mut by_sense: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, example) in self.examples.iter().enumerate() {
            by_sense.entry(example.sense).or_default().push(at);
        }
        let mut random = Rng::new(seed, 0);
        let mut chosen = Vec::new();
        for examples in by_sense.values_mut() {
            for at in 0..shots.min(examples.len()) {
                let other = at + random.below((examples.len() - at) as u32) as usize;
                examples.swap(at, other);
                chosen.push(examples[at]);
            }
        }
        chosen
    }
}

fn nearest(centroids: &Centroids, vector: &Option<Vec<f32>>) -> Option<usize> {
    let vector = vector.as_ref()?;
    let scored = centroids.iter().map(|(sense, centroid)| (dot(centroid, vector), *sense));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, sense)| sense)
}

fn most_frequent(examples: &[Example]) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    examples.iter().for_each(|example| *counts.entry(example.sense).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(sense, _)| sense)
}

fn share(right: bool) -> f64 {
    f64::from(u8::from(right))
}

/// The mean over words of the mean over senses, with a bootstrap interval.
fn macro_mark(measure: &str, answers: &Answers) -> Mark {
    let mut values: Vec<f64> = (0..SAMPLES as u64)
        .into_par_iter()
        .map(|seed| {
            let sample: Answers = answers.iter().map(|word| resample(word, seed)).collect();
            macro_average(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    let interval = Some(Interval { low: at(0.025), high: at(0.975) });
    Mark { measure: measure.to_owned(), value: Some(macro_average(answers)), interval }
}

fn macro_average(answers: &Answers) -> f64 {
    let word = |answers: &Vec<(usize, f64)>| {
        let mut senses: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for (sense, right) in answers {
            let sums = senses.entry(*sense).or_default();
            *sums = (sums.0 + right, sums.1 + 1.0);
        }
        senses.values().map(|(right, all)| right / all).sum::<f64>() / senses.len().max(1) as f64
    };
    answers.iter().map(word).sum::<f64>() / answers.len().max(1) as f64
}

fn micro_mark(measure: &str, answers: &Answers) -> Mark {
    let all: Vec<f64> = answers.iter().flatten().map(|(_, right)| *right).collect();
    Mark::share(measure, all.iter().sum::<f64>().round() as usize, all.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rare_sense_counts_as_much() {
        // Word one: sense 0 right 3 of 3, sense 1 right 0 of 1: 0.5. Word two: 1.0.
        let answers = vec![vec![(0, 1.0), (0, 1.0), (0, 1.0), (1, 0.0)], vec![(0, 1.0), (1, 1.0)]];
        assert!((macro_average(&answers) - 0.75).abs() < 1e-12);
        let mark = macro_mark("m", &answers);
        assert!(mark.interval.unwrap().low <= 0.75 && mark.interval.unwrap().high >= 0.75);
    }

    #[test]
    fn centroids_and_neighbours_find_the_sense() {
        let example = |x: f32, sense| Example { tokens: vec![x.to_string()], target: 0..1, sense };
        let word = CoarseWord {
            word: "bank".into(),
            train: (0..20).map(|i| example(if i % 2 == 0 { 1.0 } else { -1.0 }, i % 2)).collect(),
            test: vec![example(1.0, 0), example(-1.0, 1)],
        };
        let one = |example: &Example| Some(vec![example.tokens[0].parse::<f32>().unwrap(), 0.0]);
        let view = |examples: &[Example]| examples.iter().map(one).collect();
        let report = score(Path::new("x"), &[word], &[View { name: "given", of: &view }]);
        assert!((report.systems[0].marks[0].value.unwrap() - 0.5).abs() < 1e-12);
        assert!(report.systems[1].marks.iter().all(|mark| (mark.value.unwrap() - 1.0).abs() < 1e-12));
    }

    #[test]
    fn lines_are_read() {
        let found = example("2 he ate an-apple .", "1").unwrap();
        assert_eq!(
            (found.tokens[found.target.clone()].to_vec(), found.sense),
            (vec!["an".to_owned(), "apple".to_owned()], 1)
        );
        assert!(example("9 he ate", "1").is_none() && example("x he", "1").is_none());
    }
}
