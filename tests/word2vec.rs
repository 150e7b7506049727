//! Training: what must come out the same, what must come out near, what must be refused.

use sememe::error::{Error, Result};
use sememe::linalg::cosine;
use sememe::progress::{Go, Progress, Silent, Step};
use sememe::vocab::chunk::Chunk;
use sememe::vocab::corpus::{Corpus, CorpusEncoder, EncoderSettings, encode};
use sememe::word2vec::{Algorithm, Checkpoint, Init, Settings, Subwords, Trained, Training, train};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Sentences of eight words, each from one of two topics of twenty words.
fn two_topics(folder: &Path) -> Corpus {
    let mut state = 12345u32;
    let mut random = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % limit
    };
    let mut sentence = || {
        let topic = if random(2) == 0 { "sea" } else { "law" };
        (0..8).map(|_| format!("{topic}{} ", random(20))).collect::<String>()
    };
    let sentences: Vec<String> = (0..1500).map(|_| sentence()).collect();
    corpus_of(&folder.join("corpus"), &sentences)
}

fn corpus_of(path: &Path, documents: &[String]) -> Corpus {
    let fill = |text: &String, chunk: &mut Chunk| {
        text.split_whitespace().for_each(|word| chunk.word(word));
        chunk.end_document();
        Ok(())
    };
    let settings = EncoderSettings { min_count: Some(1), ..EncoderSettings::default() };
    encode(documents.iter().map(Ok), fill, CorpusEncoder::create(path, settings).unwrap(), &Silent).unwrap().0
}

fn small() -> Settings {
    Settings { dim: 24, epochs: Some(8), subsample: 0.0, threads: Some(1), ..Settings::default() }
}

fn trained(corpus: &Corpus, settings: &Settings) -> Result<Trained> {
    train(Training { corpus, settings, init: None, checkpoint: None }, &Silent)
}

/// Mean cosine of words of one topic, and of words of different topics.
fn within_and_across(corpus: &Corpus, trained: &Trained) -> (f32, f32) {
    let vector = |topic: &str, i: usize| {
        let id = corpus.vocabulary().id(&format!("{topic}{i}")).unwrap();
        &trained.input[id.index() * trained.dim..][..trained.dim]
    };
    let mean = |a, b| (0..19).map(|i| cosine(vector(a, i), vector(b, i + 1))).sum::<f32>() / 19.0;
    ((mean("sea", "sea") + mean("law", "law")) / 2.0, mean("sea", "law"))
}

#[test]
fn words_of_one_topic_come_near_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    for algorithm in [Algorithm::SkipGram, Algorithm::Cbow] {
        let trained = trained(&corpus, &Settings { algorithm, ..small() }).unwrap();
        let (within, across) = within_and_across(&corpus, &trained);
        assert!(within > across + 0.4, "{algorithm:?}: within {within}, across {across}");
        assert!(trained.loss < 6.0 * std::f64::consts::LN_2, "{}", trained.loss); // six times ln 2 before training
        assert_eq!((trained.words_trained, trained.output.len()), (8 * 12_000, 40 * 24));
    }
}

#[test]
fn one_thread_repeats_itself_to_the_bit_and_another_seed_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    for algorithm in [Algorithm::SkipGram, Algorithm::Cbow] {
        let settings = Settings { algorithm, epochs: Some(2), ..small() };
        let (first, second) = (trained(&corpus, &settings).unwrap(), trained(&corpus, &settings).unwrap());
        assert!(first.input == second.input && first.output == second.output);
        let other = trained(&corpus, &Settings { seed: 2, ..settings }).unwrap();
        assert!(first.input != other.input);
    }
}

#[test]
fn more_threads_than_processors_learn_the_same_topics() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    let trained = trained(&corpus, &Settings { threads: Some(9), ..small() }).unwrap();
    let (within, across) = within_and_across(&corpus, &trained);
    assert!(within > across + 0.4, "within {within}, across {across}");
}

