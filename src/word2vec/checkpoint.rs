//! A training run put aside after a pass, and taken up again.
//!
//! The file is drawn byte by byte in docs/formats/word2vec-checkpoint.md. With one thread, a run that is
//! resumed ends in the same bytes as one that was never interrupted: random choices depend on the pass and
//! the piece of the corpus alone.

use super::block::Model;
use super::settings::Settings;
use super::shared::SharedMatrix;
use crate::error::{Error, Result};
use crate::vocab::corpus::Corpus;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use tempfile::NamedTempFile;

const MAGIC: [u8; 8] = *b"smmw2vc\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const CURE: &str = "remove it to train from the beginning";

/// Where and how often a run is put aside.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint<'a> {
    /// The file. If it exists, training goes on from it; it stays when training has ended, for the caller to
    /// remove.
    pub path: &'a Path,
    /// Passes between two writings, 1 or more.
    pub every_epochs: usize,
}

/// What a checkpoint says beside the matrices.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Header {
    fingerprint: u32,
    epochs_done: u32,
    dim: u32,
    input_rows: u64,
    output_rows: u64,
    loss: f64,
}

impl Header {
    fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        for number in [VERSION, self.fingerprint, self.epochs_done, self.dim] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.input_rows, self.output_rows, self.loss.to_bits()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.resize(HEADER_BYTES - 4, 0);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        let mut all = [0; HEADER_BYTES];
        all.copy_from_slice(&bytes);
        all
    }

    fn from_bytes(bytes: &[u8; HEADER_BYTES], path: &Path) -> Result<Self> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if bytes[..8] != MAGIC || u32_at(8) != VERSION {
            let got = format!("{:?}, version {}", &bytes[..8], u32_at(8));
            return Err(Error::damaged(path, format!("a checkpoint of version {VERSION}"), got, CURE));
        }
        if u32_at(60) != crc32fast::hash(&bytes[..60]) {
            return Err(Error::damaged(path, "the header's checksum", format!("{:08x}", u32_at(60)), CURE));
        }
        Ok(Self {
            fingerprint: u32_at(12),
            epochs_done: u32_at(16),
            dim: u32_at(20),
            input_rows: u64_at(24),
            output_rows: u64_at(32),
            loss: f64::from_bits(u64_at(40)),
        })
    }
}

/// A number that differs when the corpus or a setting that matters to the result differs.
fn fingerprint(settings: &Settings, corpus: &Corpus) -> u32 {
    let matters = Settings { threads: None, memory_budget_bytes: 0, ..settings.clone() };
    crc32fast::hash(format!("{matters:?} {:08x} {}", corpus.checksum(), corpus.tokens()).as_bytes())
}

fn header(model: &Model, settings: &Settings, corpus: &Corpus) -> Header {
    Header {
        fingerprint: fingerprint(settings, corpus),
        epochs_done: 0,
        dim: settings.dim as u32,
        input_rows: model.input.rows() as u64,
        output_rows: model.output.rows() as u64,
        loss: 0.0,
    }
}

impl Checkpoint<'_> {
    pub(crate) fn check(&self) -> Result<()> {
        if self.every_epochs > 0 {
            return Ok(());
        }
        Err(Error::invalid("checkpoint", "1 pass or more between two writings", 0, "choose 1"))
    }

    /// Writes the state after so many passes.
    pub(crate) fn save(
        &self,
        model: &Model,
        settings: &Settings,
        corpus: &Corpus,
        done: (usize, f64),
    ) -> Result<()> {
        let header = Header { epochs_done: done.0 as u32, loss: done.1, ..header(model, settings, corpus) };
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(Error::io("create a temporary file in", folder))?;
        let mut writer = BufWriter::with_capacity(1 << 18, file);
        let written = write_all(&mut writer, &header, model);
        written.map_err(Error::io("write", self.path))?;
        let file = writer.into_inner().map_err(|error| error.into_error());
        let file = file.map_err(Error::io("write", self.path))?;
        file.as_file().sync_all().map_err(Error::io("write", self.path))?;
        file.persist(self.path).map_err(|error| error.error).map_err(Error::io("rename", self.path))?;
        Ok(())
    }

    /// Reads the state into `model`; passes done and loss of the last, or zero and NaN if there is no file.
    pub(crate) fn load(&self, model: &Model, settings: &Settings, corpus: &Corpus) -> Result<(usize, f64)> {
        if !self.path.exists() {
            return Ok((0, f64::NAN));
        }
        let file = File::open(self.path).map_err(Error::io("read", self.path))?;
        let bytes = file.metadata().map_err(Error::io("read", self.path))?.len();
        let expected = header(model, settings, corpus);
        let values = (expected.input_rows + expected.output_rows) * u64::from(expected.dim);
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut first = [0; HEADER_BYTES];
        reader
            .read_exact(&mut first)
            .map_err(|_| Error::damaged(self.path, "a header of 64 bytes", format!("{bytes} bytes"), CURE))?;
        let found = Header::from_bytes(&first, self.path)?;
        if (Header { epochs_done: 0, loss: 0.0, ..found }) != expected {
            let got = "one of another corpus or other settings";
            let cure = format!("remove {} to train from the beginning", self.path.display());
            return Err(Error::invalid("checkpoint", "one of this run", got, cure));
        }
        if bytes != HEADER_BYTES as u64 + 4 * values + 4 {
            let expected = format!("{values} values and a checksum");
            return Err(Error::damaged(self.path, expected, format!("{bytes} bytes"), CURE));
        }
        let got = read_all(&mut reader, model).map_err(Error::io("read", self.path))?;
        if got.0 != got.1 {
            return Err(Error::damaged(
                self.path,
                format!("checksum {:08x}", got.0),
                format!("{:08x}", got.1),
                CURE,
            ));
        }
        Ok((found.epochs_done as usize, found.loss))
    }
}

fn write_all(writer: &mut impl Write, header: &Header, model: &Model) -> std::io::Result<()> {
    writer.write_all(&header.to_bytes())?;
    let mut crc = crc32fast::Hasher::new();
    let mut bytes = Vec::new();
    for matrix in [&model.input, &model.output] {
        for row in 0..matrix.rows() {
            bytes.clear();
            matrix.values(row).for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            crc.update(&bytes);
            writer.write_all(&bytes)?;
        }
    }
    writer.write_all(&crc.finalize().to_le_bytes())
}

/// Fills the matrices; returns the checksum that stands in the file, and that of what was read.
fn read_all(reader: &mut impl Read, model: &Model) -> std::io::Result<(u32, u32)> {
    let mut crc = crc32fast::Hasher::new();
    let mut read_matrix = |matrix: &SharedMatrix| -> std::io::Result<()> {
        let mut bytes = vec![0; 4 * matrix.dim()];
        for row in 0..matrix.rows() {
            reader.read_exact(&mut bytes)?;
            crc.update(&bytes);
            let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            matrix.set(row, &values);
        }
        Ok(())
    };
    read_matrix(&model.input)?;
    read_matrix(&model.output)?;
    let mut expected = [0; 4];
    reader.read_exact(&mut expected)?;
    Ok((u32::from_le_bytes(expected), crc.finalize()))
}
