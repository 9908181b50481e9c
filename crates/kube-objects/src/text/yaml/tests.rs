use super::*;
use serde_json::json;

/// `a: <text>` as it comes out.
fn value(text: &str) -> String {
    to_yaml(&json!({ "a": text }))
}

#[test]
fn structure_is_laid_out_as_kubectl_lays_it_out() {
    let object = json!({
        "kind": "K", "apiVersion": "v1", "empty": {}, "none": null, "list": [], "n": -5, "flag": true,
        "spec": {"items": ["a", {"b": 1, "a": {"x": []}}, ["p", ["q"]], [], {}], "z": {"y": 1.5}}
    });
    let expected = "\
apiVersion: v1
empty: {}
flag: true
kind: K
list: []
\"n\": -5
none: null
spec:
  items:
  - a
  - a:
      x: []
    b: 1
  - - p
    - - q
  - []
  - {}
  z:
    \"y\": 1.5
";
    assert_eq!(to_yaml(&object), expected);
}

#[test]
fn quotes_stand_where_a_reader_would_see_something_else() {
    for (text, line) in [
        ("plain text", "a: plain text"),
        ("", "a: \"\""),
        ("true", "a: \"true\""),
        ("no", "a: \"no\""),
        ("y", "a: \"y\""),
        ("yEs", "a: yEs"),
        ("null", "a: \"null\""),
        ("~", "a: \"~\""),
        ("1", "a: \"1\""),
        ("1_000", "a: \"1_000\""),
        ("-0b11", "a: \"-0b11\""),
        ("0x1F", "a: \"0x1F\""),
        ("0o17", "a: \"0o17\""),
        ("0777", "a: \"0777\""),
        ("089", "a: \"089\""),
        ("1e3", "a: \"1e3\""),
        ("1e999", "a: 1e999"),
        ("1.", "a: \"1.\""),
        (".5", "a: \".5\""),
        (".inf", "a: \".inf\""),
        ("-.inf", "a: \"-.inf\""),
        ("1.2.3", "a: 1.2.3"),
        ("4.18.30", "a: 4.18.30"),
        ("18446744073709551616", "a: \"18446744073709551616\""),
        ("100m", "a: 100m"),
        ("1Gi", "a: 1Gi"),
        ("12:30:45", "a: \"12:30:45\""),
        ("12:30:45.6", "a: \"12:30:45.6\""),
        ("12:75", "a: 12:75"),
        ("10.0.0.1:443", "a: 10.0.0.1:443"),
        ("2026-01-02", "a: \"2026-01-02\""),
        ("2026-13-02", "a: 2026-13-02"),
        ("2026-02-30", "a: 2026-02-30"),
        ("2026-1-2T3:4:5Z", "a: \"2026-1-2T3:4:5Z\""),
        ("2026-01-02T03:04:05.678901Z", "a: \"2026-01-02T03:04:05.678901Z\""),
        ("2026-01-02T03:04:05+01:00", "a: \"2026-01-02T03:04:05+01:00\""),
        ("2026-01-02 03:04:05", "a: \"2026-01-02 03:04:05\""),
        ("2026-01-02T03:04Z", "a: 2026-01-02T03:04Z"),
        ("- a", "a: '- a'"),
        ("-a", "a: -a"),
        ("?", "a: '?'"),
        ("a: b", "a: 'a: b'"),
        ("a:b", "a: a:b"),
        ("a:", "a: 'a:'"),
        ("a #b", "a: 'a #b'"),
        ("a#b", "a: a#b"),
        ("*a", "a: '*a'"),
        ("@a", "a: '@a'"),
        ("%a", "a: '%a'"),
        ("'a'", "a: '''a'''"),
        ("it's", "a: it's"),
        ("\"a\"", "a: '\"a\"'"),
        ("{a}", "a: '{a}'"),
        ("a{b}", "a: a{b}"),
        ("---", "a: '---'"),
        (" a", "a: ' a'"),
        ("a ", "a: 'a '"),
        ("a\tb", "a: \"a\\tb\""),
        ("a\rb", "a: \"a\\rb\""),
        ("é中", "a: é中"),
        ("😀", "a: \"\\U0001F600\""),
        ("\u{1}\u{7f}\u{85}\u{feff}", "a: \"\\x01\\x7F\\N\\uFEFF\""),
        ("abc\u{202e}fed", "a: \"abc\\u202Efed\""),
        ("a\nb\u{2066}\n", "a: \"a\\nb\\u2066\\n\""),
        ("a\u{200b}b", "a: \"a\\u200Bb\""),
        ("\u{9b}2J\u{1b}[m\u{ad}", "a: \"\\x9B2J\\e[m\\xAD\""),
    ] {
        assert_eq!(value(text), format!("{line}\n"), "{text:?}");
    }
}

