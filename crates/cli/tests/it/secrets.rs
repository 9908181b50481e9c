//! No output of any command on a tarball holds a secret, in whatever form.

use std::fs;

use static_resources::Limits;

use crate::fixture::{Fixture, named};
use crate::run::assay;
use crate::tarball::{gzip, tar_of, text};

/// Every form in which a byte string may stand in output.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.push(STANDARD.encode(secret).trim_end_matches('=').as_bytes().to_vec());
    forms.push(URL_SAFE_NO_PAD.encode(secret).into_bytes());
    forms
}

/// Keys in every form, and every long word of every other secret member.
fn secrets_of(fixture: &Fixture) -> Vec<Vec<u8>> {
    use base64::Engine;
    let mut secrets = Vec::new();
    for resource in fixture.json("encryption-config.json").unwrap()["resources"].as_array().unwrap() {
        for provider in resource["providers"].as_array().unwrap() {
            let keys = provider.as_object().unwrap().values().filter_map(|body| body["keys"].as_array());
            for key in keys.flatten() {
                let secret = key["secret"].as_str().unwrap();
                secrets.extend(forms(&base64::engine::general_purpose::STANDARD.decode(secret).unwrap()));
            }
        }
    }
    assert!(secrets.len() >= 10);
    let file = fs::File::open(fixture.tarball()).unwrap();
    static_resources::read_each(file, &Limits::default(), |member, bytes| {
        if member.class.is_secret() {
            let text = std::str::from_utf8(bytes.unwrap()).unwrap();
            let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "+/_-=".contains(letter)));
            let long = words.filter(|word| word.len() >= 24 && !word.chars().all(|c| c.is_ascii_alphabetic()));
            secrets.extend(long.map(|word| word.as_bytes().to_vec()));
        }
    })
    .unwrap();
    assert!(secrets.len() > 100);
    secrets
}

#[test]
fn no_output_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["aescbc-rotated", "aesgcm-rotated", "partially-encrypted", "page-size-64k"] {
        let fixture = named(name);
        let secrets = secrets_of(&fixture);
        let packed = fs::read(fixture.tarball()).unwrap();
        // damaged, too: errors and findings quote what they choke on
        let broken = String::from_utf8_lossy(&tar_of(&fixture)).into_owned();
        assert!(broken.contains("\"secret\":\""));
        let broken = gzip(broken.replace("\"secret\":\"", "\"secret\":!").as_bytes());
        let mut paths = vec![fixture.tarball()];
        for (number, bytes) in [packed[..packed.len() / 2].to_vec(), broken].into_iter().enumerate() {
            let path = folder.path().join(format!("{name}-{number}.tar.gz"));
            fs::write(&path, bytes).unwrap();
            paths.push(path);
        }
        for path in paths {
            for line in [&["verify", "-v"][..], &["verify", "--json"], &["inspect", "-v"], &["inspect", "--json"]]
                .into_iter()
                .chain([&["verify", "-o", "html"][..], &["verify", "-o", "sarif"], &["verify", "-o", "junit"]])
                .chain([&["verify", "-o", "prometheus"][..], &["verify"]])
            {
                let line: Vec<&str> = line.iter().copied().chain([text(&path)]).collect();
                let output = assay(&line).output().unwrap();
                let said = [output.stdout, output.stderr].concat();
                assert!(said.len() > 500, "{line:?}");
                for secret in &secrets {
                    let found = memchr::memmem::find(&said, secret);
                    assert!(found.is_none(), "{line:?} shows {}", String::from_utf8_lossy(secret));
                }
            }
        }
    }
}
