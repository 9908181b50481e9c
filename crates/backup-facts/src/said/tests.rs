use super::*;

const STATUS: [Claim; 4] = [
    Claim::Hash(0xe678_ab2f),
    Claim::Revision(31407),
    Claim::TotalKey(12828),
    Claim::TotalSize(Length::Exact(114_446_336)),
];

fn claims(text: &str) -> Vec<Claim> {
    Said::read(text.as_bytes()).statements.into_iter().map(|statement| statement.claim).collect()
}

fn rounded_status() -> Vec<Claim> {
    let [hash, revision, keys, _] = STATUS;
    vec![hash, revision, keys, Claim::TotalSize(Length::Rounded("114 MB".to_owned()))]
}

#[test]
fn a_status_is_read_in_every_form_it_is_printed_in() {
    for text in [
        r#"{"hash":3866667823,"revision":31407,"totalKey":12828,"totalSize":114446336}"#,
        r#"{"hash":3866667823,"revision":31407,"totalKey":12828,"totalSize":114446336,"version":""}"#,
        "{\n  \"hash\": 3866667823,\n  \"revision\": 31407,\n  \"totalKey\": 12828,\n  \"totalSize\": 114446336\n}",
        "\"Hash\" : 3866667823\n\"Revision\" : 31407\n\"Keys\" : 12828\n\"Size\" : 114446336\n",
        "user: snapshot info: hash e678ab2f, revision 31407, total keys 12828, total size 114446336",
        "2026-11-23T01:02:03.4Z stdout F {\"hash\":3866667823,\"revision\":31407,\"totalKey\":12828,\"totalSize\":114446336}",
        "[pod/backup-x/etcd] e678ab2f, 31407, 12828, 114446336\r\n",
        "\u{1b}[1m\"Hash\" : 3866667823\u{1b}[0m\n\"Revision\" : 31407\n\"Keys\" : 12828\n\"Size\" : 114446336",
    ] {
        assert_eq!(claims(text), STATUS, "{text}");
    }
    for text in [
        "e678ab2f, 31407, 12828, 114 MB",
        "+----------+----------+------------+------------+\n|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE |\n\
         +----------+----------+------------+------------+\n| e678ab2f |    31407 |      12828 |     114 MB |\n",
    ] {
        assert_eq!(claims(text), rounded_status(), "{text}");
    }
    let with_version = "| e678ab2f | 31407 | 12828 | 114 MB | 3.6.0 |";
    assert_eq!(claims(with_version).last(), Some(&Claim::StorageVersion("3.6.0".to_owned())));
}

#[test]
fn output_that_was_redirected_as_utf_16_is_read() {
    let text = "e678ab2f, 31407, 12828, 114 MB\r\n";
    let little: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked: Vec<u8> = [0xef, 0xbb, 0xbf].into_iter().chain(text.bytes()).collect();
    for bytes in [little, big, marked] {
        assert_eq!(Said::read(&bytes).statements.len(), 4);
    }
}

#[test]
fn what_is_no_statement_is_none() {
    let id = "a".repeat(64);
    for text in [
        r#"{"level":"info","ts":1.5,"msg":"created temporary db file","path":"/a.part"}"#,
        "etcdctl version: 3.4.14",
        "API version: 3.4",
        "https://10.0.0.5:2379",
        &format!("{id}\netcdctl version: 3.4.14"),
        "snapshot db and kube resources are successfully saved to /home/core/assets/backup",
        "+----------+----------+",
        "|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE |",
        "e678ab2f, x, 12828, 114 MB",
        "a, b, c, d, e",
        "{\"hash\":1",
        "found latest nothing",
        "",
    ] {
        assert!(Said::read(text.as_bytes()).is_empty(), "{text}");
    }
}

#[test]
fn digests_come_with_their_names() {
    let (digits, sha256) = ("0f".repeat(32), [15; 32]);
    for (text, expected) in [
        (format!("{digits}  a b.db"), "a b.db"),
        (format!("{digits} *dir/a.db"), "dir/a.db"),
        (format!("SHA256 (a.db) = {digits}"), "a.db"),
        (format!("\\{digits}  a\\\\b.db"), "a\\b.db"),
        (format!("{}\n", digits.to_uppercase()), ""),
    ] {
        assert_eq!(claims(&text), [Claim::Digest { name: expected.to_owned(), sha256 }], "{text}");
    }
}

