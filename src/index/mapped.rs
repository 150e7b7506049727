//! Files of plain arrays that are mapped, not read: header, checksummed sections, little-endian. The one place in this
//! room with `unsafe`: mapping a file, and seeing its bytes as numbers.
//!
//! The layout is drawn in docs/formats/matrix.md and docs/formats/hnsw.md. Every byte of a file is covered by a checksum.
#![allow(unsafe_code)] // mapping a file, and plain numbers as bytes and back

use crate::error::{Error, Result};
use crate::linalg::int8::Line;
use memmap2::Mmap;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::{Deref, Range};
use std::path::Path;
use std::sync::Arc;

#[cfg(target_endian = "big")]
compile_error!(
    "index files are mapped as little-endian arrays; a big-endian reader has to convert them first"
);

/// Bytes before the first section.
pub(crate) const HEADER_BYTES: usize = 512;
/// Sections start at multiples of this, and are padded to it with zeros.
const ALIGN: usize = 64;
const BYTE_ORDER: u32 = 0x0102_0304;
const MAX_SECTIONS: usize = 16;
const TABLE_AT: usize = 104;
const CHECKSUM_AT: usize = HEADER_BYTES - 4;
/// Checksums are worked out in pieces of this size, in parallel, and joined.
const PIECE: usize = 1 << 20;

/// What tells one kind of file from another.
pub(crate) struct Kind {
    /// First eight bytes.
    pub magic: &'static [u8; 8],
    /// The version written, and the only one read.
    pub version: u32,
    /// How to get a sound file again.
    pub cure: &'static str,
}

/// Numbers without padding or forbidden values, so that any bytes are a value.
pub(crate) trait Plain: Copy + Send + Sync + 'static {}
impl Plain for u8 {}
impl Plain for u32 {}
impl Plain for f32 {}
impl Plain for Line {}

/// Values that another room keeps.
pub(crate) type Shared<T> = Arc<dyn AsRef<[T]> + Send + Sync>;

/// An array that is owned, or lies in a mapped file.
#[derive(Clone)]
pub(crate) enum Array<T: Plain> {
    /// In memory.
    Owned(Arc<Vec<T>>),
    /// In a file: the range is in bytes, aligned and whole.
    Mapped(Arc<Mmap>, Range<usize>),
    /// With someone else.
    Shared(Shared<T>),
}

impl<T: Plain> std::fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Array({} values)", self.len())
    }
}

impl<T: Plain> From<Vec<T>> for Array<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Owned(Arc::new(values))
    }
}

impl<T: Plain> Deref for Array<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(values) => values,
            Self::Shared(values) => (**values).as_ref(),
            Self::Mapped(map, range) => {
                let bytes = &map[range.clone()];
                // SAFETY: `Mapped::array` made the range aligned for `T` and a whole number of them; any bytes are a
                // `T`. The file is written once under a temporary name, renamed, and never changed afterwards.
                unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size_of::<T>()) }
            }
        }
    }
}

/// The bytes of an array.
pub(crate) fn bytes_of<T: Plain>(values: &[T]) -> &[u8] {
    // SAFETY: `Plain` types have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// CRC-32 of `bytes`, worked out on all threads of the pool.
fn checksum(bytes: &[u8]) -> u32 {
    let pieces: Vec<crc32fast::Hasher> = bytes
        .par_chunks(PIECE)
        .map(|piece| {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(piece);
            hasher
        })
        .collect();
    let mut whole = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| whole.combine(piece));
    whole.finalize()
}

/// Writes a file beside `path`, syncs it, and renames it to `path`.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn write(
    path: &Path,
    kind: &Kind,
    identity: u64,
    numbers: &[u64; 8],
    sections: &[&[u8]],
) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Error::io("create a file in", folder))?;
    let header = header(kind, identity, numbers, sections);
    let mut to = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    let written = to.write_all(&header).and_then(|()| {
        for section in sections {
            to.write_all(section)?;
            to.write_all(&[0; ALIGN][..padding(section.len())])?;
        }
        to.flush()
    });
    drop(to);
    written.and_then(|()| file.as_file().sync_all()).map_err(Error::io("write", path))?;
    file.persist(path).map_err(|error| Error::io("rename a file to", path)(error.error))?;
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))?;
    Ok(())
}

fn header(kind: &Kind, identity: u64, numbers: &[u64; 8], sections: &[&[u8]]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, kind.magic);
    put(8, &kind.version.to_le_bytes());
    put(12, &BYTE_ORDER.to_le_bytes());
    put(16, &identity.to_le_bytes());
    let total: usize = sections.iter().map(|section| section.len() + padding(section.len())).sum();
    put(24, &((HEADER_BYTES + total) as u64).to_le_bytes());
    put(32, &(sections.len() as u32).to_le_bytes());
    for (i, number) in numbers.iter().enumerate() {
        put(40 + 8 * i, &number.to_le_bytes());
    }
    let mut offset = HEADER_BYTES;
    for (i, section) in sections.iter().enumerate() {
        let at = TABLE_AT + 24 * i;
        put(at, &(offset as u64).to_le_bytes());
        put(at + 8, &(section.len() as u64).to_le_bytes());
        put(at + 16, &padded_checksum(section).to_le_bytes());
        offset += section.len() + padding(section.len());
    }
    let sum = crc32fast::hash(&header[..CHECKSUM_AT]);
    header[CHECKSUM_AT..].copy_from_slice(&sum.to_le_bytes());
    header
}

fn padding(len: usize) -> usize {
    len.next_multiple_of(ALIGN) - len
}

