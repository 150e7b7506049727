//! The bundled collections against their own rules (corpora/README.md): what a demo, and a set of judged queries, rests on.
//!
//! Not a test of search: how well queries are answered is measured elsewhere.

use sememe::text::{Analyzer, is_stop_word};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// A bundled collection, and what it promises.
struct Rules {
    language: &'static str,
    documents_min: usize,
    /// Length of a text: words for English, characters for Chinese.
    length: std::ops::RangeInclusive<usize>,
    ambiguous_words_min: usize,
    queries_min: usize,
    coffee: &'static str,
}

const ENGLISH: Rules = Rules {
    language: "en",
    documents_min: 240,
    length: 60..=150,
    ambiguous_words_min: 30,
    queries_min: 60,
    coffee: "coffee",
};

const CHINESE: Rules = Rules {
    language: "zh",
    documents_min: 160,
    length: 100..=300,
    ambiguous_words_min: 20,
    queries_min: 40,
    coffee: "星巴克",
};

const DOCUMENTS_A_SENSE_MIN: usize = 3;
const QUERIES_A_KIND_MIN: usize = 10;

/// Longest run of words that two documents may share: more would be a template.
const SHARED_RUN_MAX: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    title: String,
    text: String,
    topic: String,
    date: String,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Exact,
    Mismatch,
    Sense,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    id: String,
    query: String,
    kind: Kind,
    relevant: BTreeMap<String, u8>,
    word: Option<String>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Senses {
    word: String,
    senses: BTreeMap<String, Vec<String>>,
}

struct Collection {
    documents: Vec<Document>,
    /// Stems of title and text, in order, by id.
    stems: HashMap<String, Vec<String>>,
    queries: Vec<Query>,
    senses: Vec<Senses>,
}

fn lines<T: for<'a> Deserialize<'a>>(name: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parse =
        |(at, line)| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}:{}: {error}", at + 1));
    text.lines().enumerate().map(parse).collect()
}

fn collection(rules: &'static Rules) -> Collection {
    let name = |rest: &str| format!("demo-{}{rest}.jsonl", rules.language);
    let documents: Vec<Document> = lines(&name(""));
    let stems = documents
        .iter()
        .map(|document| (document.id.clone(), stems(&format!("{}\n{}", document.title, document.text))))
        .collect();
    Collection { documents, stems, queries: lines(&name(".queries")), senses: lines(&name(".senses")) }
}

/// The program's own tokens, inflections taken off.
fn stems(text: &str) -> Vec<String> {
    Analyzer.words(text).iter().map(|word| stem(word)).collect()
}

