//! The page: one query, both readings, side by side. It uses the public REST API only.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(|| file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/page.css", web::get().to(|| file("text/css; charset=utf-8", include_str!("page/page.css"))))
        .route(
            "/page.js",
            web::get().to(|| file("text/javascript; charset=utf-8", include_str!("page/page.js"))),
        );
}

async fn file(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}
