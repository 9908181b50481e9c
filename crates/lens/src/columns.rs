//! Columns of one's own: `NAME:.metadata.name,NODE:.spec.nodeName`, as kubectl takes and fills them.

use serde_json::Value;

use crate::jsonpath::{EvalError, SyntaxError, Template, in_a_cell};

/// What a cell says where an object says nothing.
const NONE: &str = "<none>";

/// Columns, each with its title.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomColumns(Vec<(String, Template)>);

impl CustomColumns {
    /// Reads `TITLE:PATH,TITLE:PATH`.
    ///
    /// # Errors
    /// [`SyntaxError`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let column = |part: &str| {
            let (title, path) = part
                .split_once(':')
                .filter(|(title, path)| !title.is_empty() && !path.is_empty())
                .ok_or_else(|| {
                    SyntaxError::new(format!("`{part}` is no column: write TITLE:PATH, such as NAME:.metadata.name"))
                })?;
            Ok((title.to_owned(), Template::relaxed(path)?))
        };
        text.split(',').map(column).collect::<Result<_, _>>().map(Self)
    }

    /// Their titles.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(title, _)| title.as_str())
    }

    /// What an object puts into them.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn cells(&self, object: &Value) -> Result<Vec<String>, EvalError> {
        let cell = |(_, path): &(String, Template)| {
            let found = path.select(object)?;
            let values: Vec<_> = found.iter().map(in_a_cell).collect();
            Ok(if values.is_empty() { NONE.to_owned() } else { values.join(",") })
        };
        self.0.iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_what_kubectl_prints() {
        let object = json!({"metadata": {"name": "a", "labels": {"b": "2", "a": "1"}}, "spec": {"n": 3, "list": ["x", {"y": null}]}});
        let columns =
            CustomColumns::parse("N:.metadata.name,L:metadata.labels,X:{.spec.list},I:.spec.list[*],NO:.spec.no")
                .unwrap();
        assert_eq!(columns.titles().collect::<Vec<_>>(), ["N", "L", "X", "I", "NO"]);
        let expected = ["a", "map[a:1 b:2]", "[x map[y:<nil>]]", "x,map[y:<nil>]", "<none>"];
        assert_eq!(columns.cells(&object).unwrap(), expected);
        for text in ["", "NAME", "NAME:", ":.a", "A:.a,", "A:{.a}{.b}", "A:.a["] {
            assert!(CustomColumns::parse(text).is_err(), "{text}");
        }
    }
}