/// CRC-32 of `section` and the zeros that pad it in a file.
pub(crate) fn padded_checksum(section: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial_len(checksum(section), section.len() as u64);
    hasher.update(&[0; ALIGN][..padding(section.len())]);
    hasher.finalize()
}

/// A mapped and checked file.
#[derive(Debug)]
pub(crate) struct Mapped {
    map: Arc<Mmap>,
    /// The eight numbers of this kind of file.
    pub numbers: [u64; 8],
    sections: Vec<(Range<usize>, u32)>,
}

impl Mapped {
    /// Maps `path` and verifies every checksum. `identity`, where given, has to be the one it was written with.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] for anything that is not as it was written.
    pub fn open(path: &Path, kind: &Kind, identity: Option<u64>) -> Result<Self> {
        let damaged = |expected: String, got: String| Error::damaged(path, expected, got, kind.cure);
        let file = File::open(path).map_err(Error::io("open", path))?;
        let len = file.metadata().map_err(Error::io("read", path))?.len();
        if len < HEADER_BYTES as u64 {
            return Err(damaged(format!("at least {HEADER_BYTES} bytes"), format!("{len}")));
        }
        // SAFETY: built files are never changed after their rename, which is the contract of this module.
        let map = unsafe { Mmap::map(&file) }.map_err(Error::io("map", path))?;
        let header: &[u8; HEADER_BYTES] = map[..HEADER_BYTES].try_into().expect("at least a header");
        check_header(header, map.len(), kind, &damaged)?;
        let written = u64_at(header, 16);
        if let Some(wanted) = identity.filter(|wanted| *wanted != written) {
            let got = format!("those of {written:016x}");
            return Err(damaged(format!("the data of {wanted:016x}"), got));
        }
        let sections = sections(header, map.len(), &damaged)?;
        let mapped = Self {
            numbers: std::array::from_fn(|i| u64_at(header, 40 + 8 * i)),
            sections,
            map: Arc::new(map),
        };
        for (i, (range, sum)) in mapped.sections.iter().enumerate() {
            let got = checksum(&mapped.map[range.start..range.end + padding(range.len())]);
            if got != *sum {
                return Err(damaged(format!("checksum {sum:08x} of section {i}"), format!("{got:08x}")));
            }
        }
        Ok(mapped)
    }

    /// Section `at` as `len` values; none where its size is another.
    pub fn array<T: Plain>(&self, at: usize, len: usize) -> Option<Array<T>> {
        let (range, _) = self.sections.get(at)?;
        let fits = range.len() == len.checked_mul(size_of::<T>())?;
        let aligned = (self.map.as_ptr() as usize + range.start).is_multiple_of(align_of::<T>());
        (fits && aligned).then(|| Array::Mapped(self.map.clone(), range.clone()))
    }

    /// Bytes of section `at`; 0 where there is none.
    pub fn len(&self, at: usize) -> usize {
        self.sections.get(at).map_or(0, |(range, _)| range.len())
    }

    /// Checksum of section `at`.
    pub fn sum(&self, at: usize) -> u32 {
        self.sections.get(at).map_or(0, |(_, sum)| *sum)
    }
}

fn check_header(
    header: &[u8; HEADER_BYTES],
    len: usize,
    kind: &Kind,
    damaged: &impl Fn(String, String) -> Error,
) -> Result<()> {
    if &header[..8] != kind.magic {
        let magic = String::from_utf8_lossy(kind.magic).into_owned();
        return Err(damaged(format!("a file that starts with {magic:?}"), "another kind of file".into()));
    }
    if u32_at(header, 12) == BYTE_ORDER.swap_bytes() {
        return Err(damaged("little-endian numbers".into(), "big-endian numbers".into()));
    }
    // The version comes before the checksum: a newer one may keep its checksum elsewhere.
    let version = u32_at(header, 8);
    if version != kind.version {
        let got = format!(
            "version {version}{}",
            if version > kind.version { ", newer than this program" } else { "" }
        );
        return Err(damaged(format!("version {}", kind.version), got));
    }
    let (sum, got) = (u32_at(header, CHECKSUM_AT), crc32fast::hash(&header[..CHECKSUM_AT]));
    if sum != got {
        return Err(damaged(format!("checksum {sum:08x} of the header"), format!("{got:08x}")));
    }
    let expected = u64_at(header, 24);
    if expected != len as u64 {
        return Err(damaged(format!("{expected} bytes"), format!("{len}")));
    }
    Ok(())
}

fn sections(
    header: &[u8; HEADER_BYTES],
    len: usize,
    damaged: &impl Fn(String, String) -> Error,
) -> Result<Vec<(Range<usize>, u32)>> {
    let count = u32_at(header, 32) as usize;
    if count > MAX_SECTIONS {
        return Err(damaged(format!("at most {MAX_SECTIONS} sections"), count.to_string()));
    }
    let mut sections = Vec::with_capacity(count);
    let mut next = HEADER_BYTES;
    for i in 0..count {
        let at = TABLE_AT + 24 * i;
        let (start, bytes) = (u64_at(header, at) as usize, u64_at(header, at + 8) as usize);
        let end = start.checked_add(bytes).and_then(|end| end.checked_next_multiple_of(ALIGN));
        match end {
            Some(end) if start == next && end <= len => {
                sections.push((start..start + bytes, u32_at(header, at + 16)));
                next = end;
            }
            _ => {
                return Err(damaged(
                    format!("section {i} at {next} within {len} bytes"),
                    format!("at {start}"),
                ));
            }
        }
    }
    if next == len { Ok(sections) } else { Err(damaged(format!("{next} bytes"), len.to_string())) }
}

fn u32_at(header: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(header: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"))
}
