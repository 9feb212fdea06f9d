//! Questions in; what the hub answers out. The only file of remiss that opens a connection, and only
//! `pull` calls it.
//!
//! The hub's own client, `hf-hub`, asks and downloads; what it leaves open is done here and in `pull`.
//!
//! - Version 0.5, not 1.0: the new client begins again where a download was cut off, and brings some
//!   150 crates (tokio, reqwest, aws-lc) where this one brings twenty. Its synchronous side appends to
//!   `hub/models--OWNER--NAME/blobs/ETAG.part` and asks for the rest with `Range: bytes=N-`.
//! - Killed between the last byte and the renaming of that file, it would ask for `bytes=SIZE-` and be
//!   answered 416 for ever. So a part that is whole is taken as it is, and one that is too long is dropped.
//! - Its retries are off: after a retry that received nothing it asks from byte zero and appends.
//! - It takes the hub's ETag and commit for names of files. So they are looked at first: they must be
//!   hashes, and those that the listing gave.
//! - It checks no hash; `pull` does.
//! - It reads a token from a file of its own; here only `HF_TOKEN` counts, and it is sent when the hub
//!   refuses to answer without it.

use super::names::{is_commit, is_hash, is_sha256, stays_inside};
use super::{Progress, StoreError, Tell};
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const ENDPOINT: &str = "https://huggingface.co";

/// The hub that models come from.
pub struct Hub {
    endpoint: String,
    token: Option<String>,
}

impl Hub {
    /// `endpoint`: such as `https://huggingface.co`. `token`: sent only if the hub does not answer without.
    pub fn new(endpoint: &str, token: Option<&str>) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// The hub that `HF_ENDPOINT` names, else huggingface.co, with the token in `HF_TOKEN`.
    pub fn from_env() -> Self {
        let set = |name| {
            let value: Option<String> = std::env::var(name).ok();
            let value = value.map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        Self::new(&endpoint, set("HF_TOKEN").as_deref())
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

/// The files of a repository at one commit.
pub(super) struct Listing {
    pub(super) commit: String,
    pub(super) files: BTreeMap<String, Listed>,
}

/// What the listing says of a file; mirrors of the hub leave some of it out.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) size: Option<u64>,
    pub(super) sha256: Option<String>,
}

/// The hub's answer to `/api/models/ID/revision/REVISION?blobs=true`.
#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: Option<String>,
}

/// What the hub's headers say of a file that is about to be fetched.
pub(super) struct Expected {
    pub(super) size: u64,
    /// Of the content: SHA-256 for files in large storage, git's SHA-1 for others, as the header has it.
    etag: String,
    pub(super) sha256: Option<String>,
}

/// Why a question had no answer.
enum Failure {
    /// The hub's status, and what `X-Error-Code` calls it.
    Status(u16, Option<String>),
    Network(String),
    /// While a file was copied: of the disk or of the network.
    Io(std::io::Error),
    /// An answer that makes no sense.
    Strange(String),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::RequestError(error) => Self::from(*error),
            ApiError::IoError(error) => Self::Io(error),
            other => Self::Strange(other.to_string()),
        }
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        use ureq::Error;
        match error {
            Error::StatusCode(status) => Self::Status(status, None),
            error @ (Error::Io(_)
            | Error::Timeout(_)
            | Error::HostNotFound
            | Error::ConnectionFailed
            | Error::ConnectProxyFailed(_)
            | Error::Tls(_)) => Self::Network(error.to_string()),
            error => Self::Strange(error.to_string()),
        }
    }
}

/// The hub, asked about one model.
pub(super) struct Connection<'a> {
    hub: &'a Hub,
    id: &'a str,
    cache: Cache,
    api: Api,
    /// Whether the token is sent.
    signed: bool,
}

impl<'a> Connection<'a> {
    pub(super) fn open(hub: &'a Hub, id: &'a str, cache: &Path) -> Result<Self, StoreError> {
        if !hub.endpoint.starts_with("https://") && !hub.endpoint.starts_with("http://") {
            return Err(StoreError::Endpoint {
                endpoint: hub.endpoint.clone(),
            });
        }
        let cache = Cache::new(cache.to_owned());
        let api = client(hub, &cache, None)?;
        Ok(Self {
            hub,
            id,
            cache,
            api,
            signed: false,
        })
    }

