//! Everything in one file, while it is being used; and back again, on another machine.
//!
//! The file is drawn byte by byte in docs/formats/snapshot.md. It is a zstd stream of files, each with its path, size and checksum. On the
//! way back nothing is believed: paths are of the few kinds that a data directory has, sizes are bounded by what the file says and by
//! what it can hold, and nothing is in its place before all of it has been checked.

use super::Engine;
use super::build::{link_or_copy, sync_files};
use super::check::BESIDE;
use super::held::Held;
use crate::error::{Error, Result};
use crate::files::{sync_folder, write_whole};
use crate::progress::Progress;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"SMMSNAP1";
const DATABASE: &str = "sememe.db";
const COLLECTIONS: &str = "collections";
const WORDNET: &str = "wordnet";
const SNAPSHOTS: &str = "snapshots";
const CURE: &str = "take another snapshot";

/// Bytes copied at a time.
const PIECE: usize = 1 << 18;

/// zstd's level: vectors hardly shrink, texts to a third.
const LEVEL: i32 = 3;

/// Nothing of ours shrinks more than this.
const RATIO_MAX: u64 = 200;

/// Longest path within a snapshot, in bytes.
const PATH_BYTES_MAX: usize = 512;

/// A snapshot as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotInfo {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Files in it.
    pub files: u64,
    /// Their size in bytes.
    pub unpacked_bytes: u64,
    /// Collections in it.
    pub collections: usize,
    /// Documents in it.
    pub documents: u64,
}

impl Engine {
    /// Packs everything into a new file of that name under `snapshots` in the data directory.
    pub(super) fn snapshot(&self, name: &str, progress: &dyn Progress) -> Result<SnapshotInfo> {
        let folder = self.data_dir.join(SNAPSHOTS);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        check_component(name)?;
        self.backup(&folder.join(name), progress)
    }

    /// Packs everything into a file, whatever is written meanwhile; what was acknowledged before is in it.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Store`], [`Error::Cancelled`]; then there is no such file, or the one before.
    pub fn backup(&self, path: &Path, progress: &dyn Progress) -> Result<SnapshotInfo> {
        let (folder, (collections, documents)) = self.gathered(progress)?;
        let files = list(folder.path())?;
        let packed = Packed::of(folder.path(), &files)?;
        write_whole(path, |to| packed.write(to, folder.path(), &files, progress))?;
        Ok(SnapshotInfo {
            path: path.to_path_buf(),
            bytes: path.metadata().map_err(Error::io("read", path))?.len(),
            files: packed.files,
            unpacked_bytes: packed.bytes,
            collections,
            documents,
        })
    }

    /// A copy of the database in a folder, and beside it the files that it points at. Those may be replaced, and removed, between the one
    /// and the other: then it begins anew.
    fn gathered(&self, progress: &dyn Progress) -> Result<(tempfile::TempDir, (usize, u64))> {
        let mut tries = 0;
        loop {
            tries += 1;
            let folder = tempfile::Builder::new()
                .prefix(".snapshot-")
                .tempdir_in(&self.data_dir)
                .map_err(Error::io("create a folder in", &self.data_dir))?;
            progress.step("copying the database", 0, 0, "bytes")?;
            let copy = folder.path().join(DATABASE);
            self.store.copy_to(&copy)?;
            match self.gather(&copy, folder.path()) {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound && tries < 5 => {}
                gathered => return Ok((folder, gathered?)),
            }
        }
    }

    /// Links what the copied database points at into the folder, and makes the copy fit to be opened elsewhere.
    fn gather(&self, copy: &Path, folder: &Path) -> Result<(usize, u64)> {
        let store = Store::open(copy)?;
        store.cancel_all_tasks()?;
        let collections = store.collections()?;
        for row in &collections {
            let Some(generation) = &row.generation else { continue };
            let from = self.folder(&row.name).join(generation);
            let _held = Held::of(&from)?;
            let to = folder.join(COLLECTIONS).join(&row.name);
            link_tree(&from, &to.join(generation))?;
            for (name, _) in BESIDE {
                let file = self.folder(&row.name).join(name);
                if file.is_file() {
                    link_or_copy(&file, &to.join(name))?;
                }
            }
        }
        store.close();
        let wordnet = self.data_dir.join(WORDNET);
        if wordnet.is_dir() {
            link_tree(&wordnet, &folder.join(WORDNET))?;
        }
        Ok((collections.len(), collections.iter().map(|row| row.documents).sum()))
    }
}

