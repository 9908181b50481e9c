//! Templates of JSONPath, in kubectl's dialect: `{range .items[*]}{.metadata.name}{"\n"}{end}`.
//!
//! The dialect is older than RFC 9535 and differs from it: text around expressions in braces, `range` and `end`, one
//! comparison to a filter, names with dots as `.a\.b` or `['a\.b']`, and a missing field that selects nothing. Where kubectl
//! takes the members of a map as they come, they are taken in the order of their names.
//!
//! Nothing that a template says is a depth to recurse to; what one evaluation may visit has a bound ([`VISITED`]).

mod eval;
mod go;
mod parse;

use std::borrow::Cow;

use serde_json::Value;

pub use eval::{EvalError, VISITED};
pub(crate) use go::in_a_cell;
pub use go::printed;
pub use parse::{LONGEST, SyntaxError};

use eval::{Budget, Printing};

/// A template that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Vec<Part>);

/// What a template is made of, loops closed.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    /// Text as it stands.
    Text(String),
    /// What an expression selects.
    Print(Vec<Node>),
    /// For each that an expression selects, what is inside.
    Range {
        path: Vec<Node>,
        inside: Vec<Part>,
        /// Of a loop that is not ended: from where on what is inside comes once more, for what is around the loop. kubectl
        /// has it so, and procedures are written with such loops.
        again: Option<usize>,
    },
}

/// A step of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// A quoted text, a number or a truth value: takes the place of what was selected.
    Literal(Value),
    /// A member of a map.
    Field(String),
    /// All members of a map or a list: `.*`.
    Wildcard,
    /// Everything below that has something below it: `..`.
    Recursive,
    /// Items of a list.
    Slice(Slice),
    /// Items of a list that pass a comparison.
    Filter(Box<Filter>),
    /// What each of several expressions selects.
    Union(Vec<Vec<Node>>),
}

/// Which items of a list: from, to, and every how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    from: Option<i64>,
    to: To,
    step: Option<i64>,
}

/// Where a slice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    /// One item after its beginning: `[3]`.
    Next,
    /// Before an index: `[:3]`.
    Index(i64),
    /// With the list: `[3:]`.
    End,
}

/// A comparison: `?(@.a=="b")`; without an operator, whether the left side selects anything.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    left: Vec<Node>,
    right: Vec<Node>,
    operator: Operator,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exists,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`SyntaxError`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parse::template(text).map(Self)
    }

    /// Reads an expression that may come without its braces: `.metadata.name`, `metadata.name` or `{.metadata.name}`, as
    /// kubectl takes it for columns and for sorting.
    ///
    /// # Errors
    /// [`SyntaxError`].
    pub fn relaxed(text: &str) -> Result<Self, SyntaxError> {
        let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        if inside.is_empty() || inside.contains(['{', '}']) {
            return Err(SyntaxError::new("one expression is expected, such as `{.metadata.name}` or `.metadata.name`"));
        }
        Self::parse(&format!("{{.{}}}", inside.strip_prefix('.').unwrap_or(inside)))
    }

    /// Whether it has an expression at all, and is more than text.
    #[must_use]
    pub fn has_expressions(&self) -> bool {
        self.0.iter().any(|part| !matches!(part, Part::Text(_)))
    }

    /// The template filled in for a document. What was selected is printed as `show` has it, what the template itself
    /// says as it stands.
    ///
    /// # Errors
    /// [`EvalError`], where an expression does not fit what the document is, as kubectl has it.
    pub fn print(&self, document: &Value, show: fn(&str) -> Cow<'_, str>) -> Result<String, EvalError> {
        let mut printing = Printing { show, budget: Budget::default(), out: String::new() };
        printing.parts(&self.0, document)?;
        Ok(printing.out)
    }

    /// What its expressions select in a document, one after the other.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn select(&self, document: &Value) -> Result<Vec<Value>, EvalError> {
        let mut budget = Budget::default();
        let mut found = Vec::new();
        for part in &self.0 {
            if let Part::Print(path) = part {
                found.extend(eval::path(path, document, &mut budget)?.into_iter().map(Cow::into_owned));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
