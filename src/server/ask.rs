//! From a request to a question, and from its answer to a response. Every limit on what is sent is held here.

use super::access::Names;
use super::problem::Problem;
use super::service::{Limits, Service};
use crate::engine::{Caller, Engine};
use crate::error::{Error, Result};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io::Read;

/// An answer, or what was wrong.
pub(super) type Answer = std::result::Result<HttpResponse, Problem>;

type Refused<T> = std::result::Result<T, Problem>;

/// Largest body that is parsed where it was read, in bytes: that takes far less than a millisecond.
const PARSED_AT_ONCE: usize = 32 << 10;

/// What the engine itself allows for `k` and `limit`.
const TOP_K_MAX: u64 = 1000;

/// Largest window of a zstd body, as a power of two: what its highest ordinary level uses.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What was asked besides query and body.
pub(super) struct Asked {
    names: Names,
    caller: Caller,
    service: web::Data<Service>,
}

impl Asked {
    /// Of a request that was let in.
    pub(super) fn of(request: &HttpRequest) -> Refused<Self> {
        let service = service(request)?;
        let extensions = request.extensions();
        let names = extensions.get::<Names>().cloned().unwrap_or_default();
        let caller = extensions.get::<Caller>().cloned().unwrap_or_else(Caller::anyone);
        Ok(Self { names, caller, service })
    }

    /// A name in the path, decoded: `asked.name("collection")`.
    pub(super) fn name(&self, name: &str) -> &str {
        self.names.0.get(name).map_or("", String::as_str)
    }

    /// Whether whoever asks may know of this collection. Those in the path are checked before; this is for all others.
    pub(super) fn may_use(&self, collection: &str) -> bool {
        self.caller.may_use(collection)
    }

    /// As if there were no such collection, for those who may not know of it.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(super) fn check_collection(&self, collection: &str) -> Result<()> {
        if self.may_use(collection) {
            return Ok(());
        }
        Err(Error::NotFound { kind: "collection", name: collection.to_owned(), nearest: Vec::new() })
    }

    /// What is set, what is counted.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }
}

/// A name in the path, decoded, for those who answer by themselves.
pub(super) fn name(request: &HttpRequest, name: &str) -> String {
    let names = request.extensions().get::<Names>().cloned().unwrap_or_default();
    names.0.get(name).cloned().unwrap_or_default()
}

/// Who asks, for those who answer by themselves.
pub(super) fn caller(request: &HttpRequest) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or_else(Caller::anyone)
}

/// The service of a request.
fn service(request: &HttpRequest) -> Refused<web::Data<Service>> {
    request
        .app_data::<web::Data<Service>>()
        .cloned()
        .ok_or_else(|| failed(request, "the request has no service"))
}

fn failed(request: &HttpRequest, message: &str) -> Problem {
    Problem::new(&Error::Library { library: "sememe", message: message.to_owned() }, request)
}

/// Asks the engine where waiting is allowed, when it is this question's turn.
pub(super) async fn ask<T: Serialize + Send + 'static>(
    request: &HttpRequest,
    status: StatusCode,
    question: impl FnOnce(&Engine, &Asked) -> Result<T> + Send + 'static,
) -> Answer {
    asked(request, Asked::of(request)?, status, question).await
}

/// As [`ask`], where it is known already who asks.
pub(super) async fn asked<T: Serialize + Send + 'static>(
    request: &HttpRequest,
    asked: Asked,
    status: StatusCode,
    question: impl FnOnce(&Engine, &Asked) -> Result<T> + Send + 'static,
) -> Answer {
    let turn = asked.service.questions.turn(request).await?;
    // The turn lasts as long as the work, even if whoever asked goes away.
    let answer = blocking(request, move || {
        let answered = question(&asked.service.engine, &asked);
        drop(turn);
        answered
    });
    Ok(HttpResponse::build(status).json(answer.await?))
}

