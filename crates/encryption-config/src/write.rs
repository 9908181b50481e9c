//! A configuration as a file again: what an API server is given that is to read with it.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::config::{EncryptionConfig, Kms, Provider, ResourceProviders};
use crate::key::Key;
use crate::seal::SealError;

impl EncryptionConfig {
    /// The whole of it as JSON, keys and all: secret, and to be handed on where no disk sees it. Keys without usable bytes
    /// are left out, as they open nothing, and a provider that has no other with them.
    ///
    /// # Errors
    /// [`SealError::UnknownProvider`]: what it says is not known.
    pub fn to_file(&self) -> Result<Zeroizing<Vec<u8>>, SealError> {
        // grown at once: a buffer that grows leaves what it held behind
        let keys = self.keys().count();
        let mut out = Zeroizing::new(Vec::with_capacity(4096 + 1024 * (keys + self.entries.len())));
        out.extend_from_slice(b"{\"apiVersion\":\"apiserver.config.k8s.io/v1\",\"kind\":\"EncryptionConfiguration\"");
        out.extend_from_slice(b",\"resources\":[");
        list(&mut out, &self.entries, entry)?;
        out.extend_from_slice(b"]}\n");
        Ok(out)
    }
}

type Out = Zeroizing<Vec<u8>>;

fn list<'i, T: 'i>(
    out: &mut Out,
    items: impl IntoIterator<Item = &'i T>,
    write: impl Fn(&mut Out, &T) -> Result<(), SealError>,
) -> Result<(), SealError> {
    for (number, item) in items.into_iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(out, item)?;
    }
    Ok(())
}

fn text(out: &mut Out, text: &str) {
    out.extend_from_slice(Value::from(text).to_string().as_bytes());
}

fn entry(out: &mut Out, entry: &ResourceProviders) -> Result<(), SealError> {
    out.extend_from_slice(b"{\"resources\":[");
    list(out, &entry.resources, |out, resource| {
        text(out, &resource.to_string());
        Ok(())
    })?;
    out.extend_from_slice(b"],\"providers\":[");
    let usable = |provider: &&Provider| match provider {
        Provider::AesCbc { keys } | Provider::AesGcm { keys } | Provider::SecretBox { keys } => {
            keys.iter().any(|key| key.all_bytes().is_some())
        }
        Provider::Identity | Provider::Kms(_) | Provider::Unknown { .. } => true,
    };
    list(out, entry.providers.iter().filter(usable), provider)?;
    out.extend_from_slice(b"]}");
    Ok(())
}

fn provider(out: &mut Out, provider: &Provider) -> Result<(), SealError> {
    match provider {
        Provider::Identity => out.extend_from_slice(b"{\"identity\":{}}"),
        Provider::AesCbc { keys } | Provider::AesGcm { keys } | Provider::SecretBox { keys } => {
            out.extend_from_slice(format!("{{\"{}\":{{\"keys\":[", provider.kind()).as_bytes());
            let usable = keys.iter().filter_map(|key| Some((key, key.all_bytes()?))).collect::<Vec<_>>();
            list(out, &usable, key)?;
            out.extend_from_slice(b"]}}");
        }
        Provider::Kms(kms) => self::kms(out, kms),
        Provider::Unknown { name } => return Err(SealError::UnknownProvider { name: name.clone() }),
    }
    Ok(())
}

fn key(out: &mut Out, (key, bytes): &(&Key, &[u8])) -> Result<(), SealError> {
    out.extend_from_slice(b"{\"name\":");
    text(out, key.name());
    out.extend_from_slice(b",\"secret\":\"");
    let mut room = Zeroizing::new([0; 64]);
    for piece in bytes.chunks(48) {
        let written = STANDARD.encode_slice(piece, room.as_mut_slice()).unwrap_or(0);
        out.extend_from_slice(room.get(..written).unwrap_or_default());
    }
    out.extend_from_slice(b"\"}");
    Ok(())
}

fn kms(out: &mut Out, kms: &Kms) {
    out.extend_from_slice(b"{\"kms\":{");
    if kms.v2 {
        out.extend_from_slice(b"\"apiVersion\":\"v2\",");
    }
    let fields = [("name", Some(&kms.name)), ("endpoint", kms.endpoint.as_ref()), ("timeout", kms.timeout.as_ref())];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
    for (number, (name, value)) in given.enumerate() {
        out.extend_from_slice(format!("{}\"{name}\":", if number > 0 { "," } else { "" }).as_bytes());
        text(out, value);
    }
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::GroupResource;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let secret = STANDARD.encode([7; 32]);
        let file = format!(
            r#"{{"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration","resources":[
            {{"resources":["secrets","routes.route.openshift.io","*.apps"],"providers":[
            {{"aescbc":{{"keys":[{{"name":"4","secret":"{secret}"}},{{"name":"\"3","secret":"?"}}]}}}},{{"identity":{{}}}},
            {{"secretbox":{{"keys":[{{"name":"2","secret":"{secret}"}}]}}}},{{"aescbc":{{"keys":[{{"name":"1","secret":"?"}}]}}}},
            {{"kms":{{"apiVersion":"v2","name":"5_secrets","endpoint":"unix:///x.sock","timeout":"3s"}}}}]}}]}}"#
        );
        let config = EncryptionConfig::parse(file.as_bytes()).unwrap();
        let written = config.to_file().unwrap();
        let again = EncryptionConfig::parse(&written).unwrap();
        assert_eq!(again.problems, []);
        assert!(*again.to_file().unwrap() == *written);
        let secrets = GroupResource::parse("secrets");
        type Kinds = Vec<(String, Vec<(String, Option<usize>)>)>;
        let kinds = |config: &EncryptionConfig| -> Kinds {
            let keys = |provider: &&Provider| {
                provider.keys().iter().map(|key| (key.name().to_owned(), key.bits())).collect::<Vec<_>>()
            };
            config.providers_for(&secrets).iter().map(|one| (one.kind().to_string(), keys(one))).collect()
        };
        let mut whole = kinds(&config);
        whole.iter_mut().for_each(|(_, keys)| keys.retain(|(_, bits)| bits.is_some()));
        whole.retain(|(kind, keys)| kind != "aescbc" || !keys.is_empty());
        assert_eq!(kinds(&again), whole);
        assert_eq!(again.entries[0].resources, config.entries[0].resources);
        let unknown = file.replace("secretbox", "magic");
        let refused = EncryptionConfig::parse(unknown.as_bytes()).unwrap().to_file().map(drop);
        assert_eq!(refused, Err(SealError::UnknownProvider { name: "magic".to_owned() }));
    }
}
