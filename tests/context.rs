//! The contextual model on a made-up language, whose hidden words can be known only from both sides: training, its file, what
//! it says, and what it makes of bad input.

use sememe::bilm::{self, Checkpoint, Ended, Favour, Known, Model, Settings, Training};
use sememe::encoder::{ContextualEncoder, Encoder, Mix, StaticEncoder};
use sememe::error::Error;
use sememe::linalg;
use sememe::progress::{Go, Progress, Silent, Step};
use sememe::vectors::WordVectors;
use sememe::vocab::Vocabulary;
use sememe::vocab::chunk::Chunk;
use sememe::vocab::corpus::{Corpus, CorpusEncoder, EncoderSettings, encode};
use sememe::word2vec;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// `who goes to the where to verb the what .`: where and what agree, and the word between depends on both.
fn sentences() -> Vec<String> {
    let people = ["anna", "bert", "cara", "dave"];
    let places = [("bank", "opens", "account"), ("river", "swims", "water"), ("shop", "buys", "bread")];
    let mut random = 7u64;
    let mut next = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % limit
    };
    let mut sentence = || {
        let (who, (place, verb, thing)) = (people[next(4)], places[next(3)]);
        match next(3) {
            0 => format!("{who} goes to the {place} and {verb} the {thing}"),
            1 => format!("at the {place} {who} {verb} some {thing} today"),
            _ => format!("the {thing} that {who} {verb} is from the {place}"),
        }
    };
    (0..1500).map(|_| sentence()).collect()
}

fn corpus(folder: &Path) -> Corpus {
    let encoder = CorpusEncoder::create(&folder.join("corpus"), EncoderSettings::default()).unwrap();
    let work = |lines: Vec<String>, chunk: &mut Chunk| {
        for line in lines {
            line.split(' ').for_each(|word| chunk.word(word));
            chunk.end_sentence();
        }
        chunk.end_document();
        Ok(())
    };
    encode([Ok(sentences())], work, encoder, &Silent).unwrap().0
}

pub(crate) struct World {
    _folder: TempDir,
    pub corpus: Corpus,
    vectors: Arc<WordVectors>,
    output: Vec<f32>,
    pub model: Model,
}

fn settings() -> Settings {
    let (hidden, batch_words) = (Some(16), Some(64));
    let (epochs, learning_rate) = (Some(8), 0.01);
    let small = Settings { hidden, batch_words, epochs, learning_rate, ..Settings::default() };
    Settings { shared_negatives: 16, subsample: 0.0, ..small }
}

/// Trained once for all tests.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let corpus = corpus(folder.path());
        let settings_of_words = word2vec::Settings {
            dim: 12,
            epochs: Some(8),
            learning_rate: Some(0.005), // two dozen words: each takes many steps at once
            threads: Some(1),
            subsample: 0.0,
            ..Default::default()
        };
        let training = word2vec::Training {
            corpus: &corpus,
            settings: &settings_of_words,
            init: None,
            checkpoint: None,
        };
        let trained = word2vec::train(training, &Silent).unwrap();
        let vocabulary = Arc::new(corpus.vocabulary().clone());
        let vectors = Arc::new(WordVectors::new(vocabulary, trained.input, trained.dim).unwrap());
        let output = trained.output;
        let model = train(&corpus, (&vectors, &output), &settings(), None, &Silent).unwrap();
        World { _folder: folder, corpus, vectors, output, model }
    })
}

fn train(
    corpus: &Corpus,
    (vectors, output): (&Arc<WordVectors>, &[f32]),
    settings: &Settings,
    checkpoint: Option<Checkpoint<'_>>,
    progress: &dyn Progress,
) -> sememe::Result<Model> {
    let (vectors, output) = (vectors.clone(), output.to_vec());
    bilm::train(Training { corpus, vectors, output, start: None, settings, checkpoint }, progress)
}

fn bytes_of(model: &Model) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    std::fs::read(folder.path().join(bilm::CONTEXT_FILE)).unwrap()
}

/// The model as its file has it.
fn reopened(model: &Model) -> (TempDir, Model) {
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let opened = Model::open(folder.path(), world().vectors.clone()).unwrap();
    (folder, opened)
}

fn words(sentence: &str) -> Vec<&str> {
    sentence.split_whitespace().collect()
}