/// Works something out where waiting is allowed, without a turn.
pub(super) async fn blocking<T: Send + 'static>(
    request: &HttpRequest,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Refused<T> {
    match web::block(work).await {
        Ok(done) => done.map_err(|error| Problem::new(&error, request)),
        Err(_) => Err(failed(request, "the question could not be worked out; the log has the reason")),
    }
}

/// Query parameters.
pub(super) fn query<Q: DeserializeOwned>(request: &HttpRequest) -> Refused<Q> {
    let text = request.query_string();
    let query = web::Query::<Q>::from_query(text);
    let query = query.map_err(|error| Problem::invalid(error.to_string(), request))?;
    let service = service(request)?;
    let limits = &service.limits;
    let small = text.len() <= limits.query_bytes && limits.k >= TOP_K_MAX;
    if !small && let Ok(sizes) = web::Query::<Sizes>::from_query(text) {
        sizes.check(limits).map_err(|error| Problem::new(&error, request))?;
    }
    Ok(query.into_inner())
}

/// A JSON body.
pub(super) async fn body<B: DeserializeOwned + Send + 'static>(
    request: &HttpRequest,
    payload: web::Payload,
) -> Refused<B> {
    if !is_json(request) {
        let detail = "the body has to be JSON and to say so: Content-Type: application/json";
        return Err(Problem::of("not_json", detail.to_owned(), request));
    }
    let service = service(request)?;
    let sent = read(request, payload, service.limits.body_bytes).await?;
    let encoding = encoding(request)?;
    let limits = service.clone();
    let parse = move || parse::<B>(&sent, encoding, &limits.limits);
    let parsed = if encoding == Encoding::Plain && request_is_small(request) {
        parse()
    } else {
        let parsed = web::block(parse).await;
        parsed.map_err(|_| failed(request, "the body could not be read; the log has the reason"))?
    };
    parsed.map_err(|wrong| wrong.problem(request))
}

fn request_is_small(request: &HttpRequest) -> bool {
    let length =
        request.headers().get(actix_web::http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length <= PARSED_AT_ONCE)
}

/// The body as sent, if it is not too large and comes in time.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Refused<web::Bytes> {
    let time = service(request)?.limits.body_time;
    match actix_web::rt::time::timeout(time, payload.to_bytes_limited(bytes_max)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(error))) => {
            Err(Problem::of("malformed_body", format!("the body broke off: {error}"), request))
        }
        Ok(Err(_)) => {
            Err(Problem::of("body_too_large", format!("the body is larger than {bytes_max} bytes"), request))
        }
        Err(_) => {
            let detail = format!("the body took longer than {} ms to come", time.as_millis());
            Err(Problem::of("body_too_slow", detail, request))
        }
    }
}

/// How a body was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Plain,
    /// gzip
    Gzip,
    /// zstd
    Zstd,
}

/// How the body of a request was compressed.
pub(super) fn encoding(request: &HttpRequest) -> Refused<Encoding> {
    let Some(named) = request.headers().get(CONTENT_ENCODING) else { return Ok(Encoding::Plain) };
    match named.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Plain),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "zstd" => Ok(Encoding::Zstd),
        _ => {
            let detail = "the body is compressed in a way that is not known here; use gzip or zstd, or none";
            Err(Problem::of("unsupported_encoding", detail.to_owned(), request))
        }
    }
}

/// What is wrong with a body.
#[derive(Debug)]
pub(super) enum Wrong {
    /// A code, and what to say.
    Code(&'static str, String),
    /// As the engine would say it.
    Ours(Error),
}

impl Wrong {
    /// For the answer.
    pub(super) fn problem(&self, request: &HttpRequest) -> Problem {
        match self {
            Self::Code(code, detail) => Problem::of(code, detail.clone(), request),
            Self::Ours(error) => Problem::new(error, request),
        }
    }
}

/// Undoes the compression, up to a size: a small body may say that it is a large one.
pub(super) fn decompressed(
    sent: &[u8],
    encoding: Encoding,
    bytes_max: usize,
) -> std::result::Result<Cow<'_, [u8]>, Wrong> {
    let broken = |error: std::io::Error| {
        Wrong::Code("malformed_body", format!("the body is not compressed as it says: {error}"))
    };
    let mut from: Box<dyn Read + '_> = match encoding {
        Encoding::Plain => return Ok(Cow::Borrowed(sent)),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(sent)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(sent).map_err(broken)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(broken)?;
            Box::new(decoder)
        }
    };
    let mut bytes = Vec::new();
    from.by_ref().take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() > bytes_max {
        let detail = format!("the body is larger than {bytes_max} bytes once decompressed");
        return Err(Wrong::Code("body_too_large", detail));
    }
    Ok(Cow::Owned(bytes))
}

