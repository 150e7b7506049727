//! What is too large, too deep, too slow or too much is refused, and the service goes on.

use super::Service;
use crate::program::Program;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const SEARCH: &str = "/v1/collections/town/search";

#[test]
fn the_limits_are_told_with_unit_and_range_and_hold() {
    let service =
        Service::with(Program::new(), &["k_max=20", "query_bytes_max=100", "json_depth_max=5"], &[]);
    let limits = service.get("/v1/limits").json();
    let k = &limits["limits"]["k_max"];
    assert_eq!((&k["value"], &k["least"], &k["most"]), (&json!(20), &json!(1), &json!(1000)));
    assert_eq!(k["unit"], "answers");
    for (path, body) in [
        (SEARCH, json!({"query": "x", "mode": "keyword", "limit": 21})),
        (SEARCH, json!({"query": "x".repeat(101), "mode": "keyword"})),
        ("/v1/collections/town/contrast", json!({"query": "x", "k": 21})),
        ("/v1/collections/town/analyze", json!({"text": "x".repeat(101)})),
    ] {
        let reply = service.post(path, &body);
        assert_eq!((reply.status, reply.json()["code"].as_str()), (422, Some("invalid_request")), "{body}");
        assert!(reply.json()["detail"].as_str().unwrap().contains("at most"), "{}", reply.body);
    }
    assert_eq!(service.get("/v1/collections/town/words/river/similar?k=21").status, 422);
    let deep = json!({"query": [[[[[1]]]]]});
    assert_eq!(service.post(SEARCH, &deep).json()["code"], "json_too_deep");
}

#[test]
fn documents_and_fields_have_limits_too() {
    let settings = ["documents_max=3", "fields_max=4", "document_bytes_max=2000", "documents_bytes_max=4000"];
    let service = Service::with(Program::new(), &settings, &[]);
    let path = "/v1/collections/town/documents";
    let send = |content_type: &str, body: &str| {
        service.send("POST", path, &[("content-type", content_type)], Some(body.as_bytes()))
    };
    let line = |n: usize| json!({"id": n, "text": "a river"}).to_string() + "\n";
    let lines: String = (0..5).map(line).collect();
    let reply = send("application/x-ndjson", &lines);
    assert_eq!(reply.status, 422, "{}", reply.body);
    assert!(reply.json()["detail"].as_str().unwrap().contains("at most 3 documents"), "{}", reply.body);
    assert_eq!(service.get("/v1/collections/town").json()["documents"], 3, "those before it stay");
    let array = json!([{"id": 7, "text": "x"}, {"id": 8, "text": "x"}, {"id": 9, "text": "x"}, {"id": 10, "text": "x"}]);
    assert_eq!(send("application/json", &array.to_string()).status, 422);
    assert_eq!(
        service.get("/v1/collections/town").json()["documents"],
        3,
        "an array is taken whole or not at all"
    );
    // Fields within others count; the line is told, the others are taken.
    let many = json!({"id": 3, "text": "x", "a": {"b": [{"c": 1}]}}).to_string() + "\n" + &line(4);
    let reply = send("application/x-ndjson", &many).json();
    assert_eq!((&reply["added"], &reply["rejected"]), (&json!(1), &json!(1)), "{reply}");
    assert!(reply["errors"][0]["reason"].as_str().unwrap().contains("at most 4 fields, got 5"), "{reply}");
    let one = service.put(&format!("{path}/z"), &json!({"text": "x", "a": {"b": 1, "c": 2, "d": 3, "e": 4}}));
    assert_eq!((one.status, &one.json()["errors"][0]["pointer"]), (422, &json!("/fields")), "{}", one.body);
    let long = json!({"id": 5, "text": "x".repeat(3000)}).to_string() + "\n" + &line(6);
    let reply = send("application/x-ndjson", &long).json();
    assert_eq!((&reply["added"], &reply["rejected"]), (&json!(1), &json!(1)), "{reply}");
    let reply = send("application/x-ndjson", &" ".repeat(5000));
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (413, Some("body_too_large")),
        "{}",
        reply.body
    );
}

