//! Keys: who may ask what. Made once and shown once; only a hash is kept.
//!
//! A key is `sememe_ID_SECRET`: 6 random bytes that may be shown, and 32 that may not, both in hexadecimal. With 256 random bits
//! behind it, a plain SHA-256 cannot be guessed back; nothing slower is needed.

use super::{Engine, check_name};
use crate::error::{Error, Result};
use crate::store::KeyRow;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq;

const PREFIX: &str = "sememe_";
const NAME_BYTES_MAX: usize = 200;
const COLLECTIONS_MAX: usize = 1000;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Ask questions.
    Search,
    /// Add, change and remove documents.
    Ingest,
    /// Build and train.
    Train,
    /// Everything, keys too.
    Admin,
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What it is for, 1 to 200 bytes.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it may do; at least one.
    #[schema(min_items = 1)]
    pub scopes: Vec<Scope>,
    /// The collections that it may do it with; left out for all.
    #[serde(default)]
    pub collections: Option<Vec<String>>,
    /// Seconds until it expires; left out for never.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 4_000_000_000_u64)]
    pub expires_in_seconds: Option<u64>,
}

/// A key, without what makes it one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyInfo {
    /// The part of the key that may be shown.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The collections that it may do it with; null for all.
    pub collections: Option<Vec<String>>,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970; null for never.
    pub expires_at: Option<i64>,
    /// Seconds since 1970; null if it is not revoked.
    pub revoked_at: Option<i64>,
}

/// A key as it was made.
#[derive(Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewKey {
    /// The key itself. It is not kept, and cannot be shown again.
    pub key: String,
    /// What is kept.
    #[serde(flatten)]
    pub info: KeyInfo,
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes a key.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name or scopes that are none; [`Error::Store`].
    pub fn create_key(&self, request: &KeyRequest) -> Result<NewKey> {
        check_request(request)?;
        let mut random = [0_u8; 38];
        getrandom::fill(&mut random)
            .map_err(|error| Error::Library { library: "getrandom", message: error.to_string() })?;
        let id = hexadecimal(&random[..6]);
        let key = format!("{PREFIX}{id}_{}", hexadecimal(&random[6..]));
        let created_at = now();
        let seconds = request.expires_in_seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let row = KeyRow {
            hash: hash(&key).to_vec(),
            name: request.name.clone(),
            scopes: serde_json::to_string(&request.scopes).unwrap_or_default(),
            collections: request
                .collections
                .as_ref()
                .map(|names| serde_json::to_string(names).unwrap_or_default()),
            created_at,
            expires_at: seconds.map(|seconds| created_at.saturating_add(seconds)),
            revoked_at: None,
            id,
        };
        self.store.add_key(&row)?;
        Ok(NewKey { key, info: info(&row) })
    }

    /// All keys, revoked and expired ones too.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn keys(&self) -> Result<Vec<KeyInfo>> {
        Ok(self.store.keys()?.iter().map(info).collect())
    }

    /// Revokes a key; a running service takes note within a second.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn revoke_key(&self, id: &str) -> Result<KeyInfo> {
        let known = self.store.revoke_key(id, now())?;
        let found = self.keys()?.into_iter().find(|key| known && key.id == id);
        found.ok_or_else(|| Error::NotFound { kind: "key", name: id.to_owned(), nearest: Vec::new() })
    }

    /// The keys as they are now, to check many requests against.
    ///
    /// # Errors
    /// [`Error::Store`] if the database fails.
    pub fn key_ring(&self, master: &str) -> Result<KeyRing> {
        let rows = self.store.keys()?;
        let keys = rows.iter().map(|row| (row.id.clone(), Held { hash: row.hash.clone(), info: info(row) }));
        Ok(KeyRing { master: (!master.is_empty()).then(|| hash(master)), keys: keys.collect() })
    }
}

fn check_request(request: &KeyRequest) -> Result<()> {
    if request.name.is_empty() || request.name.len() > NAME_BYTES_MAX {
        let expected = format!("1 to {NAME_BYTES_MAX} bytes");
        return Err(Error::invalid("name", expected, &request.name, "say what the key is for"));
    }
    if request.scopes.is_empty() {
        let cure = "name what the key may do";
        return Err(Error::invalid("scopes", "search, ingest, train or admin", "none", cure));
    }
    let collections = request.collections.as_deref().unwrap_or_default();
    if collections.len() > COLLECTIONS_MAX {
        let cure = "leave it out for all";
        return Err(Error::invalid(
            "collections",
            format!("at most {COLLECTIONS_MAX}"),
            collections.len(),
            cure,
        ));
    }
    if request.expires_in_seconds == Some(0) {
        return Err(Error::invalid("expires_in_seconds", "1 or more", 0, "leave it out for never"));
    }
    collections.iter().try_for_each(|name| check_name(name))
}

/// The keys of one moment.
pub struct KeyRing {
    master: Option<[u8; 32]>,
    keys: HashMap<String, Held>,
}

struct Held {
    hash: Vec<u8>,
    info: KeyInfo,
}

