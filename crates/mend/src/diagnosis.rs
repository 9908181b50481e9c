//! What is said of a file.

use std::fmt;
use std::ops::ControlFlow;

use crate::step::Step;
use crate::undo::{Odd, undo};

/// What happened to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// Nothing: its hash is right, and nothing follows it.
    Intact,
    /// It can be undone.
    Mendable(Mend),
    /// These steps lead back, and its own hash says that something else is wrong, too.
    Wrong(Vec<Step>),
    /// These steps lead back to something that cannot be had.
    Lost(Vec<Step>, Loss),
    /// It is a snapshot, or was one, and nothing that a transfer does is seen in it.
    Other,
    /// Nothing in it looks like a snapshot.
    Foreign,
}

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What happened, the last of it first.
    pub steps: Vec<Step>,
    /// Bytes that come out.
    pub size: u64,
    /// What proves them.
    pub proof: Proof,
}

/// What proves that what comes out is what went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The SHA-256 of its pages is this, and stands behind them.
    Hash([u8; 32]),
    /// It has none. Its pages are where they say they are; what is in them has to be looked at.
    Places,
}

impl Diagnosis {
    /// The steps of the way back, as far as it is known.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Mendable(mend) => &mend.steps,
            Self::Wrong(steps) | Self::Lost(steps, _) => steps,
            Self::Intact | Self::Other | Self::Foreign => &[],
        }
    }

    /// What is lost for good.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        if let Self::Lost(_, loss) = self { Some(*loss) } else { None }
    }
}

impl Mend {
    /// Gives what comes out to `sink`, a piece at a time.
    ///
    /// # Errors
    /// Where the bytes are not those of the diagnosis.
    pub fn undo(&self, bytes: &[u8], sink: &mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> Result<(), Odd> {
        undo(bytes, &self.steps, sink)
    }
}

/// What nothing brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Bytes became a character that says that there was one.
    Replaced,
    /// Bytes above 0x7f lost their highest bit.
    Stripped,
    /// Bytes above 0x7f were left out.
    HighBytes,
    /// Zeros were left out.
    Zeros,
    /// Every carriage return was left out.
    Returns,
    /// CR LF became LF, in more places than can be told.
    Pairs,
    /// Every line feed was left out.
    Feeds,
    /// The end is missing: so many bytes.
    End(u64),
    /// Pages stand where they do not belong, and nothing between them looks put in or taken out.
    Moved,
}

impl Loss {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "characters-replaced",
            Self::Stripped => "eighth-bit-stripped",
            Self::HighBytes => "high-bytes-dropped",
            Self::Zeros => "zeros-dropped",
            Self::Returns => "carriage-returns-dropped",
            Self::Pairs => "line-ends-shortened",
            Self::Feeds => "line-feeds-dropped",
            Self::End(_) => "cut-off",
            Self::Moved => "pages-moved",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replaced => "bytes that are no text were replaced by one and the same character",
            Self::Stripped => "its bytes were stripped to seven bits",
            Self::HighBytes => "bytes above 0x7f were left out",
            Self::Zeros => "its zero bytes were left out",
            Self::Returns => "every carriage return in it was left out",
            Self::Pairs => "every CR LF in it became LF",
            Self::Feeds => "every line feed in it was left out",
            Self::End(bytes) => return write!(f, "its last {bytes} bytes are missing"),
            Self::Moved => "its pages stand where they do not belong",
        })
    }
}
