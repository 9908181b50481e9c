use clap::Parser;
use clap::error::ErrorKind;

use super::*;

#[derive(Debug, Parser)]
struct Keys {
    #[command(flatten)]
    args: KeysArgs,
}

fn refused(line: &str) -> Option<ErrorKind> {
    Keys::try_parse_from(std::iter::once("keys").chain(line.split(' '))).err().map(|error| error.kind())
}

#[test]
fn what_contradicts_itself_is_refused() {
    use ErrorKind::{ArgumentConflict, InvalidValue, MissingRequiredArgument, ValueValidation};
    for (line, kind) in [
        ("split t --out d --passphrase -r age1x", Some(ArgumentConflict)),
        ("split t --out d --passphrase-file f -R x", Some(ArgumentConflict)),
        ("split t --out d --shares 3 -r a", Some(MissingRequiredArgument)),
        ("split t --out d --threshold 3 -r a", Some(MissingRequiredArgument)),
        ("split t --out d -r a --class hunches", Some(InvalidValue)),
        ("split t -r a", Some(MissingRequiredArgument)),
        ("split t -r a --out d --class token,all --class tls-key", None),
        ("join k -i i --out o", Some(MissingRequiredArgument)),
        ("join k --escrow e -i i", Some(MissingRequiredArgument)),
        ("rewrap e --out d --new-passphrase -r a", Some(ArgumentConflict)),
        ("rewrap e --out d --passphrase-file old --new-passphrase-file new", None),
        ("ls t -o csv --json", Some(ArgumentConflict)),
        ("verify-escrow e --expect-manifest-sha256 abc", Some(ValueValidation)),
    ] {
        assert_eq!(refused(line), kind, "{line}");
    }
}
