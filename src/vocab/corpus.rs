//! The encoded corpus: text read once, words as numbers in one file that every later epoch and model reads.
//!
//! The file is drawn byte by byte in docs/formats/corpus.md. It is read by position, not mapped: a mapped
//! file that is cut short from outside kills the process, and its pages would count as the trainer's own
//! memory. One read fetches some 100,000 tokens and costs nothing beside training on them.
//!
//! Not here: cutting text into words. Workers do that elsewhere and fill [`Chunk`]s; [`encode`] runs them in
//! parallel and joins their chunks in order, so that the bytes are the same whatever the number of threads.

use super::chunk::{Chunk, END_OF_DOCUMENT, UNKNOWN};
use super::{Vocabulary, WordId};
use crate::error::{Error, Result};
use crate::progress::Progress;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::NamedTempFile;

const MAGIC: [u8; 8] = *b"smmcorp\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const CURE: &str = "encode the corpus again (`sememe train`)";

/// How a corpus is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Words that occur less often become [`UNKNOWN`]; 1 or more; `None` chooses by the size of the corpus
    /// (see [`min_count_for`]).
    pub min_count: Option<u64>,
    /// Most word types kept in memory at a time while counting, 1,000 or more. When there are more, rare ones
    /// are forgotten (and start again from nothing should they come back), and [`EncoderReport`] tells.
    /// Default 20 million.
    pub max_types: usize,
}

impl Default for EncoderSettings {
    fn default() -> Self {
        Self { min_count: None, max_types: 20_000_000 }
    }
}

impl EncoderSettings {
    fn check(&self) -> Result<()> {
        if self.min_count == Some(0) {
            return Err(Error::invalid("min_count", "1 or more", 0, "1 keeps every word"));
        }
        if self.max_types < 1000 {
            return Err(Error::invalid(
                "max_types",
                "1000 or more",
                self.max_types,
                "20000000 is the default",
            ));
        }
        Ok(())
    }
}

/// Vectors that know less of a corpus' running words speak another language.
pub(crate) const COVERED_MIN: f64 = 0.5;

/// The minimum count that suits a corpus of so many running words: a word seen fewer times gets no useful
/// vector, but a small corpus has no words to spare.
#[must_use]
pub fn min_count_for(words: u64) -> u64 {
    match words {
        0..100_000 => 2,
        100_000..1_000_000 => 3,
        _ => 5,
    }
}

/// The same where training begins with vectors of the language: among words that already stand right, one occurrence says much of a new one.
fn min_count_begun(words: u64) -> u64 {
    match words {
        0..1_000_000 => 1,
        1_000_000..10_000_000 => 2,
        _ => min_count_for(words),
    }
}

/// What encoding did beside counting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncoderReport {
    /// The minimum count applied.
    pub min_count: u64,
    /// Word types seen at least once and not forgotten.
    pub types: u64,
    /// Word types forgotten because there were more than `max_types`.
    pub pruned_types: u64,
    /// Running words lost with them.
    pub pruned_words: u64,
    /// By so much at most a kept word may be undercounted, because it had been forgotten before.
    pub undercount_most: u64,
    /// Words longer than [`super::chunk::MAX_WORD_BYTES`].
    pub too_long: u64,
}

/// Joins chunks, in the order in which they are appended, to a corpus.
#[derive(Debug)]
pub struct CorpusEncoder {
    settings: EncoderSettings,
    path: PathBuf,
    spill: BufWriter<NamedTempFile>,
    ids: FxHashMap<Box<str>, u32>,
    /// By provisional id; 0 once forgotten.
    counts: Vec<u64>,
    header: Header,
    report: EncoderReport,
    /// The words of vectors that training could begin with.
    known: Vec<&'static Vocabulary>,
}

impl CorpusEncoder {
    /// Starts a corpus that will be `path`; temporary files stand in the same folder.
    ///
    /// # Errors
    /// [`Error::Invalid`] on settings out of range, [`Error::Io`] if the folder cannot be written.
    pub fn create(path: &Path, settings: EncoderSettings) -> Result<Self> {
        settings.check()?;
        Ok(Self {
            settings,
            path: path.to_path_buf(),
            spill: BufWriter::with_capacity(1 << 18, temporary_beside(path)?),
            ids: FxHashMap::default(),
            counts: Vec::new(),
            header: Header::default(),
            report: EncoderReport::default(),
            known: Vec::new(),
        })
    }

