//! How fast WordNet answers: opening, look-up by word, breadth-first search, PageRank of a sentence; and how well PageRank
//! alone tells senses apart; and discrete search beside continuous search: the ten words nearest to a word, by breadth-first
//! search and PageRank in the graph, by exact scan and HNSW over vectors.
//!
//! ```text
//! cargo bench --bench wordnet -- DATABASE_FOLDER [SENSEVAL_FOLDER or - [WORD_PAIRS or - [VECTORS]]]
//! ```
//! Prints medians and 99th percentiles of wall-clock time on one thread. The folder of an all-words test set in the format
//! of Raganato et al. 2017 (`NAME.data.xml`, `NAME.gold.key.txt`) adds the accuracy of personalised PageRank on it. VECTORS is a file
//! of word vectors in any format that the program reads; without it, WordNet's own words get random ones of 200 values, which
//! cost the same time but mean nothing, and are the hardest case for HNSW.
#![allow(clippy::print_stdout, missing_docs)]

use sememe::index::{BuildSettings, Flat, Hnsw, Matrix, SearchOptions, Strategy, VectorIndex};
use sememe::progress::Silent;
use sememe::vectors::formats::import;
use sememe::wordnet::{ENGLISH, PageRank, PartOfSpeech, SynsetId, WordNet, compile, find_database};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

const SENTENCE: [&str; 10] =
    ["bank", "river", "water", "tree", "boat", "fish", "stand", "flow", "green", "quietly"];

fn main() {
    let arguments: Vec<PathBuf> =
        std::env::args().skip(1).filter(|a| !a.starts_with("--")).map(PathBuf::from).collect();
    let folder = find_database(arguments.first().map(PathBuf::as_path), None).expect("a WordNet database");
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let compiled = temporary.path().join("wordnet.wn");
    let start = Instant::now();
    let report = compile(&folder, &compiled, &Silent).expect("WordNet compiles");
    println!("compile            {:8.2} s   {report:?}", start.elapsed().as_secs_f64());
    times("open", 50, || {
        black_box(WordNet::open(&compiled).expect("opens"));
    });
    let wordnet = WordNet::open(&compiled).expect("opens");
    println!("file               {:8.1} MB", wordnet.bytes() as f64 / 1e6);
    look_ups(&wordnet);
    searches(&wordnet);
    page_ranks(&wordnet);
    side_by_side(&wordnet, arguments.get(3).map(PathBuf::as_path));
    if let Some(folder) = arguments.get(1).filter(|folder| folder.is_dir()) {
        accuracy(&wordnet, folder);
    }
    if let Some(file) = arguments.get(2).filter(|file| file.is_file()) {
        relatedness(&wordnet, file);
    }
}

/// Runs `work` `n` times and prints p50 and p99.
fn times(name: &str, n: usize, mut work: impl FnMut()) {
    let mut micros: Vec<f64> = (0..n)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    println!("{name:<18} p50 {:10.1} µs   p99 {:10.1} µs", micros[n / 2], micros[n * 99 / 100]);
}

/// Every 37th lemma as it stands, and with an `s` behind it so that detachment rules have to work.
fn look_ups(wordnet: &WordNet) {
    let words: Vec<String> = wordnet
        .all(PartOfSpeech::Noun)
        .chain(wordnet.all(PartOfSpeech::Verb))
        .step_by(37)
        .filter_map(|synset| Some(synset.words().next()?.to_lowercase()))
        .collect();
    let plurals: Vec<String> = words.iter().map(|word| format!("{word}s")).collect();
    for (name, words) in [("look up a lemma", &words), ("look up a plural", &plurals)] {
        let mut next = words.iter().cycle();
        times(name, words.len() * 3, || {
            black_box(wordnet.senses(next.next().expect("a word"), None));
        });
    }
    times("near spellings", 20, || {
        black_box(wordnet.near_spellings("enviroment", ENGLISH, 5).expect("English"));
    });
}

fn searches(wordnet: &WordNet) {
    for k in [10, 100, 1000] {
        let mut next = SENTENCE.iter().cycle();
        times(&format!("nearest {k} words"), 200, || {
            let word = next.next().expect("a word");
            let starts = wordnet.synsets(word, None, ENGLISH).expect("English");
            black_box(wordnet.nearest_words(&starts, word, k, ENGLISH).expect("English"));
        });
    }
    let ends = [("dog", "cat"), ("bank", "river"), ("apple", "computer"), ("love", "hate")];
    let first = |word: &str| wordnet.synsets(word, None, ENGLISH).expect("English")[0];
    let ends = ends.map(|(a, b)| (first(a), first(b)));
    let mut next = ends.iter().cycle();
    times("relation path", 40, || {
        let (a, b) = next.next().expect("a pair");
        black_box(wordnet.relation_path(*a, *b, 12));
    });
}

