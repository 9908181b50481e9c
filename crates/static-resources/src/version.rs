//! What in a tarball tells the OpenShift version.
use crate::path::MemberPath;

/// All statements about the version, strongest kind apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionClaims {
    /// Exact payload versions: `OPERATOR_IMAGE_VERSION` of a container.
    pub payload: Vec<VersionClaim>,
    /// Operator builds: `configmaps/<pod>-pod/version`. Their minor is reliable, their patch is
    /// always 0; builds of CI say nothing.
    pub builds: Vec<VersionClaim>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionClaim {
    /// The text as it stands.
    pub raw: String,
    /// The member that says it.
    pub member: MemberPath,
    /// `X.Y`, where the text begins so and does not come from CI.
    pub minor: Option<String>,
}

impl VersionClaims {
    /// Returns the exact version, if it is stated and all statements agree.
    #[must_use]
    pub fn exact(&self) -> Option<&VersionClaim> {
        let first = self.payload.first()?;
        self.payload.iter().all(|claim| claim.raw == first.raw).then_some(first)
    }

    /// Returns `X.Y` from the strongest statements, if all of that kind agree.
    #[must_use]
    pub fn minor(&self) -> Option<&VersionClaim> {
        let agreed = |claims: &'_ [VersionClaim]| -> Option<usize> {
            let first = claims.iter().position(|claim| claim.minor.is_some())?;
            let minor = &claims.get(first)?.minor;
            claims.iter().filter(|claim| claim.minor.is_some()).all(|claim| claim.minor == *minor).then_some(first)
        };
        if self.payload.is_empty() {
            return self.builds.get(agreed(&self.builds)?);
        }
        self.payload.get(agreed(&self.payload)?)
    }

    /// Says whether every statement that names a minor names the same one.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let mut minors = self.payload.iter().chain(&self.builds).filter_map(|claim| claim.minor.as_deref());
        let first = minors.next();
        minors.all(|minor| Some(minor) == first) && (self.payload.is_empty() || self.exact().is_some())
    }

    pub(crate) fn add_payload(&mut self, raw: &str, member: &MemberPath) {
        self.payload.push(claim(raw, member));
    }

    pub(crate) fn add_build(&mut self, raw: &str, member: &MemberPath) {
        self.builds.push(claim(raw, member));
    }
}

fn claim(raw: &str, member: &MemberPath) -> VersionClaim {
    VersionClaim { raw: raw.to_owned(), member: member.clone(), minor: minor(raw) }
}

/// `4.18` of `4.18.0-202511200137.p0...`; nothing of `v0.0.0-alpha.0-...`.
fn minor(raw: &str) -> Option<String> {
    let mut parts = raw.splitn(3, '.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
    let number = |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = number(major) && number(minor) && patch.starts_with(|letter: char| letter.is_ascii_digit());
    (whole && major != "0").then(|| format!("{major}.{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_give_the_minor_only() {
        for (raw, expected) in [
            ("4.18.0-202511200137.p0.g1234567.assembly.stream.el9", Some("4.18")),
            ("4.18.30", Some("4.18")),
            ("5.0.0-ec.1", Some("5.0")),
            ("v0.0.0-alpha.0-1-gabc", None),
            ("0.0.0-x", None),
            ("4.18", None),
            ("4..1", None),
            ("x.y.z", None),
            ("", None),
        ] {
            assert_eq!(minor(raw).as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn disagreement_gives_no_version() {
        let member = MemberPath::new(b"m".to_vec());
        let mut claims = VersionClaims::default();
        assert!(claims.agrees() && claims.exact().is_none() && claims.minor().is_none());
        claims.add_build("4.18.0-1", &member);
        assert_eq!(claims.minor().map(|claim| claim.raw.as_str()), Some("4.18.0-1"));
        claims.add_payload("4.18.30", &member);
        assert_eq!(claims.exact().map(|claim| claim.raw.as_str()), Some("4.18.30"));
        assert!(claims.agrees());
        claims.add_payload("4.18.31", &member);
        assert!(!claims.agrees() && claims.exact().is_none());
        assert_eq!(claims.minor().and_then(|claim| claim.minor.as_deref()), Some("4.18"));
    }
}
