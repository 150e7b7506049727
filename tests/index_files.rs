//! Index files: what was written is what is read, and whatever is not as it was written is refused.

use crate::index_suite::clustered;
use sememe::error::Error;
use sememe::index::{BuildSettings, Hnsw, Matrix, SearchOptions, VectorIndex};
use sememe::progress::Silent;
use std::fs;
use std::path::{Path, PathBuf};

const ME: u64 = 0x5EED;

fn built(folder: &Path) -> (Matrix, Hnsw, PathBuf, PathBuf) {
    let mut values = clustered(400, 20, 3);
    values.extend_from_within(..20 * 10); // ten duplicates
    let matrix = Matrix::from_rows(&values, 20).unwrap();
    let index = Hnsw::build(matrix.clone(), &BuildSettings::default(), &Silent).unwrap();
    let (vectors, graph) = (folder.join("rows.vectors"), folder.join("rows.hnsw"));
    matrix.save(&vectors, ME).unwrap();
    index.save(&graph, ME).unwrap();
    (matrix, index, vectors, graph)
}

fn open(vectors: &Path, graph: &Path) -> Result<Hnsw, Error> {
    Hnsw::open(graph, Matrix::open(vectors, Some(ME))?, Some(ME))
}

#[test]
fn a_mapped_index_answers_as_the_built_one() {
    let folder = tempfile::tempdir().unwrap();
    let (matrix, index, vectors, graph) = built(folder.path());
    let opened = open(&vectors, &graph).unwrap();
    assert_eq!(opened.report(), index.report());
    assert_eq!(opened.calibration(), index.calibration());
    assert_eq!(opened.matrix().values(), matrix.values());
    for row in (0..400).step_by(13) {
        let query = matrix.row(row);
        let [a, b] =
            [&index, &opened].map(|index| index.search(query, 7, &SearchOptions::default()).unwrap());
        assert_eq!(a, b);
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 2, "no temporary file is left behind");
}

#[test]
fn an_empty_index_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = Matrix::from_rows(&[], 5).unwrap();
    let index = Hnsw::build(matrix.clone(), &BuildSettings::default(), &Silent).unwrap();
    let (vectors, graph) = (folder.path().join("v"), folder.path().join("g"));
    matrix.save(&vectors, ME).unwrap();
    index.save(&graph, ME).unwrap();
    let opened = open(&vectors, &graph).unwrap();
    assert_eq!(opened.search(&[1.0; 5], 3, &SearchOptions::default()).unwrap(), []);
}

#[test]
fn every_flipped_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (.., vectors, graph) = built(folder.path());
    for path in [&vectors, &graph] {
        let sound = fs::read(path).unwrap();
        let step = (sound.len() / 1000).max(1);
        let positions: Vec<usize> = (0..512).chain((512..sound.len()).step_by(step)).collect();
        assert!(positions.len() >= 1000);
        for at in positions {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            fs::write(path, &bytes).unwrap();
            let error = open(&vectors, &graph).expect_err(&format!("byte {at} of {path:?}"));
            assert!(matches!(error, Error::Damaged { .. }), "byte {at}: {error}");
        }
        fs::write(path, &sound).unwrap();
    }
    open(&vectors, &graph).unwrap();
}

#[test]
fn files_cut_short_or_grown_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (.., vectors, graph) = built(folder.path());
    for path in [&vectors, &graph] {
        let sound = fs::read(path).unwrap();
        for len in (0..512).step_by(37).chain((512..sound.len()).step_by(997)).chain([sound.len() - 1]) {
            fs::write(path, &sound[..len]).unwrap();
            assert!(open(&vectors, &graph).is_err(), "{len} bytes of {path:?}");
        }
        let mut longer = sound.clone();
        longer.extend([0; 64]);
        fs::write(path, &longer).unwrap();
        assert!(open(&vectors, &graph).is_err());
        fs::write(path, &sound).unwrap();
    }
}

#[test]
fn other_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (.., vectors, graph) = built(folder.path());
    let sound = fs::read(&graph).unwrap();
    let refused = |bytes: &[u8], part: &str| {
        fs::write(&graph, bytes).unwrap();
        let message = open(&vectors, &graph).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    refused(&[b"GARBAGE!", &sound[8..]].concat(), "another kind of file");
    let newer = [&sound[..8], &2u32.to_le_bytes(), &sound[12..]].concat();
    refused(&newer, "version 2, newer than this program");
    let other_order = [&sound[..12], &0x0102_0304u32.to_be_bytes(), &sound[16..]].concat();
    refused(&other_order, "big-endian");
    refused(&fs::read(&vectors).unwrap(), "another kind of file");
    fs::write(&graph, &sound).unwrap();

    let message = Matrix::open(&vectors, Some(ME + 1)).unwrap_err().to_string();
    assert!(message.contains("5eee") && message.contains("5eed"), "{message}");
    let other = Matrix::from_rows(&clustered(410, 20, 9), 20).unwrap();
    let message = Hnsw::open(&graph, other, Some(ME)).unwrap_err().to_string();
    assert!(message.contains("that of other"), "{message}");
}

#[test]
fn numbers_out_of_range_are_noticed_even_under_right_checksums() {
    let folder = tempfile::tempdir().unwrap();
    let (.., vectors, graph) = built(folder.path());
    let sound = fs::read(&graph).unwrap();
    let number = |at: usize| u64::from_le_bytes(sound[at..at + 8].try_into().unwrap()) as usize;
    for section in [0, 1, 3, 5] {
        let (start, len) = (number(104 + 24 * section), number(112 + 24 * section));
        let mut bytes = sound.clone();
        bytes[start..start + 4].copy_from_slice(&1_000_000u32.to_le_bytes());
        let sum = crc32fast::hash(&bytes[start..start + len.next_multiple_of(64)]);
        bytes[120 + 24 * section..124 + 24 * section].copy_from_slice(&sum.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..508]);
        bytes[508..512].copy_from_slice(&sum.to_le_bytes());
        fs::write(&graph, &bytes).unwrap();
        let message = open(&vectors, &graph).unwrap_err().to_string();
        assert!(message.contains("numbers in range"), "section {section}: {message}");
    }
}

/// Files of version 1, kept as they were written.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/index-v1")
}

/// Six rows by hand, the last one a duplicate.
const SAMPLE_ROWS: [f32; 12] = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0, 3.0, 4.0, 0.0, 2.0];

#[test]
fn files_of_the_first_version_still_open() {
    let index = open(&sample().join("rows.vectors"), &sample().join("rows.hnsw")).unwrap();
    assert_eq!((index.len(), index.dim(), index.report().nodes), (6, 2, 5));
    let found = index.search(&[3.0, 4.0], 4, &SearchOptions::default()).unwrap();
    assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [4, 1, 5, 0]);
}

#[test]
#[ignore = "writes the sample of a new version; run it once, by hand"]
fn write_the_sample() {
    let matrix = Matrix::from_rows(&SAMPLE_ROWS, 2).unwrap();
    let settings = BuildSettings { m: 4, ..BuildSettings::default() };
    let index = Hnsw::build(matrix.clone(), &settings, &Silent).unwrap();
    fs::create_dir_all(sample()).unwrap();
    matrix.save(sample().join("rows.vectors"), ME).unwrap();
    index.save(sample().join("rows.hnsw"), ME).unwrap();
}