#[test]
fn compressed_bodies_are_read_and_bombs_are_not() {
    let service = Service::start();
    let body = json!({"query": "river", "mode": "keyword"}).to_string();
    let send = |encoding: &str, bytes: &[u8]| {
        let headers = [("content-type", "application/json"), ("content-encoding", encoding)];
        service.send("POST", SEARCH, &headers, Some(bytes))
    };
    assert_eq!(send("gzip", &gzip(body.as_bytes())).status, 200);
    assert_eq!(send("zstd", &zstd::encode_all(body.as_bytes(), 3).unwrap()).status, 200);
    assert_eq!(send("br", body.as_bytes()).json()["code"], "unsupported_encoding");
    assert_eq!(send("gzip", body.as_bytes()).json()["code"], "malformed_body");
    let bomb = format!("{{\"query\": \"{}\"}}", " ".repeat(256 << 20));
    for (encoding, bytes) in
        [("gzip", gzip(bomb.as_bytes())), ("zstd", zstd::encode_all(bomb.as_bytes(), 3).unwrap())]
    {
        assert!(bytes.len() < 1 << 20, "{encoding}: {} bytes", bytes.len());
        let reply = send(encoding, &bytes);
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (413, Some("body_too_large")),
            "{encoding}"
        );
    }
    assert!(memory_mb(&service) < 200, "a bomb has gone off: {} MB", memory_mb(&service));
    assert_eq!(service.get("/livez").status, 200);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// 0 where the system does not tell.
fn memory_mb(service: &Service) -> u64 {
    let text = service.get("/metrics").body;
    let line = text.lines().find_map(|line| line.strip_prefix("sememe_resident_memory_bytes "));
    line.map_or(0, |bytes| bytes.parse::<f64>().unwrap() as u64 >> 20)
}

#[test]
fn names_that_are_paths_reach_no_file() {
    let service = Service::start();
    let before = crate::program::listing(&service.program.data_dir());
    let long = "a".repeat(300);
    for name in [
        "..",
        "%2e%2e",
        "..%2f..%2fetc",
        "%2e%2e%2f",
        "a%00b",
        "c%3a%5c",
        "%ef%bc%8f",
        "a%5cb",
        "~",
        ".git",
        &long,
    ] {
        for path in [
            format!("/v1/collections/{name}"),
            format!("/v1/collections/{name}/words/x"),
            format!("/v1/collections/{name}/documents/x"),
            format!("/v1/collections/town/documents/{name}"),
            format!("/v1/collections/town/words/{name}"),
            format!("/v1/wordnet/synsets/{name}"),
            format!("/v1/keys/{name}"),
        ] {
            let answer = service.raw(
                format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes(),
            );
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(["404", "405", "409", "422", "400"].contains(&status), "{path}: {answer}");
            assert!(!answer.contains("root:"), "{path}");
        }
    }
    assert_eq!(crate::program::listing(&service.program.data_dir()), before);
    let raw = service.raw(
        b"GET /page/page.css/../../../../etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    );
    assert!(raw.starts_with("HTTP/1.1 404"), "{raw}");
}

#[test]
fn whoever_dawdles_is_left_behind() {
    let service = Service::with(Program::new(), &["header_ms_max=1000"], &[]);
    // Half a head, and then nothing.
    let answer = service.raw(b"GET /livez HTTP/1.1\r\nhost: loc");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // A head, and a body that does not come.
    let service = Service::with(Program::new(), &["body_ms_max=300"], &[]);
    let head = format!(
        "POST {SEARCH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let mut connection = TcpStream::connect(service.host()).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    connection.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let length = connection.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body_too_slow"), "{answer}");
}

#[test]
fn many_idle_and_dripping_connections_do_not_keep_others_waiting() {
    let service = Service::start();
    let mut open = Vec::new();
    for number in 0..300 {
        let mut connection = TcpStream::connect(service.host()).unwrap();
        let part: &[u8] = if number % 2 == 0 { b"" } else { b"POST /v1/embeddings HTTP/1.1\r\nhost:" };
        connection.write_all(part).unwrap();
        open.push(connection);
    }
    for _ in 0..20 {
        assert_eq!(service.get("/v1/collections/town/words/river/similar?k=3").status, 200);
    }
}

#[test]
fn more_questions_than_can_wait_are_told_to_come_again() {
    let program = Program::new();
    crate::program::ingest_and_train(&program);
    let service = Service::with(program, &["questions_max=1", "queue_max=1"], &[]);
    let body = json!({"query": "river bank water loan interest ".repeat(1500)});
    let statuses: Vec<(u16, Option<String>)> = std::thread::scope(|scope| {
        let ask = || {
            let reply = service.post("/v1/collections/town/contrast", &body);
            (reply.status, reply.headers.get("retry-after").cloned())
        };
        let asking: Vec<_> = (0..12).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(statuses.iter().any(|(status, _)| *status == 200), "{statuses:?}");
    let refused: Vec<_> = statuses.iter().filter(|(status, _)| *status == 503).collect();
    assert!(!refused.is_empty(), "{statuses:?}");
    assert!(refused.iter().all(|(_, retry)| retry.as_deref() == Some("1")), "{statuses:?}");
    assert!(statuses.iter().all(|(status, _)| matches!(status, 200 | 503)), "{statuses:?}");
    assert_eq!(service.post("/v1/collections/town/contrast", &json!({"query": "river"})).status, 200);
}
