//! What keys do.

use browse::{Event, Found, Item, Key, Request, SessionEnd, Summary};
use proptest::prelude::*;

use crate::pilot::{CANARY, Pilot, items, news, settings};

const USUAL: (u16, u16) = (80, 24);

#[test]
fn the_cursor_stays_on_its_line_while_keys_arrive() {
    let mut pilot = Pilot::new(settings(), USUAL);
    let mut news = news();
    let rest = news.split_off(3);
    pilot.tell(news);
    assert_eq!(pilot.chosen(), ["▸ configmaps                   1"], "on top, as long as nobody has moved");
    pilot.type_in("jl");
    assert_eq!(pilot.chosen(), ["▾ pods                         3"]);
    let line = |pilot: &Pilot| pilot.screen().lines().position(|line| line.contains("▾ pods")).unwrap();
    let before = line(&pilot);
    pilot.tell(rest);
    assert_eq!(pilot.chosen(), ["▾ pods                         3"], "one pod went, one came");
    assert!(line(&pilot) > before, "what comes above it fits the screen");
}

#[test]
fn secrets_stay_masked_unless_the_command_line_allowed_it() {
    for allowed in [false, true] {
        let mut settings = settings();
        settings.may_reveal = allowed;
        let mut pilot = Pilot::new(settings, USUAL);
        pilot.tell(news());
        pilot.type_in("/secrets db").press(&[Key::Enter, Key::Enter]);
        assert!(pilot.screen().contains("<masked: 14 bytes>") && !pilot.screen().contains(CANARY));
        pilot.type_in("r");
        assert_eq!(pilot.screen().contains(CANARY), allowed, "{}", pilot.screen());
        pilot.press(&[Key::Tab]).type_in("gj");
        let revealed = pilot.asked.iter().any(|request| match request {
            Request::Object { reveal, .. } | Request::History { reveal, .. } => *reveal,
        });
        assert_eq!(revealed, allowed);
        pilot.type_in("r");
        assert!(!pilot.screen().contains(CANARY), "masked again");
        assert_eq!(pilot.screen().contains("start with --reveal"), !allowed);
    }
}

#[test]
fn a_name_that_is_a_token_is_neither_shown_nor_found_nor_printed() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/kX9secret");
    assert!(pilot.screen().contains("/kX9secret") && !pilot.screen().contains("redacted"));
    pilot.press(&[Key::Ctrl('u')]).type_in("redacted");
    assert!(pilot.screen().contains("redacted~") && !pilot.screen().contains("kX9secret"));
    pilot.press(&[Key::Enter]);
    assert!(!pilot.screen().contains("kX9secret"), "{}", pilot.screen());
    pilot.type_in("p");
    let shown = b"/openshift.io/oauth/accesstokens/redacted~dfec2ea864e97680".to_vec();
    assert_eq!(pilot.model.ending(), Some(&SessionEnd::Print(shown)));
}

#[test]
fn nothing_in_a_name_has_power_over_the_terminal() {
    for size in [USUAL, (200, 60), (20, 5)] {
        let mut pilot = Pilot::ready(size);
        pilot.type_in("/evil");
        let hits = pilot.screen();
        pilot.press(&[Key::Enter]);
        let tree = pilot.screen();
        pilot.press(&[Key::Enter, Key::Tab]);
        for screen in [hits, tree, pilot.screen()] {
            let powerful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!screen.contains(powerful), "{screen:?}");
        }
    }
}

#[test]
fn hits_are_there_at_once_and_follow_what_is_typed() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web");
    let screen = pilot.screen();
    assert!(screen.contains("deployments prod/web\n") && screen.contains("pods prod/web-3\n"), "{screen}");
    assert!(!screen.contains("web-2"), "deleted");
    assert!(screen.lines().nth(1).unwrap().ends_with(" 3"), "{screen}");
    pilot.type_in("-3");
    assert_eq!(pilot.chosen(), ["pods prod/web-3"]);
    pilot.press(&[Key::Enter]);
    assert_eq!(pilot.chosen(), ["web-3"]);
    assert!(pilot.screen().contains("hit 1 of 1"));
    pilot.type_in("/web").press(&[Key::Enter]).type_in("n");
    assert_eq!(pilot.chosen(), ["web-1"]);
    pilot.type_in("N");
    assert_eq!(pilot.chosen(), ["web"]);
    pilot.type_in("N");
    assert_eq!(pilot.chosen(), ["web-3"], "round the end");
    pilot.type_in("/nothing-of-the-kind").press(&[Key::Esc]);
    assert_eq!(pilot.chosen(), ["web-3"], "back where it was");
}

#[test]
fn what_is_deleted_is_shown_on_demand() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web-2");
    assert!(!pilot.screen().contains("prod/web-2\n"));
    pilot.press(&[Key::Esc]).type_in("d/web-2");
    assert!(pilot.screen().contains("× pods prod/web-2\n"), "{}", pilot.screen());
    pilot.press(&[Key::Enter]);
    assert!(pilot.screen().contains("DELETED at 10"), "{}", pilot.screen());
    assert!(pilot.screen().contains("name: web-2") || pilot.screen().contains("line-0"), "its last value is read");
}

