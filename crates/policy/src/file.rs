//! From TOML to a policy.

use std::collections::BTreeMap;

use checks::required::{Required, StoredUnder};
use checks::{Severity, findings};
use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use crate::error::PolicyError;
use crate::glob::Glob;
use crate::{Policy, Waiver};

/// Providers that can encrypt, as EncryptionConfiguration names them.
const PROVIDERS: [&str; 4] = ["aescbc", "aesgcm", "secretbox", "kms"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<i64>,
    #[serde(default)]
    severity: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    require: RequireFile,
    #[serde(default)]
    waiver: Vec<WaiverFile>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RequireFile {
    max_age: Option<Spanned<String>>,
    max_fragmentation_percent: Option<Spanned<f64>>,
    min_certificate_days: Option<Spanned<i64>>,
    encryption: Option<EncryptionFile>,
    #[serde(default)]
    keys_fit: bool,
    #[serde(default)]
    escrow_manifest: bool,
    #[serde(default)]
    trailer: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncryptionFile {
    #[serde(default)]
    types: Vec<Spanned<String>>,
    resources: Spanned<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverFile {
    id: Spanned<String>,
    artifact: Option<String>,
    key: Option<String>,
    member: Option<String>,
    reason: Spanned<String>,
    until: Spanned<Datetime>,
}

/// The text, to tell lines.
struct Text<'t>(&'t str);

impl Text<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or(self.0);
        before.matches('\n').count() + 1
    }

    fn column(&self, at: usize) -> usize {
        let before = self.0.get(..at).unwrap_or(self.0);
        before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
    }

    fn syntax(&self, error: &toml::de::Error) -> PolicyError {
        let at = error.span().map_or(0, |span| span.start);
        PolicyError::Syntax { line: self.line(at), column: self.column(at), what: error.message().replace('\n', "; ") }
    }

    fn value<T>(
        &self,
        setting: &'static str,
        spanned: &Spanned<T>,
        got: impl ToString,
        expected: &'static str,
    ) -> PolicyError {
        PolicyError::Value { line: self.line(spanned.span().start), setting, got: got.to_string(), expected }
    }

    fn finding(&self, id: &Spanned<String>) -> Result<&'static str, PolicyError> {
        let known = findings::find(id.get_ref()).map(|entry| entry.id);
        let line = self.line(id.span().start);
        known.ok_or_else(|| PolicyError::UnknownFinding { line, id: id.get_ref().clone() })
    }
}

pub(crate) fn parse(text: &str) -> Result<Policy, PolicyError> {
    let at = Text(text);
    let file: File = toml::from_str(text).map_err(|error| at.syntax(&error))?;
    if *file.version.get_ref() != 1 {
        return Err(at.value(
            "version",
            &file.version,
            file.version.get_ref(),
            "1, the only one that this assay knows",
        ));
    }
    let mut severities = BTreeMap::new();
    for (id, word) in &file.severity {
        let severity: Severity = word.get_ref().parse().map_err(|()| {
            at.value("severity", word, word.get_ref(), "`info`, `low`, `medium`, `high` or `critical`")
        })?;
        let id_is = at.finding(id)?;
        if severities.insert(id_is, severity).is_some() {
            return Err(at.value("severity", id, id.get_ref(), "each finding once, by its ID or by its name"));
        }
    }
    let require = require(&at, file.require)?;
    let waivers = file.waiver.into_iter().map(|one| waiver(&at, one)).collect::<Result<_, _>>()?;
    Ok(Policy { severities, require, waivers })
}

fn require(at: &Text<'_>, file: RequireFile) -> Result<Required, PolicyError> {
    let max_age = file.max_age.map(|age| {
        seconds(age.get_ref()).ok_or_else(|| {
            at.value("max_age", &age, age.get_ref(), "a number with a unit, such as `90m`, `36h` or `7d`")
        })
    });
    let fragmentation = file.max_fragmentation_percent.map(|percent| {
        let is = *percent.get_ref();
        let fits = (0.0..=100.0).contains(&is);
        if fits { Ok(is) } else { Err(at.value("max_fragmentation_percent", &percent, is, "a number from 0 to 100")) }
    });
    let days = file.min_certificate_days.map(|days| {
        let is = *days.get_ref();
        let fits = (0..=36_500).contains(&is);
        if fits { Ok(is) } else { Err(at.value("min_certificate_days", &days, is, "a number from 0 to 36500")) }
    });
    Ok(Required {
        max_age: max_age.transpose()?,
        max_fragmentation_percent: fragmentation.transpose()?,
        min_certificate_days: days.transpose()?,
        encryption: file.encryption.map(|encryption| encryption_of(at, encryption)).transpose()?,
        keys_fit: file.keys_fit,
        escrow_manifest: file.escrow_manifest,
        trailer: file.trailer,
    })
}

fn encryption_of(at: &Text<'_>, file: EncryptionFile) -> Result<StoredUnder, PolicyError> {
    for name in &file.types {
        if !PROVIDERS.contains(&name.get_ref().as_str()) {
            let expected = "`aescbc`, `aesgcm`, `secretbox` or `kms`";
            return Err(at.value("types", name, name.get_ref(), expected));
        }
    }
    if file.resources.get_ref().is_empty() {
        return Err(at.value("resources", &file.resources, "[]", "at least one resource, such as `secrets`"));
    }
    let types = file.types.into_iter().map(Spanned::into_inner).collect();
    Ok(StoredUnder { types, resources: file.resources.into_inner() })
}

fn waiver(at: &Text<'_>, file: WaiverFile) -> Result<Waiver, PolicyError> {
    if file.reason.get_ref().trim().is_empty() {
        return Err(at.value(
            "reason",
            &file.reason,
            file.reason.get_ref(),
            "a reason: whoever reads it must know why",
        ));
    }
    let until = date(file.until.get_ref()).ok_or_else(|| {
        at.value("until", &file.until, file.until.get_ref(), "the last day on which it holds, such as 2027-01-31")
    })?;
    let glob = |pattern: Option<String>| pattern.as_deref().map(Glob::new);
    Ok(Waiver {
        id: at.finding(&file.id)?,
        line: at.line(file.id.span().start),
        artifact: glob(file.artifact),
        key: glob(file.key),
        member: glob(file.member),
        reason: file.reason.into_inner(),
        until,
    })
}

/// A plain day; a time of day would be read in several ways.
fn date(datetime: &Datetime) -> Option<Date> {
    let date = datetime.date.filter(|_| datetime.time.is_none())?;
    let (year, month, day) = (date.year, date.month, date.day);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// `90m`, `36h`, `7d` or `2w` in seconds; `None` where it is none of these, or not more than nothing.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.trim_end().parse().ok().filter(|number| *number > 0)?;
    let factor = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (text, expected) in [
            ("90m", Some(5_400)),
            ("36h", Some(129_600)),
            ("7 d", Some(604_800)),
            ("2w", Some(1_209_600)),
            ("0h", None),
            ("-1h", None),
            ("36", None),
            ("h", None),
            ("", None),
            ("1y", None),
            ("9223372036854775807w", None),
            ("36ħ", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
