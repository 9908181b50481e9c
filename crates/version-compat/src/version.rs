//! The grammar of payload versions, and what a minor release carries.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// How far a pre-release is from general availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Engineering candidate.
    Engineering,
    /// Feature candidate.
    Feature,
    /// Release candidate.
    Release,
}

/// What kind of payload a version names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `4.18.30`
    GenerallyAvailable,
    /// `4.19.0-rc.2`
    Candidate {
        /// ec, fc or rc.
        stage: Stage,
        /// Counts from 0.
        number: u64,
    },
    /// `4.19.0-0.nightly-2026-11-23-010203`, with an architecture where it is not amd64.
    Nightly,
    /// `4.19.0-0.ci-2026-11-23-010203`
    Ci,
    /// Any version of the community distribution: `4.19.0-okd-scos.3`, `4.15.0-0.okd-2024-03-10-010116`.
    Okd,
    /// Some other pre-release, such as a hotfix: equal only to itself.
    Other,
}

/// A payload version. Major 4 and 5 alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    semver: semver::Version,
    kind: Kind,
}

/// Why a text is not a payload version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version such as 4.18.30, 4.19.0-rc.2 or 4.19.0-0.nightly-2026-11-23-010203")]
pub struct ParseError {
    /// What was given, cut to a length that can be shown.
    pub text: String,
}

/// Longest version that is looked at, in bytes.
const LONGEST: usize = 200;

impl FromStr for Version {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || ParseError { text: text.chars().filter(|c| !c.is_control()).take(60).collect() };
        let trimmed = text.trim();
        if trimmed.len() > LONGEST {
            return Err(error());
        }
        let mut semver = semver::Version::parse(without_architecture(trimmed)).map_err(|_| error())?;
        // Build metadata tells architectures apart, not releases.
        semver.build = semver::BuildMetadata::EMPTY;
        let kind = kind(semver.pre.as_str());
        Ok(Self { semver, kind })
    }
}

/// Names of payload images end in what they are built for, as in `4.18.30-x86_64` and `4.18.30-multi`: no other release.
fn without_architecture(text: &str) -> &str {
    const BUILT_FOR: [&str; 7] = ["-multi", "-x86_64", "-amd64", "-aarch64", "-arm64", "-ppc64le", "-s390x"];
    let mut rest = text;
    while let Some(shorter) = BUILT_FOR.iter().find_map(|suffix| rest.strip_suffix(suffix)) {
        rest = shorter;
    }
    rest
}

fn kind(pre: &str) -> Kind {
    if pre.is_empty() {
        return Kind::GenerallyAvailable;
    }
    let is = |mark: &str| pre.strip_prefix("0.").is_some_and(|rest| rest.split(['-', '.']).next() == Some(mark));
    if is("okd") || pre.starts_with("okd-") || pre.starts_with("okd.") {
        return Kind::Okd;
    }
    if is("nightly") {
        return Kind::Nightly;
    }
    if is("ci") || is("test") {
        return Kind::Ci;
    }
    let stages = [("ec.", Stage::Engineering), ("fc.", Stage::Feature), ("rc.", Stage::Release)];
    let candidate = stages.iter().find_map(|(mark, stage)| {
        let number = pre.strip_prefix(mark)?.parse().ok()?;
        Some(Kind::Candidate { stage: *stage, number })
    });
    candidate.unwrap_or(Kind::Other)
}

impl Version {
    /// What kind of payload it is.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Major and minor: the y-stream.
    #[must_use]
    pub fn minor(&self) -> (u64, u64) {
        (self.semver.major, self.semver.minor)
    }

    /// The patch number: the z-stream.
    #[must_use]
    pub fn patch(&self) -> u64 {
        self.semver.patch
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.semver.fmt(f)
    }
}

/// Pre-releases come before what they lead to; nightlies before candidates.
impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.semver.cmp(&other.semver)
    }
}

/// The Kubernetes minor of an OpenShift minor, from 4.3 on: `4.N` carries `1.(N+13)`, and 5.0 follows 4.22.
#[must_use]
pub fn kubernetes_minor(minor: (u64, u64)) -> Option<u64> {
    match minor {
        (4, n @ 3..=22) => Some(n + 13),
        (4, 23) => Some(36), // another name of 5.0
        (5, n) => n.checked_add(36),
        _ => None,
    }
}

