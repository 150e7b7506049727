//! Encoded corpora: the same bytes whatever the number of threads, everything read back, damage noticed.

use sememe::error::{Error, Result};
use sememe::progress::Silent;
use sememe::vocab::chunk::{Chunk, END_OF_DOCUMENT, END_OF_SENTENCE, UNKNOWN};
use sememe::vocab::corpus::{Corpus, CorpusEncoder, EncoderReport, EncoderSettings, encode};
use sememe::vocab::phrases::{PhraseSettings, join_phrases};
use sememe::vocab::{Vocabulary, WordId};
use std::path::Path;

const TEXT: [&str; 3] = ["a b a. c a b", "a d", "b a. b"];

/// Sentences end at dots, words are what stands between blanks.
fn fill(text: &str, chunk: &mut Chunk) -> Result<()> {
    for sentence in text.split('.') {
        sentence.split_whitespace().for_each(|word| chunk.word(word));
        chunk.end_sentence();
    }
    chunk.end_document();
    Ok(())
}

fn encoded(path: &Path, texts: &[String], settings: EncoderSettings) -> Result<(Corpus, EncoderReport)> {
    let items = texts.iter().map(|text| Ok(text.as_str()));
    encode(items, fill, CorpusEncoder::create(path, settings)?, &Silent)
}

fn at_least(min_count: u64) -> EncoderSettings {
    EncoderSettings { min_count: Some(min_count), ..EncoderSettings::default() }
}

#[test]
fn words_are_numbered_by_count_and_ends_and_unknown_words_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus");
    let (corpus, report) = encoded(&path, &TEXT.map(String::from), at_least(2)).unwrap();
    // a: 5, b: 4; c and d once.
    let (s, d) = (END_OF_SENTENCE, END_OF_DOCUMENT);
    let expected = [0, 1, 0, s, UNKNOWN, 0, 1, s, d, 0, UNKNOWN, s, d, 1, 0, s, 1, s, d];
    for corpus in [&corpus, &Corpus::open(&path).unwrap()] {
        let mut tokens = Vec::new();
        corpus.read(0, 100, &mut tokens).unwrap();
        assert_eq!(tokens, expected);
        corpus.read(18, 100, &mut tokens).unwrap();
        assert_eq!(tokens, [d]);
        corpus.read(100, 100, &mut tokens).unwrap();
        assert!(tokens.is_empty());
        assert_eq!((corpus.tokens(), corpus.words(), corpus.unknown()), (19, 9, 2));
        assert_eq!((corpus.sentences(), corpus.documents()), (5, 3));
        assert_eq!(corpus.vocabulary().count(WordId(1)), 4);
        let mut sentences = Vec::new();
        corpus
            .for_each_sentence(|sentence| {
                sentences.push(sentence.to_vec());
                Ok(())
            })
            .unwrap();
        let passages = |words_max| {
            let mut passages = Vec::new();
            let each = |passage: &[Vec<_>]| {
                passages.push(passage.iter().map(Vec::len).collect::<Vec<_>>());
                Ok(())
            };
            corpus.for_each_passage(words_max, each).unwrap();
            passages
        };
        assert_eq!(passages(100), [vec![3, 3], vec![2], vec![2, 1]]);
        assert_eq!(passages(3), [vec![3], vec![3], vec![2], vec![2, 1]]);
        assert_eq!(sentences.len(), 5);
        assert_eq!(sentences[1], [None, Some(WordId(0)), Some(WordId(1))]);
    }
    assert_eq!((report.types, report.min_count, report.pruned_types), (4, 2, 0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> =
        (0..50u32).map(|i| (0..200).map(|j| format!("w{} ", (i * 31 + j * j) % 97)).collect()).collect();
    let bytes = [1, 2, 5].map(|threads| {
        let path = folder.path().join(threads.to_string());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encoded(&path, &texts, at_least(3))).unwrap();
        std::fs::read(path).unwrap()
    });
    assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
}

#[test]
fn forgetting_rare_words_is_bounded_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> =
        (0..20).map(|i| (0..200).map(|j| format!("common rare{i}x{j} ")).collect()).collect();
    let settings = EncoderSettings { max_types: 1000, min_count: Some(1) };
    let (corpus, report) = encoded(&folder.path().join("corpus"), &texts, settings).unwrap();
    assert!(corpus.vocabulary().len() <= 1000);
    assert_eq!(corpus.vocabulary().count(WordId(0)), 4000);
    assert_eq!(report.pruned_types + corpus.vocabulary().len() as u64, 4001);
    assert_eq!(report.pruned_words, report.pruned_types, "each had occurred once");
    assert!((1..=4).contains(&report.undercount_most));
    assert_eq!(corpus.unknown(), report.pruned_words);
}

#[test]
fn a_corpus_without_a_kept_word_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for (texts, min_count) in [(&[][..], 1), (&["a b".to_owned()][..], 2)] {
        let failed = encoded(&folder.path().join("corpus"), texts, at_least(min_count));
        assert!(matches!(failed, Err(Error::Invalid { .. })));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(CorpusEncoder::create(&folder.path().join("corpus"), at_least(0)).is_err());
}