#[test]
fn every_dimension_and_a_single_word_are_defined() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus_of(&folder.path().join("one"), &["w w w".into(), "w".into()]);
    for dim in [1, 15, 16, 17, 300] {
        let trained = trained(&corpus, &Settings { dim, window: Some(64), ..small() }).unwrap();
        assert!(trained.input.len() == dim && trained.input.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn training_continues_from_given_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    let row: Vec<f32> = (0..24).map(|i| i as f32).collect();
    let settings = Settings { epochs: Some(1), learning_rate: Some(1e-9), ..small() };
    let start = |words, rows| {
        let init = Some(Init { words, rows, output: None });
        train(Training { corpus: &corpus, settings: &settings, init, checkpoint: None }, &Silent)
    };
    let two_rows = row.repeat(2);
    let trained = start(&["sea3", "elsewhere"], &two_rows).unwrap();
    let id = corpus.vocabulary().id("sea3").unwrap();
    let got = &trained.input[id.index() * 24..][..24];
    assert!(got.iter().zip(&row).all(|(got, row)| (got - row).abs() < 1e-3));
    assert!(matches!(start(&["sea3"], &row[1..]), Err(Error::Invalid { .. })));
    assert!(matches!(start(&["sea3"], &[f32::NAN; 24]), Err(Error::Invalid { .. })));
}

/// Stops at the first report.
struct Impatient;

impl Progress for Impatient {
    fn report(&self, step: &Step<'_>) -> Go {
        assert!(step.phase == "training" && step.done <= step.total && step.unit == "words");
        Go::Stop
    }
}

#[test]
fn training_can_be_cancelled_and_refuses_what_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    let settings = small();
    let cancelled =
        train(Training { corpus: &corpus, settings: &settings, init: None, checkpoint: None }, &Impatient);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
    let tight = Settings { memory_budget_bytes: 1 << 20, ..small() };
    assert!(matches!(trained(&corpus, &tight), Err(Error::TooLarge { .. })));
    assert!(matches!(trained(&corpus, &Settings { dim: 0, ..small() }), Err(Error::Invalid { .. })));
}

/// Stops at the report of this number.
struct StopsAt(AtomicUsize);

impl Progress for StopsAt {
    fn report(&self, _step: &Step<'_>) -> Go {
        if self.0.fetch_sub(1, Relaxed) == 1 { Go::Stop } else { Go::On }
    }
}

#[test]
fn a_resumed_run_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    let path = folder.path().join("checkpoint");
    let settings = Settings { epochs: Some(6), ..small() };
    let run = |settings: &Settings, progress: &dyn Progress| {
        let checkpoint = Some(Checkpoint { path: &path, every_epochs: 2 });
        train(Training { corpus: &corpus, settings, init: None, checkpoint }, progress)
    };
    let whole = trained(&corpus, &settings).unwrap();
    let stopped = run(&settings, &StopsAt(AtomicUsize::new(14 * 5)));
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let half = std::fs::read(&path).unwrap();
    let resumed = run(&settings, &Silent).unwrap();
    assert!(whole.input == resumed.input && whole.output == resumed.output && whole.loss == resumed.loss);
    assert!(std::fs::read(&path).unwrap() != half, "the end is put aside too");
    let again = run(&settings, &Impatient).unwrap();
    assert!(again.input == whole.input, "nothing is left to do");

    let other = Settings { seed: 9, ..settings.clone() };
    assert!(matches!(run(&other, &Silent), Err(Error::Invalid { .. })));
    // A thousand changes: 500 flips from end to end, and as many cuts.
    for at in (0..70).chain((70..half.len()).step_by(half.len() / 430)) {
        let mut bad = half.clone();
        bad[at] ^= 1;
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(run(&settings, &Silent), Err(Error::Damaged { .. })), "byte {at} flipped");
        std::fs::write(&path, &half[..at]).unwrap();
        assert!(matches!(run(&settings, &Silent), Err(Error::Damaged { .. })), "cut at {at}");
    }
}

#[test]
fn unknown_words_get_the_topic_of_their_ngrams() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = two_topics(folder.path());
    let subwords = Subwords { min_n: 3, max_n: 4, buckets: 2000 };
    let settings = Settings { subwords: Some(subwords), epochs: Some(4), ..small() };
    let trained = trained(&corpus, &settings).unwrap();
    assert_eq!((trained.input.len(), trained.buckets.len()), (40 * 24, 2000 * 24));
    let mut unknown = vec![0.0; 24];
    for bucket in subwords.buckets_of("sea777") {
        sememe::linalg::add_scaled(&mut unknown, 1.0, &trained.buckets[bucket as usize * 24..][..24]);
    }
    let near = |word: &str| {
        let id = corpus.vocabulary().id(word).unwrap();
        cosine(&unknown, &trained.input[id.index() * 24..][..24])
    };
    assert!(near("sea5") > near("law5") + 0.3, "{} {}", near("sea5"), near("law5"));
}