#[test]
fn hidden_words_are_known_from_both_sides() {
    let World { model, vectors, .. } = world();
    let history = model.history().unwrap();
    assert!(matches!(history.ended, Ended::Complete | Ended::Early) && history.epochs.len() > 3);
    let mrr = history.epochs.iter().map(|epoch| epoch.held_out.mrr).fold(0.0, f64::max);
    let best_control = history.controls.average.mrr.max(history.controls.unigram.mrr);
    assert!(mrr > 1.2 * best_control, "{mrr} against {best_control}");
    // Only the right side tells the place, only the left side that it is one.
    for (thing, verb, place) in
        [("account", "opens", "bank"), ("water", "swims", "river"), ("bread", "buys", "shop")]
    {
        let text = format!("anna goes to the zzz and {verb} the {thing}");
        let sentence = model.sentence(&words(&text));
        let found =
            model.substitutes(&sentence.contexts[4 * model.dim()..5 * model.dim()], Favour::Probability, 3);
        assert_eq!(vectors.vocabulary().word(found[0].word), place, "{text}");
        assert!(found[0].probability > 0.5 && found[0].lift > 0.0, "{found:?}");
    }
}

#[test]
fn hidden_words_are_guessed_again_as_in_training() {
    let World { corpus, model, .. } = world();
    let [guessed, unigram] = model.hidden_words(corpus).unwrap();
    let history = model.history().unwrap();
    let kept = history.epochs.iter().any(|epoch| (epoch.held_out.mrr - guessed.mrr).abs() < 1e-12); // summed in another order
    assert!(kept && unigram.mrr == history.controls.unigram.mrr, "{guessed:?} {history:?}");
    let report = sememe::eval::hidden::hidden_words(model, corpus).unwrap();
    let [.., average, network] = &report.systems[..] else { panic!("{report:?}") };
    let interval = network.interval.unwrap();
    assert!(interval.low < network.mrr && network.mrr < interval.high && average.interval.is_some());
    assert!((report.times_average.unwrap()[0] - network.mrr / average.mrr).abs() < 1e-12);
    let folder = tempfile::tempdir().unwrap();
    let encoder = CorpusEncoder::create(&folder.path().join("other"), EncoderSettings::default()).unwrap();
    let work = |word: &str, chunk: &mut Chunk| {
        (0..9).for_each(|_| chunk.word(word));
        chunk.end_document();
        Ok(())
    };
    let other = encode([Ok("zebra")], work, encoder, &Silent).unwrap().0;
    let error = model.hidden_words(&other).unwrap_err();
    assert!(error.to_string().contains("train them together"), "{error}");
}

#[test]
fn substitutes_are_a_distribution() {
    let World { model, vectors, .. } = world();
    let sentence = model.sentence(&words("anna goes to the bank"));
    let all = model.substitutes(&sentence.contexts[..model.dim()], Favour::Probability, usize::MAX);
    assert_eq!(all.len(), vectors.len());
    let total: f32 = all.iter().map(|substitute| substitute.probability).sum();
    assert!((total - 1.0).abs() < 1e-4, "{total}");
    assert!(all.windows(2).all(|two| two[0].probability >= two[1].probability));
    assert!(model.substitutes(&sentence.contexts[..model.dim()], Favour::Lift, 0).is_empty());
}

/// Neither the number of threads nor an interruption changes a byte.
#[test]
fn the_same_weights_whatever_happens_on_the_way() {
    let World { corpus, vectors, output, model, .. } = world();
    let expected = bytes_of(model);
    let single = Settings { threads: Some(1), ..settings() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let checkpoint = Some(Checkpoint { path: &path, every_windows: 1 });
    let (count, stop) = (AtomicU64::new(0), corpus.words() * 9 / 2);
    let stopping = StopAt { words: stop, count: &count };
    let stopped = train(corpus, (vectors, output), &single, checkpoint, &stopping);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert!(path.exists());
    let resumed = train(corpus, (vectors, output), &single, checkpoint, &Counting(&count)).unwrap();
    assert!(bytes_of(&resumed) == expected, "resumed on one thread");
    // What was read twice is at most the pass in which it was stopped.
    assert!(count.load(Relaxed) <= corpus.words(), "{count:?}");
    let other = Settings { seed: 2, ..settings() };
    assert!(bytes_of(&train(corpus, (vectors, output), &other, None, &Silent).unwrap()) != expected);
    let error = train(corpus, (vectors, output), &other, checkpoint, &Silent).unwrap_err();
    assert!(error.to_string().contains("one of this run"), "{error}");
}

struct StopAt<'a> {
    words: u64,
    count: &'a AtomicU64,
}

