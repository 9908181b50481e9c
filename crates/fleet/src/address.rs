//! Where sources and runs are: `s3://`, `az://`, `gs://` and `file:`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scheme {
    /// S3 and what speaks like it.
    S3,
    /// Azure's blobs: `az://CONTAINER/PREFIX`.
    Azure,
    /// Google's store.
    Google,
}

impl Scheme {
    /// How it begins.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azure => "az",
            Self::Google => "gs",
        }
    }
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Address {
    /// A folder, also on a mounted file system.
    Folder(PathBuf),
    /// Objects of a bucket, or a container, below a prefix.
    Bucket {
        /// The kind of store.
        scheme: Scheme,
        /// Its name.
        bucket: String,
        /// Without a slash at either end; empty for all.
        prefix: String,
    },
}

impl Address {
    /// The address of what has this key, or this path below the folder.
    pub(crate) fn of(&self, key: &str) -> String {
        match self {
            Self::Folder(path) => format!("file://{}", path.join(key).display()),
            Self::Bucket { scheme, bucket, .. } => format!("{}://{bucket}/{key}", scheme.name()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "file://{}", path.display()),
            Self::Bucket { scheme, bucket, prefix } if prefix.is_empty() => write!(f, "{}://{bucket}/", scheme.name()),
            Self::Bucket { scheme, bucket, prefix } => write!(f, "{}://{bucket}/{prefix}/", scheme.name()),
        }
    }
}

/// What is refused is not quoted: it may hold a secret.
impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let absolute = path.starts_with('/');
            return absolute
                .then(|| Self::Folder(PathBuf::from(path)))
                .ok_or_else(|| "a `file:` address is `file:/PATH` or `file:///PATH`, from the root".to_owned());
        }
        let kinds = [("s3://", Scheme::S3), ("az://", Scheme::Azure), ("gs://", Scheme::Google)];
        let known = kinds.iter().find_map(|(start, scheme)| Some((text.strip_prefix(start)?, *scheme)));
        let (rest, scheme) =
            known.ok_or_else(|| "an address begins with `s3://`, `az://`, `gs://` or `file:/`".to_owned())?;
        if rest.contains(['?', '#']) {
            return Err("an address has no query: signatures in addresses are refused, credentials come from the \
                        environment or from token files"
                .to_owned());
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.contains(['@', ':']) {
            return Err(
                "an address has no user and no port: credentials and endpoint come from the environment".to_owned()
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if bucket.is_empty() || !bucket.chars().all(plain) {
            return Err("after `://` comes the name of a bucket or a container".to_owned());
        }
        let prefix = prefix.trim_matches('/').to_owned();
        Ok(Self::Bucket { scheme, bucket: bucket.to_owned(), prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("s3://backups", "s3://backups/"),
            ("s3://backups/a/b/", "s3://backups/a/b/"),
            ("az://container/a", "az://container/a/"),
            ("gs://b/", "gs://b/"),
            ("file:/mnt/x", "file:///mnt/x"),
            ("file:///mnt/x", "file:///mnt/x"),
        ] {
            assert_eq!(text.parse::<Address>().map(|it| it.to_string()), Ok(written.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_may_hold_a_secret_is_refused_and_not_quoted() {
        for text in [
            "s3://AKIA:hunter2@backups/x",
            "az://container/x?sv=1&sig=hunter2",
            "gs://b/x#hunter2",
            "https://hunter2.example/x",
            "hunter2",
            "file:hunter2",
            "s3://",
            "s3://hunter2 x/",
        ] {
            let refused = text.parse::<Address>().unwrap_err();
            assert!(!refused.contains("hunter2") && !refused.contains("AKIA"), "{refused}");
        }
    }
}