/// The OpenShift minor that carries Kubernetes `1.<minor>`: the way back from [`kubernetes_minor`].
#[must_use]
pub fn openshift_minor(kubernetes: u64) -> Option<(u64, u64)> {
    match kubernetes {
        16..=35 => Some((4, kubernetes - 13)),
        36.. => Some((5, kubernetes - 36)),
        _ => None,
    }
}

/// The etcd minor that an OpenShift minor runs (tips of the release branches, read in 2026).
#[must_use]
pub fn etcd_minor(minor: (u64, u64)) -> Option<(u64, u64)> {
    match minor {
        (4, 1..=4) => Some((3, 3)),
        (4, 5..=8) => Some((3, 4)),
        (4, 9..=20) => Some((3, 5)),
        (4, 21..=23) | (5, 0) => Some((3, 6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Version {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn every_form_of_the_grammar_is_told() {
        let candidate = |stage, number| Kind::Candidate { stage, number };
        for (text, kind) in [
            ("4.18.30", Kind::GenerallyAvailable),
            ("5.0.1", Kind::GenerallyAvailable),
            ("4.18.30+amd64", Kind::GenerallyAvailable),
            ("4.18.30-x86_64", Kind::GenerallyAvailable),
            ("4.18.30-multi-aarch64", Kind::GenerallyAvailable),
            ("4.19.0-rc.12-multi", candidate(Stage::Release, 12)),
            ("4.19.0-ec.3", candidate(Stage::Engineering, 3)),
            ("4.19.0-fc.0", candidate(Stage::Feature, 0)),
            ("4.19.0-rc.12", candidate(Stage::Release, 12)),
            ("4.19.0-0.nightly-2026-11-23-010203", Kind::Nightly),
            ("4.19.0-0.nightly-arm64-2026-11-23-010203", Kind::Nightly),
            ("4.19.0-0.ci-2026-11-23-010203", Kind::Ci),
            ("4.19.0-0.ci.test-2026-11-23-010203-ci-op-x", Kind::Ci),
            ("4.15.0-0.okd-2024-03-10-010116", Kind::Okd),
            ("4.17.0-0.okd-scos-2024-10-10-010116", Kind::Okd),
            ("4.19.0-okd-scos.3", Kind::Okd),
            ("4.19.0-okd-scos.ec.1", Kind::Okd),
            ("5.0.0-0.okd-scos-nightly-2026-01-01-000000", Kind::Okd),
            ("4.18.0-assembly.art1234", Kind::Other),
            ("4.18.7-hotfix.1", Kind::Other),
            ("4.18.0-rc.x", Kind::Other),
        ] {
            assert_eq!(parse(text).kind(), &kind, "{text}");
            assert_eq!(parse(&format!(" {text}\n")), parse(text), "white space is cut");
        }
        for bad in ["", "4", "4.18", "v4.18.30", "4.18.x", "4.18.030", "4.18.30 and more", &"9".repeat(300)] {
            assert!(bad.parse::<Version>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn they_order_as_they_are_released() {
        let order = [
            "4.18.30",
            "4.19.0-0.ci-2026-01-01-000000",
            "4.19.0-0.nightly-2026-01-01-000000",
            "4.19.0-ec.1",
            "4.19.0-ec.2",
            "4.19.0-ec.10",
            "4.19.0-fc.0",
            "4.19.0-rc.0",
            "4.19.0",
            "4.19.1",
            "4.19.10",
            "5.0.0",
        ];
        assert!(order.windows(2).all(|pair| parse(pair[0]) < parse(pair[1])));
    }

    #[test]
    fn what_a_minor_carries() {
        for (minor, kubernetes, etcd) in [
            ((4, 4), Some(17), Some((3, 3))),
            ((4, 8), Some(21), Some((3, 4))),
            ((4, 9), Some(22), Some((3, 5))),
            ((4, 20), Some(33), Some((3, 5))),
            ((4, 21), Some(34), Some((3, 6))),
            ((4, 22), Some(35), Some((3, 6))),
            ((5, 0), Some(36), Some((3, 6))),
            ((3, 11), None, None),
        ] {
            assert_eq!((kubernetes_minor(minor), etcd_minor(minor)), (kubernetes, etcd), "{minor:?}");
            assert_eq!(kubernetes.and_then(openshift_minor), kubernetes.map(|_| minor));
        }
    }
}
