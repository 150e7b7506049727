//! Documents that arrive in pieces, as a body over a network does: plain, gzip or zstd; JSON lines, or one JSON value.
//!
//! What has arrived whole is handed on at once, some documents at a time, so that neither a long body nor one that unpacks to a
//! thousand times its size is ever in memory.

use super::{Document, document};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Documents handed on at a time.
const BATCH_DOCUMENTS: usize = 1000;
/// Text of so many bytes is handed on even if it is of fewer documents.
const BATCH_BYTES: usize = 4 << 20;
/// zstd's window, as a power of two: 16 MiB. Bodies that need more memory to unpack are refused.
const ZSTD_WINDOW: u32 = 24;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// gzip, of one member or more.
    Gzip,
    /// zstd, of one frame or more.
    Zstd,
}

/// What a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// One JSON object a line.
    Lines,
    /// A JSON object, or an array of them.
    Json,
}

/// Limits of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Bytes of all that is unpacked.
    pub bytes_max: u64,
    /// Bytes of a line, or of a JSON value: what has to be in memory at once.
    pub record_bytes_max: usize,
    /// Documents.
    pub documents_max: u64,
    /// Fields of a document, those within others counted.
    pub fields_max: usize,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self { bytes_max: 4 << 30, record_bytes_max: 16 << 20, documents_max: u64::MAX, fields_max: 1000 }
    }
}

/// A document that arrived, or what is wrong with it; with its line, or its place in the array, from 1.
pub type Arrived = (u64, Result<Document, String>);

/// Takes the documents that have arrived out of the list.
pub type Taker<'a> = Box<dyn FnMut(&mut Vec<Arrived>) -> Result<()> + Send + 'a>;

/// A body on its way.
pub struct Arriving<'a> {
    unpacker: Unpacker<'a>,
}

