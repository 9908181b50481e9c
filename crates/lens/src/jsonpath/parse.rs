//! From the text of a template to its parts.

use serde_json::Value;

use super::{Filter, Node, Operator, Part, Slice, Template, To};

/// Bytes that a template may have.
pub const LONGEST: usize = 64 << 10;
/// Loops that may stand in one another.
const DEEPEST: usize = 32;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SyntaxError(String);

impl SyntaxError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

fn error<T>(reason: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError::new(reason))
}

/// What stands between braces.
enum Action {
    Print(Vec<Node>),
    Range(Vec<Node>),
    End,
}

/// Reads a whole template. Loops that are not ended end with it, and once more what is in them.
pub(super) fn template(text: &str) -> Result<Vec<Part>, SyntaxError> {
    if text.len() > LONGEST {
        return error(format!("the template is longer than {LONGEST} bytes"));
    }
    let mut open: Vec<(Vec<Node>, Vec<Part>)> = vec![(Vec::new(), Vec::new())];
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, action) = rest.split_once('{').map_or((rest, None), |(plain, action)| (plain, Some(action)));
        if !plain.is_empty() {
            push(&mut open, Part::Text(plain.to_owned()));
        }
        let Some(action) = action else { break };
        let mut cursor = Cursor { rest: action };
        match cursor.action()? {
            Action::Print(path) => push(&mut open, Part::Print(path)),
            Action::Range(_) if open.len() > DEEPEST => {
                return error(format!("more than {DEEPEST} loops in one another"));
            }
            Action::Range(path) => open.push((path, Vec::new())),
            Action::End if open.len() < 2 => return error("`{end}` without a `{range ...}` before it"),
            Action::End => close(&mut open, true),
        }
        rest = cursor.rest;
    }
    while open.len() > 1 {
        close(&mut open, false);
    }
    Ok(open.pop().map(|(_, parts)| parts).unwrap_or_default())
}

fn push(open: &mut [(Vec<Node>, Vec<Part>)], part: Part) {
    if let Some((_, parts)) = open.last_mut() {
        parts.push(part);
    }
}

/// Closes the innermost loop. One that is not ended goes on behind the last loop in it that is.
fn close(open: &mut Vec<(Vec<Node>, Vec<Part>)>, ended: bool) {
    if let Some((path, inside)) = open.pop() {
        let is_ended = |part: &Part| matches!(part, Part::Range { again: None, .. });
        let again = (!ended).then(|| inside.iter().rposition(is_ended).map_or(0, |at| at + 1));
        push(open, Part::Range { path, inside, again });
    }
}