    /// Asks without the token, and with it if the hub refuses.
    fn ask<T>(&mut self, question: impl Fn(&Api) -> Result<T, Failure>) -> Result<T, StoreError> {
        let mut answer = question(&self.api);
        if let (Err(Failure::Status(401 | 403, _)), Some(token), false) =
            (&answer, &self.hub.token, self.signed)
        {
            self.api = client(self.hub, &self.cache, Some(token.clone()))?;
            self.signed = true;
            answer = question(&self.api);
        }
        answer.map_err(|failure| self.explain(failure))
    }

    fn explain(&self, failure: Failure) -> StoreError {
        let (id, endpoint) = (self.id.to_owned(), self.hub.endpoint.clone());
        let without = match (&self.hub.token, self.signed) {
            (Some(_), true) => "to the account of HF_TOKEN",
            _ => "without a token",
        };
        match failure {
            Failure::Network(message) => StoreError::NoConnection { endpoint, message },
            Failure::Io(error) => StoreError::NoConnection {
                endpoint,
                message: error.to_string(),
            },
            Failure::Strange(message) => {
                self.strange(&format!("what is not understood: {message}"))
            }
            Failure::Status(status, code) => match (status, code.as_deref()) {
                (_, Some("GatedRepo")) => StoreError::Gated {
                    id,
                    endpoint,
                    without,
                },
                // To those who send no token, the hub says 401 of a repository that does not exist.
                (_, Some("RepoNotFound")) | (404, _) => StoreError::UnknownModel { id, endpoint },
                (401, _) if !self.signed => StoreError::UnknownModel { id, endpoint },
                (401 | 403, _) => StoreError::Gated {
                    id,
                    endpoint,
                    without,
                },
                (status, _) => StoreError::Answer {
                    endpoint,
                    what: format!("with status {status}"),
                },
            },
        }
    }

    fn repository(&self, revision: &str) -> Repo {
        Repo::with_revision(self.id.to_owned(), RepoType::Model, revision.to_owned())
    }

    /// Resolves a revision and lists the files at its commit.
    pub(super) fn listing(&mut self, revision: &str) -> Result<Listing, StoreError> {
        let repository = self.repository(revision);
        let answer = self.ask(|api| {
            let request = api.repo(repository.clone()).info_request();
            let request = request.query("blobs", "true").config();
            // As a plain answer, an error keeps the header that says which error it is.
            let mut response = request.http_status_as_error(false).build().call()?;
            let status = response.status().as_u16();
            let code = response.headers().get("x-error-code");
            let code = code.and_then(|code| code.to_str().ok()).map(str::to_owned);
            match (status, code.as_deref()) {
                (200, _) => Ok(Some(response.body_mut().read_json::<Answer>()?)),
                (404, Some("RevisionNotFound")) => Ok(None),
                _ => Err(Failure::Status(status, code)),
            }
        })?;
        let answer = answer.ok_or_else(|| StoreError::UnknownRevision {
            id: self.id.to_owned(),
            revision: revision.to_owned(),
            endpoint: self.hub.endpoint.clone(),
        })?;
        if !is_commit(&answer.sha) {
            return Err(self.strange("with something that is no commit hash"));
        }
        let mut files = BTreeMap::new();
        for sibling in answer.siblings {
            if !stays_inside(&sibling.rfilename) {
                return Err(StoreError::FileName {
                    name: sibling.rfilename.escape_debug().to_string(),
                    by: format!("the hub at {}", self.hub.endpoint),
                });
            }
            let listed = Listed {
                size: sibling.size,
                sha256: sibling.lfs.and_then(|lfs| lfs.sha256),
            };
            files.insert(sibling.rfilename, listed);
        }
        Ok(Listing {
            commit: answer.sha,
            files,
        })
    }

    fn strange(&self, what: &str) -> StoreError {
        StoreError::Answer {
            endpoint: self.hub.endpoint.clone(),
            what: what.to_owned(),
        }
    }