impl Progress for StopAt<'_> {
    fn report(&self, step: &Step<'_>) -> Go {
        self.count.store(0, Relaxed);
        if step.done > self.words { Go::Stop } else { Go::On }
    }
}

/// Counts the words from the first report to the last.
struct Counting<'a>(&'a AtomicU64);

impl Progress for Counting<'_> {
    fn report(&self, step: &Step<'_>) -> Go {
        if step.phase == "training on sentences" {
            self.0.store(step.total - step.done.min(step.total), Relaxed);
            let _ = self.0.fetch_max(0, Relaxed);
        }
        Go::On
    }
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let World { corpus, vectors, output, .. } = world();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let checkpoint = Some(Checkpoint { path: &path, every_windows: 1 });
    let short = Settings { epochs: Some(1), ..settings() };
    train(corpus, (vectors, output), &short, checkpoint, &Silent).unwrap();
    let whole = std::fs::read(&path).unwrap();
    // A thousand changes: 500 flips from end to end, and as many cuts.
    for damage in (0..whole.len()).step_by(whole.len() / 500) {
        let mut bytes = whole.clone();
        bytes[damage] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = train(corpus, (vectors, output), &short, checkpoint, &Silent).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. } | Error::Invalid { .. }), "byte {damage}: {error}");
        std::fs::write(&path, &bytes[..damage]).unwrap();
        let error = train(corpus, (vectors, output), &short, checkpoint, &Silent).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "cut at {damage}: {error}");
    }
}

#[test]
fn what_is_kept_of_frequent_words_changes_no_bit() {
    let (_folder, opened) = reopened(&world().model);
    let texts = sentences();
    let texts: Vec<Vec<&str>> = texts.iter().map(|text| words(text)).chain([vec!["zzz"]]).collect();
    let few = opened.sentences(&texts[1400..]);
    let all = opened.sentences(&texts); // many thousand words: from here on
    assert!(few == all[1400..] && all == opened.sentences(&texts));
    assert_eq!(opened.sentence(&texts[7]), all[7]);
}

/// How often words are expected comes with the file: by a prior of a thousand words of which all are "bank", it is expected everywhere.
#[test]
fn a_model_that_went_on_expects_what_its_start_knew_and_keeps_that() {
    let World { corpus, vectors, output, model, .. } = world();
    let known = Vocabulary::from_sorted(vec![("bank".into(), 5)]).unwrap();
    let (parts, settings) = (model.parts(), Settings { epochs: Some(1), ..settings() });
    let shares = [None, Some((&parts, &known))].map(|start| {
        let (vectors, output) = (vectors.clone(), output.clone());
        let training = Training { corpus, vectors, output, start, settings: &settings, checkpoint: None };
        let model = bilm::train(training, &Silent).unwrap();
        let (_folder, opened) = reopened(&model);
        assert!(bytes_of(&opened) == bytes_of(&model));
        let found = opened.substitutes(&vec![0.0; opened.dim()], Favour::Probability, 100);
        assert_eq!(found, model.substitutes(&vec![0.0; model.dim()], Favour::Probability, 100));
        let bank = opened.vectors().vocabulary().id("bank").unwrap();
        found.iter().find(|one| one.word == bank).unwrap().probability
    });
    // Without a context p is p_noise: of counts c to the power 3/4, in the second case (c + 1000) to it for bank.
    let counts = vectors.vocabulary().counts();
    let bank = vectors.vocabulary().id("bank").unwrap().index();
    let power = |more: f64| (counts[bank] as f64 + more).powf(0.75);
    let others: f64 = counts.iter().map(|count| (*count as f64).powf(0.75)).sum::<f64>() - power(0.0);
    for (share, more) in shares.into_iter().zip([0.0, 1000.0]) {
        let expected = power(more) / (power(more) + others);
        assert!((f64::from(share) - expected).abs() < 1e-5, "{share}, not {expected}");
    }
}

#[test]
fn a_loss_that_is_no_number_is_told() {
    let World { corpus, vectors, output, .. } = world();
    let mut output = output.clone();
    output[0] = f32::NAN;
    let error = train(corpus, (vectors, &output), &settings(), None, &Silent).unwrap_err();
    assert!(error.to_string().contains("loss"), "{error}");
}

