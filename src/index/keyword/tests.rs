//! What the keyword index answers, worked out by hand.

use super::*;
use crate::text::{Analyzer, Document};
use serde_json::json;

const OPTIONS: KeywordOptions<'_> =
    KeywordOptions { bm25: Bm25 { k1: 1.2, b: 0.75 }, as_written: false, weights: None, selection: None };

fn index(texts: &[&str]) -> (tempfile::TempDir, KeywordIndex) {
    stemmed(texts, Stemming::None)
}

fn stemmed(texts: &[&str], stemming: Stemming) -> (tempfile::TempDir, KeywordIndex) {
    let folder = tempfile::tempdir().unwrap();
    let mut builder =
        KeywordBuilder::create(&folder.path().join("k"), &IndexSettings { stemming, ..Default::default() })
            .unwrap();
    for (seq, text) in texts.iter().enumerate() {
        let document = builder.layout().document(seq as u64 + 10, &Analyzer.analyze(text));
        builder.add(document).unwrap();
    }
    builder.finish().unwrap();
    let index = KeywordIndex::open(&folder.path().join("k")).unwrap();
    (folder, index)
}

#[test]
fn a_file_cut_to_any_short_length_is_told() {
    let (folder, index) = index(&["river bank", "bank loan"]);
    drop(index);
    let folder = folder.path().join("k");
    KeywordIndex::verify(&folder).unwrap();
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.metadata().unwrap().len() > 0).collect();
    for path in files.iter().filter(|path| path.file_name().is_some_and(|name| name != ".managed.json")) {
        let bytes = std::fs::read(path).unwrap();
        for length in 0..bytes.len().min(12) {
            std::fs::write(path, &bytes[..length]).unwrap();
            assert!(KeywordIndex::verify(&folder).is_err(), "{} cut to {length} bytes", path.display());
        }
        std::fs::write(path, &bytes).unwrap();
    }
    KeywordIndex::verify(&folder).unwrap();
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
    let term = |words: &[&str], weight| {
        WeightedTerm::of_words(words.iter().map(|word| (*word).to_owned()).collect(), weight)
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
fn pairs_of_characters_meet_where_words_do_not() {
    // 伤亡者 is a word of the dictionary, 伤亡 another; 亡惨 reaches across two words, and a comma is a gap.
    let (_folder, index) = index(&["战争中伤亡惨重", "银行，利息", "bank"]);
    let pair = |pair: &str| WeightedTerm::of_pair(pair.to_owned(), 0.5);
    let found = |term: WeightedTerm| index.search_weighted(&[&term], 9).unwrap();
    assert!(index.has_pairs() && index.search(&["伤亡者".into()], 9).unwrap().is_empty());
    let hits = found(pair("伤亡"));
    assert_eq!(hits.iter().map(|hit| hit.0).collect::<Vec<_>>(), [10]);
    assert_eq!(index.explain_weighted(&[&pair("伤亡")], 10, &OPTIONS).unwrap(), [hits[0].1]);
    assert!(hits[0].1 <= index.most(&pair("伤亡"), &OPTIONS).unwrap());
    assert_eq!((found(pair("亡惨")).len(), found(pair("行利")).len(), found(pair("利息")).len()), (1, 0, 1));
    // Words and pairs are apart, and pairs are no words of a document.
    assert!(index.search(&["亡惨".into()], 9).unwrap().is_empty());
    assert!(found(pair("bank")).is_empty());
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
    let found = found.top(&index, 5);
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
    let found = index.matching(&words(&["loans"]), &as_written).unwrap().top(&index, 9);
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

fn full(documents: &[serde_json::Value], settings: &str) -> (tempfile::TempDir, KeywordIndex) {
    let folder = tempfile::tempdir().unwrap();
    let settings: IndexSettings = serde_json::from_str(settings).unwrap();
    settings.check().unwrap();
    let mut builder = KeywordBuilder::create(&folder.path().join("k"), &settings).unwrap();
    for (seq, document) in documents.iter().enumerate() {
        let mut fields = document.as_object().unwrap().clone();
        let text =
            |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        let document = Document {
            id: format!("d{seq}"),
            title: text(fields.remove("title")),
            text: text(fields.remove("text")).unwrap_or_default(),
            fields,
        };
        let ready = builder.layout().document_with_fields(
            seq as u64,
            &document,
            &Analyzer.analyze(&document.full_text()),
        );
        builder.add(ready).unwrap();
    }
    builder.finish().unwrap();
    let index = KeywordIndex::open(&folder.path().join("k")).unwrap();
    (folder, index)
}

fn library() -> (tempfile::TempDir, KeywordIndex) {
    full(
        &[
            json!({"title": "River bank", "text": "The hot dog ran along the river.", "year": 1990, "topic": "water",
                   "tags": ["a", "b"], "day": "2024-05-01", "open": true}),
            json!({"title": "Loans", "text": "A bank lends; banks lent. Dog hot.", "year": 2001.5, "topic": "money",
                   "tags": ["b"], "day": "2024-05-02T10:00:00Z", "open": false}),
            json!({"title": "银行利息", "text": "我早上去了银行。", "year": -3, "topic": "钱", "where": {"city": "乌兰巴托"}}),
            json!({"text": "Banking on it, bonk.", "topic": "money", "code": "007"}),
        ],
        r#"{"stemming": "english", "fields": {"topic": {"searchable": true}}}"#,
    )
}

fn found(index: &KeywordIndex, query: &str) -> Vec<u64> {
    let expression = Expression::parse(query).unwrap();
    let mut rows: Vec<u64> = index
        .evaluate(&expression, &OPTIONS)
        .unwrap()
        .matches
        .top(index, 99)
        .into_iter()
        .map(|hit| hit.0)
        .collect();
    rows.sort_unstable();
    rows
}

#[test]
fn operators_find_what_they_say() {
    let (_folder, index) = library();
    for (query, rows) in [
        ("bank", vec![0, 1, 3]),
        ("\"bank\"", vec![0, 1]),
        ("\"hot dog\"", vec![0]),
        ("hot dog", vec![0, 1]),
        ("+bank -river", vec![1, 3]),
        ("bank AND (river OR lend)", vec![0, 1]),
        ("banki*", vec![3]),
        ("ban*", vec![0, 1, 3]),
        ("bnak~", vec![0, 1]),
        ("bonk~1", vec![0, 1, 3]),
        ("title:bank", vec![0]),
        ("text:bank", vec![1, 3]),
        ("text:\"the river\"", vec![0]),
        ("title:\"river bank\"", vec![0]),
        ("\"bank the\"", vec![]),
        ("topic:money", vec![1, 3]),
        ("topic:mon*", vec![1, 3]),
        ("year:1990", vec![0]),
        ("银行", vec![2]),
        ("利*", vec![2]),
        ("\"早上 去\"~", vec![]),
    ] {
        if query.ends_with("\"~") {
            assert!(Expression::parse(query).is_err());
            continue;
        }
        assert_eq!(found(&index, query), rows, "{query}");
    }
}

#[test]
fn a_field_that_is_none_is_told_with_its_place() {
    let (_folder, index) = library();
    for (query, place) in [("bank nofield:x", 5), ("open:tr*", 0)] {
        let expression = Expression::parse(query).unwrap();
        let error = index.evaluate(&expression, &OPTIONS).unwrap_err();
        assert!(matches!(&error, Error::Syntax { at, .. } if *at == place), "{query}: {error}");
    }
}

#[test]
fn parts_of_an_expression_add_up_to_the_score() {
    let (_folder, index) = library();
    let expression = Expression::parse("ban* \"hot dog\" +river~1 -lend").unwrap();
    let found = index.evaluate(&expression, &OPTIONS).unwrap();
    let best = found.matches.top(&index, 9);
    assert_eq!(best.len(), 1);
    let parts = index.contributions(&found.leaves, best[0].0).unwrap();
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| *part > 0.0));
    assert!((parts.iter().sum::<f32>() - best[0].1).abs() < 1e-5);
}

