//! CSV and TSV: the first row names the columns, one of them is the text.

use super::{Document, ReadOptions, document};
use crate::error::{Error, Result};
use csv::ByteRecord;
use serde_json::{Map, Value};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows as documents.
pub(super) struct Rows<R> {
    reader: csv::Reader<Limited<R>>,
    header: Option<Vec<String>>,
    read_since_row: Arc<AtomicUsize>,
    path: PathBuf,
    name: PathBuf,
    text_field: String,
    done: bool,
}

/// Refuses to go on when one row swallows too much: an unbalanced quote would otherwise hold the whole file in memory.
struct Limited<R> {
    inner: R,
    read_since_row: Arc<AtomicUsize>,
    bytes_max: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let read = self.read_since_row.fetch_add(count, Ordering::Relaxed) + count;
        if read > self.bytes_max + buffer.len() {
            let what = format!("a row of more than {} bytes; look for an unbalanced quote", self.bytes_max);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(count)
    }
}

impl<R: Read> Rows<R> {
    pub(super) fn new(input: R, path: PathBuf, name: PathBuf, options: ReadOptions, delimiter: u8) -> Self {
        let read_since_row = Arc::new(AtomicUsize::new(0));
        let bytes_max = options.record_bytes_max;
        let input = Limited { inner: input, read_since_row: Arc::clone(&read_since_row), bytes_max };
        // In TSV a quote is a character like any other.
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(delimiter != b'\t')
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        Self { reader, header: None, read_since_row, path, name, text_field: options.text_field, done: false }
    }

    fn row(&mut self) -> Result<Option<(u64, Vec<String>)>> {
        let mut record = ByteRecord::new();
        self.read_since_row.store(0, Ordering::Relaxed);
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let cells = record.iter().map(|cell| std::str::from_utf8(cell).map(str::to_owned));
                match cells.collect::<Result<Vec<_>, _>>() {
                    Ok(cells) => Ok(Some((line, cells))),
                    Err(error) => Err(self.bad(line, format!("expected UTF-8, got {error}"))),
                }
            }
            Err(error) => {
                self.done = true;
                Err(self.bad(line, error.to_string()))
            }
        }
    }

    fn header(&mut self) -> Result<Option<Vec<String>>> {
        let Some((line, mut cells)) = self.row()? else { return Ok(None) };
        if let Some(first) = cells.first_mut() {
            *first = first.trim_start_matches('\u{FEFF}').to_owned();
        }
        if cells.contains(&self.text_field) {
            return Ok(Some(cells));
        }
        self.done = true;
        let got = cells.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
        Err(self.bad(line, format!("expected a column {:?} in the first row, got {got}", self.text_field)))
    }

    fn parse(&self, header: &[String], line: u64, cells: Vec<String>) -> Result<Document> {
        if cells.len() != header.len() {
            return Err(self.bad(line, format!("expected {} cells, got {}", header.len(), cells.len())));
        }
        let object: Map<String, Value> =
            header.iter().cloned().zip(cells.into_iter().map(Value::String)).collect();
        document(object, &self.text_field, &self.name, line).map_err(|reason| self.bad(line, reason))
    }

    fn next_document(&mut self) -> Result<Option<Document>> {
        if self.header.is_none() {
            self.header = self.header()?;
        }
        let Some(header) = self.header.clone() else { return Ok(None) };
        let Some((line, cells)) = self.row()? else { return Ok(None) };
        self.parse(&header, line, cells).map(Some)
    }

    fn bad(&self, line: u64, reason: String) -> Error {
        Error::BadInput { path: self.path.clone(), line, reason }
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_document().transpose();
        self.done |= next.is_none();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, delimiter: u8) -> Vec<std::result::Result<Document, String>> {
        let options = ReadOptions { record_bytes_max: 1 << 16, ..ReadOptions::default() };
        Rows::new(io::Cursor::new(text.to_owned()), "a.csv".into(), "a.csv".into(), options, delimiter)
            .map(|item| item.map_err(|e| e.to_string()))
            .collect()
    }

    #[test]
    fn quotes_and_newlines_in_cells() {
        let items = rows("id,text,topic\n1,\"a, \"\"b\"\"\nc\",x\n2,only two\n3,fine,y\n", b',');
        assert_eq!(items[0].as_ref().unwrap().text, "a, \"b\"\nc");
        assert_eq!(items[1], Err("a.csv:4: expected 3 cells, got 2".to_owned()));
        assert_eq!(items[2].as_ref().unwrap().fields["topic"], "y");
    }

    #[test]
    fn tabs_leave_quotes_alone() {
        let items = rows("text\tid\nsay \"hi\tx\n", b'\t');
        assert_eq!(items[0].as_ref().unwrap().text, "say \"hi");
    }

    #[test]
    fn a_missing_column_and_an_open_quote_end_the_file() {
        assert_eq!(
            rows("a,b\n1,2\n", b','),
            [Err("a.csv:1: expected a column \"text\" in the first row, got a, b".to_owned())]
        );
        let open = format!("text\nfine\n\"open {}", "x".repeat(1 << 20));
        let items = rows(&open, b',');
        assert!(items[0].is_ok());
        assert!(items[1].as_ref().is_err_and(|e| e.contains("unbalanced quote")), "{:?}", items[1]);
        assert_eq!(items.len(), 2);
    }
}
