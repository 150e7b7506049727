//! Who is let in: every route of the OpenAPI document without a key, with each scope, with a key of another collection.

use super::{Reply, Service};
use crate::program::{Program, ingest_and_train, stderr};
use serde_json::{Value, json};

const MASTER: &str = "the master key of these tests";

fn with_keys() -> Service {
    let program = Program::new();
    ingest_and_train(&program);
    Service::with(program, &[], &[("SEMEME_MASTER_KEY", MASTER)])
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

fn ask(service: &Service, method: &str, path: &str, key: Option<&str>) -> Reply {
    let authorization = key.map(bearer);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
    let body = matches!(method, "POST" | "PUT" | "PATCH").then_some(&b"{}"[..]);
    service.send(method, path, &headers, body)
}

fn make_key(service: &Service, body: &Value) -> (String, String) {
    let headers = [("content-type", "application/json"), ("api-key", MASTER)];
    let reply = service.send("POST", "/v1/keys", &headers, Some(body.to_string().as_bytes()));
    assert_eq!(reply.status, 201, "{}", reply.body);
    let made = reply.json();
    (made["key"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
}

/// Method, path with names that fit, and scopes of every operation; none if it is open.
fn operations() -> Vec<(String, String, Vec<String>)> {
    let document: Value = serde_json::from_str(&sememe::server::openapi_json()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = serde_json::from_value(operation["x-scopes"].clone()).unwrap_or_default();
            let scopes: Vec<String> = scopes;
            let needs_key = operation["security"] == json!([{"key": []}]);
            assert_eq!(!scopes.is_empty(), needs_key, "{method} {path}");
            let mut filled = path.replace("{collection}", "town");
            while let Some((before, rest)) = filled.split_once('{') {
                filled = format!("{before}none{}", rest.split_once('}').unwrap().1);
            }
            operations.push((method.to_uppercase(), filled, scopes));
        }
    }
    operations
}

#[test]
fn without_a_key_every_route_is_401_but_those_that_say_otherwise() {
    let service = with_keys();
    let mut open = Vec::new();
    for (method, path, scopes) in operations() {
        for key in [None, Some("wrong"), Some("sememe_000000000000_0000")] {
            let reply = ask(&service, &method, &path, key);
            if !scopes.is_empty() {
                assert_eq!(reply.status, 401, "{method} {path}: {}", reply.body);
                assert_eq!(reply.json()["code"], "unauthorized");
                assert!(reply.headers["www-authenticate"].starts_with("Bearer"));
            } else {
                assert_eq!(reply.status, 200, "{method} {path}");
            }
        }
        if scopes.is_empty() {
            open.push(path);
        }
    }
    open.sort();
    let expected = ["/", "/docs", "/docs.js", "/livez", "/openapi.json", "/readyz", "/version"];
    assert_eq!(open, expected, "a route is open that was not, or the other way round");
}

#[test]
fn a_key_opens_the_routes_of_its_scope_and_no_others() {
    let service = with_keys();
    for held in ["search", "ingest", "train", "admin"] {
        let (key, _) = make_key(&service, &json!({"name": held, "scopes": [held]}));
        for (method, path, scopes) in operations().into_iter().filter(|(.., scopes)| !scopes.is_empty()) {
            let reply = ask(&service, &method, &path, Some(&key));
            let allowed = held == "admin" || scopes.iter().any(|scope| scope == held);
            assert_eq!(reply.status != 403, allowed, "{held} key, {method} {path}: {}", reply.body);
            assert_ne!(reply.status, 401, "{held} key, {method} {path}");
        }
    }
}

#[test]
fn a_key_of_one_collection_neither_opens_nor_sees_another() {
    let service = with_keys();
    service.program.write("city.txt", "Another place.");
    service.program.ok(&["ingest", "city", "city.txt"]);
    let everything = json!(["search", "ingest", "train", "admin"]);
    let (key, _) =
        make_key(&service, &json!({"name": "city", "scopes": everything, "collections": ["city"]}));
    for (method, path, scopes) in operations() {
        let reply = ask(&service, &method, &path, Some(&key));
        let of_town = path.starts_with("/v1/collections/town");
        let of_all = scopes == ["admin"] && !of_town;
        assert_eq!(reply.status == 403, of_town || of_all, "{method} {path}: {}", reply.body);
    }
    // Names that decode to the same are the same.
    assert_eq!(ask(&service, "GET", "/v1/collections/%74own", Some(&key)).status, 403);
    let seen = ask(&service, "GET", "/v1/collections", Some(&key)).json();
    let names: Vec<&str> =
        seen["results"].as_array().unwrap().iter().map(|info| info["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["city"]);
    let body = json!({"model": "town", "input": "river"}).to_string();
    let authorization = bearer(&key);
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    let reply = service.send("POST", "/v1/embeddings", &headers, Some(body.as_bytes()));
    assert_eq!((reply.status, reply.json()["code"].as_str()), (404, Some("collection_not_found")));
}

#[test]
fn revoking_a_key_shuts_it_out_at_once_and_no_key_is_ever_logged() {
    let service = with_keys();
    let (key, id) = make_key(&service, &json!({"name": "a", "scopes": ["search"]}));
    assert_eq!(ask(&service, "GET", "/v1/collections", Some(&key)).status, 200);
    assert_eq!(ask(&service, "DELETE", &format!("/v1/keys/{id}"), Some(MASTER)).status, 200);
    assert_eq!(ask(&service, "GET", "/v1/collections", Some(&key)).status, 401);
    // Made on the command line, a running service knows it within a second.
    let made = service.program.ok(&["keys", "create", "b", "--scopes", "search,ingest"]);
    let other = made.lines().next().unwrap();
    let known = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        ask(&service, "GET", "/v1/collections", Some(other)).status == 200
    });
    assert!(known);
    let listed = ask(&service, "GET", "/v1/keys", Some(MASTER)).body;
    let log = service.log();
    assert!(log.contains(&id), "the log does not say which key asked: {log}");
    for secret in [&key, other, MASTER, key.rsplit('_').next().unwrap()] {
        assert!(!log.contains(secret) && !listed.contains(secret), "a key is shown");
    }
}

#[test]
fn without_keys_the_service_keeps_to_its_own_machine() {
    let program = Program::new();
    let output = program.run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("SEMEME_MASTER_KEY"), "{}", stderr(&output));
    let service = Service::of(program);
    let elsewhere = [("host", "evil.example")];
    let reply = service.send("GET", "/v1/collections", &elsewhere, None);
    assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("host_not_allowed")));
    assert_eq!(service.get("/v1/collections").status, 200);
}