#[test]
fn a_plain_query_and_the_same_with_operators_score_alike() {
    let (_folder, index) = library();
    let query = words(&["bank", "dog", "the"]);
    let plain = index.matching(&query, &OPTIONS).unwrap().top(&index, 9);
    let expression = Expression::any_of(&query);
    let same = index.evaluate(&expression, &OPTIONS).unwrap().matches.top(&index, 9);
    assert_eq!(plain, same);
}

#[test]
fn an_occurrence_counts_for_the_weight_of_its_field() {
    let (_folder, index) = library();
    let query = words(&["bank"]);
    let with = |title: f32| {
        let weights = index.weights(|name| if name == TITLE { title } else { 1.0 });
        let options = KeywordOptions { weights: Some(&weights), ..OPTIONS };
        let best = index.matching(&query, &options).unwrap().top(&index, 9);
        for (seq, score) in &best {
            let parts = index.explain(&query, *seq, &options).unwrap();
            assert!((parts[0].1 - score).abs() < 1e-5, "{parts:?} {score}");
        }
        best.into_iter().map(|hit| hit.0).collect::<Vec<_>>()
    };
    assert_eq!(with(1.0)[0], 1);
    assert_eq!(with(10.0)[0], 0);
    assert_eq!(with(0.0), [1, 3]); // only in the title: not found
    let plain = index.matching(&query, &OPTIONS).unwrap().top(&index, 9);
    let weights = index.weights(|_| 1.0);
    let options = KeywordOptions { weights: Some(&weights), ..OPTIONS };
    assert_eq!(index.matching(&query, &options).unwrap().top(&index, 9), plain);
}

