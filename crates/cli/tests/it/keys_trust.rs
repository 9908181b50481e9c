//! What keeps others from forging an escrow or from leading an output astray, and what is left when a gzip layer is lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use crate::fixture;
use crate::keys_support::{Bench, JOIN, STEM, gunzip};
use crate::run::{Run, run};

/// The digest that a split printed.
fn printed(split: &Run) -> String {
    let line = split.out.lines().find(|line| line.trim_start().starts_with("manifest ")).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn the_digest_that_a_split_prints_tells_a_forged_set() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    let kept = printed(&bench.split());
    let json: serde_json::Value =
        serde_json::from_str(&bench.keys_ok("split {tarball} -r RECIPIENT --out {}/other --json").out).unwrap();
    assert_eq!(json["artifacts"][0]["files"][2]["role"], "manifest");
    assert_eq!(json["artifacts"][0]["files"][2]["sha256"].as_str().unwrap().len(), 64);

    let drill = format!("verify-escrow {{vault}}.escrow.age -i {{}}/key.txt --expect-manifest-sha256 {kept}");
    let good = bench.keys_ok(&drill);
    assert!(good.out.contains("manifest-digest    proven") && good.out.contains(&kept), "{}", good.out);
    let good: serde_json::Value = serde_json::from_str(&bench.keys_ok(&format!("{drill} --json")).out).unwrap();
    assert_eq!(good["artifacts"][0]["manifestSha256"], kept.as_str());
    let join = format!("{JOIN} --expect-manifest-sha256 {kept}");
    let rewrap = format!(
        "rewrap {{vault}}.escrow.age -i {{}}/key.txt -r RECIPIENT --out {{}}/new --expect-manifest-sha256 {kept}"
    );
    bench.keys_ok(&format!("{join} --force"));
    let rewrapped = printed(&bench.keys_ok(&rewrap));
    let new = format!("verify-escrow {{}}/new/{STEM}.escrow.age --expect-manifest-sha256");
    bench.keys_ok(&format!("{new} {rewrapped}"));
    assert_eq!(bench.keys(&format!("{new} {kept}")).code, Some(1), "a rewrap has a manifest of its own");

    // the whole set anew, of another tarball, for the same recipient
    bench.tarball("aesgcm-rotated");
    bench.keys_ok("split {tarball} -r RECIPIENT --out {}/vault --force");
    bench.keys_ok("verify-escrow {vault}.escrow.age -i {}/key.txt");
    let forged = bench.keys(&drill);
    assert_eq!(forged.code, Some(1), "{}", forged.err);
    assert!(forged.out.contains("manifest-digest    failed") && forged.out.contains("Do not rely"), "{}", forged.out);
    for line in [join, format!("{rewrap} --force")] {
        let refused = bench.keys(&line);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
        assert!(refused.err.contains("forged") && refused.err.contains(&kept), "{}", refused.err);
    }
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    let without = bench.keys(&format!("{JOIN} --expect-manifest-sha256 {kept}"));
    assert!(without.code == Some(2) && without.err.contains("no manifest lies beside"), "{}", without.err);
    assert_eq!(bench.keys("verify-escrow {vault}.escrow.age --expect-manifest-sha256 12").code, Some(2));
}

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every command that writes what may be secret, with `OUT` where it is to be written.
fn writers(bench: &Bench) -> Vec<Vec<String>> {
    let snapshot = fixture::named("plain-etcd36").path(".db.gz").to_str().unwrap().to_owned();
    let keys = |line: &str| bench.words(line);
    let plain = |line: &str| line.replace("{S}", &snapshot).split(' ').map(str::to_owned).collect::<Vec<_>>();
    vec![
        keys("split {tarball} -r RECIPIENT --out OUT"),
        keys("rewrap {vault}.escrow.age -i {}/key.txt -r RECIPIENT --out OUT"),
        keys("join {vault}.keyless.tar.gz --escrow {vault}.escrow.age -i {}/key.txt --out OUT/back.tar.gz"),
        plain("carve {S} --all --with-values --out OUT"),
        plain("export {S} -r configmaps --everything --out OUT"),
        plain("ls {S} -o sqlite --out OUT/keys.sqlite"),
    ]
}

fn to(words: &[String], out: &std::path::Path) -> Run {
    run(&words.iter().map(|word| word.replace("OUT", out.to_str().unwrap())).collect::<Vec<_>>())
}

