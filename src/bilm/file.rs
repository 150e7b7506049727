//! The model's file: safetensors, with PyTorch's names for the LSTM's weights, so that it can be read and made anywhere.
//!
//! docs/formats/context.md draws it byte by byte. Tensors are F32, row-major, little-endian; gates come in PyTorch's order (input,
//! forget, cell, output) and matrices stand as PyTorch has them, output × input. The data begin at a multiple of 64 bytes,
//! so that the output matrix can be used where it is mapped.

use super::shape::{DIRECTIONS, Part, Shape};
use super::whiten::Whitening;
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vectors::{Mapped, Rows};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Name of the model's file in its folder.
pub const CONTEXT_FILE: &str = "context.safetensors";

const NO_CRC: &str = "00000000";
const FORMAT: &str = "sememe-context";
const VERSION: &str = "1";
/// A header of more bytes is not one of ours.
const HEADER_BYTES_MAX: u64 = 1 << 20;
const CURE: &str = "train the contextual model again";

/// What the file holds.
#[derive(Debug, Clone)]
pub(super) struct Contents {
    pub shape: Shape,
    /// All weights, as [`Shape::range`] says.
    pub weights: Vec<f32>,
    /// V × D.
    pub output: Rows,
    /// V.
    pub words: usize,
    /// Of context vectors, and of sentence averages.
    pub whitenings: [Whitening; 2],
    /// [`WordVectors::fingerprint`](crate::vectors::WordVectors::fingerprint) of the vectors that it reads.
    pub fingerprint: u64,
    /// How often each word is expected, V, where that is not the vocabulary's count.
    pub counts: Option<Vec<f32>>,
    /// Exponent of the counts that negatives were drawn by.
    pub exponent: f64,
    /// The course of the training, as JSON; kept as text, because reading a number can change its last digit.
    pub training: String,
}

fn name(part: Part) -> String {
    let of = |what: &str, direction: usize, layer: usize| {
        let reverse = if direction == 1 { "_reverse" } else { "" };
        format!("{what}_l{layer}{reverse}")
    };
    match part {
        Part::Input(direction, layer) => of("weight_ih", direction, layer),
        Part::Hidden(direction, layer) => of("weight_hh", direction, layer),
        Part::Bias(direction, layer) => of("bias_ih", direction, layer),
        Part::Specials => "specials".to_owned(),
        Part::Merge => "merge.weight".to_owned(),
        Part::MergeBias => "merge.bias".to_owned(),
    }
}

/// Whether a part stands in the file as it stands in memory.
fn as_it_is(part: Part) -> bool {
    !matches!(part, Part::Input(..) | Part::Hidden(..) | Part::Merge)
}

/// Shape of a part in the file.
fn file_shape(shape: &Shape, part: Part) -> Vec<usize> {
    match (part, shape.size(part)) {
        (Part::Bias(..) | Part::MergeBias, (_, cols)) => vec![cols],
        (Part::Specials, (rows, cols)) => vec![rows, cols],
        (_, (rows, cols)) => vec![cols, rows],
    }
}

fn turned(values: &[f32], cols: usize) -> Vec<f32> {
    let rows = values.len() / cols;
    (0..values.len()).map(|at| values[at % rows * cols + at / rows]).collect()
}

const WHITENINGS: [&str; 2] = ["context", "average"];
const COUNTS: &str = "counts";

/// Writes the model.
pub(super) fn save(contents: &Contents, path: &Path) -> Result<()> {
    let (tensors, output) = (small_tensors(contents), &contents.output[..]);
    let mut bytes = Vec::new();
    let mut entries = Map::new();
    for (name, shape, values) in &tensors {
        let start = bytes.len();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        entries.insert(name.clone(), entry(shape, start, bytes.len()));
    }
    let output_bytes: Vec<u8> = output.iter().flat_map(|value| value.to_le_bytes()).collect();
    let end = bytes.len() + output_bytes.len();
    entries
        .insert("output.weight".to_owned(), entry(&[contents.words, contents.shape.dim], bytes.len(), end));
    let metadata = json!({
        "format": FORMAT,
        "version": VERSION,
        "crc32": NO_CRC,
        "vectors": format!("{:016x}", contents.fingerprint),
        "layers": contents.shape.layers.to_string(),
        "negative_exponent": contents.exponent.to_string(),
        "training": contents.training,
    });
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), metadata);
    header.extend(entries);
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize((8 + header.len()).next_multiple_of(64) - 8, b' ');
    let mut crc = crc32fast::Hasher::new();
    crc.update(&(header.len() as u64).to_le_bytes());
    [&header, &bytes, &output_bytes].into_iter().for_each(|part| crc.update(part));
    if let Some(at) = crc_at(&header) {
        header[at].copy_from_slice(format!("{:08x}", crc.finalize()).as_bytes());
    }
    write_whole(path, |to| {
        let parts = [&(header.len() as u64).to_le_bytes()[..], &header, &bytes, &output_bytes];
        parts.iter().try_for_each(|part| to.write_all(part)).map_err(Error::io("write", path))
    })
}

