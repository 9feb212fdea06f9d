//! A hub on this machine, which answers as huggingface.co does, and does what a bad day or a bad hub
//! would do.
//!
//! `/api/models/ID/revision/REVISION` lists a repository. `/ID/resolve/COMMIT/FILE` redirects: small
//! files to `/api/resolve-cache/…` without a host, files in large storage to another address, with their
//! SHA-256 in `X-Linked-Etag`. Ranges are answered with 206, one beyond the end with 416.

#![allow(dead_code, reason = "each test file uses a part of this")]

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// One request, and what was sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub path: String,
    pub range: Option<String>,
    /// Whether a token came with it.
    pub signed: bool,
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes: usize,
}

/// What goes wrong with a file.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection ends after so many bytes, once.
    Cut(usize),
    /// The bytes are others than the hash is of.
    Wrong,
    /// The last byte is not sent.
    Short,
    /// It is listed, but not there.
    Gone,
    /// The header names this as the file's hash.
    Etag(String),
}

#[derive(Default)]
struct State {
    /// Of each model: the files of each commit.
    commits: BTreeMap<String, BTreeMap<String, BTreeMap<String, Vec<u8>>>>,
    /// Of each model: the commit of each branch.
    branches: BTreeMap<String, BTreeMap<String, String>>,
    /// Of each model: the token that it is given out for.
    gates: BTreeMap<String, String>,
    /// Names that are in every listing, and nowhere else.
    phantoms: Vec<String>,
    faults: BTreeMap<String, Fault>,
    served: Vec<Served>,
}

