//! Globs over keys, which are bytes and need not be UTF-8.

use globset::{Candidate, GlobBuilder, GlobMatcher};

use super::SelectionError;

/// A set of globs; a key passes if any of them matches, or if there is none.
///
/// As in git and ripgrep, a glob with a `/` is held against the whole key and one without against
/// the last part; `*`, `?` and classes never match a `/`, `**` does.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyGlobs {
    whole: Vec<GlobMatcher>,
    last: Vec<GlobMatcher>,
}

impl KeyGlobs {
    /// Compiles a glob and adds it.
    pub(super) fn add(&mut self, glob: &str) -> Result<(), SelectionError> {
        let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
        let refused =
            |error: globset::Error| SelectionError::Glob { glob: glob.to_owned(), reason: error.kind().to_string() };
        let matcher = built.map_err(refused)?.compile_matcher();
        let same_kind = if glob.contains('/') { &mut self.whole } else { &mut self.last };
        same_kind.push(matcher);
        Ok(())
    }

    /// Whether every key passes.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.last.is_empty()
    }

    /// Whether a key passes.
    pub(super) fn passes(&self, key: &[u8]) -> bool {
        let any = |matchers: &[GlobMatcher], bytes: &[u8]| {
            !matchers.is_empty() && {
                let candidate = Candidate::from_bytes(bytes);
                matchers.iter().any(|matcher| matcher.is_match_candidate(&candidate))
            }
        };
        let last = || key.rsplit(|byte| *byte == b'/').next().unwrap_or(key);
        self.is_empty() || any(&self.whole, key) || any(&self.last, last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(texts: &[&str]) -> Result<KeyGlobs, SelectionError> {
        let mut globs = KeyGlobs::default();
        texts.iter().try_for_each(|text| globs.add(text))?;
        Ok(globs)
    }

    #[test]
    fn globs_match_as_in_git() {
        for (glob, key, passes) in [
            ("*", &b"/a/b"[..], true),
            ("b*", b"/a/bc", true),
            ("a*", b"/a/bc", false),
            ("/a/*", b"/a/b", true),
            ("/a/*", b"/a/b/c", false),
            ("/a/**", b"/a/b/c", true),
            ("/*/b/**", b"/a/b/c/d", true),
            ("/a/?", b"/a/\xff", true),
            ("/a/?*", b"/a/\xff\xfe", true),
            ("*\n*", b"/a/x\ny", true),
            ("/a/*", b"/a/x\ny\x00", true),
            ("{x,y}", b"/a/y", true),
            ("[!x]", b"/a/x", false),
            ("/a/*", b"/a/..", true),
            ("", b"/a/", true),
            ("\\*", b"/a/*", true),
            ("\\*", b"/a/b", false),
        ] {
            let globs = globs(&[glob]).unwrap();
            assert_eq!(globs.passes(key), passes, "{glob} {key:?}");
        }
    }

    #[test]
    fn any_of_several_is_enough_and_none_lets_all_pass() {
        let globs = globs(&["/a/*", "x"]).unwrap();
        assert!(globs.passes(b"/a/b") && globs.passes(b"/q/x") && !globs.passes(b"/q/y"));
        assert!(KeyGlobs::default().passes(b"\xff"));
    }

    #[test]
    fn a_glob_that_is_none_is_named() {
        let error = globs(&["[a"]).unwrap_err().to_string();
        assert!(error.starts_with("`[a` is not a glob: "), "{error}");
    }
}
