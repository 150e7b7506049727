//! How long a sense takes: one word of a 20-word sentence, against WordNet's senses and induced ones, and a document of 1,000 words whole.
//!
//! ```text
//! cargo bench --bench senses -- DATA_DIR COLLECTION
//! ```
//! Prints median and 99th percentile of wall-clock time, in process, each sentence with another word asked about; one thread, but for
//! the document, which all threads share.
#![allow(clippy::print_stdout, missing_docs)]

use sememe::engine::{Engine, Inventory, SensesRequest};
use std::path::Path;
use std::time::Instant;

const SENTENCES: [(&str, &str); 6] = [
    ("After the flood had gone the two old men sat all day on the bank of the river and fished", "bank"),
    (
        "The company asked its bank for a loan of some million to build a new plant near the harbour town",
        "plant",
    ),
    (
        "Every spring the people of the valley came down from the hills to sell wool and cheese in the market",
        "spring",
    ),
    ("He was a star of the silent films of the twenties before sound came and ended his long career", "star"),
    (
        "The judge dropped the charge against the young man because nobody had seen him near the house that night",
        "charge",
    ),
    ("A strong current carried the small boat out of the bay and past the rocks to the open sea", "current"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [data_dir, collection] = &arguments[..] else {
        println!("cargo bench --bench senses -- DATA_DIR COLLECTION");
        return;
    };
    let engine = Engine::open(Path::new(data_dir)).expect("a data directory");
    let ask = |text: &str, word: Option<&str>, inventory: Inventory| {
        let word = word.map(str::to_owned);
        let request = SensesRequest { text: text.to_owned(), word, inventory, ..SensesRequest::default() };
        engine.senses(Some(collection), &request).expect("senses")
    };
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    for (name, inventory) in [("wordnet", Inventory::Wordnet), ("induced", Inventory::Induced)] {
        let start = Instant::now();
        ask(SENTENCES[0].0, Some(SENTENCES[0].1), inventory);
        println!("{name:<10} first    {:9.2} ms", start.elapsed().as_secs_f64() * 1e3);
        let mut at = 0;
        one.install(|| {
            times(name, 300, || {
                let (text, word) = SENTENCES[at % SENTENCES.len()];
                at += 1;
                assert!(!ask(text, Some(word), inventory).words.is_empty());
            });
        });
    }
    let all: Vec<&str> = SENTENCES.iter().map(|(text, _)| *text).collect();
    let mut document = String::new();
    while document.split_whitespace().count() < 1000 {
        document.push_str(&all.join(". "));
        document.push_str(". ");
    }
    times("document", 5, || drop(ask(&document, None, Inventory::Wordnet)));
    one.install(|| times("document, one thread", 3, || drop(ask(&document, None, Inventory::Wordnet))));
}

/// Runs `work` `n` times and prints p50 and p99.
fn times(name: &str, n: usize, mut work: impl FnMut()) {
    let mut millis: Vec<f64> = (0..n)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    millis.sort_by(f64::total_cmp);
    println!("{name:<20} p50 {:9.2} ms   p99 {:9.2} ms", millis[n / 2], millis[n * 99 / 100]);
}
