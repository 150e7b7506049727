//! Test collections as the SMART system kept them: Cranfield, MED, CISI, CACM, ADI and their kin.
//!
//! Records begin with `.I number`; a line of a dot and a capital begins a field. `.T` is the title, `.W` the text. The files are
//! Latin-1. Judgements are lines of numbers in several orders (see [`judgements`]). Their codes do not mean the same in all
//! copies (Cranfield's readme calls 1 a complete answer, other copies call it 4 one), so that every code is taken for
//! relevant, except -1 where the last column holds other codes too.

use super::JudgedQuery;
use crate::error::{Error, Result};
use crate::text::Document;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// A record: its number, and its fields by letter.
struct Record {
    number: u64,
    fields: BTreeMap<char, String>,
}

impl Record {
    /// A field with single blanks, empty if it is not there.
    fn field(&self, letter: char) -> String {
        let text = self.fields.get(&letter).map_or("", String::as_str);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The documents of a file. Where the text repeats the title first, as Cranfield's does, it is not counted twice.
pub(super) fn documents(path: &Path) -> Result<Vec<Document>> {
    let document = |record: Record| {
        let (title, text) = (record.field('T'), record.field('W'));
        let text = text.strip_prefix(&title).map(|rest| rest.trim_start().to_owned()).unwrap_or(text);
        let title = (!title.is_empty()).then_some(title);
        Document { id: record.number.to_string(), title, text, ..Document::default() }
    };
    Ok(records(path)?.into_iter().map(document).collect())
}

/// The queries of one file with the judgements of another; queries without a judgement are left out.
///
/// Cranfield's judgements count the queries from 1 in the order of the file, whatever their `.I` says: where they name a
/// query that no `.I` does, and none beyond the number of queries, they are taken so.
pub(super) fn queries(path: &Path, judgements_path: &Path) -> Result<Vec<JudgedQuery>> {
    let records = records(path)?;
    let judged = judgements(judgements_path)?;
    let named: HashSet<u64> = records.iter().map(|record| record.number).collect();
    let by_order = judged.keys().any(|query| !named.contains(query))
        && judged.keys().all(|query| (1..=records.len() as u64).contains(query));
    let mut queries = Vec::new();
    for (record, place) in records.iter().zip(1..) {
        let number = if by_order { place } else { record.number };
        let text = record.field('W');
        let query = if text.is_empty() { record.field('T') } else { text };
        if let Some(relevant) = judged.get(&number) {
            let id = number.to_string();
            queries.push(JudgedQuery { id, query, kind: None, relevant: relevant.clone() });
        }
    }
    Ok(queries)
}

fn records(path: &Path) -> Result<Vec<Record>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let mut records: Vec<Record> = Vec::new();
    let mut letter = None;
    for (line, number) in text.lines().zip(1..) {
        if let Some(rest) = line.strip_prefix(".I ") {
            let bad = || {
                let reason = format!("expected a number after .I, got {:?}", shortened(rest));
                Error::BadInput { path: path.to_path_buf(), line: number, reason }
            };
            records.push(Record { number: rest.trim().parse().map_err(|_| bad())?, fields: BTreeMap::new() });
            letter = None;
        } else if let Some(field) = field_letter(line) {
            letter = Some(field);
        } else if let (Some(record), Some(letter)) = (records.last_mut(), letter) {
            let field = record.fields.entry(letter).or_default();
            field.push_str(line);
            field.push('\n');
        }
    }
    if records.is_empty() {
        let reason = "expected records that begin with .I, got none".to_owned();
        return Err(Error::BadInput { path: path.to_path_buf(), line: 1, reason });
    }
    Ok(records)
}

/// `.W`, with blanks after it in some copies.
fn field_letter(line: &str) -> Option<char> {
    let mut chars = line.trim_end().strip_prefix('.')?.chars();
    let letter = chars.next().filter(char::is_ascii_uppercase)?;
    chars.next().is_none().then_some(letter)
}

/// Grades by query and document. Three columns are query, document, code; four are query, 0, document, code where all second ones
/// are 0 (MED), and otherwise query, document and two numbers that say nothing (CISI, CACM).
fn judgements(path: &Path) -> Result<BTreeMap<u64, BTreeMap<String, i32>>> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    let text = String::from_utf8_lossy(&bytes);
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let row: Vec<f64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
        if row.len() < 2 || row.len() != line.split_whitespace().count() {
            let reason = format!("expected a query, a document and a code, got {:?}", shortened(line));
            return Err(Error::BadInput { path: path.to_path_buf(), line: number, reason });
        }
        rows.push(row);
    }
    let document = usize::from(rows.iter().all(|row| row.len() == 4 && row[1] == 0.0)) + 1;
    let has_codes = rows.iter().all(|row| row.len() == 3 || (row.len() == 4 && document == 2));
    let mut judged: BTreeMap<u64, BTreeMap<String, i32>> = BTreeMap::new();
    for row in rows {
        let relevant = !has_codes || row.last().is_some_and(|code| *code > 0.0);
        let grades = judged.entry(row[0] as u64).or_default();
        grades.insert((row[document] as u64).to_string(), i32::from(relevant));
    }
    Ok(judged)
}

fn shortened(line: &str) -> String {
    line.chars().take(60).collect()
}