#[test]
fn a_master_key_or_insecure_opens_other_addresses() {
    for (settings, variables) in [
        (&["listen=0.0.0.0:0", "insecure=true"][..], &[][..]),
        (&["listen=0.0.0.0:0"], &[("SEMEME_MASTER_KEY", MASTER)]),
    ] {
        let program = Program::new();
        let arguments: Vec<&str> =
            settings.iter().flat_map(|setting| ["--set", setting]).chain(["serve"]).collect();
        let mut child = program
            .command(&arguments)
            .envs(variables.iter().copied())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line)
            .unwrap();
        let _ = child.kill();
        let _ = child.wait();
        assert!(line.starts_with("sememe listens on "), "{settings:?}: {line:?}");
    }
}

#[test]
fn pages_elsewhere_may_ask_only_if_they_are_named() {
    let preflight = |service: &Service, origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,authorization"),
        ];
        let reply = service.send("OPTIONS", "/v1/collections/town/search", &headers, None);
        reply.headers.get("access-control-allow-origin").cloned()
    };
    let service = Service::of(Program::new());
    assert_eq!(preflight(&service, "https://a.example"), None);
    let service = Service::with(Program::new(), &["cors_origins=https://a.example"], &[]);
    assert_eq!(preflight(&service, "https://a.example").as_deref(), Some("https://a.example"));
    assert_eq!(preflight(&service, "https://b.example"), None);
    let reply = service.send("GET", "/v1/collections", &[("origin", "https://b.example")], None);
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let settings = ["key_requests_per_second=1", "address_requests_per_second=0", "burst=5"];
    let service = Service::with(Program::new(), &settings, &[("SEMEME_MASTER_KEY", MASTER)]);
    let (key, _) = make_key(&service, &json!({"name": "a", "scopes": ["search"]}));
    let replies: Vec<Reply> = (0..7).map(|_| ask(&service, "GET", "/v1/collections", Some(&key))).collect();
    assert_eq!(replies[0].headers["ratelimit-limit"], "5");
    assert_eq!(replies[0].headers["ratelimit-remaining"], "4");
    let refused = replies.iter().find(|reply| reply.status == 429).expect("seven requests at five at once");
    assert_eq!(refused.json()["code"], "too_many_requests");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(
        ask(&service, "GET", "/v1/collections", Some(MASTER)).status,
        200,
        "another key has its own rate"
    );
    assert_eq!(ask(&service, "GET", "/livez", None).status, 200);
    let settings = ["address_requests_per_second=1", "burst=5"];
    let service = Service::with(Program::new(), &settings, &[("SEMEME_MASTER_KEY", MASTER)]);
    let guess = || ask(&service, "GET", "/v1/collections", Some("guess"));
    (0..6).for_each(|_| drop(guess()));
    let refused = guess();
    assert_eq!(refused.status, 429, "keys can be guessed as fast as one likes");
}
