//! One immutable set of indexes: a folder with the keyword index, the word vectors, and the document vectors made by them.
//!
//! Written under a temporary name, flushed, renamed, and only then made the one that answers. Never changed afterwards.

use super::context::{ContextInfo, Occurrences};
use super::held::Held;
use super::{model, rows, starters, word_graph};
use crate::bilm::{self, CONTEXT_FILE};
use crate::encoder::{ContextualEncoder, Encoder, Mix, StaticEncoder};
use crate::error::{Error, Result};
use crate::index::keyword::{IndexSettings, KeywordIndex, Selection};
use crate::index::{Flat, Hnsw, Matrix, VectorIndex};
use crate::linalg;
use crate::search::{ContextualDocuments, Knowledge, StaticRetriever};
use crate::sense::induction::{InducedSenses, SENSES_FILE};
use crate::vectors::formats::Format;
use crate::vocab::WordId;
use crate::vocab::corpus::Corpus;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const VERSION: u32 = 1;
const CURE: &str = "rebuild it with `sememe index COLLECTION`";

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const CORPUS: &str = "corpus.tokens";
pub(super) const KEYWORD: &str = "keyword";
const KEYWORD_LIST: &str = "meta.json";

/// Stands in a manifest while its checksum is worked out.
const NO_CHECKSUM: &str = "crc32:........";

/// The files of a set of document vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct VectorFiles {
    pub vectors: &'static str,
    pub graph: &'static str,
    pub rows: &'static str,
}

/// Those of static vectors.
pub(super) const STATIC_FILES: VectorFiles =
    VectorFiles { vectors: "documents.matrix", graph: "documents.hnsw", rows: "documents.rows" };
/// Those of contextual vectors.
pub(super) const CONTEXT_FILES: VectorFiles =
    VectorFiles { vectors: "context.matrix", graph: "context.hnsw", rows: "context.rows" };

/// What a generation was built from and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub version: u32,
    pub collection: String,
    /// Number of the last write it shows.
    pub change: i64,
    pub model: Option<ModelManifest>,
    /// CRC-32 of the keyword index's list of segments, the one file of it that has no checksum of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword_list: Option<u32>,
    /// CRC-32 of this file with [`NO_CHECKSUM`] in its place; absent in those of before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
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
        let text = String::from_utf8_lossy(&bytes);
        let is_as_written = |sum: &String| checksum(&text.replacen(sum, NO_CHECKSUM, 1)) == *sum;
        if !manifest.checksum.as_ref().is_none_or(is_as_written) {
            return Err(Error::damaged(&path, "its checksum", "another", CURE));
        }
        Ok(manifest)
    }

    fn check_keyword_list(&self, folder: &Path) -> Result<()> {
        let path = folder.join(KEYWORD).join(KEYWORD_LIST);
        let sum = sum_of(&path)?;
        if self.keyword_list.is_some_and(|expected| expected != sum) {
            return Err(Error::damaged(&path, "its checksum", "another", CURE));
        }
        Ok(())
    }
}

/// The static model of a generation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ModelManifest {
    pub info: ModelInfo,
    /// The common direction of the documents, `D` values.
    pub direction: Vec<f32>,
    /// That of their contextual vectors; none without such vectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context_direction: Vec<f32>,
    /// The starter by whose counts the words of texts are weighed; by the corpus's where there is none, and in generations from before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed_by: Option<String>,
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
    /// The contextual model over them, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextInfo>,
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
        /// The starter model that training began with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        starter: Option<String>,
    },
    /// A starter model as it is.
    Starter {
        /// Its name.
        starter: String,
    },
    /// Taken from a file.
    Imported {
        /// The file's format.
        imported_from: Format,
    },
}

impl Origin {
    /// The starter model that the vectors are, or began with.
    pub(super) fn starter(&self) -> Option<&str> {
        match self {
            Self::Trained { starter, .. } => starter.as_deref(),
            Self::Starter { starter } => Some(starter),
            Self::Imported { .. } => None,
        }
    }
}

/// The static model, open.
struct Model {
    manifest: ModelManifest,
    encoder: StaticEncoder,
}

/// The vectors of documents, and the document of each row, by rising row.
#[derive(Clone)]
pub(super) struct DocumentVectors {
    pub index: Arc<dyn VectorIndex>,
    pub seqs: Vec<i64>,
}

