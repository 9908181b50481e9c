//! Messages with a JSON form of their own.
//!
//! Each reader gives none where the message holds a field it does not know or a number it cannot show, so that the
//! caller shows the bytes instead.

use jiff::Timestamp;
use serde_json::Value;

use crate::fault::ObjectFault;
use crate::wire::{Field, Fields};

type Leaf = Result<Option<Value>, ObjectFault>;

/// The fields of a leaf message by number, the last of each winning; none if another number occurs.
fn fields<'v, const N: usize>(
    message: &'v [u8],
    name: &'static str,
) -> Result<Option<[Option<Field<'v>>; N]>, ObjectFault> {
    let mut found = [None; N];
    for field in Fields::of(message) {
        let field = field.map_err(|fault| fault.of(name))?;
        let at = usize::try_from(field.number).ok().and_then(|number| number.checked_sub(1));
        match at.and_then(|at| found.get_mut(at)) {
            Some(slot) => *slot = Some(field),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

fn number(field: Option<Field<'_>>) -> Option<i64> {
    field.map_or(Some(0), |field| field.varint().map(u64::cast_signed))
}

fn bytes(field: Option<Field<'_>>) -> Option<&[u8]> {
    field.map_or(Some(&[]), |field| field.bytes())
}

pub(super) fn text(bytes: &[u8]) -> Value {
    Value::String(String::from_utf8_lossy(bytes).into_owned())
}

/// `Time {1: seconds, 2: nanos}` as RFC 3339, to the second, as Kubernetes reads it back. No bytes is no time.
pub(super) fn time(message: &[u8]) -> Leaf {
    if message.is_empty() {
        return Ok(Some(Value::Null));
    }
    let Some([seconds, nanos]) = fields(message, "Time")? else { return Ok(None) };
    let whole = number(nanos).and_then(|_| number(seconds)).and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(whole.map(|time| Value::String(time.to_string())))
}

/// `MicroTime {1: seconds, 2: nanos}` with six decimals.
pub(super) fn micro_time(message: &[u8]) -> Leaf {
    if message.is_empty() {
        return Ok(Some(Value::Null));
    }
    let Some([seconds, nanos]) = fields(message, "MicroTime")? else { return Ok(None) };
    let time = number(seconds).zip(number(nanos)).and_then(|(seconds, nanos)| {
        let micros = i32::try_from(nanos).ok()? / 1000;
        Timestamp::new(seconds, micros.checked_mul(1000)?).ok()
    });
    Ok(time.map(|time| Value::String(format!("{time:.6}"))))
}

/// `Quantity {1: string}`, canonical since it was stored.
pub(super) fn quantity(message: &[u8]) -> Leaf {
    let Some([string]) = fields(message, "Quantity")? else { return Ok(None) };
    Ok(bytes(string).map(text))
}

/// `IntOrString {1: type, 2: number, 3: string}`; type 0 is the number, 1 the string.
pub(super) fn int_or_string(message: &[u8]) -> Leaf {
    let Some([kind, int, string]) = fields(message, "IntOrString")? else { return Ok(None) };
    Ok(match number(kind) {
        Some(0) => number(int).map(Value::from),
        Some(1) => bytes(string).map(text),
        _ => None,
    })
}

/// The bytes of a message `{1: raw}`: RawExtension and FieldsV1.
pub(super) fn raw<'v>(message: &'v [u8], name: &'static str) -> Result<Option<&'v [u8]>, ObjectFault> {
    let Some([raw]) = fields(message, name)? else { return Ok(None) };
    Ok(bytes(raw))
}
