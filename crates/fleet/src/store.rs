//! Object stores: how they are reached, and what their refusals mean.
//!
//! A client's error carries the address with its query and the whole answer of the server, either of which may hold what
//! nobody should read: what is told is the code and nothing else.

pub(crate) mod versions;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientConfigKey, ObjectMeta, ObjectStore, RetryConfig};

use crate::address::Scheme;
use crate::error::Error;
use crate::item::File;

/// Times that a request is tried again, unless asked otherwise.
pub(crate) const RETRIES: usize = 10;
/// The first pause before another attempt, which doubles, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(20));

/// Why a store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not there.
    Gone,
    /// It is not the object that was meant.
    Changed,
    /// It is there already.
    Exists,
    /// It must be brought back first.
    Archived(String),
    /// The store knows who asks, and says no.
    Refused(String),
    /// The store does not know who asks: a new process reads a new token.
    Credentials(String),
    /// All else: worth another attempt.
    Unavailable(String),
}

impl Fault {
    /// What it means, by kind first and by the code in the answer where the kind does not tell.
    pub(crate) fn of(error: &object_store::Error) -> Self {
        use object_store::Error as E;
        let said = said(error);
        let (code, status) = (code(&said), status(&said));
        let word = || code.clone().or_else(|| status.clone()).unwrap_or_else(|| kind(error).to_owned());
        if let Some(fault) = code.as_deref().and_then(Self::by_code) {
            return fault;
        }
        match error {
            E::NotFound { .. } => Self::Gone,
            E::Precondition { .. } => Self::Changed,
            E::AlreadyExists { .. } => Self::Exists,
            E::PermissionDenied { .. } => Self::Refused(word()),
            E::Unauthenticated { .. } => Self::Credentials(word()),
            E::InvalidPath { .. } | E::NotSupported { .. } | E::NotImplemented { .. } => Self::Refused(word()),
            _ => Self::by_status(status.as_deref(), word()),
        }
    }

    /// What an answer with this status and body means.
    fn answered(status: u16, body: &str) -> Self {
        let (status, code) = (status.to_string(), code(body));
        let known = code.as_deref().and_then(Self::by_code);
        known.unwrap_or_else(|| Self::by_status(Some(&status), code.unwrap_or_else(|| status.clone())))
    }

    /// What a code means that tells more than its status.
    fn by_code(code: &str) -> Option<Self> {
        let word = code.to_owned();
        match code {
            "InvalidObjectState" | "BlobArchived" => Some(Self::Archived(word)),
            "ExpiredToken" | "RequestTimeTooSkewed" | "InvalidAccessKeyId" | "TokenRefreshRequired" => {
                Some(Self::Credentials(word))
            }
            "SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable" | "ServerBusy" => {
                Some(Self::Unavailable(word))
            }
            _ => None,
        }
    }

    fn by_status(status: Option<&str>, word: String) -> Self {
        match status {
            Some("404" | "405") => Self::Gone, // 405: a delete marker
            Some("401") => Self::Credentials(word),
            Some("409") => Self::Exists,
            Some("400" | "403") => Self::Refused(word),
            _ => Self::Unavailable(word),
        }
    }

    /// The error of a command to which nothing of this is part of the answer.
    pub(crate) fn into_error(self, doing: &str) -> Error {
        match self {
            Self::Gone => Error::new(format!("{doing}: it is not there")),
            Self::Changed => Error::again(format!("{doing}: it was changed meanwhile")),
            Self::Exists => Error::new(format!("{doing}: it is there already")),
            Self::Archived(code) => Error::new(format!("{doing}: it is archived ({code})")),
            Self::Refused(code) => Error::new(format!("{doing}: refused ({code})"))
                .hinted("docs/fleet.md lists the rights that are needed"),
            Self::Credentials(code) => {
                Error::again(format!("{doing}: the store does not take these credentials ({code})"))
            }
            Self::Unavailable(code) => Error::again(format!("{doing}: not to be had now ({code})")),
        }
    }
}

/// Whether a store gave out a whole object where a range was asked for.
pub(crate) fn has_no_ranges(error: &object_store::Error) -> bool {
    said(error).contains("non-partial response")
}

/// Everything that an error says, with its causes.
fn said(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push('\n');
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The code of a store's answer: `<Code>SlowDown</Code>`. A word and nothing but that, so that it can be printed.
fn code(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_word = (1..=64).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| code.to_owned())
}

/// The status of a store's answer.
fn status(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("status code: ").or_else(|| said.split_once("status: "))?;
    let digits = rest.get(..3)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.to_owned())
}

fn kind(error: &object_store::Error) -> &'static str {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => "not found",
        E::InvalidPath { .. } => "a key that this client does not take",
        E::NotSupported { .. } | E::NotImplemented { .. } => "not supported",
        E::PermissionDenied { .. } => "permission denied",
        E::Unauthenticated { .. } => "not authenticated",
        _ => "no answer",
    }
}

/// How often a request is tried again, and when.
fn retry(retries: usize) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: PAUSES.0, max_backoff: PAUSES.1, base: 2.0 },
        max_retries: retries,
        retry_timeout: Duration::from_secs(300),
    }
}

