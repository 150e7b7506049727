//! How well are queries answered? Judged queries, asked of a collection in every mode.
//!
//! The documents of a test collection go into a data directory of their own, which is gone afterwards; a collection that is
//! there already is asked as it is.

use super::ingestion::Ingestion;
use super::questions::Reading;
use super::{Engine, ExpansionRequest, Generation, TrainSettings};
use crate::error::{Error, Result};
use crate::eval::retrieval::{self, Corpus, JudgedQuery, RetrievalReport, Run};
use crate::progress::{Progress, Silent};
use crate::search::{HybridSettings, Mode, Ranked};
use crate::text::{Analyzer, Document, Documents, ReadOptions};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

/// Documents ranked for each query: as deep as test collections are commonly judged.
const DEPTH: usize = 1000;
/// Judged queries in one request.
const QUERIES_MAX: usize = 10_000;
/// The name of a test collection in its own data directory.
const COLLECTION: &str = "judged";

/// A test collection in files, and how to ask it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RetrievalRequest {
    /// A file or folder in one of the layouts of [`retrieval::read`].
    pub path: PathBuf,
    /// Judgements, instead of those that stand there.
    pub qrels: Option<PathBuf>,
    /// Ask this collection as it is, instead of a new one of the documents.
    pub collection: Option<String>,
    /// The ways to ask, each once; all that there are if `None`.
    pub modes: Option<Vec<Mode>>,
    /// How mode `hybrid` weighs its parts.
    pub hybrid: Option<HybridSettings>,
    /// How mode `wordnet` expands the queries.
    pub wordnet: Option<ExpansionRequest>,
    /// How a new collection's word vectors are trained.
    pub train: TrainSettings,
}

/// Judged queries, for a collection that is there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedRequest {
    /// The queries with their judgements.
    pub queries: Vec<JudgedQuery>,
    /// The ways to ask, each once; default all that there are.
    #[serde(default)]
    pub modes: Option<Vec<Mode>>,
    /// How mode `hybrid` weighs its parts; otherwise as tuned for the collection, or the defaults.
    #[serde(default)]
    pub hybrid: Option<HybridSettings>,
    /// How mode `wordnet` expands the queries.
    #[serde(default)]
    pub wordnet: Option<ExpansionRequest>,
}

impl Engine {
    /// Asks a test collection, and measures the answers.
    ///
    /// # Errors
    /// Those of [`retrieval::read`], [`Engine::train`] and [`Engine::search`]; [`Error::Cancelled`].
    pub fn evaluate_retrieval(
        &self,
        request: &RetrievalRequest,
        progress: &dyn Progress,
    ) -> Result<RetrievalReport> {
        let set = retrieval::read(&request.path, request.qrels.as_deref())?;
        let judged = JudgedRequest {
            queries: set.queries,
            modes: request.modes.clone(),
            hybrid: request.hybrid,
            wordnet: request.wordnet.clone(),
        };
        let report = match &request.collection {
            Some(name) => self.ask_judged(name, &judged, progress)?,
            None => {
                let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
                let aside = self.lend_wordnet(Engine::open(folder.path())?)?;
                aside.take_in(set.corpus, &request.train, progress)?;
                aside.ask_judged(COLLECTION, &judged, progress)?
            }
        };
        Ok(RetrievalReport { layout: Some(set.layout), ..report })
    }

    /// Asks judged queries of a collection, and measures the answers: a contrast of modes over many queries.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too many queries, or none that any document answers; as [`Engine::search`].
    pub fn contrast_judged(&self, collection: &str, request: &JudgedRequest) -> Result<RetrievalReport> {
        let n = request.queries.len();
        if n > QUERIES_MAX {
            let expected = format!("at most {QUERIES_MAX} queries");
            return Err(Error::invalid("queries", expected, n, "ask them in parts"));
        }
        if !request.queries.iter().any(JudgedQuery::is_answerable) {
            let expected = "at least one query with a document of grade 1 or more in relevant";
            return Err(Error::invalid("queries", expected, "none", "add judgements"));
        }
        self.ask_judged(collection, request, &Silent)
    }

