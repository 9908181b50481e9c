//! Bytes of pages.

use bbolt_page::Pgid;

/// Bytes of a page header.
pub(crate) const HEADER: usize = 16;
/// Bytes of an element's header, in a leaf and in a branch.
pub(crate) const ELEMENT: usize = 16;
/// Elements of one page: a count of 65535 means something else.
pub(crate) const MOST: usize = 0xfffe;

/// Pages that a leaf grows over before it is closed, unless one element takes more.
const MOST_PAGES: usize = 8;
/// A leaf is closed where no more than this part of a page is left empty.
const WASTE: usize = 8;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const META: u16 = 4;
/// Of an element whose value is a bucket.
pub(crate) const BUCKET: u32 = 1;

/// The page header of bbolt.
fn header(out: &mut Vec<u8>, id: Pgid, flags: u16, count: usize, overflow: u32) {
    out.extend(id.0.to_le_bytes());
    out.extend(flags.to_le_bytes());
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(overflow.to_le_bytes());
}

fn word(out: &mut Vec<u8>, number: usize) {
    // what is longer is refused before it comes here
    out.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// A leaf as it fills.
#[derive(Debug, Default)]
pub(crate) struct Leaf {
    /// Lengths of keys and values.
    lens: Vec<(usize, usize)>,
    /// Keys and values, packed.
    payload: Vec<u8>,
}

impl Leaf {
    /// Bytes of the page, without its end.
    pub(crate) fn size(&self) -> usize {
        HEADER + ELEMENT * self.lens.len() + self.payload.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.lens.len()
    }

    /// Whether an element of `size` bytes still goes in: where there is room for it, or where closing the leaf would leave
    /// much of its last page empty. Elements a little longer than a page, as objects of Kubernetes are, would else take two
    /// pages each; bbolt puts at least two of them together.
    pub(crate) fn takes(&self, size: usize, page_size: usize) -> bool {
        let pages = self.size().div_ceil(page_size);
        let together = (self.size() + size).div_ceil(page_size);
        let wasted = pages * page_size - self.size();
        let grows = together <= MOST_PAGES && wasted > page_size / WASTE;
        self.lens.len() < MOST && (together <= pages || grows)
    }

    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) {
        self.lens.push((key.len(), value.len()));
        self.payload.extend_from_slice(key);
        self.payload.extend_from_slice(value);
    }

    /// The first key; empty where there is none.
    pub(crate) fn first(&self) -> &[u8] {
        let len = self.lens.first().map_or(0, |(key, _)| *key);
        self.payload.get(..len).unwrap_or_default()
    }

    /// Writes the page, without its end, and empties the leaf.
    pub(crate) fn drain_to(&mut self, id: Pgid, flags: u32, overflow: u32, out: &mut Vec<u8>) {
        header(out, id, LEAF, self.lens.len(), overflow);
        let mut position = ELEMENT * self.lens.len();
        for (key, value) in self.lens.drain(..) {
            out.extend(flags.to_le_bytes());
            word(out, position);
            word(out, key);
            word(out, value);
            // positions count from the element
            position = position + key + value - ELEMENT;
        }
        out.append(&mut self.payload);
    }
}

/// A child of a branch: its first key, its page.
pub(crate) type Child = (Vec<u8>, Pgid);

/// A branch page, without its end.
pub(crate) fn branch(id: Pgid, children: &[Child], overflow: u32, out: &mut Vec<u8>) {
    header(out, id, BRANCH, children.len(), overflow);
    let mut position = ELEMENT * children.len();
    for (key, page) in children {
        word(out, position);
        word(out, key.len());
        out.extend(page.0.to_le_bytes());
        position = position + key.len() - ELEMENT;
    }
    children.iter().for_each(|(key, _)| out.extend_from_slice(key));
}

/// A meta page, without its end.
pub(crate) fn meta(id: Pgid, page_size: u32, root: Pgid, high_water: Pgid, txid: u64) -> Vec<u8> {
    let mut out = Vec::new();
    header(&mut out, id, META, 0, 0);
    let at = out.len();
    for number in [0xED0C_DAED, 2, page_size, 0] {
        out.extend(u32::to_le_bytes(number));
    }
    // no free list is kept
    for number in [root.0, 0, u64::MAX, high_water.0, txid] {
        out.extend(number.to_le_bytes());
    }
    let sum = bbolt_page::meta_checksum(out.get(at..).unwrap_or_default());
    out.extend(sum.to_le_bytes());
    out
}