// a snapshot of gigabytes takes longer than the client's half minute; what stalls is told by silence
const WHOLE: (ClientConfigKey, &str) = (ClientConfigKey::Timeout, "1 hour");
const SILENT: (ClientConfigKey, &str) = (ClientConfigKey::ReadTimeout, "60 seconds");

/// A client of S3 in the making.
fn s3(bucket: &str, retries: usize) -> AmazonS3Builder {
    AmazonS3Builder::from_env()
        .with_config(AmazonS3ConfigKey::Client(WHOLE.0), WHOLE.1)
        .with_config(AmazonS3ConfigKey::Client(SILENT.0), SILENT.1)
        .with_bucket_name(bucket)
        .with_retry(retry(retries))
}

/// That there is no client for a bucket, and why.
fn unmade(scheme: Scheme, bucket: &str, error: &object_store::Error) -> Error {
    let word = match Fault::of(error) {
        Fault::Refused(code) | Fault::Credentials(code) | Fault::Unavailable(code) => code,
        _ => String::new(),
    };
    Error::new(format!("{}://{bucket}: no client for it ({word})", scheme.name()))
        .hinted("which variables it takes: docs/fleet.md")
}

/// The client of a bucket. Who asks is said by the environment or by files that it names, never by an argument.
pub(crate) fn open(scheme: Scheme, bucket: &str, retries: usize) -> Result<Arc<dyn ObjectStore>, Error> {
    let failed = |error: object_store::Error| unmade(scheme, bucket, &error);
    Ok(match scheme {
        Scheme::S3 => Arc::new(s3(bucket, retries).build().map_err(failed)?),
        Scheme::Azure => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_config(AzureConfigKey::Client(WHOLE.0), WHOLE.1)
                .with_config(AzureConfigKey::Client(SILENT.0), SILENT.1)
                .with_container_name(bucket)
                .with_retry(retry(retries))
                .build()
                .map_err(failed)?,
        ),
        Scheme::Google => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_config(GoogleConfigKey::Client(WHOLE.0), WHOLE.1)
                .with_config(GoogleConfigKey::Client(SILENT.0), SILENT.1)
                .with_bucket_name(bucket)
                .with_retry(retry(retries))
                .build()
                .map_err(failed)?,
        ),
    })
}

/// Every object below a prefix, in the order of the store.
pub(crate) async fn list(store: &dyn ObjectStore, prefix: &str) -> Result<Vec<ObjectMeta>, Fault> {
    let below = (!prefix.is_empty()).then(|| Path::from(prefix));
    let mut found = Vec::new();
    let mut stream = store.list(below.as_ref());
    while let Some(object) = stream.next().await {
        found.push(object.map_err(|error| Fault::of(&error))?);
    }
    Ok(found)
}

/// Whether an answer is of the object that was planned: a store may pass over the condition.
pub(crate) fn is_planned(meta: &ObjectMeta, file: &File) -> bool {
    meta.size == file.size && (file.etag.is_none() || etag(meta) == file.etag)
}

/// An object's ETag as headers and conditions have it.
pub(crate) fn etag(meta: &ObjectMeta) -> Option<String> {
    meta.e_tag.as_deref().map(quoted)
}

/// An ETag in quotes: Azure and others leave them out where they list.
fn quoted(told: &str) -> String {
    let (weak, tag) = told.strip_prefix("W/").map_or(("", told), |tag| ("W/", tag));
    format!("{weak}\"{}\"", tag.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(said: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: said.into() }
    }

    #[test]
    fn refusals_are_told_apart_by_code_and_say_nothing_else() {
        let answer = |status: &str, code: &str| {
            format!("Server returned non-2xx status code: {status} X: <Error><Code>{code}</Code><Token>hunter2</Token>")
        };
        for (status, code, fault) in [
            ("400 Bad Request", "ExpiredToken", Fault::Credentials("ExpiredToken".into())),
            ("403 Forbidden", "InvalidObjectState", Fault::Archived("InvalidObjectState".into())),
            ("503 Slow", "SlowDown", Fault::Unavailable("SlowDown".into())),
            ("403 Forbidden", "AccessDenied", Fault::Refused("AccessDenied".into())),
            ("400 Bad Request", "x hunter2", Fault::Refused("400".into())),
            ("500 Oh", "hunter2!", Fault::Unavailable("500".into())),
        ] {
            let found = Fault::of(&generic(&answer(status, code)));
            assert_eq!(found, fault);
            assert!(!format!("{found:?} {}", found.clone().into_error("x")).contains("hunter2"));
        }
        assert_eq!(Fault::of(&generic("hunter2")), Fault::Unavailable("no answer".into()));
    }

    #[test]
    fn an_etag_is_the_same_wherever_it_is_told() {
        let told = |tag: &str| ObjectMeta {
            location: Path::from("x"),
            last_modified: Default::default(),
            size: 0,
            e_tag: Some(tag.to_owned()),
            version: None,
        };
        for (tag, expected) in
            [("0x8D", "\"0x8D\""), ("\"0x8D\"", "\"0x8D\""), ("W/\"a\"", "W/\"a\""), ("\"d-2\"", "\"d-2\"")]
        {
            assert_eq!(etag(&told(tag)).as_deref(), Some(expected));
        }
        assert_eq!(etag(&ObjectMeta { e_tag: None, ..told("") }), None);
    }
}