#[test]
fn damage_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus");
    encoded(&path, &TEXT.map(String::from), at_least(1)).unwrap();
    let good = std::fs::read(&path).unwrap();
    let opens = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Corpus::open(&path)
    };
    assert!(opens(&good).is_ok());
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(matches!(opens(&bad), Err(Error::Damaged { .. })), "byte {at} flipped");
        assert!(matches!(opens(&good[..at]), Err(Error::Damaged { .. })), "cut at {at}");
    }
    let longer: Vec<u8> = good.iter().copied().chain([0]).collect();
    assert!(matches!(opens(&longer), Err(Error::Damaged { .. })));
}

/// The words of a corpus as text: `?` for unknown ones, a sentence a line.
fn spelled(corpus: &Corpus) -> String {
    let mut text = String::new();
    let mut sentence = |words: &[Option<WordId>]| {
        let words = words.iter().map(|word| word.map_or("?", |id| corpus.vocabulary().word(id)));
        text.push_str(&words.collect::<Vec<_>>().join(" "));
        text.push('\n');
        Ok(())
    };
    corpus.for_each_sentence(&mut sentence).unwrap();
    text
}

#[test]
fn words_that_belong_together_are_joined_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let texts = vec!["new york city. the new york. the city. city the. york new the".to_owned(); 10];
    let (corpus, _) = encoded(&folder.path().join("corpus"), &texts, at_least(1)).unwrap();
    // 130 words: the 40, city 30, new 30, york 30. Scores with δ = 5: "new york" 15 · 130 / 900 = 2.17;
    // "york city", "york new" 5 · 130 / 900 = 0.72; those with "the" 5 · 130 / 1200 = 0.54.
    let settings = PhraseSettings { passes: 1, threshold: 2.0, min_count: 5, ..PhraseSettings::default() };
    let path = folder.path().join("joined");
    let (joined, report) = join_phrases(&corpus, &path, &settings, &Silent).unwrap();
    assert_eq!(report.phrases, [1]);
    let expected = "new_york city\nthe new_york\nthe city\ncity the\nyork new the\n";
    assert_eq!(spelled(&joined), expected.repeat(10));
    assert_eq!(spelled(&Corpus::open(&path).unwrap()), expected.repeat(10));
    assert_eq!(joined.words(), 110);

    // Second pass at half the threshold, 110 words: new_york 20, city 30, the 40, york 10, new 10. "new_york
    // city" 5 · 110 / 600 = 0.92; "the new_york" 5 · 110 / 800 = 0.69; "york new" 5 · 110 / 100 = 5.5; "new
    // the" 5 · 110 / 400 = 1.4.
    let settings = PhraseSettings { passes: 2, threshold: 1.8, ..settings };
    let (joined, report) = join_phrases(&corpus, &path, &settings, &Silent).unwrap();
    assert_eq!(report.phrases, [1, 3]);
    let expected = "new_york_city\nthe new_york\nthe city\ncity the\nyork_new the\n";
    assert_eq!(spelled(&joined), expected.repeat(10));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(join_phrases(&corpus, &path, &PhraseSettings { passes: 0, ..settings }, &Silent).is_err());
}

#[test]
fn a_corpus_of_version_1_still_opens() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/corpus-v1.bin");
    let corpus = Corpus::open(&path).unwrap();
    assert_eq!(spelled(&corpus), "the bank of the ?\nthe bank ?\nof 河 of 河 the\n");
    assert_eq!((corpus.words(), corpus.unknown(), corpus.documents()), (11, 2, 3));
}

#[test]
fn one_occurrence_is_enough_where_vectors_know_the_other_words() {
    let folder = tempfile::tempdir().unwrap();
    let known = |words: &[&str]| -> &'static Vocabulary {
        let counts = words.iter().map(|word| (*word, 1));
        Box::leak(Box::new(Vocabulary::from_counts(counts, 1).unwrap()))
    };
    let encode = |settings: EncoderSettings, known: Vec<&'static Vocabulary>| {
        let encoder = CorpusEncoder::create(&folder.path().join("corpus"), settings).unwrap().known(known);
        let (corpus, report) = encode(TEXT.map(Ok), fill, encoder, &Silent).unwrap();
        (report.min_count, corpus.vocabulary().len())
    };
    // Of 11 running words a is 5, b 4, c and d are one each.
    let automatic = EncoderSettings::default;
    assert_eq!(encode(automatic(), vec![known(&["a", "c"])]), (1, 4));
    assert_eq!(encode(automatic(), vec![known(&["b", "d"])]), (2, 2)); // they cover less than half
    assert_eq!(encode(automatic(), vec![known(&["d"]), known(&["a", "b"])]), (1, 4));
    assert_eq!(encode(at_least(2), vec![known(&["a", "b"])]), (2, 2)); // set
}