/// Unpacks a snapshot into a data directory that has no documents yet.
///
/// # Errors
/// [`Error::Invalid`] if there is a database already; [`Error::Damaged`] if the file is not as it was written, or no snapshot at all;
/// [`Error::Io`]; [`Error::Cancelled`]. The data directory is then as it was.
pub fn restore(path: &Path, data_dir: &Path, progress: &dyn Progress) -> Result<SnapshotInfo> {
    fs::create_dir_all(data_dir).map_err(Error::io("create", data_dir))?;
    for name in [DATABASE, COLLECTIONS] {
        if data_dir.join(name).exists() {
            let cure = "name another folder with --data-dir";
            return Err(Error::invalid("data directory", "an empty one", data_dir.display(), cure));
        }
    }
    let folder = tempfile::Builder::new()
        .prefix(".restoring-")
        .tempdir_in(data_dir)
        .map_err(Error::io("create a folder in", data_dir))?;
    let packed = unpack(path, folder.path(), progress)?;
    let store = Store::open(&folder.path().join(DATABASE))?;
    let collections = store.collections()?;
    store.close();
    sync_files(folder.path())?;
    // The database last: before it is there, nothing is.
    for name in [WORDNET, COLLECTIONS, DATABASE] {
        let from = folder.path().join(name);
        if from.exists() {
            fs::rename(&from, data_dir.join(name)).map_err(Error::io("rename", &from))?;
        }
    }
    sync_folder(data_dir)?;
    Ok(SnapshotInfo {
        path: path.to_path_buf(),
        bytes: path.metadata().map_err(Error::io("read", path))?.len(),
        files: packed.files,
        unpacked_bytes: packed.bytes,
        collections: collections.len(),
        documents: collections.iter().map(|row| row.documents).sum(),
    })
}

/// What a snapshot's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packed {
    files: u64,
    bytes: u64,
}

impl Packed {
    fn of(folder: &Path, files: &[String]) -> Result<Self> {
        let mut bytes = 0;
        for file in files {
            let path = folder.join(file);
            bytes += path.metadata().map_err(Error::io("read", &path))?.len();
        }
        Ok(Self { files: files.len() as u64, bytes })
    }

    fn head(self) -> [u8; 24] {
        let mut head = [0; 24];
        head[..8].copy_from_slice(MAGIC);
        head[8..16].copy_from_slice(&self.files.to_le_bytes());
        head[16..].copy_from_slice(&self.bytes.to_le_bytes());
        head
    }

    fn write(
        self,
        to: &mut BufWriter<File>,
        folder: &Path,
        files: &[String],
        progress: &dyn Progress,
    ) -> Result<()> {
        let failed = |error: io::Error| Error::io("write", folder)(error);
        let head = self.head();
        to.write_all(&head).map_err(failed)?;
        to.write_all(&crc32fast::hash(&head).to_le_bytes()).map_err(failed)?;
        let mut encoder = zstd::Encoder::new(to, LEVEL).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        let mut done = 0;
        for file in files {
            let path = folder.join(file);
            let from = File::open(&path).map_err(Error::io("open", &path))?;
            let size = from.metadata().map_err(Error::io("read", &path))?.len();
            let mut head = (file.len() as u16).to_le_bytes().to_vec();
            head.extend_from_slice(file.as_bytes());
            head.extend_from_slice(&size.to_le_bytes());
            let mut sum = crc32fast::Hasher::new();
            sum.update(&head);
            encoder.write_all(&head).map_err(failed)?;
            let copied = copy(&mut from.take(size), &mut encoder, &mut sum, |bytes| {
                done += bytes;
                progress.step("packing", done, self.bytes, "bytes")
            })?;
            if copied != size {
                return Err(Error::damaged(&path, format!("{size} bytes"), copied, CURE));
            }
            encoder.write_all(&sum.finalize().to_le_bytes()).map_err(failed)?;
        }
        encoder.finish().map_err(failed)?;
        Ok(())
    }
}

fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    sum: &mut crc32fast::Hasher,
    mut copied: impl FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let mut piece = vec![0; PIECE];
    let mut total = 0;
    loop {
        let count = match from.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(Error::io("read", "the snapshot"))?,
        };
        if count == 0 {
            return Ok(total);
        }
        sum.update(&piece[..count]);
        to.write_all(&piece[..count]).map_err(Error::io("write", "the snapshot"))?;
        total += count as u64;
        copied(count as u64)?;
    }
}

