//! Who can open what, for people.

use catalog::{Custody, Holder};
use wording::{escape, inert, number_of};

use super::human::{Align, Fields, Table};
use crate::exit::Error;
use crate::ui::{Ui, style};

/// Characters of a digest that an escrow is called by.
const BEGINNING: usize = 12;

/// Writes each escrow, who can open it, and what is wanting.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn report(known: &[Custody], ui: &mut Ui) -> Result<(), Error> {
    if known.is_empty() {
        writeln!(ui.out(), "No escrow is known here. `assay catalog custody challenge MANIFEST` makes one known.")?;
    }
    for (at, escrow) in known.iter().enumerate() {
        if at > 0 {
            writeln!(ui.out())?;
        }
        one(escrow, ui)?;
    }
    Ok(())
}

fn one(escrow: &Custody, ui: &mut Ui) -> Result<(), Error> {
    let (look, now) = (ui.look(), ui.now());
    let title = ui.paint(style::HEAD, escape(escrow.original.as_bytes())).to_string();
    let called: String = escrow.manifest.chars().take(BEGINNING).collect();
    let proven = escrow.proven(now);
    let style = if proven >= escrow.needed { style::GOOD } else { style::BAD };
    let lately = ui.paint(style, format_args!("{proven} of {} needed", escrow.needed)).to_string();
    let fields = Fields::new()
        .field("escrow", format!("{called}, sealed {}", escape(escrow.created.as_bytes())))
        .maybe("cluster", escrow.cluster.as_deref().map(|it| escape(it.as_bytes()).into_owned()))
        .field("opens with", opens(escrow))
        .field("proven", format!("{lately}, within 90 days"));
    let mut table = Table::new(&["custodian", "share", "proven", "stated"].map(|name| (name, Align::Left))).elastic(0);
    for holder in &escrow.holders {
        table.row(row(holder));
    }
    writeln!(ui.out(), "{title}")?;
    fields.write(ui.out(), look)?;
    writeln!(ui.out())?;
    table.write(ui.out(), look)?;
    if escrow.needs_everyone() {
        let who = if escrow.holders.len() == 1 { "is alone" } else { "are all needed" };
        let names: Vec<&str> = escrow.holders.iter().map(Holder::called).collect();
        writeln!(ui.out(), "\n  {} {who}: without any of them it is closed for good.", inert(&names.join(", ")))?;
    }
    if !escrow.can_be_proven {
        writeln!(
            ui.out(),
            "\n  It holds no drill seed: nothing can be proven of it. `assay keys rewrap` gives it one."
        )?;
    }
    Ok(())
}

fn opens(escrow: &Custody) -> String {
    let holders = escrow.holders.len() as u64;
    match escrow.holders.first() {
        Some(Holder { share: Some(_), .. }) => {
            format!("any {} of {}", escrow.needed, number_of(holders, "share", "shares"))
        }
        _ => format!("any of {}", number_of(holders, "recipient", "recipients")),
    }
}

fn row(holder: &Holder) -> [String; 4] {
    let day = |at: Option<jiff::Timestamp>| at.map_or_else(|| "never".to_owned(), |at| at.strftime("%F").to_string());
    [
        escape(holder.called().as_bytes()).into_owned(),
        holder.share.map_or_else(String::new, |share| share.to_string()),
        day(holder.proven),
        day(holder.stated),
    ]
}
