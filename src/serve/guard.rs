//! Who may ask. Whatever else listens on this machine, and whatever page is open in the same
//! browser, neither reads nor changes a run unless it may.
//!
//! | danger | what is held against it |
//! | --- | --- |
//! | another site's page sends a command | `Origin` has to be the page's own, bodies are JSON |
//! | a name that leads here (DNS rebinding) | on loopback, `Host` has to be a name of loopback |
//! | somebody else on the network | a token, without which nothing is answered |
//! | too many requests | a bucket that fills at a steady rate |

use super::answer::Refusal;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests a second in the long run, and at once.
const RATE: f64 = 100.0;
const BURST: f64 = 300.0;

pub(super) struct Guard {
    loopback: bool,
    /// Cookies are shared by all ports of a host.
    cookie: String,
    /// Compared in a time that says nothing of it.
    token: Option<blake3::Hash>,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    left: f64,
    filled: Instant,
}

impl Bucket {
    /// Whether there is one more.
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.left = (self.left + passed * RATE).min(BURST);
        self.filled = now;
        let some = self.left >= 1.0;
        self.left -= f64::from(u8::from(some));
        some
    }
}

impl Guard {
    pub fn new(address: SocketAddr, token: Option<&str>) -> Guard {
        Guard {
            loopback: address.ip().is_loopback(),
            cookie: format!("hivesim-{}", address.port()),
            token: token.map(|token| blake3::hash(token.as_bytes())),
            bucket: Mutex::new(Bucket { left: BURST, filled: Instant::now() }),
        }
    }

    /// Takes its part of the rate for a request of whatever kind.
    pub fn admit(&self) -> Result<(), Refusal> {
        if self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now()) {
            return Ok(());
        }
        let message = "too many requests: ask again later";
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, message))
    }

    /// Lets a request pass or says why not.
    pub fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let refused = |status, message: &str| Err(Refusal::new(status, message));
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let host = text(HOST).unwrap_or_default();
        if self.loopback && !is_loopback(host) {
            let message = "this page is for this machine alone: open it as http://127.0.0.1 or \
                           http://localhost";
            return refused(StatusCode::MISDIRECTED_REQUEST, message);
        }
        if !self.knows(headers) {
            let message = "the token is missing or wrong: open the address that hivesim printed";
            return refused(StatusCode::UNAUTHORIZED, message);
        }
        let own = |origin: &str| {
            let at = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            at.is_some_and(|at| at.eq_ignore_ascii_case(host))
        };
        let elsewhere = text(ORIGIN).is_some_and(|origin| !own(origin));
        // browsers say so of requests that other sites make, also where they send no origin
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let crossed = *method != Method::GET
            && site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
        if elsewhere || crossed {
            return refused(StatusCode::FORBIDDEN, "only this server's own page may ask that");
        }
        Ok(())
    }

    /// Whether a token is the right one; where none is asked for, none is.
    pub fn accepts(&self, token: &str) -> bool {
        self.token.is_some_and(|wanted| blake3::hash(token.as_bytes()) == wanted)
    }

    /// The cookie by which a browser shows that it knows the token.
    pub fn cookie(&self, token: &str) -> String {
        format!("{}={token}; HttpOnly; SameSite=Strict; Path=/", self.cookie)
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        if self.token.is_none() {
            return true;
        }
        let texts = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let cookies = texts(COOKIE).flat_map(|all| all.split(';'));
        let named = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        let ours = named.filter(|(name, _)| *name == self.cookie).map(|(_, token)| token);
        let bearer = texts(AUTHORIZATION).filter_map(|text| text.strip_prefix("Bearer "));
        ours.chain(bearer).any(|token| self.accepts(token))
    }
}

/// Whether a `Host` names this machine to itself, on any port: a tunnel may lead here.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.to_ascii_lowercase();
    let address = name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    address || name == "localhost" || name.ends_with(".localhost")
}

/// A token that nobody guesses: 128 bits of the system's, in hexadecimal.
///
/// # Errors
/// Where the system has none to give.
pub(super) fn draw_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a token can stand in an address and a cookie as it is.
pub(super) fn is_plain(token: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    (8..=128).contains(&token.len()) && token.chars().all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::time::Duration;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        let each = |&(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        all.iter().map(each).collect()
    }

    fn status(guard: &Guard, method: Method, all: &[(&'static str, &'static str)]) -> u16 {
        guard.check(&method, &headers(all)).map_or_else(|refusal| refusal.status.as_u16(), |()| 200)
    }

    #[test]
    fn on_loopback_only_names_of_loopback_lead_here() {
        let guard = Guard::new("127.0.0.1:80".parse().unwrap(), None);
        for host in
            ["127.0.0.1:80", "localhost", "LOCALHOST:9", "[::1]:80", "127.9.9.9", "a.localhost"]
        {
            let host: &'static str = host;
            assert_eq!(status(&guard, Method::GET, &[("host", host)]), 200, "{host}");
        }
        for host in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::2]"]
        {
            let host: &'static str = host;
            assert_eq!(status(&guard, Method::GET, &[("host", host)]), 421, "{host}");
        }
        assert_eq!(status(&guard, Method::GET, &[]), 421);
    }

    #[test]
    fn another_sites_page_is_told_nothing() {
        let guard = Guard::new("127.0.0.1:80".parse().unwrap(), None);
        let host = ("host", "localhost:80");
        let post = |all: &[(&'static str, &'static str)]| status(&guard, Method::POST, all);
        assert_eq!(post(&[host]), 200);
        assert_eq!(post(&[host, ("origin", "http://localhost:80")]), 200);
        assert_eq!(post(&[host, ("origin", "http://localhost:81")]), 403);
        assert_eq!(post(&[host, ("origin", "https://evil.example")]), 403);
        assert_eq!(post(&[host, ("origin", "null")]), 403);
        assert_eq!(post(&[host, ("sec-fetch-site", "cross-site")]), 403);
        // a link from elsewhere to the page
        assert_eq!(status(&guard, Method::GET, &[host, ("sec-fetch-site", "cross-site")]), 200);
    }

    #[test]
    fn with_a_token_nothing_is_answered_without_it() {
        let guard = Guard::new("0.0.0.0:80".parse().unwrap(), Some("right-token"));
        let get = |all: &[(&'static str, &'static str)]| status(&guard, Method::GET, all);
        assert_eq!(get(&[]), 401);
        assert_eq!(get(&[("authorization", "Bearer wrong-token")]), 401);
        assert_eq!(get(&[("authorization", "right-token")]), 401);
        assert_eq!(get(&[("authorization", "Bearer right-token")]), 200);
        assert_eq!(get(&[("cookie", "a=b; hivesim-80=right-token")]), 200);
        assert_eq!(get(&[("cookie", "hivesim-81=right-token")]), 401);
        // any name may lead to it
        assert_eq!(get(&[("host", "lab.example"), ("cookie", "hivesim-80=right-token")]), 200);
    }

    #[test]
    fn the_bucket_empties_and_fills() {
        let start = Instant::now();
        let mut bucket = Bucket { left: BURST, filled: start };
        let taken = (0..1000).filter(|_| bucket.take(start)).count();
        assert_eq!(taken as f64, BURST);
        let later = start + Duration::from_millis(105);
        assert_eq!((0..1000).filter(|_| bucket.take(later)).count() as f64, (RATE / 10.0).floor());
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (draw_token().unwrap(), draw_token().unwrap());
        assert!(a != b && a.len() == 32 && is_plain(&a));
        assert!(!is_plain("short") && !is_plain("with blank space") && !is_plain("semi;colon"));
    }
}