#[test]
fn text_with_line_feeds_is_a_block() {
    for (text, lines) in [
        ("a\nb", "a: |-\n  a\n  b\n"),
        ("a\nb\n", "a: |\n  a\n  b\n"),
        ("a\n\n", "a: |+\n  a\n\n"),
        ("\n", "a: |2+\n\n"),
        ("a\n\n  b\n", "a: |\n  a\n\n    b\n"),
        ("  a\nb\n", "a: |2\n    a\n  b\n"),
        ("a \nb", "a: \"a \\nb\"\n"),
        ("a\nb ", "a: \"a\\nb \"\n"),
        ("a\n\tb", "a: \"a\\n\\tb\"\n"),
    ] {
        assert_eq!(value(text), lines, "{text:?}");
    }
    assert_eq!(to_yaml(&json!({"l": ["a\nb\n", 1]})), "l:\n- |\n  a\n  b\n- 1\n");
}

#[test]
fn long_lines_fold_at_the_first_space_beyond_column_80() {
    let words = "word ".repeat(20);
    let words = words.trim_end();
    // `a: ` and sixteen words are 82 columns
    let first = "word ".repeat(16);
    let rest = "word ".repeat(4);
    assert_eq!(value(words), format!("a: {}\n  {}\n", first.trim_end(), rest.trim_end()));
    assert_eq!(
        value(&format!("x: {words}")),
        format!("a: 'x: {}\n  {}'\n", "word ".repeat(15).trim_end(), "word ".repeat(5).trim_end())
    );
    assert_eq!(
        value(&format!("\t{words}")),
        format!("a: \"\\t{}\n  {}\"\n", "word ".repeat(16).trim_end(), rest.trim_end())
    );
    // `a: ` and 77 letters end at column 80, which is not beyond it
    let (at, beyond) = ("x".repeat(77), "x".repeat(78));
    assert_eq!(value(&format!("{at} b c")), format!("a: {at} b\n  c\n"));
    assert_eq!(value(&format!("{beyond} b c")), format!("a: {beyond}\n  b c\n"));
    let unbroken = "x".repeat(200);
    assert_eq!(value(&unbroken), format!("a: {unbroken}\n"));
    let double_space = format!("{}  b", "x".repeat(90));
    assert_eq!(value(&double_space), format!("a: {double_space}\n"));
    let nested = to_yaml(&json!({"l": [{"m": words}]}));
    assert!(nested.contains("\n    word"), "{nested}");
}

#[test]
fn names_are_sorted_naturally_and_quoted_like_values() {
    let object =
        json!({"b10": 1, "b9": 1, "b09": 1, "B": 1, "a-b": 1, "a.b": 1, "aa": 1, "a/b": 1, "1": 1, "true": 1, "": 1});
    let yaml = to_yaml(&object);
    let names: Vec<_> = yaml.lines().map(|line| line.trim_end_matches(": 1")).collect();
    assert_eq!(names, ["\"\"", "\"1\"", "B", "a-b", "a.b", "a/b", "aa", "b9", "b09", "b10", "\"true\""]);
}

#[test]
fn long_names_are_complex_keys() {
    let name = "n".repeat(129);
    let object = json!({ name.clone(): {"x": 1}, "m": 1 });
    assert_eq!(to_yaml(&object), format!("m: 1\n? {name}\n: x: 1\n"));
    assert_eq!(to_yaml(&json!({"a\nb": 1})), "? |-\n  a\n  b\n: 1\n");
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (number, text) in [
        (json!(1.0), "1"),
        (json!(0.5), "0.5"),
        (json!(1_234_567.5), "1.2345675e+06"),
        (json!(0.000_01), "1e-05"),
        (json!(1e21), "1e+21"),
        (json!(u64::MAX), "18446744073709551615"),
    ] {
        assert_eq!(to_yaml(&json!({ "a": number })), format!("a: {text}\n"));
    }
}

