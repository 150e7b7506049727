//! A training run put aside between two windows of the corpus, and taken up again.
//!
//! The file is drawn byte by byte in docs/formats/context-checkpoint.md. A run that is resumed ends in the same bytes as one that
//! was never interrupted: random choices depend on pass and window alone.

use super::settings::Settings;
use super::train::{Best, Epoch, Learner, State};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::vocab::corpus::Corpus;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"smmctxc\0";
const VERSION: u32 = 1;
const CURE: &str = "remove it to train from the beginning";
/// A longer head is not one of ours.
const HEAD_BYTES_MAX: u32 = 1 << 24;

/// Where and how often a run is put aside.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint<'a> {
    /// The file. If it exists, training goes on from it; it stays when training has ended, for the caller to remove.
    pub path: &'a Path,
    /// Windows of the corpus (of a million tokens or less) between two writings, 1 or more.
    pub every_windows: u64,
}

/// What stands before the numbers, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    fingerprint: u32,
    epoch: u64,
    window: u64,
    words: u64,
    loss: f64,
    targets: u64,
    adam_steps: u64,
    epochs: Vec<Epoch>,
    best: Option<f64>,
    /// Lengths of the arrays that follow.
    weights: u64,
    output: u64,
}

/// A number that differs when the corpus or a setting that matters to the result differs.
fn fingerprint(settings: &Settings, corpus: &Corpus) -> u32 {
    let matters = Settings { threads: None, memory_budget_bytes: 0, ..settings.clone() };
    crc32fast::hash(format!("{matters:?} {:08x} {}", corpus.checksum(), corpus.tokens()).as_bytes())
}

impl Checkpoint<'_> {
    pub(super) fn save(
        &self,
        learner: &Learner,
        state: &State,
        (settings, corpus): (&Settings, &Corpus),
    ) -> Result<()> {
        let head = Head {
            fingerprint: fingerprint(settings, corpus),
            epoch: state.epoch,
            window: state.window,
            words: state.words,
            loss: state.loss,
            targets: state.targets,
            adam_steps: learner.adam.steps,
            epochs: state.epochs.clone(),
            best: state.best.as_ref().map(|best| best.loss),
            weights: learner.network.values.len() as u64,
            output: learner.output.len() as u64,
        };
        let head = serde_json::to_vec(&head)
            .map_err(|error| Error::Library { library: "serde_json", message: error.to_string() })?;
        let best = state.best.iter().flat_map(|best| [&best.weights, &best.output]);
        let arrays = [&learner.network.values, &learner.adam.first, &learner.adam.second];
        let arrays = arrays.into_iter().chain([&learner.output, &learner.squares]).chain(best);
        write_whole(self.path, |to| {
            let mut crc = crc32fast::Hasher::new();
            let mut write = |bytes: &[u8]| {
                crc.update(bytes);
                to.write_all(bytes).map_err(Error::io("write", self.path))
            };
            write(MAGIC)?;
            write(&VERSION.to_le_bytes())?;
            write(&(head.len() as u32).to_le_bytes())?;
            write(&head)?;
            for array in arrays {
                for block in array.chunks(1 << 16) {
                    let bytes: Vec<u8> = block.iter().flat_map(|value| value.to_le_bytes()).collect();
                    write(&bytes)?;
                }
            }
            to.write_all(&crc.finalize().to_le_bytes()).map_err(Error::io("write", self.path))
        })
    }

    /// Reads the state into `learner` and `state`; false if there is no file.
    pub(super) fn load(
        &self,
        learner: &mut Learner,
        state: &mut State,
        (settings, corpus): (&Settings, &Corpus),
    ) -> Result<bool> {
        if self.every_windows == 0 {
            return Err(Error::invalid("checkpoint", "1 window or more between two writings", 0, "choose 1"));
        }
        if !self.path.exists() {
            return Ok(false);
        }
        let file = File::open(self.path).map_err(Error::io("read", self.path))?;
        let mut reader =
            Reader { inner: BufReader::with_capacity(1 << 18, file), crc: crc32fast::Hasher::new() };
        let damaged = |expected: &str, got: String| Error::damaged(self.path, expected, got, CURE);
        let cut_short = |error: std::io::Error| damaged("a whole checkpoint", error.to_string());
        let first = reader.take(16).map_err(cut_short)?;
        let number = |at: usize| u32::from_le_bytes([first[at], first[at + 1], first[at + 2], first[at + 3]]);
        if first[..8] != *MAGIC || number(8) != VERSION || number(12) > HEAD_BYTES_MAX {
            return Err(damaged("a checkpoint of version 1", format!("{first:02x?}")));
        }
        let head = reader.take(number(12) as usize).map_err(cut_short)?;
        let head: Head =
            serde_json::from_slice(&head).map_err(|error| damaged("its head", error.to_string()))?;
        let lengths = (learner.network.values.len() as u64, learner.output.len() as u64);
        if head.fingerprint != fingerprint(settings, corpus) || (head.weights, head.output) != lengths {
            let got = "one of another corpus or other settings";
            let cure = format!("remove {} to train from the beginning", self.path.display());
            return Err(Error::invalid("checkpoint", "one of this run", got, cure));
        }
        let best = head.best.map(|loss| reader_best(loss, learner));
        let read = || -> std::io::Result<Option<Best>> {
            reader.floats(&mut learner.network.values)?;
            reader.floats(&mut learner.adam.first)?;
            reader.floats(&mut learner.adam.second)?;
            reader.floats(&mut learner.output)?;
            reader.floats(&mut learner.squares)?;
            let Some(mut best) = best else { return Ok(None) };
            reader.floats(&mut best.weights)?;
            reader.floats(&mut best.output)?;
            Ok(Some(best))
        };
        state.best = read().map_err(cut_short)?;
        let expected = reader.crc.clone().finalize();
        let got = reader.take(4).map_err(cut_short)?;
        if got != expected.to_le_bytes() {
            return Err(damaged("its checksum", format!("{got:02x?}")));
        }
        (state.epoch, state.window, state.words) = (head.epoch, head.window, head.words);
        (state.loss, state.targets, state.epochs) = (head.loss, head.targets, head.epochs);
        learner.adam.steps = head.adam_steps;
        learner.network.copy();
        Ok(true)
    }
}

/// Room for the best weights so far.
fn reader_best(loss: f64, learner: &Learner) -> Best {
    Best { loss, weights: learner.network.values.clone(), output: learner.output.clone() }
}

struct Reader {
    inner: BufReader<File>,
    crc: crc32fast::Hasher,
}

impl Reader {
    fn take(&mut self, len: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.inner.read_exact(&mut bytes)?;
        self.crc.update(&bytes);
        Ok(bytes)
    }

    fn floats(&mut self, to: &mut [f32]) -> std::io::Result<()> {
        for block in to.chunks_mut(1 << 16) {
            let bytes = self.take(4 * block.len())?;
            block
                .iter_mut()
                .zip(bytes.as_chunks::<4>().0)
                .for_each(|(to, from)| *to = f32::from_le_bytes(*from));
        }
        Ok(())
    }
}
