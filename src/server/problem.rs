//! Errors as problem documents (RFC 9457): one table of codes, and one function that chooses among them.

use super::RequestId;
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Stable code, status, title, and whether the same request may be answered later. docs/errors.md explains each.
pub const CODES: &[(&str, u16, &str, bool)] = &[
    ("malformed_body", 400, "Malformed body", false),
    ("malformed_json", 400, "Malformed JSON", false),
    ("json_too_deep", 400, "JSON nested too deeply", false),
    ("unauthorized", 401, "No valid key", false),
    ("forbidden", 403, "The key is not for this", false),
    ("host_not_allowed", 403, "Asked under another name", false),
    ("route_not_found", 404, "No such route", false),
    ("collection_not_found", 404, "No such collection", false),
    ("document_not_found", 404, "No such document", false),
    ("word_not_found", 404, "No such word", false),
    ("synset_not_found", 404, "No such synset", false),
    ("key_not_found", 404, "No such key", false),
    ("task_not_found", 404, "No such task", false),
    ("not_found", 404, "Not found", false),
    ("method_not_allowed", 405, "Method not allowed", false),
    ("body_too_slow", 408, "Body too slow", true),
    ("not_ready", 409, "Not ready", false),
    ("cancelled", 409, "Cancelled", false),
    ("body_too_large", 413, "Body too large", false),
    ("not_json", 415, "Expected Content-Type: application/json", false),
    ("unsupported_encoding", 415, "Unknown Content-Encoding", false),
    ("invalid_request", 422, "Invalid request", false),
    ("invalid_syntax", 422, "Invalid syntax", false),
    ("bad_input", 422, "Unreadable input", false),
    ("too_large", 422, "Too large", false),
    ("too_many_requests", 429, "Too many requests", true),
    ("internal", 500, "Internal error", false),
    ("overloaded", 503, "Overloaded", true),
    ("disk_full", 507, "Disk full", true),
];

/// `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the kind of problem is told by `code`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here: what, where, expected, got, and the cure.
    detail: String,
    /// The path that was asked.
    instance: String,
    /// Stable, for programs.
    code: &'static str,
    /// Where in the request, as far as that is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<At>,
    /// As in the header `x-request-id` and in the log.
    request_id: String,
    /// Whether the same request may be answered later.
    retryable: bool,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
}

/// Where in the request the problem lies.
#[derive(Debug, Serialize, ToSchema)]
struct At {
    /// JSON pointer into the body, or the name of a parameter.
    pointer: String,
    /// Where in that string, in bytes from 0: for a query or filter that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
    /// Expected and got.
    detail: String,
}

/// The code of an error of ours.
fn code_of(error: &Error) -> &'static str {
    match error {
        Error::Invalid { .. } => "invalid_request",
        Error::Syntax { .. } => "invalid_syntax",
        Error::BadInput { .. } => "bad_input",
        Error::TooLarge { .. } => "too_large",
        Error::NotFound { kind: "collection", .. } => "collection_not_found",
        Error::NotFound { kind: "word", .. } => "word_not_found",
        Error::NotFound { kind: "document", .. } => "document_not_found",
        Error::NotFound { kind: "synset", .. } => "synset_not_found",
        Error::NotFound { kind: "key", .. } => "key_not_found",
        Error::NotFound { kind: "task", .. } => "task_not_found",
        Error::NotFound { .. } => "not_found",
        Error::NotReady { .. } => "not_ready",
        Error::Cancelled => "cancelled",
        error if error.is_disk_full() => "disk_full",
        _ => "internal",
    }
}

impl Problem {
    /// The problem document of an error of ours.
    #[must_use]
    pub fn new(error: &Error, request: &HttpRequest) -> Self {
        let code = code_of(error);
        if code == "internal" {
            tracing::error!(%error, request_id = request_id(request), "failed");
        }
        let mut problem = Self::of(code, error.to_string(), request);
        if let Error::Invalid { what, expected, got, .. } = error
            && !what.contains(' ')
        {
            let detail = format!("expected {expected}, got {got}");
            problem.errors.push(At { pointer: format!("/{what}"), offset: None, detail });
        }
        if let Error::Syntax { what, at, expected, got, .. } = error {
            let detail = format!("expected {expected}, got {got}");
            problem.errors.push(At { pointer: format!("/{what}"), offset: Some(*at), detail });
        }
        problem
    }

    /// A problem of this code, of which the engine never heard.
    pub(super) fn of(code: &'static str, detail: String, request: &HttpRequest) -> Self {
        let known = CODES.iter().find(|known| known.0 == code);
        debug_assert!(known.is_some(), "no code {code}");
        let (_, status, title, retryable) =
            known.copied().unwrap_or(("internal", 500, "Internal error", false));
        Self {
            kind: "about:blank",
            title,
            status,
            detail,
            instance: request.path().to_owned(),
            code,
            errors: Vec::new(),
            request_id: request_id(request),
            retryable,
            retry_after_seconds: retryable.then_some(1),
        }
    }

    /// Some items of a body are wrong, and no other was there.
    pub(super) fn items<'a>(
        wrong: impl Iterator<Item = (u64, &'a str)>,
        count: u64,
        request: &HttpRequest,
    ) -> Self {
        let detail = format!("no document in it can be read; {count} are wrong");
        let errors = wrong.map(|(at, detail)| At {
            pointer: format!("/{at}"),
            offset: None,
            detail: detail.to_owned(),
        });
        Self { errors: errors.collect(), ..Self::of("bad_input", detail, request) }
    }

    /// What is too large about a body is the body.
    pub(super) fn of_a_body(self, request: &HttpRequest) -> Self {
        if self.code == "too_large" { Self::of("body_too_large", self.detail, request) } else { self }
    }

    /// A path, query or body that makes no sense.
    pub(super) fn invalid(detail: String, request: &HttpRequest) -> Self {
        Self::of("invalid_request", detail, request)
    }

    /// When to ask again.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds.max(1)), ..self }
    }
}

fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.status == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"sememe\""));
        }
        response.json(self)
    }
}
