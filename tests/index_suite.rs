//! One set of tests for every vector index: exact in f32, exact by codes, and the graph of each builder.

use sememe::index::{
    BuildSettings, Builder, Flat, Hnsw, Live, Matrix, Neighbor, RowSet, SearchOptions, Strategy, VectorIndex,
};
use sememe::progress::Silent;
use std::sync::Arc;

/// Values between −1 and 1 from a fixed sequence.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }
}

/// `len` rows around `len / 20` centres, as words lie around topics.
pub fn clustered(len: usize, dim: usize, seed: u64) -> Vec<f32> {
    let mut numbers = Numbers::new(seed);
    let centres: Vec<Vec<f32>> =
        (0..len / 20 + 1).map(|_| (0..dim).map(|_| numbers.next()).collect()).collect();
    let mut rows = Vec::with_capacity(len * dim);
    for row in 0..len {
        let centre = &centres[row % centres.len()];
        rows.extend(centre.iter().map(|value| value + 0.8 * numbers.next()));
    }
    rows
}

fn matrix(len: usize, dim: usize, seed: u64) -> Matrix {
    Matrix::from_rows(&clustered(len, dim, seed), dim).unwrap()
}

fn settings(builder: Builder, seed: u64) -> BuildSettings {
    BuildSettings { builder, seed, ef_construction: 100, ..BuildSettings::default() }
}

/// Every kind of index over the same rows, by name.
fn every(matrix: &Matrix) -> Vec<(&'static str, Box<dyn VectorIndex>)> {
    let mut all: Vec<(&'static str, Box<dyn VectorIndex>)> = vec![
        ("flat f32", Box::new(Flat::new(matrix.clone()))),
        ("flat codes", Box::new(Flat::with_codes(matrix.clone()))),
    ];
    for (name, builder) in BUILDERS {
        let index = Hnsw::build(matrix.clone(), &settings(builder, 1), &Silent).unwrap();
        all.push((name, Box::new(index)));
    }
    all.push(("live", Box::new(grown(matrix))));
    all
}

/// The same rows: the first two thirds in a graph, then one added that is deleted at last, then the others added.
fn grown(matrix: &Matrix) -> Live {
    let (dim, frozen) = (matrix.dim(), matrix.len() * 2 / 3);
    let first = Matrix::from_rows(&matrix.values()[..frozen * dim], dim).unwrap();
    let base = Hnsw::build(first, &settings(Builder::Own, 1), &Silent).unwrap();
    let mut live = Live::new(Arc::new(base));
    for row in frozen..matrix.len() {
        assert_eq!(live.insert(matrix.row(row as u32)).unwrap(), row as u32);
    }
    let extra = live.insert(&vec![1.0; dim]).unwrap();
    assert!(live.delete(extra) && !live.delete(extra));
    live
}

const BUILDERS: [(&str, Builder); 2] = [("own", Builder::Own), ("hnsw_rs", Builder::HnswRs)];

fn rows(found: &[Neighbor]) -> Vec<u32> {
    found.iter().map(|hit| hit.row).collect()
}