    /// Lets a lower minimum count be chosen, where none is set, if there are vectors to begin with: if one of these vocabularies covers
    /// half of the running words.
    #[must_use]
    pub fn known(self, known: Vec<&'static Vocabulary>) -> Self {
        Self { known, ..self }
    }

    /// Adds the next chunk.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk is full, [`Error::Invalid`] on more than 2^32 - 4 word types.
    pub fn append(&mut self, mut chunk: Chunk) -> Result<()> {
        chunk.end_sentence();
        let ids = self.provisional_ids(&mut chunk)?;
        let mut bytes = Vec::with_capacity(chunk.tokens.len() * 4);
        for &token in &chunk.tokens {
            let id = if token < UNKNOWN { ids[token as usize] } else { token };
            if let Some(count) = self.counts.get_mut(id as usize) {
                *count += 1;
            }
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        self.spill.write_all(&bytes).map_err(Error::io("write", self.spill.get_ref().path()))?;
        self.header.tokens += chunk.tokens.len() as u64;
        self.header.sentences += chunk.sentences;
        self.header.documents += chunk.documents;
        self.report.too_long += chunk.too_long;
        self.prune();
        Ok(())
    }

    fn provisional_ids(&mut self, chunk: &mut Chunk) -> Result<Vec<u32>> {
        let mut ids = Vec::with_capacity(chunk.words.len());
        for word in chunk.words.drain(..) {
            let next = self.counts.len() as u32;
            let id = *self.ids.entry(word).or_insert(next);
            if id == next {
                if next >= UNKNOWN - 1 {
                    let cure = "raise the minimum count and encode the corpus in parts";
                    return Err(Error::invalid("corpus", "less than 2^32 - 4 word types", "more", cure));
                }
                self.counts.push(0);
            }
            ids.push(id);
        }
        Ok(ids)
    }

    /// Forgets the rarest words until at most half of `max_types` remain (as word2vec.c's `ReduceVocab`, but
    /// told).
    fn prune(&mut self) {
        if self.ids.len() <= self.settings.max_types {
            return;
        }
        let mut least = 0;
        while self.ids.len() > self.settings.max_types / 2 {
            least += 1;
            let (counts, report) = (&mut self.counts, &mut self.report);
            self.ids.retain(|_, id| {
                let count = &mut counts[*id as usize];
                if *count > least {
                    return true;
                }
                report.pruned_types += 1;
                report.pruned_words += *count;
                *count = 0;
                false
            });
        }
        self.report.undercount_most += least;
        self.ids.shrink_to_fit();
    }

    /// Numbers the words by falling count, writes the corpus under its path, and opens it.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no word reaches the minimum count, [`Error::Io`] if the disk is full,
    /// [`Error::Cancelled`].
    pub fn finish(mut self, progress: &dyn Progress) -> Result<(Corpus, EncoderReport)> {
        let running: u64 = self.counts.iter().sum();
        self.report.types = self.ids.len() as u64;
        let words = std::mem::take(&mut self.ids);
        let mut finals = vec![UNKNOWN; self.counts.len()];
        let counted = || words.iter().map(|(word, id)| (&**word, self.counts[*id as usize]));
        let is_begun = || {
            let covers = |known: &&Vocabulary| known.covers(counted(), running) >= COVERED_MIN;
            self.known.iter().any(covers)
        };
        self.report.min_count = match self.settings.min_count {
            Some(set) => set,
            None if is_begun() => min_count_begun(running),
            None => min_count_for(running),
        };
        let vocabulary = Vocabulary::from_counts(counted(), self.report.min_count)?;
        if vocabulary.is_empty() {
            let expected = format!("a word that occurs at least {} times", self.report.min_count);
            let got = format!("{running} running words of {} types", self.report.types);
            return Err(Error::invalid("corpus", expected, got, "add text or lower the minimum count"));
        }
        for (word, id) in words {
            finals[id as usize] = vocabulary.id(&word).map_or(UNKNOWN, |word| word.0);
        }
        self.counts = Vec::new();
        let spill = self.spill.into_inner().map_err(|error| error.into_error());
        let mut spill = spill.map_err(Error::io("write", &self.path))?;
        spill.rewind().map_err(Error::io("read", spill.path()))?;
        let name = spill.path().to_path_buf();
        let mut writer = Writer::create(&self.path)?;
        let mut reader = TokenReader::new(spill.as_file_mut(), &name, self.header.tokens);
        let mut tokens = Vec::new();
        while reader.next(&mut tokens)? {
            tokens.iter_mut().filter(|token| **token < UNKNOWN).for_each(|id| *id = finals[*id as usize]);
            writer.tokens(&tokens)?;
            progress.step("numbering words", reader.done, self.header.tokens, "tokens")?;
        }
        Ok((writer.finish(vocabulary)?, self.report))
    }
}

/// Encodes `items` with `work` on rayon's threads, and joins the chunks in the order of the items. About two
/// chunks a thread are in memory at a time; an item should be some 100 kB to 10 MB of text.
///
/// # Errors
/// Those of the items, of `work`, and of [`CorpusEncoder`]; the first in the order of the items.
pub fn encode<T: Send>(
    items: impl IntoIterator<Item = Result<T>>,
    work: impl Fn(T, &mut Chunk) -> Result<()> + Sync,
    mut encoder: CorpusEncoder,
    progress: &dyn Progress,
) -> Result<(Corpus, EncoderReport)> {
    let mut items = items.into_iter();
    let batch_len = 2 * rayon::current_num_threads();
    let mut encoded: Vec<Result<Chunk>> = Vec::new();
    loop {
        let batch: Vec<T> = items.by_ref().take(batch_len).collect::<Result<_>>()?;
        let last = batch.is_empty();
        let (next, appended) = rayon::join(
            || batch.into_par_iter().map(|item| encode_one(item, &work)).collect(),
            || encoded.into_iter().try_for_each(|chunk| encoder.append(chunk?)),
        );
        appended?;
        progress.step("counting words", encoder.header.tokens, 0, "tokens")?;
        if last {
            return encoder.finish(progress);
        }
        encoded = next;
    }
}

fn encode_one<T>(item: T, work: &impl Fn(T, &mut Chunk) -> Result<()>) -> Result<Chunk> {
    let mut chunk = Chunk::new();
    work(item, &mut chunk)?;
    Ok(chunk)
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Header {
    tokens: u64,
    unknown: u64,
    sentences: u64,
    documents: u64,
    vocabulary: u32,
    body_crc: u32,
}

impl Header {
    fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.vocabulary.to_le_bytes());
        for (place, number) in [self.tokens, self.unknown, self.sentences, self.documents].iter().enumerate()
        {
            bytes[16 + 8 * place..24 + 8 * place].copy_from_slice(&number.to_le_bytes());
        }
        bytes[48..52].copy_from_slice(&self.body_crc.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEADER_BYTES], path: &Path) -> Result<Self> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if bytes[..8] != MAGIC {
            return Err(Error::damaged(path, "an encoded corpus", format!("{:?}", &bytes[..8]), CURE));
        }
        if u32_at(8) != VERSION {
            return Err(Error::damaged(path, format!("version {VERSION}"), u32_at(8), CURE));
        }
        if u32_at(60) != crc32fast::hash(&bytes[..60]) {
            return Err(Error::damaged(path, "the header's checksum", format!("{:08x}", u32_at(60)), CURE));
        }
        Ok(Self {
            vocabulary: u32_at(12),
            tokens: u64_at(16),
            unknown: u64_at(24),
            sentences: u64_at(32),
            documents: u64_at(40),
            body_crc: u32_at(48),
        })
    }
}

