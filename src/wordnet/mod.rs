//! Here is a word, give me synsets, relations, paths, similarities.
//!
//! WordNet is meaning as a semantic network: hard tokens joined by hand-made links. [`compile`] reads the database in its
//! own format once and writes one checksummed file; [`WordNet::open`] maps it; everything else are views into that map:
//!
//! ```text
//! word ─lookup, morphy─▶ Sense ─▶ Synset ─links─▶ Synset
//!                                   ├─ taxonomy:  subsumers, shortest path, hyponyms   ─▶ similarity (information)
//!                                   ├─ walk:      breadth-first search over all links
//!                                   ├─ pagerank:  nearness to a whole context
//!                                   └─ expand:    a query's words and the links they were reached by
//! ```
//!
//! Other languages join by the tab files of the Open Multilingual Wordnet ([`add_language`]): their words lead to the same
//! synsets. Not here: verb frames and sentences; which sense is meant (`sense`); HTTP and commands (`answers` has what
//! they serialise).
//!
//! Sources: Miller 1995, "WordNet: a lexical database for English"; the manual pages `wndb(5WN)`, `morphy(7WN)`.

pub mod answers;
mod compile;
mod compounds;
mod container;
mod depths;
mod expand;
mod find;
mod graph;
mod information;
mod languages;
mod layout;
mod lesk;
mod lookup;
mod map;
mod mentions;
mod morphy;
mod offsets;
mod pagerank;
mod pos;
mod read;
mod relation;
mod sense_order;
mod similarity;
mod spelling;
mod taxonomy;
mod walk;

pub use compile::{CompileReport, compile};
pub use compounds::FoundLemma;
pub use expand::{Expanded, Expansion, Via};
pub use find::{USUAL_PLACES, find_database};
pub use graph::{Link, Sense, Synset, SynsetId};
pub use information::InformationContent;
pub use languages::{ENGLISH, LanguageReport, add_language};
pub use pagerank::{PageRank, Ranks};
pub use pos::PartOfSpeech;
pub use read::Warnings;
pub use relation::Relation;
pub use similarity::Measure;
pub use taxonomy::{HyponymPage, Path as GraphPath, Step as PathStep};
pub use walk::GraphNeighbour;

use crate::error::Result;
use container::Container;
use languages::Language;
use layout::Layout;
use std::path::Path;

/// A compiled WordNet, mapped into memory. Share it behind an `Arc`; all methods take `&self`.
pub struct WordNet {
    file: Container,
    layout: Layout,
    /// Where each part of speech begins, and the end.
    pos_bounds: [u32; 5],
    /// Longest hypernym path of each part of speech.
    depths: [u32; 4],
    languages: Vec<Language>,
}

impl WordNet {
    /// Opens a file that [`compile`] wrote, and checks all of it.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if it cannot be mapped, [`crate::error::Error::Damaged`] if a byte is not as written.
    pub fn open(path: &Path) -> Result<Self> {
        Self::new(Container::open(path)?)
    }

    /// A WordNet in memory, which will be written to `path`.
    fn build(path: &Path, sections: &[(String, Vec<u8>)]) -> Result<Self> {
        Self::new(Container::build(path, sections)?)
    }

    fn new(file: Container) -> Result<Self> {
        let layout = Layout::checked(&file)?;
        let languages = languages::checked(&file, layout.synset_offset.len() / 4)?;
        let kinds = file.bytes(&layout.synset_kind);
        let rank =
            |kind: u8| PartOfSpeech::ALL.iter().position(|pos| pos.letter() as u8 == kind).unwrap_or(2);
        let bound = |pos: usize| kinds.partition_point(|kind| rank(*kind) < pos) as u32;
        let pos_bounds = [0, bound(1), bound(2), bound(3), kinds.len() as u32];
        let mut wordnet = Self { file, layout, pos_bounds, depths: [0; 4], languages };
        wordnet.depths =
            PartOfSpeech::ALL.map(|pos| wordnet.all(pos).map(Synset::depth_max).max().unwrap_or(0));
        Ok(wordnet)
    }

    /// Links of the longest hypernym path of a part of speech.
    #[must_use]
    pub fn depth_max(&self, pos: PartOfSpeech) -> u32 {
        self.depths[pos.index()]
    }

    /// The version of the database: `3.0`, `3.1`; empty if it does not say.
    #[must_use]
    pub fn version(&self) -> &str {
        std::str::from_utf8(self.file.bytes(&self.layout.version)).unwrap_or_default()
    }

    /// Number of synsets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layout.synset_offset.len() / 4
    }

    /// Whether there is no synset.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Length of the compiled file, an upper bound of what the graph costs in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.file.len()
    }
}

impl std::fmt::Debug for WordNet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WordNet").field("version", &self.version()).field("synsets", &self.len()).finish()
    }
}
