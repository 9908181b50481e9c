//! Patterns of names: `*` is any text, `?` any one character, everything else itself.

use std::fmt::{Display, Formatter, Result, Write as _};

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<char>);

/// The pattern as it was spelled.
impl Display for Glob {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|&c| f.write_char(c))
    }
}

impl Glob {
    /// The pattern that a text spells.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// Whether the whole of a text is like the pattern.
    ///
    /// Takes at most as many steps as pattern and text have characters multiplied.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let (pattern, text): (&[char], Vec<char>) = (&self.0, text.chars().collect());
        let (mut p, mut t) = (0, 0);
        // where the last `*` was, and how much of the text it stands for so far
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(&c) if c == '?' || Some(&c) == text.get(t) => {
                    p += 1;
                    t += 1;
                }
                _ => match star {
                    Some((at, taken)) => {
                        star = Some((at, taken + 1));
                        p = at + 1;
                        t = taken + 1;
                    }
                    None => return false,
                },
            }
        }
        pattern.iter().skip(p).all(|c| *c == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b\n", true),
            ("*/lab-*", "/mnt/lab-1/snapshot.db", true),
            ("*/lab-*", "lab-1", false),
            ("a?c", "aßc", true),
            ("a?c", "ac", false),
            ("*ab*ab", "abxabab", true),
            ("a*b*c", "acb", false),
            ("[a]", "[a]", true),
            ("*a*a*a*a*a*a*a*b", &"a".repeat(500), false),
        ] {
            assert_eq!(Glob::new(pattern).is_match(text), expected, "{pattern} {text}");
        }
    }
}