/// What is left to read, behind a brace that opens.
struct Cursor<'t> {
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    /// So many bytes, which end with a character.
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// An action, with the brace that closes it.
    fn action(&mut self) -> Result<Action, SyntaxError> {
        let (mut nodes, mut word) = (Vec::new(), None);
        loop {
            if self.rest.starts_with("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if let Some(rest) = self.rest.strip_prefix("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return error("`..` follows `..`");
                }
                self.rest = rest;
                nodes.push(Node::Recursive);
                if rest.starts_with(is_word) {
                    nodes.push(self.field());
                }
                continue;
            }
            let before = self.rest;
            match self.next() {
                Some('}') => break,
                None | Some('\r' | '\n') => return error("a `{` is not closed on its line"),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.list(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some('+' | '-' | '0'..='9') => nodes.push(self.number(before)?),
                Some(other) if is_word(other) => match self.word(before) {
                    "true" => nodes.push(Node::Literal(Value::Bool(true))),
                    "false" => nodes.push(Node::Literal(Value::Bool(false))),
                    loops @ ("range" | "end") => word = Some(loops),
                    other => {
                        return error(format!(
                            "`{other}` is no word of a template: `range`, `end`, or a field as `.{other}`"
                        ));
                    }
                },
                Some(other) => return error(format!("`{other}` is not expected in an expression")),
            }
        }
        Ok(match word {
            Some("range") => Action::Range(nodes),
            Some(_) => Action::End,
            None => Action::Print(nodes),
        })
    }

    /// The expressions of a union or the sides of a filter: as an action of their own, in which no loop begins or ends.
    fn inside(text: &str) -> Result<Vec<Node>, SyntaxError> {
        let text = format!("{text}}}");
        let mut cursor = Cursor { rest: &text };
        match cursor.action()? {
            Action::Print(nodes) if cursor.rest.is_empty() => Ok(nodes),
            _ => error(format!("`{}` is no expression", text.strip_suffix('}').unwrap_or_default())),
        }
    }

    /// A name up to what ends it; `\` takes the next character for part of it.
    fn field(&mut self) -> Node {
        let mut name = String::new();
        let mut end = self.rest.len();
        let mut chars = self.rest.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
                other if ends_name(other) => {
                    end = at;
                    break;
                }
                other => name.push(other),
            }
        }
        let raw = self.take(end);
        if raw == "*" { Node::Wildcard } else { Node::Field(name) }
    }

    /// A word of which the first character is taken.
    fn word(&mut self, before: &'t str) -> &'t str {
        let end = before.find(ends_name).unwrap_or(before.len());
        let (word, rest) = before.split_at_checked(end).unwrap_or((before, ""));
        self.rest = rest;
        word
    }

    /// A number of which the first character is taken.
    fn number(&mut self, before: &'t str) -> Result<Node, SyntaxError> {
        let digits = |text: &str| text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
        let sign = usize::from(before.starts_with(['+', '-']));
        let end = sign + digits(before.get(sign..).unwrap_or_default());
        let (text, rest) = before.split_at_checked(end).unwrap_or((before, ""));
        self.rest = rest;
        let number = text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
        number.map(Node::Literal).or_else(|_| error(format!("`{text}` is no number")))
    }

    /// A text up to its quote, of which the first is taken.
    fn quoted(&mut self, quote: char) -> Result<Node, SyntaxError> {
        let mut before = quote;
        let end = self.rest.char_indices().find_map(|(at, char)| {
            let ends = char == '\n' || char == quote && before != '\\';
            before = char;
            ends.then_some((at, char))
        });
        let Some((end, _)) = end.filter(|(_, char)| *char == quote) else {
            return error("a quoted text is not closed on its line");
        };
        let text = self.take(end);
        self.take(1);
        let text = unquoted(text, quote)
            .ok_or_else(|| SyntaxError::new(format!("{quote}{text}{quote} has a `\\` that means nothing")))?;
        Ok(Node::Literal(Value::String(text)))
    }

    /// What is in brackets: names, a slice, or several of these.
    fn list(&mut self, nodes: &mut Vec<Node>) -> Result<(), SyntaxError> {
        let end =
            self.rest.find([']', '\n']).filter(|at| self.rest.get(*at..).is_some_and(|rest| rest.starts_with(']')));
        let Some(end) = end else { return error("a `[` is not closed on its line") };
        let text = self.take(end);
        self.take(1);
        if text.contains(',') {
            let one = |text: &str| {
                let mut nodes = Vec::new();
                in_brackets(text.trim_matches(' '), &mut nodes)?;
                Ok(nodes)
            };
            nodes.push(Node::Union(text.split(',').map(one).collect::<Result<_, _>>()?));
            return Ok(());
        }
        in_brackets(text, nodes)
    }

    /// A filter, with its brackets. A quoted text may hold parentheses; there can be one.
    fn filter(&mut self) -> Result<Node, SyntaxError> {
        self.take("[?(".len());
        let (mut quote, mut closed, mut before) = (None, false, '(');
        let mut end = None;
        for (at, char) in self.rest.char_indices() {
            match char {
                '\n' => break,
                '"' | '\'' if quote.is_none() => quote = Some(char),
                '"' | '\'' => closed |= before != '\\' && quote == Some(char),
                ')' if quote.is_some() == closed => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
            before = char;
        }
        let Some(end) = end else { return error("a filter `[?(` is not closed on its line") };
        let text = self.take(end);
        self.take(1);
        if self.next() != Some(']') {
            return error("`)` of a filter is followed by `]`");
        }
        let sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let parts = text.find(sign).filter(|at| *at > 0).and_then(|at| text.split_at_checked(at));
        let parts = parts.map(|(left, rest)| (left, rest.split_at(rest.find(|c| !sign(c)).unwrap_or(rest.len()))));
        let filter = match parts {
            Some((left, (operator, right))) if !right.is_empty() => {
                let operator = Operator::parse(operator, right)?;
                Filter { left: Self::inside(left)?, right: Self::inside(right)?, operator }
            }
            _ => Filter { left: Self::inside(text)?, right: Vec::new(), operator: Operator::Exists },
        };
        Ok(Node::Filter(Box::new(filter)))
    }
}

impl Operator {
    fn parse(text: &str, right: &str) -> Result<Self, SyntaxError> {
        Ok(match text {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "=" if right.starts_with('~') => return error("`=~` is no comparison here: ==, !=, <, <=, > or >="),
            other => return error(format!("`{other}` is no comparison: ==, !=, <, <=, > or >=")),
        })
    }
}

/// What a pair of brackets holds: a name in quotes, which may be a path, or a slice.
fn in_brackets(text: &str, nodes: &mut Vec<Node>) -> Result<(), SyntaxError> {
    let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).filter(|name| !name.contains('\''));
    match quoted {
        Some(name) => nodes.extend(Cursor::inside(&format!(".{name}"))?),
        None => nodes.push(Node::Slice(slice(if text == "*" { ":" } else { text })?)),
    }
    Ok(())
}

