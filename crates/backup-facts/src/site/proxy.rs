//! The cluster-wide proxy, without its password.

use serde_json::Value;
use wording::{cut, inert};

/// The longest list of what is not asked for through the proxy, in characters: a node's environment takes no more of one
/// variable.
const LONGEST: usize = 128 << 10;
/// What stands for user and password.
const CREDENTIALS: &str = "<user>:<password>@";

/// The cluster-wide proxy: of its status, else of its spec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// For HTTP; user and password, where there are any, stand as `<user>:<password>`.
    pub http: String,
    /// For HTTPS, likewise.
    pub https: String,
    /// What is not asked for through it, joined by commas.
    pub no_proxy: String,
    /// Whether an address had a user or a password in it.
    pub had_credentials: bool,
}

impl Proxy {
    /// The proxy that the cluster uses, of its status; of its spec where no operator has looked at it yet. `None` where
    /// nothing is set.
    pub(super) fn of(object: &Value) -> Option<Self> {
        let of = |part: &str| Self::of_part(object.get(part)?);
        of("status").or_else(|| of("spec"))
    }

    fn of_part(part: &Value) -> Option<Self> {
        let text = |name: &str| part.get(name).and_then(Value::as_str).unwrap_or_default();
        let (http, https) = (text("httpProxy"), text("httpsProxy"));
        let no_proxy: Vec<String> = text("noProxy").split(',').map(|entry| without_credentials(entry).0).collect();
        let ((http, one), (https, other)) = (without_credentials(http), without_credentials(https));
        let proxy = Self { http, https, no_proxy: shown(&no_proxy.join(",")), had_credentials: one | other };
        (proxy != Self::default()).then_some(proxy)
    }
}

/// An address with a placeholder for user and password, and whether it had any. Whatever stands before its last `@` may be
/// a password with characters that should not be in one.
fn without_credentials(url: &str) -> (String, bool) {
    let Some((before, host)) = url.rsplit_once('@') else { return (shown(url), false) };
    let scheme = before.split_once("://").filter(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    let scheme = scheme.map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
    (shown(&format!("{scheme}{CREDENTIALS}{host}")), true)
}

fn shown(text: &str) -> String {
    inert(&cut(text.trim(), LONGEST)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_left_however_it_is_written() {
        for (url, said) in [
            ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
            ("http://u:CANARY@proxy:3128", "http://<user>:<password>@proxy:3128"),
            ("https://CANARY@proxy/", "https://<user>:<password>@proxy/"),
            ("http://u:CAN@RY@proxy", "http://<user>:<password>@proxy"),
            ("http://u:CANARY/x?y#z@proxy", "http://<user>:<password>@proxy"),
            ("http://u:CAN://RY@proxy", "http://<user>:<password>@proxy"),
            ("u:CANARY@proxy:1", "<user>:<password>@proxy:1"),
            ("u:CANARY://x@proxy:1", "<user>:<password>@proxy:1"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(url), (said.to_owned(), said.contains("<user>")), "{url}");
        }
    }

    /// The computed list of a large cluster is longer than a name, and stays whole.
    #[test]
    fn status_speaks_before_spec_and_lists_stay_whole() {
        let long = (0..4000).map(|n| format!("10.{}.{}.0/24", n / 256, n % 256)).collect::<Vec<_>>().join(",");
        let object = serde_json::json!({"spec": {"httpProxy": "http://spec", "noProxy": "a"},
            "status": {"httpProxy": "http://status", "noProxy": long}});
        let proxy = Proxy::of(&object).unwrap_or_default();
        assert_eq!((proxy.http.as_str(), proxy.https.as_str(), proxy.no_proxy == long), ("http://status", "", true));
        let asked = serde_json::json!({"spec": {"httpsProxy": "https://spec\u{1b}[0m"}, "status": {}});
        assert_eq!(Proxy::of(&asked).unwrap_or_default().https, "https://spec\\u{1b}[0m");
        assert_eq!(Proxy::of(&serde_json::json!({"spec": {"trustedCA": {"name": ""}}, "status": {}})), None);
    }
}
