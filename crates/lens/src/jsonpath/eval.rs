//! What an expression selects in a document.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::go::{printed, type_of};
use super::{Filter, Node, Operator, Part, Slice, To};

/// Values that one evaluation may come by: a bound for `..*..*` and for loops in loops.
pub const VISITED: u64 = 200_000_000;
/// Bytes that one evaluation may print.
const PRINTED: usize = 1 << 30;

/// Why an expression does not fit a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// An index or a filter stands where there is no list.
    #[error("`{found}` is not a list{}", if *.filter { " and cannot be filtered" } else { "" })]
    NotAList {
        /// What is there: `map`, `string`, ...
        found: &'static str,
        /// Whether a filter asked.
        filter: bool,
    },
    /// An item that the list does not have.
    #[error("index {index} is out of bounds of a list of {length}")]
    OutOfBounds {
        /// The index.
        index: i64,
        /// Items of the list.
        length: i64,
    },
    /// A slice that ends before it begins.
    #[error("the slice begins at {from} and ends at {to}")]
    Backwards {
        /// Its beginning.
        from: i64,
        /// Its end.
        to: i64,
    },
    /// A step of a slice that goes nowhere.
    #[error("the step of a slice is more than 0")]
    Step,
    /// A comparison of what cannot be compared.
    #[error("{left} and {right} cannot be compared so")]
    Incomparable {
        /// What is on the left: `string`, `number`, ...
        left: &'static str,
        /// What is on the right.
        right: &'static str,
    },
    /// A side of a comparison that is several values.
    #[error("a side of a comparison is {0} values: one is expected")]
    Several(usize),
    /// More than [`VISITED`] values were come by, or more was to be printed than can be.
    #[error("the expression selects too much")]
    TooMuch,
}

/// What may still be visited and printed.
pub(super) struct Budget {
    visits: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { visits: VISITED }
    }
}

impl Budget {
    #[cfg(test)]
    pub(super) fn of(visits: u64) -> Self {
        Self { visits }
    }

    fn take(&mut self, values: usize) -> Result<(), EvalError> {
        self.visits = self.visits.checked_sub(values as u64).ok_or(EvalError::TooMuch)?;
        Ok(())
    }
}

/// What was selected so far.
type Found<'v> = Vec<Cow<'v, Value>>;

/// A template on its way out.
pub(super) struct Printing {
    pub(super) show: fn(&str) -> Cow<'_, str>,
    pub(super) budget: Budget,
    pub(super) out: String,
}

impl Printing {
    /// Prints parts for a value.
    pub(super) fn parts(&mut self, parts: &[Part], value: &Value) -> Result<(), EvalError> {
        for part in parts {
            self.budget.take(1)?;
            match part {
                Part::Text(text) => self.out.push_str(text),
                Part::Print(nodes) => self.selected(nodes, value)?,
                // as deep as loops stand in one another in the template, which has a bound
                Part::Range { path: nodes, inside, again } => {
                    for found in path(nodes, value, &mut self.budget)? {
                        self.parts(inside, &found)?;
                    }
                    let rest = again.and_then(|from| inside.get(from..)).unwrap_or_default();
                    self.parts(rest, value)?;
                }
            }
            if self.out.len() > PRINTED {
                return Err(EvalError::TooMuch);
            }
        }
        Ok(())
    }

    fn selected(&mut self, nodes: &[Node], value: &Value) -> Result<(), EvalError> {
        let is_typed = matches!(nodes.last(), Some(Node::Literal(_)));
        for (number, found) in path(nodes, value, &mut self.budget)?.iter().enumerate() {
            self.out.push_str(if number > 0 { " " } else { "" });
            let text = printed(found);
            self.out.push_str(&if is_typed { text } else { Cow::Owned((self.show)(&text).into_owned()) });
        }
        Ok(())
    }
}

/// What a path selects of a value.
pub(super) fn path<'v>(nodes: &[Node], value: &'v Value, budget: &mut Budget) -> Result<Found<'v>, EvalError> {
    walk(nodes, vec![Cow::Borrowed(value)], budget)
}

fn walk<'v>(nodes: &[Node], mut found: Found<'v>, budget: &mut Budget) -> Result<Found<'v>, EvalError> {
    for node in nodes {
        budget.take(found.len())?;
        found = step(node, found, budget)?;
    }
    Ok(found)
}

fn step<'v>(node: &Node, found: Found<'v>, budget: &mut Budget) -> Result<Found<'v>, EvalError> {
    let mut next = Found::new();
    match node {
        // a text takes the place of all that was selected, a number of each
        Node::Literal(text @ Value::String(_)) => next.push(Cow::Owned(text.clone())),
        Node::Literal(value) => next.resize(found.len(), Cow::Owned(value.clone())),
        Node::Field(name) => {
            for value in found {
                next.extend(member(value, name));
            }
        }
        Node::Wildcard => {
            for value in found {
                budget.take(below_count(&value))?;
                next.extend(below(value));
            }
        }
        Node::Recursive => {
            for value in found {
                all_below(value, budget, &mut next)?;
            }
        }
        Node::Slice(slice) => {
            for value in found.into_iter().filter(|value| !value.is_null()) {
                next.extend(some(value, *slice, budget)?);
            }
        }
        Node::Filter(filter) => {
            for value in found {
                next.extend(passing(value, filter, budget)?);
            }
        }
        Node::Union(paths) => {
            for nodes in paths {
                budget.take(found.len())?;
                next.extend(walk(nodes, found.clone(), budget)?);
            }
        }
    }
    Ok(next)
}

