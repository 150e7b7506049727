//! Bytes from outside, changed at random: every parser reads them or refuses them. Never a panic, an abort, or an answer that takes for ever.
//!
//! Each input is a valid one, changed by a generator that is seeded by target and number, so a failure names all that it takes to see it
//! again: `SEMEME_FUZZ_ONLY=vectors:1234`. The long form, ten million inputs in total:
//! `SEMEME_FUZZ=10000000 cargo test --release --test it fuzz:: -- --ignored --nocapture`.

use rayon::prelude::*;
use sememe::engine::{
    AnalogyRequest, ContextNeighboursRequest, ContrastRequest, EmbeddingsRequest, EncodeRequest, KeyRequest,
    MapRequest, NearestRequest, SearchRequest, SensesBatch, SensesRequest, TrainRequest, WordsRequest,
};
use sememe::index::keyword::{Expression, Filter, FilterRequest, IndexSettings};
use sememe::progress::Silent;
use sememe::text::source::{Arrived, Arriving, BodyLimits};
use sememe::text::{Analyzer, Document, Documents, Packing, ReadOptions, Shape, Split};
use sememe::vectors::formats::{self, Export, Format, Quantization};
use serde::de::DeserializeOwned;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

// --- Inputs ------------------------------------------------------------------------------------------------------------

/// Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn of(target: &str, number: u64) -> Self {
        let mut random = Self(u64::from(crc32fast::hash(target.as_bytes())) << 32 ^ number);
        for _ in 0..4 {
            random.below(2);
        }
        random
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n.max(1) as u64) as usize
    }
}

/// Pieces that mean something to one parser or another.
const TOKENS: [&str; 54] = [
    "\"",
    "'",
    "\\",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "*",
    "~",
    "~2",
    "^",
    "+",
    "-",
    " AND ",
    " OR ",
    " NOT ",
    " IN ",
    " TO ",
    "=",
    "!=",
    ">=",
    "<",
    "EXISTS ",
    "null",
    "true",
    "1e999",
    "-0",
    "NaN",
    "inf",
    "4294967295",
    "999999999999",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{feff}",
    "\u{301}",
    "\u{202e}",
    "银行",
    "ﬁ",
    "İ",
    "\\ud800",
    "\\u0000",
    "[[[[[[[[",
    "{\"a\":{\"a\":",
    "text",
    "id",
    "2026-11-23T18:00:00Z",
    "\u{10FFFF}",
    "'t",
];

const BYTES: [u8; 9] = [0, 1, 0x7F, 0x80, 0xFF, b'\n', b' ', b'"', 0xC0];

