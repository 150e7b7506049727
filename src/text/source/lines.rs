//! Plain text and JSON lines.

use super::{Document, ReadOptions, Split, document};
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::path::PathBuf;

/// Lines of bounded length, numbered from 1.
struct Lines<R> {
    input: R,
    path: PathBuf,
    line: u64,
    bytes_max: usize,
}

enum Line {
    Text(String),
    Bad(Error),
    End,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Line> {
        let mut bytes = Vec::new();
        let whole =
            read_line(&mut self.input, &mut bytes, self.bytes_max).map_err(Error::io("read", &self.path))?;
        if bytes.is_empty() && whole {
            return Ok(Line::End);
        }
        self.line += 1;
        if !whole {
            return Ok(Line::Bad(self.bad(format!("expected a line of at most {} bytes", self.bytes_max))));
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        if self.line == 1 && bytes.starts_with("\u{FEFF}".as_bytes()) {
            bytes.drain(..3);
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Line::Text(text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Line::Bad(self.bad(format!(
                    "expected UTF-8, got byte {:#04x} at column {}",
                    error.as_bytes()[at],
                    at + 1
                )))
            }
        })
    }

    fn bad(&self, reason: String) -> Error {
        Error::BadInput { path: self.path.clone(), line: self.line, reason }
    }
}

/// Reads up to and with the next newline. False if the line was longer than `bytes_max`: then it is read past, not kept.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, bytes_max: usize) -> io::Result<bool> {
    let mut fits = true;
    loop {
        let buffer = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let newline = buffer.iter().position(|byte| *byte == b'\n');
        let used = newline.map_or(buffer.len(), |at| at + 1);
        fits &= line.len() + used <= bytes_max;
        if fits {
            line.extend_from_slice(&buffer[..used]);
        }
        input.consume(used);
        if newline.is_some() || used == 0 {
            return Ok(fits);
        }
    }
}

/// Plain text, cut as [`Split`] says. Bad lines are left out of their document and reported after it.
pub(super) struct Paragraphs<R> {
    lines: Lines<R>,
    name: PathBuf,
    split: Split,
    bad: VecDeque<Error>,
    done: bool,
}

impl<R: BufRead> Paragraphs<R> {
    pub(super) fn new(input: R, path: PathBuf, name: PathBuf, options: ReadOptions) -> Self {
        let lines = Lines { input, path, line: 0, bytes_max: options.record_bytes_max };
        Self { lines, name, split: options.split, bad: VecDeque::new(), done: false }
    }

    /// The next document, or `None` at the end and after a bad line with nothing before it.
    fn collect(&mut self) -> Result<Option<Document>> {
        let mut text = String::new();
        let mut first = 0;
        loop {
            match self.lines.next()? {
                Line::End => {
                    self.done = true;
                    break;
                }
                Line::Bad(error) => {
                    self.bad.push_back(error);
                    if first == 0 {
                        return Ok(None);
                    }
                }
                Line::Text(line) if line.trim().is_empty() => {
                    if first > 0 && self.split == Split::Paragraph {
                        break;
                    }
                    text.push('\n');
                }
                Line::Text(line) => {
                    if first == 0 {
                        first = self.lines.line;
                    } else {
                        text.push('\n');
                    }
                    text.push_str(&line);
                    if self.split == Split::Line || text.len() > self.lines.bytes_max {
                        break;
                    }
                }
            }
        }
        Ok((first > 0).then(|| self.document(text.trim(), first)))
    }

    fn document(&self, text: &str, first_line: u64) -> Document {
        let name = self.name.display();
        let id = if self.split == Split::File { name.to_string() } else { format!("{name}:{first_line}") };
        Document { id, text: text.to_owned(), ..Document::default() }
    }
}