impl KeyRing {
    /// Whether there are keys at all. Revoked ones count: taking the last one away must not open the service.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.master.is_none() && self.keys.is_empty()
    }

    /// Whose key this is, if it is one that holds now.
    #[must_use]
    pub fn caller(&self, key: &str) -> Option<Caller> {
        let presented = hash(key);
        if self.master.is_some_and(|master| bool::from(master.ct_eq(&presented))) {
            return Some(Caller { id: "master".to_owned(), scopes: vec![Scope::Admin], collections: None });
        }
        let id = key.strip_prefix(PREFIX)?.split('_').next()?;
        let held = self.keys.get(id)?;
        let same = bool::from(held.hash.as_slice().ct_eq(presented.as_slice()));
        let info = &held.info;
        let holds = same && info.revoked_at.is_none() && info.expires_at.is_none_or(|at| now() < at);
        holds.then(|| Caller {
            id: info.id.clone(),
            scopes: info.scopes.clone(),
            collections: info.collections.clone(),
        })
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The part of the key that may be shown.
    pub id: String,
    scopes: Vec<Scope>,
    collections: Option<Vec<String>>,
}

impl Caller {
    /// Whoever asks a service that has no keys.
    #[must_use]
    pub fn anyone() -> Self {
        Self { id: "anyone".to_owned(), scopes: vec![Scope::Admin], collections: None }
    }

    /// Whether the key is for this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| *held == scope || *held == Scope::Admin)
    }

    /// Whether the key is for this collection.
    #[must_use]
    pub fn may_use(&self, collection: &str) -> bool {
        self.collections.as_ref().is_none_or(|names| names.iter().any(|name| name == collection))
    }

    /// Whether the key is for all collections, and so for what belongs to none.
    #[must_use]
    pub fn may_use_all(&self) -> bool {
        self.collections.is_none()
    }
}

fn info(row: &KeyRow) -> KeyInfo {
    KeyInfo {
        id: row.id.clone(),
        name: row.name.clone(),
        // What cannot be read allows nothing.
        scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
        collections: row.collections.as_ref().map(|names| serde_json::from_str(names).unwrap_or_default()),
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> (tempfile::TempDir, Engine) {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path()).unwrap();
        (folder, engine)
    }

    fn request(scopes: &[Scope]) -> KeyRequest {
        KeyRequest {
            name: "a".to_owned(),
            scopes: scopes.to_vec(),
            collections: None,
            expires_in_seconds: None,
        }
    }

    #[test]
    fn a_key_holds_until_it_is_revoked_and_leaves_no_trace_of_itself() {
        let (folder, engine) = engine();
        assert!(engine.key_ring("").unwrap().is_empty());
        let made = engine.create_key(&request(&[Scope::Search])).unwrap();
        let caller = engine.key_ring("").unwrap().caller(&made.key).unwrap();
        assert!(caller.may(Scope::Search) && !caller.may(Scope::Ingest) && caller.may_use_all());
        let secret = made.key.rsplit('_').next().unwrap().as_bytes().to_vec();
        assert_eq!(secret.len(), 64);
        assert!(!format!("{made:?}").contains(&made.key));
        let revoked = engine.revoke_key(&made.info.id).unwrap();
        assert!(revoked.revoked_at.is_some());
        let ring = engine.key_ring("").unwrap();
        assert!(
            ring.caller(&made.key).is_none() && !ring.is_empty(),
            "the last key revoked must not open the service"
        );
        for file in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(64).any(|part| part == secret), "the key stands in {}", file.display());
        }
    }

    #[test]
    fn only_the_whole_key_is_the_key() {
        let (_folder, engine) = engine();
        let made = engine.create_key(&request(&[Scope::Admin])).unwrap();
        let ring = engine.key_ring("a master key of some length").unwrap();
        for wrong in [
            "",
            "sememe_",
            &made.key[..made.key.len() - 1],
            &format!("{}0", made.key),
            &made.info.id,
            "a master key",
        ] {
            assert!(ring.caller(wrong).is_none(), "{wrong}");
        }
        assert_eq!(ring.caller("a master key of some length").unwrap().id, "master");
        assert_eq!(ring.caller(&made.key).unwrap().id, made.info.id);
    }

    #[test]
    fn a_key_of_one_collection_is_not_for_another_and_an_expired_one_for_none() {
        let (_folder, engine) = engine();
        let one = KeyRequest { collections: Some(vec!["town".to_owned()]), ..request(&[Scope::Search]) };
        let key = engine.create_key(&one).unwrap().key;
        let caller = engine.key_ring("").unwrap().caller(&key).unwrap();
        assert!(caller.may_use("town") && !caller.may_use("city") && !caller.may_use_all());
        let made = engine.create_key(&request(&[Scope::Search])).unwrap();
        let mut ring = engine.key_ring("").unwrap();
        ring.keys.get_mut(&made.info.id).unwrap().info.expires_at = Some(now() - 1);
        assert!(ring.caller(&made.key).is_none());
    }

    #[test]
    fn requests_that_make_no_key_are_refused() {
        let (_folder, engine) = engine();
        for bad in [
            request(&[]),
            KeyRequest { name: String::new(), ..request(&[Scope::Search]) },
            KeyRequest { collections: Some(vec!["../x".to_owned()]), ..request(&[Scope::Search]) },
            KeyRequest { expires_in_seconds: Some(0), ..request(&[Scope::Search]) },
        ] {
            assert!(matches!(engine.create_key(&bad), Err(Error::Invalid { .. })), "{bad:?}");
        }
        assert!(matches!(engine.revoke_key("none"), Err(Error::NotFound { kind: "key", .. })));
    }
}
