//! What is said of keys that lie elsewhere than in a tarball, and of how old they are.

use backup_facts::bootstrap::{Bootstrap, Held};
use backup_facts::examine::Encryption;
use wording::number_of;

use crate::finding::{Finding, Findings};
use crate::findings::{KEY_OLD, RECORD_BROKEN, TOKEN_NEEDED, TOKEN_OTHER};

/// A newest key is told of from this age on, in days; OpenShift rotates about every week.
const OLD: i64 = 28;

/// The records of k3s, and the age of the newest key.
pub(crate) fn check(encryption: &Encryption, findings: &mut Findings) {
    encryption.bootstrap.iter().for_each(|record| check_token(record, findings));
    let Some(key) = &encryption.newest_key else { return };
    let days = key.seen.duration_since(key.created).as_hours() / 24;
    if days >= OLD {
        let days = u64::try_from(days).unwrap_or_default();
        let message = format!(
            "key {} of kube-apiserver was made {} before the newest object of the snapshot",
            key.id,
            number_of(days, "day", "days")
        );
        findings.push(
            Finding::new(&KEY_OLD, message)
                .with("key", key.id)
                .with("created", key.created.to_string())
                .with("days", days),
        );
    }
}

/// Whether there is a token, and whether it is the one.
pub(crate) fn check_token(record: &Bootstrap, findings: &mut Findings) {
    let hash = &record.hash;
    let finding = match &record.token {
        Held::Opens { .. } => return,
        Held::NotGiven => {
            let needs = format!("a restore needs the server token whose SHA-256 begins {hash}; none was given");
            Finding::new(&TOKEN_NEEDED, needs)
        }
        Held::Other { hash: own } => {
            let message = format!("the SHA-256 of the token begins {own}, that of the snapshot's begins {hash}");
            Finding::new(&TOKEN_OTHER, message).with("given", own.as_str())
        }
        Held::Broken(error) => Finding::new(&RECORD_BROKEN, format!("`/bootstrap/{hash}`: {error}")),
    };
    findings.push(finding.with("sha256", hash.as_str()));
}
