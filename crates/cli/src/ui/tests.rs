use std::sync::{Arc, Mutex};

use super::*;

/// A stream that can be looked at afterwards.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Vec<u8>>>);

impl Tape {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) const PLAIN: Look =
    Look { out_color: false, err_color: false, width: None, progress: false, quiet: false, verbose: 0 };

/// A plain [`Ui`] with what it writes to standard output and standard error.
pub(crate) fn captured() -> (Ui, Tape, Tape) {
    captured_as(PLAIN)
}

pub(crate) fn captured_as(look: Look) -> (Ui, Tape, Tape) {
    let (out, err) = (Tape::default(), Tape::default());
    let ui = Ui::new(Box::new(out.clone()), Box::new(err.clone()), look, jiff::Timestamp::UNIX_EPOCH);
    (ui, out, err)
}

#[test]
fn data_and_talk_go_to_their_own_streams() {
    let (mut ui, out, err) = captured();
    writeln!(ui.out(), "data").unwrap();
    ui.warn("careful");
    ui.note("unasked");
    ui.error("bad", Some("do this"));
    assert_eq!(out.text(), "data\n");
    assert_eq!(err.text(), "warning: careful\nerror: bad\nhint: do this\n");
}

#[test]
fn quiet_leaves_errors_and_verbose_adds_notes() {
    let (mut ui, _, err) = captured_as(Look { quiet: true, ..PLAIN });
    ui.warn("careful");
    ui.error("bad", None);
    assert_eq!(err.text(), "error: bad\n");
    let (mut ui, _, err) = captured_as(Look { verbose: 1, ..PLAIN });
    ui.note("asked");
    assert_eq!(err.text(), "note: asked\n");
}

#[test]
fn colour_wraps_the_text_and_keeps_its_width() {
    let (ui, _, _) = captured_as(Look { out_color: true, ..PLAIN });
    let painted = format!("[{:>5}]", ui.paint(style::BAD, "bad"));
    assert!(painted.starts_with("[\u{1b}[") && painted.ends_with("\u{1b}[0m]"), "{painted:?}");
    assert!(painted.contains("  bad"), "{painted:?}");
    let (ui, _, _) = captured();
    assert_eq!(format!("[{:>5}]", ui.paint(style::BAD, "bad")), "[  bad]");
}

#[test]
fn the_worst_outcome_stays() {
    let (mut ui, _, _) = captured();
    ui.settle(Ending::Findings);
    ui.settle(Ending::Clean);
    assert_eq!(ui.ending(), Ending::Findings);
}
