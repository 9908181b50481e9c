//! Gzip layers that a split cannot describe at once: the reader hears nothing of the tries, and gets the original.

use std::fs;

use serde_json::Value;

use crate::keys_support::{Bench, CONFIG, JOIN, peer, piped, tar_of};
use crate::run::{Run, assay};

/// A tar that begins with noise and goes on with text: what its first quarter MiB says of the compressor is wrong.
fn noise_first(noise: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(noise)
    .collect();
    let text: String = (1..60_000).map(|line| format!("{line}\n")).collect();
    let dir = "static-pod-resources/etcd-pod-8/configmaps/noise";
    tar_of(&[
        (&format!("{dir}/a"), &noise),
        (&format!("{dir}/b"), text.as_bytes()),
        (CONFIG, br#"{"kind":"EncryptionConfiguration","apiVersion":"v1","resources":[]}"#),
    ])
}

/// The library behind it prints to standard output on the first of these and panics on the others.
#[test]
fn a_wrong_guess_of_the_compressor_is_made_again_in_silence() {
    let tar = noise_first(400_000);
    for (tool, option) in [("gzip", "-6"), ("gzip", "--rsyncable"), ("pigz", "-6"), ("pigz", "-11")] {
        let Some(command) = peer(tool) else { continue };
        let bench = Bench::new();
        let bytes = piped(command, &[option], &tar).stdout;
        bench.tarball_of(&bytes);
        let words = bench.words("split {tarball} -r RECIPIENT --out {}/vault --json");
        let run: Run = assay(&words).env("RUST_BACKTRACE", "full").output().unwrap().into();
        assert_eq!(run.code, Some(0), "{tool} {option}: {}", run.err);
        assert!(run.err.lines().all(|line| line.starts_with("warning: ")), "{tool} {option}: {}", run.err);
        let document: Value = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{tool} {option}: {e}"));
        assert_eq!(document["artifacts"][0]["manifest"]["rejoin"]["method"], "corrections", "{tool} {option}");
        bench.keys_ok(JOIN);
        assert!(fs::read(bench.path("back.tar.gz")).unwrap() == bytes, "{tool} {option}");
    }
}