/// Plain cosines in f64, sorted: the truth.
fn truth(matrix: &Matrix, query: &[f32]) -> Vec<(u32, f64)> {
    let length = |x: &[f32]| x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    let mut all: Vec<(u32, f64)> = (0..matrix.len() as u32)
        .map(|row| {
            let values = matrix.row(row);
            let dot: f64 = values.iter().zip(query).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            (row, dot / length(values) / length(query))
        })
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

#[test]
fn nearest_of_four_directions_by_hand() {
    // Cosines of (3, 4)/5 with the axes: 0.6, 0.8, −0.6, −0.8.
    let matrix = Matrix::from_rows(&[1.0, 0.0, 0.0, 2.0, -3.0, 0.0, 0.0, -4.0], 2).unwrap();
    for (name, index) in every(&matrix) {
        let found = index.search(&[3.0, 4.0], 4, &SearchOptions::default()).unwrap();
        assert_eq!(rows(&found), [1, 0, 2, 3], "{name}");
        for (hit, expected) in found.iter().zip([0.8, 0.6, -0.6, -0.8]) {
            assert!((hit.similarity - expected).abs() < 1e-6, "{name}: {hit:?}");
        }
        let near = index.range(&[3.0, 4.0], 0.0, &SearchOptions::default()).unwrap();
        assert_eq!(rows(&near), [1, 0], "{name}");
    }
}

#[test]
fn scans_are_exact_at_every_size_and_k() {
    for len in [0, 1, 2, 17, 1000] {
        let matrix = matrix(len, 24, 3);
        let query = &clustered(1, 24, 99);
        let truth = truth(&matrix, query);
        for (name, index) in every(&matrix) {
            for k in [1, 10, 999, 10_000] {
                let found = match index.search(query, k, &SearchOptions::EXACT) {
                    Ok(found) => found,
                    Err(error) => {
                        assert!(0 < len && len < k, "{name} {len} {k}: {error}");
                        assert!(error.to_string().contains(&format!("1 to {len}, the rows")), "{error}");
                        continue;
                    }
                };
                assert_eq!(found.len(), k.min(len), "{name} {len} {k}");
                for (hit, (_, cosine)) in found.iter().zip(&truth) {
                    assert!((f64::from(hit.similarity) - cosine).abs() < 1e-5, "{name} {len} {k}");
                }
            }
        }
    }
}

#[test]
fn every_index_gives_the_same_exact_answer_in_the_same_order() {
    let matrix = matrix(3000, 50, 5);
    let all = every(&matrix);
    let queries = clustered(20, 50, 77);
    for query in queries.chunks_exact(50) {
        let expected = all[0].1.search(query, 25, &SearchOptions::EXACT).unwrap();
        for (name, index) in &all[1..] {
            assert_eq!(index.search(query, 25, &SearchOptions::EXACT).unwrap(), expected, "{name}");
        }
        let expected = all[0].1.range(query, 0.2, &SearchOptions::EXACT).unwrap();
        for (name, index) in &all[1..] {
            assert_eq!(index.range(query, 0.2, &SearchOptions::EXACT).unwrap(), expected, "{name}");
        }
    }
    for (name, index) in &all {
        for options in [SearchOptions::default(), SearchOptions::EXACT] {
            let batch = index.batch(&queries, 25, &options).unwrap();
            for (query, found) in queries.chunks_exact(50).zip(batch) {
                assert_eq!(found, index.search(query, 25, &options).unwrap(), "{name}");
            }
        }
    }
}

#[test]
fn the_walk_reaches_the_recall_asked_for() {
    let matrix = matrix(5000, 32, 6);
    let exact = Flat::new(matrix.clone());
    let queries = clustered(100, 32, 6);
    for (name, builder) in BUILDERS {
        let index = Hnsw::build(matrix.clone(), &settings(builder, 2), &Silent).unwrap();
        let options =
            SearchOptions { recall: Some(0.95), strategy: Strategy::Graph, ..SearchOptions::default() };
        let mut hits = 0;
        for query in queries.chunks_exact(32) {
            let expected = rows(&exact.search(query, 10, &SearchOptions::EXACT).unwrap());
            let found = index.search(query, 10, &options).unwrap();
            assert!(found.is_sorted_by(|a, b| a.order(b).is_lt()), "{name}");
            hits += found.iter().filter(|hit| expected.contains(&hit.row)).count();
        }
        assert!(hits >= 900, "{name}: {hits} of 1000");
    }
}

#[test]
fn filters_of_every_selectivity_keep_recall() {
    let matrix = matrix(2500, 32, 8);
    let exact = Flat::new(matrix.clone());
    let queries = clustered(20, 32, 8);
    for ((name, index), strategy) in
        every(&matrix).iter().flat_map(|index| [(index, Strategy::Auto), (index, Strategy::Graph)])
    {
        for every_nth in [1, 2, 10, 100, 1000, 2500, 5000] {
            let filter = RowSet::from_rows(2500, (0..2500).filter(|row| (row + 1) % every_nth == 0));
            let filtered = SearchOptions { filter: Some(&filter), strategy, ..SearchOptions::default() };
            let exactly = SearchOptions { filter: Some(&filter), ..SearchOptions::EXACT };
            let (mut hits, mut of) = (0, 0);
            for query in queries.chunks_exact(32) {
                let expected = rows(&exact.search(query, 10, &exactly).unwrap());
                let found = index.search(query, 10, &filtered).unwrap();
                assert_eq!(found.len(), filter.count().min(10), "{name} 1/{every_nth}");
                assert!(found.iter().all(|hit| filter.contains(hit.row)), "{name} 1/{every_nth}");
                hits += found.iter().filter(|hit| expected.contains(&hit.row)).count();
                of += expected.len();
            }
            assert!(hits * 100 >= of * 95, "{name} 1/{every_nth}: {hits} of {of}");
        }
    }
}

#[test]
fn every_row_finds_itself_for_twenty_seeds() {
    for (name, builder) in BUILDERS {
        for (seed, len) in (0..20).flat_map(|seed| [(seed, 1), (seed, 2), (seed, 17), (seed, 1000)]) {
            find_themselves(name, builder, len, seed);
        }
    }
}

#[test]
fn every_row_of_sixty_thousand_finds_itself() {
    find_themselves("own", Builder::Own, 60_000, 1);
}

/// Minutes long: `cargo test --release --test it sixty_thousand -- --ignored`.
#[test]
#[ignore = "minutes long"]
fn every_row_of_sixty_thousand_finds_itself_for_twenty_seeds() {
    for (name, builder) in BUILDERS {
        (0..20).for_each(|seed| find_themselves(name, builder, 60_000, seed));
    }
}

fn find_themselves(name: &str, builder: Builder, len: usize, seed: u64) {
    let matrix = matrix(len, 16, seed);
    let settings = BuildSettings { builder, seed, ef_construction: 40, ..BuildSettings::default() };
    let index = Hnsw::build(matrix.clone(), &settings, &Silent).unwrap();
    let walk = SearchOptions { strategy: Strategy::Graph, ..SearchOptions::default() };
    let found = index.batch(matrix.values(), 1, &walk).unwrap();
    for (row, found) in found.iter().enumerate() {
        assert_eq!(found[0].row, row as u32, "{name}, {len} rows, seed {seed}");
    }
}

#[test]
fn duplicates_and_equal_rows_are_all_found() {
    let mut values = clustered(300, 8, 4);
    let copies = values[..8 * 100].repeat(3);
    values.extend(copies); // rows 0..100 four times
    let mixed = Matrix::from_rows(&values, 8).unwrap();
    let equal = Matrix::from_rows(&[0.5f32, -1.0, 2.0].repeat(1000), 3).unwrap();
    for (name, index) in every(&mixed) {
        for row in [0u32, 50, 99] {
            let found = index.search(mixed.row(row), 4, &SearchOptions::default()).unwrap();
            assert_eq!(rows(&found), [row, row + 300, row + 400, row + 500], "{name}");
        }
    }
    for (name, index) in every(&equal) {
        let found = index.search(&[0.5, -1.0, 2.0], 1000, &SearchOptions::default()).unwrap();
        assert_eq!(rows(&found), (0..1000).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn bad_questions_get_clear_errors() {
    let matrix = matrix(200, 4, 1);
    let good = [1.0, 2.0, 3.0, 4.0];
    let with = |ef, recall| SearchOptions { ef, recall, ..SearchOptions::default() };
    for (name, index) in every(&matrix) {
        for query in [&[0.0; 4][..], &[f32::NAN; 4], &[f32::INFINITY, 0.0, 0.0, 0.0], &[1.0; 3], &[]] {
            assert!(index.search(query, 5, &SearchOptions::default()).is_err(), "{name} {query:?}");
            assert!(index.range(query, 0.5, &SearchOptions::default()).is_err(), "{name} {query:?}");
        }
        for k in [0, 10_001, usize::MAX] {
            let error = index.search(&good, k, &SearchOptions::default()).unwrap_err();
            assert!(error.to_string().contains("1 to 10000"), "{name}: {error}");
        }
        for options in [
            with(Some(0), None),
            with(Some(1_000_000_000), None),
            with(None, Some(0.0)),
            with(None, Some(f32::NAN)),
        ] {
            assert!(index.search(&good, 5, &options).is_err(), "{name} {options:?}");
        }
        assert!(index.range(&good, f32::NAN, &SearchOptions::default()).is_err(), "{name}");
        assert!(index.batch(&[1.0; 6], 5, &SearchOptions::default()).is_err(), "{name}");
        let two = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let error = index.batch(&two, 5, &SearchOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("query vector 1: "), "{name}: {error}");
        let error = index.search(&good, 201, &SearchOptions::default()).unwrap_err().to_string();
        assert!(error.contains("1 to 200"), "{name}: {error}");
        assert_eq!(index.search(&good, 200, &SearchOptions::default()).unwrap().len(), 200, "{name}");
    }
}

#[test]
fn bad_rows_and_settings_get_clear_errors() {
    for bad in [[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, f32::NAN, 1.0], [1.0, 0.0, f32::NEG_INFINITY, 1.0]] {
        let error = Matrix::from_rows(&bad, 2).unwrap_err().to_string();
        assert!(error.starts_with("row 1: "), "{error}");
    }
    assert!(Matrix::from_rows(&[1.0; 3], 2).is_err());
    assert!(Matrix::from_rows(&[1.0; 3], 0).is_err());
    for m in [0, 1, 65, 256, 1000] {
        let settings = BuildSettings { m, ..BuildSettings::default() };
        assert!(Hnsw::build(matrix(10, 4, 1), &settings, &Silent).is_err(), "m {m}");
    }
    for ef_construction in [0, 15, 1_000_000_000] {
        let settings = BuildSettings { ef_construction, ..BuildSettings::default() };
        assert!(Hnsw::build(matrix(10, 4, 1), &settings, &Silent).is_err(), "ef {ef_construction}");
    }
}

#[test]
fn one_seed_gives_one_graph_on_any_number_of_threads() {
    let matrix = matrix(3000, 24, 2);
    let folder = tempfile::tempdir().unwrap();
    let bytes = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let settings = settings(Builder::Own, seed);
        let index = pool.install(|| Hnsw::build(matrix.clone(), &settings, &Silent)).unwrap();
        let path = folder.path().join("graph");
        index.save(&path, 1).unwrap();
        std::fs::read(path).unwrap()
    };
    let one = bytes(1, 7);
    assert!(one == bytes(3, 7), "another graph on three threads");
    assert!(one != bytes(1, 8), "the seed changes nothing");
}

#[test]
fn added_and_deleted_rows_are_seen_at_once() {
    let matrix = matrix(2000, 16, 12);
    let base = Hnsw::build(matrix.clone(), &settings(Builder::Own, 1), &Silent).unwrap();
    let mut live = Live::new(Arc::new(base));
    let new = [9.0f32, -1.0].repeat(8);
    let row = live.insert(&new).unwrap();
    assert_eq!((row, live.len()), (2000, 2001));
    assert_eq!(rows(&live.search(&new, 1, &SearchOptions::default()).unwrap()), [2000]);
    let near = rows(&live.search(matrix.row(5), 2, &SearchOptions::default()).unwrap());
    assert_eq!(near[0], 5);
    assert!(live.delete(5));
    assert_eq!(rows(&live.search(matrix.row(5), 1, &SearchOptions::default()).unwrap()), near[1..]);
    assert!(live.insert(&[0.0; 16]).is_err() && live.insert(&[1.0; 15]).is_err());
    for row in 100..400 {
        live.delete(row);
    }
    for query in clustered(10, 16, 12).chunks_exact(16) {
        let found = live.search(query, 10, &SearchOptions::default()).unwrap();
        assert!(found.len() == 10 && found.iter().all(|hit| !(100..400).contains(&hit.row)));
    }
}