#[test]
fn sizes_are_rounded_as_etcd_rounds_them() {
    // by github.com/dustin/go-humanize, which etcdctl has
    for (bytes, expected) in [
        (0, "0 B"),
        (9, "9 B"),
        (10, "10 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (1050, "1.1 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (20_480, "20 kB"),
        (25_088, "25 kB"),
        (2_101_248, "2.1 MB"),
        (114_446_336, "114 MB"),
        (999_999, "1000 kB"),
        (u64::MAX, "18 EB"),
    ] {
        assert_eq!(rounded(bytes), expected);
        assert!(Length::Rounded(expected.to_owned()).is(bytes));
    }
}

/// Two runs and a third that failed, in one log.
const LOG: &str = "\
found latest kube-apiserver: /etc/kubernetes/static-pod-resources/kube-apiserver-pod-6
found latest etcd: /etc/kubernetes/static-pod-resources/etcd-pod-3
{\"level\":\"info\",\"ts\":1.0,\"caller\":\"snapshot/v3_snapshot.go:90\",\"msg\":\"saved\",\"path\":\"/b/one.db\"}
Snapshot saved at /b/one.db
{\"hash\":1,\"revision\":10,\"totalKey\":5,\"totalSize\":4096}
snapshot db and kube resources are successfully saved to /b
found latest kube-apiserver: /etc/kubernetes/static-pod-resources/kube-apiserver-pod-7
found latest etcd: /etc/kubernetes/static-pod-resources/etcd-pod-3
Snapshot saved at /b/two.db
{\"hash\":2,\"revision\":20,\"totalKey\":5,\"totalSize\":4096}
found latest kube-apiserver: /etc/kubernetes/static-pod-resources/kube-apiserver-pod-8
snapshot failed with exit code 1
";

#[test]
fn a_log_of_several_backups_is_told_apart() {
    let said = Said::read(LOG.as_bytes());
    let revision = |names: &[&str], sole| {
        let about = said.about(names, sole);
        about.iter().find_map(|it| if let Claim::Revision(main) = it.claim { Some((main, it.line)) } else { None })
    };
    assert_eq!(revision(&["one.db"], false), Some((10, 5)));
    assert_eq!(revision(&["two.db", "t.tar.gz"], true), Some((20, 10)));
    assert_eq!(revision(&["three.db"], false), None);
    // a file that was given another name is what was said last
    let last: Vec<_> = said.about(&["three.db"], true).iter().map(|it| it.claim.clone()).collect();
    let pod = Claim::Pod { name: "kube-apiserver".to_owned(), revision: 8 };
    assert_eq!(last, [pod, Claim::Failed("snapshot failed with exit code 1".to_owned())]);
}

#[test]
fn hostile_texts_are_bounded() {
    let long = format!("{}\n{}", "{".repeat(1 << 20), "e678ab2f, 31407, 12828, 114 MB\n".repeat(40_000));
    assert_eq!(Said::read(long.as_bytes()).statements.len(), MOST);
    assert!(Said::read("{\n".repeat(100_000).as_bytes()).is_empty());
    assert!(Said::read(&[0xff; 4096]).is_empty());
}

proptest::proptest! {
    /// Whatever a text is put together of: it is read, and each statement stands in a line that there is.
    #[test]
    fn no_text_is_too_odd(parts in proptest::collection::vec(0..14_usize, 0..40), bytes in ".*") {
        let pieces = [
            "{", "}", "\n", "\"hash\":1,", "\"revision\":2", "found latest ", ": a-pod-9", "|", ", ", "e678ab2f",
            "SHA256 (", ") = ", "snapshot info: hash ", bytes.as_str(),
        ];
        let text: String = parts.iter().map(|part| pieces[*part]).collect();
        let said = Said::read(text.as_bytes());
        let lines = text.lines().count();
        proptest::prop_assert!(said.statements().iter().all(|it| (1..=lines).contains(&it.line)), "{}", text);
        proptest::prop_assert!(said.about(&["a"], true).len() <= said.statements().len());
    }
}
