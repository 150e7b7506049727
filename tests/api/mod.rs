//! The service as its users see it: the real binary, a temporary folder, a free port, HTTP.

mod contrast;
mod documents;
mod errors;
mod page;
mod search;
mod tasks;
mod wordnet;
mod words;

use crate::program::{Program, ingest_and_train};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

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
        Self::with(program, &[])
    }

    /// With additions to its environment.
    pub(crate) fn with(program: Program, environment: &[(&str, &str)]) -> Self {
        let mut child = program
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("sememe listens on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { program, child, address }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        Self::reply(agent().get(format!("{}{path}", self.address)).call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Reply {
        let request =
            agent().post(format!("{}{path}", self.address)).header("content-type", "application/json");
        Self::reply(request.send(body))
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send_as(method, path, "application/json", body)
    }

    pub(crate) fn send_as(&self, method: &str, path: &str, content_type: &str, body: &str) -> Reply {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("content-type", content_type)
            .body(body.to_owned())
            .unwrap();
        Self::reply(agent().run(request))
    }

    /// `None` if the service is gone before it has answered.
    pub(crate) fn try_send(&self, method: &str, path: &str, body: &str) -> Option<Reply> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.address))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .unwrap();
        let mut answer = agent().run(request).ok()?;
        let body = answer.body_mut().read_to_string().ok()?;
        Some(Reply { status: answer.status().as_u16(), content_type: String::new(), body })
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

    fn reply(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Reply {
        let mut answer = answer.unwrap();
        let header = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        Reply {
            status: answer.status().as_u16(),
            content_type: header.unwrap_or_default(),
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