    /// What the hub says of a file. All of it becomes names of files in the client's cache, so that nothing
    /// is accepted but hashes, and those that were listed.
    pub(super) fn expected(
        &mut self,
        file: &str,
        listed: &Listed,
        commit: &str,
    ) -> Result<Expected, StoreError> {
        let repository = self.repository(commit);
        let metadata = self
            .ask(|api| {
                let url = api.repo(repository.clone()).url(file);
                match api.metadata(&url).map_err(Failure::from) {
                    Err(Failure::Status(404, _)) => Ok(None),
                    // The listing is public, the files are not.
                    Err(Failure::Status(status @ (401 | 403), _)) => {
                        Err(Failure::Status(status, Some("GatedRepo".to_owned())))
                    }
                    metadata => metadata.map(Some),
                }
            })?
            .ok_or_else(|| StoreError::NotInRepository {
                id: self.id.to_owned(),
                file: file.to_owned(),
                named_by: "its own listing".to_owned(),
            })?;
        let (size, etag) = (metadata.size() as u64, metadata.etag().to_owned());
        if metadata.commit_hash() != commit {
            return Err(self.strange(&format!("with `{file}` of another commit")));
        }
        // An ETag that a cache on the way has made weak.
        let hash = etag.strip_prefix("W/").unwrap_or(&etag);
        let sha256 = is_sha256(hash).then(|| hash.to_owned());
        let as_listed = listed.size.is_none_or(|listed| listed == size)
            && (listed.sha256.is_none() || listed.sha256 == sha256);
        if !as_listed || !is_hash(hash) {
            return Err(self.strange(&format!("with another `{file}` than it lists")));
        }
        Ok(Expected { size, etag, sha256 })
    }

    /// Fetches what is missing of a file and gives the path where all of it now lies, unchecked.
    /// `needed`: bytes that are not here yet, of this file and of those that follow.
    pub(super) fn download(
        &mut self,
        file: &str,
        commit: &str,
        expected: &Expected,
        needed: u64,
        tell: Tell<'_>,
    ) -> Result<PathBuf, StoreError> {
        let repository = self.repository(commit);
        let cache = self.cache.repo(repository.clone());
        let blob = cache.blob_path(&expected.etag);
        let part = blob.with_extension("part");
        for kept in [&blob, &part] {
            let length = length(kept);
            if length == Some(expected.size) {
                tell(Progress::Bytes(expected.size));
                return Ok(kept.clone());
            }
            if length > Some(expected.size) || (length.is_some() && *kept == blob) {
                fs::remove_file(kept).map_err(StoreError::writing(kept, needed))?;
            }
        }
        // A link whose file has been moved away would be in the client's way.
        let links = cache.pointer_path(commit);
        if links.exists() {
            fs::remove_dir_all(&links).map_err(StoreError::writing(&links, needed))?;
        }
        let repository = self.api.repo(repository);
        match repository.download_with_progress(file, Told(tell)) {
            // The client gives a link to the file; where links need a privilege, the file itself.
            Ok(link) => fs::canonicalize(&link).map_err(StoreError::reading(&link)),
            Err(error) => {
                let received = length(&part).unwrap_or(0);
                let message = match Failure::from(error) {
                    Failure::Io(error) if of_the_disk(error.kind()) => {
                        let needed = needed.saturating_sub(received);
                        return Err(StoreError::writing(&part, needed)(error));
                    }
                    Failure::Io(error) => error.to_string(),
                    Failure::Network(message) => message,
                    other => return Err(self.explain(other)),
                };
                Err(StoreError::Interrupted {
                    file: file.to_owned(),
                    received,
                    size: expected.size,
                    message,
                })
            }
        }
    }
}

/// Whether it was the disk that failed, of the disk and the network.
fn of_the_disk(kind: ErrorKind) -> bool {
    use ErrorKind as Kind;
    matches!(
        kind,
        Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::FileTooLarge
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::NotFound
            | Kind::AlreadyExists
    )
}

fn length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.len())
}

/// Passes on what the client tells.
struct Told<'a>(Tell<'a>);

impl hf_hub::api::Progress for Told<'_> {
    fn init(&mut self, _size: usize, _name: &str) {}

    fn update(&mut self, bytes: usize) {
        if bytes > 0 {
            (self.0)(Progress::Bytes(bytes as u64));
        }
    }

    fn finish(&mut self) {}
}

fn client(hub: &Hub, cache: &Cache, token: Option<String>) -> Result<Api, StoreError> {
    let builder = ApiBuilder::from_cache(cache.clone())
        .with_endpoint(hub.endpoint.clone())
        .with_user_agent("remiss", env!("CARGO_PKG_VERSION"))
        .with_progress(false)
        .with_retries(0)
        .with_token(token);
    builder.build().map_err(|error| StoreError::NoConnection {
        endpoint: hub.endpoint.clone(),
        message: error.to_string(),
    })
}