/// Recorded from sigs.k8s.io/yaml 1.4, which kubectl prints through.
#[test]
fn what_ends_a_line_to_yaml_1_1_stands_as_kubectl_writes_it() {
    for (text, lines, exact) in [
        ("\u{2028}", "'\u{2028}'\n", "\"\\L\"\n"),
        ("a\u{2028}b", "'a\u{2028}  b'\n", "\"a\\Lb\"\n"),
        ("a\u{2029}\u{2028}it's", "'a\u{2029}\u{2028}  it''s'\n", "\"a\\P\\Lit's\"\n"),
        ("a \u{2028}b", "\"a \\Lb\"\n", "\"a \\Lb\"\n"),
        ("a\u{2028} b", "\"a\\L b\"\n", "\"a\\L b\"\n"),
        ("a\u{2028}\t", "\"a\\L\\t\"\n", "\"a\\L\\t\"\n"),
        ("a\nb\u{2028}c", "|-\n  a\n  b\u{2028}  c\n", "\"a\\nb\\Lc\"\n"),
        ("\u{2028}a\n\u{2029}", "|2+\n\u{2028}  a\n\u{2029}", "\"\\La\\n\\P\"\n"),
        ("\u{85}nel", "' nel'\n", "\"\\Nnel\"\n"),
        ("a \u{85}  b", "a b\n", "\"a \\N  b\"\n"),
        ("a\u{85} \u{85}b\u{85}", "\"a\\nb \"\n", "\"a\\N \\Nb\\N\"\n"),
        ("a\u{85}\u{9b}", "\"a\\N\\x9B\"\n", "\"a\\N\\x9B\"\n"),
        ("\u{feff}b \"\u{a0}", "\"\\uFEFF\\x62\\x20\\\"\\_\"\n", "\"\\uFEFFb \\\"\u{a0}\"\n"),
        ("b\u{feff}", "\"b\\uFEFF\"\n", "\"b\\uFEFF\"\n"),
        ("\u{a0}\u{e000}\u{fdd0}", "\u{a0}\u{e000}\u{fdd0}\n", "\u{a0}\u{e000}\u{fdd0}\n"),
    ] {
        assert_eq!(value(text), format!("a: {lines}"), "{text:?}");
        assert_eq!(to_exact_yaml(&json!({ "a": text })), format!("a: {exact}"), "{text:?}");
    }
    // a block that ends in such a mark has ended its line
    assert_eq!(to_yaml(&json!({"a": "x\ny\u{2028}", "b": {"c": 1}})), "a: |\n  x\n  y\u{2028}b:\n  c: 1\n");
    assert_eq!(to_yaml(&json!({"a\u{2028}": 1, "\u{feff}n": 2})), "\"\\uFEFF\\x6E\": 2\n? 'a\u{2028}'\n: 1\n");
}

/// What is written reads back as the same value, whatever the text holds.
#[test]
fn another_reader_sees_the_same_text() {
    let parts = [
        "a",
        " ",
        "  ",
        "\n",
        ":",
        "#",
        "'",
        "\"",
        "-",
        "\t",
        "\\",
        "0",
        "é",
        "word ",
        "😀",
        "\r",
        "{",
        "~",
        "\u{202e}",
        "\u{2066}",
        "\u{200f}",
        "\u{61c}",
        "\u{200b}",
        "\u{ad}",
        "\u{2028}",
        "\u{feff}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{7}",
        "\u{1b}[2J",
        "\u{9b}",
        "\u{85}",
        "\u{7f}",
    ];
    let mut state = 1_u64;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..state % 40 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(parts[usize::try_from(state >> 33).expect("small") % parts.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let object = json!({"k": text, "l": [text, {"m": text}], text.clone(): 1});
        let yaml = to_exact_yaml(&object);
        let read: Value = serde_saphyr::from_str(&yaml).unwrap_or_else(|fault| panic!("{text:?}\n{yaml}\n{fault}"));
        assert_eq!(read, object, "{yaml}");
        assert!(yaml.chars().all(|c| c == '\n' || wording::is_plain(c)), "{yaml:?}");
    }
}
