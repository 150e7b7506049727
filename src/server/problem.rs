//! Errors as problem documents (RFC 9457): one function chooses the status.

use super::{BODY_BYTES_MAX, RequestId};
use crate::error::Error;
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use serde::Serialize;
use std::fmt;

/// `application/problem+json`.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// `about:blank`: the kind of problem is told by `code`.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    instance: String,
    /// Stable, for programs.
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<At>,
    request_id: String,
}

/// Where in the request the problem lies.
#[derive(Debug, Serialize)]
struct At {
    /// JSON pointer into the body, or the name of a parameter.
    pointer: String,
    detail: String,
}

/// Status, stable code and title of an error.
fn class(error: &Error) -> (StatusCode, &'static str, &'static str) {
    match error {
        Error::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "Invalid request"),
        Error::BadInput { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "bad_input", "Unreadable input"),
        Error::TooLarge { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too_large", "Too large"),
        Error::NotFound { kind: "collection", .. } => {
            (StatusCode::NOT_FOUND, "collection_not_found", "No such collection")
        }
        Error::NotFound { kind: "word", .. } => (StatusCode::NOT_FOUND, "word_not_found", "No such word"),
        Error::NotFound { kind: "document", .. } => {
            (StatusCode::NOT_FOUND, "document_not_found", "No such document")
        }
        Error::NotFound { kind: "synset", .. } => {
            (StatusCode::NOT_FOUND, "synset_not_found", "No such synset")
        }
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found", "Not found"),
        Error::NotReady { .. } => (StatusCode::CONFLICT, "not_ready", "Not ready"),
        Error::Cancelled => (StatusCode::CONFLICT, "cancelled", "Cancelled"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
    }
}

impl Problem {
    /// The problem document of an error of ours.
    #[must_use]
    pub fn new(error: &Error, request: &HttpRequest) -> Self {
        let (status, code, title) = class(error);
        if status.is_server_error() {
            tracing::error!(%error, request_id = request_id(request), "failed");
        }
        let mut problem = Self::plain(status, code, title, error.to_string(), request);
        if let Error::Invalid { what, expected, got, .. } = error
            && !what.contains(' ')
        {
            let detail = format!("expected {expected}, got {got}");
            problem.errors.push(At { pointer: format!("/{what}"), detail });
        }
        problem
    }

    /// Some items of a body are wrong, and no other was there.
    pub(super) fn items<'a>(
        wrong: impl Iterator<Item = (u64, &'a str)>,
        count: u64,
        request: &HttpRequest,
    ) -> Self {
        let detail = format!("no document in it can be read; {count} are wrong");
        let (status, title) = (StatusCode::UNPROCESSABLE_ENTITY, "Unreadable input");
        let mut problem = Self::plain(status, "bad_input", title, detail, request);
        problem.errors =
            wrong.map(|(at, detail)| At { pointer: format!("/{at}"), detail: detail.to_owned() }).collect();
        problem
    }

    /// JSON of a body that is not what it should be.
    pub(super) fn malformed(error: &serde_json::Error, request: &HttpRequest) -> Self {
        let (status, code, title) = if error.is_data() {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "Invalid request")
        } else {
            (StatusCode::BAD_REQUEST, "malformed_json", "Malformed JSON")
        };
        Self::plain(status, code, title, error.to_string(), request)
    }

    /// What is too large about a body is a matter of the body.
    pub(super) fn as_body(mut self) -> Self {
        if self.code == "too_large" {
            self.status = StatusCode::PAYLOAD_TOO_LARGE.as_u16();
            (self.code, self.title) = ("body_too_large", "Body too large");
        }
        self
    }

    /// A problem that the engine never saw.
    pub(super) fn plain(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: String,
        request: &HttpRequest,
    ) -> Self {
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail,
            instance: request.path().to_owned(),
            code,
            errors: Vec::new(),
            request_id: request_id(request),
        }
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
        HttpResponse::build(self.status_code()).content_type("application/problem+json").json(self)
    }
}

/// Bodies: JSON, limited, with problems for what is not.
pub(super) fn json_config() -> web::JsonConfig {
    web::JsonConfig::default().limit(BODY_BYTES_MAX).error_handler(|error, request| {
        let (status, code, title) = match &error {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large")
            }
            JsonPayloadError::ContentType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "Expected Content-Type: application/json")
            }
            JsonPayloadError::Deserialize(inner) if inner.is_data() => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "Invalid request")
            }
            _ => (StatusCode::BAD_REQUEST, "malformed_json", "Malformed JSON"),
        };
        Problem::plain(status, code, title, error.to_string(), request).into()
    })
}

/// Query parameters.
pub(super) fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error: QueryPayloadError, request| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Problem::plain(status, "invalid_request", "Invalid request", error.to_string(), request).into()
    })
}

/// Path segments.
pub(super) fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error: PathError, request| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Problem::plain(status, "invalid_request", "Invalid request", error.to_string(), request).into()
    })
}
