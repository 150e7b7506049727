//! One immutable set of indexes: a folder with the keyword index, the word vectors, and the document vectors made by them.
//!
//! Written under a temporary name, flushed, renamed, and only then made the one that answers. Never changed afterwards.

use super::{rows, word_graph};
use crate::encoder::StaticEncoder;
use crate::error::{Error, Result};
use crate::index::keyword::KeywordIndex;
use crate::index::{Flat, Hnsw, Matrix, VectorIndex};
use crate::search::{Knowledge, StaticRetriever};
use crate::vectors::WordVectors;
use crate::vectors::formats::Format;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const VERSION: u32 = 1;
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const CORPUS: &str = "corpus.tokens";
pub(super) const KEYWORD: &str = "keyword";
pub(super) const DOCUMENT_VECTORS: &str = "documents.matrix";
pub(super) const DOCUMENT_GRAPH: &str = "documents.hnsw";
pub(super) const DOCUMENT_ROWS: &str = "documents.rows";

/// What a generation was built from and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub version: u32,
    pub collection: String,
    /// Number of the last write it shows.
    pub change: i64,
    pub model: Option<ModelManifest>,
}

impl Manifest {
    pub(super) fn read(folder: &Path, collection: &str) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| Error::damaged(&path, "a manifest", error, CURE))?;
        if manifest.version != VERSION {
            return Err(Error::damaged(&path, format!("version {VERSION}"), manifest.version, CURE));
        }
        if manifest.collection != collection {
            return Err(Error::damaged(&path, format!("collection {collection}"), manifest.collection, CURE));
        }
        Ok(manifest)
    }
}

/// The static model of a generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ModelManifest {
    pub info: ModelInfo,
    /// The common direction of the documents, `D` values.
    pub direction: Vec<f32>,
}

/// What word vectors were made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelInfo {
    /// Words in the vocabulary, `V`.
    pub words: usize,
    /// Dimension of the vectors, `D`.
    pub dim: usize,
    /// Running words of the corpus that was learned from, or from which the words were counted.
    pub corpus_words: u64,
    /// Least count of a word in the vocabulary.
    pub min_count: u64,
    /// Trained or imported.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Where word vectors come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Origin {
    /// Learned here.
    Trained {
        /// Passes over the corpus.
        epochs: usize,
        /// Estimate of the mean loss of a pair of words in the last pass, in nats.
        loss: f64,
        /// Seed of every random choice.
        seed: u64,
    },
    /// Taken from a file.
    Imported {
        /// The file's format.
        imported_from: Format,
    },
}

/// The static model, open.
struct Model {
    manifest: ModelManifest,
    encoder: StaticEncoder,
    documents: Option<Documents>,
}

struct Documents {
    index: Box<dyn VectorIndex>,
    seqs: Vec<i64>,
}

/// An open generation.
pub struct Generation {
    name: String,
    folder: PathBuf,
    manifest: Manifest,
    keyword: KeywordIndex,
    model: Option<Model>,
    /// Opened, and all of it checked, when first asked for.
    corpus: OnceLock<Corpus>,
}

