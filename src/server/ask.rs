//! From a request to a question, and from its answer to a response.

use super::BODY_BYTES_MAX;
use super::problem::Problem;
use crate::engine::Engine;
use crate::error::{Error, Result};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// An answer, or what was wrong.
pub(super) type Answer = std::result::Result<HttpResponse, Problem>;

/// What was asked besides query and body.
pub(super) struct Asked {
    names: HashMap<String, String>,
}

impl Asked {
    /// A name in the path, decoded: `asked.name("collection")`.
    pub(super) fn name(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }
}

/// Asks the engine where waiting is allowed.
pub(super) async fn ask<T: Serialize + Send + 'static>(
    request: &HttpRequest,
    status: StatusCode,
    question: impl FnOnce(&Engine, &Asked) -> Result<T> + Send + 'static,
) -> Answer {
    let Some(engine) = request.app_data::<web::Data<Engine>>().cloned() else {
        let message = "the service has no engine".to_owned();
        return Err(Problem::new(&Error::Library { library: "sememe", message }, request));
    };
    let asked = Asked { names: names(request).await? };
    match web::block(move || question(&engine, &asked)).await {
        Ok(Ok(answer)) => Ok(HttpResponse::build(status).json(answer)),
        Ok(Err(error)) => Err(Problem::new(&error, request)),
        Err(_) => {
            let message = "the question could not be worked out; the log has the reason".to_owned();
            Err(Problem::new(&Error::Library { library: "sememe", message }, request))
        }
    }
}

async fn names(request: &HttpRequest) -> std::result::Result<HashMap<String, String>, Problem> {
    let names = web::Path::<HashMap<String, String>>::extract(request).await;
    names.map(web::Path::into_inner).map_err(|error| Problem::invalid(error.to_string(), request))
}

/// Query parameters.
pub(super) fn query<Q: DeserializeOwned>(request: &HttpRequest) -> std::result::Result<Q, Problem> {
    let query = web::Query::<Q>::from_query(request.query_string());
    query.map(web::Query::into_inner).map_err(|error| Problem::invalid(error.to_string(), request))
}

/// A JSON body.
pub(super) async fn body<B: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
) -> std::result::Result<B, Problem> {
    if !is_json(request) {
        let title = "Expected Content-Type: application/json";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::plain(status, "not_json", title, title.to_owned(), request));
    }
    let bytes = match payload.to_bytes_limited(BODY_BYTES_MAX).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            let detail = format!("the body broke off: {error}");
            return Err(Problem::plain(
                StatusCode::BAD_REQUEST,
                "malformed_body",
                "Malformed body",
                detail,
                request,
            ));
        }
        Err(_) => {
            let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Problem::plain(status, "body_too_large", "Body too large", detail, request));
        }
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        if error.is_data() {
            return Problem::invalid(error.to_string(), request);
        }
        let (status, code) = (StatusCode::BAD_REQUEST, "malformed_json");
        Problem::plain(status, code, "Malformed JSON", error.to_string(), request)
    })
}

fn is_json(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5
            && essence.is_char_boundary(essence.len() - 5)
            && essence[essence.len() - 5..].eq_ignore_ascii_case("+json"))
}