/// An open generation, with what was written since it was built, up to one write: a view that stays as it is.
#[derive(Clone)]
pub struct Generation {
    name: String,
    folder: PathBuf,
    /// Its files stay as long as somebody reads them.
    _held: Arc<Held>,
    /// Size of all its files, in bytes.
    bytes: u64,
    manifest: Arc<Manifest>,
    /// Number of the last write shown.
    change: i64,
    keyword: Arc<KeywordIndex>,
    settings: IndexSettings,
    model: Option<Arc<Model>>,
    documents: Option<Arc<DocumentVectors>>,
    /// The same of contextual vectors.
    context_documents: Option<Arc<DocumentVectors>>,
    /// Opened, and all of it checked, when first asked for.
    corpus: Arc<OnceLock<Corpus>>,
    /// The same.
    induced: Arc<OnceLock<InducedSenses>>,
    /// The same.
    context: Arc<OnceLock<ContextualEncoder>>,
    /// The same; `None` if it has none.
    occurrences: Arc<OnceLock<Option<Occurrences>>>,
    /// The same.
    pub(super) next: Arc<super::next::Models>,
}

impl Generation {
    /// Opens the folder of a generation of `collection`.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Io`] if a file is missing or not as it was written.
    pub fn open(folder: &Path, collection: &str) -> Result<Self> {
        let held = Held::of(folder)?;
        let manifest = Manifest::read(folder, collection)?;
        let model = manifest.model.clone().map(|model| Model::open(folder, model)).transpose()?;
        let documents = match &model {
            Some(model) => DocumentVectors::open(folder, STATIC_FILES, model.encoder.dim())?,
            None => None,
        };
        let context_documents = match &model {
            Some(model) if !model.manifest.context_direction.is_empty() => {
                DocumentVectors::open(folder, CONTEXT_FILES, model.manifest.context_direction.len())?
            }
            _ => None,
        };
        manifest.check_keyword_list(folder)?;
        KeywordIndex::verify(&folder.join(KEYWORD))?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            name,
            folder: folder.to_path_buf(),
            _held: Arc::new(held),
            bytes: crate::files::bytes_below(folder),
            keyword: Arc::new(KeywordIndex::open(&folder.join(KEYWORD))?),
            settings: super::settings::of_generation(folder)?,
            change: manifest.change,
            manifest: Arc::new(manifest),
            model: model.map(Arc::new),
            documents: documents.map(Arc::new),
            context_documents: context_documents.map(Arc::new),
            corpus: Arc::default(),
            induced: Arc::default(),
            context: Arc::default(),
            occurrences: Arc::default(),
            next: Arc::default(),
        })
    }

    /// This generation with what was written since, up to write number `change`.
    pub(super) fn with_changes(
        &self,
        change: i64,
        keyword: KeywordIndex,
        [documents, context_documents]: [Option<DocumentVectors>; 2],
    ) -> Self {
        let (documents, context_documents) = (documents.map(Arc::new), context_documents.map(Arc::new));
        Self { change, keyword: Arc::new(keyword), documents, context_documents, ..self.clone() }
    }

    /// Where its files stand.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Size of the files that it was built as, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Nodes of its graphs, of documents and of words, that did not find themselves when these were built: linked again, and those that
    /// still did not, and are looked at in every search.
    #[must_use]
    pub fn lost(&self) -> (usize, usize) {
        let documents = [&self.documents, &self.context_documents].into_iter().flatten();
        let reports = documents.filter_map(|documents| documents.index.self_search());
        let words = self.model.as_ref().map_or((0, 0), |model| model.encoder.vectors().lost());
        reports.fold(words, |lost, report| (lost.0 + report.relinked, lost.1 + report.stragglers))
    }

    /// The folder of the keyword index.
    pub(super) fn keyword_folder(&self) -> PathBuf {
        self.folder.join(KEYWORD)
    }

    /// The vectors of the documents as they were built.
    pub(super) fn document_vectors(&self) -> Option<&Arc<DocumentVectors>> {
        self.documents.as_ref()
    }

    /// The contextual vectors of the documents as they were built, and their number of values; `None` if there are none.
    pub(super) fn context_vectors(&self) -> Option<(Option<&Arc<DocumentVectors>>, usize)> {
        let dim = self.context_direction().len();
        (dim > 0).then_some((self.context_documents.as_ref(), dim))
    }

    /// Takes the direction that all documents share out of a contextual vector; says whether anything is left, at length 1 then.
    pub(super) fn remove_context_direction(&self, vector: &mut [f32]) -> bool {
        linalg::remove_direction(vector, self.context_direction());
        linalg::normalize(vector) > 0.0
    }

    fn context_direction(&self) -> &[f32] {
        self.model.as_ref().map_or(&[], |model| &model.manifest.context_direction)
    }

    /// The folder's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The collection that it is of.
    #[must_use]
    pub fn collection(&self) -> &str {
        &self.manifest.collection
    }

    /// Names the generation among those of all collections.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.manifest.collection, self.name)
    }

    /// Number of the last write that it shows.
    #[must_use]
    pub fn change(&self) -> i64 {
        self.change
    }

    /// The keyword index.
    #[must_use]
    pub fn keyword(&self) -> &KeywordIndex {
        &self.keyword
    }

    /// How its documents are indexed.
    #[must_use]
    pub fn settings(&self) -> &IndexSettings {
        &self.settings
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

    /// The senses that its corpus tells apart.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet, or one of before senses were looked for; [`Error::Damaged`].
    pub fn induced(&self) -> Result<&InducedSenses> {
        if let Some(induced) = self.induced.get() {
            return Ok(induced);
        }
        let vectors = self.encoder()?.vectors();
        let missing = || Error::NotReady {
            what: format!("collection {:?} has no induced senses", self.manifest.collection),
            cure: format!("train it again: sememe train {}", self.manifest.collection),
        };
        if !self.folder.join(SENSES_FILE).exists() {
            return Err(missing());
        }
        let induced = InducedSenses::open(&self.folder, vectors.len())?;
        if !induced.belong_to(vectors) {
            return Err(missing());
        }
        Ok(self.induced.get_or_init(|| induced))
    }

    /// The contextual encoder, with the usual weights of its parts.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no contextual model; [`Error::Damaged`].
    pub fn context(&self) -> Result<&ContextualEncoder> {
        if let Some(context) = self.context.get() {
            return Ok(context);
        }
        let vectors = self.encoder()?.vectors();
        if !self.folder.join(CONTEXT_FILE).exists() {
            return Err(Error::NotReady {
                what: format!("collection {:?} has no contextual model", self.manifest.collection),
                cure: format!("train one: sememe train {} --contextual on", self.manifest.collection),
            });
        }
        let model = bilm::Model::open(&self.folder, Arc::clone(vectors))?;
        let encoder = ContextualEncoder::new(model, Mix::default())?;
        Ok(self.context.get_or_init(|| encoder))
    }

    /// The stored occurrences of words, if there are any.
    pub(super) fn occurrences(&self) -> Result<Option<&Occurrences>> {
        if let Some(occurrences) = self.occurrences.get() {
            return Ok(occurrences.as_ref());
        }
        let occurrences = Occurrences::open(&self.folder, Encoder::dim(self.context()?))?;
        Ok(self.occurrences.get_or_init(|| occurrences).as_ref())
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
        let path = self.folder.join(STATIC_FILES.vectors);
        if self.model.is_none() || !path.exists() {
            return Ok(None);
        }
        Ok(Some(Matrix::open(&path, None)?.values().to_vec()))
    }

    /// The static ranking of the documents selected, if there is one, and what is known of its word vectors.
    pub(super) fn soft(
        &self,
        selection: Option<&Selection>,
    ) -> Result<Option<(StaticRetriever<'_>, Knowledge)>> {
        let Some(info) = self.model_info() else { return Ok(None) };
        let encoder = self.encoder()?;
        let Some((index, seqs)) = self.documents()? else { return Ok(None) };
        let vocabulary = encoder.vectors().vocabulary();
        let is_wider = match info.origin {
            Origin::Imported { .. } | Origin::Starter { .. } => true,
            // Words that came with vectors to start from, and that no document holds, stand last.
            Origin::Trained { .. } => {
                let last = vocabulary.len().checked_sub(1);
                last.is_some_and(|last| vocabulary.count(WordId(last as u32)) == 0)
            }
        };
        let common = info.origin.starter().and_then(starters::words);
        let known = Knowledge { corpus_words: info.corpus_words, is_wider, common };
        let rows = selection.map(|selection| selection.rows_of(seqs));
        Ok(Some((StaticRetriever::new(encoder, index, seqs).with_filter(rows), known)))
    }

    /// The contextual vectors of the documents; `None` if no document has one.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no contextual model, or was built before documents had such vectors.
    pub fn contextual_documents(&self) -> Result<Option<ContextualDocuments<'_>>> {
        self.context()?;
        let direction = self.context_direction();
        if direction.is_empty() {
            return Err(Error::NotReady {
                what: format!(
                    "collection {:?} has no contextual vectors of its documents",
                    self.manifest.collection
                ),
                cure: format!("train it again: sememe train {}", self.manifest.collection),
            });
        }
        Ok(self.context_documents.as_ref().map(|documents| ContextualDocuments {
            index: &*documents.index,
            seqs: &documents.seqs,
            direction,
        }))
    }

    /// The vectors of the documents, with the document of each row; `None` if no document has one.
    ///
    /// # Errors
    /// [`Error::NotReady`] if the collection has no model yet.
    pub fn documents(&self) -> Result<Option<(&dyn VectorIndex, &[i64])>> {
        self.encoder()?;
        Ok(self.documents.as_ref().map(|documents| (&*documents.index, documents.seqs.as_slice())))
    }
}

