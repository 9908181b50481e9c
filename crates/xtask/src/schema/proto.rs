//! What a `generated.proto` says: messages, and their fields with numbers.
//!
//! Only what go-to-protobuf writes is read: proto2, one declaration a line, messages that are not nested.

/// One message.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Its name within its package.
    pub(super) name: String,
    /// Its fields, in the order of the file.
    pub(super) fields: Vec<Field>,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// What it is numbered.
    pub(super) number: u32,
    /// What it is called.
    pub(super) name: String,
    /// Its type, without what stands for a list or a map: `string`, `PodSpec`, `.k8s.io.api.core.v1.PodSpec`.
    pub(super) kind: String,
    /// `[]` for a list, `{}` for a map with strings for keys, else nothing.
    pub(super) shape: &'static str,
    /// Its comment says `+optional`.
    pub(super) optional: bool,
    /// Its comment says that it is an alias: the list or map in it is the message.
    pub(super) is_alias: bool,
}

/// The package of a file and its messages; `None` where it names no package.
pub(super) fn read(text: &str) -> Option<(String, Vec<Message>)> {
    let package = text.lines().find_map(|line| line.strip_prefix("package ")?.strip_suffix(';'))?;
    let mut messages: Vec<Message> = Vec::new();
    let mut comment = String::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("//") {
            comment.push_str(said);
            comment.push('\n');
            continue;
        }
        if let Some(name) = line.strip_prefix("message ").and_then(|rest| rest.split([' ', '{']).next()) {
            messages.push(Message { name: name.to_owned(), fields: Vec::new() });
            inside = !line.ends_with('}');
        } else if line == "}" {
            inside = false;
        } else if let (true, Some(message)) = (inside, messages.last_mut()) {
            message.fields.extend(field(line, &comment));
        }
        // what explains a field may stand apart from it by an empty line
        if !line.is_empty() {
            comment.clear();
        }
    }
    Some((package.to_owned(), messages))
}

fn field(line: &str, comment: &str) -> Option<Field> {
    let declared = line.strip_suffix(';')?;
    let declared = declared.split_once('[').map_or(declared, |(declared, _)| declared).trim();
    let (declared, number) = declared.rsplit_once('=')?;
    let (kind, name) = declared.trim().rsplit_once(' ')?;
    let (shape, kind) = match kind.split_once(' ') {
        Some(("repeated", kind)) => ("[]", kind),
        Some(("optional" | "required", kind)) => ("", kind),
        _ => ("{}", kind.strip_prefix("map<string,")?.strip_suffix('>')?),
    };
    Some(Field {
        number: number.trim().parse().ok()?,
        name: name.to_owned(),
        kind: kind.trim().to_owned(),
        shape,
        optional: comment.contains("+optional"),
        is_alias: comment.contains("if empty, will result in an empty"),
    })
}