fn page_ranks(wordnet: &WordNet) {
    let words: Vec<Vec<(SynsetId, f32)>> =
        SENTENCE.iter().map(|word| candidates(wordnet, word, None, false)).collect();
    let all: Vec<(SynsetId, f32)> = words.concat();
    for tolerance in [1e-4, 3e-5, 1e-5, 1e-6] {
        let settings = PageRank { tolerance, ..PageRank::default() };
        times(&format!("ppr {tolerance:e}"), 30, || {
            black_box(wordnet.page_rank(&all, &settings).expect("ranks"));
        });
        times(&format!("ppr w2w {tolerance:e}"), 30, || {
            black_box(wordnet.rank_senses(&words, &settings).expect("ranks"));
        });
    }
}

/// Words asked for in the table, and neighbours of each.
const ASKED: usize = 200;
const K: usize = 10;

/// Words, and a vector for each.
struct Embedded {
    words: Vec<String>,
    matrix: Matrix,
}

impl Embedded {
    fn read(file: &Path) -> Self {
        let (_, vectors) = import(file, None, &Silent).expect("word vectors");
        let words = vectors.vocabulary().iter().map(|(_, word, _)| word.to_owned()).collect();
        let matrix = Matrix::from_rows(vectors.units(), vectors.dim()).expect("a matrix");
        Self { words, matrix }
    }

