//! The kubeconfig: made new, for its owner alone, and taken away at the end.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::guard::Token;
use crate::own::Own;

/// A context: its name, and the URL of its server.
pub(crate) struct Context {
    /// `backup@790`.
    pub(crate) name: String,
    /// `https://127.0.0.1:36012/ab12.../rev/790`.
    pub(crate) url: String,
}

/// A kubeconfig on disk, removed when it goes unless another took its place.
pub(crate) struct Kubeconfig(Own);

impl Kubeconfig {
    /// Writes one whose current context is the first.
    ///
    /// # Errors
    /// Where there is such a file already: nobody's is touched.
    pub(crate) fn create(path: PathBuf, contexts: &[Context], authority: &str, token: &Token) -> Result<Self, Error> {
        let failed = |error: std::io::Error| {
            let error = Error::new(format!("`{}`: {error}", wording::escape_path(&path)));
            error.hinted("name another place with --kubeconfig; a kubeconfig that is there is never changed")
        };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        let own = Self(Own::new(&path, &file.metadata().map_err(failed)?));
        file.write_all(text(contexts, authority, token).as_bytes()).map_err(failed)?;
        Ok(own)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Where it goes unless said otherwise: `assay-serve-3f2c....kubeconfig` in the user's runtime folder, else the temporary one.
pub(crate) fn default_path(id: &str) -> PathBuf {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let name = format!("assay-serve-{id}-{}.kubeconfig", std::process::id());
    folder.unwrap_or_else(std::env::temp_dir).join(name)
}

/// JSON strings are YAML's.
fn text(contexts: &[Context], authority: &str, token: &Token) -> Zeroizing<String> {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let current = contexts.first().map(|first| quoted(&first.name)).unwrap_or_default();
    let mut text = Zeroizing::new(format!("apiVersion: v1\nkind: Config\ncurrent-context: {current}\nclusters:\n"));
    let authority = STANDARD.encode(authority);
    for Context { name, url } in contexts {
        let _ = writeln!(text, "- name: {}\n  cluster:", quoted(name));
        let _ = writeln!(text, "    server: {}\n    certificate-authority-data: {authority}", quoted(url));
    }
    text.push_str("contexts:\n");
    for Context { name, .. } in contexts {
        let _ = writeln!(text, "- name: {}\n  context:\n    cluster: {}\n    user: backup", quoted(name), quoted(name));
    }
    let _ = writeln!(text, "users:\n- name: backup\n  user:\n    token: {}", token.text());
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_new_and_its_owners_and_gone_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let context = |name: &str| Context { name: name.to_owned(), url: format!("https://127.0.0.1:1/{name}") };
        let contexts = [context("backup"), context("backup@2026-11-22T14:00Z")];
        let token = Token::new().unwrap();
        let made = Kubeconfig::create(path.clone(), &contexts, "PEM", &token).unwrap();
        assert_eq!(std::fs::metadata(made.path()).unwrap().permissions().mode() & 0o777, 0o600);
        #[expect(clippy::disallowed_methods, reason = "a test reads what it made")]
        let text = std::fs::read_to_string(&path).unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read["current-context"], "backup");
        assert_eq!(read["clusters"][1]["cluster"]["server"], "https://127.0.0.1:1/backup@2026-11-22T14:00Z");
        assert_eq!(read["users"][0]["user"]["token"], token.text());
        let again = Kubeconfig::create(path.clone(), &contexts, "PEM", &token).err().unwrap();
        assert!(again.to_string().contains("exists") && path.exists());
        drop(made);
        assert!(!path.exists());
    }
}