enum Unpacker<'a> {
    Plain(Box<Sink<'a>>),
    Gzip(Box<flate2::write::MultiGzDecoder<Sink<'a>>>),
    Zstd(Box<zstd::stream::zio::Writer<Sink<'a>, zstd::stream::raw::Decoder<'static>>>),
}

impl<'a> Arriving<'a> {
    /// Begins a body; `taker` is given the documents as they come.
    ///
    /// # Errors
    /// [`Error::Library`] if there is no memory to unpack with.
    pub fn new(packing: Packing, shape: Shape, limits: BodyLimits, taker: Taker<'a>) -> Result<Self> {
        let sink = Sink {
            shape,
            limits,
            taker,
            open: Vec::new(),
            is_too_long: false,
            line: 0,
            documents: 0,
            ready: Vec::new(),
            ready_bytes: 0,
            bytes: 0,
            failed: None,
        };
        let unpacker = match packing {
            Packing::Plain => Unpacker::Plain(Box::new(sink)),
            Packing::Gzip => Unpacker::Gzip(Box::new(flate2::write::MultiGzDecoder::new(sink))),
            Packing::Zstd => {
                let failed =
                    |error: io::Error| Error::Library { library: "zstd", message: error.to_string() };
                let mut decoder = zstd::stream::raw::Decoder::new().map_err(failed)?;
                let window = zstd::zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW);
                decoder.set_parameter(window).map_err(failed)?;
                Unpacker::Zstd(Box::new(zstd::stream::zio::Writer::new(sink, decoder)))
            }
        };
        Ok(Self { unpacker })
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Error::BadInput`] if it cannot be unpacked; [`Error::TooLarge`] beyond the limits; those of the taker.
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        let written = match &mut self.unpacker {
            Unpacker::Plain(sink) => sink.write_all(piece),
            Unpacker::Gzip(decoder) => decoder.write_all(piece),
            Unpacker::Zstd(decoder) => decoder.write_all(piece),
        };
        written.map_err(|error| self.failed(&error))
    }

    /// Takes what is left, after the last piece.
    ///
    /// # Errors
    /// As [`push`](Self::push); [`Error::BadInput`] if a packed body is cut short or a JSON value cannot be read.
    pub fn finish(mut self) -> Result<()> {
        let ended = match &mut self.unpacker {
            Unpacker::Plain(_) => Ok(()),
            Unpacker::Gzip(decoder) => decoder.try_finish(),
            Unpacker::Zstd(decoder) => decoder.finish(),
        };
        ended.map_err(|error| self.failed(&error))?;
        self.sink().end()
    }

    fn sink(&mut self) -> &mut Sink<'a> {
        match &mut self.unpacker {
            Unpacker::Plain(sink) => sink,
            Unpacker::Gzip(decoder) => decoder.get_mut(),
            Unpacker::Zstd(decoder) => decoder.writer_mut(),
        }
    }

    fn failed(&mut self, error: &io::Error) -> Error {
        let sink = self.sink();
        sink.failed.take().unwrap_or_else(|| bad(sink.line, format!("cannot be unpacked: {error}")))
    }
}

/// Where the unpacked bytes go.
struct Sink<'a> {
    shape: Shape,
    limits: BodyLimits,
    taker: Taker<'a>,
    /// The line or value that has not ended.
    open: Vec<u8>,
    /// The open line is longer than allowed, and read past.
    is_too_long: bool,
    line: u64,
    documents: u64,
    ready: Vec<Arrived>,
    ready_bytes: usize,
    bytes: u64,
    /// What went wrong here, while `Write` can only say that something did.
    failed: Option<Error>,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                self.failed = Some(error);
                Err(io::Error::other("refused"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limits.bytes_max {
            return Err(self.too_large(self.bytes, self.limits.bytes_max));
        }
        if self.shape == Shape::Json {
            let needed = self.open.len() + bytes.len();
            if needed > self.limits.record_bytes_max {
                return Err(self.too_large(needed as u64, self.limits.record_bytes_max as u64));
            }
            self.open.extend_from_slice(bytes);
            return Ok(());
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.is_too_long |= self.open.len() + part.len() > self.limits.record_bytes_max;
            if !self.is_too_long {
                self.open.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(())
    }

    fn too_large(&self, needed_bytes: u64, budget_bytes: u64) -> Error {
        let cure = match self.shape {
            Shape::Json => "send JSON lines, or fewer documents at a time",
            Shape::Lines => "send it in several requests",
        };
        Error::TooLarge { what: "the body".to_owned(), needed_bytes, budget_bytes, cure: cure.to_owned() }
    }

    fn end_line(&mut self) -> Result<()> {
        self.line += 1;
        let line = std::mem::take(&mut self.open);
        let item = if std::mem::take(&mut self.is_too_long) {
            Err(format!("expected a line of at most {} bytes", self.limits.record_bytes_max))
        } else if line.trim_ascii().is_empty() {
            return Ok(());
        } else {
            serde_json::from_slice(&line)
                .map_err(|error| format!("expected one JSON object a line, got: {error}"))
                .and_then(|object| self.with_id(object))
        };
        self.documents += 1;
        if self.documents > self.limits.documents_max {
            self.hand_on()?; // what came before stays, as before a body that breaks off
        }
        self.check_count(self.documents)?;
        self.ready_bytes += line.len();
        self.ready.push((self.line, item));
        if self.ready.len() >= BATCH_DOCUMENTS || self.ready_bytes >= BATCH_BYTES {
            return self.hand_on();
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        if self.shape == Shape::Lines {
            if !self.open.is_empty() || self.is_too_long {
                self.end_line()?;
            }
            return self.hand_on();
        }
        let value: Value = serde_json::from_slice(&std::mem::take(&mut self.open))
            .map_err(|error| bad(error.line() as u64, format!("expected JSON, got: {error}")))?;
        let items = if let Value::Array(items) = value { items } else { vec![value] };
        self.check_count(items.len() as u64)?;
        for (place, item) in items.into_iter().enumerate() {
            let item = match item {
                Value::Object(object) => self.with_id(object),
                _ => Err("expected a JSON object".to_owned()),
            };
            self.ready.push((place as u64 + 1, item));
        }
        self.hand_on()
    }

    fn check_count(&self, documents: u64) -> Result<()> {
        let most = self.limits.documents_max;
        if documents <= most {
            return Ok(());
        }
        Err(bad(
            most + 1,
            format!("expected at most {most} documents in one request; send the rest in another"),
        ))
    }

    fn hand_on(&mut self) -> Result<()> {
        self.ready_bytes = 0;
        if self.ready.is_empty() {
            return Ok(());
        }
        let taken = (self.taker)(&mut self.ready);
        self.ready.clear();
        taken
    }

    /// A body has no file name to make an id from, and an id made up would not be found again.
    fn with_id(&self, object: Map<String, Value>) -> Result<Document, String> {
        if object.get("id").or_else(|| object.get("_id")).is_none_or(Value::is_null) {
            return Err("expected a field \"id\"".to_owned());
        }
        let (fields, most) = (fields_of(&object), self.limits.fields_max);
        if fields > most {
            return Err(format!("expected at most {most} fields, got {fields}"));
        }
        document(object, "text", Path::new(""), 0)
    }
}

/// The fields of an object, those of objects within it counted.
#[must_use]
pub fn fields_of(object: &Map<String, Value>) -> usize {
    fn within(value: &Value) -> usize {
        match value {
            Value::Object(object) => fields_of(object),
            Value::Array(values) => values.iter().map(within).sum(),
            _ => 0,
        }
    }
    object.len() + object.values().map(within).sum::<usize>()
}

fn bad(line: u64, reason: String) -> Error {
    Error::BadInput { path: PathBuf::from("body"), line: line.max(1), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    const LIMITS: BodyLimits =
        BodyLimits { bytes_max: 1 << 20, record_bytes_max: 200, documents_max: 1000, fields_max: 10 };

    /// What arrives when the body comes in pieces of so many bytes.
    fn arrived(packing: Packing, shape: Shape, body: &[u8], piece: usize) -> Result<Vec<Arrived>> {
        let all = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&all);
        let taker: Taker<'_> = Box::new(move |ready| {
            taken.lock().unwrap().append(ready);
            Ok(())
        });
        let mut arriving = Arriving::new(packing, shape, LIMITS, taker)?;
        body.chunks(piece).try_for_each(|piece| arriving.push(piece))?;
        arriving.finish()?;
        Ok(std::mem::take(&mut *all.lock().unwrap()))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 1).unwrap()
    }

    #[test]
    fn lines_come_out_whole_however_they_are_cut_and_packed() {
        let text = "{\"id\": 1, \"text\": \"河 bank\"}\n\n{\"text\": \"x\"}\nno\n{\"id\": \"b\", \"text\": \"y\", \"k\": 2}";
        for (packing, body) in [
            (Packing::Plain, text.as_bytes().to_vec()),
            (Packing::Gzip, gzip(text.as_bytes())),
            (Packing::Zstd, zstd(text.as_bytes())),
        ] {
            for piece in [1, 7, 1000] {
                let items = arrived(packing, Shape::Lines, &body, piece).unwrap();
                let lines: Vec<u64> = items.iter().map(|item| item.0).collect();
                assert_eq!(lines, [1, 3, 4, 5], "{packing:?} by {piece}");
                assert_eq!(items[0].1.as_ref().unwrap().text, "河 bank");
                assert_eq!(items[1].1, Err("expected a field \"id\"".to_owned()));
                assert!(items[2].1.as_ref().unwrap_err().starts_with("expected one JSON object a line"));
                assert_eq!(items[3].1.as_ref().unwrap().fields["k"], 2);
            }
        }
    }

    #[test]
    fn a_json_value_is_one_document_or_many() {
        let one = arrived(Packing::Plain, Shape::Json, b" {\"id\": \"a\", \"text\": \"x\"}", 5).unwrap();
        assert_eq!(one[0].1.as_ref().unwrap().id, "a");
        let many =
            arrived(Packing::Gzip, Shape::Json, &gzip(b"[{\"id\": \"a\", \"text\": \"x\"}, 7]"), 5).unwrap();
        assert_eq!((many.len(), &many[1].1), (2, &Err("expected a JSON object".to_owned())));
        assert!(matches!(arrived(Packing::Plain, Shape::Json, b"[{", 5), Err(Error::BadInput { .. })));
        let deep = [b"[".repeat(100), b"]".repeat(100)].concat();
        assert!(arrived(Packing::Plain, Shape::Json, &deep, 9).is_ok_and(|items| items[0].1.is_err()));
        assert!(arrived(Packing::Plain, Shape::Json, &b"[".repeat(150), 9).is_err());
    }

    #[test]
    fn a_bomb_is_refused_while_it_unpacks() {
        let big = "x".repeat(100 << 20);
        for (packing, body) in [(Packing::Gzip, gzip(big.as_bytes())), (Packing::Zstd, zstd(big.as_bytes()))]
        {
            for shape in [Shape::Lines, Shape::Json] {
                let refused = arrived(packing, shape, &body, 4096);
                assert!(matches!(refused, Err(Error::TooLarge { .. })), "{packing:?} {shape:?}");
            }
        }
        let long = [b"x".repeat(300), b"\n{\"id\": 1, \"text\": \"t\"}".to_vec()].concat();
        let items = arrived(Packing::Plain, Shape::Lines, &long, 64).unwrap();
        assert!(items[0].1.is_err() && items[1].1.is_ok());
    }

    #[test]
    fn what_is_cut_short_or_no_packing_at_all_is_told() {
        let text = b"{\"id\": 1, \"text\": \"t\"}\n".repeat(20);
        for (packing, body) in [(Packing::Gzip, gzip(&text)), (Packing::Zstd, zstd(&text))] {
            let cut = arrived(packing, Shape::Lines, &body[..body.len() - 5], 10);
            assert!(matches!(cut, Err(Error::BadInput { .. })), "{packing:?} {cut:?}");
            assert!(matches!(arrived(packing, Shape::Lines, &text, 10), Err(Error::BadInput { .. })));
        }
    }
}