#[test]
fn nothing_is_written_where_others_could_lead_it_astray() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let open = bench.path("open");
    fs::create_dir(&open).unwrap();
    let within = open.join("mine");
    fs::create_dir(&within).unwrap();
    set_mode(&within, 0o700);
    set_mode(&open, 0o777);
    let real = bench.path("real");
    fs::create_dir(&real).unwrap();
    set_mode(&real, 0o700);
    let link = bench.path("link");
    symlink(&real, &link).unwrap();
    for words in writers(&bench) {
        for (out, reason) in [(&within, "(mode 0777)"), (&link, "is a symbolic link")] {
            let refused = to(&words, out);
            assert_eq!(refused.code, Some(2), "{words:?}: {}", refused.err);
            assert!(refused.err.contains(reason) && refused.err.contains("hint: "), "{words:?}: {}", refused.err);
        }
    }
    let left = |dir: &PathBuf| fs::read_dir(dir).unwrap().count();
    assert_eq!((left(&within), left(&real)), (0, 0), "something was written");
    // the sticky bit is what makes /tmp usable
    set_mode(&open, 0o1777);
    for (at, words) in writers(&bench).into_iter().enumerate() {
        let out = within.join(at.to_string());
        fs::create_dir(&out).unwrap();
        set_mode(&out, 0o700);
        let run = to(&words, &out);
        assert!(matches!(run.code, Some(0 | 1)) && left(&out) > 0, "{words:?}: {}", run.err);
    }
}

#[test]
fn a_link_in_the_place_of_an_output_is_not_written_through() {
    let bench = Bench::new();
    bench.tarball("plain-etcd36");
    bench.split();
    let precious = bench.path("precious");
    fs::write(&precious, "precious").unwrap();
    symlink(&precious, bench.path("back.tar.gz")).unwrap();
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    symlink(&precious, bench.vault("manifest.json")).unwrap();
    let manifest = bench.keys("split {tarball} -r RECIPIENT --out {}/vault --force");
    assert!(manifest.code == Some(2) && manifest.err.contains("symbolic link"), "{}", manifest.err);
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    let joined = bench.keys(&format!("{JOIN} --force"));
    assert!(joined.code == Some(2) && joined.err.contains("symbolic link"), "{}", joined.err);
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    fs::remove_file(bench.path("back.tar.gz")).unwrap();
    symlink(&precious, bench.path(".back.tar.gz.assay-lock")).unwrap();
    assert_eq!(bench.keys(JOIN).code, Some(2));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

/// Corrections that another library wrote, or that are damaged, cost the gzip layer and nothing else.
#[test]
fn where_the_gzip_layer_is_lost_the_tar_is_written() {
    let bench = Bench::new();
    let original = fs::read(bench.tarball("aescbc-rotated")).unwrap();
    bench.split();
    let key: age::x25519::Identity = fs::read_to_string(bench.path("key.txt")).unwrap().parse().unwrap();
    let mut content = age::decrypt(&key, &fs::read(bench.vault("escrow.age")).unwrap()).unwrap();
    let recipe = content.windows(15).position(|window| window == b"assay-recipe/1\n").unwrap();
    content[recipe + 60..recipe + 100].fill(0xa5);
    fs::write(bench.vault("escrow.age"), age::encrypt(&key.to_public(), &content).unwrap()).unwrap();
    fs::remove_file(bench.vault("manifest.json")).unwrap();
    let joined = bench.keys(JOIN);
    assert_eq!(joined.code, Some(1), "{}", joined.err);
    assert!(joined.err.contains("the tar inside is written"), "{}", joined.err);
    for words in ["back.tar\n", "proven: byte for byte what is inside", "gzip -n < ", &format!("> {STEM}.tar.gz")] {
        assert!(joined.out.contains(words), "{words}: {}", joined.out);
    }
    assert!(fs::read(bench.path("back.tar")).unwrap() == gunzip(&original));
    assert!(!bench.path("back.tar.gz").exists());
    let json = bench.keys(&format!("{JOIN} --force --json"));
    assert_eq!(json.code, Some(1));
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let file = &json["artifacts"][0]["files"][0];
    assert_eq!((file["role"].as_str(), json["verdict"].as_str()), (Some("tar"), Some("fail")));
    assert_eq!(file["sha256"], json["artifacts"][0]["manifest"]["innerTar"]["sha256"]);
}
