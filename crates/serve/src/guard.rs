//! Who may ask: checked before anything of a request is parsed.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, ORIGIN};
use zeroize::Zeroizing;

/// The longest path and query, in bytes.
const MAX_URI: usize = 16 << 10;

/// The token without which nothing is answered. No `Debug`.
pub(crate) struct Token(Zeroizing<String>);

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Without the token.
    Token,
    /// To a name that is not this machine's: a page may have led a browser here.
    Host,
    /// By a page.
    Origin,
    /// Longer than any client's.
    TooLong,
}

impl Token {
    /// A new one: 32 bytes of the system's randomness.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Its text, for the kubeconfig alone.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether a header has it, in a time that does not tell how much of it was right.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let given = given.strip_prefix(b"Bearer ").unwrap_or_default();
        if given.len() != self.0.len() {
            return false; // the length is no secret
        }
        let differing = given.iter().zip(self.0.as_bytes()).fold(0, |sum, (one, other)| black_box(sum | (one ^ other)));
        black_box(differing) == 0
    }
}

/// Where a connection came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By a port of loopback, which all can reach: the token is asked for.
    Loopback(u16),
    /// By a socket that nobody but its owner can open.
    Socket,
}

/// Lets a request pass, or says why not. The token comes first.
pub(crate) fn check(token: &Token, headers: &HeaderMap, way: Way, uri_length: usize) -> Result<(), Refused> {
    if way != Way::Socket && !token.is_in(headers) {
        return Err(Refused::Token);
    }
    if headers.contains_key(ORIGIN) {
        return Err(Refused::Origin);
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let own = ["127.0.0.1", "localhost"].iter().any(|name| {
        let rest =
            host.get(..name.len()).filter(|host| host.eq_ignore_ascii_case(name)).and_then(|_| host.get(name.len()..));
        rest.is_some_and(|rest| match (rest.strip_prefix(':'), way) {
            (None, _) => rest.is_empty(),
            (Some(given), Way::Loopback(port)) => given == port.to_string(),
            (Some(_), Way::Socket) => false,
        })
    });
    if !own {
        return Err(Refused::Host);
    }
    if uri_length > MAX_URI { Err(Refused::TooLong) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn checked(token: &Token, given: &[(&'static str, &str)]) -> Result<(), Refused> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        check(token, &headers, Way::Loopback(6443), 10)
    }

    #[test]
    fn who_has_no_token_hears_of_nothing_else() {
        let token = Token::new().unwrap();
        let right = format!("Bearer {}", token.text());
        let wrong = format!("Bearer {}", Token::new().unwrap().text());
        assert_eq!(token.text().len(), 43);
        for (given, answer) in [
            (vec![], Err(Refused::Token)),
            (vec![("host", "evil.example"), ("origin", "https://evil.example")], Err(Refused::Token)),
            (vec![("authorization", &*wrong), ("host", "localhost")], Err(Refused::Token)),
            (vec![("authorization", token.text()), ("host", "localhost")], Err(Refused::Token)),
            (vec![("authorization", &right[..20]), ("host", "localhost")], Err(Refused::Token)),
            (vec![("authorization", &right)], Err(Refused::Host)),
            (vec![("authorization", &right), ("host", "evil.example")], Err(Refused::Host)),
            (vec![("authorization", &right), ("host", "127.0.0.1.evil.example")], Err(Refused::Host)),
            (vec![("authorization", &right), ("host", "127.0.0.1:6444")], Err(Refused::Host)),
            (vec![("authorization", &right), ("host", "localhost"), ("origin", "null")], Err(Refused::Origin)),
            (vec![("authorization", &right), ("host", "127.0.0.1:6443")], Ok(())),
            (vec![("authorization", &right), ("host", "LocalHost:6443")], Ok(())),
        ] {
            assert_eq!(checked(&token, &given), answer, "{:?}", given.iter().map(|(name, _)| name).collect::<Vec<_>>());
        }
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&right).unwrap());
        headers.insert("host", HeaderValue::from_static("localhost"));
        assert_eq!(check(&token, &headers, Way::Loopback(1), MAX_URI + 1), Err(Refused::TooLong));
    }

    #[test]
    fn whoever_could_open_the_socket_needs_no_token_and_is_no_page() {
        let token = Token::new().unwrap();
        for (host, origin, answer) in [
            ("localhost", None, Ok(())),
            ("127.0.0.1", None, Ok(())),
            ("localhost:80", None, Err(Refused::Host)),
            ("evil.example", None, Err(Refused::Host)),
            ("localhost", Some("null"), Err(Refused::Origin)),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static(host));
            origin.map(|origin| headers.insert("origin", HeaderValue::from_static(origin)));
            assert_eq!(check(&token, &headers, Way::Socket, 10), answer, "{host} {origin:?}");
        }
    }
}
