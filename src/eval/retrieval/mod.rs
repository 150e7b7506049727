//! How well queries are answered: rankings against judgements of relevance.
//!
//! A [`JudgedSet`] is read in the layouts that test collections come in ([`read`]), each mode's answers become a [`Run`],
//! and [`report`] measures them as trec_eval does, per mode and kind of query, with paired tests between modes.
//!
//! Not the asking itself: `engine` asks, this room measures.

mod layouts;
mod metrics;
mod report;
mod significance;
mod smart;

pub use layouts::{Layout, read, read_qrels, read_queries};
pub use metrics::{METRICS, Metrics, measure};
pub use report::{Comparison, KindReport, ModeReport, RetrievalReport, Run, report};
pub use significance::{PairedTest, paired_test};

use crate::text::Document;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A query with the documents that answer it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgedQuery {
    /// As the judgements name it.
    pub id: String,
    /// Free text.
    pub query: String,
    /// What makes it hard, where the collection says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Grade of each judged document by id; above 0 is relevant.
    #[serde(default)]
    pub relevant: BTreeMap<String, i32>,
}

impl JudgedQuery {
    /// Whether any document answers it.
    #[must_use]
    pub fn is_answerable(&self) -> bool {
        self.relevant.values().any(|grade| *grade > 0)
    }
}

/// The documents that a set of judged queries is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Corpus {
    /// A file that `text::Documents` reads.
    File(PathBuf),
    /// Read already.
    Documents(Vec<Document>),
    /// None here: the queries are about a collection that is there.
    None,
}

/// Judged queries, and their documents.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedSet {
    /// In which form it was found.
    pub layout: Layout,
    /// The documents.
    pub corpus: Corpus,
    /// Queries with at least one judgement, in the order of the file.
    pub queries: Vec<JudgedQuery>,
}
