//! Where a reader is in a list that others write to meanwhile.
//!
//! A page by number shifts when rows come and go before it: a row may show twice, or never. A cursor names
//! the last row that was read, and the next page is what comes behind that row in the list's order. Clients
//! get it as text that means nothing to them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::text::InvalidValue;
use crate::time::Timestamp;

/// The form of the text; another one can be told from it.
const VERSION: u8 = 1;
/// The most characters of a cursor: more than any position needs.
const MAX_LENGTH: usize = 64;
/// How much of the hash over a list's filters a cursor carries.
const SCOPE_LENGTH: usize = 8;

/// Which list a cursor belongs to: its name and all that decides which rows are in it, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListScope([u8; SCOPE_LENGTH]);

impl ListScope {
    /// The list `name` with these filters, each given or not, always in the same order.
    pub fn new<'a>(name: &str, filters: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: Option<&str>| {
            // The length comes first: no two lists of parts look the same.
            let length = part.map_or(u64::MAX, |part| part.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        };
        add(Some(name));
        filters.into_iter().for_each(add);
        let hash = hash.finalize();
        let mut scope = [0; SCOPE_LENGTH];
        scope.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Self(scope)
    }
}

/// The place of a row in a list.
pub trait Position: Sized {
    /// The position as a few bytes, 30 at most.
    fn to_bytes(&self) -> Vec<u8>;

    /// The position of those bytes; anybody may have written them.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// The place of a row in a list that is ordered by a moment and then by an ObjectId.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub at: Timestamp,
    /// The bytes of the id.
    pub id: [u8; 12],
}

impl Position for Moment {
    fn to_bytes(&self) -> Vec<u8> {
        [&self.at.millis().to_be_bytes()[..], &self.id].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (millis, id) = bytes.split_first_chunk()?;
        let millis = i64::from_be_bytes(*millis);
        let at = Timestamp::from_millis(millis);
        // A moment that no row can have was not written by us.
        (at.millis() == millis).then_some(Self {
            at,
            id: id.try_into().ok()?,
        })
    }
}

/// The cursor behind `position` in the list `scope`.
pub fn write(scope: &ListScope, position: &impl Position) -> String {
    let bytes = [&[VERSION][..], &scope.0, &position.to_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position of a cursor of the list `scope`. Nothing is secret or trusted in it: who makes one up reads
/// the same list from another place.
pub fn read<P: Position>(scope: &ListScope, text: &str) -> Result<P, InvalidValue> {
    let position = || {
        let text = Some(text).filter(|text| text.len() <= MAX_LENGTH)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let of_list = bytes.strip_prefix(&[VERSION])?.strip_prefix(&scope.0)?;
        P::from_bytes(of_list)
    };
    position().ok_or(InvalidValue::NotACursor)
}

/// Where a walk of the list `scope` goes on: behind the cursor's position. An empty one begins the walk.
pub fn resume<P: Position>(scope: &ListScope, text: &str) -> Result<Start<P>, InvalidValue> {
    match text {
        "" => Ok(Start::First),
        cursor => read(scope, cursor).map(Start::After),
    }
}

/// Where a part of a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<P> {
    /// Behind so many rows; fits an `i64`.
    Offset(u64),
    /// With the first row, to go on by cursor.
    First,
    /// Behind the row of that position.
    After(P),
}

impl<P> Start<P> {
    /// How many rows are passed over.
    pub fn offset(&self) -> u64 {
        match self {
            Self::Offset(rows) => *rows,
            Self::First | Self::After(_) => 0,
        }
    }

    /// The row behind which it begins, if there is one.
    pub fn position(self) -> Option<P> {
        match self {
            Self::Offset(_) | Self::First => None,
            Self::After(position) => Some(position),
        }
    }
}

/// Some rows of a list in its order, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch<T, P> {
    /// The rows.
    pub rows: Vec<T>,
    /// The position of the last of them, if there are more behind it.
    pub next: Option<P>,
}

impl<T, P> Stretch<T, P> {
    /// The first `limit` of `rows`, of which one more was asked for to see whether there are more.
    pub fn cut(mut rows: Vec<T>, limit: usize, position: impl FnOnce(&T) -> P) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        Self {
            next: last.map(position),
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(filters: &[Option<&str>]) -> ListScope {
        ListScope::new("list", filters.iter().copied())
    }

    fn place() -> Moment {
        Moment {
            at: Timestamp::from_millis(-1),
            id: [7; 12],
        }
    }

    #[test]
    fn a_cursor_is_read_in_its_own_list_alone() {
        let filters = [Some("a"), None, Some("")];
        let text = write(&scope(&filters), &place());
        assert!(text.len() <= MAX_LENGTH, "{text}");
        assert_eq!(read(&scope(&filters), &text), Ok(place()));
        let others: [&[Option<&str>]; 5] = [
            &[],
            &[Some("a"), None],
            &[Some("a"), None, None],
            &[Some("a"), Some(""), Some("")],
            &[Some("b"), None, Some("")],
        ];
        for other in others.map(scope) {
            assert_eq!(read::<Moment>(&other, &text), Err(InvalidValue::NotACursor));
        }
        let other = ListScope::new("other", filters);
        assert!(read::<Moment>(&other, &text).is_err());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let scope = scope(&[]);
        let text = write(&scope, &place());
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        let mut newer = bytes.clone();
        newer[0] += 1;
        for bad in [
            String::new(),
            "!".to_owned(),
            "ü".to_owned(),
            format!("{text}="),
            format!(" {text}"),
            text[..text.len() - 1].to_owned(),
            URL_SAFE_NO_PAD.encode(newer),
            URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() - 1]),
            URL_SAFE_NO_PAD.encode([&bytes[..], &[0]].concat()),
            "A".repeat(100_000),
        ] {
            assert!(read::<Moment>(&scope, &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_cursor_begins_a_walk() {
        let scope = scope(&[]);
        assert_eq!(resume::<Moment>(&scope, ""), Ok(Start::First));
        let text = write(&scope, &place());
        assert_eq!(resume(&scope, &text), Ok(Start::After(place())));
        assert_eq!(Start::After(place()).position(), Some(place()));
        assert!(resume::<Moment>(&scope, " ").is_err());
    }

    #[test]
    fn a_stretch_goes_on_while_there_are_more() {
        let cut = |rows: Vec<u8>| Stretch::cut(rows, 2, |row| *row);
        assert_eq!(
            (cut(vec![1, 2, 3]).next, cut(vec![1, 2, 3]).rows),
            (Some(2), vec![1, 2])
        );
        assert_eq!(cut(vec![1, 2]).next, None);
        assert_eq!(cut(vec![]).next, None);
    }
}
