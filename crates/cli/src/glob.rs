//! Globs over keys, which are bytes and need not be UTF-8.

use globset::{Candidate, GlobBuilder, GlobMatcher};

/// A set of globs; a key passes if any of them matches, or if there is none.
///
/// As in git and ripgrep, a glob with a `/` is held against the whole key and one without against
/// the last part; `*`, `?` and classes never match a `/`, `**` does.
#[derive(Debug, Clone, Default)]
pub struct KeyGlobs {
    whole: Vec<GlobMatcher>,
    last: Vec<GlobMatcher>,
}

impl KeyGlobs {
    /// Compiles globs.
    ///
    /// # Errors
    /// The message of the first glob that is not one.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, String> {
        let mut set = Self::default();
        for glob in globs.iter().map(AsRef::as_ref) {
            let matcher = GlobBuilder::new(glob)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| format!("`{glob}` is not a glob: {}", error.kind()))?
                .compile_matcher();
            if glob.contains('/') {
                set.whole.push(matcher);
            } else {
                set.last.push(matcher);
            }
        }
        Ok(set)
    }

    /// Whether every key passes.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.last.is_empty()
    }

    /// Whether a key passes.
    pub fn passes(&self, key: &[u8]) -> bool {
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
            let globs = KeyGlobs::new(&[glob]).unwrap();
            assert_eq!(globs.passes(key), passes, "{glob} {key:?}");
        }
    }

    #[test]
    fn any_of_several_is_enough_and_none_lets_all_pass() {
        let globs = KeyGlobs::new(&["/a/*", "x"]).unwrap();
        assert!(globs.passes(b"/a/b") && globs.passes(b"/q/x") && !globs.passes(b"/q/y"));
        assert!(KeyGlobs::default().passes(b"\xff"));
    }

    #[test]
    fn a_glob_that_is_none_is_named() {
        let error = KeyGlobs::new(&["[a"]).unwrap_err();
        assert!(error.starts_with("`[a` is not a glob: "), "{error}");
    }
}