impl Generation {
    /// Opens the folder of a generation of `collection`.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] if a file is missing or not as it was written.
    pub fn open(folder: &Path, collection: &str) -> Result<Self> {
        let manifest = Manifest::read(folder, collection)?;
        let model = manifest.model.clone().map(|model| Model::open(folder, model)).transpose()?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            name,
            folder: folder.to_path_buf(),
            keyword: KeywordIndex::open(&folder.join(KEYWORD))?,
            manifest,
            model,
            corpus: OnceLock::new(),
        })
    }

    /// The folder's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Names the generation among those of all collections.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.manifest.collection, self.name)
    }

    /// Number of the last write that the generation shows.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.manifest.change
    }

    /// The keyword index.
    #[must_use]
    pub fn keyword(&self) -> &KeywordIndex {
        &self.keyword
    }

    /// The encoded corpus that its words were counted in: the documents as they stood when the word vectors were made.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet, or one of before the corpus was kept; [`Error::Damaged`].
    pub fn corpus(&self) -> Result<&Corpus> {
        if let Some(corpus) = self.corpus.get() {
            return Ok(corpus);
        }
        self.encoder()?;
        let path = self.folder.join(CORPUS);
        if !path.exists() {
            return Err(Error::NotReady {
                what: format!("collection {:?} keeps no corpus with its model", self.manifest.collection),
                cure: format!("train it again: sememe train {}", self.manifest.collection),
            });
        }
        let corpus = Corpus::open(&path)?;
        Ok(self.corpus.get_or_init(|| corpus))
    }

    /// What its word vectors were made from, if there are any.
    #[must_use]
    pub fn model_info(&self) -> Option<&ModelInfo> {
        self.model.as_ref().map(|model| &model.manifest.info)
    }

    /// The static encoder.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet.
    pub fn encoder(&self) -> Result<&StaticEncoder> {
        self.model.as_ref().map(|model| &model.encoder).ok_or_else(|| Error::NotReady {
            what: format!("collection {:?} has no model yet", self.manifest.collection),
            cure: format!("train it: sememe train {}", self.manifest.collection),
        })
    }

    /// The vectors of the documents by themselves, row-major; `None` if no document has one.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub(super) fn document_rows(&self) -> Result<Option<Vec<f32>>> {
        let path = self.folder.join(DOCUMENT_VECTORS);
        if self.model.as_ref().is_none_or(|model| model.documents.is_none()) {
            return Ok(None);
        }
        Ok(Some(Matrix::open(&path, None)?.values().to_vec()))
    }

    /// The static ranking, if there is one, and what is known of its word vectors.
    pub(super) fn soft(&self) -> Option<(StaticRetriever<'_>, Knowledge)> {
        let info = self.model_info()?;
        let encoder = self.encoder().ok()?;
        let (index, seqs) = self.documents().ok()??;
        let vocabulary = encoder.vectors().vocabulary();
        let is_wider = match info.origin {
            Origin::Imported { .. } => true,
            // Words that came with vectors to start from, and that no document holds, stand last.
            Origin::Trained { .. } => {
                let last = vocabulary.len().checked_sub(1);
                last.is_some_and(|last| vocabulary.count(WordId(last as u32)) == 0)
            }
        };
        let known = Knowledge { corpus_words: info.corpus_words, is_wider };
        Some((StaticRetriever::new(encoder, index, seqs), known))
    }

    /// The vectors of the documents, with the document of each row; `None` if no document has one.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet.
    pub fn documents(&self) -> Result<Option<(&dyn VectorIndex, &[i64])>> {
        self.encoder()?;
        let documents = self.model.as_ref().and_then(|model| model.documents.as_ref());
        Ok(documents.map(|documents| (&*documents.index, documents.seqs.as_slice())))
    }
}

impl Model {
    fn open(folder: &Path, manifest: ModelManifest) -> Result<Self> {
        let vectors = Arc::new(word_graph::attach(WordVectors::open(folder)?, folder)?);
        if vectors.dim() != manifest.direction.len() {
            let expected = format!("a direction of {} values", vectors.dim());
            return Err(Error::damaged(folder.join(MANIFEST), expected, manifest.direction.len(), CURE));
        }
        let encoder = StaticEncoder::new(vectors, manifest.direction.clone());
        let documents = Documents::open(folder, encoder.dim())?;
        Ok(Self { manifest, encoder, documents })
    }
}

impl Documents {
    fn open(folder: &Path, dim: usize) -> Result<Option<Self>> {
        let seqs = rows::open(&folder.join(DOCUMENT_ROWS))?;
        if seqs.is_empty() {
            return Ok(None);
        }
        let path = folder.join(DOCUMENT_VECTORS);
        let matrix = Matrix::open(&path, None)?;
        if (matrix.len(), matrix.dim()) != (seqs.len(), dim) {
            let got = format!("{} x {}", matrix.len(), matrix.dim());
            return Err(Error::damaged(&path, format!("{} x {dim}", seqs.len()), got, CURE));
        }
        let graph = folder.join(DOCUMENT_GRAPH);
        let index: Box<dyn VectorIndex> = if graph.exists() {
            Box::new(Hnsw::open(&graph, matrix, None)?)
        } else {
            Box::new(Flat::with_codes(matrix))
        };
        Ok(Some(Self { index, seqs }))
    }
}

/// Writes the manifest, the last file of a generation.
pub(super) fn write_manifest(
    folder: &Path,
    collection: &str,
    change: i64,
    model: Option<ModelManifest>,
) -> Result<()> {
    let manifest = Manifest { version: VERSION, collection: collection.to_owned(), change, model };
    let path = folder.join(MANIFEST);
    crate::files::write_whole(&path, |to| {
        serde_json::to_writer_pretty(to, &manifest)
            .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))
    })
}