/// Unpacks into an empty folder; whatever is wrong, nothing outside of it is touched.
fn unpack(path: &Path, folder: &Path, progress: &dyn Progress) -> Result<Packed> {
    let damaged = |expected: &str, got: String| Error::damaged(path, expected, got, CURE);
    let cut = |_: io::Error| damaged("a whole snapshot", "one that is cut short or changed".to_owned());
    let mut file = File::open(path).map_err(Error::io("open", path))?;
    let size = file.metadata().map_err(Error::io("read", path))?.len();
    let mut head = [0; 28];
    file.read_exact(&mut head).map_err(cut)?;
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
    let packed = Packed { files: number(8), bytes: number(16) };
    if head[..24] != packed.head() || head[24..] != crc32fast::hash(&head[..24]).to_le_bytes() {
        return Err(damaged("a snapshot", "another beginning".to_owned()));
    }
    if packed.bytes > size.saturating_mul(RATIO_MAX) || packed.files > packed.bytes.saturating_add(1024) {
        return Err(damaged("no more than it can hold", format!("{} bytes", packed.bytes)));
    }
    let mut decoder = zstd::Decoder::new(BufReader::new(file)).map_err(cut)?;
    let mut left = packed.bytes;
    for _ in 0..packed.files {
        left -= unpack_file(&mut decoder, folder, left, path, packed.bytes, progress)?;
    }
    let mut rest = [0; 1];
    if left > 0 || decoder.read(&mut rest).map_err(cut)? > 0 {
        return Err(damaged("as many bytes as it says", "others".to_owned()));
    }
    Ok(packed)
}

/// One file; gives its size, which is at most `left`.
fn unpack_file(
    decoder: &mut impl Read,
    folder: &Path,
    left: u64,
    path: &Path,
    total: u64,
    progress: &dyn Progress,
) -> Result<u64> {
    let damaged = |expected: &str, got: String| Error::damaged(path, expected, got, CURE);
    let cut = |_: io::Error| damaged("a whole snapshot", "one that is cut short or changed".to_owned());
    let mut length = [0; 2];
    decoder.read_exact(&mut length).map_err(cut)?;
    let mut name = vec![0; usize::from(u16::from_le_bytes(length))];
    decoder.read_exact(&mut name).map_err(cut)?;
    let mut size = [0; 8];
    decoder.read_exact(&mut size).map_err(cut)?;
    let mut sum = crc32fast::Hasher::new();
    [&length[..], &name, &size].iter().for_each(|part| sum.update(part));
    let size = u64::from_le_bytes(size);
    let name = String::from_utf8_lossy(&name).into_owned();
    if check_path(&name).is_err() || size > left {
        return Err(damaged("a file of a data directory", format!("{name:?} of {size} bytes")));
    }
    let place = folder.join(&name);
    let parent = place.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let mut to = File::create_new(&place).map_err(Error::io("create", &place))?;
    let before = total - left;
    let mut done = 0;
    let copied = copy(&mut decoder.take(size), &mut to, &mut sum, |bytes| {
        done += bytes;
        progress.step("unpacking", before + done, total, "bytes")
    });
    let mut expected = [0; 4];
    decoder.read_exact(&mut expected).map_err(cut)?;
    if copied? != size || expected != sum.finalize().to_le_bytes() {
        return Err(damaged("its checksum", format!("another for {name}")));
    }
    Ok(size)
}

/// `sememe.db`, or a file below `collections` or `wordnet`; nothing that leads elsewhere.
fn check_path(path: &str) -> Result<()> {
    let parts: Vec<&str> = path.split('/').collect();
    parts.iter().try_for_each(|part| check_component(part))?;
    let is_known = path == DATABASE || (parts.len() > 1 && [COLLECTIONS, WORDNET].contains(&parts[0]));
    if is_known && parts.len() <= 5 && path.len() <= PATH_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid("path", "a file of a data directory", path, "take another snapshot"))
}

fn check_component(part: &str) -> Result<()> {
    let plain = part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if plain && !part.is_empty() && part != "." && part != ".." && part.len() <= 255 {
        return Ok(());
    }
    Err(Error::invalid("name", "letters, digits, '.', '_' and '-'", part, "choose another name"))
}

