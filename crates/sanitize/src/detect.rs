//! What in a text is a secret, by how it looks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::rule::Rule;

/// What a name ends with that says: a secret. In small letters, without `-`, `_` and `.`.
const NAMES: [&str; 27] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passwordhash",
    "pwd",
    "secret",
    "secrets",
    "token",
    "tokens",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "privatekey",
    "sshkey",
    "encryptionkey",
    "clientkey",
    "clientkeydata",
    "credential",
    "credentials",
    "dockerconfigjson",
    "dockercfg",
    "htpasswd",
    "kubeconfig",
    "connectionstring",
    "authorization",
];
/// What begins tokens of clouds, forges and chats.
const TOKENS: [&str; 8] = ["sha256~", "ghp_", "gho_", "ghs_", "glpat-", "xoxb-", "xoxp-", "AIza"];
/// What begins hashes of passwords.
const HASHES: [&str; 7] = ["$2a$", "$2b$", "$2y$", "$5$", "$6$", "$apr1$", "$argon2"];
/// Shorter ones of those are words.
const LEAST_TOKEN: usize = 24;
/// A shorter text is no base64 of a secret.
const LEAST_BASE64: usize = 24;

/// Something secret in a text.
pub(crate) struct Found<'t> {
    pub(crate) rule: Rule,
    /// The secret itself, as far as it can be told from what is around it.
    pub(crate) secret: &'t str,
}

/// Whether what is named so is a secret: `DB_PASSWORD`, `api-token`, `tls.key`.
pub(crate) fn is_secret_name(name: &str) -> bool {
    if name.ends_with(".key") || name.starts_with("id_rsa") || name.starts_with("id_ed25519") {
        return true;
    }
    let bare: String =
        name.chars().filter(|char| !matches!(char, '-' | '_' | '.')).map(|char| char.to_ascii_lowercase()).collect();
    NAMES.iter().any(|end| bare.ends_with(end))
}

/// The first secret in a text, also in one that is base64 of a text.
pub(crate) fn find(text: &str) -> Option<Found<'_>> {
    find_plain(text).or_else(|| {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let is_base64 = compact.len() >= LEAST_BASE64
            && compact.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        let opened = is_base64.then(|| STANDARD.decode(&compact).ok()).flatten()?;
        let opened = String::from_utf8(opened).ok()?;
        find_plain(&opened).map(|found| Found { rule: found.rule, secret: text })
    })
}

fn find_plain(text: &str) -> Option<Found<'_>> {
    let all = |rule| Some(Found { rule, secret: text });
    if text.contains("PRIVATE KEY-----") {
        return all(Rule::PrivateKey);
    }
    if text.contains("\"auths\"") || text.contains("\"auth\":") {
        return all(Rule::RegistryLogin);
    }
    token(text).or_else(|| hash(text)).or_else(|| url_password(text)).or_else(|| assigned(text))
}

fn token(text: &str) -> Option<Found<'_>> {
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.' | '~')));
    let is_token = |word: &&str| {
        let is_jwt = word.starts_with("eyJ") && word.matches('.').count() >= 2 && word.len() >= 2 * LEAST_TOKEN;
        let is_known = word.len() >= LEAST_TOKEN && TOKENS.iter().any(|begin| word.starts_with(begin));
        let is_aws = word.len() == 20
            && (word.starts_with("AKIA") || word.starts_with("ASIA"))
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        is_jwt || is_known || is_aws
    };
    words.into_iter().find(is_token).map(|secret| Found { rule: Rule::Token, secret })
}

fn hash(text: &str) -> Option<Found<'_>> {
    let at = HASHES.iter().find_map(|begin| text.find(begin))?;
    let from = text.get(at..)?;
    let end =
        from.find(|char: char| char.is_whitespace() || matches!(char, '"' | '\'' | ':' | ',')).unwrap_or(from.len());
    let secret = from.get(..end)?;
    (secret.len() >= LEAST_TOKEN).then_some(Found { rule: Rule::PasswordHash, secret })
}

/// `scheme://user:password@host`.
fn url_password(text: &str) -> Option<Found<'_>> {
    text.match_indices("://").find_map(|(at, mark)| {
        let after = text.get(at + mark.len()..)?;
        let end =
            after.find(|char: char| char.is_whitespace() || matches!(char, '/' | '"' | '\'')).unwrap_or(after.len());
        let (login, _) = after.get(..end)?.rsplit_once('@')?;
        let (_, secret) = login.split_once(':')?;
        (!secret.is_empty()).then_some(Found { rule: Rule::UrlPassword, secret })
    })
}

/// `password: x`, `--token=x`, `"apiKey": "x"`, `Authorization: Bearer x`.
fn assigned(text: &str) -> Option<Found<'_>> {
    let quotes = |char: char| char.is_whitespace() && char != '\n' || matches!(char, '"' | '\'' | '\\');
    text.match_indices([':', '=']).find_map(|(at, _)| {
        let before = text.get(..at)?.trim_end_matches(quotes);
        let is_of_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
        let begin = before
            .rfind(|char| !is_of_name(char))
            .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
        let name = before.get(begin..)?;
        let is_header = name.to_ascii_lowercase().ends_with("authorization");
        if name.is_empty() || !(is_header || is_secret_name(name)) {
            return None;
        }
        let value = text.get(at + 1..)?.trim_start_matches(quotes);
        let stops = |char: char| {
            char.is_whitespace() && !is_header || matches!(char, '\n' | '"' | '\'' | ',' | ';' | '&' | '}' | ']' | '\\')
        };
        let secret = value.get(..value.find(stops).unwrap_or(value.len()))?;
        let is_none = ["null", "true", "false", "~", "|", ">", "|-", ">-", "nil", "none"].contains(&secret)
            || secret.starts_with(['$', '{', '[', '<', '%', '/', '='])
            || secret.is_empty();
        (!is_none).then_some(Found { rule: Rule::Assignment, secret })
    })
}
