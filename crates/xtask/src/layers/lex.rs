//! Rust source to the tokens that imports are made of. Comments are dropped, and with them the links of documentation.

/// A token, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or a keyword; `r#type` is `type`.
    Word(String),
    /// What a string literal holds, escapes as written. An attribute may name a path in one.
    Text(String),
    /// `::`
    PathSep,
    /// Any other sign.
    Sign(char),
}

impl Token {
    /// Whether it is this word.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(one) if one == word)
    }
}

/// The tokens of a source, each with its line, from 1. Numbers, characters and lifetimes are left out: no path has one.
pub(super) fn tokens(source: &str) -> Vec<(Token, usize)> {
    let mut lexer = Lexer { rest: source, line: 1, found: Vec::new() };
    while lexer.step() {}
    lexer.found
}

struct Lexer<'s> {
    rest: &'s str,
    line: usize,
    found: Vec<(Token, usize)>,
}

impl Lexer<'_> {
    /// Takes one token; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        if self.rest.starts_with("//") {
            self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.skip(comment(self.rest));
        } else if let Some((text, length)) = literal(self.rest) {
            let text = Token::Text(text.to_owned());
            self.push(text, length);
        } else if first == '\'' || self.rest.starts_with("b'") {
            self.skip(quote(self.rest));
        } else if is_word(first) {
            let raw = if self.rest.starts_with("r#") { 2 } else { 0 };
            let word: String = self.rest.chars().skip(raw).take_while(|c| is_word(*c)).collect();
            let length = raw + word.len();
            if first.is_ascii_digit() { self.skip(length) } else { self.push(Token::Word(word), length) }
        } else if self.rest.starts_with("::") {
            self.push(Token::PathSep, 2);
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else {
            self.push(Token::Sign(first), first.len_utf8());
        }
        true
    }

    fn push(&mut self, token: Token, length: usize) {
        self.found.push((token, self.line));
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (over, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line += over.matches('\n').count();
        self.rest = rest;
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The length of the comment at the start of `rest`; such comments nest.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(two) = rest.as_bytes().get(at..at + 2) {
        match two {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The string literal at the start of `rest`: what it holds, and the length of all of it.
fn literal(rest: &str) -> Option<(&str, usize)> {
    let quoted = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|at| *at <= 2)?;
    let (prefix, body) = rest.split_at_checked(quoted)?;
    let raw = prefix.contains('r');
    let hashes = if raw { body.len() - body.trim_start_matches('#').len() } else { 0 };
    let body = body.get(hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let mut escaped = false;
    let end = body.char_indices().find(|(at, c)| {
        let ends = !escaped && body.get(*at..).is_some_and(|rest| rest.starts_with(&close));
        escaped = !raw && *c == '\\' && !escaped;
        ends
    });
    let end = end.map_or(body.len(), |(at, _)| at);
    Some((body.get(..end)?, quoted + hashes + 1 + end + close.len()))
}

/// The length of the character or lifetime at the start of `rest`, the quote of a lifetime alone.
fn quote(rest: &str) -> usize {
    let open = if rest.starts_with('b') { 2 } else { 1 };
    let mut body = rest.get(open..).unwrap_or_default().char_indices();
    match (body.next(), body.next()) {
        (Some((_, '\\')), Some((at, second))) => {
            let after = at + second.len_utf8();
            let closed = rest.get(open + after..).and_then(|rest| rest.find('\''));
            open + after + closed.map_or(0, |more| more + 1)
        }
        (Some(_), Some((at, '\''))) => open + at + 1,
        _ => open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        let shown = |token: Token| match token {
            Token::Word(word) => word,
            Token::Text(text) => format!("<{text}>"),
            Token::PathSep => "::".to_owned(),
            Token::Sign(sign) => sign.to_string(),
        };
        tokens(source).into_iter().map(|(token, _)| shown(token)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_only_looks_like_a_path_is_none() {
        for (source, expected) in [
            ("crate::a // crate::b\n/* crate::c /* */ crate::d */ x", "crate :: a x"),
            (r##"r#"crate::a" "# b"\"x" c"y" br#"z"#"##, r#"<crate::a" > <\"x> <y> <z>"#),
            (r"'a' '\'' '\u{2028}' b'\\' x 'a: loop", "x a : loop"),
            ("fn f<'a>(r#type: &'a b::C) -> 1_000u64", "fn f < a > ( type : & a b :: C ) - >"),
            ("rest bravo crow b r c", "rest bravo crow b r c"),
            ("\"never ended", "<never ended>"),
        ] {
            assert_eq!(words(source), expected, "{source}");
        }
    }

    #[test]
    fn lines_are_counted_through_texts_and_comments() {
        let found = tokens("/*\n*/ a \"\n\n\" b");
        assert_eq!(found.iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 2, 4]);
    }
}
