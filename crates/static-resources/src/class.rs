//! Classes of material, and what a path alone promises.
use std::fmt;

use crate::path::MemberPath;

/// What a member holds. The order is that of sensitivity: the first is the worst to lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// EncryptionConfiguration: the symmetric keys of everything encrypted in etcd.
    EncryptionConfig,
    /// Credentials of a KMS plugin (such as a Vault AppRole secret).
    KmsCredential,
    /// The private key that signs service account tokens.
    SigningKey,
    /// The private key of a TLS certificate.
    TlsKey,
    /// Any other private key: SSH, age, PGP, or PEM in a place where none is expected.
    PrivateKey,
    /// A bearer token.
    Token,
    /// A kubeconfig with a key, token or password inside.
    KubeconfigCredential,
    /// Something in a Secret's directory, or a credential setting, of no better known class.
    OtherSecret,
    /// A kubeconfig that only points at files.
    Kubeconfig,
    /// Certificates.
    Certificate,
    /// Public keys.
    PublicKey,
    /// A static pod manifest.
    PodManifest,
    /// Anything else: plain configuration, directories.
    Config,
}

impl Class {
    /// Says whether whoever reads such a member gains access to something.
    #[must_use]
    pub fn is_secret(self) -> bool {
        self <= Class::OtherSecret
    }

    /// Returns the word for reports and command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Class::EncryptionConfig => "encryption-config",
            Class::KmsCredential => "kms-credential",
            Class::SigningKey => "signing-key",
            Class::TlsKey => "tls-key",
            Class::PrivateKey => "private-key",
            Class::Token => "token",
            Class::KubeconfigCredential => "kubeconfig-credential",
            Class::OtherSecret => "other-secret",
            Class::Kubeconfig => "kubeconfig",
            Class::Certificate => "certificate",
            Class::PublicKey => "public-key",
            Class::PodManifest => "pod-manifest",
            Class::Config => "config",
        }
    }

    /// As [`Class::by_path`], of a path that no member has.
    #[must_use]
    pub fn of_name(path: &str) -> Self {
        Self::by_path(&MemberPath::new(path.as_bytes().to_vec()))
    }

    /// Says what a member of that path is expected to hold.
    ///
    /// The inventory is that of library-go's installer: `<pod>-pod-<N>/{secrets,configmaps}/
    /// <object>/<key>` below `static-pod-resources`, wherever that directory stands.
    #[must_use]
    pub fn by_path(path: &MemberPath) -> Self {
        let parts: Vec<&[u8]> = path.components().collect();
        let Some((file, folders)) = parts.split_last() else { return Class::Config };
        let name = String::from_utf8_lossy(file).to_ascii_lowercase();
        let below = |kind: &[u8]| {
            let at = folders.iter().position(|part| *part == kind)?;
            Some(String::from_utf8_lossy(folders.get(at.saturating_add(1))?).to_ascii_lowercase())
        };
        if let Some(object) = below(b"secrets") {
            return secret_by_name(&object, &name);
        }
        match below(b"configmaps") {
            Some(object) if object.ends_with("-pod") && name.ends_with("pod.yaml") => Class::PodManifest,
            None if name.ends_with("-pod.yaml") => Class::PodManifest,
            _ => public_by_name(&name).unwrap_or(Class::Config),
        }
    }
}

fn secret_by_name(object: &str, name: &str) -> Class {
    match object {
        "encryption-config" if name.starts_with("kms-plugin-secret-") => Class::KmsCredential,
        "encryption-config" if name.starts_with("kms-plugin-config") => Class::Config,
        "encryption-config" => Class::EncryptionConfig,
        "service-account-private-key" if name.ends_with(".key") => Class::SigningKey,
        "webhook-authenticator" if name.contains("kubeconfig") => Class::KubeconfigCredential,
        _ => match public_by_name(name) {
            Some(Class::Kubeconfig) => Class::KubeconfigCredential,
            Some(public) => public,
            None if name == "namespace" => Class::Config,
            None if name == "token" || name.ends_with(".token") => Class::Token,
            None if name.ends_with(".key") => Class::TlsKey,
            None => Class::OtherSecret,
        },
    }
}

fn public_by_name(name: &str) -> Option<Class> {
    let public = if name.ends_with(".crt") || name.ends_with(".cert") {
        Class::Certificate
    } else if name.ends_with(".pub") {
        Class::PublicKey
    } else if name.contains("kubeconfig") {
        Class::Kubeconfig
    } else {
        return None;
    };
    Some(public)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_promise_classes() {
        for (path, class) in [
            ("kube-apiserver-pod-9/secrets/encryption-config/encryption-config", Class::EncryptionConfig),
            (
                "kube-apiserver-pod-9/secrets/encryption-config/kms-plugin-secret-vault_secret-id-7",
                Class::KmsCredential,
            ),
            ("kube-apiserver-pod-9/secrets/encryption-config/kms-plugin-config-7", Class::Config),
            ("kube-apiserver-pod-9/secrets/encryption-config/kms-plugin-configmap-ca_ca.crt-7", Class::Config),
            ("kube-apiserver-pod-9/secrets/etcd-client/tls.key", Class::TlsKey),
            ("kube-apiserver-pod-9/secrets/etcd-client/tls.crt", Class::Certificate),
            ("kube-apiserver-pod-9/secrets/localhost-recovery-client-token/token", Class::Token),
            ("kube-apiserver-pod-9/secrets/localhost-recovery-client-token/namespace", Class::Config),
            ("kube-apiserver-pod-9/secrets/webhook-authenticator/kubeConfig", Class::KubeconfigCredential),
            ("kube-apiserver-pod-9/secrets/new-thing/blob", Class::OtherSecret),
            (
                "kube-controller-manager-pod-7/secrets/service-account-private-key/service-account.key",
                Class::SigningKey,
            ),
            ("kube-controller-manager-pod-7/secrets/service-account-private-key/service-account.pub", Class::PublicKey),
            ("etcd-pod-8/secrets/etcd-all-certs/etcd-peer-master-1.key", Class::TlsKey),
            ("etcd-pod-8/etcd-pod.yaml", Class::PodManifest),
            ("etcd-pod-8/configmaps/etcd-pod/pod.yaml", Class::PodManifest),
            ("etcd-pod-8/configmaps/etcd-pod/version", Class::Config),
            ("kube-apiserver-pod-9/configmaps/sa-token-signing-certs/service-account-001.pub", Class::PublicKey),
            ("kube-scheduler-pod-6/configmaps/scheduler-kubeconfig/kubeconfig", Class::Kubeconfig),
            ("kube-scheduler-pod-6/staging/installer/secrets/x/tls.key", Class::TlsKey),
            ("", Class::Config),
        ] {
            let path = format!("static-pod-resources/{path}");
            assert_eq!(Class::by_path(&MemberPath::new(path.clone().into_bytes())), class, "{path}");
        }
    }
}
