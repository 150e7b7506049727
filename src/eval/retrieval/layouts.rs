//! The layouts that test collections come in, told apart by their files.
//!
//! | layout | what stands there |
//! |---|---|
//! | BEIR | a folder with `corpus.jsonl`, `queries.jsonl` and judgements, `qrels/test.tsv` or another `.tsv` |
//! | SMART | a folder with documents (`*.all*`), queries (`*.qry`, `query.text`) and judgements (`*rel*`) |
//! | bundled | `NAME.queries.jsonl`, judgements in it, and beside it the documents, `NAME.jsonl` |
//! | SQuAD | one `.json` of paragraphs with questions: each question's paragraph answers it |
//!
//! Documents may be compressed (`.gz`, `.zst`). Judgements named aside are BEIR's or TREC's, see [`read_qrels`].

use super::{Corpus, JudgedQuery, JudgedSet, smart};
use crate::error::{Error, Result};
use crate::text::Document;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Grades by document, by query.
type Qrels = BTreeMap<String, BTreeMap<String, i32>>;

/// In which form a judged set was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Thakur et al. 2021.
    Beir,
    /// Cranfield and its kin.
    Smart,
    /// Queries with their judgements in one file.
    Bundled,
    /// Questions on paragraphs (Rajpurkar et al. 2016).
    Squad,
}

/// Reads a judged set, with judgements from `qrels` instead of its own where given.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with file and line; [`Error::Invalid`] if `path` is in none of the layouts or no query of
/// it is judged.
pub fn read(path: &Path, qrels: Option<&Path>) -> Result<JudgedSet> {
    let mut set = if path.is_dir() { read_folder(path, qrels)? } else { read_file(path)? };
    if let Some(qrels) = qrels.filter(|_| set.layout != Layout::Beir) {
        set.queries = judged(set.queries, read_qrels(qrels)?);
    }
    if set.queries.is_empty() {
        let expected = "at least one query with a judgement";
        return Err(Error::invalid(path.display().to_string(), expected, "none", "name other judgements"));
    }
    Ok(set)
}

fn read_folder(folder: &Path, qrels: Option<&Path>) -> Result<JudgedSet> {
    let files = files_of(folder)?;
    let find = |wanted: &dyn Fn(&str) -> bool| files.iter().find(|(name, _)| wanted(name)).map(|(_, p)| p);
    let corpus = find(&|name| name.starts_with("corpus.jsonl"));
    let beir_queries = find(&|name| name == "queries.jsonl");
    if let (Some(corpus), Some(queries)) = (corpus, beir_queries) {
        let qrels = qrels.map_or_else(|| beir_qrels(folder, &files), |path| Ok(path.to_path_buf()))?;
        let queries = judged(read_queries(queries)?, read_qrels(&qrels)?);
        return Ok(JudgedSet { layout: Layout::Beir, corpus: Corpus::File(corpus.clone()), queries });
    }
    let documents = find(&|name| name.ends_with(".all") || name.contains(".all."));
    let queries = find(&|name| name.ends_with(".qry") || name == "query.text");
    let relevant =
        find(&|name| name.ends_with(".rel") || name.ends_with("qrel") || name.starts_with("qrels."));
    match (documents, queries, relevant) {
        (Some(documents), Some(queries), Some(relevant)) => Ok(JudgedSet {
            layout: Layout::Smart,
            corpus: Corpus::Documents(smart::documents(documents)?),
            queries: smart::queries(queries, relevant)?,
        }),
        _ => {
            let expected = "corpus.jsonl and queries.jsonl, or .ALL, .QRY and .REL files";
            let got = files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            let cure = "name a folder of the BEIR or SMART layout";
            Err(Error::invalid(folder.display().to_string(), expected, got, cure))
        }
    }
}

