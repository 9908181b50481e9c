//! Names without the time in them: what stays the same from night to night.

/// The name with each time stamp in it as `*`: `snapshot_2026-11-23_091606.db` is `snapshot_*.db`.
///
/// A time stamp is a day, with or without a time; a day and time in 12 or 14 digits; or seconds, or parts of them, since
/// 1970. Only digits that stand alone are one.
pub(crate) fn timeless(name: &str) -> String {
    let bytes = name.as_bytes();
    let (mut out, mut at, mut kept) = (String::with_capacity(name.len()), 0, 0);
    while at < bytes.len() {
        let alone = at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|byte| !byte.is_ascii_digit());
        match bytes.get(at..).filter(|_| alone).and_then(stamp) {
            Some(length) => {
                out.push_str(name.get(kept..at).unwrap_or_default());
                out.push('*');
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    out.push_str(name.get(kept..).unwrap_or_default());
    out
}

/// Bytes of the time stamp that a text begins with.
fn stamp(text: &[u8]) -> Option<usize> {
    match digits(text) {
        4 => {
            let separator = *text.get(4).filter(|byte| b"-._".contains(byte))?;
            let month = text.get(5..)?;
            let day = month.get(3..)?;
            let whole = digits(month) == 2 && month.get(2) == Some(&separator) && digits(day) == 2;
            whole.then(|| 10 + time(text.get(10..).unwrap_or_default()))
        }
        8 => Some(8 + time(text.get(8..).unwrap_or_default())),
        length @ (10 | 12 | 13 | 14 | 16 | 19) => Some(length + zone(text.get(length..).unwrap_or_default())),
        _ => None,
    }
}

/// Bytes of a time of day that follows a day: `_091606`, `T09:16:06Z`, `-0916`.
fn time(text: &[u8]) -> usize {
    if !text.first().is_some_and(|byte| b"_-T. ".contains(byte)) {
        return 0;
    }
    let rest = text.get(1..).unwrap_or_default();
    let length = match digits(rest) {
        length @ (4 | 6) => length,
        2 => match (rest.get(2), digits(rest.get(3..).unwrap_or_default())) {
            (Some(separator @ (b':' | b'-' | b'.' | b'_')), 2) => {
                let seconds = rest.get(5) == Some(separator) && digits(rest.get(6..).unwrap_or_default()) == 2;
                if seconds { 8 } else { 5 }
            }
            _ => return 0,
        },
        _ => return 0,
    };
    1 + length + zone(rest.get(length..).unwrap_or_default())
}

fn zone(text: &[u8]) -> usize {
    usize::from(text.first() == Some(&b'Z'))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_and_all_else_stays() {
        for (name, expected) in [
            ("/b/snapshot_2026-11-23_091606.db.gz", "/b/snapshot_*.db.gz"),
            ("/b/2026-11-23/static_kuberesources_2026-11-23_091606.tar.gz", "/b/*/static_kuberesources_*.tar.gz"),
            ("upgrade-backup-4.14.9-2026-11-23_091606", "upgrade-backup-4.14.9-*"),
            ("etcd-snapshot-node-1-1732345566", "etcd-snapshot-node-1-*"),
            ("on-demand-srv7-1732345566.zip", "on-demand-srv7-*.zip"),
            ("etcd-20261123.db", "etcd-*.db"),
            ("etcd-20261123-091606Z.db", "etcd-*.db"),
            ("etcd-2026-11-23T09:16:06Z", "etcd-*"),
            ("etcd 2026.11.23 09-16", "etcd *"),
            ("20261123091606", "*"),
            ("2026-11", "2026-11"),
            ("4.18.30/10.0.0.1/m0.db", "4.18.30/10.0.0.1/m0.db"),
            ("2026-11-234", "2026-11-234"),
            ("ü2026-11-23ü", "ü*ü"),
            ("", ""),
        ] {
            assert_eq!(timeless(name), expected);
        }
    }
}
