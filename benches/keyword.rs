//! How fast are keyword and static search, filtered and not, and how fast is indexing?
//!
//! `cargo bench --bench keyword -- TOKENS [DOCUMENTS] [WORDS]`: TOKENS is plain text (`sememe tokens` writes it), cut into
//! DOCUMENTS (100,000) passages of WORDS (100) words, each with a few fields. Queries are 500 runs of 4 words taken from passages at
//! regular distances, function words included. One thread asks, warm; indexing takes all.
//!
//! With `--json`, as benches/peers/passages.py wants it: passages of plain words alone, no fields, no stems; one JSON line.

#![allow(clippy::print_stdout, missing_docs)]

use rayon::prelude::*;
use sememe::encoder::StaticEncoder;
use sememe::error::Result;
use sememe::index::keyword::{
    Expression, Filter, IndexSettings, KeywordBuilder, KeywordIndex, KeywordOptions, Stemming,
};
use sememe::index::{BuildSettings, Hnsw, Matrix};
use sememe::search::{KeywordRetriever, Retriever, StaticRetriever};
use sememe::text::{Analyzer, Document};
use sememe::vectors::WordVectors;
use sememe::vocab::Vocabulary;
use serde_json::json;
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const QUERIES: usize = 500;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let Some(tokens) = arguments.first() else {
        println!("usage: cargo bench --bench keyword -- TOKENS [DOCUMENTS] [WORDS]");
        return Ok(());
    };
    let number =
        |at: usize, default: usize| arguments.get(at).and_then(|n| n.parse().ok()).unwrap_or(default);
    let documents = documents(tokens, number(1, 100_000), number(2, 100));
    if arguments.iter().any(|argument| argument == "--json") {
        return beside_peers(documents);
    }
    println!("{} passages of {} words", documents.len(), number(2, 100));
    let folder = tempfile::tempdir().map_err(sememe::error::Error::io("create a folder in", "."))?;
    for stemming in [Stemming::None, Stemming::English] {
        index(&documents, stemming, &folder.path().join(stemming.name()))?;
        searches(&documents, stemming, &folder.path().join(stemming.name()))?;
    }
    Ok(())
}