/// Reads so many tokens of a file from where it stands, block by block.
struct TokenReader<'a> {
    file: &'a mut File,
    path: &'a Path,
    bytes: Vec<u8>,
    total: u64,
    done: u64,
}

impl<'a> TokenReader<'a> {
    const BLOCK: u64 = 1 << 18;

    fn new(file: &'a mut File, path: &'a Path, total: u64) -> Self {
        Self { file, path, bytes: Vec::new(), total, done: 0 }
    }

    fn next(&mut self, tokens: &mut Vec<u32>) -> Result<bool> {
        let count = Self::BLOCK.min(self.total - self.done) as usize;
        self.bytes.resize(4 * count, 0);
        self.file.read_exact(&mut self.bytes).map_err(Error::io("read", self.path))?;
        self.done += count as u64;
        from_le_bytes(&self.bytes, tokens);
        Ok(count > 0)
    }
}

fn from_le_bytes(bytes: &[u8], tokens: &mut Vec<u32>) {
    tokens.clear();
    tokens.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
}

/// Writes a corpus file: a place for the header, tokens, vocabulary, then the header.
pub(super) struct Writer {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    crc: crc32fast::Hasher,
    header: Header,
}

impl Writer {
    pub(super) fn create(path: &Path) -> Result<Self> {
        let mut file = BufWriter::with_capacity(1 << 18, temporary_beside(path)?);
        file.write_all(&[0; HEADER_BYTES]).map_err(Error::io("write", path))?;
        Ok(Self { path: path.to_path_buf(), file, crc: crc32fast::Hasher::new(), header: Header::default() })
    }