fn member<'v>(value: Cow<'v, Value>, name: &str) -> Option<Cow<'v, Value>> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut map)) => map.remove(name).map(Cow::Owned),
        Cow::Owned(_) => None,
    }
}

fn below_count(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len(),
        Value::Array(items) => items.len(),
        Value::String(text) => text.len(),
        _ => 0,
    }
}

/// Members by their names, items, and as in Go, where kubectl comes from, the bytes of a text.
fn below(value: Cow<'_, Value>) -> Found<'_> {
    match value {
        Cow::Borrowed(Value::Object(map)) => sorted(map.iter().map(|(name, value)| (name, Cow::Borrowed(value)))),
        Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::String(text)) => bytes(text),
        Cow::Borrowed(_) => Found::new(),
        Cow::Owned(Value::Object(map)) => sorted(map.into_iter().map(|(name, value)| (name, Cow::Owned(value)))),
        Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::String(text)) => bytes(&text),
        Cow::Owned(_) => Found::new(),
    }
}

fn bytes<'v>(text: &str) -> Found<'v> {
    text.bytes().map(|byte| Cow::Owned(Value::from(byte))).collect()
}

fn sorted<'v, N: Ord>(members: impl Iterator<Item = (N, Cow<'v, Value>)>) -> Found<'v> {
    let mut members: Vec<_> = members.collect();
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    members.into_iter().map(|(_, value)| value).collect()
}

/// A value that has something below it, then what is below, each before what is below that.
fn all_below<'v>(value: Cow<'v, Value>, budget: &mut Budget, out: &mut Found<'v>) -> Result<(), EvalError> {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        let many = below_count(&value);
        budget.take(many + 1)?;
        if many == 0 {
            continue;
        }
        out.push(value.clone());
        if !value.is_string() {
            waiting.extend(below(value).into_iter().rev());
        }
    }
    Ok(())
}

/// The items of a list.
fn items(value: Cow<'_, Value>, filter: bool) -> Result<Found<'_>, EvalError> {
    match value {
        Cow::Borrowed(Value::Array(items)) => Ok(items.iter().map(Cow::Borrowed).collect()),
        Cow::Owned(Value::Array(items)) => Ok(items.into_iter().map(Cow::Owned).collect()),
        other => Err(EvalError::NotAList { found: type_of(&other), filter }),
    }
}

fn some<'v>(value: Cow<'v, Value>, slice: Slice, budget: &mut Budget) -> Result<Found<'v>, EvalError> {
    let items = items(value, false)?;
    budget.take(items.len())?;
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let behind = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let from = behind(slice.from.unwrap_or(0));
    let to = match slice.to {
        To::End => length,
        To::Index(index) => behind(index),
        // `[-1]` is the last one: what follows it is the end
        To::Next => from.saturating_add(1),
    };
    if from == to {
        return Ok(Found::new());
    }
    for (index, bound) in [(from, length - 1), (to, length)] {
        if index < 0 || index > bound {
            let index = if bound == length && index > 0 { index - 1 } else { index };
            return Err(EvalError::OutOfBounds { index, length });
        }
    }
    if from > to {
        return Err(EvalError::Backwards { from, to });
    }
    let step = usize::try_from(slice.step.unwrap_or(1)).ok().filter(|step| *step > 0).ok_or(EvalError::Step)?;
    let [from, to] = [from, to].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
    Ok(items.into_iter().take(to).skip(from).step_by(step).collect())
}

fn passing<'v>(value: Cow<'v, Value>, filter: &Filter, budget: &mut Budget) -> Result<Found<'v>, EvalError> {
    let mut passing = Found::new();
    for item in items(value, true)? {
        if passes(&item, filter, budget)? {
            passing.push(item);
        }
    }
    Ok(passing)
}

fn passes(item: &Value, filter: &Filter, budget: &mut Budget) -> Result<bool, EvalError> {
    budget.take(1)?;
    let left = path(&filter.left, item, budget);
    if filter.operator == Operator::Exists {
        return match left {
            Ok(found) => Ok(!found.is_empty()),
            Err(EvalError::TooMuch) => Err(EvalError::TooMuch),
            // what does not fit is there, as kubectl has it
            Err(_) => Ok(true),
        };
    }
    let Some(left) = only(left?)? else { return Ok(false) };
    let Some(right) = only(path(&filter.right, item, budget)?)? else { return Ok(false) };
    let order = order(&left, &right)?;
    let is_ordered = !left.is_boolean();
    match filter.operator {
        Operator::Equal => Ok(order == Ordering::Equal),
        Operator::NotEqual => Ok(order != Ordering::Equal),
        _ if !is_ordered => Err(incomparable(&left, &right)),
        Operator::Less => Ok(order.is_lt()),
        Operator::LessOrEqual => Ok(order.is_le()),
        Operator::Greater => Ok(order.is_gt()),
        Operator::GreaterOrEqual => Ok(order.is_ge()),
        Operator::Exists => Ok(true),
    }
}

/// The one value of a side; none where it selects nothing.
fn only(mut found: Found<'_>) -> Result<Option<Cow<'_, Value>>, EvalError> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        several => Err(EvalError::Several(several)),
    }
}

/// How two values of one kind stand to each other. Whole numbers and others are two kinds.
fn order(left: &Value, right: &Value) -> Result<Ordering, EvalError> {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(a), Value::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (None, None) => a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
            _ => None,
        },
        _ => None,
    };
    order.ok_or_else(|| incomparable(left, right))
}

fn incomparable(left: &Value, right: &Value) -> EvalError {
    EvalError::Incomparable { left: type_of(left), right: type_of(right) }
}