impl Model {
    fn open(folder: &Path, manifest: ModelManifest) -> Result<Self> {
        let vectors = model::open(folder, manifest.weighed_by.as_deref())?;
        let vectors = Arc::new(word_graph::attach(vectors, folder)?);
        if vectors.dim() != manifest.direction.len() {
            let expected = format!("a direction of {} values", vectors.dim());
            return Err(Error::damaged(folder.join(MANIFEST), expected, manifest.direction.len(), CURE));
        }
        let encoder = StaticEncoder::new(vectors, manifest.direction.clone());
        let encoder = weighed(encoder, manifest.weighed_by.as_deref());
        Ok(Self { manifest, encoder })
    }
}

/// The encoder with words weighed as a starter's language says.
pub(super) fn weighed(encoder: StaticEncoder, starter: Option<&str>) -> StaticEncoder {
    match starter.and_then(starters::words) {
        Some(language) => encoder.weighed_by(language),
        None => encoder,
    }
}

impl DocumentVectors {
    fn open(folder: &Path, files: VectorFiles, dim: usize) -> Result<Option<Self>> {
        let seqs = rows::open(&folder.join(files.rows))?;
        if seqs.is_empty() {
            return Ok(None);
        }
        let path = folder.join(files.vectors);
        let matrix = Matrix::open(&path, None)?;
        if (matrix.len(), matrix.dim()) != (seqs.len(), dim) {
            let got = format!("{} x {}", matrix.len(), matrix.dim());
            return Err(Error::damaged(&path, format!("{} x {dim}", seqs.len()), got, CURE));
        }
        let graph = folder.join(files.graph);
        let index: Arc<dyn VectorIndex> = if graph.exists() {
            Arc::new(Hnsw::open(&graph, matrix, None)?)
        } else {
            Arc::new(Flat::with_codes(matrix))
        };
        Ok(Some(Self { index, seqs }))
    }
}

fn checksum(text: &str) -> String {
    format!("crc32:{:08x}", crc32fast::hash(text.as_bytes()))
}

fn sum_of(path: &Path) -> Result<u32> {
    std::fs::read(path).map(|bytes| crc32fast::hash(&bytes)).map_err(Error::io("read", path))
}

/// Writes the manifest, the last file of a generation.
pub(super) fn write_manifest(
    folder: &Path,
    collection: &str,
    change: i64,
    model: Option<ModelManifest>,
) -> Result<()> {
    let keyword_list = Some(sum_of(&folder.join(KEYWORD).join(KEYWORD_LIST))?);
    let collection = collection.to_owned();
    let none = Some(NO_CHECKSUM.to_owned());
    let manifest = Manifest { version: VERSION, collection, change, model, keyword_list, checksum: none };
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| Error::io("write", &path)(std::io::Error::other(error)))?;
    let text = text.replacen(NO_CHECKSUM, &checksum(&text), 1);
    crate::files::write_whole(&path, |to| to.write_all(text.as_bytes()).map_err(Error::io("write", &path)))
}