fn parse<B: DeserializeOwned>(
    sent: &[u8],
    encoding: Encoding,
    limits: &Limits,
) -> std::result::Result<B, Wrong> {
    let bytes = decompressed(sent, encoding, limits.decompressed_bytes)?;
    if deeper_than(&bytes, limits.json_depth) {
        let detail = format!("arrays and objects are nested more than {} deep", limits.json_depth);
        return Err(Wrong::Code("json_too_deep", detail));
    }
    let told = |error: serde_json::Error| {
        let code = if error.is_data() { "invalid_request" } else { "malformed_json" };
        Wrong::Code(code, error.to_string())
    };
    // Not parsed twice where nothing in it can be too large.
    let small = bytes.len() <= limits.query_bytes && limits.k >= TOP_K_MAX;
    if !small && let Ok(sizes) = serde_json::from_slice::<Sizes>(&bytes) {
        sizes.check(limits).map_err(Wrong::Ours)?;
    }
    serde_json::from_slice(&bytes).map_err(told)
}

/// Whether brackets outside strings are nested deeper than this.
pub(super) fn deeper_than(json: &[u8], depth_max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > depth_max {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// What is limited in every request that has it, under whichever of these names.
#[derive(Deserialize)]
struct Sizes {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    k: Option<u64>,
    #[serde(default)]
    limit: Option<u64>,
}

impl Sizes {
    fn check(&self, limits: &Limits) -> Result<()> {
        for (name, text) in [("query", &self.query), ("text", &self.text)] {
            if let Some(text) = text.as_ref().filter(|text| text.len() > limits.query_bytes) {
                let (expected, got) =
                    (format!("at most {} bytes", limits.query_bytes), format!("{} bytes", text.len()));
                return Err(Error::invalid(name, expected, got, "shorten it"));
            }
        }
        for (name, number) in [("k", self.k), ("limit", self.limit)] {
            if let Some(number) = number.filter(|number| *number > limits.k) {
                return Err(Error::invalid(name, format!("at most {}", limits.k), number, "ask for fewer"));
            }
        }
        Ok(())
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(!deeper_than(br#"{"a": [1, {"b": "[[[[{{{{\"[["}]}"#, 3));
        assert!(deeper_than(br#"{"a": [1, {"b": 1}]}"#, 2));
        assert!(!deeper_than(b"[][][][]", 1));
        assert!(deeper_than("[".repeat(10_000).as_bytes(), 100));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let plain = vec![b' '; 64 << 20];
        let zstd = zstd::encode_all(&plain[..], 3).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&plain).unwrap();
        let gzip = gzip.finish().unwrap();
        assert!(zstd.len() < 10_000 && gzip.len() < 100_000);
        for (sent, encoding) in [(&zstd, Encoding::Zstd), (&gzip, Encoding::Gzip)] {
            let wrong = decompressed(sent, encoding, 1 << 20).unwrap_err();
            assert!(matches!(wrong, Wrong::Code("body_too_large", _)));
            assert_eq!(decompressed(sent, encoding, 64 << 20).unwrap().len(), 64 << 20);
            let wrong = decompressed(&sent[..sent.len() / 2], encoding, 1 << 30).unwrap_err();
            assert!(matches!(wrong, Wrong::Code("malformed_body", _)));
        }
    }
}
