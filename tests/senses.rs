//! Senses against the sets that papers use, where they are at hand.

#![allow(clippy::print_stderr)] // a test that skips says so

use crate::wordnet::real;
use sememe::bilm::Model;
use sememe::encoder::StaticEncoder;
use sememe::engine::unpack_starter;
use sememe::eval::senses::{all_words::all_words, coarse, pairs};
use sememe::progress::Silent;
use sememe::sense::{ContextEncoder, Disambiguator, Glosses, Passage, Scored, Weights, tagged};
use sememe::text::Analyzer;
use sememe::vectors::WordVectors;
use sememe::wordnet::WordNet;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/senses").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there", path.display());
    None
}

/// The first sense of Senseval-2 is right 1,524 times of 2,282 (66.8 %, as published). The weights were found with vectors; without
/// any, prior and graph alone are right 1,518 times.
#[test]
fn the_first_sense_is_as_good_as_published() {
    let (Some(path), Some(real)) = (shared("raganato/senseval2"), real()) else { return };
    let sentences = tagged::read(&path).unwrap();
    let disambiguator = Disambiguator::new(&real.wordnet, None, Weights::default());
    let report = all_words(&path, &sentences, &real.wordnet, &disambiguator, &Silent).unwrap();
    let f1 = |system: usize| report.systems[system].marks[0].value.unwrap();
    assert_eq!(report.questions, 2282);
    assert!((f1(0) - 1524.0 / 2282.0).abs() < 1e-9, "{}", f1(0));
    assert!(f1(1) >= 1518.0 / 2282.0 - 1e-9, "{} {}", f1(1), f1(0));
}

/// What each sense of *bank* is given for the words related to it, in a sentence, by the bundled English model.
fn related(disambiguator: &Disambiguator<'_>, wordnet: &'static WordNet, text: &str) -> HashMap<String, f32> {
    let tokens = Analyzer.words(text);
    let at = tokens.iter().position(|token| token == "bank").unwrap();
    let mut passage = Passage::find(wordnet, vec![tokens]).unwrap();
    let mention = passage.focus(wordnet, at..at + 1).unwrap();
    disambiguator.show(&mut passage, |_| true);
    let ranking = disambiguator.rank(&passage, mention);
    let key = |sense: &Scored<'_>| sense.candidate.sense.unwrap().key();
    ranking.senses.iter().map(|sense| (key(sense), sense.parts.related)).collect()
}

#[test]
fn a_sense_is_favoured_where_a_related_word_could_stand() {
    let Some(real) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/en.starter");
    unpack_starter(&starter, folder.path()).unwrap();
    let vectors = Arc::new(WordVectors::open(folder.path()).unwrap());
    let model = Model::open(folder.path(), Arc::clone(&vectors)).unwrap();
    let encoder = StaticEncoder::plain(vectors);
    let contexts =
        ContextEncoder::new::<Vec<&str>>(&encoder, Some(model), [vec![], vec![]], u64::MAX).unwrap();
    let glosses = Glosses::new(&real.wordnet, &encoder, &[]).with_contexts(&Arc::new(contexts));
    let disambiguator = Disambiguator::new(&real.wordnet, Some(&glosses), Weights::default());
    let [river, money] = ["They walked along the bank of the river", "He keeps his money in a bank"]
        .map(|text| related(&disambiguator, &real.wordnet, text));
    let [slope, house] = ["bank%1:17:01::", "bank%1:14:00::"];
    assert!(river[slope] > river[house], "{river:?}");
    assert!(river[slope] - river[house] > money[slope] - money[house], "{river:?} {money:?}");
    // Without a contextual model nothing is known of what could stand there.
    let plain = Glosses::new(&real.wordnet, &encoder, &[]);
    let disambiguator = Disambiguator::new(&real.wordnet, Some(&plain), Weights::default());
    let none = related(&disambiguator, &real.wordnet, "They walked along the bank of the river");
    assert!(none.values().all(|part| *part == 0.0), "{none:?}");
}

#[test]
fn sets_of_pairs_and_coarse_senses_are_read() {
    if let Some(path) = shared("wic") {
        let set = pairs::read_wic(&path).unwrap();
        assert_eq!((set.asked.len(), set.training.len()), (638, 5428));
        assert_eq!(set.asked.iter().filter(|pair| pair.same).count(), 319);
    }
    for language in ["en-en", "zh-zh"] {
        if let Some(path) = shared(&format!("mcl-wic/dev.{language}.data")) {
            let set = pairs::read_mcl_wic(&path).unwrap();
            assert_eq!(set.asked.len(), 1000);
            let found =
                set.asked.iter().flat_map(|pair| &pair.occurrences).filter(|at| !at.target.is_empty());
            assert_eq!(found.count(), 2000);
        }
    }
    if let Some(path) = shared("coarsewsd20") {
        let words = coarse::read(&path).unwrap();
        assert_eq!(words.len(), 12);
        assert_eq!(words.iter().map(|word| word.test.len()).sum::<usize>(), 6875);
    }
}
