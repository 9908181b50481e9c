use serde_json::json;

use super::*;

fn printed_of(template: &str, document: &Value) -> Result<String, String> {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    template.print(document, |text| text.into()).map_err(|error| error.to_string())
}

#[test]
fn what_is_no_template_is_refused_with_a_reason() {
    for (text, reason) in [
        ("{", "not closed"),
        ("{.a", "not closed"),
        ("{.a\n}", "not closed on its line"),
        ("{[}", "`[` is not closed"),
        ("{[a]}", "is no index"),
        ("{[1:2:3:4]}", "is no index"),
        ("{[?(@.a==1]}", "a filter"),
        ("{[?(@.a==1)x}", "followed by `]`"),
        ("{[?(@.a=~1)]}", "is no comparison"),
        ("{\"a}", "quoted text"),
        (r#"{"\q"}"#, "means nothing"),
        ("{name}", "no word of a template"),
        ("{....a}", "follows"),
        ("{end}", "without a `{range"),
        ("{-}", "no number"),
        ("{#}", "`#` is not expected"),
    ] {
        let error = Template::parse(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert!(Template::parse(&"x".repeat(LONGEST + 1)).is_err());
    assert!(Template::parse(&"{range .a}".repeat(100)).is_err());
}

#[test]
fn nothing_that_is_typed_or_stored_goes_on_for_ever() {
    // every piece of every template, in every order that fits
    let pieces = [
        "{", "}", ".", "..", "*", "[", "]", "?(", ")", "@", "'", "\"", "\\", "a", "1", "-", ":", ",", "=", "range ",
        "end", "\n",
    ];
    let document = json!({"a": [{"a": "x", "1": [1, 2.5, null, true]}, {"a": {"a": []}}]});
    let mut random = 7_u64;
    for _ in 0..20_000 {
        let mut text = String::from("{");
        for _ in 0..10 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[usize::try_from(random >> 33).unwrap() % pieces.len()]);
        }
        text.push('}');
        let _ = printed_of(&text, &document);
    }
    let deep = (0..6).fold(json!(0), |inside, _| json!([inside, inside, inside]));
    for text in ["{...*...*...*...*}", "{range ..}{range ..}{range ..}x"] {
        let template = Template::parse(text).unwrap();
        let mut printing = Printing { show: |text| text.into(), budget: Budget::of(100_000), out: String::new() };
        let printed = printing.parts(&template.0, &deep);
        assert_eq!(printed, Err(EvalError::TooMuch), "{text}");
    }
}

#[test]
fn an_expression_may_come_without_braces() {
    for text in ["{.a.b}", ".a.b", "a.b", "{a.b}"] {
        assert_eq!(
            Template::relaxed(text).unwrap().print(&json!({"a": {"b": 1}}), |text| text.into()).unwrap(),
            "1",
            "{text}"
        );
    }
    for text in ["", "{}", "{.a}{.b}", "{.a", "a}"] {
        assert!(Template::relaxed(text).is_err(), "{text}");
    }
}

#[test]
fn what_was_selected_is_shown_as_it_may_be_and_what_was_typed_as_it_is() {
    let template = Template::parse("{.a}\u{1b}{\"\\x1b\"}{.b}").unwrap();
    let printed =
        template.print(&json!({"a": "\u{1b}", "b": ["\u{1b}"]}), |text| text.replace('\u{1b}', "E").into()).unwrap();
    assert_eq!(printed, "E\u{1b}\u{1b}[\"\\u001b\"]");
}

/// A loop that is not ended says its inside once more, without what it goes through.
#[test]
fn a_loop_that_is_not_ended_is_one_of_kubectl() {
    let document = json!({"a": [{"b": [1, 2], "c": "x"}], "c": "y"});
    for (text, expected) in [
        ("{range .a[*]}{.c};", "x;y;"),
        ("{range .a[*]}{.c}{end};", "x;"),
        ("{range .a[*]}{range .b[*]}{@}{end}{.c};", "12x;y;"),
        ("{range .no[*]}{.c};", "y;"),
        ("{range .a[*]}{range .b[*]}{@},{end}{end}{.c}", "1,2,y"),
    ] {
        assert_eq!(printed_of(text, &document).unwrap(), expected, "{text}");
    }
}