/// Where the eight digits of the checksum stand in a header. It covers the whole file, with zeros for itself.
fn crc_at(header: &[u8]) -> Option<std::ops::Range<usize>> {
    let key = b"\"crc32\":\"";
    let at = header.windows(key.len()).position(|window| window == key)? + key.len();
    (at + NO_CRC.len() <= header.len()).then_some(at..at + NO_CRC.len())
}

fn entry(shape: &[usize], start: usize, end: usize) -> Value {
    json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]})
}

/// Name, shape and values of all tensors but the output matrix, whose sizes are multiples of 64 bytes only by luck; the output
/// matrix therefore needs no more than the four bytes that all of them keep.
fn small_tensors(contents: &Contents) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let shape = &contents.shape;
    let mut tensors = Vec::new();
    for part in shape.parts() {
        let values = &contents.weights[shape.range(part)];
        let values = if as_it_is(part) { values.to_vec() } else { turned(values, shape.size(part).1) };
        if let Part::Bias(direction, layer) = part {
            // PyTorch has two biases that are only ever added up; ours is the first.
            let zeros = vec![0.0; values.len()];
            let name = name(Part::Bias(direction, layer)).replace("bias_ih", "bias_hh");
            tensors.push((name, file_shape(shape, part), zeros));
        }
        tensors.push((name(part), file_shape(shape, part), values));
    }
    if let Some(counts) = &contents.counts {
        tensors.push((COUNTS.to_owned(), vec![counts.len()], counts.clone()));
    }
    for (name, whitening) in WHITENINGS.iter().zip(&contents.whitenings) {
        tensors.push((format!("{name}.mean"), vec![shape.dim], whitening.mean.clone()));
        tensors.push((format!("{name}.matrix"), vec![shape.dim; 2], whitening.matrix.clone()));
    }
    tensors
}

/// An open file: header and data.
struct Reader<'a> {
    path: &'a Path,
    file: Arc<Mapped>,
    header: Map<String, Value>,
    data: usize,
}

/// Reads the model; the output matrix stays mapped.
///
/// # Errors
/// [`Error::Io`]; [`Error::Damaged`] if the file is not one of ours, not as it was written, or holds a value that is no number.
pub(super) fn open(path: &Path) -> Result<Contents> {
    let reader = Reader::open(path)?;
    let metadata = reader.header.get("__metadata__").cloned().unwrap_or_default();
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if text("format") != FORMAT || text("version") != VERSION {
        let got = format!("{:?} {:?}", text("format"), text("version"));
        return Err(reader.damaged(format!("a contextual model, {FORMAT} {VERSION}"), got));
    }
    let crc = reader.crc();
    if crc != text("crc32") {
        return Err(reader.damaged(format!("checksum {}", text("crc32")), crc));
    }
    let number = |key: &str| text(key).parse::<f64>().ok().filter(|number| (0.0..=2.0).contains(number));
    let layers = number("layers").filter(|layers| *layers >= 1.0);
    let (Some(layers), Some(exponent)) = (layers, number("negative_exponent")) else {
        return Err(reader.damaged("numbers of layers and an exponent", "others"));
    };
    let merge = reader.shape_of("merge.weight")?;
    let &[dim, both] = &merge[..] else {
        return Err(reader.damaged("a merge of two sides", format!("{merge:?}")));
    };
    let shape = Shape { dim, hidden: both / 2, layers: layers as usize };
    let words = reader.shape_of("output.weight")?.first().copied().unwrap_or(0);
    Ok(Contents {
        weights: reader.weights(&shape)?,
        output: Rows::of_file(reader.file.clone(), reader.range("output.weight", &[words, dim])?),
        words,
        whitenings: [reader.whitening(WHITENINGS[0], dim)?, reader.whitening(WHITENINGS[1], dim)?],
        counts: reader.counts(words)?,
        fingerprint: u64::from_str_radix(&text("vectors"), 16).unwrap_or(0),
        exponent,
        training: text("training"),
        shape,
    })
}