/// A seed, changed in one to eight places.
fn changed(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..1 + random.below(8) {
        let at = random.below(input.len() + 1);
        let byte = at.min(input.len().saturating_sub(1));
        match random.below(10) {
            _ if input.is_empty() => input.extend_from_slice(TOKENS[random.below(TOKENS.len())].as_bytes()),
            0 => input[byte] ^= 1 << random.below(8),
            1 => input[byte] = BYTES[random.below(BYTES.len())],
            2 => input[byte] = random.below(256) as u8,
            3 => input.truncate(at),
            4 => drop(input.drain(byte..(byte + 1 + random.below(16)).min(input.len()))),
            5 => {
                let piece = input[byte..(byte + 1 + random.below(24)).min(input.len())].to_vec();
                let times = 1 + random.below(4);
                input.splice(at..at, piece.repeat(times));
            }
            6 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let piece = other[from..(from + random.below(32)).min(other.len())].to_vec();
                input.splice(at..at, piece);
            }
            7 if input.len() >= 4 => {
                let at = random.below(input.len() - 3);
                let number = [0, 1, u32::MAX, i32::MAX as u32, 1 << 20, 65_536][random.below(6)];
                input[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            _ => drop(input.splice(at..at, TOKENS[random.below(TOKENS.len())].bytes())),
        }
    }
    input.truncate(64 << 10);
    input
}

// --- Targets -----------------------------------------------------------------------------------------------------------

struct Target {
    name: &'static str,
    /// Its part of all inputs, of a thousand.
    share: u64,
    seeds: Vec<Vec<u8>>,
    /// Reads an input; a folder of its own holds files.
    read: fn(&[u8], &Path),
}

fn texts(seeds: &[&str]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect()
}

fn targets() -> Vec<Target> {
    let lines = "{\"id\": 1, \"text\": \"the bank 银行\", \"n\": [1, 2.5, null]}\n{\"id\": \"b\", \"title\": \"t\", \"text\": \"x\"}\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(lines.as_bytes()).unwrap();
    let packed = vec![gzip.finish().unwrap(), zstd::encode_all(lines.as_bytes(), 1).unwrap()];
    let rows = "id,title,text\n1,\"a \"\"b\"\"\",the bank\n2,,river\n";
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vectors");
    let vectors: Vec<Vec<u8>> = files
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending != "json"))
        .map(|path| std::fs::read(path).unwrap())
        .filter(|bytes| bytes.len() <= 16 << 10)
        .collect();
    let vectors = [vectors, finalfusion_files(&files.join("word2vec.bin"))].concat();
    assert!(vectors.len() >= 6, "golden files of vectors are gone");
    vec![
        Target { name: "query", share: 250, seeds: texts(&QUERIES), read: query },
        Target { name: "filter", share: 250, seeds: texts(&FILTERS), read: filter },
        Target { name: "json", share: 250, seeds: texts(&BODIES), read: json },
        Target { name: "text", share: 60, seeds: texts(&TEXTS), read: text },
        Target {
            name: "lines",
            share: 110,
            seeds: texts(&[lines, "[{\"id\": 1, \"text\": \"x\"}]"]),
            read: arriving_plain,
        },
        Target { name: "packed", share: 40, seeds: packed.clone(), read: arriving_packed },
        Target { name: "rows", share: 10, seeds: texts(&[rows, lines, "one\n\ntwo"]), read: document_files },
        Target { name: "archives", share: 5, seeds: packed, read: document_archives },
        Target { name: "vectors", share: 25, seeds: vectors, read: vector_file },
    ]
}

/// finalfusion's format, which has no golden file: written here.
fn finalfusion_files(from: &Path) -> Vec<Vec<u8>> {
    let folder = folder();
    let (_, vectors) = formats::import(from, None, &Silent).unwrap();
    [Format::Fifu]
        .map(|format| {
            let path = folder.path().join(format.name());
            let quantization = Quantization { bits: 5, ..Quantization::default() }; // as many as so few words allow
            formats::export(&vectors, &path, &Export { format, quantization }, &Silent).unwrap();
            std::fs::read(&path).unwrap()
        })
        .to_vec()
}

