//! A crate's source as a tree of modules: what each holds, what it imports and re-exports, which paths it names.
//!
//! Read from tokens, not by the compiler's parser: paths inside macros and attributes count as well. What is built for
//! tests alone is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::lex::{Token, tokens};

/// A path in a source, such as `crate::finding::Severity`, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// One module.
#[derive(Debug)]
pub(super) struct Module {
    /// As `crate::findings::tar`.
    pub(super) name: String,
    /// The module that holds it, by its place in the list; `None` for the root.
    pub(super) parent: Option<usize>,
    /// The file in which it stands.
    pub(super) file: PathBuf,
    /// Modules that it holds, by name and place in the list.
    pub(super) children: BTreeMap<String, usize>,
    /// What it defines.
    pub(super) items: BTreeSet<String>,
    /// Names that its `use` lines bind, each with what it stands for.
    pub(super) bound: BTreeMap<String, Vec<String>>,
    /// What it imports whole: `use a::*`.
    pub(super) globs: Vec<Vec<String>>,
    /// Every path that it names, its `use` lines among them.
    pub(super) named: Vec<Named>,
}

/// Reads a crate from the file of its root; the root is the first module.
///
/// # Errors
/// When a file cannot be read, or the file of a module is not where it must be.
pub(super) fn modules(root: &Path) -> io::Result<Vec<Module>> {
    let mut found = Vec::new();
    let folder = root.parent().unwrap_or(Path::new("")).to_path_buf();
    add(&mut found, "crate".to_owned(), None, root.to_path_buf(), &folder)?;
    Ok(found)
}

/// Adds the module of a file, and all that it holds; `folder` is where the files of its own modules lie.
fn add(
    found: &mut Vec<Module>,
    name: String,
    parent: Option<usize>,
    file: PathBuf,
    folder: &Path,
) -> io::Result<usize> {
    let source = fs::read_to_string(&file)?;
    let tokens = tokens(&source);
    let at = push(found, name, parent, file);
    let mut reader = Reader { tokens: &tokens, at: 0, found };
    reader.body(at, folder)?;
    Ok(at)
}

fn push(found: &mut Vec<Module>, name: String, parent: Option<usize>, file: PathBuf) -> usize {
    found.push(Module {
        name,
        parent,
        file,
        children: BTreeMap::new(),
        items: BTreeSet::new(),
        bound: BTreeMap::new(),
        globs: Vec::new(),
        named: Vec::new(),
    });
    found.len() - 1
}

/// Goes through the tokens of a file.
struct Reader<'r> {
    tokens: &'r [(Token, usize)],
    at: usize,
    found: &'r mut Vec<Module>,
}

/// Words that begin an item with a name.
const ITEMS: [&str; 8] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static"];
/// Words that may stand between one of these and the name, or begin another item.
const NO_NAMES: [&str; 6] = ["fn", "unsafe", "async", "extern", "mut", "_"];

