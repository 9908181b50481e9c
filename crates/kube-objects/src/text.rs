//! JSON values as the text that kubectl prints.

mod json;
mod yaml;

pub use json::{number_text, to_json, to_json_line};
pub use yaml::{to_exact_yaml, to_yaml};

/// A float as Go writes it: shortest digits, an exponent of `least` digits outside the range of powers of ten.
fn float(value: f64, range: std::ops::Range<i32>, least: usize) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if value == 0.0 || range.contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0least$}", exponent.unsigned_abs())
}
