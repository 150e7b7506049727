//! The page: what hard tokens, a semantic network, static and contextual vectors make of the same words. It uses the public
//! REST API only; its files are part of the program, and it asks nobody else.

use super::route::Route;
use super::routes::openapi_json;
use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use std::sync::OnceLock;

/// Nothing from elsewhere, nothing inline. Downloads of what the page itself has made are links of the page, not requests.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const LINES: &str = "application/x-ndjson";
const IMAGE: &str = "image/svg+xml";

/// A route for each file: path, what it is, type and content.
macro_rules! files {
    ($($path:literal $summary:literal $content_type:ident $name:literal;)*) => {
        vec![$(Route::open($path, $summary)
            .file($content_type, |_| file($content_type, include_str!(concat!("page/", $name)))),)*]
    };
}

pub(super) fn routes() -> Vec<Route> {
    let mut routes = files! {
        "/" "The page" HTML "index.html";
        "/page/page.css" "The page's style" CSS "page.css";
        "/page/icon.svg" "The page's icon" IMAGE "icon.svg";
        "/page/main.js" "The page: views, addresses, settings" SCRIPT "main.js";
        "/page/api.js" "The page: questions to this interface" SCRIPT "api.js";
        "/page/dom.js" "The page: elements and common parts" SCRIPT "dom.js";
        "/page/texts.js" "The page: its texts, in English and Chinese" SCRIPT "texts.js";
        "/page/charts.js" "The page: bars, lines, matrices, graphs" SCRIPT "charts.js";
        "/page/map.js" "The page: the map of words" SCRIPT "map.js";
        "/page/contrast.js" "The page: the view Contrast" SCRIPT "contrast.js";
        "/page/explain.js" "The page: why a document was found" SCRIPT "explain.js";
        "/page/word.js" "The page: the view Word" SCRIPT "word.js";
        "/page/sense.js" "The page: the view Sense" SCRIPT "sense.js";
        "/page/collections.js" "The page: the view Collections" SCRIPT "collections.js";
        "/page/evaluation.js" "The page: judged queries" SCRIPT "evaluation.js";
        "/page/demo-en.queries.jsonl" "The page: judged English queries" LINES "../../../corpora/demo-en.queries.jsonl";
        "/page/demo-zh.queries.jsonl" "The page: judged Chinese queries" LINES "../../../corpora/demo-zh.queries.jsonl";
        "/page/files.js" "The page: documents of a file" SCRIPT "files.js";
        "/docs" "This interface, to read" HTML "docs.html";
        "/docs.js" "The script of /docs" SCRIPT "docs.js";
    };
    routes.push(
        Route::open("/openapi.json", "This interface, as OpenAPI describes it")
            .file("application/json", |_| file("application/json", openapi())),
    );
    routes
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
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(body)
}
