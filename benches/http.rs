//! What the service costs beside the bare HTTP server: similar words against an actix-web route that answers a constant of the same
//! size, on the same processors, in turns, in the same run.
//!
//! ```text
//! cargo bench --bench http -- [seconds of a round, default 1] [connections, default 16] [rounds, default 15]
//! ```
//! Keyword search is held against a constant of its size in the same way. The last line is JSON.
//! The load is closed: each connection asks again when it is answered. It shares the processors with the servers, so the rates are
//! lower than those of either alone; the ratio is what counts.

#![allow(clippy::print_stdout)]

use actix_web::{App, HttpResponse, HttpServer, web};
use sememe::Engine;
use sememe::config::Config;
use sememe::engine::{Ingestion, SimilarRequest, TrainSettings};
use sememe::progress::Silent;
use sememe::text::{Documents, ReadOptions};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const WORDS: [&str; 8] = ["river", "bank", "money", "house", "water", "city", "music", "language"];

fn main() {
    let arguments: Vec<f64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let seconds = Duration::from_secs_f64(arguments.first().copied().unwrap_or(1.0));
    let connections = arguments.get(1).map_or(16, |number| *number as usize);
    // Many and short, so that whatever else the machine does falls on both.
    let rounds = arguments.get(2).map_or(15, |number| *number as usize);
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/demo-en.jsonl");
    let documents = Documents::open(&corpus, ReadOptions::default()).unwrap();
    engine.ingest("demo-en", documents, Ingestion::default(), &Silent).unwrap();
    engine.train("demo-en", &TrainSettings::default(), &Silent).unwrap();
    let _ = engine.wordnet(); // compiled now, so that it does not compete later
    let sample = engine.similar("demo-en", "river", &SimilarRequest::default()).unwrap();
    let constant = serde_json::to_string(&sample).unwrap();
    let bytes = constant.len();
    println!(
        "answers of {} bytes, {connections} connections, rounds of {:.1} s",
        constant.len(),
        seconds.as_secs_f64()
    );
    let mut config = Config::default();
    config.flag("listen", "127.0.0.1:0", "bench").unwrap();
    let listener = sememe::server::bind(&engine, &config).unwrap();
    let ours = listener.local_addr().unwrap();
    std::thread::spawn(move || sememe::server::serve(Arc::new(engine), listener, config));
    let bare = constant_server(constant);
    let similar: Vec<String> =
        WORDS.iter().map(|word| get(&format!("/v1/collections/demo-en/words/{word}/similar?k=10"))).collect();
    let constants = vec![get("/")];
    std::thread::sleep(Duration::from_secs(2));
    load(ours, &similar, connections, Duration::from_millis(500), None);
    load(bare, &constants, connections, Duration::from_millis(500), None);
    let (mut rates, mut bare_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let (rate, p99) = load(ours, &similar, connections, seconds, None);
        let (bare_rate, bare_p99) = load(bare, &constants, connections, seconds, None);
        println!(
            "round {round}: similar {rate:.0}/s, p99 {p99:.2} ms; constant {bare_rate:.0}/s, p99 {bare_p99:.2} ms; ratio {:.2}",
            rate / bare_rate
        );
        rates.push(rate);
        bare_rates.push(bare_rate);
        ratios.push(rate / bare_rate);
    }
    let similar_rounds = json!({"bytes": bytes, "rates": rates, "constant_rates": bare_rates});
    let peak = median(&mut rates);
    println!(
        "medians: similar {peak:.0}/s, constant {:.0}/s, ratio {:.2}",
        median(&mut bare_rates),
        median(&mut ratios)
    );
    let (mut at_half, mut bare_at_half) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        at_half.push(load(ours, &similar, connections, seconds, Some(peak / 2.0)).1);
        bare_at_half.push(load(bare, &constants, connections, seconds, Some(peak / 2.0)).1);
    }
    println!(
        "at half of peak, {:.0}/s, median p99: similar {:.2} ms, constant {:.2} ms",
        peak / 2.0,
        median(&mut at_half),
        median(&mut bare_at_half)
    );
    let search = beside_constant(ours, connections, seconds, rounds);
    println!(
        "{}",
        json!({"connections": connections, "seconds": seconds.as_secs_f64(), "similar": similar_rounds, "search": search,
               "at_half": {"rate": peak / 2.0, "p99_ms": at_half, "constant_p99_ms": bare_at_half}})
    );
}

/// Keyword searches of two words, ten documents each, in turns with a constant of the size of one answer.
fn beside_constant(
    ours: SocketAddr,
    connections: usize,
    seconds: Duration,
    rounds: usize,
) -> serde_json::Value {
    let ask = |pair: &[&str]| {
        let body = json!({"query": pair.join(" "), "mode": "keyword", "limit": 10}).to_string();
        format!(
            "POST /v1/collections/demo-en/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let searches: Vec<String> = WORDS.windows(2).map(ask).collect();
    let mut buffer = vec![0; 1 << 20];
    let mut connection = TcpStream::connect(ours).unwrap();
    connection.write_all(searches[0].as_bytes()).unwrap();
    let bytes = answer(&mut connection, &mut buffer);
    let (bare, constants) = (constant_server("x".repeat(bytes)), vec![get("/")]);
    std::thread::sleep(Duration::from_millis(500));
    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        rates.push(load(ours, &searches, connections, seconds, None).0);
        bare_rates.push(load(bare, &constants, connections, seconds, None).0);
    }
    json!({"bytes": bytes, "rates": rates, "constant_rates": bare_rates})
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn constant_server(body: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let body = web::Bytes::from(body);
        let app = move || {
            let body = body.clone();
            let answer = move || {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            };
            App::new().route("/", web::get().to(answer))
        };
        actix_web::rt::System::new()
            .block_on(async { HttpServer::new(app).listen(listener).unwrap().run().await })
    });
    address
}

/// Requests a second, and the 99th percentile of their times in milliseconds; as fast as it goes, or at a rate in all.
fn load(
    to: SocketAddr,
    requests: &[String],
    connections: usize,
    time: Duration,
    rate: Option<f64>,
) -> (f64, f64) {
    let start = Instant::now();
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let ask = |number: usize| {
            let mut connection = TcpStream::connect(to).unwrap();
            connection.set_nodelay(true).unwrap();
            let (mut times, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
            let every = rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate));
            let mut next = start + every.unwrap_or_default().mul_f64(number as f64 / connections as f64);
            while start.elapsed() < time {
                if let Some(every) = every {
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    next += every;
                }
                let request = &requests[(number + times.len()) % requests.len()];
                let asked = Instant::now();
                connection.write_all(request.as_bytes()).unwrap();
                answer(&mut connection, &mut buffer);
                times.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            times
        };
        let asking: Vec<_> = (0..connections).map(|number| scope.spawn(move || ask(number))).collect();
        asking.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let taken = start.elapsed().as_secs_f64();
    times.sort_by(f64::total_cmp);
    (times.len() as f64 / taken, times[times.len() * 99 / 100])
}

/// Reads one answer with a length, and returns that of its body.
fn answer(connection: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut read = 0;
    loop {
        read += connection.read(&mut buffer[read..]).unwrap();
        let Some(head) = buffer[..read].windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let length = length.parse::<usize>().unwrap();
        if read >= head + 4 + length {
            return length;
        }
    }
}
