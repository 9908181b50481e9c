//! Damage is no reason to refuse when it is elsewhere; and what a transfer cut off has one cause and one advice.

use std::path::{Path, PathBuf};

use fixtures::named;

use crate::run::{Run, run};

const PAGE: usize = 4096;
const NODE: &str = "/kubernetes.io/minions/worker-1";

fn on(words: &[&str], file: &Path) -> Run {
    let file = file.to_str().unwrap();
    run(&words.iter().map(|word| if *word == "F" { file } else { *word }).collect::<Vec<_>>())
}

/// The snapshot without its metas; without its root, too; and the first half of it.
fn files(folder: &Path) -> [PathBuf; 4] {
    let whole = named("plain-etcd36").bytes();
    let roots: Vec<usize> =
        bbolt_page::salvage::root_candidates(&whole, PAGE as u32).map(|id| id.0 as usize * PAGE).collect();
    let mut metas = whole.clone();
    metas[..2 * PAGE].fill(0);
    let mut pages = metas.clone();
    roots.into_iter().for_each(|root| pages[root..root + PAGE].fill(0));
    let cut = whole[..whole.len() - 20_000].to_vec();
    [("whole.db", whole), ("metas.db", metas), ("pages.db", pages), ("cut.db", cut)].map(|(name, bytes)| {
        std::fs::write(folder.join(name), bytes).unwrap();
        folder.join(name)
    })
}

#[test]
fn what_is_left_is_shown_with_what_may_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, metas, pages, cut] = files(folder.path());
    let object = on(&["get", "F", NODE], &whole).out;
    let manifest = on(&["export", "F", NODE], &whole).out;
    for (file, said) in [
        (&metas, "neither meta is valid; what follows was read from page"),
        (&pages, "salvaged from intact pages"),
        (&cut, "salvaged from intact pages"),
    ] {
        let name = file.display();
        for (words, expected) in [
            (&["get", "F", NODE][..], object.as_str()),
            (&["export", "F", NODE], &manifest),
            (&["get", "F", "node/worker-1", "-o", "name"], "node/worker-1\n"),
            (&["get", "F", "nodes", "-o", "jsonpath={.items[4].metadata.name}"], "worker-1"),
        ] {
            let run = on(words, file);
            assert_eq!((run.code, run.out.as_str()), (Some(1), expected), "{name} {words:?} {}", run.err);
            assert!(run.err.contains(said), "{name} {words:?} {}", run.err);
        }
        for words in [&["history", "F", NODE][..], &["timeline", "F", NODE], &["history", "F", NODE, "--carve"]] {
            let run = on(words, file);
            assert_eq!(run.code, Some(1), "{name} {words:?} {}", run.err);
            assert!(run.out.contains("created") && run.err.contains(said), "{name} {words:?} {}{}", run.out, run.err);
            assert!(!run.out.contains("never compacted") || *file == metas, "{name} {}", run.out);
            let document = on(&[words, &["--json"]].concat(), file);
            let document: serde_json::Value = serde_json::from_str(&document.out).unwrap();
            assert_eq!(document["verdict"], "fail", "{name} {words:?}");
        }
        let diff = on(&["diff", "F", whole.to_str().unwrap(), "node/worker-1"], file);
        assert_eq!(diff.code, Some(1), "{}", diff.err);
        assert!(diff.err.contains(said) && !diff.out.contains("histories agree"), "{name} {}{}", diff.out, diff.err);
        assert!(diff.out.contains("no differences"), "{name} {}{}", diff.out, diff.err);
    }
}

#[test]
fn a_cut_file_has_one_cause_and_one_advice() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, .., cut] = files(folder.path());
    for words in [
        &["get", "F", NODE][..],
        &["get", "F", "node/nope"],
        &["ls", "F"],
        &["history", "F", NODE],
        &["timeline", "F", NODE],
        &["export", "F", NODE],
        &["diff", "F", whole.to_str().unwrap()],
    ] {
        let run = on(words, &cut);
        assert_eq!(run.err.matches("its last 20000 bytes are missing").count(), 1, "{words:?} {}", run.err);
        let hints = run.err.matches("fetch the file again").count();
        assert!((1..=2).contains(&hints) && !run.err.contains("assay verify"), "{words:?} {}", run.err);
    }
    // within the integrity hash, and with all of its content
    let bytes = std::fs::read(&whole).unwrap();
    let short = folder.path().join("short.db");
    std::fs::write(&short, &bytes[..bytes.len() - 16]).unwrap();
    for (file, code) in [(&whole, 0), (&short, 1), (&cut, 1)] {
        let run = on(&["compat", "F", "--target", "4.18.30"], file);
        assert_eq!((run.code, run.out.starts_with("PASS")), (Some(code), code == 0), "{}", run.out);
    }
}
