//! What transfers do, done to bytes.

use crate::random::{Random, snapshot};

/// Every LF becomes CR LF.
pub(crate) fn crlf(bytes: &[u8]) -> Vec<u8> {
    replaced(bytes, b"\n", b"\r\n")
}

pub(crate) fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(old) {
            out.extend_from_slice(new);
            at += old.len();
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Characters of a code page, as another implementation has them: the upper halves of some.
const UPPER: &[(&str, &str)] = &[
    (
        "Latin-1",
        "\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}\u{90}\u{91}\u{92}\
         \u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
         ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ",
    ),
    (
        "code page 437",
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
    (
        "code page 850",
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
];

pub(crate) fn characters(bytes: &[u8], page: usize) -> String {
    let upper: Vec<char> = UPPER[page].1.chars().collect();
    let character = |byte: &u8| if *byte < 0x80 { char::from(*byte) } else { upper[usize::from(*byte) - 0x80] };
    bytes.iter().map(character).collect()
}

pub(crate) fn utf16(text: &str, low_first: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if low_first { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

pub(crate) fn base64(bytes: &[u8], width: usize, end: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = Vec::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let known = digit <= three.len();
            digits.push(if known { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] } else { b'=' });
        }
    }
    lines(&digits, width, end)
}

pub(crate) fn hex(bytes: &[u8], width: usize, end: &str) -> Vec<u8> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    lines(digits.as_bytes(), width, end)
}

fn lines(digits: &[u8], width: usize, end: &str) -> Vec<u8> {
    digits.chunks(width).flat_map(|line| [line, end.as_bytes()].concat()).collect()
}

fn shown(line: &[u8]) -> String {
    line.iter().map(|byte| if matches!(byte, 0x20..=0x7e) { char::from(*byte) } else { '.' }).collect()
}

/// As `xxd` writes it.
pub(crate) fn xxd(bytes: &[u8]) -> Vec<u8> {
    let line = |(at, line): (usize, &[u8])| {
        let words: Vec<String> =
            line.chunks(2).map(|word| word.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
        format!("{:08x}: {:<39}  {}\n", at * 16, words.join(" "), shown(line))
    };
    bytes.chunks(16).enumerate().map(line).collect::<String>().into_bytes()
}

/// As `hexdump -C` writes it: lines that repeat are a star.
pub(crate) fn hexdump(bytes: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    let (mut last, mut starred): (&[u8], bool) = (&[], false);
    for (at, line) in bytes.chunks(16).enumerate() {
        if line == last {
            out.push_str(if starred { "" } else { "*\n" });
            starred = true;
            continue;
        }
        (last, starred) = (line, false);
        let half = |half: &[u8]| half.iter().map(|byte| format!("{byte:02x} ")).collect::<String>();
        let (first, second) = line.split_at(line.len().min(8));
        out.push_str(&format!("{:08x}  {} {:<24} |{}|\n", at * 16, half(first), half(second), shown(line)));
    }
    out.push_str(&format!("{:08x}\n", bytes.len()));
    out.into_bytes()
}

const LINES: &[&str] = &[
    "Starting pod/master-0-debug ...\nTo use host binaries, run `chroot /host`\n",
    "Defaulted container \"etcd\" out of: etcd, etcd-metrics\n",
    "{\"level\":\"warn\",\"ts\":\"2026-11-02T03:00:00Z\",\"msg\":\"slow\"}\n",
    "W1102 03:00:00.000000    1 reflector.go:424] failed to list\n",
    "\u{1b}[31merror: stdin is not a terminal\u{1b}[0m\n",
    "Unable to use a TTY - input is not a terminal or the right kind of file\r\n",
];

pub(crate) fn before(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let lines: String = (0..=random.below(3)).map(|_| random.of(LINES)).collect();
    [lines.as_bytes(), bytes].concat()
}

pub(crate) fn behind(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    match random.below(3) {
        // an earlier attempt was longer
        0 => {
            let earlier = snapshot(random);
            let rest = earlier.get(bytes.len()..).unwrap_or(b"\n");
            [bytes, &rest[..rest.len().min(bytes.len() / 4)]].concat()
        }
        1 => [bytes, b"\nRemoving debug pod ...\n"].concat(),
        _ => [bytes, random.of(LINES).as_bytes()].concat(),
    }
}

/// A line or two amid the pages, between two writes or anywhere.
pub(crate) fn amid(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut places: Vec<usize> = (0..=random.below(2))
        .map(|_| {
            let at = 96 + random.below(bytes.len() - 96);
            if random.below(2) == 0 { at } else { (at / 4096).max(1) * 4096 }
        })
        .collect();
    places.sort_unstable();
    places.dedup_by(|b, a| *b - *a < 40_000);
    for at in places.into_iter().rev().filter(|at| *at < bytes.len()) {
        // within an end of a line, it would be part of that
        let at = (at..out.len()).find(|at| out[*at] != b'\n' && out[*at - 1] != b'\r').unwrap_or(at);
        out.splice(at..at, random.of(LINES).bytes());
    }
    out
}

/// One thing that can be undone, and its name. Lines of another stream come amid bytes, not amid what encodes them.
pub(crate) fn reversible(bytes: &[u8], encoded: bool, random: &mut Random) -> (&'static str, Vec<u8>) {
    let page = random.below(UPPER.len());
    match random.below(if encoded { 13 } else { 14 }) {
        0 => ("CR LF", crlf(bytes)),
        1 => ("CR LF twice", crlf(&crlf(bytes))),
        2 => ("UTF-8", characters(bytes, page).into_bytes()),
        3 => ("UTF-8 with a mark", format!("\u{feff}{}", characters(bytes, page)).into_bytes()),
        4 => ("UTF-16, low byte first", utf16(&characters(bytes, page), true, true)),
        5 => ("UTF-16, high byte first", utf16(&characters(bytes, page), false, true)),
        6 => {
            let low_first = random.below(2) == 0;
            ("UTF-16 without a mark", utf16(&characters(bytes, page), low_first, false))
        }
        7 => ("base64", base64(bytes, random.of(&[76, 64, usize::MAX]), random.of(&["\n", "\r\n"]))),
        8 => ("hexadecimal", hex(bytes, random.of(&[60, 64, usize::MAX]), random.of(&["\n", "\r\n"]))),
        9 => ("xxd", xxd(bytes)),
        10 => ("hexdump", hexdump(bytes)),
        11 => ("before", before(bytes, random)),
        12 => ("behind", behind(bytes, random)),
        _ => ("amid", amid(bytes, random)),
    }
}

/// One thing that cannot, as a rule.
pub(crate) fn irreversible(bytes: &[u8], random: &mut Random) -> (&'static str, Vec<u8>) {
    match random.below(9) {
        0 => ("CR LF to LF", replaced(bytes, b"\r\n", b"\n")),
        1 => ("without CR", replaced(bytes, b"\r", b"")),
        2 => ("without LF", replaced(bytes, b"\n", b"")),
        3 => ("U+FFFD", String::from_utf8_lossy(bytes).into_owned().into_bytes()),
        4 => ("question marks", bytes.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect()),
        5 => ("seven bits", bytes.iter().map(|byte| byte & 0x7f).collect()),
        6 => ("without high bytes", bytes.iter().copied().filter(u8::is_ascii).collect()),
        7 => ("cut", bytes[..random.below(bytes.len())].to_vec()),
        _ => {
            let mut bytes = bytes.to_vec();
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            ("a bit", crlf(&bytes))
        }
    }
}