/// A run that is stopped in its second pass, and goes on with a weight that is no number.
#[test]
fn a_later_pass_that_breaks_leaves_the_pass_before() {
    let World { corpus, vectors, output, .. } = world();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let checkpoint = Some(Checkpoint { path: &path, every_windows: 1 });
    let stopping = StopAt { words: corpus.words() * 6 / 5, count: &AtomicU64::new(0) };
    let stopped = train(corpus, (vectors, output), &settings(), checkpoint, &stopping);
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let mut bytes = std::fs::read(&path).unwrap();
    let weights = 16 + u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    bytes[weights..weights + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let end = bytes.len() - 4;
    let crc = crc32fast::hash(&bytes[..end]);
    bytes[end..].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let model = train(corpus, (vectors, output), &settings(), checkpoint, &Silent).unwrap();
    let history = model.history().unwrap();
    assert_eq!((history.ended, history.epochs.len()), (Ended::NotFinite, 1));
    let sentence = model.sentence(&words("anna goes to the bank"));
    assert!(sentence.contexts.iter().all(|value| value.is_finite()));
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    let World { corpus, vectors, output, .. } = world();
    let small = Settings { memory_budget_bytes: 1 << 20, ..settings() };
    let error = train(corpus, (vectors, output), &small, None, &Silent).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let error = train(corpus, (vectors, &output[1..]), &settings(), None, &Silent).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

#[test]
fn the_file_opens_as_it_was_and_damage_is_told() {
    let World { model, vectors, .. } = world();
    let (folder, opened) = reopened(model);
    let sentence = words("the water that anna swims");
    assert_eq!(opened.sentence(&sentence), model.sentence(&sentence));
    assert!(bytes_of(&opened) == bytes_of(model));
    let path = folder.path().join(bilm::CONTEXT_FILE);
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        assert!(Model::open(folder.path(), vectors.clone()).is_err(), "byte {at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        let error = Model::open(folder.path(), vectors.clone()).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "cut at {at}: {error}");
    }
    let foreign = br#"{"weight":{"dtype":"F32","shape":[99999999999,99999999999],"data_offsets":[0,4]}}"#;
    let length = foreign.len().next_multiple_of(4);
    let mut bytes = (length as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(foreign);
    bytes.resize(8 + length, b' ');
    std::fs::write(&path, bytes).unwrap();
    let error = Model::open(folder.path(), vectors.clone()).unwrap_err();
    assert!(error.to_string().contains("a contextual model"), "{error}");
}

/// A NaN that has a right checksum, as a broken trainer would write it.
#[test]
fn a_weight_that_is_no_number_is_refused() {
    let World { model, vectors, .. } = world();
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = bytes_of(model);
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[data..data + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let at = bytes.windows(7).position(|window| window == b"\"crc32\"").unwrap() + 9;
    bytes[at..at + 8].copy_from_slice(b"00000000");
    let crc = format!("{:08x}", crc32fast::hash(&bytes));
    bytes[at..at + 8].copy_from_slice(crc.as_bytes());
    std::fs::write(folder.path().join(bilm::CONTEXT_FILE), bytes).unwrap();
    let error = Model::open(folder.path(), vectors.clone()).unwrap_err();
    assert!(error.to_string().contains("NaN"), "{error}");
}

#[test]
fn a_model_of_other_vectors_is_refused() {
    let World { model, vectors, .. } = world();
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let mut matrix = vectors.originals();
    matrix[0] += 1.0;
    let other = WordVectors::new(vectors.vocabulary().clone(), matrix, vectors.dim()).unwrap();
    let error = Model::open(folder.path(), Arc::new(other)).unwrap_err();
    assert!(error.to_string().contains("train them together"), "{error}");
}

#[test]
fn a_sentence_alone_and_among_others_is_the_same() {
    let World { model, .. } = world();
    let texts = sentences();
    let mut sentences: Vec<Vec<&str>> = texts.iter().take(300).map(|text| words(text)).collect();
    sentences.push(vec![]);
    sentences.push(vec!["bank"]);
    let together = model.sentences(&sentences);
    for (sentence, expected) in sentences.iter().zip(&together).rev().take(60) {
        assert_eq!(model.sentence(sentence), *expected, "{sentence:?}");
    }
}

#[test]
fn odd_sentences_have_a_defined_answer() {
    let World { model, .. } = world();
    let empty = model.sentence(&[]);
    assert!(empty.known.is_empty() && empty.contexts.is_empty());
    let alone = model.sentence(&["bank"]);
    assert!(alone.contexts.iter().all(|value| value.is_finite()) && alone.known == [Known::Word]);
    let unknown = model.sentence(&["xyzzy", "银河系", ""]);
    assert_eq!(unknown.known, [Known::Unknown; 3]);
    assert!(unknown.statics.iter().chain(&unknown.white_average).all(|value| *value == 0.0));
    assert!(unknown.contexts.iter().all(|value| value.is_finite()));
    let long = vec!["bank"; 10_000];
    let long = model.sentence(&long);
    assert_eq!(long.contexts.len(), 10_000 * model.dim());
    assert!(long.white_contexts.iter().all(|value| value.is_finite()));
}

#[test]
fn a_point_moves_towards_what_its_context_favours() {
    let World { model, vectors, .. } = world();
    let text = words("anna goes to the river and swims the water");
    let sentence = model.sentence(&text);
    let adjusted = model.adjust(&sentence, 4, 3).unwrap().unwrap();
    assert!((linalg::norm(&adjusted.point) - 1.0).abs() < 1e-5);
    let own = vectors.unit(vectors.id("river").unwrap());
    let distance = own.iter().zip(&adjusted.point).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    assert!((distance - adjusted.shift).abs() < 1e-6 && distance > 0.0);
    assert!(adjusted.towards.iter().all(|moved| moved.change > 0.0) && adjusted.towards.len() <= 3);
    assert!(adjusted.away.iter().all(|moved| moved.change < 0.0));
}

// --- Every encoder ------------------------------------------------------------------------------------------------------

fn encoders() -> Vec<Box<dyn Encoder>> {
    let World { model, vectors, .. } = world();
    let layers = Mix::Layers { scale: 2.0, weights: vec![0.5, 0.5] };
    vec![
        Box::new(StaticEncoder::plain(vectors.clone())),
        Box::new(ContextualEncoder::new(model.clone(), Mix::default()).unwrap()),
        Box::new(ContextualEncoder::new(model.clone(), layers).unwrap()),
    ]
}

#[test]
fn every_encoder_gives_each_token_one_vector_of_its_dimension() {
    for encoder in encoders() {
        let text = words("at the bank xyzzy opens some account today");
        let vectors = encoder.sentence(&text);
        assert_eq!(vectors.len(), text.len(), "{}", encoder.name());
        for vector in vectors.iter().flatten() {
            assert_eq!(vector.len(), encoder.dim(), "{}", encoder.name());
            assert!(vector.iter().all(|value| value.is_finite()), "{}", encoder.name());
        }
        assert!(vectors[2].is_some() && encoder.sentence(&[]).is_empty(), "{}", encoder.name());
    }
}

#[test]
fn every_encoder_says_the_same_twice_and_in_company() {
    let texts = sentences();
    let sentences: Vec<Vec<&str>> = texts.iter().take(40).map(|text| words(text)).collect();
    for encoder in encoders() {
        let together = encoder.sentences(&sentences);
        for (sentence, expected) in sentences.iter().zip(together) {
            assert_eq!(encoder.sentence(sentence), expected, "{}", encoder.name());
        }
    }
}

#[test]
fn only_the_contextual_encoder_tells_two_sentences_apart() {
    let [here, there] =
        ["the water that anna swims is from the bank", "anna goes to the bank and opens the account"];
    for encoder in encoders() {
        let here = encoder.sentence(&words(here)).pop().flatten().unwrap();
        let there = encoder.sentence(&words(there))[4].clone().unwrap();
        assert_eq!(here == there, encoder.name() == "static");
    }
}

#[test]
fn without_weights_the_contextual_vector_is_the_static_one() {
    let World { model, vectors, .. } = world();
    let none = Mix::Parts { context: 0.0, average: 0.0 };
    let encoder = ContextualEncoder::new(model.clone(), none).unwrap();
    let [vector] = &encoder.sentence(&["bank"])[..] else { panic!("one token") };
    let vector = vector.as_ref().unwrap();
    let own = vectors.unit(vectors.id("bank").unwrap());
    assert!(vector[..vectors.dim()].iter().zip(own).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(vector[vectors.dim()..].iter().all(|value| *value == 0.0));
    assert_eq!(encoder.sentence(&["xyzzy"]), [None]);
    for bad in [Mix::Parts { context: -1.0, average: 0.0 }, Mix::Layers { scale: 1.0, weights: vec![1.0] }] {
        assert!(matches!(ContextualEncoder::new(model.clone(), bad), Err(Error::Invalid { .. })));
    }
}
