//! Pages as `mandoc -Tlint` has nothing to say of them.

/// Bytes of a line of text.
const LINE: usize = 80;
/// The day of the pages: they are made alike wherever they are made.
const DAY: &str = "2026-11-29";

/// Brings a page, named so, into form: a whole title, examples as they stand, lines of text that are not long.
pub(super) fn tidy(name: &str, page: &str) -> String {
    let lines: Vec<&str> = page.lines().map(str::trim_end).collect();
    let mut out = Page::default();
    for (at, line) in lines.iter().enumerate() {
        let is = |back: usize, on: usize, what: &str| {
            at.checked_sub(back).and_then(|at| lines.get(at + on)).is_some_and(|line| *line == what)
        };
        match *line {
            title if title.starts_with(".TH ") => {
                let version = env!("CARGO_PKG_VERSION");
                out.push(&format!(".TH {} 1 {DAY} \"assay {version}\"", name.to_uppercase()));
            }
            // a blank line between two ends of lines, which are one too many
            ".br" if is(0, 1, "") && is(0, 2, ".br") => out.push(".sp"),
            ".br" if is(1, 0, "") && is(2, 0, ".br") || is(0, 1, ".sp") || is(1, 0, ".sp") => {}
            "" if is(1, 0, ".br") && is(0, 1, ".br") => {}
            ".SH EXTRA" if lines.get(at + 1) == Some(&"Examples:") => out.push(".SH EXAMPLES"),
            "Examples:" => {}
            "" => out.paragraph = true,
            macros if macros.starts_with(['.', '\'']) => out.push(macros),
            example if example.starts_with("  ") => out.example(example),
            text => out.text(text),
        }
    }
    out.end()
}

#[derive(Default)]
struct Page {
    text: String,
    /// Within lines that stand as they are.
    as_is: bool,
    /// Before the next text, a paragraph ends.
    paragraph: bool,
}

impl Page {
    fn push(&mut self, line: &str) {
        if std::mem::take(&mut self.as_is) {
            self.text.push_str(".fi\n");
        }
        self.paragraph = false;
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn example(&mut self, line: &str) {
        if !self.as_is {
            let paragraph = std::mem::take(&mut self.paragraph);
            self.push(if paragraph { ".PP\n.nf" } else { ".nf" });
            self.as_is = true;
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn text(&mut self, line: &str) {
        if std::mem::take(&mut self.paragraph) {
            self.push(".PP");
        }
        let mut rest = line;
        while rest.len() > LINE {
            let near = rest.get(..LINE).and_then(|start| start.rfind(' ')).filter(|at| *at > 0);
            let Some(at) = near.or_else(|| rest.find(' ')) else { break };
            self.line(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
        }
        self.line(rest);
    }

    /// A line of text; one that begins as a macro does is kept from being one.
    fn line(&mut self, line: &str) {
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        self.push(&format!("{guard}{}", line.trim()));
    }

    fn end(mut self) -> String {
        if self.as_is {
            self.text.push_str(".fi\n");
        }
        self.text
    }
}
