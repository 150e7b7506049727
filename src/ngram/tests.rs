//! The room as a whole: by hand, against golden values, and what must always hold.

use super::{NGRAMS_FILE, NGrams, Settings, build};
use crate::error::Error;
use crate::progress::{Go, Progress, Silent, Step};
use crate::vocab::chunk::Chunk;
use crate::vocab::corpus::{Corpus, CorpusEncoder, EncoderSettings, encode};
use crate::vocab::{Next, Vocabulary, WordId};
use std::path::Path;

fn corpus(folder: &Path, sentences: &[Vec<String>]) -> Corpus {
    let settings = EncoderSettings { min_count: Some(1), ..EncoderSettings::default() };
    let encoder = CorpusEncoder::create(&folder.join("corpus"), settings).unwrap();
    let work = |sentences: &[Vec<String>], chunk: &mut Chunk| {
        for sentence in sentences {
            sentence.iter().for_each(|word| chunk.word(word));
            chunk.end_sentence();
        }
        chunk.end_document();
        Ok(())
    };
    encode([Ok(sentences)], work, encoder, &Silent).unwrap().0
}

fn split(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn counted(folder: &Path, sentences: &[Vec<String>], settings: Settings) -> (Corpus, NGrams) {
    let corpus = corpus(folder, sentences);
    build(&corpus, folder, &settings, &Silent).unwrap();
    let ngrams = NGrams::open(folder, Some(corpus.checksum())).unwrap();
    (corpus, ngrams)
}

fn ids(vocabulary: &Vocabulary, words: &[String]) -> Vec<Option<WordId>> {
    words.iter().map(|word| vocabulary.id(word)).collect()
}

#[test]
fn two_sentences_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, ngrams) = counted(folder.path(), &split("a b\na c"), Settings { order: 2, chunk: 2 });
    let id = |word: &str| corpus.vocabulary().id(word);
    let next = |word: &str| Next::Word(id(word).unwrap());
    let is = |sentence: &[Option<WordId>], token: Next, expected: f64| {
        let found = ngrams.probability(sentence, token);
        assert!((found - expected).abs() < 1e-12, "{sentence:?} {token:?}: {found}, not {expected}");
    };
    // Too little for discounts of its own: 0.5, 1, 1.5. Different tokens before: a 1, b 1, c 1, </s> 2, of 5. The discounts leave
    // (3 · 0.5 + 1) / 5 = 0.5 for all five tokens: 0.1 each. So a, b, c 0.5/5 + 0.1, </s> 1/5 + 0.1, <unk> 0.1. A word that was never
    // followed by anything: <unk>.
    is(&[None], next("a"), 0.2);
    is(&[None], Next::End, 0.3);
    is(&[None], Next::Unknown, 0.1);
    // After a, of 2: b 0.5/2 and half of its 0.2. After <s>: a (2 - 1)/2, and 1/2 of 0.2. After b: </s> 0.5/1 + 0.5 · 0.3.
    is(&[id("a")], next("b"), 0.35);
    is(&[], next("a"), 0.6);
    is(&[id("a"), id("b")], Next::End, 0.65);
    let (begun, order) = ngrams.predict(&[]);
    assert_eq!((begun.best(2)[0].0, begun.rank(Next::End), order), (next("a"), 2, 2));
    assert_eq!(ngrams.predict(&[None]).1, 1);
}

#[test]
fn probabilities_are_those_of_the_reference() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/golden/ngrams.json")).unwrap();
    let word = |word: &serde_json::Value| {
        let number = word.as_u64().unwrap();
        // Longer than any word may be: outside of the vocabulary.
        if number < 10 { format!("w{number}") } else { "x".repeat(300) }
    };
    let words = |words: &serde_json::Value| words.as_array().unwrap().iter().map(word).collect::<Vec<_>>();
    let sentences: Vec<Vec<String>> = golden["sentences"].as_array().unwrap().iter().map(words).collect();
    for order in 2..=5 {
        let folder = tempfile::tempdir().unwrap();
        let (corpus, ngrams) = counted(folder.path(), &sentences, Settings { order, chunk: 300 });
        let cases = golden["cases"].as_array().unwrap().iter();
        for case in cases.filter(|case| case["order"].as_u64() == Some(order as u64)) {
            let next = match case["next"].as_str() {
                Some("</s>") => Next::End,
                Some(_) => Next::Unknown,
                None => Next::Word(corpus.vocabulary().id(&word(&case["next"])).unwrap()),
            };
            let sentence = ids(corpus.vocabulary(), &words(&case["words"]));
            let (found, expected) =
                (ngrams.probability(&sentence, next), case["probability"].as_f64().unwrap());
            // The discounts are kept in 32 bits.
            assert!((found - expected).abs() < 1e-6, "{case}: {found}");
        }
    }
}

