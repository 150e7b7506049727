//! The page: one query, both readings, side by side. It uses the public REST API only.

use super::route::Route;
use super::routes::openapi_json;
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use std::sync::OnceLock;

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::open("/", "The page").file(HTML, |_| file(HTML, include_str!("page/index.html"))),
        Route::open("/page.css", "The page's style").file(CSS, |_| file(CSS, include_str!("page/page.css"))),
        Route::open("/page.js", "The page's script")
            .file(SCRIPT, |_| file(SCRIPT, include_str!("page/page.js"))),
        Route::open("/docs", "This interface, to read")
            .file(HTML, |_| file(HTML, include_str!("page/docs.html"))),
        Route::open("/docs.js", "The script of /docs")
            .file(SCRIPT, |_| file(SCRIPT, include_str!("page/docs.js"))),
        Route::open("/openapi.json", "This interface, as OpenAPI describes it")
            .file("application/json", |_| file("application/json", openapi())),
    ]
}

/// Written once: the table does not change while the process runs.
fn openapi() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(openapi_json)
}

fn file(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}