    /// Uniform in -1..1 (a linear congruential generator, Knuth's MMIX constants), at length 1.
    fn random(wordnet: &WordNet) -> Self {
        const DIM: usize = 200;
        let synsets = PartOfSpeech::ALL.into_iter().flat_map(|pos| wordnet.all(pos));
        let words: BTreeSet<String> =
            synsets.flat_map(|synset| synset.words()).map(str::to_lowercase).collect();
        let words: Vec<String> = words.into_iter().filter(|word| !word.contains(' ')).collect();
        let mut state = 1u64;
        let mut values: Vec<f32> = Vec::with_capacity(words.len() * DIM);
        for _ in 0..words.len() * DIM {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            values.push((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0);
        }
        for row in values.chunks_exact_mut(DIM) {
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        let matrix = Matrix::from_rows(&values, DIM).expect("a matrix");
        Self { words, matrix }
    }
}

/// The table of four ways to the words nearest to a word: time, and how much the answers have in common.
fn side_by_side(wordnet: &WordNet, vectors: Option<&Path>) {
    let embedded = vectors.map_or_else(|| Embedded::random(wordnet), Embedded::read);
    let known: Vec<u32> = (0..embedded.words.len() as u32)
        .filter(|row| !wordnet.senses(&embedded.words[*row as usize], None).is_empty())
        .collect();
    let rows: Vec<u32> = known.iter().copied().step_by((known.len() / ASKED).max(1)).take(ASKED).collect();
    let exact = Flat::new(embedded.matrix.clone());
    let start = Instant::now();
    let hnsw = Hnsw::build(embedded.matrix.clone(), &BuildSettings::default(), &Silent).expect("builds");
    println!(
        "\nthe {K} words nearest to each of {} words; {} vectors of {} values, HNSW built in {:.1} s",
        rows.len(),
        embedded.words.len(),
        embedded.matrix.dim(),
        start.elapsed().as_secs_f64()
    );
    let word = |row: u32| embedded.words[row as usize].as_str();
    let near = |index: &dyn VectorIndex, row: u32, options: &SearchOptions<'_>| -> Vec<String> {
        let found = index.search(embedded.matrix.row(row), K + 1, options).expect("found");
        let found = found.into_iter().filter(|hit| hit.row != row).take(K);
        found.map(|hit| word(hit.row).to_lowercase()).collect()
    };
    let graph = SearchOptions { strategy: Strategy::Graph, ..SearchOptions::default() };
    let truth = timed("exact vector scan", &rows, None, |row| near(&exact, row, &SearchOptions::EXACT));
    timed("HNSW", &rows, Some(&truth), |row| near(&hnsw, row, &graph));
    timed("breadth-first search", &rows, Some(&truth), |row| {
        let starts = wordnet.synsets(word(row), None, ENGLISH).expect("English");
        let found = wordnet.nearest_words(&starts, word(row), K, ENGLISH).expect("English");
        found.into_iter().map(|near| near.word.to_lowercase()).collect()
    });
    timed("personalised PageRank", &rows, Some(&truth), |row| {
        let starts = candidates(wordnet, word(row), None, false);
        let ranks = wordnet.page_rank(&starts, &PageRank::default()).expect("ranks");
        let mut words: Vec<String> = Vec::new();
        for near in ranks.top_synsets(wordnet, 4 * K).into_iter().flat_map(|(synset, _)| synset.words()) {
            let near = near.to_lowercase();
            if near != word(row) && !words.contains(&near) {
                words.push(near);
            }
        }
        words.truncate(K);
        words
    });
}

/// Prints the times of one way, and the mean share of its answers that the exact scan gives too.
fn timed(
    name: &str,
    rows: &[u32],
    truth: Option<&[Vec<String>]>,
    mut answer: impl FnMut(u32) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut micros = Vec::with_capacity(rows.len());
    let mut answers = Vec::with_capacity(rows.len());
    for &row in rows {
        let start = Instant::now();
        answers.push(answer(row));
        micros.push(start.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_by(f64::total_cmp);
    let both = |(a, b): (&Vec<String>, &Vec<String>)| {
        let a: HashSet<&String> = a.iter().collect();
        b.iter().filter(|word| a.contains(word)).count()
    };
    let common = truth.map_or(1.0, |truth| {
        truth.iter().zip(&answers).map(both).sum::<usize>() as f64 / (rows.len() * K) as f64
    });
    let (p50, p99) = (micros[micros.len() / 2], micros[micros.len() * 99 / 100]);
    println!("{name:<22} p50 {p50:9.1} µs   p99 {p99:9.1} µs   in common with the exact scan {common:.2}");
    answers
}

/// Rank correlation (Spearman's) of PageRank vectors' cosines with people's judgements: lines `word word score`.
fn relatedness(wordnet: &WordNet, file: &Path) {
    let text = std::fs::read_to_string(file).expect("word pairs");
    let pairs: Vec<(&str, &str, f64)> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            Some((fields.next()?, fields.next()?, fields.next()?.parse().ok()?))
        })
        .collect();
    for (mentions, tolerance) in
        [(0.0, 1e-4), (1.0, 1e-4), (0.0, 3e-5), (1.0, 3e-5), (0.0, 1e-5), (1.0, 1e-5)]
    {
        let settings = PageRank { mentions, tolerance, ..PageRank::default() };
        let ranks = |word: &str| {
            let ranks = wordnet.page_rank(&candidates(wordnet, word, None, false), &settings).ok()?;
            Some(ranks.top(usize::MAX).into_iter().collect::<HashMap<_, _>>())
        };
        let scored = pairs.iter().filter_map(|(a, b, gold)| Some((cosine(&ranks(a)?, &ranks(b)?), *gold)));
        let (ours, gold): (Vec<f64>, Vec<f64>) = scored.unzip();
        let rho = 100.0 * spearman(&ours, &gold);
        println!(
            "relatedness, mentions {mentions}, tolerance {tolerance:e}: {rho:.1} over {} pairs",
            gold.len()
        );
    }
}

fn cosine(a: &HashMap<SynsetId, f32>, b: &HashMap<SynsetId, f32>) -> f64 {
    let norm = |v: &HashMap<SynsetId, f32>| v.values().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
    let dot: f64 = a.iter().filter_map(|(at, x)| Some(f64::from(x * b.get(at)?))).sum();
    dot / (norm(a) * norm(b))
}

/// Pearson's correlation of the ranks, ties sharing their mean rank.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let ranks = |values: &[f64]| -> Vec<f64> {
        let below = |x: f64| values.iter().filter(|y| **y < x).count() as f64;
        let same = |x: f64| values.iter().filter(|y| **y == x).count() as f64;
        values.iter().map(|x| below(*x) + same(*x) / 2.0).collect()
    };
    let (a, b) = (ranks(a), ranks(b));
    let mean = a.iter().sum::<f64>() / a.len() as f64;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt()
}