const QUERIES: [&str; 6] = [
    "title:(\"river bank\"~2 OR loan*) AND NOT +\"a b\" -c",
    "interest~1 (money AND (water OR 银行))",
    "a:\"b c\" OR d:e*",
    "don't kx-44 \\* \\\"",
    "((((a))))",
    "NOT (x OR y) z~2",
];
const FILTERS: [&str; 6] = [
    "year >= 1990 AND (topic IN [\"a\", 'b'] OR NOT done = true)",
    "price 1 TO 5.5 AND name != \"x\\\"y\"",
    "EXISTS title OR date < \"2026-11-23\"",
    "a = -1e5 AND b NOT IN [1, 2]",
    "(((a = 1)))",
    "标题 = '银行'",
];
const BODIES: [&str; 10] = [
    r#"{"query": "river bank", "mode": "hybrid", "limit": 10, "offset": 0, "filter": ["a = 1", ["b = 2"]], "facets": ["topic"]}"#,
    r#"{"query": "x", "k": 10}"#,
    r#"{"model": "town", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8}"#,
    r#"{"text": "the bank", "word": "bank", "offset": 4, "inventory": "both", "pos": "noun"}"#,
    r#"{"a": "man", "b": "king", "c": "woman", "k": 5}"#,
    r#"{"words": ["a", "b", "c"]}"#,
    r#"{"algorithm": "cbow", "dim": 100, "epochs": 5, "learning_rate": 0.025, "contextual": "off", "subwords": true}"#,
    r#"{"name": "k", "scopes": ["search", "ingest"], "collections": ["a"], "expires_at": "2027-01-01T00:00:00Z"}"#,
    r#"{"requests": [{"text": "a"}, {"text": "b", "word": "b"}]}"#,
    r#"{"positive": {"a": 1.0}, "negative": ["b"], "fields": {"year": {"type": "number"}}, "stemming": "english"}"#,
];
const TEXTS: [&str; 5] = [
    "Don't stop: the U.S. bank's e-mail, 3.14 and 1,000 (see http://a.b/c?d=e).\n\nNew paragraph…",
    "这家银行的贷款利息又涨了，存款也多了。我早上去了星巴克！",
    "ﬁne ＡＢＣ１２３ é e\u{301} İstanbul ß ΑΣ",
    "👩‍👩‍👧‍👦 🇩🇪 a\u{200D}b \u{AD}x",
    "日本語のテキスト 한국어 ไทย العربية",
];

fn query(input: &[u8], _: &Path) {
    let text = String::from_utf8_lossy(input);
    if let Ok(read) = Expression::parse(&text) {
        // What is shown can be read. Chinese words may be cut differently once they stand alone, but then they are cut.
        let shown = Expression::parse(&read.to_string()).unwrap().to_string();
        assert_eq!(Expression::parse(&shown).map(|again| again.to_string()).ok(), Some(shown));
    }
}

fn filter(input: &[u8], _: &Path) {
    let text = String::from_utf8_lossy(input);
    if let Ok(read) = Filter::parse("filter", &text) {
        let shown = read.to_string();
        assert_eq!(Filter::parse("filter", &shown).map(|again| again.to_string()).ok(), Some(shown));
    }
}

fn json(input: &[u8], _: &Path) {
    fn read<T: DeserializeOwned>(input: &[u8]) {
        let _ = serde_json::from_slice::<T>(input);
    }
    if let Ok(request) = serde_json::from_slice::<SearchRequest>(input) {
        let _ = format!("{request:?}");
    }
    if let Ok(request) = serde_json::from_slice::<FilterRequest>(input) {
        let _ = request.parse("filter");
    }
    if let Ok(request) = serde_json::from_slice::<TrainRequest>(input) {
        let _ = request.settings().and_then(|settings| settings.word2vec.check());
    }
    read::<ContrastRequest>(input);
    read::<EmbeddingsRequest>(input);
    read::<SensesRequest>(input);
    read::<SensesBatch>(input);
    read::<AnalogyRequest>(input);
    read::<WordsRequest>(input);
    read::<NearestRequest>(input);
    read::<MapRequest>(input);
    read::<EncodeRequest>(input);
    read::<ContextNeighboursRequest>(input);
    read::<KeyRequest>(input);
    read::<IndexSettings>(input);
    read::<Vec<Document>>(input);
}

fn text(input: &[u8], _: &Path) {
    let text = String::from_utf8_lossy(input);
    let analysis = Analyzer.analyze(&text);
    let mut last = 0..0;
    for token in analysis.tokens() {
        // Words may share a sign that stands for several (㍿, 2㎏), each with its range.
        let in_order = token.range.start >= last.start && token.range.end >= last.end;
        assert!(in_order && text.get(token.range.clone()).is_some(), "{token:?} after {last:?} in {text:?}");
        last = token.range;
    }
}

