//! What was mended, for people.

use document::Mended;
use wording::{Size, escape};

use super::human::Fields;
use crate::exit::Error;
use crate::ui::Ui;

/// What was done to a file, what became of it, and what proves it.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn print(mended: &Mended, ui: &mut Ui) -> Result<(), Error> {
    let name = mended.out.as_ref().unwrap_or(&mended.path);
    writeln!(ui.out(), "{}", escape(name.as_bytes()))?;
    let proof = mended.proof.as_deref().map(|proof| match proof {
        "hash" => "its SHA-256 is right: every byte is what etcd wrote",
        _ => "its structure is whole; it has no SHA-256, and its values are UNPROVEN",
    });
    let from = mended.out.as_ref().map(|_| escape(mended.path.as_bytes()));
    let fields = Fields::new().maybe("from", from).maybe("size", mended.size.map(|size| Size(size).exact()));
    let done = if mended.out.is_some() { "undone" } else { "damage" };
    let fields = mended.damage.iter().fold(fields, |fields, damage| fields.field(done, &damage.what));
    let fields = fields.maybe("proven by", proof);
    let fields = match &mended.lost {
        Some(lost) => fields.field("not mended", format!("{}\nnothing was written", lost.what)),
        None => fields,
    };
    let look = ui.look();
    Ok(fields.write(ui.out(), look)?)
}
