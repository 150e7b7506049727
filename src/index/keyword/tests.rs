//! What the keyword index answers, worked out by hand.

use super::*;
use crate::text::Analyzer;

const OPTIONS: KeywordOptions = KeywordOptions { bm25: Bm25 { k1: 1.2, b: 0.75 }, as_written: false };

fn index(texts: &[&str]) -> (tempfile::TempDir, KeywordIndex) {
    stemmed(texts, Stemming::None)
}

fn stemmed(texts: &[&str], stemming: Stemming) -> (tempfile::TempDir, KeywordIndex) {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = KeywordBuilder::create(&folder.path().join("k"), stemming).unwrap();
    for (seq, text) in texts.iter().enumerate() {
        let document = builder.layout().document(seq as u64 + 10, &Analyzer.analyze(text));
        builder.add(document).unwrap();
    }
    builder.finish().unwrap();
    let index = KeywordIndex::open(&folder.path().join("k")).unwrap();
    (folder, index)
}

#[test]
fn scores_are_bm25_worked_out_by_hand() {
    // Two documents of 2 and 4 words, mean 3; "bank" in both: idf = ln(1 + (2 - 2 + .5) / (2 + .5)) = ln 1.2.
    // Document 10: tf 1, length 2: 2.2 / (1 + 1.2 (.25 + .75 · 2/3)) = 2.2 / 1.9.
    // Document 11: tf 2, length 4: 2 · 2.2 / (2 + 1.2 (.25 + .75 · 4/3)) = 4.4 / 3.5.
    let (_folder, index) = index(&["river bank", "bank bank loan money"]);
    let found = index.search(&["bank".into()], 10).unwrap();
    let idf = 1.2f32.ln();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [11, 10]);
    assert!((found[0].1 - idf * 4.4 / 3.5).abs() < 1e-5, "{found:?}");
    assert!((found[1].1 - idf * 2.2 / 1.9).abs() < 1e-5, "{found:?}");
}

#[test]
fn the_parts_add_up_to_the_score() {
    let (_folder, index) = index(&["river bank in spring", "bank loan", "spring water"]);
    let words: Vec<String> = ["spring", "bank", "absent", "spring"].map(String::from).to_vec();
    let (seq, score) = index.search(&words, 1).unwrap()[0];
    let parts = index.explain(&words, seq, &OPTIONS).unwrap();
    assert_eq!(parts.iter().map(|part| part.0.as_str()).collect::<Vec<_>>(), ["spring", "bank"]);
    assert!((parts.iter().map(|part| part.1).sum::<f32>() - score).abs() < 1e-6);
}

#[test]
fn weighted_terms_add_up_and_parts_count_for_their_mean() {
    let (_folder, index) = index(&["hot dog in the sun", "a dog", "hot water"]);
    let term = |words: &[&str], weight| WeightedTerm {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        weight,
    };
    let plain = |word: &str, seq| index.explain(&[word.to_owned()], seq, &OPTIONS).unwrap()[0].1;
    let (both, half) = (term(&["hot", "dog"], 0.4), term(&["dog"], 0.5));
    let terms = [&both, &half];
    let found = index.search_weighted(&terms, 9).unwrap();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10, 11]);
    let expected = 0.2 * (plain("hot", 10) + plain("dog", 10)) + 0.5 * plain("dog", 10);
    assert!((found[0].1 - expected).abs() < 1e-6, "{found:?} {expected}");
    for (seq, score) in found {
        let parts = index.explain_weighted(&terms, seq, &OPTIONS).unwrap();
        assert!((parts.iter().sum::<f32>() - score).abs() < 1e-6, "{parts:?}");
    }
    assert_eq!(index.explain_weighted(&terms, 12, &OPTIONS).unwrap(), [0.0, 0.0]);
    assert!(index.search_weighted(&[], 9).unwrap().is_empty());
}

#[test]
fn equal_scores_keep_the_order_of_rows() {
    let (_folder, index) = index(&["same", "same", "same"]);
    let found = index.search(&["same".into()], 2).unwrap();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10, 11]);
}

#[test]
fn function_words_count_only_alone() {
    let (_folder, index) = index(&["the the the bank", "a river"]);
    assert_eq!(index.search(&["the".into(), "river".into()], 9).unwrap().len(), 1);
    assert_eq!(index.search(&["the".into()], 9).unwrap()[0].0, 10);
}

#[test]
fn chinese_words_are_found_whole() {
    let (_folder, index) = index(&["我早上去了星巴克", "巴克莱银行在早上开门"]);
    let found = index.search(&Analyzer.words("星巴克"), 9).unwrap();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10]);
}

#[test]
fn a_folder_without_an_index_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(KeywordIndex::open(folder.path()), Err(Error::Damaged { .. })));
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_constants_can_be_chosen() {
    // As above, k1 = 2, b = 0: document 11 has tf 2: idf · 2 · 3 / (2 + 2) = idf · 1.5; document 10 idf · 3 / 3.
    let (_folder, index) = index(&["river bank", "bank bank loan money"]);
    let options = KeywordOptions { bm25: Bm25 { k1: 2.0, b: 0.0 }, ..OPTIONS };
    let found = index.matching(&words(&["bank"]), &options).unwrap();
    assert_eq!(found.total(), 2);
    let found = found.top(&index, 5).unwrap();
    let idf = 1.2f32.ln();
    assert!((found[0].1 - idf * 1.5).abs() < 1e-5 && (found[1].1 - idf).abs() < 1e-5, "{found:?}");
}

#[test]
fn forms_of_a_word_are_one_term_unless_asked_as_written() {
    let (_folder, index) = stemmed(&["a loan", "loans and loaned", "the river"], Stemming::English);
    let query = words(&["loans", "loan"]);
    let found = index.search(&query, 9).unwrap();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [11, 10]);
    // Two words of one stem are one term: its score counts once.
    let parts = index.explain(&query, 11, &OPTIONS).unwrap();
    assert_eq!(parts.len(), 1);
    assert!((parts[0].1 - found[0].1).abs() < 1e-6);
    let as_written = KeywordOptions { as_written: true, ..OPTIONS };
    let found = index.matching(&words(&["loans"]), &as_written).unwrap().top(&index, 9).unwrap();
    assert_eq!(found.iter().map(|hit| hit.0).collect::<Vec<_>>(), [11]);
    assert_eq!(index.document_count("loan").unwrap(), 1);
    assert_eq!(index.matching_count("loan", &OPTIONS).unwrap(), 2);
    assert_eq!(
        (index.form("loans", &OPTIONS), index.form("loans", &as_written)),
        ("loan".into(), "loans".into())
    );
}

#[test]
fn an_index_knows_how_it_was_stemmed() {
    assert_eq!(stemmed(&["x"], Stemming::German).1.stemming(), Stemming::German);
    assert_eq!(index(&["x"]).1.stemming(), Stemming::None);
}