fn arrive(packing: Packing, input: &[u8]) {
    let limits = BodyLimits { bytes_max: 1 << 20, record_bytes_max: 1 << 16, ..BodyLimits::default() };
    for shape in [Shape::Lines, Shape::Json] {
        let taker = |arrived: &mut Vec<Arrived>| {
            arrived.clear();
            Ok(())
        };
        let Ok(mut arriving) = Arriving::new(packing, shape, limits, Box::new(taker)) else { continue };
        if input.chunks(37).try_for_each(|piece| arriving.push(piece)).is_ok() {
            let _ = arriving.finish();
        }
    }
}

fn arriving_plain(input: &[u8], _: &Path) {
    arrive(Packing::Plain, input);
}

fn arriving_packed(input: &[u8], _: &Path) {
    let is_gzip = input.first() == Some(&0x1F);
    arrive(if is_gzip { Packing::Gzip } else { Packing::Zstd }, input);
}

fn documents(input: &[u8], folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        std::fs::write(&path, input).unwrap();
        for split in [Split::Line, Split::Paragraph, Split::File] {
            let options = ReadOptions { split, record_bytes_max: 1 << 16, ..ReadOptions::default() };
            if let Ok(documents) = Documents::open(&path, options) {
                assert!(documents.take(200_000).count() < 200_000, "never ends");
            }
        }
        std::fs::remove_file(&path).unwrap();
    }
}

fn document_files(input: &[u8], folder: &Path) {
    documents(input, folder, &["a.csv", "a.tsv", "a.txt", "a.jsonl"]);
}

fn document_archives(input: &[u8], folder: &Path) {
    documents(input, folder, &["a.jsonl.gz", "a.txt.zst"]);
}

fn vector_file(input: &[u8], folder: &Path) {
    let path = folder.join("vectors");
    std::fs::write(&path, input).unwrap();
    let _ = formats::info(&path);
    if let Ok((_, vectors)) = formats::import(&path, None, &Silent) {
        assert!(vectors.len() <= input.len(), "{} words of {} bytes", vectors.len(), input.len());
    }
    std::fs::remove_file(&path).unwrap();
}

// --- Driver ------------------------------------------------------------------------------------------------------------

/// In memory where the system has such a folder: a file for each input.
fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("sememe-fuzz-").tempdir_in(place).unwrap()
}

fn run(target: &Target, numbers: std::ops::Range<u64>) -> Vec<u64> {
    let folder = folder();
    numbers
        .filter(|number| {
            let input = changed(&target.seeds, &mut Random::of(target.name, *number));
            catch_unwind(AssertUnwindSafe(|| (target.read)(&input, folder.path()))).is_err()
        })
        .collect()
}

fn fuzz(inputs: u64) {
    let only = std::env::var("SEMEME_FUZZ_ONLY").ok();
    let only = only.as_deref().map(|only| only.split_once(':').unwrap_or((only, "")));
    for target in targets() {
        let count = inputs * target.share / 1000;
        let (from, to) = match only {
            Some((name, _)) if name != target.name => continue,
            Some((_, number)) if !number.is_empty() => {
                let number: u64 = number.parse().unwrap();
                (number, number + 1)
            }
            _ => (0, count),
        };
        let start = std::time::Instant::now();
        let step = 1000.min(to - from).max(1);
        let starts: Vec<u64> = (from..to).step_by(step as usize).collect();
        let failed: Vec<u64> =
            starts.par_iter().flat_map(|first| run(&target, *first..(*first + step).min(to))).collect();
        eprintln!("{}: {count} inputs in {:.0} s", target.name, start.elapsed().as_secs_f64());
        let name = target.name;
        assert!(
            failed.is_empty(),
            "{} of {name}, the first SEMEME_FUZZ_ONLY={name}:{}",
            failed.len(),
            failed[0]
        );
    }
}

#[test]
fn every_parser_reads_or_refuses_what_comes() {
    fuzz(20_000);
}

#[test]
#[ignore = "the long form: minutes"]
fn every_parser_ten_million_times() {
    fuzz(std::env::var("SEMEME_FUZZ").ok().and_then(|value| value.parse().ok()).unwrap_or(10_000_000));
}
