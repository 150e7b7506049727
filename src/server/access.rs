//! Who is let in: the key, what it is for, and how often it asks. Nothing of a key is ever logged but its id.
//!
//! A service without keys serves its own machine: it listens on loopback only, and answers only to names of loopback, so that a page
//! elsewhere cannot reach it through a name that it controls (DNS rebinding).

use super::RequestId;
use super::problem::Problem;
use super::route::Scopes;
use super::service::Service;
use crate::config::Config;
use crate::engine::{Caller, Engine, KeyRing, Scope};
use crate::error::Result;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

/// The route that a request came to, as the table writes it.
#[derive(Clone, Copy)]
pub(super) struct Matched(pub(super) &'static str);

/// The names in a request's path, decoded once, for access and answer alike.
#[derive(Clone, Default)]
pub(super) struct Names(pub(super) Arc<HashMap<String, String>>);

/// What is left of a rate.
#[derive(Clone, Copy)]
pub(super) struct Left {
    limit: u32,
    remaining: u32,
    reset_seconds: u64,
}

impl Left {
    /// As the IETF's draft on rate limit headers names them.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", self.reset_seconds),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// Keys and rates.
pub(super) struct Door {
    master: String,
    insecure: bool,
    ring: RwLock<Arc<KeyRing>>,
    by_key: Option<Rate<String>>,
    by_address: Option<Rate<IpAddr>>,
}

impl Door {
    pub(super) fn new(engine: &Engine, config: &Config) -> Result<Self> {
        let master = config.text("master_key").to_owned();
        let burst = config.number("burst");
        Ok(Self {
            ring: RwLock::new(Arc::new(engine.key_ring(&master)?)),
            insecure: config.switch("insecure"),
            by_key: Rate::new(config.number("key_requests_per_second"), burst),
            by_address: Rate::new(config.number("address_requests_per_second"), burst),
            master,
        })
    }

    /// Takes note of keys made and revoked, and forgets who has not asked for a while.
    pub(super) fn refresh(&self, engine: &Engine) -> Result<()> {
        let ring = Arc::new(engine.key_ring(&self.master)?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        self.by_key.iter().for_each(Rate::forget);
        self.by_address.iter().for_each(Rate::forget);
        Ok(())
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn caller(&self, request: &HttpRequest) -> std::result::Result<Caller, Problem> {
        let ring = self.ring();
        if ring.is_empty() {
            return if self.insecure || asks_for_this_machine(request) {
                Ok(Caller::anyone())
            } else {
                let detail = "without keys the service answers only as localhost; give it a key to serve under other names";
                Err(Problem::of("host_not_allowed", detail.to_owned(), request))
            };
        }
        let key = presented(request.headers());
        key.and_then(|key| ring.caller(key)).ok_or_else(|| {
            let detail = match key {
                None => "no key; send it as Authorization: Bearer KEY",
                Some(_) => "the key is unknown, expired or revoked",
            };
            Problem::of("unauthorized", detail.to_owned(), request)
        })
    }
}

/// `Authorization: Bearer KEY`, or `api-key: KEY`.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    bearer.or_else(|| headers.get("api-key")?.to_str().ok())
}

fn asks_for_this_machine(request: &HttpRequest) -> bool {
    let Some(host) = request.headers().get(HOST) else { return true }; // no browser leaves it out
    let host = host.to_str().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// How often each of many may ask.
struct Rate<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Rate<K> {
    fn new(per_second: u64, burst: u64) -> Option<Self> {
        let number = |number: u64| NonZeroU32::new(u32::try_from(number).unwrap_or(u32::MAX));
        let quota = Quota::per_second(number(per_second)?).allow_burst(number(burst)?);
        Some(Self { limiter: RateLimiter::dashmap(quota).with_middleware(), clock: DefaultClock::default() })
    }

    /// What is left, or after how many seconds to come again.
    fn check(&self, who: &K) -> std::result::Result<Left, u64> {
        match self.limiter.check_key(who) {
            Ok(state) => {
                let (limit, remaining) = (state.quota().burst_size().get(), state.remaining_burst_capacity());
                let spent = limit.saturating_sub(remaining);
                let reset = state.quota().replenish_interval().saturating_mul(spent);
                Ok(Left { limit, remaining, reset_seconds: reset.as_secs_f64().ceil() as u64 })
            }
            Err(not_until) => Err(not_until.wait_time_from(self.clock.now()).as_secs_f64().ceil() as u64),
        }
    }

    fn forget(&self) {
        self.limiter.retain_recent();
    }
}

/// IPv6 addresses count by the network that one customer gets.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
        },
        address @ IpAddr::V4(_) => address,
    }
}

/// Lets a request through to its route, or answers why not.
pub(super) async fn admit(
    scopes: Scopes,
    route: &'static str,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    request.extensions_mut().insert(Matched(route));
    let decoded = request.extract::<web::Path<Vec<String>>>().await;
    let refused = match decoded {
        Ok(decoded) => {
            let names = request.match_info().iter().map(|(name, _)| name.to_owned());
            let names = Names(Arc::new(names.zip(decoded.into_inner()).collect()));
            request.extensions_mut().insert(names);
            check(scopes, request.request()).err()
        }
        Err(error) => Some(Problem::invalid(error.to_string(), request.request())),
    };
    match refused {
        Some(problem) => Ok(request.into_response(problem.error_response())),
        None => next.call(request).await.map(|response| response.map_body(|_, body| body.boxed())),
    }
}

fn check(scopes: Scopes, request: &HttpRequest) -> std::result::Result<(), Problem> {
    let (Some(scope), Some(service)) = (scopes[0], request.app_data::<web::Data<Service>>()) else {
        return Ok(());
    };
    let door = &service.door;
    if let (Some(rate), Some(peer)) = (&door.by_address, request.peer_addr()) {
        note(rate.check(&network(peer.ip())), "this address", request)?;
    }
    let caller = door.caller(request)?;
    if let Some(rate) = &door.by_key {
        note(rate.check(&caller.id), "this key", request)?;
    }
    may(&caller, scopes, request)?;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE);
    if matches!(scope, Scope::Ingest | Scope::Train) && !reads && !service.disk.has_room() {
        let detail = format!(
            "less than {} bytes are free; nothing is written until there is room",
            service.disk.least()
        );
        return Err(Problem::of("disk_full", detail, request).after(10));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

fn note(
    checked: std::result::Result<Left, u64>,
    who: &str,
    request: &HttpRequest,
) -> std::result::Result<(), Problem> {
    match checked {
        Ok(left) => {
            request.extensions_mut().insert(left);
            Ok(())
        }
        Err(seconds) => {
            let detail = format!("{who} asks too often; come again in {} s", seconds.max(1));
            Err(Problem::of("too_many_requests", detail, request).after(seconds))
        }
    }
}

fn may(caller: &Caller, scopes: Scopes, request: &HttpRequest) -> std::result::Result<(), Problem> {
    let refuse = |detail: String| Err(Problem::of("forbidden", detail, request));
    if !scopes.iter().flatten().any(|scope| caller.may(*scope)) {
        let named =
            |scope| serde_json::to_value(scope).ok().and_then(|name| name.as_str().map(str::to_owned));
        let names: Vec<String> = scopes.iter().flatten().filter_map(named).collect();
        return refuse(format!("the key {} is not for {}", caller.id, names.join(" or ")));
    }
    let extensions = request.extensions();
    let collection = extensions.get::<Names>().and_then(|names| names.0.get("collection"));
    match collection {
        Some(collection) if !caller.may_use(collection) => {
            refuse(format!("the key {} is not for collection {collection:?}", caller.id))
        }
        // What is of the whole service is for keys of all collections. Tasks are of one each: their routes look at it themselves.
        None if scopes[0] == Some(Scope::Admin) && !caller.may_use_all() => {
            refuse(format!("the key {} is for some collections only", caller.id))
        }
        _ => Ok(()),
    }
}

/// A request's id, as it came if it is short and plain, otherwise one of our own.
pub(super) fn request_id(request: &ServiceRequest, own: impl FnOnce() -> String) -> RequestId {
    let plain = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let came = request.headers().get("x-request-id").and_then(|value| value.to_str().ok()).filter(plain);
    RequestId(came.map_or_else(own, str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_names_of_this_machine_are_answered_without_keys() {
        for (host, expected) in [
            ("127.0.0.1:7676", true),
            ("localhost", true),
            ("LocalHost:1", true),
            ("[::1]:7676", true),
            ("evil.example:7676", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            let request = TestRequest::default().insert_header((HOST, host)).to_http_request();
            assert_eq!(asks_for_this_machine(&request), expected, "{host}");
        }
    }

    #[test]
    fn a_rate_lets_a_burst_through_and_says_when_to_come_again() {
        let rate = Rate::new(1, 3).unwrap();
        for remaining in [2, 1, 0] {
            assert_eq!(rate.check(&"a").unwrap().remaining, remaining);
        }
        assert_eq!(rate.check(&"a").err(), Some(1));
        assert!(rate.check(&"b").is_ok());
        assert!(Rate::<u8>::new(0, 3).is_none());
    }

    #[test]
    fn ipv6_counts_by_network() {
        let address = |text: &str| network(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2:3:4:5:6"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
    }
}