/// Names in lower case, and paths, in order.
fn files_of(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(Error::io("list", folder))? {
        let path = entry.map_err(Error::io("list", folder))?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) {
            files.push((name.to_ascii_lowercase(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

fn beir_qrels(folder: &Path, files: &[(String, PathBuf)]) -> Result<PathBuf> {
    for name in ["qrels/test.tsv", "qrels/dev.tsv", "qrels/train.tsv", "test.tsv", "qrels.tsv"] {
        if folder.join(name).is_file() {
            return Ok(folder.join(name));
        }
    }
    let other = files.iter().find(|(name, _)| name.ends_with(".tsv") || name.ends_with(".qrels"));
    other.map(|(_, path)| path.clone()).ok_or_else(|| {
        let expected = "judgements: qrels/test.tsv or another .tsv";
        Error::invalid(folder.display().to_string(), expected, "none", "name them with --qrels")
    })
}

fn read_file(path: &Path) -> Result<JudgedSet> {
    let name = path.to_string_lossy();
    if name.ends_with(".json") {
        return read_squad(path);
    }
    let (queries, corpus) = match name.strip_suffix(".queries.jsonl") {
        Some(stem) => (path.to_path_buf(), PathBuf::from(format!("{stem}.jsonl"))),
        None => {
            let stem = name.strip_suffix(".jsonl").unwrap_or(&name);
            (PathBuf::from(format!("{stem}.queries.jsonl")), path.to_path_buf())
        }
    };
    let corpus = if corpus.is_file() { Corpus::File(corpus) } else { Corpus::None };
    let mut queries = if queries.is_file() { read_queries(&queries)? } else { read_queries(path)? };
    queries.retain(|query| !query.relevant.is_empty());
    Ok(JudgedSet { layout: Layout::Bundled, corpus, queries })
}

/// Reads queries, one JSON object a line: `id` or `_id`, `query` or `text`, and where given `kind` and `relevant`, grades by
/// document id.
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line.
pub fn read_queries(path: &Path) -> Result<Vec<JudgedQuery>> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(alias = "_id")]
        id: Value,
        #[serde(alias = "text")]
        query: String,
        kind: Option<String>,
        #[serde(default)]
        relevant: BTreeMap<String, i32>,
    }
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines
        .map(|(line, number)| {
            let bad = |error: serde_json::Error| Error::BadInput {
                path: path.to_path_buf(),
                line: number,
                reason: format!("expected an object with id and query, got {error}"),
            };
            let Line { id, query, kind, relevant } = serde_json::from_str(line).map_err(bad)?;
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            Ok(JudgedQuery { id, query, kind, relevant })
        })
        .collect()
}

/// Reads judgements: BEIR's (query, document, grade between tabs, under a heading) or TREC's (query, 0, document, grade).
///
/// # Errors
/// [`Error::Io`]; [`Error::BadInput`] with the line.
pub fn read_qrels(path: &Path) -> Result<Qrels> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let mut qrels = Qrels::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let fields: Vec<&str> = if line.contains('\t') {
            line.split('\t').map(str::trim).collect()
        } else {
            line.split_whitespace().collect()
        };
        let grade = fields.last().and_then(|grade| grade.parse::<i32>().ok());
        match (&fields[..], grade) {
            ([query, document, _] | [query, _, document, _], Some(grade)) => {
                qrels.entry((*query).to_owned()).or_default().insert((*document).to_owned(), grade);
            }
            _ if number == 1 => {} // the heading
            _ => {
                let got: String = line.chars().take(60).collect();
                let reason = format!("expected a query, a document and a whole grade, got {got:?}");
                return Err(Error::BadInput { path: path.to_path_buf(), line: number, reason });
            }
        }
    }
    Ok(qrels)
}

/// The queries that are judged, with these judgements.
fn judged(queries: Vec<JudgedQuery>, mut qrels: Qrels) -> Vec<JudgedQuery> {
    let judged = |query: JudgedQuery| {
        let relevant = qrels.remove(&query.id)?;
        Some(JudgedQuery { relevant, ..query })
    };
    queries.into_iter().filter_map(judged).collect()
}