pub struct Hub {
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Hub {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, own) = (Arc::clone(&state), endpoint.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, own) = (Arc::clone(&shared), own.clone());
                // A client that goes away is its own affair.
                std::thread::spawn(move || answer(stream.unwrap(), &own, &shared));
            }
        });
        Self { endpoint, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a commit with these files on `main` and gives its hash.
    pub fn publish(&self, id: &str, files: &[(&str, &[u8])]) -> String {
        let files: BTreeMap<String, Vec<u8>> = files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect();
        let content = files
            .iter()
            .map(|(name, bytes)| name.clone() + &sha256(bytes));
        let commit = sha256(content.collect::<String>().as_bytes())[..40].to_owned();
        let mut state = self.state();
        let commits = state.commits.entry(id.to_owned()).or_default();
        commits.insert(commit.clone(), files);
        let branches = state.branches.entry(id.to_owned()).or_default();
        branches.insert("main".to_owned(), commit.clone());
        commit
    }

    /// Gives out the files of a model to those who send this token.
    pub fn gate(&self, id: &str, token: &str) {
        self.state().gates.insert(id.to_owned(), token.to_owned());
    }

    pub fn list_also(&self, name: &str) {
        self.state().phantoms.push(name.to_owned());
    }

    pub fn fault(&self, file: &str, fault: Fault) {
        self.state().faults.insert(file.to_owned(), fault);
    }

    pub fn mend(&self, file: &str) {
        self.state().faults.remove(file);
    }

    /// What was served since the last call.
    pub fn served(&self) -> Vec<Served> {
        std::mem::take(&mut self.state().served)
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_large(name: &str) -> bool {
    name.ends_with(".safetensors") || name.ends_with(".gguf") || name == "tokenizer.json"
}

/// Git's SHA-1 in the hub's answers; here any forty digits that depend on the content.
fn blob(bytes: &[u8]) -> String {
    sha256(bytes)[24..].to_owned()
}

struct Request {
    path: String,
    range: Option<String>,
    token: Option<String>,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut request = Request {
        path,
        range: None,
        token: None,
    };
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(": ") else {
            return Some(request);
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.to_owned()),
            "authorization" => request.token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    None
}

#[derive(Default)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// How much of the body is sent.
    cut: Option<usize>,
}

impl Answer {
    fn error(status: u16, code: &'static str) -> Self {
        Self {
            status,
            headers: vec![("X-Error-Code", code.to_owned())],
            ..Self::default()
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

fn answer(mut stream: TcpStream, endpoint: &str, state: &Mutex<State>) {
    let Some(request) = read(&stream) else {
        return;
    };
    let mut state = state.lock().unwrap();
    let answer = state.route(&request, endpoint);
    let sent = answer.cut.unwrap_or(answer.body.len());
    state.served.push(Served {
        path: request.path,
        range: request.range,
        signed: request.token.is_some(),
        status: answer.status,
        bytes: sent,
    });
    drop(state);
    let mut head = format!("HTTP/1.1 {} -\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", answer.body.len());
    // In one piece: the second of two would wait for the first to be acknowledged.
    let _ = stream.write_all(&[head.as_bytes(), &answer.body[..sent]].concat());
}

impl State {
    fn route(&mut self, request: &Request, endpoint: &str) -> Answer {
        let path = request.path.split('?').next().unwrap();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts[..] {
            ["api", "models", owner, name, "revision", revision] => {
                self.listing(&format!("{owner}/{name}"), revision)
            }
            ["api", "resolve-cache", "models", owner, name, commit, file] => {
                self.small(&format!("{owner}/{name}"), commit, file, request)
            }
            [owner, name, "resolve", commit, file] => {
                self.resolve(&format!("{owner}/{name}"), commit, file, request, endpoint)
            }
            ["large", owner, name, commit, file] => {
                let bytes = &self.commits[&format!("{owner}/{name}")][commit][file];
                let bytes = bytes.clone();
                self.content(file, bytes, request)
            }
            _ => Answer::error(404, "EntryNotFound"),
        }
    }

    fn listing(&self, id: &str, revision: &str) -> Answer {
        let Some(commits) = self.commits.get(id) else {
            // As the hub answers those who send no token.
            return Answer::error(401, "RepoNotFound");
        };
        let commit = self.branches[id].get(revision);
        let commit = commit.map_or(revision, String::as_str);
        let Some(files) = commits.get(commit) else {
            return Answer::error(404, "RevisionNotFound");
        };
        let mut siblings: Vec<serde_json::Value> = Vec::new();
        for (name, bytes) in files {
            let mut sibling = serde_json::json!({
                "rfilename": name, "size": bytes.len(), "blobId": blob(bytes),
            });
            if is_large(name) {
                sibling["lfs"] = serde_json::json!({
                    "sha256": sha256(bytes), "size": bytes.len(), "pointerSize": 134,
                });
            }
            siblings.push(sibling);
        }
        for name in &self.phantoms {
            siblings.push(serde_json::json!({ "rfilename": name, "size": 3 }));
        }
        let body = serde_json::json!({ "id": id, "sha": commit, "siblings": siblings });
        Answer {
            status: 200,
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            cut: None,
        }
    }

    fn resolve(
        &self,
        id: &str,
        commit: &str,
        file: &str,
        request: &Request,
        endpoint: &str,
    ) -> Answer {
        match (self.gates.get(id), &request.token) {
            (Some(_), None) => return Answer::error(401, "GatedRepo"),
            (Some(gate), Some(token)) if token != gate => return Answer::error(403, "GatedRepo"),
            _ => {}
        }
        let fault = self.faults.get(file);
        let files = self.commits.get(id).and_then(|commits| commits.get(commit));
        let bytes = files.and_then(|files| files.get(file));
        let Some(bytes) = bytes.filter(|_| !matches!(fault, Some(Fault::Gone))) else {
            return Answer::error(404, "EntryNotFound");
        };
        let redirect = Answer::default().with("X-Repo-Commit", commit);
        if !is_large(file) {
            let place = format!("/api/resolve-cache/models/{id}/{commit}/{file}");
            let status = 307;
            return Answer { status, ..redirect }.with("Location", place);
        }
        let etag = match fault {
            Some(Fault::Etag(etag)) => etag.clone(),
            _ => sha256(bytes),
        };
        let status = 302;
        Answer { status, ..redirect }
            .with("X-Linked-Etag", format!("\"{etag}\""))
            .with("X-Linked-Size", bytes.len().to_string())
            .with("Location", format!("{endpoint}/large/{id}/{commit}/{file}"))
    }

    fn small(&mut self, id: &str, commit: &str, file: &str, request: &Request) -> Answer {
        let bytes = self.commits[id][commit][file].clone();
        // A cache that may compress what it passes on weakens the ETag.
        let weak = if file == "config.json" { "W/" } else { "" };
        let etag = format!("{weak}\"{}\"", blob(&bytes));
        self.content(file, bytes, request)
            .with("ETag", etag)
            .with("X-Repo-Commit", commit)
    }

    /// The bytes of a file, or of the range that was asked for.
    fn content(&mut self, file: &str, mut bytes: Vec<u8>, request: &Request) -> Answer {
        let fault = self.faults.get(file).cloned();
        if let Some(Fault::Wrong) = fault {
            bytes.fill(b'?');
        }
        let size = bytes.len();
        let range = request.range.as_deref();
        let range = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let mut answer = Answer {
            status: 200,
            ..Answer::default()
        };
        if let Some((from, to)) = range {
            let from: usize = from.parse().unwrap();
            if from >= size {
                return Answer::error(416, "RangeNotSatisfiable");
            }
            let last = to.parse::<usize>().map_or(size - 1, |to| to.min(size - 1));
            bytes = bytes[from..=last].to_vec();
            answer.status = 206;
            answer = answer.with("Content-Range", format!("bytes {from}-{last}/{size}"));
        }
        if matches!(fault, Some(Fault::Short)) && bytes.len() > 1 {
            bytes.pop();
        }
        if let Some(Fault::Cut(after)) = fault
            && bytes.len() > after
        {
            answer.cut = Some(after);
            self.faults.remove(file);
        }
        answer.body = bytes;
        answer
    }
}
