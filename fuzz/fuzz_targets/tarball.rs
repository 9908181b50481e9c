//! Any bytes, as a tarball of static pod resources: members, key material, EncryptionConfigurations.
#![no_main]

use encryption_config::EncryptionConfig;
use libfuzzer_sys::fuzz_target;
use static_resources::{Limits, read_each};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { expansion: 8 << 20, ..Limits::default() };
    let mut bytes = 0;
    let resources = read_each(data, &limits, |_, content| {
        let content = content.unwrap_or_default();
        bytes += content.len() as u64;
        if content.starts_with(b"{") || content.starts_with(b"apiVersion") {
            let _ = EncryptionConfig::parse(content);
        }
    });
    let Ok(resources) = resources else { return };
    assert!(bytes <= limits.expansion);
    assert!(resources.complete || !resources.faults.is_empty(), "what ends early says why");
});