impl Reader<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        self.token(ahead) == Some(&Token::Sign(sign))
    }

    /// Reads a module to its end: the closing brace, or the end of the file.
    fn body(&mut self, module: usize, folder: &Path) -> io::Result<()> {
        let mut depth = 0_usize;
        while let Some(token) = self.token(0).cloned() {
            match token {
                Token::Sign('}') if depth == 0 => break,
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => depth -= 1,
                Token::Sign('#') if self.is_attribute() => {
                    self.attribute(module);
                    continue;
                }
                Token::Word(word) if word == "pub" && self.is_sign(1, '(') => {
                    self.skip_group(1);
                    continue;
                }
                Token::Word(word) if word == "use" && !self.is_sign(1, '<') => {
                    self.at += 1;
                    self.uses(module, &[]);
                    continue;
                }
                Token::Word(word) if word == "mod" && self.word(1).is_some() => {
                    self.module(module, folder)?;
                    continue;
                }
                Token::Word(word) if depth == 0 && ITEMS.contains(&word.as_str()) => self.item(module),
                Token::Word(_) if self.token(1) == Some(&Token::PathSep) && self.begins_path() => {
                    self.path(module);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    fn is_attribute(&self) -> bool {
        self.is_sign(1, '[') || (self.is_sign(1, '!') && self.is_sign(2, '['))
    }

    /// Notes the paths of an attribute and passes it; one for tests alone takes its item along.
    fn attribute(&mut self, module: usize) {
        let inner = self.is_sign(1, '!');
        let begin = self.at;
        self.skip_group(if inner { 2 } else { 1 });
        let tokens = self.tokens.get(begin..self.at).unwrap_or_default();
        let words: Vec<&Token> = tokens.iter().map(|(token, _)| token).collect();
        let says = |word: &str| words.iter().any(|token| token.is(word));
        let named = tokens.iter().filter_map(|(token, line)| match token {
            // `serialize_with = "super::hex"`
            Token::Text(text)
                if text.contains("::") && text.chars().all(|c| c == ':' || c == '_' || c.is_alphanumeric()) =>
            {
                Some(Named { segments: text.split("::").map(str::to_owned).collect(), line: *line })
            }
            _ => None,
        });
        let named: Vec<_> = named.collect();
        if says("cfg") && says("test") && !says("not") && !says("any") {
            if inner {
                self.at = self.tokens.len()
            } else {
                self.skip_item()
            }
            return;
        }
        if let Some(module) = self.found.get_mut(module) {
            module.named.extend(named);
        }
    }

    /// Passes a group of brackets that begins `ahead`.
    fn skip_group(&mut self, ahead: usize) {
        self.at += ahead;
        let mut depth = 0_usize;
        while let Some(token) = self.token(0) {
            match token {
                Token::Sign('(' | '[' | '{') => depth += 1,
                Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Passes what an attribute stands before: an item, a field, a statement.
    fn skip_item(&mut self) {
        let mut is_item = false;
        let mut is_use = false;
        while let Some(token) = self.token(0) {
            match token {
                Token::Sign('#') if self.is_attribute() => self.skip_group(1),
                Token::Sign('(' | '[') => self.skip_group(0),
                Token::Sign('{') => {
                    self.skip_group(0);
                    if !is_use {
                        return;
                    }
                }
                Token::Sign(';') => return self.at += 1,
                Token::Sign(',') if !is_item => return self.at += 1,
                Token::Sign('}') => return,
                Token::Word(word) => {
                    is_use |= word == "use";
                    is_item |= is_use || word == "mod" || word == "impl" || ITEMS.contains(&word.as_str());
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
    }

    /// Reads the tree of a `use` behind `before`, to the sign behind it.
    fn uses(&mut self, module: usize, before: &[String]) {
        let mut path = before.to_vec();
        let line = self.line();
        let mut alias = None;
        if before.is_empty() && self.token(0) == Some(&Token::PathSep) {
            path.push(String::new()); // `::name` is another crate for certain
        }
        while let Some(token) = self.token(0).cloned() {
            self.at += 1;
            match token {
                Token::PathSep => {}
                Token::Word(word) if word == "as" => {
                    alias = self.word(0).map(str::to_owned);
                    self.at += 1;
                }
                Token::Word(word) => path.push(word),
                Token::Sign('*') => {
                    if let Some(module) = self.found.get_mut(module) {
                        module.named.push(Named { segments: path.clone(), line });
                        module.globs.push(path.clone());
                    }
                    return;
                }
                Token::Sign('{') => {
                    while self.token(0).is_some() && !self.is_sign(0, '}') {
                        self.uses(module, &path);
                        if self.is_sign(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => {
                    self.at -= 1; // `,`, `}` or `;`
                    break;
                }
            }
        }
        self.bind(module, path, alias, line);
    }

    /// Notes what a `use` names.
    fn bind(&mut self, module: usize, mut path: Vec<String>, alias: Option<String>, line: usize) {
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        let (Some(last), Some(module)) = (path.last().cloned(), self.found.get_mut(module)) else { return };
        module.named.push(Named { segments: path.clone(), line });
        let name = alias.unwrap_or(last);
        if name != "_" {
            module.bound.insert(name, path);
        }
    }

    /// Reads `mod name;` or `mod name { ... }`.
    fn module(&mut self, parent: usize, folder: &Path) -> io::Result<()> {
        let Some(name) = self.word(1).map(str::to_owned) else { return Ok(()) };
        let Some(holder) = self.found.get(parent) else { return Ok(()) };
        let (whole, file) = (format!("{}::{name}", holder.name), holder.file.clone());
        let below = folder.join(&name);
        self.at += 2;
        let at = if self.is_sign(0, '{') {
            self.at += 1;
            let at = push(self.found, whole, Some(parent), file);
            self.body(at, &below)?;
            at
        } else {
            let places = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
            let Some(file) = places.iter().find(|place| place.is_file()) else {
                return Err(io::Error::other(format!("{}: no file for `mod {name}`", file.display())));
            };
            add(self.found, whole, Some(parent), file.clone(), &below)?
        };
        self.at += 1; // the brace or the semicolon
        if let Some(holder) = self.found.get_mut(parent) {
            holder.children.insert(name, at);
        }
        Ok(())
    }

    fn item(&mut self, module: usize) {
        let name = self.word(1).filter(|name| !NO_NAMES.contains(name)).map(str::to_owned);
        if let (Some(name), Some(module)) = (name, self.found.get_mut(module)) {
            module.items.insert(name);
        }
    }

    /// Whether the word here is the first of its path.
    fn begins_path(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        !matches!(before, Some((Token::PathSep | Token::Sign('.'), _)))
    }

    fn path(&mut self, module: usize) {
        let line = self.line();
        let mut segments = Vec::new();
        while let Some(word) = self.word(0).map(str::to_owned) {
            segments.push(word);
            self.at += 1;
            if self.token(0) != Some(&Token::PathSep) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        if let Some(module) = self.found.get_mut(module) {
            module.named.push(Named { segments, line });
        }
    }
}