/// What other programs can do as well: plain passages indexed on one thread, words asked for, ten rows answered.
fn beside_peers(mut documents: Vec<Document>) -> Result<()> {
    for document in &mut documents {
        (document.title, document.fields) = (None, serde_json::Map::default());
    }
    let folder = tempfile::tempdir().map_err(sememe::error::Error::io("create a folder in", "."))?;
    let path = folder.path().join("index");
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut builder = KeywordBuilder::create(&path, &IndexSettings::default())?;
    for (at, document) in documents.iter().enumerate() {
        let analysis = Analyzer.analyze(&document.full_text());
        let ready = builder.layout().document_with_fields(at as u64, document, &analysis);
        builder.add(ready)?;
    }
    builder.finish()?;
    let (index_s, index_cpu_s) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let bytes: u64 = path
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(|file| Some(file.ok()?.metadata().ok()?.len()))
        .sum();
    let index = KeywordIndex::open(&path)?;
    let step = (documents.len() / QUERIES).max(1);
    let word = |text: &str| text.split(' ').skip(10).take(4).map(str::to_owned).collect::<Vec<_>>();
    let queries: Vec<Vec<String>> =
        documents.iter().step_by(step).take(QUERIES).map(|document| word(&document.text)).collect();
    let options = KeywordOptions::default();
    let ask = |words: &Vec<String>| Ok(index.matching(words, &options)?.top(&index, 10));
    queries.iter().try_for_each(|words| ask(words).map(drop))?; // warm
    let (cpu, mut times) = (thread_cpu_seconds(), Vec::new());
    for words in &queries {
        let start = Instant::now();
        black_box(ask(words)?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let query_cpu_s = thread_cpu_seconds() - cpu;
    times.sort_by(f64::total_cmp);
    println!(
        "{}",
        json!({"documents": documents.len(), "index_s": index_s, "index_cpu_s": index_cpu_s, "bytes": bytes, "queries": times.len(),
               "query_cpu_s": query_cpu_s, "p50_ms": times[times.len() / 2], "p99_ms": times[times.len() * 99 / 100]})
    );
    Ok(())
}

/// Processor time of this thread, where the system tells it.
fn thread_cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Processor time of all threads, user and system, in hundredths of a second.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn documents(tokens: &str, count: usize, length: usize) -> Vec<Document> {
    let text = std::fs::read_to_string(tokens).unwrap_or_default();
    let words: Vec<&str> = text.split_ascii_whitespace().take(count * length).collect();
    let document = |(at, words): (usize, &[&str])| Document {
        id: at.to_string(),
        title: Some(words[..words.len().min(5)].join(" ")),
        text: words.join(" "),
        fields: json!({"year": 1900 + at % 100, "topic": format!("t{}", at % 20)})
            .as_object()
            .cloned()
            .unwrap_or_default(),
    };
    words.chunks(length).enumerate().map(document).collect()
}

fn index(documents: &[Document], stemming: Stemming, folder: &std::path::Path) -> Result<()> {
    let start = Instant::now();
    let mut builder =
        KeywordBuilder::create(folder, &IndexSettings { stemming, ..IndexSettings::default() })?;
    for (batch, part) in documents.chunks(1000).enumerate() {
        let layout = builder.layout();
        let ready: Vec<_> = part
            .par_iter()
            .enumerate()
            .map(|(at, document)| {
                let analysis = Analyzer.analyze(&document.full_text());
                layout.document_with_fields((batch * 1000 + at) as u64, document, &analysis)
            })
            .collect();
        ready.into_iter().try_for_each(|document| builder.add(document))?;
    }
    builder.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    println!("stemming {}: indexed {:.0} passages/s", stemming.name(), documents.len() as f64 / seconds);
    Ok(())
}

fn searches(documents: &[Document], stemming: Stemming, folder: &std::path::Path) -> Result<()> {
    let start = Instant::now();
    let index = KeywordIndex::open(folder)?;
    println!("  opened in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let step = (documents.len() / QUERIES).max(1);
    let queries: Vec<Vec<String>> = (0..QUERIES)
        .map(|at| Analyzer.words(&documents[at * step].text).into_iter().skip(10).take(4).collect())
        .collect();
    let options = KeywordOptions::default();
    told("keyword, 4 words", &queries, |words| Ok(index.matching(words, &options)?.top(&index, 10).len()))?;
    let narrow = index.select(&Filter::parse("filter", "topic = t3 AND year > 1950")?)?;
    let filtered = KeywordOptions { selection: Some(&narrow), ..options };
    told("keyword, filtered", &queries, |words| Ok(index.matching(words, &filtered)?.top(&index, 10).len()))?;
    told("the filter itself", &queries, |_| {
        Ok(index.select(&Filter::parse("filter", "topic = t3 AND year > 1950")?)?.len())
    })?;
    told("keyword with facet and sort", &queries, |words| {
        let found = index.matching(words, &options)?;
        let by = sememe::index::keyword::sort_by(&["year:desc".to_owned()])?;
        Ok(index.facet(&found, "topic", "facets")?.distinct + index.sorted(&found, &by, 0, 10)?.len())
    })?;
    let expression = |words: &[String], text: String| -> Result<usize> {
        let _ = words;
        let found = index.evaluate(&Expression::parse(&text)?, &options)?;
        Ok(found.matches.top(&index, 10).len())
    };
    told("phrase of 3", &queries, |words| {
        expression(words, format!("\"{}\"", words[..3.min(words.len())].join(" ")))
    })?;
    told("all 4 must", &queries, |words| expression(words, format!("+{}", words.join(" +"))))?;
    told("prefix of 4 letters", &queries, |words| {
        let longest = words.iter().max_by_key(|word| word.len()).map_or("a", String::as_str);
        expression(words, format!("{}*", longest.chars().take(4).collect::<String>()))
    })?;
    told("fuzzy~2", &queries, |words| {
        let longest = words.iter().max_by_key(|word| word.len()).map_or("a", String::as_str);
        expression(words, format!("{longest}~2"))
    })?;
    if stemming == Stemming::None {
        statics(documents, &queries)?;
    }
    let retriever = KeywordRetriever::new(&index);
    let texts: Vec<_> =
        documents.iter().take(2000).map(|document| Analyzer.analyze(&document.full_text())).collect();
    told("explain 10 hits", &queries, |words| {
        let found = retriever.retrieve(words, 10)?;
        let mut matches = 0;
        for hit in &found {
            matches +=
                retriever.explain(words, hit.seq, &texts[hit.seq as usize % texts.len()])?.matches.len();
        }
        Ok(matches)
    })
}

/// Static search by vectors that mean nothing, but are of the size that training gives: what is measured is time.
fn statics(documents: &[Document], queries: &[Vec<String>]) -> Result<()> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for document in documents {
        document.text.split(' ').for_each(|word| *counts.entry(word).or_default() += 1);
    }
    let counts =
        counts.into_iter().filter(|(_, count)| *count >= 5).map(|(word, count)| (word.to_owned(), count));
    let vocabulary = Arc::new(Vocabulary::from_counts(counts, 5)?);
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let dim = 200;
    let rows: Vec<f32> = (0..vocabulary.len() * dim).map(|_| random()).collect();
    let encoder = StaticEncoder::plain(Arc::new(WordVectors::new(vocabulary, rows, dim)?));
    let vectors: Vec<(i64, Vec<f32>)> = documents
        .par_iter()
        .enumerate()
        .filter_map(|(at, document)| Some((at as i64, encoder.text(document.text.split(' '))?)))
        .collect();
    let seqs: Vec<i64> = vectors.iter().map(|(seq, _)| *seq).collect();
    let rows: Vec<f32> = vectors.into_iter().flat_map(|(_, vector)| vector).collect();
    let graph =
        Hnsw::build(Matrix::from_rows(&rows, dim)?, &BuildSettings::default(), &sememe::progress::Silent)?;
    let retriever = StaticRetriever::new(&encoder, &graph, &seqs);
    told("static, 4 words", queries, |words| Ok(retriever.retrieve(words, 10)?.len()))
}

fn told(what: &str, queries: &[Vec<String>], mut ask: impl FnMut(&[String]) -> Result<usize>) -> Result<()> {
    for words in queries.iter().take(50) {
        black_box(ask(words)?); // warm
    }
    let mut times = Vec::with_capacity(queries.len());
    for words in queries {
        let start = Instant::now();
        black_box(ask(words)?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("  {what:<28} p50 {:.3} ms, p99 {:.3} ms", at(0.5), at(0.99));
    Ok(())
}
