//! How fast is every way of reading, as a user asks it: query in, hits with snippets and explanations out?
//!
//! `cargo bench --bench search -- DATA COLLECTION [QUERIES [MODE]]`: DATA is a data directory with a trained collection (`sememe ingest`, `sememe
//! train`). Queries are 4 running words taken from its documents at regular distances, QUERIES (200) of them. One thread asks, warm, ten hits
//! each; `taskset -c 0` holds it to one processor. With a MODE that one is asked alone, a hundred times over: for a profile.

#![allow(clippy::print_stdout, missing_docs)]

use sememe::engine::{ContrastRequest, Engine, SearchRequest};
use sememe::error::{Error, Result};
use sememe::search::Mode;
use sememe::text::Analyzer;
use serde_json::json;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

/// Where in a document a query begins, and its words.
const QUERY: (usize, usize) = (10, 4);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [data, collection, rest @ ..] = arguments.as_slice() else {
        println!("usage: cargo bench --bench search -- DATA COLLECTION [QUERIES [MODE]]");
        return Ok(());
    };
    let count = rest.first().and_then(|count| count.parse().ok()).unwrap_or(200);
    let engine = Engine::open(Path::new(data))?;
    let queries = queries(&engine, collection, count)?;
    println!("{} documents, {} queries", engine.collection(collection)?.indexed_documents, queries.len());
    if let Some(alone) = rest.get(1) {
        let mode = Mode::ALL.into_iter().find(|mode| mode.name() == alone).expect("a mode");
        for _ in 0..100 {
            queries
                .iter()
                .try_for_each(|query| engine.search(collection, &request(query, mode)).map(drop))?;
        }
        return Ok(());
    }
    for mode in Mode::ALL {
        let ask = |query: &str| engine.search(collection, &request(query, mode)).map(drop);
        match time(&queries, ask) {
            Ok(times) => show(mode.name(), &times),
            Err(error @ (Error::NotReady { .. } | Error::NotFound { .. })) => {
                println!("{:<12} {error}", mode.name());
            }
            Err(error) => return Err(error),
        }
    }
    let contrast = |query: &str, modes: Option<Vec<Mode>>| {
        let request = ContrastRequest { query: query.to_owned(), modes, ..ContrastRequest::default() };
        engine.contrast(collection, &request).map(|answer| drop(black_box(answer)))
    };
    show("contrast", &time(&queries, |query| contrast(query, None))?);
    let all: Vec<Mode> = Mode::ALL
        .into_iter()
        .filter(|mode| engine.search(collection, &request(&queries[0], *mode)).is_ok())
        .collect();
    show("all modes", &time(&queries, |query| contrast(query, Some(all.clone())))?);
    Ok(())
}

fn request(query: &str, mode: Mode) -> SearchRequest {
    let body = json!({"query": query, "mode": mode});
    serde_json::from_value(body).unwrap_or_else(|error| panic!("a request: {error}"))
}

/// Words that stand beside each other in documents at regular distances.
fn queries(engine: &Engine, collection: &str, count: usize) -> Result<Vec<String>> {
    let documents = engine.collection(collection)?.indexed_documents as usize;
    let step = (documents / count).max(1) as i64;
    let (mut queries, mut after) = (Vec::new(), None);
    while queries.len() < count {
        let page = engine.documents(collection, after, 1)?;
        let (Some(document), Some(next)) = (page.results.first(), page.next) else { break };
        let words = Analyzer.words(&document.text);
        queries.push(words.iter().skip(QUERY.0).take(QUERY.1).cloned().collect::<Vec<_>>().join(" "));
        after = Some(next + step - 1);
    }
    queries.retain(|query| !query.is_empty());
    Ok(queries)
}

/// Milliseconds of each query, rising; all are asked once before.
fn time(queries: &[String], ask: impl Fn(&str) -> Result<()>) -> Result<Vec<f64>> {
    queries.iter().try_for_each(|query| ask(query))?;
    let mut times = Vec::with_capacity(queries.len());
    for query in queries {
        let start = Instant::now();
        ask(query)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn show(what: &str, times: &[f64]) {
    let at = |part: f64| times[((times.len() as f64 * part) as usize).min(times.len() - 1)];
    println!("{what:<12} p50 {:8.3} ms   p99 {:8.3} ms   most {:8.3} ms", at(0.5), at(0.99), at(1.0));
}