fn passing(index: &KeywordIndex, filter: &str) -> Vec<i64> {
    let selection = index.select(&Filter::parse("filter", filter).unwrap()).unwrap();
    let rows: Vec<i64> = (0..4).filter(|seq| selection.contains(*seq)).collect();
    assert_eq!(rows.len(), selection.len());
    rows
}

#[test]
fn filters_let_through_what_they_say() {
    let (_folder, index) = library();
    for (filter, rows) in [
        ("topic = money", vec![1, 3]),
        ("topic != money", vec![0, 2]),
        ("year > 1990", vec![1]),
        ("year >= 1990", vec![0, 1]),
        ("year < 0 OR year = 2001.5", vec![1, 2]),
        ("year -10 TO 1990", vec![0, 2]),
        ("year NOT EXISTS", vec![3]),
        ("tags = b AND tags = a", vec![0]),
        ("tags IN [a, x]", vec![0]),
        ("tags NOT IN [a]", vec![1, 2, 3]),
        ("open = true", vec![0]),
        ("NOT open = true", vec![1, 2, 3]),
        ("open EXISTS", vec![0, 1]),
        ("day > 2024-05-01", vec![1]),
        ("day = 2024-05-01T00:00:00Z", vec![0]),
        ("where.city = 乌兰巴托", vec![2]),
        ("topic = \"钱\" OR id = d3", vec![2, 3]),
        ("code = 7", vec![3]),
        ("topic IN []", vec![]),
    ] {
        assert_eq!(passing(&index, filter), rows, "{filter}");
    }
}

#[test]
fn filters_that_do_not_fit_their_fields_say_where() {
    let (_folder, index) = library();
    for (filter, place) in [
        ("topic = x AND yaer = 1", 14),
        ("year = old", 7),
        ("topic > 3", 0),
        ("open = yes", 7),
        ("day < soon", 6),
        ("year 1 TO x", 10),
        ("topic = a OR year IN [1, b]", 25),
    ] {
        let error = index.select(&Filter::parse("filter", filter).unwrap()).unwrap_err();
        assert!(matches!(&error, Error::Syntax { at, .. } if *at == place), "{filter}: {error}");
    }
}

