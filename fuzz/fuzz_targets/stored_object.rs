//! Any bytes, as a stored value: the object that they are, shown in every form, masked, and as a manifest.
#![no_main]

use kube_objects::{DecodeOptions, Envelope, ObjectHead, StorageKey, StoredObject, to_json};
use lens::{Keep, manifest};
use libfuzzer_sys::fuzz_target;

/// More than this for one byte of input would let a small value take the machine.
const GROWTH: usize = 64;

fuzz_target!(|data: &[u8]| {
    let key = StorageKey::parse(data);
    let _ = (key.scope(), key.name_is_token(), key.stored_path());
    let _ = Envelope::of(data);
    let _ = ObjectHead::read(data);
    let options = DecodeOptions { resource_version: Some(7), managed_fields: true, server_minor: None };
    let Ok(mut object) = StoredObject::decode(data, &options) else { return };
    let json = object.to_json();
    assert!(json.len() + object.to_yaml().len() <= GROWTH * (data.len() + 1024), "{} bytes of JSON", json.len());
    let read = serde_json::from_str(&json).unwrap();
    assert_eq!(to_json(&read), json, "JSON is read as written");
    let places = object.mask();
    assert!(places > 0 || object.to_json() == json, "what is masked is counted");
    let mut applied = object.json().clone();
    manifest(&mut applied, Keep::default());
    object.mask_everything();
});
