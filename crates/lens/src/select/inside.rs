//! Selection by what is inside an object: labels and fields.

use serde_json::Value;

/// Why a selector is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is no {what} requirement; write {expected}")]
pub struct SelectorError {
    part: String,
    what: &'static str,
    expected: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Exists(bool),
    In(Vec<String>, bool),
    Above(i64),
    Below(i64),
}

/// A label selector: `app=web,tier!=db,env in (a,b),track notin (c),owner,!legacy,generation>3`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<(String, Test)>);

impl Labels {
    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a selector and adds its requirements, all of which must hold. An empty one requires nothing.
    ///
    /// # Errors
    /// [`SelectorError`] with the part that is no requirement.
    pub fn add(&mut self, text: &str) -> Result<(), SelectorError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        for part in requirements(text) {
            let error = || SelectorError {
                part: part.to_owned(),
                what: "label",
                expected: "`a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`, `a` or `!a`",
            };
            let (name, test) = requirement(part).ok_or_else(error)?;
            self.0.push((name.to_owned(), test));
        }
        Ok(())
    }

    /// Whether an object's labels are what is asked for. A missing label is unlike any value, as for kubectl.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object.get("metadata").and_then(|metadata| metadata.get("labels"));
        self.0.iter().all(|(name, test)| {
            let value = labels.and_then(|labels| labels.get(name)).and_then(Value::as_str);
            match test {
                Test::Above(than) => number(value).is_some_and(|number| number > *than),
                Test::Below(than) => number(value).is_some_and(|number| number < *than),
                Test::Exists(wanted) => value.is_some() == *wanted,
                Test::In(values, wanted) => value.is_some_and(|value| values.iter().any(|one| one == value)) == *wanted,
            }
        })
    }
}

fn number(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

/// The parts between commas that are not within parentheses.
fn requirements(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

fn requirement(part: &str) -> Option<(&str, Test)> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['=', '!', '(', ')', ' ', ',', '<', '>']);
    let named = |name: &'_ str| is_name(name);
    if let Some((name, value)) = part.split_once("!=") {
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], false)));
    }
    if let Some((name, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        return named(name.trim()).then(|| (name.trim(), Test::In(vec![value.trim().to_owned()], true)));
    }
    for (sign, test) in [('>', Test::Above as fn(i64) -> Test), ('<', Test::Below)] {
        if let Some((name, than)) = part.split_once(sign) {
            let than = than.trim().parse().ok()?;
            return named(name.trim()).then(|| (name.trim(), test(than)));
        }
    }
    if let Some((name, rest)) = part.split_once(char::is_whitespace) {
        let rest = rest.trim_start();
        let (list, wanted) = match rest.strip_prefix("notin") {
            Some(list) => (list, false),
            None => (rest.strip_prefix("in")?, true),
        };
        let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        let values = list.split(',').map(|value| value.trim().to_owned()).collect();
        return is_name(name).then_some((name, Test::In(values, wanted)));
    }
    match part.strip_prefix('!') {
        Some(name) => named(name.trim()).then(|| (name.trim(), Test::Exists(false))),
        None => named(part).then_some((part, Test::Exists(true))),
    }
}

/// A field selector: `metadata.name=web,spec.nodeName!=w1,spec.containers[0].name=web`, and for names with dots
/// `metadata.labels["a.b/c"]` or `metadata.labels.a\.b/c`. Any field will do, not only those that the API indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Vec<String>, String, bool)>);

impl Fields {
    /// Whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a selector and adds its requirements, all of which must hold.
    ///
    /// # Errors
    /// [`SelectorError`] with the part that is no requirement.
    pub fn add(&mut self, text: &str) -> Result<(), SelectorError> {
        for part in text.split(',') {
            let error = || SelectorError { part: part.to_owned(), what: "field", expected: FIELD };
            let (path, rest) = field_path(part).ok_or_else(error)?;
            let (value, wanted) = match rest.strip_prefix("!=") {
                Some(value) => (value, false),
                None => (rest.strip_prefix("==").or_else(|| rest.strip_prefix('=')).ok_or_else(error)?, true),
            };
            self.0.push((path, value.trim().to_owned(), wanted));
        }
        Ok(())
    }

    /// Whether an object's fields are what is asked for. A missing field reads as empty, as for kubectl.
    #[must_use]
    pub fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, value, wanted)| {
            let is_equal = match field(object, path) {
                // What is false or nought is not stored at all.
                None | Some(Value::Null) => matches!(value.as_str(), "" | "false" | "0"),
                Some(Value::String(text)) => text == value,
                Some(other) => {
                    let text = other.to_string();
                    text == *value
                }
            };
            is_equal == *wanted
        })
    }
}

const FIELD: &str = "`path.to.field=value` or `!=`, an item as `list[0]`, a name with dots as `map[\"a.b/c\"]`";

/// The field at a path. A name that holds dots may be given in several parts: `metadata.labels.a.b/c`.
fn field<'o>(object: &'o Value, path: &[String]) -> Option<&'o Value> {
    let Some((first, rest)) = path.split_first() else { return Some(object) };
    match object {
        Value::Array(items) => field(items.get(first.parse::<usize>().ok()?)?, rest),
        Value::Object(map) => (1..=path.len()).find_map(|many| {
            let (name, rest) = path.split_at_checked(many)?;
            field(map.get(&name.join("."))?, rest)
        }),
        _ => None,
    }
}

/// The names of a path, and the text behind it; none where it cannot be read.
fn field_path(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut names, mut name, mut bracket) = (Vec::new(), String::new(), false);
    let mut rest = text.trim_start();
    rest = rest.strip_prefix('.').unwrap_or(rest);
    let flush = |name: &mut String, bracket: bool, names: &mut Vec<String>| {
        let ended = std::mem::take(name).trim().to_owned();
        let is_read = ended.is_empty() == bracket;
        names.extend((!ended.is_empty()).then_some(ended));
        is_read
    };
    while let Some(char) = rest.chars().next() {
        let after = rest.get(char.len_utf8()..).unwrap_or_default();
        match char {
            '=' => break,
            '!' if after.starts_with('=') => break,
            '\\' => {
                let next = after.chars().next()?;
                name.push(next);
                rest = after.get(next.len_utf8()..)?;
                continue;
            }
            '.' => {
                if !flush(&mut name, bracket, &mut names) {
                    return None;
                }
                bracket = false;
            }
            '[' => {
                if !flush(&mut name, bracket, &mut names) {
                    return None;
                }
                let (inside, behind) = match after.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
                    Some(quote) => after.get(1..)?.split_once(&format!("{quote}]"))?,
                    None => after.split_once(']').filter(|(at, _)| at.parse::<u32>().is_ok())?,
                };
                names.push(inside.to_owned());
                (rest, bracket) = (behind, true);
                continue;
            }
            plain => name.push(plain),
        }
        rest = after;
    }
    flush(&mut name, bracket, &mut names).then_some((names, rest))
}