    pub(super) fn tokens(&mut self, tokens: &[u32]) -> Result<()> {
        let mut bytes = Vec::with_capacity(tokens.len() * 4);
        for &token in tokens {
            match token {
                UNKNOWN => self.header.unknown += 1,
                END_OF_DOCUMENT => self.header.documents += 1,
                super::chunk::END_OF_SENTENCE => self.header.sentences += 1,
                _ => {}
            }
            bytes.extend_from_slice(&token.to_le_bytes());
        }
        self.header.tokens += tokens.len() as u64;
        self.write(&bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.crc.update(bytes);
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    pub(super) fn finish(mut self, vocabulary: Vocabulary) -> Result<Corpus> {
        let mut bytes = Vec::new();
        for (_, word, count) in vocabulary.iter() {
            bytes.extend_from_slice(&count.to_le_bytes());
            bytes.extend_from_slice(&(word.len() as u32).to_le_bytes());
            bytes.extend_from_slice(word.as_bytes());
        }
        self.write(&bytes)?;
        self.header.vocabulary = vocabulary.len() as u32;
        self.header.body_crc = self.crc.finalize();
        let file = self.file.into_inner().map_err(|error| error.into_error());
        let mut file = file.map_err(Error::io("write", &self.path))?;
        let written = file.rewind().and_then(|()| file.write_all(&self.header.to_bytes()));
        written.and_then(|()| file.as_file().sync_all()).map_err(Error::io("write", &self.path))?;
        let file = file.persist(&self.path).map_err(|error| error.error);
        let file = Mutex::new(file.map_err(Error::io("rename", &self.path))?);
        Ok(Corpus { path: self.path, file, header: self.header, vocabulary })
    }
}

/// An encoded corpus on disk, with its vocabulary.
#[derive(Debug)]
pub struct Corpus {
    path: PathBuf,
    file: Mutex<File>,
    header: Header,
    vocabulary: Vocabulary,
}

impl Corpus {
    /// Opens a corpus and checks all of it.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Damaged`] if it is not as it was written.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        let bytes = file.metadata().map_err(Error::io("read", path))?.len();
        let mut header = [0; HEADER_BYTES];
        if bytes < HEADER_BYTES as u64 {
            return Err(Error::damaged(path, "a header of 64 bytes", format!("{bytes} bytes"), CURE));
        }
        file.read_exact(&mut header).map_err(Error::io("read", path))?;
        let header = Header::from_bytes(&header, path)?;
        let tokens_bytes = header.tokens.checked_mul(4).filter(|size| *size <= bytes - HEADER_BYTES as u64);
        let Some(tokens_bytes) = tokens_bytes else {
            return Err(Error::damaged(
                path,
                format!("{} tokens", header.tokens),
                format!("{bytes} bytes"),
                CURE,
            ));
        };
        let rest_bytes = bytes - HEADER_BYTES as u64 - tokens_bytes;
        let rest = check_body(&mut file, path, &header, tokens_bytes, rest_bytes)?;
        let vocabulary = read_vocabulary(&rest, header.vocabulary, path)?;
        Ok(Self { path: path.to_path_buf(), file: Mutex::new(file), header, vocabulary })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checksum of tokens and vocabulary: tells one corpus from another.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        self.header.body_crc
    }

    /// Kept words with their counts.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Entries in the stream: words, [`UNKNOWN`] marks, ends of sentences and documents.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.header.tokens
    }

    /// Running words that are in the vocabulary.
    #[must_use]
    pub fn words(&self) -> u64 {
        self.vocabulary.total()
    }