impl<'a> Reader<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let file = Arc::new(Mapped::open(path)?);
        let damaged = |got: String| Error::damaged(path, "a safetensors header", got, CURE);
        let length = file.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
        let fits = |length: &u64| *length <= HEADER_BYTES_MAX && *length + 8 <= file.len() as u64;
        let Some(length) = length.filter(fits) else {
            return Err(damaged(format!("{} bytes", file.len())));
        };
        let data = 8 + length as usize;
        let header = serde_json::from_slice(&file[8..data]).map_err(|error| damaged(error.to_string()))?;
        if !data.is_multiple_of(4) {
            return Err(damaged("one that is not aligned".to_owned()));
        }
        Ok(Self { path, file, header, data })
    }

    fn crc(&self) -> String {
        let at = crc_at(&self.file[..self.data]).unwrap_or(0..0);
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.file[..at.start]);
        crc.update(&NO_CRC.as_bytes()[..at.len()]);
        crc.update(&self.file[at.end..]);
        format!("{:08x}", crc.finalize())
    }

    fn damaged(&self, expected: impl Into<String>, got: impl ToString) -> Error {
        Error::damaged(self.path, expected, got, CURE)
    }

    fn shape_of(&self, name: &str) -> Result<Vec<usize>> {
        let shape = self.header.get(name).and_then(|entry| entry.get("shape")).and_then(Value::as_array);
        let sizes =
            shape.map(|sizes| sizes.iter().map(|size| size.as_u64().map(|size| size as usize)).collect());
        let sizes: Option<Option<Vec<usize>>> = sizes;
        // Sizes come from outside: none is believed that the file has no room for.
        let fits = |sizes: &Vec<usize>| sizes.iter().all(|size| (1..=self.file.len()).contains(size));
        sizes.flatten().filter(fits).ok_or_else(|| self.damaged(format!("a tensor {name}"), "none"))
    }

    /// Where a tensor of this shape stands in the file.
    fn range(&self, name: &str, shape: &[usize]) -> Result<std::ops::Range<usize>> {
        let found = self.shape_of(name)?;
        let entry = &self.header[name];
        if found != shape || entry.get("dtype").and_then(Value::as_str) != Some("F32") {
            return Err(self.damaged(format!("{name} of F32 {shape:?}"), format!("{entry}")));
        }
        let offset =
            |at: usize| entry["data_offsets"].get(at).and_then(Value::as_u64).map(|offset| offset as usize);
        let bytes = shape.iter().try_fold(4usize, |bytes, size| bytes.checked_mul(*size));
        match (offset(0), offset(1), bytes) {
            (Some(start), Some(end), Some(bytes))
                if start.is_multiple_of(4)
                    && end <= self.file.len() - self.data
                    && end.checked_sub(start) == Some(bytes) =>
            {
                Ok(self.data + start..self.data + end)
            }
            _ => Err(self.damaged(format!("{name} within the file"), format!("{entry}"))),
        }
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let bytes = &self.file[self.range(name, shape)?];
        let values: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(self.damaged(format!("numbers in {name}"), "NaN or infinity"));
        }
        Ok(values)
    }

    fn weights(&self, shape: &Shape) -> Result<Vec<f32>> {
        // Every tensor's size is checked before anything is allocated for all of them together.
        for part in shape.parts() {
            self.range(&name(part), &file_shape(shape, part))?;
        }
        let mut weights = Vec::with_capacity(shape.len());
        for part in shape.parts() {
            let mut values = self.values(&name(part), &file_shape(shape, part))?;
            if let Part::Bias(..) = part {
                let second = self.values(&name(part).replace("bias_ih", "bias_hh"), &[values.len()])?;
                values.iter_mut().zip(second).for_each(|(first, second)| *first += second);
            }
            let rows = shape.size(part).0;
            weights.extend(if as_it_is(part) { values } else { turned(&values, rows) });
        }
        debug_assert!(weights.len() == shape.len() && DIRECTIONS == 2);
        Ok(weights)
    }

    fn counts(&self, words: usize) -> Result<Option<Vec<f32>>> {
        if !self.header.contains_key(COUNTS) {
            return Ok(None);
        }
        let counts = self.values(COUNTS, &[words])?;
        if counts.iter().any(|count| *count <= 0.0) {
            return Err(self.damaged("counts above 0", "others"));
        }
        Ok(Some(counts))
    }

    fn whitening(&self, name: &str, dim: usize) -> Result<Whitening> {
        Ok(Whitening {
            mean: self.values(&format!("{name}.mean"), &[dim])?,
            matrix: self.values(&format!("{name}.matrix"), &[dim, dim])?,
        })
    }
}
