//! The page, and what tells that the service is there.

use super::Service;

#[test]
fn the_page_and_its_parts_are_served_from_here_alone() {
    let service = Service::start();
    let page = service.get("/");
    assert_eq!((page.status, page.content_type.as_str()), (200, "text/html; charset=utf-8"));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"));
    assert_eq!(service.get("/page/main.js").content_type, "text/javascript; charset=utf-8");
    assert_eq!(service.get("/page/page.css").content_type, "text/css; charset=utf-8");
    assert_eq!(service.get("/page/icon.svg").content_type, "image/svg+xml");
    assert_eq!(service.get("/page/mod.rs").status, 404);
}

#[test]
fn it_says_that_it_lives_and_which_version_it_is() {
    let service = Service::start();
    assert_eq!(service.get("/livez").json()["status"], "alive");
    assert_eq!(service.get("/readyz").json()["collections"], 1);
    assert_eq!(service.get("/version").json()["version"], env!("CARGO_PKG_VERSION"));
}
