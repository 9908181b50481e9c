//! `assay keys sign`: ssh-keygen signs a manifest, or the statement of a drill, and the signature is put where it is looked for.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use catalog::Head;
use key_escrow::{Manifest, Statement};
use signatures::{Namespace, Signature, signatures};
use wording::{escape, escape_path};

use super::files;
use crate::args::KeysSignArgs;
use crate::exit::{Ending, Error};
use crate::failure;
use crate::input::small_file;
use crate::output::human::Fields;
use crate::ui::{Ui, style};

/// What makes signatures.
const SIGNER: &str = "ssh-keygen";
/// Longer names of signers are cut off in the name of a file.
const NAME: usize = 64;

pub(super) fn run(args: &KeysSignArgs, ui: &mut Ui) -> Result<Ending, Error> {
    let bytes = small_file(&args.file)?;
    let namespace = namespace(&args.file, &bytes)?;
    let signature = made(args, &bytes, namespace, ui)?;
    let read = one(&signature)
        .ok_or_else(|| failure::told("ssh-keygen gave no signature that can be read", Some("update OpenSSH")))?;
    let all = beside(&args.file, "sig");
    let kept = others(&all, &read)?;
    write(&all, &[kept.as_bytes(), signature.as_bytes()].concat())?;
    let principal = args.principal.clone().or_else(|| comment(&args.key));
    let alone = principal.as_deref().map(|name| beside(&args.file, &format!("{}.sig", file_word(name))));
    if let Some(path) = &alone {
        write(path, signature.as_bytes())?;
    }
    let title = ui.paint(style::HEAD, files::shown(&args.file)).to_string();
    let written: Vec<String> =
        [Some(&all), alone.as_ref()].into_iter().flatten().map(|path| files::shown(path)).collect();
    let fields = Fields::new()
        .field("signed", format!("for {namespace}, with {}", read.key()))
        .maybe("signer", principal.as_deref().map(|name| escape(name.as_bytes()).into_owned()))
        .field("written", written.join("\n"));
    let look = ui.look();
    writeln!(ui.out(), "{title}")?;
    fields.write(ui.out(), look)?;
    Ok(ui.ending())
}

/// Nothing is signed that is not known for what it is: a signature in a namespace says what the bytes are.
fn namespace(path: &Path, bytes: &[u8]) -> Result<Namespace, Error> {
    if Manifest::parse(bytes).is_ok() {
        return Ok(Namespace::Escrow);
    }
    if Head::of_statement(bytes).is_ok() {
        return Ok(Namespace::Log);
    }
    Statement::parse(bytes).map(|_| Namespace::Drill).map_err(|_| {
        let path = escape_path(path);
        let what =
            format!("`{path}` is no manifest of an escrow, no statement of a drill and no head of a catalog's log");
        failure::told(what, Some("anything else is signed by hand: `ssh-keygen -Y sign -n NAMESPACE -f KEY FILE`"))
    })
}

/// Runs ssh-keygen, which asks for what it needs on the terminal itself.
fn made(args: &KeysSignArgs, bytes: &[u8], namespace: Namespace, ui: &mut Ui) -> Result<String, Error> {
    let told = |error: io::Error| {
        let hint = "install OpenSSH's client (Debian: openssh-client), or sign elsewhere";
        failure::told(format!("ssh-keygen cannot be run: {error}"), Some(hint))
    };
    let mut command = Command::new(SIGNER);
    command.args(["-q", "-Y", "sign", "-n", namespace.as_str(), "-f"]).arg(&args.key);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(told)?;
    // what it does not read it says itself
    let _ = child.stdin.take().map(|mut pipe| pipe.write_all(bytes));
    // names that it repeats have no power over the terminal; that a key is to be touched is said at once
    for line in child.stderr.take().into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')) {
        ui.tell(&escape(&line.map_err(told)?));
    }
    let out = child.wait_with_output().map_err(told)?;
    if !out.status.success() {
        let hint = "it says above why; the key is a private key, or the .pub of one that the agent holds";
        return Err(failure::told(format!("ssh-keygen did not sign `{}`", escape_path(&args.file)), Some(hint)));
    }
    let text = String::from_utf8(out.stdout).unwrap_or_default();
    Ok(if text.ends_with('\n') { text } else { format!("{text}\n") })
}

fn one(text: &str) -> Option<Signature> {
    signatures(text.as_bytes()).ok()?.pop()?.ok()
}

/// The signatures that are there already, without an earlier one of the same key.
fn others(path: &Path, new: &Signature) -> Result<String, Error> {
    let before = match small_file(path) {
        Ok(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        Err(_) if !path.exists() => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    const END: &str = "-----END SSH SIGNATURE-----\n";
    let blocks = before.split_inclusive(END).map(str::trim_start).filter(|block| !block.is_empty());
    let mut kept = String::new();
    for block in blocks {
        let read = one(block).ok_or_else(|| {
            let what = format!("`{}` holds something else than signatures", escape_path(path));
            failure::told(what, Some("move it away, and sign again"))
        })?;
        if read.key() != new.key() {
            kept.push_str(block.trim_end());
            kept.push('\n');
        }
    }
    Ok(kept)
}

/// `FILE.end`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
}

/// Writes a file whole, or leaves what was there.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: io::Error| failure::told(format!("cannot write `{}`: {error}", escape_path(path)), None);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".assay-sig").tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The comment of a public key: of the file itself, or of the one beside a private key.
fn comment(key: &Path) -> Option<String> {
    let public = if key.extension().is_some_and(|end| end == "pub") { key.to_path_buf() } else { beside(key, "pub") };
    let text = String::from_utf8(small_file(&public).ok()?).ok()?;
    let comment = text.lines().next()?.splitn(3, ' ').nth(2)?.trim();
    (!comment.is_empty()).then(|| comment.to_owned())
}

/// A name as a part of a file's name.
fn file_word(name: &str) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() || "@._+-".contains(one) { one } else { '_' };
    let word: String = name.chars().take(NAME).map(plain).collect();
    word.trim_start_matches('.').to_owned()
}
