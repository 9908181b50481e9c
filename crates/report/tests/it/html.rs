//! The page, as text and in a real browser.

use std::fs;
use std::path::Path;

use report::Format;
use serde_json::{Value, json};

use crate::{DOCUMENTS, document, findings, report};

/// Widths of a phone and of a desktop, in pixels.
const WIDTHS: [u64; 2] = [390, 1280];

/// Every tag with its attributes, without what stands in quotes.
fn tags(page: &str) -> Vec<String> {
    let bare = |tag: &str| tag.split('"').step_by(2).collect::<String>();
    let tags: Vec<String> = page.split('<').skip(1).map(|rest| bare(rest.split('>').next().unwrap())).collect();
    assert!(tags.len() > 20, "{}", tags.len());
    tags
}

#[test]
fn nothing_is_fetched_run_or_left_out() {
    for name in DOCUMENTS {
        let page = report(name, Format::Html);
        for tag in tags(&page) {
            for word in ["script", "img", "iframe", "object", "link", " src=", " href=", " style=", " on"] {
                let begins =
                    tag.starts_with(word) && tag[word.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
                assert!(!(begins || word.starts_with(' ') && tag.contains(word)), "{name}: {tag}");
            }
        }
        assert!(page.contains("default-src 'none'; style-src 'sha256-"), "{name}");
        let told = page.matches("class=\"message\"").count();
        assert_eq!(told, document(name)["findings"].as_array().unwrap().len(), "{name}: findings");
        for finding in findings(&document(name)) {
            let id = finding["id"].as_str().unwrap();
            assert!(id.contains('<') || page.contains(&format!("data-id=\"{id}\"")), "{name}: {id}");
        }
    }
    let pair = report("pair", Format::Html);
    for word in ["PASS", "Nothing stands against a restore", "113 of 113 values encrypted", "4.17.32", "102 days ago"] {
        assert!(pair.replace('\u{a0}', " ").contains(word), "{word}");
    }
    let damaged = report("damaged", Format::Html);
    for word in ["FAIL", "3 findings of severity high or worse", "etcdutl snapshot restore refuses the file."] {
        assert!(damaged.replace('\u{a0}', " ").contains(word), "{word}");
    }
    assert!(report("unread", Format::Html).contains("could not be read or judged"));
}

/// What a script in an enclosing page reads of each frame.
const PROBE: &str = r#"
const out = [];
async function look(frame) {
  const page = await new Promise(done => {
    const element = document.createElement('iframe');
    element.width = frame.width; element.height = 900; element.style.border = '0';
    element.onload = () => done(element);
    element.srcdoc = frame.html;
    document.body.append(element);
  });
  const inside = page.contentDocument, root = inside.documentElement;
  const wide = [...inside.body.querySelectorAll('*')].filter(one => !one.closest('svg') && !one.closest('.wide')
    && one.getClientRects().length && one.getBoundingClientRect().right > frame.width + 0.5);
  const count = what => inside.querySelectorAll(what).length;
  return {
    name: frame.name, width: frame.width, scroll: root.scrollWidth, wide: wide.map(one => one.outerHTML.slice(0, 120)),
    verdict: inside.querySelector('h1').textContent, title: inside.title,
    styled: getComputedStyle(inside.querySelector('h1')).fontSize,
    findings: count('.message'), remedies: count('.remedy'), tiles: count('.tile'), bars: count('.bar'),
    active: count('script, img, iframe, object, embed, link, [onerror], [onload], [style]'),
    fetched: page.contentWindow.performance.getEntriesByType('resource').map(one => one.name),
    text: inside.body.textContent.includes('\u003c/script>\u003cscript>alert(1)\u003c/script>'),
  };
}
(async () => {
  for (const frame of FRAMES) out.push(await look(frame));
  console.log('the probe is done');
  document.body.textContent = 'RESULT' + btoa(unescape(encodeURIComponent(JSON.stringify(out)))) + 'END';
})();
"#;

/// What a browser makes of pages: what the probe read, and what the console said.
fn browse(dir: &Path, frames: &[Value]) -> (Vec<Value>, Vec<String>) {
    browse_with(PROBE, dir, frames)
}

/// The same with another probe.
fn browse_with(probe: &str, dir: &Path, frames: &[Value]) -> (Vec<Value>, Vec<String>) {
    use base64::Engine as _;
    // `<` would end the script of the enclosing page
    let frames = serde_json::to_string(frames).unwrap().replace('<', "\\u003c");
    let page = format!("<!doctype html><meta charset=utf-8><body><script>const FRAMES = {frames};{probe}</script>");
    let file = dir.join("probe.html");
    fs::write(&file, page).unwrap();
    // a page whose script fails would keep it waiting
    let mut command = fixtures::tool("timeout").unwrap();
    command.args([
        "600",
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--incognito",
        "--no-first-run",
        "--dump-dom",
    ]);
    command.args(["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]);
    command.args(["--enable-logging=stderr", "--virtual-time-budget=20000", "--window-size=1400,1000"]);
    command.arg(format!("--user-data-dir={}", dir.join("profile").display()));
    let output = command.arg(format!("file://{}", file.display())).output().unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let result = dom.split_once("RESULT").and_then(|(_, rest)| rest.split_once("END"));
    let (result, _) =
        result.unwrap_or_else(|| panic!("the probe did not end: {}", &log[log.len().saturating_sub(2000)..]));
    let result = base64::engine::general_purpose::STANDARD.decode(result).unwrap();
    let console = log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    (serde_json::from_slice(&result).unwrap(), console)
}

#[test]
fn a_browser_shows_it_on_a_phone_and_on_a_desk() {
    if fixtures::tool("chromium").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut frames = Vec::new();
    for name in DOCUMENTS {
        for width in WIDTHS {
            frames.push(json!({"name": name, "width": width, "html": report(name, Format::Html)}));
        }
    }
    frames.extend(WIDTHS.map(|width| json!({"name": "calendar", "width": width, "html": crate::kept::calendar()})));
    let (mut pages, console) = browse(dir.path(), &frames);
    assert_eq!(pages.len(), frames.len());
    assert!(console.len() == 1 && console[0].contains("the probe is done"), "{console:#?}");
    for page in pages.split_off(pages.len() - WIDTHS.len()) {
        assert!(page["scroll"].as_u64() <= page["width"].as_u64() && page["wide"] == json!([]), "too wide: {page}");
        assert_eq!((&page["active"], &page["fetched"]), (&json!(0), &json!([])), "{page}");
    }
    for page in &pages {
        let name = page["name"].as_str().unwrap();
        let document = document(name);
        assert!(page["scroll"].as_u64() <= page["width"].as_u64() && page["wide"] == json!([]), "too wide: {page}");
        assert_eq!((&page["active"], &page["fetched"]), (&json!(0), &json!([])), "{page}");
        assert_eq!(page["verdict"].as_str().unwrap().to_lowercase(), document["verdict"], "{page}");
        assert_eq!(page["findings"], document["findings"].as_array().unwrap().len(), "{page}");
        // the style sheet holds: 42 pixels, 34 on a phone
        let size = if page["width"] == 390 { "34px" } else { "42px" };
        assert_eq!(page["styled"], size, "{page}");
        assert_eq!(page["text"], name == "hostile", "{page}");
    }
    let of = |name: &str| pages.iter().find(|page| page["name"] == name).unwrap();
    assert_eq!(of("pair")["tiles"], 40);
    assert!(of("pair")["bars"].as_u64() > Some(20) && of("damaged")["remedies"] == 4);
}

/// The policy is what keeps a page from running or fetching something, should a name ever slip through.
#[test]
fn the_policy_stops_what_slips_through() {
    if fixtures::tool("chromium").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let slipped = "<script>document.title = 'owned'</script><img src='data:,x' onerror=\"document.title = 'owned'\">\
        <p style='position: fixed'>x</p></main>";
    let page = report("damaged", Format::Html).replacen("</main>", slipped, 1);
    let (pages, console) = browse(dir.path(), &[json!({"name": "damaged", "width": 1280, "html": page})]);
    assert_eq!(pages[0]["title"], "FAIL · assay", "something ran");
    assert!(console.iter().filter(|line| line.contains("Content Security Policy")).count() >= 3, "{console:#?}");
}

/// What a script does with a table of three hundred backups, as hands would: it types, ticks and clicks.
const HANDS: &str = r#"
(async () => {
  const element = document.createElement('iframe');
  element.width = FRAMES[0].width; element.height = 900;
  await new Promise(done => { element.onload = done; element.srcdoc = FRAMES[0].html; document.body.append(element); });
  const inside = element.contentDocument, view = element.contentWindow;
  const entries = () => [...inside.querySelectorAll('#table tbody')].filter(entry => entry.getClientRects().length);
  const names = () => entries().map(entry => entry.querySelector('th').textContent);
  const out = {title: inside.title, all: names(), shown: [inside.querySelector('#shown').textContent]};
  const type = text => {
    const search = inside.querySelector('#search');
    search.value = text;
    search.dispatchEvent(new view.Event('input', {bubbles: true}));
    out.shown.push(inside.querySelector('#shown').textContent);
    return names();
  };
  out.found = type('prod-1  2026-09');
  type('');
  inside.querySelector('[name=pass]').click();
  inside.querySelector('[name=warn]').click();
  out.bad = names();
  inside.querySelector('[name=pass]').click();
  inside.querySelector('[name=warn]').click();
  const head = key => inside.querySelector('[data-key=' + key + '] button');
  head('taken').click();
  out.oldest = names();
  head('taken').click();
  out.newest = names();
  head('size').click();
  out.smallest = names();
  out.sorted = [...inside.querySelectorAll('[aria-sort]')].map(one => one.dataset.key + ' ' + one.getAttribute('aria-sort'));
  out.open = inside.querySelectorAll('details[open]').length;
  const first = inside.querySelector('#table details');
  first.querySelector('summary').click();
  out.opened = first.open;
  out.fetched = view.performance.getEntriesByType('resource').map(one => one.name);
  const root = inside.documentElement;
  out.scroll = root.scrollWidth;
  console.log('the probe is done');
  document.body.textContent = 'RESULT' + btoa(unescape(encodeURIComponent(JSON.stringify([out])))) + 'END';
})();
"#;

#[test]
fn three_hundred_backups_are_filtered_and_sorted_in_the_browser() {
    if fixtures::tool("chromium").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let page = crate::many::rendered(&crate::many::nightly(40), Format::Html);
    let frame = json!({"name": "many", "width": 1280, "html": page});
    let (out, console) = browse_with(HANDS, dir.path(), &[frame]);
    assert!(console.len() == 1 && console[0].contains("the probe is done"), "{console:#?}");
    let out = &out[0];
    let names = |key: &str| -> Vec<String> { serde_json::from_value(out[key].clone()).unwrap() };
    let (all, odd) = (names("all"), "/mnt/backup/odd.db");
    assert_eq!((all.len(), all[0].as_str()), (crate::many::BACKUPS + 1, odd), "worst first");
    let found = names("found");
    assert!(!found.is_empty() && found.len() < 100, "{found:?}");
    assert!(found.iter().all(|name| name.contains("cluster-1/2026-09")), "{found:?}");
    assert_eq!(out["shown"], json!(["301 of 301", format!("{} of 301", found.len()), "301 of 301"]));
    let bad = names("bad");
    assert_eq!((bad.len(), bad[0].as_str()), (31, odd), "failing and unreadable ones");
    let (oldest, newest, smallest) = (names("oldest"), names("newest"), names("smallest"));
    let day = |name: &String| name.rsplit('/').next().unwrap()[..10].to_owned();
    // no time is known of what could not be read
    assert!(oldest[1..].is_sorted_by_key(day) && oldest[0] == odd, "{oldest:?}");
    assert!(newest[..300].iter().rev().is_sorted_by_key(day) && newest[300] == odd, "{newest:?}");
    assert_eq!(smallest[0], odd);
    assert!(smallest[1].contains("cluster-0") && smallest.len() == 301);
    assert_eq!(out["sorted"], json!(["size ascending"]));
    assert_eq!((&out["open"], &out["opened"], &out["fetched"]), (&json!(0), &json!(true), &json!([])));
    assert!(out["scroll"].as_u64() <= Some(1280), "{}", out["scroll"]);
}