    /// Running words that are not.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.header.unknown
    }

    /// Sentences with at least one word, known or not.
    #[must_use]
    pub fn sentences(&self) -> u64 {
        self.header.sentences
    }

    /// Documents with at least one sentence.
    #[must_use]
    pub fn documents(&self) -> u64 {
        self.header.documents
    }

    /// Replaces `tokens` by the entries from `start` on, `len` of them, fewer at the end of the corpus. Each
    /// is a [`WordId`]'s number, [`UNKNOWN`], or an end mark (see [`super::chunk`]).
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read; [`Error::Damaged`] if it was changed since it was opened.
    pub fn read(&self, start: u64, len: usize, tokens: &mut Vec<u32>) -> Result<()> {
        let len = self.header.tokens.saturating_sub(start).min(len as u64) as usize;
        let mut bytes = vec![0; 4 * len];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let at = SeekFrom::Start(HEADER_BYTES as u64 + 4 * start);
            let read = file.seek(at).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(Error::io("read", &self.path))?;
        }
        from_le_bytes(&bytes, tokens);
        let size = self.vocabulary.len() as u32;
        match tokens.iter().find(|token| (size..UNKNOWN).contains(token)) {
            Some(id) => Err(Error::damaged(&self.path, format!("word ids below {size}"), id, CURE)),
            None => Ok(()),
        }
    }

    /// Calls `each` with every sentence in order: its words, `None` for an unknown one.
    ///
    /// # Errors
    /// Those of [`Self::read`] and of `each`.
    pub fn for_each_sentence(&self, mut each: impl FnMut(&[Option<WordId>]) -> Result<()>) -> Result<()> {
        self.walk(|mark| match mark {
            Mark::Sentence(sentence) => each(sentence),
            Mark::EndOfDocument => Ok(()),
        })
    }

    /// Calls `each` with every document in order, sentence by sentence, one of more than `words_max` words in pieces of about so many.
    ///
    /// # Errors
    /// Those of [`Self::read`] and of `each`.
    pub fn for_each_passage(
        &self,
        words_max: usize,
        mut each: impl FnMut(&[Vec<Option<WordId>>]) -> Result<()>,
    ) -> Result<()> {
        let (mut passage, mut words) = (Vec::new(), 0);
        self.walk(|mark| {
            let is_whole = match mark {
                Mark::Sentence(sentence) => {
                    passage.push(sentence.to_vec());
                    words += sentence.len();
                    words >= words_max
                }
                Mark::EndOfDocument => true,
            };
            if is_whole && !passage.is_empty() {
                each(&passage)?;
                passage.clear();
                words = 0;
            }
            Ok(())
        })
    }

    fn walk(&self, mut each: impl FnMut(Mark<'_>) -> Result<()>) -> Result<()> {
        let (mut tokens, mut sentence) = (Vec::new(), Vec::new());
        let mut start = 0;
        while start < self.header.tokens {
            self.read(start, TokenReader::BLOCK as usize, &mut tokens)?;
            start += tokens.len() as u64;
            for &token in &tokens {
                match token {
                    END_OF_DOCUMENT => each(Mark::EndOfDocument)?,
                    super::chunk::END_OF_SENTENCE => {
                        each(Mark::Sentence(&sentence))?;
                        sentence.clear();
                    }
                    UNKNOWN => sentence.push(None),
                    id => sentence.push(Some(WordId(id))),
                }
            }
        }
        Ok(())
    }
}

/// What a walk through a corpus meets.
enum Mark<'a> {
    Sentence(&'a [Option<WordId>]),
    EndOfDocument,
}

/// Reads what follows the header, compares its checksum, and returns what follows the tokens.
fn check_body(file: &mut File, path: &Path, header: &Header, tokens: u64, rest: u64) -> Result<Vec<u8>> {
    let mut crc = crc32fast::Hasher::new();
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut block = vec![0; 1 << 18];
    let mut left = tokens;
    while left > 0 {
        let len = left.min(block.len() as u64) as usize;
        reader.read_exact(&mut block[..len]).map_err(Error::io("read", path))?;
        crc.update(&block[..len]);
        left -= len as u64;
    }
    let mut bytes = Vec::new();
    reader.take(rest).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    crc.update(&bytes);
    let got = crc.finalize();
    if got != header.body_crc {
        let expected = format!("checksum {:08x}", header.body_crc);
        return Err(Error::damaged(path, expected, format!("{got:08x}"), CURE));
    }
    Ok(bytes)
}

fn read_vocabulary(mut bytes: &[u8], len: u32, path: &Path) -> Result<Vocabulary> {
    let damaged = || Error::damaged(path, format!("{len} words"), "another vocabulary", CURE);
    let mut words = Vec::new();
    for _ in 0..len {
        let (count, rest) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (word, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
        let word = std::str::from_utf8(word).map_err(|_| damaged())?;
        words.push((word.into(), u64::from_le_bytes(*count)));
        bytes = rest;
    }
    if !bytes.is_empty() {
        return Err(damaged());
    }
    Vocabulary::from_sorted(words)
}

/// A temporary file in the folder of `path`, so that a rename puts it there.
fn temporary_beside(path: &Path) -> Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(Error::io("create a temporary file in", folder))
}
