//! An Indexed Job: an index is a shard; 75 is tried again, 64 is not, and an eviction does not count.

use std::fmt::Write as _;

use super::{Common, Work};
use crate::error::Error;

/// Arguments of `job kubernetes`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  assay-fleet job kubernetes --run s3://results/runs/1/ --env-from reader |
      oc apply -f -
  assay-fleet job kubernetes --run file:/runs/1 --claim backups:/backups \\
      --claim runs:/runs:rw | oc apply -f -

Wants Kubernetes 1.29, OpenShift 4.16; `--compat` is for older ones, from 1.24.
A Job with one failed index ends as Failed when all others are done: run `merge`
then, too. With `--missing` every index runs again, and those whose part is
there end at once.")]
pub(super) struct KubernetesArgs {
    #[command(flatten)]
    pub(super) common: Common,
    /// Name of the Job
    #[arg(long, default_value = "assay-fleet", value_parser = name, value_name = "NAME")]
    name: String,
    /// Its namespace
    #[arg(long, value_parser = name, value_name = "NAME")]
    namespace: Option<String>,
    /// Image with `assay-fleet` and `assay` in it
    #[arg(long, default_value = "registry.example/assay-fleet:0.1.0", value_parser = image, value_name = "IMAGE")]
    image: String,
    /// Secret whose entries are the environment: AWS_ACCESS_KEY_ID and the like
    #[arg(long, value_parser = name, value_name = "SECRET")]
    env_from: Option<String>,
    /// Service account, where the store takes its token; without it no token is mounted
    #[arg(long, value_parser = name, value_name = "NAME")]
    service_account: Option<String>,
    /// A volume for `file:` addresses, read-only unless it ends in `:rw`; may be given several times
    #[arg(long, value_parser = claim, value_name = "CLAIM:PATH[:rw]")]
    claim: Vec<Claim>,
    /// Room for two objects at a time
    #[arg(long, default_value = "20Gi", value_parser = quantity, value_name = "SIZE")]
    spool_size: String,
    /// Memory that a pod may take
    #[arg(long, default_value = "2Gi", value_parser = quantity, value_name = "SIZE")]
    memory: String,
    /// For Kubernetes before 1.29: no limit of its own for each index, no rules for failures
    #[arg(long)]
    compat: bool,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    name: String,
    path: String,
    writable: bool,
}

fn checked(text: &str, what: &str, plain: impl Fn(char) -> bool) -> Result<String, String> {
    let is_so = !text.is_empty() && text.len() <= 253 && text.chars().all(plain);
    is_so.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is no {what}"))
}

fn name(text: &str) -> Result<String, String> {
    checked(text, "name: small letters, digits and -", |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn image(text: &str) -> Result<String, String> {
    checked(text, "image", |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':' | '@'))
}

fn quantity(text: &str) -> Result<String, String> {
    checked(text, "quantity, such as 20Gi", |c| c.is_ascii_alphanumeric() || c == '.')
}

fn claim(text: &str) -> Result<Claim, String> {
    let (claim, path) = text.split_once(':').ok_or_else(|| format!("`{text}` is not CLAIM:PATH"))?;
    let (path, writable) = path.strip_suffix(":rw").map_or((path, false), |path| (path, true));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let path = checked(path, "path", plain).ok().filter(|path| path.starts_with('/'));
    let path =
        path.ok_or_else(|| format!("`{text}`: the path begins with a slash and has letters, digits, - _ and ."))?;
    Ok(Claim { name: name(claim)?, path, writable })
}

impl KubernetesArgs {
    /// The manifest.
    pub(super) fn manifest(&self, work: &Work) -> Result<String, Error> {
        let name = if work.missing.is_some() { format!("{}-again", self.name) } else { self.name.clone() };
        // JSON's strings are YAML's, whatever is in an address
        let run = serde_json::to_string(&work.run).map_err(|error| Error::new(format!("the run: {error}")))?;
        let namespace = self.namespace.as_ref().map_or_else(String::new, |name| format!("  namespace: {name}\n"));
        let (shards, parallelism, many) = (work.shards, work.parallelism, wording::count(work.shards, "shard"));
        let rules = if self.compat { compat(shards) } else { rules(shards) };
        let mounted = self.service_account.is_some();
        let account = self
            .service_account
            .as_ref()
            .map_or_else(String::new, |name| format!("      serviceAccountName: {name}\n"));
        let env = self.env_from.as_ref().map_or_else(String::new, |name| {
            format!("          envFrom:\n            - secretRef:\n                name: {name}\n")
        });
        let (mounts, volumes) = self.volumes();
        let (image, memory, spool, deadline) =
            (&self.image, &self.memory, &self.spool_size, u64::from(work.hours) * 3600);
        Ok(format!(
            r#"# {many}, {parallelism} at a time. Exit 75 is tried again, 64 is not, an eviction does not count.
# When it has ended, whether as Complete or as Failed: assay-fleet merge --run {run}
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
{namespace}spec:
  completionMode: Indexed
  completions: {shards}
  parallelism: {parallelism}
  activeDeadlineSeconds: {deadline}
{rules}  template:
    metadata:
      labels:
        app: {name}
    spec:
      restartPolicy: Never
{account}      automountServiceAccountToken: {mounted}
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: judge
          image: {image}
          command: [assay-fleet, judge, --run, {run}, --spool, /spool]
{env}          resources:
            requests: {{cpu: 500m, memory: 512Mi}}
            limits: {{memory: {memory}}}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts:
            - {{name: spool, mountPath: /spool}}
{mounts}      volumes:
        - name: spool
          emptyDir:
            sizeLimit: {spool}
{volumes}"#
        ))
    }

    fn volumes(&self) -> (String, String) {
        let (mut mounts, mut volumes) = (String::new(), String::new());
        for (at, Claim { name, path, writable }) in self.claim.iter().enumerate() {
            let read_only = if *writable { "" } else { ", readOnly: true" };
            let _ = writeln!(mounts, "            - {{name: claim-{at}, mountPath: {path}{read_only}}}");
            let _ = write!(
                volumes,
                "        - name: claim-{at}\n          persistentVolumeClaim:\n            claimName: {name}\n"
            );
        }
        (mounts, volumes)
    }
}

/// Every index on its own: three more attempts, and none of them ends the others.
fn rules(shards: u32) -> String {
    format!(
        "  backoffLimitPerIndex: 3
  maxFailedIndexes: {shards}
  podFailurePolicy:
    rules:
      - action: FailIndex
        onExitCodes:
          operator: In
          values: [64]
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
"
    )
}

/// One limit for all: as many failures as there are shards, and three more.
fn compat(shards: u32) -> String {
    format!("  backoffLimit: {}\n", shards.saturating_add(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_given_leaves_its_place() {
        assert!(name("a-b1").is_ok() && name("a\n  b").is_err() && name("").is_err() && name("A").is_err());
        assert!(image("r.example/a/b@sha256:0").is_ok() && image("a b").is_err() && image("a\n").is_err());
        let claim_of = |name: &str, path: &str, writable| Ok(Claim { name: name.into(), path: path.into(), writable });
        assert_eq!(claim("b:/x"), claim_of("b", "/x", false));
        assert_eq!(claim("b:/x:rw"), claim_of("b", "/x", true));
        assert!(claim("b").is_err() && claim("b:x").is_err() && claim("b:/x y").is_err() && claim("b:/x}").is_err());
    }
}