#[test]
fn a_version_in_the_history_is_read_and_left_again() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web-1").press(&[Key::Enter, Key::Tab, Key::Tab]);
    assert!(pilot.chosen()[0].starts_with("7 "), "the newest: {:?}", pilot.chosen());
    pilot.press(&[Key::Enter]);
    assert!(pilot.screen().contains("a deletion has no value"));
    pilot.press(&[Key::Up, Key::Enter]);
    assert!(pilot.screen().contains("AT REVISION 5"), "{}", pilot.screen());
    pilot.press(&[Key::Esc]);
    assert!(pilot.chosen()[0].starts_with("5 "), "{:?}", pilot.chosen());
    pilot.press(&[Key::Esc]);
    assert_eq!(pilot.chosen(), ["web-1"]);
    assert!(!pilot.screen().contains("AT REVISION"));
}

#[test]
fn text_is_scrolled_and_searched() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web-1").press(&[Key::Enter, Key::Enter]).type_in("G");
    assert!(pilot.screen().contains("name: web-1") && !pilot.screen().contains("apiVersion"));
    pilot.type_in("g/LINE-1").press(&[Key::Enter]);
    assert!(pilot.screen().contains("not found in this object"), "capitals matter where they are typed");
    pilot.type_in("/line-17").press(&[Key::Enter]);
    assert!(pilot.screen().lines().nth(4).unwrap().starts_with(" line-17"), "{}", pilot.screen());
    assert_eq!(pilot.chosen(), ["line-17"]);
    pilot.type_in("l");
    assert!(pilot.screen().lines().nth(4).unwrap().starts_with("  value"), "{}", pilot.screen());
}

#[test]
fn damage_and_files_that_change_are_told() {
    let mut pilot = Pilot::new(settings(), USUAL);
    let summary = Summary { faults: 2, damaged: 1, page: Some(93), void: None };
    pilot.tell(vec![Found::Keys(items()), Found::Done(summary.clone())]);
    assert!(
        pilot.screen().contains("\nDAMAGED: 2 faults, 1 unreadable record, first on page 93"),
        "{}",
        pilot.screen()
    );
    pilot.type_in("/web-1").press(&[Key::Enter, Key::Tab, Key::Tab]);
    assert!(
        pilot.screen().contains("file damaged: revisions may be missing; before 3: compacted"),
        "{}",
        pilot.screen()
    );
    let mut bare = Pilot::new(settings(), USUAL);
    bare.tell(vec![Found::Done(summary)]);
    assert!(
        bare.screen().contains("no keys could be read") && bare.screen().contains("assay carve"),
        "{}",
        bare.screen()
    );
    let void = Some("`s.db` changed while it was read".to_owned());
    pilot.tell(vec![Found::Done(Summary { void, ..Summary::default() })]);
    pilot.type_in("d");
    assert!(pilot.screen().contains("changed while it was read"), "no notice hides it");
}

#[test]
fn late_answers_to_old_questions_are_dropped() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web-1").press(&[Key::Enter]).type_in("j");
    let old = pilot.asked[0];
    let Request::Object { id, .. } = old else { panic!("{old:?}") };
    let page = browse::Page { lines: vec!["stale".to_owned()], ..browse::Page::default() };
    pilot.update(Event::Object { id, page });
    assert!(!pilot.screen().contains("stale"));
}

#[test]
fn a_newer_value_of_the_object_in_view_is_fetched() {
    let mut pilot = Pilot::ready(USUAL);
    pilot.type_in("/web-1").press(&[Key::Enter]);
    let asked = pilot.asked.len();
    let item = Item { key: b"/kubernetes.io/pods/prod/web-1", stored: b"newer", main: 99, deleted: false };
    pilot.tell(vec![Found::Keys(vec![item])]);
    let Some(Request::Object { stored, .. }) = pilot.asked.get(asked) else { panic!("nothing was asked") };
    assert_eq!(*stored, b"newer");
}

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Press(Key),
    Item(usize),
    Done,
    Resize(u16, u16),
}

impl From<Happening> for Event<'static> {
    fn from(happening: Happening) -> Self {
        match happening {
            Happening::Press(key) => Self::Key(key),
            Happening::Item(at) => Self::Found(Found::Keys(vec![items()[at]])),
            Happening::Done => Self::Found(Found::Done(Summary::default())),
            Happening::Resize(width, height) => Self::Resize(width, height),
        }
    }
}

fn happening() -> impl Strategy<Value = Happening> {
    let chars = prop::sample::select("jkhlgGnNdrp?/ wexX1.".chars().collect::<Vec<_>>());
    let others = prop::sample::select(vec![
        Key::Up,
        Key::Down,
        Key::Left,
        Key::Right,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Enter,
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Backspace,
        Key::Ctrl('u'),
        Key::Ctrl('w'),
    ]);
    prop_oneof![
        8 => chars.prop_map(|char| Happening::Press(Key::Char(char))),
        8 => others.prop_map(Happening::Press),
        2 => (0..items().len()).prop_map(Happening::Item),
        1 => Just(Happening::Done),
        1 => (0_u16..90, 0_u16..30).prop_map(|(width, height)| Happening::Resize(width, height)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_order_of_keys_news_and_sizes_breaks_it(happenings in prop::collection::vec(happening(), 0..120)) {
        let mut pilot = Pilot::new(settings(), USUAL);
        for happening in happenings {
            pilot.update(happening.into());
            let screen = pilot.screen();
            prop_assert!(!screen.contains(CANARY) && !screen.contains("kX9secretsecret"));
        }
    }
}