/// Senses with even weights, or by how often they were tagged.
fn candidates(
    wordnet: &WordNet,
    word: &str,
    pos: Option<PartOfSpeech>,
    tagged: bool,
) -> Vec<(SynsetId, f32)> {
    let senses = wordnet.senses(word, pos);
    let weight = |count: u32| if tagged { count as f32 + 0.5 } else { 1.0 };
    let total: f32 = senses.iter().map(|sense| weight(sense.tag_count())).sum();
    senses.iter().map(|sense| (sense.synset().number(), weight(sense.tag_count()) / total)).collect()
}

/// A word of the test set: lemma, part of speech, and the id of its answer if it is one to be told.
type Token = (String, PartOfSpeech, Option<String>);

fn accuracy(wordnet: &WordNet, folder: &Path) {
    let (sentences, gold) = read_test_set(folder);
    for (name, tagged) in [("no prior", false), ("tag counts", true)] {
        for mentions in [0.0, 0.5, 1.0] {
            for tolerance in [1e-4, 1e-5] {
                let settings = PageRank { mentions, tolerance, ..PageRank::default() };
                let right = answer(wordnet, &sentences, &gold, &settings, tagged);
                let share = 100.0 * right as f64 / gold.len() as f64;
                println!(
                    "senses, {name}, mentions {mentions}, tolerance {tolerance:e}: {share:.1} of {}",
                    gold.len()
                );
            }
        }
    }
}

/// Right answers over contexts of at least 20 words (neighbouring sentences are added, as UKB does).
fn answer(
    wordnet: &WordNet,
    sentences: &[Vec<Token>],
    gold: &HashMap<String, Vec<String>>,
    settings: &PageRank,
    tagged: bool,
) -> usize {
    let mut right = 0;
    for at in 0..sentences.len() {
        let mut context: Vec<&Token> = sentences[at].iter().collect();
        let own = context.len();
        for reach in 1..6 {
            if context.len() >= 20 {
                break;
            }
            context
                .extend(at.checked_sub(reach).and_then(|before| sentences.get(before)).into_iter().flatten());
            context.extend(sentences.get(at + reach).into_iter().flatten());
        }
        let words: Vec<_> =
            context.iter().map(|(lemma, pos, _)| candidates(wordnet, lemma, Some(*pos), tagged)).collect();
        let scores = wordnet.rank_senses(&words, settings).expect("ranks");
        for (token, scores) in context[..own].iter().zip(&scores) {
            let Some(id) = &token.2 else { continue };
            let senses = wordnet.senses(&token.0, Some(token.1));
            let prior = |count: u32| if tagged { count as f32 + 0.5 } else { 1.0 };
            let total: f32 = senses.iter().map(|sense| prior(sense.tag_count())).sum();
            let sum: f32 = scores.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            let part = |at: usize| if tagged { prior(senses[at].tag_count()) / total } else { 0.0 };
            let best = (0..scores.len())
                .rev()
                .max_by(|a, b| (scores[*a] / sum + part(*a)).total_cmp(&(scores[*b] / sum + part(*b))));
            right += usize::from(best.is_some_and(|best| gold[id].contains(&senses[best].key())));
        }
    }
    right
}

fn read_test_set(folder: &Path) -> (Vec<Vec<Token>>, HashMap<String, Vec<String>>) {
    let mut files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let xml = files.find(|path| path.extension().is_some_and(|e| e == "xml")).expect("a .data.xml");
    let key = xml.to_string_lossy().replace(".data.xml", ".gold.key.txt");
    let gold = std::fs::read_to_string(key).expect("the keys");
    let gold = gold.lines().map(|line| {
        let mut fields = line.split(' ').map(str::to_owned);
        (fields.next().expect("an id"), fields.collect())
    });
    let mut sentences = Vec::new();
    for line in std::fs::read_to_string(xml).expect("the text").lines() {
        let attribute =
            |name: &str| line.split(&format!("{name}=\"")).nth(1)?.split('"').next().map(str::to_owned);
        if line.starts_with("<sentence") {
            sentences.push(Vec::new());
        }
        let (Some(lemma), Some(pos), Some(sentence)) =
            (attribute("lemma"), attribute("pos"), sentences.last_mut())
        else {
            continue;
        };
        if let Ok(pos) = PartOfSpeech::parse(&pos) {
            sentence.push((lemma, pos, attribute("id")));
        }
    }
    (sentences, gold.collect())
}