    fn take_in(&self, corpus: Corpus, train: &TrainSettings, progress: &dyn Progress) -> Result<()> {
        match corpus {
            Corpus::File(path) => {
                let documents = Documents::open(&path, ReadOptions::default())?;
                self.ingest(COLLECTION, documents, Ingestion::default(), progress)?;
            }
            Corpus::Documents(documents) => self.put_all(&documents)?,
            Corpus::None => {
                let cure = "put the documents beside the queries, or name a collection";
                return Err(Error::invalid("judged set", "documents", "queries alone", cure));
            }
        }
        self.train(COLLECTION, train, progress).map(drop)
    }

    fn put_all(&self, documents: &[Document]) -> Result<()> {
        let mut writer = self.store.write(COLLECTION)?;
        writer.put(documents)?;
        writer.commit().map(drop)
    }

    fn ask_judged(
        &self,
        name: &str,
        request: &JudgedRequest,
        progress: &dyn Progress,
    ) -> Result<RetrievalReport> {
        let generation = self.generation(name)?;
        let ids = self.document_ids(name)?;
        let expansion = request.wordnet.clone().unwrap_or_default();
        let how = Reading {
            expansion: &expansion,
            hybrid: self.hybrid_settings(name, request.hybrid)?,
            contextual: None,
            recall: None,
        };
        let mut runs = Vec::new();
        for mode in self.modes(&generation, request.modes.as_deref())? {
            runs.push(self.run(&generation, &ids, ((mode, &how), &request.queries), progress)?);
        }
        let report = retrieval::report(&request.queries, &runs);
        Ok(RetrievalReport { documents: generation.keyword().len(), ..report })
    }

    /// nDCG@10 of each query, in the first of the modes.
    pub(super) fn ndcg_of_each(&self, name: &str, request: &JudgedRequest) -> Result<Vec<f64>> {
        let (generation, ids) = (self.generation(name)?, self.document_ids(name)?);
        let mode = request.modes.iter().flatten().next().copied().unwrap_or(Mode::Hybrid);
        let expansion = ExpansionRequest::default();
        let how = Reading { expansion: &expansion, hybrid: request.hybrid, contextual: None, recall: None };
        let run = self.run(&generation, &ids, ((mode, &how), &request.queries), &Silent)?;
        let measured = run.rankings.iter().zip(&request.queries);
        Ok(measured.map(|(ranking, query)| retrieval::measure(ranking, &query.relevant).ndcg_at_10).collect())
    }

    fn run(
        &self,
        generation: &Generation,
        ids: &HashMap<i64, String>,
        (how, queries): ((Mode, &Reading<'_>), &[JudgedQuery]),
        progress: &dyn Progress,
    ) -> Result<Run> {
        let (mut rankings, mut times) = (Vec::with_capacity(queries.len()), Vec::new());
        for (query, done) in queries.iter().zip(1..) {
            let start = Instant::now();
            let found = self.rank(generation, how, &query.query)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            let named = found.iter().filter_map(|one| Some((ids.get(&one.seq)?.clone(), one.score)));
            rankings.push(named.collect());
            progress.step(&format!("asking, {}", how.0.name()), done, queries.len() as u64, "queries")?;
        }
        times.sort_by(f64::total_cmp);
        Ok(Run { mode: how.0, rankings, p50_ms: times.get(times.len() / 2).copied().unwrap_or(0.0) })
    }

    /// The documents that a mode finds, without fetching them.
    fn rank(
        &self,
        generation: &Generation,
        (mode, how): (Mode, &Reading<'_>),
        query: &str,
    ) -> Result<Vec<Ranked>> {
        let words = Analyzer.words(query);
        self.read_as(generation, how, mode, |retriever| retriever.retrieve(&words, DEPTH))
    }

    fn document_ids(&self, name: &str) -> Result<HashMap<i64, String>> {
        let mut snapshot = self.store.snapshot(self.row(name)?.key)?;
        let mut ids = HashMap::new();
        while let Some(batch) = snapshot.next_batch(1000)? {
            ids.extend(batch.into_iter().map(|stored| (stored.seq, stored.document.id)));
        }
        Ok(ids)
    }
}
