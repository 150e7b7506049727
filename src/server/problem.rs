//! Errors as problem documents (RFC 9457): one function chooses the status.

use super::RequestId;
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    /// Where in the request, as far as that is known.
    errors: Vec<At>,
    /// As in the header `x-request-id` and in the log.
    request_id: String,
}

/// Where in the request the problem lies.
#[derive(Debug, Serialize, ToSchema)]
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

    /// A path, query or body that makes no sense.
    pub(super) fn invalid(detail: String, request: &HttpRequest) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::plain(status, "invalid_request", "Invalid request", detail, request)
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