fn slice(text: &str) -> Result<Slice, SyntaxError> {
    let fault = || {
        SyntaxError::new(format!("`[{text}]` is no index: a number, `from:to`, `from:to:step`, `*` or a name in '...'"))
    };
    let mut parts = text.split(':');
    let mut number = || match parts.next() {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(digits) if digits.starts_with('+') => Err(fault()),
        Some(digits) => digits.parse::<i64>().map(|number| Some(Some(number))).map_err(|_| fault()),
    };
    let (from, to, step) = (number()?.flatten(), number()?, number()?.flatten());
    if number()?.is_some() {
        return Err(fault());
    }
    let to = match to {
        None => To::Next,
        Some(None) => To::End,
        Some(Some(index)) => To::Index(index),
    };
    Ok(Slice { from, to, step })
}

/// Whether a character may begin a word.
fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Whether a character ends a name.
fn ends_name(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// A quoted text as it is meant, escapes as Go has them.
fn unquoted(text: &str, quote: char) -> Option<String> {
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if c != '\\' {
            push(c);
            continue;
        }
        match chars.next()? {
            'a' => out.push(7),
            'b' => out.push(8),
            'f' => out.push(12),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'v' => out.push(11),
            'x' => out.push(u8::try_from(digits(&mut chars, 2, 16, 0)?).ok()?),
            'u' => push(char::from_u32(digits(&mut chars, 4, 16, 0)?)?),
            'U' => push(char::from_u32(digits(&mut chars, 8, 16, 0)?)?),
            octal @ '0'..='7' => out.push(u8::try_from(digits(&mut chars, 2, 8, octal.to_digit(8)?)?).ok()?),
            own if own == '\\' || own == quote => push(own),
            _ => return None,
        }
    }
    String::from_utf8(out).ok()
}

/// So many digits, behind what was read of the number before them.
fn digits(chars: &mut std::str::Chars<'_>, many: usize, radix: u32, before: u32) -> Option<u32> {
    (0..many).try_fold(before, |sum, _| sum.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?))
}

impl std::str::FromStr for Template {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        Self::parse(text)
    }
}
