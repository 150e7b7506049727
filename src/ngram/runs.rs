//! Counting in bounded memory: keys are sorted chunk by chunk, each chunk goes to a file, and all files are merged.

use crate::error::{Error, Result};
use crate::progress::Progress;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Bytes that are read of a run at a time.
const BUFFER: usize = 1 << 16;
/// Longest number as written: 128 bits, seven a byte.
const NUMBER_BYTES: usize = 19;

/// Different keys in rising order, each with its count, in a file without a name.
#[derive(Debug)]
pub(super) struct Run {
    file: File,
    folder: PathBuf,
    /// Number of different keys.
    pub len: u64,
}

/// Writes a [`Run`]: for each key what it is above the one before, and its count, both in bytes of seven bits.
pub(super) struct RunWriter {
    to: BufWriter<File>,
    folder: PathBuf,
    last: u128,
    len: u64,
}

impl RunWriter {
    pub(super) fn create(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).map_err(Error::io("create a file in", folder))?;
        let to = BufWriter::with_capacity(BUFFER, file);
        Ok(Self { to, folder: folder.to_path_buf(), last: 0, len: 0 })
    }

    /// Adds a key above the one before.
    pub(super) fn push(&mut self, key: u128, count: u64) -> Result<()> {
        let mut bytes = [0; 2 * NUMBER_BYTES];
        let first = write_number(key - self.last, &mut bytes);
        let length = first + write_number(u128::from(count), &mut bytes[first..]);
        (self.last, self.len) = (key, self.len + 1);
        self.to.write_all(&bytes[..length]).map_err(Error::io("write a file in", &self.folder))
    }

    pub(super) fn finish(self) -> Result<Run> {
        let file = self.to.into_inner().map_err(|error| error.into_error());
        let file = file.map_err(Error::io("write a file in", &self.folder))?;
        Ok(Run { file, folder: self.folder, len: self.len })
    }
}

fn write_number(mut number: u128, to: &mut [u8]) -> usize {
    let mut at = 0;
    while number >= 0x80 {
        to[at] = number as u8 | 0x80;
        number >>= 7;
        at += 1;
    }
    to[at] = number as u8;
    at + 1
}

impl Run {
    /// Reads it from the beginning.
    pub(super) fn read(&mut self) -> Result<RunReader<'_>> {
        self.file.rewind().map_err(Error::io("read a file in", &self.folder))?;
        let left = self.len;
        Ok(RunReader { run: self, buffer: vec![0; BUFFER], at: 0, end: 0, last: 0, left })
    }
}

/// Reads a [`Run`].
pub(super) struct RunReader<'a> {
    run: &'a mut Run,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    last: u128,
    left: u64,
}

impl RunReader<'_> {
    /// The next key with its count.
    pub(super) fn next(&mut self) -> Result<Option<(u128, u64)>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if self.end - self.at < 2 * NUMBER_BYTES {
            self.fill()?;
        }
        self.last += self.number();
        Ok(Some((self.last, self.number() as u64)))
    }

    fn number(&mut self) -> u128 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.buffer[self.at];
            self.at += 1;
            number |= u128::from(byte & 0x7F) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.at..self.end, 0);
        (self.at, self.end) = (0, self.end - self.at);
        while self.end < self.buffer.len() {
            let read = self.run.file.read(&mut self.buffer[self.end..]);
            match read.map_err(Error::io("read a file in", &self.run.folder))? {
                0 => break,
                read => self.end += read,
            }
        }
        Ok(())
    }
}

/// Counts keys that come in any order.
pub(super) struct Sorter<'a> {
    folder: PathBuf,
    /// Sorted at a time.
    capacity: usize,
    keys: Vec<u128>,
    runs: Vec<Run>,
    progress: &'a dyn Progress,
    phase: String,
    done: u64,
}

impl<'a> Sorter<'a> {
    /// Keeps `capacity` keys of 16 bytes in memory, and the rest in files without a name in `folder`.
    pub(super) fn new(folder: &Path, capacity: usize, phase: String, progress: &'a dyn Progress) -> Self {
        let (keys, runs) = (Vec::new(), Vec::new());
        Self { folder: folder.to_path_buf(), capacity: capacity.max(1), keys, runs, progress, phase, done: 0 }
    }

    pub(super) fn push(&mut self, key: u128) -> Result<()> {
        if self.keys.len() == self.capacity {
            self.spill()?;
        }
        self.keys.push(key);
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        self.done += self.keys.len() as u64;
        self.progress.step(&self.phase, self.done, 0, "n-grams")?;
        self.keys.par_sort_unstable();
        let mut to = RunWriter::create(&self.folder)?;
        for equal in self.keys.chunk_by(|a, b| a == b) {
            to.push(equal[0], equal.len() as u64)?;
        }
        self.keys.clear();
        self.runs.push(to.finish()?);
        Ok(())
    }

    /// Calls `each` with every different key, rising, and how often it was pushed.
    pub(super) fn finish(mut self, mut each: impl FnMut(u128, u64) -> Result<()>) -> Result<()> {
        self.spill()?;
        self.keys = Vec::new();
        let mut readers: Vec<RunReader<'_>> = self.runs.iter_mut().map(Run::read).collect::<Result<_>>()?;
        let mut heads = BinaryHeap::new();
        for (number, reader) in readers.iter_mut().enumerate() {
            heads.extend(reader.next()?.map(|(key, count)| Reverse((key, number, count))));
        }
        let mut held: Option<(u128, u64)> = None;
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((key, number, count)) = *head;
            match readers[number].next()? {
                Some((next, count)) => *head = Reverse((next, number, count)),
                None => drop(std::collections::binary_heap::PeekMut::pop(head)),
            }
            match &mut held {
                Some((same, sum)) if *same == key => *sum += count,
                _ => {
                    if let Some((key, count)) = held.replace((key, count)) {
                        each(key, count)?;
                    }
                }
            }
        }
        held.map_or(Ok(()), |(key, count)| each(key, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn counted(keys: &[u128], capacity: usize) -> Vec<(u128, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), capacity, "sorting".into(), &Silent);
        keys.iter().for_each(|key| sorter.push(*key).unwrap());
        let mut found = Vec::new();
        sorter
            .finish(|key, count| {
                found.push((key, count));
                Ok(())
            })
            .unwrap();
        found
    }

    #[test]
    fn keys_are_counted_however_little_is_kept_in_memory() {
        let keys = [5, u128::MAX, 0, 5, 1 << 70, 5, 0, 300];
        let expected = [(0, 2), (5, 3), (300, 1), (1 << 70, 1), (u128::MAX, 1)];
        for capacity in [1, 2, 3, 100] {
            assert_eq!(counted(&keys, capacity), expected, "{capacity}");
        }
        assert_eq!(counted(&[], 4), []);
    }

    #[test]
    fn many_keys_go_through_files_that_are_longer_than_a_buffer() {
        // 7 · i modulo 30,011, a prime: every key below it but 0 comes up, those up to 7 · 39,989 mod 30,011 once more.
        let keys: Vec<u128> = (1..40_000u128).map(|i| (7 * i % 30_011) << 64).collect();
        let found = counted(&keys, 9000);
        assert_eq!(found.len(), 30_011);
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(found.iter().map(|(_, count)| count).sum::<u64>(), 39_999);
    }
}