/// Every file below a folder, as paths from there, sorted.
fn list(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut open = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, before)) = open.pop() {
        for entry in folder.read_dir().map_err(Error::io("list", &folder))? {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name = format!("{before}{name}");
            if path.is_dir() {
                open.push((path, format!("{name}/")));
            } else {
                check_path(&name)?;
                files.push(name);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).map_err(Error::io("create", to))?;
    for entry in from.read_dir().map_err(Error::io("list", from))? {
        let path = entry.map_err(Error::io("list", from))?.path();
        let place = to.join(path.file_name().unwrap_or_default());
        let kind = path.symlink_metadata().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            link_tree(&path, &place)?;
        } else if kind.is_file() {
            link_or_copy(&path, &place)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;
    use crate::text::Document;
    use std::collections::BTreeMap;

    fn engine(folder: &Path) -> Engine {
        let engine = Engine::open(&folder.join("a")).unwrap();
        let document =
            |id: &str| Document { id: id.to_owned(), text: "river bank".to_owned(), ..Document::default() };
        engine.put("notes", &[document("1"), document("2")]).unwrap();
        engine.index("notes", &Silent).unwrap();
        engine.put("notes", &[document("3")]).unwrap();
        engine
    }

    #[test]
    fn a_snapshot_is_restored_with_all_that_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let info = engine(folder.path()).backup(&path, &Silent).unwrap();
        assert_eq!((info.collections, info.documents), (1, 3));
        let restored = restore(&path, &folder.path().join("b"), &Silent).unwrap();
        assert_eq!((restored.files, restored.unpacked_bytes), (info.files, info.unpacked_bytes));
        let collection = Engine::open(&folder.path().join("b")).unwrap().collection("notes").unwrap();
        assert_eq!((collection.documents, collection.indexed_documents), (3, 3));
        assert!(restore(&path, &folder.path().join("b"), &Silent).is_err(), "over another one");
    }

    /// Every file below a folder, by path.
    fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(at) = folders.pop() {
            for entry in at.read_dir().unwrap().map(Result::unwrap) {
                let path = entry.path();
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(path),
                    false => {
                        let bytes = fs::read(&path).unwrap();
                        files.insert(path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
                    }
                }
            }
        }
        files
    }

    #[test]
    fn a_snapshot_that_was_changed_or_cut_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        engine(folder.path()).backup(&path, &Silent).unwrap();
        let sound = fs::read(&path).unwrap();
        let (target, other) = (folder.path().join("b"), folder.path().join("c"));
        restore(&path, &other, &Silent).unwrap();
        let whole = contents(&other);
        let step = sound.len() / 60 + 1;
        for at in (0..28).chain((28..sound.len()).step_by(step)) {
            let mut bytes = sound.clone();
            bytes[at] ^= 0x20;
            fs::write(&path, &bytes).unwrap();
            // A bit that the compressed stream does not use changes nothing of what it holds.
            if restore(&path, &target, &Silent).is_ok() {
                assert!(contents(&target) == whole, "byte {at} flipped");
                fs::remove_dir_all(&target).unwrap();
                fs::create_dir(&target).unwrap();
            }
            fs::write(&path, &sound[..at]).unwrap();
            assert!(restore(&path, &target, &Silent).is_err(), "cut at {at}");
            assert_eq!(target.read_dir().unwrap().count(), 0);
        }
    }

    #[test]
    fn a_snapshot_cannot_lead_elsewhere_or_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let write = |name: &str, claimed: u64, content: &[u8]| {
            let packed = Packed { files: 1, bytes: claimed };
            let mut bytes = packed.head().to_vec();
            bytes.extend_from_slice(&crc32fast::hash(&packed.head()).to_le_bytes());
            let mut entry = (name.len() as u16).to_le_bytes().to_vec();
            entry.extend_from_slice(name.as_bytes());
            entry.extend_from_slice(&claimed.to_le_bytes());
            entry.extend_from_slice(content);
            entry.extend_from_slice(&crc32fast::hash(&entry).to_le_bytes());
            bytes.extend_from_slice(&zstd::encode_all(&entry[..], 1).unwrap());
            fs::write(&path, bytes).unwrap();
        };
        let target = folder.path().join("b");
        for name in [
            "../x",
            "/tmp/x",
            "collections/../../x",
            "collections//x",
            "collections",
            "other/x",
            "sememe.db/x",
            "",
            "collections/a/b/c/d/e",
            "collections/a\0b",
            "wordnet/C:\\x",
            "collections/ä/x",
        ] {
            write(name, 4, b"text");
            assert!(matches!(restore(&path, &target, &Silent), Err(Error::Damaged { .. })), "{name:?}");
        }
        assert!(!folder.path().join("x").exists());
        write("sememe.db", 1 << 40, b"bomb");
        assert!(matches!(restore(&path, &target, &Silent), Err(Error::Damaged { .. })));
        write("sememe.db", 64 << 20, &vec![0; 64 << 20]);
        assert!(matches!(restore(&path, &target, &Silent), Err(Error::Damaged { .. })));
        assert_eq!(target.read_dir().unwrap().count(), 0);
    }
}