/// Words that follow a fixed rule and chance, one of them more than 255 times after the same word.
fn made_up(sentences: usize) -> Vec<Vec<String>> {
    let mut random = 7u64;
    let mut next = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let mut sentence = || {
        let mut words = vec!["the".to_owned()];
        for _ in 0..next(9) {
            let word = if next(3) == 0 { next(400) } else { next(8) };
            words.push(if next(4) == 0 { "the".to_owned() } else { format!("w{word}") });
        }
        words
    };
    (0..sentences).map(|_| sentence()).collect()
}

#[test]
fn every_distribution_sums_to_one_and_agrees_with_single_probabilities() {
    let sentences = made_up(2000);
    for order in 2..=5 {
        let folder = tempfile::tempdir().unwrap();
        let (corpus, ngrams) = counted(folder.path(), &sentences, Settings { order, chunk: 1000 });
        assert_eq!((ngrams.order(), ngrams.words()), (order, corpus.vocabulary().len()));
        for sentence in sentences.iter().step_by(97) {
            let mut context = ids(corpus.vocabulary(), sentence);
            context.extend([None].iter().filter(|_| sentence.len() % 3 == 0));
            let (found, _) = ngrams.predict(&context);
            let sum: f64 = found.0.iter().sum();
            assert!((sum - 1.0).abs() < 1e-9, "order {order}: {sum}");
            assert!(found.0.iter().all(|probability| *probability > 0.0));
            for next in [Next::Word(WordId(0)), Next::Word(WordId(9)), Next::Unknown, Next::End] {
                let single = ngrams.probability(&context, next);
                assert!((single - found.of(next)).abs() < 1e-12, "{next:?}");
            }
            let best = found.best(20);
            assert!(best.windows(2).all(|pair| pair[0].1 >= pair[1].1) && found.rank(best[0].0) == 1);
        }
    }
}

#[test]
fn the_file_does_not_depend_on_the_size_of_chunks() {
    let sentences = made_up(500);
    let file = |chunk: usize| {
        let folder = tempfile::tempdir().unwrap();
        counted(folder.path(), &sentences, Settings { order: 3, chunk });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2); // the corpus, and no temporary file
        std::fs::read(folder.path().join(NGRAMS_FILE)).unwrap()
    };
    assert!(file(1 << 20) == file(100));
}

#[test]
fn damaged_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (corpus, _) = counted(folder.path(), &split("a b c\na c"), Settings::default());
    assert!(matches!(NGrams::open(folder.path(), Some(corpus.checksum() ^ 1)), Err(Error::Damaged { .. })));
    let path = folder.path().join(NGRAMS_FILE);
    let bytes = std::fs::read(&path).unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x08;
        for changed in [&flipped[..], &bytes[..at]] {
            std::fs::remove_file(&path).unwrap(); // ext4 flushes a file that is written over
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(NGrams::open(folder.path(), None), Err(Error::Damaged { .. })), "byte {at}");
        }
    }
}

#[test]
fn counting_can_be_cancelled_and_refuses_what_cannot_be() {
    struct Stopper;
    impl Progress for Stopper {
        fn report(&self, _step: &Step<'_>) -> Go {
            Go::Stop
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path(), &split("a b"));
    let cancelled = build(&corpus, folder.path(), &Settings::default(), &Stopper);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    for order in [0, 1, 6] {
        let refused = build(&corpus, folder.path(), &Settings { order, chunk: 10 }, &Silent);
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
    assert!(!folder.path().join(NGRAMS_FILE).exists());
}
