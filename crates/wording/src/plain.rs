//! Which characters may be shown as they are.

/// Whether a character may be shown as it is: it gives a terminal no command, reorders nothing and hides nothing.
///
/// Not plain are
///
/// - controls: C0, DEL and C1 (U+009B begins a command as ESC `[` does);
/// - separators of lines and paragraphs, U+2028 and U+2029: some readers break a line there;
/// - marks of direction: embeddings, overrides, isolates and the three marks U+061C, U+200E and U+200F;
/// - what has no shape of its own (Unicode's `Default_Ignorable_Code_Point`): the soft hyphen, joiners, blanks without
///   width, fillers, variation selectors, the byte order mark, tags. Two names that differ in them alone look the same,
///   and whole messages hide in them;
/// - annotation marks, and the two code points that are no characters, which XML does not take.
///
/// A line feed is not plain. A backslash is, but see [`escape`](crate::escape).
#[must_use]
pub fn is_plain(c: char) -> bool {
    match c {
        ' '..='~' => true,
        _ => !(c.is_control() || reorders_or_hides(c)),
    }
}

fn reorders_or_hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}'       // soft hyphen, grapheme joiner, mark of direction
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'               // Khmer vowels without a shape
        | '\u{180b}'..='\u{180f}'               // Mongolian selectors and separator
        | '\u{200b}'..='\u{200f}'               // without width, direction
        | '\u{2028}'..='\u{202e}'               // separators, embedding and override
        | '\u{2060}'..='\u{206f}'               // joiners, isolates, shaping
        | '\u{fe00}'..='\u{fe0f}'               // variation selectors
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}'  // byte order mark, annotation
        | '\u{fffe}' | '\u{ffff}'               // no characters
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' // shorthand, music
        | '\u{e0000}'..='\u{e0fff}') // tags, more variation selectors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_not_plain() {
        let controls = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}');
        let directions = ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        let hidden = "\u{ad}\u{200b}\u{200c}\u{200d}\u{2028}\u{2029}\u{2060}\u{3164}\u{fe0f}\u{feff}\u{e0041}\u{e01ef}";
        for c in controls.chain(directions).chain(hidden.chars()) {
            assert!(!is_plain(c), "{c:?}");
        }
    }

    #[test]
    fn writing_of_every_kind_is_plain() {
        for c in "az09~ \\\"'é\u{301}ßключ日本語שלוםعربיहिन्दी😀\u{a0}…│\u{fffd}\u{e000}".chars()
        {
            assert!(is_plain(c), "{c:?}");
        }
    }

    /// Category `Cf` of Unicode 16, but for the signs in it that have a shape (U+0600 to U+0605 enclose numbers).
    #[test]
    fn what_has_a_category_of_format_is_not_plain() {
        for range in [
            0xad..=0xad,
            0x61c..=0x61c,
            0x180e..=0x180e,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x2064,
            0x2066..=0x206f,
            0xfeff..=0xfeff,
            0xfff9..=0xfffb,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0001..=0xe0001,
            0xe0020..=0xe007f_u32,
        ] {
            for c in range.filter_map(char::from_u32) {
                assert!(!is_plain(c), "{c:?}");
            }
        }
    }
}
