//! Which users a list shows.

use super::Role;
use crate::text::{self, InvalidValue, Lines};

/// Words to look for in names and addresses: 1 to 100 characters on one line, each word in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct UserSearch(Vec<String>);

impl UserSearch {
    /// The number of characters, counted after trimming.
    pub const LENGTH: std::ops::RangeInclusive<usize> = 1..=100;

    /// Parses words from outside, which stand between white space.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let text = text::parse(raw, Self::LENGTH, Lines::One)?;
        let words = text.split_whitespace().map(str::to_lowercase);
        Ok(Self(words.collect()))
    }

    /// The words; at least one.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

/// Often a piece of somebody's address: `Debug` does not show it.
impl std::fmt::Debug for UserSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserSearch(…)")
    }
}

/// Which users are wanted; everything that is given must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Each of the words stands in the name or the address, compared without case. Of a name, a store may
    /// know the case of ASCII letters only.
    pub search: Option<UserSearch>,
    /// The role.
    pub role: Option<Role>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_and_bounded() {
        let search = UserSearch::parse("  Ada \u{a0} LOVELACE@example.com ").unwrap();
        assert_eq!(search.words(), ["ada", "lovelace@example.com"]);
        for bad in ["", " ", "a\0b", &"x".repeat(101)] {
            assert!(UserSearch::parse(bad).is_err(), "{bad:?}");
        }
    }
}
