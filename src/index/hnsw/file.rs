//! The frozen graph on disk. Layout: docs/formats/hnsw.md.

use super::{BuildReport, Graph, Groups, Hnsw};
use crate::error::{Error, Result};
use crate::index::codes::{self, Codes};
use crate::index::mapped::{self, Array, Kind, Mapped, bytes_of};
use crate::index::matrix::{MAX_DIM, Matrix};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Mutex;

const KIND: Kind = Kind { magic: b"SMHNSW\r\n", version: 1, cure: "build the index again (`sememe train`)" };

const BASE: usize = 0;
const UPPER: usize = 1;
const CODES: usize = 2;
const ROWS: usize = 3;
const STARTS: usize = 4;
const NODES: usize = 5;
const COUNTS: usize = 6;
const STRAGGLERS: usize = 7;
const CALIBRATION: usize = 8;

impl Hnsw {
    /// Writes the graph to `path`, atomically. `identity` is any number that tells whose rows these are; the matrix is
    /// saved apart, with [`Matrix::save`].
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>, identity: u64) -> Result<()> {
        let graph = &self.graph;
        let counts: Vec<u32> = graph.counts.iter().map(|count| *count as u32).collect();
        let calibration: Vec<f32> =
            self.calibration.iter().flat_map(|(ef, recall)| [*ef as f32, *recall]).collect();
        let numbers = [
            self.matrix.len() as u64,
            self.matrix.dim() as u64,
            graph.nodes as u64,
            graph.m as u64 | (self.calibration.len() as u64) << 32,
            graph.counts.len() as u64 | (graph.stragglers.len() as u64) << 32,
            self.groups.starts.len() as u64,
            self.matrix.fingerprint(),
            self.report.relinked as u64 | (graph.upper.len() as u64) << 24,
        ];
        let sections = [
            bytes_of(&graph.base),
            bytes_of(&graph.upper),
            bytes_of(&self.codes.lines),
            bytes_of(&self.groups.rows),
            bytes_of(&self.groups.starts),
            bytes_of(&self.groups.nodes),
            bytes_of(&counts),
            bytes_of(&graph.stragglers),
            bytes_of(&calibration),
        ];
        mapped::write(path.as_ref(), &KIND, identity, &numbers, &sections)
    }

    /// Maps a graph that [`save`](Self::save) wrote, after verifying it; `matrix` has to be the one it was built from.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] for a file that is not as it was written, has another identity, or belongs to
    /// another matrix.
    pub fn open(path: impl AsRef<Path>, matrix: Matrix, identity: Option<u64>) -> Result<Self> {
        let path = path.as_ref();
        let file = Mapped::open(path, &KIND, identity)?;
        let [rows, dim, nodes, m, counts, starts, fingerprint, rest] =
            file.numbers.map(|number| number as usize);
        if fingerprint as u64 != matrix.fingerprint() || rows != matrix.len() || dim != matrix.dim() {
            let expected = format!("the graph of {} × {} vectors", matrix.len(), matrix.dim());
            let got = format!("that of other {rows} × {dim} vectors");
            return Err(Error::damaged(path, expected, got, KIND.cure));
        }
        let shape = Shape { rows, dim, nodes, m: m & 0xFFFF_FFFF, starts, upper: rest >> 24 };
        let read = || {
            let counts =
                file.array::<u32>(COUNTS, counts & 0xFFFF_FFFF)?.iter().map(|c| *c as usize).collect();
            let stragglers = file.array::<u32>(STRAGGLERS, counts_high(file.numbers[4]))?.to_vec();
            let graph = graph(&file, &shape, counts, stragglers)?;
            let calibration = file.array::<f32>(CALIBRATION, 2 * counts_high(file.numbers[3]))?;
            let calibration = calibration.chunks_exact(2).map(|pair| (pair[0] as usize, pair[1])).collect();
            Some((graph, groups(&file, &shape)?, self::codes(&file, &shape)?, calibration))
        };
        let Some((graph, groups, codes, calibration)) = read() else {
            return Err(Error::damaged(
                path,
                "sections of the sizes it names, with numbers in range",
                "others",
                KIND.cure,
            ));
        };
        let report =
            BuildReport { rows, nodes, relinked: rest & 0xFF_FFFF, stragglers: graph.stragglers.len() };
        Ok(Self { matrix, codes, graph, groups, calibration, report, scratch: Mutex::default() })
    }
}

struct Shape {
    rows: usize,
    dim: usize,
    nodes: usize,
    m: usize,
    starts: usize,
    upper: usize,
}

fn counts_high(number: u64) -> usize {
    (number >> 32) as usize
}

fn graph(file: &Mapped, shape: &Shape, counts: Vec<usize>, stragglers: Vec<u32>) -> Option<Graph> {
    let base: Array<u32> = file.array(BASE, shape.nodes.checked_mul(2 * shape.m)?)?;
    let upper: Array<u32> = file.array(UPPER, shape.upper)?;
    let falling = counts.iter().chain(&[0]).is_sorted_by(|a, b| a >= b);
    let within = counts.first().is_none_or(|count| *count <= shape.nodes);
    let empty_alike = (shape.nodes == 0) == (shape.rows == 0);
    if shape.m == 0 || !falling || !within || !empty_alike {
        return None;
    }
    let mut rest: &[u32] = &upper;
    for count in &counts {
        let (layer, others) = rest.split_at_checked(count.checked_mul(shape.m)?)?;
        below(layer, *count).then_some(())?;
        rest = others;
    }
    let linked = rest.is_empty() && below(&base, shape.nodes) && below(&stragglers, shape.nodes);
    linked.then_some(Graph { m: shape.m, nodes: shape.nodes, base, upper, counts, stragglers })
}

/// Whether all of `numbers` are below `end`: a file whose checksums are right may still have been made up.
fn below(numbers: &[u32], end: usize) -> bool {
    numbers
        .par_chunks(1 << 18)
        .all(|some| some.iter().fold(0, |most, number| most.max(*number)) < end.max(1) as u32)
        && (end > 0 || numbers.is_empty())
}

fn groups(file: &Mapped, shape: &Shape) -> Option<Groups> {
    let fits = match shape.starts {
        0 => shape.rows == shape.nodes,
        starts => starts == shape.nodes + 1,
    };
    fits.then_some(())?;
    let groups = Groups {
        rows: file.array(ROWS, shape.rows)?,
        starts: file.array(STARTS, shape.starts)?,
        nodes: file.array(NODES, shape.rows)?,
    };
    let below = |numbers: &[u32], end: usize| {
        numbers.par_iter().with_min_len(1 << 18).all(|number| (*number as usize) < end)
    };
    let rising = groups.starts.is_sorted_by(|a, b| a < b)
        && groups.starts.last().is_none_or(|end| *end as usize == shape.rows);
    (below(&groups.rows, shape.rows) && below(&groups.nodes, shape.nodes) && rising).then_some(groups)
}

fn codes(file: &Mapped, shape: &Shape) -> Option<Codes> {
    (1..=MAX_DIM).contains(&shape.dim).then_some(())?;
    let width = codes::width(shape.dim);
    Some(Codes { lines: file.array(CODES, shape.nodes.checked_mul(width)?)?, width })
}