fn read_squad(path: &Path) -> Result<JudgedSet> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let bad =
        |line: usize, reason: String| Error::BadInput { path: path.to_path_buf(), line: line as u64, reason };
    let root: Value = serde_json::from_slice(&bytes)
        .map_err(|error| bad(error.line(), format!("expected JSON, got {error}")))?;
    let (mut documents, mut queries) = (Vec::new(), Vec::new());
    let articles = root["data"].as_array().map_or(&[][..], Vec::as_slice);
    for (article, number) in articles.iter().zip(0..) {
        let paragraphs = article["paragraphs"].as_array().map_or(&[][..], Vec::as_slice);
        for (paragraph, place) in paragraphs.iter().zip(0..) {
            let Some(text) = paragraph["context"].as_str() else { continue };
            let id = format!("{number}.{place}");
            documents.push(Document { id: id.clone(), text: text.to_owned(), ..Document::default() });
            for question in paragraph["qas"].as_array().map_or(&[][..], Vec::as_slice) {
                let own = question["id"].as_str().map(str::to_owned);
                let relevant = BTreeMap::from([(id.clone(), 1)]);
                let query = question["question"].as_str().unwrap_or_default().to_owned();
                let id = own.unwrap_or_else(|| format!("q{}", queries.len()));
                queries.push(JudgedQuery { id, query, kind: None, relevant });
            }
        }
    }
    if documents.is_empty() {
        return Err(bad(1, "expected data with paragraphs, each with a context, got none".into()));
    }
    Ok(JudgedSet { layout: Layout::Squad, corpus: Corpus::Documents(documents), queries })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn grades(query: &JudgedQuery) -> Vec<(&str, i32)> {
        query.relevant.iter().map(|(id, grade)| (id.as_str(), *grade)).collect()
    }

    #[test]
    fn beir_takes_the_test_judgements_and_their_queries() {
        let folder = folder(&[
            ("corpus.jsonl", "{}"),
            ("queries.jsonl", "{\"_id\": \"q1\", \"text\": \"one\"}\n{\"_id\": 2, \"text\": \"two\"}\n"),
            ("qrels/test.tsv", "query-id\tcorpus-id\tscore\n2\td 7\t1\n2\td8\t0\n"),
        ]);
        let set = read(folder.path(), None).unwrap();
        assert_eq!(set.layout, Layout::Beir);
        assert_eq!((set.queries.len(), set.queries[0].query.as_str()), (1, "two"));
        assert_eq!(grades(&set.queries[0]), [("d 7", 1), ("d8", 0)]);
        let other = folder.path().join("other.qrels");
        fs::write(&other, "q1 0 d9 2\n").unwrap();
        assert_eq!(grades(&read(folder.path(), Some(&other)).unwrap().queries[0]), [("d9", 2)]);
    }

    #[test]
    fn smart_judgements_may_count_queries_by_order() {
        let documents = ".I 1\n.T\na title\n.A\nsomeone\n.W\na title and more\n.I 2\n.W \ntext\n";
        let files = [("X.ALL.1400", documents), ("x.qry", ".I 3\n.W\nfirst\n.I 9\n.W\nsecond\n")];
        let by_order = folder(&[files[0], files[1], ("xqrel", "2 1 4\n2 2 -1\n")]);
        let set = read(by_order.path(), None).unwrap();
        assert_eq!((set.queries[0].id.as_str(), set.queries[0].query.as_str()), ("2", "second"));
        assert_eq!(grades(&set.queries[0]), [("1", 1), ("2", 0)]);
        let Corpus::Documents(documents) = set.corpus else { panic!("documents") };
        assert_eq!(
            (documents[0].title.as_deref(), documents[0].text.as_str()),
            (Some("a title"), "and more")
        );
        for (rel, query) in [("9 0 1 1\n", "second"), ("3 1 0 0.0\n", "first")] {
            let by_number = folder(&[files[0], files[1], ("X.REL", rel)]);
            let set = read(by_number.path(), None).unwrap();
            assert_eq!(set.queries[0].query, query);
            assert_eq!(grades(&set.queries[0]), [("1", 1)]);
        }
    }

    #[test]
    fn questions_on_paragraphs_are_answered_by_them() {
        let text = r#"{"data": [{"paragraphs": [{"context": "a"}, {"context": "b",
            "qas": [{"id": "q", "question": "what"}]}]}]}"#;
        let folder = folder(&[("x.json", text)]);
        let set = read(&folder.path().join("x.json"), None).unwrap();
        assert_eq!(grades(&set.queries[0]), [("0.1", 1)]);
    }

    #[test]
    fn what_is_in_no_layout_is_told() {
        let folder = folder(&[("notes.txt", "x"), ("bad.qrels", "heading\nq d\n"), ("x.json", "{\n}")]);
        let error = read(folder.path(), None).unwrap_err().to_string();
        assert!(
            error.contains("expected corpus.jsonl and queries.jsonl") && error.contains("notes.txt"),
            "{error}"
        );
        let error = read_qrels(&folder.path().join("bad.qrels")).unwrap_err().to_string();
        assert!(error.contains("bad.qrels:2: expected a query"), "{error}");
        assert!(read(&folder.path().join("x.json"), None).is_err());
    }
}
