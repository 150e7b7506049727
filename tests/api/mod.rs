//! The service as its users see it: the real binary, a temporary folder, a free port, HTTP.

mod access;
mod contrast;
mod documents;
mod embeddings;
mod errors;
mod limits;
mod observe;
mod openapi;
mod page;
mod search;
mod senses;
mod tasks;
mod wordnet;
mod words;

use crate::program::{Program, ingest_and_train};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A running service with the small collection `town`.
pub(crate) struct Service {
    pub program: Program,
    child: Child,
    address: String,
}

/// Status and body of an answer.
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

impl Service {
    pub(crate) fn start() -> Self {
        let program = Program::new();
        ingest_and_train(&program);
        Self::of(program)
    }

    pub(crate) fn of(program: Program) -> Self {
        Self::with(program, &[], &[])
    }

    /// With settings (`name=value`) and variables of the environment.
    pub(crate) fn with(program: Program, settings: &[&str], variables: &[(&str, &str)]) -> Self {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let arguments: Vec<&str> = ["serve", "--listen", "127.0.0.1:0"].into_iter().chain(settings).collect();
        let log = std::fs::File::create(program.path("service.log")).unwrap();
        let mut child = program
            .command(&arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("sememe listens on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        let service = Self { program, child, address };
        let ready = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            service.get("/readyz").status == 200
        });
        assert!(ready, "not ready: {}", service.get("/readyz").body);
        service
    }

    /// What the service has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.program.path("service.log")).unwrap()
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> &str {
        self.address.strip_prefix("http://").unwrap()
    }

    /// Bytes as they are, on a connection of their own, until the service closes it or nothing more comes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut connection = TcpStream::connect(self.host()).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = connection.write_all(bytes); // the service may have answered before all is written
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A request with headers, a body if there is one.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        match body {
            Some(body) => Self::reply(agent().run(request.body(body).unwrap())),
            None => Self::reply(agent().run(request.body(()).unwrap())),
        }
    }

    /// A request with a JSON body, or none.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send(method, path, &[("content-type", "application/json")], Some(body.as_bytes()))
    }

    /// `None` if the service is gone before it has answered.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: &str) -> Option<Reply> {
        self.try_send(method, path, "application/json", body)
    }

    /// As [`try_ask`](Self::try_ask), of another content type.
    pub(crate) fn try_send(&self, method: &str, path: &str, content_type: &str, body: &str) -> Option<Reply> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("content-type", content_type);
        let mut answer = agent().run(request.body(body.as_bytes()).unwrap()).ok()?;
        let body = answer.body_mut().read_to_string().ok()?;
        let status = answer.status().as_u16();
        Some(Reply { status, content_type: String::new(), headers: BTreeMap::new(), body })
    }

    /// The service after `kill -9` and a new start on the same data.
    pub(crate) fn killed_and_started(self) -> Self {
        Self::of(self.killed())
    }

    /// `kill -9`.
    pub(crate) fn kill(&self) {
        let killed = std::process::Command::new("kill").args(["-9", &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// What it leaves after `kill -9`.
    pub(crate) fn killed(mut self) -> Program {
        let _ = self.child.kill();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.program, Program::new())
    }

    /// What it leaves when it has ended by itself.
    pub(crate) fn ended(mut self) -> Program {
        self.child.wait().unwrap();
        std::mem::replace(&mut self.program, Program::new())
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        Self::reply(agent().get(format!("{}{path}", self.address)).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        let request =
            agent().put(format!("{}{path}", self.address)).header("content-type", "application/json");
        Self::reply(request.send(body.to_string()))
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Reply {
        let request =
            agent().post(format!("{}{path}", self.address)).header("content-type", "application/json");
        Self::reply(request.send(body))
    }

    fn reply(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Reply {
        let mut answer = answer.unwrap();
        let header = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        Reply {
            status: answer.status().as_u16(),
            content_type: header.unwrap_or_default(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                .collect(),
            body: answer.body_mut().read_to_string().unwrap(),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into()
}
