//! Objects in the order of what is inside: `--sort-by .metadata.creationTimestamp`, as kubectl orders them.

mod quantity;

use std::cmp::Ordering;

use serde_json::Value;

use crate::jsonpath::{EvalError, SyntaxError, Template};
use quantity::Quantity;

/// By what objects are ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct SortBy {
    text: String,
    path: Template,
}

/// Why objects cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SortError {
    /// The path does not fit an object.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// No object has such a field.
    #[error("no object has a field `{0}`")]
    NoField(String),
    /// Values that have no order, or not with one another.
    #[error("the values of `{0}` have no order: numbers, or texts, are expected")]
    NoOrder(String),
}

/// What an object is ordered by.
enum Place {
    Whole(i128),
    Fraction(f64),
    Amount(Quantity),
    Text(String),
}

/// Texts as the amounts that they are, where all of them are.
fn as_amounts<T>(placed: &mut [(Option<Place>, T)]) {
    let amount = |(place, _): &(Option<Place>, T)| match place {
        Some(Place::Text(text)) => Quantity::parse(text).map(Place::Amount).map(Some),
        Some(_) => None,
        None => Some(None),
    };
    let amounts: Option<Vec<_>> = placed.iter().map(amount).collect();
    for (amount, (place, _)) in amounts.into_iter().flatten().zip(placed) {
        *place = amount;
    }
}

impl SortBy {
    /// Reads a path, with or without its braces.
    ///
    /// # Errors
    /// [`SyntaxError`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self { text: text.to_owned(), path: Template::relaxed(text)? })
    }

    /// Puts things in order by their objects. What has no such field comes first; equal ones stay as they are.
    ///
    /// # Errors
    /// [`SortError`].
    pub fn sort<T>(&self, things: Vec<T>, object: impl Fn(&T) -> &Value) -> Result<Vec<T>, SortError> {
        let mut placed = Vec::with_capacity(things.len());
        for thing in things {
            let first = self.path.select(object(&thing))?.into_iter().next();
            let place = first.map(|value| self.place(value)).transpose()?;
            placed.push((place, thing));
        }
        if !placed.is_empty() && placed.iter().all(|(place, _)| place.is_none()) {
            return Err(SortError::NoField(self.text.clone()));
        }
        let kinds = |(place, _): &(Option<Place>, T)| place.as_ref().map(std::mem::discriminant);
        let mut found = placed.iter().filter_map(kinds);
        let first = found.next();
        if found.any(|kind| Some(kind) != first) {
            return Err(SortError::NoOrder(self.text.clone()));
        }
        as_amounts(&mut placed);
        placed.sort_by(|(a, _), (b, _)| order(a.as_ref(), b.as_ref()));
        Ok(placed.into_iter().map(|(_, thing)| thing).collect())
    }

    fn place(&self, value: Value) -> Result<Place, SortError> {
        match value {
            Value::String(text) => Ok(Place::Text(text)),
            Value::Number(number) => {
                let whole = number.as_i128().map(Place::Whole);
                let fraction = || number.as_f64().map(Place::Fraction);
                whole.or_else(fraction).ok_or_else(|| SortError::NoOrder(self.text.clone()))
            }
            _ => Err(SortError::NoOrder(self.text.clone())),
        }
    }
}

fn order(a: Option<&Place>, b: Option<&Place>) -> Ordering {
    match (a, b) {
        (Some(Place::Whole(a)), Some(Place::Whole(b))) => a.cmp(b),
        (Some(Place::Fraction(a)), Some(Place::Fraction(b))) => a.total_cmp(b),
        (Some(Place::Amount(a)), Some(Place::Amount(b))) => a.cmp(b),
        (Some(Place::Text(a)), Some(Place::Text(b))) => a.cmp(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(values: &[Value]) -> Result<Vec<Value>, SortError> {
        let objects =
            values.iter().map(|value| if value.is_null() { json!({}) } else { json!({"a": value}) }).collect();
        let by = SortBy::parse(".a").unwrap();
        Ok(by.sort(objects, |it| it)?.iter().map(|it| it.get("a").cloned().unwrap_or_default()).collect())
    }

    #[test]
    fn objects_come_in_the_order_of_kubectl() {
        for (values, expected) in [
            (json!(["w9", "w10", "W"]), json!(["W", "w10", "w9"])),
            (json!(["9", "x", "10"]), json!(["10", "9", "x"])),
            (json!(["1Gi", "900Mi", "2", "500m"]), json!(["500m", "2", "900Mi", "1Gi"])),
            (json!(["120", "15"]), json!(["15", "120"])),
            (json!([3, null, 1]), json!([null, 1, 3])),
            (json!([2.5, 1.5]), json!([1.5, 2.5])),
            (
                json!(["2026-11-23T09:00:00Z", "2026-11-20T09:00:00Z"]),
                json!(["2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"]),
            ),
            (json!([]), json!([])),
        ] {
            assert_eq!(json!(sorted(values.as_array().unwrap()).unwrap()), expected);
        }
        assert_eq!(sorted(&[Value::Null]), Err(SortError::NoField(".a".to_owned())));
        for values in [json!([1, "a"]), json!([true]), json!([[1]])] {
            assert_eq!(sorted(values.as_array().unwrap()), Err(SortError::NoOrder(".a".to_owned())));
        }
    }
}
