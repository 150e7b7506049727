//! Answers and evaluation of words against gensim's, on the golden vectors.

use crate::formats::{expected, golden};
use sememe::eval::words::{WordSet, WordsOptions, analogies, similarity};
use sememe::progress::Silent;
use sememe::vectors::formats::import;
use sememe::vectors::{Analogy, Neighbour, Similar, WordVectors};
use serde_json::Value;
use std::path::Path;

fn vectors() -> WordVectors {
    import(&golden("word2vec.bin"), None, &Silent).unwrap().1
}

fn same(vectors: &WordVectors, found: &[Neighbour], expected: &Value) {
    let expected: Vec<(String, f32)> = serde_json::from_value(expected.clone()).unwrap();
    assert_eq!(found.len(), expected.len());
    for (neighbour, (word, score)) in found.iter().zip(expected) {
        assert_eq!(vectors.vocabulary().word(neighbour.id), word);
        assert!((neighbour.score - score).abs() < 1e-6, "{word}: {} {score}", neighbour.score);
    }
}

#[test]
fn questions_are_answered_as_gensim_does() {
    let (vectors, expected) = (vectors(), &expected()["questions"]);
    let options = Similar { k: 8, ..Similar::default() };
    for (word, found) in expected["similar"].as_object().unwrap() {
        same(&vectors, &vectors.similar(word, &options).unwrap().neighbours, found);
    }
    let analogy = Analogy { k: 8, ..Analogy::new("man", "woman", "king") };
    same(&vectors, &vectors.analogy(&analogy).unwrap().neighbours, &expected["analogy"]);
    let sum = [("good", 1.0), ("bank", 0.5), ("river", -0.25)];
    same(&vectors, &vectors.similar_to_sum(&sum, &options).unwrap().neighbours, &expected["sum"]);
    for pair in expected["similarity"].as_array().unwrap() {
        let [a, b] = [0, 1].map(|i| pair[i].as_str().unwrap());
        let found = f64::from(vectors.similarity(a, b).unwrap());
        assert!((found - pair[2].as_f64().unwrap()).abs() < 1e-6, "{a} {b}");
    }
    for list in expected["odd_one_out"].as_array().unwrap() {
        let words: Vec<&str> =
            list[0].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let odd = vectors.odd_one_out(&words).unwrap();
        assert_eq!(words[odd.index], list[1].as_str().unwrap());
    }
}

#[test]
fn similarity_sets_are_scored_as_gensim_does() {
    let expected = &expected()["evaluation"];
    let Ok(WordSet::Similarity(pairs)) = WordSet::read(&golden("pairs.tsv")) else { panic!("pairs") };
    let report = similarity(&vectors(), &pairs, &WordsOptions::default());
    assert!((report.spearman.unwrap() - expected["spearman"].as_f64().unwrap()).abs() < 1e-6);
    assert!((report.pearson.unwrap() - expected["pearson"].as_f64().unwrap()).abs() < 1e-6);
    let unused = 100.0 * (report.pairs - report.used) as f64 / report.pairs as f64;
    assert!((unused - expected["oov_percent"].as_f64().unwrap()).abs() < 1e-9);
    assert_eq!((report.pairs, report.used, report.unknown_words), (62, 61, 1));
}

#[test]
fn analogy_sets_are_scored_as_gensim_does() {
    let expected = expected();
    let Ok(WordSet::Analogies(sections)) = WordSet::read(&golden("analogies.txt")) else {
        panic!("analogies")
    };
    for (restrict, expected) in expected["evaluation"]["analogies"].as_object().unwrap() {
        let options = WordsOptions { restrict: restrict.parse().unwrap(), ..WordsOptions::default() };
        let report = analogies(&vectors(), &sections, &options, &Silent).unwrap();
        for section in &report.sections {
            let expected = &expected[&section.name];
            let (correct, used) = (expected[0].as_u64().unwrap(), expected[1].as_u64().unwrap());
            assert_eq!(
                (section.correct as u64, section.used as u64),
                (correct, used),
                "{} {restrict}",
                section.name
            );
        }
        assert_eq!(report.total.correct as u64, expected["Total accuracy"][0].as_u64().unwrap());
    }
}

/// The sets that papers use, where they are at hand.
#[test]
#[allow(clippy::print_stderr)] // a test that skips says so
fn published_sets_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/words");
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    for (name, count) in [
        ("wordsim353.tsv", 353),
        ("simlex999.txt", 999),
        ("EN-WS-353-SIM.txt", 203),
        ("EN-WS-353-REL.txt", 252),
        ("zh-wordsim-240.txt", 240),
        ("questions-words.txt", 19_544),
        ("zh-ca8-semantic.txt", 7_636),
    ] {
        let found = match WordSet::read(&folder.join(name)).unwrap() {
            WordSet::Similarity(pairs) => pairs.len(),
            WordSet::Analogies(sections) => sections.iter().map(|(_, questions)| questions.len()).sum(),
        };
        assert_eq!(found, count, "{name}");
    }
}
