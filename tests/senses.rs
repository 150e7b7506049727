//! Senses against the sets that papers use, where they are at hand.

#![allow(clippy::print_stderr)] // a test that skips says so

use crate::wordnet::real;
use sememe::eval::senses::{all_words::all_words, coarse, pairs};
use sememe::progress::Silent;
use sememe::sense::{Disambiguator, Weights, tagged};
use std::path::{Path, PathBuf};

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
