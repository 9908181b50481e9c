//! Screens as they were looked at and found good, at the usual size, a large and a tiny one.
//!
//! `ASSAY_UPDATE_SCREENS=1 cargo test -p etcd-assay-browse` writes them anew. Then read the diff.

use std::path::Path;

use browse::{Key, Settings};

use crate::pilot::{Pilot, news, settings};

const SIZES: [(u16, u16); 3] = [(80, 24), (200, 60), (20, 5)];

/// Compares what a scene looks like with what is recorded.
fn compare(name: &str, settings: &Settings, scene: impl Fn(&mut Pilot)) {
    let mut all = String::new();
    for (width, height) in SIZES {
        let mut pilot = Pilot::new(settings.clone(), (width, height));
        scene(&mut pilot);
        all.push_str(&format!(
            "{:=<width$}\n{}",
            format!("== {width}x{height} "),
            pilot.screen(),
            width = usize::from(width)
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/screens/{name}.txt"));
    if std::env::var_os("ASSAY_UPDATE_SCREENS").is_some() {
        std::fs::write(&path, &all).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(recorded == all, "{name} looks different:\n{all}");
}

#[test]
fn before_anything_is_known() {
    compare("opening", &settings(), |_| {});
}

#[test]
fn while_keys_arrive() {
    compare("reading", &settings(), |pilot| pilot.tell(news().into_iter().take(3).collect()));
}

#[test]
fn an_object_under_the_cursor() {
    compare("tree", &settings(), |pilot| {
        pilot.tell(news());
        pilot.type_in("jjjjllljj");
    });
}

#[test]
fn with_what_is_deleted() {
    compare("deleted", &settings(), |pilot| {
        pilot.tell(news());
        pilot.type_in("djjjjllGk");
    });
}

#[test]
fn a_secret_is_read() {
    compare("secret", &settings(), |pilot| {
        pilot.tell(news());
        pilot.type_in("/secrets db").press(&[Key::Enter, Key::Enter]);
    });
}

#[test]
fn a_history_is_followed() {
    compare("history", &settings(), |pilot| {
        pilot.tell(news());
        pilot.type_in("/secrets db").press(&[Key::Enter, Key::Tab, Key::Tab, Key::Up]);
    });
}

#[test]
fn a_search_is_typed() {
    compare("search", &settings(), |pilot| {
        pilot.tell(news());
        pilot.type_in("/web").press(&[Key::Down]);
    });
}

#[test]
fn help() {
    compare("help", &settings(), |pilot| {
        pilot.type_in("?");
    });
}

#[test]
fn in_ascii_without_colours() {
    let mut plain = settings();
    (plain.look.unicode, plain.look.color) = (false, false);
    compare("ascii", &plain, |pilot| {
        pilot.tell(news());
        pilot.type_in("djjllG");
        assert!(pilot.screen().is_ascii());
    });
}
