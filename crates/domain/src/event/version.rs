//! Which state of an event somebody has seen.

use std::fmt;

/// How often an event was edited: 1 as it was made, one more with each edit. Sales do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The revision of an event as it was made, and of one that was stored before there were revisions.
    pub const FIRST: Self = Self(1);

    /// The revision of that number, 1 or more.
    pub fn new(number: u64) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The revision after one more edit.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Two equal versions of an event look the same to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventVersion {
    /// Counts the edits.
    pub revision: Revision,
    /// Moves whenever the numbers of tickets do; it may move without them, and never goes back.
    pub stock: u64,
}

impl EventVersion {
    /// The version of a new event.
    pub const FIRST: Self = Self {
        revision: Revision::FIRST,
        stock: 0,
    };

    /// Reads what `Display` writes, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (revision, stock) = text.split_once('.')?;
        let version = Self {
            revision: Revision::new(revision.parse().ok()?)?,
            stock: stock.parse().ok()?,
        };
        // One version has one text: no sign, no leading zero.
        (version.to_string() == text).then_some(version)
    }
}

/// `<revision>.<stock>`.
impl fmt::Display for EventVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.revision.0, self.stock)
    }
}

/// The revisions of an event that an edit or a deletion was meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedRevision {
    /// Whatever it is.
    Any,
    /// One of these. Of none of them there is nothing to match.
    OneOf(Vec<Revision>),
}

impl ExpectedRevision {
    /// Whether the edit was meant for `revision`.
    pub fn includes(&self, revision: Revision) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        for (revision, stock) in [(1, 0), (7, 42), (u64::MAX, u64::MAX)] {
            let version = EventVersion {
                revision: Revision::new(revision).unwrap(),
                stock,
            };
            assert_eq!(EventVersion::parse(&version.to_string()), Some(version));
        }
    }

    #[test]
    fn what_we_never_write_is_no_version() {
        for bad in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "0.1",
            "01.1",
            "1.01",
            "+1.1",
            "1.-1",
            "1.1.1",
            "1 .1",
            "18446744073709551616.0",
            "1.x",
            "١.٢",
        ] {
            assert_eq!(EventVersion::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_edit_is_for_the_revisions_it_names() {
        let (one, two) = (Revision::FIRST, Revision::FIRST.next());
        assert!(ExpectedRevision::Any.includes(one));
        assert!(ExpectedRevision::OneOf(vec![one]).includes(one));
        assert!(!ExpectedRevision::OneOf(vec![one]).includes(two));
        assert!(!ExpectedRevision::OneOf(Vec::new()).includes(one));
    }
}