#[test]
fn fields_have_the_types_of_their_values() {
    let (_folder, index) = library();
    let fields: Vec<(String, FieldType, u64)> =
        index.fields().into_iter().map(|field| (field.name, field.kind, field.documents)).collect();
    let expected = [
        ("code", FieldType::Number, 1),
        ("day", FieldType::Date, 2),
        ("id", FieldType::Keyword, 4),
        ("open", FieldType::Bool, 2),
        ("tags", FieldType::Keyword, 2),
        ("topic", FieldType::Keyword, 4),
        ("where.city", FieldType::Keyword, 1),
        ("year", FieldType::Number, 3),
    ];
    assert_eq!(fields, expected.map(|(name, kind, documents)| (name.to_owned(), kind, documents)));
    let (_folder, index) = full(
        &[json!({"text": "x", "a": 1, "b": "2"}), json!({"text": "x", "a": "one", "b": "x"})],
        r#"{"fields": {"b": {"type": "number"}}}"#,
    );
    let kinds: Vec<FieldType> = index.fields().into_iter().map(|field| field.kind).collect();
    assert_eq!(kinds[..2], [FieldType::Mixed, FieldType::Number]);
    let rows = |filter: &str| index.select(&Filter::parse("filter", filter).unwrap()).unwrap().len();
    assert_eq!(
        (rows("a = one"), rows("a = 1"), rows("a >= 1"), rows("b = 2"), rows("b EXISTS")),
        (1, 1, 1, 1, 1)
    );
}

#[test]
fn a_filter_holds_in_the_search_and_in_its_counts() {
    let (_folder, index) = library();
    let selection = index.select(&Filter::parse("filter", "topic = money").unwrap()).unwrap();
    let options = KeywordOptions { selection: Some(&selection), ..OPTIONS };
    let found = index.matching(&words(&["bank"]), &options).unwrap();
    assert_eq!(found.total(), 2);
    let facet = index.facet(&found, "topic", "facets/0").unwrap();
    assert_eq!(facet.values, *json!({"money": 2}).as_object().unwrap());
    assert_eq!(index.unscored(Some(&selection)).total(), 2);
    assert_eq!(selection.rows_of(&[3, 0, 1]).iter().collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn facets_count_values_and_tell_their_range() {
    let (_folder, index) = library();
    let all = index.unscored(None);
    let facet = |field: &str| index.facet(&all, field, "facets/0").unwrap();
    assert_eq!(serde_json::to_string(&facet("tags").values).unwrap(), r#"{"b":2,"a":1}"#);
    let year = facet("year");
    assert_eq!((year.min, year.max, year.distinct), (Some(json!(-3)), Some(json!(2001.5)), 3));
    let day = facet("day");
    assert_eq!(day.max, Some(json!("2024-05-02T10:00:00Z")));
    assert_eq!(facet("open").values, *json!({"true": 1, "false": 1}).as_object().unwrap());
    let error = index.facet(&all, "tag", "facets/3").unwrap_err().to_string();
    assert!(error.starts_with("facets/3: ") && error.contains("there are tags, "), "{error}");
}

#[test]
fn answers_can_be_sorted_by_fields() {
    let (_folder, index) = library();
    let all = index.unscored(None);
    let rows = |by: &[&str]| -> Vec<u64> {
        let by = sort_by(&by.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).unwrap();
        index.sorted(&all, &by, 0, 9).unwrap().into_iter().map(|hit| hit.0).collect()
    };
    assert_eq!(rows(&["year:asc"]), [2, 0, 1, 3]);
    assert_eq!(rows(&["year:desc"]), [1, 0, 2, 3]);
    assert_eq!(rows(&["topic:asc", "year:desc"]), [1, 3, 0, 2]);
    assert_eq!(rows(&["tags:asc"]), [0, 1, 2, 3]);
    assert_eq!(rows(&["day:desc", "id:desc"]), [1, 0, 3, 2]);
    let by = sort_by(&["id:desc".to_owned()]).unwrap();
    assert_eq!(index.sorted(&all, &by, 1, 2).unwrap().iter().map(|hit| hit.0).collect::<Vec<_>>(), [2, 1]);
    assert!(index.sorted(&all, &sort_by(&["nothing:asc".to_owned()]).unwrap(), 0, 9).is_err());
}