/// Crude on purpose: it may join words that are strangers, and then asks for a better query.
fn stem(word: &str) -> String {
    if !word.is_ascii() {
        return word.to_owned();
    }
    let ending = ["ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "y", "s", "e"]
        .into_iter()
        .find(|ending| word.len() >= ending.len() + 3 && word.ends_with(ending));
    let stem = ending.map_or(word, |ending| &word[..word.len() - ending.len()]);
    let mut letters: Vec<char> = stem.chars().collect();
    if let [.., a, b] = letters[..]
        && a == b
    {
        letters.pop();
    }
    letters.into_iter().collect()
}

fn content_stems(text: &str) -> BTreeSet<String> {
    Analyzer.words(text).iter().filter(|word| !is_stop_word(word)).map(|word| stem(word)).collect()
}

fn check(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

impl Collection {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Query> {
        self.queries.iter().filter(move |query| query.kind == kind)
    }

    fn holds(&self, id: &str, run: &[String]) -> bool {
        self.stems[id].windows(run.len()).any(|window| window == run)
    }

    /// A run of the query's words that stands in these documents and in no other.
    fn exact_term(&self, query: &Query) -> Option<Vec<String>> {
        let words = stems(&query.query);
        let runs = (0..words.len()).flat_map(|from| (from + 1..=words.len()).map(move |to| (from, to)));
        runs.map(|(from, to)| &words[from..to])
            .find(|run| self.stems.keys().all(|id| self.holds(id, run) == query.relevant.contains_key(id)))
            .map(<[String]>::to_vec)
    }
}

fn documents_are_as_promised(rules: &'static Rules) {
    let collection = collection(rules);
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    for document in &collection.documents {
        let length = match rules.language {
            "zh" => document.text.chars().count(),
            _ => document.text.split_whitespace().count(),
        };
        let id = document.id.as_str();
        if !rules.length.contains(&length) {
            problems.push(format!("{id} is {length} long, not {:?}", rules.length));
        }
        if !ids.insert(id) || !id.starts_with(&format!("{}-", rules.language)) {
            problems.push(format!("{id} is there twice, or not named for its collection"));
        }
        if !is_date(&document.date) || document.topic.is_empty() || document.title.is_empty() {
            problems.push(format!("{id} lacks a title, a topic or a date YYYY-MM-DD"));
        }
    }
    let count = collection.documents.len();
    if count < rules.documents_min {
        problems.push(format!("{count} documents, not {}", rules.documents_min));
    }
    if collection.documents.iter().filter(|document| document.text.contains(rules.coffee)).count() < 3 {
        problems.push(format!("fewer than three documents on {}", rules.coffee));
    }
    check(&problems);
}

fn is_date(date: &str) -> bool {
    let parts: Vec<Option<u32>> = date.split('-').map(|part| part.parse().ok()).collect();
    date.len() == 10
        && matches!(parts[..], [Some(year), Some(1..=12), Some(1..=31)] if (1900..2100).contains(&year))
}

fn no_two_documents_share_a_frame(rules: &'static Rules) {
    let collection = collection(rules);
    let mut problems = Vec::new();
    let mut seen: HashMap<Vec<String>, &str> = HashMap::new();
    for document in &collection.documents {
        for run in Analyzer.words(&document.text).windows(SHARED_RUN_MAX + 1) {
            match seen.insert(run.to_vec(), &document.id) {
                Some(other) if other != document.id => {
                    problems.push(format!("{} and {other}: {}", document.id, run.join(" ")));
                }
                _ => {}
            }
        }
    }
    check(&problems);
}

fn every_sense_has_documents_that_hold_the_word(rules: &'static Rules) {
    let collection = collection(rules);
    let mut problems = Vec::new();
    let words: BTreeSet<&str> = collection.senses.iter().map(|senses| senses.word.as_str()).collect();
    if words.len() < rules.ambiguous_words_min || words.len() < collection.senses.len() {
        problems.push(format!("{} ambiguous words, not {}", words.len(), rules.ambiguous_words_min));
    }
    for Senses { word, senses } in &collection.senses {
        if senses.len() < 2 {
            problems.push(format!("{word} has one sense"));
        }
        let run = stems(word);
        for (sense, ids) in senses {
            if ids.iter().collect::<BTreeSet<_>>().len() < DOCUMENTS_A_SENSE_MIN {
                problems.push(format!("{word}, {sense}: {} documents", ids.len()));
            }
            for id in ids {
                let document = collection.documents.iter().find(|document| document.id == *id);
                let text = document.map_or("", |document| &document.text);
                if !stems(text).windows(run.len()).any(|window| window == run) {
                    problems.push(format!("{word}, {sense}: {id} does not hold the word in its text"));
                }
            }
        }
    }
    check(&problems);
}

fn queries_lead_to_documents(rules: &'static Rules) {
    let collection = collection(rules);
    let mut problems = Vec::new();
    let ids: BTreeSet<&str> = collection.queries.iter().map(|query| query.id.as_str()).collect();
    let texts: BTreeSet<&str> = collection.queries.iter().map(|query| query.query.as_str()).collect();
    let count = collection.queries.len();
    if count < rules.queries_min || ids.len() < count || texts.len() < count {
        problems.push(format!("{count} queries, {} ids, {} texts", ids.len(), texts.len()));
    }
    for kind in [Kind::Exact, Kind::Mismatch, Kind::Sense] {
        if collection.of_kind(kind).count() < QUERIES_A_KIND_MIN {
            problems.push(format!("few queries of kind {kind:?}"));
        }
    }
    for query in &collection.queries {
        if query.relevant.is_empty() || !query.relevant.values().all(|grade| (1..=2).contains(grade)) {
            problems.push(format!("{}: no relevant document, or a grade other than 1 and 2", query.id));
        }
        let named = query.relevant.keys().chain(&query.not);
        problems.extend(
            named
                .filter(|id| !collection.stems.contains_key(*id))
                .map(|id| format!("{}: there is no {id}", query.id)),
        );
        if (query.kind == Kind::Sense) != query.word.is_some() {
            problems.push(format!("{}: `word` belongs to the kind sense, and to it alone", query.id));
        }
    }
    check(&problems);
}

fn exact_terms_stand_in_relevant_documents_alone(rules: &'static Rules) {
    let collection = collection(rules);
    let lost = collection.of_kind(Kind::Exact).filter(|query| collection.exact_term(query).is_none());
    check(
        &lost
            .map(|query| format!("{}: {:?} names no term of its own", query.id, query.query))
            .collect::<Vec<_>>(),
    );
}

fn mismatch_queries_share_no_content_word(rules: &'static Rules) {
    let collection = collection(rules);
    let all: BTreeSet<&String> = collection.stems.values().flatten().collect();
    let mut problems = Vec::new();
    for query in collection.of_kind(Kind::Mismatch) {
        let words = content_stems(&query.query);
        for id in query.relevant.keys() {
            let document: BTreeSet<String> = collection.stems[id].iter().cloned().collect();
            let shared: Vec<&str> = words.intersection(&document).map(String::as_str).collect();
            if !shared.is_empty() {
                problems.push(format!("{} {:?} shares {shared:?} with {id}", query.id, query.query));
            }
        }
        if !words.iter().any(|word| all.contains(word)) {
            problems.push(format!("{} {:?}: no word of it is in the collection", query.id, query.query));
        }
    }
    check(&problems);
}

fn sense_queries_hold_their_word(rules: &'static Rules) {
    let collection = collection(rules);
    let mut problems = Vec::new();
    for query in collection.of_kind(Kind::Sense) {
        let word = query.word.as_deref().unwrap_or_default();
        let run = stems(word);
        if !stems(&query.query).windows(run.len().max(1)).any(|window| window == run) {
            problems.push(format!("{} {:?} does not hold {word}", query.id, query.query));
        }
        if !collection.senses.iter().any(|senses| senses.word == word) {
            problems.push(format!("{}: {word} has no listed senses", query.id));
        }
        for id in &query.not {
            if query.relevant.contains_key(id) || !collection.holds(id, &run) {
                problems.push(format!("{}: {id} is relevant too, or does not hold {word}", query.id));
            }
        }
        if query.not.is_empty() {
            problems.push(format!("{}: no document of another sense to keep apart", query.id));
        }
    }
    check(&problems);
}

macro_rules! for_both {
    ($($rule:ident),* $(,)?) => {
        mod english {
            $(#[test] fn $rule() { super::$rule(&super::ENGLISH); })*
        }
        mod chinese {
            $(#[test] fn $rule() { super::$rule(&super::CHINESE); })*
        }
    };
}

for_both! {
    documents_are_as_promised,
    no_two_documents_share_a_frame,
    every_sense_has_documents_that_hold_the_word,
    queries_lead_to_documents,
    exact_terms_stand_in_relevant_documents_alone,
    mismatch_queries_share_no_content_word,
    sense_queries_hold_their_word,
}

#[test]
fn inflections_share_a_stem() {
    for (a, b) in [("borrowing", "borrow"), ("stopped", "stop"), ("parties", "party"), ("houses", "house")] {
        assert_eq!(stem(a), stem(b));
    }
    assert_ne!(stem("bank"), stem("band"));
}
