//! Builds indexes over the rows of an .npy file and times them; benches/peers/ann.py drives it beside its peers.
//!
//! `ann VECTORS.npy QUERIES.npy [m] [ef_construction] [own|hnsw_rs]` prints one JSON line about the build, then reads
//! commands from standard input, one JSON line of answer each: `graph EF`, `flat`, `codes`, `batch-codes` time one pass
//! of all queries (k = 10, one thread); `filter N` searches every N-th row by each strategy; `open` saves the index and times its opening until the first answer.
#![allow(clippy::print_stdout)] // a bench talks on standard output

use sememe::index::{
    BuildSettings, Builder, Flat, Hnsw, Matrix, RowSet, SearchOptions, Strategy, VectorIndex,
};
use sememe::progress::Silent;
use serde_json::json;
use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

const K: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [vectors, queries, rest @ ..] = &args[..] else {
        println!("usage: ann VECTORS.npy QUERIES.npy [m] [ef_construction] [own|hnsw_rs]");
        return Ok(());
    };
    let (values, dim) = read_npy(vectors)?;
    let (queries, _) = read_npy(queries)?;
    let number = |at: usize, otherwise: usize| rest.get(at).map_or(Ok(otherwise), |text| text.parse());
    let builder = match rest.get(2).map(String::as_str) {
        Some("hnsw_rs") => Builder::HnswRs,
        _ => Builder::default(),
    };
    let settings = BuildSettings {
        m: number(0, 16)?,
        ef_construction: number(1, 200)?,
        builder,
        ..BuildSettings::default()
    };
    let matrix = Matrix::from_rows(&values, dim)?;
    let (start, cpu) = (Instant::now(), cpu_seconds_of_process());
    let index = Hnsw::build(matrix.clone(), &settings, &Silent)?;
    println!(
        "{}",
        json!({"build_s": start.elapsed().as_secs_f64(), "build_cpu_s": cpu_seconds_of_process() - cpu, "bytes": index.bytes(), "report": format!("{:?}", index.report()),
               "calibration": index.calibration()})
    );
    let exact = Flat::with_codes(matrix.clone());
    let truth = exact.batch(&queries, K, &SearchOptions::EXACT)?;
    let truth: Vec<HashSet<u32>> =
        truth.iter().map(|found| found.iter().map(|hit| hit.row).collect()).collect();
    let bench = Bench { flat: Flat::new(matrix), exact, index, queries, truth };
    for line in std::io::stdin().lock().lines() {
        println!("{}", bench.run(&line?)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

struct Bench {
    flat: Flat,
    exact: Flat,
    index: Hnsw,
    queries: Vec<f32>,
    truth: Vec<HashSet<u32>>,
}

impl Bench {
    fn run(&self, command: &str) -> Result<serde_json::Value, Box<dyn Error>> {
        let words: Vec<&str> = command.split_whitespace().collect();
        Ok(match words[..] {
            ["graph", ef] => {
                let ef = Some(ef.parse()?);
                self.pass(
                    &self.index,
                    &SearchOptions { ef, strategy: Strategy::Graph, ..Default::default() },
                )?
            }
            ["flat"] => self.pass(&self.flat, &SearchOptions::EXACT)?,
            ["codes"] => self.pass(&self.exact, &SearchOptions::EXACT)?,
            ["batch-codes"] => {
                let start = Instant::now();
                self.exact.batch(&self.queries, K, &SearchOptions::EXACT)?;
                json!({"seconds": start.elapsed().as_secs_f64(), "queries": self.truth.len()})
            }
            ["filter", nth] => self.filter(nth.parse()?)?,
            ["open"] => self.open()?,
            _ => json!({"error": "unknown command"}),
        })
    }

    fn pass(
        &self,
        index: &dyn VectorIndex,
        options: &SearchOptions<'_>,
    ) -> Result<serde_json::Value, Box<dyn Error>> {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let found: Result<Vec<_>, _> =
            self.queries.chunks_exact(index.dim()).map(|query| index.search(query, K, options)).collect();
        let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        let hits: usize = found?
            .iter()
            .zip(&self.truth)
            .map(|(found, truth)| found.iter().filter(|hit| truth.contains(&hit.row)).count())
            .sum();
        let recall = hits as f64 / (self.truth.len() * K) as f64;
        Ok(json!({"seconds": seconds, "cpu_seconds": cpu, "queries": self.truth.len(), "recall": recall}))
    }

    /// Every `nth` row, by each strategy and as the index chooses.
    fn filter(&self, nth: u32) -> Result<serde_json::Value, Box<dyn Error>> {
        let len = self.index.len();
        let filter = RowSet::from_rows(len, (0..len as u32).filter(|row| row % nth == 0));
        let (mut lines, mut truth) = (Vec::new(), Vec::new());
        for strategy in [Strategy::Scan, Strategy::Graph, Strategy::Auto] {
            let options = SearchOptions { strategy, filter: Some(&filter), ..SearchOptions::default() };
            let cpu = cpu_seconds();
            let mut found = Vec::new();
            for query in self.queries.chunks_exact(self.index.dim()) {
                let rows = self.index.search(query, K, &options)?;
                found.push(rows.iter().map(|hit| hit.row).collect::<HashSet<u32>>());
            }
            let cpu = cpu_seconds() - cpu;
            if truth.is_empty() {
                truth.clone_from(&found);
            }
            let hits: usize = found.iter().zip(&truth).map(|(a, b)| a.intersection(b).count()).sum();
            let all: usize = truth.iter().map(HashSet::len).sum();
            let line = json!({"strategy": format!("{strategy:?}"), "cpu_seconds": cpu, "recall": hits as f64 / all as f64});
            lines.push(line);
        }
        Ok(json!({"one_in": nth, "by": lines}))
    }

    fn open(&self) -> Result<serde_json::Value, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let (vectors, graph) = (folder.path().join("vectors"), folder.path().join("hnsw"));
        self.index.matrix().save(&vectors, 1)?;
        self.index.save(&graph, 1)?;
        let mut times = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            let opened = Hnsw::open(&graph, Matrix::open(&vectors, Some(1))?, Some(1))?;
            opened.search(&self.queries[..opened.dim()], K, &SearchOptions::default())?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        Ok(json!({"open_ms": times}))
    }
}

/// Processor time of this thread, where the system tells it; it stays comparable on a busy machine.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Processor time of all threads, user and system, in hundredths of a second.
fn cpu_seconds_of_process() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Values and columns of a two-dimensional little-endian f32 .npy file.
fn read_npy(path: &str) -> Result<(Vec<f32>, usize), Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let long = bytes.get(6) != Some(&1);
    let start = if long { 12 } else { 10 };
    let len = bytes[8..start].iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
    let header = String::from_utf8_lossy(&bytes[start..start + len]).replace(' ', "");
    if !bytes.starts_with(b"\x93NUMPY") || !header.contains("'<f4'") || header.contains("order':True") {
        return Err(format!("{path}: expected row-major f32, got {header}").into());
    }
    let shape = header.split("'shape':(").nth(1).and_then(|shape| shape.split(')').next()).unwrap_or("");
    let dim = shape.split(',').nth(1).ok_or("expected two dimensions")?.parse()?;
    let (values, _) = bytes[start + len..].as_chunks::<4>();
    Ok((values.iter().map(|value| f32::from_le_bytes(*value)).collect(), dim))
}