impl<R: BufRead> Iterator for Paragraphs<R> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.bad.pop_front() {
                return Some(Err(error));
            }
            if self.done {
                return None;
            }
            match self.collect() {
                Ok(Some(document)) => return Some(Ok(document)),
                Ok(None) => {}
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// One JSON object a line.
pub(super) struct JsonLines<R> {
    lines: Lines<R>,
    name: PathBuf,
    text_field: String,
    done: bool,
}

impl<R: BufRead> JsonLines<R> {
    pub(super) fn new(input: R, path: PathBuf, name: PathBuf, options: ReadOptions) -> Self {
        let lines = Lines { input, path, line: 0, bytes_max: options.record_bytes_max };
        Self { lines, name, text_field: options.text_field, done: false }
    }

    fn parse(&self, line: &str) -> Result<Document> {
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| self.lines.bad(format!("expected one JSON object a line, got: {error}")))?;
        document(object, &self.text_field, &self.name, self.lines.line)
            .map_err(|reason| self.lines.bad(reason))
    }
}

impl<R: BufRead> Iterator for JsonLines<R> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            match self.lines.next() {
                Ok(Line::End) => break,
                Ok(Line::Text(line)) if line.trim().is_empty() => {}
                Ok(Line::Text(line)) => return Some(self.parse(&line)),
                Ok(Line::Bad(error)) => return Some(Err(error)),
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(text: &'static [u8], split: Split) -> Vec<std::result::Result<(String, String), String>> {
        let options = ReadOptions { split, record_bytes_max: 40, ..ReadOptions::default() };
        Paragraphs::new(text, "dir/a.txt".into(), "a.txt".into(), options)
            .map(|item| item.map(|d| (d.id, d.text)).map_err(|e| e.to_string()))
            .collect()
    }

    fn ok(id: &str, text: &str) -> std::result::Result<(String, String), String> {
        Ok((id.to_owned(), text.to_owned()))
    }

    #[test]
    fn text_is_cut_at_blank_lines_lines_or_not() {
        let text = b"\xEF\xBB\xBFone\ntwo\r\n\n\n  \nthree";
        assert_eq!(paragraphs(text, Split::Paragraph), [ok("a.txt:1", "one\ntwo"), ok("a.txt:6", "three")]);
        assert_eq!(
            paragraphs(text, Split::Line),
            [ok("a.txt:1", "one"), ok("a.txt:2", "two"), ok("a.txt:6", "three")]
        );
        assert_eq!(paragraphs(text, Split::File), [ok("a.txt", "one\ntwo\n\n\n\nthree")]);
    }

    #[test]
    fn a_bad_line_is_told_and_the_rest_goes_on() {
        let items = paragraphs(b"fine\n\nbad \xFF\n\nalso fine", Split::Paragraph);
        assert_eq!(items.len(), 3);
        assert_eq!(items[1], Err("dir/a.txt:3: expected UTF-8, got byte 0xff at column 5".to_owned()));
        assert_eq!(items[2], ok("a.txt:5", "also fine"));
    }

    #[test]
    fn an_endless_line_is_skipped_in_bounded_memory() {
        let items =
            paragraphs(b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nshort", Split::Line);
        assert!(items[0].as_ref().is_err_and(|e| e.contains("a.txt:1: expected a line of at most 40 bytes")));
        assert_eq!(items[1], ok("a.txt:2", "short"));
    }

    #[test]
    fn json_lines_say_what_is_missing() {
        let text: &[u8] = b"{\"id\": 7, \"title\": \"T\", \"text\": \"hello\", \"topic\": \"x\"}\n\n{\"txt\": \"x\"}\n{broken\n[1]\n";
        let items: Vec<_> =
            JsonLines::new(text, "a.jsonl".into(), "a.jsonl".into(), ReadOptions::default()).collect();
        let first = items[0].as_ref().unwrap();
        assert_eq!(
            (first.id.as_str(), first.title.as_deref(), first.text.as_str()),
            ("7", Some("T"), "hello")
        );
        assert_eq!(first.fields["topic"], "x");
        let errors: Vec<String> =
            items[1..].iter().map(|item| item.as_ref().unwrap_err().to_string()).collect();
        assert_eq!(errors[0], "a.jsonl:3: expected a field \"text\", got only txt");
        assert!(errors[1].starts_with("a.jsonl:4: expected one JSON object a line, got: "));
        assert!(errors[2].starts_with("a.jsonl:5: "));
    }
}
